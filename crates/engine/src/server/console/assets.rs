//! The files of the pages, carried in the binary: made by `cargo xtask console` from `node/src/console`, and kept in the
//! repository, so that building the engine needs no Node.js.
//!
//! Files under `FOLDER` carry a hash of their content in their name and never change; pages, one for each screen, are
//! asked for each time, so that a new engine is never talked to by an old script. A page names the scripts of its screen;
//! the engine adds what the screen will ask first.

use super::App;
use super::screens::screen;
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

/// The place in a page where links to the first answers go.
const ASKS: &str = "<!--asks-->";

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

/// A page, with the calls that its script will make named in its head: the browser makes them at once.
async fn page(request: Request) -> Response {
    let shown = screen(request.uri().path(), request.uri().query().unwrap_or_default());
    let links: Vec<String> = shown.asks.iter().map(|ask| preload(ask)).collect();
    let page =
        Files::get(shown.page).map(|page| String::from_utf8_lossy(&page.data).replace(ASKS, &links.concat()));
    let mut response = Response::new(Body::from(page.unwrap_or_default()));
    let headers = response.headers_mut();
    guard(headers);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    std::future::ready(response).await
}

fn preload(address: &str) -> String {
    let address = address.replace('&', "&amp;");
    format!("<link rel=\"preload\" as=\"fetch\" crossorigin href=\"{address}\">")
}

async fn asset(Path(name): Path<String>, request: Request) -> Response {
    // Pages have addresses of their own, and the packed forms are not files of their own.
    let hidden = matches!(name.rsplit('.').next(), Some("br" | "html"));
    let name = if hidden { "" } else { name.as_str() };
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
    fn each_page_and_what_it_names_are_in_the_binary() {
        let addresses = ["/", "/jobs/1", "/jobs/1/run", "/jobs/1/definition", "/runs/1", "/compare"];
        for address in addresses {
            let name = screen(address, "").page;
            let page = Files::get(name).unwrap_or_else(|| panic!("{name}"));
            let text = String::from_utf8(page.data.into_owned()).unwrap();
            let names: Vec<&str> =
                text.split(FOLDER).skip(1).filter_map(|rest| rest.split('"').next()).collect();
            assert!(names.len() >= 3, "{name}: a style sheet, and scripts");
            for name in names {
                assert!(Files::get(name).is_some(), "{name}");
            }
            assert!(text.contains(ASKS), "{name}");
            assert!(!text.contains(" style=") && !text.contains("<script>"), "the policy forbids both");
        }
    }
}
