//! Counters and small settings.

use super::db::{Db, Store};
use lakeflow_core::error::Error;
use lakeflow_core::execution::RUNS_PER_JOB_RUN;
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::time::WallTime;
use rusqlite::{Connection, OptionalExtension, params};

/// Numbers of job runs, in blocks of [`RUNS_PER_JOB_RUN`].
const RUN_BLOCK: &str = "next_run_block";
/// Numbers of jobs and repairs.
const PLAIN_ID: &str = "next_id";

impl Store {
    /// Sets the counters of a new data folder from the time of its creation, so that ids of different folders rarely
    /// meet: job run ids have 16 digits, job and repair ids 13, all below 2^53 (reference section 2.3).
    pub(crate) async fn init_counters(&self, now: WallTime) -> Result<(), Error> {
        let milliseconds = now.0.max(1_000_000_000_000);
        self.write("init_counters", move |db| {
            for (key, value) in [(RUN_BLOCK, milliseconds / 1000), (PLAIN_ID, milliseconds)] {
                db.prepare_cached("INSERT INTO kv VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
                    .execute(params![key, value.to_string()])?;
            }
            Ok(())
        })
        .await
    }

    /// A number for a new job run; its task runs take the ids after it.
    pub(crate) async fn new_run_id(&self) -> Result<RunId, Error> {
        let block = self.write("new_run_id", |db| next(db, RUN_BLOCK)).await?;
        Ok(RunId(block * RUNS_PER_JOB_RUN))
    }

    /// A number for a new job.
    pub(crate) async fn new_job_id(&self) -> Result<JobId, Error> {
        self.write("new_job_id", |db| next(db, PLAIN_ID)).await.map(JobId)
    }

    /// A number for a new repair.
    pub(crate) async fn new_repair_id(&self) -> Result<i64, Error> {
        self.write("new_repair_id", |db| next(db, PLAIN_ID)).await
    }

    /// A small setting.
    pub(crate) async fn setting(&self, key: &'static str) -> Result<Option<String>, Error> {
        self.read("setting", move |db| {
            Ok(db
                .prepare_cached("SELECT value FROM kv WHERE key = ?1")?
                .query_row([key], |row| row.get(0))
                .optional()?)
        })
        .await
    }

    /// Stores a small setting.
    pub(crate) async fn set_setting(&self, key: &'static str, value: String) -> Result<(), Error> {
        self.write("set_setting", move |db| {
            db.prepare_cached(
                "INSERT INTO kv VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = excluded.value",
            )?
            .execute([key, &value])?;
            Ok(())
        })
        .await
    }
}

fn next(db: &Connection, key: &str) -> Db<i64> {
    let sql = "UPDATE kv SET value = CAST(value AS INTEGER) + 1 WHERE key = ?1 RETURNING CAST(value AS INTEGER) - 1";
    Ok(db.prepare_cached(sql)?.query_row([key], |row| row.get(0))?)
}
