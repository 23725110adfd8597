//! Faults that users ask for, to see how their own programs take them: answers with an error status, broken
//! connections, delays and cut bodies, for chosen endpoints and counts, before or after the effect.

use super::App;
use super::http::{body_of, json_of, respond};
use super::{Caller, permissions};
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use futures::StreamExt;
use lakeflow_core::error::{Error, ErrorCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Bytes of an answer that may be held to be cut.
const MOST_ANSWER: usize = 64 << 20;
/// Longest delay in milliseconds.
const MOST_DELAY: u64 = 600_000;

/// One fault to play. As JSON: `{"path": "/jobs/run-now", "kind": "reset", "after": true, "count": 1}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// End of the paths that it meets, for example `/jobs/run-now`.
    pub path: String,
    /// `GET`, `POST`, …; every method when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Requests that are let through first.
    #[serde(default)]
    pub skip: u32,
    /// Requests that it meets; 1 when missing.
    #[serde(default = "once")]
    pub count: u32,
    /// True: the request has its effect, and the fault takes the answer.
    #[serde(default)]
    pub after: bool,
    /// What happens.
    #[serde(flatten)]
    pub kind: FaultKind,
}

fn once() -> u32 {
    1
}

/// What a fault does to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FaultKind {
    /// Answers with a status and an error body.
    Status {
        /// For example 503.
        status: u16,
        /// `error_code` of the body.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error_code: Option<String>,
        /// `Retry-After` in seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
    },
    /// Breaks the connection without an answer.
    Reset,
    /// Holds the request, or its answer, back.
    Delay {
        /// Milliseconds, at most ten minutes.
        ms: u64,
    },
    /// Announces the whole answer, sends half of it, and breaks the connection.
    Truncate,
}

/// The faults that are still to come.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    /// Faults to begin with.
    pub(crate) fn new(faults: Vec<Fault>) -> Self {
        Self(Mutex::new(faults))
    }

    /// The fault that meets a request, counted.
    fn take(&self, method: &str, path: &str) -> Option<Fault> {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let meets = |fault: &&mut Fault| {
            path.ends_with(&fault.path)
                && fault.method.as_deref().is_none_or(|m| m.eq_ignore_ascii_case(method))
        };
        let fault = faults.iter_mut().find(meets)?;
        if fault.skip > 0 {
            fault.skip -= 1;
            return None;
        }
        fault.count = fault.count.saturating_sub(1);
        let taken = fault.clone();
        faults.retain(|fault| fault.count > 0);
        Some(taken)
    }
}

pub(super) fn routes(router: Router<Arc<App>>) -> Router<Arc<App>> {
    router.route("/api/2.0/lakeflow-local/faults", get(read).put(write))
}

async fn read(State(app): State<Arc<App>>) -> Response {
    let faults = app.faults.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    std::future::ready(respond(&app, Ok(json!({ "faults": faults })))).await
}

/// Replaces all faults: `{"faults": […]}`.
async fn write(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    let answer = async {
        permissions::admin_only(&caller)?;
        let mut body = json_of(&body_of(request).await?)?;
        let invalid = |text: String| Error::new(ErrorCode::InvalidArgument, "faults", text);
        let list = body.get_mut("faults").map(Value::take).unwrap_or_default();
        let faults: Vec<Fault> =
            serde_json::from_value(list).map_err(|e| invalid(format!("faults cannot be read: {e}")))?;
        *app.faults.0.lock().unwrap_or_else(PoisonError::into_inner) = faults;
        Ok(json!({}))
    };
    respond(&app, answer.await)
}

/// Plays the fault that meets a request, if there is one.
pub(super) async fn play(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let Some(fault) = app.faults.take(request.method().as_str(), request.uri().path()) else {
        return next.run(request).await;
    };
    if !fault.after && !matches!(fault.kind, FaultKind::Delay { .. } | FaultKind::Truncate) {
        return instead(&fault.kind);
    }
    match fault.kind {
        FaultKind::Delay { ms } => {
            let delay = tokio::time::sleep(Duration::from_millis(ms.min(MOST_DELAY)));
            if fault.after {
                let response = next.run(request).await;
                delay.await;
                return response;
            }
            delay.await;
            next.run(request).await
        }
        FaultKind::Truncate => cut(next.run(request).await).await,
        kind => {
            next.run(request).await;
            instead(&kind)
        }
    }
}

/// The answer in place of the true one.
fn instead(kind: &FaultKind) -> Response {
    let FaultKind::Status { status, error_code, retry_after } = kind else { return broken(Vec::new(), None) };
    let code = error_code.clone().unwrap_or_else(|| "TEMPORARILY_UNAVAILABLE".to_owned());
    let body = json!({ "error_code": code, "message": "A fault that was asked for." });
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(*status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(seconds) = retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
    }
    response
}

async fn cut(response: Response) -> Response {
    let bytes = to_bytes(response.into_body(), MOST_ANSWER).await.unwrap_or_default();
    broken(bytes[..bytes.len() / 2].to_vec(), Some(bytes.len()))
}

/// An answer whose body fails, so that the server closes the connection on it.
fn broken(first: Vec<u8>, announced: Option<usize>) -> Response {
    let failure = || std::io::Error::other("a fault that was asked for");
    let body = if announced.is_none() {
        // Failing at once, it fails before the head of the answer is sent.
        Body::from_stream(futures::stream::iter([Err::<Vec<u8>, _>(failure())]))
    } else {
        let end = futures::stream::once(async move {
            // The server sends what it has while it waits.
            tokio::task::yield_now().await;
            Err(failure())
        });
        Body::from_stream(futures::stream::iter([Ok(first)]).chain(end))
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(length) = announced {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}
