//! What time does to runs: queued ones are cancelled after 48 hours, old ones are pruned.

use super::Driver;
use crate::clock::Clock;
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::execution::{MAX_QUEUE_MS, queue_expired};
use lakeflow_core::id::RunId;
use lakeflow_core::time::WallTime;
use std::time::Duration;

const DAY_MS: i64 = 24 * 3600 * 1000;
/// Runs pruned in one go, so that requests get their turn.
const PRUNED_AT_ONCE: i64 = 200;

impl Driver {
    /// Looks after queued and old runs once a minute.
    pub(crate) fn keep_up(&self, keep_runs_days: u32) {
        let driver = self.clone();
        self.spawn(async move {
            let mut every = tokio::time::interval(Duration::from_secs(60));
            loop {
                every.tick().await;
                if let Err(error) = driver.upkeep(Clock::wall(), keep_runs_days).await {
                    driver.notice(&format!("old runs were not looked after: {error}"));
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
