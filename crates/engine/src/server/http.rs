//! From HTTP to a request of the API and back: sizes, JSON, errors (reference sections 2.2 to 2.5).

use super::{ApiVersion, App, Call, Caller};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use lakeflow_core::api::{Endpoint, Method, fault};
use lakeflow_core::error::{Error, ErrorCode, Retry};
use lakeflow_core::job::wire::{Path as WirePath, Wire};
use lakeflow_core::problem::Problem;
use serde_json::{Value, json};
use std::marker::PhantomData;
use std::sync::Arc;

/// Bytes of a request body at most. The parser itself stops at a nesting of 128.
pub(super) const MOST_BODY: usize = 10 << 20;

/// Operation of errors about a body that is too large: they have a status of their own.
const RECEIVE_BODY: &str = "receive_body";

const ORG_ID: HeaderName = HeaderName::from_static("x-databricks-org-id");

/// Adds the routes of an endpoint of the Jobs API, one for each version.
pub(super) fn endpoint<E, A, F>(router: Router<Arc<App>>, work: fn(Call, E) -> F) -> Router<Arc<App>>
where
    E: Endpoint + Send + 'static,
    A: Wire,
    F: Future<Output = Result<A, Error>> + Send + 'static,
{
    let handler = move |State(app): State<Arc<App>>, Path(version): Path<String>, request: Request| async move {
        let answer = async {
            let call = call_of(Arc::clone(&app), &version, &request)?;
            let query = query_of(&request)?;
            let body = body_of(request).await?;
            work(call, E::receive(&query, &body)?).await
        };
        respond(&app, answer.await.map(|answer| answer.write()))
    };
    let path = format!("/api/{{version}}{}", E::PATH);
    router.route(&path, if E::METHOD == Method::Get { get(handler) } else { post(handler) })
}

fn call_of(app: Arc<App>, version: &str, request: &Request) -> Result<Call, Error> {
    let version = match version {
        "2.2" => ApiVersion::V2_2,
        "2.1" | "2.0" => ApiVersion::V2_1,
        _ => return Err(no_endpoint(request)),
    };
    Ok(Call { caller: caller_of(request)?, app, version })
}

/// Who the guard let in.
fn caller_of(request: &Request) -> Result<Caller, Error> {
    let caller = request.extensions().get::<Caller>().cloned();
    caller.ok_or_else(|| Error::new(ErrorCode::Unauthenticated, "request", "Credential was not sent."))
}

/// Names and values of the query.
pub(super) fn query_of(request: &Request) -> Result<Vec<(String, String)>, Error> {
    Query::<Vec<(String, String)>>::try_from_uri(request.uri()).map(|Query(pairs)| pairs).map_err(|e| {
        Error::new(ErrorCode::InvalidArgument, "request", format!("the query cannot be read: {e}"))
    })
}

/// The whole body, up to [`MOST_BODY`].
pub(super) async fn body_of(request: Request) -> Result<Vec<u8>, Error> {
    let too_large = || {
        let text = format!("the body is larger than {} MB", MOST_BODY >> 20);
        Error::new(ErrorCode::InvalidArgument, RECEIVE_BODY, text)
    };
    let length =
        request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > MOST_BODY) {
        return Err(too_large());
    }
    to_bytes(request.into_body(), MOST_BODY).await.map(Vec::from).map_err(|_| too_large())
}

/// A body as JSON; an empty one is an empty object.
pub(super) fn json_of(body: &[u8]) -> Result<Value, Error> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    serde_json::from_slice(body)
        .map_err(|e| Error::new(ErrorCode::Malformed, "request", format!("the body is not valid JSON: {e}")))
}

/// The answer to a handler's result.
pub(super) fn respond(app: &App, result: Result<Value, Error>) -> Response {
    match result {
        Ok(value) => build(app, StatusCode::OK, &value, None),
        Err(error) => error_response(app, &error),
    }
}

/// The answer to an error, in the form that the official clients read.
pub(super) fn error_response(app: &App, error: &Error) -> Response {
    let (status, body) = fault::answer(error);
    if error.code == ErrorCode::Storage || error.code == ErrorCode::Internal {
        app.driver.notice(&error.to_string());
    }
    let status = match StatusCode::from_u16(status) {
        Ok(_) if error.operation == RECEIVE_BODY => StatusCode::PAYLOAD_TOO_LARGE,
        Ok(status) => status,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let retry_after = match error.retry {
        Retry::After(ms) if status == StatusCode::TOO_MANY_REQUESTS => Some(ms.div_ceil(1000).max(1)),
        _ => None,
    };
    build(app, status, &json!({ "error_code": body.error_code, "message": body.message }), retry_after)
}

fn build(app: &App, status: StatusCode, value: &Value, retry_after: Option<u64>) -> Response {
    let mut response = Response::new(Body::from(value.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(id) = HeaderValue::from_str(&app.driver.workspace().id) {
        headers.insert(ORG_ID, id);
    }
    if let Some(seconds) = retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn no_endpoint(request: &Request) -> Error {
    let text = format!("No API found for '{} {}'", request.method(), request.uri().path());
    Error::new(ErrorCode::NotFound, "request", text)
}

/// The answer to paths and methods that are not served.
pub(super) async fn not_found(State(app): State<Arc<App>>, request: Request) -> Response {
    std::future::ready(error_response(&app, &no_endpoint(&request))).await
}

/// The body of an endpoint as it came, for definitions, whose problems are all reported together by the lint.
pub(super) struct Raw<E>(pub(super) Value, pub(super) PhantomData<fn() -> E>);

impl<E: Endpoint> Wire for Raw<E> {
    fn read(value: &Value, _path: &WirePath<'_>, _problems: &mut Vec<Problem>) -> Option<Self> {
        Some(Self(value.clone(), PhantomData))
    }
    fn write(&self) -> Value {
        self.0.clone()
    }
}

impl<E: Endpoint> Endpoint for Raw<E> {
    const OPERATION: &'static str = E::OPERATION;
    const METHOD: Method = E::METHOD;
    const PATH: &'static str = E::PATH;
    const FLAGS: &'static [&'static str] = E::FLAGS;
    type Answer = E::Answer;
}
