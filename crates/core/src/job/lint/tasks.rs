//! What a task does: exactly one block, and the rules of each kind (reference sections 5, 10 and 11.1).

use super::names::{Limit, text};
use super::{Lint, Place, rules};
use crate::job::wire::{Path, TextMap};
use crate::job::{ConditionOp, ConditionTask, DbtTask, ForEachTask, SqlTask, Task, TaskKind};
use serde_json::Value;

pub(super) fn judge(lint: &mut Lint<'_>) {
    lint.each_task(|lint, path, place| {
        block(lint, path, place);
        retries(lint, path, place.task);
        shadowed(lint, path, place.task);
    });
}

fn block(lint: &mut Lint<'_>, path: &Path<'_>, place: Place<'_>) {
    let task = place.task;
    let kinds = task.kinds();
    match kinds.as_slice() {
        [] => {
            let message = format!("task `{}` has nothing to run", task.task_key);
            let hint = Some("add one block such as `notebook_task`");
            lint.report_with(rules::NO_TASK_TYPE, path, message, hint);
        }
        [_] => {}
        several => {
            let names: Vec<&str> = several.iter().map(TaskKind::field).collect();
            let message = format!("task `{}` has several things to run: {}", task.task_key, names.join(", "));
            lint.report_with(rules::SEVERAL_TASK_TYPES, path, message, Some("keep one of them"));
        }
    }
    for kind in kinds {
        let at = path.key(kind.field());
        match kind {
            TaskKind::Sql(sql) => sql_task(lint, &at, sql),
            TaskKind::Dbt(dbt) => dbt_task(lint, &at, dbt),
            TaskKind::Condition(condition) => condition_task(lint, &at, condition),
            TaskKind::ForEach(for_each) => for_each_task(lint, &at, for_each, place.parent.is_some()),
            TaskKind::PythonWheel(wheel)
                if !wheel.parameters.is_empty() && !wheel.named_parameters.is_empty() =>
            {
                let message = "`parameters` and `named_parameters` are both given";
                lint.report_with(rules::WHEEL_PARAMETERS, &at, message, Some("keep one of them"));
            }
            TaskKind::RunJob(run) => {
                let legacy = run.deprecated_parameters();
                if !run.job_parameters.is_empty() && !legacy.is_empty() {
                    let message = format!("`job_parameters` and {} are both given", legacy.join(", "));
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

fn sql_task(lint: &mut Lint<'_>, path: &Path<'_>, sql: &SqlTask) {
    let given = [
        ("query", sql.query.is_some()),
        ("file", sql.file.is_some()),
        ("dashboard", sql.dashboard.is_some()),
        ("alert", sql.alert.is_some()),
    ];
    let given: Vec<&str> = given.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
    match given.len() {
        0 => lint.report(rules::SQL_TARGET, path, "none of query, file, dashboard and alert is given"),
        1 => {}
        _ => {
            let message = format!("only one of {} may be given", given.join(", "));
            lint.report(rules::SQL_TARGET, path, message);
        }
    }
    if sql.warehouse_id.is_none() {
        let message = "`warehouse_id` is missing; a workspace refuses the task without it";
        lint.report(rules::SQL_WAREHOUSE_MISSING, path, message);
    }
}

fn dbt_task(lint: &mut Lint<'_>, path: &Path<'_>, dbt: &DbtTask) {
    let list = path.key("commands");
    if dbt.commands.is_empty() {
        lint.report(rules::BAD_DBT_COMMAND, path, "the dbt task has no commands");
    }
    for (n, command) in dbt.commands.iter().enumerate() {
        if command.0.split_whitespace().next() != Some("dbt") {
            let message = format!("the command `{}` does not start with `dbt`", command.0);
            lint.report(rules::BAD_DBT_COMMAND, &list.index(n), message);
        }
    }
    if dbt.catalog.is_some() && dbt.warehouse_id.is_none() {
        let message = "`catalog` has no effect without `warehouse_id`";
        lint.report(rules::DBT_PROFILE, &path.key("catalog"), message);
    }
    if dbt.profiles_directory.is_some() && dbt.warehouse_id.is_some() {
        let message = "`profiles_directory` has no effect: with `warehouse_id` a profile is generated";
        lint.report(rules::DBT_PROFILE, &path.key("profiles_directory"), message);
    }
}

fn condition_task(lint: &mut Lint<'_>, path: &Path<'_>, condition: &ConditionTask) {
    if matches!(condition.op, ConditionOp::EqualTo | ConditionOp::NotEqual | ConditionOp::Other(_)) {
        return;
    }
    for (side, operand) in [("left", &condition.left.0), ("right", &condition.right.0)] {
        let number = operand.trim().parse::<f64>().is_ok_and(f64::is_finite);
        if !number && !operand.contains("{{") {
            let message = format!("{} compares numbers, and `{operand}` is none", condition.op);
            lint.report(rules::CONDITION_NOT_NUMERIC, &path.key(side), message);
        }
    }
}

fn for_each_task(lint: &mut Lint<'_>, path: &Path<'_>, for_each: &ForEachTask, nested: bool) {
    if nested {
        let message = "a for-each task stands inside a for-each task";
        let hint = Some("run a job with the inner for-each task through `run_job_task`");
        lint.report_with(rules::NESTED_FOR_EACH, path, message, hint);
    }
    let inputs = for_each.inputs.0.as_str();
    let at = path.key("inputs");
    if inputs.contains("{{") {
        return;
    }
    text(lint, &at, Some(inputs), Limit::Characters(5000));
    let hint = Some("write a JSON array, for example [\"a\", \"b\"], or one reference that gives one");
    match serde_json::from_str::<Value>(inputs) {
        Ok(Value::Array(items)) => {
            if let Some(bad) = items.iter().find(|item| item.is_null() || item.is_array()) {
                let message = format!("the element {bad} is no text, number, boolean or object");
                lint.report(rules::FOR_EACH_INPUTS, &at, message);
            }
        }
        Ok(other) => {
            let found = crate::job::wire::type_name(&other);
            lint.report_with(
                rules::FOR_EACH_INPUTS,
                &at,
                format!("the inputs are {found}, not a JSON array"),
                hint,
            );
        }
        Err(error) => {
            let message = format!("the inputs are not a JSON array: {error}");
            lint.report_with(rules::FOR_EACH_INPUTS, &at, message, hint);
        }
    }
}

fn retries(lint: &mut Lint<'_>, path: &Path<'_>, task: &Task) {
    let retries = task.max_retries.unwrap_or(0) != 0;
    let interval = task.min_retry_interval_millis.unwrap_or(0) > 0;
    let on_timeout = task.retry_on_timeout == Some(true);
    let without_attempts = if task.condition_task.is_some() {
        Some(("a condition task is not retried", "remove it"))
    } else if task.for_each_task.is_some() {
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
            let message = format!("`{field}` has no effect: {why}");
            lint.report_with(rules::RETRIES_WITHOUT_EFFECT, &path.key(field), message, Some(hint));
        }
        return;
    }
    if interval && !retries {
        let message = "`min_retry_interval_millis` has no effect without `max_retries`";
        lint.report(rules::RETRIES_WITHOUT_EFFECT, &path.key("min_retry_interval_millis"), message);
    }
    if on_timeout && (!retries || task.timeout_ms().is_none()) {
        let missing = if retries { "timeout_seconds" } else { "max_retries" };
        let message = format!("`retry_on_timeout` has no effect without `{missing}`");
        lint.report(rules::RETRIES_WITHOUT_EFFECT, &path.key("retry_on_timeout"), message);
    }
}

/// Job parameters win over task parameters of the same name (reference section 12.2). Passing the job parameter on
/// under its own name is harmless.
fn shadowed(lint: &mut Lint<'_>, path: &Path<'_>, task: &Task) {
    let maps: [(&str, &str, Option<&TextMap>); 3] = [
        ("notebook_task", "base_parameters", task.notebook_task.as_ref().map(|t| &t.base_parameters)),
        ("sql_task", "parameters", task.sql_task.as_ref().map(|t| &t.parameters)),
        (
            "python_wheel_task",
            "named_parameters",
            task.python_wheel_task.as_ref().map(|t| &t.named_parameters),
        ),
    ];
    for (block, field, map) in maps {
        let at = path.key(block);
        let at = at.key(field);
        for (name, value) in map.into_iter().flat_map(TextMap::iter) {
            let declared = lint.job.parameters.iter().any(|parameter| parameter.name == name);
            let squeezed: String = value.chars().filter(|c| !c.is_whitespace() && *c != '`').collect();
            if declared && squeezed != format!("{{{{job.parameters.{name}}}}}") {
                let message =
                    format!("the task parameter `{name}` is never used: the job parameter `{name}` wins");
                let hint = Some("give one of the two another name");
                lint.report_with(rules::PARAMETER_SHADOWED, &at.key(name), message, hint);
            }
        }
    }
}
