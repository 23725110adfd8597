//! Processes of a killed engine: ended by the next one before it tries anything again, recorded or not.

use super::jobs::command;
use super::process::{Process, until};
use super::truth;
use serde_json::json;

/// The attempt ignores SIGTERM, has a child in its group and one in a session of its own.
async fn strays_are_ended(death: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap();
    let mut engine = Process::start(&path, death).await.unwrap();
    let mut task = command("held", "/hold", &[]);
    task["max_retries"] = json!(1);
    let job = engine.create(json!({ "name": "held", "tasks": [task] })).await;
    let run = engine.run(job, "once").await.unwrap();
    until("its processes", async || (truth::left_over(&path).len() >= 3).then_some(())).await;
    engine.kill();
    assert!(truth::left_over(&path).len() >= 3, "the attempt outlives the engine");
    let mut engine = Process::start(&path, "").await.unwrap();
    let document = engine.ended(run).await.unwrap();
    assert_eq!(truth::left_over(&path), Vec::<String>::new(), "{death}");
    assert_eq!(truth::ran(&path).len(), 2, "the lost attempt, and its retry");
    let tasks = document["tasks"].as_array().unwrap();
    let codes: Vec<_> = tasks.iter().map(|task| &task["status"]["termination_details"]["code"]).collect();
    assert_eq!(codes, ["INTERNAL_ERROR", "SUCCESS"]);
    assert_eq!(document["state"]["result_state"], "SUCCESS");
}

#[tokio::test]
async fn a_recorded_process_group_and_what_left_it_are_ended() {
    strays_are_ended("").await;
}

#[tokio::test]
async fn a_process_that_was_not_recorded_yet_is_ended() {
    strays_are_ended("mute").await;
}
