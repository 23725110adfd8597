//! Rows of `jobs` and `job_tasks`: one for each version of what they describe, the deletion included (reference
//! sections 20.1 and 20.2).

use super::{principal_id, put, row_of, stamp};
use crate::id::JobId;
use crate::job::wire::Wire;
use crate::job::{Health, JobSettings, PauseStatus, Task, TaskRetryMode};
use crate::time::WallTime;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A job as it was from one change to the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobVersion {
    /// The job.
    pub job_id: JobId,
    /// Who created it.
    pub creator: String,
    /// Who it runs as.
    pub run_as: String,
    /// When it was created.
    pub created: WallTime,
    /// When this version began.
    pub changed: WallTime,
    /// True for the end of the job: the settings are the last ones.
    #[serde(default)]
    pub deleted: bool,
    /// The definition.
    pub settings: JobSettings,
}

/// The rows of `jobs` for versions of one job, oldest first.
pub fn job_rows(workspace: &str, versions: &[JobVersion]) -> Vec<Map<String, Value>> {
    versions.iter().map(|version| job_row(workspace, version)).collect()
}

fn job_row(workspace: &str, version: &JobVersion) -> Map<String, Value> {
    let settings = &version.settings;
    let (kind, trigger, paused) = trigger(settings);
    let mut row = row_of(workspace);
    put(&mut row, "job_id", version.job_id.to_string());
    put(&mut row, "name", settings.display_name());
    put(&mut row, "description", settings.description.clone());
    put(&mut row, "creator_id", principal_id(&version.creator));
    put(&mut row, "creator_user_name", version.creator.as_str());
    put(&mut row, "run_as", principal_id(&version.run_as));
    put(&mut row, "run_as_user_name", version.run_as.as_str());
    put(&mut row, "tags", settings.tags.write());
    put(&mut row, "change_time", stamp(version.changed));
    put(&mut row, "create_time", stamp(version.created));
    put(&mut row, "delete_time", deletion(version));
    put(&mut row, "trigger", trigger);
    put(&mut row, "trigger_type", kind);
    put(&mut row, "paused", paused);
    put(&mut row, "timeout_seconds", settings.timeout_seconds.unwrap_or(0));
    put(&mut row, "health_rules", health_rules(settings.health.as_ref()));
    let deployment = settings.deployment.as_ref().map(|deployment| {
        json!({ "kind": deployment.get("kind"), "metadata_file_path": deployment.get("metadata_file_path") })
    });
    put(&mut row, "deployment", deployment);
    row
}

fn deletion(version: &JobVersion) -> Value {
    if version.deleted { stamp(version.changed) } else { Value::Null }
}

fn health_rules(health: Option<&Health>) -> Value {
    let rules = health.map(|health| health.rules.as_slice()).unwrap_or_default();
    rules.iter().map(|rule| json!({ "metric": rule.metric, "op": rule.op, "value": rule.value })).collect()
}

/// Type, configuration and pause of what starts a job by itself; nulls when nothing does. The types are spelled as the
/// timeline spells them (section 20.6).
fn trigger(settings: &JobSettings) -> (Option<&'static str>, Value, Option<bool>) {
    let paused = |status: Option<&PauseStatus>| Some(status == Some(&PauseStatus::Paused));
    if let Some(schedule) = &settings.schedule {
        let told = json!({
            "quartz_cron_expression": schedule.quartz_cron_expression,
            "timezone_id": schedule.timezone_id,
        });
        return (Some("CRON"), json!({ "schedule": told }), paused(schedule.pause_status.as_ref()));
    }
    if let Some(continuous) = &settings.continuous {
        let mode = continuous.task_retry_mode.as_ref().map(TaskRetryMode::as_str);
        let told = json!({ "continuous": { "task_retry_mode": mode } });
        return (Some("CONTINUOUS"), told, paused(continuous.pause_status.as_ref()));
    }
    let Some(trigger) = &settings.trigger else { return (None, Value::Null, None) };
    let paused = paused(trigger.pause_status.as_ref());
    if let Some(periodic) = &trigger.periodic {
        let told = json!({ "interval": periodic.interval, "unit": periodic.unit.as_str() });
        (Some("PERIODIC"), json!({ "periodic": told }), paused)
    } else if let Some(files) = &trigger.file_arrival {
        let told = json!({
            "url": files.url,
            "min_time_between_triggers_seconds": files.min_time_between_triggers_seconds,
            "wait_after_last_change_seconds": files.wait_after_last_change_seconds,
        });
        (Some("FILE_ARRIVAL"), json!({ "file_arrival": told }), paused)
    } else if let Some(tables) = &trigger.table_update {
        let told = json!({
            "table_names": tables.table_names,
            "condition": tables.condition,
            "min_time_between_triggers_seconds": tables.min_time_between_triggers_seconds,
            "wait_after_last_change_seconds": tables.wait_after_last_change_seconds,
        });
        (Some("TABLE"), json!({ "table_update": told }), paused)
    } else if trigger.model.is_some() {
        (Some("MODEL"), Value::Null, paused)
    } else if trigger.job_completion.is_some() {
        (Some("JOB_COMPLETION"), Value::Null, paused)
    } else {
        (None, Value::Null, None)
    }
}

/// The rows of `job_tasks` for versions of one job, oldest first: a task has a row for each version of the job in which
/// something about it that the table shows became different, and one for its end.
pub fn task_rows(workspace: &str, versions: &[JobVersion]) -> Vec<Map<String, Value>> {
    let mut rows = Vec::new();
    let mut known: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for version in versions {
        let changed = stamp(version.changed);
        let present: &[Task] = if version.deleted { &[] } else { &version.settings.tasks };
        known.retain(|key, shown| {
            let stays = present.iter().any(|task| task.task_key == *key);
            if !stays {
                rows.push(task_row(workspace, version.job_id, key, shown, &changed, changed.clone()));
            }
            stays
        });
        for task in present {
            let shown = shown(task);
            if known.get(task.task_key.as_str()) != Some(&shown) {
                rows.push(task_row(workspace, version.job_id, &task.task_key, &shown, &changed, Value::Null));
                known.insert(&task.task_key, shown);
            }
        }
    }
    rows
}

/// What the table shows of a task.
fn shown(task: &Task) -> Map<String, Value> {
    let mut shown = Map::new();
    let keys: Vec<&str> = task.depends_on.iter().map(|edge| edge.task_key.as_str()).collect();
    put(&mut shown, "depends_on_keys", keys);
    put(&mut shown, "timeout_seconds", task.timeout_seconds.unwrap_or(0));
    put(&mut shown, "health_rules", health_rules(task.health.as_ref()));
    shown
}

fn task_row(
    workspace: &str,
    job: JobId,
    key: &str,
    shown: &Map<String, Value>,
    changed: &Value,
    deleted: Value,
) -> Map<String, Value> {
    let mut row = row_of(workspace);
    put(&mut row, "job_id", job.to_string());
    put(&mut row, "task_key", key);
    put(&mut row, "change_time", changed.clone());
    put(&mut row, "delete_time", deleted);
    row.extend(shown.clone());
    row
}
