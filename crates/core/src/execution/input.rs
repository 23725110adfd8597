//! Taking one input: what it changes at once. What follows from that is decided in `ready`.

use super::change::Change;
use super::ends;
use super::io::{Input, Output, StopReason};
use super::machine::Machine;
use super::state::{AttemptIx, Stage};
use crate::error::{Error, ErrorCode};
use crate::id::RunId;
use serde_json::Value;

/// Most bytes of the JSON text of a task value (reference section 14.1).
pub const MAX_VALUE_BYTES: usize = 48 * 1024;
/// Most bytes of a task value's key.
pub const MAX_VALUE_KEY_BYTES: usize = 1024;
/// Most task values of a job run.
pub const MAX_VALUES: usize = 250;

impl Machine {
    pub(super) fn take(&mut self, input: Input) -> Result<(), Error> {
        let at = self.now.wall;
        match input {
            Input::Started { run } => self.started(run),
            Input::Exited { run, exit } => {
                let ix = self.in_flight(run, "Exited")?;
                self.exit(ix, exit)
            }
            Input::Value { run, key, value } => {
                let ix = self.in_flight(run, "Value")?;
                self.check_value(ix, &key, &value)?;
                self.record(Change::Valued { run, key, value })
            }
            Input::CancelRun if self.state.stop.is_some() || self.state.run_end().is_some() => Ok(()),
            Input::CancelRun => self.record(Change::RunStopping { at, why: StopReason::RunCanceled }),
            Input::CancelTask { run } => self.cancel_task(run),
            Input::Repair(repair) => self.repair(*repair),
            Input::SetTimeout { timeout_ms } if self.state.timeout_ms != timeout_ms => {
                self.record(Change::TimeoutSet { timeout_ms })
            }
            Input::Timeout | Input::SetTimeout { .. } => Ok(()),
            Input::StillRunning { run } => {
                let ix = self.recovered(run, "StillRunning")?;
                match self.state.attempts[ix].stop {
                    Some(why) => self.acts.push(Output::Stop { run, why }),
                    None => self.set_timeout(ix),
                }
                self.set_warning(ix);
                Ok(())
            }
            Input::NeverStarted { run } => {
                let ix = self.recovered(run, "NeverStarted")?;
                match self.state.attempts[ix].stop {
                    Some(why) => self.end(ix, ends::stopped(why)),
                    None => self.relaunch(ix),
                }
            }
        }
    }

    fn started(&mut self, run: RunId) -> Result<(), Error> {
        let ix = self.known(run)?;
        let attempt = &self.state.attempts[ix];
        match attempt.stage {
            Stage::InFlight if attempt.executing.is_none() => {
                self.record(Change::Executing { run, at: self.now.wall })
            }
            Stage::InFlight | Stage::Ended(_) => Ok(()),
            _ => Err(self.misplaced(ix, "Started")),
        }
    }

    fn cancel_task(&mut self, run: RunId) -> Result<(), Error> {
        let ix = self.known(run)?;
        let attempt = &self.state.attempts[ix];
        match attempt.stage {
            Stage::Ended(_) => Ok(()),
            Stage::InFlight | Stage::Expanded if attempt.stop.is_some() => Ok(()),
            Stage::InFlight | Stage::Expanded => self.stop(ix, StopReason::TaskCanceled),
            Stage::Blocked | Stage::WaitingForRetry => self.end(ix, ends::stopped(StopReason::TaskCanceled)),
        }
    }

    fn check_value(&self, ix: AttemptIx, key: &str, value: &Value) -> Result<(), Error> {
        let limit = |message: String| {
            Err(Error::new(ErrorCode::LimitExceeded, "set_task_value", message)
                .with("run_id", self.plan.task_run_id(ix)))
        };
        if key.is_empty() || key.len() > MAX_VALUE_KEY_BYTES {
            let message =
                format!("a task value's key has 1 to {MAX_VALUE_KEY_BYTES} bytes, not {}", key.len());
            return limit(message);
        }
        let size = value.to_string().len();
        if size > MAX_VALUE_BYTES {
            return limit(format!(
                "task value {key:?} has {size} bytes of JSON, the limit is {MAX_VALUE_BYTES}"
            ));
        }
        let values = self.state.values.get(&self.state.attempts[ix].task.task_key);
        if self.state.value_count >= MAX_VALUES && !values.is_some_and(|values| values.contains_key(key)) {
            return limit(format!("A maximum of {MAX_VALUES} task values per job run is allowed"));
        }
        Ok(())
    }

    /// A task run that exists.
    pub(super) fn known(&self, run: RunId) -> Result<AttemptIx, Error> {
        self.plan.attempt_ix(run).filter(|ix| *ix < self.state.attempts.len()).ok_or_else(|| {
            let message = format!("run {run} is no task run of this job run");
            Error::new(ErrorCode::NotFound, "execute", message).with("run_id", self.plan.run_id)
        })
    }

    fn in_flight(&self, run: RunId, input: &str) -> Result<AttemptIx, Error> {
        let ix = self.known(run)?;
        if self.state.attempts[ix].stage == Stage::InFlight {
            return Ok(ix);
        }
        Err(self.misplaced(ix, input))
    }

    /// An attempt whose `Recover` is now answered.
    fn recovered(&mut self, run: RunId, input: &str) -> Result<AttemptIx, Error> {
        let ix = self.in_flight(run, input)?;
        if self.recovering.remove(&ix) {
            return Ok(ix);
        }
        Err(self.misplaced(ix, input))
    }

    fn misplaced(&self, ix: AttemptIx, input: &str) -> Error {
        let attempt = &self.state.attempts[ix];
        let stage = match &attempt.stage {
            Stage::Blocked => "is blocked",
            Stage::WaitingForRetry => "waits for its retry",
            Stage::InFlight => "is in flight and was not asked for",
            Stage::Expanded => "is a for-each task, which the machine runs itself",
            Stage::Ended(_) => "is over",
        };
        let message = format!("{input} does not fit: the task run {stage}");
        Error::new(ErrorCode::InvalidTransition, "execute", message)
            .with("run_id", self.plan.task_run_id(ix))
            .with("task_key", attempt.key())
    }
}
