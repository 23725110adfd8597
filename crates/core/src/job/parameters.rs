//! What a run of a job may be given: the JSON Schema of its parameters, and where they go.

use super::JobSettings;
use crate::mapping::{TaskType, map_params};
use crate::params::ParamSchema;
use crate::problem::Problem;
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

/// The fields of a run-now request for named parameters: mapped to where this job's parameters go, and checked against
/// [`parameter_schema`]. `null` stands for no parameters.
///
/// # Errors
/// All problems: those of [`map_params`], and `invalid_parameter` for each way in which the values break the schema, such
/// as a name that the job does not define.
pub fn run_fields(job: &JobSettings, params: &Value) -> Result<Map<String, Value>, Vec<Problem>> {
    let fields = map_params(Some(parameter_task_type(job)), params)?;
    let schema = ParamSchema::compile(&parameter_schema(job))?;
    // Whatever field they went to, the parameters are its one object.
    let problems: Vec<Problem> = fields
        .values()
        .flat_map(|values| schema.validate(values))
        .map(|found| Problem::error("invalid_parameter", found.path, found.message))
        .collect();
    if problems.is_empty() { Ok(fields) } else { Err(problems) }
}
