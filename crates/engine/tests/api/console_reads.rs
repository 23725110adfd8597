//! What the console's pages ask: each answer once against a real server, with names that would be markup, ids that a number
//! of a browser would round, and for callers without a session.

use super::common::{Local, task};
use super::console::{Browser, status};
use serde_json::{Value, json};

const HOSTILE: &str = "<img src=x onerror=alert(1)>\"'&\u{202e}";

/// A signed-in browser that reads JSON.
struct Pages {
    local: Local,
    browser: Browser,
}

impl Pages {
    async fn open(dir: &std::path::Path) -> Self {
        let local = Local::start(dir).await;
        let browser = Browser::signed_in(&local).await;
        Self { local, browser }
    }

    async fn told(&self, request: reqwest::RequestBuilder) -> (u16, Value) {
        let answer = request.send().await.unwrap();
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        assert!(kind.starts_with("application/json"), "{kind}: data is never a page");
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap())
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.told(self.browser.request("GET", &format!("/console/api/{path}"))).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    async fn refused(&self, path: &str) -> (u16, String) {
        let (status, body) = self.told(self.browser.request("GET", &format!("/console/api/{path}"))).await;
        (status, body["message"].as_str().unwrap_or_default().to_owned())
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let request = self.browser.request("POST", &format!("/console/api/{path}"));
        self.told(request.header("origin", self.local.engine.url()).json(&body)).await
    }

    async fn job(&self) -> i64 {
        self.local
            .create(json!({
                "name": HOSTILE,
                "description": HOSTILE,
                "parameters": [{ "name": "day", "default": HOSTILE }, { "name": "limit", "default": "1" }],
                "schedule": { "quartz_cron_expression": "0 0 6 * * ?", "timezone_id": "Europe/Berlin" },
                "tasks": [task("first", "/ok", &[]), task("second", "/hold", &["first"])],
            }))
            .await
    }
}

fn ids(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn home_jobs_and_schedules_say_what_there_is() {
    let dir = tempfile::tempdir().unwrap();
    let pages = Pages::open(dir.path()).await;
    let empty = pages.get("home").await;
    assert_eq!((&empty["jobs"], &empty["bundle"]), (&json!([]), &Value::Null));
    assert_eq!(pages.get("schedules").await["jobs"], json!([]));
    let job = pages.job().await.to_string();
    let home = pages.get("home").await;
    assert_eq!(ids(&home["jobs"]), [job.as_str()], "ids are text");
    let head = &home["jobs"][0];
    assert_eq!((&head["name"], &head["tasks"], &head["needs"]), (&json!(HOSTILE), &json!(2), &json!(2)));
    assert_eq!(head["schedule"]["words"], "Every day at 06:00");
    let schedules = pages.get("schedules").await;
    // An engine that nobody told to fire triggers says so.
    assert_eq!((&schedules["fires"], &schedules["jobs"][0]["last"]), (&json!(false), &Value::Null));
    let schedule = &schedules["jobs"][0]["schedule"];
    assert_eq!((&schedule["zone"], schedule["next"].as_array().unwrap().len()), (&json!("Europe/Berlin"), 5));
    let definition = pages.get(&format!("jobs/{job}")).await;
    assert_eq!(definition["description"], json!(HOSTILE));
    assert_eq!(definition["form"]["fields"][0]["default"], json!(HOSTILE));
    let keys: Vec<&str> =
        definition["list"].as_array().unwrap().iter().map(|t| t["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["first", "second"]);
    assert_eq!(definition["graph"]["nodes"].as_array().unwrap().len(), 2);
    assert_eq!(definition["text"]["file"], Value::Null, "a job of no bundle is shown as it is stored");
    assert!(definition["text"]["text"].as_str().unwrap().contains("onerror"));
}

#[tokio::test]
async fn runs_come_in_pages_and_by_state_trigger_text_and_time() {
    let dir = tempfile::tempdir().unwrap();
    let pages = Pages::open(dir.path()).await;
    let local = &pages.local;
    let job = local.create(json!({ "name": "good", "tasks": [task("a", "/ok", &[])] })).await;
    let bad = local
        .create(json!({
            "name": "bad", "parameters": [{ "name": "day", "default": "monday" }], "tasks": [task("a", "/fail", &[])],
        }))
        .await;
    let mut runs = Vec::new();
    for of in [job, job, job, bad] {
        let run = local.run_now(of).await;
        local.ended(run).await;
        runs.push(run.to_string());
    }
    runs.reverse();
    let all = pages.get("runs").await;
    assert_eq!((ids(&all["runs"]), &all["total"], &all["next"]), (runs.clone(), &json!(4), &Value::Null));
    let first = pages.get("runs?limit=3").await;
    assert_eq!(ids(&first["runs"]), runs[..3]);
    let next = first["next"].as_str().unwrap();
    let rest = pages.get(&format!("runs?limit=3&page={next}")).await;
    assert_eq!((ids(&rest["runs"]), &rest["next"]), (runs[3..].to_vec(), &Value::Null));
    let own = pages.get(&format!("jobs/{job}/runs?limit=2")).await;
    assert_eq!((ids(&own["runs"]), &own["total"]), (runs[1..3].to_vec(), &json!(3)));
    assert_eq!(ids(&pages.get("runs?state=FAILED,TIMEDOUT").await["runs"]), runs[..1]);
    assert_eq!(ids(&pages.get("runs?q=DAY%3Dmon").await["runs"]), runs[..1]);
    assert_eq!(ids(&pages.get(&format!("runs?q={}", runs[2])).await["runs"]), runs[2..3]);
    assert_eq!(ids(&pages.get("runs?trigger=PERIODIC").await["runs"]), [""; 0]);
    let second = all["runs"][1]["at"].as_i64().unwrap();
    let until = pages.get(&format!("runs?to={second}")).await;
    assert_eq!(ids(&until["runs"]), runs[1..], "up to a time");
    assert_eq!(until["total"], 3, "what is counted is what is listed");
    assert_eq!(pages.get("runs?state=FAILED").await["total"], 1);
}

#[tokio::test]
async fn the_matrix_has_a_letter_for_each_cell_and_finds_the_page_of_a_run() {
    let dir = tempfile::tempdir().unwrap();
    let pages = Pages::open(dir.path()).await;
    let local = &pages.local;
    let job = pages.job().await;
    let first = local.run_now(job).await;
    local.fake.wait_started("second").await;
    let live = pages.get(&format!("jobs/{job}/matrix")).await;
    assert_eq!(live["runs"][0]["cells"], "gd", "succeeded, running");
    local.fake.finish("second", false);
    local.ended(first).await;
    let mut runs = vec![first];
    for _ in 0..3 {
        let before = local.fake.attempts.lock().unwrap().len();
        runs.push(local.run_now(job).await);
        super::common::eventually("the next attempt", async || {
            (local.fake.attempts.lock().unwrap().len() >= before + 2).then_some(())
        })
        .await;
        local.fake.finish("second", true);
        local.ended(*runs.last().unwrap()).await;
    }
    let text: Vec<String> = runs.iter().map(i64::to_string).collect();
    let matrix = pages.get(&format!("jobs/{job}/matrix")).await;
    assert_eq!(ids(&matrix["runs"]), text, "newest right");
    let cells: Vec<&str> =
        matrix["runs"].as_array().unwrap().iter().map(|r| r["cells"].as_str().unwrap()).collect();
    assert_eq!(cells, ["gi", "gg", "gg", "gg"]);
    assert!(
        matrix["runs"].as_array().unwrap().iter().all(|run| run.get("tries").is_none()),
        "each had one attempt"
    );
    assert_eq!(pages.get("names").await["tasks"][job.to_string()], json!(["first", "second"]));
    assert_eq!((&matrix["total"], &matrix["older"]), (&json!(4), &json!(false)));
    let old = pages.get(&format!("jobs/{job}/matrix?count=2&with={}", text[1])).await;
    assert_eq!((ids(&old["runs"]), &old["older"]), (text[..2].to_vec(), &json!(false)));
    let before = pages.get(&format!("jobs/{job}/matrix?count=2&before={}", text[3])).await;
    assert_eq!((ids(&before["runs"]), &before["older"]), (text[1..3].to_vec(), &json!(true)));
}

#[tokio::test]
async fn a_run_its_attempts_its_plan_and_the_comparison_with_another() {
    let dir = tempfile::tempdir().unwrap();
    let pages = Pages::open(dir.path()).await;
    let local = &pages.local;
    let job = pages.job().await;
    let run = local.run_now(job).await;
    local.fake.wait_started("second").await;
    local.fake.set_value("first", HOSTILE, json!(HOSTILE));
    local.fake.finish("second", false);
    let document = local.ended(run).await;
    let model = pages.get(&format!("runs/{run}")).await;
    assert_eq!((&model["run"]["id"], &model["run"]["s"]), (&json!(run.to_string()), &json!("FAILED")));
    assert_eq!(model["run"]["params"][0], json!(["day", HOSTILE]));
    let states: Vec<&str> =
        model["tasks"].as_array().unwrap().iter().map(|t| t["attempts"][0]["s"].as_str().unwrap()).collect();
    assert_eq!(states, ["SUCCESS", "FAILED"]);
    assert_eq!(model["critical"], json!(["first", "second"]));
    let id = model["tasks"][1]["attempts"][0]["id"].as_str().unwrap();
    assert_eq!(document["tasks"][1]["run_id"].to_string(), id);
    let by_task = pages.get(&format!("runs/{id}")).await;
    assert_eq!(by_task["run"]["id"], json!(run.to_string()), "the id of a task run leads to its run");
    let details = pages.get(&format!("tasks/{id}")).await;
    assert_eq!((&details["error"], &details["trace"]), (&json!("RuntimeError: boom"), &json!("Traceback")));
    assert_eq!(details["definition"]["task_key"], "second");
    let (_, plan) = pages.post(&format!("runs/{run}/plan"), json!({})).await;
    assert_eq!(plan["tasks"], json!(["second"]));
    let (_, plan) = pages.post(&format!("runs/{run}/plan"), json!({ "tasks": ["first"] })).await;
    assert_eq!(plan["tasks"], json!(["first", "second"]));
    let both = pages.get(&format!("compare?a={run}&b={run}")).await;
    assert_eq!(both["tasks"][1]["a"]["s"], "FAILED");
    assert_eq!(both["tasks"][1]["changed"], json!([]));
}

#[tokio::test]
async fn a_log_is_read_in_parts_searched_whole_and_has_its_streams_apart() {
    let dir = tempfile::tempdir().unwrap();
    let pages = Pages::open(dir.path()).await;
    let local = &pages.local;
    let job = local.create(json!({ "tasks": [task("a", "/hold", &[])] })).await;
    let run = local.run_now(job).await;
    let attempt = local.fake.wait_started("a").await.run.0;
    let path = local.engine_log(attempt);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let text = format!("first\n\u{1b}[31m{HOSTILE}\u{1b}[0m\nlast\n");
    std::fs::write(&path, &text).unwrap();
    let log = async |query: &str| pages.get(&format!("tasks/{attempt}/log{query}")).await;
    let whole = log("").await;
    assert_eq!((&whole["text"], &whole["over"], &whole["line"]), (&json!(text), &json!(false), &json!(0)));
    assert_eq!(whole.get("err"), None, "nobody told the streams apart");
    let size = text.len();
    assert_eq!(log(&format!("?from={}", size - 5)).await["text"], "last\n");
    assert_eq!(log("?before=6").await["text"], "first\n");
    let marks = [6_u64.to_le_bytes(), (size as u64 - 5).to_le_bytes()].concat();
    std::fs::write(path.with_file_name("stderr.marks"), marks).unwrap();
    assert_eq!(log("").await["err"], json!([[1, 1]]));
    assert_eq!(log("").await.get("times"), None, "nobody noted when the log grew");
    let times =
        [(0_u64, 1_000_u64), (6, 2_500)].map(|(from, at)| [from.to_le_bytes(), at.to_le_bytes()].concat());
    std::fs::write(path.with_file_name("output.times"), times.concat()).unwrap();
    assert_eq!(log("").await["times"], json!([[0, 1_000], [1, 2_500]]));
    assert_eq!(log(&format!("?from={}", size - 5)).await["times"], json!([[0, 2_500]]));
    let found = async |query: &str| pages.get(&format!("tasks/{attempt}/search?{query}")).await;
    assert_eq!(found("q=%3CIMG").await, json!({ "all": 1, "hits": [[2, 0, 4]] }));
    assert_eq!(found("q=%3CIMG&case=1").await["all"], 0);
    assert_eq!(found("q=%5E%5Cw%2B%24&regex=1").await["hits"], json!([[1, 0, 5], [3, 0, 4]]));
    let (status, told) = pages.refused(&format!("tasks/{attempt}/search?q=(&regex=1")).await;
    assert_eq!((status, told.as_str()), (400, "unclosed group"));
    local.fake.finish("a", true);
    local.ended(run).await;
    assert_eq!(log(&format!("?from={size}&wait=1")).await["over"], true);
    let raw =
        pages.browser.request("GET", &format!("/console/api/tasks/{attempt}/raw")).send().await.unwrap();
    assert!(raw.headers()["content-disposition"].to_str().unwrap().starts_with("attachment"));
    assert_eq!(raw.headers()["content-type"], "text/plain; charset=utf-8");
    assert!(raw.headers()["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    assert_eq!(raw.text().await.unwrap(), text);
}

#[tokio::test]
async fn forms_are_checked_and_runs_started_once() {
    let dir = tempfile::tempdir().unwrap();
    let pages = Pages::open(dir.path()).await;
    let job = pages.job().await;
    let (_, checked) = pages
        .post(&format!("jobs/{job}/check"), json!({ "entries": [["limit", "7"], ["day", HOSTILE]] }))
        .await;
    assert_eq!(checked["violations"], json!([]));
    assert_eq!(checked["params"], json!({ "limit": "7", "day": HOSTILE }));
    let (_, wrong) =
        pages.post(&format!("jobs/{job}/run"), json!({ "params": { "limit": { "deep": 1 } } })).await;
    assert_eq!(wrong["violations"][0]["path"], "/limit");
    let ask = json!({ "params": { "limit": "7" }, "token": "one", "dry": true });
    let (_, dry) = pages.post(&format!("jobs/{job}/run"), ask).await;
    assert_eq!(dry["request"]["job_parameters"], json!({ "limit": "7" }));
    assert_eq!(pages.get("runs").await["total"], 0);
    let ask = json!({ "params": { "limit": "7" }, "token": "one" });
    let (_, one) = pages.post(&format!("jobs/{job}/run"), ask.clone()).await;
    let (_, two) = pages.post(&format!("jobs/{job}/run"), ask).await;
    assert_eq!(one["run"], two["run"], "one intent, one run");
    let (_, paused) = pages.post(&format!("jobs/{job}/pause"), json!({ "paused": true })).await;
    assert_eq!(paused["schedule"]["paused"], true);
}

#[tokio::test]
async fn nothing_is_told_without_a_session_and_nothing_of_what_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    let pages = Pages::open(dir.path()).await;
    let job = pages.job().await;
    let run = pages.local.run_now(job).await;
    let task = pages.local.fake.wait_started("second").await.run.0;
    let reads = [
        "home".to_owned(),
        "schedules".to_owned(),
        "runs".to_owned(),
        "names".to_owned(),
        format!("compare?a={run}&b={run}"),
        format!("jobs/{job}"),
        format!("jobs/{job}/matrix"),
        format!("jobs/{job}/runs"),
        format!("runs/{run}"),
        format!("tasks/{task}"),
        format!("tasks/{task}/log"),
        format!("tasks/{task}/search?q=x"),
        format!("tasks/{task}/raw"),
    ];
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for path in &reads {
        let path = format!("/console/api/{path}");
        assert_eq!(status(http.get(format!("{}{path}", pages.local.engine.url()))).await, 401, "{path}");
        let elsewhere = pages.browser.request("GET", &path).header("sec-fetch-site", "cross-site");
        assert_eq!(status(elsewhere).await, 403, "{path}");
        assert_eq!(
            status(pages.browser.request("GET", &path).header("host", "evil.example")).await,
            403,
            "{path}"
        );
        assert_eq!(status(pages.browser.request("GET", &path)).await, 200, "{path}");
    }
    for path in [
        format!("jobs/{job}/check"),
        format!("jobs/{job}/run"),
        format!("jobs/{job}/pause"),
        format!("runs/{run}/plan"),
    ] {
        let path = format!("/console/api/{path}");
        let post = || pages.browser.request("POST", &path).json(&json!({}));
        assert_eq!(status(post()).await, 403, "{path} without an origin");
        assert_eq!(status(post().header("origin", "https://evil.example")).await, 403, "{path}");
        let plain = pages.browser.request("POST", &path).header("origin", pages.local.engine.url());
        assert_eq!(
            status(plain.header("content-type", "text/plain").body("{}")).await,
            403,
            "{path} as a form"
        );
    }
    for path in ["runs/7", "tasks/7", "tasks/7/log", "tasks/7/search?q=x", "compare?a=7&b=7"] {
        assert_eq!(pages.refused(path).await.0, 404, "{path}");
    }
    // The platform calls a job that is not there a bad request.
    for path in [
        "jobs/7",
        "jobs/7/matrix",
        "jobs/x",
        "runs/1.5",
        "tasks/99999999999999999999",
        "compare?b=1",
        "compare?a=%3Cb%3E&b=1",
    ] {
        let (status, told) = pages.refused(path).await;
        assert_eq!(status, 400, "{path}: {told}");
    }
}
