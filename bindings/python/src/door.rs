//! The core's door for tests: every rule by the name of its vectors, and the wait machine; JSON in and JSON out.

use crate::errors;
use lakeflow_core::door;
use pyo3::prelude::*;

/// Calls a rule with JSON text and gives JSON text.
#[pyfunction]
pub(crate) fn _call_rule(py: Python<'_>, rule: &str, input: &str) -> PyResult<String> {
    let answer = py.detach(|| door::call(rule, input));
    answer.map(|value| value.to_string()).map_err(|error| errors::raised(py, &error))
}

/// A wait without IO. Times are milliseconds.
#[pyclass(name = "_WaitMachine", module = "lakeflow_jobs._native")]
pub(crate) struct WaitMachine(door::WaitMachine);

#[pymethods]
impl WaitMachine {
    /// Begins a wait with JSON text of its options.
    #[new]
    fn new(py: Python<'_>, tick: u64, wall: i64, options: &str) -> PyResult<Self> {
        let machine =
            door::parse("wait", options).and_then(|options| door::WaitMachine::new(tick, wall, options));
        machine.map(Self).map_err(|error| errors::raised(py, &error))
    }

    /// The next thing to do, as JSON text.
    fn poll(&mut self) -> String {
        self.0.poll().to_string()
    }

    /// Takes in what happened, as JSON text.
    fn handle(&mut self, py: Python<'_>, tick: u64, wall: i64, input: &str) -> PyResult<()> {
        let handled = door::parse("wait", input).and_then(|input| self.0.handle(tick, wall, input));
        handled.map_err(|error| errors::raised(py, &error))
    }
}
