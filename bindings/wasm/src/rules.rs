//! What both doors offer, over texts: answers are JSON, and so are errors, of which `node/src/errors.ts` makes typed ones.
#![cfg_attr(
    not(any(feature = "extra", target_arch = "wasm32")),
    expect(dead_code, reason = "only the module has this door")
)]

use lakeflow_core::door::{self, Rule};
use lakeflow_core::error::Error;
use lakeflow_core::problem::Problem;

#[cfg(not(any(feature = "full", feature = "extra")))]
pub(crate) const RULES: &[(&str, Rule)] = door::PARAMETER_RULES;
#[cfg(all(feature = "full", not(feature = "extra")))]
pub(crate) const RULES: &[(&str, Rule)] = door::PAGE_RULES;
#[cfg(all(feature = "extra", not(feature = "every")))]
pub(crate) const RULES: &[(&str, Rule)] = door::DEFINITION_RULES;
#[cfg(feature = "every")]
pub(crate) const RULES: &[(&str, Rule)] = door::RULES;

/// An answer, or the JSON text of an error.
pub(crate) type Told<T> = Result<T, String>;

/// Calls a rule of the core with JSON text.
pub(crate) fn call(rule: &str, input: &str) -> Told<String> {
    match door::call_one_of(RULES, rule, input) {
        Ok(answer) => Ok(door::plain_text(&answer)),
        Err(error) => Err(thrown(&error, &[])),
    }
}

pub(crate) fn thrown(error: &Error, problems: &[Problem]) -> String {
    door::error_text(error, problems)
}
