//! The whole way once, with real processes: REST, machine, store, executors, Python.

use super::common::{Client, eventually, task_of};
use lakeflow_engine::{Config, Engine};
use serde_json::{Value, json};
use std::fs;

#[tokio::test]
async fn a_notebook_and_scripts_run_and_pass_values_on() {
    let dir = tempfile::tempdir().unwrap();
    let bundle = dir.path().join("bundle");
    fs::create_dir(&bundle).unwrap();
    fs::write(
        bundle.join("first.py"),
        "# Databricks notebook source\ndbutils.jobs.taskValues.set('rows', 3)\ndbutils.notebook.exit(dbutils.widgets.get('day'))\n",
    )
    .unwrap();
    fs::write(bundle.join("second.py"), "import sys\nprint('got', sys.argv[1])\n").unwrap();
    fs::write(bundle.join("third.py"), "raise RuntimeError('boom')\n").unwrap();
    let engine = Engine::start(Config::new(dir.path().join("data"))).await.unwrap();
    let client = Client::of(&engine);
    let files = "/Workspace/Users/me/files";
    let mounts = json!({ "mounts": { files: bundle.to_string_lossy() } });
    client.call("/api/2.0/lakeflow-local/mounts", mounts).await;
    let script = |key: &str, file: &str, parameters: Value| {
        json!({
            "task_key": key,
            "depends_on": [{ "task_key": "first" }],
            "existing_cluster_id": "c",
            "spark_python_task": { "python_file": format!("{files}/{file}"), "parameters": parameters },
        })
    };
    let job = client
        .create(json!({
            "name": "real",
            "parameters": [{ "name": "day", "default": "monday" }],
            "tasks": [
                { "task_key": "first", "notebook_task": { "notebook_path": format!("{files}/first") } },
                script("second", "second.py", json!(["{{tasks.first.values.rows}}"])),
                script("third", "third.py", json!([])),
            ],
        }))
        .await;
    let run = client.run_now(job).await;
    let document = eventually("the end of the run", async || {
        let document = client.run(run).await;
        (document["status"]["state"] == "TERMINATED").then_some(document)
    })
    .await;
    let output = async |key: &str| {
        let id = &task_of(&document, key)["run_id"];
        client.read(&format!("/api/2.2/jobs/runs/get-output?run_id={id}")).await
    };
    assert_eq!(output("first").await["notebook_output"], json!({ "result": "monday", "truncated": false }));
    assert_eq!(output("second").await["logs"], "got 3\n");
    let third = output("third").await;
    assert_eq!(third["error"], "RuntimeError: boom");
    assert!(third["error_trace"].as_str().unwrap().contains("third.py"));
    assert_eq!(document["state"]["result_state"], "FAILED");
    engine.shutdown().await;
}
