//! Running part of an ended job run again (reference sections 3.16 and 11.6).

use super::change::Change;
use super::io::{RUNS_PER_JOB_RUN, Repair};
use super::machine::{Machine, check_task};
use super::parameters::{repair_legacy, repair_parameters};
use super::state::{Attempt, AttemptIx, NodeIx};
use crate::dag::{Edge, edge, graph};
use crate::error::{Error, ErrorCode};
use crate::job::Task;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

fn refuse(code: ErrorCode, message: impl Into<String>) -> Error {
    Error::new(code, "repair_run", message)
}

impl Machine {
    pub(super) fn repair(&mut self, repair: Repair) -> Result<(), Error> {
        self.check_repair(&repair)?;
        let selected = self.select(&repair)?;
        let tasks = self.refreshed(&selected, &repair)?;
        if self.is_full(tasks.len()) {
            let message = format!("a job run has at most {RUNS_PER_JOB_RUN} task runs");
            return Err(refuse(ErrorCode::LimitExceeded, message));
        }
        let forced =
            tasks.iter().filter(|task| task.is_disabled() && repair.rerun_tasks.contains(&task.task_key));
        self.record(Change::Repaired {
            at: self.now.wall,
            repair_id: repair.repair_id,
            forced: forced.map(|task| task.task_key.clone()).collect(),
            first: self.plan.task_run_id(self.state.attempts.len()),
            parameters: repair_parameters(&self.plan.parameters, &repair),
            legacy: repair_legacy(&self.plan.legacy, &repair.legacy),
            tasks,
        })
    }

    fn check_repair(&self, repair: &Repair) -> Result<(), Error> {
        if self.state.run_end().is_none() {
            return Err(refuse(
                ErrorCode::InvalidState,
                "the run is still active; only an ended run can be repaired",
            ));
        }
        let latest = self.state.round().and_then(|round| round.repair_id);
        if latest != repair.latest_repair_id {
            let text = |id: Option<i64>| id.map_or("none".to_owned(), |id| id.to_string());
            let message = format!(
                "latest_repair_id is {}, but the last repair of the run is {}",
                text(repair.latest_repair_id),
                text(latest)
            );
            return Err(refuse(ErrorCode::InvalidArgument, message));
        }
        match (repair.rerun_all_failed_tasks, repair.rerun_tasks.is_empty()) {
            (true, false) => Err(refuse(
                ErrorCode::InvalidArgument,
                "rerun_tasks and rerun_all_failed_tasks exclude each other",
            )),
            (false, true) => Err(refuse(
                ErrorCode::InvalidArgument,
                "name the tasks in rerun_tasks or set rerun_all_failed_tasks",
            )),
            _ => Ok(()),
        }
    }

    /// The tasks to run again. Every unknown key is named.
    fn select(&self, repair: &Repair) -> Result<BTreeSet<NodeIx>, Error> {
        let unsuccessful = |node: &NodeIx| {
            let class = self.state.node_end(*node).map(|end| edge(&end.outcome, None, None));
            matches!(class, Some(Edge::Failed | Edge::Canceled))
        };
        let mut selected: BTreeSet<NodeIx> = if repair.rerun_all_failed_tasks {
            (0..self.state.nodes.len()).filter(unsuccessful).collect()
        } else {
            let keys = &self.state.keys;
            let unknown: Vec<String> = repair
                .rerun_tasks
                .iter()
                .filter(|k| !keys.contains_key(*k))
                .map(|k| format!("{k:?}"))
                .collect();
            if !unknown.is_empty() {
                let message =
                    format!("rerun_tasks names tasks that the run does not have: {}", unknown.join(", "));
                return Err(refuse(ErrorCode::InvalidArgument, message));
            }
            repair.rerun_tasks.iter().filter_map(|key| keys.get(key).copied()).collect()
        };
        if repair.rerun_dependent_tasks {
            let mut queue: Vec<NodeIx> = selected.iter().copied().collect();
            while let Some(node) = queue.pop() {
                queue.extend(self.state.nodes[node].dependents.iter().filter(|next| selected.insert(**next)));
            }
        }
        let succeeded =
            |node: &NodeIx| self.state.node_end(*node).is_some_and(|end| end.outcome.is_success());
        if selected.iter().all(succeeded) {
            let message = "there is nothing to repair: all chosen tasks were successful";
            return Err(refuse(ErrorCode::InvalidState, message));
        }
        Ok(selected)
    }

    /// The selected tasks as the job defines them now; one that the job no longer has stays as the run knows it. The
    /// run's graph must still be without a cycle.
    fn refreshed(&self, selected: &BTreeSet<NodeIx>, repair: &Repair) -> Result<Vec<Task>, Error> {
        let present: BTreeMap<&str, &Task> =
            repair.tasks.iter().map(|task| (task.task_key.as_str(), task)).collect();
        let newest = |node: NodeIx| {
            let known = &*self.state.nodes[node].task;
            let present = present.get(known.task_key.as_str()).filter(|_| selected.contains(&node));
            present.copied().unwrap_or(known)
        };
        let tasks: Vec<Task> = selected.iter().map(|node| newest(*node).clone()).collect();
        for task in &tasks {
            check_task(task).map_err(|message| refuse(ErrorCode::InvalidDefinition, message))?;
        }
        graph((0..self.state.nodes.len()).map(newest)).order().map_err(|cycle| {
            let cycle = cycle.join(" <- ");
            let message = format!("with the job's present tasks the run would have a cycle: {cycle}");
            refuse(ErrorCode::InvalidDefinition, message)
        })?;
        Ok(tasks)
    }

    /// The fold's part: the tasks get their present definition and a new task run; all others stay final.
    pub(super) fn apply_repaired(&mut self, change: &Change) -> Result<(), Error> {
        let Change::Repaired { at, repair_id, tasks, forced, first, parameters, legacy } = change else {
            return Ok(());
        };
        self.open_round(Some(*repair_id), *at);
        self.state.parameters.clone_from(parameters);
        self.state.legacy.clone_from(legacy);
        let misfit =
            || Error::new(ErrorCode::Malformed, "restore", "the record does not fit the plan: repair");
        let mut nodes = Vec::with_capacity(tasks.len());
        for task in tasks {
            let node = *self.state.keys.get(&task.task_key).ok_or_else(misfit)?;
            self.state.nodes[node].task = Arc::new(task.clone());
            self.state.nodes[node].forced = forced.contains(&task.task_key);
            nodes.push(node);
        }
        self.state.link();
        let mut run = *first;
        for node in &nodes {
            let earlier: AttemptIx = *self.state.nodes[*node].attempts.last().ok_or_else(misfit)?;
            let task = Arc::clone(&self.state.nodes[*node].task);
            let mut attempt = Attempt::new(*node, task, self.state.rounds.len() - 1);
            attempt.runs_before = self.state.attempts[earlier].runs_after();
            run = self.expect_id(run, run)?;
            self.add(attempt);
        }
        for node in nodes {
            let state = &self.state;
            let open = |edge: &&super::state::Upstream| state.node_end(edge.node).is_none();
            self.state.nodes[node].waiting = state.nodes[node].upstream.iter().filter(open).count();
        }
        // Whether a task run is listed depends on which round its task ran in last.
        for ix in 0..self.state.attempts.len() {
            self.touch(ix);
        }
        Ok(())
    }
}
