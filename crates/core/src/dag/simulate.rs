//! "What runs if this fails": how a graph ends when the outcome of each task that runs is assumed.

use super::leaf::{JobOutcome, job_outcome};
use super::levels::graph;
use super::run_if::{decide, edge};
use crate::job::Task;
use crate::run::Outcome;
use std::collections::BTreeMap;

/// What is assumed of a task, should it run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumed {
    /// How it ends.
    pub outcome: Outcome,
    /// What its comparison gives, when it is a condition task that succeeds.
    pub condition: bool,
}

impl Default for Assumed {
    fn default() -> Self {
        Self { outcome: Outcome::Success, condition: true }
    }
}

/// How a graph ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simulated {
    /// The end of each task, in the order of the tasks.
    pub tasks: Vec<(String, Outcome)>,
    /// The result of the job run.
    pub job: JobOutcome,
}

/// Runs the graph on paper. Tasks that `assumed` does not name succeed, conditions among them with `true`.
/// Dependencies on tasks that are not given are treated as absent (reference section 3.7).
///
/// # Errors
/// One cycle, as keys, when there is any.
pub fn simulate(tasks: &[Task], assumed: &BTreeMap<String, Assumed>) -> Result<Simulated, Vec<String>> {
    let index: BTreeMap<&str, usize> =
        tasks.iter().enumerate().map(|(n, task)| (task.task_key.as_str(), n)).collect();
    let upstream: Vec<Vec<usize>> = tasks
        .iter()
        .map(|task| task.depends_on.iter().filter_map(|d| index.get(d.task_key.as_str()).copied()).collect())
        .collect();
    let graph = graph(tasks);
    let order = graph.order().map_err(|cycle| cycle.into_iter().map(str::to_owned).collect::<Vec<_>>())?;
    let standard = Assumed::default();
    let mut ends: Vec<(Outcome, Option<&str>)> = vec![(Outcome::Success, None); tasks.len()];
    for n in order.iter().filter_map(|key| index.get(key).copied()) {
        let task = &tasks[n];
        let edges: Vec<_> = task
            .depends_on
            .iter()
            .filter_map(|d| index.get(d.task_key.as_str()).map(|from| (&ends[*from], d.outcome.as_deref())))
            .map(|((outcome, had), wanted)| edge(outcome, wanted, *had))
            .collect();
        ends[n] = if task.is_disabled() {
            (Outcome::Disabled, None)
        } else if let Some(outcome) = decide(&task.run_if(), &edges).outcome() {
            (outcome, None)
        } else {
            let own = assumed.get(&task.task_key).unwrap_or(&standard);
            let had = task.condition_task.is_some().then_some(if own.condition { "true" } else { "false" });
            (own.outcome.clone(), had.filter(|_| own.outcome.is_success()))
        };
    }
    let mut leaf = vec![true; tasks.len()];
    for from in upstream.iter().flatten() {
        leaf[*from] = false;
    }
    let job = job_outcome(ends.iter().zip(&leaf).map(|((outcome, _), leaf)| (outcome, *leaf)));
    let tasks = tasks.iter().zip(ends).map(|(task, (outcome, _))| (task.task_key.clone(), outcome)).collect();
    Ok(Simulated { tasks, job })
}
