//! The local engine and the command `lakeflow`, carried by the module.

use crate::outcome::Fault;
use crate::runtime::{block, generation};
use lakeflow_cli::{LocalEngine, LocalOptions};
use lakeflow_core::error::{Error, ErrorCode};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use tokio::runtime::{Builder, Runtime};

/// An engine of this process, on threads of its own.
#[pyclass(frozen, module = "lakeflow_jobs._native")]
pub(crate) struct Engine {
    live: Mutex<Option<(Runtime, LocalEngine)>>,
    made: u64,
    #[pyo3(get)]
    url: String,
    #[pyo3(get)]
    token: String,
    #[pyo3(get)]
    data: PathBuf,
    #[pyo3(get)]
    jobs: BTreeMap<String, i64>,
}

#[pymethods]
impl Engine {
    /// Starts an engine and deploys the bundle; what is wrong with it is raised and nothing is left running.
    #[new]
    fn new(options: &Bound<'_, PyDict>) -> PyResult<Self> {
        let py = options.py();
        let options = read(options)?;
        let runtime = Builder::new_multi_thread().thread_name("lakeflow-engine").enable_all().build();
        let runtime = runtime.map_err(|e| {
            let message = format!("the engine's threads cannot be started: {e}");
            Fault::Error(Error::new(ErrorCode::Internal, "start_engine", message)).raised(py)
        })?;
        let starting = runtime.spawn(LocalEngine::start(options));
        // Polled from the module's runtime, so that Ctrl-C is heard while the engine starts.
        let started = block(py, starting)?;
        let engine = match started {
            Ok(Ok(engine)) => engine,
            Ok(Err(refused)) => {
                py.detach(|| runtime.shutdown_background());
                return Err(Fault::from(refused).raised(py));
            }
            Err(panicked) => {
                let message = format!("the engine stopped while it started: {panicked}");
                return Err(Fault::Error(Error::new(ErrorCode::Internal, "start_engine", message)).raised(py));
            }
        };
        Ok(Self {
            url: engine.url().to_owned(),
            token: engine.token().to_owned(),
            data: engine.data().to_owned(),
            jobs: engine.jobs().iter().map(|job| (job.key.clone(), job.job_id.0)).collect(),
            made: generation(),
            live: Mutex::new(Some((runtime, engine))),
        })
    }

    /// Moves the engine's own clock on by milliseconds; gives the number of runs that triggers started.
    fn advance(&self, py: Python<'_>, ms: i64) -> PyResult<usize> {
        let moving = {
            let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
            // What it starts belongs to the engine's own threads.
            live.as_ref()
                .filter(|_| self.made == generation())
                .map(|(runtime, engine)| runtime.spawn(engine.advance(ms)))
        };
        let broken = |code: ErrorCode, text: String| Fault::Error(Error::new(code, "clock", text)).raised(py);
        let Some(moving) = moving else {
            return Err(broken(ErrorCode::InvalidState, "the engine does not run".to_owned()));
        };
        match block(py, moving)? {
            Ok(moved) => moved.map_err(|error| Fault::Error(error).raised(py)),
            Err(panicked) => Err(broken(ErrorCode::Internal, format!("the clock was not moved: {panicked}"))),
        }
    }

    /// Stops serving and ends every process that the engine started. A second call does nothing.
    fn stop(&self, py: Python<'_>) {
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((runtime, engine)) = live else { return };
        if self.made != generation() {
            // A child of `fork()` has the parent's engine in its memory, and none of its threads.
            std::mem::forget((runtime, engine));
            return;
        }
        py.detach(|| {
            runtime.block_on(engine.shutdown());
            runtime.shutdown_background();
        });
    }

    #[getter]
    fn is_running(&self) -> bool {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).is_some() && self.made == generation()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let live = self.live.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let Some((runtime, engine)) = live else { return };
        if self.made == generation() {
            drop(engine);
            runtime.shutdown_background();
        } else {
            std::mem::forget((runtime, engine));
        }
    }
}

fn read(options: &Bound<'_, PyDict>) -> PyResult<LocalOptions> {
    let given = |name: &str| -> PyResult<Option<Bound<'_, PyAny>>> {
        Ok(options.get_item(name)?.filter(|value| !value.is_none()))
    };
    let path = |name: &str| given(name)?.map(|value| value.extract::<PathBuf>()).transpose();
    let variables: BTreeMap<String, String> =
        given("variables")?.map(|value| value.extract()).transpose()?.unwrap_or_default();
    Ok(LocalOptions {
        bundle: path("bundle")?,
        data: path("data")?,
        port: given("port")?.map(|value| value.extract()).transpose()?.unwrap_or(0),
        target: given("target")?.map(|value| value.extract()).transpose()?,
        variables: variables.into_iter().collect(),
        python: path("python")?,
        allow_unsupported: given("allow_unsupported")?
            .is_some_and(|value| value.is_truthy().unwrap_or(false)),
        triggers: given("triggers")?.is_some_and(|value| value.is_truthy().unwrap_or(false)),
        clock: given("clock")?.map(|value| value.extract()).transpose()?,
        notice: None,
    })
}

/// Carries out a command line of `lakeflow` and gives its exit code.
#[pyfunction]
pub(crate) fn run_command(py: Python<'_>, arguments: Vec<String>) -> u8 {
    py.detach(|| lakeflow_cli::run(arguments))
}
