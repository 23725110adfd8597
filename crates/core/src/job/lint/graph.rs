//! Dependencies: that they exist, end, and can be met (reference sections 3.1 and 9).

use super::{Lint, Place, rules};
use crate::dag::order::Graph;
use crate::job::wire::Path;
use crate::job::{Dependency, RunIf, Task};
use crate::suggest::did_you_mean;
use std::collections::BTreeSet;

pub(super) fn judge(lint: &mut Lint<'_>) {
    let root = Path::Root;
    let tasks = root.key("tasks");
    for (n, task) in lint.job.tasks.iter().enumerate() {
        dependencies(lint, &tasks.index(n), task);
    }
    lint.each_task(run_if);
    cycles(lint);
}

/// The graph of a job's tasks, without the edges of a task to itself.
pub(super) fn graph(tasks: &[Task]) -> Graph {
    Graph::new(tasks.iter().map(|task| {
        let upstream = task.depends_on.iter().map(|d| d.task_key.as_str());
        (task.task_key.as_str(), upstream.filter(|key| *key != task.task_key))
    }))
}

fn dependencies(lint: &mut Lint<'_>, path: &Path<'_>, task: &Task) {
    let list = path.key("depends_on");
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for (n, dependency) in task.depends_on.iter().enumerate() {
        let item = list.index(n);
        let at = item.key("task_key");
        let key = dependency.task_key.as_str();
        if key == task.task_key {
            lint.report(rules::SELF_DEPENDENCY, &at, format!("task `{key}` depends on itself"));
        } else if !seen.insert(key) {
            let message = format!("task `{}` names the dependency `{key}` twice", task.task_key);
            lint.report(rules::DUPLICATE_DEPENDENCY, &at, message);
        } else if let Some(upstream) = lint.job.task(key) {
            outcome(lint, &item, dependency, upstream);
            disabled(lint, &at, task, upstream);
        } else {
            let message =
                format!("task `{}` depends on `{key}`, which is not a task of this job", task.task_key);
            let hint = did_you_mean(key, lint.job.tasks.iter().map(|task| task.task_key.as_str()));
            lint.report_with(rules::UNKNOWN_DEPENDENCY, &at, message, hint);
        }
    }
}

fn outcome(lint: &mut Lint<'_>, path: &Path<'_>, dependency: &Dependency, upstream: &Task) {
    let Some(outcome) = &dependency.outcome else { return };
    let at = path.key("outcome");
    if upstream.condition_task.is_none() {
        let message = format!("`outcome` is given, but `{}` is not a condition task", dependency.task_key);
        lint.report_with(rules::OUTCOME_WITHOUT_CONDITION, &at, message, Some("remove `outcome`"));
    }
    if outcome != "true" && outcome != "false" {
        let message = format!("the outcome `{outcome}` can never come");
        lint.report_with(rules::BAD_OUTCOME, &at, message, Some("use \"true\" or \"false\", in quotes"));
    }
}

/// With these conditions a disabled dependency keeps the task from ever running.
fn disabled(lint: &mut Lint<'_>, path: &Path<'_>, task: &Task, upstream: &Task) {
    if upstream.is_disabled()
        && !task.is_disabled()
        && matches!(task.run_if(), RunIf::AllSuccess | RunIf::AllFailed)
    {
        let message = format!(
            "`{}` never runs: with `run_if` {} it waits for `{}`, which is disabled",
            task.task_key,
            task.run_if(),
            upstream.task_key
        );
        lint.report(rules::DISABLED_DEPENDENCY, path, message);
    }
}

fn run_if(lint: &mut Lint<'_>, path: &Path<'_>, place: Place<'_>) {
    let task = place.task;
    if place.parent.is_some() && !task.depends_on.is_empty() {
        let message = "dependencies of a nested task are ignored";
        let hint = Some("put them on the for-each task");
        lint.report_with(rules::NESTED_DEPENDENCY, &path.key("depends_on"), message, hint);
    }
    let waits = place.parent.is_none() && !task.depends_on.is_empty();
    if let (Some(run_if), false) = (&task.run_if, waits)
        && *run_if != RunIf::AllSuccess
    {
        let message = format!("`run_if` {run_if} has no effect: the task has no dependencies");
        lint.report(rules::RUN_IF_WITHOUT_DEPENDENCIES, &path.key("run_if"), message);
    }
}

fn cycles(lint: &mut Lint<'_>) {
    let graph = graph(&lint.job.tasks);
    for cycle in graph.cycles() {
        let (Some(first), Some(next)) = (cycle.first(), cycle.get(1).or(cycle.first())) else { continue };
        let Some(n) = lint.job.tasks.iter().position(|task| task.task_key == **first) else { continue };
        let edge = lint.job.tasks.get(n).and_then(|t| t.depends_on.iter().position(|d| d.task_key == **next));
        let message = format!("the tasks wait for each other: {} → {first}", cycle.join(" → "));
        let root = Path::Root;
        let tasks = root.key("tasks");
        let task = tasks.index(n);
        let list = task.key("depends_on");
        let hint = Some("remove one of these dependencies");
        lint.report_with(rules::DEPENDENCY_CYCLE, &list.index(edge.unwrap_or(0)), message, hint);
    }
}
