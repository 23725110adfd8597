//! Errors of the core as Python exceptions. The classes are in `lakeflow_jobs.errors`; a code names its class there.

use crate::rules;
use lakeflow_core::error::{Error, ErrorCode, Retry};
use lakeflow_core::params::Violation;
use lakeflow_core::problem::Problem;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

/// The exception of an error.
pub(crate) fn raised(py: Python<'_>, error: &Error) -> PyErr {
    raised_with(py, error, &PyDict::new(py))
}

/// The exception of an error, with further attributes.
pub(crate) fn raised_with(py: Python<'_>, error: &Error, attributes: &Bound<'_, PyDict>) -> PyErr {
    let made = || -> PyResult<PyErr> {
        let context = PyDict::new(py);
        for (key, value) in &error.context {
            context.set_item(*key, value)?;
        }
        let retryable = !matches!(error.retry, Retry::Never);
        let make = py.import("lakeflow_jobs.errors")?.getattr("from_native")?;
        let arguments =
            (error.code.as_str(), &error.message, error.operation, retryable, context, attributes);
        Ok(PyErr::from_value(make.call1(arguments)?))
    };
    // What the import itself raises is the better answer then.
    made().unwrap_or_else(|fault| fault)
}

/// The exception of problems in what a person wrote, with the list of them as `problems`.
pub(crate) fn problems(py: Python<'_>, code: ErrorCode, operation: &'static str, list: &[Problem]) -> PyErr {
    let told: Vec<String> = list.iter().map(told).collect();
    let error = Error::new(code, operation, told.join("; "));
    with_list(py, &error, "problems", list.iter().map(rules::Problem::from).collect())
}

/// The exception of violations of a schema, with the list of them as `violations`.
pub(crate) fn violations(py: Python<'_>, operation: &'static str, list: &[Violation]) -> PyErr {
    let told: Vec<String> = list
        .iter()
        .map(|v| if v.path.is_empty() { v.message.clone() } else { format!("{}: {}", v.path, v.message) })
        .collect();
    let error = Error::new(ErrorCode::InvalidParameters, operation, told.join("; "));
    with_list(py, &error, "violations", list.iter().map(rules::Violation::from).collect())
}

fn with_list<'py, T: IntoPyObject<'py>>(py: Python<'py>, error: &Error, name: &str, list: Vec<T>) -> PyErr {
    let attributes = PyDict::new(py);
    let filled = PyTuple::new(py, list).and_then(|list| attributes.set_item(name, list));
    filled.map_or_else(|fault| fault, |()| raised_with(py, error, &attributes))
}

fn told(problem: &Problem) -> String {
    let hint = problem.hint.as_deref().map_or_else(String::new, |hint| format!(" ({hint})"));
    match problem.path.as_str() {
        "" => format!("{}{hint}", problem.message),
        path => format!("{path}: {}{hint}", problem.message),
    }
}
