//! Calls about notification destinations (reference section 16.2), and about deliveries, which only the local engine knows.

use super::{Method, Request};
use serde_json::Value;

const DESTINATIONS: &str = "/api/2.0/notification-destinations";
const LOCAL: &str = "/api/2.0/lakeflow-local";

fn request(operation: &'static str, method: Method, path: String, body: Option<Value>) -> Request {
    // Only a creation does something twice when it is sent twice.
    let repeatable = method != Method::Post;
    Request { operation, method, path, query: Vec::new(), body, repeatable }
}

/// `GET /notification-destinations`: a page of `results`, with `next_page_token` when there are more.
pub fn list_destinations(page_token: Option<&str>) -> Request {
    let query = page_token.map(|token| ("page_token".to_owned(), token.to_owned())).into_iter().collect();
    Request { query, ..request("list_destinations", Method::Get, DESTINATIONS.to_owned(), None) }
}

/// `POST /notification-destinations`; `body` is `{"display_name", "config"}`, to the local engine with an `id` if wanted.
pub fn create_destination(body: Value) -> Request {
    request("create_destination", Method::Post, DESTINATIONS.to_owned(), Some(body))
}

/// `PATCH /notification-destinations/{id}`: what `body` does not name stays.
pub fn update_destination(id: &str, body: Value) -> Request {
    request("update_destination", Method::Patch, format!("{DESTINATIONS}/{id}"), Some(body))
}

/// `DELETE /notification-destinations/{id}`.
pub fn delete_destination(id: &str) -> Request {
    request("delete_destination", Method::Delete, format!("{DESTINATIONS}/{id}"), None)
}

/// Sends a test to a destination of the local engine at once: `{"delivered", "error"}`.
pub fn test_destination(id: &str) -> Request {
    let body = Some(Value::Object(serde_json::Map::new()));
    request("test_destination", Method::Post, format!("{LOCAL}/destinations/{id}/test"), body)
}

/// Deliveries of the local engine, newest first. `filter`: `run_id`, `state`, `limit`, `page_token`.
pub fn list_deliveries(filter: Vec<(String, String)>) -> Request {
    Request { query: filter, ..request("list_deliveries", Method::Get, format!("{LOCAL}/deliveries"), None) }
}

/// Tries a delivery of the local engine again at once.
pub fn retry_delivery(id: i64) -> Request {
    let body = Some(Value::Object(serde_json::Map::new()));
    request("retry_delivery", Method::Post, format!("{LOCAL}/deliveries/{id}/retry"), body)
}
