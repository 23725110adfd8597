//! Errors on their way to JavaScript: JSON text, of which `node/src/errors.ts` makes a typed error.

use lakeflow_core::error::Error;
use lakeflow_core::problem::Problem;
use serde_json::{Map, Value, json};
use wasm_bindgen::JsValue;

/// The exception for an error, with everything that is wrong with somebody's text.
pub(crate) fn thrown(error: &Error, problems: &[Problem]) -> JsValue {
    let context = error.context.iter().map(|(key, value)| ((*key).to_owned(), Value::from(value.as_str())));
    let told = json!({
        "code": error.code.as_str(), "message": error.message, "operation": error.operation,
        "context": context.collect::<Map<_, _>>(), "problems": problems,
    });
    JsValue::from(told.to_string())
}
