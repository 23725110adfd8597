//! `/api/jobs/<job>/…`: the routes of an app over the engine's own API, so that a page can be tried against the engine as it is
//! against an app. What is answered is decided by `lakeflow_core::gateway`; this file carries its calls to the handlers of the
//! Jobs API, as the one who asks, and its streams to the browser. `<job>` is a job's id, or the name of one job.

use super::http::{body_of, error_response};
use super::{App, Caller};
use crate::clock::Clock;
use crate::store::{JobFilter, JobRow};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use axum::{Extension, Router, routing};
use futures::StreamExt;
use lakeflow_core::api::{self, fault};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::gateway::{
    Body as Content, Checked, Effect, Gateway, HEARTBEAT, HEARTBEAT_MS, Incoming, JobConfig, ParamCheck,
    Registry, Reply, Settings, Sse, SseEvent, StreamStart,
};
use lakeflow_core::id::JobId;
use lakeflow_core::job::{parameter_schema, parameter_task_type};
use lakeflow_core::time::Tick;
use lakeflow_core::wait::{Input, Output, PollSchedule, Wait, WaitOptions};
use serde_json::Value;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tower::ServiceExt;

/// Streams that are open at most; more are answered with 503.
const MOST_STREAMS: usize = 500;

/// Bytes of one answer of the engine's own API at most.
const MOST_ANSWER: usize = 64 << 20;

/// The routes. `api` has the handlers of the Jobs API, behind no guard: who asks was let in by this one's.
pub(super) fn routes(router: Router<Arc<App>>, api: Router) -> Router<Arc<App>> {
    let streams = Arc::new(Semaphore::new(MOST_STREAMS));
    let handler =
        move |State(app): State<Arc<App>>, Extension(caller): Extension<Caller>, request: Request| {
            let door = Door { app, caller, api, clock: Clock::start() };
            async move { door.answer(request, &streams).await }
        };
    router.route("/api/jobs/{*path}", routing::any(handler))
}

/// One request, and the way to the Jobs API for it.
#[derive(Clone)]
struct Door {
    app: Arc<App>,
    caller: Caller,
    api: Router,
    clock: Clock,
}

impl Door {
    async fn answer(self, request: Request, streams: &Arc<Semaphore>) -> Response {
        match self.exchange(request, streams).await {
            Ok(response) => response,
            Err(error) => error_response(&self.app, &error),
        }
    }

    async fn exchange(&self, request: Request, streams: &Arc<Semaphore>) -> Result<Response, Error> {
        let incoming = incoming(request, &self.caller).await?;
        let registry = self.registry(&incoming.path).await?;
        let mut gateway = Gateway::new(registry, Settings::default()).map_err(|problems| {
            let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Error::new(ErrorCode::Internal, "gateway", told.join("; "))
        })?;
        let mut exchange = gateway.accept(self.clock.now().tick, incoming);
        loop {
            match exchange.poll() {
                Effect::Call { call, request } => {
                    let answer = self.send(&request).await.and_then(|response| read(&request, &response));
                    exchange.answered(call, answer);
                }
                Effect::Check { key, .. } => {
                    exchange.checked(Checked::Broken(format!("the engine has no check for the job {key:?}")));
                }
                // Streams poll the engine itself, at short distances.
                Effect::Notify(_) => {}
                Effect::Reply(reply) => return Ok(written(reply)),
                Effect::Stream(start) => {
                    let permit = Arc::clone(streams).try_acquire_owned().map_err(|_| {
                        let told = format!("{MOST_STREAMS} streams are open");
                        Error::new(ErrorCode::Unavailable, "gateway", told)
                    })?;
                    return Ok(self.stream(*start, permit));
                }
                Effect::Wait => {
                    return Err(Error::new(ErrorCode::Internal, "gateway", "the exchange waits for nothing"));
                }
            }
        }
    }

    /// The one job that a path names, with the schema of its parameters; none when there is no such job.
    async fn registry(&self, path: &str) -> Result<Registry, Error> {
        let key = path.trim_start_matches('/').split(['/', '?']).next().unwrap_or_default();
        let key = percent_decoded(key);
        let store = self.app.driver.store();
        let row = if let Ok(id) = key.parse::<JobId>() {
            store.job(id).await?.filter(|job| !job.deleted)
        } else {
            let mut named = self.named(&key).await?;
            if named.len() > 1 {
                let told = format!("several jobs have the name {key:?}; use the id of one");
                return Err(Error::new(ErrorCode::InvalidArgument, "gateway", told));
            }
            named.pop()
        };
        let Some(row) = row else { return Ok(Registry::default()) };
        let config = JobConfig {
            id: Some(row.job_id),
            task_type: Some(parameter_task_type(&row.settings)),
            check: ParamCheck::Schema(parameter_schema(&row.settings)),
            ..JobConfig::default()
        };
        Ok(Registry::discover(&[], &[(key, config)]))
    }

    /// Two of the jobs of a name, at most. A bundle's development target puts `[dev somebody] ` before the names of its jobs;
    /// where no job has the name itself, that is left aside.
    async fn named(&self, name: &str) -> Result<Vec<JobRow>, Error> {
        let store = self.app.driver.store();
        let exact = JobFilter { name: Some(name.to_owned()), limit: 2, ..JobFilter::default() };
        let found = store.jobs(exact, |_| true).await?;
        if !found.is_empty() {
            return Ok(found);
        }
        let wanted = format!("] {name}");
        let any = JobFilter { limit: 2, ..JobFilter::default() };
        let is_wanted = move |row: &JobRow| {
            let name = row.settings.display_name();
            name.starts_with('[') && name.ends_with(&wanted)
        };
        store.jobs(any, is_wanted).await
    }

    /// Sends a request to the engine's own handlers.
    async fn send(&self, request: &api::Request) -> Result<api::Response, Error> {
        let broken = |told: String| Error::new(ErrorCode::Internal, request.operation, told);
        let query: Vec<String> = request
            .query
            .iter()
            .map(|(name, value)| format!("{}={}", percent_encoded(name), percent_encoded(value)))
            .collect();
        let uri = if query.is_empty() {
            request.path.clone()
        } else {
            format!("{}?{}", request.path, query.join("&"))
        };
        let body = request.body.as_ref().map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let sent = Request::builder()
            .method(request.method.as_str())
            .uri(uri)
            .header(header::CONTENT_TYPE, "application/json")
            .extension(self.caller.clone())
            .body(body)
            .map_err(|e| broken(e.to_string()))?;
        let Ok(response) = self.api.clone().oneshot(sent).await;
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, MOST_ANSWER).await.map_err(|e| broken(e.to_string()))?;
        let headers = parts
            .headers
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
        Ok(api::Response { status: parts.status.as_u16(), headers: headers.collect(), body: body.into() })
    }

    /// A wait as a stream of events. The wait ends when the browser is gone; the run goes on.
    fn stream(&self, start: StreamStart, permit: OwnedSemaphorePermit) -> Response {
        let StreamStart { goal, timeout_ms, sse, .. } = start;
        let now = self.clock.now();
        let seed = uuid::Uuid::new_v4().as_u64_pair().0;
        let options = WaitOptions {
            deadline: timeout_ms.map(|ms| now.tick.after(ms)),
            ..WaitOptions::new(PollSchedule::LOCAL, seed)
        };
        let mut response = Response::new(Body::empty());
        let (status, headers) = sse.head();
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
        for (name, value) in headers {
            response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let (frames, receiver) = mpsc::channel(16);
        let wait = Wait::new(goal, options, now);
        tokio::spawn(self.clone().watch(wait, sse, frames, permit));
        let frames = futures::stream::unfold(receiver, |mut receiver| async move {
            receiver.recv().await.map(|frame: String| (Ok::<_, Infallible>(Bytes::from(frame)), receiver))
        });
        *response.body_mut() = Body::from_stream(frames.fuse());
        response
    }

    /// Drives a wait until its end, or until nobody reads on or the engine closes.
    async fn watch(
        self,
        mut wait: Wait,
        mut sse: Sse,
        frames: mpsc::Sender<String>,
        _permit: OwnedSemaphorePermit,
    ) {
        let mut closing = self.app.driver.store().feed().closing();
        let mut spoken = self.clock.now().tick;
        loop {
            let event: Option<SseEvent> = match wait.poll() {
                Output::Call { call, request } => {
                    let result = self.send(&request).await;
                    // An answer to a call that was asked for is never refused.
                    let _ = wait.handle(self.clock.now(), Input::Answered { call, result });
                    continue;
                }
                Output::Started(run_id) => sse.started(Clock::wall(), run_id),
                Output::Changed(run) => sse.changed(Clock::wall(), &run),
                Output::Ended(end) => {
                    if let Some(event) = sse.ended(Clock::wall(), &end) {
                        let _ = frames.send(event.frame()).await;
                    }
                    return;
                }
                Output::Wait { until, .. } => {
                    let beat = spoken.after(HEARTBEAT_MS);
                    let until = until.map_or(beat, |until| Tick(until.0.min(beat.0)));
                    tokio::select! {
                        () = tokio::time::sleep_until(self.clock.deadline(until)) => {}
                        () = frames.closed() => return,
                        _ = closing.changed() => return,
                    }
                    let now = self.clock.now();
                    if now.tick >= beat {
                        spoken = now.tick;
                        if frames.send(HEARTBEAT.to_owned()).await.is_err() {
                            return;
                        }
                    }
                    let _ = wait.handle(now, Input::Timeout);
                    continue;
                }
            };
            let Some(event) = event else { continue };
            spoken = self.clock.now().tick;
            if frames.send(event.frame()).await.is_err() {
                return;
            }
        }
    }
}

/// An answer of the API as the gateway reads it.
fn read(request: &api::Request, response: &api::Response) -> Result<Value, Error> {
    if !(200..300).contains(&response.status) {
        return Err(
            fault::classify(request.operation, response, Clock::wall()).with("status", response.status)
        );
    }
    serde_json::from_slice(&response.body)
        .map_err(|e| Error::new(ErrorCode::Internal, request.operation, e.to_string()))
}

/// A request below the mount.
async fn incoming(request: Request, caller: &Caller) -> Result<Incoming, Error> {
    let path = request.uri().path_and_query().map_or_else(String::new, ToString::to_string);
    let headers = request
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
    Ok(Incoming {
        method: if request.method() == Method::HEAD {
            "GET".to_owned()
        } else {
            request.method().to_string()
        },
        path: path.strip_prefix("/api/jobs").unwrap_or(&path).to_owned(),
        headers: headers.collect(),
        client: caller.user_name.clone(),
        nonce: uuid::Uuid::new_v4().to_string(),
        program: false,
        body: body_of(request).await?,
    })
}

fn written(reply: Reply) -> Response {
    let (body, kind) = match reply.body {
        Content::Empty => (Body::empty(), None),
        Content::Json(value) => (Body::from(value.to_string()), Some("application/json")),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(kind) = kind {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    response
}

/// A name as it stands in a query.
fn percent_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// A step of a path as the name that it stands for; what is no UTF-8 names no job.
fn percent_decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.bytes());
    while let Some(byte) = rest.next() {
        let mut digit = || rest.next().and_then(|c| char::from(c).to_digit(16));
        bytes.push(if byte == b'%' {
            digit().zip(digit()).map_or(b'%', |(a, b)| (a * 16 + b) as u8)
        } else {
            byte
        });
    }
    String::from_utf8(bytes).unwrap_or_default()
}
