//! One run that is watched: when it is polled, what is seen of it, and who is told.

use super::lanes::Want;
use super::{Flight, Hub, HubOutput, Timer, WaitId};
use crate::api::retry::{Retrier, Verdict as RetryVerdict};
use crate::api::{Endpoint, GetRun, Request, Response};
use crate::error::{Error, ErrorCode, Retry};
use crate::id::{JobId, RunId};
use crate::run::{Phase, RunDoc};
use crate::seed::Seeded;
use crate::time::Tick;
use crate::wait::PollSchedule;
use crate::wait::hub::finish::Finish;
use crate::wait::sight::{self, Known, Sight};
use std::sync::Arc;

/// A repair that the history does not show after this long is taken as read, in milliseconds.
const REPAIR_SHOWS_MS: u64 = 60_000;

/// A run that is known to be there, and that the host says it does not know, is looked for this long, in milliseconds, and this
/// often: a machine that slept has not looked.
const MISSING_MS: u64 = 60_000;
const MISSING_TIMES: u32 = 5;

/// How a wait came to its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// It was there before.
    Adopted,
    /// The wait started it.
    Fresh,
    /// The wait cancels it.
    Canceled,
    /// The wait repaired it; with the repair that was the newest before.
    Repaired(Option<i64>),
}

/// One run.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) waits: Vec<WaitId>,
    pub(super) state: State,
    pub(super) job: Option<JobId>,
    origin: Origin,
    /// Nearly always all waits have one schedule. It stands here: a round of a crowd looks at it, and at the start, of each run.
    schedule: PollSchedule,
    others: Vec<PollSchedule>,
    /// When the run began, on the hub's clock; for a run that was there before it may lie before the hub's time, so the
    /// time it had already taken is kept beside.
    began: Tick,
    taken_before: u64,
    queued: bool,
    /// Of the last state that was told.
    fingerprint: Option<u64>,
    /// The number of the text that a page had of it, when that says what was told last.
    pub(super) text: Option<u64>,
    known: Option<Box<Known>>,
    /// When the run began by the host's clock, as of the last state; 0 when that did not say.
    start: i64,
    /// When the call left whose answer was believed last.
    seen: Tick,
    /// Some waits have not been told a state yet.
    pub(super) newcomers: bool,
    /// Something was heard while a call was under way: it may have been answered before that.
    again: bool,
    /// Stands in line for a call of its own that somebody acts on: something was heard, or the pages did not have it.
    pub(super) hurried: bool,
    /// Its first call has waited for others.
    pub(super) gathered: bool,
    /// Rounds in a row whose pages did not have it.
    pub(super) unlisted: u8,
    retrier: Retrier,
    fault: Option<Box<str>>,
    /// Since when the host says that there is no such run.
    missing: Option<Tick>,
    /// Ends that were read from somewhere that has not heard of the repair yet.
    outdated: u32,
    seeded: Seeded,
}

#[derive(Debug)]
pub(super) enum State {
    /// Stands in line.
    Queued,
    /// Its own call is under way.
    Calling,
    /// Nothing until the tick; the gap that led there.
    Waiting(Tick, u64),
    /// Nothing until the tick, after a fault.
    BackOff(Tick),
    /// On the pages that are being read of its job.
    Listed,
    /// Due while its job's pages are being read: the next ones will have it.
    Parked,
    /// It has ended, and is being read to the end.
    Finishing(Box<Finish>),
}

impl Watch {
    pub(super) fn backs_off(&self) -> bool {
        matches!(self.state, State::BackOff(_))
    }

    pub(super) fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// True for runs whose state on a page of a list is as good as their own.
    pub(super) fn listable(&self) -> bool {
        matches!(self.origin, Origin::Adopted | Origin::Fresh)
    }

    pub(super) fn start_time(&self) -> Option<i64> {
        Some(self.start).filter(|start| *start > 0)
    }

    /// True when an observation says nothing new.
    pub(super) fn is_same(&self, fingerprint: u64) -> bool {
        self.fingerprint == Some(fingerprint) && !self.newcomers && self.listable()
    }

    /// The same for the text that a page has of it, which need not be read then.
    pub(super) fn is_same_text(&self, number: u64) -> bool {
        self.text == Some(number) && !self.newcomers && self.listable()
    }

    pub(super) fn newer(&self, sent: Tick) -> bool {
        sent >= self.seen
    }

    pub(super) fn schedules(&self) -> impl Iterator<Item = &PollSchedule> {
        std::iter::once(&self.schedule).chain(&self.others)
    }

    /// Milliseconds to its next poll, if it were polled by itself and nothing were known of its job.
    pub(super) fn nominal(&self, now: Tick) -> u64 {
        let elapsed = self.elapsed(now);
        let alone = self.schedule.nominal(elapsed);
        self.others.iter().map(|schedule| schedule.nominal(elapsed)).fold(alone, u64::min)
    }

    fn elapsed(&self, now: Tick) -> u64 {
        now.since(self.began).saturating_add(self.taken_before)
    }
}

impl Hub {
    /// A wait takes its place at a run.
    pub(super) fn attach(&mut self, wait: WaitId, run_id: RunId, origin: Origin) {
        let now = self.now.tick;
        let repaired = matches!(origin, Origin::Repaired(_));
        if repaired && self.runs.get(&run_id).is_some_and(|w| matches!(w.state, State::Finishing(_))) {
            // Those who wait for the end before the repair get it.
            self.conclude(run_id);
        }
        let Some(entry) = self.waits.get_mut(&wait) else { return };
        entry.told = false;
        let options = &entry.options;
        let new = !self.runs.contains_key(&run_id);
        let reached = self.reached;
        let watch = self.runs.entry(run_id).or_insert_with(|| {
            let mut retrier = Retrier::new(options.retry, options.seed);
            if reached {
                retrier.reached();
            }
            Watch {
                waits: Vec::new(),
                state: State::Queued,
                job: options.job,
                origin,
                schedule: options.schedule,
                others: Vec::new(),
                began: now,
                taken_before: 0,
                queued: false,
                fingerprint: None,
                text: None,
                known: None,
                start: 0,
                seen: now,
                newcomers: true,
                again: false,
                hurried: false,
                gathered: false,
                unlisted: 0,
                retrier,
                fault: None,
                missing: None,
                outdated: 0,
                seeded: Seeded::new(options.seed ^ 0x706F_6C6C),
            }
        });
        watch.waits.push(wait);
        watch.newcomers = true;
        watch.retrier.widen(options.retry);
        if !watch.schedules().any(|schedule| *schedule == options.schedule) {
            watch.others.push(options.schedule);
        }
        if origin != Origin::Adopted {
            watch.origin = origin;
        }
        if repaired {
            (watch.began, watch.taken_before, watch.outdated) = (now, 0, 0);
        }
        if repaired && matches!(watch.state, State::Calling | State::Listed) {
            // What is under way may tell of the end before the repair.
            watch.state = State::Queued;
            self.abandon(|want| matches!(want, Want::Poll(run) | Want::Due(run) if *run == run_id));
            self.lanes.express(Want::Poll(run_id));
        } else if new {
            let job = watch.job;
            self.join(run_id, job);
            self.lanes.routine(Want::Due(run_id));
        } else {
            self.hurry(run_id, false);
        }
    }

    /// A wait leaves its run; a run without waits is forgotten.
    pub(super) fn detach(&mut self, wait: WaitId, run_id: RunId) {
        let Some(watch) = self.runs.get_mut(&run_id) else { return };
        watch.waits.retain(|other| *other != wait);
        if watch.waits.is_empty() {
            self.forget_run(run_id);
        }
    }

    pub(super) fn forget_run(&mut self, run_id: RunId) {
        let Some(watch) = self.runs.remove(&run_id) else { return };
        let until = match &watch.state {
            State::Waiting(at, _) | State::BackOff(at) => Some(*at),
            State::Finishing(finish) => finish.wakes(),
            State::Queued | State::Calling | State::Listed | State::Parked => None,
        };
        if let Some(at) = until {
            self.timers.remove(&(at, Timer::Run(run_id)));
        }
        self.abandon(|want| match want {
            Want::Poll(run) | Want::Due(run) | Want::Page(run) | Want::Output(run, _) => *run == run_id,
            Want::Errand(_) | Want::Sweep(_) | Want::Past(_) => false,
        });
        self.part(run_id, watch.job);
    }

    /// Something was heard: poll at once.
    pub(super) fn notify(&mut self, run_id: RunId) {
        self.hurry(run_id, true);
    }

    fn hurry(&mut self, run_id: RunId, heard: bool) {
        let Some(watch) = self.runs.get_mut(&run_id) else { return };
        match watch.state {
            State::Waiting(at, _) => drop(self.timers.remove(&(at, Timer::Run(run_id)))),
            State::Queued | State::Parked if heard && !watch.hurried => {}
            State::Calling | State::Listed => {
                watch.again |= heard;
                return;
            }
            // In line already; a back-off is kept, and an end is final.
            State::Queued | State::Parked | State::BackOff(_) | State::Finishing(_) => return,
        }
        watch.state = State::Queued;
        if heard {
            watch.hurried = true;
            self.lanes.express(Want::Poll(run_id));
        } else {
            self.lanes.routine(Want::Due(run_id));
        }
    }

    /// A timer of the run has come.
    pub(super) fn run_due(&mut self, run_id: RunId) {
        let Some(watch) = self.runs.get_mut(&run_id) else { return };
        match watch.state {
            State::Finishing(_) => self.finish_due(run_id),
            State::BackOff(_) => {
                watch.state = State::Queued;
                self.lanes.routine(Want::Poll(run_id));
            }
            State::Waiting(..) => {
                watch.state = State::Queued;
                self.lanes.routine(Want::Due(run_id));
            }
            State::Queued | State::Calling | State::Listed | State::Parked => {}
        }
    }

    /// The request that polls the run by itself.
    pub(super) fn poll_request(&mut self, run_id: RunId) -> Option<Request> {
        let watch = self.runs.get_mut(&run_id).filter(|watch| matches!(watch.state, State::Queued))?;
        (watch.state, watch.hurried) = (State::Calling, false);
        let include_history = matches!(watch.origin, Origin::Repaired(_)).then_some(true);
        Some(GetRun { run_id, include_history, ..GetRun::default() }.request())
    }

    pub(super) fn polled(&mut self, run_id: RunId, flight: &Flight, result: Result<Response, Error>) {
        let Some(watch) = self.runs.get_mut(&run_id).filter(|w| matches!(w.state, State::Calling)) else {
            return;
        };
        let read = result.and_then(|response| {
            if response.status == 200
                && let Ok(sight) = serde_json::from_slice::<Sight>(&response.body)
                && watch.is_same(sight.fingerprint())
            {
                return Ok(None);
            }
            let date = response.header("date").map(str::to_owned);
            GetRun::answer(&response, self.now.wall).map(|run| Some((run, date)))
        });
        match read {
            Ok(None) => self.unchanged(run_id, flight.sent),
            Ok(Some((run, date))) => self.observe(run_id, run, flight.sent, date.as_deref()),
            Err(error) => self.poll_failed(run_id, &flight.request, error),
        }
    }

    /// The run is where it was.
    pub(super) fn unchanged(&mut self, run_id: RunId, sent: Tick) {
        let Some(watch) = self.runs.get_mut(&run_id) else { return };
        watch.answered(sent);
        self.schedule(run_id);
    }

    /// A first page of the run, or an item of a list that holds all of it.
    pub(super) fn observe(&mut self, run_id: RunId, run: RunDoc, sent: Tick, date: Option<&str>) {
        let now = self.now;
        let Some(watch) = self.runs.get_mut(&run_id) else { return };
        watch.answered(sent);
        let phase = run.phase();
        if phase.is_terminal() && watch.before_repair(&run, now.tick) {
            self.schedule(run_id);
            return;
        }
        // A run that was here before has already taken time.
        let first = watch.fingerprint.is_none();
        if first && matches!(watch.origin, Origin::Adopted | Origin::Canceled) {
            (watch.began, watch.taken_before) = (now.tick, sight::taken(&run, date, now));
        }
        let queued = matches!(phase, Phase::Queued { .. });
        if watch.queued && !queued {
            // The time in the queue says nothing about the run.
            (watch.began, watch.taken_before) = (now.tick, 0);
        }
        watch.queued = queued;
        let fingerprint = sight::fingerprint(&run);
        let changed = watch.fingerprint != Some(fingerprint);
        watch.fingerprint = Some(fingerprint);
        if changed {
            watch.text = None;
            watch.known = Some(Box::new(Known::of(&run)));
            watch.start = run.start_time.unwrap_or(0);
        }
        let job = run.job_id.filter(|_| watch.job.is_none());
        watch.job = watch.job.or(job);
        let everyone = changed.then(|| watch.waits.clone());
        let run = Arc::new(run);
        self.tell(run_id, &run, everyone.as_deref());
        self.join(run_id, job);
        if phase.is_terminal() {
            self.finish(run_id, Arc::unwrap_or_clone(run));
        } else {
            self.schedule(run_id);
        }
    }

    /// Tells a state to everyone, or only to those who were told none yet.
    pub(super) fn tell(&mut self, run_id: RunId, run: &Arc<RunDoc>, everyone: Option<&[WaitId]>) {
        let Some(watch) = self.runs.get_mut(&run_id) else { return };
        if everyone.is_none() && !watch.newcomers {
            return;
        }
        watch.newcomers = false;
        for wait in &watch.waits {
            let Some(entry) = self.waits.get_mut(wait) else { continue };
            if everyone.is_some() || !entry.told {
                entry.told = true;
                self.outbox.push_back(HubOutput::Changed { wait: *wait, run: run.clone() });
            }
        }
    }

    /// When the run is polled next.
    pub(super) fn schedule(&mut self, run_id: RunId) {
        let now = self.now.tick;
        let Some(watch) = self.runs.get_mut(&run_id) else { return };
        if std::mem::take(&mut watch.again) {
            (watch.state, watch.hurried) = (State::Queued, true);
            self.lanes.express(Want::Poll(run_id));
            return;
        }
        let elapsed = watch.elapsed(now);
        let mut group = watch.job.and_then(|job_id| self.jobs.get_mut(&job_id));
        let gaps = watch.schedules().map(|schedule| {
            let plan = group.as_mut().filter(|_| !watch.queued).and_then(|group| group.plan(schedule));
            let gap = plan.map_or_else(|| schedule.nominal(elapsed), |plan| plan.gap(elapsed));
            (gap, *schedule)
        });
        let Some((gap, schedule)) = gaps.min_by_key(|(gap, _)| *gap) else { return };
        let gap = group.map_or(gap, |group| group.hastened(gap, &self.settings));
        let due = now.after(schedule.jittered(gap, &mut watch.seeded).max(1));
        watch.state = State::Waiting(due, gap);
        self.timers.insert((due, Timer::Run(run_id)));
        self.wonder(run_id, elapsed);
    }

    /// A poll failed, or its answer makes no sense.
    pub(super) fn poll_failed(&mut self, run_id: RunId, request: &Request, error: Error) {
        let now = self.now.tick;
        let Some(watch) = self.runs.get_mut(&run_id) else { return };
        // A run that was just started may not be readable everywhere at once, also after it was seen somewhere.
        let known = watch.fingerprint.is_some() || watch.origin != Origin::Adopted;
        let error = match error.code {
            ErrorCode::NotFound if known => {
                let since = *watch.missing.get_or_insert(now);
                let again = now.since(since) < MISSING_MS || watch.retrier.failures() < MISSING_TIMES;
                if again { error.retry(Retry::After(0)) } else { error }
            }
            _ => error,
        };
        watch.fault = Some(error.message.as_str().into());
        watch.again = false;
        match watch.retrier.failed(now, request, None, error) {
            RetryVerdict::Again(at) => {
                watch.state = State::BackOff(at);
                self.timers.insert((at, Timer::Run(run_id)));
            }
            RetryVerdict::GiveUp(error) => {
                for wait in watch.waits.clone() {
                    self.end_early(wait, error.clone());
                }
            }
        }
    }

    /// What is known of a run.
    pub(super) fn last_known(&self, run_id: RunId) -> Option<RunDoc> {
        let watch = self.runs.get(&run_id)?;
        match &watch.state {
            State::Finishing(finish) => Some(finish.run().clone()),
            _ => watch.known.as_ref().map(|known| known.document(run_id)),
        }
    }
}

impl Watch {
    /// The host has said something about the run; the call left at this tick.
    fn answered(&mut self, sent: Tick) {
        self.retrier.succeeded();
        (self.fault, self.missing, self.seen, self.unlisted) = (None, None, sent, 0);
    }

    /// True for an end that was read from somewhere that has not heard of the repair yet.
    fn before_repair(&mut self, run: &RunDoc, now: Tick) -> bool {
        let Origin::Repaired(before) = self.origin else { return false };
        // Without a history there is nothing to go by.
        if run.repair_history.is_empty() || run.latest_repair_id() != before {
            return false;
        }
        self.outdated = self.outdated.saturating_add(1);
        now.since(self.began) < REPAIR_SHOWS_MS || self.outdated < MISSING_TIMES
    }
}
