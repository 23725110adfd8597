//! What time does to runs and to what is kept for them: queued runs are cancelled after 48 hours, old ones are pruned, and so are
//! packages, checkouts and files that no run has used for as long.

use super::{Driver, git, job_run_of};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::execution::{MAX_QUEUE_MS, queue_expired};
use lakeflow_core::id::RunId;
use lakeflow_core::time::WallTime;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, SystemTime};

const DAY_MS: i64 = 24 * 3600 * 1000;
/// Minutes between two looks at unused files.
const FILES_EVERY: u64 = 60;
/// Runs pruned in one go, so that requests get their turn.
const PRUNED_AT_ONCE: i64 = 200;

impl Driver {
    /// Looks after queued and old runs once a minute.
    pub(crate) fn keep_up(&self, keep_runs_days: u32) {
        let driver = self.clone();
        self.spawn(async move {
            let mut every = tokio::time::interval(Duration::from_secs(60));
            let unused = Duration::from_secs(u64::from(keep_runs_days) * 24 * 3600);
            for minute in 0_u64.. {
                every.tick().await;
                if let Err(error) = driver.upkeep(driver.clock().time(), keep_runs_days).await {
                    driver.notice(&format!("old runs were not looked after: {error}"));
                }
                if minute % FILES_EVERY == 0
                    && let Some(before) = SystemTime::now().checked_sub(unused)
                    && let Err(error) = driver.prune_files(before).await
                {
                    driver.notice(&format!("files that nothing uses any more were not removed: {error}"));
                }
            }
        });
    }

    /// What is due at a time.
    pub(super) async fn upkeep(&self, now: WallTime, keep_runs_days: u32) -> Result<(), Error> {
        for run in self.store().queued_before(now - MAX_QUEUE_MS as i64).await? {
            let gate = self.gate().await;
            self.cancel_queued(&gate, run, queue_expired()).await?;
        }
        let oldest = now - i64::from(keep_runs_days) * DAY_MS;
        for run in self.store().runs_before(oldest, PRUNED_AT_ONCE).await? {
            self.prune(run).await?;
        }
        self.store().prune_deliveries(oldest).await
    }

    /// Removes packages and checkouts that were used last before `before`, and files of runs that are not stored any more.
    pub(super) async fn prune_files(&self, before: SystemTime) -> Result<(), Error> {
        let failed = |e: std::io::Error| Error::new(ErrorCode::Storage, "prune_files", e.to_string());
        self.executor().prune(before).await.map_err(failed)?;
        for folder in ["packages", "runs"] {
            self.remove_orphans(&self.data_dir().join(folder)).await?;
        }
        let mut in_use = BTreeSet::new();
        for (run, _, _) in self.store().active_runs(None).await? {
            let row = self.store().run(run).await?;
            let snapshot = row.as_ref().and_then(|row| row.facts.git_source.as_ref()?.get("git_snapshot"));
            let commit = snapshot.and_then(|snapshot| snapshot.get("used_commit")?.as_str());
            in_use.extend(commit.map(str::to_owned));
        }
        let data_dir = self.data_dir().to_owned();
        let _alone = self.git_lock().await;
        let pruned = tokio::task::spawn_blocking(move || git::prune(&data_dir, before, &in_use)).await;
        // The work does not panic, and a runtime that goes down waits for nothing.
        pruned.unwrap_or(Ok(())).map_err(failed)
    }

    /// Removes the folders, named by the id of a run, whose job run is not stored: what is left when the engine was killed
    /// while it deleted a run.
    async fn remove_orphans(&self, root: &Path) -> Result<(), Error> {
        let Ok(mut entries) = tokio::fs::read_dir(root).await else { return Ok(()) };
        while let Ok(Some(entry)) = entries.next_entry().await {
            let id = entry.file_name().to_str().and_then(|name| name.parse().ok()).map(RunId);
            if let Some(id) = id
                && self.store().run(job_run_of(id)).await?.is_none()
            {
                // It is tried again an hour later.
                let _ = tokio::fs::remove_dir_all(entry.path()).await;
            }
        }
        Ok(())
    }

    /// A run that somebody has deleted or repaired meanwhile is left alone.
    async fn prune(&self, run: RunId) -> Result<(), Error> {
        match self.delete_run(run).await {
            Err(error) if matches!(error.code, ErrorCode::NotFound | ErrorCode::InvalidState) => Ok(()),
            pruned => pruned,
        }
    }
}
