//! Engines on one data folder, one after the other, whose attempts end at once.

use crate::clock::Clock;
use crate::config::Notice;
use crate::driver::{Driver, Executor, Firing};
use crate::exec::{Attempt, AttemptFiles, ExecEvent, TaskOutput};
use crate::paths::PathMap;
use crate::store::{JobRow, RunFilter, RunRow, Store};
use lakeflow_core::execution::{Exit, WorkspaceFacts};
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::job::Task;
use lakeflow_core::run::{Outcome, TerminationCode};
use lakeflow_core::time::WallTime;
use lakeflow_core::trigger::Missed;
use serde_json::{Value, json};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// 2026-01-01T00:00:00Z
pub(super) const NEW_YEAR: WallTime = WallTime(1_767_225_600_000);
pub(super) const SECOND: i64 = 1000;
pub(super) const MINUTE: i64 = 60 * SECOND;
pub(super) const HOUR: i64 = 60 * MINUTE;

/// Numbers that look random and are the same every time (a linear congruential generator with Knuth's constants).
pub(super) struct Numbers(pub(super) u64);

impl Numbers {
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Attempts of the file `/fail` fail, others succeed; all at once.
struct Instant {
    events: UnboundedSender<ExecEvent>,
    data_dir: PathBuf,
}

impl Executor for Instant {
    fn start(&self, attempt: Attempt) {
        let run = attempt.run;
        let fails = attempt.task.spark_python_task.as_ref().is_some_and(|task| task.python_file == "/fail");
        let (outcome, code) = if fails {
            (Outcome::Failed, TerminationCode::RunExecutionError)
        } else {
            (Outcome::Success, TerminationCode::Success)
        };
        let exit = Exit { outcome, code, message: String::new(), output: None };
        // The engine may be gone already.
        let _ = self.events.send(ExecEvent::Started { run, pid: None });
        let _ = self.events.send(ExecEvent::Exited { run, exit, output: Box::new(TaskOutput::default()) });
    }
    fn stop(&self, _run: RunId) {}
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

/// An engine without its server.
pub(super) struct Life {
    pub(super) driver: Driver,
}

impl Life {
    /// Starts on a folder as an engine does, at a time. Lines for people go to `notice`.
    pub(super) async fn start(folder: &Path, at: WallTime, notice: Notice) -> Self {
        let store = Store::open(folder).unwrap();
        store.init_counters(at).await.unwrap();
        let (events, reports) = unbounded_channel();
        let executor = Arc::new(Instant { events, data_dir: folder.to_owned() });
        let workspace = WorkspaceFacts::default();
        let driver = Driver::new(Clock::by_hand(at), store, executor, notice, workspace, folder.to_owned());
        driver.listen(reports);
        Self { driver }
    }

    /// What follows the start of an engine; fails where a step of it does.
    pub(super) async fn begin(&self) -> Result<(), lakeflow_core::error::Error> {
        let paths = PathMap::new(self.driver.data_dir(), Vec::new());
        // Attempts have no processes here.
        self.driver.restore_runs().await?;
        let every = Duration::from_secs(3600);
        self.driver.start_triggers(Firing { on: true, missed: Missed::Skip, paths, every }).await
    }

    /// Begins in a new folder with silent notices.
    pub(super) async fn new(folder: &Path) -> Self {
        let life = Self::start(folder, NEW_YEAR, Notice::new(|_| {})).await;
        life.begin().await.unwrap();
        life
    }

    pub(super) async fn job(&self, id: i64, file: &str, settings: Value) -> JobRow {
        let mut all = json!({
            "name": format!("job {id}"),
            "queue": { "enabled": true },
            "tasks": [{ "task_key": "a", "existing_cluster_id": "c", "spark_python_task": { "python_file": file } }],
        });
        all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let row = JobRow {
            job_id: JobId(id),
            creator: "me".to_owned(),
            run_as: "me".to_owned(),
            created_time: self.driver.clock().time(),
            deleted: false,
            settings: serde_json::from_value(all).unwrap(),
            acl: Value::Null,
        };
        self.driver.store().put_job(row.clone(), row.created_time).await.unwrap();
        self.driver.job_changed(row.job_id).await.unwrap();
        row
    }

    /// All runs of a job, oldest first.
    pub(super) async fn runs(&self, job: i64) -> Vec<RunRow> {
        let filter = RunFilter { job_id: Some(JobId(job)), limit: i64::MAX, ..RunFilter::default() };
        let mut runs = self.driver.store().runs(filter, |_, _| true).await.unwrap();
        runs.sort_by_key(|run| run.run_id);
        runs
    }
}
