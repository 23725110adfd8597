//! Which parameters a task gets (reference sections 12.2 to 12.4): its own, legacy ones of the request, and job
//! parameters pushed down, the later winning.

use super::io::{LegacyParameters, ParameterValue, Repair};
use crate::job::wire::{Text, TextMap};
use crate::job::{JobParameter, SqlTask, Task};
use serde_json::{Map, Value};

/// Applies the legacy task parameters of a run-now or repair call: maps are merged key by key, lists replace.
/// References in the result are not resolved yet.
pub fn apply_legacy(task: &mut Task, legacy: &LegacyParameters) {
    let merge = |own: &mut TextMap, over: &Option<TextMap>| {
        for (key, value) in over.iter().flat_map(TextMap::iter) {
            own.insert(key, value);
        }
    };
    let replace = |own: &mut Vec<Text>, over: &Option<Vec<String>>| {
        if let Some(over) = over {
            *own = over.iter().cloned().map(Text).collect();
        }
    };
    if let Some(block) = &mut task.notebook_task {
        merge(&mut block.base_parameters, &legacy.notebook_params);
    }
    if let Some(block) = &mut task.sql_task {
        merge(&mut block.parameters, &legacy.sql_params);
    }
    if let Some(block) = &mut task.python_wheel_task {
        merge(&mut block.named_parameters, &legacy.python_named_params);
        // A wheel with named parameters is not positional, so the list is not for it.
        if block.named_parameters.is_empty() {
            replace(&mut block.parameters, &legacy.python_params);
        }
    }
    if let Some(block) = &mut task.spark_python_task {
        replace(&mut block.parameters, &legacy.python_params);
    }
    if let Some(block) = &mut task.spark_jar_task {
        replace(&mut block.parameters, &legacy.jar_params);
    }
    if let Some(block) = &mut task.spark_submit_task {
        replace(&mut block.parameters, &legacy.spark_submit_params);
    }
    if let Some(block) = &mut task.dbt_task {
        replace(&mut block.commands, &legacy.dbt_commands);
    }
    if let (Some(block), Some(Value::Object(over))) = (&mut task.pipeline_task, &legacy.pipeline_params) {
        block.full_refresh = over.get("full_refresh").and_then(Value::as_bool).or(block.full_refresh);
        for (name, list) in [
            ("full_refresh_selection", &mut block.full_refresh_selection),
            ("refresh_selection", &mut block.refresh_selection),
            ("refresh_flow_selection", &mut block.refresh_flow_selection),
            ("reset_checkpoint_selection", &mut block.reset_checkpoint_selection),
        ] {
            if let Some(Value::Array(items)) = over.get(name) {
                *list = items.iter().filter_map(crate::job::wire::scalar_text).map(Text).collect();
            }
        }
    }
}

/// True for the tasks into which [`push_down`] puts job parameters: those with key-value parameters (section 12.3).
pub(super) fn takes_job_parameters(task: &Task) -> bool {
    task.notebook_task.is_some()
        || task.sql_task.as_ref().is_some_and(sql_takes_parameters)
        || task.python_wheel_task.as_ref().is_some_and(|block| block.parameters.is_empty())
        || task.pipeline_task.is_some()
        || task.run_job_task.is_some()
        || task.unknown.contains_key(CLEAN_ROOM)
}

const CLEAN_ROOM: &str = "clean_rooms_notebook_task";

/// Dashboards and alerts of a SQL task take no named parameters.
fn sql_takes_parameters(block: &SqlTask) -> bool {
    block.query.is_some() || block.file.is_some()
}

/// Pushes job parameters down into the key-value parameters of a task; they win over a task parameter of the same
/// name (section 12.2). A wheel with positional parameters takes none. Values are not scanned for references.
///
/// A run-job task is left alone: only the driver knows which names the child defines, see [`child_parameters`].
pub fn push_down(task: &mut Task, parameters: &[(String, String)]) {
    let push = |own: &mut TextMap| {
        for (name, value) in parameters {
            own.insert(name.as_str(), value.as_str());
        }
    };
    if let Some(block) = &mut task.notebook_task {
        push(&mut block.base_parameters);
    }
    if let Some(block) = task.sql_task.as_mut().filter(|block| sql_takes_parameters(block)) {
        push(&mut block.parameters);
    }
    if let Some(block) = task.python_wheel_task.as_mut().filter(|block| block.parameters.is_empty()) {
        push(&mut block.named_parameters);
    }
    if let Some(block) = &mut task.pipeline_task {
        push(&mut block.parameters);
    }
    let clean_room = task.unknown.get_mut(CLEAN_ROOM).and_then(Value::as_object_mut);
    if let Some(block) = clean_room.filter(|_| !parameters.is_empty()) {
        let own = block.entry("notebook_base_parameters").or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(own) = own {
            own.extend(parameters.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))));
        }
    }
}

/// The job parameters with which a run-job task starts its child: the task's own `job_parameters`, and the parent's
/// job parameters for every name that the child defines, which win (sections 10.3 and 12.3).
pub fn child_parameters(own: &TextMap, parent: &[(String, String)], child: &[JobParameter]) -> TextMap {
    let mut parameters = own.clone();
    for (name, value) in parent.iter().filter(|(name, _)| child.iter().any(|p| p.name == *name)) {
        parameters.insert(name.as_str(), value.as_str());
    }
    parameters
}

/// The parameters of a run: every parameter that the job defines with its override or default, then overrides of
/// names that it does not define, which are added (open point 10).
pub fn run_parameters<'a>(
    defined: &[JobParameter],
    overrides: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Vec<ParameterValue> {
    let mut values: Vec<ParameterValue> = defined
        .iter()
        .map(|p| ParameterValue {
            name: p.name.clone(),
            default: p.default.0.clone(),
            value: p.default.0.clone(),
        })
        .collect();
    for (name, value) in overrides {
        set(&mut values, name, value);
    }
    values
}

fn set(values: &mut Vec<ParameterValue>, name: &str, value: &str) {
    match values.iter_mut().find(|p| p.name == name) {
        Some(parameter) => value.clone_into(&mut parameter.value),
        None => values.push(ParameterValue {
            name: name.to_owned(),
            default: String::new(),
            value: value.to_owned(),
        }),
    }
}

/// The parameters of a repair: those of the original run (never those of an earlier repair) with the job's present
/// defaults where the run did not override them, and the request's overrides over all (section 11.6).
pub(super) fn repair_parameters(original: &[ParameterValue], repair: &Repair) -> Vec<ParameterValue> {
    let mut values = original.to_vec();
    for defined in &repair.parameters {
        match values.iter_mut().find(|p| p.name == defined.name) {
            Some(parameter) => {
                if parameter.value == parameter.default {
                    parameter.value.clone_from(&defined.default.0);
                }
                parameter.default.clone_from(&defined.default.0);
            }
            None => values.push(ParameterValue {
                name: defined.name.clone(),
                default: defined.default.0.clone(),
                value: defined.default.0.clone(),
            }),
        }
    }
    for (name, value) in &repair.job_parameters {
        set(&mut values, name, value);
    }
    values
}

/// The legacy parameters of a repair: the request's, field by field before the original run's.
pub(super) fn repair_legacy(original: &LegacyParameters, repair: &LegacyParameters) -> LegacyParameters {
    let (new, old) = (repair.clone(), original.clone());
    LegacyParameters {
        notebook_params: new.notebook_params.or(old.notebook_params),
        python_params: new.python_params.or(old.python_params),
        python_named_params: new.python_named_params.or(old.python_named_params),
        jar_params: new.jar_params.or(old.jar_params),
        spark_submit_params: new.spark_submit_params.or(old.spark_submit_params),
        sql_params: new.sql_params.or(old.sql_params),
        dbt_commands: new.dbt_commands.or(old.dbt_commands),
        pipeline_params: new.pipeline_params.or(old.pipeline_params),
    }
}
