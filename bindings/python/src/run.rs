//! Runs and attempts of tasks as frozen objects: the text that came, read field by field where it is asked for.

use crate::convert::{DOCUMENT_BYTES, to_value};
use crate::errors;
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::run::{Phase, RunDoc, RunText, TaskHead, changes, elapsed};
use lakeflow_core::wait;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

/// A run of a job, as the host told it: frozen, and cheap, since each field is read when it is asked for.
///
/// `to_dict()` gives the whole document, fields included that this version does not know.
///
/// >>> run = getfixture("jobs")("hello").run(progress=False)
/// >>> run.state, run.is_success, [task.key for task in run.tasks]
/// ('SUCCESS', True, ['greet'])
#[pyclass(frozen, module = "lakeflow_jobs")]
pub(crate) struct Run {
    data: Arc<RunData>,
}

/// One attempt of a task, frozen and read field by field.
///
/// >>> task = getfixture("jobs")("hello").run(progress=False).task("greet")
/// >>> task.state, task.attempt, task.depends_on, task.duration > 0
/// ('SUCCESS', 0, (), True)
#[pyclass(frozen, module = "lakeflow_jobs")]
pub(crate) struct TaskRun {
    data: Arc<RunData>,
    n: usize,
    head: OnceLock<TaskHead>,
}

pub(crate) struct RunData {
    text: RunText,
    newest: OnceLock<Vec<usize>>,
}

impl RunData {
    pub(crate) fn new(text: RunText) -> Arc<Self> {
        Arc::new(Self { text, newest: OnceLock::new() })
    }

    pub(crate) fn of(run: &RunDoc) -> Arc<Self> {
        Self::new(RunText::of(run))
    }

    fn newest(&self) -> &[usize] {
        self.newest.get_or_init(|| self.text.newest())
    }

    /// The run as the core's type: for what is asked seldom.
    fn document(&self) -> RunDoc {
        let pages =
            self.text.pages().iter().map(|page| serde_json::from_str::<RunDoc>(page).unwrap_or_default());
        let mut pages = pages.collect::<Vec<_>>().into_iter();
        let mut run = pages.next().unwrap_or_default();
        pages.for_each(|page| run.append(page));
        run
    }
}

impl Run {
    pub(crate) fn new(data: Arc<RunData>) -> Self {
        Self { data }
    }

    fn task_at(&self, n: usize) -> TaskRun {
        TaskRun { data: self.data.clone(), n, head: OnceLock::new() }
    }

    fn tasks_at<'py>(&self, py: Python<'py>, places: &[usize]) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, places.iter().map(|n| self.task_at(*n)))
    }

    fn phase(&self) -> Phase {
        self.data.text.head().phase()
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A moment as an aware `datetime` in UTC.
fn moment(py: Python<'_>, ms: Option<i64>) -> PyResult<Option<Bound<'_, PyAny>>> {
    let Some(ms) = ms else { return Ok(None) };
    let module = py.import("datetime")?;
    let utc = module.getattr("timezone")?.getattr("utc")?;
    module.getattr("datetime")?.call_method1("fromtimestamp", (ms as f64 / 1000.0, utc)).map(Some)
}

/// Seconds from start to end, or to now; `None` before the start.
fn duration(start: Option<i64>, end: Option<i64>) -> Option<f64> {
    start.map(|_| elapsed(start, end, now_ms()) as f64 / 1000.0)
}

fn outcome(phase: &Phase) -> Option<String> {
    phase.end().map(|_| phase.word().to_owned())
}

fn code(phase: &Phase) -> Option<String> {
    phase.end().map(|end| end.code.as_str().to_owned())
}

fn loads<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyDict>> {
    let read = py.import("json")?.call_method1("loads", (text,))?;
    Ok(read.cast_into::<PyDict>()?)
}

#[pymethods]
impl Run {
    /// Reads a run from the JSON text of a `runs/get` answer, or from the texts of its pages in order.
    ///
    /// Fields of a type that was not expected are absent.
    ///
    /// :param text: text or bytes, or a list of those.
    /// :raises Malformed: it is no JSON object.
    ///
    /// >>> from lakeflow_jobs import Run
    /// >>> Run.from_json('{"run_id": 7, "status": {"state": "RUNNING"}}').state
    /// 'RUNNING'
    #[staticmethod]
    fn from_json(text: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = text.py();
        let pages = match text.cast::<PyList>() {
            Ok(list) => list.iter().map(|page| page_text(&page)).collect::<PyResult<Vec<_>>>()?,
            Err(_) => vec![page_text(text)?],
        };
        let read = py.detach(|| RunText::read(pages));
        Ok(Self::new(RunData::new(read.map_err(|error| errors::raised(py, &error))?)))
    }

    /// Makes a run of the dictionary of a `runs/get` answer.
    ///
    /// >>> from lakeflow_jobs import Run
    /// >>> Run.from_dict({"run_id": 7, "status": {"state": "QUEUED"}}).is_terminal
    /// False
    #[staticmethod]
    fn from_dict(document: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = document.py();
        let value = to_value(document, DOCUMENT_BYTES)
            .map_err(|list| errors::problems(py, ErrorCode::Malformed, "read_run", &list))?;
        let read = RunText::read(vec![value.to_string()]).map_err(|error| errors::raised(py, &error))?;
        Ok(Self::new(RunData::new(read)))
    }

    /// The id.
    #[getter]
    fn run_id(&self) -> i64 {
        self.data.text.head().run_id.unwrap_or(0)
    }

    /// The id of the job.
    #[getter]
    fn job_id(&self) -> Option<i64> {
        self.data.text.head().job_id
    }

    /// The job's name at the time.
    #[getter]
    fn name(&self) -> Option<&str> {
        self.data.text.head().run_name.as_deref()
    }

    /// Where people see it.
    #[getter]
    fn page_url(&self) -> Option<&str> {
        self.data.text.head().run_page_url.as_deref()
    }

    /// What started the run: `ONE_TIME`, `PERIODIC`, `RETRY`.
    #[getter]
    fn trigger(&self) -> Option<&str> {
        self.data.text.head().trigger.as_deref()
    }

    /// Who created the run.
    #[getter]
    fn creator(&self) -> Option<&str> {
        self.data.text.head().creator_user_name.as_deref()
    }

    /// One word: the state while it lasts (`RUNNING`), the outcome once it is over (`SUCCESS`). A state that this version does not know
    /// is given as it came; it is neither terminal nor success.
    #[getter]
    fn state(&self) -> String {
        self.phase().word().to_owned()
    }

    /// What the state says for people; empty when there is nothing to add.
    #[getter]
    fn message(&self) -> String {
        self.phase().message().to_owned()
    }

    /// The outcome once it is over: `SUCCESS`, `FAILED`; `None` before.
    #[getter]
    fn outcome(&self) -> Option<String> {
        outcome(&self.phase())
    }

    /// Why it ended: `RUN_EXECUTION_ERROR`; `None` before.
    #[getter]
    fn termination_code(&self) -> Option<String> {
        code(&self.phase())
    }

    /// True once nothing changes any more, repairs apart.
    #[getter]
    fn is_terminal(&self) -> bool {
        self.phase().is_terminal()
    }

    /// True when it is over and did what it should.
    #[getter]
    fn is_success(&self) -> bool {
        self.phase().is_success()
    }

    /// When it started, in UTC; `None` before.
    #[getter]
    fn start_time<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        moment(py, self.data.text.head().start_time)
    }

    /// When it ended, in UTC; `None` before.
    #[getter]
    fn end_time<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        moment(py, self.data.text.head().end_time)
    }

    /// Seconds from start to end, or until now while it goes on; `None` before the start.
    #[getter]
    fn duration(&self) -> Option<f64> {
        let head = self.data.text.head();
        duration(head.start_time, head.end_time)
    }

    /// The newest attempt of each task, in the order of the definition.
    #[getter]
    fn tasks<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        self.tasks_at(py, self.data.newest())
    }

    /// Every attempt of every task, in the order of the document.
    #[getter]
    fn attempts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let all: Vec<usize> = (0..self.data.text.len()).collect();
        self.tasks_at(py, &all)
    }

    /// The tasks that failed by themselves; those that never ran because of another's failure are not among them.
    #[getter]
    fn failed_tasks<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let failed = wait::failures(&self.data.document());
        let is_failed = |n: &&usize| {
            let id = self.data.text.attempt(**n).run_id;
            failed.iter().any(|failure| Some(failure.run_id.0) == id)
        };
        let places: Vec<usize> = self.data.newest().iter().filter(is_failed).copied().collect();
        self.tasks_at(py, &places)
    }

    /// The newest attempt of a task.
    ///
    /// :raises NotFound: the run has no task with this key; the text names those it has.
    fn task(&self, py: Python<'_>, key: &str) -> PyResult<TaskRun> {
        let newest = self.data.newest();
        let found = newest.iter().find(|n| self.data.text.attempt(**n).task_key.as_deref() == Some(key));
        found.map(|n| self.task_at(*n)).ok_or_else(|| {
            let keys: Vec<String> =
                newest.iter().filter_map(|n| self.data.text.attempt(*n).task_key).take(20).collect();
            let message = format!("the run has no task {key:?}; it has {}", keys.join(", "));
            errors::raised(
                py,
                &Error::new(ErrorCode::NotFound, "task", message).with("run_id", self.run_id()),
            )
        })
    }

    /// Job parameters with the values that were used.
    #[getter]
    fn parameters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for parameter in &self.data.document().job_parameters {
            let value = parameter.value.as_ref().or(parameter.default.as_ref());
            dict.set_item(&parameter.name, value.map(|text| text.0.as_str()))?;
        }
        Ok(dict)
    }

    /// How many tasks stand where: `total`, `waiting`, `active`, `succeeded`, `failed`, `skipped`.
    #[getter]
    fn progress<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let counts = self.data.document().progress();
        let dict = PyDict::new(py);
        dict.set_item("total", counts.total)?;
        dict.set_item("waiting", counts.waiting)?;
        dict.set_item("active", counts.active)?;
        dict.set_item("succeeded", counts.succeeded)?;
        dict.set_item("failed", counts.failed)?;
        dict.set_item("skipped", counts.skipped)?;
        Ok(dict)
    }

    /// The JSON texts as the host sent them, one for each page.
    #[getter]
    fn pages(&self) -> Vec<&str> {
        self.data.text.pages().iter().map(String::as_str).collect()
    }

    /// The document as the host sent it, arrays of later pages joined.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let mut pages = self.data.text.pages().iter();
        let Some(first) = pages.next() else { return Ok(PyDict::new(py)) };
        let whole = loads(py, first)?;
        for page in pages {
            for (name, value) in loads(py, page)? {
                if let (Ok(more), Some(list)) = (value.cast_into::<PyList>(), whole.get_item(&name)?) {
                    list.call_method1("extend", (more,))?;
                }
            }
        }
        if self.data.text.pages().len() > 1 && whole.contains("next_page_token")? {
            whole.del_item("next_page_token")?;
        }
        Ok(whole)
    }

    /// The tasks as a pandas DataFrame, one row each; times are UTC, durations are seconds.
    ///
    /// :raises Unsupported: pandas is not installed.
    fn to_pandas<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let call = slf.py().import("lakeflow_jobs._tables")?;
        call.call_method1("tasks_to_pandas", (slf,))
    }

    /// The tasks as a pyarrow Table, one row each; times are UTC, durations are seconds.
    ///
    /// :raises Unsupported: pyarrow is not installed.
    fn to_arrow<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let call = slf.py().import("lakeflow_jobs._tables")?;
        call.call_method1("tasks_to_arrow", (slf,))
    }

    /// The run as HTML for notebooks.
    fn _repr_html_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("lakeflow_jobs._html")?.call_method1("run", (slf,))
    }

    /// What is new since an earlier reading: `(task_key, attempt, state, message, seconds)` of each attempt that moved.
    fn _changes(&self, before: Option<&Self>) -> Vec<(String, i64, String, String, f64)> {
        let earlier = before.map(|run| run.data.document());
        let found = changes(earlier.as_ref(), &self.data.document(), now_ms());
        let row = |c: lakeflow_core::run::TaskChange| {
            (c.task_key, c.attempt, c.state, c.message, c.elapsed_ms as f64 / 1000.0)
        };
        found.into_iter().map(row).collect()
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.data.text.pages() == other.data.text.pages()
    }

    fn __hash__(&self) -> i64 {
        self.run_id()
    }

    fn __repr__(&self) -> String {
        let name = self.name().map_or_else(String::new, |name| format!(", name={name:?}"));
        let tasks = self.data.newest().len();
        format!("Run(run_id={}{name}, state={:?}, tasks={tasks})", self.run_id(), self.state())
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let make = slf.get_type().getattr("from_json")?;
        let pages = PyList::new(slf.py(), slf.get().pages())?;
        (make, (pages,)).into_pyobject(slf.py())
    }
}

fn page_text(page: &Bound<'_, PyAny>) -> PyResult<String> {
    match page.cast::<PyBytes>() {
        Ok(bytes) => String::from_utf8(bytes.as_bytes().to_vec()).map_err(|e| {
            let message = format!("the run is not UTF-8: {e}");
            errors::raised(page.py(), &Error::new(ErrorCode::Malformed, "read_run", message))
        }),
        Err(_) => Ok(page.cast::<PyString>()?.to_str()?.to_owned()),
    }
}

impl TaskRun {
    fn head(&self) -> &TaskHead {
        self.head.get_or_init(|| self.data.text.attempt(self.n))
    }
}

#[pymethods]
impl TaskRun {
    /// Key of the task.
    #[getter]
    fn key(&self) -> &str {
        self.head().task_key.as_deref().unwrap_or_default()
    }

    /// The id.
    #[getter]
    fn run_id(&self) -> i64 {
        self.head().run_id.unwrap_or(0)
    }

    /// Which attempt it is, from 0.
    #[getter]
    fn attempt(&self) -> i64 {
        self.head().attempt_number.unwrap_or(0)
    }

    /// Where people see it.
    #[getter]
    fn page_url(&self) -> Option<&str> {
        self.head().run_page_url.as_deref()
    }

    /// Keys of the tasks that it waits for.
    #[getter]
    fn depends_on<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.head().depends_on().collect::<Vec<_>>())
    }

    /// One word: the state while it lasts (`RUNNING`), the outcome once it is over (`SUCCESS`). A state that this version does not know
    /// is given as it came; it is neither terminal nor success.
    #[getter]
    fn state(&self) -> String {
        self.head().phase().word().to_owned()
    }

    /// What the state says for people; empty when there is nothing to add.
    #[getter]
    fn message(&self) -> String {
        self.head().phase().message().to_owned()
    }

    /// The outcome once it is over: `SUCCESS`, `FAILED`; `None` before.
    #[getter]
    fn outcome(&self) -> Option<String> {
        outcome(&self.head().phase())
    }

    /// Why it ended: `RUN_EXECUTION_ERROR`; `None` before.
    #[getter]
    fn termination_code(&self) -> Option<String> {
        code(&self.head().phase())
    }

    /// True once nothing changes any more, repairs apart.
    #[getter]
    fn is_terminal(&self) -> bool {
        self.head().phase().is_terminal()
    }

    /// True when it is over and did what it should.
    #[getter]
    fn is_success(&self) -> bool {
        self.head().phase().is_success()
    }

    /// When it started, in UTC; `None` before.
    #[getter]
    fn start_time<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        moment(py, self.head().start_time)
    }

    /// When it ended, in UTC; `None` before.
    #[getter]
    fn end_time<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        moment(py, self.head().end_time)
    }

    /// Seconds from start to end, or until now while it goes on; `None` before the start.
    #[getter]
    fn duration(&self) -> Option<f64> {
        duration(self.head().start_time, self.head().end_time)
    }

    /// The attempt as JSON text, as the host sent it.
    #[getter]
    fn json(&self) -> &str {
        self.data.text.attempt_text(self.n)
    }

    /// The attempt as the host sent it.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        loads(py, self.json())
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.json() == other.json()
    }

    fn __hash__(&self) -> i64 {
        self.run_id()
    }

    fn __repr__(&self) -> String {
        format!("TaskRun(key={:?}, run_id={}, state={:?})", self.key(), self.run_id(), self.state())
    }
}

/// A task that made a run fail, with what it said.
///
/// >>> from lakeflow_jobs import RunFailed
/// >>> try:
/// ...     getfixture("jobs")("fails").run(progress=False)
/// ... except RunFailed as failed:
/// ...     failed.failed_tasks[0].trace.splitlines()[-1]
/// 'ValueError: broken on purpose'
#[pyclass(frozen, eq, get_all, module = "lakeflow_jobs")]
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct TaskFailure {
    /// Key of the task.
    key: String,
    /// The last attempt's id.
    run_id: i64,
    /// Which attempt that was, from 0.
    attempt: i64,
    /// How it ended: `FAILED`, `TIMEDOUT`.
    outcome: String,
    /// What the state says.
    message: String,
    /// The task's own error.
    error: Option<String>,
    /// Its stack trace, as the host keeps it.
    trace: Option<String>,
    /// The last twenty lines of its output.
    output: Option<String>,
}

impl From<&wait::TaskFailure> for TaskFailure {
    fn from(failure: &wait::TaskFailure) -> Self {
        let wait::TaskFailure { task_key, run_id, attempt, outcome, message, error, trace, output } =
            failure.clone();
        Self { key: task_key, run_id: run_id.0, attempt, outcome, message, error, trace, output }
    }
}

#[pymethods]
impl TaskFailure {
    fn __repr__(&self) -> String {
        let said = self.error.as_deref().unwrap_or(&self.message);
        format!("TaskFailure(key={:?}, outcome={:?}, error={said:?})", self.key, self.outcome)
    }
}
