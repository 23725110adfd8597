//! The Jobs REST API over HTTP on loopback (reference sections 2, 3 and 17). Rooms: `guard` (who may come in), `http` (bodies, errors), `jobs`, `runs`, `outputs`,
//! `permissions`, `companion`, `files` (handlers), `gateway` (the same for apps), `documents` (what a job and a run look like), `console` (pages for people).
//!
//! Handlers read a request of `lakeflow_core::api`, ask the driver or the store, and write a document. No rule about runs lives here.

mod companion;
pub(crate) mod console;
mod destinations;
mod documents;
pub(crate) mod faults;
mod files;
mod gateway;
mod guard;
mod http;
mod jobs;
pub(crate) mod links;
mod outputs;
mod permissions;
mod runs;
mod settings;
mod transfer;

pub(crate) use guard::Access;

use crate::driver::Driver;
use crate::outbox::Outbox;
use crate::paths::PathMap;
use axum::Router;
use std::sync::Arc;

/// What handlers share.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) driver: Driver,
    pub(crate) outbox: Outbox,
    pub(crate) access: Access,
    pub(crate) sign_in: Arc<console::SignIn>,
    pub(crate) bundle: console::bundle::Shown,
    pub(crate) paths: PathMap,
    pub(crate) faults: faults::Faults,
    /// Makes links that need no token.
    pub(crate) links: links::Signer,
    /// Base URL without trailing slash.
    pub(crate) url: String,
    pub(crate) allow_unsupported: bool,
}

/// Which version a path names (reference section 2.1); 2.0 is another name for 2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ApiVersion {
    /// Whole arrays, at most 100 tasks.
    V2_1,
    /// Arrays in pages of 100.
    V2_2,
}

/// One request, once it was let in.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) app: Arc<App>,
    pub(crate) version: ApiVersion,
    pub(crate) caller: Caller,
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) user_name: String,
    /// The holder of the engine's own token, who may do everything.
    pub(crate) admin: bool,
}

/// Every route, behind the guard.
pub(crate) fn router(app: Arc<App>) -> Router {
    let internal = app.driver.executor().routes();
    let routes = Router::new();
    let routes = jobs::routes(routes);
    let routes = runs::routes(routes);
    let routes = permissions::routes(routes);
    let routes = companion::routes(routes);
    let routes = destinations::routes(routes);
    let routes = files::routes(routes);
    let routes = transfer::routes(routes);
    let routes = faults::routes(routes);
    let routes = links::routes(routes);
    let routes = console::routes(routes);
    let api = runs::routes(jobs::routes(Router::new())).with_state(Arc::clone(&app));
    let routes = gateway::routes(routes, api);
    let guarded = routes
        .fallback(http::not_found)
        .method_not_allowed_fallback(http::not_found)
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&app), faults::play))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&app), guard::guard))
        .with_state(Arc::clone(&app));
    internal.merge(guarded)
}
