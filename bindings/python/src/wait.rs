//! A wait under way: gives each change of a run, then the run itself. It begins when it is first asked, and what happens
//! to the run when it is left is written in its options.

use crate::errors;
use crate::outcome::{Fault, finish};
use crate::request::Intent;
use crate::run::{Run, RunData};
use crate::runtime::{block, give, handle};
use futures::future::BoxFuture;
use lakeflow_client::{Event, Handle, Jobs, Running, WaitOptions};
use lakeflow_core::api::{RepairRun, SubmitRun};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::id::RunId;
use lakeflow_core::wait::{Verdict, WaitEnd};
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::sync::{Arc, Mutex as StdMutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// After Ctrl-C a cancel is waited for this long; it goes on beside the program then.
const CANCEL_ANSWER: Duration = Duration::from_millis(100);

/// Cancels that are under way; the end of the program waits for them a little.
static CANCELS: StdMutex<Vec<JoinHandle<()>>> = StdMutex::new(Vec::new());

/// How a wait begins.
pub(crate) enum Start {
    Run(Intent),
    Adopt(RunId),
    Cancel(RunId),
    Repair(Box<RepairRun>),
    Submit(Box<SubmitRun>),
}

/// How it is waited.
pub(crate) struct WaitConfig {
    options: WaitOptions,
    check: bool,
    cancel_on_interrupt: bool,
}

impl WaitConfig {
    /// Reads `timeout` (seconds), `cancel_on_timeout`, `check` and `on_interrupt`.
    pub(crate) fn new(config: &Bound<'_, PyDict>) -> PyResult<Self> {
        let py = config.py();
        let refused =
            |message: String| errors::raised(py, &Error::new(ErrorCode::InvalidArgument, "wait", message));
        let given = |name: &str| -> PyResult<Option<Bound<'_, PyAny>>> {
            Ok(config.get_item(name)?.filter(|value| !value.is_none()))
        };
        let flag = |name: &str, default: bool| -> PyResult<bool> {
            given(name)?.map_or(Ok(default), |value| value.is_truthy())
        };
        let timeout = given("timeout")?.map(|seconds| {
            let seconds: f64 = seconds.call_method0("total_seconds").unwrap_or(seconds).extract()?;
            Duration::try_from_secs_f64(seconds)
                .map_err(|_| refused(format!("timeout is {seconds}, it is a number of seconds from 0")))
        });
        let cancel_on_interrupt =
            match given("on_interrupt")?.map(|v| v.extract::<String>()).transpose()?.as_deref() {
                None | Some("leave") => false,
                Some("cancel") => true,
                Some(other) => {
                    return Err(refused(format!(
                        "on_interrupt is {other:?}, it can be \"leave\" or \"cancel\""
                    )));
                }
            };
        Ok(Self {
            options: WaitOptions {
                timeout: timeout.transpose()?,
                cancel_on_timeout: flag("cancel_on_timeout", false)?,
                ..WaitOptions::default()
            },
            check: flag("check", true)?,
            cancel_on_interrupt,
        })
    }
}

/// A wait for a run.
#[pyclass(frozen, module = "lakeflow_jobs._native")]
pub(crate) struct Wait {
    shared: Arc<Shared>,
}

struct Shared {
    jobs: Jobs,
    config: WaitConfig,
    stage: Mutex<Stage>,
    seen: StdMutex<Seen>,
}

#[derive(Default)]
struct Seen {
    run_id: Option<RunId>,
    run: Option<Arc<RunData>>,
    handle: Option<Handle>,
}

enum Stage {
    Starting(BoxFuture<'static, Result<Running, Fault>>),
    Going(Box<Running>),
    /// The run has been given; what is raised next, if anything.
    Told(Option<Box<WaitEnd>>),
    Over,
}

impl Wait {
    pub(crate) fn new(jobs: Jobs, start: Start, config: WaitConfig) -> Self {
        let (client, options) = (jobs.clone(), config.options);
        let mut seen = Seen::default();
        if let Start::Adopt(run_id) | Start::Cancel(run_id) = &start {
            seen.run_id = Some(*run_id);
        }
        if let Start::Repair(request) = &start {
            seen.run_id = Some(request.run_id);
        }
        let starting = Box::pin(async move {
            Ok(match start {
                Start::Run(intent) => {
                    let (job, request) = intent.request(&client).await?;
                    job.trigger_and_wait(request, options)?
                }
                Start::Adopt(run_id) => client.wait(run_id, options),
                Start::Cancel(run_id) => client.cancel_and_wait(run_id, options),
                Start::Repair(request) => client.repair_run(*request, options),
                Start::Submit(request) => client.submit_and_wait(*request, options)?,
            })
        });
        let stage = Mutex::new(Stage::Starting(starting));
        Self { shared: Arc::new(Shared { jobs, config, stage, seen: StdMutex::new(seen) }) }
    }
}

impl Shared {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next change, or the run at its end; `None` when all has been told. A future that is dropped halfway loses
    /// nothing.
    async fn next(&self) -> Result<Option<Arc<RunData>>, Fault> {
        let mut stage = self.stage.lock().await;
        loop {
            match &mut *stage {
                Stage::Starting(starting) => match starting.as_mut().await {
                    Ok(running) => {
                        self.seen().handle = Some(running.handle());
                        *stage = Stage::Going(Box::new(running));
                    }
                    Err(fault) => {
                        *stage = Stage::Over;
                        return Err(fault);
                    }
                },
                Stage::Going(running) => match running.next().await {
                    Some(Event::Started(run_id)) => self.seen().run_id = Some(run_id),
                    // The end brings the same run with all its pages.
                    Some(Event::Changed(run)) if run.phase().is_terminal() => {}
                    Some(Event::Changed(run)) => return Ok(Some(self.saw(RunData::of(&run)))),
                    Some(Event::Ended(end)) => return self.ended(&mut stage, end),
                    None => *stage = Stage::Over,
                },
                Stage::Told(end) => {
                    let end = end.take();
                    *stage = Stage::Over;
                    return end.map_or(Ok(None), |end| Err(Fault::Ended(end)));
                }
                Stage::Over => return Ok(None),
            }
        }
    }

    fn saw(&self, run: Arc<RunData>) -> Arc<RunData> {
        self.seen().run = Some(run.clone());
        run
    }

    fn ended(&self, stage: &mut Stage, end: Box<WaitEnd>) -> Result<Option<Arc<RunData>>, Fault> {
        if let Some(run_id) = end.run_id {
            self.seen().run_id = Some(run_id);
        }
        match (&end.verdict, &end.run) {
            (Verdict::Unfinished(_), _) | (_, None) => {
                *stage = Stage::Over;
                Err(Fault::Ended(end))
            }
            (verdict, Some(run)) => {
                let run = self.saw(RunData::of(run));
                let raise = self.config.check && !verdict.is_success();
                *stage = Stage::Told(raise.then_some(end));
                Ok(Some(run))
            }
        }
    }

    /// The run at its end.
    async fn finish(&self) -> Result<Option<Arc<RunData>>, Fault> {
        while self.next().await?.is_some() {}
        Ok(self.seen().run.clone())
    }

    /// Cancels the run, starting it first when that is under way: whether it began is not known otherwise.
    async fn cancel(&self) -> Result<(), Error> {
        let known = self.seen().run_id;
        if known.is_none() {
            // A fault means that nothing was started.
            let _ = self.next().await;
        }
        let run_id = self.seen().run_id;
        match run_id {
            Some(run_id) => self.jobs.cancel_run(run_id).await,
            None => Ok(()),
        }
    }
}

fn optional(py: Python<'_>, run: Option<Arc<RunData>>) -> PyResult<Py<PyAny>> {
    match run {
        Some(run) => Ok(Py::new(py, Run::new(run))?.into_any()),
        None => Ok(py.None()),
    }
}

#[pymethods]
impl Wait {
    /// The run's id, once it is known.
    #[getter]
    fn run_id(&self) -> Option<i64> {
        self.shared.seen().run_id.map(|id| id.0)
    }

    /// The last that was seen of the run.
    #[getter]
    fn run(&self) -> Option<Run> {
        self.shared.seen().run.clone().map(Run::new)
    }

    /// The next change, then the run at its end, then `None`.
    fn next<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let shared = self.shared.clone();
        self.interruptible(py, async move { shared.next().await })
    }

    /// Waits to the end and gives the run.
    fn finish<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let shared = self.shared.clone();
        self.interruptible(py, async move { shared.finish().await })
    }

    /// As `next`, as an awaitable.
    fn anext<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let shared = self.shared.clone();
        give(py, true, async move { shared.next().await }, finish(optional))
    }

    /// As `finish`, as an awaitable.
    fn afinish<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let shared = self.shared.clone();
        give(py, true, async move { shared.finish().await }, finish(optional))
    }

    /// Ends the wait at its next step; the run goes on.
    fn stop(&self) {
        if let Some(handle) = &self.shared.seen().handle {
            handle.stop();
        }
    }

    /// Something has been heard about the run: look at once.
    fn notify(&self) {
        if let Some(handle) = &self.shared.seen().handle {
            handle.notify();
        }
    }

    /// What an interrupted wait does with its run: cancels it in the background when the options say so. Gives whether it
    /// does.
    fn abandon(&self) -> PyResult<bool> {
        if !self.shared.config.cancel_on_interrupt {
            return Ok(false);
        }
        let shared = self.shared.clone();
        let cancel = handle()?.spawn(async move {
            // Nobody is left to be told; the run's state says what came of it.
            let _ = shared.cancel().await;
        });
        CANCELS.lock().unwrap_or_else(PoisonError::into_inner).push(cancel);
        Ok(true)
    }
}

impl Wait {
    fn interruptible<'py>(
        &self,
        py: Python<'py>,
        future: impl Future<Output = Result<Option<Arc<RunData>>, Fault>> + Send + 'static,
    ) -> PyResult<Bound<'py, PyAny>> {
        match block(py, future) {
            Ok(outcome) => Ok(finish(optional)(py, outcome)?.into_bound(py)),
            Err(raised) if raised.is_instance_of::<PyKeyboardInterrupt>(py) => {
                Err(self.interrupted(py, &raised)?)
            }
            Err(raised) => Err(raised),
        }
    }

    /// The exception of Ctrl-C: which run, and what happens to it.
    fn interrupted(&self, py: Python<'_>, raised: &PyErr) -> PyResult<PyErr> {
        let cancelled = self.abandon()?;
        if cancelled {
            py.detach(|| finish_cancels(CANCEL_ANSWER.as_secs_f64()))?;
        }
        let (run_id, run) = {
            let seen = self.shared.seen();
            (seen.run_id, seen.run.clone())
        };
        let message = match (run_id, cancelled) {
            (Some(id), true) => format!("interrupted while waiting for run {id}; the run is being cancelled"),
            (Some(id), false) => {
                format!(
                    "interrupted while waiting for run {id}; the run goes on: `jobs.wait({id})` waits again"
                )
            }
            (None, true) => {
                "interrupted while the run was being started; if it began, it is cancelled".to_owned()
            }
            (None, false) => {
                "interrupted while the run was being started; whether it began is not known".to_owned()
            }
        };
        let mut error = Error::new(ErrorCode::Interrupted, "wait", message);
        if let Some(run_id) = run_id {
            error = error.with("run_id", run_id);
        }
        let attributes = PyDict::new(py);
        if let Some(run) = run {
            attributes.set_item("run", Py::new(py, Run::new(run))?)?;
        }
        let made = errors::raised_with(py, &error, &attributes);
        made.set_cause(py, Some(raised.clone_ref(py)));
        Ok(made)
    }
}

/// Waits for cancels that are under way, at most so many seconds.
#[pyfunction]
pub(crate) fn finish_cancels(seconds: f64) -> PyResult<()> {
    let cancels = std::mem::take(&mut *CANCELS.lock().unwrap_or_else(PoisonError::into_inner));
    if cancels.is_empty() {
        return Ok(());
    }
    let limit = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    let left = handle()?.block_on(async move {
        let mut left = Vec::new();
        let deadline = tokio::time::Instant::now() + limit;
        for mut cancel in cancels {
            if tokio::time::timeout_at(deadline, &mut cancel).await.is_err() {
                left.push(cancel);
            }
        }
        left
    });
    CANCELS.lock().unwrap_or_else(PoisonError::into_inner).extend(left);
    Ok(())
}
