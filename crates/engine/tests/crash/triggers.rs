//! Processes that are killed between what is due for a trigger and what is recorded: at each write, and at moments from a seed. A thousand kills at
//! writes, without processes, are in `driver/triggers/tests/kills.rs`.

use super::engine::POINT;
use super::jobs::command;
use super::process::{Process, until};
use super::sweep::database;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// Writes that a file, its run and the run that follows it take at most.
const WRITES: u32 = 24;
/// Kills at moments of no choice.
const MOMENTS: u32 = 16;

/// Lets the `step`th write to runs or triggers from now on fail; the engine then kills itself.
fn arm(folder: &Path, step: u32) {
    let count = |kind: &str, table: &str| {
        format!(
            "CREATE TRIGGER crash_{kind}_{table} AFTER {kind} ON {table} BEGIN
                UPDATE crash SET done = done + 1;
                SELECT RAISE(ABORT, '{POINT}') FROM crash WHERE done >= {step};
            END;"
        )
    };
    let all = ["runs", "triggers"].map(|table| count("INSERT", table) + &count("UPDATE", table));
    let sql = format!("CREATE TABLE crash (done INTEGER); INSERT INTO crash VALUES (0); {}", all.concat());
    database(folder).execute_batch(&sql).unwrap();
}

fn disarm(folder: &Path) {
    let drop = |table: &str| format!("DROP TRIGGER crash_INSERT_{table}; DROP TRIGGER crash_UPDATE_{table};");
    let sql = ["runs", "triggers"].map(drop).concat() + "DROP TABLE crash;";
    database(folder).execute_batch(&sql).unwrap();
}

/// A job that files start, and one that follows it.
async fn jobs(engine: &Process) -> [i64; 2] {
    let settings = |name: &str, trigger: Value| json!({ "name": name, "queue": { "enabled": true }, "trigger": trigger, "tasks": [command("t", "/ok", &[])] });
    let files = settings("files", json!({ "file_arrival": { "url": "/Volumes/a/b/c" } }));
    let files = engine.create(files).await;
    let after = json!({ "job_completion": { "jobs": [{ "job_id": files }], "if_status": "DONE" } });
    [files, engine.create(settings("after", after)).await]
}

/// The runs of a job that are over; `None` when the engine died.
async fn over(engine: &Process, job: i64) -> Option<usize> {
    let mut all = Vec::new();
    let mut path = format!("/runs/list?limit=25&job_id={job}");
    loop {
        let page = engine.get(&path).await?;
        all.extend(page["runs"].as_array().into_iter().flatten().cloned());
        let Some(next) = page["next_page_token"].as_str() else { break };
        path = format!("/runs/list?limit=25&job_id={job}&page_token={next}");
    }
    let ended = all.iter().all(|run| run["status"]["state"] == "TERMINATED");
    ended.then_some(all.len())
}

/// Waits until each job has so many runs and all are over. False when the engine died on the way.
async fn have(engine: &mut Process, jobs: [i64; 2], number: usize) -> bool {
    until("the runs", async || {
        if engine.is_dead() {
            return Some(false);
        }
        let found = [over(engine, jobs[0]).await, over(engine, jobs[1]).await];
        (found == [Some(number), Some(number)]).then_some(true)
    })
    .await
}

// LOCAL[triggers] own: the process of the engine killed at each write for a trigger, and at moments from a seed: every file has one run, and every run the one that follows it
#[tokio::test]
async fn killed_processes_lose_and_double_no_run_of_a_trigger() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap();
    let watched = path.join("volumes/a/b/c");
    std::fs::create_dir_all(&watched).unwrap();
    let mut engine = Process::start(&path, "triggers").await.unwrap();
    let jobs = jobs(&engine).await;
    let mut at_writes = 0;
    for number in 1..=(WRITES + MOMENTS) {
        let step = (number <= WRITES).then_some(number);
        if let Some(step) = step {
            arm(&path, step);
        }
        std::fs::write(watched.join(format!("{number}.csv")), "").unwrap();
        if step.is_some() {
            at_writes += u32::from(!have(&mut engine, jobs, number as usize).await);
        } else {
            // Not a rule that is waited for: a moment in the middle of what goes on.
            tokio::time::sleep(Duration::from_millis(u64::from(number * 7 % 40))).await;
        }
        engine.kill();
        if step.is_some() {
            disarm(&path);
        }
        engine = Process::start(&path, "triggers").await.unwrap();
        assert!(have(&mut engine, jobs, number as usize).await, "the engine died by itself");
    }
    assert!(at_writes > 8, "killed at {at_writes} writes");
}
