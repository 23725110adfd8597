//! One attempt: what it was given, what it left, its iterations and its log.

use super::ask::Ask;
use super::run::{find, kind_word, no_run, subject, task_shape};
use super::{Answer, id_of};
use crate::exec::{log, search, streams, times};
use crate::live::shapes;
use crate::server::App;
use crate::store::{RunRow, TaskRow};
use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::execution::Change;
use lakeflow_core::id::RunId;
use lakeflow_core::job::wire::Wire;
use lakeflow_core::job::{Task, TaskKind};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Bytes of a log that are sent at first, and of what is asked for after that.
const FIRST: u64 = 256 << 10;
const MOST: u64 = 1 << 20;

/// How long a call for a log waits for something new.
const WAIT: Duration = Duration::from_secs(10);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(120);

/// Iterations in one answer.
const MOST_ITERATIONS: usize = 5000;

/// Characters of a value that a page shows; the API gives the whole.
const MOST_VALUE: usize = 100_000;

struct Found {
    row: RunRow,
    tasks: Vec<TaskRow>,
    place: usize,
}

impl Found {
    fn task(&self) -> &TaskRow {
        &self.tasks[self.place]
    }
}

async fn found(app: &App, id: RunId) -> Result<Found, Error> {
    let (row, tasks) = find(app, id).await?;
    let place = tasks.iter().position(|task| task.view.run_id == id).ok_or_else(|| no_run(id))?;
    Ok(Found { row, tasks, place })
}

/// `GET tasks/ID`: details, parameters and output of an attempt.
pub(super) async fn details(ask: Ask) -> Answer {
    let app = &ask.app;
    let id: RunId = ask.id()?;
    let found = found(app, id).await?;
    let view = &found.task().view;
    let output = app.driver.store().output(id).await?.unwrap_or_default();
    let mut answer = Map::new();
    let mut put = |name: &str, value: Value| answer.insert(name.to_owned(), value);
    put("attempt", shapes::attempt(view));
    put("task", task_shape(app, &view.task, Vec::new()));
    put("given", json!(given(&view.task, view.resolved.as_deref())));
    put("definition", view.task.write());
    if let Some(end) = view.phase.end().filter(|end| !end.outcome.is_success()) {
        let message =
            output.error.clone().filter(|text| !text.is_empty()).unwrap_or_else(|| end.message.clone());
        put("error", json!(cut(&message)));
        put("code", json!(end.code.as_str()));
    }
    if let Some(trace) = &output.error_trace {
        put("trace", json!(cut(trace)));
    }
    if let Some(notebook) = &output.notebook_output {
        put("exit", json!({ "value": notebook.result.as_deref().map(cut), "cut": notebook.truncated }));
    }
    if let Some(sql) = output.sql_output {
        put("sql", sql);
    }
    put("values", values(app, found.row.run_id, id).await?);
    match view.task.kind() {
        Some(TaskKind::ForEach(_)) => put("iterations", iterations(app, &found).await?),
        Some(TaskKind::RunJob(_)) => {
            let child = app.driver.store().child_of(id).await?;
            put("child", json!(child.map(|child| child.run_id.to_string())))
        }
        _ => None,
    };
    Ok(Value::Object(answer))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_VALUE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What the attempt was given: each field of the task's own block with its value, and as it was written where a
/// reference was resolved.
fn given(task: &Task, resolved: Option<&Task>) -> Vec<Value> {
    let block = |task: &Task| task.kind().and_then(|kind| task.write().get(kind.field()).cloned());
    let written = flat(block(task));
    let values = resolved.map_or_else(|| written.clone(), |task| flat(block(task)));
    let rows = values.into_iter().map(|(name, value)| {
        let from = written.iter().find(|(other, _)| *other == name).map(|(_, text)| text);
        let mut row = json!({ "name": name, "value": cut(&value) });
        if let Some(from) = from.filter(|from| **from != value) {
            row["from"] = json!(cut(from));
        }
        row
    });
    rows.collect()
}

fn flat(block: Option<Value>) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut rows = Vec::new();
    let Some(Value::Object(fields)) = block else { return rows };
    for (name, value) in fields {
        match value {
            Value::Object(entries) if name != "task" => {
                rows.extend(entries.iter().map(|(key, value)| (format!("{name}.{key}"), text(value))));
            }
            Value::Array(items) => {
                rows.extend(items.iter().enumerate().map(|(n, item)| (format!("{name}[{n}]"), text(item))));
            }
            Value::Null => {}
            value => rows.push((name, text(&value))),
        }
    }
    rows
}

/// Task values that an attempt has set.
async fn values(app: &App, run: RunId, attempt: RunId) -> Result<Value, Error> {
    let Some((_, changes)) = app.driver.store().history(run).await? else { return Ok(json!([])) };
    let set = changes.into_iter().filter_map(|change| match change {
        Change::Valued { run, key, value } if run == attempt => Some(json!([key, cut(&value.to_string())])),
        _ => None,
    });
    Ok(set.collect())
}

/// The newest attempt of each iteration, with its input.
async fn iterations(app: &App, found: &Found) -> Answer {
    let parent = found.task();
    let inputs = match app.driver.store().history(found.row.run_id).await? {
        Some((_, changes)) => changes.into_iter().rev().find_map(|change| match change {
            Change::Expanded { run, inputs, .. } if run == parent.view.run_id => Some(inputs),
            _ => None,
        }),
        None => None,
    };
    let inputs: Vec<Value> = inputs.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let rows: std::collections::BTreeMap<RunId, &TaskRow> =
        found.tasks.iter().map(|row| (row.view.run_id, row)).collect();
    let shown = parent.iterations.iter().take(MOST_ITERATIONS).filter_map(|id| rows.get(id)).map(|row| {
        let mut attempt = shapes::attempt(&row.view);
        let input = row.view.iteration.and_then(|index| inputs.get(index as usize));
        if let Some(input) = input {
            let text = input.as_str().map_or_else(|| input.to_string(), str::to_owned);
            attempt["input"] = json!(text.chars().take(500).collect::<String>());
        }
        attempt
    });
    Ok(json!({ "all": parent.iterations.len(), "rows": shown.collect::<Value>() }))
}

/// `GET tasks/ID/log`: the end of the log; with `before=BYTE` what comes before that, with `from=BYTE` what comes after
/// it, and with `wait=1` as soon as there is something or the attempt is over. `err` names the lines of standard error: first
/// line of the part and number of lines, for each piece; it is left out where nobody told the streams apart. `times` has a line and
/// the milliseconds since 1970 at which it and what follows came.
pub(super) async fn log(ask: Ask) -> Answer {
    let id: RunId = ask.id()?;
    let app = &ask.app;
    let files = app.driver.executor().files(id);
    let from = ask.number("from", 0, i64::MAX).map(|from| from as u64);
    let part = match (from, ask.number("before", 0, i64::MAX)) {
        (Some(from), _) => log::Part::From(from, MOST),
        (None, Some(end)) => log::Part::Before(end as u64, MOST),
        (None, None) => log::Part::Before(u64::MAX, FIRST),
    };
    let deadline = tokio::time::Instant::now() + if ask.flag("wait") { WAIT } else { Duration::ZERO };
    loop {
        // Whether it is over is asked before the log is read, so that its last lines are not missed.
        let over = found(app, id).await?.task().view.phase.is_terminal();
        let files = files.clone();
        let read = tokio::task::spawn_blocking(move || {
            let window = log::window(&files.log(), part);
            let errors = streams::errors(&files.marks(), window.from, &window.bytes);
            let times = times::times(&files.times(), window.from, &window.bytes);
            (window, errors, times)
        });
        // Reading does not panic, and a runtime that goes down answers nobody.
        let (window, errors, times) = read.await.unwrap_or_default();
        let news = from.is_none_or(|from| window.size != from);
        if news
            || over
            || tokio::time::Instant::now() >= deadline
            || *app.driver.store().feed().closing().borrow()
        {
            let mut answer = json!({
                "text": String::from_utf8_lossy(&window.bytes), "from": window.from, "to": window.to, "size": window.size,
                "kept": window.kept, "line": window.line, "over": over,
            });
            if let Some(errors) = errors {
                answer["err"] = json!(errors);
            }
            if let Some(times) = times {
                answer["times"] = json!(times);
            }
            return Ok(answer);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// `GET tasks/ID/search?q=TEXT`: all places of the kept log where a text is, or with `regex=1` where a pattern matches;
/// `case=1` tells upper and lower case apart. The answer has the number of all and the first ten thousand as line, column and length.
pub(super) async fn find_in_log(ask: Ask) -> Answer {
    let id: RunId = ask.id()?;
    let wanted = search::wanted(ask.query("q").unwrap_or_default(), ask.flag("regex"), ask.flag("case"))?;
    let found = found(&ask.app, id).await?;
    let path = ask.app.driver.executor().files(found.task().view.run_id).log();
    let read = tokio::task::spawn_blocking(move || search::search(&path, &wanted)).await;
    let found = read.map_err(|e| Error::new(ErrorCode::Internal, "log", e.to_string()))?;
    Ok(json!({ "all": found.all, "hits": found.hits }))
}

/// `GET tasks/ID/raw`: what is kept of the log, as a file.
pub(super) async fn raw(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<crate::server::Caller>,
    Path(id): Path<String>,
) -> Response {
    let answer = async {
        crate::server::permissions::admin_only(&caller)?;
        let id: RunId = id_of(Some(&id), "task run")?;
        let found = found(&app, id).await?;
        let path = app.driver.executor().files(id).log();
        let read = tokio::task::spawn_blocking(move || log::tail(&path, u64::MAX)).await;
        let (text, _) = read.map_err(|e| Error::new(ErrorCode::Internal, "log", e.to_string()))?;
        let view = &found.task().view;
        let safe = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
        let name: String = view.task_key.chars().filter(|c| safe(*c)).collect();
        Ok::<_, Error>((text, format!("attachment; filename=\"{name}-{id}.log\"")))
    };
    match answer.await {
        Err(error) => crate::server::http::error_response(&app, &error),
        Ok((text, name)) => {
            let mut response = Response::new(Body::from(text.trim_start_matches('\0').to_owned()));
            let headers = response.headers_mut();
            super::assets::guard(headers);
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            if let Ok(name) = HeaderValue::from_str(&name) {
                headers.insert(header::CONTENT_DISPOSITION, name);
            }
            response
        }
    }
}

/// A line for lists of tasks: type and subject.
pub(super) fn line(app: &App, task: &Task) -> Value {
    json!({ "key": task.task_key, "type": kind_word(task), "what": app.paths.shown(&subject(task)) })
}
