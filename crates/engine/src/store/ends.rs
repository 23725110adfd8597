//! Ends of runs in their order, for triggers that wait for them.

use super::db::{Db, Store};
use super::runs::Standing;
use lakeflow_core::error::Error;
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::run::{Outcome, Phase};
use lakeflow_core::time::WallTime;
use lakeflow_core::trigger::Completion;
use rusqlite::{Connection, params};

/// Notes the end of a run, in the transaction that stores it and before the row is changed. A run that was skipped never ran, so it
/// does not complete.
pub(super) fn note(db: &Connection, run: RunId, standing: &Standing) -> Db<()> {
    let (Phase::Ended(end), Some(started)) = (&standing.phase, standing.admitted) else { return Ok(()) };
    let ended = standing.end_time.unwrap_or(started);
    db.prepare_cached(
        "INSERT INTO ends (job_id, run_id, outcome, started, ended)
         SELECT job_id, run_id, ?2, ?3, ?4 FROM runs WHERE run_id = ?1",
    )?
    .execute(params![run.0, end.outcome.as_str(), started.0, ended.0])?;
    Ok(())
}

impl Store {
    /// The number of the newest end, 0 without one.
    pub(crate) async fn newest_end(&self) -> Result<i64, Error> {
        self.read("newest_end", |db| {
            Ok(db
                .prepare_cached("SELECT coalesce(max(seq), 0) FROM ends")?
                .query_row([], |row| row.get(0))?)
        })
        .await
    }

    /// Ends of runs of some jobs after one, in their order.
    pub(crate) async fn ends_after(&self, seq: i64, jobs: Vec<JobId>) -> Result<Vec<Completion>, Error> {
        self.read("ends_after", move |db| {
            let mut statement = db.prepare_cached(
                "SELECT seq, job_id, run_id, outcome, started, ended FROM ends
                 WHERE seq > ?1 AND job_id IN (SELECT value FROM json_each(?2)) ORDER BY seq",
            )?;
            let mut rows = statement.query(params![seq, serde_json::to_string(&jobs)?])?;
            let mut ends = Vec::new();
            while let Some(row) = rows.next()? {
                ends.push(Completion {
                    seq: row.get(0)?,
                    job_id: JobId(row.get(1)?),
                    run_id: RunId(row.get(2)?),
                    outcome: Outcome::from(row.get::<_, String>(3)?.as_str()),
                    started: WallTime(row.get(4)?),
                    ended: WallTime(row.get(5)?),
                });
            }
            Ok(ends)
        })
        .await
    }
}
