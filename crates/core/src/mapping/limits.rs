//! Limits of the parameters of a run-now request (reference sections 3.7, 12.1 and 18): the one place for
//! client and engine.

use crate::json::Path;
use crate::json::{self, Quoted};
use crate::problem::Problem;
use crate::value::{Map, Value};
use std::fmt;

/// Bytes of the JSON of one parameter field, its key included.
pub const MAX_PARAMETER_BYTES: usize = 10_000;

/// Fields that [`MAX_PARAMETER_BYTES`] holds for. The platform's documents name `jar_params`,
/// `notebook_params`, `python_params` and `spark_submit_params`; LOCAL: the others too (unconfirmed).
const SIZED: [&str; 7] = [
    "job_parameters",
    "notebook_params",
    "python_params",
    "python_named_params",
    "jar_params",
    "spark_submit_params",
    "sql_params",
];

/// Fields whose items are ASCII only.
const ASCII: [&str; 2] = ["python_params", "spark_submit_params"];

const MAX_TOKEN_CHARACTERS: usize = 64;
const MAX_DBT_COMMANDS: usize = 10;

/// Checks the parameters of a run-now request: sizes, characters, names of job parameters, and fields that
/// exclude one another. `fields` is the body of the request; other fields in it are not looked at.
///
/// Gives all problems, with paths into `fields`, in the order of reference section 3.7: `parameters_too_large`,
/// `not_ascii`, `bad_parameter_name`, `too_many_commands`, `token_too_long`, `conflicting_parameters`.
pub fn check_run_now(fields: &Map<String, Value>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for &field in &SIZED {
        if let Some(value) = fields.get(field) {
            size(field, value, &mut problems);
        }
    }
    for &field in &ASCII {
        for (n, item) in json::items(fields.get(field)).iter().enumerate() {
            for c in item.as_str().unwrap_or_default().chars() {
                if !c.is_ascii() {
                    let message = format_args!("{field} is ASCII only, found '{c}'");
                    Problem::add(&mut problems, "not_ascii", format_args!("{field}[{n}]"), message);
                    break;
                }
            }
        }
    }
    names(fields, &mut problems);
    let commands = json::items(fields.get("dbt_commands")).len();
    let mut add = |code, path: &str, message: fmt::Arguments<'_>| {
        Problem::add(&mut problems, code, format_args!("{path}"), message);
    };
    if commands > MAX_DBT_COMMANDS {
        let message = format_args!("{commands} commands, the limit is {MAX_DBT_COMMANDS}");
        add("too_many_commands", "dbt_commands", message);
    }
    let token = fields.get("idempotency_token").and_then(Value::as_str).map(|text| text.chars().count());
    if token == Some(0) {
        // The platform takes it for none, and a request without a token must not be sent twice.
        let message = format_args!("the token is empty; leave it out instead");
        add("token_empty", "idempotency_token", message);
    }
    let token = token.unwrap_or(0);
    if token > MAX_TOKEN_CHARACTERS {
        let message = format_args!("the token has {token} characters, the limit is {MAX_TOKEN_CHARACTERS}");
        add("token_too_long", "idempotency_token", message);
    }
    if fields.contains_key("jar_params") && fields.contains_key("notebook_params") {
        let message = format_args!("jar_params cannot be combined with notebook_params");
        add("conflicting_parameters", "jar_params", message);
    }
    problems
}

fn size(field: &str, value: &Value, problems: &mut Vec<Problem>) {
    // Braces, quotes and colon around the key: `{"field":value}`.
    let bytes = json::write(value).len() + field.len() + 5;
    if bytes > MAX_PARAMETER_BYTES {
        let message = format_args!("{field} has {bytes} bytes as JSON, the limit is {MAX_PARAMETER_BYTES}");
        let problem = Problem::add(problems, "parameters_too_large", format_args!("{field}"), message);
        problem.hint = Some("write large values to a file or a table and pass where they are".to_owned());
    }
}

/// Names of job parameters: `^[\w\-.]+$` (reference section 18).
fn names(fields: &Map<String, Value>, problems: &mut Vec<Problem>) {
    let root = Path::Root;
    let path = root.key("job_parameters");
    let Some(Value::Object(parameters)) = fields.get("job_parameters") else { return };
    for (name, _) in parameters {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if name.is_empty() || !name.chars().all(allowed) {
            let (path, name) = (path.key(name), Quoted(name));
            let message = format_args!(
                "{name} is not the name of a job parameter: letters, digits, _, - and . are allowed"
            );
            Problem::add(problems, "bad_parameter_name", format_args!("{path}"), message);
        }
    }
}
