//! "What runs if this fails": how a graph ends when the outcome of each task that runs is assumed.

use super::Vertex;
use super::leaf::{JobOutcome, job_outcome};
use super::levels::{numbers, upstream_first};
use super::run_if::{decide, edge};
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
pub fn simulate<V: Vertex>(
    tasks: &[V],
    assumed: &BTreeMap<String, Assumed>,
) -> Result<Simulated, Vec<String>> {
    simulate_with(tasks, &|key| assumed.get(key).cloned())
}

/// The same with a function that tells what is assumed of a task.
///
/// # Errors
/// One cycle, as keys, when there is any.
pub fn simulate_with<V: Vertex>(
    tasks: &[V],
    assumed: &dyn Fn(&str) -> Option<Assumed>,
) -> Result<Simulated, Vec<String>> {
    let numbers = numbers(tasks);
    let order = upstream_first(tasks, &numbers)?;
    let mut ends: Vec<(Outcome, Option<&str>)> = vec![(Outcome::Success, None); tasks.len()];
    let mut leaf = vec![true; tasks.len()];
    for n in order {
        let task = &tasks[n];
        let mut edges = Vec::new();
        for upstream in task.upstream() {
            if let Some(from) = numbers.get(&upstream.task_key) {
                let (outcome, had) = &ends[from];
                edges.push(edge(outcome, upstream.outcome.as_deref(), *had));
            }
        }
        ends[n] = if task.is_disabled() {
            (Outcome::Disabled, None)
        } else if let Some(outcome) = decide(&task.run_if(), &edges).outcome() {
            (outcome, None)
        } else {
            let own = assumed(task.key()).unwrap_or_default();
            let had = task.is_condition().then_some(if own.condition { "true" } else { "false" });
            let had = had.filter(|_| own.outcome.is_success());
            (own.outcome, had)
        };
    }
    for task in tasks {
        for upstream in task.upstream() {
            if let Some(from) = numbers.get(&upstream.task_key) {
                leaf[from] = false;
            }
        }
    }
    let job = job_outcome(ends.iter().zip(&leaf).map(|((outcome, _), leaf)| (outcome, *leaf)));
    let tasks = tasks.iter().zip(ends).map(|(task, (outcome, _))| (task.key().to_owned(), outcome)).collect();
    Ok(Simulated { tasks, job })
}
