//! The one word under which pages show a state: colour, glyph and label are chosen by it, and nothing else is decided
//! from it.

use super::wire::Level;
use super::{Outcome, Phase, TerminationCode};

impl Phase {
    /// One of the keys of the console reference (section 2.2), for example `RUNNING` or `UPSTREAM_FAILED`; of a state
    /// that this version does not know the word as it came. Of a task run with a result the key is its result.
    pub fn state_key(&self, level: Level) -> &str {
        let end = match self {
            Self::Blocked => return "BLOCKED",
            Self::Queued { .. } => return "QUEUED",
            Self::Pending => return "PENDING",
            Self::Running => return "RUNNING",
            Self::WaitingForRetry => return "WAITING_FOR_RETRY",
            Self::Terminating(_) => return "TERMINATING",
            Self::Unknown { state } => return state,
            Self::Ended(end) => end,
        };
        match (&end.outcome, &end.code) {
            (Outcome::Failed, TerminationCode::InternalError) => "INTERNAL_ERROR",
            (Outcome::Excluded, _) if level == Level::Job => "SKIPPED",
            (outcome, _) => outcome.as_str(),
        }
    }
}
