//! Dynamic value references of texts and tasks.

use super::{Answer, read};
use crate::reference::{Context, Found, Mode, resolve, resolve_task, scan_task};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct TextInput {
    text: String,
    context: Context,
    #[serde(default)]
    mode: Mode,
}

/// `{"text": …}` with the values in place, or `{"unresolved": …}`.
pub(super) fn text(input: Value) -> Answer {
    let TextInput { text, context, mode } = read(input)?;
    Ok(match resolve(&text, mode, &context) {
        Ok(text) => json!({ "text": text }),
        Err(unresolved) => json!({ "unresolved": unresolved }),
    })
}

#[derive(Deserialize)]
struct TaskInput {
    task: Value,
    context: Context,
    #[serde(default)]
    mode: Mode,
}

/// The references of a task, `found`, and the task with the values in place, `resolved` or `unresolved`.
pub(super) fn task(input: Value) -> Answer {
    let TaskInput { task, context, mode } = read(input)?;
    let found: Vec<Value> = scan_task(&task, mode).into_iter().map(found).collect();
    Ok(match resolve_task(&task, mode, &context) {
        Ok(resolved) => json!({ "found": found, "resolved": resolved }),
        Err(unresolved) => json!({ "found": found, "unresolved": unresolved }),
    })
}

fn found(found: Found) -> Value {
    let mut told = json!({ "path": found.path, "text": found.placeholder.text });
    if let Err(problem) = found.placeholder.reference {
        told["code"] = problem.code.into();
        told["message"] = problem.message.into();
    }
    told
}
