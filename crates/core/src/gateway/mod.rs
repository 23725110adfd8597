//! Jobs by key over HTTP: the registry of an app's jobs, and the `/api/jobs` routes as plain data, so that AppKit, ASGI and
//! axum serve the same answers (reference: `appkit-plugin.md` sections 1.2, 1.3, 1.9 and 1.10).
//!
//! A driver gives each request to [`Gateway::accept`] and carries out what the [`Exchange`] asks for: calls of the Jobs API,
//! checks by the host's own code, until it answers with a [`Reply`] or opens a stream of server-sent events ([`Sse`]) over
//! a wait. Nothing here opens a socket, reads a clock or knows a credential; who may call the routes is the host's affair.

mod answers;
mod effect;
mod event;
mod exchange;
#[expect(clippy::module_inception, reason = "the room is named after what it holds")]
mod gateway;
mod http;
mod outputs;
mod pages;
mod present;
mod registry;
mod request;
mod route;
mod sse;
mod webhook;

pub use effect::{CallId, Checked, Effect, StreamStart};
pub use exchange::Exchange;
pub use gateway::{Gateway, Settings};
pub use http::{Body, Incoming, Reply, exact_numbers, reason, status_of};
pub use registry::{
    DEFAULT_KEY, Entry, Ignored, JobConfig, JobRef, ParamCheck, Registry, Requirement, SINGLE_VARIABLE,
    VARIABLE_PREFIX, parse_id, variable_of,
};
pub use route::{ROUTES, Route, RouteInfo};
pub use sse::{Claim, HEARTBEAT, HEARTBEAT_MS, STREAM_HEADERS, Sse, SseEvent};
pub use webhook::WebhookSecret;
