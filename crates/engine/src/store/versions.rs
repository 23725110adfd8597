//! Every version of every job, for the history rows of the system tables.

use super::db::{Db, Store};
use lakeflow_core::error::Error;
use lakeflow_core::id::JobId;
use lakeflow_core::system::JobVersion;
use lakeflow_core::time::WallTime;
use rusqlite::{Connection, OptionalExtension, params};

/// Keeps a version of a job, `None` for its end, unless it is like the one before. Times rise with each version, whatever
/// the clock does.
pub(super) fn add(
    db: &Connection,
    job: JobId,
    now: WallTime,
    run_as: &str,
    settings: Option<&str>,
) -> Db<()> {
    let sql = "SELECT change_time, run_as = ?2 AND settings IS ?3 FROM job_versions
               WHERE job_id = ?1 ORDER BY change_time DESC LIMIT 1";
    let last: Option<(i64, bool)> = db
        .prepare_cached(sql)?
        .query_row(params![job.0, run_as, settings], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let time = match last {
        Some((_, true)) => return Ok(()),
        Some((last, false)) => now.0.max(last + 1),
        None => now.0,
    };
    db.prepare_cached("INSERT INTO job_versions VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![job.0, time, run_as, settings])?;
    Ok(())
}

impl Store {
    /// Every version of every job: jobs in order of id, the versions of each oldest first.
    pub(crate) async fn job_versions(&self) -> Result<Vec<Vec<JobVersion>>, Error> {
        self.read("job_versions", |db| {
            let sql = "SELECT v.job_id, v.change_time, v.run_as, v.settings, j.creator, j.created_time
                       FROM job_versions v JOIN jobs j ON j.job_id = v.job_id ORDER BY v.job_id, v.change_time";
            let mut statement = db.prepare_cached(sql)?;
            let mut rows = statement.query([])?;
            let mut jobs: Vec<Vec<JobVersion>> = Vec::new();
            while let Some(row) = rows.next()? {
                let job_id = JobId(row.get(0)?);
                let settings: Option<String> = row.get(3)?;
                let same = jobs.last_mut().filter(|of| of.first().is_some_and(|first| first.job_id == job_id));
                let version = JobVersion {
                    job_id,
                    creator: row.get(4)?,
                    run_as: row.get(2)?,
                    created: WallTime(row.get(5)?),
                    changed: WallTime(row.get(1)?),
                    deleted: settings.is_none(),
                    settings: match (&settings, same.as_ref().and_then(|of| of.last())) {
                        (None, Some(before)) => before.settings.clone(),
                        (text, _) => serde_json::from_str(text.as_deref().unwrap_or("{}"))?,
                    },
                };
                match same {
                    Some(of) => of.push(version),
                    None => jobs.push(vec![version]),
                }
            }
            Ok(jobs)
        })
        .await
    }
}
