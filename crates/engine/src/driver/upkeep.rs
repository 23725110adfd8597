//! What time does to runs: queued ones are cancelled after 48 hours, old ones are pruned.

use super::Driver;
use crate::clock::Clock;
use crate::store::Activity;
use lakeflow_core::error::Error;
use lakeflow_core::run::{End, Outcome, TerminationCode};
use std::time::Duration;

/// Reference section 11.3.
const LONGEST_IN_QUEUE_MS: i64 = 48 * 3600 * 1000;
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
                if let Err(error) = driver.upkeep(keep_runs_days).await {
                    driver.notice(&format!("old runs were not looked after: {error}"));
                }
            }
        });
    }

    async fn upkeep(&self, keep_runs_days: u32) -> Result<(), Error> {
        let now = Clock::wall();
        for (run, _, activity) in self.store().active_runs(None).await? {
            let waits = activity == Activity::Queued;
            if waits
                && let Some(row) = self.store().run(run).await?
                && now.since(row.start_time) >= LONGEST_IN_QUEUE_MS
            {
                let text = "The run was cancelled after it had been queued for 48 hours.";
                let gate = self.gate().await;
                self.cancel_queued(&gate, run, End::new(Outcome::Canceled, TerminationCode::Canceled, text))
                    .await?;
            }
        }
        for run in self.store().runs_before(now - i64::from(keep_runs_days) * DAY_MS, PRUNED_AT_ONCE).await? {
            self.delete_run(run).await?;
        }
        Ok(())
    }
}
