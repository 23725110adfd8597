//! The system tables as files that a Spark server reads: JSON lines in folders of the data folder, made when somebody asks
//! for a table and something has changed since the last time.
//!
//! What a table shows is decided by [`lakeflow_core::system`]. Each state of a table is a folder of its own, so that a
//! query that is being carried out reads one state to its end; what has not changed since the state before is linked
//! from it. Folders are removed after a while, and all of them when the engine starts.

use crate::clock::Clock;
use crate::store::Store;
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::run::Phase;
use lakeflow_core::system::{Table, job_rows, job_run_rows, task_rows, task_run_rows};
use lakeflow_core::time::WallTime;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long a state with active runs is good for: their last slices end now.
const FRESH: Duration = Duration::from_secs(1);

/// How long a query may take that has begun to read a state.
const KEPT: Duration = Duration::from_secs(600);

/// The system tables of an engine. Clones are the same.
#[derive(Clone)]
pub struct SystemTables(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Clock,
    folder: PathBuf,
    workspace: String,
    states: Mutex<BTreeMap<Table, State>>,
}

/// The newest state of a table.
struct State {
    folder: PathBuf,
    number: u64,
    made: Instant,
    /// Changes of the store that it holds.
    seen: u64,
    /// Blocks with runs that have not ended.
    active: BTreeSet<i64>,
    /// Folders of earlier states, with the time since when they are not given out any more.
    old: Vec<(Instant, PathBuf)>,
}

type Row = Map<String, Value>;

impl fmt::Debug for SystemTables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SystemTables")
    }
}

impl SystemTables {
    /// Tables of a store, in `system/` of the data folder. What an earlier engine left there is removed.
    pub(crate) fn new(store: Store, clock: Clock, data_dir: &Path, workspace: &str) -> Self {
        let folder = data_dir.join("system");
        // What cannot be removed now only takes space.
        let _ = std::fs::remove_dir_all(&folder);
        let workspace = workspace.to_owned();
        Self(Arc::new(Inner { store, clock, folder, workspace, states: Mutex::default() }))
    }

    /// The folder with the rows of a table as they are now. Fails with `STORAGE` when they cannot be read or written.
    pub(crate) async fn rows(&self, table: Table) -> Result<PathBuf, Error> {
        let mut states = self.0.states.lock().await;
        let before = states.remove(&table);
        if let Some(state) = before.as_ref().filter(|state| self.is_fresh(state)) {
            let folder = state.folder.clone();
            states.extend(before.map(|state| (table, state)));
            return Ok(folder);
        }
        // A state that fails to be made is forgotten with the one before: the next one is made whole.
        let state = self.make(table, before).await?;
        let folder = state.folder.clone();
        states.insert(table, state);
        Ok(folder)
    }

    fn is_fresh(&self, state: &State) -> bool {
        // A clock that is set by hand may have been moved since.
        let young = !self.0.clock.is_set_by_hand() && state.made.elapsed() < FRESH;
        state.seen == self.0.store.changes().count() && (state.active.is_empty() || young)
    }

    async fn make(&self, table: Table, before: Option<State>) -> Result<State, Error> {
        let (seen, made, now) = (self.0.store.changes().count(), Instant::now(), self.0.clock.time());
        let number = before.as_ref().map_or(0, |state| state.number + 1);
        let folder = self.0.folder.join(table.name()).join(number.to_string());
        let draft = Draft { folder: folder.clone() };
        draft.begin().await?;
        let mut active = BTreeSet::new();
        match table {
            Table::Jobs | Table::JobTasks => {
                let versions = self.0.store.job_versions().await?;
                let rows = if table == Table::Jobs { job_rows } else { task_rows };
                let rows = versions.iter().flat_map(|of| rows(&self.0.workspace, of)).collect();
                draft.write("jobs".to_owned(), rows).await?;
            }
            Table::JobRunTimeline | Table::JobTaskRunTimeline => {
                let stale = before.as_ref().map(|state| {
                    let changed = self.0.store.changes().blocks_after(state.seen);
                    changed.into_iter().chain(state.active.iter().copied()).collect::<BTreeSet<i64>>()
                });
                for block in self.0.store.blocks().await? {
                    let name = block.to_string();
                    let kept = stale.as_ref().is_some_and(|stale| !stale.contains(&block));
                    if let Some(state) = before.as_ref().filter(|_| kept)
                        && draft.keep(&state.folder, &name).await
                    {
                        continue;
                    }
                    let (rows, goes_on) = self.block(table, block, now).await?;
                    if goes_on {
                        active.insert(block);
                    }
                    draft.write(name, rows).await?;
                }
            }
            Table::Pipelines | Table::PipelineUpdateTimeline => {}
        }
        let old = retire(before);
        Ok(State { folder, number, made, seen, active, old })
    }

    /// The rows of a block of runs, and whether any of its runs goes on.
    async fn block(&self, table: Table, block: i64, now: WallTime) -> Result<(Vec<Row>, bool), Error> {
        let workspace = &self.0.workspace;
        let runs = self.0.store.job_run_records(block).await?;
        let goes_on = runs.iter().any(|run| !matches!(run.phase, Phase::Ended(_)));
        let rows = if table == Table::JobRunTimeline {
            runs.iter().flat_map(|run| job_run_rows(workspace, run, now)).collect()
        } else {
            let tasks = self.0.store.task_run_records(block).await?;
            tasks.iter().flat_map(|task| task_run_rows(workspace, task, now)).collect()
        };
        Ok((rows, goes_on))
    }
}

/// Removes folders that no query reads any more; the ones that are left, with the newest.
fn retire(before: Option<State>) -> Vec<(Instant, PathBuf)> {
    let Some(State { folder, mut old, .. }) = before else { return Vec::new() };
    old.push((Instant::now(), folder));
    old.retain(|(since, folder)| {
        let kept = since.elapsed() < KEPT;
        if !kept {
            // What cannot be removed only takes space until the next start.
            let _ = std::fs::remove_dir_all(folder);
        }
        kept
    });
    old
}

/// A folder that is being filled.
struct Draft {
    folder: PathBuf,
}

impl Draft {
    /// Makes the folder, with a file without rows in it: a folder without files is no table.
    async fn begin(&self) -> Result<(), Error> {
        let folder = self.folder.clone();
        run(move || {
            std::fs::create_dir_all(&folder)?;
            std::fs::File::create(folder.join("0-none.json")).map(drop)
        })
        .await
    }

    /// Takes a file over from the state before; false when it is not there, or cannot be linked.
    async fn keep(&self, before: &Path, name: &str) -> bool {
        let file = format!("{name}.json");
        let (from, to) = (before.join(&file), self.folder.join(&file));
        tokio::fs::hard_link(from, to).await.is_ok()
    }

    async fn write(&self, name: String, rows: Vec<Row>) -> Result<(), Error> {
        let path = self.folder.join(format!("{name}.json"));
        run(move || {
            let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
            for row in rows {
                serde_json::to_writer(&mut file, &row)?;
                file.write_all(b"\n")?;
            }
            file.flush()
        })
        .await
    }
}

async fn run(work: impl FnOnce() -> std::io::Result<()> + Send + 'static) -> Result<(), Error> {
    let done = tokio::task::spawn_blocking(work).await.unwrap_or_else(|e| Err(std::io::Error::other(e)));
    done.map_err(|e| {
        Error::new(ErrorCode::Storage, "system_tables", format!("the system tables cannot be written: {e}"))
    })
}
