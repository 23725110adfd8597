//! The fold: how each change alters the state. Nothing here decides anything; the same changes give the same state,
//! live and after a restore.

use super::change::Change;
use super::foreach;
use super::io::RUNS_PER_JOB_RUN;
use super::machine::Machine;
use super::state::{Attempt, AttemptIx, Each, Iteration, Round, Stage};
use super::timers::Timer;
use crate::error::{Error, ErrorCode};
use crate::id::RunId;
use crate::job::{Health, Task};
use crate::run::{End, Outcome};
use crate::time::WallTime;
use crate::trigger::back_off_ms;
use serde_json::Value;
use std::sync::Arc;

/// A record that this plan cannot have: it belongs to another run, or it is damaged.
fn misfit(what: &str, run: Option<RunId>) -> Error {
    let error =
        Error::new(ErrorCode::Malformed, "restore", format!("the record does not fit the plan: {what}"));
    match run {
        Some(run) => error.with("run_id", run),
        None => error,
    }
}

impl Machine {
    /// Applies one change. An error means that the change does not fit the state; only a damaged record does that.
    pub(super) fn apply(&mut self, change: &Change) -> Result<(), Error> {
        if self.state.began.is_none() != matches!(change, Change::Began { .. }) {
            return Err(misfit("`began` must come first and once", None));
        }
        match change {
            Change::Began { at } => self.apply_began(*at),
            Change::Started { run, at, task } => {
                let ix = self.waiting_attempt(*run)?;
                self.state.attempts[ix].resolved = Some(Arc::new((**task).clone()));
                self.state.attempts[ix].stage = Stage::InFlight;
                self.state.in_flight += 1;
                self.mark_started(ix, *at);
            }
            Change::Restarted { run, at } => {
                let ix = self.staged(*run, &Stage::InFlight)?;
                self.mark_started(ix, *at);
            }
            Change::Executing { run, at } => {
                let ix = self.staged(*run, &Stage::InFlight)?;
                self.state.attempts[ix].executing = Some(*at);
                self.touch(ix);
            }
            Change::Compared { run, at, task, outcome } => {
                let ix = self.waiting_attempt(*run)?;
                self.mark_started(ix, *at);
                let attempt = &mut self.state.attempts[ix];
                attempt.resolved = Some(Arc::new((**task).clone()));
                attempt.condition = Some(*outcome);
                self.close(ix, *at, End::success());
                self.finalise(ix);
            }
            Change::Expanded { run, at, inputs, first, rerun } => {
                self.apply_expanded(*run, *at, inputs, *first, rerun.as_deref())?;
            }
            Change::Valued { run, key, value } => {
                let ix = self.staged(*run, &Stage::InFlight)?;
                self.apply_value(ix, key, value);
            }
            Change::Stopping { run, why, .. } => {
                let ix = self.attempt(*run)?;
                self.state.attempts[ix].stop = Some(*why);
                self.set_timer(ix, None);
                self.mark_iterations_dirty(ix);
                self.touch(ix);
            }
            Change::Ended { run, at, end, output, next } => {
                self.apply_ended(*run, *at, end, output.as_ref(), *next)?;
            }
            Change::RunStopping { why, .. } => {
                self.state.stop = Some(*why);
                self.timers.set(Timer::Run, None);
                self.dirty.extend(self.state.open.iter());
                self.changed.insert(self.plan.run_id);
            }
            Change::TimeoutSet { timeout_ms } => {
                self.state.timeout_ms = *timeout_ms;
                self.set_run_timer();
            }
            Change::RunEnded { at, end } => {
                let round = self.state.rounds.last_mut().ok_or_else(|| misfit("no round", None))?;
                round.end = Some((*at, end.clone()));
                self.timers.set(Timer::Run, None);
                self.timers.set(Timer::RunWarning, None);
                self.changed.insert(self.plan.run_id);
            }
            Change::Warned { run, .. } => self.apply_warned(*run)?,
            Change::Repaired { .. } => self.apply_repaired(change)?,
        }
        Ok(())
    }

    fn apply_warned(&mut self, run: RunId) -> Result<(), Error> {
        if run == self.plan.run_id {
            self.timers.set(Timer::RunWarning, None);
            return Ok(());
        }
        let ix = self.attempt(run)?;
        self.state.attempts[ix].warned = true;
        self.timers.set(Timer::AttemptWarning(ix), None);
        Ok(())
    }

    fn apply_began(&mut self, at: WallTime) {
        self.state.began = Some(at);
        self.open_round(None, at);
        for node in 0..self.state.nodes.len() {
            let task = Arc::clone(&self.state.nodes[node].task);
            self.add(Attempt::new(node, task, 0));
            self.state.nodes[node].waiting = self.state.nodes[node].upstream.len();
        }
    }

    /// Begins the original run or a repair.
    pub(super) fn open_round(&mut self, repair_id: Option<i64>, at: WallTime) {
        let start_tick = self.tick_of(at);
        self.state.rounds.push(Round { repair_id, start: at, start_tick, end: None, attempts: Vec::new() });
        self.state.stop = None;
        self.state.active = repair_id.is_some();
        self.set_run_timer();
        let due = self.plan.health.as_deref().and_then(threshold_ms).map(|ms| later(start_tick, ms));
        self.timers.set(Timer::RunWarning, due);
        self.changed.insert(self.plan.run_id);
    }

    fn set_run_timer(&mut self) {
        let active = self.state.round().filter(|round| round.end.is_none() && self.state.stop.is_none());
        let due = active.zip(self.state.timeout_ms).map(|(round, ms)| later(round.start_tick, ms));
        self.timers.set(Timer::Run, due);
    }

    /// Adds a task run; its id follows from its place.
    pub(super) fn add(&mut self, attempt: Attempt) -> AttemptIx {
        let ix = self.state.attempts.len();
        if attempt.iteration.is_none() {
            self.state.nodes[attempt.node].attempts.push(ix);
        }
        if let Some(round) = self.state.rounds.last_mut() {
            round.attempts.push(ix);
        }
        self.state.attempts.push(attempt);
        self.state.open.insert(ix);
        self.dirty.insert(ix);
        self.touch(ix);
        ix
    }

    fn mark_started(&mut self, ix: AttemptIx, at: WallTime) {
        let tick = self.tick_of(at);
        let attempt = &mut self.state.attempts[ix];
        attempt.started = Some(at);
        attempt.started_tick = tick;
        self.set_timeout(ix);
        self.set_warning(ix);
        self.leave_queue(ix);
        self.touch(ix);
        if !self.state.active {
            self.state.active = true;
            self.changed.insert(self.plan.run_id);
        }
    }

    /// Sets the timer of an attempt's time-out, which counts from its start.
    pub(super) fn set_timeout(&mut self, ix: AttemptIx) {
        let attempt = &self.state.attempts[ix];
        let due = attempt.task.timeout_ms().map(|ms| later(attempt.started_tick, ms));
        self.set_timer(ix, due);
    }

    /// Sets the timer of an attempt's health rule, which counts from its start too and warns once.
    pub(super) fn set_warning(&mut self, ix: AttemptIx) {
        let attempt = &self.state.attempts[ix];
        let threshold = attempt.task.health.as_ref().filter(|_| !attempt.warned).and_then(threshold_ms);
        let due = threshold.map(|ms| later(attempt.started_tick, ms));
        self.timers.set(Timer::AttemptWarning(ix), due);
    }

    /// An iteration that starts or ends is no longer one of its parent's unstarted elements.
    fn leave_queue(&mut self, ix: AttemptIx) {
        if let Some(Iteration { parent, index }) = self.state.attempts[ix].iteration
            && let Some(each) = &mut self.state.attempts[parent].each
        {
            each.unstarted.remove(&index);
        }
    }

    fn apply_expanded(
        &mut self,
        run: RunId,
        at: WallTime,
        inputs: &str,
        first: RunId,
        rerun: Option<&[u32]>,
    ) -> Result<(), Error> {
        let parent = self.waiting_attempt(run)?;
        let elements: Vec<Value> =
            serde_json::from_str(inputs).map_err(|_| misfit("inputs are no list", Some(run)))?;
        let nested = self.state.attempts[parent].task.for_each_task.clone();
        let nested = nested.ok_or_else(|| misfit("not a for-each task", Some(run)))?;
        let node = self.state.attempts[parent].node;
        let round = self.state.rounds.len().saturating_sub(1);
        let (task, concurrency) = (Arc::new((*nested.task).clone()), foreach::concurrency(&nested));
        let kept = self.previous_iterations(parent).to_vec();
        let mut each = Each { inputs: elements, concurrency, ..Each::default() };
        let mut expected = first;
        for index in 0..each.inputs.len() {
            let number = index as u32;
            if let Some(rerun) = rerun.filter(|rerun| rerun.binary_search(&number).is_err()) {
                let keeps = kept.get(index).copied();
                each.iterations.push(keeps.ok_or_else(|| {
                    misfit(&format!("no result of element {index} beside {rerun:?}"), Some(run))
                })?);
                each.succeeded += 1;
                continue;
            }
            let mut attempt = Attempt::new(node, Arc::clone(&task), round);
            attempt.iteration = Some(Iteration { parent, index: number });
            attempt.runs_before = kept.get(index).map_or(0, |ix| self.state.attempts[*ix].runs_after());
            expected = self.expect_id(expected, run)?;
            each.iterations.push(self.add(attempt));
            each.unstarted.insert(number);
        }
        let mut resolved: Task = (*self.state.attempts[parent].task).clone();
        if let Some(block) = &mut resolved.for_each_task {
            inputs.clone_into(&mut block.inputs.0);
        }
        let attempt = &mut self.state.attempts[parent];
        attempt.resolved = Some(Arc::new(resolved));
        attempt.each = Some(Box::new(each));
        attempt.stage = Stage::Expanded;
        attempt.executing = Some(at);
        self.mark_started(parent, at);
        self.dirty.insert(parent);
        Ok(())
    }

    /// Checks that `run` is the next free id and returns the one after it.
    pub(super) fn expect_id(&self, run: RunId, of: RunId) -> Result<RunId, Error> {
        if run == self.plan.task_run_id(self.state.attempts.len()) {
            Ok(RunId(run.0 + 1))
        } else {
            Err(misfit("task run ids are not consecutive", Some(of)))
        }
    }

    fn apply_value(&mut self, ix: AttemptIx, key: &str, value: &Value) {
        let task_key = &self.state.attempts[ix].task.task_key;
        let values = match self.state.values.get_mut(task_key) {
            Some(values) => values,
            None => self.state.values.entry(task_key.clone()).or_default(),
        };
        if values.insert(key.to_owned(), value.clone()).is_none() {
            self.state.value_count += 1;
        }
    }

    fn apply_ended(
        &mut self,
        run: RunId,
        at: WallTime,
        end: &End,
        output: Option<&Value>,
        next: Option<RunId>,
    ) -> Result<(), Error> {
        let ix = self.attempt(run)?;
        if self.state.attempts[ix].end().is_some() {
            return Err(misfit("ended twice", Some(run)));
        }
        let attempt = &mut self.state.attempts[ix];
        attempt.output = output.cloned();
        if attempt.started.is_none() && end.outcome == Outcome::Failed {
            attempt.started = Some(at);
        }
        self.close(ix, at, end.clone());
        if let Some(next) = next {
            return self.apply_next(ix, next);
        }
        self.finalise(ix);
        Ok(())
    }

    /// The next attempt of the same task or iteration; it waits until the interval from the start of this one is over.
    fn apply_next(&mut self, ix: AttemptIx, run: RunId) -> Result<(), Error> {
        self.expect_id(run, run)?;
        let failed = &self.state.attempts[ix];
        let interval =
            failed.task.min_retry_interval_millis.and_then(|ms| u64::try_from(ms).ok()).unwrap_or(0);
        // The platform does not tell the delays; they are those between the runs of a continuous job.
        let growing = if self.plan.retry_on_failure { back_off_ms(failed.number + 1) } else { 0 };
        let interval = interval.max(growing.unsigned_abs());
        let due = later(failed.started_tick, interval);
        let mut attempt = Attempt::new(failed.node, Arc::clone(&failed.task), failed.round);
        attempt.iteration = failed.iteration;
        attempt.number = failed.number + 1;
        attempt.runs_before = failed.runs_after();
        attempt.stage = Stage::WaitingForRetry;
        attempt.due = failed.started.map(|at| at + i64::try_from(interval).unwrap_or(i64::MAX));
        let next = self.add(attempt);
        self.set_timer(next, Some(due));
        if let Some(Iteration { parent, index }) = self.state.attempts[ix].iteration
            && let Some(each) = &mut self.state.attempts[parent].each
        {
            each.iterations[index as usize] = next;
        }
        Ok(())
    }

    /// Ends one attempt.
    fn close(&mut self, ix: AttemptIx, at: WallTime, end: End) {
        let attempt = &mut self.state.attempts[ix];
        self.state.in_flight -= usize::from(attempt.stage == Stage::InFlight);
        attempt.stage = Stage::Ended(end);
        attempt.ended = Some(at);
        self.state.open.remove(&ix);
        self.recovering.remove(&ix);
        self.set_timer(ix, None);
        self.timers.set(Timer::AttemptWarning(ix), None);
        self.leave_queue(ix);
        self.touch(ix);
    }

    /// The last attempt of a task or of an iteration is over: those that wait for it look again.
    fn finalise(&mut self, ix: AttemptIx) {
        let attempt = &self.state.attempts[ix];
        if let Some(Iteration { parent, .. }) = attempt.iteration {
            let end = attempt.end().cloned();
            if let (Some(each), Some(end)) = (&mut self.state.attempts[parent].each, end) {
                if end.outcome.is_success() {
                    each.succeeded += 1;
                } else {
                    each.failed += 1;
                    *each.errors.entry(end.message).or_default() += 1;
                }
            }
            self.dirty.insert(parent);
            return;
        }
        let from = attempt.node;
        let dependents = std::mem::take(&mut self.state.nodes[from].dependents);
        for dependent in &dependents {
            let node = &mut self.state.nodes[*dependent];
            node.waiting = node.waiting.saturating_sub(1);
            if node.waiting == 0 {
                self.dirty.extend(node.attempts.last());
            }
        }
        self.state.nodes[from].dependents = dependents;
    }

    fn mark_iterations_dirty(&mut self, ix: AttemptIx) {
        self.dirty.insert(ix);
        if let Some(each) = &self.state.attempts[ix].each {
            self.dirty.extend(each.iterations.iter().filter(|n| self.state.open.contains(n)));
        }
    }

    /// Notes that a task run's row has changed; an iteration changes its parent's counts too.
    pub(super) fn touch(&mut self, ix: AttemptIx) {
        self.changed.insert(self.plan.task_run_id(ix));
        if let Some(iteration) = self.state.attempts[ix].iteration {
            self.changed.insert(self.plan.task_run_id(iteration.parent));
        }
    }

    fn set_timer(&mut self, ix: AttemptIx, due: Option<i64>) {
        self.timers.set(Timer::Attempt(ix), due);
    }

    fn attempt(&self, run: RunId) -> Result<AttemptIx, Error> {
        let ix = self.plan.attempt_ix(run).filter(|ix| *ix < self.state.attempts.len());
        ix.ok_or_else(|| misfit("unknown task run", Some(run)))
    }

    fn staged(&self, run: RunId, stage: &Stage) -> Result<AttemptIx, Error> {
        let ix = self.attempt(run)?;
        if self.state.attempts[ix].stage == *stage {
            return Ok(ix);
        }
        Err(misfit("the task run is at another stage", Some(run)))
    }

    fn waiting_attempt(&self, run: RunId) -> Result<AttemptIx, Error> {
        self.staged(run, &Stage::Blocked).or_else(|_| self.staged(run, &Stage::WaitingForRetry))
    }

    /// True when no further task run may be made.
    pub(super) fn is_full(&self, more: usize) -> bool {
        (self.state.attempts.len() + more) as i64 > RUNS_PER_JOB_RUN
    }
}

/// Milliseconds after which a run has run for longer than its health rules allow: more than the smallest number of seconds.
fn threshold_ms(health: &Health) -> Option<u64> {
    health.duration_threshold().map(|seconds| u64::try_from(seconds).unwrap_or(0).saturating_mul(1000) + 1)
}

/// A tick moved `ms` milliseconds into the future.
fn later(tick: i64, ms: u64) -> i64 {
    tick.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX))
}
