//! What attempts left: `runs/get-output` and `runs/export` (reference sections 3.10 and 3.15).

use super::App;
use crate::exec::log;
use crate::store::TaskRow;
use lakeflow_core::api::RunLog;
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::id::RunId;
use lakeflow_core::job::TaskKind;
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// Bytes of a log in one answer of the engine's own log call.
const PART_BYTES: u64 = 1 << 20;

/// `RunOutput` of a task run; `metadata` is its run document.
pub(super) async fn document(app: &App, task: &TaskRow, metadata: Value) -> Result<Value, Error> {
    let id = task.view.run_id;
    let output = app.driver.store().output(id).await?.unwrap_or_default();
    let mut document = Map::new();
    document.insert("metadata".to_owned(), metadata);
    let mut put = |name: &str, value: Value| document.insert(name.to_owned(), value);
    let failure = task.view.phase.end().filter(|end| !end.outcome.is_success());
    if let Some(end) = failure {
        let message = output.error.filter(|text| !text.is_empty()).unwrap_or_else(|| end.message.clone());
        put("error", json!(message));
    }
    if let Some(trace) = output.error_trace {
        put("error_trace", json!(trace));
    }
    match task.view.task.kind() {
        Some(TaskKind::Notebook(_)) => {
            put("notebook_output", json!(output.notebook_output.unwrap_or_default()));
        }
        Some(
            TaskKind::SparkPython(_) | TaskKind::PythonWheel(_) | TaskKind::SparkJar(_) | TaskKind::Dbt(_),
        ) => {
            let (logs, truncated) = logs(app.driver.executor().files(id).log()).await;
            put("logs", json!(logs));
            put("logs_truncated", json!(truncated));
            if matches!(task.view.task.kind(), Some(TaskKind::Dbt(_)))
                && let Some(link) = super::links::artifacts_link(app, id).await
            {
                put("dbt_output", json!({ "artifacts_link": link, "artifacts_headers": {} }));
            }
        }
        Some(TaskKind::Sql(_)) => {
            if let Some(sql) = output.sql_output {
                put("sql_output", sql);
            }
        }
        Some(TaskKind::RunJob(_)) => {
            if let Some(child) = app.driver.store().child_of(id).await? {
                put("run_job_output", json!({ "run_id": child.run_id }));
            }
        }
        _ => {}
    }
    Ok(Value::Object(document))
}

/// The end of a log, and whether more came before it.
async fn logs(path: PathBuf) -> (String, bool) {
    let read = tokio::task::spawn_blocking(move || log::tail(&path, log::SHOWN));
    // Reading does not panic, and a runtime that goes down answers nobody.
    read.await.unwrap_or_default()
}

/// A part of what a task run has printed: from `offset` on, or the last of it. Nothing before it has printed.
pub(super) async fn log(app: &App, run: RunId, offset: Option<i64>) -> RunLog {
    let path = app.driver.executor().files(run).log();
    let offset = offset.and_then(|offset| u64::try_from(offset).ok());
    let read = tokio::task::spawn_blocking(move || log::part(&path, offset, PART_BYTES)).await;
    // Reading does not panic, and a runtime that goes down answers nobody.
    let (log, end) = read.unwrap_or_default();
    RunLog { log, offset: i64::try_from(end).unwrap_or(i64::MAX), ..RunLog::default() }
}

/// One page with the notebook's source and its result; the platform's page is a notebook too, of another make.
pub(super) async fn export(app: &App, task: &TaskRow, views: &str) -> Result<Value, Error> {
    let Some(TaskKind::Notebook(notebook)) = task.view.task.kind() else {
        let text =
            format!("Run {} is not a notebook task run; only those can be exported.", task.view.run_id);
        return Err(Error::new(ErrorCode::InvalidArgument, "export_run", text));
    };
    if views == "DASHBOARDS" {
        return Ok(json!({}));
    }
    let path = &notebook.notebook_path;
    let source = source_of(app, path).await.unwrap_or_else(|| "(the source is not available)".to_owned());
    let output = app.driver.store().output(task.view.run_id).await?.unwrap_or_default();
    let result = output.notebook_output.and_then(|output| output.result).unwrap_or_default();
    let page = format!(
        "<!DOCTYPE html><html><head><meta charset=\"utf-8\"><title>{0}</title></head><body><h1>{0}</h1><pre>{1}</pre><h2>Result</h2><pre>{2}</pre></body></html>",
        escape(path),
        escape(&source),
        escape(&result)
    );
    let name = path.rsplit('/').next().unwrap_or(path);
    Ok(json!({ "views": [{ "name": name, "type": "NOTEBOOK", "content": page }] }))
}

async fn source_of(app: &App, path: &str) -> Option<String> {
    let local = app.paths.resolve(path).ok()?;
    for extension in ["", ".py", ".sql", ".ipynb", ".scala", ".r"] {
        let mut file = local.clone().into_os_string();
        file.push(extension);
        if let Ok(text) = tokio::fs::read_to_string(&file).await {
            return Some(text);
        }
    }
    None
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
