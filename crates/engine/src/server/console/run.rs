//! One run: its summary (header, tasks, graph, timeline) without logs, what a repair would run again, and the
//! comparison of two runs.

use super::{Answer, ask, id_of};
use crate::clock::Clock;
use crate::driver::job_run_of;
use crate::live::shapes;
use crate::server::App;
use crate::store::{RunFilter, RunRow, TaskRow};
use lakeflow_core::dag::graph;
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::id::RunId;
use lakeflow_core::job::wire::Wire;
use lakeflow_core::job::{Task, TaskKind};
use lakeflow_core::layout::{FOLD_ABOVE, Node, Options, Timed, critical_path, layout};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Runs before this one that its usual duration is taken from.
const USUAL_OF: i64 = 20;

pub(super) fn no_run(id: RunId) -> Error {
    Error::new(ErrorCode::NotFound, "runs", format!("There is no run {id}."))
}

/// A job run; the id may be that of one of its task runs.
pub(super) async fn find(app: &App, id: RunId) -> Result<(RunRow, Vec<TaskRow>), Error> {
    let store = app.driver.store();
    let row = store.run(job_run_of(id)).await?.ok_or_else(|| no_run(id))?;
    let tasks = store.task_runs(row.run_id).await?;
    Ok((row, tasks))
}

/// The attempts of each task, iterations left out; tasks in topological order, attempts in order of id.
pub(super) fn by_task(tasks: &[TaskRow]) -> Vec<(&Task, Vec<&TaskRow>)> {
    let mut found: Vec<(&Task, Vec<&TaskRow>)> = Vec::new();
    let mut place: BTreeMap<&str, usize> = BTreeMap::new();
    for row in tasks.iter().filter(|row| row.view.iteration_of.is_none()) {
        let n = *place.entry(&row.view.task_key).or_insert_with(|| {
            found.push((&row.view.task, Vec::new()));
            found.len() - 1
        });
        // A repair may have changed the definition; the newest counts.
        found[n].0 = &row.view.task;
        found[n].1.push(row);
    }
    let graph = graph(found.iter().map(|(task, _)| *task));
    let Ok(order) = graph.order() else { return found };
    let rank: BTreeMap<String, usize> =
        order.into_iter().enumerate().map(|(n, key)| (key.to_owned(), n)).collect();
    found.sort_by_key(|(task, _)| rank.get(&task.task_key).copied());
    found
}

/// The word for a task's type: `notebook`, `python`, `if / else`, …
pub(super) fn kind_word(task: &Task) -> String {
    match task.kind() {
        Some(TaskKind::SparkPython(_)) => "python".to_owned(),
        Some(TaskKind::PythonWheel(_)) => "wheel".to_owned(),
        Some(TaskKind::SparkJar(_)) => "jar".to_owned(),
        Some(TaskKind::Condition(_)) => "if / else".to_owned(),
        Some(TaskKind::ForEach(_)) => "for each".to_owned(),
        Some(TaskKind::RunJob(_)) => "job".to_owned(),
        Some(kind) => kind.field().trim_end_matches("_task").replace('_', " "),
        None => "task".to_owned(),
    }
}

/// What a task runs, in one line.
pub(super) fn subject(task: &Task) -> String {
    match task.kind() {
        Some(TaskKind::Notebook(block)) => block.notebook_path.clone(),
        Some(TaskKind::SparkPython(block)) => block.python_file.clone(),
        Some(TaskKind::PythonWheel(block)) => format!("{}:{}", block.package_name, block.entry_point),
        Some(TaskKind::SparkJar(block)) => block.main_class_name.clone().unwrap_or_default(),
        Some(TaskKind::Sql(block)) => block.file.as_ref().map(|file| file.path.clone()).unwrap_or_default(),
        Some(TaskKind::Condition(block)) => {
            let block = block.write();
            let text = |name: &str| block.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            format!("{} {} {}", text("left"), text("op"), text("right"))
        }
        Some(TaskKind::ForEach(block)) => subject(&block.task),
        Some(TaskKind::RunJob(block)) => format!("job {}", block.job_id),
        _ => String::new(),
    }
}

pub(super) fn task_shape(app: &App, task: &Task, attempts: Vec<Value>) -> Value {
    let edges = task.depends_on.iter().map(|edge| match &edge.outcome {
        Some(outcome) => json!([edge.task_key, outcome]),
        None => json!([edge.task_key]),
    });
    let local = app.paths.shown(&subject(task));
    let mut shape = json!({
        "key": task.task_key,
        "type": kind_word(task),
        "what": local,
        "deps": edges.collect::<Value>(),
        "attempts": attempts,
    });
    if let Some(run_if) = task.run_if.as_ref().filter(|run_if| run_if.as_str() != "ALL_SUCCESS") {
        shape["if"] = json!(run_if.as_str());
    }
    shape
}

/// The picture of a graph; `whole` is never folded.
pub(super) fn picture<'a>(tasks: impl Iterator<Item = &'a Task>, whole: bool) -> Value {
    let nodes: Vec<Node> = tasks
        .map(|task| Node {
            key: task.task_key.clone(),
            group: kind_word(task),
            depends_on: task.depends_on.iter().map(|edge| edge.task_key.clone()).collect(),
        })
        .collect();
    let options = Options { fold_above: if whole { 0 } else { FOLD_ABOVE }, ..Options::default() };
    json!(layout(&nodes, &options))
}

/// The middle of some numbers.
pub(super) fn median(mut numbers: Vec<i64>) -> Option<i64> {
    numbers.sort_unstable();
    numbers.get(numbers.len() / 2).copied()
}

/// How long a run took from its admission, once it is over and did what it should.
pub(super) fn good_duration(row: &RunRow) -> Option<i64> {
    row.standing.phase.is_success().then(|| duration(row)).flatten()
}

/// How long a run took from its admission, once it is over.
pub(super) fn duration(row: &RunRow) -> Option<i64> {
    Some(row.standing.end_time?.since(row.standing.admitted?).max(0))
}

/// The runs of a job before one, newest first.
async fn before(app: &App, row: &RunRow, limit: i64) -> Result<Vec<RunRow>, Error> {
    let filter = RunFilter {
        job_id: Some(row.job_id),
        before: Some((row.start_time.0, row.run_id.0)),
        limit,
        ..RunFilter::default()
    };
    app.driver.store().runs(filter, |_, _| true).await
}

/// `GET runs/ID`: everything about a run but its logs. `whole=1` draws the graph unfolded.
pub(super) async fn summary(ask: ask::Ask) -> Answer {
    let app = &ask.app;
    let store = app.driver.store();
    let seq = store.feed().last();
    let (row, rows) = find(app, ask.id()?).await?;
    let tasks = by_task(&rows);
    let mut run = shapes::run(&row);
    let earlier = before(app, &row, USUAL_OF).await?;
    if let Some(usual) = median(earlier.iter().filter_map(good_duration).collect()) {
        run.insert("usual".to_owned(), json!(usual));
    }
    if let Some(last) = earlier.first() {
        let params = last.standing.parameters.iter().map(|p| json!([p.name, p.value]));
        run.insert(
            "before".to_owned(),
            json!({ "id": last.run_id.to_string(), "params": params.collect::<Value>() }),
        );
    }
    let job = store.job(row.job_id).await?.filter(|job| !job.deleted);
    run.insert("stored".to_owned(), json!(job.is_some()));
    if let Some(limit) = job.map(|job| job.settings.max_concurrent_runs()) {
        run.insert("limit".to_owned(), json!(limit));
    }
    let mut last = Vec::new();
    for (task, attempts) in &tasks {
        let newest = attempts.last().map(|row| &row.view);
        let end = newest.and_then(|view| view.end_time.or(view.start_time.map(|_| Clock::wall())));
        let ran = newest.is_some_and(|view| view.start_time.is_some());
        last.push(Timed {
            key: task.task_key.clone(),
            depends_on: task.depends_on.iter().map(|edge| edge.task_key.clone()).collect(),
            end: end.filter(|_| ran).map(|at| at.0),
        });
    }
    Ok(json!({
        "instance": store.feed().instance(),
        "seq": seq,
        "now": Clock::wall(),
        "run": run,
        "tasks": tasks
            .iter()
            .map(|(task, rows)| task_shape(app, task, rows.iter().map(|row| shapes::attempt(&row.view)).collect()))
            .collect::<Value>(),
        "graph": picture(tasks.iter().map(|(task, _)| *task), ask.flag("whole")),
        "critical": critical_path(&last),
    }))
}

/// `POST runs/ID/plan`: which tasks a repair would run again, out of the machine that would carry it out. With `tasks`
/// exactly those, else all that failed; what depends on them runs again in both cases.
pub(super) async fn plan(ask: ask::Ask) -> Answer {
    let chosen: Vec<String> = ask
        .body
        .get("tasks")
        .and_then(Value::as_array)
        .map(|tasks| tasks.iter().filter_map(|task| task.as_str().map(str::to_owned)).collect())
        .unwrap_or_default();
    let keys = ask.app.driver.repair_plan(ask.id()?, chosen).await?;
    Ok(json!({ "tasks": keys }))
}

/// `GET compare?a=ID&b=ID`: two runs beside each other, task by task.
pub(super) async fn compare(ask: ask::Ask) -> Answer {
    let mut sides = Vec::new();
    for name in ["a", "b"] {
        sides.push(find(&ask.app, id_of(ask.query(name), "run")?).await?);
    }
    let mut order: Vec<String> = Vec::new();
    let mut rows: BTreeMap<String, [Option<Value>; 2]> = BTreeMap::new();
    let mut written: BTreeMap<String, [Option<Value>; 2]> = BTreeMap::new();
    for (side, (_, tasks)) in sides.iter().enumerate() {
        for (task, attempts) in by_task(tasks) {
            let key = &task.task_key;
            if !rows.contains_key(key) {
                order.push(key.clone());
            }
            let newest = attempts.last().map(|row| shapes::attempt(&row.view));
            rows.entry(key.clone()).or_default()[side] = newest;
            written.entry(key.clone()).or_default()[side] = Some(task.write());
        }
    }
    let tasks = order.iter().map(|key| {
        let [a, b] = rows.get(key).cloned().unwrap_or_default();
        let changed = match written.get(key) {
            Some([Some(a), Some(b)]) => differing(a, b),
            _ => Vec::new(),
        };
        json!({ "key": key, "a": a, "b": b, "changed": changed })
    });
    Ok(json!({
        "now": Clock::wall(),
        "a": shapes::run(&sides[0].0),
        "b": shapes::run(&sides[1].0),
        "tasks": tasks.collect::<Value>(),
    }))
}

/// Names of the fields in which two definitions differ.
fn differing(a: &Value, b: &Value) -> Vec<String> {
    let empty = Map::new();
    let (a, b) = (a.as_object().unwrap_or(&empty), b.as_object().unwrap_or(&empty));
    let mut names: Vec<String> =
        a.keys().chain(b.keys()).filter(|name| a.get(*name) != b.get(*name)).cloned().collect();
    names.sort_unstable();
    names.dedup();
    names
}
