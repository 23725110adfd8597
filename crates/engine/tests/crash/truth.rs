//! What must hold of every run after a crash, whatever was cut off.

use super::engine::RAN;
use super::process::{Process, until};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Ids of the attempts that ran.
///
/// # Panics
/// When one ran twice.
pub(crate) fn ran(folder: &Path) -> BTreeSet<i64> {
    let text = std::fs::read_to_string(folder.join(RAN)).unwrap_or_default();
    let mut ids = BTreeSet::new();
    for line in text.lines() {
        assert!(ids.insert(line.parse().unwrap()), "attempt {line} ran twice");
    }
    ids
}

fn code(task: &Value) -> &str {
    task["status"]["termination_details"]["code"].as_str().unwrap_or_default()
}

/// The task runs of a run that ended, with the newest attempt of each iteration.
async fn task_runs(engine: &Process, document: &Value) -> Vec<Value> {
    let mut all: Vec<Value> = document["tasks"].as_array().unwrap().clone();
    for n in 0..all.len() {
        if all[n].get("for_each_task").is_some() {
            let each = engine.document(all[n]["run_id"].as_i64().unwrap()).await.unwrap();
            all.extend(each["iterations"].as_array().into_iter().flatten().cloned());
        }
    }
    all
}

/// Checks a run that ended against the attempts that really ran, and gives the ids of its own.
pub(crate) async fn check(engine: &Process, document: &Value, ran: &BTreeSet<i64>) -> BTreeSet<i64> {
    let tasks = task_runs(engine, document).await;
    let mut attempts: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    let mut own = BTreeSet::new();
    for task in &tasks {
        assert_eq!(task["status"]["state"], "TERMINATED", "{task}");
        attempts.entry(task["task_key"].as_str().unwrap()).or_default().push(task);
        let id = task["run_id"].as_i64().unwrap();
        let Some(file) = task["spark_python_task"]["python_file"].as_str() else { continue };
        own.insert(id);
        match task["state"]["result_state"].as_str().unwrap() {
            "SUCCESS" => {
                assert!(ran.contains(&id), "a task that did not run is called done: {task}");
                assert_ne!(file, "/fail", "{task}");
            }
            "FAILED" if code(task) == "INTERNAL_ERROR" => {
                let message = task["state"]["state_message"].as_str().unwrap();
                assert!(message.contains("the local engine was stopped"), "{task}");
            }
            "FAILED" => assert!(ran.contains(&id) && ["/fail", "/once"].contains(&file), "{task}"),
            _ => assert!(!ran.contains(&id), "a task that ran is called left out: {task}"),
        }
    }
    for (key, mut attempts) in attempts {
        attempts.sort_by_key(|task| task["attempt_number"].as_i64());
        let last = attempts.last().unwrap();
        let retries = last["max_retries"].as_i64().unwrap_or(0);
        let number = last["attempt_number"].as_i64().unwrap();
        // Of an iteration only the newest attempt is shown.
        let first = if key.starts_with("item_") { number as usize } else { 0 };
        for (expect, task) in (first..).zip(&attempts) {
            assert_eq!(task["attempt_number"], expect, "attempts of {key} follow each other: {tasks:#?}");
        }
        if last["state"]["result_state"] == "FAILED" && last.get("for_each_task").is_none() {
            assert_eq!(number, retries, "{key} was to be tried again: {last}");
        }
        for earlier in &attempts[..attempts.len() - 1] {
            assert_eq!(
                earlier["state"]["result_state"], "FAILED",
                "{key} was done and is done again: {earlier}"
            );
        }
    }
    own
}

/// Of every run its start and its end are told, each once, whatever was cut off.
pub(crate) async fn check_told(engine: &Process, run: i64) {
    let told = until("what is told arrives", async || {
        let told = engine.told(run).await?;
        told.iter().all(|(_, state)| state == "SENT").then_some(told)
    })
    .await;
    let events: Vec<&str> = told.iter().map(|(event, _)| event.as_str()).collect();
    assert_eq!(events.len(), 2, "run {run}: {told:?}");
    assert_eq!(events[0], "jobs.on_start", "run {run}: {told:?}");
    assert!(["jobs.on_success", "jobs.on_failure"].contains(&events[1]), "run {run}: {told:?}");
}

/// An attempt that no run shows is an earlier one of an iteration, and failed.
pub(crate) async fn check_hidden(engine: &Process, id: i64) {
    let task =
        engine.document(id).await.unwrap_or_else(|| panic!("attempt {id} ran, and no run knows of it"));
    let key = task["tasks"][0]["task_key"].as_str().or(task["task_key"].as_str()).unwrap();
    assert!(key.starts_with("item_"), "{task}");
    assert_eq!(task["state"]["result_state"], "FAILED", "{task}");
}

/// Processes that were started in a folder and are still there, by their command lines and files.
pub(crate) fn left_over(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids =
        entries.filter(|entry| entry.file_name().to_str().is_some_and(|name| name.parse::<u32>().is_ok()));
    let runner = folder.join("runner");
    let ours = |path: &Path| {
        let line = std::fs::read(path.join("cmdline")).unwrap_or_default();
        if String::from_utf8_lossy(&line).contains(&*runner.to_string_lossy()) {
            return true;
        }
        let open = std::fs::read_dir(path.join("fd")).into_iter().flatten().flatten();
        open.filter_map(|entry| std::fs::read_link(entry.path()).ok())
            .any(|file| file.starts_with(folder.join("runs")))
    };
    pids.filter(|entry| ours(&entry.path()))
        .map(|entry| std::fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default())
        .collect()
}
