//! Names, keys, lengths, counts and ranges (reference section 18).

use super::{ApiVersion, Lint, Place, rules};
use crate::job::wire::{Path, TextMap, Wire};
use crate::job::{JobSettings, Task};
use std::collections::BTreeMap;

pub(super) fn judge(lint: &mut Lint<'_>) {
    let job = lint.job;
    let root = Path::Root;
    text(lint, &root.key("name"), job.name.as_deref(), Limit::Bytes(4096));
    text(lint, &root.key("description"), job.description.as_deref(), Limit::Characters(27_700));
    counts(lint, job);
    ranges(lint, job);
    keys(lint, job);
    parameters(lint, job);
    environment_variables(lint, job);
    lint.each_task(task);
    if job.tasks.is_empty() {
        lint.report(rules::NO_TASKS, &root, "the job has no tasks");
    }
}

/// The most that a text may have.
#[derive(Clone, Copy)]
pub(super) enum Limit {
    Bytes(usize),
    Characters(usize),
}

/// Judges the length of a text.
pub(super) fn text(lint: &mut Lint<'_>, path: &Path<'_>, text: Option<&str>, limit: Limit) {
    let text = text.unwrap_or_default();
    let (length, most, unit) = match limit {
        Limit::Bytes(most) => (text.len(), most, "bytes"),
        Limit::Characters(most) => (text.chars().count(), most, "characters"),
    };
    if length > most {
        lint.report(rules::TOO_LONG, path, format!("the text has {length} {unit}; the limit is {most}"));
    }
}

/// Judges the number of elements.
pub(super) fn count(lint: &mut Lint<'_>, path: &Path<'_>, what: &str, count: usize, most: usize) {
    if count > most {
        lint.report(rules::TOO_MANY, path, format!("{count} {what}; the limit is {most}"));
    }
}

/// Judges that a number is in a range.
pub(super) fn range(lint: &mut Lint<'_>, path: &Path<'_>, value: Option<i64>, least: i64, most: i64) {
    let Some(value) = value else { return };
    if value < least {
        lint.report(rules::OUT_OF_RANGE, path, format!("{value} is too small; the least is {least}"));
    } else if value > most {
        lint.report(rules::OUT_OF_RANGE, path, format!("{value} is too large; the most is {most}"));
    }
}

fn counts(lint: &mut Lint<'_>, job: &JobSettings) {
    let root = Path::Root;
    let (tasks, hint) = match lint.options.api {
        ApiVersion::V2_1 => (100, Some("API 2.2 takes 1000 tasks")),
        ApiVersion::V2_2 => (1000, None),
    };
    if job.tasks.len() > tasks {
        let message = format!("{} tasks; the limit is {tasks}", job.tasks.len());
        lint.report_with(rules::TOO_MANY, &root.key("tasks"), message, hint);
    }
    count(lint, &root.key("job_clusters"), "job clusters", job.job_clusters.len(), 100);
    count(lint, &root.key("environments"), "environments", job.environments.len(), 10);
    let sets = job.environment_variables.len();
    count(lint, &root.key("environment_variables"), "sets of environment variables", sets, 10);
    count(lint, &root.key("tags"), "tags", job.tags.len(), 25);
}

fn ranges(lint: &mut Lint<'_>, job: &JobSettings) {
    let root = Path::Root;
    range(lint, &root.key("max_concurrent_runs"), job.max_concurrent_runs, 0, 1000);
    range(lint, &root.key("timeout_seconds"), job.timeout_seconds, 0, i64::from(i32::MAX));
    if job.max_concurrent_runs == Some(0) {
        let message = "`max_concurrent_runs` is 0: every new run is skipped";
        lint.report(rules::NEVER_RUNS, &root.key("max_concurrent_runs"), message);
    }
}

fn task(lint: &mut Lint<'_>, path: &Path<'_>, place: Place<'_>) {
    let task: &Task = place.task;
    text(lint, &path.key("description"), task.description.as_deref(), Limit::Characters(1000));
    range(lint, &path.key("max_retries"), task.max_retries, -1, i64::from(i32::MAX));
    let interval = path.key("min_retry_interval_millis");
    range(lint, &interval, task.min_retry_interval_millis, 0, i64::from(i32::MAX));
    range(lint, &path.key("timeout_seconds"), task.timeout_seconds, 0, i64::from(i32::MAX));
    if let Some(notebook) = &task.notebook_task {
        let block = path.key("notebook_task");
        json(lint, &block.key("base_parameters"), &notebook.base_parameters, Limit::Bytes(1_000_000));
    }
    if let Some(pipeline) = &task.pipeline_task {
        let block = path.key("pipeline_task");
        json(lint, &block.key("parameters"), &pipeline.parameters, Limit::Characters(10_000));
    }
    if let Some(for_each) = &task.for_each_task {
        let block = path.key("for_each_task");
        range(lint, &block.key("concurrency"), for_each.concurrency, 1, 100);
    }
    if let Some(dbt) = &task.dbt_task {
        let block = path.key("dbt_task");
        count(lint, &block.key("commands"), "dbt commands", dbt.commands.len(), 10);
    }
}

/// Judges the length of a map as compact JSON.
fn json(lint: &mut Lint<'_>, path: &Path<'_>, map: &TextMap, limit: Limit) {
    if !map.is_empty() {
        text(lint, path, Some(&map.write().to_string()), limit);
    }
}

/// Keys of tasks, clusters, environments and sets of variables: how they are written, and that each is there once.
fn keys(lint: &mut Lint<'_>, job: &JobSettings) {
    let root = Path::Root;
    let mut tasks: Vec<(String, &str)> = Vec::new();
    for (n, task) in job.tasks.iter().enumerate() {
        let list = root.key("tasks");
        let path = list.index(n);
        tasks.push((path.key("task_key").to_string(), &task.task_key));
        if let Some(for_each) = &task.for_each_task {
            let block = path.key("for_each_task");
            let nested = block.key("task");
            tasks.push((nested.key("task_key").to_string(), &for_each.task.task_key));
        }
    }
    unique(lint, "task", &tasks);
    let list = |name: &'static str, field: &'static str, keys: Vec<&'_ str>| -> Vec<(String, String)> {
        let at = |n: usize| root.key(name).index(n).key(field).to_string();
        keys.into_iter().enumerate().map(|(n, key)| (at(n), key.to_owned())).collect()
    };
    let clusters = job.job_clusters.iter().map(|c| c.job_cluster_key.as_str()).collect();
    let environments = job.environments.iter().map(|e| e.environment_key.as_str()).collect();
    let sets = job.environment_variables.iter().map(|v| v.environment_variables_key.as_str()).collect();
    unique(lint, "job cluster", &list("job_clusters", "job_cluster_key", clusters));
    unique(lint, "environment", &list("environments", "environment_key", environments));
    let sets = list("environment_variables", "environment_variables_key", sets);
    unique(lint, "set of environment variables", &sets);
}

fn unique<T: AsRef<str>>(lint: &mut Lint<'_>, what: &str, keys: &[(String, T)]) {
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    for (path, key) in keys {
        let key = key.as_ref();
        if let Some(message) = bad_key(key) {
            report_at(lint, rules::BAD_KEY, path, message);
        }
        if let Some(earlier) = first.get(key) {
            let message = format!("the key `{key}` is already that of the {what} at {earlier}");
            report_at(lint, rules::DUPLICATE_KEY, path, message);
        } else {
            first.insert(key, path);
        }
    }
}

fn report_at(lint: &mut Lint<'_>, rule: rules::Rule, path: &str, message: String) {
    lint.report(rule, &Path::Root, message);
    if let Some(problem) = lint.problems.last_mut() {
        path.clone_into(&mut problem.path);
    }
}

fn bad_key(key: &str) -> Option<String> {
    let length = key.chars().count();
    let wrong = key.chars().find(|c| !(c.is_ascii_alphanumeric() || "_-".contains(*c)));
    match (length, wrong) {
        (0, _) => Some("the key is empty".to_owned()),
        (_, Some(c)) => Some(format!("the key `{key}` has {c:?}; keys have letters, digits, `_` and `-`")),
        (length, None) if length > 100 => Some(format!("the key has {length} characters; the limit is 100")),
        _ => None,
    }
}

fn parameters(lint: &mut Lint<'_>, job: &JobSettings) {
    let root = Path::Root;
    let list = root.key("parameters");
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    for (n, parameter) in job.parameters.iter().enumerate() {
        let item = list.index(n);
        let path = item.key("name");
        let name = parameter.name.as_str();
        let good = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        if name.is_empty() || !name.chars().all(good) {
            let message =
                format!("the parameter name `{name}` must consist of letters, digits, `_`, `-` and `.`");
            lint.report(rules::BAD_PARAMETER_NAME, &path, message);
        }
        if let Some(earlier) = first.get(name) {
            let message = format!("the parameter `{name}` is already declared at parameters[{earlier}]");
            lint.report(rules::DUPLICATE_KEY, &path, message);
        } else {
            first.insert(name, n);
        }
    }
}

/// Reference section 6.5.
fn environment_variables(lint: &mut Lint<'_>, job: &JobSettings) {
    let root = Path::Root;
    let list = root.key("environment_variables");
    for (n, set) in job.environment_variables.iter().enumerate() {
        let Some(spec) = &set.spec else { continue };
        let item = list.index(n);
        let block = item.key("spec");
        let variables = block.key("variables");
        count(lint, &variables, "variables", spec.variables.len(), 100);
        count(lint, &block.key("files"), "files", spec.files.len(), 5);
        for (name, value) in spec.variables.iter() {
            let path = variables.key(name);
            let first = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
            let rest = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if !(first && rest && name.len() <= 256) {
                let message = format!(
                    "the variable name `{name}` must have 1 to 256 letters, digits and `_`, no digit first"
                );
                lint.report(rules::BAD_VARIABLE_NAME, &path, message);
            }
            text(lint, &path, Some(value), Limit::Characters(512));
        }
    }
}
