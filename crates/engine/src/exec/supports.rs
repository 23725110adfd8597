//! Which tasks run locally, and why the others do not.

use lakeflow_core::job::{Library, Task, TaskKind};

/// What the library behind pipelines does not take (`runner/SPARK.md` section 7).
const NO_CHOICE: &str = "a `pipeline_task` runs locally without `refresh_flow_selection`, `reset_checkpoint_selection` and \
                         `parameters`: `spark-pipelines` has none of them";

const NO_WORKSPACE: &str =
    "saved dashboards and alerts live in a workspace; `sql_task.file` and `sql_task.query` run locally";

/// Why a task cannot be run locally; `Ok` when it can. Looks at the definition alone.
pub(super) fn supports(task: &Task) -> Result<(), String> {
    match task.kind() {
        Some(TaskKind::ForEach(each)) => supports(&each.task),
        Some(TaskKind::Condition(_) | TaskKind::RunJob(_)) => Ok(()),
        Some(TaskKind::Sql(sql)) if sql.file.is_some() || sql.query.is_some() => Ok(()),
        Some(TaskKind::Sql(_)) => Err(NO_WORKSPACE.to_owned()),
        Some(TaskKind::SparkJar(_)) => libraries(task, true),
        Some(
            TaskKind::Notebook(_) | TaskKind::SparkPython(_) | TaskKind::PythonWheel(_) | TaskKind::Dbt(_),
        ) => libraries(task, false),
        Some(TaskKind::Pipeline(pipeline)) => {
            let plain = pipeline.refresh_flow_selection.is_empty()
                && pipeline.reset_checkpoint_selection.is_empty()
                && pipeline.parameters.is_empty();
            if plain { Ok(()) } else { Err(NO_CHOICE.to_owned()) }
        }
        Some(kind) => Err(format!("a `{}` does not run locally", kind.field())),
        None => Err("the task must have exactly one *_task block".to_owned()),
    }
}

/// A library that cannot be had would only show later, as code that is missing.
fn libraries(task: &Task, jvm: bool) -> Result<(), String> {
    let reason = |library: &Library| {
        if library.maven.is_some() {
            return Some("a `maven` library is not resolved locally: name the JAR instead");
        }
        if library.cran.is_some() {
            return Some("a `cran` library is not installed locally: there is no R");
        }
        if library.egg.is_some() {
            return Some("an `egg` library cannot be installed: build a wheel");
        }
        (!jvm && library.jar.is_some())
            .then_some("a `jar` library has no effect on Python: the local Spark has no JVM")
    };
    task.libraries.iter().find_map(reason).map_or(Ok(()), |reason| Err(reason.to_owned()))
}
