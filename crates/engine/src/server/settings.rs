//! Settings as they are stored and as they are shown: defaults, update's merging (reference sections 3.1, 3.3, 4).

use super::ApiVersion;
use lakeflow_core::job::wire::Wire;
use lakeflow_core::job::{JobSettings, QueueSettings};
use serde_json::{Map, Value, json};

/// What a new definition gets that depends on how it came in: in 2.2 runs queue by default, in 2.1 they do not.
pub(super) fn complete(settings: &mut JobSettings, version: ApiVersion) {
    settings.unknown.shift_remove("apply_policy_default_values");
    if settings.queue.is_none() && version == ApiVersion::V2_2 {
        settings.queue = Some(QueueSettings { enabled: true, unknown: Map::new() });
    }
}

/// Settings with the defaults that the platform shows.
pub(super) fn shown(settings: &JobSettings) -> Value {
    let mut shown = settings.write();
    let git = settings.git_source.is_some();
    if let Some(fields) = shown.as_object_mut() {
        default(fields, "name", json!("Untitled"));
        default(fields, "max_concurrent_runs", json!(1));
        default(fields, "timeout_seconds", json!(0));
        fields.insert("format".to_owned(), json!("MULTI_TASK"));
        default(fields, "email_notifications", json!({}));
        default(fields, "webhook_notifications", json!({}));
        for task in fields.get_mut("tasks").and_then(Value::as_array_mut).into_iter().flatten() {
            show_task(task, git);
        }
    }
    shown
}

/// A task with the defaults that the platform shows. `git`: the job has a `git_source`.
pub(super) fn show_task(task: &mut Value, git: bool) {
    let Some(fields) = task.as_object_mut() else { return };
    default(fields, "run_if", json!("ALL_SUCCESS"));
    default(fields, "timeout_seconds", json!(0));
    default(fields, "email_notifications", json!({}));
    if let Some(edges) = fields.get_mut("depends_on").and_then(Value::as_array_mut) {
        edges.sort_by(|a, b| text(a, "task_key").cmp(text(b, "task_key")));
    }
    let source = json!(if git { "GIT" } else { "WORKSPACE" });
    for block in ["notebook_task", "spark_python_task", "dbt_task"] {
        if let Some(block) = fields.get_mut(block).and_then(Value::as_object_mut) {
            default(block, "source", source.clone());
        }
    }
    let file = fields.get_mut("sql_task").and_then(|sql| sql.get_mut("file")).and_then(Value::as_object_mut);
    if let Some(file) = file {
        default(file, "source", source.clone());
    }
    if let Some(nested) = fields.get_mut("for_each_task").and_then(|each| each.get_mut("task")) {
        show_task(nested, git);
    }
}

fn default(fields: &mut Map<String, Value>, name: &str, value: Value) {
    fields.entry(name.to_owned()).or_insert(value);
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Arrays that update merges by the key of their elements (open point 12 for the last two).
const KEYED: &[(&str, &str)] = &[
    ("tasks", "task_key"),
    ("job_clusters", "job_cluster_key"),
    ("parameters", "name"),
    ("environments", "environment_key"),
];

/// The definition after an update: what is to be removed goes first, then what is named is set.
pub(super) fn updated(stored: &JobSettings, new: Option<&Value>, remove: &[String]) -> Value {
    let mut settings = stored.write();
    let Some(fields) = settings.as_object_mut() else { return settings };
    for name in remove {
        match name.split_once('/') {
            None => {
                fields.shift_remove(name);
            }
            Some((array, key)) => {
                let by = KEYED.iter().find(|(name, _)| *name == array);
                if let (Some((_, by)), Some(items)) =
                    (by, fields.get_mut(array).and_then(Value::as_array_mut))
                {
                    items.retain(|item| text(item, by) != key);
                }
            }
        }
    }
    for (name, value) in new.and_then(Value::as_object).into_iter().flatten() {
        let by = KEYED.iter().find(|(array, _)| array == name);
        match (by, fields.get_mut(name).and_then(Value::as_array_mut), value.as_array()) {
            (Some((_, by)), Some(items), Some(new)) => merge(items, new, by),
            _ if value.is_null() => {}
            _ => {
                fields.insert(name.clone(), value.clone());
            }
        }
    }
    settings
}

fn merge(items: &mut Vec<Value>, new: &[Value], by: &str) {
    for item in new {
        match items.iter_mut().find(|known| text(known, by) == text(item, by)) {
            Some(known) => *known = item.clone(),
            None => items.push(item.clone()),
        }
    }
}
