//! What starts the job by itself (reference section 15).

use super::names::{count, range};
use super::{Lint, rules};
use crate::job::wire::Path;
use crate::job::{CronSchedule, PerformanceTarget, TriggerSettings};
use crate::trigger::{IfStatus, MOST_JOBS};
use serde_json::Value;

pub(super) fn judge(lint: &mut Lint<'_>) {
    conflicts(lint);
    let root = Path::Root;
    if let Some(schedule) = &lint.job.schedule {
        let CronSchedule { quartz_cron_expression, timezone_id, .. } = schedule;
        cron(lint, &root.key("schedule"), quartz_cron_expression, timezone_id);
    }
    if let Some(trigger) = &lint.job.trigger {
        trigger_settings(lint, &root.key("trigger"), trigger);
    }
    entries(lint, &root.key("triggers"));
    if lint.job.duration_target.is_some()
        && lint.job.performance_target != Some(PerformanceTarget::CostOptimized)
    {
        let message = "`duration_target` has no effect without `performance_target` COST_OPTIMIZED";
        lint.report(rules::DURATION_TARGET, &root.key("duration_target"), message);
    }
}

/// The entries of the preview list (reference section 15.9): each of one kind, judged as that kind is elsewhere.
fn entries(lint: &mut Lint<'_>, path: &Path<'_>) {
    let list = lint.job.triggers.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
    for (n, entry) in list.iter().enumerate() {
        let path = path.index(n);
        let Some(fields) = entry.as_object() else {
            lint.report(rules::TRIGGER_CHOICE, &path, "an entry is an object with one kind of trigger");
            continue;
        };
        // What cannot be read as a schedule has no expression and no zone, which is what is reported.
        if let Some(schedule) = fields.get("schedule") {
            let text = |name: &str| schedule.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let (expression, zone) = (text("quartz_cron_expression"), text("timezone_id"));
            cron(lint, &path.key("schedule"), &expression, &zone);
        } else if !fields.contains_key("continuous") {
            match serde_json::from_value::<TriggerSettings>(entry.clone()) {
                Ok(trigger) => trigger_settings(lint, &path, &trigger),
                Err(error) => {
                    let message = format!("the entry cannot be read: {error}");
                    lint.report(rules::TRIGGER_CHOICE, &path, message);
                }
            }
        }
    }
}

fn cron(lint: &mut Lint<'_>, path: &Path<'_>, expression: &str, zone: &str) {
    for problem in crate::schedule::check(expression, zone) {
        let rule = match (problem.path.as_str(), problem.is_error()) {
            ("timezone_id", _) => rules::BAD_TIME_ZONE,
            (_, true) => rules::BAD_CRON,
            (_, false) => rules::CRON_TOO_FREQUENT,
        };
        lint.report_with(rule, &path.key(&problem.path), problem.message, problem.hint);
    }
}

fn conflicts(lint: &mut Lint<'_>) {
    let root = Path::Root;
    let job = lint.job;
    let schedule = job.schedule.as_ref().map(|_| "schedule");
    let trigger = job.trigger.as_ref().map(|_| "trigger");
    let continuous = job.continuous.as_ref().map(|_| "continuous");
    let others: Vec<&str> = schedule.into_iter().chain(trigger).collect();
    if continuous.is_some() && !others.is_empty() {
        let message = format!("a continuous job has no {}", others.join(" and no "));
        lint.report(rules::TRIGGER_CONFLICT, &root.key("continuous"), message);
    }
    if schedule.is_some() && trigger.is_some() {
        let message = "`schedule` and `trigger` are both given; both fire, and a workspace may refuse this";
        lint.report(rules::TWO_TRIGGERS, &root.key("trigger"), message);
    }
    let older: Vec<&str> = others.into_iter().chain(continuous).collect();
    if job.triggers.is_some() && !older.is_empty() {
        let message = format!("`triggers` cannot be combined with {}", older.join(", "));
        lint.report(rules::TRIGGER_CONFLICT, &root.key("triggers"), message);
    }
}

fn trigger_settings(lint: &mut Lint<'_>, path: &Path<'_>, trigger: &TriggerSettings) {
    let kinds = [
        ("periodic", trigger.periodic.is_some()),
        ("file_arrival", trigger.file_arrival.is_some()),
        ("table_update", trigger.table_update.is_some()),
        ("model", trigger.model.is_some()),
        ("job_completion", trigger.job_completion.is_some()),
    ];
    let given: Vec<&str> = kinds.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
    match given.len() {
        0 => {
            let hint = Some("give one of periodic, file_arrival, table_update, model and job_completion");
            lint.report_with(rules::TRIGGER_CHOICE, path, "the trigger has no kind", hint);
        }
        1 => {}
        _ => {
            let message = format!("only one of {} may be given", given.join(", "));
            lint.report(rules::TRIGGER_CHOICE, path, message);
        }
    }
    if let Some(periodic) = &trigger.periodic {
        let block = path.key("periodic");
        range(lint, &block.key("interval"), Some(periodic.interval), 1, i64::from(i32::MAX));
    }
    if let Some(jobs) = &trigger.job_completion {
        completion(lint, &path.key("job_completion"), jobs);
    }
    if let Some(files) = &trigger.file_arrival {
        let block = path.key("file_arrival");
        waits(lint, &block, files.min_time_between_triggers_seconds, files.wait_after_last_change_seconds);
    }
    if let Some(tables) = &trigger.table_update {
        let block = path.key("table_update");
        waits(lint, &block, tables.min_time_between_triggers_seconds, tables.wait_after_last_change_seconds);
        let names = block.key("table_names");
        count(lint, &names, "tables", tables.table_names.len(), 10);
        for (n, name) in tables.table_names.iter().enumerate() {
            if name.split('.').filter(|part| !part.is_empty()).count() != 3 || name.split('.').count() != 3 {
                let message = format!("`{name}` is not a name of the form catalog.schema.table");
                lint.report(rules::BAD_TABLE_NAME, &names.index(n), message);
            }
        }
    }
}

/// The jobs that a job-completion trigger lists, and with which status they count (reference section 15.6).
fn completion(lint: &mut Lint<'_>, path: &Path<'_>, written: &Value) {
    let jobs = written.get("jobs").and_then(Value::as_array).cloned().unwrap_or_default();
    let at = path.key("jobs");
    count(lint, &at, "jobs", jobs.len(), MOST_JOBS);
    if jobs.is_empty() {
        lint.report(rules::BAD_COMPLETION, &at, "the trigger lists no job");
    }
    for (n, job) in jobs.iter().enumerate() {
        // In a bundle the id may be a reference that has its value only once the other job is deployed.
        let id = job.get("job_id");
        if !id.is_some_and(|id| id.is_string() || id.as_i64().is_some()) {
            lint.report(rules::BAD_COMPLETION, &at.index(n), "an entry has no `job_id`");
        }
    }
    let status =
        written.get("if_status").filter(|status| status.as_str().and_then(IfStatus::parse).is_none());
    if let Some(status) = status {
        let message = format!("{status} is not a status; known are SUCCESS, FAILED and DONE");
        lint.report(rules::BAD_COMPLETION, &path.key("if_status"), message);
    }
}

/// Waiting times of file-arrival and table-update triggers are at least a minute when they are set.
fn waits(lint: &mut Lint<'_>, path: &Path<'_>, between: Option<i64>, after: Option<i64>) {
    range(lint, &path.key("min_time_between_triggers_seconds"), between, 60, i64::MAX);
    range(lint, &path.key("wait_after_last_change_seconds"), after, 60, i64::MAX);
}
