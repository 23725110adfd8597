//! What the suites of the gateway share: configurations of jobs as vectors write them, and comparing with holes.

use lakeflow_core::gateway::{JobConfig, ParamCheck};
use lakeflow_core::id::JobId;
use serde_json::Value;

/// A job's configuration: `id` as text, `name`, `taskType`, `waitTimeout` in milliseconds, and `params`, a JSON Schema or
/// `"host"` for a check by the host.
#[expect(clippy::panic, reason = "a test loader")]
pub fn config(value: &Value) -> JobConfig {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    JobConfig {
        id: text("id").map(|id| id.parse::<JobId>().unwrap_or_else(|e| panic!("{id}: {e}"))),
        name: text("name").map(str::to_owned),
        wait_timeout_ms: value.get("waitTimeout").and_then(Value::as_u64),
        task_type: text("taskType").map(|name| name.parse().unwrap_or_else(|e| panic!("{e}"))),
        check: match value.get("params") {
            None => ParamCheck::None,
            Some(Value::String(_)) => ParamCheck::Host(None),
            Some(schema) => ParamCheck::Schema(schema.clone()),
        },
    }
}

/// True when `found` is as `expected` says. `{"$any": true}` stands for anything, `{"$starts": "…"}` for a text that
/// begins so.
pub fn fits(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (_, Value::Object(members)) if members.contains_key("$any") => true,
        (Value::String(text), Value::Object(members)) => {
            members.get("$starts").and_then(Value::as_str).is_some_and(|start| text.starts_with(start))
        }
        (Value::Object(found), Value::Object(expected)) => {
            found.len() == expected.len()
                && expected.iter().all(|(key, value)| found.get(key).is_some_and(|found| fits(found, value)))
        }
        (Value::Array(found), Value::Array(expected)) => {
            found.len() == expected.len() && found.iter().zip(expected).all(|(f, e)| fits(f, e))
        }
        _ => found == expected,
    }
}
