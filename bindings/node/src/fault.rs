//! Errors on their way to JavaScript: the reason is JSON text, of which `node/src/errors.ts` makes a typed error.

use lakeflow_core::door::js_text;
use lakeflow_core::error::{Error, ErrorCode, Retry};
use lakeflow_core::problem::Problem;
use serde_json::{Map, Value, json};

/// An exception for an error of the core.
pub(crate) fn thrown(error: &Error) -> napi::Error {
    napi::Error::from_reason(js_text(&told(error)))
}

/// The same with everything that is wrong with somebody's text.
pub(crate) fn thrown_with(error: &Error, problems: &[Problem]) -> napi::Error {
    let mut told = told(error);
    if !problems.is_empty() {
        told["problems"] = json!(problems);
    }
    napi::Error::from_reason(js_text(&told))
}

/// An error as `errors.ts` reads it. `retry` is `never`, `spent`, or the milliseconds after which it may pass.
pub(crate) fn told(error: &Error) -> Value {
    let retry = match error.retry {
        Retry::Never => json!("never"),
        Retry::Spent => json!("spent"),
        Retry::After(ms) => json!(ms),
    };
    let context: Map<String, Value> =
        error.context.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
    json!({
        "code": error.code, "message": error.message, "operation": error.operation, "retry": retry,
        "context": context,
    })
}

/// An argument that JavaScript's side should not have let through.
pub(crate) fn argument(operation: &'static str, message: impl std::fmt::Display) -> Error {
    Error::new(ErrorCode::InvalidArgument, operation, message.to_string())
}
