//! What a task does: exactly one block, and the rules of each kind (reference sections 5, 10 and 11.1).

use super::names::{Limit, text};
use super::unknown::used;
use super::{Block, Lint, Place, rules};
use crate::cut;
use crate::dag::is_number;
use crate::job::wire::{Path, scalar_text};
use crate::job::{ConditionOp, RunJobTask, TaskKind};
use crate::json::{self, Listed};
use crate::value::Value;

pub(super) fn judge(lint: &mut Lint<'_>) {
    lint.each_task(|lint, path, place| {
        block(lint, path, place);
        retries(lint, path, place.task);
        shadowed(lint, path, place.task);
    });
}

/// The fields of all blocks that say what a task does: those that are modelled, then others.
fn kinds(task: Block<'_>) -> Vec<&str> {
    let mut kinds: Vec<&str> = TaskKind::FIELDS.to_vec();
    kinds.retain(|kind| task.block(kind).is_some());
    let other = |name: &&str| name.ends_with("_task") && !TaskKind::FIELDS.contains(name) && task.has(name);
    kinds.extend(task.names().filter(other));
    kinds
}

/// The field of a task's one block; `None` when there is none or more than one.
pub(super) fn kind(task: Block<'_>) -> Option<&str> {
    match kinds(task)[..] {
        [kind] => Some(kind),
        _ => None,
    }
}

fn block(lint: &mut Lint<'_>, path: &Path<'_>, place: Place<'_>) {
    let task = place.task;
    let kinds = kinds(task);
    let key = task.key("task_key");
    match kinds.len() {
        0 => {
            let message = format_args!("task `{key}` has nothing to run");
            let hint = Some("add one block such as `notebook_task`");
            lint.report_with(rules::NO_TASK_TYPE, path, message, hint);
        }
        1 => {}
        _ => {
            let message = format_args!("task `{key}` has several things to run: {}", Listed(&kinds, ", "));
            lint.report_with(rules::SEVERAL_TASK_TYPES, path, message, Some("keep one of them"));
        }
    }
    for kind in kinds {
        let at = path.key(kind);
        let Some(block) = task.block(kind) else { continue };
        match kind {
            "sql_task" => sql_task(lint, &at, block),
            "dbt_task" => dbt_task(lint, &at, block),
            "condition_task" => condition_task(lint, &at, block),
            "for_each_task" => for_each_task(lint, &at, block, place.parent.is_some()),
            "python_wheel_task"
                if !block.list("parameters").is_empty() && !block.texts("named_parameters").is_empty() =>
            {
                let message = "`parameters` and `named_parameters` are both given";
                lint.report_with(rules::WHEEL_PARAMETERS, &at, message, Some("keep one of them"));
            }
            "run_job_task" => {
                let legacy = used(block, RunJobTask::DEPRECATED);
                if !block.texts("job_parameters").is_empty() && !legacy.is_empty() {
                    let message =
                        format_args!("`job_parameters` and {} are both given", Listed(&legacy, ", "));
                    lint.report_with(rules::MIXED_PARAMETERS, &at, message, Some("keep `job_parameters`"));
                } else if legacy.contains(&"notebook_params") && legacy.contains(&"jar_params") {
                    let message = "`notebook_params` and `jar_params` are both given";
                    lint.report(rules::MIXED_PARAMETERS, &at, message);
                }
            }
            _ => {}
        }
    }
}

fn sql_task(lint: &mut Lint<'_>, path: &Path<'_>, sql: Block<'_>) {
    let given = sql.given(&["query", "file", "dashboard", "alert"]);
    match given.len() {
        0 => lint.report(rules::SQL_TARGET, path, "none of query, file, dashboard and alert is given"),
        1 => {}
        _ => {
            let message = format_args!("only one of {} may be given", Listed(&given, ", "));
            lint.report(rules::SQL_TARGET, path, message);
        }
    }
    if !sql.has("warehouse_id") {
        let message = "`warehouse_id` is missing; a workspace refuses the task without it";
        lint.report(rules::SQL_WAREHOUSE_MISSING, path, message);
    }
}

fn dbt_task(lint: &mut Lint<'_>, path: &Path<'_>, dbt: Block<'_>) {
    let list = path.key("commands");
    let commands = dbt.list("commands");
    if commands.is_empty() {
        lint.report(rules::BAD_DBT_COMMAND, path, "the dbt task has no commands");
    }
    for (n, command) in commands.iter().enumerate() {
        let command = scalar_text(command).unwrap_or_default();
        if command.split_whitespace().next() != Some("dbt") {
            let message = format_args!("the command `{command}` does not start with `dbt`");
            lint.report(rules::BAD_DBT_COMMAND, &list.index(n), message);
        }
    }
    let warehouse = dbt.has("warehouse_id");
    if dbt.has("catalog") && !warehouse {
        let message = "`catalog` has no effect without `warehouse_id`";
        lint.report(rules::DBT_PROFILE, &path.key("catalog"), message);
    }
    if dbt.has("profiles_directory") && warehouse {
        let message = "`profiles_directory` has no effect: with `warehouse_id` a profile is generated";
        lint.report(rules::DBT_PROFILE, &path.key("profiles_directory"), message);
    }
}

fn condition_task(lint: &mut Lint<'_>, path: &Path<'_>, condition: Block<'_>) {
    let op = ConditionOp::from(condition.key("op"));
    if matches!(op, ConditionOp::EqualTo | ConditionOp::NotEqual | ConditionOp::Other(_)) {
        return;
    }
    for side in ["left", "right"] {
        let operand = condition.scalar(side);
        if !is_number(&operand) && cut::twice(&operand, b'{').is_none() {
            let message = format_args!("{} compares numbers, and `{operand}` is none", op.as_str());
            lint.report(rules::CONDITION_NOT_NUMERIC, &path.key(side), message);
        }
    }
}

fn for_each_task(lint: &mut Lint<'_>, path: &Path<'_>, for_each: Block<'_>, nested: bool) {
    if nested {
        let message = "a for-each task stands inside a for-each task";
        let hint = Some("run a job with the inner for-each task through `run_job_task`");
        lint.report_with(rules::NESTED_FOR_EACH, path, message, hint);
    }
    let inputs = for_each.scalar("inputs");
    let inputs = inputs.as_str();
    let at = path.key("inputs");
    if cut::twice(inputs, b'{').is_some() {
        return;
    }
    text(lint, &at, Some(inputs), Limit::Characters(5000));
    let hint = Some("write a JSON array, for example [\"a\", \"b\"], or one reference that gives one");
    match json::read(inputs) {
        Ok(Value::Array(items)) => {
            if let Some(bad) = items.iter().find(|item| item.is_null() || item.is_array()) {
                let bad = json::write(bad);
                let message = format_args!("the element {bad} is no text, number, boolean or object");
                lint.report(rules::FOR_EACH_INPUTS, &at, message);
            }
        }
        Ok(other) => {
            let found = crate::job::wire::type_name(&other);
            lint.report_with(
                rules::FOR_EACH_INPUTS,
                &at,
                format_args!("the inputs are {found}, not a JSON array"),
                hint,
            );
        }
        Err(error) => {
            let message = format_args!("the inputs are not a JSON array: {error}");
            lint.report_with(rules::FOR_EACH_INPUTS, &at, message, hint);
        }
    }
}

fn retries(lint: &mut Lint<'_>, path: &Path<'_>, task: Block<'_>) {
    let retries = task.integer("max_retries").unwrap_or(0) != 0;
    let interval = task.integer("min_retry_interval_millis").unwrap_or(0) > 0;
    let on_timeout = task.flag("retry_on_timeout");
    let without_attempts = if task.block("condition_task").is_some() {
        Some(("a condition task is not retried", "remove it"))
    } else if task.block("for_each_task").is_some() {
        Some(("a for-each task is not retried itself", "put it on the nested task"))
    } else {
        None
    };
    if let Some((why, hint)) = without_attempts {
        let fields = [
            ("max_retries", retries),
            ("min_retry_interval_millis", interval),
            ("retry_on_timeout", on_timeout),
        ];
        for (field, _) in fields.into_iter().filter(|(_, given)| *given) {
            let message = format_args!("`{field}` has no effect: {why}");
            lint.report_with(rules::RETRIES_WITHOUT_EFFECT, &path.key(field), message, Some(hint));
        }
        return;
    }
    if interval && !retries {
        let message = "`min_retry_interval_millis` has no effect without `max_retries`";
        lint.report(rules::RETRIES_WITHOUT_EFFECT, &path.key("min_retry_interval_millis"), message);
    }
    if on_timeout && (!retries || task.integer("timeout_seconds").unwrap_or(0) <= 0) {
        let missing = if retries { "timeout_seconds" } else { "max_retries" };
        let message = format_args!("`retry_on_timeout` has no effect without `{missing}`");
        lint.report(rules::RETRIES_WITHOUT_EFFECT, &path.key("retry_on_timeout"), message);
    }
}

/// Job parameters win over task parameters of the same name (reference section 12.2). Passing the job parameter on
/// under its own name is harmless.
fn shadowed(lint: &mut Lint<'_>, path: &Path<'_>, task: Block<'_>) {
    for (kind, field) in [
        ("notebook_task", "base_parameters"),
        ("sql_task", "parameters"),
        ("python_wheel_task", "named_parameters"),
    ] {
        let Some(block) = task.block(kind) else { continue };
        let at = path.key(kind);
        let at = at.key(field);
        for (name, value) in block.texts(field) {
            let squeezed: String = value.chars().filter(|c| !c.is_whitespace() && *c != '`').collect();
            if lint.has_parameter(name) && squeezed != format!("{{{{job.parameters.{name}}}}}") {
                let message = format_args!(
                    "the task parameter `{name}` is never used: the job parameter `{name}` wins"
                );
                let hint = Some("give one of the two another name");
                lint.report_with(rules::PARAMETER_SHADOWED, &at.key(name), message, hint);
            }
        }
    }
}
