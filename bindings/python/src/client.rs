//! The client's methods for Python. One class serves both ways: its methods block, or give awaitables, as it was made.

use crate::convert::{DOCUMENT_BYTES, PARAMETER_BYTES, to_value};
use crate::credentials::{Recipe, settings};
use crate::errors;
use crate::outcome::{Fault, TaskOutput, finish, list, object};
use crate::request::{Intent, Target};
use crate::run::{Run, RunData, TaskFailure};
use crate::runtime::{generation, give};
use crate::wait::{Start, Wait, WaitConfig};
use lakeflow_client::Jobs;
use lakeflow_core::api::{self, CreateJob, ListJobs, ListRuns, RepairRun};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::job::wire::Wire;
use lakeflow_core::run::RunText;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde::de::DeserializeOwned;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A connection to a host.
#[pyclass(frozen, module = "lakeflow_jobs._native")]
pub(crate) struct Client {
    recipe: Recipe,
    awaitable: bool,
    live: Mutex<Option<(u64, Jobs)>>,
}

/// What a method gives: an object, or an awaitable of it.
type Given<'py> = PyResult<Bound<'py, PyAny>>;

impl Client {
    /// The client of this process. The lock is only held by threads that hold the interpreter, so that a fork never finds it
    /// taken.
    pub(crate) fn jobs(&self, py: Python<'_>) -> PyResult<Jobs> {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((made, jobs)) = &*live
            && *made == generation()
        {
            return Ok(jobs.clone());
        }
        let jobs = self.recipe.connect().map_err(|error| errors::raised(py, &error))?;
        // The parent's connections are forgotten and not closed: they are the parent's.
        std::mem::forget(live.replace((generation(), jobs.clone())));
        Ok(jobs)
    }

    fn give<'py, T: Send + 'static>(
        &self,
        py: Python<'py>,
        future: impl Future<Output = Result<T, Fault>> + Send + 'static,
        make: impl FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static,
    ) -> Given<'py> {
        give(py, self.awaitable, future, finish(make))
    }

    fn wait(&self, py: Python<'_>, start: Start, config: &Bound<'_, PyDict>) -> PyResult<Wait> {
        Ok(Wait::new(self.jobs(py)?, start, WaitConfig::new(config)?))
    }
}

/// A definition or a request of Python's as a type of the core's. What is wrong with it is told by the core.
fn read<T: DeserializeOwned>(operation: &'static str, value: &Bound<'_, PyAny>, limit: usize) -> PyResult<T> {
    let py = value.py();
    let value = to_value(value, limit)
        .map_err(|list| errors::problems(py, ErrorCode::InvalidDefinition, operation, &list))?;
    serde_json::from_value(value)
        .map_err(|e| errors::raised(py, &Error::new(ErrorCode::InvalidDefinition, operation, e.to_string())))
}

fn run(py: Python<'_>, text: RunText) -> PyResult<Py<PyAny>> {
    Ok(Py::new(py, Run::new(RunData::new(text)))?.into_any())
}

#[expect(clippy::unnecessary_wraps, reason = "what makes an object of a result has this form")]
fn none(py: Python<'_>, (): ()) -> PyResult<Py<PyAny>> {
    Ok(py.None())
}

#[pymethods]
impl Client {
    #[new]
    fn new(options: &Bound<'_, PyDict>, headers: Option<Py<PyAny>>, awaitable: bool) -> PyResult<Self> {
        let recipe = Recipe::new(settings(options)?, headers);
        let recipe = recipe.map_err(|error| errors::raised(options.py(), &error))?;
        Ok(Self { recipe, awaitable, live: Mutex::new(None) })
    }

    /// The same client, giving awaitables or not.
    fn clone(&self, awaitable: bool) -> Self {
        Self { recipe: self.recipe.clone(), awaitable, live: Mutex::new(None) }
    }

    /// The same host for another user.
    fn with_token(&self, py: Python<'_>, token: &str) -> PyResult<Self> {
        let recipe = self.recipe.with_token(token).map_err(|error| errors::raised(py, &error))?;
        Ok(Self { recipe, awaitable: self.awaitable, live: Mutex::new(None) })
    }

    /// The host, without a path.
    #[getter]
    fn host(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.jobs(py)?.workspace().host().as_str().trim_end_matches('/').to_owned())
    }

    fn job_id<'py>(&self, py: Python<'py>, key: &str, id: Option<i64>) -> Given<'py> {
        let (jobs, target) = (self.jobs(py)?, Target::new(key, id));
        let future = async move { Ok(target.id(&jobs).await?.0) };
        self.give(py, future, |py, id| Ok(id.into_pyobject(py)?.into_any().unbind()))
    }

    fn get_job<'py>(&self, py: Python<'py>, key: &str, id: Option<i64>) -> Given<'py> {
        let (jobs, target) = (self.jobs(py)?, Target::new(key, id));
        self.give(py, async move { Ok(target.job(&jobs).get_job().await?) }, |py, job| object(py, &job))
    }

    fn list_jobs<'py>(&self, py: Python<'py>, name: Option<String>) -> Given<'py> {
        let jobs = self.jobs(py)?;
        let future =
            async move { Ok(jobs.list_jobs(ListJobs { name, ..ListJobs::default() }, usize::MAX).await?) };
        self.give(py, future, |py, found| object(py, &found))
    }

    fn create_job<'py>(&self, py: Python<'py>, definition: &Bound<'py, PyAny>) -> Given<'py> {
        let (jobs, job) = (self.jobs(py)?, read::<CreateJob>("create_job", definition, DOCUMENT_BYTES)?);
        let future = async move { Ok(jobs.create_job(&job).await?.0) };
        self.give(py, future, |py, id| Ok(id.into_pyobject(py)?.into_any().unbind()))
    }

    fn reset_job<'py>(&self, py: Python<'py>, id: i64, definition: &Bound<'py, PyAny>) -> Given<'py> {
        let (jobs, settings) = (self.jobs(py)?, read("reset_job", definition, DOCUMENT_BYTES)?);
        self.give(py, async move { Ok(jobs.reset_job(JobId(id), settings).await?) }, none)
    }

    fn delete_job<'py>(&self, py: Python<'py>, id: i64) -> Given<'py> {
        let jobs = self.jobs(py)?;
        self.give(py, async move { Ok(jobs.delete_job(JobId(id)).await?) }, none)
    }

    fn deploy<'py>(&self, py: Python<'py>, definition: &Bound<'py, PyAny>) -> Given<'py> {
        let (jobs, job) = (self.jobs(py)?, read::<CreateJob>("deploy", definition, DOCUMENT_BYTES)?);
        let future = async move {
            let (id, created) = jobs.deploy(job).await?;
            Ok((id.0, created))
        };
        self.give(py, future, |py, made| Ok(made.into_pyobject(py)?.into_any().unbind()))
    }

    fn run_now<'py>(
        &self,
        py: Python<'py>,
        key: &str,
        id: Option<i64>,
        params: &Bound<'py, PyAny>,
        config: &Bound<'py, PyDict>,
    ) -> Given<'py> {
        let intent = Intent::new(Target::new(key, id), params, config)?;
        let jobs = self.jobs(py)?;
        let future = async move {
            let (job, request) = intent.request(&jobs).await?;
            Ok(job.trigger(request).await?.0)
        };
        self.give(py, future, |py, id| Ok(id.into_pyobject(py)?.into_any().unbind()))
    }

    /// The request that `run_now` would send, as a dictionary.
    fn request<'py>(
        &self,
        py: Python<'py>,
        key: &str,
        id: Option<i64>,
        params: &Bound<'py, PyAny>,
        config: &Bound<'py, PyDict>,
    ) -> Given<'py> {
        let intent = Intent::new(Target::new(key, id), params, config)?;
        let jobs = self.jobs(py)?;
        let future = async move { Ok(intent.request(&jobs).await?.1.write()) };
        self.give(py, future, |py, request| object(py, &request))
    }

    fn run_and_wait(
        &self,
        py: Python<'_>,
        key: &str,
        id: Option<i64>,
        params: &Bound<'_, PyAny>,
        config: &Bound<'_, PyDict>,
    ) -> PyResult<Wait> {
        let intent = Intent::new(Target::new(key, id), params, config)?;
        self.wait(py, Start::Run(intent), config)
    }

    fn wait_for(&self, py: Python<'_>, run_id: i64, config: &Bound<'_, PyDict>) -> PyResult<Wait> {
        self.wait(py, Start::Adopt(RunId(run_id)), config)
    }

    fn cancel_and_wait(&self, py: Python<'_>, run_id: i64, config: &Bound<'_, PyDict>) -> PyResult<Wait> {
        self.wait(py, Start::Cancel(RunId(run_id)), config)
    }

    fn repair_run(
        &self,
        py: Python<'_>,
        request: &Bound<'_, PyAny>,
        config: &Bound<'_, PyDict>,
    ) -> PyResult<Wait> {
        let request: RepairRun = read("repair_run", request, PARAMETER_BYTES)?;
        self.wait(py, Start::Repair(Box::new(request)), config)
    }

    fn get_run<'py>(&self, py: Python<'py>, run_id: i64) -> Given<'py> {
        let jobs = self.jobs(py)?;
        self.give(py, async move { Ok(jobs.get_run_text(RunId(run_id)).await?) }, run)
    }

    fn list_runs<'py>(
        &self,
        py: Python<'py>,
        job: Option<(String, Option<i64>)>,
        filter: &Bound<'py, PyAny>,
        most: usize,
    ) -> Given<'py> {
        let jobs = self.jobs(py)?;
        let mut filter: ListRuns = read("list_runs", filter, PARAMETER_BYTES)?;
        let future = async move {
            if let Some((key, id)) = job {
                filter.job_id = Some(Target::new(&key, id).id(&jobs).await?);
            }
            let found = jobs.list_runs(filter, most).await?;
            Ok(found.iter().map(RunText::of).collect::<Vec<_>>())
        };
        self.give(py, future, |py, found| {
            let runs: Vec<Run> = found.into_iter().map(|text| Run::new(RunData::new(text))).collect();
            list(py, runs)
        })
    }

    fn get_run_output<'py>(&self, py: Python<'py>, run_id: i64) -> Given<'py> {
        let jobs = self.jobs(py)?;
        self.give(py, async move { Ok(jobs.get_run_output(RunId(run_id)).await?) }, move |py, output| {
            Ok(Py::new(py, TaskOutput::of(run_id, output))?.into_any())
        })
    }

    fn outputs<'py>(&self, py: Python<'py>, run_id: i64) -> Given<'py> {
        let jobs = self.jobs(py)?;
        self.give(py, async move { Ok(jobs.outputs(RunId(run_id)).await?) }, |py, left| {
            list(py, left.into_iter().map(TaskOutput::left).collect())
        })
    }

    fn failed_iterations<'py>(&self, py: Python<'py>, run_id: i64, most: usize) -> Given<'py> {
        let jobs = self.jobs(py)?;
        let future = async move {
            let run = jobs.get_run(RunId(run_id)).await?;
            Ok(jobs.failed_iterations(&run, most).await?)
        };
        self.give(py, future, |py, failed| list(py, failed.iter().map(TaskFailure::from).collect()))
    }

    /// Rows of a query on the tables of a local engine, as `{columns, rows, truncated}`.
    fn sql<'py>(&self, py: Python<'py>, statement: String, limit: i64, seconds: f64) -> Given<'py> {
        let jobs = self.jobs(py)?;
        let timeout = Duration::try_from_secs_f64(seconds)
            .map_err(|e| pyo3::exceptions::PyValueError::new_err(format!("timeout: {e}")))?;
        let future = async move { Ok(jobs.sql(&statement, Some(limit), timeout).await?) };
        self.give(py, future, |py, rows| object(py, &rows))
    }

    fn run_log<'py>(&self, py: Python<'py>, run_id: i64) -> Given<'py> {
        let jobs = self.jobs(py)?;
        self.give(py, async move { Ok(jobs.run_log(RunId(run_id)).await?) }, |py, log| {
            Ok(log.into_pyobject(py)?.into_any().unbind())
        })
    }

    /// Calls an operation of the API that has a request and an answer and nothing between: its fields in, its answer out.
    fn call<'py>(&self, py: Python<'py>, operation: &str, fields: &Bound<'py, PyAny>) -> Given<'py> {
        let jobs = self.jobs(py)?;
        macro_rules! one_of {
            ($($name:literal: $request:ty),* $(,)?) => {
                match operation {
                    $($name => {
                        let request: $request = read($name, fields, DOCUMENT_BYTES)?;
                        let future = async move { Ok(jobs.workspace().call(&request, jobs.options()).await?.write()) };
                        self.give(py, future, |py, answer| object(py, &answer))
                    })*
                    other => {
                        let message = format!("{other:?} is no operation of this module");
                        Err(errors::raised(py, &Error::new(ErrorCode::InvalidArgument, "call", message)))
                    }
                }
            };
        }
        one_of! {
            "update_job": api::UpdateJob,
            "cancel_all_runs": api::CancelAllRuns,
            "delete_run": api::DeleteRun,
            "export_run": api::ExportRun,
            "get_permissions": api::GetPermissions,
            "set_permissions": api::SetPermissions,
            "update_permissions": api::UpdatePermissions,
            "get_permission_levels": api::GetPermissionLevels,
            "get_policy_compliance": api::GetCompliance,
            "enforce_policy_compliance": api::EnforceCompliance,
        }
    }

    fn list_policy_compliance<'py>(&self, py: Python<'py>, policy: String, most: usize) -> Given<'py> {
        let jobs = self.jobs(py)?;
        let future = async move { Ok(jobs.list_policy_compliance(&policy, most).await?) };
        self.give(py, future, |py, found| object(py, &found))
    }

    fn submit<'py>(&self, py: Python<'py>, request: &Bound<'py, PyAny>) -> Given<'py> {
        let (jobs, request) = (self.jobs(py)?, read("submit", request, DOCUMENT_BYTES)?);
        let future = async move { Ok(jobs.submit(request).await?.0) };
        self.give(py, future, |py, id| Ok(id.into_pyobject(py)?.into_any().unbind()))
    }

    fn submit_and_wait(
        &self,
        py: Python<'_>,
        request: &Bound<'_, PyAny>,
        config: &Bound<'_, PyDict>,
    ) -> PyResult<Wait> {
        let request = read("submit", request, DOCUMENT_BYTES)?;
        self.wait(py, Start::Submit(Box::new(request)), config)
    }

    /// Something has been heard about a run: waits for it look at once.
    fn notify(&self, py: Python<'_>, run_id: i64) -> PyResult<()> {
        self.jobs(py)?.notify(RunId(run_id));
        Ok(())
    }

    fn cancel_run<'py>(&self, py: Python<'py>, run_id: i64) -> Given<'py> {
        let jobs = self.jobs(py)?;
        self.give(py, async move { Ok(jobs.cancel_run(RunId(run_id)).await?) }, none)
    }
}
