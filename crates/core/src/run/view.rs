//! A run as a page shows it: one verdict, the newest attempt of each task as a row, every attempt as bars on a time line.
//! Of the document only what is shown is read; what the numbers look like is for the page.

use super::doc::{newest_of, object, text};
use super::wire::{self, Level};
use super::{Phase, Progress, RunState, RunStatus, elapsed};
use crate::id::{JobId, RunId};
use crate::job::Dependency;
use crate::job::wire::{Path, field};
use crate::json::{Object, ToJson};
use crate::problem::Problem;
use crate::value::{Map, Value};

/// A run as a page shows it. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// Where the line begins: the start of the run.
    pub start: i64,
    /// Where it ends: the end of the run, or now.
    pub end: i64,
    /// One row for each task, in the order of the document.
    pub rows: Vec<TimelineRow>,
}

/// One task on the line; without bars when it never started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineRow {
    /// Its key.
    pub task_key: String,
    /// Oldest first.
    pub bars: Vec<Bar>,
}

/// A stretch of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// The run of a document of `runs/get` as a page shows it at `now`, in milliseconds since 1970.
///
/// # Errors
/// Everything that is shown and has the wrong type.
pub fn view(document: &Value, now: i64) -> Result<RunView, Vec<Problem>> {
    let mut problems = Vec::new();
    let found = object(document, &Path::Root, &mut problems).map(|run| read(run, now, &mut problems));
    match found {
        Some(view) if problems.is_empty() => Ok(view),
        _ => Err(problems),
    }
}

fn read(run: &Map<String, Value>, now: i64, problems: &mut Vec<Problem>) -> RunView {
    let root = Path::Root;
    let list = root.key("tasks");
    let phase = phase(run, &root, problems);
    let mut attempts = Vec::new();
    match run.get("tasks") {
        None | Some(Value::Null) => {}
        Some(Value::Array(tasks)) => {
            for (n, task) in tasks.iter().enumerate() {
                let path = list.index(n);
                attempts
                    .extend(object(task, &path, problems).map(|task| Attempt::read(task, &path, problems)));
            }
        }
        Some(other) => problems.push(crate::job::wire::wrong_type(other, &list, "a list")),
    }
    let mut numbered = Vec::with_capacity(attempts.len());
    for task in &attempts {
        numbered.push((task.key.as_str(), task.number));
    }
    let newest = newest_of(&numbered);
    let mut progress = Progress::default();
    let (mut tasks, mut rows) = (Vec::new(), Vec::new());
    for task in newest.into_iter().map(|n| &attempts[n]) {
        progress.count(&task.phase);
        tasks.push(row(task, now));
        let mut bars = Vec::new();
        for attempt in attempts.iter().filter(|attempt| attempt.key == task.key) {
            stretches(attempt, now, &mut bars);
        }
        rows.push(TimelineRow { task_key: task.key.clone(), bars });
    }
    let start = time(run, "start_time", &root, problems);
    let end = time(run, "end_time", &root, problems);
    let from = start.unwrap_or(now);
    RunView {
        run_id: field(run, "run_id", &root, problems).unwrap_or_default(),
        job_id: field(run, "job_id", &root, problems).flatten(),
        name: text(run, "run_name", &root, problems).unwrap_or_default(),
        url: text(run, "run_page_url", &root, problems),
        state: key(&phase, Level::Job),
        terminal: phase.is_terminal(),
        success: phase.is_success(),
        outcome: phase.end().map(|end| end.outcome.as_str().to_owned()),
        message: phase.message().to_owned(),
        start,
        end,
        elapsed_ms: elapsed(start, end, now),
        progress,
        tasks,
        timeline: Timeline { start: from, end: end.unwrap_or(now).max(from), rows },
    }
}

/// One attempt of a task.
struct Attempt {
    key: String,
    run_id: RunId,
    number: i64,
    url: Option<String>,
    phase: Phase,
    start: Option<i64>,
    end: Option<i64>,
    /// In milliseconds.
    setup: i64,
    cleanup: i64,
    queue: i64,
    depends_on: Vec<String>,
}

impl Attempt {
    fn read(task: &Map<String, Value>, path: &Path<'_>, problems: &mut Vec<Problem>) -> Self {
        let edges: Vec<Dependency> = field(task, "depends_on", path, problems).unwrap_or_default();
        let mut depends_on = Vec::with_capacity(edges.len());
        for edge in edges {
            depends_on.push(edge.task_key);
        }
        let mut length = |name: &str| integer(task, name, path, problems).unwrap_or(0).max(0);
        let (setup, cleanup) = (length("setup_duration"), length("cleanup_duration"));
        let queue = length("queue_duration");
        Self {
            key: field(task, "task_key", path, problems).unwrap_or_default(),
            run_id: field(task, "run_id", path, problems).unwrap_or_default(),
            number: integer(task, "attempt_number", path, problems).unwrap_or(0),
            url: text(task, "run_page_url", path, problems),
            phase: phase(task, path, problems),
            start: time(task, "start_time", path, problems),
            end: time(task, "end_time", path, problems),
            setup,
            cleanup,
            queue,
            depends_on,
        }
    }
}

fn phase(fields: &Map<String, Value>, path: &Path<'_>, problems: &mut Vec<Problem>) -> Phase {
    let state: Option<RunState> = field(fields, "state", path, problems).flatten();
    let status: Option<RunStatus> = field(fields, "status", path, problems).flatten();
    wire::read(state.as_ref(), status.as_ref())
}

fn integer(
    fields: &Map<String, Value>,
    name: &str,
    path: &Path<'_>,
    problems: &mut Vec<Problem>,
) -> Option<i64> {
    field::<Option<i64>>(fields, name, path, problems).flatten()
}

/// A time; 0 stands for none.
fn time(
    fields: &Map<String, Value>,
    name: &str,
    path: &Path<'_>,
    problems: &mut Vec<Problem>,
) -> Option<i64> {
    integer(fields, name, path, problems).filter(|time| *time > 0)
}

/// A state that came without a word is still told.
fn key(phase: &Phase, level: Level) -> String {
    match phase.state_key(level) {
        "" => phase.word().to_owned(),
        key => key.to_owned(),
    }
}

fn row(task: &Attempt, now: i64) -> TaskRow {
    TaskRow {
        task_key: task.key.clone(),
        run_id: task.run_id,
        attempt: task.number,
        url: task.url.clone(),
        state: key(&task.phase, Level::Task),
        terminal: task.phase.is_terminal(),
        success: task.phase.is_success(),
        message: task.phase.message().to_owned(),
        start: task.start,
        end: task.end,
        elapsed_ms: elapsed(task.start, task.end, now),
        depends_on: task.depends_on.clone(),
    }
}

/// The stretches of one attempt. The platform tells durations, not times: the queue comes before the start, set-up after
/// it, clean-up before the end (reference sections 7.1 and 7.3); what is left between is the run itself.
fn stretches(task: &Attempt, now: i64, bars: &mut Vec<Bar>) {
    let Some(start) = task.start else { return };
    let state = key(&task.phase, Level::Task);
    let end = task.end.unwrap_or(now).max(start);
    let run = start.saturating_add(task.setup).min(end);
    let cleanup = end.saturating_sub(task.cleanup).max(run);
    for (part, from, to) in [
        ("queue", start.saturating_sub(task.queue), start),
        ("setup", start, run),
        ("run", run, cleanup),
        ("cleanup", cleanup, end),
    ] {
        // The run itself is shown even while it has no length yet.
        if from < to || part == "run" {
            let state = state.clone();
            bars.push(Bar { run_id: task.run_id, attempt: task.number, part, state, start: from, end: to });
        }
    }
}

impl ToJson for RunView {
    fn to_json(&self) -> Value {
        let mut told = Object::default();
        told.set("run_id", self.run_id.0);
        told.set("job_id", self.job_id.map(|id| id.0));
        told.set("name", self.name.as_str());
        told.set("url", self.url.as_deref());
        told.set("state", self.state.as_str());
        told.set("terminal", self.terminal);
        told.set("success", self.success);
        told.set("outcome", self.outcome.as_deref());
        told.set("message", self.message.as_str());
        told.set("start", self.start);
        told.set("end", self.end);
        told.set("elapsed_ms", self.elapsed_ms);
        let mut progress = Object::default();
        for (name, count) in [
            ("total", self.progress.total),
            ("waiting", self.progress.waiting),
            ("active", self.progress.active),
            ("succeeded", self.progress.succeeded),
            ("failed", self.progress.failed),
            ("skipped", self.progress.skipped),
        ] {
            progress.set(name, count);
        }
        told.set("progress", progress);
        told.set("tasks", self.tasks.to_json());
        let mut timeline = Object::default();
        timeline.set("start", self.timeline.start);
        timeline.set("end", self.timeline.end);
        timeline.set("rows", self.timeline.rows.to_json());
        told.set("timeline", timeline);
        told.into()
    }
}

impl ToJson for TaskRow {
    fn to_json(&self) -> Value {
        let mut told = Object::default();
        told.set("task_key", self.task_key.as_str());
        told.set("run_id", self.run_id.0);
        told.set("attempt", self.attempt);
        told.set("url", self.url.as_deref());
        told.set("state", self.state.as_str());
        told.set("terminal", self.terminal);
        told.set("success", self.success);
        told.set("message", self.message.as_str());
        told.set("start", self.start);
        told.set("end", self.end);
        told.set("elapsed_ms", self.elapsed_ms);
        told.set("depends_on", self.depends_on.to_json());
        told.into()
    }
}

impl ToJson for TimelineRow {
    fn to_json(&self) -> Value {
        let mut told = Object::default();
        told.set("task_key", self.task_key.as_str());
        told.set("bars", self.bars.to_json());
        told.into()
    }
}

impl ToJson for Bar {
    fn to_json(&self) -> Value {
        let mut told = Object::default();
        told.set("run_id", self.run_id.0);
        told.set("attempt", self.attempt);
        told.set("part", self.part);
        told.set("state", self.state.as_str());
        told.set("start", self.start);
        told.set("end", self.end);
        told.into()
    }
}
