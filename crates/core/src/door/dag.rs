//! Conditions, results and selections of the task graph.

use super::graph::job_text;
use super::{Answer, read, write};
use crate::dag::{Edge, compare, decide, edge, job_outcome, select};
use crate::error::Error;
use crate::job::{ConditionOp, RunIf, Task};
use crate::run::Outcome;
use serde::Deserialize;
use serde_json::{Value, json};

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
