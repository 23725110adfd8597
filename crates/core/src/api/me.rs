//! Calls beside the Jobs API: who the credential belongs to (reference section 2.4), and what only the local engine
//! knows.

use super::{Method, Request};
use serde_json::json;
use std::collections::BTreeMap;

/// `GET /api/2.0/preview/scim/v2/Me`: answers `id`, `userName` and more, with the workspace id in the header
/// [`WORKSPACE_ID_HEADER`].
pub fn current_user() -> Request {
    Request {
        operation: "current_user",
        method: Method::Get,
        path: "/api/2.0/preview/scim/v2/Me".to_owned(),
        query: Vec::new(),
        body: None,
        repeatable: true,
    }
}

/// Names the workspace on every answer of the platform.
pub const WORKSPACE_ID_HEADER: &str = "x-databricks-org-id";

/// `POST /console/link` of the local engine: a link that signs one browser in to its pages, as `{"url": …}`.
pub fn console_link() -> Request {
    Request {
        operation: "console_link",
        method: Method::Post,
        path: "/console/link".to_owned(),
        query: Vec::new(),
        body: Some(json!({})),
        repeatable: true,
    }
}

/// `GET /api/2.0/lakeflow-local/triggers` of the local engine: whether triggers fire, and each with its next fire time.
pub fn local_triggers() -> Request {
    Request {
        operation: "triggers",
        method: Method::Get,
        path: LOCAL_TRIGGERS.to_owned(),
        query: Vec::new(),
        body: None,
        repeatable: true,
    }
}

/// `POST /api/2.0/lakeflow-local/triggers` of the local engine: keeps all triggers as if paused, or lets them fire.
pub fn switch_local_triggers(firing: bool) -> Request {
    Request { method: Method::Post, body: Some(json!({ "firing": firing })), ..local_triggers() }
}

const LOCAL_TRIGGERS: &str = "/api/2.0/lakeflow-local/triggers";

/// `POST /api/2.0/lakeflow-local/mounts` of the local engine: lets workspace folders stand for folders of this machine.
/// Sending it again changes nothing.
pub fn mount(folders: &BTreeMap<String, String>) -> Request {
    Request {
        operation: "mount",
        method: Method::Post,
        path: "/api/2.0/lakeflow-local/mounts".to_owned(),
        query: Vec::new(),
        body: Some(json!({ "mounts": folders })),
        repeatable: true,
    }
}
