//! Whether a run may start now (reference section 11.3).

use crate::store::Activity;
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::run::{End, Outcome, Phase, TerminationCode};

/// Queued runs of a job at most (open point 17).
const MOST_QUEUED: usize = 1000;

/// What happens to a new run.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Start,
    Queue(Phase),
    Skip(End),
}

fn count(present: &[(RunId, JobId, Activity)], activity: Activity) -> usize {
    present.iter().filter(|(_, _, found)| *found == activity).count()
}

fn free(present: &[(RunId, JobId, Activity)], limit: i64) -> bool {
    i64::try_from(count(present, Activity::Active)).is_ok_and(|active| active < limit)
}

/// `present` are the runs of the job that are active or queued.
pub(super) fn decide(present: &[(RunId, JobId, Activity)], limit: i64, queue: bool) -> Verdict {
    let queued = count(present, Activity::Queued);
    let skipped =
        |code, message: String| Verdict::Skip(End::new(Outcome::MaximumConcurrentRunsReached, code, message));
    if limit > 0 && queued == 0 && free(present, limit) {
        Verdict::Start
    } else if limit < 1 || !queue {
        let message = format!("The run was skipped: the job may have {limit} active runs at once.");
        skipped(TerminationCode::MaxConcurrentRunsExceeded, message)
    } else if queued >= MOST_QUEUED {
        let message = format!("The run was skipped: {MOST_QUEUED} runs of the job are queued already.");
        skipped(TerminationCode::MaxJobQueueSizeExceeded, message)
    } else {
        Verdict::Queue(Phase::Queued {
            code: "MAX_CONCURRENT_RUNS_REACHED".to_owned(),
            message: format!("Queued due to reaching maximum concurrent runs of {limit}."),
        })
    }
}

/// The queued run that may start now: the oldest, while the limit is not reached.
pub(super) fn next(present: &[(RunId, JobId, Activity)], limit: i64) -> Option<RunId> {
    let oldest = present.iter().find(|(_, _, activity)| *activity == Activity::Queued);
    oldest.filter(|_| free(present, limit)).map(|(run, _, _)| *run)
}
