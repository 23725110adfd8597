//! The rules of the task graph.

use super::{Answer, read, write};
use crate::dag::{Assumed, Edge, JobOutcome, compare, decide, edge, job_outcome, levels, select, simulate};
use crate::error::{Error, ErrorCode};
use crate::job::{ConditionOp, RunIf, Task};
use crate::layout::{Node, Options, Timed, critical_path, layout};
use crate::run::Outcome;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Comparison {
    op: ConditionOp,
    left: String,
    right: String,
}

/// Whether a condition holds; `null` when the two cannot be compared.
pub(super) fn condition(input: Value) -> Answer {
    let Comparison { op, left, right } = read(input)?;
    write(compare(&op, &left, &right).ok())
}

#[derive(Deserialize)]
struct RunIfInput {
    run_if: RunIf,
    upstream: Vec<Upstream>,
}

#[derive(Deserialize)]
struct Upstream {
    outcome: Outcome,
    wanted: Option<String>,
    had: Option<String>,
}

/// `RUN`, or the outcome that a task gets without having run.
pub(super) fn run_if(input: Value) -> Answer {
    let RunIfInput { run_if, upstream } = read(input)?;
    let edge = |up: &Upstream| edge(&up.outcome, up.wanted.as_deref(), up.had.as_deref());
    let edges: Vec<Edge> = upstream.iter().map(edge).collect();
    match decide(&run_if, &edges).outcome() {
        Some(outcome) => write(outcome),
        None => Ok(json!("RUN")),
    }
}

#[derive(Deserialize)]
struct Ended {
    outcome: Outcome,
    leaf: bool,
}

/// The result of a job run whose tasks ended so.
pub(super) fn result(input: Value) -> Answer {
    let tasks: Vec<Ended> = read(input)?;
    write(job_text(&job_outcome(tasks.iter().map(|task| (&task.outcome, task.leaf)))))
}

fn job_text(job: &JobOutcome) -> String {
    match job {
        JobOutcome::Ended(outcome) => outcome.to_string(),
        JobOutcome::Skipped => "SKIPPED".to_owned(),
    }
}

#[derive(Deserialize)]
struct Graph {
    tasks: Vec<Task>,
}

/// The level of each task, by key. A cycle is an error that names it.
pub(super) fn levels_of(input: Value) -> Answer {
    let Graph { tasks } = read(input)?;
    write(levels(&tasks).map_err(|cycle| cycle_error("levels", &cycle))?)
}

fn cycle_error(operation: &'static str, cycle: &[String]) -> Error {
    let message = format!("the tasks wait for each other: {}", cycle.join(" → "));
    Error::new(ErrorCode::InvalidDefinition, operation, message)
}

#[derive(Deserialize)]
struct Simulation {
    tasks: Vec<Task>,
    #[serde(default)]
    assumed: BTreeMap<String, Assumption>,
}

#[derive(Deserialize)]
struct Assumption {
    outcome: Option<Outcome>,
    condition: Option<bool>,
}

/// How every task of a job ends when some end as assumed. A cycle is an error that names it.
pub(super) fn simulation(input: Value) -> Answer {
    let Simulation { tasks, assumed } = read(input)?;
    let standard = Assumed::default();
    let assumed = assumed.into_iter().map(|(key, a)| {
        let outcome = a.outcome.unwrap_or_else(|| standard.outcome.clone());
        (key, Assumed { outcome, condition: a.condition.unwrap_or(standard.condition) })
    });
    let simulated = simulate(&tasks, &assumed.collect()).map_err(|cycle| cycle_error("simulate", &cycle))?;
    let ends = simulated.tasks.into_iter().map(|(key, outcome)| (key, json!(outcome)));
    Ok(json!({ "tasks": ends.collect::<Map<_, _>>(), "job": job_text(&simulated.job) }))
}

#[derive(Deserialize)]
struct Selection {
    /// Keys with the keys they depend on.
    tasks: Vec<(String, Vec<String>)>,
    #[serde(default)]
    disabled: Vec<String>,
    only: Vec<String>,
}

/// Which tasks `only` of a run-now request means.
pub(super) fn selection(input: Value) -> Answer {
    let Selection { tasks, disabled, only } = read(input)?;
    let task = |(key, upstream): &(String, Vec<String>)| {
        let edges: Vec<Value> = upstream.iter().map(|key| json!({ "task_key": key })).collect();
        read::<Task>(json!({ "task_key": key, "depends_on": edges, "disabled": disabled.contains(key) }))
    };
    let tasks = tasks.iter().map(task).collect::<Result<Vec<Task>, Error>>()?;
    Ok(match select(&tasks, &only) {
        Ok(selection) => {
            let keys: Vec<&str> = selection.tasks.iter().map(|task| task.task_key.as_str()).collect();
            json!({ "tasks": keys, "forced": selection.forced })
        }
        Err(unknown) => json!({ "unknown": unknown }),
    })
}

#[derive(Deserialize)]
struct Picture {
    #[serde(default)]
    nodes: Vec<Node>,
    #[serde(default)]
    options: Options,
    times: Option<Vec<Timed>>,
}

/// Where the nodes and edges of a task graph are drawn; with `times` instead of nodes the longest way, as `critical`.
pub(super) fn picture(input: Value) -> Answer {
    let Picture { nodes, options, times } = read(input)?;
    match times {
        Some(times) => Ok(json!({ "critical": critical_path(&times) })),
        None => write(layout(&nodes, &options)),
    }
}
