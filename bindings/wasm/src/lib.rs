//! The core for the browser. JSON text in, JSON text out; the TypeScript of `node/src/web` makes objects of it.
//!
//! Nothing is decided here: a module carries some of the rules of `lakeflow_core::door`. Without features they are those of
//! parameters; `full` adds graphs, references and runs. `definitions` has definitions and schedules alone, `extra` the same with YAML
//! and time zones, `every` all rules.

mod host;
#[cfg(any(test, target_arch = "wasm32"))]
mod memory;
#[cfg(any(feature = "every", not(feature = "definitions")))]
mod schema;

#[cfg(any(feature = "every", not(feature = "definitions")))]
pub use schema::Schema;

use lakeflow_core::door::{self, Rule};
use lakeflow_core::error::Error;
use lakeflow_core::problem::Problem;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[cfg(not(any(feature = "full", feature = "definitions")))]
const RULES: &[(&str, Rule)] = door::PARAMETER_RULES;
#[cfg(all(feature = "full", not(feature = "definitions")))]
const RULES: &[(&str, Rule)] = door::PAGE_RULES;
#[cfg(all(feature = "definitions", not(feature = "every")))]
const RULES: &[(&str, Rule)] = door::DEFINITION_RULES;
#[cfg(feature = "every")]
const RULES: &[(&str, Rule)] = door::RULES;

/// Calls a rule of the core with JSON text.
#[wasm_bindgen(js_name = callRule)]
pub fn call_rule(rule: &str, input: &str) -> Result<String, JsValue> {
    match door::call_one_of(RULES, rule, input) {
        Ok(answer) => Ok(door::plain_text(&answer)),
        Err(error) => Err(thrown(&error, &[])),
    }
}

/// JSON text of the names of the rules that this module carries.
#[wasm_bindgen]
pub fn rules() -> String {
    door::names_text(RULES)
}

/// The exception for an error: JSON text, of which `node/src/errors.ts` makes a typed error.
fn thrown(error: &Error, problems: &[Problem]) -> JsValue {
    JsValue::from(door::error_text(error, problems))
}
