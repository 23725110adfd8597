//! How attempts end, what they leave, how they are stopped.

use crate::bench::{Bench, alive};
use lakeflow_core::id::RunId;
use lakeflow_core::run::{Outcome, TerminationCode};
use serde_json::json;
use std::collections::BTreeMap;

const NOTEBOOK: &str = "# Databricks notebook source\n";

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

// LOCAL[processes] own: each task is a clean process of a warm interpreter, without the engine's token
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

// LOCAL[processes] own: SIGTERM to the process group, then SIGKILL after the grace time
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

// LOCAL[processes] own: without Python a task fails and says what to do
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
