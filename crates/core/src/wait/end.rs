//! How a wait ends.

use crate::api::RunOutput;
use crate::error::{Error, ErrorCode};
use crate::id::RunId;
use crate::run::{Outcome, Phase, RunDoc, TaskDoc};
use serde::{Deserialize, Serialize};

/// The end of a wait.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitEnd {
    /// The run, once it is known.
    pub run_id: Option<RunId>,
    /// The last that was seen of it; with a verdict on the run it is complete, all pages included.
    pub run: Option<RunDoc>,
    /// What came of it.
    pub verdict: Verdict,
    /// The tasks that failed, in the order of the definition.
    pub failures: Vec<TaskFailure>,
}

/// What came of a wait. All but the last are verdicts on the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every task did what it should.
    Succeeded,
    /// Some tasks failed, every leaf succeeded.
    SucceededWithFailures,
    /// A task failed, or the run could not be carried out.
    Failed,
    /// Cancelled by a person or the platform.
    Canceled,
    /// The run's own time-out stopped it.
    TimedOut,
    /// It never ran.
    Skipped,
    /// The wait ended before the run did, or before it was known whether the run began. The run is left as it is, unless
    /// the options said otherwise.
    Unfinished(Error),
}

/// A task that failed, with what it said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskFailure {
    /// Key of the task.
    pub task_key: String,
    /// The last attempt.
    pub run_id: RunId,
    /// From 0.
    pub attempt: i64,
    /// How it ended: `FAILED`, `TIMEDOUT`.
    pub outcome: String,
    /// The state's message.
    pub message: String,
    /// The task's own error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Its stack trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// The last lines of its output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
}

/// So many lines of a failed task's output are kept.
const TAIL_LINES: usize = 20;

impl Verdict {
    /// The verdict on a run that has ended. An outcome that this version does not know is a failure (design rule 6).
    pub(super) fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Success => Self::Succeeded,
            Outcome::SuccessWithFailures => Self::SucceededWithFailures,
            Outcome::Canceled | Outcome::UpstreamCanceled => Self::Canceled,
            Outcome::TimedOut => Self::TimedOut,
            Outcome::MaximumConcurrentRunsReached | Outcome::Excluded | Outcome::Disabled => Self::Skipped,
            Outcome::Failed | Outcome::UpstreamFailed | Outcome::Other(_) => Self::Failed,
        }
    }

    /// True when the run is over and did what it should.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Succeeded | Self::SucceededWithFailures)
    }

    /// One word for machines and people: `succeeded`, `failed`, …
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::SucceededWithFailures => "succeeded_with_failures",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::TimedOut => "timed_out",
            Self::Skipped => "skipped",
            Self::Unfinished(_) => "unfinished",
        }
    }
}

impl WaitEnd {
    /// The run when it succeeded, else the error that says why not: `RUN_FAILED` with the failing tasks, their errors and
    /// the run page, or the error that ended the wait.
    pub fn into_result(self) -> Result<RunDoc, Error> {
        match (&self.verdict, &self.run) {
            (Verdict::Unfinished(error), _) => Err(error.clone()),
            (verdict, Some(run)) if verdict.is_success() => Ok(run.clone()),
            _ => Err(self.failed()),
        }
    }

    fn failed(&self) -> Error {
        let mut error = Error::new(ErrorCode::RunFailed, "wait", self.told());
        if let Some(run_id) = self.run_id {
            error = error.with("run_id", run_id);
        }
        if let Some(page) = self.run.as_ref().and_then(|run| run.run_page_url.as_deref()) {
            error = error.with("run_page_url", page);
        }
        error
    }

    /// An error that ended the wait says where people see the run, when that is known.
    pub(super) fn name_page(&mut self) {
        let page = self.run.as_ref().and_then(|run| run.run_page_url.clone());
        if let (Verdict::Unfinished(error), Some(page)) = (&mut self.verdict, page)
            && error.context("run_page_url").is_none()
        {
            error.context.push(("run_page_url", page));
        }
    }

    /// A sentence: the verdict, and why.
    fn told(&self) -> String {
        let word = self.verdict.as_str().replace('_', " ");
        let tasks: Vec<String> = self
            .failures
            .iter()
            .map(|f| format!("task {}: {}", f.task_key, f.error.as_deref().unwrap_or(&f.message)))
            .collect();
        let message = match self.run.as_ref().map(RunDoc::phase) {
            Some(Phase::Ended(end)) => end.message,
            _ => String::new(),
        };
        match (tasks.is_empty(), message.trim_end_matches('.')) {
            (false, _) => format!("the run {word}: {}", tasks.join("; ")),
            (true, "") => format!("the run {word}"),
            (true, message) => format!("the run {word}: {message}"),
        }
    }
}

/// The tasks of a run whose last attempt failed by itself, in the order of the definition; without what they said.
/// Tasks that never ran because of another's failure are not among them.
pub fn failures(run: &RunDoc) -> Vec<TaskFailure> {
    run.newest_attempts().into_iter().filter_map(failure).collect()
}

/// The same of the iterations in the document of a for-each task run.
pub fn iteration_failures(each: &RunDoc) -> Vec<TaskFailure> {
    each.newest_iterations().into_iter().filter_map(failure).collect()
}

fn failure(task: &TaskDoc) -> Option<TaskFailure> {
    let Phase::Ended(end) = task.phase() else { return None };
    let by_itself = matches!(end.outcome, Outcome::Failed | Outcome::TimedOut | Outcome::Other(_));
    by_itself.then(|| TaskFailure {
        task_key: task.key().to_owned(),
        run_id: task.run.run_id,
        attempt: task.attempt(),
        outcome: end.outcome.as_str().to_owned(),
        message: end.message,
        error: None,
        trace: None,
        output: None,
    })
}

impl TaskFailure {
    /// Adds what the task said.
    pub fn explain(&mut self, output: RunOutput) {
        let said = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        self.error = said(output.error);
        self.trace = said(output.error_trace);
        self.output = said(output.logs).map(|logs| tail(&logs));
    }
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}
