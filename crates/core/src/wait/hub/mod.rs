//! Many waits of one workspace under one identity, as one machine: they share polls, pages of lists, what is known of a
//! job's past, and the limits on calls.
//!
//! - Waits on the same run share its polls and its end.
//! - Runs of one job share pages of `runs/list` whenever that takes fewer calls than `runs/get` for each. A run that is
//!   no longer on the pages of active runs is read once: together with others that left, or alone. Of a large crowd
//!   mostly the pages of ended runs are read, and those of active runs now and then.
//! - Calls leave in the order in which they became wanted. What somebody acts on (triggers, cancels, pushes, the end of a
//!   run) goes before the rounds of polls, but never takes more than three places of four.
//! - Never more calls a second, and never more at once, than the settings allow.
//!
//! The contract is that of [`Wait`](super::Wait): [`Hub::begin`] and [`Hub::handle`] take time and what happened,
//! [`Hub::poll`] gives what is to be done until it answers [`HubOutput::Wait`]. The hub sends nothing and reads no clock;
//! the same seeds and inputs give the same outputs. It does not renew credentials; that is the driver's.

mod errand;
mod finish;
mod group;
mod lanes;
mod members;
mod page;
mod past;
mod round;
mod send;
mod watch;

use super::limiter::Limiter;
use super::{CallId, Goal, Now, WaitEnd, WaitOptions, WaitReason};
use crate::api::{Request, Response};
use crate::error::{Error, ErrorCode};
use crate::id::{JobId, RunId};
use crate::run::RunDoc;
use crate::seed::Seeded;
use crate::time::{Tick, WallTime};
use errand::Entry;
use group::Group;
use lanes::{Lanes, Want};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use watch::Watch;

/// Limits and habits of a hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HubSettings {
    /// Calls that leave in any second, other calls of the workspace included ([`Hub::book`]); `None` for no limit.
    pub per_second: Option<u32>,
    /// Calls under way at once.
    pub in_flight: usize,
    /// Outputs of failed tasks of one run that are fetched at once.
    pub outputs_at_once: usize,
    /// Whether runs of one job share pages of `runs/list`.
    pub share_lists: bool,
    /// Rounds of a job whose active runs fit on this many pages read all of them, so that every change is told within a
    /// gap of the schedule. Rounds of larger crowds read mostly what has ended, where that takes fewer calls.
    pub few_pages: usize,
    /// Whether the lengths of a job's past runs are asked for, and learned while waiting.
    pub learn: bool,
    /// For what is not a wait's own: the back-off of lists.
    pub seed: u64,
}

impl HubSettings {
    /// For a workspace: 15 calls a second, the rate that the official Go client keeps to, at most 24 at once.
    pub const WORKSPACE: Self = Self {
        per_second: Some(15),
        in_flight: 24,
        outputs_at_once: 4,
        share_lists: true,
        few_pages: 8,
        learn: true,
        seed: 0,
    };

    /// For a host on this machine: 1000 calls a second. The limit of a workspace protects a service that others share,
    /// and its quota; an engine on the same machine answers in a millisecond and serves its own user alone.
    pub const LOCAL: Self = Self { per_second: Some(1000), ..Self::WORKSPACE };

    /// For one wait alone: nothing is shared, there is one call at a time and no limit.
    pub(super) const ALONE: Self = Self {
        per_second: None,
        in_flight: 1,
        outputs_at_once: 1,
        share_lists: false,
        few_pages: 8,
        learn: false,
        seed: 0,
    };
}

/// Names one wait of a hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WaitId(pub u64);

/// What the driver tells the hub.
#[derive(Clone, Debug, PartialEq)]
pub enum HubInput {
    /// A time that [`HubOutput::Wait`] named has come; early ones are harmless.
    Timeout,
    /// A call came back, with whatever status, or did not.
    Answered {
        /// Which.
        call: CallId,
        /// What the transport brought.
        result: Result<Response, Error>,
    },
    /// The caller does not want to wait any longer; the wait ends, with a cancel first when its options say so. A second
    /// one does not wait for the cancel.
    Stop(WaitId),
    /// Nobody looks at the wait any more: it is forgotten, its run is left, nothing is told.
    Forget(WaitId),
    /// Something has been heard about the run, for example by a webhook: poll at once. A run that nobody waits for is
    /// passed over; a back-off is kept, since the host asked for it.
    Notify(RunId),
}

/// What the hub wants.
#[derive(Clone, Debug, PartialEq)]
pub enum HubOutput {
    /// Send this and report by [`HubInput::Answered`].
    Call {
        /// To be given back.
        call: CallId,
        /// What to send.
        request: Box<Request>,
    },
    /// Nobody needs the answer to this call any more; the driver may drop it, and its answer would be refused.
    Abandon(CallId),
    /// The run id of a wait is known from now on. Told once, before any change.
    Started {
        /// Whose.
        wait: WaitId,
        /// The run.
        run_id: RunId,
    },
    /// The state of the run, a task or an attempt is not what it was; also the first state that is seen.
    Changed {
        /// Whose.
        wait: WaitId,
        /// The first page of the run; waits on the same run share it.
        run: Arc<RunDoc>,
    },
    /// The wait is over; the hub has forgotten it.
    Ended {
        /// Whose.
        wait: WaitId,
        /// How.
        end: Box<WaitEnd>,
    },
    /// Nothing to do until an input comes, at the latest [`HubInput::Timeout`] at this tick.
    Wait {
        /// `None`: no timer is set.
        until: Option<Tick>,
        /// What is waited for.
        reason: WaitReason,
    },
}

/// How much a hub has to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HubStats {
    /// Waits that go on.
    pub waits: usize,
    /// Runs that they are about.
    pub runs: usize,
    /// Calls under way.
    pub in_flight: usize,
    /// Calls that wait for a place.
    pub queued: usize,
    /// Calls made so far.
    pub calls: u64,
}

/// Many waits of one workspace. See the module for the contract.
#[derive(Debug)]
pub struct Hub {
    settings: HubSettings,
    now: Now,
    waits: BTreeMap<WaitId, Entry>,
    runs: BTreeMap<RunId, Watch>,
    jobs: BTreeMap<JobId, Group>,
    timers: BTreeSet<(Tick, Timer)>,
    lanes: Lanes,
    flights: BTreeMap<CallId, Flight>,
    limiter: Limiter,
    outbox: VecDeque<HubOutput>,
    last_wait: u64,
    last_call: u64,
    seeded: Seeded,
    /// The host has answered before.
    reached: bool,
    /// Jobs without waits.
    idle: usize,
}

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// The wait's deadline.
    Deadline(WaitId),
    /// The wait's next try.
    Errand(WaitId),
    /// The run's next poll or try.
    Run(RunId),
}

/// A call under way.
#[derive(Debug)]
struct Flight {
    want: Want,
    sent: Tick,
    request: Box<Request>,
}

impl Hub {
    /// A hub without waits.
    pub fn new(settings: HubSettings) -> Self {
        Self {
            now: Now { tick: Tick(0), wall: WallTime(0) },
            waits: BTreeMap::new(),
            runs: BTreeMap::new(),
            jobs: BTreeMap::new(),
            timers: BTreeSet::new(),
            lanes: Lanes::default(),
            flights: BTreeMap::new(),
            limiter: Limiter::new(settings.per_second),
            outbox: VecDeque::new(),
            last_wait: 0,
            last_call: 0,
            seeded: Seeded::new(settings.seed),
            reached: false,
            idle: 0,
            settings,
        }
    }

    /// A wait that begins now.
    pub fn begin(&mut self, now: Now, goal: Goal, options: WaitOptions) -> WaitId {
        self.at(now);
        self.last_wait += 1;
        let wait = WaitId(self.last_wait);
        if let Some(deadline) = options.deadline {
            self.timers.insert((deadline, Timer::Deadline(wait)));
        }
        self.enter(wait, goal, options);
        self.settle();
        wait
    }

    /// Takes in what happened. An answer to a call that is not under way is an error and changes nothing; what concerns
    /// a wait that has ended is passed over.
    pub fn handle(&mut self, now: Now, input: HubInput) -> Result<(), Error> {
        self.at(now);
        match input {
            HubInput::Timeout => {}
            HubInput::Answered { call, result } => self.answered(call, result)?,
            HubInput::Stop(wait) => self.stop(wait),
            HubInput::Forget(wait) => self.forget(wait),
            HubInput::Notify(run_id) => self.notify(run_id),
        }
        self.settle();
        Ok(())
    }

    /// The next thing to do. To be called until it answers `Wait`.
    #[must_use]
    pub fn poll(&mut self) -> HubOutput {
        if let Some(output) = self.outbox.pop_front() {
            return output;
        }
        let timer = self.timers.first().map(|(tick, _)| *tick);
        let place = (!self.lanes.is_empty() && self.flights.len() < self.settings.in_flight)
            .then(|| self.limiter.free_at(self.now.tick));
        let until = timer.into_iter().chain(place).min();
        HubOutput::Wait { until, reason: self.reason() }
    }

    /// Books a place under the shared limit for a call that is made beside the hub, and says when it may leave.
    pub fn book(&mut self, now: Now) -> Tick {
        self.at(now);
        self.limiter.book(self.now.tick)
    }

    /// How much there is to do.
    pub fn stats(&self) -> HubStats {
        HubStats {
            waits: self.waits.len(),
            runs: self.runs.len(),
            in_flight: self.flights.len(),
            queued: self.lanes.len(),
            calls: self.last_call,
        }
    }

    /// Time does not go back, whatever the driver's clock does.
    fn at(&mut self, now: Now) {
        self.now = Now { tick: now.tick.max(self.now.tick), wall: now.wall };
    }

    fn reason(&self) -> WaitReason {
        if !self.flights.is_empty() {
            return WaitReason::Answer;
        }
        // With many waits there are many reasons; polls are the usual one.
        let alone = self.waits.len() == 1;
        let backs_off = self.waits.values().take(1).any(Entry::backs_off)
            || self.runs.values().take(1).any(Watch::backs_off);
        if alone && backs_off { WaitReason::BackOff } else { WaitReason::Poll }
    }

    /// Does what is due, then sends what may be sent.
    fn settle(&mut self) {
        while let Some((tick, timer)) = self.timers.first().copied()
            && tick <= self.now.tick
        {
            self.timers.remove(&(tick, timer));
            match timer {
                Timer::Deadline(wait) => self.overdue(wait),
                Timer::Errand(wait) => self.errand_due(wait),
                Timer::Run(run_id) => self.run_due(run_id),
            }
        }
        self.send();
    }

    fn answered(&mut self, call: CallId, result: Result<Response, Error>) -> Result<(), Error> {
        let Some(flight) = self.flights.remove(&call) else {
            return Err(Error::new(
                ErrorCode::InvalidTransition,
                "wait",
                format!("call {} is not under way", call.0),
            ));
        };
        self.reached |= result.is_ok();
        if let Ok(response) = &result {
            self.heed(response);
        }
        match flight.want {
            Want::Errand(wait) => self.errand_answered(wait, &flight, result),
            Want::Poll(run_id) | Want::Due(run_id) => self.polled(run_id, &flight, result),
            Want::Page(run_id) => self.page_answered(run_id, &flight, result),
            Want::Output(run_id, place) => self.output_answered(run_id, place, &flight, result),
            Want::Sweep(job_id) => self.sweep_answered(job_id, &flight, result),
            Want::Past(job_id) => self.past_answered(job_id, &flight, result),
        }
        Ok(())
    }

    /// A wait is over: the end is told, the rest forgotten.
    fn ended(&mut self, wait: WaitId, mut end: WaitEnd) {
        end.name_page();
        self.forget(wait);
        self.outbox.push_back(HubOutput::Ended { wait, end: Box::new(end) });
    }

    /// Forgets a wait, and what only it needed.
    fn forget(&mut self, wait: WaitId) {
        let Some(entry) = self.waits.remove(&wait) else { return };
        if let Some(deadline) = entry.options.deadline {
            self.timers.remove(&(deadline, Timer::Deadline(wait)));
        }
        if let Some(at) = entry.sleeps_until() {
            self.timers.remove(&(at, Timer::Errand(wait)));
        }
        self.abandon(|want| *want == Want::Errand(wait));
        if let Some(run_id) = entry.run_id {
            self.detach(wait, run_id);
        }
    }

    /// Drops calls that nobody needs.
    fn abandon(&mut self, unneeded: impl Fn(&Want) -> bool) {
        let calls: Vec<CallId> =
            self.flights.iter().filter(|(_, flight)| unneeded(&flight.want)).map(|(call, _)| *call).collect();
        for call in calls {
            self.flights.remove(&call);
            let unsent = |output: &HubOutput| matches!(output, HubOutput::Call { call: c, .. } if *c == call);
            match self.outbox.iter().position(unsent) {
                Some(place) => drop(self.outbox.remove(place)),
                None => self.outbox.push_back(HubOutput::Abandon(call)),
            }
        }
    }
}
