//! Starting, calling and killing the engine process.

use super::engine::{DEATH, FOLDER};
use lakeflow_engine::EngineFile;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Longest time that anything here may take.
const LONGEST: Duration = Duration::from_secs(40);

/// A running engine process. Killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    url: String,
    token: String,
    http: reqwest::Client,
}

impl Process {
    /// Starts an engine on a folder and waits until it serves; `None` when it died on the way.
    pub(crate) async fn start(folder: &Path, death: &str) -> Option<Self> {
        // Another test of this process may have installed it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["engine::engine_process", "--exact", "--nocapture", "--test-threads=1"])
            .env(FOLDER, folder)
            .env(DEATH, death)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut process = Self { child, url: String::new(), token: String::new(), http };
        let pid = process.child.id();
        let found = until("the engine to serve", async || {
            if process.is_dead() {
                return Some(None);
            }
            let file = EngineFile::read(folder).filter(|file| file.pid == pid)?;
            Some(Some(file.url))
        });
        process.url = found.await?;
        process.token = std::fs::read_to_string(folder.join("token")).unwrap();
        Some(process)
    }

    pub(crate) fn is_dead(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Ends it as `kill -9` does, unless it is dead.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Option<Value> {
        let response = request.bearer_auth(&self.token).send().await.ok()?;
        let (status, text) = (response.status().as_u16(), response.text().await.ok()?);
        let value: Value = serde_json::from_str(&text).unwrap();
        // A store that fails is the crash point: the engine is dying.
        assert!(status == 200 || status >= 500, "{status}: {value}");
        (status == 200).then_some(value)
    }

    /// The answer to a POST; `None` when the engine died.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Option<Value> {
        self.send(self.http.post(format!("{}/api/2.2/jobs{path}", self.url)).json(&body)).await
    }

    /// The answer to a GET; `None` when the engine died.
    pub(crate) async fn get(&self, path: &str) -> Option<Value> {
        self.send(self.http.get(format!("{}/api/2.2/jobs{path}", self.url))).await
    }

    pub(crate) async fn create(&self, settings: Value) -> i64 {
        self.post("/create", settings).await.unwrap()["job_id"].as_i64().unwrap()
    }

    /// Runs a job once, however often it is asked with the same token.
    pub(crate) async fn run(&self, job: i64, token: &str) -> Option<i64> {
        let body = json!({ "job_id": job, "idempotency_token": token });
        self.post("/run-now", body).await?["run_id"].as_i64()
    }

    pub(crate) async fn document(&self, run: i64) -> Option<Value> {
        self.get(&format!("/runs/get?run_id={run}")).await
    }

    /// What was or is to be told of a run, the oldest first: event and state of each delivery.
    pub(crate) async fn told(&self, run: i64) -> Option<Vec<(String, String)>> {
        let url = format!("{}/api/2.0/lakeflow-local/deliveries?run_id={run}", self.url);
        let page = self.send(self.http.get(url)).await?;
        let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
        let all = page["deliveries"].as_array().unwrap().iter().rev();
        Some(all.map(|one| (text(one, "event_type"), text(one, "state"))).collect())
    }

    /// The document of a run once it is over; `None` when the engine died.
    pub(crate) async fn ended(&mut self, run: i64) -> Option<Value> {
        loop {
            let document = self.document(run).await;
            let over = document.as_ref().is_some_and(|d| d["status"]["state"] == "TERMINATED");
            if over || document.is_none() && self.is_dead() {
                return document;
            }
            tokio::time::sleep(Duration::from_millis(4)).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Asks again and again until there is something.
pub(crate) async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(found) = ask().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(LONGEST, asking).await.unwrap_or_else(|_| panic!("never came: {what}"))
}
