//! Stored jobs.

use super::db::{Db, Store};
use super::versions;
use crate::live::shapes;
use lakeflow_core::error::Error;
use lakeflow_core::id::JobId;
use lakeflow_core::job::JobSettings;
use lakeflow_core::time::WallTime;
use rusqlite::{OptionalExtension, Row, params};
use serde_json::Value;

/// A stored job.
#[derive(Clone, Debug)]
pub(crate) struct JobRow {
    pub(crate) job_id: JobId,
    pub(crate) creator: String,
    pub(crate) run_as: String,
    pub(crate) created_time: WallTime,
    pub(crate) deleted: bool,
    pub(crate) settings: JobSettings,
    /// Direct permission entries as `[{"user_name": …, "permission_level": …}]`.
    pub(crate) acl: Value,
}

/// A page of `jobs/list`, newest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct JobFilter {
    /// Exact name, in any case.
    pub(crate) name: Option<String>,
    /// Only jobs older than this one (next page).
    pub(crate) before: Option<JobId>,
    /// Only jobs newer than this one (previous page).
    pub(crate) after: Option<JobId>,
    /// Jobs to leave out at the start; the deprecated way to page.
    pub(crate) offset: i64,
    /// Rows wanted.
    pub(crate) limit: i64,
}

const COLUMNS: &str = "job_id, creator, run_as, created_time, deleted_time IS NOT NULL, settings, acl";

fn read_row(row: &Row<'_>) -> Db<JobRow> {
    Ok(JobRow {
        job_id: JobId(row.get(0)?),
        creator: row.get(1)?,
        run_as: row.get(2)?,
        created_time: WallTime(row.get(3)?),
        deleted: row.get(4)?,
        settings: serde_json::from_str(row.get_ref(5)?.as_str().map_err(rusqlite::Error::from)?)?,
        acl: serde_json::from_str(row.get_ref(6)?.as_str().map_err(rusqlite::Error::from)?)?,
    })
}

impl Store {
    /// Stores a new job, or the new state of one. What is different from the state before is kept as a version.
    pub(crate) async fn put_job(&self, job: JobRow, now: WallTime) -> Result<(), Error> {
        let job_id = job.job_id;
        self.write("put_job", move |db| {
            let name = job.settings.display_name().to_owned();
            let settings = serde_json::to_string(&job.settings)?;
            versions::add(db, job.job_id, now, &job.run_as, Some(&settings))?;
            db.prepare_cached(
                "INSERT INTO jobs (job_id, name, name_folded, creator, run_as, created_time, settings, acl)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                 ON CONFLICT DO UPDATE SET name = ?2, name_folded = ?3, run_as = ?5, settings = ?7, acl = ?8",
            )?
            .execute(params![
                job.job_id.0,
                name,
                name.to_lowercase(),
                job.creator,
                job.run_as,
                job.created_time.0,
                settings,
                serde_json::to_string(&job.acl)?,
            ])?;
            Ok(())
        })
        .await?;
        self.changes().job();
        self.feed().publish(|| shapes::job(job_id));
        Ok(())
    }

    /// The job with an id; deleted ones too.
    pub(crate) async fn job(&self, id: JobId) -> Result<Option<JobRow>, Error> {
        self.read("job", move |db| {
            let sql = format!("SELECT {COLUMNS} FROM jobs WHERE job_id = ?1");
            db.prepare_cached(&sql)?.query_row([id.0], |row| Ok(read_row(row))).optional()?.transpose()
        })
        .await
    }

    /// Marks a job as deleted. Its runs stay.
    pub(crate) async fn delete_job(&self, id: JobId, now: WallTime) -> Result<(), Error> {
        self.write("delete_job", move |db| {
            let run_as = db
                .prepare_cached("SELECT run_as FROM jobs WHERE job_id = ?1 AND deleted_time IS NULL")?
                .query_row([id.0], |row| row.get::<_, String>(0))
                .optional()?;
            if let Some(run_as) = run_as {
                versions::add(db, id, now, &run_as, None)?;
            }
            db.prepare_cached("UPDATE jobs SET deleted_time = ?2 WHERE job_id = ?1")?
                .execute([id.0, now.0])?;
            Ok(())
        })
        .await?;
        self.changes().job();
        self.feed().publish(|| shapes::job(id));
        Ok(())
    }

    /// Jobs of a page, newest first. Jobs that `may_see` refuses are as if they were not there.
    pub(crate) async fn jobs(
        &self,
        filter: JobFilter,
        may_see: impl Fn(&JobRow) -> bool + Send + 'static,
    ) -> Result<Vec<JobRow>, Error> {
        self.read("jobs", move |db| {
            // Towards newer jobs the nearest come first, so that a page of them borders on where it was asked from.
            let order = if filter.after.is_some() { "ASC" } else { "DESC" };
            let sql = format!(
                "SELECT {COLUMNS} FROM jobs WHERE deleted_time IS NULL
                 AND (?1 IS NULL OR name_folded = ?1) AND (?2 IS NULL OR job_id < ?2) AND (?3 IS NULL OR job_id > ?3)
                 ORDER BY job_id {order}"
            );
            let mut statement = db.prepare_cached(&sql)?;
            let mut rows = statement.query(params![
                filter.name.map(|name| name.to_lowercase()),
                filter.before.map(|id| id.0),
                filter.after.map(|id| id.0),
            ])?;
            let mut jobs = Vec::new();
            let mut left_out = filter.offset;
            while (jobs.len() as i64) < filter.limit {
                let Some(row) = rows.next()? else { break };
                let job = read_row(row)?;
                if !may_see(&job) {
                    continue;
                }
                if left_out > 0 {
                    left_out -= 1;
                    continue;
                }
                jobs.push(job);
            }
            if filter.after.is_some() {
                jobs.reverse();
            }
            Ok(jobs)
        })
        .await
    }
}
