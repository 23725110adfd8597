//! The `/api/jobs` gateway as a class of JavaScript: a request in, an answer or a stream of events out. The plugin of
//! AppKit and the methods of its handles are both made of it.

use crate::client::Client;
use crate::credentials::AUTHORIZATION;
use crate::fault::{argument, thrown};
use crate::inbox::{Inbox, Owed, Told, Wake};
use crate::pieces;
use crate::stream::{Form, Reins, deliver};
use lakeflow_client::routes::{Answer, EventStream, Routes};
use lakeflow_core::door::{self, job_configs, js_text};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::gateway::{
    Body, Checked, HEARTBEAT, HEARTBEAT_MS, Incoming, JobRef, ROUTES, Registry, Reply, Settings,
    WebhookSecret,
};
use lakeflow_core::wait::PollSchedule;
use napi::bindgen_prelude::{Buffer, Promise};
use napi::threadsafe_function::ThreadsafeFunction;
use napi::{Result, Status};
use napi_derive::napi;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

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

/// What keeps a stream open on which nothing happens, as JSON text: `frame`, and after how many milliseconds it is due (`afterMs`).
#[napi]
pub fn gateway_heartbeat() -> String {
    js_text(&json!({"frame": HEARTBEAT, "afterMs": HEARTBEAT_MS}))
}

/// A request.
#[napi(object, object_to_js = false)]
pub struct GatewayRequest {
    /// `GET`, `POST`, `DELETE`.
    pub method: String,
    /// Below the mount, with the query.
    pub path: String,
    /// Names, each followed by its value.
    pub headers: Vec<String>,
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
        let mut headers = self.headers.into_iter();
        let headers = std::iter::from_fn(|| Some((headers.next()?, headers.next()?))).collect();
        let body = match (self.body, self.text) {
            (Some(body), _) => body.to_vec(),
            (None, Some(text)) => text.into_bytes(),
            (None, None) => Vec::new(),
        };
        Incoming {
            method: self.method,
            path: self.path,
            headers,
            body,
            client: self.client.unwrap_or_default(),
            nonce: String::new(),
            program: self.program.unwrap_or(false),
        }
    }
}

/// A whole answer, as JavaScript is told it, and the pieces of a long one.
fn told(ticket: u32, reply: Reply, form: Form) -> (Told, Vec<String>) {
    let headers: Vec<Vec<String>> =
        reply.headers.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    let (text, pieces) = match reply.body {
        Body::Empty => (None, Vec::new()),
        Body::Json(value) => {
            let (text, pieces) = pieces::of(value, form);
            (Some(text), pieces)
        }
    };
    let told = Told {
        ticket,
        status: Some(reply.status),
        headers: (!headers.is_empty()).then_some(headers),
        text,
        pieces: (!pieces.is_empty()).then_some(pieces.len() as u32),
        error: reply.error.map(|error| error.to_string()),
        ..Told::default()
    };
    (told, pieces)
}

/// A stream that was opened.
fn opened(ticket: u32, stream: &EventStream) -> Told {
    let (status, headers) = stream.head();
    let headers = headers.iter().map(|(name, value)| vec![(*name).to_owned(), (*value).to_owned()]).collect();
    Told { ticket, status: Some(status), headers: Some(headers), stream: Some(true), ..Told::default() }
}

/// The streams that are open, by the tickets of their requests.
type Open = Arc<Mutex<HashMap<u32, Arc<Reins>>>>;

fn held(open: &Open) -> MutexGuard<'_, HashMap<u32, Arc<Reins>>> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The routes of an app's jobs.
#[napi]
pub struct AppGateway {
    routes: Routes,
    inbox: Arc<Inbox>,
    open: Open,
}

#[napi]
impl AppGateway {
    /// Reads the configuration; nothing is sent. `wake` is called when there is something to take.
    #[napi(constructor)]
    pub fn new(settings: String, wake: Wake, check: Option<CheckCallback>) -> Result<Self> {
        let routes = Self::make(&settings, check).map_err(|e| thrown(&e))?;
        Ok(Self { routes, inbox: Arc::new(Inbox::new(wake)), open: Open::default() })
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

    /// Answers a request under the identity of a client. The answer, and the events of a stream, come by the inbox under the
    /// ticket.
    #[napi]
    pub fn submit(&self, client: &Client, request: GatewayRequest, ticket: u32) -> Result<()> {
        let (routes, jobs) = (self.routes.clone(), client.jobs().clone());
        let (inbox, open) = (self.inbox.clone(), self.open.clone());
        let owed = Owed::new(inbox.clone(), ticket);
        let timeout = request.timeout_ms.map(|ms| Duration::from_millis(ms.into()));
        let authorization = request.authorization.clone();
        client.learn(authorization.as_deref());
        let form = if request.program == Some(true) { Form::Objects } else { Form::Frames };
        let incoming = request.incoming();
        let work = async move {
            let handled = routes.handle_within(&jobs, incoming, timeout);
            let answer = match authorization {
                Some(authorization) => AUTHORIZATION.scope(authorization, handled).await,
                None => handled.await,
            };
            match answer {
                Answer::Reply(reply) => {
                    let (told, pieces) = told(ticket, reply, form);
                    owed.pay_with(told, pieces);
                }
                Answer::Stream(stream) => {
                    let reins = Arc::new(Reins::new(form));
                    held(&open).insert(ticket, reins.clone());
                    let head = opened(ticket, &stream);
                    deliver(stream, form, reins, inbox, owed, head).await;
                    held(&open).remove(&ticket);
                }
            }
        };
        drop(runtime().map_err(|e| thrown(&e))?.spawn(work));
        Ok(())
    }

    /// A stream may tell so many events more.
    #[napi]
    pub fn more(&self, ticket: u32, events: u32) {
        if let Some(reins) = held(&self.open).get(&ticket) {
            reins.more(events as usize);
        }
    }

    /// Ends a stream, whose end is told. With `undelivered` the client received nothing of it.
    #[napi]
    pub fn close(&self, ticket: u32, undelivered: bool) {
        if let Some(reins) = held(&self.open).get(&ticket) {
            reins.close(undelivered);
        }
    }

    /// The next answers and events, at most so many; none when there is nothing now, which is woken for.
    #[napi]
    pub fn take(&self, most: u32) -> Vec<Told> {
        self.inbox.take(most as usize)
    }
}

impl AppGateway {
    fn make(settings: &str, check: Option<CheckCallback>) -> std::result::Result<Routes, Error> {
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
        Ok(routes)
    }
}

/// What answers requests: a runtime of one thread. A request is handed from one thread to the next as seldom as it can be, which
/// is what most of its time would go into; calls of `Jobs`, some of which read long documents, have the addon's own threads.
fn runtime() -> std::result::Result<&'static Runtime, Error> {
    static RUNTIME: LazyLock<std::io::Result<Runtime>> = LazyLock::new(|| {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("lakeflow-appkit")
            .enable_all()
            .build()?;
        // A timer that is due before all others wakes the thread that watches them, and the time-out of a call would be that
        // again and again. This one is due earlier.
        drop(runtime.spawn(async {
            loop {
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
        }));
        Ok(runtime)
    });
    RUNTIME.as_ref().map_err(|e| Error::new(ErrorCode::Internal, "route", format!("no thread for it: {e}")))
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
