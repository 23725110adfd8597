//! Fields and values that nobody knows, and fields that are deprecated.

use super::{Lint, rules};
use crate::job::wire::{Part, Path, Wire};
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
    let job = lint.job;
    job.walk(&Path::Root, &mut |path, part| match part {
        Part::Object { fields, unknown } => {
            for field in unknown.keys() {
                unknown_field(lint, path, field, fields);
            }
        }
        Part::Choice { text, known } => unknown_value(lint, path, text, known),
    });
    named_choices(lint);
    lint.each_task(|lint, path, place| deprecated(lint, path, place.task));
}

fn unknown_field(lint: &mut Lint<'_>, path: &Path<'_>, field: &str, fields: &'static [&'static str]) {
    let also: Vec<&str> = ALSO_KNOWN
        .iter()
        .filter(|(mark, _)| fields.contains(mark))
        .flat_map(|(_, names)| names.iter().copied())
        .collect();
    if !also.contains(&field) {
        let message = format!("`{field}` is not a known field here; it is kept and has no effect");
        let hint = did_you_mean(field, fields.iter().copied().chain(also));
        lint.report_with(rules::UNKNOWN_FIELD, &path.key(field), message, hint);
    }
}

fn unknown_value(lint: &mut Lint<'_>, path: &Path<'_>, text: &str, known: &[&str]) {
    if !known.contains(&text) {
        let message = format!("`{text}` is not a known value");
        let hint = did_you_mean(text, known.iter().copied())
            .unwrap_or_else(|| format!("known values are {}", known.join(", ")));
        lint.report_with(rules::UNKNOWN_VALUE, path, message, Some(hint));
    }
}

/// Enumerations that the model keeps as text.
fn named_choices(lint: &mut Lint<'_>) {
    let job = lint.job;
    let root = Path::Root;
    if let Some(condition) = job.trigger.as_ref().and_then(|t| t.table_update.as_ref()?.condition.as_ref()) {
        let trigger = root.key("trigger");
        let update = trigger.key("table_update");
        unknown_value(lint, &update.key("condition"), condition, &["ANY_UPDATED", "ALL_UPDATED"]);
    }
    if let Some(target) = &job.duration_target {
        let known = ["NO_FLEXIBILITY", "4h", "12h", "24h", "72h"];
        unknown_value(lint, &root.key("duration_target"), target, &known);
    }
    health(lint, &root, job.health.as_ref());
    lint.each_task(|lint, path, place| health(lint, path, place.task.health.as_ref()));
}

fn health(lint: &mut Lint<'_>, path: &Path<'_>, health: Option<&crate::job::Health>) {
    const METRICS: &[&str] = &[
        "RUN_DURATION_SECONDS",
        "STREAMING_BACKLOG_BYTES",
        "STREAMING_BACKLOG_FILES",
        "STREAMING_BACKLOG_RECORDS",
        "STREAMING_BACKLOG_SECONDS",
    ];
    let block = path.key("health");
    let rules = block.key("rules");
    for (n, rule) in health.iter().flat_map(|health| &health.rules).enumerate() {
        unknown_value(lint, &rules.index(n).key("metric"), &rule.metric, METRICS);
        unknown_value(lint, &rules.index(n).key("op"), &rule.op, &["GREATER_THAN"]);
    }
}

fn deprecated(lint: &mut Lint<'_>, path: &Path<'_>, task: &crate::job::Task) {
    let mut found: Vec<(&str, &str, &str)> = Vec::new();
    if let Some(jar) = &task.spark_jar_task {
        found.extend(
            jar.jar_uri.as_ref().map(|_| ("spark_jar_task", "jar_uri", "name the JAR in `libraries`")),
        );
        found.extend(jar.run_as_repl.map(|_| ("spark_jar_task", "run_as_repl", "remove it")));
    }
    if let Some(run) = &task.run_job_task {
        let used = run.deprecated_parameters();
        found.extend(used.into_iter().map(|name| ("run_job_task", name, "use `job_parameters`")));
    }
    for (block, field, hint) in found {
        let message = format!("`{field}` is deprecated");
        lint.report_with(rules::DEPRECATED_FIELD, &path.key(block).key(field), message, Some(hint));
    }
    let libraries = path.key("libraries");
    for (n, library) in task.libraries.iter().enumerate() {
        if library.egg.is_some() {
            let hint = Some("build a wheel and use `whl`");
            lint.report_with(
                rules::DEPRECATED_FIELD,
                &libraries.index(n).key("egg"),
                "`egg` is deprecated",
                hint,
            );
        }
    }
}
