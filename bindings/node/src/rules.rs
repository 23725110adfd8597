//! The core's rules over JSON text.

use crate::fault::thrown;
use lakeflow_core::door;
use napi::Result;
use napi_derive::napi;

/// Calls a rule of the core with JSON text; see `lakeflow_core::door`.
#[napi]
pub fn call_rule(rule: String, input: String) -> Result<String> {
    door::call(&rule, &input).map(|answer| door::js_text(&answer)).map_err(|e| thrown(&e))
}

/// The names of all rules.
#[napi]
pub fn rules() -> Vec<&'static str> {
    door::RULES.iter().map(|(name, _)| *name).collect()
}
