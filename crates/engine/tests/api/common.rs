//! A real engine on loopback with attempts that the test controls.

use lakeflow_core::error::Error;
use lakeflow_core::execution::Exit;
use lakeflow_core::id::RunId;
use lakeflow_core::job::{Task, TaskKind};
use lakeflow_core::run::{Outcome, TerminationCode};
use lakeflow_engine::exec::{Attempt, AttemptFiles, ExecEvent, TaskOutput};
use lakeflow_engine::{Config, Engine, Executor, ExecutorContext};
use serde_json::{Value, json};
use std::future::Future;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;

/// Attempts of Python files: `/ok` ends well at once, `/fail` fails at once, `/hold` waits for the test, `/stubborn` too and
/// does not end when it is stopped.
pub(crate) struct FakeExecutor {
    events: UnboundedSender<ExecEvent>,
    data_dir: PathBuf,
    pub(crate) attempts: Mutex<Vec<Attempt>>,
    pub(crate) stopped: Mutex<Vec<RunId>>,
}

fn exit(outcome: Outcome, code: TerminationCode, message: &str) -> Exit {
    Exit { outcome, code, message: message.to_owned(), output: None }
}

impl FakeExecutor {
    pub(crate) fn new(context: ExecutorContext) -> Self {
        Self {
            events: context.events,
            data_dir: context.data_dir,
            attempts: Mutex::default(),
            stopped: Mutex::default(),
        }
    }

    fn report(&self, run: RunId, exit: Exit, output: TaskOutput) {
        self.events.send(ExecEvent::Exited { run, exit, output: Box::new(output) }).unwrap();
    }

    /// Ends the newest attempt of a task.
    pub(crate) fn finish(&self, task_key: &str, ok: bool) {
        let run = self.attempt(task_key).expect("an attempt of the task").run;
        if ok {
            self.report(run, exit(Outcome::Success, TerminationCode::Success, ""), TaskOutput::default());
        } else {
            self.fail(run);
        }
    }

    fn fail(&self, run: RunId) {
        let message = "Workload failed, see run output for details";
        let output = TaskOutput {
            error: Some("RuntimeError: boom".to_owned()),
            error_trace: Some("Traceback".to_owned()),
            ..TaskOutput::default()
        };
        self.report(run, exit(Outcome::Failed, TerminationCode::RunExecutionError, message), output);
    }

    /// Sets a task value from the newest attempt of a task.
    pub(crate) fn set_value(&self, task_key: &str, key: &str, value: Value) {
        let run = self.attempt(task_key).expect("an attempt of the task").run;
        self.events.send(ExecEvent::Value { run, key: key.to_owned(), value }).unwrap();
    }

    /// The newest attempt of a task.
    pub(crate) fn attempt(&self, task_key: &str) -> Option<Attempt> {
        self.attempts.lock().unwrap().iter().rev().find(|a| a.task_key == task_key).cloned()
    }

    /// Keys of all attempts in the order they were started.
    pub(crate) fn started(&self) -> Vec<String> {
        self.attempts.lock().unwrap().iter().map(|a| a.task_key.clone()).collect()
    }

    /// Waits until an attempt of a task was started.
    pub(crate) async fn wait_started(&self, task_key: &str) -> Attempt {
        eventually(task_key, async || self.attempt(task_key)).await
    }
}

impl Executor for FakeExecutor {
    fn start(&self, attempt: Attempt) {
        let (run, file) = (attempt.run, file_of(&attempt.task));
        self.attempts.lock().unwrap().push(attempt);
        self.events.send(ExecEvent::Started { run, pid: None }).unwrap();
        match file.as_str() {
            "/ok" => {
                self.report(run, exit(Outcome::Success, TerminationCode::Success, ""), TaskOutput::default());
            }
            "/fail" => self.fail(run),
            _ => {}
        }
    }

    fn stop(&self, run: RunId) {
        self.stopped.lock().unwrap().push(run);
        let attempts = self.attempts.lock().unwrap();
        let attempt = attempts.iter().find(|a| a.run == run).expect("a known attempt");
        if file_of(&attempt.task) != "/stubborn" {
            self.report(
                run,
                exit(Outcome::Canceled, TerminationCode::UserCanceled, "stopped"),
                TaskOutput::default(),
            );
        }
    }

    fn supports(&self, task: &Task) -> Result<(), String> {
        match task.kind() {
            Some(TaskKind::SparkPython(_) | TaskKind::Notebook(_) | TaskKind::Dbt(_)) => Ok(()),
            _ => Err("the fake runs Python files and notebooks only".to_owned()),
        }
    }

    fn files(&self, run: RunId) -> AttemptFiles {
        AttemptFiles { dir: self.data_dir.join("runs").join(run.to_string()) }
    }

    fn shutdown(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }
}

fn file_of(task: &Task) -> String {
    task.spark_python_task.as_ref().map(|block| block.python_file.clone()).unwrap_or_default()
}

/// An engine whose attempts the test controls, and a client for it.
pub(crate) struct Local {
    pub(crate) engine: Engine,
    pub(crate) fake: Arc<FakeExecutor>,
    pub(crate) client: Client,
}

/// Calls an engine.
pub(crate) struct Client {
    url: String,
    token: String,
    http: reqwest::Client,
}

/// Status and body of an answer.
pub(crate) type Answer = (u16, Value);

impl Local {
    pub(crate) async fn start(dir: &Path) -> Self {
        Self::start_with(Config::new(dir)).await.expect("an engine")
    }

    pub(crate) async fn start_with(config: Config) -> Result<Self, Error> {
        let fake = Arc::new(OnceLock::new());
        let kept = Arc::clone(&fake);
        let engine = Engine::start_with(config, move |context| {
            let executor = Arc::new(FakeExecutor::new(context));
            let _ = kept.set(Arc::clone(&executor));
            Ok(executor as Arc<dyn Executor>)
        })
        .await?;
        let fake = Arc::clone(fake.get().expect("the executor was made"));
        Ok(Self { client: Client::of(&engine), engine, fake })
    }

    /// The log file of an attempt.
    pub(crate) fn engine_log(&self, run: i64) -> PathBuf {
        self.fake.files(RunId(run)).log()
    }
}

impl Deref for Local {
    type Target = Client;
    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Client {
    pub(crate) fn of(engine: &Engine) -> Self {
        // Another test of this process may have installed it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { url: engine.url().to_owned(), token: engine.token().to_owned(), http }
    }

    /// The same with another token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { url: self.url.clone(), token: token.to_owned(), http: self.http.clone() }
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        let text = response.text().await.expect("a body");
        (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("not JSON: {text}")))
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request("POST", path).json(&body)).await
    }

    /// The body of a GET that must succeed.
    pub(crate) async fn read(&self, path: &str) -> Value {
        let (status, body) = self.get(path).await;
        assert_eq!(status, 200, "GET {path}: {body}");
        body
    }

    /// The body of a POST that must succeed.
    pub(crate) async fn call(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.post(path, body).await;
        assert_eq!(status, 200, "POST {path}: {answer}");
        answer
    }

    pub(crate) async fn create(&self, settings: Value) -> i64 {
        self.call("/api/2.2/jobs/create", settings).await["job_id"].as_i64().expect("a job id")
    }

    pub(crate) async fn run_now(&self, job: i64) -> i64 {
        self.call("/api/2.2/jobs/run-now", json!({ "job_id": job })).await["run_id"]
            .as_i64()
            .expect("a run id")
    }

    pub(crate) async fn run(&self, run: i64) -> Value {
        self.read(&format!("/api/2.2/jobs/runs/get?run_id={run}&include_history=true")).await
    }

    /// Waits until a run is over.
    pub(crate) async fn ended(&self, run: i64) -> Value {
        eventually("the end of the run", async || {
            let document = self.run(run).await;
            (document["status"]["state"] == "TERMINATED").then_some(document)
        })
        .await
    }

    /// Waits until a run's status has a state.
    pub(crate) async fn in_state(&self, run: i64, state: &str) -> Value {
        eventually(state, async || {
            let document = self.run(run).await;
            (document["status"]["state"] == state).then_some(document)
        })
        .await
    }
}

/// Asks again and again until there is something; fails after 20 seconds.
pub(crate) async fn eventually<T>(what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(found) = ask().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), asking)
        .await
        .unwrap_or_else(|_| panic!("never came: {what}"))
}

/// A Python task with dependencies.
pub(crate) fn task(key: &str, file: &str, depends_on: &[&str]) -> Value {
    let edges: Vec<Value> = depends_on.iter().map(|key| json!({ "task_key": key })).collect();
    json!({
        "task_key": key,
        "depends_on": edges,
        "existing_cluster_id": "c1",
        "spark_python_task": { "python_file": file },
    })
}

/// The task runs of a run document by key; the last attempt of each.
pub(crate) fn task_of<'a>(run: &'a Value, key: &str) -> &'a Value {
    let tasks = run["tasks"].as_array().expect("tasks");
    tasks.iter().rev().find(|task| task["task_key"] == key).unwrap_or_else(|| panic!("no task {key}"))
}
