//! The compact JSON form of runs and attempts. Ids are text, since a page's numbers would round them; times are
//! milliseconds since 1970; what is not known is left out.

use crate::store::{RunRow, Standing, TaskRow};
use lakeflow_core::execution::TaskRunView;
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::run::Phase;
use lakeflow_core::run::wire::Level;
use serde_json::{Map, Value, json};

/// Characters of a message that lists and changes carry; the whole one is in the details of a task run.
const MESSAGE: usize = 2000;

fn put(target: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        target.insert(name.to_owned(), value);
    }
}

fn put_phase(target: &mut Map<String, Value>, phase: &Phase, level: Level) {
    target.insert("s".to_owned(), json!(phase.state_key(level)));
    let message = match phase {
        Phase::Ended(end) | Phase::Terminating(end) => &end.message,
        Phase::Queued { message, .. } => message,
        _ => return,
    };
    put(target, "msg", (!message.is_empty()).then(|| json!(cut(message))));
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MESSAGE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Where a run stands: everything about it that changes.
pub(crate) fn standing(standing: &Standing) -> Map<String, Value> {
    let mut run = Map::new();
    put_phase(&mut run, &standing.phase, Level::Job);
    put(&mut run, "start", standing.admitted.map(|at| json!(at)));
    put(&mut run, "end", standing.end_time.map(|at| json!(at)));
    let parameters = standing.parameters.iter().map(|p| json!([p.name, p.value]));
    run.insert("params".to_owned(), parameters.collect());
    // The original run is the first of the list.
    let repairs = standing.repairs.iter().filter_map(|repair| {
        let id = repair.repair_id?.to_string();
        Some(json!({ "id": id, "start": repair.start_time, "end": repair.end_time }))
    });
    run.insert("repairs".to_owned(), repairs.collect());
    run
}

/// A run without its tasks.
pub(crate) fn run(row: &RunRow) -> Map<String, Value> {
    let mut run = standing(&row.standing);
    run.insert("id".to_owned(), json!(row.run_id.to_string()));
    run.insert("job".to_owned(), json!(row.job_id.to_string()));
    run.insert("name".to_owned(), json!(row.facts.run_name));
    run.insert("at".to_owned(), json!(row.start_time));
    run.insert("trigger".to_owned(), json!(row.facts.trigger));
    run.insert("by".to_owned(), json!(row.facts.creator));
    put(&mut run, "parent", row.parent_task_run.map(|id| json!(id.to_string())));
    run
}

/// One attempt of a task or of an iteration.
pub(crate) fn attempt(view: &TaskRunView) -> Value {
    let mut task = Map::new();
    task.insert("id".to_owned(), json!(view.run_id.to_string()));
    task.insert("key".to_owned(), json!(view.task_key));
    task.insert("n".to_owned(), json!(view.attempt_number));
    put_phase(&mut task, &view.phase, Level::Task);
    put(&mut task, "retry", view.retry_time.map(|at| json!(at)));
    put(&mut task, "start", view.start_time.map(|at| json!(at)));
    put(&mut task, "exec", view.execution_start.map(|at| json!(at)));
    put(&mut task, "end", view.end_time.map(|at| json!(at)));
    put(&mut task, "repair", view.repair_id.map(|id| json!(id.to_string())));
    put(&mut task, "cond", view.condition_outcome.map(Value::from));
    put(&mut task, "of", view.iteration_of.map(|id| json!(id.to_string())));
    put(&mut task, "i", view.iteration.map(|index| json!(index)));
    put(&mut task, "old", (!view.listed).then_some(Value::Bool(true)));
    let counts = view.stats.as_ref().map(|stats| {
        json!({
            "all": stats.total_iterations,
            "done": stats.completed_iterations,
            "active": stats.active_iterations,
            "failed": stats.failed_iterations,
        })
    });
    put(&mut task, "each", counts);
    Value::Object(task)
}

/// A change: a run began, or it and some of its attempts changed.
pub(crate) fn changed(run: RunId, job: JobId, fields: Map<String, Value>, tasks: &[TaskRow]) -> Value {
    let mut change = fields;
    change.insert("t".to_owned(), json!("run"));
    change.insert("id".to_owned(), json!(run.to_string()));
    change.insert("job".to_owned(), json!(job.to_string()));
    change.insert("tasks".to_owned(), tasks.iter().map(|task| attempt(&task.view)).collect());
    Value::Object(change)
}

/// A change: a run was deleted.
pub(crate) fn deleted(run: RunId) -> Value {
    json!({ "t": "gone", "id": run.to_string() })
}

/// A change: a job's definition was stored or deleted.
pub(crate) fn job(job: JobId) -> Value {
    json!({ "t": "job", "job": job.to_string() })
}
