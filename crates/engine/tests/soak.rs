//! Many small runs one after the other: memory and file handles stay flat.
//!
//! `SOAK_RUNS` says how many (500 when it is not set). Half of them are condition tasks alone; every hundredth starts a
//! Python script in a process of its own.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use lakeflow_engine::{Config, Engine};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const LONGEST: Duration = Duration::from_secs(60);
/// Runs before the first measurement: caches and pools have their size then.
const WARM_UP: usize = 200;
/// Runs that are under way at a time.
const AT_ONCE: usize = 10;
/// Growth that is no leak: pages of the allocator and of SQLite's cache (4 MB for each of two connections).
const SLACK_KB: i64 = 12 * 1024;
const SLACK_HANDLES: i64 = 8;

struct Client {
    url: String,
    token: String,
    http: reqwest::Client,
}

impl Client {
    async fn send(&self, request: reqwest::RequestBuilder) -> Value {
        let response = request.bearer_auth(&self.token).send().await.unwrap();
        let (status, text) = (response.status(), response.text().await.unwrap());
        assert!(status.is_success(), "{status}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.send(self.http.post(format!("{}/api/2.2/jobs{path}", self.url)).json(&body)).await
    }

    async fn create(&self, tasks: Value) -> i64 {
        let settings = json!({ "name": "soak", "max_concurrent_runs": 100, "tasks": tasks });
        self.post("/create", settings).await["job_id"].as_i64().unwrap()
    }

    async fn result(&self, run: i64) -> String {
        let path = format!("{}/api/2.2/jobs/runs/get?run_id={run}", self.url);
        let until = Instant::now() + LONGEST;
        while Instant::now() < until {
            let document = self.send(self.http.get(&path)).await;
            if document["status"]["state"] == "TERMINATED" {
                return document["state"]["result_state"].as_str().unwrap().to_owned();
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        panic!("run {run} does not end");
    }

    async fn run(&self, job: i64) {
        let run = self.post("/run-now", json!({ "job_id": job })).await["run_id"].as_i64().unwrap();
        assert_eq!(self.result(run).await, "SUCCESS");
    }
}

/// Resident memory in KB and open handles of this process.
fn used() -> (i64, i64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let resident = line.trim().trim_end_matches(" kB").parse().unwrap();
    (resident, std::fs::read_dir("/proc/self/fd").unwrap().count() as i64)
}

fn check(key: &str, after: &[&str]) -> Value {
    let edges: Vec<Value> = after.iter().map(|key| json!({ "task_key": key, "outcome": "true" })).collect();
    json!({
        "task_key": key,
        "depends_on": edges,
        "condition_task": { "op": "EQUAL_TO", "left": "{{job.run_id}}", "right": "{{job.run_id}}" },
    })
}

// LOCAL[durability] own: memory and file handles stay flat over 10,000 runs
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_and_handles_stay_flat_over_many_runs() {
    let runs: usize = std::env::var("SOAK_RUNS").map_or(500, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("hello.py");
    std::fs::write(&script, "print('hello')\n").unwrap();
    let mut config = Config::new(folder.path().join("data"));
    config.allowed_paths = vec![folder.path().to_owned()];
    let engine = Engine::start(config).await.unwrap();
    // Another test of this process may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let client = Client { url: engine.url().to_owned(), token: engine.token().to_owned(), http };
    let one = client.create(json!([check("a", &[])])).await;
    let four = json!([check("a", &[]), check("b", &["a"]), check("c", &["a"]), check("d", &["b", "c"])]);
    let four = client.create(four).await;
    let path = script.canonicalize().unwrap();
    let hello = json!([{ "task_key": "h", "existing_cluster_id": "c", "spark_python_task": { "python_file": path } }]);
    let hello = client.create(hello).await;
    let job_of = |n: usize| if n.is_multiple_of(100) { hello } else { [one, four][n % 2] };
    let mut first = (0, 0);
    let begun = Instant::now();
    for n in (0..runs).step_by(AT_ONCE) {
        if n == WARM_UP.min(runs / 2 / AT_ONCE * AT_ONCE) {
            first = used();
        }
        if n % (runs / 10).max(AT_ONCE) == 0 {
            let (resident, handles) = used();
            println!("{n} runs: {resident} KB resident, {handles} handles, {:?}", begun.elapsed());
        }
        futures::future::join_all((n..n + AT_ONCE).map(|n| client.run(job_of(n)))).await;
    }
    let last = used();
    println!("{runs} runs: {} KB resident, {} handles, {:?}", last.0, last.1, begun.elapsed());
    assert!(last.0 - first.0 < SLACK_KB, "memory grows: {first:?} to {last:?}");
    assert!(last.1 - first.1 < SLACK_HANDLES, "handles grow: {first:?} to {last:?}");
    engine.shutdown().await;
}
