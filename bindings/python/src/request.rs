//! From what Python gives for a run to the request that starts it: checked where it is, converted once, mapped by the core.

use crate::convert::{PARAMETER_BYTES, to_value};
use crate::errors;
use crate::instance::Object;
use crate::outcome::Fault;
use crate::rules::{ParamSchema, read_task_type};
use lakeflow_client::{Job, Jobs};
use lakeflow_core::api::RunNow;
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::id::JobId;
use lakeflow_core::job::run_fields;
use lakeflow_core::mapping::map_params;
use lakeflow_core::problem::Problem;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::{Map, Value};

/// A job as Python names it.
#[derive(Clone)]
pub(crate) struct Target {
    key: String,
    id: Option<i64>,
}

/// What a run is started with, before the job is looked up.
pub(crate) struct Intent {
    pub(crate) target: Target,
    params: Params,
    only: Vec<String>,
    token: Option<String>,
}

enum Params {
    /// Fields of the request.
    Fields(Map<String, Value>),
    /// Where they go is for the job's definition to say.
    Named(Value),
}

impl Target {
    pub(crate) fn new(key: &str, id: Option<i64>) -> Self {
        Self { key: key.to_owned(), id }
    }

    /// The job: by its configured id, else by number or name.
    pub(crate) fn job(&self, jobs: &Jobs) -> Job {
        jobs.job(&self.id.map_or_else(|| self.key.clone(), |id| id.to_string()))
    }

    pub(crate) async fn id(&self, jobs: &Jobs) -> Result<JobId, Error> {
        self.job(jobs).id().await
    }
}

impl Intent {
    /// Checks and converts. `config` may have `task_type`, `schema`, `only`, `idempotency_token`, and `fields` for parameters
    /// that are the request's fields already.
    pub(crate) fn new(
        target: Target,
        params: &Bound<'_, PyAny>,
        config: &Bound<'_, PyDict>,
    ) -> PyResult<Self> {
        let py = params.py();
        let given = |name: &str| -> PyResult<Option<Bound<'_, PyAny>>> {
            Ok(config.get_item(name)?.filter(|value| !value.is_none()))
        };
        if let Some(schema) = given("schema")? {
            check(params, &schema)?;
        }
        let task_type = given("task_type")?.map(|name| read_task_type(py, &name.extract::<String>()?));
        let task_type = task_type.transpose()?;
        let as_fields = given("fields")?.is_some();
        let refused =
            |list: Vec<Problem>| errors::problems(py, ErrorCode::InvalidParameters, "run_now", &list);
        let value = to_value(params, PARAMETER_BYTES).map_err(refused)?;
        let params = match (task_type, value) {
            (None, named) if !as_fields && !is_empty(&named) => Params::Named(named),
            (task_type, value) => Params::Fields(map_params(task_type, &value).map_err(refused)?),
        };
        let only = given("only")?.map(|only| only.extract()).transpose()?.unwrap_or_default();
        let token = given("idempotency_token")?.map(|token| token.extract()).transpose()?;
        Ok(Self { target, params, only, token })
    }

    /// The request, with a fresh idempotency token unless one was given. A name is looked up, and a definition where that
    /// decides.
    pub(crate) async fn request(self, jobs: &Jobs) -> Result<(Job, RunNow), Fault> {
        let job = self.target.job(jobs);
        let mut fields = match self.params {
            Params::Fields(fields) => fields,
            Params::Named(params) => {
                let found = job.get_job().await?;
                let settings = found.settings.ok_or_else(|| {
                    let message = "the host sent the job without its definition";
                    Error::new(ErrorCode::Malformed, "get_job", message)
                })?;
                let mapped = run_fields(&settings, &params);
                mapped.map_err(|list| Fault::Problems(ErrorCode::InvalidParameters, "run_now", list))?
            }
        };
        if !self.only.is_empty() {
            fields.insert("only".to_owned(), Value::from(self.only));
        }
        if let Some(token) = self.token {
            fields.insert("idempotency_token".to_owned(), Value::from(token));
        }
        let request = job.request(&Value::Object(fields)).await?;
        Ok((job, request))
    }
}

/// No parameters need no definition to be looked up.
fn is_empty(params: &Value) -> bool {
    params.is_null() || params.as_object().is_some_and(Map::is_empty)
}

fn check(params: &Bound<'_, PyAny>, schema: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = params.py();
    let schema = schema.cast::<ParamSchema>()?;
    let found = if params.is_none() {
        schema.get().compiled().validate(Object::new(PyDict::new(py).into_any()))
    } else {
        schema.get().compiled().validate(Object::new(params.clone()))
    };
    if found.is_empty() { Ok(()) } else { Err(errors::violations(py, "run_now", &found)) }
}
