//! The console's doors: signing in, what a cookie may do, what every page is sent with, and the stream of changes.

use super::common::{Local, task};
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Response};
use serde_json::json;

/// A browser that keeps its cookie and follows no redirect by itself.
pub(crate) struct Browser {
    http: reqwest::Client,
    url: String,
    cookie: String,
}

impl Browser {
    pub(crate) async fn signed_in(local: &Local) -> Self {
        let http = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        let answer = http.get(local.engine.sign_in_link().unwrap()).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 303);
        assert_eq!(answer.headers()["location"], "/");
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        assert!(cookie.contains("; HttpOnly; SameSite=Strict;"), "{cookie}");
        assert!(!cookie.contains(local.engine.token()), "the token stays here");
        let cookie = cookie.split(';').next().unwrap().to_owned();
        Self { http, url: local.engine.url().to_owned(), cookie }
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        self.http.request(method, format!("{}{path}", self.url)).header("cookie", &self.cookie)
    }
}

pub(crate) async fn status(request: RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_link_signs_one_browser_in() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let link = local.engine.sign_in_link().unwrap();
    let http = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
    let open = async |link: &str| http.get(link).send().await.unwrap();
    let first = open(&format!("{link}&to=/jobs/5")).await;
    assert_eq!(first.headers()["location"], "/jobs/5");
    let second = open(&link).await;
    assert_eq!(second.headers()["location"], "/?link=used");
    assert!(second.headers().get("set-cookie").is_none(), "a link works once");
    for elsewhere in ["//evil.example/", "https://evil.example/", "/api/2.2/jobs/list", "/\\evil.example"] {
        let link = format!("{}&to={elsewhere}", local.engine.sign_in_link().unwrap());
        assert_eq!(open(&link).await.headers()["location"], "/", "{elsewhere}");
    }
    let browser = Browser::signed_in(&local).await;
    let again = browser.request("GET", "/console/sign-in?code=used").send().await.unwrap();
    assert_eq!(again.headers()["location"], "/", "a browser that is in stays in");
    let answer = local.call("/console/link", json!({})).await;
    assert_eq!(open(answer["url"].as_str().unwrap()).await.headers()["location"], "/");
    assert_eq!(local.client.with_token("wrong").post("/console/link", json!({})).await.0, 403);
}

#[tokio::test]
async fn a_cookie_reads_and_writes_from_the_engines_own_pages_alone() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let browser = Browser::signed_in(&local).await;
    let list = "/api/2.2/jobs/list";
    assert_eq!(status(browser.request("GET", list)).await, 200);
    assert_eq!(status(browser.http.get(format!("{}{list}", browser.url))).await, 401, "no cookie");
    let forged =
        browser.http.get(format!("{}{list}", browser.url)).header("cookie", format!("{}x", browser.cookie));
    assert_eq!(status(forged).await, 401);
    for (name, value) in [
        ("host", "evil.example"),
        ("origin", "https://evil.example"),
        ("origin", "http://127.0.0.1:1"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        assert_eq!(status(browser.request("GET", list).header(name, value)).await, 403, "{name}: {value}");
    }
    let create = || browser.request("POST", "/api/2.2/jobs/create");
    let body = json!({ "name": "from a page", "tasks": [task("a", "/ok", &[])] });
    assert_eq!(status(create().json(&body)).await, 403, "without an origin");
    let plain = create().header("origin", &browser.url).header("content-type", "text/plain");
    assert_eq!(status(plain.body(body.to_string())).await, 403, "what a form can send");
    assert_eq!(status(create().json(&body).header("origin", "http://localhost:1")).await, 403);
    assert_eq!(status(create().json(&body).header("origin", &browser.url)).await, 200);
    assert_eq!(local.read(list).await["jobs"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn pages_are_open_and_closed_to_what_is_not_theirs() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let get = async |path: &str| http.get(format!("{}{path}", local.engine.url())).send().await.unwrap();
    for path in ["/", "/jobs/7", "/runs/9?task=a", "/compare?a=1&b=2", "/schedules"] {
        let page = get(path).await;
        assert_eq!(page.status().as_u16(), 200, "{path}");
        let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
        assert_eq!(page.headers()["cache-control"], "no-cache");
        assert_eq!(page.headers()["x-content-type-options"], "nosniff");
    }
    let text = get("/").await.text().await.unwrap();
    let script = text.split("src=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let asset = get(script).await;
    assert_eq!(asset.status().as_u16(), 200, "{script}");
    assert!(asset.headers()["cache-control"].to_str().unwrap().contains("immutable"));
    assert_eq!(get("/console/assets/nothing.js").await.status().as_u16(), 404);
    assert_eq!(get("/console/assets/..%2f..%2fCargo.toml").await.status().as_u16(), 404);
    assert_eq!(get("/console/events").await.status().as_u16(), 401);
    let strange = http.get(local.engine.url()).header("host", "evil.example").send().await.unwrap();
    assert_eq!(strange.status().as_u16(), 403, "pages too");
}

/// The next event of a stream: its type, its id, its data.
async fn event(stream: &mut Response, rest: &mut String) -> (String, String, String) {
    loop {
        if let Some((event, more)) = rest.split_once("\n\n") {
            let field = |name: &str| {
                let mut lines = event.lines().filter_map(|line| line.strip_prefix(name));
                lines.next().unwrap_or_default().to_owned()
            };
            let found = (field("event: "), field("id: "), field("data: "));
            let read = rest.len() - more.len();
            rest.drain(..read);
            return found;
        }
        let chunk = stream.chunk().await.unwrap().expect("the stream goes on");
        rest.push_str(std::str::from_utf8(&chunk).unwrap());
    }
}

#[tokio::test]
async fn the_stream_tells_changes_in_order_and_is_resumed_without_gaps() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let browser = Browser::signed_in(&local).await;
    let job = local.create(json!({ "tasks": [task("a", "/hold", &[]), task("b", "/ok", &["a"])] })).await;
    let mut stream = browser.request("GET", "/console/events").send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut rest = String::new();
    let (kind, first, _) = event(&mut stream, &mut rest).await;
    assert_eq!(kind, "hello");
    let run = local.run_now(job).await.to_string();
    let (kind, id, data) = event(&mut stream, &mut rest).await;
    let change: serde_json::Value = serde_json::from_str(&data).unwrap();
    assert_eq!((kind.as_str(), &change["t"], &change["id"]), ("", &json!("run"), &json!(run)));
    assert_eq!(change["job"], json!(job.to_string()));
    local.fake.wait_started("a").await;
    drop(stream);
    local.fake.finish("a", true);
    local.ended(run.parse().unwrap()).await;
    let resumed = async |after: &str| {
        let mut stream =
            browser.request("GET", "/console/events").header("last-event-id", after).send().await.unwrap();
        let (mut rest, mut states) = (String::new(), Vec::new());
        assert_eq!(event(&mut stream, &mut rest).await.0, "hello");
        let mut numbers = Vec::new();
        while states.last().map(String::as_str) != Some("SUCCESS") {
            let (_, id, data) = event(&mut stream, &mut rest).await;
            let change: serde_json::Value = serde_json::from_str(&data).unwrap();
            states.extend(change["s"].as_str().map(str::to_owned));
            numbers.push(id.rsplit_once('.').unwrap().1.parse::<u64>().unwrap());
        }
        assert!(numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{numbers:?}");
        numbers
    };
    let all = resumed(&first).await;
    assert_eq!(resumed(&id).await, all[1..], "from where it was left");
    let mut other =
        browser.request("GET", "/console/events").header("last-event-id", "gone.4").send().await.unwrap();
    assert_eq!(event(&mut other, &mut String::new()).await.0, "reset");
    local.engine.shutdown().await;
    while let Ok(Some(_)) = other.chunk().await {}
}
