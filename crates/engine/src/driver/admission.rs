//! Whether a run may start now: the counts that the core's rule (`execution::admit`) decides by.

use crate::store::Activity;
use lakeflow_core::execution::{Admission, Admit, admit};
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::run::{End, Phase};

/// What happens to a new run.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Start,
    Queue(Phase),
    Skip(End),
}

fn count(present: &[(RunId, JobId, Activity)], activity: Activity) -> i64 {
    present.iter().filter(|(_, _, found)| *found == activity).count() as i64
}

/// `present` are the runs of the job that are active or queued.
pub(super) fn decide(present: &[(RunId, JobId, Activity)], limit: i64, queue: bool) -> Verdict {
    let counted = Admission {
        max_concurrent_runs: limit,
        queue_enabled: queue,
        active: count(present, Activity::Active),
        queued: count(present, Activity::Queued),
        ..Admission::default()
    };
    match admit(&counted) {
        Admit::Start => Verdict::Start,
        Admit::Queue { code, message } => Verdict::Queue(Phase::Queued { code, message }),
        Admit::Skip(end) => Verdict::Skip(end),
    }
}

/// The queued run that may start now: the oldest, while the limit is not reached.
pub(super) fn next(present: &[(RunId, JobId, Activity)], limit: i64) -> Option<RunId> {
    let oldest = present.iter().find(|(_, _, activity)| *activity == Activity::Queued)?;
    (count(present, Activity::Active) < limit).then_some(oldest.0)
}
