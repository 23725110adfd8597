//! Engines that are killed between what is due and what is recorded. The store is the real one on a disk: triggers in the database let one
//! transaction fail, and the engine is dropped there, which leaves what `kill -9` leaves between two transactions. Kills of real processes are in
//! `tests/crash`.

use super::world::{HOUR, Life, MINUTE, NEW_YEAR, Numbers, SECOND};
use crate::config::Notice;
use lakeflow_core::time::WallTime;
use rusqlite::Connection;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::Notify;

const KILLS: usize = 1000;
const POINT: &str = "killed here";

/// A further connection to the database, open from the first life to the last: whoever closes the last one waits for the disk.
fn database(folder: &Path) -> Connection {
    let db = Connection::open(folder.join("jobs.sqlite3")).unwrap();
    db.pragma_update(None, "synchronous", "OFF").unwrap();
    db
}

/// Lets the `step`th write to runs or triggers from now on fail, and all after it.
fn arm(db: &Connection, step: u64) {
    let count = |kind: &str, table: &str| {
        format!(
            "CREATE TRIGGER kill_{kind}_{table} AFTER {kind} ON {table} BEGIN
                UPDATE kills SET done = done + 1;
                SELECT RAISE(ABORT, '{POINT}') FROM kills WHERE done >= {step};
            END;"
        )
    };
    let all = ["runs", "triggers"].map(|table| count("INSERT", table) + &count("UPDATE", table));
    let sql = format!("CREATE TABLE kills (done INTEGER); INSERT INTO kills VALUES (0); {}", all.concat());
    db.execute_batch(&sql).unwrap();
}

fn disarm(db: &Connection) {
    let names = ["INSERT_runs", "UPDATE_runs", "INSERT_triggers", "UPDATE_triggers"];
    let sql = names.map(|name| format!("DROP TRIGGER kill_{name};")).concat() + "DROP TABLE kills;";
    db.execute_batch(&sql).unwrap();
}

/// The jobs: by a schedule, by files, after the first one, and continuous with a task that fails.
async fn jobs(life: &Life) {
    let cron = json!({ "quartz_cron_expression": "0 0/7 * * * ?", "timezone_id": "UTC" });
    life.job(1, "/ok", json!({ "schedule": cron })).await;
    life.job(2, "/ok", json!({ "trigger": { "file_arrival": { "url": "/Volumes/a/b/c" } } })).await;
    let after = json!({ "jobs": [{ "job_id": 1 }], "if_status": "DONE" });
    life.job(3, "/ok", json!({ "trigger": { "job_completion": after } })).await;
    life.job(4, "/fail", json!({ "continuous": {} })).await;
}

/// One life that moves the clock and is killed at a write, unless it needs fewer of them. Gives the time at its end, and whether it
/// was killed.
async fn one_life(folder: &Path, db: &Connection, at: WallTime, ms: i64, step: u64) -> (WallTime, bool) {
    let died = Arc::new(Notify::new());
    let told = Arc::clone(&died);
    let notice = Notice::new(move |line| {
        if line.contains(POINT) {
            told.notify_one();
        }
    });
    arm(db, step);
    let life = Life::start(folder, at, notice).await;
    let living = async {
        life.begin().await?;
        life.driver.advance(ms).await
    };
    let killed = tokio::select! {
        lived = living => lived.is_err(),
        () = died.notified() => true,
    };
    let now = life.driver.clock().time();
    life.driver.freeze().await;
    disarm(db);
    (now, killed)
}

// LOCAL[triggers] own: killed between due and recorded a thousand times, schedules, files, ends of runs and continuous jobs lose and double nothing
#[tokio::test]
async fn killed_a_thousand_times_triggers_lose_and_double_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let watched = path.join("volumes/a/b/c");
    std::fs::create_dir_all(&watched).unwrap();
    let first = Life::new(path).await;
    jobs(&first).await;
    first.driver.freeze().await;
    drop(first);
    let db = database(path);
    let mut numbers = Numbers(9);
    let (mut now, mut kills, mut files, mut clean) = (NEW_YEAR, 0, 0, true);
    while kills < KILLS {
        // A file comes and the clock goes on when nothing is due any more; else the next engine is there within seconds.
        let ms = if clean {
            (numbers.below(6 * 60) as i64 + 1) * SECOND
        } else {
            numbers.below(5) as i64 * SECOND
        };
        if clean && numbers.below(3) == 0 {
            files += 1;
            std::fs::write(watched.join(format!("{files}.csv")), "").unwrap();
        }
        let (at, killed) = one_life(path, &db, now, ms, numbers.below(14) + 1).await;
        now = at;
        clean = !killed;
        kills += usize::from(killed);
    }
    // The last engine lives.
    let life = Life::start(path, now, Notice::new(|_| {})).await;
    life.begin().await.unwrap();
    life.driver.advance(SECOND).await.unwrap();
    let now = life.driver.clock().time();

    let fired: Vec<WallTime> = times(&life, 1).await;
    let hours = (0..=now.since(NEW_YEAR) / HOUR)
        .flat_map(|hour| (0..60).step_by(7).map(move |minute| (hour, minute)));
    let expect: Vec<WallTime> = hours
        .map(|(hour, minute)| NEW_YEAR + hour * HOUR + minute * MINUTE)
        .filter(|at| *at > NEW_YEAR && *at <= now)
        .collect();
    assert!(fired == expect, "{} runs by schedule, {} expected", fired.len(), expect.len());
    assert_eq!(life.runs(2).await.len(), files, "a run for each file");
    let scheduled: Vec<i64> = life.runs(1).await.iter().map(|run| run.run_id.0).collect();
    let mut awaited = Vec::new();
    for run in life.runs(3).await {
        let info = run.facts.trigger_info.unwrap();
        awaited.push(info["job_completion"]["completed_jobs"][0]["run_id"].as_i64().unwrap());
    }
    assert!(awaited == scheduled, "{} ends, {} runs after them", scheduled.len(), awaited.len());
    let numbers: Vec<usize> = tokens(&life, 4).await.iter().map(|token| number(token)).collect();
    assert!(
        numbers.iter().copied().eq(1..=numbers.len()),
        "runs of the continuous job follow each other: {numbers:?}"
    );
    assert!(
        scheduled.len() > 200 && files > 50 && numbers.len() > 20,
        "{} {files} {}",
        scheduled.len(),
        numbers.len()
    );
}

async fn tokens(life: &Life, job: i64) -> Vec<String> {
    life.runs(job).await.into_iter().map(|run| run.facts.idempotency_token.unwrap()).collect()
}

fn number(token: &str) -> usize {
    token.rsplit('.').next().unwrap().parse().unwrap()
}

/// The scheduled times of a job's runs, each of which is there once.
async fn times(life: &Life, job: i64) -> Vec<WallTime> {
    let tokens = tokens(life, job).await;
    assert_eq!(tokens.iter().collect::<BTreeSet<_>>().len(), tokens.len(), "no fire time has two runs");
    tokens.iter().map(|token| WallTime(number(token) as i64)).collect()
}
