//! Names, keys, lengths, counts and ranges (reference section 18).

use super::{ApiVersion, Block, Lint, Place, nested, rules};
use crate::cut;
use crate::job::wire::Path;
use crate::names::Names;

pub(super) fn judge(lint: &mut Lint<'_>) {
    let job = lint.job;
    let root = Path::Root;
    text(lint, &root.key("name"), job.text("name"), Limit::Bytes(4096));
    text(lint, &root.key("description"), job.text("description"), Limit::Characters(27_700));
    counts(lint, job);
    ranges(lint, job);
    keys(lint, job);
    parameters(lint, job);
    environment_variables(lint, job);
    lint.each_task(task);
    if lint.tasks.is_empty() {
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
        lint.report(rules::TOO_LONG, path, format_args!("the text has {length} {unit}; the limit is {most}"));
    }
}

/// Judges the number of elements.
pub(super) fn count(lint: &mut Lint<'_>, path: &Path<'_>, what: &str, count: usize, most: usize) {
    if count > most {
        lint.report(rules::TOO_MANY, path, format_args!("{count} {what}; the limit is {most}"));
    }
}

/// Judges that a number is in a range.
pub(super) fn range(lint: &mut Lint<'_>, path: &Path<'_>, value: Option<i64>, least: i64, most: i64) {
    let Some(value) = value else { return };
    if value < least {
        lint.report(rules::OUT_OF_RANGE, path, format_args!("{value} is too small; the least is {least}"));
    } else if value > most {
        lint.report(rules::OUT_OF_RANGE, path, format_args!("{value} is too large; the most is {most}"));
    }
}

fn counts(lint: &mut Lint<'_>, job: Block<'_>) {
    let root = Path::Root;
    let (tasks, hint) = match lint.options.api {
        ApiVersion::V2_1 => (100, Some("API 2.2 takes 1000 tasks")),
        ApiVersion::V2_2 => (1000, None),
    };
    if lint.tasks.len() > tasks {
        let message = format_args!("{} tasks; the limit is {tasks}", lint.tasks.len());
        lint.report_with(rules::TOO_MANY, &root.key("tasks"), message, hint);
    }
    for (list, what, most) in [
        ("job_clusters", "job clusters", 100),
        ("environments", "environments", 10),
        ("environment_variables", "sets of environment variables", 10),
    ] {
        count(lint, &root.key(list), what, job.list(list).len(), most);
    }
    count(lint, &root.key("tags"), "tags", job.texts("tags").len(), 25);
}

fn ranges(lint: &mut Lint<'_>, job: Block<'_>) {
    let root = Path::Root;
    range(lint, &root.key("max_concurrent_runs"), job.integer("max_concurrent_runs"), 0, 1000);
    range(lint, &root.key("timeout_seconds"), job.integer("timeout_seconds"), 0, i64::from(i32::MAX));
    if job.integer("max_concurrent_runs") == Some(0) {
        let message = "`max_concurrent_runs` is 0: every new run is skipped";
        lint.report(rules::NEVER_RUNS, &root.key("max_concurrent_runs"), message);
    }
}

fn task(lint: &mut Lint<'_>, path: &Path<'_>, place: Place<'_>) {
    let task = place.task;
    text(lint, &path.key("description"), task.text("description"), Limit::Characters(1000));
    for (field, least) in [("max_retries", -1), ("min_retry_interval_millis", 0), ("timeout_seconds", 0)] {
        range(lint, &path.key(field), task.integer(field), least, i64::from(i32::MAX));
    }
    for (kind, field, limit) in [
        ("notebook_task", "base_parameters", Limit::Bytes(1_000_000)),
        ("pipeline_task", "parameters", Limit::Characters(10_000)),
    ] {
        // The length of the map as compact JSON.
        if let Some(block) = task.block(kind) {
            text(lint, &path.key(kind).key(field), Some(&block.texts_json(field)), limit);
        }
    }
    if let Some(for_each) = task.block("for_each_task") {
        let block = path.key("for_each_task");
        range(lint, &block.key("concurrency"), for_each.integer("concurrency"), 1, 100);
    }
    if let Some(dbt) = task.block("dbt_task") {
        let block = path.key("dbt_task");
        count(lint, &block.key("commands"), "dbt commands", dbt.list("commands").len(), 10);
    }
}

/// Where a key stands: list, number, and whether it is that of the task inside of a for-each task.
type KeyPlace = (&'static str, usize, bool);

/// Keys of tasks, clusters, environments and sets of variables: how they are written, and that each is there once.
fn keys(lint: &mut Lint<'_>, job: Block<'_>) {
    let mut tasks: Vec<(KeyPlace, &str)> = Vec::new();
    for (n, (key, task)) in lint.tasks.iter().enumerate() {
        tasks.push((("tasks", n, false), key));
        if let Some(for_each) = task.block("for_each_task") {
            tasks.push((("tasks", n, true), nested(for_each).key("task_key")));
        }
    }
    unique(lint, "task", "task_key", &tasks);
    for (list, what, field) in [
        ("job_clusters", "job cluster", "job_cluster_key"),
        ("environments", "environment", "environment_key"),
        ("environment_variables", "set of environment variables", "environment_variables_key"),
    ] {
        let keys = job.list(list).iter().enumerate();
        let keys: Vec<_> = keys.map(|(n, item)| ((list, n, false), Block::of(item).key(field))).collect();
        unique(lint, what, field, &keys);
    }
}

fn unique(lint: &mut Lint<'_>, what: &str, field: &str, keys: &[(KeyPlace, &str)]) {
    let mut names = Vec::with_capacity(keys.len());
    for (_, key) in keys {
        names.push(*key);
    }
    let first = Names::of(&names);
    for (number, (place, key)) in keys.iter().enumerate() {
        if let Some(message) = bad_key(key) {
            at_key(*place, field, &mut |path| lint.report(rules::BAD_KEY, path, message.as_str()));
        }
        if let Some(earlier) = first.get(key).filter(|earlier| *earlier != number) {
            let mut message = format!("the key `{key}` is already that of the {what} at ");
            at_key(keys[earlier].0, field, &mut |path| message += &path.to_string());
            at_key(*place, field, &mut |path| lint.report(rules::DUPLICATE_KEY, path, message.as_str()));
        }
    }
}

fn at_key((list, n, nested): KeyPlace, field: &str, then: &mut dyn FnMut(&Path<'_>)) {
    let root = Path::Root;
    let list = root.key(list);
    let mut item = list.index(n);
    let block;
    let holder = item;
    if nested {
        block = holder.key("for_each_task");
        item = block.key("task");
    }
    then(&item.key(field));
}

fn bad_key(key: &str) -> Option<String> {
    let length = key.chars().count();
    let wrong = key.chars().find(|c| !(c.is_ascii_alphanumeric() || cut::has_char("_-", *c)));
    match (length, wrong) {
        (0, _) => Some("the key is empty".to_owned()),
        (_, Some(c)) => Some(format!("the key `{key}` has '{c}'; keys have letters, digits, `_` and `-`")),
        (length, None) if length > 100 => Some(format!("the key has {length} characters; the limit is 100")),
        _ => None,
    }
}

fn parameters(lint: &mut Lint<'_>, job: Block<'_>) {
    let root = Path::Root;
    let list = root.key("parameters");
    let parameters = job.list("parameters");
    let mut names = Vec::with_capacity(parameters.len());
    for parameter in parameters {
        names.push(Block::of(parameter).key("name"));
    }
    let first = Names::of(&names);
    for (n, name) in names.iter().copied().enumerate() {
        let item = list.index(n);
        let path = item.key("name");
        let good = |c: char| c.is_ascii_alphanumeric() || cut::has_char("_-.", c);
        if name.is_empty() || !name.chars().all(good) {
            let message =
                format_args!("the parameter name `{name}` must consist of letters, digits, `_`, `-` and `.`");
            lint.report(rules::BAD_PARAMETER_NAME, &path, message);
        }
        if let Some(earlier) = first.get(name).filter(|earlier| *earlier != n) {
            let message = format_args!("the parameter `{name}` is already declared at parameters[{earlier}]");
            lint.report(rules::DUPLICATE_KEY, &path, message);
        }
    }
}

/// Reference section 6.5.
fn environment_variables(lint: &mut Lint<'_>, job: Block<'_>) {
    let root = Path::Root;
    let list = root.key("environment_variables");
    for (n, set) in job.list("environment_variables").iter().enumerate() {
        let Some(spec) = Block::of(set).block("spec") else { continue };
        let item = list.index(n);
        let block = item.key("spec");
        let path = block.key("variables");
        let variables = spec.texts("variables");
        count(lint, &path, "variables", variables.len(), 100);
        count(lint, &block.key("files"), "files", spec.list("files").len(), 5);
        for (name, value) in variables {
            let path = path.key(name);
            let first = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
            let rest = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if !(first && rest && name.len() <= 256) {
                let message = format_args!(
                    "the variable name `{name}` must have 1 to 256 letters, digits and `_`, no digit first"
                );
                lint.report(rules::BAD_VARIABLE_NAME, &path, message);
            }
            text(lint, &path, Some(&value), Limit::Characters(512));
        }
    }
}
