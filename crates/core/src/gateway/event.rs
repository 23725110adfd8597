//! Ids of events: they name the run and what was last told of it, so that a stream can be taken up again by any process,
//! with nothing kept in memory.

use crate::id::RunId;
use std::fmt;

/// The id of an event: `run-<run>-<n>-<digest>`, of the last one `end-<run>-<n>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EventId {
    pub(super) run_id: RunId,
    /// Number of the event in its stream, going on when the stream is taken up again.
    pub(super) number: u64,
    /// What was told; `None` for the end.
    pub(super) digest: Option<u64>,
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.digest {
            Some(digest) => write!(f, "run-{}-{}-{digest:016x}", self.run_id, self.number),
            None => write!(f, "end-{}-{}", self.run_id, self.number),
        }
    }
}

impl EventId {
    /// Reads what [`EventId`] shows and nothing else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('-').collect();
        let (run, number, digest) = match parts.as_slice() {
            ["run", run, number, digest] => (run, number, Some(u64::from_str_radix(digest, 16).ok()?)),
            ["end", run, number] => (run, number, None),
            _ => return None,
        };
        let run_id = RunId(super::registry::parse_id(run)?);
        let id = Self { run_id, number: number.parse().ok()?, digest };
        (id.to_string() == text).then_some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_back_and_others_are_not() {
        for text in ["run-9007199254740993-0-00000000000000ff", "end-7-12"] {
            assert_eq!(EventId::parse(text).map(|id| id.to_string()).as_deref(), Some(text));
        }
        let others = [
            "",
            "7",
            "run-7-1",
            "run--7-1-00000000000000ff",
            "run-0-1-00000000000000ff",
            "run-7-1-ff",
            "run-7-+1-00000000000000ff",
            "end-7-1-2",
            "1f0c7a2e-3c1d-4c5b-9a57-0d4b7a2f9d11",
        ];
        for text in others {
            assert_eq!(EventId::parse(text), None, "{text}");
        }
    }
}
