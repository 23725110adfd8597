//! Triggers that go by time: cron in a zone, and periods.

use super::LATE_MS;
use crate::schedule::{Cron, MIN_DISTANCE_SECONDS, Periodic, Zone};
use crate::time::WallTime;
use serde::{Deserialize, Serialize};

/// A clock that was ahead of the present one by more than this was wrong: what it settled does not count.
const WRONG_CLOCK_MS: i64 = 24 * 3600 * 1000;

/// When a trigger fires.
#[derive(Clone, Debug)]
pub enum Timed {
    /// Quartz, read in a zone (reference section 15.2).
    Cron(Box<Cron>, Zone),
    /// At a distance, counted from when the trigger was saved or unpaused (reference section 15.3).
    Periodic(Periodic),
}

/// What is settled about one trigger; kept by whoever drives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimedState {
    /// When the trigger was saved or unpaused.
    pub since: WallTime,
    /// Every fire time up to here has fired or was skipped.
    pub settled: WallTime,
    /// The newest fire time that fired.
    pub fired: Option<WallTime>,
}

/// What becomes of fire times that passed while nobody asked (reference section 15.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missed {
    /// The newest of them fires late, once, when it is no older than [`LATE_MS`]; older ones are skipped.
    #[default]
    Skip,
    /// The newest of them fires late, once, however old it is.
    CatchUp,
}

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Start a run for this fire time, then [`TimedState::fire`].
    Fire(WallTime),
    /// Nothing until then; `None` when it never fires again.
    Wait(Option<WallTime>),
}

impl TimedState {
    /// A trigger that was saved or unpaused at a time.
    pub fn new(now: WallTime) -> Self {
        Self { since: now, settled: now, fired: None }
    }

    /// What is due at a time. Skips fire times that were missed, as `missed` says; changes nothing else, so it may be asked as
    /// often as one likes.
    pub fn poll(&mut self, timed: &Timed, now: WallTime, missed: Missed) -> Due {
        if self.settled.since(now) > WRONG_CLOCK_MS {
            self.settled = now;
            self.fired = None;
            self.since = WallTime(self.since.0.min(now.0));
        }
        let Some(next) = self.next(timed) else { return Due::Wait(None) };
        if next > now {
            return Due::Wait(Some(next));
        }
        let before = self.settled;
        let oldest = now - LATE_MS;
        if next < oldest {
            // Strictly after, so that one which is just late enough still fires.
            self.settled = oldest - 1;
        }
        let mut newest = None;
        while let Some(at) = self.next(timed).filter(|at| *at <= now) {
            self.settled = at;
            newest = Some(at);
        }
        if newest.is_none() && missed == Missed::CatchUp {
            newest = self.newest_before(timed, oldest, before);
        }
        match newest {
            Some(at) => {
                // It is due until it has fired.
                self.settled = at - 1;
                Due::Fire(at)
            }
            None => Due::Wait(self.next(timed)),
        }
    }

    /// The newest fire time before `oldest` and after `from`: found in spans that double, so that a year of every minute is not
    /// walked through.
    fn newest_before(&self, timed: &Timed, oldest: WallTime, from: WallTime) -> Option<WallTime> {
        let mut span = LATE_MS;
        loop {
            let start = WallTime((oldest - span).0.max(from.0));
            let mut state = Self { settled: start, ..self.clone() };
            let mut newest = None;
            while let Some(at) = state.next(timed).filter(|at| *at < oldest) {
                state.settled = at;
                newest = Some(at);
            }
            if newest.is_some() || start == from {
                return newest;
            }
            span = span.saturating_mul(2);
        }
    }

    /// Fire times up to a time are skipped.
    pub fn skip(&mut self, until: WallTime) {
        self.settled = self.settled.max(until);
    }

    /// A fire time has its run.
    pub fn fire(&mut self, at: WallTime) {
        self.settled = WallTime(self.settled.0.max(at.0));
        self.fired = Some(at);
    }

    /// The next fire time that is not settled, past ones included. Scheduled runs of a job keep their distance (reference
    /// section 18).
    pub fn next(&self, timed: &Timed) -> Option<WallTime> {
        let apart = self.fired.map(|at| at + i64::from(MIN_DISTANCE_SECONDS) * 1000 - 1);
        let after = WallTime(self.settled.0.max(apart.map_or(i64::MIN, |at| at.0)));
        match timed {
            Timed::Cron(cron, zone) => cron.next_after(after, zone),
            Timed::Periodic(periodic) => Some(periodic.next_after(self.since, after)),
        }
    }
}
