//! Which route a request is for.

use super::http::{Incoming, Refusal, decode};
use super::registry::parse_id;
use crate::error::ErrorCode;
use crate::id::RunId;
use serde::Serialize;

/// A route with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// `POST /:jobKey/run`
    Run,
    /// `GET /:jobKey/runs`
    Runs,
    /// `GET /:jobKey/runs/:runId`
    RunDetail(RunId),
    /// `DELETE /:jobKey/runs/:runId`
    CancelRun(RunId),
    /// `GET /:jobKey/runs/:runId/output`
    Output(RunId),
    /// `GET /:jobKey/runs/:runId/outputs`
    Outputs(RunId),
    /// `POST /:jobKey/runs/:runId/repair`
    Repair(RunId),
    /// `GET /:jobKey/status`
    Status,
    /// `GET /:jobKey`
    Job,
    /// `GET /:jobKey/schema`
    Schema,
    /// `POST /webhook`
    Webhook,
}

/// A route as a host registers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RouteInfo {
    /// As AppKit calls it: `run-detail`.
    pub name: &'static str,
    /// `GET`, `POST`, `DELETE`.
    pub method: &'static str,
    /// Below the mount: `/:jobKey/runs/:runId`.
    pub path: &'static str,
}

/// All routes, those of AppKit's own plugin first, in its order. `POST /webhook` comes before what `/:jobKey` would take.
pub const ROUTES: [RouteInfo; 11] = [
    RouteInfo { name: "run", method: "POST", path: "/:jobKey/run" },
    RouteInfo { name: "runs", method: "GET", path: "/:jobKey/runs" },
    RouteInfo { name: "run-detail", method: "GET", path: "/:jobKey/runs/:runId" },
    RouteInfo { name: "status", method: "GET", path: "/:jobKey/status" },
    RouteInfo { name: "cancel-run", method: "DELETE", path: "/:jobKey/runs/:runId" },
    RouteInfo { name: "run-output", method: "GET", path: "/:jobKey/runs/:runId/output" },
    RouteInfo { name: "run-outputs", method: "GET", path: "/:jobKey/runs/:runId/outputs" },
    RouteInfo { name: "repair-run", method: "POST", path: "/:jobKey/runs/:runId/repair" },
    RouteInfo { name: "job", method: "GET", path: "/:jobKey" },
    RouteInfo { name: "schema", method: "GET", path: "/:jobKey/schema" },
    RouteInfo { name: "webhook", method: "POST", path: "/webhook" },
];

/// The key and the route of a request. The key is answered for before the rest of the path is (behaviour H1 before H12), so
/// a run id that is none comes back as `Err` beside it.
pub(super) fn find(incoming: &Incoming) -> Result<(String, Result<Route, Refusal>), Refusal> {
    let (path, _) = incoming.split();
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    let nowhere = || Refusal::new(404, ErrorCode::NotFound, "Not Found");
    let parts: Vec<String> =
        path.split('/').map(|part| decode(part, false)).collect::<Option<_>>().ok_or_else(nowhere)?;
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let method = incoming.method.to_ascii_uppercase();
    let wrong_method = || Refusal::new(405, ErrorCode::InvalidArgument, "Method Not Allowed");
    let run = |id: &str, route: fn(RunId) -> Route| match parse_id(id).filter(|_| !padded(id)) {
        Some(id) => Ok(route(RunId(id))),
        None => Err(Refusal::invalid("Invalid runId")),
    };
    let (key, route) = match (method.as_str(), parts.as_slice()) {
        ("POST", ["webhook"]) => ("", Ok(Route::Webhook)),
        ("POST", [key, "run"]) => (*key, Ok(Route::Run)),
        ("GET", [key, "runs"]) => (*key, Ok(Route::Runs)),
        ("GET", [key, "runs", id]) => (*key, run(id, Route::RunDetail)),
        ("DELETE", [key, "runs", id]) => (*key, run(id, Route::CancelRun)),
        ("GET", [key, "runs", id, "output"]) => (*key, run(id, Route::Output)),
        ("GET", [key, "runs", id, "outputs"]) => (*key, run(id, Route::Outputs)),
        ("POST", [key, "runs", id, "repair"]) => (*key, run(id, Route::Repair)),
        ("GET", [key, "status"]) => (*key, Ok(Route::Status)),
        ("GET", [key, "schema"]) => (*key, Ok(Route::Schema)),
        ("GET", [key]) if !key.is_empty() => (*key, Ok(Route::Job)),
        (
            _,
            [_, "run" | "runs" | "status" | "schema"]
            | [_, "runs", _]
            | [_, "runs", _, "output" | "outputs" | "repair"],
        ) => {
            return Err(wrong_method());
        }
        _ => return Err(nowhere()),
    };
    Ok((key.to_owned(), route))
}

/// Blanks around an id in a path are somebody's mistake.
fn padded(id: &str) -> bool {
    id.trim().len() != id.len()
}
