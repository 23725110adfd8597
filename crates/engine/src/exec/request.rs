//! From an attempt to the request that the Python runner understands (`crates/engine/runner/PROTOCOL.md` section 2).

use super::variables::Variables;
use super::{Attempt, AttemptFiles, ExecConfig, Failure};
use crate::spark::server::is_catalog_name;
use lakeflow_core::job::wire::{Text, TextMap};
use lakeflow_core::job::{DbtTask, SqlQuery, Task, TaskKind};
use lakeflow_core::run::TerminationCode;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Values a job run may hold (reference section 14.1).
const TASK_VALUES_MAX: u32 = 250;

/// Builds the request. Fails when the task has no block that runs here, or a saved query is not there.
pub(super) fn build(
    config: &ExecConfig,
    attempt: &Attempt,
    files: &AttemptFiles,
    token: &str,
    variables: &Variables,
) -> Result<Value, Failure> {
    let mut request = what(config, &attempt.task)?;
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
        "env": variables,
        "stdout_path": files.log(),
        "stderr_path": files.log(),
        "stderr_marks_path": files.marks(),
        "result_path": files.result(),
        "events_path": files.events(),
        "artifacts_path": files.artifacts(),
        "profile_path": files.dir.join("dbt-profile"),
        "engine_url": config.engine_url,
        "task_token": token,
    })));
    if let Some(secrets) = secrets(config) {
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
fn what(config: &ExecConfig, task: &Task) -> Result<Map<String, Value>, Failure> {
    let request = match task.kind() {
        Some(TaskKind::Notebook(notebook)) => json!({
            "kind": "notebook",
            "path": local(config, &notebook.notebook_path)?,
            "widgets": map(&notebook.base_parameters),
            "sql_only": notebook.warehouse_id.is_some(),
        }),
        Some(TaskKind::SparkPython(script)) => json!({
            "kind": "python_script",
            "path": local(config, &script.python_file)?,
            "parameters": list(&script.parameters),
        }),
        Some(TaskKind::PythonWheel(wheel)) => json!({
            "kind": "python_wheel",
            "package_name": wheel.package_name,
            "entry_point": wheel.entry_point,
            "parameters": list(&wheel.parameters),
            "named_parameters": map(&wheel.named_parameters),
        }),
        Some(TaskKind::Dbt(dbt)) => dbt_request(config, dbt)?,
        Some(TaskKind::Pipeline(pipeline)) => json!({
            "kind": "pipeline",
            "path": pipeline_spec(config, &pipeline.pipeline_id)
                .map_err(|reason| Failure::new(TerminationCode::ResourceNotFound, reason))?,
            "full_refresh": pipeline.full_refresh,
            "full_refresh_selection": list(&pipeline.full_refresh_selection),
            "refresh_selection": list(&pipeline.refresh_selection),
        }),
        Some(TaskKind::Sql(sql)) => {
            let mut request = match (&sql.file, &sql.query) {
                (Some(file), _) => json!({ "kind": "sql_file", "path": local(config, &file.path)? }),
                (None, Some(query)) => query_request(config, query)?,
                (None, None) => return Err(not_here("sql_task")),
            };
            request["widgets"] = map(&sql.parameters);
            request
        }
        kind => return Err(not_here(kind.as_ref().map_or("task", TaskKind::field))),
    };
    Ok(object(request))
}

fn not_here(name: &str) -> Failure {
    Failure::new(TerminationCode::InvalidRunConfiguration, format!("a `{name}` does not run locally"))
}

fn dbt_request(config: &ExecConfig, dbt: &DbtTask) -> Result<Value, Failure> {
    let folder = |path: &Option<String>| path.as_ref().map(|path| local(config, path)).transpose();
    Ok(json!({
        "kind": "dbt",
        "warehouse_id": dbt.warehouse_id,
        "catalog": dbt.catalog,
        "schema": dbt.schema,
        "commands": list(&dbt.commands),
        "project_directory": folder(&dbt.project_directory)?,
        "profiles_directory": folder(&dbt.profiles_directory)?,
    }))
}

/// The spec of a pipeline: `pipelines/ID/spark-pipeline.yml` of a mounted folder (a bundle's files) or of the data folder.
/// The platform's definition names the id alone. Fails with the places that were looked at.
pub(super) fn pipeline_spec(config: &ExecConfig, id: &str) -> Result<PathBuf, String> {
    let folders = folders_of(config, "pipelines");
    // An id with a separator in it would name a folder elsewhere.
    let plain = Path::new(id).file_name().is_some_and(|name| name == id);
    let found = folders.iter().map(|folder| folder.join(id).join("spark-pipeline.yml"));
    found.into_iter().find(|path| plain && path.is_file()).ok_or_else(|| {
        let places: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
        format!(
            "a `pipeline_task` runs locally when its spec is there: put it into {id}/spark-pipeline.yml in {}",
            places.join(" or ")
        )
    })
}

/// Folders of a name in mounted folders and in the data folder.
fn folders_of(config: &ExecConfig, name: &str) -> Vec<PathBuf> {
    let roots = config.paths.mounts().into_values().chain([config.data_dir.clone()]);
    roots.map(|folder| folder.join(name)).collect()
}

/// A saved query: its `query_text` when the definition carries it, else the file `queries/ID.sql` of a mounted folder
/// (a bundle's files) or of the data folder. The platform's definition names the id alone, whose text lies in the workspace.
fn query_request(config: &ExecConfig, query: &SqlQuery) -> Result<Value, Failure> {
    if let Some(text) = query.unknown.get("query_text").and_then(Value::as_str) {
        return Ok(json!({ "kind": "sql_query", "query": text }));
    }
    let name = format!("{}.sql", query.query_id);
    let folders = folders_of(config, "queries");
    // An id with a separator in it would name a file elsewhere.
    let plain = Path::new(&name).file_name().is_some_and(|file| file == name.as_str());
    let found = folders.iter().map(|folder| folder.join(&name)).find(|path| plain && path.is_file());
    if let Some(path) = found {
        return Ok(json!({ "kind": "sql_file", "path": path }));
    }
    let places: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
    let message = format!(
        "Saved query {:?} is not here: put its text into a file {name} in {}",
        query.query_id,
        places.join(" or ")
    );
    Err(Failure::new(TerminationCode::ResourceNotFound, message))
}

/// The secrets file of the configuration, else `secrets.json` of the data folder when it is there.
fn secrets(config: &ExecConfig) -> Option<PathBuf> {
    let own = || Some(config.data_dir.join("secrets.json")).filter(|path| path.is_file());
    config.secrets.clone().or_else(own)
}

fn map(map: &TextMap) -> Value {
    Value::Object(map.iter().map(|(key, value)| (key.to_owned(), Value::from(value))).collect())
}

fn list(items: &[Text]) -> Value {
    items.iter().map(|item| item.0.as_str()).collect()
}

/// The local file or folder behind a workspace path; a relative one is looked for from the root of the workspace. Fails
/// when the path leads out of the folders that tasks may name.
fn local(config: &ExecConfig, path: &str) -> Result<PathBuf, Failure> {
    let relative = !path.starts_with('/') && !path.contains(':');
    let found = if relative {
        config.paths.resolve_workspace(&format!("/{path}"))
    } else {
        config.paths.resolve(path)
    };
    found.map_err(|error| Failure::new(TerminationCode::ResourceNotFound, error.message))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paths::PathMap;

    /// A folder that stands for a workspace folder, beside a data folder.
    fn folders() -> (tempfile::TempDir, PathBuf, ExecConfig) {
        let dir = tempfile::tempdir().unwrap();
        let bundle = dir.path().join("bundle");
        std::fs::create_dir_all(&bundle).unwrap();
        let paths = PathMap::new(dir.path().join("data"), vec![]);
        paths.mount("/Workspace/b", bundle.clone());
        let config = ExecConfig {
            data_dir: dir.path().join("data"),
            engine_url: String::new(),
            python: None,
            paths,
            grace: std::time::Duration::ZERO,
            secrets: None,
            workspace_id: String::new(),
            shared_token: None,
        };
        (dir, bundle, config)
    }

    #[test]
    fn the_spec_of_a_pipeline_lies_in_a_folder_of_its_name() {
        let (_dir, bundle, config) = folders();
        std::fs::create_dir_all(bundle.join("pipelines/etl")).unwrap();
        let spec = bundle.join("pipelines/etl/spark-pipeline.yml");
        std::fs::write(&spec, "name: etl").unwrap();
        assert_eq!(pipeline_spec(&config, "etl"), Ok(spec));
        for id in ["other", "../pipelines/etl", "", ".."] {
            let reason = pipeline_spec(&config, id).unwrap_err();
            assert!(reason.contains("pipeline_task") && reason.contains("pipelines"), "{id}: {reason}");
        }
    }

    #[test]
    fn saved_queries_are_files_of_the_bundle_or_text_of_the_definition() {
        let (_dir, bundle, config) = folders();
        std::fs::create_dir_all(bundle.join("queries")).unwrap();
        std::fs::write(bundle.join("queries/q-1.sql"), "SELECT 1").unwrap();
        std::fs::write(bundle.join("secret.sql"), "SELECT 2").unwrap();
        let request = |query: Value| query_request(&config, &serde_json::from_value(query).unwrap());
        assert_eq!(
            request(json!({ "query_id": "q-1" })).unwrap(),
            json!({ "kind": "sql_file", "path": bundle.join("queries/q-1.sql") })
        );
        assert_eq!(
            request(json!({ "query_id": "x", "query_text": "SELECT 3" })).unwrap(),
            json!({ "kind": "sql_query", "query": "SELECT 3" })
        );
        for id in ["q-2", "../secret", "/etc/x", "", ".."] {
            let failure = request(json!({ "query_id": id })).unwrap_err();
            assert_eq!(failure.code, TerminationCode::ResourceNotFound, "{id}");
            assert!(failure.message.contains("queries"), "{}", failure.message);
        }
    }
}
