//! Decisions: what follows from the state, one task run at a time, until nothing follows any more.
//!
//! Whatever happened, the smallest task run that has something to decide decides first. So the changes after a
//! restore are the ones that would have come without the crash.

use super::change::Change;
use super::ends;
use super::io::{Output, StopReason};
use super::machine::Machine;
use super::state::{AttemptIx, Stage};
use super::timers::Timer;
use crate::dag::{Edge, decide, edge};
use crate::error::Error;
use crate::id::RunId;
use crate::job::Health;
use crate::run::End;

impl Machine {
    /// Decides everything that can be decided now: what follows from the state first, then one due timer at a time.
    pub(super) fn settle(&mut self) -> Result<(), Error> {
        loop {
            if let Some(ix) = self.dirty.pop_first() {
                self.react(ix)?;
            } else if let Some(timer) = self.timers.pop(self.now_tick()) {
                self.fire(timer)?;
            } else {
                break;
            }
        }
        if self.state.open.is_empty() && self.state.run_end().is_none() {
            self.finish_run()?;
        }
        self.flush();
        Ok(())
    }

    fn fire(&mut self, timer: Timer) -> Result<(), Error> {
        match timer {
            Timer::Run => {
                let (at, why) = (self.now.wall, StopReason::RunTimeout);
                self.record(Change::RunStopping { at, why })
            }
            Timer::Attempt(ix) if self.state.attempts[ix].stage == Stage::WaitingForRetry => {
                self.dirty.insert(ix);
                Ok(())
            }
            // Whether it still runs is being asked; its time-out is looked at when the answer is there.
            Timer::Attempt(ix) if self.recovering.contains(&ix) => Ok(()),
            Timer::Attempt(ix) => self.stop(ix, StopReason::TaskTimeout),
            Timer::RunWarning => {
                let threshold = self.plan.health.as_deref().and_then(Health::duration_threshold);
                self.warn(self.plan.run_id, threshold)
            }
            Timer::AttemptWarning(ix) if self.recovering.contains(&ix) => Ok(()),
            Timer::AttemptWarning(ix) => {
                let health = self.state.attempts[ix].task.health.as_ref();
                self.warn(self.plan.task_run_id(ix), health.and_then(Health::duration_threshold))
            }
        }
    }

    /// Says that a run has run for longer than its health rule allows. It goes on.
    fn warn(&mut self, run: RunId, threshold: Option<i64>) -> Result<(), Error> {
        match threshold {
            Some(threshold_seconds) => {
                self.record(Change::Warned { run, at: self.now.wall, threshold_seconds })
            }
            None => Ok(()),
        }
    }

    fn react(&mut self, ix: AttemptIx) -> Result<(), Error> {
        let attempt = &self.state.attempts[ix];
        let from_above = self.stopped_from_above(ix);
        match (&attempt.stage, from_above) {
            (Stage::Blocked, Some(why)) if attempt.iteration.is_none() => self.end(ix, ends::never_ran(why)),
            (Stage::Blocked | Stage::WaitingForRetry, Some(why)) => self.end(ix, ends::stopped(why)),
            (Stage::Blocked, None) if attempt.iteration.is_none() => self.decide(ix),
            (Stage::WaitingForRetry, None) if self.timers.is_set(Timer::Attempt(ix)) => Ok(()),
            (Stage::WaitingForRetry, None) => self.launch(ix),
            (Stage::InFlight, Some(why)) if attempt.stop.is_none() => self.stop(ix, why),
            (Stage::Expanded, Some(why)) if attempt.stop.is_none() => self.stop(ix, why),
            (Stage::Expanded, _) => self.advance(ix),
            // An iteration waits for its turn, which its parent gives it.
            (Stage::Blocked, None) | (Stage::InFlight | Stage::Ended(_), _) => Ok(()),
        }
    }

    /// Why an attempt must not go on, when that was not said of the attempt itself: its job run or the for-each task
    /// run that it belongs to is being stopped.
    pub(super) fn stopped_from_above(&self, ix: AttemptIx) -> Option<StopReason> {
        let parent = self.state.attempts[ix].iteration.map(|iteration| iteration.parent);
        parent.and_then(|parent| self.state.attempts[parent].stop).or(self.state.stop)
    }

    /// Asks for an attempt to be stopped. Of a for-each task run, the iterations follow.
    pub(super) fn stop(&mut self, ix: AttemptIx, why: StopReason) -> Result<(), Error> {
        let run = self.plan.task_run_id(ix);
        self.record(Change::Stopping { run, at: self.now.wall, why })?;
        // A restored attempt is stopped once the driver has found it again.
        if self.state.attempts[ix].stage == Stage::InFlight && !self.recovering.contains(&ix) {
            self.acts.push(Output::Stop { run, why });
        }
        Ok(())
    }

    /// Ends a task run that gets no further attempt.
    pub(super) fn end(&mut self, ix: AttemptIx, end: End) -> Result<(), Error> {
        let run = self.plan.task_run_id(ix);
        self.record(Change::Ended { run, at: self.now.wall, end, output: None, next: None })
    }

    /// Decides about a task that waits: a disabled one ends at once (reference section 9.5), another when all its
    /// dependencies are final.
    fn decide(&mut self, ix: AttemptIx) -> Result<(), Error> {
        let node = &self.state.nodes[self.state.attempts[ix].node];
        if node.task.is_disabled() && !node.forced {
            return self.end(ix, ends::disabled());
        }
        if node.waiting > 0 {
            return Ok(());
        }
        let edges: Vec<Edge> = node
            .upstream
            .iter()
            .filter_map(|upstream| {
                let attempt = self.state.latest(upstream.node)?;
                let had = attempt.condition.map(|outcome| if outcome { "true" } else { "false" });
                Some(edge(&attempt.end()?.outcome, upstream.outcome.as_deref(), had))
            })
            .collect();
        match ends::decided(decide(&node.task.run_if(), &edges)) {
            Some(end) => self.end(ix, end),
            None => self.launch(ix),
        }
    }
}
