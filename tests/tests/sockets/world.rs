//! One engine for all scenarios, with tasks that the test controls, and clients that reach it directly or through a proxy.

use crate::proxy::Proxy;
use lakeflow_client::auth::{Secret, Settings};
use lakeflow_client::{CacheOptions, Jobs, PollSchedule, WaitOptions, Workspace};
use lakeflow_core::api::ListRuns;
use lakeflow_core::api::retry::RetryPolicy;
use lakeflow_core::execution::Exit;
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::job::Task;
use lakeflow_core::run::{Outcome, RunDoc, TerminationCode};
use lakeflow_engine::exec::{Attempt, AttemptFiles, ExecEvent, TaskOutput};
use lakeflow_engine::{Config, Engine, Executor, ExecutorContext};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;

/// How long the client waits for an answer here; what is slow on a busy machine is only tried again.
const EXCHANGE: Duration = Duration::from_secs(2);

/// Attempts of Python files: `/ok` ends well at once, `/hold/…` when the test says so, `/once/…` fails the first time.
pub(crate) struct FakeExecutor {
    events: UnboundedSender<ExecEvent>,
    data_dir: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tries: BTreeMap<String, usize>,
    held: BTreeMap<RunId, String>,
    released: Vec<String>,
}

impl FakeExecutor {
    fn end(&self, run: RunId, outcome: Outcome, code: TerminationCode) {
        let message = String::new();
        let exit = Exit { outcome, code, message, output: None };
        let output = TaskOutput { error: Some("RuntimeError: boom".to_owned()), ..TaskOutput::default() };
        let output = Box::new(if exit.outcome == Outcome::Failed { output } else { TaskOutput::default() });
        self.events.send(ExecEvent::Exited { run, exit, output }).unwrap();
    }

    /// How often a file was run.
    pub(crate) fn tries(&self, file: &str) -> usize {
        self.state.lock().unwrap().tries.get(file).copied().unwrap_or(0)
    }

    /// Lets the attempts of a file end, those under way and those to come.
    pub(crate) fn release(&self, file: &str) {
        let mut state = self.state.lock().unwrap();
        state.released.push(file.to_owned());
        let held: Vec<RunId> =
            state.held.iter().filter(|(_, held)| *held == file).map(|(run, _)| *run).collect();
        for run in held {
            state.held.remove(&run);
            self.end(run, Outcome::Success, TerminationCode::Success);
        }
    }
}

fn file_of(task: &Task) -> String {
    task.spark_python_task.as_ref().map(|block| block.python_file.clone()).unwrap_or_default()
}

impl Executor for FakeExecutor {
    fn start(&self, attempt: Attempt) {
        let (run, file) = (attempt.run, file_of(&attempt.task));
        self.events.send(ExecEvent::Started { run, pid: None }).unwrap();
        let mut state = self.state.lock().unwrap();
        let tries = state.tries.entry(file.clone()).or_default();
        *tries += 1;
        let first = *tries == 1;
        if file.starts_with("/hold/") && !state.released.contains(&file) {
            state.held.insert(run, file);
        } else if file.starts_with("/once/") && first {
            self.end(run, Outcome::Failed, TerminationCode::RunExecutionError);
        } else {
            self.end(run, Outcome::Success, TerminationCode::Success);
        }
    }

    fn stop(&self, run: RunId) {
        if self.state.lock().unwrap().held.remove(&run).is_some() {
            self.end(run, Outcome::Canceled, TerminationCode::UserCanceled);
        }
    }

    fn supports(&self, _task: &Task) -> Result<(), String> {
        Ok(())
    }

    fn files(&self, run: RunId) -> AttemptFiles {
        AttemptFiles { dir: self.data_dir.join("runs").join(run.to_string()) }
    }

    fn shutdown(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }
}

/// The engine.
pub(crate) struct World {
    engine: Engine,
    pub(crate) fake: Arc<FakeExecutor>,
    /// Reaches the engine directly.
    pub(crate) truth: Jobs,
    _data: tempfile::TempDir,
}

impl World {
    pub(crate) async fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let fake = Arc::new(OnceLock::new());
        let kept = Arc::clone(&fake);
        let engine = Engine::start_with(Config::new(data.path()), move |context: ExecutorContext| {
            let executor = Arc::new(FakeExecutor {
                events: context.events,
                data_dir: context.data_dir,
                state: Mutex::default(),
            });
            let _ = kept.set(Arc::clone(&executor));
            Ok(executor as Arc<dyn Executor>)
        })
        .await
        .unwrap();
        let truth = jobs(engine.url(), engine.token());
        Self { fake: Arc::clone(fake.get().unwrap()), engine, truth, _data: data }
    }

    /// A proxy in front of the engine, and a client that reaches it through that.
    pub(crate) async fn behind_proxy(&self) -> (Proxy, Jobs) {
        let address = self.engine.url().trim_start_matches("http://");
        let proxy = Proxy::start(address).await;
        let jobs = jobs(&proxy.url, self.engine.token());
        (proxy, jobs)
    }

    /// The token of the engine.
    pub(crate) fn token(&self) -> &str {
        self.engine.token()
    }

    /// A job of one task that runs a file.
    pub(crate) async fn job(&self, name: &str, file: &str) -> JobId {
        let task =
            json!({"task_key": "t", "spark_python_task": {"python_file": file}, "environment_key": "e"});
        let environment = json!({"environment_key": "e", "spec": {"environment_version": "2"}});
        let body = json!({"name": name, "tasks": [task], "environments": [environment]});
        self.truth.create_job(&serde_json::from_value(body).unwrap()).await.unwrap()
    }

    /// All runs of a job, as the engine knows them.
    pub(crate) async fn runs(&self, job_id: JobId) -> Vec<RunDoc> {
        let filter = ListRuns { job_id: Some(job_id), expand_tasks: Some(true), ..ListRuns::default() };
        self.truth.list_runs(filter, usize::MAX).await.unwrap()
    }
}

fn jobs(url: &str, token: &str) -> Jobs {
    Jobs::new(quick(Workspace::new(Settings::new(url, Secret::new(token))).unwrap()))
}

/// The workspace with short back-offs and without kept answers.
pub(crate) fn quick(workspace: Workspace) -> Workspace {
    let retry = RetryPolicy { base_ms: 20, cap_ms: 200, ..RetryPolicy::default() };
    workspace.with_retry(retry).with_exchange_timeout(EXCHANGE).with_cache(CacheOptions::OFF)
}

/// Polls that follow closely.
pub(crate) fn waiting() -> WaitOptions {
    let schedule = PollSchedule { floor_ms: 20, cap_ms: 100, ..PollSchedule::LOCAL };
    WaitOptions { schedule: Some(schedule), ..WaitOptions::default() }
}
