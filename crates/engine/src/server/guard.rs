//! Who may come in: token or cookie, `Host`, `Origin`, time and rate. Runs before anything else looks at a request.
//!
//! A cookie comes by itself, whoever made the browser send it; so with it a request must come from a page of this
//! engine, and one that changes something must be of a kind that no form can send.

use super::console::{self, SignIn};
use super::http::error_response;
use super::{App, Caller, links};
use crate::clock::Clock;
use crate::config::Principal;
use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;
use lakeflow_core::error::{Error, ErrorCode, Retry};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use subtle::ConstantTimeEq;

/// Longest time from the first byte of a request to its answer.
const LONGEST_REQUEST: Duration = Duration::from_secs(120);

/// Answered without a token: clients ask for it before they have one (reference section 2.4).
const OPEN_PATHS: &[&str] =
    &["/.well-known/databricks-config", "/oidc/.well-known/oauth-authorization-server", "/oidc/v1/token"];

/// Tokens, hosts and the rate limit.
pub(crate) struct Access {
    /// The engine's own token first.
    principals: Vec<Principal>,
    /// `host:port` and bare names that `Host` and `Origin` may have.
    hosts: Vec<String>,
    per_second: Option<u32>,
    /// The present second, and how many requests came in it.
    rate: Mutex<(i64, u32)>,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("hosts", &self.hosts).finish_non_exhaustive()
    }
}

impl Access {
    /// `principals` begins with the holder of the engine's own token; `port` is where the engine listens.
    pub(crate) fn new(
        principals: Vec<Principal>,
        port: u16,
        allowed_hosts: &[String],
        per_second: Option<u32>,
    ) -> Self {
        let loopback = ["127.0.0.1", "localhost", "[::1]"];
        let names = loopback.into_iter().chain(allowed_hosts.iter().map(String::as_str));
        let hosts = names.flat_map(|name| [name.to_owned(), format!("{name}:{port}")]).collect();
        Self { principals, hosts, per_second, rate: Mutex::default() }
    }

    /// Who holds a token. Every known token is compared in full, so that the time taken tells nothing.
    pub(super) fn principal(&self, token: &str) -> Option<Caller> {
        let mut found = None;
        for (n, principal) in self.principals.iter().enumerate() {
            if bool::from(principal.token.as_bytes().ct_eq(token.as_bytes())) {
                found = Some(Caller { user_name: principal.user_name.clone(), admin: n == 0 });
            }
        }
        found
    }

    /// The holder of the engine's own token.
    fn owner(&self) -> Caller {
        let user_name = self.principals.first().map(|owner| owner.user_name.clone()).unwrap_or_default();
        Caller { user_name, admin: true }
    }

    fn allows_host(&self, host: &str) -> bool {
        self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host))
    }

    /// A browser sends the page's origin; only pages of this engine may call.
    fn allows_origin(&self, origin: &str) -> bool {
        let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        host.is_some_and(|host| host.contains(':') && self.allows_host(host))
    }

    fn over_rate(&self, second: i64) -> bool {
        let Some(limit) = self.per_second else { return false };
        let mut rate = self.rate.lock().unwrap_or_else(PoisonError::into_inner);
        if rate.0 != second {
            *rate = (second, 0);
        }
        rate.1 = rate.1.saturating_add(1);
        rate.1 > limit
    }
}

/// Lets a request through, or answers it.
pub(super) async fn guard(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    match admit(&app, &request) {
        Err(error) => return error_response(&app, &error),
        Ok(Some(caller)) => {
            request.extensions_mut().insert(caller);
        }
        Ok(None) => {}
    }
    let answer = tokio::time::timeout(LONGEST_REQUEST, next.run(request)).await;
    answer.unwrap_or_else(|_| {
        let text = format!("the request took longer than {} s", LONGEST_REQUEST.as_secs());
        error_response(&app, &Error::new(ErrorCode::Unavailable, "request", text))
    })
}

fn admit(app: &App, request: &Request) -> Result<Option<Caller>, Error> {
    let text = |name: header::HeaderName| request.headers().get(name).map(|v| v.to_str().unwrap_or("?"));
    let refused = |message: String| Error::new(ErrorCode::PermissionDenied, "request", message);
    let host =
        text(header::HOST).or_else(|| request.uri().authority().map(axum::http::uri::Authority::as_str));
    if let Some(host) = host.filter(|host| !app.access.allows_host(host)) {
        return Err(refused(format!("The engine does not answer to the host name {host:?}.")));
    }
    if let Some(origin) = text(header::ORIGIN).filter(|origin| !app.access.allows_origin(origin)) {
        return Err(refused(format!("Pages of {origin:?} may not call the engine.")));
    }
    if app.access.over_rate(Clock::wall().0 / 1000) {
        let message = "Too many requests; the engine was started with a limit.";
        return Err(Error::new(ErrorCode::RateLimited, "request", message).retry(Retry::After(1000)));
    }
    let path = request.uri().path();
    // A link to artifacts is its own permission.
    if OPEN_PATHS.contains(&path) || console::is_open(path) || path.starts_with(links::ARTIFACTS) {
        return Ok(None);
    }
    let Some(sent) = text(header::AUTHORIZATION) else {
        if signed_in(&app.sign_in, request)? {
            return Ok(Some(app.access.owner()));
        }
        return Err(Error::new(ErrorCode::Unauthenticated, "request", "Credential was not sent."));
    };
    let token = match sent.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => return Err(Error::new(ErrorCode::Unauthenticated, "request", "A bearer token is needed.")),
    };
    app.access.principal(token).map(Some).ok_or_else(|| refused("Invalid access token.".to_owned()))
}

/// Whether a request has the cookie of a signed-in browser, and comes from a page of this engine.
fn signed_in(sign_in: &SignIn, request: &Request) -> Result<bool, Error> {
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let mut cookies =
        request.headers().get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    if !cookies.any(|cookies| sign_in.holds(cookies, Clock::wall())) {
        return Ok(false);
    }
    let refused = |message: &str| Err(Error::new(ErrorCode::PermissionDenied, "request", message));
    if text("sec-fetch-site").is_some_and(|site| !["same-origin", "none"].contains(&site)) {
        return refused("Only pages of the engine itself may call with its cookie.");
    }
    if request.method().is_safe() {
        return Ok(true);
    }
    if text("origin").is_none() {
        return refused("A request that changes something must say which page it comes from (`Origin`).");
    }
    let json = text("content-type").is_some_and(|kind| kind.trim_start().starts_with("application/json"));
    if json { Ok(true) } else { refused("A request that changes something must be `application/json`.") }
}
