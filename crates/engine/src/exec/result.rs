//! From what an attempt left behind to how it went (`crates/engine/runner/PROTOCOL.md` sections 3 and 4).

use super::{AttemptFiles, NotebookOutput, TaskOutput};
use lakeflow_core::execution::Exit;
use lakeflow_core::job::{Task, TaskKind};
use lakeflow_core::run::{Outcome, TerminationCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::io::{Read, Seek, SeekFrom};
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
    let left: Option<Left> =
        std::fs::read(files.result()).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let values = values(&files.events());
    let mut output = TaskOutput { shows_logs: shows_logs(task), ..TaskOutput::default() };
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
    output.sql_output = left.sql_output.map(|sql| json!({ "file_output": sql }));
    Exit { outcome: Outcome::Success, code: TerminationCode::Success, message: String::new(), output: rows }
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

/// The process ended without a result: `os._exit`, a crash, a kill.
fn unexplained(
    files: &AttemptFiles,
    code: Option<i32>,
    signal: Option<i32>,
    output: &mut TaskOutput,
) -> Exit {
    let error = match (code, signal) {
        (Some(code), _) => format!("the process ended with exit code {code} and no result"),
        (None, Some(signal)) => format!("the process was ended by signal {signal}"),
        (None, None) => "the process was lost when its interpreter died".to_owned(),
    };
    let tail = tail(&files.log(), 4096);
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

/// The last bytes of a file as text; empty when it cannot be read.
fn tail(path: &Path, bytes: u64) -> String {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = std::fs::File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(bytes)))?;
        let mut tail = Vec::new();
        file.take(bytes).read_to_end(&mut tail)?;
        Ok(tail)
    };
    read().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}
