//! Processes of a killed engine: ended by the next one before it tries anything again, recorded or not.

use super::engine::RAN;
use super::jobs::command;
use super::process::{Process, until};
use super::truth;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The attempt ignores SIGTERM, has a child in its group and one in a session of its own. `next`: how the engine after the
/// killed one is started.
async fn strays_are_ended(path: &Path, mut task: Value, death: &str, next: &str) {
    let mut engine = Process::start(path, death).await.unwrap();
    task["max_retries"] = json!(1);
    let job = engine.create(json!({ "name": "held", "tasks": [task] })).await;
    let run = engine.run(job, "once").await.unwrap();
    until("its processes", async || (truth::left_over(path).len() >= 3).then_some(())).await;
    engine.kill();
    assert!(truth::left_over(path).len() >= 3, "the attempt outlives the engine");
    let mut engine = Process::start(path, next).await.unwrap();
    let document = engine.ended(run).await.unwrap();
    // The next engine's own warm interpreter ends with it.
    engine.kill();
    until("their end", async || (next.is_empty() || truth::left_over(path).is_empty()).then_some(())).await;
    assert_eq!(truth::left_over(path), Vec::<String>::new(), "{death}");
    assert_eq!(truth::ran(path).len(), 2, "the lost attempt, and its retry");
    let tasks = document["tasks"].as_array().unwrap();
    let codes: Vec<_> = tasks.iter().map(|task| &task["status"]["termination_details"]["code"]).collect();
    assert_eq!(codes, ["INTERNAL_ERROR", "SUCCESS"]);
    assert_eq!(document["state"]["result_state"], "SUCCESS");
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap();
    (folder, path)
}

#[tokio::test]
async fn a_recorded_process_group_and_what_left_it_are_ended() {
    let (_folder, path) = folder();
    strays_are_ended(&path, command("held", "/hold", &[]), "", "").await;
}

#[tokio::test]
async fn a_process_that_was_not_recorded_yet_is_ended() {
    let (_folder, path) = folder();
    strays_are_ended(&path, command("held", "/hold", &[]), "mute", "").await;
}

#[tokio::test]
async fn python_tasks_and_their_warm_interpreter_are_ended() {
    let (_folder, path) = folder();
    let script = path.join("hold.py");
    let ran = path.join(RAN);
    let text = format!(
        "import os, signal, subprocess, sys, time\n\
         first = not os.path.exists({ran:?})\n\
         open({ran:?}, 'a').write(sys.argv[1] + '\\n')\n\
         if first:\n    \
         signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    \
         subprocess.Popen(['sleep', '600'])\n    \
         subprocess.Popen(['sleep', '600'], start_new_session=True)\n    \
         time.sleep(600)\n"
    );
    std::fs::write(&script, text).unwrap();
    let mut task = command("held", &script.to_string_lossy(), &[]);
    task["spark_python_task"]["parameters"] = json!(["{{task.run_id}}"]);
    strays_are_ended(&path, task, "real", "real").await;
}
