//! The call that tells who the credential belongs to (reference section 2.4).

use super::{Method, Request};

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
