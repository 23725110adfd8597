//! The console: pages for people, and what they ask of the engine. Rooms: `session` (signing in), `assets` (the pages),
//! `screens` (which page an address shows), `stream` (changes as they happen); the others answer one screen each, in the compact form of `crate::live::shapes`.
//!
//! Addresses: the pages are at `/`, `/jobs…`, `/runs…`, `/compare` and `/schedules`: one file for each screen, whose script reads the
//! address; everything else is below `/console/`. Pages hold no data and need no sign-in. A page decides nothing: what a
//! state means, what a repair runs again and what is wrong with parameters is answered from here, out of the core.

mod ask;
mod assets;
pub(crate) mod bundle;
mod jobs;
mod matrix;
mod run;
mod schedule;
mod screens;
mod session;
mod stream;
mod task;

pub(crate) use session::SignIn;

use super::http::{error_response, respond};
use super::permissions::admin_only;
use super::{App, Caller};
use crate::clock::Clock;
use ask::{reads, writes};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use lakeflow_core::error::{Error, ErrorCode};
use serde_json::{Value, json};
use std::str::FromStr;
use std::sync::Arc;

/// Where a printed link leads.
const SIGN_IN: &str = "/console/sign-in";

/// Whether a path is answered without a credential: pages and what they are made of.
pub(super) fn is_open(path: &str) -> bool {
    assets::is_page(path) || path.starts_with(assets::FOLDER) || path == SIGN_IN
}

pub(super) fn routes(router: Router<Arc<App>>) -> Router<Arc<App>> {
    let router = assets::routes(router);
    router
        .route(SIGN_IN, get(sign_in))
        .route("/console/link", post(link))
        .route("/console/events", get(stream::events))
        .route("/console/api/home", reads(jobs::home))
        .route("/console/api/names", reads(jobs::names))
        .route("/console/api/schedules", reads(jobs::schedules))
        .route("/console/api/runs", reads(jobs::runs))
        .route("/console/api/compare", reads(run::compare))
        .route("/console/api/jobs/{id}", reads(jobs::definition))
        .route("/console/api/jobs/{id}/matrix", reads(matrix::matrix))
        .route("/console/api/jobs/{id}/runs", reads(jobs::runs))
        .route("/console/api/jobs/{id}/check", writes(jobs::check))
        .route("/console/api/jobs/{id}/run", writes(jobs::run))
        .route("/console/api/jobs/{id}/pause", writes(jobs::pause))
        .route("/console/api/runs/{id}", reads(run::summary))
        .route("/console/api/runs/{id}/plan", writes(run::plan))
        .route("/console/api/tasks/{id}", reads(task::details))
        .route("/console/api/tasks/{id}/log", reads(task::log))
        .route("/console/api/tasks/{id}/search", reads(task::find_in_log))
        .route("/console/api/tasks/{id}/raw", get(task::raw))
}

/// What a call of a page is answered with.
type Answer = Result<Value, Error>;

/// An id that a page sent as text.
fn id_of<T: FromStr>(text: Option<&str>, of: &str) -> Result<T, Error> {
    let found = text.and_then(|text| text.parse().ok());
    let told = || format!("{:?} is not the id of a {of}", text.unwrap_or_default());
    found.ok_or_else(|| Error::new(ErrorCode::InvalidArgument, "console", told()))
}

/// A link that signs one browser in, once.
pub(crate) fn sign_in_link(url: &str, sign_in: &SignIn) -> Result<String, Error> {
    Ok(format!("{url}{SIGN_IN}?code={}", sign_in.code(Clock::wall())?))
}

/// Another link, for the holder of the engine's token.
async fn link(State(app): State<Arc<App>>, Extension(caller): Extension<Caller>) -> Response {
    let answer = admin_only(&caller).and_then(|()| sign_in_link(&app.url, &app.sign_in));
    std::future::ready(respond(&app, answer.map(|url| json!({ "url": url })))).await
}

/// Exchanges the code of a link for a cookie and leads to the first page. A browser that is signed in already is let
/// through with a used link too.
async fn sign_in(State(app): State<Arc<App>>, request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let value = |name: &str| pairs.clone().find(|(key, _)| *key == name).map(|(_, value)| value);
    let now = Clock::wall();
    let cookie = match app.sign_in.redeem(value("code").unwrap_or_default(), now) {
        Ok(cookie) => cookie,
        Err(error) => return error_response(&app, &error),
    };
    // Only places within the console; a link must not lead elsewhere.
    let place = value("to").filter(|place| assets::is_page(place)).unwrap_or("/");
    let known = request.headers().get(header::COOKIE).and_then(|value| value.to_str().ok());
    let known = known.is_some_and(|cookies| app.sign_in.holds(cookies, now));
    let mut response = Response::new(Body::empty());
    let to = if cookie.is_some() || known { place } else { "/?link=used" };
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    assets::guard(headers);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(place) = HeaderValue::from_str(to) {
        headers.insert(header::LOCATION, place);
    }
    if let Some(cookie) = cookie.and_then(|cookie| HeaderValue::from_str(&cookie).ok()) {
        headers.insert(header::SET_COOKIE, cookie);
    }
    std::future::ready(response).await
}
