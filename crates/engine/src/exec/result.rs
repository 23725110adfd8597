//! From what an attempt left behind to how it went (`crates/engine/runner/PROTOCOL.md` sections 3 and 4).

use super::{AttemptFiles, NotebookOutput, TaskOutput, jar, log};
use lakeflow_core::execution::Exit;
use lakeflow_core::job::{SqlTask, Task, TaskKind};
use lakeflow_core::run::{Outcome, TerminationCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::path::Path;

/// The `state_message` of a task whose code failed (reference section 8.4).
const FAILED: &str = "Workload failed, see run output for details";

/// Rows that `{{tasks.x.output.rows}}` may hold (reference section 13.3).
const REFERENCE_ROWS_MAX: usize = 1000;

pub(super) struct Ended {
    pub(super) exit: Exit,
    pub(super) output: TaskOutput,
    pub(super) values: Vec<(String, Value)>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Left {
    status: String,
    error_kind: String,
    error: Option<String>,
    error_trace: Option<String>,
    notebook_exit_value: Option<String>,
    truncated: bool,
    sql_output: Option<Value>,
}

/// Reads an ended attempt. Without a result, or with one that its exit code does not bear out, the exit code or the
/// signal is what counts.
pub(super) fn read(files: &AttemptFiles, task: &Task, code: Option<i32>, signal: Option<i32>) -> Ended {
    let mut output = TaskOutput { shows_logs: shows_logs(task), ..TaskOutput::default() };
    if matches!(task.kind(), Some(TaskKind::SparkJar(_))) {
        let exit = jar::ended(files, code, signal, &mut output);
        return Ended { exit, output, values: Vec::new() };
    }
    let left: Option<Left> =
        std::fs::read(files.result()).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let values = values(&files.events());
    let exit = match left {
        Some(left) if left.status == "success" && matches!(code, Some(0) | None) => {
            success(task, left, &mut output)
        }
        Some(left) if left.status == "failed" && code != Some(0) => failure(left, &mut output),
        _ => unexplained(files, code, signal, &mut output),
    };
    Ended { exit, output, values }
}

fn success(task: &Task, left: Left, output: &mut TaskOutput) -> Exit {
    if matches!(task.kind(), Some(TaskKind::Notebook(_))) {
        output.notebook_output =
            Some(NotebookOutput { result: left.notebook_exit_value, truncated: left.truncated });
    }
    let rows = left.sql_output.as_ref().map(reference_rows);
    if let (Some(TaskKind::Sql(sql)), Some(left)) = (task.kind(), left.sql_output) {
        output.sql_output = Some(sql_output(sql, &left));
    }
    Exit { outcome: Outcome::Success, code: TerminationCode::Success, message: String::new(), output: rows }
}

/// `sql_output` as the wire has it. The rows of a saved query are there too, since locally no link leads to them.
fn sql_output(sql: &SqlTask, left: &Value) -> Value {
    let statements = left["statements"].as_u64().unwrap_or_default();
    let keys: Vec<Value> = (0..statements).map(|index| json!({ "lookup_key": index.to_string() })).collect();
    let body = json!({
        "query_text": left["query_text"],
        "warehouse_id": sql.warehouse_id,
        "sql_statements": keys,
        "query_result": left["query_result"],
    });
    let field = if sql.file.is_some() { "file_output" } else { "query_output" };
    json!({ field: body })
}

fn failure(left: Left, output: &mut TaskOutput) -> Exit {
    let code = match left.error_kind.as_str() {
        "resource_not_found" => TerminationCode::ResourceNotFound,
        "library_installation" => TerminationCode::LibraryInstallationError,
        "invalid_configuration" => TerminationCode::InvalidRunConfiguration,
        "unsupported" => TerminationCode::FeatureDisabled,
        "runner_fault" => TerminationCode::InternalError,
        _ => TerminationCode::RunExecutionError,
    };
    let message = match (&code, &left.error) {
        (TerminationCode::RunExecutionError, _) | (_, None) => FAILED.to_owned(),
        (_, Some(error)) => error.clone(),
    };
    output.error = left.error;
    output.error_trace = left.error_trace;
    Exit { outcome: Outcome::Failed, code, message, output: None }
}

/// User code that failed.
pub(super) fn user_failure() -> Exit {
    Exit {
        outcome: Outcome::Failed,
        code: TerminationCode::RunExecutionError,
        message: FAILED.to_owned(),
        output: None,
    }
}

/// The process ended without a result: `os._exit`, a crash, a kill.
pub(super) fn unexplained(
    files: &AttemptFiles,
    code: Option<i32>,
    signal: Option<i32>,
    output: &mut TaskOutput,
) -> Exit {
    let error = match (code, signal) {
        (Some(code), _) => format!("the process ended with exit code {code}"),
        (None, Some(signal)) => format!("the process was ended by signal {signal}"),
        (None, None) => "the process was lost when its interpreter died".to_owned(),
    };
    let (tail, _) = log::tail(&files.log(), 4096);
    output.error_trace = (!tail.is_empty()).then_some(tail);
    output.error = Some(error);
    let code = if code.is_none() && signal.is_none() {
        TerminationCode::InternalError
    } else {
        TerminationCode::RunExecutionError
    };
    Exit { outcome: Outcome::Failed, code, message: FAILED.to_owned(), output: None }
}

fn shows_logs(task: &Task) -> bool {
    matches!(
        task.kind(),
        Some(TaskKind::SparkPython(_) | TaskKind::PythonWheel(_) | TaskKind::SparkJar(_) | TaskKind::Dbt(_))
    )
}

/// Task values in the order they were set. A last line that was cut off is not one.
fn values(events: &Path) -> Vec<(String, Value)> {
    let text = std::fs::read_to_string(events).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|event| event["event"] == "task_value")
        .filter_map(|mut event| Some((event["key"].as_str()?.to_owned(), event["value"].take())))
        .collect()
}

/// Rows as objects by column name, for references to the output of this task.
fn reference_rows(sql: &Value) -> Value {
    let result = &sql["query_result"];
    let names: Vec<&str> = result["columns"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|column| column["name"].as_str())
        .collect();
    let rows = result["rows"].as_array().into_iter().flatten().take(REFERENCE_ROWS_MAX).map(|row| {
        let cells = row["values"].as_array().into_iter().flatten();
        let row: Map<String, Value> = names
            .iter()
            .zip(cells)
            .map(|(name, cell)| ((*name).to_owned(), cell["string_value"].clone()))
            .collect();
        Value::Object(row)
    });
    json!({ "rows": rows.collect::<Vec<_>>() })
}
