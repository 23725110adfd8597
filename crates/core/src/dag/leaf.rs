//! The result of a job run from the results of its tasks (reference section 9.6).

use super::run_if::{Edge, edge};
use crate::run::Outcome;

/// The result of a job run that was neither cancelled nor stopped by its own time-out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobOutcome {
    /// `SUCCESS`, `SUCCESS_WITH_FAILURES`, `FAILED`, `TIMEDOUT` or `CANCELED`.
    Ended(Outcome),
    /// Nothing material ran: every task was excluded or disabled. Life cycle `SKIPPED`, no success.
    Skipped,
}

/// The result of a job run from how each task ended and whether it is a leaf (no other task of the run depends on it).
///
/// Leaves decide: a failed leaf fails the run (`TIMEDOUT` when every failed leaf timed out, open point 4), a cancelled
/// one cancels it, and a failure that no leaf shows was absorbed by a handler.
pub fn job_outcome<'a>(tasks: impl IntoIterator<Item = (&'a Outcome, bool)>) -> JobOutcome {
    let (mut failed, mut timed_out_only, mut canceled, mut absorbed, mut ran) =
        (false, true, false, false, false);
    for (outcome, leaf) in tasks {
        let class = edge(outcome, None, None);
        ran |= !matches!(class, Edge::Excluded | Edge::Disabled);
        match (class, leaf) {
            (Edge::Failed, true) => {
                failed = true;
                timed_out_only &= *outcome == Outcome::TimedOut;
            }
            (Edge::Canceled, true) => canceled = true,
            (Edge::Failed | Edge::Canceled, false) => absorbed = true,
            _ => {}
        }
    }
    match (ran, failed, canceled, absorbed) {
        (false, ..) => JobOutcome::Skipped,
        (_, true, ..) if timed_out_only => JobOutcome::Ended(Outcome::TimedOut),
        (_, true, ..) => JobOutcome::Ended(Outcome::Failed),
        (_, _, true, _) => JobOutcome::Ended(Outcome::Canceled),
        (.., true) => JobOutcome::Ended(Outcome::SuccessWithFailures),
        _ => JobOutcome::Ended(Outcome::Success),
    }
}
