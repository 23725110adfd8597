//! A run as a page shows it: one verdict, the newest attempt of each task as a row, every attempt as bars on a time line.
//! All that is told comes from [`RunDoc`]; what the numbers look like is for the page.

use super::wire::Level;
use super::{Phase, Progress, RunDoc, TaskDoc, elapsed};
use crate::id::{JobId, RunId};
use serde::Serialize;

/// A run as a page shows it. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunView {
    /// Its id.
    pub run_id: RunId,
    /// The job.
    pub job_id: Option<JobId>,
    /// The job's name at the time.
    pub name: String,
    /// Where people see it.
    pub url: Option<String>,
    /// The word under which the state is shown ([`Phase::state_key`]).
    pub state: String,
    /// Nothing changes any more.
    pub terminal: bool,
    /// It is over and succeeded.
    pub success: bool,
    /// The verdict, once it is over.
    pub outcome: Option<String>,
    /// What the state says for people; empty when there is nothing to add.
    pub message: String,
    /// When it started; `None` before.
    pub start: Option<i64>,
    /// When it ended; `None` before.
    pub end: Option<i64>,
    /// Milliseconds from start to end, or to now.
    pub elapsed_ms: i64,
    /// How many tasks stand where.
    pub progress: Progress,
    /// The newest attempt of each task, in the order of the document.
    pub tasks: Vec<TaskRow>,
    /// The same tasks on a line of time.
    pub timeline: Timeline,
}

/// One task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TaskRow {
    /// Its key.
    pub task_key: String,
    /// The newest attempt.
    pub run_id: RunId,
    /// From 0.
    pub attempt: i64,
    /// Where people see it.
    pub url: Option<String>,
    /// The word under which the state is shown.
    pub state: String,
    /// Nothing changes any more.
    pub terminal: bool,
    /// It is over and succeeded.
    pub success: bool,
    /// What the state says for people.
    pub message: String,
    /// When it started; `None` before.
    pub start: Option<i64>,
    /// When it ended; `None` before.
    pub end: Option<i64>,
    /// Milliseconds from start to end, or to now.
    pub elapsed_ms: i64,
    /// Keys of the tasks that it waits for.
    pub depends_on: Vec<String>,
}

/// The tasks of a run on a line of time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Timeline {
    /// Where the line begins: the start of the run.
    pub start: i64,
    /// Where it ends: the end of the run, or now.
    pub end: i64,
    /// One row for each task, in the order of the document.
    pub rows: Vec<TimelineRow>,
}

/// One task on the line; without bars when it never started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimelineRow {
    /// Its key.
    pub task_key: String,
    /// Oldest first.
    pub bars: Vec<Bar>,
}

/// A stretch of one attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bar {
    /// The attempt.
    pub run_id: RunId,
    /// From 0.
    pub attempt: i64,
    /// `queue`, `setup`, `run` or `cleanup`.
    pub part: &'static str,
    /// Of the attempt.
    pub state: String,
    /// Where it begins.
    pub start: i64,
    /// Where it ends.
    pub end: i64,
}

impl RunDoc {
    /// The run as a page shows it at `now`, in milliseconds since 1970.
    pub fn view(&self, now: i64) -> RunView {
        let phase = self.phase();
        let (start, end) = (set(self.start_time), set(self.end_time));
        let rows: Vec<TaskRow> = self.newest_attempts().into_iter().map(|task| row(task, now)).collect();
        let from = start.unwrap_or(now);
        RunView {
            run_id: self.run_id,
            job_id: self.job_id,
            name: self.run_name.clone().unwrap_or_default(),
            url: self.run_page_url.clone(),
            state: key(&phase, Level::Job),
            terminal: phase.is_terminal(),
            success: phase.is_success(),
            outcome: phase.end().map(|end| end.outcome.to_string()),
            message: phase.message().to_owned(),
            start,
            end,
            elapsed_ms: elapsed(self.start_time, self.end_time, now),
            progress: self.progress(),
            timeline: Timeline {
                start: from,
                end: end.unwrap_or(now).max(from),
                rows: rows
                    .iter()
                    .map(|row| TimelineRow {
                        task_key: row.task_key.clone(),
                        bars: self
                            .tasks
                            .iter()
                            .filter(|task| task.key() == row.task_key)
                            .flat_map(|task| bars(task, now))
                            .collect(),
                    })
                    .collect(),
            },
            tasks: rows,
        }
    }
}

fn set(time: Option<i64>) -> Option<i64> {
    time.filter(|time| *time > 0)
}

/// A state that came without a word is still told.
fn key(phase: &Phase, level: Level) -> String {
    match phase.state_key(level) {
        "" => phase.word().to_owned(),
        key => key.to_owned(),
    }
}

fn row(task: &TaskDoc, now: i64) -> TaskRow {
    let phase = task.phase();
    TaskRow {
        task_key: task.key().to_owned(),
        run_id: task.run.run_id,
        attempt: task.attempt(),
        url: task.run.run_page_url.clone(),
        state: key(&phase, Level::Task),
        terminal: phase.is_terminal(),
        success: phase.is_success(),
        message: phase.message().to_owned(),
        start: set(task.run.start_time),
        end: set(task.run.end_time),
        elapsed_ms: elapsed(task.run.start_time, task.run.end_time, now),
        depends_on: task.task.depends_on.iter().map(|edge| edge.task_key.clone()).collect(),
    }
}

/// The stretches of one attempt. The platform tells durations, not times: the queue comes before the start, set-up after
/// it, clean-up before the end (reference sections 7.1 and 7.3); what is left between is the run itself.
fn bars(task: &TaskDoc, now: i64) -> Vec<Bar> {
    let Some(start) = set(task.run.start_time) else { return Vec::new() };
    let state = key(&task.phase(), Level::Task);
    let end = set(task.run.end_time).unwrap_or(now).max(start);
    let part = |length: Option<i64>| length.unwrap_or(0).max(0);
    let run = start.saturating_add(part(task.run.setup_duration)).min(end);
    let cleanup = end.saturating_sub(part(task.run.cleanup_duration)).max(run);
    let stretches = [
        ("queue", start.saturating_sub(part(task.run.queue_duration)), start),
        ("setup", start, run),
        ("run", run, cleanup),
        ("cleanup", cleanup, end),
    ];
    stretches
        .into_iter()
        // The run itself is shown even while it has no length yet.
        .filter(|(part, from, to)| from < to || *part == "run")
        .map(|(part, start, end)| Bar {
            run_id: task.run.run_id,
            attempt: task.attempt(),
            part,
            state: state.clone(),
            start,
            end,
        })
        .collect()
}
