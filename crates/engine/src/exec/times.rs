//! When a log grew. The engine looks at the logs of what runs ten times a second, and notes beside each, once a second at
//! most, from which byte on it grew: lines have a time without a word of it in the log. It changes no log.

use super::streams;
use std::fs::OpenOptions;
use std::io::{Result, Write};
use std::path::Path;

/// How far a log was looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Growth {
    length: u64,
    /// The second of the last note.
    second: i64,
}

impl Growth {
    /// Looks at a log of `length` bytes at a time in milliseconds since 1970, and notes at `path` when it has grown.
    pub(super) fn look(&mut self, path: &Path, length: u64, now: i64) {
        if length <= self.length {
            return;
        }
        let second = now.div_euclid(1000);
        if second != self.second {
            self.second = second;
            // A line without a time costs nothing else.
            let _ = note(path, self.length, now);
        }
        self.length = length;
    }
}

fn note(path: &Path, from: u64, now: i64) -> Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(&[from.to_le_bytes(), now.to_le_bytes()].concat())
}

/// Times of the lines of a part of the log, of which `from` is the first byte: pairs of a line, from 0, and the time of it and of
/// what follows. `None` when nobody noted any. Blocks.
pub(crate) fn times(path: &Path, from: u64, part: &[u8]) -> Option<Vec<[i64; 2]>> {
    let notes = streams::pairs(path).ok()?;
    let mut found: Vec<[i64; 2]> = Vec::new();
    let mut at = from;
    let mut next = notes.iter().peekable();
    let mut now = None;
    for (n, line) in part.split(|byte| *byte == b'\n').enumerate() {
        while let Some((_, time)) = next.next_if(|(first, _)| *first <= at) {
            now = Some(*time as i64);
        }
        if let Some(time) = now.filter(|time| found.last().is_none_or(|[_, last]| last != time)) {
            found.push([n as i64, time]);
        }
        at += line.len() as u64 + 1;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_the_time_at_which_the_log_grew_by_them() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("times");
        let text = b"one\ntwo\nthree\nfour\n";
        assert_eq!(times(&path, 0, text), None, "nobody noted anything");
        let mut growth = Growth::default();
        for (length, now) in [(0, 4_000), (4, 5_000), (8, 5_900), (8, 6_500), (14, 7_100), (19, 7_200)] {
            growth.look(&path, length, now);
        }
        assert_eq!(times(&path, 0, text), Some(vec![[0, 5_000], [2, 7_100]]), "one note a second");
        assert_eq!(times(&path, 4, &text[4..]), Some(vec![[0, 5_000], [1, 7_100]]), "a part of the log");
        assert_eq!(times(&path, 14, &text[14..]), Some(vec![[0, 7_100]]));
    }
}
