//! From an attempt to the request that the Python runner understands (`crates/engine/runner/PROTOCOL.md` section 2).

use super::{Attempt, AttemptFiles, ExecConfig};
use crate::spark::server::is_catalog_name;
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::job::wire::{Text, TextMap};
use lakeflow_core::job::{PythonWheelTask, Task, TaskKind};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Values a job run may hold (reference section 14.1).
const TASK_VALUES_MAX: u32 = 250;

/// Builds the request and prepares the attempt's folder. `INVALID_DEFINITION` when the task has no block that runs
/// here, `STORAGE` when the folder cannot be made.
pub(super) fn build(
    config: &ExecConfig,
    attempt: &Attempt,
    files: &AttemptFiles,
    token: &str,
) -> Result<Value, Error> {
    let mut request = what(config, &attempt.task)?;
    prepare(files)?;
    request.extend(object(json!({
        "context": {
            "job_id": attempt.job_id,
            "job_name": attempt.job_name,
            "run_id": attempt.job_run,
            "task_run_id": attempt.run,
            "task_key": attempt.task_key,
            "attempt_number": attempt.attempt_number,
            "workspace_id": config.workspace_id,
        },
        "roots": [config.data_dir.join("workspace")],
        "mounts": config.paths.mounts(),
        "data_root": config.data_dir,
        // Packages that a notebook installs must not change the interpreter that all tasks share.
        "pip_target": config.data_dir.join("packages").join(attempt.job_run.to_string()),
        "task_values_in": attempt.task_values,
        "task_values_used": TASK_VALUES_MAX.saturating_sub(attempt.values_left),
        "env": environment(std::env::vars().collect()),
        "stdout_path": files.log(),
        "stderr_path": files.log(),
        "result_path": files.result(),
        "events_path": files.events(),
        "engine_url": config.engine_url,
        "task_token": token,
    })));
    if let Some(secrets) = &config.secrets {
        request.insert("secrets_path".to_owned(), json!(secrets));
    }
    Ok(Value::Object(request))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

/// The part of the request that says what to run.
fn what(config: &ExecConfig, task: &Task) -> Result<Map<String, Value>, Error> {
    let request = match task.kind() {
        Some(TaskKind::Notebook(notebook)) => json!({
            "kind": "notebook",
            "path": local(config, &notebook.notebook_path),
            "widgets": map(&notebook.base_parameters),
            "sql_only": notebook.warehouse_id.is_some(),
        }),
        Some(TaskKind::SparkPython(script)) => json!({
            "kind": "python_script",
            "path": local(config, &script.python_file),
            "parameters": list(&script.parameters),
        }),
        Some(TaskKind::PythonWheel(wheel)) => wheel_request(config, task, wheel),
        Some(TaskKind::Sql(sql)) if sql.file.is_some() => json!({
            "kind": "sql_file",
            "path": sql.file.as_ref().map(|file| local(config, &file.path)),
            "widgets": map(&sql.parameters),
        }),
        kind => {
            let name = kind.map_or_else(|| "task".to_owned(), |kind| kind.field().to_owned());
            let message = format!("a `{name}` does not run locally");
            return Err(Error::new(ErrorCode::InvalidDefinition, "start_attempt", message));
        }
    };
    Ok(object(request))
}

fn wheel_request(config: &ExecConfig, task: &Task, wheel: &PythonWheelTask) -> Value {
    let wheels: Vec<PathBuf> = task
        .libraries
        .iter()
        .filter_map(|library| library.whl.as_ref())
        .map(|path| local(config, path))
        .collect();
    json!({
        "kind": "python_wheel",
        "package_name": wheel.package_name,
        "entry_point": wheel.entry_point,
        "parameters": list(&wheel.parameters),
        "named_parameters": map(&wheel.named_parameters),
        "sys_path": wheels,
    })
}

fn map(map: &TextMap) -> Value {
    Value::Object(map.iter().map(|(key, value)| (key.to_owned(), Value::from(value))).collect())
}

fn list(items: &[Text]) -> Value {
    items.iter().map(|item| item.0.as_str()).collect()
}

/// The local file or folder behind a workspace path. What the map does not take goes to the runner as it is, which
/// says that there is no such file.
fn local(config: &ExecConfig, path: &str) -> PathBuf {
    config.paths.resolve(path).unwrap_or_else(|_| PathBuf::from(path))
}

/// The environment of a task: the engine's, without what opens a workspace or the engine itself to it.
fn environment(variables: Vec<(String, String)>) -> Value {
    let kept = variables.into_iter().filter(|(name, _)| {
        let secret = ["DATABRICKS_", "LAKEFLOW_", "BUNDLE_VAR_", "SAIL_"].iter().any(|p| name.starts_with(p));
        !secret
    });
    Value::Object(kept.map(|(name, value)| (name, Value::from(value))).collect())
}

fn prepare(files: &AttemptFiles) -> Result<(), Error> {
    std::fs::create_dir_all(&files.dir).map_err(|e| {
        let message = format!("cannot create {}: {e}", files.dir.display());
        Error::new(ErrorCode::Storage, "start_attempt", message)
    })
}

/// Catalogs that the parameters of a task name, by the parameter's name. The runner adds what it sees in the source.
pub(super) fn catalogs(task: &Task) -> BTreeSet<String> {
    let parameters = match task.kind() {
        Some(TaskKind::Notebook(notebook)) => &notebook.base_parameters,
        Some(TaskKind::Sql(sql)) => &sql.parameters,
        Some(TaskKind::PythonWheel(wheel)) => &wheel.named_parameters,
        _ => return BTreeSet::new(),
    };
    parameters
        .iter()
        .filter(|(name, value)| name.to_lowercase().contains("catalog") && is_catalog_name(value))
        .map(|(_, value)| value.to_lowercase())
        .collect()
}
