//! The state as people and the wire see it, whole or by task run.

use super::ends;
use super::finish::run_stopped;
use super::input::MAX_VALUES;
use super::io::{ParameterValue, RepairView, RunView, TaskRunView};
use super::machine::Machine;
use super::scope::ResolvedParameter;
use super::state::{Attempt, AttemptIx, Round, Stage};
use crate::id::RunId;
use crate::run::Phase;
use serde_json::Value;
use std::collections::BTreeMap;

impl Machine {
    /// The whole job run. Its cost grows with the number of task runs; a driver that stores rows uses
    /// [`Self::take_changed`] with [`Self::job_view`] and [`Self::task_view`] instead.
    pub fn view(&self) -> RunView {
        let tasks = (0..self.state.attempts.len()).map(|ix| self.task_run_view(ix)).collect();
        RunView { tasks, ..self.job_view() }
    }

    /// The job run without its task runs.
    pub fn job_view(&self) -> RunView {
        let rounds = &self.state.rounds;
        RunView {
            phase: self.phase(),
            start_time: self.state.began.unwrap_or_default(),
            end_time: rounds.last().and_then(|round| round.end.as_ref()).map(|(at, _)| *at),
            parameters: self.shown_parameters(),
            tasks: Vec::new(),
            repairs: rounds.iter().enumerate().map(|(n, round)| self.repair_view(n, round)).collect(),
        }
    }

    /// Where the job run stands.
    pub fn phase(&self) -> Phase {
        match (self.state.run_end(), self.state.stop) {
            (Some(end), _) => Phase::Ended(end.clone()),
            (None, Some(why)) => Phase::Terminating(run_stopped(why)),
            (None, None) if self.state.active => Phase::Running,
            (None, None) => Phase::Pending,
        }
    }

    /// One task run; `None` when it does not exist.
    pub fn task_view(&self, run: RunId) -> Option<TaskRunView> {
        let ix = self.plan.attempt_ix(run).filter(|ix| *ix < self.state.attempts.len())?;
        Some(self.task_run_view(ix))
    }

    /// The iterations of a for-each task run: the newest attempt of each element in order. After a repair those are
    /// also the iterations that kept their result, although they belong to an earlier task run. Empty for others.
    pub fn iterations(&self, run: RunId) -> Vec<RunId> {
        let attempt = self.plan.attempt_ix(run).and_then(|ix| self.state.attempts.get(ix));
        let each = attempt.and_then(|attempt| attempt.each.as_ref());
        each.map_or_else(Vec::new, |each| {
            each.iterations.iter().map(|ix| self.plan.task_run_id(*ix)).collect()
        })
    }

    /// The ids of everything whose view changed since the last call, in order; the job run's own id comes first when
    /// the job run changed.
    pub fn take_changed(&mut self) -> Vec<RunId> {
        std::mem::take(&mut self.changed).into_iter().collect()
    }

    /// Task values set so far, by task key and key.
    pub fn task_values(&self) -> &BTreeMap<String, BTreeMap<String, Value>> {
        &self.state.values
    }

    /// How many more task values the run may hold.
    pub fn values_left(&self) -> usize {
        MAX_VALUES.saturating_sub(self.state.value_count)
    }

    fn task_run_view(&self, ix: AttemptIx) -> TaskRunView {
        let attempt = &self.state.attempts[ix];
        TaskRunView {
            run_id: self.plan.task_run_id(ix),
            task_key: attempt.key(),
            iteration_of: attempt.iteration.map(|iteration| self.plan.task_run_id(iteration.parent)),
            iteration: attempt.iteration.map(|iteration| iteration.index),
            attempt_number: attempt.number,
            repair_id: self.state.rounds.get(attempt.round).and_then(|round| round.repair_id),
            listed: self.is_listed(attempt),
            phase: task_phase(attempt),
            retry_time: attempt.due.filter(|_| attempt.stage == Stage::WaitingForRetry),
            start_time: attempt.started,
            execution_start: attempt.executing,
            end_time: attempt.ended,
            task: attempt.task.clone(),
            resolved: attempt.resolved.clone(),
            condition_outcome: attempt.condition,
            stats: attempt.each.as_ref().map(|each| each.stats()),
        }
    }

    /// True for the attempts of the newest round in which the task, or the iteration, ran.
    fn is_listed(&self, attempt: &Attempt) -> bool {
        let newest = match attempt.iteration {
            None => self.state.latest(attempt.node),
            Some(iteration) => {
                let nodes = &self.state.nodes[attempt.node].attempts;
                let each = nodes.iter().rev().find_map(|ix| self.state.attempts[*ix].each.as_ref());
                each.and_then(|each| each.iterations.get(iteration.index as usize))
                    .map(|ix| &self.state.attempts[*ix])
            }
        };
        newest.is_some_and(|newest| newest.round == attempt.round)
    }

    fn repair_view(&self, n: usize, round: &Round) -> RepairView {
        let newest = n + 1 == self.state.rounds.len();
        RepairView {
            repair_id: round.repair_id,
            start_time: round.start,
            end_time: round.end.as_ref().map(|(at, _)| *at),
            phase: match &round.end {
                Some((_, end)) => Phase::Ended(end.clone()),
                None if newest => self.phase(),
                None => Phase::Running,
            },
            task_run_ids: round.attempts.iter().map(|ix| self.plan.task_run_id(*ix)).collect(),
        }
    }

    fn shown_parameters(&self) -> Vec<ParameterValue> {
        let pairs = self.state.parameters.iter().zip(self.resolved_parameters(None));
        let shown =
            |written: &str, (_, resolved): ResolvedParameter| resolved.unwrap_or_else(|_| written.to_owned());
        pairs.map(|(p, resolved)| ParameterValue { value: shown(&p.value, resolved), ..p.clone() }).collect()
    }
}

fn task_phase(attempt: &Attempt) -> Phase {
    match (&attempt.stage, attempt.stop) {
        (Stage::Blocked, _) => Phase::Blocked,
        (Stage::WaitingForRetry, _) => Phase::WaitingForRetry,
        (Stage::Ended(end), _) => Phase::Ended(end.clone()),
        (Stage::InFlight | Stage::Expanded, Some(why)) => Phase::Terminating(ends::stopped(why)),
        (Stage::InFlight, None) if attempt.executing.is_none() => Phase::Pending,
        (Stage::InFlight | Stage::Expanded, None) => Phase::Running,
    }
}
