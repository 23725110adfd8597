//! What comes out of the client, as Python objects: dictionaries, outputs of tasks, and the exceptions of faults.

use crate::convert::to_python;
use crate::errors;
use crate::run::{Run, RunData, TaskFailure};
use lakeflow_client::TaskOutput as Left;
use lakeflow_core::api::{RunOutput, Shown};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::problem::Problem;
use lakeflow_core::wait::{Verdict, WaitEnd};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};
use serde::Serialize;

/// Why an operation failed.
pub(crate) enum Fault {
    /// As the core says it.
    Error(Error),
    /// Everything that is wrong with what was given.
    Problems(ErrorCode, &'static str, Vec<Problem>),
    /// The wait ended in something else than success.
    Ended(Box<WaitEnd>),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<lakeflow_cli::Refused> for Fault {
    fn from(refused: lakeflow_cli::Refused) -> Self {
        if refused.problems.is_empty() {
            Self::Error(refused.error)
        } else {
            Self::Problems(refused.error.code, refused.error.operation, refused.problems)
        }
    }
}

impl Fault {
    pub(crate) fn raised(&self, py: Python<'_>) -> PyErr {
        match self {
            Self::Error(error) => errors::raised(py, error),
            Self::Problems(code, operation, list) => errors::problems(py, *code, operation, list),
            Self::Ended(end) => ended(py, end).unwrap_or_else(|fault| fault),
        }
    }
}

fn ended(py: Python<'_>, end: &WaitEnd) -> PyResult<PyErr> {
    let attributes = PyDict::new(py);
    if let Some(run) = &end.run {
        attributes.set_item("run", Py::new(py, Run::new(RunData::of(run)))?)?;
    }
    let mut error = match end.clone().into_result() {
        Err(error) => error,
        Ok(_) => Error::new(ErrorCode::Internal, "wait", "a run that succeeded was taken for a failure"),
    };
    if let (Some(run_id), None) = (end.run_id, error.context("run_id")) {
        error = error.with("run_id", run_id);
    }
    if !matches!(end.verdict, Verdict::Unfinished(_)) {
        let failed: Vec<TaskFailure> = end.failures.iter().map(TaskFailure::from).collect();
        attributes.set_item("failed_tasks", PyTuple::new(py, failed)?)?;
    }
    Ok(errors::raised_with(py, &error, &attributes))
}

/// The Python object of something of the core's.
pub(crate) fn object(py: Python<'_>, value: &impl Serialize) -> PyResult<Py<PyAny>> {
    let value = serde_json::to_value(value).unwrap_or_default();
    Ok(to_python(py, &value)?.unbind())
}

/// A list of Python objects.
pub(crate) fn list<'py, T: IntoPyObject<'py>>(py: Python<'py>, items: Vec<T>) -> PyResult<Py<PyAny>> {
    Ok(PyList::new(py, items)?.into_any().unbind())
}

/// What one task left behind.
///
/// >>> jobs = getfixture("jobs")
/// >>> (output,) = jobs.outputs(jobs("hello").run(progress=False).run_id)
/// >>> output.key, output.result
/// ('greet', 'hello')
#[pyclass(frozen, module = "lakeflow_jobs")]
pub(crate) struct TaskOutput {
    key: Option<String>,
    iteration_of: Option<String>,
    run_id: i64,
    state: Option<String>,
    output: RunOutput,
    missing: Option<Error>,
}

impl TaskOutput {
    pub(crate) fn of(run_id: i64, output: RunOutput) -> Self {
        Self { key: None, iteration_of: None, run_id, state: None, output, missing: None }
    }

    pub(crate) fn left(left: Left) -> Self {
        let (output, missing) = match left.output {
            Ok(output) => (output, None),
            Err(error) => (RunOutput::default(), Some(error)),
        };
        Self {
            key: Some(left.task_key),
            iteration_of: left.iteration_of,
            run_id: left.run_id.0,
            state: Some(left.phase.word().to_owned()),
            output,
            missing,
        }
    }
}

#[pymethods]
impl TaskOutput {
    /// Key of the task; `None` where only the attempt was asked for.
    #[getter]
    fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// The for-each task whose iteration it is.
    #[getter]
    fn iteration_of(&self) -> Option<&str> {
        self.iteration_of.as_deref()
    }

    /// The attempt's id.
    #[getter]
    fn run_id(&self) -> i64 {
        self.run_id
    }

    /// Where the attempt stands, in one word.
    #[getter]
    fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// What a notebook returned with `dbutils.notebook.exit`.
    #[getter]
    fn result(&self) -> Option<&str> {
        self.output.notebook_output.as_ref()?.result.as_deref()
    }

    /// Standard output and error, the last 5 MB.
    #[getter]
    fn logs(&self) -> Option<&str> {
        self.output.logs.as_deref()
    }

    /// Short message of a failure.
    #[getter]
    fn error(&self) -> Option<&str> {
        self.output.error.as_deref()
    }

    /// Stack trace of a failure.
    #[getter]
    fn trace(&self) -> Option<&str> {
        self.output.error_trace.as_deref()
    }

    /// Why there is no output, when there is none.
    #[getter]
    fn missing(&self) -> Option<String> {
        self.missing.as_ref().map(ToString::to_string)
    }

    /// Of a SQL task: the names of the columns, and the rows; every value is text or `None`.
    #[getter]
    #[expect(clippy::type_complexity, reason = "columns and rows, as Python takes them")]
    fn rows(&self) -> Option<(Vec<&str>, Vec<Vec<Option<&str>>>)> {
        match self.output.shown()? {
            Shown::Rows { columns, rows, .. } => Some((columns, rows)),
            _ => None,
        }
    }

    /// The answer as the host sent it.
    fn to_dict(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        object(py, &self.output)
    }

    /// The rows of a SQL task as a pandas DataFrame.
    ///
    /// :raises InvalidState: the task left no rows behind.
    /// :raises Unsupported: pandas is not installed.
    fn to_pandas<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("lakeflow_jobs._tables")?.call_method1("rows_to_pandas", (slf,))
    }

    fn __repr__(&self) -> String {
        let key = self.key.as_deref().unwrap_or("?");
        let shown = match self.output.shown() {
            Some(Shown::Result(text)) => format!("result={:?}", short(text)),
            Some(Shown::Rows { rows, .. }) => format!("rows={}", rows.len()),
            Some(Shown::Logs(text)) => format!("logs={:?}", short(text)),
            Some(Shown::Json(_)) => "json".to_owned(),
            None => {
                self.output.error.as_deref().map_or_else(String::new, |e| format!("error={:?}", short(e)))
            }
        };
        format!("TaskOutput(key={key:?}, run_id={}, {shown})", self.run_id)
    }
}

fn short(text: &str) -> String {
    let mut shown: String = text.trim().chars().take(60).collect();
    if shown.len() < text.trim().len() {
        shown.push('…');
    }
    shown
}

/// Raises what went wrong, else makes the object.
pub(crate) fn finish<T>(
    make: impl FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static,
) -> impl FnOnce(Python<'_>, Result<T, Fault>) -> PyResult<Py<PyAny>> + Send + 'static {
    move |py, outcome| match outcome {
        Ok(value) => make(py, value),
        Err(fault) => Err(fault.raised(py)),
    }
}
