//! The files of the pages, carried in the binary: made by `cargo xtask console` from `node/src/console`, and kept in the
//! repository, so that building the engine needs no Node.js.
//!
//! Files under `FOLDER` carry a hash of their content in their name and never change; the page itself is asked for each
//! time, so that a new engine is never talked to by an old script.

use super::App;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use rust_embed::RustEmbed;
use std::sync::Arc;

/// Where files other than the page are.
pub(super) const FOLDER: &str = "/console/assets/";

/// What the page may do: run and load its own files, and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE: &str = "index.html";

#[derive(RustEmbed)]
#[folder = "console/"]
#[include = "*.html"]
#[include = "*.js"]
#[include = "*.css"]
#[include = "*.svg"]
#[include = "*.br"]
struct Files;

/// Whether an address is one of the page.
pub(super) fn is_page(path: &str) -> bool {
    let first = path.strip_prefix('/').map(|rest| rest.split('/').next().unwrap_or_default());
    let plain = !path.starts_with("//") && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    plain && matches!(first, Some("" | "jobs" | "runs" | "compare" | "schedules"))
}

pub(super) fn routes(router: Router<Arc<App>>) -> Router<Arc<App>> {
    let pages = ["/", "/jobs", "/jobs/{*rest}", "/runs", "/runs/{*rest}", "/compare", "/schedules"];
    let router = pages.into_iter().fold(router, |router, path| router.route(path, get(page)));
    router.route("/console/assets/{name}", get(asset))
}

/// Headers of every answer that a browser shows.
pub(super) fn guard(headers: &mut HeaderMap) {
    let all = [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ];
    for (name, value) in all {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}

async fn page(request: Request) -> Response {
    std::future::ready(file(PAGE, "no-cache", request.headers())).await
}

async fn asset(Path(name): Path<String>, request: Request) -> Response {
    // The packed forms are not files of their own.
    let packed = name.rsplit('.').next() == Some("br");
    let name = if name == PAGE || packed { "" } else { name.as_str() };
    std::future::ready(file(name, "public, max-age=31536000, immutable", request.headers())).await
}

fn file(name: &str, cache: &'static str, asked: &HeaderMap) -> Response {
    let takes_brotli = asked
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.split(',').any(|coding| coding.trim() == "br"));
    let small = if takes_brotli { Files::get(&format!("{name}.br")) } else { None };
    let coded = small.is_some();
    let found = small.or_else(|| Files::get(name));
    let status = if found.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let missing = || Body::from("There is no such file.\n");
    let mut response = Response::new(found.map_or_else(missing, |found| Body::from(found.data)));
    *response.status_mut() = status;
    let kind = match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    };
    let cache = if status == StatusCode::OK { cache } else { "no-store" };
    let headers = response.headers_mut();
    guard(headers);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if coded {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_told_from_calls_and_from_other_hosts() {
        for path in ["/", "/jobs", "/jobs/12/runs", "/runs/5", "/compare", "/schedules"] {
            assert!(is_page(path), "{path}");
        }
        for path in
            ["/api/2.2/jobs/list", "/console/api/home", "//elsewhere/", "/\\elsewhere", "/jobsx", "jobs", ""]
        {
            assert!(!is_page(path), "{path}");
        }
    }

    #[test]
    fn the_page_and_what_it_names_are_in_the_binary() {
        let page = Files::get(PAGE).unwrap();
        let text = String::from_utf8(page.data.into_owned()).unwrap();
        let names: Vec<&str> = text.split(FOLDER).skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(names.len() >= 2, "a script and a style sheet");
        for name in names {
            assert!(Files::get(name).is_some(), "{name}");
        }
        assert!(!text.contains(" style=") && !text.contains("<script>"), "the policy forbids both");
    }
}
