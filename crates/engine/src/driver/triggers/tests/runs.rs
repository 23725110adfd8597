//! Jobs that follow other jobs, tables, or themselves; and months of schedules over the real store.

use super::world::{HOUR, Life, MINUTE, NEW_YEAR, SECOND};
use crate::driver::run_now::RunRequest;
use crate::driver::tests::{Bench, all_runs, until};
use crate::exec::TaskOutput;
use crate::spark::catalog::Catalog;
use crate::store::{JobRow, RunRow};
use lakeflow_core::run::Phase;
use rusqlite::{Connection, params};
use serde_json::{Value, json};
use std::path::Path;

// LOCAL[triggers] own: fifty jobs every five minutes in virtual time: each fire time has its run, once, with that time (`LAKEFLOW_VIRTUAL_HOURS` makes it a month)
#[tokio::test]
async fn fifty_jobs_every_five_minutes_have_exactly_their_runs() {
    let hours: i64 = std::env::var("LAKEFLOW_VIRTUAL_HOURS").map_or(1, |hours| hours.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let life = Life::new(folder.path()).await;
    for job in 1..=50 {
        let settings = if job % 2 == 0 {
            json!({ "schedule": { "quartz_cron_expression": "0 0/5 * * * ?", "timezone_id": "Europe/Warsaw" } })
        } else {
            json!({ "trigger": { "periodic": { "interval": 5, "unit": "MINUTES" } } })
        };
        life.job(job, "/ok", settings).await;
    }
    let each = hours * 12;
    assert_eq!(life.driver.advance(hours * HOUR).await.unwrap() as i64, 50 * each);
    for job in 1..=50 {
        let runs = life.runs(job).await;
        let created: Vec<i64> = runs.iter().map(|run| run.start_time.since(NEW_YEAR)).collect();
        assert!(created.iter().copied().eq((1..=each).map(|n| n * 5 * MINUTE)), "job {job}: {created:?}");
        let ended = |run: &RunRow| run.standing.phase.is_success() && run.facts.trigger == "PERIODIC";
        assert!(runs.iter().all(ended), "job {job}");
    }
}

/// The newest run of a job, once it is there.
async fn newest(bench: &Bench, number: usize) -> RunRow {
    until(async || {
        let mut runs = all_runs(bench).await;
        runs.sort_by_key(|run| run.run_id);
        runs.into_iter().nth(number)
    })
    .await
}

// LOCAL[triggers] same: a continuous job has one run; `run-now` ends it and starts the next as `CONTINUOUS_RESTART`; pausing cancels it; while it is paused runs by hand wait
#[tokio::test]
async fn a_continuous_job_has_one_run() {
    let mut bench = Bench::new().await;
    bench.read_triggers().await;
    bench.driver.switch_triggers(true);
    // Two at a time are not what a continuous job has.
    bench.change(json!({ "continuous": {}, "max_concurrent_runs": 5 })).await;
    let first = newest(&bench, 0).await;
    assert_eq!((first.facts.trigger.as_str(), first.run_type.as_str()), ("CONTINUOUS", "JOB_RUN"));
    bench.finish(first.run_id, TaskOutput::default()).await;
    let second = newest(&bench, 1).await;

    let restarted = bench.run().await;
    let third = newest(&bench, 2).await;
    assert_eq!((third.run_id, third.facts.trigger.as_str()), (restarted, "CONTINUOUS_RESTART"));
    assert_eq!(bench.end(second.run_id).await.outcome.as_str(), "CANCELED");
    until(async || (bench.phase(restarted).await == Some(Phase::Running)).then_some(())).await;

    bench.change(json!({ "continuous": { "pause_status": "PAUSED" } })).await;
    assert_eq!(bench.end(restarted).await.outcome.as_str(), "CANCELED");
    let (by_hand, waits) = (bench.run().await, bench.run().await);
    assert_eq!(newest(&bench, 3).await.facts.trigger, "ONE_TIME");
    assert_eq!(bench.phase(by_hand).await, Some(Phase::Running), "runs by hand are not cancelled");
    assert!(matches!(bench.phase(waits).await, Some(Phase::Queued { .. })));
    let states = bench.driver.trigger_states(&bench.job).await.unwrap();
    assert_eq!(states["trigger_state"]["pause_status"], "PAUSED");
    assert_eq!(all_runs(&bench).await.len(), 5);
}

// LOCAL[triggers] same: `trigger_state` of a continuous job tells its failures in a row and when it is tried again
#[tokio::test]
async fn failures_in_a_row_are_backed_off_from() {
    let folder = tempfile::tempdir().unwrap();
    let life = Life::new(folder.path()).await;
    let job = life.job(1, "/fail", json!({ "continuous": {} })).await;
    life.driver.advance(100 * SECOND).await.unwrap();
    let at: Vec<i64> = life.runs(1).await.iter().map(|run| run.start_time.since(NEW_YEAR) / SECOND).collect();
    assert_eq!(at, [0, 30, 90]);
    let state = life.driver.trigger_states(&job).await.unwrap();
    let shown = &state["trigger_state"]["continuous"];
    let next = NEW_YEAR + 210 * SECOND;
    assert_eq!(*shown, json!({ "consecutive_failures": 3, "is_backing_off": true, "next_attempt_ms": next }));
}

// LOCAL[triggers] same: a job starts after other jobs have completed; `trigger_info` names their runs
#[tokio::test]
async fn a_job_follows_others() {
    let folder = tempfile::tempdir().unwrap();
    let life = Life::new(folder.path()).await;
    let after = |jobs: &[i64], status: &str| {
        let jobs: Vec<Value> = jobs.iter().map(|job| json!({ "job_id": job, "workspace_id": "1" })).collect();
        json!({ "trigger": { "job_completion": { "jobs": jobs, "if_status": status } } })
    };
    let good = life.job(1, "/ok", json!({})).await;
    let bad = life.job(2, "/fail", json!({})).await;
    let both = life.job(3, "/ok", after(&[1, 2], "DONE")).await;
    life.job(4, "/ok", after(&[2], "SUCCESS")).await;
    life.job(5, "/ok", after(&[3], "SUCCESS")).await;
    let run = async |job: &JobRow| life.driver.run_now(job, RunRequest::default()).await.unwrap().run_id;
    let one = run(&good).await;
    life.driver.advance(SECOND).await.unwrap();
    assert_eq!(life.runs(3).await.len(), 0, "only one of two");
    let two = run(&bad).await;
    life.driver.advance(SECOND).await.unwrap();
    let started = life.runs(3).await;
    assert_eq!(started.len(), 1);
    assert_eq!(started[0].facts.trigger, "JOB_COMPLETION");
    let runs = json!([{ "job_id": 1, "run_id": one }, { "job_id": 2, "run_id": two }]);
    assert_eq!(started[0].facts.trigger_info, Some(json!({ "job_completion": { "completed_jobs": runs } })));
    assert_eq!(life.runs(4).await.len(), 0, "a failure is no success");
    assert_eq!(life.runs(5).await.len(), 1, "and so on along the chain");
    run(&good).await;
    life.driver.advance(SECOND).await.unwrap();
    let state = life.driver.trigger_states(&both).await.unwrap();
    let seen = &state["trigger_state"]["job_completion"]["jobs"];
    assert_eq!(
        (&seen[0]["has_seen_completion"], &seen[1]["has_seen_completion"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(seen[1]["last_seen_run_id"], json!(two));
}

/// Adds a table to the local catalog, as a Spark session does, and gives its Delta log.
fn add_table(data: &Path, name: &str) -> std::path::PathBuf {
    let catalog = Catalog::open(data).unwrap();
    let folder = catalog.warehouse().join(name);
    let body = json!({ "table_id": name, "storage_location": format!("file://{}", folder.display()) });
    let db = Connection::open(data.join("catalog.db")).unwrap();
    let sql = "INSERT INTO object (kind, name, parent, id, body) VALUES ('table', ?1, 'main.sales', ?1, ?2)";
    db.execute(sql, params![name, body.to_string()]).unwrap();
    let log = folder.join("_delta_log");
    std::fs::create_dir_all(&log).unwrap();
    log
}

fn commit(log: &Path, version: u32) {
    std::fs::write(log.join(format!("{version:020}.json")), "{}").unwrap();
}

// LOCAL[triggers] same: a newer version of a table starts a run that is told the tables and versions
#[tokio::test]
async fn a_newer_version_of_a_table_starts_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let life = Life::new(folder.path()).await;
    let orders = add_table(folder.path(), "main.sales.orders");
    commit(&orders, 0);
    let watch = json!({ "table_names": ["main.sales.`Orders`", "main.sales.returns"] });
    let job = life.job(1, "/ok", json!({ "trigger": { "table_update": watch } })).await;
    life.driver.advance(MINUTE).await.unwrap();
    assert_eq!(life.runs(1).await.len(), 0, "what is there when the trigger is saved is no update");
    commit(&orders, 1);
    // The catalog may know of a commit before it stands in the table's own log.
    let db = Connection::open(folder.path().join("catalog.db")).unwrap();
    let sql = "INSERT INTO delta_commit VALUES ('main.sales.orders', 2, '{\"version\": 2, \"timestamp\": 1767225600000}')";
    db.execute(sql, []).unwrap();
    life.driver.advance(MINUTE).await.unwrap();
    commit(&add_table(folder.path(), "main.sales.returns"), 0);
    life.driver.advance(MINUTE).await.unwrap();
    life.driver.advance(MINUTE).await.unwrap();
    let runs = life.runs(1).await;
    let mut told = Vec::new();
    for run in &runs {
        assert_eq!(run.facts.trigger, "TABLE");
        let (plan, _) = life.driver.store().history(run.run_id).await.unwrap().unwrap();
        let tables = plan.trigger.table_update.unwrap();
        told.push((tables[0]["name"].clone(), tables[0]["version"].clone()));
    }
    assert_eq!(told, [(json!("main.sales.`Orders`"), json!(2)), (json!("main.sales.returns"), json!(0))]);
    let state = life.driver.trigger_states(&job).await.unwrap();
    assert_eq!(state["trigger_state"]["table"]["last_seen_table_states"][0]["has_seen_updates"], false);
}

// LOCAL[triggers] own: a clock that jumps back two hours starts nothing twice, and holds back neither files nor a continuous job
#[tokio::test]
async fn a_clock_that_jumps_back_two_hours_starts_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let life = Life::new(folder.path()).await;
    let hourly = json!({ "quartz_cron_expression": "0 0 * * * ?", "timezone_id": "UTC" });
    life.job(1, "/ok", json!({ "schedule": hourly })).await;
    let watched = folder.path().join("volumes/a/b/c");
    std::fs::create_dir_all(&watched).unwrap();
    let files = json!({ "url": "/Volumes/a/b/c", "min_time_between_triggers_seconds": 60 });
    life.job(2, "/ok", json!({ "trigger": { "file_arrival": files } })).await;
    std::fs::write(watched.join("1.csv"), "").unwrap();
    assert_eq!(life.driver.advance(3 * HOUR).await.unwrap(), 4);
    life.driver.clock().set(NEW_YEAR + HOUR);
    std::fs::write(watched.join("2.csv"), "").unwrap();
    assert_eq!(life.driver.advance(2 * MINUTE).await.unwrap(), 1, "the file waits its minute, no two hours");
    assert_eq!(
        life.driver.advance(2 * HOUR - 2 * MINUTE).await.unwrap(),
        0,
        "these hours have had their runs"
    );
    assert_eq!(life.driver.advance(HOUR).await.unwrap(), 1);
    assert_eq!((life.runs(1).await.len(), life.runs(2).await.len()), (4, 2));
}
