//! Rows of `job_run_timeline` and `job_task_run_timeline`: runs cut at clock hours, with their result in the slice in
//! which they ended (reference sections 20.3 to 20.6).

use super::{put, row_of, stamp};
use crate::execution::{ParameterValue, RepairView};
use crate::id::{JobId, RunId};
use crate::job::wire::{Text, TextMap};
use crate::job::{Task, TaskKind};
use crate::run::wire::termination_type;
use crate::run::{End, Outcome, Phase, TerminationCode};
use crate::time::WallTime;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;

const HOUR_MS: i64 = 3_600_000;

/// What is known of a job run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobRunRecord {
    /// The job run.
    pub run_id: RunId,
    /// Its job.
    pub job_id: JobId,
    /// `JOB_RUN`, `SUBMIT_RUN` or `WORKFLOW_RUN`.
    pub run_type: String,
    /// The job's name at the time, or the name of a one-time run.
    pub run_name: String,
    /// The run's `trigger` as on the wire: `PERIODIC`, `ONE_TIME`, …
    pub trigger: String,
    /// True when a cron schedule fired: the wire calls that `PERIODIC` too.
    #[serde(default)]
    pub cron: bool,
    /// When it was created.
    pub created: WallTime,
    /// When it left the queue; `None` before, and for a run that was skipped.
    #[serde(default)]
    pub admitted: Option<WallTime>,
    /// The original run and each repair, in order; empty for a run that never began.
    #[serde(default)]
    pub executions: Vec<Execution>,
    /// When it last ended.
    #[serde(default)]
    pub end_time: Option<WallTime>,
    /// Where it stands.
    pub phase: Phase,
    /// Job parameters with their values.
    #[serde(default)]
    pub parameters: Vec<ParameterValue>,
    /// The task run that started it.
    #[serde(default)]
    pub source_task_run: Option<RunId>,
    /// The first task run of the chain that it stands in.
    #[serde(default)]
    pub root_task_run: Option<RunId>,
}

/// The original run or a repair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    /// When it began.
    pub start: WallTime,
    /// When it ended.
    pub end: Option<WallTime>,
    /// How the job run stood at its end.
    pub phase: Phase,
}

impl From<&RepairView> for Execution {
    fn from(view: &RepairView) -> Self {
        Self { start: view.start_time, end: view.end_time, phase: view.phase.clone() }
    }
}

/// What is known of a task run: an attempt of a task, or of an iteration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskRunRecord {
    /// The task run.
    pub run_id: RunId,
    /// The job.
    pub job_id: JobId,
    /// Its job run.
    pub job_run_id: RunId,
    /// The for-each task run that it is an iteration of.
    #[serde(default)]
    pub iteration_of: Option<RunId>,
    /// Key of the task; of an iteration, with its index.
    pub task_key: String,
    /// Where it stands.
    pub phase: Phase,
    /// When it was started; `None` when it never was.
    #[serde(default)]
    pub start_time: Option<WallTime>,
    /// When user code began to run.
    #[serde(default)]
    pub execution_start: Option<WallTime>,
    /// When it ended.
    #[serde(default)]
    pub end_time: Option<WallTime>,
    /// The task as it was executed, else as it is written.
    pub task: Arc<Task>,
}

/// The rows of `job_run_timeline` for one run, oldest first. A repaired run has rows for each execution.
pub fn job_run_rows(workspace: &str, run: &JobRunRecord, now: WallTime) -> Vec<Map<String, Value>> {
    let never_began = [Execution { start: run.created, end: run.end_time, phase: run.phase.clone() }];
    let executions = if run.executions.is_empty() { &never_began } else { run.executions.as_slice() };
    let mut rows = Vec::new();
    for (number, execution) in executions.iter().enumerate() {
        let start = if number == 0 { run.created } else { execution.start };
        for slice in slices(start, execution.end, now) {
            let mut row = row_of(workspace);
            put(&mut row, "job_id", run.job_id.to_string());
            put(&mut row, "run_id", run.run_id.to_string());
            put(&mut row, "period_start_time", stamp(slice.start));
            put(&mut row, "period_end_time", stamp(slice.end));
            put(&mut row, "trigger_type", trigger_type(&run.trigger, run.cron));
            put(&mut row, "run_type", run.run_type.as_str());
            put(&mut row, "run_name", run.run_name.as_str());
            put_compute(&mut row);
            let end = execution.phase.end().filter(|_| slice.last);
            put_end(&mut row, end, true);
            put(&mut row, "job_parameters", parameters(&run.parameters));
            put(&mut row, "source_task_run_id", run.source_task_run.map(|id| id.to_string()));
            put(&mut row, "root_task_run_id", run.root_task_run.map(|id| id.to_string()));
            put_durations(&mut row, run, slice.end, end.is_some());
            rows.push(row);
        }
    }
    rows
}

/// The rows of `job_task_run_timeline` for one task run, oldest first; none for one that is still to come. A task that
/// was skipped has one, which ends when it begins.
pub fn task_run_rows(workspace: &str, task: &TaskRunRecord, now: WallTime) -> Vec<Map<String, Value>> {
    let Some(start) = task.start_time.or(task.end_time) else { return Vec::new() };
    let shown = task_parameters(&task.task);
    let row = |slice: Slice| {
        let mut row = row_of(workspace);
        put(&mut row, "job_id", task.job_id.to_string());
        put(&mut row, "run_id", task.run_id.to_string());
        put(&mut row, "job_run_id", task.job_run_id.to_string());
        put(&mut row, "parent_run_id", task.iteration_of.unwrap_or(task.job_run_id).to_string());
        put(&mut row, "task_key", task.task_key.as_str());
        put(&mut row, "period_start_time", stamp(slice.start));
        put(&mut row, "period_end_time", stamp(slice.end));
        put_compute(&mut row);
        let end = task.phase.end().filter(|_| slice.last);
        put_end(&mut row, end, task.start_time.is_some());
        put(&mut row, "task_parameters", shown.clone());
        let began = task.execution_start.or(task.end_time);
        let done = |from: Option<WallTime>, to: Option<WallTime>| {
            end.and(from.zip(to)).map_or(end.map(|_| 0), |(from, to)| Some(seconds(from, to)))
        };
        put(&mut row, "setup_duration_seconds", done(task.start_time, began));
        put(&mut row, "execution_duration_seconds", done(task.execution_start, task.end_time));
        put(&mut row, "cleanup_duration_seconds", end.map(|_| 0));
        row
    };
    slices(start, task.end_time, now).into_iter().map(row).collect()
}

/// The result as the tables spell it, which is not how the REST API does (section 20.6). `ran` is false for a task run
/// that was never started.
pub fn result_state(end: &End, ran: bool) -> &'static str {
    match (&end.outcome, &end.code) {
        (Outcome::Success | Outcome::SuccessWithFailures, _) => "SUCCEEDED",
        (Outcome::TimedOut, _) => "TIMED_OUT",
        (Outcome::Canceled | Outcome::UpstreamCanceled, _) => "CANCELLED",
        (Outcome::Excluded | Outcome::Disabled | Outcome::MaximumConcurrentRunsReached, _) => "SKIPPED",
        (Outcome::UpstreamFailed, _) if !ran => "SKIPPED",
        (_, TerminationCode::InternalError) | (Outcome::Other(_), _) => "ERROR",
        (Outcome::Failed | Outcome::UpstreamFailed, _) => "FAILED",
    }
}

/// The trigger as the tables spell it: the documented list, and the wire's own name for those that it lacks.
fn trigger_type(wire: &str, cron: bool) -> &str {
    match wire {
        "PERIODIC" if cron => "CRON",
        "ONE_TIME" => "ONETIME",
        "RETRY" => "ONETIME_RETRY",
        "CONTINUOUS_RESTART" => "CONTINUOUS",
        other => other,
    }
}

#[derive(Clone, Copy)]
struct Slice {
    start: WallTime,
    end: WallTime,
    /// It is the one in which the run ended, or now.
    last: bool,
}

/// A run cut at clock hours of UTC; up to now when it has not ended. There is always one slice.
fn slices(start: WallTime, end: Option<WallTime>, now: WallTime) -> Vec<Slice> {
    // A clock that was set back must not make a run end before it began.
    let end = end.unwrap_or(now).max(start);
    let mut slices = Vec::new();
    let mut from = start;
    loop {
        let hour = WallTime((from.0.div_euclid(HOUR_MS) + 1).saturating_mul(HOUR_MS));
        let last = hour >= end;
        slices.push(Slice { start: from, end: hour.min(end), last });
        if last {
            return slices;
        }
        from = hour;
    }
}

fn put_end(row: &mut Map<String, Value>, end: Option<&End>, ran: bool) {
    put(row, "result_state", end.map(|end| result_state(end, ran)));
    put(row, "termination_code", end.map(|end| end.code.as_str()));
    put(row, "termination_type", end.map(termination_type));
}

fn put_compute(row: &mut Map<String, Value>) {
    put(row, "compute_ids", Vec::<Value>::new());
    put(row, "compute", Vec::<Value>::new());
}

/// Only in the last slice; setup, execution and clean-up are told of task runs alone (section 7.1).
fn put_durations(row: &mut Map<String, Value>, run: &JobRunRecord, end: WallTime, over: bool) {
    let admitted = run.admitted.unwrap_or(run.created);
    let known = |value: i64| over.then_some(value);
    put(row, "setup_duration_seconds", known(0));
    put(row, "queue_duration_seconds", known(seconds(run.created, admitted)));
    put(row, "run_duration_seconds", known(seconds(admitted, end)));
    put(row, "execution_duration_seconds", known(0));
    put(row, "cleanup_duration_seconds", known(0));
}

fn seconds(from: WallTime, to: WallTime) -> i64 {
    (to.since(from) / 1000).max(0)
}

fn parameters(parameters: &[ParameterValue]) -> Value {
    parameters.iter().map(|p| (p.name.clone(), json!(p.value))).collect::<Map<_, _>>().into()
}

/// The parameters of a task by name, or by position where it has a list.
fn task_parameters(task: &Task) -> Value {
    let named = |map: &TextMap| map.iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    let listed = |list: &[Text]| {
        list.iter().enumerate().map(|(at, text)| (at.to_string(), json!(text.0))).collect::<Map<_, _>>()
    };
    let shown: Map<String, Value> = match task.kind() {
        Some(TaskKind::Notebook(notebook)) => named(&notebook.base_parameters),
        Some(TaskKind::Sql(sql)) => named(&sql.parameters),
        Some(TaskKind::Pipeline(pipeline)) => named(&pipeline.parameters),
        Some(TaskKind::RunJob(job)) => named(&job.job_parameters),
        Some(TaskKind::SparkPython(script)) => listed(&script.parameters),
        Some(TaskKind::SparkJar(jar)) => listed(&jar.parameters),
        Some(TaskKind::PythonWheel(wheel)) => {
            let mut shown = listed(&wheel.parameters);
            shown.extend(named(&wheel.named_parameters));
            shown
        }
        _ => Map::new(),
    };
    shown.into()
}
