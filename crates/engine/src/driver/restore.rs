//! The way back after the engine was stopped or killed.

use super::actor::Actor;
use super::{Driver, actor, process};
use crate::store::{Activity, Commit};
use lakeflow_core::error::Error;
use lakeflow_core::execution::Machine;
use lakeflow_core::id::RunId;
use std::collections::BTreeSet;
use std::sync::Arc;

impl Driver {
    /// Ends stray processes, restores every active run and admits queued ones. Call once, before any request is served.
    pub(crate) async fn restore(&self) -> Result<(), Error> {
        for stray in self.store().processes().await? {
            process::end_stray(&stray);
        }
        self.store().forget_processes().await?;
        let gate = self.gate().await;
        let mut jobs = BTreeSet::new();
        for (run, job, activity) in self.store().active_runs(None).await? {
            jobs.insert(job);
            if activity == Activity::Active
                && let Some(mut actor) = self.restored(run).await?
            {
                let turn = actor.turn(Vec::new());
                self.store().commit_run(run, Arc::new(turn.commit)).await?;
                self.begin(&gate, actor, actor::Turn { commit: Commit::default(), ..turn }).await;
            }
        }
        for job in jobs {
            self.admit_queued(&gate, job).await?;
        }
        Ok(())
    }

    async fn restored(&self, run: RunId) -> Result<Option<Actor>, Error> {
        let (Some(row), Some((plan, changes))) =
            (self.store().run(run).await?, self.store().history(run).await?)
        else {
            return Ok(None);
        };
        let seq = changes.len() as i64;
        let machine = Machine::restore(plan, changes, self.clock().now())?;
        Ok(Some(Actor::new(self.clone(), machine, row.parent_task_run, seq)))
    }
}
