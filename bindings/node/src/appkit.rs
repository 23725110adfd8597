//! The `/api/jobs` gateway as a class of JavaScript: a request in, an answer or a stream of events out. The plugin of
//! AppKit and the methods of its handles are both made of it.

use crate::abort::Abort;
use crate::client::Client;
use crate::credentials::AUTHORIZATION;
use crate::fault::{argument, thrown};
use lakeflow_client::routes::{Answer, EventStream, Routes};
use lakeflow_core::door::{self, job_configs, js_text};
use lakeflow_core::error::Error;
use lakeflow_core::gateway::{
    Body, Checked, Incoming, JobRef, ROUTES, Registry, Reply, Settings, WebhookSecret,
};
use lakeflow_core::wait::PollSchedule;
use napi::bindgen_prelude::{AsyncBlock, AsyncBlockBuilder, Buffer, Promise, spawn};
use napi::threadsafe_function::ThreadsafeFunction;
use napi::{Env, Result, Status};
use napi_derive::napi;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// The host's own check of parameters: JSON text `{key, params}` in, `{valid}`, `{invalid}` or `{broken}` out. Weak: routes
/// that are not used keep no process alive.
pub type CheckCallback = ThreadsafeFunction<String, Promise<String>, String, Status, false, true>;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Given {
    plugin: Option<String>,
    environment: Vec<(String, String)>,
    jobs: Map<String, Value>,
    webhook: Option<GivenSecret>,
    /// Distance of polls at the beginning, in milliseconds; they grow to six times of it.
    poll_interval_ms: Option<u64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum GivenSecret {
    Basic { username: String, password: String },
    Bearer { token: String },
}

impl Given {
    fn read(text: &str) -> std::result::Result<Self, Error> {
        serde_json::from_value(door::parse("configure", text)?).map_err(|e| argument("configure", e))
    }

    fn registry(&self) -> std::result::Result<Registry, Error> {
        Ok(Registry::discover(&self.environment, &job_configs(&self.jobs)?))
    }
}

/// What environment and configuration say about jobs, as JSON text.
#[napi]
pub fn read_registry(settings: String) -> Result<String> {
    let registry = Given::read(&settings).and_then(|given| given.registry()).map_err(|e| thrown(&e))?;
    Ok(described(&registry))
}

fn described(registry: &Registry) -> String {
    let jobs: Vec<Value> = registry
        .entries()
        .iter()
        .map(|entry| {
            let (id, name) = match &entry.job {
                JobRef::Id(id) => (Some(id.to_string()), None),
                JobRef::Name(name) => (None, Some(name.clone())),
                JobRef::Missing => (None, None),
            };
            json!({"key": entry.key, "id": id, "name": name, "variable": entry.variable, "withoutId": entry.without_id()})
        })
        .collect();
    js_text(&json!({
        "jobs": jobs,
        "ignored": registry.ignored(),
        "requirements": registry.requirements(),
        "clientConfig": registry.client_config(),
    }))
}

/// The routes that a host registers, as JSON text: `name`, `method`, `path`.
#[napi]
pub fn gateway_routes() -> String {
    js_text(&ROUTES)
}

/// A request.
#[napi(object, object_to_js = false)]
pub struct GatewayRequest {
    /// `GET`, `POST`, `DELETE`.
    pub method: String,
    /// Below the mount, with the query.
    pub path: String,
    /// Names and values.
    pub headers: Vec<Vec<String>>,
    /// The whole body.
    pub body: Option<Buffer>,
    /// The whole body as text.
    pub text: Option<String>,
    /// Who asks.
    pub client: Option<String>,
    /// The program itself asks.
    pub program: Option<bool>,
    /// A whole answer has to be there after this many milliseconds.
    pub timeout_ms: Option<u32>,
    /// The `Authorization` header of the identity as it is now; without it the client's credentials are asked.
    pub authorization: Option<String>,
}

impl GatewayRequest {
    fn incoming(self) -> Incoming {
        let pair = |header: Vec<String>| {
            let mut parts = header.into_iter();
            Some((parts.next()?, parts.next()?))
        };
        let body = match (self.body, self.text) {
            (Some(body), _) => body.to_vec(),
            (None, Some(text)) => text.into_bytes(),
            (None, None) => Vec::new(),
        };
        Incoming {
            method: self.method,
            path: self.path,
            headers: self.headers.into_iter().filter_map(pair).collect(),
            body,
            client: self.client.unwrap_or_default(),
            nonce: String::new(),
            program: self.program.unwrap_or(false),
        }
    }
}

/// What a request came to: a whole answer, or a stream.
#[napi]
pub struct GatewayAnswer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Option<String>,
    error: Option<String>,
    stream: Option<Box<EventStream>>,
}

#[napi]
impl GatewayAnswer {
    /// HTTP status.
    #[napi(getter)]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Names and values.
    #[napi(getter)]
    pub fn headers(&self) -> Vec<Vec<String>> {
        self.headers.iter().map(|(name, value)| vec![name.clone(), value.clone()]).collect()
    }

    /// JSON text, or nothing; taken out once.
    #[napi]
    pub fn body(&mut self) -> Option<String> {
        self.body.take()
    }

    /// What went wrong, for the host's log.
    #[napi(getter)]
    pub fn error(&self) -> Option<String> {
        self.error.clone()
    }

    /// The stream; taken out once.
    #[napi]
    pub fn stream(&mut self) -> Option<EventHandle> {
        self.stream.take().map(EventHandle::new)
    }
}

impl From<Reply> for GatewayAnswer {
    fn from(reply: Reply) -> Self {
        Self {
            status: reply.status,
            headers: reply.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            body: match reply.body {
                Body::Empty => None,
                Body::Json(value) => Some(js_text(&value)),
            },
            error: reply.error.map(|error| error.to_string()),
            stream: None,
        }
    }
}

impl From<Box<EventStream>> for GatewayAnswer {
    fn from(stream: Box<EventStream>) -> Self {
        let (status, headers) = stream.head();
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { status, headers, body: None, error: None, stream: Some(stream) }
    }
}

/// The events of a wait.
#[napi]
pub struct EventHandle {
    stream: Arc<tokio::sync::Mutex<Option<Box<EventStream>>>>,
    closing: Arc<watch::Sender<bool>>,
    /// Nothing that was sent was received.
    undelivered: Arc<Mutex<bool>>,
}

impl EventHandle {
    fn new(stream: Box<EventStream>) -> Self {
        Self {
            stream: Arc::new(tokio::sync::Mutex::new(Some(stream))),
            closing: Arc::new(watch::Sender::new(false)),
            undelivered: Arc::default(),
        }
    }

    fn next(&self, env: Env, frames: bool) -> Result<AsyncBlock<Option<String>>> {
        let stream = self.stream.clone();
        let undelivered = self.undelivered.clone();
        let mut closing = self.closing.subscribe();
        AsyncBlockBuilder::new(async move {
            let mut held = stream.lock().await;
            let Some(open) = held.as_mut() else { return Ok(None) };
            let next = async {
                if frames {
                    open.next_frame().await
                } else {
                    let event = open.next_event().await?;
                    Some(js_text(&json!({"id": event.id, "event": event.event, "data": event.data})))
                }
            };
            let told = tokio::select! {
                biased;
                _ = closing.wait_for(|closed| *closed) => None,
                told = next => told,
            };
            if told.is_none()
                && let Some(mut over) = held.take()
            {
                if *undelivered.lock().unwrap_or_else(PoisonError::into_inner) {
                    over.undelivered();
                }
                finish(over);
            }
            Ok(told)
        })
        .build(&env)
    }
}

#[napi]
impl EventHandle {
    /// The next event, or a heartbeat, as it goes over the wire; `null` at the end.
    #[napi]
    pub fn next_frame(&self, env: &Env) -> Result<AsyncBlock<Option<String>>> {
        self.next(*env, true)
    }

    /// The next event as JSON text, `{id, event, data}`; `null` at the end.
    #[napi]
    pub fn next_event(&self, env: &Env) -> Result<AsyncBlock<Option<String>>> {
        self.next(*env, false)
    }

    /// Ends the stream: a `next` that is under way gives `null`. With `undelivered` the client received nothing of it.
    #[napi]
    pub fn close(&self, undelivered: bool) {
        *self.undelivered.lock().unwrap_or_else(PoisonError::into_inner) = undelivered;
        self.closing.send_replace(true);
        // Nobody may be asking any more.
        if let Ok(mut held) = self.stream.try_lock()
            && let Some(mut over) = held.take()
        {
            if undelivered {
                over.undelivered();
            }
            finish(over);
        }
    }
}

/// Stops a wait and sees it to its end, which is where a run is cancelled whose wait asked for that.
fn finish(mut over: Box<EventStream>) {
    over.stop();
    spawn(async move { while over.next_event().await.is_some() {} });
}

/// The routes of an app's jobs.
#[napi]
pub struct AppGateway {
    routes: Routes,
}

#[napi]
impl AppGateway {
    /// Reads the configuration; nothing is sent.
    #[napi(constructor)]
    pub fn new(settings: String, check: Option<CheckCallback>) -> Result<Self> {
        Self::make(&settings, check).map_err(|e| thrown(&e))
    }

    /// What environment and configuration say about jobs, as JSON text.
    #[napi]
    pub fn registry(&self) -> String {
        self.routes.registry(described)
    }

    /// A sentence about a key that is not there.
    #[napi]
    pub fn unknown(&self, key: String) -> String {
        self.routes.registry(|registry| registry.unknown(&key))
    }

    /// Answers a request under the identity of a client.
    #[napi]
    pub fn handle(
        &self,
        env: &Env,
        client: &Client,
        request: GatewayRequest,
        abort: Option<&Abort>,
    ) -> Result<AsyncBlock<GatewayAnswer>> {
        let (routes, jobs) = (self.routes.clone(), client.jobs().clone());
        let timeout = request.timeout_ms.map(|ms| Duration::from_millis(ms.into()));
        let authorization = request.authorization.clone();
        let incoming = request.incoming();
        let work = async move {
            Ok(match routes.handle_within(&jobs, incoming, timeout).await {
                Answer::Reply(reply) => GatewayAnswer::from(reply),
                Answer::Stream(stream) => GatewayAnswer::from(stream),
            })
        };
        let work = async move {
            match authorization {
                Some(authorization) => AUTHORIZATION.scope(authorization, work).await,
                None => work.await,
            }
        };
        AsyncBlockBuilder::new(Abort::race(abort, work)).build(env)
    }
}

impl AppGateway {
    fn make(settings: &str, check: Option<CheckCallback>) -> std::result::Result<Self, Error> {
        let given = Given::read(settings)?;
        let registry = given.registry()?;
        let webhook = given.webhook.map(|secret| match secret {
            GivenSecret::Basic { username, password } => WebhookSecret::Basic { username, password },
            GivenSecret::Bearer { token } => WebhookSecret::Bearer(token),
        });
        let plugin = given.plugin.unwrap_or_else(|| Settings::default().plugin);
        let mut routes = Routes::new(registry, Settings { plugin, webhook })?;
        if let Some(callback) = check {
            let callback = Arc::new(callback);
            routes = routes.with_check(Arc::new(move |key, params| {
                let callback = callback.clone();
                Box::pin(async move { checked(&callback, &key, &params).await })
            }));
        }
        if let Some(interval) = given.poll_interval_ms {
            let floor_ms = interval.max(1);
            routes = routes.with_schedule(PollSchedule {
                floor_ms,
                cap_ms: floor_ms.saturating_mul(6),
                ..PollSchedule::WORKSPACE
            });
        }
        Ok(Self { routes })
    }
}

/// What the host's check says. It never throws: what went wrong is told.
async fn checked(callback: &CheckCallback, key: &str, params: &Value) -> Checked {
    let answer = callback.call_async(js_text(&json!({"key": key, "params": params}))).await;
    let text = match answer {
        Ok(promise) => promise.await,
        Err(error) => Err(error),
    };
    let told: std::result::Result<Value, String> = text
        .map_err(|e| e.reason.clone())
        .and_then(|text| serde_json::from_str(&text).map_err(|e| e.to_string()));
    match told {
        Ok(Value::Object(mut told)) => match (told.shift_remove("valid"), told.shift_remove("invalid")) {
            (Some(params), _) => Checked::Valid(params),
            (None, Some(details)) => Checked::Invalid(details),
            (None, None) => Checked::Broken(told.get("broken").map(ToString::to_string).unwrap_or_default()),
        },
        Ok(other) => Checked::Broken(format!("the check answered {other}")),
        Err(e) => Checked::Broken(e),
    }
}
