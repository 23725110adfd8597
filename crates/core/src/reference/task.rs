//! References of a task: in the fields that take them, and nowhere else.

use super::fields::FIELDS;
use super::path::Mode;
use super::resolve::{Found, Scope, Unresolved, resolve_in_place, scan_into};
use serde_json::Value;

/// Every reference in the fields of a task that take references. `task` is an element of `tasks` as on the wire;
/// paths begin at it. The task inside a for-each task is looked into, too.
pub fn scan_task(task: &Value, mode: Mode) -> Vec<Found> {
    let mut found = Vec::new();
    scan_fields(task, "", mode, &mut found);
    found
}

fn scan_fields(task: &Value, prefix: &str, mode: Mode, found: &mut Vec<Found>) {
    for (kind, field) in FIELDS {
        if let Some(value) = task.pointer(&format!("/{kind}/{field}")) {
            scan_into(value, &field_path(prefix, kind, field), mode, found);
        }
    }
    if let Some(inner) = task.pointer("/for_each_task/task") {
        scan_fields(inner, &format!("{prefix}for_each_task.task."), mode, found);
    }
}

/// A copy of a task with its references resolved, or all references without value.
///
/// Of a for-each task only `inputs` is resolved: the task inside it is resolved for each iteration, with the
/// element as `input`.
pub fn resolve_task(task: &Value, mode: Mode, scope: &dyn Scope) -> Result<Value, Vec<Unresolved>> {
    let mut copy = task.clone();
    let mut unresolved = Vec::new();
    for (kind, field) in FIELDS {
        if let Some(value) = copy.pointer_mut(&format!("/{kind}/{field}")) {
            resolve_in_place(value, &field_path("", kind, field), mode, scope, &mut unresolved);
        }
    }
    if unresolved.is_empty() { Ok(copy) } else { Err(unresolved) }
}

fn field_path(prefix: &str, kind: &str, field: &str) -> String {
    format!("{prefix}{kind}.{}", field.replace('/', "."))
}
