//! The `/api/jobs` gateway as a class of JavaScript: a request in, an answer or a stream of events out. The plugin of
//! AppKit and the methods of its handles are both made of it.

use crate::client::Client;
use crate::credentials::AUTHORIZATION;
use crate::fault::{argument, thrown};
use crate::inbox::{Cell, Inbox, More, Owed, Told, Wake};
use crate::pieces;
use crate::stream::{Form, Reins, deliver};
use lakeflow_client::routes::{Answer, EventStream, Routes};
use lakeflow_core::door::{self, job_configs, js_text};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::gateway::{
    Body, Checked, HEARTBEAT, HEARTBEAT_MS, Incoming, JobRef, ROUTES, Registry, Reply, STREAM_HEADERS,
    Settings, WebhookSecret,
};
use lakeflow_core::wait::PollSchedule;
use napi::bindgen_prelude::{Buffer, Either, Promise};
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

/// What all streams have, as JSON text: `headers`, and what keeps one open on which nothing happens: `frame`, which is due after
/// so many milliseconds (`afterMs`).
#[napi]
pub fn gateway_stream() -> String {
    js_text(&json!({"headers": STREAM_HEADERS, "frame": HEARTBEAT, "afterMs": HEARTBEAT_MS}))
}

/// A request as it crosses: what all have, in their order, then names of headers, each followed by its value. Names of their own
/// for these would cost more to look up than the rest of the crossing.
struct Texts(std::vec::IntoIter<String>);

impl Texts {
    fn next(&mut self) -> String {
        self.0.next().unwrap_or_default()
    }

    /// The request, and the `Authorization` header of the identity as it is now; without it the client's credentials are asked.
    fn read(mut self, body: Option<Either<Buffer, String>>, program: bool) -> (Incoming, Option<String>) {
        let (method, path, client) = (self.next(), self.next(), self.next());
        let authorization = Some(self.next()).filter(|header| !header.is_empty());
        let mut rest = self.0;
        let headers = std::iter::from_fn(|| Some((rest.next()?, rest.next()?))).collect();
        let body = match body {
            Some(Either::A(body)) => body.to_vec(),
            Some(Either::B(text)) => text.into_bytes(),
            None => Vec::new(),
        };
        (Incoming { method, path, headers, body, client, nonce: String::new(), program }, authorization)
    }
}

/// A whole answer, as JavaScript is told it, and the pieces of a long one.
fn told(ticket: u32, reply: Reply, form: Form) -> (Told, Vec<String>) {
    let (text, pieces) = match reply.body {
        Body::Empty => (None, Vec::new()),
        Body::Json(value) => {
            let (text, pieces) = pieces::of(value, form);
            (Some(text), pieces)
        }
    };
    let more = More {
        headers: reply.headers,
        pieces: (!pieces.is_empty()).then_some(pieces.len()),
        error: reply.error.map(|error| error.to_string()),
    };
    (Told { ticket, status: reply.status, text, more: more.boxed(), ..Told::default() }, pieces)
}

/// A stream that was opened; its headers are those of all.
fn opened(ticket: u32, stream: &EventStream) -> Told {
    Told { ticket, status: stream.head().0, stream: true, ..Told::default() }
}

/// How a request stands that is under way.
enum Standing {
    /// Not answered.
    Asked,
    /// Not answered, and nobody waits for it any more: a stream that it opens is over at once.
    Left { undelivered: bool },
    /// Its stream is open.
    Open(Arc<Reins>),
}

/// The requests under way, by their tickets.
type Open = Arc<Mutex<HashMap<u32, Standing>>>;

fn held(open: &Open) -> MutexGuard<'_, HashMap<u32, Standing>> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The place of a request among those under way, for as long as it is.
struct Place {
    open: Open,
    ticket: u32,
}

impl Place {
    fn new(open: &Open, ticket: u32) -> Self {
        held(open).insert(ticket, Standing::Asked);
        Self { open: open.clone(), ticket }
    }

    /// The reins of its stream, which whoever asked may have let go already.
    fn stream(&self, form: Form) -> Arc<Reins> {
        let reins = Arc::new(Reins::new(form));
        let before = held(&self.open).insert(self.ticket, Standing::Open(reins.clone()));
        if let Some(Standing::Left { undelivered }) = before {
            reins.close(undelivered);
        }
        reins
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        held(&self.open).remove(&self.ticket);
    }
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
    /// ticket. `texts` are method, path with the query, who asks, `Authorization` or nothing, and headers; a whole answer has to be
    /// there after so many milliseconds; `program` says that the program itself asks.
    #[napi]
    pub fn submit(
        &self,
        client: &Client,
        ticket: u32,
        texts: Vec<String>,
        body: Option<Either<Buffer, String>>,
        timeout_ms: u32,
        program: bool,
    ) -> Result<()> {
        let runtime = runtime().map_err(|e| thrown(&e))?;
        let (routes, jobs) = (self.routes.clone(), client.jobs().clone());
        let (inbox, place) = (self.inbox.clone(), Place::new(&self.open, ticket));
        let owed = Owed::new(inbox.clone(), ticket);
        let (incoming, authorization) = Texts(texts.into_iter()).read(body, program);
        client.learn(authorization.as_deref());
        let form = if program { Form::Objects } else { Form::Frames };
        let work = async move {
            let timeout = Some(Duration::from_millis(timeout_ms.into()));
            let handled = routes.handle_within(&jobs, incoming, timeout);
            let answer = match authorization {
                Some(authorization) => AUTHORIZATION.scope(authorization, handled).await,
                None => handled.await,
            };
            match answer {
                Answer::Reply(reply) => {
                    drop(place);
                    let (told, pieces) = told(ticket, reply, form);
                    owed.pay_with(told, pieces);
                }
                Answer::Stream(stream) => {
                    let (reins, head) = (place.stream(form), opened(ticket, &stream));
                    deliver(stream, form, reins, inbox, owed, head).await;
                }
            }
        };
        drop(runtime.spawn(work));
        Ok(())
    }

    /// A stream may tell so many events more.
    #[napi]
    pub fn more(&self, ticket: u32, events: u32) {
        if let Some(Standing::Open(reins)) = held(&self.open).get(&ticket) {
            reins.more(events as usize);
        }
    }

    /// Ends a stream, whose end is told, also one that is not open yet. With `undelivered` the client received nothing of it.
    #[napi]
    pub fn close(&self, ticket: u32, undelivered: bool) {
        match held(&self.open).get_mut(&ticket) {
            Some(Standing::Open(reins)) => reins.close(undelivered),
            Some(asked) => *asked = Standing::Left { undelivered },
            None => {}
        }
    }

    /// The next answers and events, at most so many, each as four values; none when there is nothing now, which is woken for.
    #[napi]
    pub fn take(&self, most: u32) -> Vec<Cell> {
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
