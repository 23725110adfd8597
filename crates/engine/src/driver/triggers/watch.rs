//! Triggers that look at something: files, tables, ends of runs, and the job's own runs.

use super::Looked;
use crate::driver::Driver;
use crate::driver::run_now::Fired;
use crate::store::{JobRow, RunFilter};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::id::JobId;
use lakeflow_core::time::WallTime;
use lakeflow_core::trigger::{
    ArrivalState, CompletionState, ContinuousState, Due, Kind, TableState, TableTrigger, TableVersion,
    Trigger, Watch,
};
use std::collections::BTreeMap;

/// Runs of a continuous job that are stopped when it is paused; there is one.
const MOST_STOPPED: i64 = 100;

impl Driver {
    /// The triggers of some kinds with their jobs.
    fn of_kind(&self, wanted: impl Fn(&Kind) -> bool) -> Vec<(JobId, Trigger)> {
        let triggers = self.triggers();
        let all = triggers.iter().flat_map(|(job, entries)| entries.iter().map(move |entry| (*job, entry)));
        all.filter(|(_, entry)| wanted(&entry.trigger.kind))
            .map(|(job, entry)| (job, entry.trigger.clone()))
            .collect()
    }

    /// One look at every watched folder and table. What goes wrong is told.
    pub(super) async fn look_outside(&self, now: WallTime) -> Looked {
        let mut looked = Looked::default();
        let watched = self.of_kind(|kind| matches!(kind, Kind::Files(_) | Kind::Tables(_)));
        for (id, trigger) in watched.into_iter().filter(|(_, trigger)| !trigger.paused) {
            let Ok(Some(job)) = self.store().job(id).await else { continue };
            match Box::pin(self.look_at(&job, &trigger, now)).await {
                Ok(found) => {
                    looked = looked.and(found);
                    self.fault(&job, &trigger, None);
                }
                Err(error) => self.fault(&job, &trigger, Some(&error)),
            }
        }
        looked
    }

    /// One look at the triggers that wait for ends of runs. One that fails does not keep the others from starting.
    pub(super) async fn look_at_runs(&self, now: WallTime) -> Result<Looked, Error> {
        let (mut looked, mut failed) = (Looked::default(), None);
        for (id, trigger) in self.of_kind(|kind| matches!(kind, Kind::Jobs(_) | Kind::Continuous(_))) {
            let Some(job) = self.store().job(id).await? else { continue };
            match Box::pin(self.look_at(&job, &trigger, now)).await {
                Ok(found) => looked = looked.and(found),
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(looked), Err)
    }

    /// One look of one trigger; starts its run when that is due.
    pub(in crate::driver) async fn look_at(
        &self,
        job: &JobRow,
        trigger: &Trigger,
        now: WallTime,
    ) -> Result<Looked, Error> {
        match &trigger.kind {
            Kind::Files(of) => {
                let files = self.files_of(of).await?;
                self.carry_on(job, trigger, of, now, |state: &mut ArrivalState| state.look(&files, now)).await
            }
            Kind::Tables(of) => {
                let tables = self.tables_of(of).await?;
                self.carry_on(job, trigger, of, now, |state: &mut TableState| state.look(&tables, now)).await
            }
            Kind::Jobs(of) if !trigger.paused => {
                let cursor =
                    self.cursor::<CompletionState>(job.job_id, trigger, |state| state.cursor).await?;
                let ends = self.store().ends_after(cursor, of.jobs.clone()).await?;
                self.carry_on(job, trigger, of, now, |state: &mut CompletionState| state.look(of, &ends))
                    .await
            }
            Kind::Continuous(_) if trigger.paused => self.stop_continuous(job.job_id).await,
            Kind::Continuous(of) => {
                let cursor =
                    self.cursor::<ContinuousState>(job.job_id, trigger, |state| state.cursor).await?;
                // Whether a run is active is asked first: one that ends in between is seen as active, and its end wakes this again.
                let active = !self.store().active_runs(Some(job.job_id)).await?.is_empty();
                let ends = self.store().ends_after(cursor, vec![job.job_id]).await?;
                self.carry_on(job, trigger, of, now, |state: &mut ContinuousState| {
                    state.look(&ends, active, now)
                })
                .await
            }
            Kind::Jobs(_) | Kind::Timed(_) | Kind::Stored => Ok(Looked::default()),
        }
    }

    async fn cursor<W: Watch>(
        &self,
        job: JobId,
        trigger: &Trigger,
        read: impl Fn(&W) -> i64,
    ) -> Result<i64, Error> {
        let stored: Option<W> =
            self.store().trigger(job, trigger.place.clone(), trigger.definition.clone()).await?;
        Ok(stored.as_ref().map_or(i64::MAX, read))
    }

    /// Lets the machine of a trigger look, and starts the run that is due. The state is kept before and after.
    async fn carry_on<W: Watch>(
        &self,
        job: &JobRow,
        trigger: &Trigger,
        of: &W::Of,
        now: WallTime,
        look: impl FnOnce(&mut W) -> bool,
    ) -> Result<Looked, Error> {
        let id = job.job_id;
        let keep = async |state: &W| {
            let (place, definition) = (trigger.place.clone(), trigger.definition.clone());
            self.store().keep_trigger(id, place, definition, state.clone()).await
        };
        let stored = self.store().trigger(id, trigger.place.clone(), trigger.definition.clone()).await?;
        // The definition has changed meanwhile.
        let Some(mut state): Option<W> = stored else { return Ok(Looked::default()) };
        if look(&mut state) {
            keep(&state).await?;
        }
        let mut looked = Looked::default();
        if let Due::Fire(_) = state.poll(of, now) {
            let begun = state.begin(of, id, &trigger.place, now);
            keep(&state).await?;
            let fired =
                Fired { wire: trigger.kind.wire(), facts: begun.facts, info: begun.info, schedule: None };
            let run = self.run_fired(job, begun.token, fired).await?;
            state.end();
            keep(&state).await?;
            looked.fired = 1;
            self.note(id, trigger, |entry| entry.last = run.map(|run| (now, run)));
        }
        looked.next = match state.poll(of, now) {
            Due::Fire(at) => Some(at),
            Due::Wait(at) => at,
        };
        self.note(id, trigger, |entry| entry.next = looked.next);
        Ok(looked)
    }

    /// A continuous job that is paused has no run of its trigger any more (open point 18 of the reference); others go on.
    async fn stop_continuous(&self, job: JobId) -> Result<Looked, Error> {
        let active =
            RunFilter { job_id: Some(job), active: Some(true), limit: MOST_STOPPED, ..RunFilter::default() };
        for run in self.store().runs(active, |_, _| true).await? {
            if run.facts.trigger.starts_with("CONTINUOUS") {
                self.cancel(run.run_id).await?;
            }
        }
        Ok(Looked::default())
    }

    /// The tables of a trigger as they are now; those that do not exist are left out.
    pub(super) async fn tables_of(&self, of: &TableTrigger) -> Result<BTreeMap<String, TableVersion>, Error> {
        let (data_dir, names) = (self.data_dir().to_owned(), of.tables.clone());
        let read = tokio::task::spawn_blocking(move || crate::spark::versions::of(&data_dir, &names)).await;
        let fault = |text: String| Error::new(ErrorCode::Storage, "table_update", text);
        read.map_err(|e| fault(e.to_string()))?.map_err(fault)
    }
}
