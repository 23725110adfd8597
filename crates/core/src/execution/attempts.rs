//! Starting one attempt, and whether another follows it (reference sections 10.1, 11.1 and 13.1).

use super::change::Change;
use super::ends;
use super::io::{Exit, Output, RUNS_PER_JOB_RUN, Start, StopReason};
use super::machine::Machine;
use super::state::{Attempt, AttemptIx, Stage};
use crate::dag::compare;
use crate::error::Error;
use crate::job::TaskKind;
use crate::run::{End, Outcome};

impl Machine {
    /// Starts an attempt: references are resolved now. Conditions are evaluated and for-each tasks expanded here; all
    /// other tasks go to the driver.
    pub(super) fn launch(&mut self, ix: AttemptIx) -> Result<(), Error> {
        let resolved = match self.resolve(ix) {
            Ok(resolved) => resolved,
            Err(problems) => return self.end(ix, ends::invalid(problems.join("; "))),
        };
        let (run, at) = (self.plan.task_run_id(ix), self.now.wall);
        match resolved.task.kind() {
            Some(TaskKind::Condition(block)) => match compare(&block.op, &block.left.0, &block.right.0) {
                Ok(outcome) => {
                    self.record(Change::Compared { run, at, task: Box::new(resolved.task), outcome })
                }
                Err(error) => self.end(ix, ends::invalid(error.to_string())),
            },
            Some(TaskKind::ForEach(block)) => {
                let inputs = block.inputs.0.clone();
                self.expand(ix, inputs)
            }
            _ => {
                self.record(Change::Started { run, at, task: Box::new(resolved.task.clone()) })?;
                let start = Start { parameters: resolved.parameters, ..self.start_of(ix, resolved.task) };
                self.acts.push(Output::Start(Box::new(start)));
                Ok(())
            }
        }
    }

    /// Starts an attempt whose start was recorded before a crash that came before the driver carried it out.
    pub(super) fn relaunch(&mut self, ix: AttemptIx) -> Result<(), Error> {
        let run = self.plan.task_run_id(ix);
        self.record(Change::Restarted { run, at: self.now.wall })?;
        let attempt = &self.state.attempts[ix];
        let task = attempt.resolved.as_ref().unwrap_or(&attempt.task);
        let parameters = self.resolved_parameters(Some(ix)).into_iter();
        let parameters = parameters.filter_map(|(name, value)| Some((name, value.ok()?))).collect();
        let start = Start { parameters, ..self.start_of(ix, (**task).clone()) };
        self.acts.push(Output::Start(Box::new(start)));
        Ok(())
    }

    fn start_of(&self, ix: AttemptIx, task: crate::job::Task) -> Start {
        let attempt = &self.state.attempts[ix];
        Start {
            run: self.plan.task_run_id(ix),
            task_key: attempt.key(),
            attempt_number: attempt.number,
            task,
            parameters: Vec::new(),
        }
    }

    /// Ends an attempt that was in flight; another one may follow.
    pub(super) fn exit(&mut self, ix: AttemptIx, exit: Exit) -> Result<(), Error> {
        let mut end = ends::exited(&exit, self.state.attempts[ix].stop);
        let (run, at) = (self.plan.task_run_id(ix), self.now.wall);
        let mut next = None;
        if self.is_retried(ix, &end) {
            if self.is_full(1) {
                end.message = format!(
                    "{} (not retried: a job run has at most {RUNS_PER_JOB_RUN} task runs)",
                    end.message
                );
            } else {
                next = Some(self.plan.task_run_id(self.state.attempts.len()));
            }
        }
        let gives_up = self.plan.retry_on_failure && next.is_none() && is_failure(&end);
        self.record(Change::Ended { run, at, end, output: exit.output, next })?;
        if gives_up && self.state.stop.is_none() && !self.state.open.is_empty() {
            self.record(Change::RunStopping { at, why: StopReason::GaveUp })?;
        }
        Ok(())
    }

    /// Failed attempts are retried up to `max_retries` times (-1: for ever), timed out ones only with
    /// `retry_on_timeout`, cancelled ones never, and none while the job run or the for-each task run is being stopped.
    fn is_retried(&self, ix: AttemptIx, end: &End) -> bool {
        let attempt: &Attempt = &self.state.attempts[ix];
        let wanted = match end.outcome {
            Outcome::Failed => true,
            Outcome::TimedOut => attempt.task.retry_on_timeout == Some(true),
            _ => false,
        };
        let most = attempt.task.max_retries.unwrap_or(0);
        let by_task = most < 0 || i64::from(attempt.number) < most;
        wanted && self.stopped_from_above(ix).is_none() && (by_task || self.is_retried_by_job(ix))
    }

    /// `task_retry_mode` `ON_FAILURE`: while another task is still in its first attempt; the only task of a job three times
    /// (reference section 11.5).
    fn is_retried_by_job(&self, ix: AttemptIx) -> bool {
        if !self.plan.retry_on_failure {
            return false;
        }
        if self.state.nodes.len() == 1 {
            return self.state.attempts[ix].number < MOST_RETRIES_ALONE;
        }
        let own = self.state.attempts[ix].node;
        (0..self.state.nodes.len()).filter(|node| *node != own).any(|node| {
            let latest = self.state.latest(node);
            latest.is_some_and(|attempt| attempt.number == 0 && attempt.stage == Stage::InFlight)
        })
    }
}

/// Retries of the only task of a continuous job in one run.
const MOST_RETRIES_ALONE: u32 = 3;

fn is_failure(end: &End) -> bool {
    matches!(end.outcome, Outcome::Failed | Outcome::TimedOut)
}
