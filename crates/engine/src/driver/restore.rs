//! The way back after the engine was stopped or killed.

use super::actor::Actor;
use super::{Driver, actor, process};
use crate::store::{Activity, Commit};
use lakeflow_core::error::{Error, Retry};
use lakeflow_core::execution::Machine;
use lakeflow_core::id::RunId;
use lakeflow_core::notify::told_end;
use lakeflow_core::run::{End, Outcome, Phase, TerminationCode};
use std::collections::BTreeSet;
use std::sync::Arc;

impl Driver {
    /// Ends stray processes, restores every active run and admits queued ones. Call once, before any request is served.
    pub(crate) async fn restore(&self) -> Result<(), Error> {
        for stray in self.store().processes().await? {
            process::end_stray(&stray);
        }
        self.end_unrecorded().await;
        self.store().forget_processes().await?;
        self.restore_runs().await
    }

    /// Restores every active run and admits queued ones; their processes have ended.
    pub(super) async fn restore_runs(&self) -> Result<(), Error> {
        let gate = self.gate().await;
        let mut jobs = BTreeSet::new();
        for (run, job, activity) in self.store().active_runs(None).await? {
            jobs.insert(job);
            if activity != Activity::Active {
                continue;
            }
            match self.restored(run).await {
                Ok(Some(mut actor)) => {
                    let turn = actor.turn(Vec::new());
                    self.store().commit_run(run, Arc::new(turn.commit)).await?;
                    self.begin(&gate, actor, actor::Turn { commit: Commit::default(), ..turn }).await;
                }
                Ok(None) => {}
                Err(error) if matches!(error.retry, Retry::After(_)) => return Err(error),
                Err(error) => self.give_up(run, &error).await?,
            }
        }
        for job in jobs {
            self.admit_queued(&gate, job).await?;
        }
        Ok(())
    }

    /// Ends processes of attempts that no record names, those of a killed engine and those that the executors had just
    /// begun to start when they were shut down.
    pub(crate) async fn end_unrecorded(&self) {
        let data_dir = self.data_dir().to_owned();
        // It does not panic, and a runtime that goes down waits for nothing.
        let _ = tokio::task::spawn_blocking(move || process::end_unrecorded(&data_dir)).await;
    }

    /// Ends a run whose records cannot be read, so that one damaged run does not keep the engine down.
    async fn give_up(&self, run: RunId, error: &Error) -> Result<(), Error> {
        self.notice(&format!("run {run} cannot be restored: {error}"));
        let Some(row) = self.store().run(run).await? else { return Ok(()) };
        let text = format!("The records of this run cannot be read: {}.", error.message);
        let end = End::new(Outcome::Failed, TerminationCode::InternalError, text);
        let mut standing = row.standing;
        standing.phase = Phase::Ended(end.clone());
        let now = self.clock().time();
        standing.end_time = Some(now);
        let plan = self.store().plan(run).await.ok().flatten();
        let notices = plan.map(|plan| told_end(&plan, now, &end)).unwrap_or_default();
        let commit = Commit { standing: Some(standing), notices, ..Commit::default() };
        self.store().commit_run(run, Arc::new(commit)).await?;
        self.report_to_parent(row.parent_task_run, &end);
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
        Ok(Some(Actor::new(self.clone(), machine, &row, seq)))
    }
}
