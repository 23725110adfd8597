//! The vectors of the graph's rules: run-if, conditions, the result of a job run, simulation.

use lakeflow_core::dag::{Assumed, Edge, JobOutcome, compare, decide, edge, job_outcome, levels, simulate};
use lakeflow_core::job::{ConditionOp, RunIf, Task};
use lakeflow_core::run::Outcome;
use lakeflow_tests::vectors;
use serde::Deserialize;
use std::collections::BTreeMap;

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

#[test]
fn run_conditions() {
    for case in vectors::<RunIfInput, String>("dag_run_if.json") {
        let upstream = case.input.upstream.iter();
        let edges: Vec<Edge> =
            upstream.map(|up| edge(&up.outcome, up.wanted.as_deref(), up.had.as_deref())).collect();
        let outcome = decide(&case.input.run_if, &edges).outcome();
        let got = outcome.map_or("RUN".to_owned(), |outcome| outcome.to_string());
        assert_eq!(got, case.expect, "{}: {}", case.name, case.why);
    }
}

#[derive(Deserialize)]
struct Comparison {
    op: ConditionOp,
    left: String,
    right: String,
}

#[test]
fn conditions() {
    // `null` stands for a comparison that fails.
    for case in vectors::<Comparison, Option<bool>>("dag_condition.json") {
        let got = compare(&case.input.op, &case.input.left, &case.input.right);
        assert_eq!(got.clone().ok(), case.expect, "{}: {} ({got:?})", case.name, case.why);
    }
}

#[derive(Deserialize)]
struct Ended {
    outcome: Outcome,
    leaf: bool,
}

fn text(job: &JobOutcome) -> String {
    match job {
        JobOutcome::Ended(outcome) => outcome.to_string(),
        JobOutcome::Skipped => "SKIPPED".to_owned(),
    }
}

#[test]
fn results_of_job_runs() {
    for case in vectors::<Vec<Ended>, String>("dag_result.json") {
        let got = job_outcome(case.input.iter().map(|task| (&task.outcome, task.leaf)));
        assert_eq!(text(&got), case.expect, "{}: {}", case.name, case.why);
    }
}

#[derive(Deserialize)]
struct Simulation {
    tasks: Vec<Task>,
    assumed: BTreeMap<String, Assumption>,
}

#[derive(Deserialize)]
struct Assumption {
    outcome: Option<Outcome>,
    condition: Option<bool>,
}

#[derive(Deserialize)]
struct Ends {
    tasks: BTreeMap<String, Outcome>,
    job: String,
}

#[test]
fn simulations() {
    for case in vectors::<Simulation, Ends>("dag_simulate.json") {
        let standard = Assumed::default();
        let assumed = case.input.assumed.into_iter().map(|(key, a)| {
            let outcome = a.outcome.unwrap_or_else(|| standard.outcome.clone());
            (key, Assumed { outcome, condition: a.condition.unwrap_or(standard.condition) })
        });
        let got = simulate(&case.input.tasks, &assumed.collect()).unwrap();
        assert_eq!(got.tasks.into_iter().collect::<BTreeMap<_, _>>(), case.expect.tasks, "{}", case.name);
        assert_eq!(text(&got.job), case.expect.job, "{}", case.name);
    }
}

#[test]
fn levels_are_longest_ways_and_cycles_are_named() {
    let tasks = |edges: &[(&str, &[&str])]| -> Vec<Task> {
        let tasks = edges.iter().map(|(key, upstream)| {
            let upstream: Vec<_> = upstream.iter().map(|key| serde_json::json!({ "task_key": key })).collect();
            serde_json::json!({ "task_key": key, "depends_on": upstream, "notebook_task": { "notebook_path": "/n" } })
        });
        serde_json::from_value(tasks.collect()).unwrap()
    };
    let graph = tasks(&[("d", &["a", "c"]), ("a", &[]), ("b", &["a"]), ("c", &["b", "gone"])]);
    let expect: BTreeMap<&str, usize> = [("a", 0), ("b", 1), ("c", 2), ("d", 3)].into();
    assert_eq!(levels(&graph).unwrap().into_iter().collect::<BTreeMap<_, _>>(), expect);
    let cycle = tasks(&[("a", &["b"]), ("b", &["a"])]);
    assert_eq!(levels(&cycle).unwrap_err(), ["a", "b"]);
    assert!(simulate(&cycle, &BTreeMap::new()).is_err());
}
