//! Running attempts: what the driver hands over, what it is told, and how they are stopped.
//!
//! Each attempt is a process group of its own with a folder of its own. What it leaves running in its group is ended
//! with it; a daemon that made a session of its own is out of reach. Nothing here decides whether, when or how
//! often a task runs (`lakeflow_core::execution` does), and nothing here writes to the store.

mod actor;
mod command;
mod environments;
mod failure;
mod internal;
mod jar;
mod libraries;
pub mod log;
mod prepare;
pub mod process;
pub mod python;
mod request;
mod result;
mod runner;
pub(crate) mod search;
mod sql;
pub(crate) mod streams;
mod supports;
pub(crate) mod times;
mod variables;
mod zygote;

pub(crate) use self::environments::hex;
use self::failure::Failure;
use crate::config::Token;
use crate::paths::PathMap;
use crate::spark::catalog::Catalog;
use crate::system::SystemTables;
use lakeflow_core::api::SqlRows;
use lakeflow_core::error::Error;
use lakeflow_core::execution::Exit;
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::job::{EnvironmentSpec, EnvironmentVariablesSpec, Task, TaskKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Where and how attempts run.
#[derive(Clone, Debug)]
pub struct ExecConfig {
    /// The data folder; attempts live in `runs/`, tables in `warehouse/`.
    pub data_dir: PathBuf,
    /// Base URL of the engine, for the runner's calls back.
    pub engine_url: String,
    /// The Python to use instead of the one that is found.
    pub python: Option<PathBuf>,
    /// Which local file a workspace path means.
    pub paths: PathMap,
    /// Between SIGTERM and SIGKILL (reference section 11.4 suggests 30 s).
    pub grace: Duration,
    /// A file of secrets for `dbutils.secrets`: JSON, scope to key to value. Without it, `secrets.json` of the data
    /// folder when it is there.
    pub secrets: Option<PathBuf>,
    /// Id of the workspace, for tasks that ask.
    pub workspace_id: String,
    /// A token of the API for tasks to have; none of them gets one otherwise.
    pub shared_token: Option<Token>,
}

/// One attempt to run.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The attempt's task run.
    pub run: RunId,
    /// The job run it belongs to.
    pub job_run: RunId,
    /// The job.
    pub job_id: JobId,
    /// The job's name.
    pub job_name: String,
    /// Key of the task; of an iteration, with its index.
    pub task_key: String,
    /// From 0.
    pub attempt_number: u32,
    /// The task with references resolved and parameters merged.
    pub task: Task,
    /// The job's environment that `task.environment_key` names (reference section 6.4).
    pub environment: Option<EnvironmentSpec>,
    /// The job's variables that `task.environment_variables_key` names (reference section 6.5).
    pub environment_variables: Option<EnvironmentVariablesSpec>,
    /// Specification of the job cluster that `task.job_cluster_key` names (reference section 6.2).
    pub cluster: Option<Value>,
    /// Task values set so far in the job run, by task and key.
    pub task_values: BTreeMap<String, BTreeMap<String, Value>>,
    /// How many more task values the job run may hold.
    pub values_left: u32,
}

/// What the driver is told, in order.
#[derive(Clone, Debug)]
pub enum ExecEvent {
    /// User code begins to run.
    Started {
        /// The attempt.
        run: RunId,
        /// Its process group, when it is a process of this machine.
        pid: Option<i32>,
    },
    /// The attempt set a task value.
    Value {
        /// The attempt.
        run: RunId,
        /// The key.
        key: String,
        /// Any JSON.
        value: Value,
    },
    /// The attempt is over; the last word about it.
    Exited {
        /// The attempt.
        run: RunId,
        /// How it went.
        exit: Exit,
        /// What `runs/get-output` shows of it.
        output: Box<TaskOutput>,
    },
}

/// What an attempt leaves behind (reference section 3.10).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskOutput {
    /// Short message, for Python the last line of the traceback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Stack trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_trace: Option<String>,
    /// Notebook tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notebook_output: Option<NotebookOutput>,
    /// SQL tasks: `sql_output` as the wire has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sql_output: Option<Value>,
    /// True for the task types whose `logs` are shown (scripts, wheels, JARs).
    pub shows_logs: bool,
}

/// `notebook_output`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotebookOutput {
    /// What `dbutils.notebook.exit` was given; absent without a call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// True when the value was cut at 5 MB.
    #[serde(default)]
    pub truncated: bool,
}

/// Where an attempt keeps its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptFiles {
    /// The attempt's folder.
    pub dir: PathBuf,
}

impl AttemptFiles {
    /// Standard output and standard error together, in the order they were written; readable while it runs. Only the
    /// end of a long one is kept: [`log::tail`] reads it.
    pub fn log(&self) -> PathBuf {
        self.dir.join("output.log")
    }

    /// Which bytes of the log Python wrote as standard error: pairs of offsets, as `streams` reads them.
    pub fn marks(&self) -> PathBuf {
        self.dir.join("stderr.marks")
    }

    /// When the log grew, as `times` reads it.
    pub fn times(&self) -> PathBuf {
        self.dir.join("output.times")
    }

    /// What the runner leaves at its end.
    pub fn result(&self) -> PathBuf {
        self.dir.join("result.json")
    }

    /// What a dbt task left in its target folder, as a `tar.gz`; only there after its end.
    pub fn artifacts(&self) -> PathBuf {
        self.dir.join("dbt_artifacts.tar.gz")
    }

    /// Task values as they are set, one JSON document a line.
    pub fn events(&self) -> PathBuf {
        self.dir.join("events.jsonl")
    }
}

/// Runs attempts.
#[derive(Debug)]
pub struct Executors {
    commands: UnboundedSender<actor::Command>,
    shared: Arc<internal::Shared>,
    config: ExecConfig,
    runner: PathBuf,
}

impl Executors {
    /// Prepares the data folder and starts nothing yet, since an idle engine is to be small: the interpreter starts
    /// with the first attempt, Spark with the first use of `spark`. Must be called inside a tokio runtime. Fails with `STORAGE` when the data folder cannot
    /// be used.
    pub fn new(config: ExecConfig, events: UnboundedSender<ExecEvent>) -> Result<Self, Error> {
        let catalog = Catalog::open(&config.data_dir)?;
        let runner = runner::install(&config.data_dir)?;
        let (commands, inbox): (_, UnboundedReceiver<actor::Command>) = unbounded_channel();
        let shared = Arc::new(internal::Shared::new(catalog, config.clone()));
        let actor = actor::Actor::new(config.clone(), runner.clone(), events, Arc::clone(&shared));
        tokio::spawn(actor.run(inbox));
        Ok(Self { commands, shared, config, runner })
    }

    /// Why a task cannot be run locally; `Ok` when it can. Interpreter and files are looked at when it runs, but for the spec of
    /// a pipeline, without which nothing says what to run.
    pub fn supports(&self, task: &Task) -> Result<(), String> {
        supports::supports(task)?;
        match task.kind() {
            Some(TaskKind::ForEach(each)) => self.supports(&each.task),
            Some(TaskKind::Pipeline(pipeline)) => {
                request::pipeline_spec(&self.config, &pipeline.pipeline_id).map(drop)
            }
            _ => Ok(()),
        }
    }

    /// Runs an attempt; returns at once. It is answered by exactly one `Exited`.
    pub fn start(&self, attempt: Attempt) {
        // The actor only ends with this object.
        let _ = self.commands.send(actor::Command::Start(Box::new(attempt)));
    }

    /// Stops an attempt: SIGTERM, and SIGKILL after the grace time. Its `Exited` still comes.
    pub fn stop(&self, run: RunId) {
        let _ = self.commands.send(actor::Command::Stop(run));
    }

    /// Removes installed packages that no attempt has used since `before`. Fails with what could not be removed.
    pub async fn prune(&self, before: SystemTime) -> std::io::Result<()> {
        let (done, pruned) = tokio::sync::oneshot::channel();
        if self.commands.send(actor::Command::Prune(before, done)).is_err() {
            return Ok(());
        }
        pruned.await.unwrap_or(Ok(()))
    }

    /// The files of an attempt.
    pub fn files(&self, run: RunId) -> AttemptFiles {
        attempt_files(&self.config.data_dir, run)
    }

    /// Puts the system tables into the catalog of `spark`.
    pub fn serve(&self, tables: SystemTables) {
        self.shared.serve(tables);
    }

    /// Runs SQL outside of any job and gives the rows of its last statement, at most `limit`. Fails with
    /// `INVALID_ARGUMENT` when a statement fails, with `UNSUPPORTED` where there is no `spark`.
    pub async fn sql(&self, statement: &str, limit: i64) -> Result<SqlRows, Error> {
        sql::run(&self.config, &self.runner, &self.shared, statement, limit).await
    }

    /// Routes that tasks and the Spark server call, with tokens of their own: mount them beside the API, outside its
    /// authentication.
    pub fn routes(&self) -> axum::Router {
        internal::routes(&self.shared)
    }

    /// Stops every attempt and side process, and returns when they are gone.
    pub async fn shutdown(&self) {
        let (done, gone) = tokio::sync::oneshot::channel();
        if self.commands.send(actor::Command::Shutdown(done)).is_ok() {
            // An actor that is already gone has nothing left to stop.
            let _ = gone.await;
        }
        self.shared.shutdown().await;
    }
}

fn attempt_files(data_dir: &Path, run: RunId) -> AttemptFiles {
    AttemptFiles { dir: data_dir.join("runs").join(run.to_string()) }
}
