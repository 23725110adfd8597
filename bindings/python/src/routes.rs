//! The `/api/jobs` routes for ASGI programs: a request in, an answer or a stream of frames out.

use crate::client::Client;
use crate::errors;
use crate::outcome::Fault;
use crate::rules::read_task_type;
use crate::runtime::give;
use lakeflow_client::routes::{Answer, EventStream as Frames, Routes as Served};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::gateway::{Body, Incoming, JobConfig, ParamCheck, Registry, Settings, WebhookSecret};
use lakeflow_core::id::JobId;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Mutex;

/// The routes of a program's jobs.
#[pyclass(frozen, module = "lakeflow_jobs._native")]
pub(crate) struct Routes {
    routes: Served,
}

/// The events of one answer.
#[pyclass(frozen, module = "lakeflow_jobs._native")]
pub(crate) struct EventStream {
    frames: Arc<Mutex<Frames>>,
}

#[pymethods]
impl Routes {
    #[new]
    fn new(
        py: Python<'_>,
        configured: Vec<(String, Bound<'_, PyDict>)>,
        environment: BTreeMap<String, String>,
        webhook_secret: Option<String>,
    ) -> PyResult<Self> {
        let configured = configured
            .into_iter()
            .map(|(key, fields)| Ok((key, config(&fields)?)))
            .collect::<PyResult<Vec<_>>>()?;
        let environment: Vec<(String, String)> = environment.into_iter().collect();
        let settings = Settings { webhook: webhook_secret.map(WebhookSecret::Bearer), ..Settings::default() };
        let routes = Served::new(Registry::discover(&environment, &configured), settings);
        Ok(Self { routes: routes.map_err(|error| errors::raised(py, &error))? })
    }

    /// The keys of the jobs that are served.
    #[getter]
    fn keys(&self) -> Vec<String> {
        self.routes.registry(|registry| registry.entries().iter().map(|entry| entry.key.clone()).collect())
    }

    /// Answers a request: status, headers, body, and a stream of events when that is the body.
    #[expect(clippy::too_many_arguments, reason = "the parts of a request, as ASGI has them")]
    fn handle<'py>(
        &self,
        py: Python<'py>,
        client: &Client,
        method: String,
        path: String,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
        who: String,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (routes, jobs) = (self.routes.clone(), client.jobs(py)?);
        let incoming = Incoming { method, path, headers, body, client: who, ..Incoming::default() };
        give(py, true, async move { routes.handle(&jobs, incoming).await }, |py, answer| {
            Ok(parts(py, answer)?.into_any().unbind())
        })
    }
}

#[pymethods]
impl EventStream {
    /// The next event as it goes over the wire, or a heartbeat; `None` at the end.
    fn next_frame<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let frames = self.frames.clone();
        give(py, true, async move { frames.lock().await.next_frame().await }, |py, frame| {
            Ok(frame.into_pyobject(py)?.into_any().unbind())
        })
    }

    /// The client was gone before it received any of it.
    fn undelivered(&self) {
        // A frame that is being waited for was not delivered either, and says so itself.
        if let Ok(mut frames) = self.frames.try_lock() {
            frames.undelivered();
        }
    }
}

fn parts(py: Python<'_>, answer: Answer) -> PyResult<Bound<'_, PyAny>> {
    let (status, mut headers, body, stream) = match answer {
        Answer::Reply(reply) => {
            let headers: Vec<(String, String)> =
                reply.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            let body = match reply.body {
                Body::Empty => None,
                Body::Json(value) => Some(value.to_string()),
            };
            (reply.status, headers, body, None)
        }
        Answer::Stream(frames) => {
            let (status, head) = frames.head();
            let head = head.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let stream = EventStream { frames: Arc::new(Mutex::new(*frames)) };
            (status, head, None, Some(Py::new(py, stream)?))
        }
    };
    if let Some(text) = &body {
        headers.push(("content-type".to_owned(), "application/json; charset=utf-8".to_owned()));
        headers.push(("content-length".to_owned(), text.len().to_string()));
    }
    let body = PyBytes::new(py, body.unwrap_or_default().as_bytes());
    (status, headers, body, stream).into_pyobject(py).map(Bound::into_any)
}

fn config(fields: &Bound<'_, PyDict>) -> PyResult<JobConfig> {
    let py = fields.py();
    let given = |name: &str| -> PyResult<Option<Bound<'_, PyAny>>> {
        Ok(fields.get_item(name)?.filter(|value| !value.is_none()))
    };
    let schema = given("schema")?.map(|text| text.extract::<String>()).transpose()?;
    let schema = schema.map(|text| serde_json::from_str::<Value>(&text)).transpose().map_err(|e| {
        let error = Error::new(ErrorCode::Malformed, "configure", format!("the schema is not JSON: {e}"));
        Fault::Error(error).raised(py)
    })?;
    let seconds = given("wait_timeout")?.map(|value| value.extract::<f64>()).transpose()?;
    let task_type = given("task_type")?.map(|name| read_task_type(py, &name.extract::<String>()?));
    Ok(JobConfig {
        id: given("id")?.map(|id| id.extract().map(JobId)).transpose()?,
        wait_timeout_ms: seconds.map(|seconds| (seconds * 1000.0) as u64),
        task_type: task_type.transpose()?,
        check: schema.map_or(ParamCheck::None, ParamCheck::Schema),
        ..JobConfig::default()
    })
}
