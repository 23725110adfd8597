//! Dependencies: that they exist, end, and can be met (reference sections 3.1 and 9).

use super::{Block, Lint, Place, rules};
use crate::dag::order::Graph;
use crate::job::RunIf;
use crate::job::wire::Path;
use crate::json::Listed;
use crate::names::Names;
use crate::suggest::did_you_mean;
use crate::value::Value;

pub(super) fn judge(lint: &mut Lint<'_>) {
    let root = Path::Root;
    let tasks = root.key("tasks");
    for n in 0..lint.tasks.len() {
        let (key, task) = lint.tasks[n];
        dependencies(lint, &tasks.index(n), key, task);
    }
    lint.each_task(run_if);
    cycles(lint);
}

/// The graph of a job's tasks, without the edges of a task to itself.
pub(super) fn graph(tasks: &[(&str, Block<'_>)]) -> Graph {
    Graph::new(tasks.iter().map(|(key, task)| {
        let upstream = task.list("depends_on").iter().map(upstream_key);
        (*key, upstream.filter(move |upstream| upstream != key))
    }))
}

fn upstream_key(edge: &Value) -> &str {
    Block::of(edge).key("task_key")
}

fn dependencies(lint: &mut Lint<'_>, path: &Path<'_>, own: &str, task: Block<'_>) {
    let list = path.key("depends_on");
    let edges = task.list("depends_on");
    let mut keys = Vec::with_capacity(edges.len());
    for edge in edges {
        keys.push(upstream_key(edge));
    }
    let first = Names::of(&keys);
    for (n, edge) in edges.iter().enumerate() {
        let item = list.index(n);
        let at = item.key("task_key");
        let key = keys[n];
        if key == own {
            lint.report(rules::SELF_DEPENDENCY, &at, format_args!("task `{key}` depends on itself"));
        } else if first.get(key) != Some(n) {
            let message = format_args!("task `{own}` names the dependency `{key}` twice");
            lint.report(rules::DUPLICATE_DEPENDENCY, &at, message);
        } else if let Some(upstream) = lint.task(key) {
            outcome(lint, &item, Block::of(edge), upstream);
            disabled(lint, &at, task, upstream);
        } else {
            let message = format_args!("task `{own}` depends on `{key}`, which is not a task of this job");
            let hint = did_you_mean(key, lint.tasks.iter().map(|(key, _)| *key));
            lint.report_with(rules::UNKNOWN_DEPENDENCY, &at, message, hint);
        }
    }
}

fn outcome(lint: &mut Lint<'_>, path: &Path<'_>, edge: Block<'_>, upstream: Block<'_>) {
    let Some(outcome) = edge.text("outcome") else { return };
    let at = path.key("outcome");
    if upstream.block("condition_task").is_none() {
        let key = upstream.key("task_key");
        let message = format_args!("`outcome` is given, but `{key}` is not a condition task");
        lint.report_with(rules::OUTCOME_WITHOUT_CONDITION, &at, message, Some("remove `outcome`"));
    }
    if outcome != "true" && outcome != "false" {
        let message = format_args!("the outcome `{outcome}` can never come");
        lint.report_with(rules::BAD_OUTCOME, &at, message, Some("use \"true\" or \"false\", in quotes"));
    }
}

/// When a task may run, as written.
fn condition(task: Block<'_>) -> Option<RunIf> {
    task.text("run_if").map(RunIf::from)
}

/// With these conditions a disabled dependency keeps the task from ever running.
fn disabled(lint: &mut Lint<'_>, path: &Path<'_>, task: Block<'_>, upstream: Block<'_>) {
    let run_if = condition(task).unwrap_or(RunIf::AllSuccess);
    if upstream.flag("disabled")
        && !task.flag("disabled")
        && matches!(run_if, RunIf::AllSuccess | RunIf::AllFailed)
    {
        let message = format_args!(
            "`{}` never runs: with `run_if` {} it waits for `{}`, which is disabled",
            task.key("task_key"),
            run_if.as_str(),
            upstream.key("task_key")
        );
        lint.report(rules::DISABLED_DEPENDENCY, path, message);
    }
}

fn run_if(lint: &mut Lint<'_>, path: &Path<'_>, place: Place<'_>) {
    let task = place.task;
    let waits = !task.list("depends_on").is_empty();
    if place.parent.is_some() && waits {
        let message = "dependencies of a nested task are ignored";
        let hint = Some("put them on the for-each task");
        lint.report_with(rules::NESTED_DEPENDENCY, &path.key("depends_on"), message, hint);
    }
    let waits = place.parent.is_none() && waits;
    if let (Some(run_if), false) = (condition(task), waits)
        && run_if != RunIf::AllSuccess
    {
        let message =
            format_args!("`run_if` {} has no effect: the task has no dependencies", run_if.as_str());
        lint.report(rules::RUN_IF_WITHOUT_DEPENDENCIES, &path.key("run_if"), message);
    }
}

fn cycles(lint: &mut Lint<'_>) {
    let graph = graph(&lint.tasks);
    for cycle in graph.cycles() {
        let (Some(first), Some(next)) = (cycle.first(), cycle.get(1).or(cycle.first())) else { continue };
        let Some(n) = lint.tasks.iter().position(|(key, _)| key == first) else { continue };
        let edge = lint.tasks[n].1.list("depends_on").iter().position(|edge| upstream_key(edge) == *next);
        let message = format_args!("the tasks wait for each other: {} → {first}", Listed(&cycle, " → "));
        let root = Path::Root;
        let tasks = root.key("tasks");
        let task = tasks.index(n);
        let list = task.key("depends_on");
        let hint = Some("remove one of these dependencies");
        lint.report_with(rules::DEPENDENCY_CYCLE, &list.index(edge.unwrap_or(0)), message, hint);
    }
}
