//! What is new between two readings of a run, and how far it is: the facts behind progress bars and event lines.

use super::{Phase, RunDoc, TaskDoc};
use crate::id::RunId;
use serde::Serialize;

/// A task attempt that is not where it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TaskChange {
    /// Key of the task.
    pub task_key: String,
    /// The attempt.
    pub run_id: RunId,
    /// From 0.
    pub attempt: i64,
    /// One word: `RUNNING`, or the outcome once it is over.
    pub state: String,
    /// True once this attempt is over.
    pub ended: bool,
    /// What the state says, for people; empty after success.
    pub message: String,
    /// Milliseconds since the attempt started; 0 before.
    pub elapsed_ms: i64,
}

/// How many tasks of a run stand where; only the newest attempt of each counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// All.
    pub total: usize,
    /// Not yet started.
    pub waiting: usize,
    /// At work.
    pub active: usize,
    /// Over, and well.
    pub succeeded: usize,
    /// Over by a failure, a time-out or a cancel.
    pub failed: usize,
    /// Over without having run.
    pub skipped: usize,
}

impl Phase {
    /// One word for people: the state while it lasts, the outcome once it is over.
    pub fn word(&self) -> &str {
        match self {
            Self::Blocked => "BLOCKED",
            Self::Queued { .. } => "QUEUED",
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::WaitingForRetry => "WAITING_FOR_RETRY",
            Self::Terminating(_) => "TERMINATING",
            Self::Ended(end) if end.outcome.as_str().is_empty() => "TERMINATED",
            Self::Ended(end) => end.outcome.as_str(),
            Self::Unknown { state } if state.is_empty() => "UNKNOWN",
            Self::Unknown { state } => state,
        }
    }

    /// What the state says beside its word; empty when there is nothing to add.
    pub fn message(&self) -> &str {
        match self {
            Self::Queued { message, .. } => message,
            Self::Terminating(end) | Self::Ended(end) => &end.message,
            _ => "",
        }
    }
}

/// The attempts that are new or moved on since `before`, in the order in which they are listed. `now` is milliseconds
/// since 1970 and gives the elapsed time of attempts that go on.
pub fn changes(before: Option<&RunDoc>, after: &RunDoc, now: i64) -> Vec<TaskChange> {
    let was = |task: &TaskDoc| {
        let tasks = before.map_or(&[][..], |run| &run.tasks);
        tasks.iter().find(|t| t.run.run_id == task.run.run_id).map(TaskDoc::phase)
    };
    after.tasks.iter().filter(|task| was(task) != Some(task.phase())).map(|task| change(task, now)).collect()
}

fn change(task: &TaskDoc, now: i64) -> TaskChange {
    let phase = task.phase();
    TaskChange {
        task_key: task.key().to_owned(),
        run_id: task.run.run_id,
        attempt: task.attempt(),
        state: phase.word().to_owned(),
        ended: phase.is_terminal(),
        message: phase.message().to_owned(),
        elapsed_ms: elapsed(task.run.start_time, task.run.end_time, now),
    }
}

/// Milliseconds from start to end, or to `now` while there is no end; 0 before the start.
pub fn elapsed(start: Option<i64>, end: Option<i64>, now: i64) -> i64 {
    let set = |time: Option<i64>| time.filter(|time| *time > 0);
    match (set(start), set(end)) {
        (None, _) => 0,
        (Some(start), end) => end.unwrap_or(now).saturating_sub(start).max(0),
    }
}

impl RunDoc {
    /// How many tasks stand where.
    pub fn progress(&self) -> Progress {
        let mut progress = Progress::default();
        for task in self.newest_attempts() {
            progress.count(&task.phase());
        }
        progress
    }
}

impl Progress {
    /// Counts one more task.
    pub(super) fn count(&mut self, phase: &Phase) {
        self.total += 1;
        *match phase {
            Phase::Blocked | Phase::Queued { .. } | Phase::Unknown { .. } => &mut self.waiting,
            Phase::Pending | Phase::Running | Phase::WaitingForRetry | Phase::Terminating(_) => {
                &mut self.active
            }
            Phase::Ended(end) if end.outcome.is_success() => &mut self.succeeded,
            Phase::Ended(end) if never_ran(end.outcome.as_str()) => &mut self.skipped,
            Phase::Ended(_) => &mut self.failed,
        } += 1;
    }
}

fn never_ran(outcome: &str) -> bool {
    matches!(outcome, "EXCLUDED" | "UPSTREAM_FAILED" | "UPSTREAM_CANCELED" | "DISABLED")
}
