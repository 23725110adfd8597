//! The core's door for tests: every rule by the name of its vectors, JSON in and JSON out.

use crate::errors;
use lakeflow_core::door;
use pyo3::prelude::*;

/// Calls a rule with JSON text and gives JSON text.
#[pyfunction]
pub(crate) fn _call_rule(py: Python<'_>, rule: &str, input: &str) -> PyResult<String> {
    let answer = py.detach(|| door::call(rule, input));
    answer.map(|value| value.to_string()).map_err(|error| errors::raised(py, &error))
}
