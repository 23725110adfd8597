//! Triggers that go by time.

use super::{Entry, Looked};
use crate::driver::Driver;
use crate::driver::run_now::{Fired, RunRequest};
use crate::store::JobRow;
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::execution::TriggerFacts;
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::job::wire::Wire;
use lakeflow_core::time::WallTime;
use lakeflow_core::trigger::{Due, Kind, Timed, Trigger};
use serde_json::Value;

const MINUTE_MS: i64 = 60_000;

impl Driver {
    /// Starts what is due at a time; gives the time of the next that will be. A run that cannot be started stays due and does
    /// not keep the others from starting.
    pub(in crate::driver) async fn fire_due(&self, now: WallTime) -> Result<Looked, Error> {
        let missed = self.missed();
        let (mut due, mut looked) = (Vec::new(), Looked::default());
        let waits = |at: Option<WallTime>| Looked { fired: 0, next: at };
        for (job, entries) in self.triggers().iter_mut() {
            for entry in entries.iter_mut().filter(|entry| !entry.trigger.paused) {
                let (Kind::Timed(timed), Some(state)) = (&entry.trigger.kind, &mut entry.timed) else {
                    continue;
                };
                match state.poll(timed, now, missed) {
                    Due::Fire(at) => due.push((*job, entry.clone(), at)),
                    Due::Wait(at) => looked = looked.and(waits(at)),
                }
            }
        }
        let mut failed = None;
        for (job, entry, at) in due {
            match self.fire(job, &entry.trigger, at).await {
                Ok(run) => {
                    let next = self.settle(job, entry, at, run).await?;
                    looked = looked.and(Looked { fired: 1, next });
                }
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(looked), Err)
    }

    /// Starts the run of a fire time. A job that is gone meanwhile starts none.
    async fn fire(&self, id: JobId, trigger: &Trigger, at: WallTime) -> Result<Option<RunId>, Error> {
        let Some(job) = self.store().job(id).await?.filter(|job| !job.deleted) else { return Ok(None) };
        let time = match &trigger.kind {
            // Reference section 13.3: the scheduled time, rounded down to the minute.
            Kind::Timed(Timed::Cron(..)) => WallTime(at.0 - at.0.rem_euclid(MINUTE_MS)),
            _ => at,
        };
        let facts = TriggerFacts { kind: "periodic".to_owned(), time, ..TriggerFacts::default() };
        let fired = Fired { wire: trigger.kind.wire(), facts, info: None, schedule: written(&job, trigger) };
        self.run_fired(&job, trigger.token(id, at), fired).await
    }

    /// Starts the run of a trigger, once for each token; `None` when that run was there and was deleted.
    pub(super) async fn run_fired(
        &self,
        job: &JobRow,
        token: String,
        fired: Fired,
    ) -> Result<Option<RunId>, Error> {
        let request = RunRequest {
            idempotency_token: Some(token),
            caller: Some(job.creator.clone()),
            trigger: Some(fired),
            ..RunRequest::default()
        };
        match Box::pin(self.run_now(job, request)).await {
            Err(error) if error.code == ErrorCode::InvalidArgument => Ok(None),
            started => started.map(|started| Some(started.run_id)),
        }
    }

    /// Keeps what was settled, unless the job's definition has changed meanwhile. Gives the next fire time.
    async fn settle(
        &self,
        job: JobId,
        entry: Entry,
        at: WallTime,
        run: Option<RunId>,
    ) -> Result<Option<WallTime>, Error> {
        let Entry { trigger, timed: Some(mut state), .. } = entry else { return Ok(None) };
        let Kind::Timed(timed) = &trigger.kind else { return Ok(None) };
        state.fire(at);
        let next = state.next(timed);
        let same = self.note(job, &trigger, |entry| {
            entry.timed = Some(state.clone());
            entry.last = run.map(|run| (at, run));
        });
        if same {
            self.store().keep_trigger(job, trigger.place, trigger.definition, state).await?;
        }
        Ok(next)
    }
}

/// The cron schedule as the definition has it, for the run's `schedule`.
fn written(job: &JobRow, trigger: &Trigger) -> Option<Value> {
    let Kind::Timed(Timed::Cron(..)) = &trigger.kind else { return None };
    if trigger.place == "schedule" {
        return job.settings.schedule.as_ref().map(Wire::write);
    }
    let number = trigger.place.strip_prefix("triggers[")?.strip_suffix(']')?;
    job.settings.triggers.as_ref()?.get(number.parse::<usize>().ok()?)?.get("schedule").cloned()
}
