//! Every graph of up to four tasks against a second model of reference section 9, written from its text with sets of
//! parents instead of chains of rules.
//!
//! Enumerated are all 64 edge sets over four ordered tasks, all run conditions, and all ends of every task that runs
//! (success, failure, cancel) or is disabled. What cannot matter is not multiplied: the run condition of a task without
//! dependencies or with `disabled`, and the end of a task that does not run; that these do not matter is a test of its own.
//! Conditions with both branches are enumerated over three tasks, and the execution machine runs those graphs as well.
#![expect(clippy::unwrap_used, reason = "a test's helpers")]

use lakeflow_core::dag::{Assumed, JobOutcome, simulate};
use lakeflow_core::execution::{Exit, Input, Machine, Now, Output, Plan};
use lakeflow_core::job::Task;
use lakeflow_core::run::{Outcome, TerminationCode};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const RUN_IFS: [&str; 6] =
    ["ALL_SUCCESS", "AT_LEAST_ONE_SUCCESS", "NONE_FAILED", "ALL_DONE", "AT_LEAST_ONE_FAILED", "ALL_FAILED"];
const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// How a task is written, and how it ends should it run.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Spec {
    run_if: &'static str,
    disabled: bool,
    /// `SUCCESS`, `FAILED` or `CANCELED`.
    end: &'static str,
    /// The outcome of a condition task.
    branch: &'static str,
}

/// An edge to an earlier task, with the branch that it asks for.
type Edge = (usize, Option<&'static str>);

/// The second model: the end of each task, in words.
fn end_of(spec: &Spec, upstream: &[Edge], ends: &[&'static str], specs: &[Spec]) -> &'static str {
    if spec.disabled {
        return "DISABLED";
    }
    if upstream.is_empty() {
        return spec.end;
    }
    let parents: BTreeSet<usize> = (0..upstream.len()).collect();
    let with = |of: &[&str]| -> BTreeSet<usize> {
        parents.iter().copied().filter(|n| of.contains(&ends[upstream[*n].0])).collect()
    };
    let wrong_branch: BTreeSet<usize> = with(&["SUCCESS"])
        .into_iter()
        .filter(|n| upstream[*n].1.is_some_and(|wanted| wanted != specs[upstream[*n].0].branch))
        .collect();
    let succeeded: BTreeSet<usize> = with(&["SUCCESS"]).difference(&wrong_branch).copied().collect();
    let excluded: BTreeSet<usize> = with(&["EXCLUDED"]).union(&wrong_branch).copied().collect();
    let failed = with(&["FAILED", "UPSTREAM_FAILED"]);
    let canceled = with(&["CANCELED", "UPSTREAM_CANCELED"]);
    let bad: BTreeSet<usize> = failed.union(&canceled).copied().collect();
    let disabled = with(&["DISABLED"]);
    let good: BTreeSet<usize> = succeeded.union(&with(&["EXCLUDED"])).copied().collect();

    if excluded == parents {
        return "EXCLUDED";
    }
    let runs = match spec.run_if {
        "ALL_SUCCESS" => good == parents,
        "AT_LEAST_ONE_SUCCESS" => !good.is_empty(),
        "NONE_FAILED" => bad.is_empty() && disabled != parents,
        "ALL_DONE" => true,
        "AT_LEAST_ONE_FAILED" => !bad.is_empty(),
        "ALL_FAILED" => bad == parents,
        other => unreachable!("{other}"),
    };
    if runs {
        return spec.end;
    }
    let asks_for_failure = spec.run_if.ends_with("_FAILED") && spec.run_if != "NONE_FAILED";
    if asks_for_failure {
        let kept_by_disabled = spec.run_if == "ALL_FAILED" && !disabled.is_empty();
        return if kept_by_disabled { "DISABLED" } else { "EXCLUDED" };
    }
    if !failed.is_empty() {
        "UPSTREAM_FAILED"
    } else if !canceled.is_empty() {
        "UPSTREAM_CANCELED"
    } else if !wrong_branch.is_empty() {
        "EXCLUDED"
    } else {
        "DISABLED"
    }
}

/// The second model of section 9.6.
fn job_of(ends: &[&'static str], upstream: &[Vec<Edge>]) -> &'static str {
    let inner: BTreeSet<usize> = upstream.iter().flatten().map(|(from, _)| *from).collect();
    let all: BTreeSet<&str> = ends.iter().copied().collect();
    let leaves: BTreeSet<&str> =
        ends.iter().enumerate().filter(|(n, _)| !inner.contains(n)).map(|(_, end)| *end).collect();
    let has = |set: &BTreeSet<&str>, of: &[&str]| of.iter().any(|end| set.contains(end));
    if !has(&all, &["SUCCESS", "FAILED", "CANCELED", "UPSTREAM_FAILED", "UPSTREAM_CANCELED"]) {
        "SKIPPED"
    } else if has(&leaves, &["FAILED", "UPSTREAM_FAILED"]) {
        "FAILED"
    } else if has(&leaves, &["CANCELED", "UPSTREAM_CANCELED"]) {
        "CANCELED"
    } else if has(&all, &["FAILED", "CANCELED", "UPSTREAM_FAILED", "UPSTREAM_CANCELED"]) {
        "SUCCESS_WITH_FAILURES"
    } else {
        "SUCCESS"
    }
}

/// What is called with each case: the edges, the specs and the expected ends.
type Visit<'a> = dyn FnMut(&[Vec<Edge>], &[Spec], &[&'static str]) + 'a;

/// One graph with everything that can happen in it, visited depth first.
struct Explorer<'a> {
    upstream: Vec<Vec<Edge>>,
    /// Branches that a successful task may take.
    branches: &'a [&'static str],
    specs: Vec<Spec>,
    ends: Vec<&'static str>,
    visit: &'a mut Visit<'a>,
}

impl Explorer<'_> {
    fn explore(&mut self) {
        let n = self.specs.len();
        if n == self.upstream.len() {
            (self.visit)(&self.upstream, &self.specs, &self.ends);
            return;
        }
        let plain = Spec { run_if: RUN_IFS[0], disabled: false, end: "SUCCESS", branch: "" };
        self.enter(Spec { disabled: true, ..plain });
        let conditions = if self.upstream[n].is_empty() { 1 } else { RUN_IFS.len() };
        for run_if in &RUN_IFS[..conditions] {
            let spec = Spec { run_if, ..plain };
            if end_of(&Spec { end: "RUNS", ..spec }, &self.upstream[n], &self.ends, &self.specs) != "RUNS" {
                self.enter(spec);
                continue;
            }
            for branch in self.branches {
                self.enter(Spec { branch, ..spec });
            }
            self.enter(Spec { end: "FAILED", ..spec });
            self.enter(Spec { end: "CANCELED", ..spec });
        }
    }

    fn enter(&mut self, spec: Spec) {
        let end = end_of(&spec, &self.upstream[self.specs.len()], &self.ends, &self.specs);
        self.specs.push(spec);
        self.ends.push(end);
        self.explore();
        self.specs.pop();
        self.ends.pop();
    }
}

/// All edge sets over `count` ordered tasks, each edge absent or one of `kinds`.
fn edge_sets(count: usize, kinds: &[Option<&'static str>]) -> Vec<Vec<Vec<Edge>>> {
    let mut sets = vec![vec![Vec::new(); count]];
    for to in 1..count {
        for from in 0..to {
            let with_edge = sets.clone().into_iter().flat_map(|set| {
                kinds.iter().map(move |kind| {
                    let mut set = set.clone();
                    set[to].push((from, *kind));
                    set
                })
            });
            sets = sets.iter().cloned().chain(with_edge).collect();
        }
    }
    sets
}

fn tasks(upstream: &[Vec<Edge>], conditions: bool) -> Vec<Task> {
    let tasks = upstream.iter().zip(NAMES).map(|(edges, name)| {
        let edges: Vec<Value> = edges
            .iter()
            .map(|(from, branch)| match branch {
                Some(branch) => json!({ "task_key": NAMES[*from], "outcome": branch }),
                None => json!({ "task_key": NAMES[*from] }),
            })
            .collect();
        let mut task = json!({ "task_key": name, "depends_on": edges });
        if conditions {
            task["condition_task"] =
                json!({ "op": "EQUAL_TO", "left": "{{job.parameters.p}}", "right": "yes" });
        } else {
            task["notebook_task"] = json!({ "notebook_path": "/n" });
        }
        task
    });
    serde_json::from_value(tasks.collect()).unwrap()
}

fn apply(tasks: &mut [Task], specs: &[Spec]) {
    for (task, spec) in tasks.iter_mut().zip(specs) {
        task.run_if = Some(spec.run_if.into());
        task.disabled = Some(spec.disabled);
    }
}

fn check_simulation(tasks: &[Task], upstream: &[Vec<Edge>], specs: &[Spec], ends: &[&'static str]) {
    let assumed: BTreeMap<String, Assumed> = NAMES
        .iter()
        .zip(specs)
        .map(|(name, spec)| {
            let assumed = Assumed { outcome: spec.end.into(), condition: spec.branch != "false" };
            ((*name).to_owned(), assumed)
        })
        .collect();
    let got = simulate(tasks, &assumed).unwrap();
    let same = got.tasks.iter().zip(ends).all(|((_, outcome), end)| outcome.as_str() == *end);
    let job = match &got.job {
        JobOutcome::Ended(outcome) => outcome.as_str(),
        JobOutcome::Skipped => "SKIPPED",
    };
    assert!(
        same && job == job_of(ends, upstream),
        "edges {upstream:?}\n{specs:?}\nexpected {ends:?} and {}\ngot {got:?}",
        job_of(ends, upstream)
    );
}

#[test]
fn every_graph_of_up_to_four_tasks() {
    let mut cases = 0_u32;
    for count in 1..=4 {
        for upstream in edge_sets(count, &[None]) {
            let mut tasks = tasks(&upstream, false);
            let mut visit = |upstream: &[Vec<Edge>], specs: &[Spec], ends: &[&'static str]| {
                cases += 1;
                apply(&mut tasks, specs);
                check_simulation(&tasks, upstream, specs, ends);
            };
            let (specs, ends) = (Vec::new(), Vec::new());
            Explorer { upstream, branches: &[""], specs, ends, visit: &mut visit }.explore();
        }
    }
    assert!(cases > 100_000, "{cases} cases");
}

#[test]
fn every_graph_of_up_to_three_conditions() {
    let kinds = [None, Some("true"), Some("false")];
    for count in 1..=3 {
        for upstream in edge_sets(count, &kinds) {
            let mut tasks = tasks(&upstream, true);
            let mut visit = |upstream: &[Vec<Edge>], specs: &[Spec], ends: &[&'static str]| {
                apply(&mut tasks, specs);
                check_simulation(&tasks, upstream, specs, ends);
            };
            let (specs, ends) = (Vec::new(), Vec::new());
            Explorer { upstream, branches: &["true", "false"], specs, ends, visit: &mut visit }.explore();
        }
    }
}

/// Runs a graph on the execution machine with an executor that ends every attempt at once as its spec says.
fn check_machine(tasks: &[Task], upstream: &[Vec<Edge>], specs: &[Spec], ends: &[&'static str]) {
    let plan: Plan = serde_json::from_value(json!({
        "run_id": 10, "job_id": 1, "job_name": "j", "tasks": [], "timeout_ms": null, "parameters": [],
        "trigger": {}, "workspace": {}
    }))
    .unwrap();
    let mut machine = Machine::new(Plan { tasks: tasks.to_vec(), ..plan }, Now::default()).unwrap();
    loop {
        match machine.poll() {
            Output::Start(start) => {
                let n = NAMES.iter().position(|name| *name == start.task_key).unwrap();
                let code = TerminationCode::RunExecutionError;
                let exit = Exit { outcome: specs[n].end.into(), code, message: String::new(), output: None };
                machine.handle(Now::default(), Input::Exited { run: start.run, exit }).unwrap();
            }
            Output::Done => break,
            Output::Record(_) => {}
            other => unreachable!("{other:?}"),
        }
    }
    let view = machine.view();
    let got: Vec<&Outcome> = view.tasks.iter().map(|task| &task.phase.end().unwrap().outcome).collect();
    let job = &view.phase.end().unwrap().outcome;
    let expected = job_of(ends, upstream);
    assert!(
        got.iter().zip(ends).all(|(outcome, end)| outcome.as_str() == *end)
            && job.as_str() == if expected == "SKIPPED" { "EXCLUDED" } else { expected },
        "edges {upstream:?}\n{specs:?}\nexpected {ends:?}\ngot {got:?} and {job}"
    );
}

#[test]
fn the_machine_runs_every_graph_of_up_to_three_tasks() {
    for count in 1..=3 {
        for upstream in edge_sets(count, &[None]) {
            let mut tasks = tasks(&upstream, false);
            let mut visit = |upstream: &[Vec<Edge>], specs: &[Spec], ends: &[&'static str]| {
                apply(&mut tasks, specs);
                check_machine(&tasks, upstream, specs, ends);
            };
            let (specs, ends) = (Vec::new(), Vec::new());
            Explorer { upstream, branches: &[""], specs, ends, visit: &mut visit }.explore();
        }
    }
}

#[test]
fn what_is_not_enumerated_does_not_matter() {
    // One task, and two in a row: every run condition at the root, every end of a task that does not run.
    let upstream = vec![Vec::new(), vec![(0, None)]];
    let mut tasks = tasks(&upstream, false);
    let ends = ["SUCCESS", "FAILED", "CANCELED"];
    for (root_if, run_if, disabled) in
        RUN_IFS.iter().flat_map(|r| RUN_IFS.iter().flat_map(move |s| [(r, s, false), (r, s, true)]))
    {
        for (first, second) in ends.iter().flat_map(|a| ends.iter().map(move |b| (a, b))) {
            let root = Spec { run_if: root_if, disabled, end: first, branch: "" };
            let specs = [root, Spec { run_if, disabled: false, end: second, branch: "" }];
            let first_end = end_of(&specs[0], &upstream[0], &[], &[]);
            let second_end = end_of(&specs[1], &upstream[1], &[first_end], &specs[..1]);
            apply(&mut tasks, &specs);
            check_simulation(&tasks, &upstream, &specs, &[first_end, second_end]);
        }
    }
}
