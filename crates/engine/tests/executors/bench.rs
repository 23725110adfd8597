//! Executors on a folder of their own, and what attempts told.

use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::job::Task;
use lakeflow_core::run::{Outcome, TerminationCode};
use lakeflow_engine::Token;
use lakeflow_engine::exec::{Attempt, ExecConfig, ExecEvent, Executors, TaskOutput, log};
use lakeflow_engine::paths::PathMap;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

pub(crate) struct Bench {
    pub(crate) executors: Executors,
    events: UnboundedReceiver<ExecEvent>,
    folder: TempDir,
}

/// What an attempt told until its end.
pub(crate) struct Told {
    pub(crate) outcome: Outcome,
    pub(crate) code: TerminationCode,
    pub(crate) output: TaskOutput,
    pub(crate) values: BTreeMap<String, Value>,
    pub(crate) log: String,
}

impl Bench {
    pub(crate) fn new(python: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let python = python.map(|python| folder.path().join(python));
        Self::at(folder, python, None)
    }

    /// With an engine that gives its token to tasks.
    pub(crate) fn sharing_token(token: &str) -> Self {
        Self::at(tempfile::tempdir().unwrap(), None, Some(Token::new(token)))
    }

    /// With a Python that first carries out `script`, a piece of shell, in a folder of the bench.
    pub(crate) fn with_python(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("python");
        let root = folder.path().display();
        std::fs::write(&path, format!("#!/bin/sh\nROOT='{root}'\n{script}\nexec python3 \"$@\"\n")).unwrap();
        set_executable(&path);
        Self::at(folder, Some(path), None)
    }

    fn at(folder: TempDir, python: Option<PathBuf>, shared_token: Option<Token>) -> Self {
        let root = folder.path().canonicalize().unwrap();
        let data_dir = root.join("data");
        std::fs::create_dir_all(&data_dir).unwrap();
        let (sender, events) = unbounded_channel();
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/executors/fixtures");
        let config = ExecConfig {
            paths: PathMap::new(&data_dir, vec![root, fixtures]),
            data_dir,
            engine_url: "http://127.0.0.1:9".to_owned(),
            python,
            grace: Duration::from_millis(300),
            secrets: None,
            workspace_id: "1".to_owned(),
            shared_token,
        };
        Self { executors: Executors::new(config, sender).unwrap(), events, folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    /// Writes a file and returns its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    }

    /// A task that runs this Python script.
    pub(crate) fn script(&self, name: &str, text: &str) -> Value {
        json!({ "task_key": "t", "spark_python_task": { "python_file": self.file(name, text) } })
    }

    pub(crate) fn start(&self, run: i64, task: Value) {
        self.start_with(run, task, |_| ());
    }

    pub(crate) fn start_with(&self, run: i64, task: Value, change: impl FnOnce(&mut Attempt)) {
        let task: Task = serde_json::from_value(task).unwrap();
        let mut attempt = Attempt {
            run: RunId(run),
            job_run: RunId(1),
            job_id: JobId(7),
            job_name: "j".to_owned(),
            task_key: task.task_key.clone(),
            attempt_number: 0,
            task,
            environment: None,
            environment_variables: None,
            cluster: None,
            task_values: BTreeMap::from([("up".to_owned(), BTreeMap::from([("n".to_owned(), json!(41))]))]),
            values_left: 250,
        };
        change(&mut attempt);
        self.executors.start(attempt);
    }

    pub(crate) async fn started(&mut self, wanted: i64) -> i32 {
        loop {
            match self.events.recv().await.unwrap() {
                ExecEvent::Started { run, pid: Some(pid) } => {
                    assert_eq!(run, RunId(wanted));
                    return pid;
                }
                ExecEvent::Exited { output, .. } => panic!("ended before it started: {:?}", output.error),
                _ => {}
            }
        }
    }

    pub(crate) async fn end(&mut self) -> (i64, Told) {
        let mut values = BTreeMap::new();
        loop {
            match self.events.recv().await.unwrap() {
                ExecEvent::Started { .. } => {}
                ExecEvent::Value { key, value, .. } => {
                    values.insert(key, value);
                }
                ExecEvent::Exited { run, exit, output } => {
                    let (log, _) = log::tail(&self.executors.files(run).log(), log::SHOWN);
                    return (
                        run.0,
                        Told { outcome: exit.outcome, code: exit.code, output: *output, values, log },
                    );
                }
            }
        }
    }

    /// Runs one task to its end.
    pub(crate) async fn run(&mut self, run: i64, task: Value) -> Told {
        self.start(run, task);
        self.end().await.1
    }
}

pub(crate) fn set_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// Waits until something outside of this process has happened; a minute at most.
pub(crate) async fn until(what: impl Fn() -> bool) {
    let start = Instant::now();
    while !what() {
        assert!(start.elapsed() < Duration::from_secs(60), "it does not happen");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// True while the group has a process that is not a zombie.
pub(crate) fn alive(group: i32) -> bool {
    processes().any(|(_, state, its_group)| its_group == group && state != "Z")
}

/// True while the process exists and is not a zombie.
pub(crate) fn running(pid: i32) -> bool {
    processes().any(|(found, state, _)| found == pid && state != "Z")
}

/// Number, state and group of every process.
fn processes() -> impl Iterator<Item = (i32, String, i32)> {
    std::fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let stat = read(&entry.path().join("stat"));
        let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
        Some((pid, fields.first()?.to_string(), fields.get(2)?.parse().ok()?))
    })
}
