//! Task type and parameters to the fields of a run-now request (reference sections 3.7, 12 and 21.2).
//!
//! What cannot be mapped without guessing is refused with its path; nothing is coerced silently. The limits of
//! a run-now's parameters are here too, for the client before it sends and for the engine when it receives.

mod limits;
mod text;

pub use limits::{MAX_PARAMETER_BYTES, check_run_now};

use crate::json::Path;
use crate::json::{Listed, Quoted};
use crate::problem::Problem;
use crate::suggest::Nearest;
use crate::value::{Map, Value};
use std::fmt;
use std::str::FromStr;

macro_rules! task_types {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// What a job's parameters are for; decides the run-now field that they go to.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum TaskType { $($(#[$doc])* $variant,)* }

        impl TaskType {
            /// All of them, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name that people write.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

task_types! {
    /// An object of scalars to `notebook_params`.
    Notebook = "notebook",
    /// An object of scalars to `python_named_params`.
    PythonWheel = "python_wheel",
    /// `{"args": […]}` to `python_params`.
    PythonScript = "python_script",
    /// `{"args": […]}` to `jar_params`.
    SparkJar = "spark_jar",
    /// An object of scalars to `sql_params`.
    Sql = "sql",
    /// Takes no parameters.
    Dbt = "dbt",
    /// An object of scalars to `job_parameters`, whatever the job's tasks are.
    JobParameters = "job_parameters",
    /// An object to `pipeline_params`.
    Pipeline = "pipeline",
    /// `{"args": […]}` to `spark_submit_params`.
    SparkSubmit = "spark_submit",
}

impl fmt::Display for TaskType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no task type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownTaskType(pub String);

impl fmt::Display for UnknownTaskType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not a task type, the task types are ", Quoted(&self.0))?;
        for (n, task_type) in TaskType::ALL.iter().enumerate() {
            f.write_str(if n == 0 { "" } else { ", " })?;
            f.write_str(task_type.as_str())?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownTaskType {}

impl FromStr for TaskType {
    type Err = UnknownTaskType;

    fn from_str(text: &str) -> Result<Self, UnknownTaskType> {
        let found = Self::ALL.iter().find(|task_type| task_type.as_str() == text);
        found.copied().ok_or_else(|| UnknownTaskType(text.to_owned()))
    }
}

/// Maps parameters to the fields of a run-now request.
///
/// `params` is an object; `null` stands for no parameters and gives no fields. Without a task type the object
/// is itself the fields (`{"job_parameters": {…}}`, `only`, `queue`, …). Scalars become text as reference
/// section 13.7 has it: strings as they are, everything else as compact JSON.
///
/// # Errors
/// All problems, with paths into `params`: `not_an_object`, `not_a_scalar`, `not_a_list`, `not_a_boolean`,
/// `not_a_string`, `inexact_number`, `unknown_parameter`, `no_parameters_allowed`, and those of
/// [`check_run_now`], with paths into the fields.
pub fn map_params(task_type: Option<TaskType>, params: &Value) -> Result<Map<String, Value>, Vec<Problem>> {
    let params = match params {
        Value::Null => return Ok(Map::new()),
        Value::Object(params) => params,
        other => {
            let mut problems = Vec::new();
            let message = format_args!("parameters are an object, not {}", kind(other));
            Problem::add(&mut problems, "not_an_object", format_args!(""), message);
            return Err(problems);
        }
    };
    let mut problems = Vec::new();
    let fields = match task_type {
        None => params.clone(),
        Some(TaskType::Pipeline) => pipeline(params, &mut problems),
        Some(TaskType::Dbt) => none(params, &mut problems),
        Some(task_type) => {
            let (name, named) = match task_type {
                TaskType::Notebook => ("notebook_params", true),
                TaskType::PythonWheel => ("python_named_params", true),
                TaskType::Sql => ("sql_params", true),
                TaskType::PythonScript => ("python_params", false),
                TaskType::SparkJar => ("jar_params", false),
                TaskType::SparkSubmit => ("spark_submit_params", false),
                TaskType::JobParameters | TaskType::Pipeline | TaskType::Dbt => ("job_parameters", true),
            };
            if named {
                field(name, text::map(params, &mut problems))
            } else {
                args(name, params, &mut problems)
            }
        }
    };
    if problems.is_empty() {
        problems = check_run_now(&fields);
    }
    if problems.is_empty() { Ok(fields) } else { Err(problems) }
}

fn field(name: &str, value: Value) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert(name.to_owned(), value);
    fields
}

/// What a value is, for a message.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Maps `{"args": […]}`. Without `args` there is no field, so that the task's own list holds.
fn args(name: &str, params: &Map<String, Value>, problems: &mut Vec<Problem>) -> Map<String, Value> {
    let root = Path::Root;
    for key in params.keys() {
        if key != "args" {
            unknown(&root.key(key), key, &["args"], problems);
        }
    }
    match params.get("args") {
        None => Map::new(),
        Some(Value::Array(items)) => field(name, text::list(items, &root.key("args"), problems)),
        Some(other) => {
            let message = format_args!("args is a list, not {}", kind(other));
            Problem::add(problems, "not_a_list", format_args!("args"), message);
            Map::new()
        }
    }
}

fn unknown(path: &Path<'_>, key: &str, known: &[&str], problems: &mut Vec<Problem>) {
    let (quoted, all) = (Quoted(key), Listed(known, ", "));
    let message = format_args!("{quoted} is not a parameter here, the parameters are {all}");
    let problem = Problem::add(problems, "unknown_parameter", format_args!("{path}"), message);
    let mut nearest = Nearest::to(key);
    for name in known {
        nearest.consider(name);
    }
    problem.hint = nearest.hint();
}

/// The fields of `pipeline_params` (reference section 3.7): one flag, and lists of names.
const PIPELINE_FIELDS: [&str; 5] = [
    "full_refresh",
    "full_refresh_selection",
    "refresh_selection",
    "refresh_flow_selection",
    "reset_checkpoint_selection",
];

fn pipeline(params: &Map<String, Value>, problems: &mut Vec<Problem>) -> Map<String, Value> {
    let root = Path::Root;
    for (key, value) in params {
        let path = root.key(key);
        match value {
            _ if !PIPELINE_FIELDS.iter().any(|known| known == key) => {
                unknown(&path, key, &PIPELINE_FIELDS, problems);
            }
            Value::Bool(_) if key == "full_refresh" => {}
            other if key == "full_refresh" => {
                let message = format_args!("{key} is a boolean, not {}", kind(other));
                Problem::add(problems, "not_a_boolean", format_args!("{path}"), message);
            }
            Value::Array(items) => {
                for (n, item) in items.iter().enumerate() {
                    if !item.is_string() {
                        let message = format_args!("{key} is a list of names, found {}", kind(item));
                        let path = path.index(n);
                        Problem::add(problems, "not_a_string", format_args!("{path}"), message);
                    }
                }
            }
            other => {
                let message = format_args!("{key} is a list, not {}", kind(other));
                Problem::add(problems, "not_a_list", format_args!("{path}"), message);
            }
        }
    }
    if params.is_empty() { Map::new() } else { field("pipeline_params", Value::Object(params.clone())) }
}

fn none(params: &Map<String, Value>, problems: &mut Vec<Problem>) -> Map<String, Value> {
    for key in params.keys() {
        let (path, key) = (Path::Root.key(key), Quoted(key));
        let message = format_args!("a job of the task type dbt takes no parameters, found {key}");
        let problem = Problem::add(problems, "no_parameters_allowed", format_args!("{path}"), message);
        problem.hint = Some("use the task type job_parameters, or none with dbt_commands".to_owned());
    }
    Map::new()
}
