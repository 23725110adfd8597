//! Stored runs: what is fixed about them, where they stand, the records of their machines, and their task runs.

use super::db::{Db, Store};
use super::ends;
use crate::exec::TaskOutput;
use crate::live::shapes;
use lakeflow_core::error::Error;
use lakeflow_core::execution::{Change, Machine, ParameterValue, Plan, RepairView, RunView, TaskRunView};
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::notify::{Notice, Recipient};
use lakeflow_core::run::Phase;
use lakeflow_core::time::WallTime;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Whether a run counts against its job's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activity {
    /// Over.
    Ended = 0,
    /// Between admission and its end.
    Active = 1,
    /// Waits for a slot.
    Queued = 2,
}

/// What does not change after a run was created, beside its plan.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct RunFacts {
    pub(crate) run_name: String,
    pub(crate) description: Option<String>,
    /// Wire form, for example `ONE_TIME`.
    pub(crate) trigger: String,
    pub(crate) creator: String,
    pub(crate) run_as: String,
    /// The legacy parameters of the request, as they came.
    pub(crate) overriding_parameters: Option<Value>,
    pub(crate) job_clusters: Vec<Value>,
    pub(crate) git_source: Option<Value>,
    pub(crate) environments: Vec<Value>,
    pub(crate) environment_variables: Vec<Value>,
    pub(crate) schedule: Option<Value>,
    /// The run's `trigger_info`, but for the run-job task run.
    pub(crate) trigger_info: Option<Value>,
    pub(crate) performance_target: Option<String>,
    pub(crate) duration_target: Option<String>,
    pub(crate) idempotency_token: Option<String>,
    /// Permission entries of a one-time run; other runs have those of their job.
    pub(crate) acl: Option<Value>,
}

/// Where a job run stands: the machine's view without the task runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Standing {
    pub(crate) phase: Phase,
    /// When it was admitted and its machine made; `None` while it is queued, or when it was skipped.
    pub(crate) admitted: Option<WallTime>,
    pub(crate) end_time: Option<WallTime>,
    pub(crate) parameters: Vec<ParameterValue>,
    pub(crate) repairs: Vec<RepairView>,
}

impl Standing {
    /// Of a run with a machine.
    pub(crate) fn of(view: &RunView) -> Self {
        Self {
            phase: view.phase.clone(),
            admitted: Some(view.start_time),
            end_time: view.end_time,
            parameters: view.parameters.clone(),
            repairs: view.repairs.clone(),
        }
    }

    /// Whether the run counts against its job's limit.
    pub(crate) fn activity(&self) -> Activity {
        match &self.phase {
            Phase::Ended(_) => Activity::Ended,
            Phase::Queued { .. } => Activity::Queued,
            _ => Activity::Active,
        }
    }
}

/// A job run without its plan, changes and task runs.
#[derive(Clone, Debug)]
pub(crate) struct RunRow {
    pub(crate) run_id: RunId,
    pub(crate) job_id: JobId,
    pub(crate) run_type: String,
    pub(crate) start_time: WallTime,
    pub(crate) parent_task_run: Option<RunId>,
    pub(crate) facts: RunFacts,
    pub(crate) standing: Standing,
    /// Permission entries of the job as they are now, deleted or not; of a one-time run its own. Only read.
    pub(crate) acl: Value,
}

/// A task run as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TaskRow {
    pub(crate) view: TaskRunView,
    /// Of a for-each task run: the newest attempt of each element; after a repair also those of earlier task runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) iterations: Vec<RunId>,
}

impl TaskRow {
    /// The task run with an id, as a machine shows it.
    pub(crate) fn of(machine: &Machine, run: RunId) -> Option<Self> {
        machine.task_view(run).map(|view| Self { view, iterations: machine.iterations(run) })
    }

    /// Every task run of a machine.
    pub(crate) fn all(machine: &Machine) -> Vec<Self> {
        let tasks = machine.view().tasks.into_iter();
        tasks.map(|view| Self { iterations: machine.iterations(view.run_id), view }).collect()
    }
}

/// A process group that the engine started and has not seen end.
#[derive(Clone, Debug)]
pub(crate) struct StoredProcess {
    pub(crate) run: RunId,
    pub(crate) pid: i32,
    pub(crate) born: String,
}

/// What one turn of a machine leaves behind; stored whole or not at all.
#[derive(Debug, Default)]
pub(crate) struct Commit {
    /// Number of the first of `changes`.
    pub(crate) first_seq: i64,
    pub(crate) changes: Vec<Change>,
    pub(crate) standing: Option<Standing>,
    /// Task runs whose view changed.
    pub(crate) task_runs: Vec<TaskRow>,
    pub(crate) outputs: Vec<(RunId, TaskOutput)>,
    pub(crate) started: Vec<StoredProcess>,
    pub(crate) exited: Vec<RunId>,
    /// The commit of the run's repository that its tasks use from now on.
    pub(crate) checked_out: Option<String>,
    /// Who is to be told what.
    pub(crate) notices: Vec<(Recipient, Notice)>,
}

/// What [`read_row`] reads.
pub(super) const COLUMNS: &str = "run_id, job_id, run_type, start_time, parent_task_run, facts, standing,
     (SELECT acl FROM jobs WHERE jobs.job_id = runs.job_id) AS acl";

/// Finds a run that is not over.
const ACTIVE: &str = "SELECT 1 FROM runs WHERE run_id = ?1 AND activity > 0";

/// Place of `acl` in [`COLUMNS`].
const ACL: usize = 7;

/// The permission entries that a row stands under.
pub(super) fn read_acl(row: &Row<'_>) -> Db<Value> {
    if let Some(acl) = row.get_ref(ACL)?.as_str_or_null().map_err(rusqlite::Error::from)? {
        return Ok(serde_json::from_str(acl)?);
    }
    let facts: RunFacts = document(row, 5)?;
    Ok(facts.acl.unwrap_or_default())
}

pub(super) fn read_row(row: &Row<'_>) -> Db<RunRow> {
    Ok(RunRow {
        run_id: RunId(row.get(0)?),
        job_id: JobId(row.get(1)?),
        run_type: row.get(2)?,
        start_time: WallTime(row.get(3)?),
        parent_task_run: row.get::<_, Option<i64>>(4)?.map(RunId),
        facts: document(row, 5)?,
        standing: document(row, 6)?,
        acl: read_acl(row)?,
    })
}

pub(super) fn collect<T>(mut rows: rusqlite::Rows<'_>, read: impl Fn(&Row<'_>) -> Db<T>) -> Db<Vec<T>> {
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(read(row)?);
    }
    Ok(all)
}

pub(super) fn document<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> Db<T> {
    Ok(serde_json::from_str(row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?)?)
}

fn apply(db: &Connection, run: RunId, commit: &Commit) -> Db<()> {
    let mut insert = db.prepare_cached("INSERT INTO changes VALUES (?1, ?2, ?3)")?;
    for (seq, change) in (commit.first_seq..).zip(&commit.changes) {
        insert.execute(params![run.0, seq, serde_json::to_string(change)?])?;
    }
    if let Some(standing) = &commit.standing {
        if db.prepare_cached(ACTIVE)?.exists([run.0])? {
            ends::note(db, run, standing)?;
        }
        db.prepare_cached("UPDATE runs SET standing = ?2, activity = ?3 WHERE run_id = ?1")?
            .execute(params![run.0, serde_json::to_string(standing)?, standing.activity() as i64])?;
    }
    if let Some(commit) = &commit.checked_out {
        db.prepare_cached(
            "UPDATE runs SET facts = json_set(facts, '$.git_source.git_snapshot', json_object('used_commit', ?2))
             WHERE run_id = ?1",
        )?
        .execute(params![run.0, commit])?;
    }
    let mut put = db.prepare_cached("INSERT OR REPLACE INTO task_runs VALUES (?1, ?2, ?3)")?;
    for row in &commit.task_runs {
        put.execute(params![row.view.run_id.0, run.0, serde_json::to_string(row)?])?;
    }
    let mut put = db.prepare_cached("INSERT OR REPLACE INTO outputs VALUES (?1, ?2)")?;
    for (task_run, output) in &commit.outputs {
        put.execute(params![task_run.0, serde_json::to_string(output)?])?;
    }
    let mut put = db.prepare_cached("INSERT OR REPLACE INTO processes VALUES (?1, ?2, ?3)")?;
    for process in &commit.started {
        put.execute(params![process.run.0, process.pid, process.born])?;
    }
    let mut forget = db.prepare_cached("DELETE FROM processes WHERE task_run_id = ?1")?;
    for task_run in &commit.exited {
        forget.execute([task_run.0])?;
    }
    super::outbox::put_notices(db, run, &commit.notices)
}

impl Store {
    /// Stores a new run with what its machine recorded first, and its idempotency token.
    pub(crate) async fn create_run(&self, row: RunRow, plan: Plan, commit: Commit) -> Result<Commit, Error> {
        let run_id = row.run_id;
        self.changes().run(run_id);
        let stored = self.write("create_run", move |db| {
            db.prepare_cached("INSERT INTO runs VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?.execute(
                params![
                    row.run_id.0,
                    row.job_id.0,
                    row.run_type,
                    row.start_time.0,
                    row.standing.activity() as i64,
                    row.parent_task_run.map(|id| id.0),
                    serde_json::to_string(&row.facts)?,
                    serde_json::to_string(&plan)?,
                    serde_json::to_string(&row.standing)?,
                ],
            )?;
            if let Some(token) = &row.facts.idempotency_token {
                db.prepare_cached("INSERT INTO idempotency VALUES (?1, ?2)")?
                    .execute(params![token, row.run_id.0])?;
            }
            ends::note(db, row.run_id, &row.standing)?;
            apply(db, row.run_id, &commit)?;
            Ok((row, commit))
        });
        let (row, commit) = stored.await?;
        self.changes().run(run_id);
        self.posted(&commit);
        self.feed().publish(|| shapes::changed(row.run_id, row.job_id, shapes::run(&row), &commit.task_runs));
        Ok(commit)
    }

    /// Stores one turn of a run's machine.
    pub(crate) async fn commit_run(&self, run: RunId, commit: std::sync::Arc<Commit>) -> Result<(), Error> {
        let stored = std::sync::Arc::clone(&commit);
        self.changes().run(run);
        let applied = self.write("commit_run", move |db| {
            apply(db, run, &stored)?;
            let mut job = db.prepare_cached("SELECT job_id FROM runs WHERE run_id = ?1")?;
            Ok(JobId(job.query_row([run.0], |row| row.get(0))?))
        });
        let job = applied.await?;
        self.changes().run(run);
        self.posted(&commit);
        self.feed().publish(|| {
            let fields = commit.standing.as_ref().map(shapes::standing).unwrap_or_default();
            shapes::changed(run, job, fields, &commit.task_runs)
        });
        Ok(())
    }

    fn posted(&self, commit: &Commit) {
        if !commit.notices.is_empty() {
            self.post().notify_one();
        }
    }

    /// The plan of a job run.
    pub(crate) async fn plan(&self, id: RunId) -> Result<Option<Plan>, Error> {
        self.read("plan", move |db| {
            db.prepare_cached("SELECT plan FROM runs WHERE run_id = ?1")?
                .query_row([id.0], |row| Ok(document(row, 0)))
                .optional()?
                .transpose()
        })
        .await
    }

    /// The run that an idempotency token belongs to; the run itself may have been deleted since.
    pub(crate) async fn run_of_token(&self, token: String) -> Result<Option<RunId>, Error> {
        self.read("run_of_token", move |db| {
            Ok(db
                .prepare_cached("SELECT run_id FROM idempotency WHERE token = ?1")?
                .query_row([token], |row| row.get(0).map(RunId))
                .optional()?)
        })
        .await
    }

    /// A job run.
    pub(crate) async fn run(&self, id: RunId) -> Result<Option<RunRow>, Error> {
        self.read("run", move |db| {
            let sql = format!("SELECT {COLUMNS} FROM runs WHERE run_id = ?1");
            db.prepare_cached(&sql)?.query_row([id.0], |row| Ok(read_row(row))).optional()?.transpose()
        })
        .await
    }

    /// The newest job run that a run-job task run started.
    pub(crate) async fn child_of(&self, task_run: RunId) -> Result<Option<RunRow>, Error> {
        self.read("child_of", move |db| {
            let sql =
                format!("SELECT {COLUMNS} FROM runs WHERE parent_task_run = ?1 ORDER BY run_id DESC LIMIT 1");
            db.prepare_cached(&sql)?.query_row([task_run.0], |row| Ok(read_row(row))).optional()?.transpose()
        })
        .await
    }

    /// Plan and records of a job run, for restoring its machine.
    pub(crate) async fn history(&self, id: RunId) -> Result<Option<(Plan, Vec<Change>)>, Error> {
        self.read("history", move |db| {
            let plan: Option<Plan> = db
                .prepare_cached("SELECT plan FROM runs WHERE run_id = ?1")?
                .query_row([id.0], |row| Ok(document(row, 0)))
                .optional()?
                .transpose()?;
            let Some(plan) = plan else { return Ok(None) };
            let mut statement =
                db.prepare_cached("SELECT change FROM changes WHERE run_id = ?1 ORDER BY seq")?;
            let changes = collect(statement.query([id.0])?, |row| document(row, 0))?;
            Ok(Some((plan, changes)))
        })
        .await
    }

    /// Every task run of a job run, in order of id.
    pub(crate) async fn task_runs(&self, run: RunId) -> Result<Vec<TaskRow>, Error> {
        self.read("task_runs", move |db| {
            let mut statement =
                db.prepare_cached("SELECT row FROM task_runs WHERE run_id = ?1 ORDER BY task_run_id")?;
            collect(statement.query([run.0])?, |row| document(row, 0))
        })
        .await
    }

    /// What an attempt left.
    pub(crate) async fn output(&self, task_run: RunId) -> Result<Option<TaskOutput>, Error> {
        self.read("output", move |db| {
            db.prepare_cached("SELECT output FROM outputs WHERE task_run_id = ?1")?
                .query_row([task_run.0], |row| Ok(document(row, 0)))
                .optional()?
                .transpose()
        })
        .await
    }

    /// Runs that are active or queued, oldest first; of one job, or of all.
    pub(crate) async fn active_runs(
        &self,
        job: Option<JobId>,
    ) -> Result<Vec<(RunId, JobId, Activity)>, Error> {
        self.read("active_runs", move |db| {
            let mut statement = db.prepare_cached(
                "SELECT run_id, job_id, activity FROM runs WHERE activity > 0 AND (?1 IS NULL OR job_id = ?1)
                 ORDER BY run_id",
            )?;
            collect(statement.query([job.map(|id| id.0)])?, |row| {
                let activity = if row.get::<_, i64>(2)? == 2 { Activity::Queued } else { Activity::Active };
                Ok((RunId(row.get(0)?), JobId(row.get(1)?), activity))
            })
        })
        .await
    }

    /// Removes an ended run with all that belongs to it. Its idempotency token stays taken (reference section 3.7).
    pub(crate) async fn delete_run(&self, run: RunId) -> Result<(), Error> {
        self.changes().run(run);
        self.write("delete_run", move |db| {
            let of_tasks = "(SELECT task_run_id FROM task_runs WHERE run_id = ?1)";
            for sql in [
                format!("DELETE FROM outputs WHERE task_run_id IN {of_tasks}"),
                format!("DELETE FROM processes WHERE task_run_id IN {of_tasks}"),
                "DELETE FROM task_runs WHERE run_id = ?1".to_owned(),
                "DELETE FROM changes WHERE run_id = ?1".to_owned(),
                "DELETE FROM ends WHERE run_id = ?1".to_owned(),
                "DELETE FROM runs WHERE run_id = ?1".to_owned(),
            ] {
                db.prepare_cached(&sql)?.execute([run.0])?;
            }
            Ok(())
        })
        .await?;
        self.changes().run(run);
        self.feed().publish(|| shapes::deleted(run));
        Ok(())
    }

    /// Queued runs created at a time or before, oldest first.
    pub(crate) async fn queued_before(&self, time: WallTime) -> Result<Vec<RunId>, Error> {
        self.read("queued_before", move |db| {
            let mut statement = db.prepare_cached(
                "SELECT run_id FROM runs WHERE activity = 2 AND start_time <= ?1 ORDER BY run_id",
            )?;
            collect(statement.query([time.0])?, |row| Ok(RunId(row.get(0)?)))
        })
        .await
    }

    /// Ended runs created before a time, oldest first; at most `limit`.
    pub(crate) async fn runs_before(&self, time: WallTime, limit: i64) -> Result<Vec<RunId>, Error> {
        self.read("runs_before", move |db| {
            let mut statement = db.prepare_cached(
                "SELECT run_id FROM runs WHERE start_time < ?1 AND activity = 0 ORDER BY start_time LIMIT ?2",
            )?;
            collect(statement.query([time.0, limit])?, |row| Ok(RunId(row.get(0)?)))
        })
        .await
    }

    /// Process groups that were running when the engine last stopped.
    pub(crate) async fn processes(&self) -> Result<Vec<StoredProcess>, Error> {
        self.read("processes", |db| {
            let mut statement = db.prepare_cached("SELECT task_run_id, pid, born FROM processes")?;
            collect(statement.query([])?, |row| {
                Ok(StoredProcess { run: RunId(row.get(0)?), pid: row.get(1)?, born: row.get(2)? })
            })
        })
        .await
    }

    /// Forgets every recorded process group.
    pub(crate) async fn forget_processes(&self) -> Result<(), Error> {
        self.write("forget_processes", |db| {
            db.prepare_cached("DELETE FROM processes")?.execute([])?;
            Ok(())
        })
        .await
    }
}
