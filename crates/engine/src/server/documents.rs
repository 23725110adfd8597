//! What jobs and runs look like on the wire (reference sections 3.5, 7 and 8).

use super::settings::{show_task, shown};
use super::{ApiVersion, App};
use crate::store::{JobRow, RunRow, TaskRow};
use lakeflow_core::execution::{ForEachStats, RepairView, TaskRunView};
use lakeflow_core::id::RunId;
use lakeflow_core::job::wire::Wire;
use lakeflow_core::job::{Task, TaskKind};
use lakeflow_core::run::Phase;
use lakeflow_core::run::wire::{Level, write};
use lakeflow_core::time::WallTime;
use serde_json::{Map, Value, json};

/// Elements of an array on one page (reference section 3.9).
const PAGE: usize = 100;

/// What of the arrays is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrays {
    /// No `tasks` and no `job_clusters`: items of lists.
    None,
    /// The first page and `has_more`: items of expanded lists.
    First,
    /// One page, from 0, and the token of the next.
    Page(usize),
    /// Everything: version 2.1.
    Whole,
}

impl Arrays {
    /// Of a single document; `token` is that of a page, which only 2.2 has.
    pub(super) fn of(version: ApiVersion, token: Option<&str>) -> Option<Self> {
        match (version, token.filter(|token| !token.is_empty())) {
            (ApiVersion::V2_1, _) => Some(Self::Whole),
            (ApiVersion::V2_2, None) => Some(Self::Page(0)),
            (ApiVersion::V2_2, Some(token)) => {
                token.strip_prefix("page.")?.parse().ok().filter(|page| *page > 0).map(Self::Page)
            }
        }
    }

    /// Cuts the named arrays of a document and says what follows. `root` is where token or `has_more` go.
    fn cut(self, arrays: &mut Map<String, Value>, names: &[&str]) -> Option<(&'static str, Value)> {
        let mut more = false;
        for name in names {
            let Some(items) = arrays.get_mut(*name).and_then(Value::as_array_mut) else { continue };
            let (from, to) = match self {
                Self::Whole => continue,
                Self::None => (0, 0),
                Self::First => (0, PAGE),
                Self::Page(page) => (page.saturating_mul(PAGE), page.saturating_add(1).saturating_mul(PAGE)),
            };
            more |= items.len() > to;
            *items = items.drain(from.min(items.len())..to.min(items.len())).collect();
        }
        match self {
            Self::Page(page) if more => Some(("next_page_token", json!(format!("page.{}", page + 1)))),
            Self::First => Some(("has_more", json!(more))),
            _ => None,
        }
    }
}

/// A stored job.
pub(super) fn job(row: &JobRow, arrays: Arrays) -> Value {
    let mut settings = shown(&row.settings);
    let mut document = Map::new();
    document.insert("job_id".to_owned(), json!(row.job_id));
    document.insert("creator_user_name".to_owned(), json!(row.creator));
    if matches!(arrays, Arrays::Page(_) | Arrays::Whole) {
        document.insert("run_as_user_name".to_owned(), json!(row.run_as));
    }
    document.insert("created_time".to_owned(), json!(row.created_time));
    if let Some(fields) = settings.as_object_mut() {
        if arrays == Arrays::None {
            fields.shift_remove("tasks");
            fields.shift_remove("job_clusters");
        } else if let Some((name, value)) =
            arrays.cut(fields, &["tasks", "job_clusters", "environments", "parameters"])
        {
            document.insert(name.to_owned(), value);
        }
    }
    document.insert("settings".to_owned(), settings);
    Value::Object(document)
}

/// What of a run is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct RunOptions {
    pub(super) arrays: Arrays,
    pub(super) history: bool,
    pub(super) resolved: bool,
}

/// A job run, with the task runs that `runs/get` lists.
pub(super) fn job_run(app: &App, row: &RunRow, tasks: &[TaskRow], options: RunOptions) -> Value {
    let standing = &row.standing;
    let mut run = head(app, row, row.run_id, &standing.phase, Level::Job);
    put(&mut run, "run_name", json!(row.facts.run_name));
    put(&mut run, "attempt_number", json!(0));
    put(&mut run, "original_attempt_run_id", json!(row.run_id));
    put(&mut run, "start_time", json!(row.start_time));
    put(&mut run, "end_time", json!(standing.end_time.unwrap_or_default()));
    for name in ["setup_duration", "execution_duration", "cleanup_duration"] {
        put(&mut run, name, json!(0));
    }
    let admitted = standing.admitted.unwrap_or(row.start_time);
    if let Some(end) = standing.end_time {
        put(&mut run, "run_duration", json!(span(admitted, end)));
    }
    let waited = span(row.start_time, admitted);
    put(&mut run, "queue_duration", json!(waited));
    let parameters = standing.parameters.iter();
    put(
        &mut run,
        "job_parameters",
        parameters.map(|p| json!({ "name": p.name, "default": p.default, "value": p.value })).collect(),
    );
    if options.history {
        put(&mut run, "repair_history", standing.repairs.iter().map(repair).collect());
    }
    if options.arrays != Arrays::None {
        put(&mut run, "job_clusters", json!(row.facts.job_clusters));
        let listed = tasks.iter().filter(|task| task.view.listed && task.view.iteration_of.is_none());
        put(&mut run, "tasks", listed.map(|task| run_task(app, row, &task.view, options.resolved)).collect());
    }
    finish(run, options.arrays, &["tasks", "job_clusters", "job_parameters", "repair_history"])
}

/// A task run or an iteration; `all` are the task runs of its job run.
pub(super) fn task_run(
    app: &App,
    row: &RunRow,
    all: &[TaskRow],
    task: &TaskRow,
    options: RunOptions,
) -> Value {
    let view = &task.view;
    let mut run = head(app, row, view.run_id, &view.phase, Level::Task);
    let same = |other: &&TaskRow| {
        other.view.task_key == view.task_key
            && other.view.repair_id == view.repair_id
            && other.view.iteration_of == view.iteration_of
    };
    let first = all.iter().find(same).map_or(view.run_id, |first| first.view.run_id);
    put(&mut run, "run_name", json!(view.task_key));
    put(&mut run, "attempt_number", json!(view.attempt_number));
    put(&mut run, "original_attempt_run_id", json!(first));
    put_times(&mut run, view);
    let parameters = row.standing.parameters.iter();
    put(
        &mut run,
        "job_parameters",
        parameters.map(|p| json!({ "name": p.name, "default": p.default, "value": p.value })).collect(),
    );
    put(&mut run, "tasks", Value::Array(vec![run_task(app, row, view, options.resolved)]));
    if matches!(view.task.kind(), Some(TaskKind::ForEach(_))) {
        let found = task.iterations.iter().filter_map(|id| all.iter().find(|row| row.view.run_id == *id));
        put(&mut run, "iterations", found.map(|i| run_task(app, row, &i.view, options.resolved)).collect());
    }
    finish(run, options.arrays, &["tasks", "iterations", "job_parameters"])
}

/// What job runs and task runs have in common.
fn head(app: &App, row: &RunRow, id: RunId, phase: &Phase, level: Level) -> Map<String, Value> {
    let facts = &row.facts;
    let mut run = Map::new();
    put(&mut run, "job_id", json!(row.job_id));
    put(&mut run, "run_id", json!(id));
    put(&mut run, "job_run_id", json!(row.run_id));
    put(&mut run, "number_in_job", json!(id));
    put(&mut run, "creator_user_name", json!(facts.creator));
    put(&mut run, "run_type", json!(row.run_type));
    put(&mut run, "format", json!("MULTI_TASK"));
    put(&mut run, "run_page_url", json!(page_url(app, row, id)));
    put_phase(&mut run, phase, level);
    put(&mut run, "trigger", json!(facts.trigger));
    let parent = row.parent_task_run.map(|parent| json!({ "run_id": parent }));
    if let Some(info) = parent.or_else(|| facts.trigger_info.clone()) {
        put(&mut run, "trigger_info", info);
    }
    for (name, value) in [
        ("schedule", facts.schedule.clone()),
        ("git_source", facts.git_source.clone()),
        ("overriding_parameters", facts.overriding_parameters.clone()),
        ("description", facts.description.as_ref().map(|text| json!(text))),
        ("effective_performance_target", facts.performance_target.as_ref().map(|text| json!(text))),
        ("duration_target", facts.duration_target.as_ref().map(|text| json!(text))),
        (
            "environment_variables",
            (!facts.environment_variables.is_empty()).then(|| json!(facts.environment_variables)),
        ),
    ] {
        if let Some(value) = value {
            put(&mut run, name, value);
        }
    }
    run
}

/// The form that the CLI rewrites to `/jobs/<job>/runs/<run>?o=…`.
fn page_url(app: &App, row: &RunRow, id: RunId) -> String {
    format!("{}/?o={}#job/{}/run/{}", app.url, app.driver.workspace().id, row.job_id, id)
}

fn put_phase(target: &mut Map<String, Value>, phase: &Phase, level: Level) {
    let (state, status) = write(phase, level);
    put(target, "state", json!(state));
    put(target, "status", json!(status));
}

fn put_times(target: &mut Map<String, Value>, view: &TaskRunView) {
    let start = view.start_time.unwrap_or_default();
    let end = view.end_time.unwrap_or_default();
    put(target, "start_time", json!(start));
    put(target, "end_time", json!(end));
    let began = view.execution_start.or(view.end_time);
    let setup = view.start_time.zip(began).map_or(0, |(from, to)| span(from, to));
    let execution = view.execution_start.zip(view.end_time).map_or(0, |(from, to)| span(from, to));
    put(target, "setup_duration", json!(setup));
    put(target, "execution_duration", json!(execution));
    put(target, "cleanup_duration", json!(0));
    put(target, "queue_duration", json!(0));
    if let Some((from, to)) = view.start_time.zip(view.end_time) {
        put(target, "run_duration", json!(span(from, to)));
    }
}

/// An element of `tasks` or `iterations` (reference section 7.3).
fn run_task(app: &App, row: &RunRow, view: &TaskRunView, resolved: bool) -> Value {
    let mut document = view.task.write();
    show_task(&mut document, row.facts.git_source.is_some());
    let Some(task) = document.as_object_mut() else { return document };
    task.shift_remove("health");
    put(task, "task_key", json!(view.task_key));
    put(task, "run_id", json!(view.run_id));
    put(task, "run_page_url", json!(page_url(app, row, view.run_id)));
    put(task, "attempt_number", json!(view.attempt_number));
    put_phase(task, &view.phase, Level::Task);
    put_times(task, view);
    if let (Some(outcome), Some(Value::Object(block))) =
        (view.condition_outcome, task.get_mut("condition_task"))
    {
        put(block, "outcome", json!(outcome.to_string()));
    }
    if let (Some(counts), Some(Value::Object(block))) = (&view.stats, task.get_mut("for_each_task")) {
        put(block, "stats", stats(counts));
    }
    if let (true, Some(values)) = (resolved, view.resolved.as_deref().and_then(resolved_values)) {
        put(task, "resolved_values", values);
    }
    if let Some(git) = &row.facts.git_source {
        put(task, "git_source", git.clone());
    }
    document
}

fn stats(stats: &ForEachStats) -> Value {
    let errors = stats.errors.iter();
    let errors: Vec<Value> = errors
        .map(|(message, count)| {
            json!({ "error_message": message, "count": count, "termination_category": "RUN_EXECUTION_ERROR" })
        })
        .collect();
    json!({
        "task_run_stats": {
            "total_iterations": stats.total_iterations,
            "scheduled_iterations": stats.scheduled_iterations,
            "active_iterations": stats.active_iterations,
            "completed_iterations": stats.completed_iterations,
            "succeeded_iterations": stats.succeeded_iterations,
            "failed_iterations": stats.failed_iterations,
        },
        "error_message_stats": errors,
    })
}

/// The fields of a task's block that hold values of references (reference section 7.4).
fn resolved_values(task: &Task) -> Option<Value> {
    let kind = task.kind()?;
    let shown: &[&str] = match kind {
        TaskKind::Notebook(_) => &["base_parameters"],
        TaskKind::PythonWheel(_) => &["parameters", "named_parameters"],
        TaskKind::SparkPython(_)
        | TaskKind::SparkJar(_)
        | TaskKind::SparkSubmit(_)
        | TaskKind::Sql(_)
        | TaskKind::Pipeline(_) => &["parameters"],
        TaskKind::Dbt(_) => &["commands"],
        TaskKind::Condition(_) => &["left", "right"],
        TaskKind::RunJob(_) => &["job_parameters"],
        TaskKind::ForEach(_) | TaskKind::Other(..) => return None,
    };
    let written = task.write();
    let block = written.get(kind.field())?.as_object()?;
    let values: Map<String, Value> = block
        .iter()
        .filter(|(name, _)| shown.contains(&name.as_str()))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    Some(json!({ kind.field(): values }))
}

fn repair(view: &RepairView) -> Value {
    let mut item = Map::new();
    put(&mut item, "type", json!(if view.repair_id.is_some() { "REPAIR" } else { "ORIGINAL" }));
    if let Some(id) = view.repair_id {
        put(&mut item, "id", json!(id));
    }
    put(&mut item, "start_time", json!(view.start_time));
    put(&mut item, "end_time", json!(view.end_time.unwrap_or_default()));
    put_phase(&mut item, &view.phase, Level::Job);
    put(&mut item, "task_run_ids", json!(view.task_run_ids));
    Value::Object(item)
}

fn finish(mut run: Map<String, Value>, arrays: Arrays, names: &[&str]) -> Value {
    if arrays != Arrays::None
        && let Some((name, value)) = arrays.cut(&mut run, names)
    {
        run.insert(name.to_owned(), value);
    }
    Value::Object(run)
}

fn put(target: &mut Map<String, Value>, name: &str, value: Value) {
    target.insert(name.to_owned(), value);
}

/// Milliseconds between two times, 0 when the clock was set back between them.
fn span(from: WallTime, to: WallTime) -> i64 {
    to.since(from).max(0)
}
