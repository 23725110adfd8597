//! Drives the triggers of stored jobs: asks the machines of `lakeflow_core::trigger` what is due, starts the runs, and keeps
//! what is settled.
//!
//! Triggers that go by time: the run comes first, under a token that its fire time makes, then the state; whoever is killed in between
//! starts no second run, and a fire time is settled only when its run is stored. Triggers that look at something: the run is begun, started and
//! ended, and the state is kept at both ends.

mod files;
mod shown;
#[cfg(test)]
mod tests;
mod timed;
mod watch;

use super::Driver;
use crate::paths::PathMap;
use crate::store::{JobFilter, JobRow};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::time::WallTime;
use lakeflow_core::trigger::{
    ArrivalState, CompletionState, ContinuousState, Due, Kind, Missed, TableState, TimedState, Trigger,
    triggers,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Longest sleep, so that a clock that was set is noticed.
const LOOK: Duration = Duration::from_secs(20);

/// Between two tries to start a run that could not be started, a full disk for example.
const AGAIN: Duration = Duration::from_secs(2);

/// How triggers are driven.
#[derive(Clone, Debug)]
pub(crate) struct Firing {
    /// Whether they start runs from the beginning.
    pub(crate) on: bool,
    /// What becomes of missed fire times.
    pub(crate) missed: Missed,
    /// Which folder a watched path means.
    pub(crate) paths: PathMap,
    /// Between two looks at folders and tables.
    pub(crate) every: Duration,
}

/// A trigger and what is known about it.
#[derive(Clone, Debug)]
struct Entry {
    name: String,
    trigger: Trigger,
    /// What is settled, of a trigger that goes by time. The state of the others is only in the store.
    timed: Option<TimedState>,
    /// When it fires next, of the others, as far as that is known.
    next: Option<WallTime>,
    /// When it fired last, and the run.
    last: Option<(WallTime, RunId)>,
    /// Why it does not fire.
    fault: Option<String>,
}

/// The triggers of all jobs.
#[derive(Debug, Default)]
pub(super) struct Triggers {
    entries: Mutex<BTreeMap<JobId, Vec<Entry>>>,
    firing: OnceLock<Firing>,
    on: AtomicBool,
    changed: Notify,
    /// Faults that were told, so that none is told at every look.
    told: Mutex<BTreeSet<String>>,
}

/// A trigger as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upcoming {
    /// The job.
    pub job_id: JobId,
    /// Its name.
    pub job_name: String,
    /// Where the trigger stands in the definition: `schedule`, `trigger`, `continuous` or `triggers[n]`.
    pub place: String,
    /// As the `trigger` of its runs: `PERIODIC`, `FILE_ARRIVAL`, …
    pub kind: &'static str,
    /// What it waits for, in words: `its schedule`, `new files in /Volumes/a/b/c`.
    pub waits_for: String,
    /// Whether the definition has it paused.
    pub paused: bool,
    /// When it fires next; `None` when it never does, is paused, or waits for something else than time.
    pub next: Option<WallTime>,
    /// When it fired last.
    pub last: Option<WallTime>,
    /// The run that it started last, since the engine was started.
    pub last_run: Option<RunId>,
    /// Why it does not fire.
    pub fault: Option<String>,
}

/// What one look at triggers came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Looked {
    /// Runs that were started.
    pub(crate) fired: usize,
    /// When to look again at the latest.
    pub(crate) next: Option<WallTime>,
}

impl Looked {
    fn and(self, other: Self) -> Self {
        let next = match (self.next, other.next) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
        Self { fired: self.fired + other.fired, next }
    }
}

impl Driver {
    /// Reads the triggers of all jobs, and fires them from now on if they are on. With a clock that is moved by hand nothing is done
    /// before it is moved.
    pub(crate) async fn start_triggers(&self, firing: Firing) -> Result<(), Error> {
        let (on, every) = (firing.on, firing.every);
        // A second start in the same process, in tests, goes on as the first.
        let _ = self.inner.triggers.firing.set(firing);
        self.inner.triggers.on.store(on, Ordering::Relaxed);
        let all = JobFilter { limit: i64::MAX, ..JobFilter::default() };
        for job in self.store().jobs(all, |job| !triggers(&job.settings).is_empty()).await? {
            self.take_triggers(&job).await?;
        }
        if !self.clock().is_set_by_hand() {
            let driver = self.clone();
            self.spawn(async move { driver.watch_triggers().await });
            let driver = self.clone();
            self.spawn(async move {
                loop {
                    if driver.triggers_on() {
                        driver.look_outside(driver.clock().time()).await;
                    }
                    tokio::time::sleep(every).await;
                }
            });
        }
        Ok(())
    }

    /// Whether triggers start runs.
    pub(crate) fn triggers_on(&self) -> bool {
        self.inner.triggers.on.load(Ordering::Relaxed)
    }

    /// Lets triggers start runs, or keeps all of them as if paused. Fire times that pass meanwhile are not made up for.
    pub(crate) fn switch_triggers(&self, on: bool) {
        let before = self.inner.triggers.on.swap(on, Ordering::Relaxed);
        if on && !before {
            let now = self.clock().time();
            for entry in self.triggers().values_mut().flatten() {
                if let Some(state) = &mut entry.timed {
                    state.skip(now);
                }
            }
        }
        self.wake_triggers();
    }

    /// Something that a trigger may wait for has happened.
    pub(super) fn wake_triggers(&self) {
        self.inner.triggers.changed.notify_one();
    }

    /// After a job was created, changed or deleted.
    pub(crate) async fn job_changed(&self, id: JobId) -> Result<(), Error> {
        if let Some(job) = self.store().job(id).await?.filter(|job| !job.deleted) {
            self.take_triggers(&job).await?;
        } else {
            self.triggers().remove(&id);
            self.store().keep_triggers(id, Vec::new()).await?;
        }
        self.wake_triggers();
        Ok(())
    }

    /// Every trigger, the next one first, then those that wait for something else than time.
    pub(crate) fn upcoming(&self) -> Vec<Upcoming> {
        let (now, missed) = (self.clock().time(), self.missed());
        let triggers = self.triggers();
        let all = triggers.iter().flat_map(|(job, entries)| entries.iter().map(move |entry| (*job, entry)));
        let mut shown: Vec<Upcoming> = all.map(|(job_id, entry)| entry.shown(job_id, now, missed)).collect();
        shown.sort_by_key(|one| (one.next.is_none(), one.next, one.job_id));
        shown
    }

    fn triggers(&self) -> MutexGuard<'_, BTreeMap<JobId, Vec<Entry>>> {
        self.inner.triggers.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn missed(&self) -> Missed {
        self.inner.triggers.firing.get().map_or(Missed::default(), |firing| firing.missed)
    }

    fn watched_paths(&self) -> PathMap {
        let firing = self.inner.triggers.firing.get();
        firing.map_or_else(|| PathMap::new(self.data_dir(), Vec::new()), |firing| firing.paths.clone())
    }

    /// Changes what is known of a trigger, unless its definition is another one by now.
    fn note(&self, job: JobId, trigger: &Trigger, change: impl FnOnce(&mut Entry)) -> bool {
        let mut triggers = self.triggers();
        let entries = triggers.get_mut(&job).into_iter().flatten();
        let mut same = entries.filter(|entry| {
            entry.trigger.place == trigger.place && entry.trigger.definition == trigger.definition
        });
        same.next().map(change).is_some()
    }

    /// Takes over the triggers of a job; one whose definition is as it was goes on.
    async fn take_triggers(&self, job: &JobRow) -> Result<(), Error> {
        let id = job.job_id;
        let known = self.triggers().get(&id).cloned().unwrap_or_default();
        let mut entries = Vec::new();
        for trigger in triggers(&job.settings) {
            let timed = self.take_trigger(id, &trigger).await?;
            let same = |entry: &&Entry| {
                entry.trigger.place == trigger.place && entry.trigger.definition == trigger.definition
            };
            let last = known.iter().find(same).and_then(|entry| entry.last);
            let name = job.settings.display_name().to_owned();
            entries.push(Entry { name, trigger, timed, next: None, last, fault: None });
        }
        let places = entries.iter().map(|entry| entry.trigger.place.clone()).collect();
        self.store().keep_triggers(id, places).await?;
        if entries.is_empty() {
            self.triggers().remove(&id);
        } else {
            self.triggers().insert(id, entries);
        }
        Ok(())
    }

    /// Makes sure that the state of a trigger is stored: what is there when a trigger is saved or unpaused starts no run.
    async fn take_trigger(&self, job: JobId, trigger: &Trigger) -> Result<Option<TimedState>, Error> {
        let now = self.clock().time();
        let (place, definition) = (trigger.place.clone(), trigger.definition.clone());
        if let Kind::Timed(_) = &trigger.kind {
            if let Some(state) = self.store().trigger(job, place.clone(), definition.clone()).await? {
                return Ok(Some(state));
            }
            let state = TimedState::new(now);
            self.store().put_trigger(job, place, definition, state.clone()).await?;
            return Ok(Some(state));
        }
        if self.store().trigger::<serde_json::Value>(job, place.clone(), definition.clone()).await?.is_some()
        {
            return Ok(None);
        }
        match &trigger.kind {
            Kind::Files(of) => {
                let mut state = ArrivalState::default();
                // A folder that cannot be looked at is told of when its turn comes.
                if let Ok(files) = self.files_of(of).await {
                    state.look(&files, now);
                }
                self.store().put_trigger(job, place, definition, state).await?;
            }
            Kind::Tables(of) => {
                let mut state = TableState::default();
                if let Ok(tables) = self.tables_of(of).await {
                    state.look(&tables, now);
                }
                self.store().put_trigger(job, place, definition, state).await?;
            }
            Kind::Jobs(_) => {
                let state = CompletionState::new(self.store().newest_end().await?);
                self.store().put_trigger(job, place, definition, state).await?;
            }
            Kind::Continuous(_) => {
                let state = ContinuousState::new(self.store().newest_end().await?);
                self.store().put_trigger(job, place, definition, state).await?;
            }
            Kind::Timed(_) | Kind::Stored => {}
        }
        Ok(None)
    }

    async fn watch_triggers(&self) {
        loop {
            let mut sleep = LOOK;
            if self.triggers_on() {
                let now = self.clock().time();
                match self.look_inside(now).await {
                    Ok(Looked { next: Some(next), .. }) => {
                        sleep = LOOK.min(Duration::from_millis(next.since(now).max(1) as u64));
                    }
                    Ok(_) => {}
                    Err(error) => {
                        self.notice(&format!("a trigger is due but its run could not be started: {error}"));
                        sleep = AGAIN;
                    }
                }
            }
            tokio::select! {
                () = tokio::time::sleep(sleep) => {}
                () = self.inner.triggers.changed.notified() => {}
            }
        }
    }

    /// One look at everything that goes by time or by the engine's own runs.
    async fn look_inside(&self, now: WallTime) -> Result<Looked, Error> {
        let timed = self.fire_due(now).await;
        let runs = self.look_at_runs(now).await;
        Ok(timed?.and(runs?))
    }

    /// One look at everything, for a clock that is moved by hand. Runs that this starts may be what other triggers wait for.
    pub(crate) async fn look_at_all(&self, now: WallTime) -> Result<Looked, Error> {
        if !self.triggers_on() {
            return Ok(Looked::default());
        }
        let inside = self.look_inside(now).await?;
        Ok(inside.and(self.look_outside(now).await))
    }

    /// Moves a clock that is set by hand on, from one due time to the next; every run is over before it moves again. Gives the runs that
    /// triggers started.
    pub(crate) async fn advance(&self, ms: i64) -> Result<usize, Error> {
        if !self.clock().is_set_by_hand() {
            let text =
                "this engine goes by the clock of the machine; start it with a clock of its own to move that";
            return Err(Error::new(ErrorCode::InvalidState, "clock", text));
        }
        let until = self.clock().time() + ms;
        let mut started = 0;
        loop {
            self.idle().await;
            let now = self.clock().time();
            let looked = self.look_at_all(now).await?;
            started += looked.fired;
            if looked.fired > 0 {
                // A run that has ended may be what another trigger waits for.
                continue;
            }
            match looked.next.filter(|next| *next <= until) {
                Some(next) => self.clock().set(next.max(now + 1)),
                None if now < until => self.clock().set(until),
                None => return Ok(started),
            }
        }
    }

    /// Tells a fault once, and shows it beside the trigger until it is gone.
    fn fault(&self, job: &JobRow, trigger: &Trigger, fault: Option<&Error>) {
        let text = fault.map(|error| error.message.clone());
        self.note(job.job_id, trigger, |entry| entry.fault.clone_from(&text));
        if let Some(text) = text {
            let (name, what) = (job.settings.display_name(), trigger.kind.words());
            let line = format!("job {name:?} waits for {what} and does not fire: {text}");
            let new =
                self.inner.triggers.told.lock().unwrap_or_else(PoisonError::into_inner).insert(line.clone());
            if new {
                self.notice(&line);
            }
        }
    }
}

impl Entry {
    fn shown(&self, job_id: JobId, now: WallTime, missed: Missed) -> Upcoming {
        let next = match (&self.trigger.kind, &self.timed) {
            _ if self.trigger.paused => None,
            (Kind::Timed(timed), Some(state)) => match state.clone().poll(timed, now, missed) {
                Due::Fire(at) => Some(at),
                Due::Wait(at) => at,
            },
            _ => self.next,
        };
        let settled = self.timed.as_ref().and_then(|state| state.fired);
        Upcoming {
            job_id,
            job_name: self.name.clone(),
            place: self.trigger.place.clone(),
            kind: self.trigger.kind.wire(),
            waits_for: self.trigger.kind.words(),
            paused: self.trigger.paused,
            next,
            last: settled.or(self.last.map(|(at, _)| at)),
            last_run: self.last.map(|(_, run)| run),
            fault: self.fault.clone(),
        }
    }
}
