//! One job: trigger it, wait for it, look at its runs.

use crate::jobs::Jobs;
use crate::options::Abort;
use crate::wait::{Running, WaitOptions};
use lakeflow_core::api::{self, Endpoint, ListRuns, RunNow, SubmitRun};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::gateway::{Entry, JobRef, ParamCheck};
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::job::wire::Wire;
use lakeflow_core::mapping::{TaskType, check_run_now, map_params};
use lakeflow_core::params::{ParamSchema, Violation};
use lakeflow_core::problem::Problem;
use lakeflow_core::run::RunDoc;
use lakeflow_core::wait::Goal;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

/// What is known of a job beforehand.
#[derive(Clone, Default)]
pub struct JobConfig {
    /// Its id; without one it is looked up by its name.
    pub id: Option<JobId>,
    /// Its unique name; without one the key is the name.
    pub name: Option<String>,
    /// What its parameters are for; without it parameters are the fields of the run-now request.
    pub task_type: Option<TaskType>,
    /// What its parameters must look like.
    pub params: Option<Arc<ParamSchema>>,
}

impl JobConfig {
    /// What a registry says of a job.
    pub(crate) fn of(entry: &Entry) -> Result<Self, Error> {
        let (id, name) = match &entry.job {
            JobRef::Id(id) => (Some(*id), None),
            JobRef::Name(name) => (None, Some(name.clone())),
            JobRef::Missing => (None, None),
        };
        let params = match &entry.config.check {
            ParamCheck::Schema(schema) => {
                let compiled = ParamSchema::compile(schema).map_err(|problems| {
                    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
                    let message = format!("the schema of the job {:?}: {}", entry.key, told.join("; "));
                    Error::new(ErrorCode::InvalidArgument, "configure", message)
                })?;
                Some(Arc::new(compiled))
            }
            ParamCheck::None | ParamCheck::Host(_) => None,
        };
        Ok(Self { id, name, task_type: entry.config.task_type, params })
    }
}

impl fmt::Debug for JobConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JobConfig({:?}, {:?})", self.id, self.task_type)
    }
}

/// A job of a workspace.
#[derive(Clone, Debug)]
pub struct Job {
    jobs: Jobs,
    key: String,
    config: JobConfig,
}

impl Job {
    pub(crate) fn new(jobs: Jobs, key: &str, config: JobConfig) -> Self {
        Self { jobs, key: key.to_owned(), config }
    }

    /// The id: configured, or that of the one job with the configured name; without either the key itself when it is a
    /// number, or that of the one job whose name is the key.
    pub async fn id(&self) -> Result<JobId, Error> {
        if let Some(id) = self.config.id {
            return Ok(id);
        }
        if self.config.name.is_none()
            && let Ok(id) = self.key.parse()
        {
            return Ok(id);
        }
        let name = self.config.name.as_deref().unwrap_or(&self.key);
        self.jobs.find(name).await?.ok_or_else(|| {
            let message = match &self.config.name {
                Some(name) => format!("there is no job named {name:?}"),
                None => format!("there is no job with the key, name or id {name:?}"),
            };
            Error::new(ErrorCode::NotFound, "find_job", message)
        })
    }

    /// The stored job.
    pub async fn get_job(&self) -> Result<api::Job, Error> {
        self.jobs.get_job(self.id().await?).await
    }

    /// The request that starts a run with these parameters: checked against the schema, mapped to the task type, with a
    /// fresh idempotency token. Nothing is sent, except to look up a name.
    pub async fn request(&self, params: &Value) -> Result<RunNow, Error> {
        if let Some(schema) = &self.config.params {
            let told: Vec<String> = schema.validate(params).iter().map(violation).collect();
            if !told.is_empty() {
                return Err(invalid(told));
            }
        }
        let fields = map_params(self.config.task_type, params).map_err(|problems| refused(&problems))?;
        let mut body = Value::Object(fields);
        body["job_id"] = Value::from(self.id().await?.0);
        serde_json::from_value(body).map_err(|e| invalid(vec![e.to_string()])).map(|mut request: RunNow| {
            request.idempotency_token.get_or_insert_with(fresh_token);
            request
        })
    }

    /// Starts a run and gives its id. However often the network fails, one run is started.
    pub async fn run_now(&self, params: &Value) -> Result<RunId, Error> {
        let request = self.request(params).await?;
        self.trigger(request).await
    }

    /// As [`Job::run_now`], with a request of the caller's. A missing idempotency token is minted, a given one is used as it
    /// is.
    pub async fn trigger(&self, request: RunNow) -> Result<RunId, Error> {
        Ok(trigger(&self.jobs, request).await?.run_id)
    }

    /// Starts a run and waits for its end.
    pub async fn run_and_wait(&self, params: &Value, options: WaitOptions) -> Result<Running, Error> {
        let request = self.request(params).await?;
        self.trigger_and_wait(request, options)
    }

    /// As [`Job::run_and_wait`], with a request of the caller's.
    pub fn trigger_and_wait(&self, request: RunNow, options: WaitOptions) -> Result<Running, Error> {
        Ok(self.jobs.follow(Goal::RunNow(Box::new(with_token(request)?)), options))
    }

    /// The run that started last, if there is one.
    pub async fn last_run(&self) -> Result<Option<RunDoc>, Error> {
        Ok(self.list_runs(1).await?.pop())
    }

    /// Runs of the job, newest start first, at most `most`.
    pub async fn list_runs(&self, most: usize) -> Result<Vec<RunDoc>, Error> {
        let filter = ListRuns { job_id: Some(self.id().await?), ..ListRuns::default() };
        self.jobs.list_runs(filter, most).await
    }
}

fn invalid(told: Vec<String>) -> Error {
    Error::new(ErrorCode::InvalidParameters, "run_now", told.join("; "))
}

fn refused(problems: &[Problem]) -> Error {
    invalid(
        problems
            .iter()
            .map(|p| if p.path.is_empty() { p.message.clone() } else { format!("{}: {}", p.path, p.message) })
            .collect(),
    )
}

fn violation(violation: &Violation) -> String {
    if violation.path.is_empty() {
        violation.message.clone()
    } else {
        format!("{}: {}", violation.path, violation.message)
    }
}

/// A token that no other intent has.
fn fresh_token() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// A request that starts a run.
pub(crate) trait Trigger: Wire {
    /// Its idempotency token.
    fn token(&mut self) -> &mut Option<String>;
}

impl Trigger for RunNow {
    fn token(&mut self) -> &mut Option<String> {
        &mut self.idempotency_token
    }
}

impl Trigger for SubmitRun {
    fn token(&mut self) -> &mut Option<String> {
        &mut self.idempotency_token
    }
}

/// Sends a request that starts a run. When it ends without an answer the run may have been started all the same: the error
/// then names the token, and the same request with it gives that run.
pub(crate) async fn trigger<R: Trigger + Endpoint>(jobs: &Jobs, request: R) -> Result<R::Answer, Error> {
    let mut request = with_token(request)?;
    let token = request.token().clone().unwrap_or_default();
    let unsent = jobs.options().abort.as_ref().is_some_and(Abort::is_aborted);
    jobs.begin().call(&request).await.map_err(|mut error| {
        if unsent {
            return error;
        }
        if matches!(error.code, ErrorCode::Interrupted | ErrorCode::DeadlineExceeded) {
            error.message.push_str(
                "; the run may have been started: the same request with its idempotency token gives its id",
            );
        }
        error.with("idempotency_token", token)
    })
}

/// The request with a token, and within the limits of the API, whoever wrote it.
pub(crate) fn with_token<R: Trigger>(mut request: R) -> Result<R, Error> {
    request.token().get_or_insert_with(fresh_token);
    let Value::Object(fields) = request.write() else { return Ok(request) };
    let problems = check_run_now(&fields);
    if problems.is_empty() { Ok(request) } else { Err(refused(&problems)) }
}
