//! Limits of the parameters of a run-now request (reference sections 3.7, 12.1 and 18): the one place for
//! client and engine.

use crate::json::Path;
use crate::json::{self, Quoted};
use crate::problem::Problem;
use crate::value::{Map, Value};

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
    for field in SIZED {
        if let Some(value) = fields.get(field) {
            size(field, value, &mut problems);
        }
    }
    for field in ASCII {
        let items = fields.get(field).and_then(Value::as_array).into_iter().flatten();
        for (n, item) in items.enumerate() {
            if let Some(c) = item.as_str().and_then(|text| text.chars().find(|c| !c.is_ascii())) {
                let path = Path::Root.key(field).index(n).to_string();
                let message = format!("{field} is ASCII only, found '{c}'");
                problems.push(Problem::error("not_ascii", path, message));
            }
        }
    }
    names(fields, &mut problems);
    let commands = fields.get("dbt_commands").and_then(Value::as_array).map_or(0, Vec::len);
    if commands > MAX_DBT_COMMANDS {
        let message = format!("{commands} commands, the limit is {MAX_DBT_COMMANDS}");
        problems.push(Problem::error("too_many_commands", "dbt_commands", message));
    }
    let token = fields.get("idempotency_token").and_then(Value::as_str).map(|text| text.chars().count());
    if token == Some(0) {
        // The platform takes it for none, and a request without a token must not be sent twice.
        problems.push(Problem::error(
            "token_empty",
            "idempotency_token",
            "the token is empty; leave it out instead",
        ));
    }
    let token = token.unwrap_or(0);
    if token > MAX_TOKEN_CHARACTERS {
        let message = format!("the token has {token} characters, the limit is {MAX_TOKEN_CHARACTERS}");
        problems.push(Problem::error("token_too_long", "idempotency_token", message));
    }
    if fields.contains_key("jar_params") && fields.contains_key("notebook_params") {
        let message = "jar_params cannot be combined with notebook_params";
        problems.push(Problem::error("conflicting_parameters", "jar_params", message));
    }
    problems
}

fn size(field: &str, value: &Value, problems: &mut Vec<Problem>) {
    // Braces, quotes and colon around the key: `{"field":value}`.
    let bytes = json::write(value).len() + field.len() + 5;
    if bytes > MAX_PARAMETER_BYTES {
        let message = format!("{field} has {bytes} bytes as JSON, the limit is {MAX_PARAMETER_BYTES}");
        let hint = "write large values to a file or a table and pass where they are";
        problems.push(Problem::error("parameters_too_large", field, message).with_hint(hint));
    }
}

/// Names of job parameters: `^[\w\-.]+$` (reference section 18).
fn names(fields: &Map<String, Value>, problems: &mut Vec<Problem>) {
    let root = Path::Root;
    let path = root.key("job_parameters");
    let names = fields.get("job_parameters").and_then(Value::as_object).into_iter().flatten();
    for (name, _) in names {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if name.is_empty() || !name.chars().all(allowed) {
            let message = format!(
                "{} is not the name of a job parameter: letters, digits, _, - and . are allowed",
                Quoted(name)
            );
            problems.push(Problem::error("bad_parameter_name", path.key(name).to_string(), message));
        }
    }
}
