//! Runs as the system tables take them, in blocks of neighbouring ids, and which blocks have changed: so that a table of
//! many runs is not made anew for each one that ends.

use super::db::{Db, Store};
use super::runs::{COLUMNS, TaskRow, collect, document, read_row};
use crate::driver::job_run_of;
use lakeflow_core::error::Error;
use lakeflow_core::execution::RUNS_PER_JOB_RUN;
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::system::{Execution, JobRunRecord, TaskRunRecord};
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Job runs of a block: ids that follow each other.
const BLOCK_RUNS: i64 = 1024;
const BLOCK: i64 = BLOCK_RUNS * RUNS_PER_JOB_RUN;

/// How deep a chain of runs that start each other is followed; the platform allows three (reference section 10.3).
const MOST_LEVELS: usize = 16;

/// What has changed since the store was opened.
#[derive(Debug, Default)]
pub(crate) struct Changes(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    count: u64,
    blocks: BTreeMap<i64, u64>,
}

impl Changes {
    /// A job changed.
    pub(super) fn job(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).count += 1;
    }

    /// A run changes, or has changed: told before and after, since who waits for the change may leave.
    pub(super) fn run(&self, run: RunId) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.count += 1;
        let count = counted.count;
        counted.blocks.insert(run.0.div_euclid(BLOCK), count);
    }

    /// Changes so far.
    pub(crate) fn count(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).count
    }

    /// Blocks that have changed after a count.
    pub(crate) fn blocks_after(&self, count: u64) -> Vec<i64> {
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.blocks.iter().filter(|(_, at)| **at > count).map(|(block, _)| *block).collect()
    }
}

impl Store {
    /// The blocks that have runs.
    pub(crate) async fn blocks(&self) -> Result<Vec<i64>, Error> {
        self.read("blocks", |db| {
            // One step of the index a block, however many runs it has.
            let mut next =
                db.prepare_cached("SELECT run_id FROM runs WHERE run_id >= ?1 ORDER BY run_id LIMIT 1")?;
            let (mut blocks, mut from) = (Vec::new(), i64::MIN);
            while let Some(run) = next.query_row([from], |row| row.get::<_, i64>(0)).optional()? {
                let block = run.div_euclid(BLOCK);
                blocks.push(block);
                from = (block + 1) * BLOCK;
            }
            Ok(blocks)
        })
        .await
    }

    /// The job runs of a block, in order of id.
    pub(crate) async fn job_run_records(&self, block: i64) -> Result<Vec<JobRunRecord>, Error> {
        self.read("job_run_records", move |db| {
            let sql =
                format!("SELECT {COLUMNS} FROM runs WHERE run_id >= ?1 AND run_id < ?2 ORDER BY run_id");
            let mut statement = db.prepare_cached(&sql)?;
            let rows = collect(statement.query([block * BLOCK, (block + 1) * BLOCK])?, read_row)?;
            let record = |row: super::RunRow| {
                Ok(JobRunRecord {
                    run_id: row.run_id,
                    job_id: row.job_id,
                    run_type: row.run_type,
                    run_name: row.facts.run_name,
                    trigger: row.facts.trigger,
                    cron: row.facts.schedule.is_some(),
                    created: row.start_time,
                    admitted: row.standing.admitted,
                    executions: row.standing.repairs.iter().map(Execution::from).collect(),
                    end_time: row.standing.end_time,
                    phase: row.standing.phase,
                    parameters: row.standing.parameters,
                    source_task_run: row.parent_task_run,
                    root_task_run: row.parent_task_run.map(|parent| root(db, parent)).transpose()?,
                })
            };
            rows.into_iter().map(record).collect()
        })
        .await
    }

    /// The task runs of the job runs of a block, iterations too, in order of id.
    pub(crate) async fn task_run_records(&self, block: i64) -> Result<Vec<TaskRunRecord>, Error> {
        self.read("task_run_records", move |db| {
            let mut statement = db.prepare_cached(
                "SELECT t.row, t.run_id, r.job_id FROM task_runs t JOIN runs r ON r.run_id = t.run_id
                 WHERE t.task_run_id >= ?1 AND t.task_run_id < ?2 ORDER BY t.task_run_id",
            )?;
            collect(statement.query([block * BLOCK, (block + 1) * BLOCK])?, |row| {
                let view = document::<TaskRow>(row, 0)?.view;
                Ok(TaskRunRecord {
                    run_id: view.run_id,
                    job_id: JobId(row.get(2)?),
                    job_run_id: RunId(row.get(1)?),
                    iteration_of: view.iteration_of,
                    task_key: view.task_key,
                    phase: view.phase,
                    start_time: view.start_time,
                    execution_start: view.execution_start,
                    end_time: view.end_time,
                    task: view.resolved.unwrap_or(view.task),
                })
            })
        })
        .await
    }
}

/// The first task run of the chain that leads to a task run.
fn root(db: &Connection, mut task_run: RunId) -> Db<RunId> {
    let mut parent = db.prepare_cached("SELECT parent_task_run FROM runs WHERE run_id = ?1")?;
    for _ in 0..MOST_LEVELS {
        let above =
            parent.query_row([job_run_of(task_run).0], |row| row.get::<_, Option<i64>>(0)).optional()?;
        match above.flatten() {
            Some(above) => task_run = RunId(above),
            None => break,
        }
    }
    Ok(task_run)
}
