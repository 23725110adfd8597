//! Drives the triggers of stored jobs: asks the machines of `lakeflow_core::trigger` what is due, starts the runs, and keeps
//! what is settled.
//!
//! The run comes first, under a token that its fire time makes, then the state: whoever is killed in between starts no second
//! run, and a fire time is settled only when its run is stored.

use super::Driver;
use super::run_now::RunRequest;
use crate::clock::Clock;
use crate::store::{JobFilter, JobRow};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::execution::TriggerFacts;
use lakeflow_core::id::JobId;
use lakeflow_core::time::WallTime;
use lakeflow_core::trigger::{ArrivalTrigger, Due, Timed, TimedState, TimedTrigger, timed_triggers};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Longest sleep, so that a clock that was set is noticed.
const LOOK: Duration = Duration::from_secs(20);

/// Between two tries to start a run that could not be started, a full disk for example.
const AGAIN: Duration = Duration::from_secs(2);

const MINUTE_MS: i64 = 60_000;

/// A trigger and what is settled about it.
#[derive(Clone, Debug)]
struct Entry {
    name: String,
    trigger: TimedTrigger,
    state: TimedState,
}

/// The triggers of all jobs.
#[derive(Debug, Default)]
pub(super) struct Triggers {
    entries: Mutex<BTreeMap<JobId, Vec<Entry>>>,
    changed: Notify,
}

/// A trigger as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upcoming {
    /// The job.
    pub job_id: JobId,
    /// Its name.
    pub job_name: String,
    /// Where the trigger stands in the definition: `schedule`, `trigger` or `triggers[n]`.
    pub place: String,
    /// Whether the definition has it paused.
    pub paused: bool,
    /// When it fires next; `None` when it never does, or is paused.
    pub next: Option<WallTime>,
    /// When it fired last.
    pub last: Option<WallTime>,
}

impl Driver {
    /// Reads the triggers of all jobs, and fires them from now on if `fire`.
    pub(crate) async fn start_triggers(&self, fire: bool) -> Result<(), Error> {
        let all = JobFilter { limit: i64::MAX, ..JobFilter::default() };
        for job in self.store().jobs(all, |job| !timed_triggers(&job.settings).is_empty()).await? {
            self.take_triggers(&job).await?;
        }
        if fire {
            let driver = self.clone();
            self.spawn(async move { driver.watch_triggers().await });
        }
        Ok(())
    }

    /// After a job was created, changed or deleted.
    pub(crate) async fn job_changed(&self, id: JobId) -> Result<(), Error> {
        if let Some(job) = self.store().job(id).await?.filter(|job| !job.deleted) {
            self.take_triggers(&job).await?;
        } else {
            self.triggers().remove(&id);
            self.store().keep_triggers(id, Vec::new()).await?;
        }
        self.inner.triggers.changed.notify_one();
        Ok(())
    }

    /// Every trigger that goes by time, the next one first.
    pub(crate) fn upcoming(&self) -> Vec<Upcoming> {
        let now = Clock::wall();
        let triggers = self.triggers();
        let all = triggers.iter().flat_map(|(job, entries)| entries.iter().map(move |entry| (*job, entry)));
        let mut shown: Vec<Upcoming> = all
            .map(|(job_id, Entry { name, trigger, state })| Upcoming {
                job_id,
                job_name: name.clone(),
                place: trigger.place.clone(),
                paused: trigger.paused,
                next: match state.clone().poll(&trigger.timed, now) {
                    _ if trigger.paused => None,
                    Due::Fire(at) => Some(at),
                    Due::Wait(at) => at,
                },
                last: state.fired,
            })
            .collect();
        shown.sort_by_key(|one| (one.next.is_none(), one.next, one.job_id));
        shown
    }

    fn triggers(&self) -> std::sync::MutexGuard<'_, BTreeMap<JobId, Vec<Entry>>> {
        self.inner.triggers.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over the triggers of a job; one whose definition is as it was goes on.
    async fn take_triggers(&self, job: &JobRow) -> Result<(), Error> {
        let id = job.job_id;
        let mut entries = Vec::new();
        for trigger in timed_triggers(&job.settings) {
            let (place, definition) = (trigger.place.clone(), trigger.definition.clone());
            let stored = self.store().trigger(id, place.clone(), definition.clone()).await?;
            let state = if let Some(state) = stored {
                state
            } else {
                let state = TimedState::new(Clock::wall());
                self.store().put_trigger(id, place, definition, state.clone()).await?;
                state
            };
            entries.push(Entry { name: job.settings.display_name().to_owned(), trigger, state });
        }
        let mut places: Vec<String> = entries.iter().map(|entry| entry.trigger.place.clone()).collect();
        if ArrivalTrigger::of(&job.settings).is_some_and(|trigger| !trigger.paused) {
            places.push(super::arrivals::PLACE.to_owned());
        }
        self.store().keep_triggers(id, places).await?;
        if entries.is_empty() {
            self.triggers().remove(&id);
        } else {
            self.triggers().insert(id, entries);
        }
        Ok(())
    }

    async fn watch_triggers(&self) {
        loop {
            let now = Clock::wall();
            let sleep = match self.fire_due(now).await {
                Ok(Some(next)) => Duration::from_millis(next.since(now).max(1) as u64).min(LOOK),
                Ok(None) => LOOK,
                Err(error) => {
                    self.notice(&format!("a trigger is due but its run could not be started: {error}"));
                    AGAIN
                }
            };
            tokio::select! {
                () = tokio::time::sleep(sleep) => {}
                () = self.inner.triggers.changed.notified() => {}
            }
        }
    }

    /// Starts what is due at a time; gives the time of the next that will be. A run that cannot be started stays due and does
    /// not keep the others from starting.
    pub(super) async fn fire_due(&self, now: WallTime) -> Result<Option<WallTime>, Error> {
        let (mut due, mut next) = (Vec::new(), None::<WallTime>);
        for (job, entries) in self.triggers().iter_mut() {
            for entry in entries.iter_mut().filter(|entry| !entry.trigger.paused) {
                match entry.state.poll(&entry.trigger.timed, now) {
                    Due::Fire(at) => due.push((*job, entry.clone(), at)),
                    Due::Wait(Some(at)) => next = Some(next.map_or(at, |next| next.min(at))),
                    Due::Wait(None) => {}
                }
            }
        }
        let mut failed = None;
        for (job, mut entry, at) in due {
            match self.fire(job, &entry.trigger, at).await {
                Ok(()) => {
                    entry.state.fire(at);
                    let after = entry.state.next(&entry.trigger.timed);
                    next = match (next, after) {
                        (Some(next), Some(after)) => Some(next.min(after)),
                        (next, after) => next.or(after),
                    };
                    self.settle(job, entry).await?;
                }
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(next), Err)
    }

    /// Starts the run of a fire time. A job that is gone meanwhile starts none.
    async fn fire(&self, id: JobId, trigger: &TimedTrigger, at: WallTime) -> Result<(), Error> {
        let Some(job) = self.store().job(id).await?.filter(|job| !job.deleted) else { return Ok(()) };
        let time = match &trigger.timed {
            // Reference section 13.3: the scheduled time, rounded down to the minute.
            Timed::Cron(..) => WallTime(at.0 - at.0.rem_euclid(MINUTE_MS)),
            Timed::Periodic(_) => at,
        };
        let facts = TriggerFacts { kind: "periodic".to_owned(), time, ..TriggerFacts::default() };
        let request = RunRequest {
            idempotency_token: Some(trigger.token(id, at)),
            caller: Some(job.creator.clone()),
            trigger: Some(("PERIODIC", facts)),
            ..RunRequest::default()
        };
        match Box::pin(self.run_now(&job, request)).await {
            // The run of this fire time was there, and was deleted.
            Err(error) if error.code == ErrorCode::InvalidArgument => Ok(()),
            result => result.map(|_| ()),
        }
    }

    /// Keeps what was settled, unless the job's definition has changed meanwhile.
    async fn settle(&self, job: JobId, entry: Entry) -> Result<(), Error> {
        let Entry { trigger, state, .. } = entry;
        let same = {
            let mut triggers = self.triggers();
            let kept = triggers.get_mut(&job).into_iter().flatten();
            let mut same = kept.filter(|kept| {
                kept.trigger.place == trigger.place && kept.trigger.definition == trigger.definition
            });
            same.next().map(|kept| kept.state = state.clone()).is_some()
        };
        if same {
            self.store().put_trigger(job, trigger.place, trigger.definition, state).await?;
        }
        Ok(())
    }
}
