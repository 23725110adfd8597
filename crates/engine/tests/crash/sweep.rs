//! The engine is killed at every step that it records, once each, and started again.
//!
//! A step is one transaction on a run, or on a delivery of what is told of it: triggers in the database count them and fail the one at which the engine is to die, which then
//! kills itself before it can do anything else. What it had committed, and what it had started because of that, is there; the rest is not.

use super::engine::POINT;
use super::process::{Process, until};
use super::{jobs, truth};
use futures::StreamExt;
use futures::stream;
use rusqlite::Connection;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Engines at the same time.
const SIDE_BY_SIDE: usize = 3;

pub(crate) fn database(folder: &Path) -> Connection {
    Connection::open(folder.join("jobs.sqlite3")).unwrap()
}

/// Every transaction on a run writes its row once, and so does that on a delivery.
fn arm(folder: &Path, step: u32) {
    let count = |name: &str, what: &str| {
        format!(
            "CREATE TRIGGER crash_{name} AFTER {what} BEGIN
                UPDATE crash SET done = done + 1;
                SELECT RAISE(ABORT, '{POINT}') FROM crash WHERE done >= {step};
            END;"
        )
    };
    let sql = format!(
        "CREATE TABLE crash (done INTEGER); INSERT INTO crash VALUES (0); {} {} {}",
        count("run", "INSERT ON runs"),
        count("turn", "UPDATE ON runs"),
        count("told", "UPDATE ON deliveries")
    );
    database(folder).execute_batch(&sql).unwrap();
}

fn disarm(folder: &Path) {
    let sql = "DROP TRIGGER crash_run; DROP TRIGGER crash_turn; DROP TRIGGER crash_told; DROP TABLE crash;";
    database(folder).execute_batch(sql).unwrap();
}

/// A folder with jobs, left behind by an engine that was killed.
struct Base {
    folder: tempfile::TempDir,
    jobs: Vec<i64>,
}

impl Base {
    async fn new(seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let engine = Process::start(folder.path(), "").await.unwrap();
        let jobs = jobs::create(&engine, seed).await;
        Self { folder, jobs }
    }

    fn copy(&self) -> tempfile::TempDir {
        let copy = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(self.folder.path()).unwrap().flatten() {
            if entry.path().is_file() {
                std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
            }
        }
        copy
    }

    async fn run_all(&self, engine: &Process) -> Option<Vec<i64>> {
        let mut runs = Vec::new();
        for (n, job) in self.jobs.iter().enumerate() {
            runs.push(engine.run(*job, &format!("token-{n}")).await?);
        }
        Some(runs)
    }

    /// One life that ends where it is told to, and the next one. False when the first life came to its end alive.
    async fn dies_once(&self, step: Option<u32>, death: &str) -> bool {
        let folder = self.copy();
        let path: PathBuf = folder.path().canonicalize().unwrap();
        if let Some(step) = step {
            arm(&path, step);
        }
        let died = self.first_life(&path, death).await;
        if step.is_some() {
            disarm(&path);
        }
        let mut engine = Process::start(&path, "").await.unwrap();
        let runs = self.run_all(&engine).await.unwrap();
        let mut documents = Vec::new();
        for run in &runs {
            documents.push(until("an end", async || engine.ended(*run).await).await);
        }
        self.nothing_is_lost(&engine, &path, &documents).await;
        engine.kill();
        assert_eq!(truth::left_over(&path), Vec::<String>::new(), "step {step:?} {death}");
        died
    }

    async fn first_life(&self, path: &Path, death: &str) -> bool {
        let Some(mut engine) = Process::start(path, death).await else { return true };
        let Some(runs) = self.run_all(&engine).await else {
            until("death", async || engine.is_dead().then_some(())).await;
            return true;
        };
        for run in runs {
            if engine.ended(run).await.is_none() {
                return true;
            }
        }
        // Child runs may still be on their last step.
        false
    }

    async fn nothing_is_lost(&self, engine: &Process, path: &Path, documents: &[Value]) {
        let listed = engine.get("/runs/list?limit=100").await.unwrap();
        let listed = listed["runs"].as_array().unwrap();
        let ids: BTreeSet<i64> = listed.iter().map(|run| run["run_id"].as_i64().unwrap()).collect();
        let mut known = BTreeSet::new();
        let ran = truth::ran(path);
        for document in documents {
            assert!(ids.contains(&document["run_id"].as_i64().unwrap()), "a run is not listed");
            known.extend(truth::check(engine, document, &ran).await);
        }
        let children = listed.iter().filter(|run| run["run_name"] == "inner");
        for child in children {
            assert_eq!(child["status"]["state"], "TERMINATED", "{child}");
            let document = engine.document(child["run_id"].as_i64().unwrap()).await.unwrap();
            known.extend(truth::check(engine, &document, &ran).await);
        }
        for id in ran.difference(&known) {
            truth::check_hidden(engine, *id).await;
        }
        let mut letters = 0;
        for run in &ids {
            truth::check_told(engine, *run).await;
            letters += 2;
        }
        let files = std::fs::read_dir(path.join("outbox")).unwrap();
        let files = files.flatten().filter(|file| file.path().extension().is_some_and(|end| end == "eml"));
        assert_eq!(files.count(), letters, "each delivery is one letter, however often it was sent");
    }
}

// LOCAL[durability] own: killed at every recorded step, nothing is lost or run twice, and every run is told of once
#[tokio::test]
async fn killed_at_every_recorded_step_nothing_is_lost_or_run_twice() {
    for seed in seeds() {
        let steps = killed_at_every_step(seed).await;
        println!("jobs of seed {seed}: killed at {steps} recorded steps");
        assert!(steps > 25, "only {steps} steps were recorded: the jobs are too small to prove anything");
    }
}

/// Of `CRASH_SEEDS`, numbers with commas between them, for a longer search.
fn seeds() -> Vec<u64> {
    let text = std::env::var("CRASH_SEEDS").unwrap_or_else(|_| "7".to_owned());
    text.split(',').map(|seed| seed.parse().unwrap()).collect()
}

/// Gives the number of steps.
async fn killed_at_every_step(seed: u64) -> u32 {
    let base = Base::new(seed).await;
    let mut steps = 0;
    loop {
        let next = steps + 1..=steps + SIDE_BY_SIDE as u32;
        let lives = next.map(|step| base.dies_once(Some(step), ""));
        let died: Vec<bool> = stream::iter(lives).buffered(SIDE_BY_SIDE).collect().await;
        steps += died.iter().filter(|died| **died).count() as u32;
        if died.contains(&false) {
            return steps;
        }
    }
}

#[tokio::test]
async fn killed_between_a_record_and_its_effect_nothing_is_lost_or_run_twice() {
    let base = Base::new(11).await;
    let places = ["before-start", "after-start"];
    let deaths: Vec<String> =
        (1..=6).flat_map(|start| places.map(|place| format!("{place} {start}"))).collect();
    let lives = deaths.iter().map(|death| base.dies_once(None, death));
    let died: Vec<bool> = stream::iter(lives).buffered(SIDE_BY_SIDE).collect().await;
    assert!(died.iter().all(|died| *died), "an engine was to die and did not: {died:?}");
}
