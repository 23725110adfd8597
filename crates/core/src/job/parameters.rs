//! What a run of a job may be given: the JSON Schema of its parameters, and where they go.

use super::JobSettings;
use crate::mapping::{TaskType, map_params};
use crate::problem::Problem;
use crate::suggest::did_you_mean;
use serde_json::{Map, Value, json};

/// The dialect of the schemas that are made here.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The JSON Schema of a job's parameters: an object with a string property for each job parameter and its default, and
/// nothing else. A job without job parameters takes any text values: which names its tasks read is not written down.
pub fn parameter_schema(job: &JobSettings) -> Value {
    let mut schema = json!({
        "$schema": DIALECT,
        "title": format!("Parameters of {}", job.display_name()),
        "type": "object",
    });
    if job.parameters.is_empty() {
        schema["additionalProperties"] = json!({"type": "string"});
        return schema;
    }
    let properties: Map<String, Value> = job
        .parameters
        .iter()
        .map(|parameter| (parameter.name.clone(), json!({"type": "string", "default": parameter.default.0})))
        .collect();
    schema["properties"] = Value::Object(properties);
    schema["additionalProperties"] = Value::Bool(false);
    schema
}

/// Where named parameters of a run go: to the job parameters when the job has any (reference section 3.7 asks for that);
/// else to what the first kind of task with named parameters reads; else to the job parameters.
pub fn parameter_task_type(job: &JobSettings) -> TaskType {
    if !job.parameters.is_empty() {
        return TaskType::JobParameters;
    }
    let any = |test: fn(&super::Task) -> bool| job.tasks.iter().any(test);
    if any(|task| task.notebook_task.is_some()) {
        TaskType::Notebook
    } else if any(|task| task.python_wheel_task.is_some()) {
        TaskType::PythonWheel
    } else if any(|task| task.sql_task.is_some()) {
        TaskType::Sql
    } else {
        TaskType::JobParameters
    }
}

/// The fields of a run-now request for named parameters: mapped to where this job's parameters go, with names that the job
/// knows. `null` stands for no parameters. What passes here is valid against [`parameter_schema`].
///
/// # Errors
/// All problems: those of [`map_params`], and `unknown_parameter` for each name that a job with job parameters does not
/// define.
pub fn run_fields(job: &JobSettings, params: &Value) -> Result<Map<String, Value>, Vec<Problem>> {
    let known: Vec<&str> = job.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    let unknown = params
        .as_object()
        .into_iter()
        .flat_map(Map::keys)
        .filter(|name| !known.is_empty() && !known.contains(&name.as_str()));
    let mut problems: Vec<Problem> = unknown
        .map(|name| {
            let message = format!("the job has no parameter {name:?}; it has {}", known.join(", "));
            let problem = Problem::error("unknown_parameter", name.clone(), message);
            Problem { hint: did_you_mean(name, known.iter().copied()), ..problem }
        })
        .collect();
    match map_params(Some(parameter_task_type(job)), params) {
        Ok(fields) if problems.is_empty() => return Ok(fields),
        Ok(_) => {}
        Err(others) => problems.extend(others),
    }
    Err(problems)
}
