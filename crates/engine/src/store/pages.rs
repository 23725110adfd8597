//! Pages of stored runs.

use super::db::{Db, Store};
use super::runs::{COLUMNS, RunRow, read_acl, read_row};
use lakeflow_core::error::Error;
use lakeflow_core::id::JobId;
use rusqlite::Connection;
use rusqlite::types::Value as Sql;
use serde_json::Value;

/// A page of `runs/list`, newest first. `before` and `after` are start time and id of the run that the page borders on.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunFilter {
    pub(crate) job_id: Option<JobId>,
    /// `Some(true)`: active or queued; `Some(false)`: ended.
    pub(crate) active: Option<bool>,
    pub(crate) run_type: Option<String>,
    pub(crate) start_from: Option<i64>,
    pub(crate) start_to: Option<i64>,
    pub(crate) before: Option<(i64, i64)>,
    pub(crate) after: Option<(i64, i64)>,
    /// Runs to leave out at the start; the deprecated way to page.
    pub(crate) offset: i64,
    pub(crate) limit: i64,
}

/// The query of a page and what it is given. Rows come in the order of an index, so that the reader may stop anywhere.
fn query(filter: &RunFilter) -> (String, Vec<Sql>) {
    let mut conditions = vec!["1"];
    let mut values: Vec<Sql> = Vec::new();
    let mut condition = |text: &'static str, given: &[Sql]| {
        conditions.push(text);
        values.extend_from_slice(given);
    };
    if let Some(job) = filter.job_id {
        condition("job_id = ?", &[job.0.into()]);
    }
    match filter.active {
        Some(true) => condition("activity > 0", &[]),
        Some(false) => condition("activity = 0", &[]),
        None => {}
    }
    if let Some(kind) = &filter.run_type {
        condition("run_type = ?", &[kind.clone().into()]);
    }
    if let Some(from) = filter.start_from {
        condition("start_time >= ?", &[from.into()]);
    }
    if let Some(to) = filter.start_to {
        condition("start_time <= ?", &[to.into()]);
    }
    if let Some((time, id)) = filter.before {
        condition("(start_time, run_id) < (?, ?)", &[time.into(), id.into()]);
    }
    if let Some((time, id)) = filter.after {
        condition("(start_time, run_id) > (?, ?)", &[time.into(), id.into()]);
    }
    let order = if filter.after.is_some() { "ASC" } else { "DESC" };
    let sql = format!(
        "SELECT {COLUMNS} FROM runs WHERE {} ORDER BY start_time {order}, run_id {order}",
        conditions.join(" AND ")
    );
    (sql, values)
}

fn page(db: &Connection, filter: &RunFilter, may_see: impl Fn(JobId, &Value) -> bool) -> Db<Vec<RunRow>> {
    let (sql, values) = query(filter);
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(rusqlite::params_from_iter(values))?;
    let mut runs = Vec::new();
    let mut left_out = filter.offset;
    while (runs.len() as i64) < filter.limit {
        let Some(row) = rows.next()? else { break };
        if !may_see(JobId(row.get(1)?), &read_acl(row)?) {
            continue;
        }
        if left_out > 0 {
            left_out -= 1;
            continue;
        }
        runs.push(read_row(row)?);
    }
    if filter.after.is_some() {
        runs.reverse();
    }
    Ok(runs)
}

impl Store {
    /// Runs of a page, newest first. `may_see` is asked with the job and the permission entries of each run; runs that
    /// it refuses are as if they were not there, so that no page has holes.
    pub(crate) async fn runs(
        &self,
        filter: RunFilter,
        may_see: impl Fn(JobId, &Value) -> bool + Send + 'static,
    ) -> Result<Vec<RunRow>, Error> {
        self.read("runs", move |db| page(db, &filter, may_see)).await
    }
}

impl Store {
    /// Runs of a page, newest first, for which `keep` holds.
    pub(crate) async fn runs_where(
        &self,
        filter: RunFilter,
        keep: impl Fn(&RunRow) -> bool + Send + 'static,
    ) -> Result<Vec<RunRow>, Error> {
        self.read("runs_where", move |db| {
            let (sql, values) = query(&filter);
            let mut statement = db.prepare_cached(&sql)?;
            let mut rows = statement.query(rusqlite::params_from_iter(values))?;
            let mut runs = Vec::new();
            while (runs.len() as i64) < filter.limit {
                let Some(row) = rows.next()? else { break };
                let run = read_row(row)?;
                if keep(&run) {
                    runs.push(run);
                }
            }
            Ok(runs)
        })
        .await
    }

    /// How many runs there are on all pages for which `keep` holds.
    pub(crate) async fn count_where(
        &self,
        filter: RunFilter,
        keep: impl Fn(&RunRow) -> bool + Send + 'static,
    ) -> Result<i64, Error> {
        self.read("count_where", move |db| {
            let (sql, values) = query(&filter);
            let mut statement = db.prepare_cached(&sql)?;
            let mut rows = statement.query(rusqlite::params_from_iter(values))?;
            let mut count = 0;
            while let Some(row) = rows.next()? {
                count += i64::from(keep(&read_row(row)?));
            }
            Ok(count)
        })
        .await
    }

    /// How many runs a job has, or all jobs have.
    pub(crate) async fn count_runs(&self, job: Option<JobId>) -> Result<i64, Error> {
        self.read("count_runs", move |db| {
            let all = "SELECT count(*) FROM runs";
            let of_job = "SELECT count(*) FROM runs WHERE job_id = ?1";
            Ok(match job {
                None => db.prepare_cached(all)?.query_row([], |row| row.get(0))?,
                Some(job) => db.prepare_cached(of_job)?.query_row([job.0], |row| row.get(0))?,
            })
        })
        .await
    }
}

/// How SQLite would find the rows of a page.
#[cfg(test)]
pub(super) fn plan(db: &Connection, filter: &RunFilter) -> Db<Vec<String>> {
    let (sql, values) = query(filter);
    let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
    let rows = statement.query_map(rusqlite::params_from_iter(values), |row| row.get(3))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
