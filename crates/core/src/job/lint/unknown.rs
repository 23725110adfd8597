//! Fields and values that nobody knows, and fields that are deprecated.

use super::{Block, Lint, rules};
use crate::job::RunJobTask;
use crate::job::wire::{Path, Shape};
use crate::json::Listed;
use crate::suggest::did_you_mean;

/// Blocks of reference section 5 that are stored as they are.
const STORED_TASKS: &[&str] = &[
    "dbt_platform_task",
    "dbt_cloud_task",
    "dashboard_task",
    "alert_task",
    "power_bi_task",
    "clean_rooms_notebook_task",
    "python_operator_task",
    "gen_ai_compute_task",
    "ai_runtime_task",
    "ai_function_task",
    "agentic_task",
    "genie_task",
];

/// Fields that are known and not modelled, by a field that only their object has.
const ALSO_KNOWN: &[(&str, &[&str])] = &[
    ("task_key", STORED_TASKS),
    ("max_concurrent_runs", &["access_control_list"]),
    ("on_streaming_backlog_exceeded", &["on_maintenance_start", "on_maintenance_complete"]),
    // A rule of its own speaks about these.
    ("job_cluster_key", &["libraries"]),
];

pub(super) fn judge(lint: &mut Lint<'_>) {
    named_choices(lint);
    lint.each_task(|lint, path, place| deprecated(lint, path, place.task));
}

/// A field that an object of this shape does not have.
pub(super) fn field(lint: &mut Lint<'_>, path: &Path<'_>, field: &str, shape: &'static Shape) {
    let mut known: Vec<&str> = shape.names().collect();
    for (mark, names) in ALSO_KNOWN {
        if shape.has(mark) {
            if names.contains(&field) {
                return;
            }
            known.extend_from_slice(names);
        }
    }
    let message = format_args!("`{field}` is not a known field here; it is kept and has no effect");
    lint.report_with(rules::UNKNOWN_FIELD, &path.key(field), message, did_you_mean(field, known));
}

/// A text that is none of the known ones.
pub(super) fn value(lint: &mut Lint<'_>, path: &Path<'_>, text: &str, known: &[&str]) {
    if !known.contains(&text) {
        let message = format_args!("`{text}` is not a known value");
        let hint = did_you_mean(text, known.iter().copied())
            .unwrap_or_else(|| format!("known values are {}", Listed(known, ", ")));
        lint.report_with(rules::UNKNOWN_VALUE, path, message, Some(hint));
    }
}

/// Enumerations that the model keeps as text.
fn named_choices(lint: &mut Lint<'_>) {
    let job = lint.job;
    let root = Path::Root;
    let update = job.block("trigger").and_then(|trigger| trigger.block("table_update"));
    if let Some(condition) = update.and_then(|update| update.text("condition")) {
        let trigger = root.key("trigger");
        let update = trigger.key("table_update");
        value(lint, &update.key("condition"), condition, &["ANY_UPDATED", "ALL_UPDATED"]);
    }
    if let Some(target) = job.text("duration_target") {
        let known = ["NO_FLEXIBILITY", "4h", "12h", "24h", "72h"];
        value(lint, &root.key("duration_target"), target, &known);
    }
    health(lint, &root, job);
    lint.each_task(|lint, path, place| health(lint, path, place.task));
}

/// The rules of `health` of a job or a task.
fn health(lint: &mut Lint<'_>, path: &Path<'_>, holder: Block<'_>) {
    const METRICS: &[&str] = &[
        "RUN_DURATION_SECONDS",
        "STREAMING_BACKLOG_BYTES",
        "STREAMING_BACKLOG_FILES",
        "STREAMING_BACKLOG_RECORDS",
        "STREAMING_BACKLOG_SECONDS",
    ];
    let Some(health) = holder.block("health") else { return };
    let block = path.key("health");
    let rules = block.key("rules");
    for (n, rule) in health.list("rules").iter().enumerate() {
        let rule = Block::of(rule);
        value(lint, &rules.index(n).key("metric"), rule.key("metric"), METRICS);
        value(lint, &rules.index(n).key("op"), rule.key("op"), &["GREATER_THAN"]);
    }
}

fn deprecated(lint: &mut Lint<'_>, path: &Path<'_>, task: Block<'_>) {
    let mut report = |block: &str, field: &str, hint: &str| {
        let message = format_args!("`{field}` is deprecated");
        lint.report_with(rules::DEPRECATED_FIELD, &path.key(block).key(field), message, Some(hint));
    };
    if let Some(jar) = task.block("spark_jar_task") {
        if jar.has("jar_uri") {
            report("spark_jar_task", "jar_uri", "name the JAR in `libraries`");
        }
        if jar.has("run_as_repl") {
            report("spark_jar_task", "run_as_repl", "remove it");
        }
    }
    if let Some(run) = task.block("run_job_task") {
        for field in used(run, RunJobTask::DEPRECATED) {
            report("run_job_task", field, "use `job_parameters`");
        }
    }
    let libraries = path.key("libraries");
    for (n, library) in task.list("libraries").iter().enumerate() {
        if Block::of(library).has("egg") {
            let hint = Some("build a wheel and use `whl`");
            let at = libraries.index(n);
            lint.report_with(rules::DEPRECATED_FIELD, &at.key("egg"), "`egg` is deprecated", hint);
        }
    }
}

/// Those of the fields that are lists or objects with something in them.
pub(super) fn used(block: Block<'_>, names: &[&'static str]) -> Vec<&'static str> {
    let mut used = block.given(names);
    used.retain(|name| !block.list(name).is_empty() || !block.texts(name).is_empty());
    used
}
