//! Attempts run by the real runner in real processes: how they end, what they leave, how they are stopped.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::job::Task;
use lakeflow_core::run::{Outcome, TerminationCode};
use lakeflow_engine::exec::{Attempt, ExecConfig, ExecEvent, Executors, TaskOutput};
use lakeflow_engine::paths::PathMap;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

const NOTEBOOK: &str = "# Databricks notebook source\n";

struct Bench {
    executors: Executors,
    events: UnboundedReceiver<ExecEvent>,
    folder: TempDir,
}

/// What an attempt told until its end.
struct Told {
    outcome: Outcome,
    code: TerminationCode,
    output: TaskOutput,
    values: BTreeMap<String, Value>,
    log: String,
}

impl Bench {
    fn new(python: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let data_dir = root.join("data");
        std::fs::create_dir_all(&data_dir).unwrap();
        let (sender, events) = unbounded_channel();
        let config = ExecConfig {
            paths: PathMap::new(&data_dir, vec![root]),
            data_dir,
            engine_url: "http://127.0.0.1:9".to_owned(),
            python: python.map(Into::into),
            grace: Duration::from_millis(300),
            secrets: None,
            workspace_id: "1".to_owned(),
        };
        Self { executors: Executors::new(config, sender).unwrap(), events, folder }
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().canonicalize().unwrap().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    }

    fn start(&self, run: i64, task: Value) {
        let task: Task = serde_json::from_value(task).unwrap();
        self.executors.start(Attempt {
            run: RunId(run),
            job_run: RunId(1),
            job_id: JobId(7),
            job_name: "j".to_owned(),
            task_key: task.task_key.clone(),
            attempt_number: 0,
            task,
            task_values: BTreeMap::from([("up".to_owned(), BTreeMap::from([("n".to_owned(), json!(41))]))]),
            values_left: 250,
        });
    }

    async fn started(&mut self, wanted: i64) -> i32 {
        loop {
            if let ExecEvent::Started { run, pid: Some(pid) } = self.events.recv().await.unwrap() {
                assert_eq!(run, RunId(wanted));
                return pid;
            }
        }
    }

    async fn end(&mut self) -> (i64, Told) {
        let mut values = BTreeMap::new();
        loop {
            match self.events.recv().await.unwrap() {
                ExecEvent::Started { .. } => {}
                ExecEvent::Value { key, value, .. } => {
                    values.insert(key, value);
                }
                ExecEvent::Exited { run, exit, output } => {
                    let log = read(&self.executors.files(run).log());
                    return (
                        run.0,
                        Told { outcome: exit.outcome, code: exit.code, output: *output, values, log },
                    );
                }
            }
        }
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

#[tokio::test]
async fn a_notebook_reads_widgets_and_values_and_sets_values_and_exits() {
    let mut bench = Bench::new(None);
    let path = bench.file(
        "n.py",
        &format!(
            "{NOTEBOOK}n = dbutils.jobs.taskValues.get('up', 'n') + int(dbutils.widgets.get('plus'))\n\
             dbutils.jobs.taskValues.set('sum', n)\nprint('computed', n)\ndbutils.notebook.exit(str(n))\n"
        ),
    );
    bench.start(
        2,
        json!({"task_key": "t", "notebook_task": {"notebook_path": path, "base_parameters": {"plus": "1"}}}),
    );
    let (run, told) = bench.end().await;
    assert_eq!((run, told.outcome), (2, Outcome::Success));
    assert_eq!(told.values, BTreeMap::from([("sum".to_owned(), json!(42))]));
    assert_eq!(told.output.notebook_output.unwrap().result.as_deref(), Some("42"));
    assert!(told.log.contains("computed 42"), "{}", told.log);
}

#[tokio::test]
async fn a_failing_script_leaves_its_error_trace_and_log() {
    let mut bench = Bench::new(None);
    let path = bench.file("s.py", "import sys\nprint('args', sys.argv[1:])\nraise RuntimeError('boom')\n");
    bench.start(
        3,
        json!({"task_key": "t", "spark_python_task": {"python_file": path, "parameters": ["a", "b c"]}}),
    );
    let (_, told) = bench.end().await;
    assert_eq!((told.outcome, told.code), (Outcome::Failed, TerminationCode::RunExecutionError));
    assert_eq!(told.output.error.as_deref(), Some("RuntimeError: boom"));
    assert!(told.output.error_trace.unwrap().contains("line 3"));
    assert!(told.log.contains("args ['a', 'b c']") && told.output.shows_logs);
}

#[tokio::test]
async fn a_task_does_not_see_the_engines_secrets_or_another_tasks_modules() {
    let mut bench = Bench::new(None);
    let first = bench.file(
        "a.py",
        "import json, os\njson.leaked = 1\nprint(sorted(k for k in os.environ if 'LAKEFLOW' in k))\n",
    );
    let second = bench.file("b.py", "import json\nassert not hasattr(json, 'leaked')\n");
    bench.start(4, json!({"task_key": "a", "spark_python_task": {"python_file": first}}));
    assert!(bench.end().await.1.log.contains("[]"));
    bench.start(5, json!({"task_key": "b", "spark_python_task": {"python_file": second}}));
    assert_eq!(bench.end().await.1.outcome, Outcome::Success);
}

#[tokio::test]
async fn a_missing_notebook_is_told_by_its_path() {
    let mut bench = Bench::new(None);
    bench
        .start(6, json!({"task_key": "t", "notebook_task": {"notebook_path": "/Workspace/Users/x/nothing"}}));
    let (_, told) = bench.end().await;
    assert_eq!((told.outcome, told.code), (Outcome::Failed, TerminationCode::ResourceNotFound));
    assert!(told.output.error.unwrap().contains("nothing"));
}

#[tokio::test]
async fn stopping_kills_what_ignores_the_polite_signal_and_its_children() {
    let mut bench = Bench::new(None);
    let script = "import signal, subprocess, sys, time\n\
                  signal.signal(signal.SIGTERM, signal.SIG_IGN)\n\
                  subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n\
                  print('ready', flush=True)\ntime.sleep(600)\n";
    let path = bench.file("s.py", script);
    bench.start(7, json!({"task_key": "t", "spark_python_task": {"python_file": path}}));
    let group = bench.started(7).await;
    bench.executors.stop(RunId(7));
    let (_, told) = bench.end().await;
    assert_eq!(told.outcome, Outcome::Failed);
    assert!(told.output.error.unwrap().contains("signal"));
    assert!(!alive(group), "a process of the group is still there");
}

/// True while the group has a process that is not a zombie.
fn alive(group: i32) -> bool {
    let stats = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| read(&entry.path().join("stat")));
    stats.filter_map(|stat| stat.rsplit_once(") ").map(|(_, rest)| rest.to_owned())).any(|rest| {
        let fields: Vec<&str> = rest.split(' ').collect();
        fields[2] == group.to_string() && fields[0] != "Z"
    })
}

#[tokio::test]
async fn attempts_run_side_by_side_and_each_end_is_told_once() {
    let mut bench = Bench::new(None);
    // Each waits until the other has written its file: that can only end when both run at once.
    let wait = |mine: &str, other: &str| {
        format!(
            "import os, time\nopen('{mine}', 'w').close()\nend = time.time() + 60\n\
             while not os.path.exists('{other}'):\n    assert time.time() < end\n    time.sleep(0.005)\n"
        )
    };
    let (a, b) = (bench.file("a", ""), bench.file("b", ""));
    std::fs::remove_file(&a).unwrap();
    std::fs::remove_file(&b).unwrap();
    let first = bench.file("a.py", &wait(&a, &b));
    let second = bench.file("b.py", &wait(&b, &a));
    bench.start(8, json!({"task_key": "a", "spark_python_task": {"python_file": first}}));
    bench.start(9, json!({"task_key": "b", "spark_python_task": {"python_file": second}}));
    let ends = [bench.end().await, bench.end().await];
    assert!(ends.iter().all(|(_, told)| told.outcome == Outcome::Success));
    assert_eq!(ends.iter().map(|(run, _)| *run).collect::<std::collections::BTreeSet<_>>().len(), 2);
}

#[tokio::test]
async fn without_python_the_task_fails_and_says_what_to_do() {
    let mut bench = Bench::new(Some("/nonexistent/python3"));
    let path = bench.file("s.py", "print(1)\n");
    bench.start(10, json!({"task_key": "t", "spark_python_task": {"python_file": path}}));
    let (_, told) = bench.end().await;
    assert_eq!(told.outcome, Outcome::Failed);
    let error = told.output.error.unwrap();
    assert!(error.contains("/nonexistent/python3") && error.contains("LAKEFLOW_PYTHON"), "{error}");
}
