//! Whether a new job run starts, waits in the queue, or is skipped (reference section 11.3). The driver asks before it
//! makes a machine, and again for the first run in the queue whenever a slot may have become free.

use crate::run::{End, Outcome, TerminationCode};
use serde::{Deserialize, Serialize};

/// Runs of one job that may wait (open point 17).
pub const MAX_QUEUED_RUNS: i64 = 1000;
/// How long a run may wait in the queue.
pub const MAX_QUEUE_MS: u64 = 48 * 60 * 60 * 1000;

/// What admission depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Admission {
    /// The job's `max_concurrent_runs`, 0 to 1000.
    pub max_concurrent_runs: i64,
    /// Whether runs over a limit wait: the request's `queue`, else the job's.
    pub queue_enabled: bool,
    /// Active runs of the job: created and not ended, queued ones not counted.
    pub active: i64,
    /// Runs of the job that wait before this one.
    pub queued: i64,
    /// Active task runs of the whole engine.
    #[serde(default)]
    pub task_runs: i64,
    /// Most of those; `None` for no limit.
    #[serde(default)]
    pub max_task_runs: Option<i64>,
    /// Active run-job task runs of the whole engine; counts only for jobs that have such tasks.
    #[serde(default)]
    pub run_job_tasks: i64,
    /// Most of those; `None` for no limit, or when the job has no run-job task.
    #[serde(default)]
    pub max_run_job_tasks: Option<i64>,
}

/// What becomes of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Admit {
    /// It starts.
    Start,
    /// It waits; with the code and text of `queue_details`.
    Queue {
        /// Which limit holds it back.
        code: String,
        /// For people.
        message: String,
    },
    /// It ends at once without having run.
    Skip(End),
}

/// Decides about one run. The order is first in, first out: a run never passes one that waits before it. A job with
/// `max_concurrent_runs` 0 never runs and never queues.
pub fn admit(admission: &Admission) -> Admit {
    let a = admission;
    let most = a.max_concurrent_runs;
    let over = |used: i64, limit: Option<i64>| limit.is_some_and(|limit| used >= limit);
    let (code, skip_code, message) = if a.active >= most || a.queued > 0 {
        (
            "MAX_CONCURRENT_RUNS_REACHED",
            TerminationCode::MaxConcurrentRunsExceeded,
            format!("reaching maximum concurrent runs of {most}"),
        )
    } else if over(a.task_runs, a.max_task_runs) {
        (
            "ACTIVE_RUNS_LIMIT_REACHED",
            TerminationCode::WorkspaceRunLimitExceeded,
            format!("reaching the limit of {} active task runs", a.max_task_runs.unwrap_or_default()),
        )
    } else if over(a.run_job_tasks, a.max_run_job_tasks) {
        (
            "ACTIVE_RUN_JOB_TASKS_LIMIT_REACHED",
            TerminationCode::WorkspaceRunLimitExceeded,
            format!("reaching the limit of {} active run-job tasks", a.max_run_job_tasks.unwrap_or_default()),
        )
    } else {
        return Admit::Start;
    };
    let skip = |code: TerminationCode, message: String| {
        Admit::Skip(End::new(Outcome::MaximumConcurrentRunsReached, code, message))
    };
    if most <= 0 || !a.queue_enabled {
        skip(skip_code, format!("Skipped due to {message}."))
    } else if a.queued >= MAX_QUEUED_RUNS {
        skip(
            TerminationCode::MaxJobQueueSizeExceeded,
            format!("Skipped because the job's queue is full with {MAX_QUEUED_RUNS} runs."),
        )
    } else {
        Admit::Queue { code: code.to_owned(), message: format!("Queued due to {message}.") }
    }
}

/// The end of a run that waited in the queue for [`MAX_QUEUE_MS`] (open point 17).
pub fn queue_expired() -> End {
    End::new(
        Outcome::Canceled,
        TerminationCode::Canceled,
        "The run was canceled because it was queued for more than 48 hours.",
    )
}
