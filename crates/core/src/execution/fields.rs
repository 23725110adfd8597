//! The texts of a task in which references are replaced (reference section 13.2, open point 28).

use crate::job::Task;
use crate::job::wire::{Text, TextMap};
use serde_json::Value;

/// Rewrites every text of a task that may hold references. The nested task of a for-each task is left alone: it is
/// rewritten once per iteration.
pub(super) fn rewrite(task: &mut Task, f: &mut dyn FnMut(&str) -> String) {
    if let Some(block) = &mut task.notebook_task {
        text(&mut block.notebook_path, f);
        map(&mut block.base_parameters, f);
    }
    if let Some(block) = &mut task.spark_python_task {
        text(&mut block.python_file, f);
        list(&mut block.parameters, f);
    }
    if let Some(block) = &mut task.python_wheel_task {
        list(&mut block.parameters, f);
        map(&mut block.named_parameters, f);
    }
    if let Some(block) = &mut task.spark_jar_task {
        list(&mut block.parameters, f);
    }
    if let Some(block) = &mut task.spark_submit_task {
        list(&mut block.parameters, f);
    }
    if let Some(block) = &mut task.sql_task {
        map(&mut block.parameters, f);
        if let Some(file) = &mut block.file {
            text(&mut file.path, f);
        }
    }
    if let Some(block) = &mut task.dbt_task {
        list(&mut block.commands, f);
    }
    if let Some(block) = &mut task.pipeline_task {
        map(&mut block.parameters, f);
    }
    if let Some(block) = &mut task.condition_task {
        text(&mut block.left.0, f);
        text(&mut block.right.0, f);
    }
    if let Some(block) = &mut task.for_each_task {
        text(&mut block.inputs.0, f);
    }
    if let Some(block) = &mut task.run_job_task {
        for own in [
            &mut block.job_parameters,
            &mut block.notebook_params,
            &mut block.python_named_params,
            &mut block.sql_params,
        ] {
            map(own, f);
        }
        for own in [
            &mut block.python_params,
            &mut block.jar_params,
            &mut block.spark_submit_params,
            &mut block.dbt_commands,
        ] {
            list(own, f);
        }
    }
    for (_, block) in task.unknown.iter_mut().filter(|(name, _)| name.ends_with("_task")) {
        for name in ["parameters", "filters", "notebook_base_parameters"] {
            if let Some(value) = block.get_mut(name) {
                json(value, f);
            }
        }
    }
}

fn text(own: &mut String, f: &mut dyn FnMut(&str) -> String) {
    // Most texts hold no reference, and large jobs have many of them.
    if own.contains("{{") {
        *own = f(own);
    }
}

fn list(own: &mut [Text], f: &mut dyn FnMut(&str) -> String) {
    for item in own {
        text(&mut item.0, f);
    }
}

fn map(own: &mut TextMap, f: &mut dyn FnMut(&str) -> String) {
    if own.iter().any(|(_, value)| value.contains("{{")) {
        *own = own.iter().map(|(key, value)| (key.to_owned(), f(value))).collect();
    }
}

fn json(value: &mut Value, f: &mut dyn FnMut(&str) -> String) {
    match value {
        Value::String(own) => text(own, f),
        Value::Array(items) => items.iter_mut().for_each(|item| json(item, f)),
        Value::Object(members) => members.iter_mut().for_each(|(_, item)| json(item, f)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
