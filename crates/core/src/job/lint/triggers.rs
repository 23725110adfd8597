//! What starts the job by itself (reference section 15).

use super::names::{count, range};
use super::{Lint, rules};
use crate::job::wire::Path;
use crate::job::{CronSchedule, PerformanceTarget, TriggerSettings};

pub(super) fn judge(lint: &mut Lint<'_>) {
    conflicts(lint);
    let root = Path::Root;
    if let Some(schedule) = &lint.job.schedule {
        cron(lint, &root.key("schedule"), schedule);
    }
    if let Some(trigger) = &lint.job.trigger {
        trigger_settings(lint, &root.key("trigger"), trigger);
    }
    if lint.job.duration_target.is_some()
        && lint.job.performance_target != Some(PerformanceTarget::CostOptimized)
    {
        let message = "`duration_target` has no effect without `performance_target` COST_OPTIMIZED";
        lint.report(rules::DURATION_TARGET, &root.key("duration_target"), message);
    }
}

fn cron(lint: &mut Lint<'_>, path: &Path<'_>, schedule: &CronSchedule) {
    for problem in crate::schedule::check(&schedule.quartz_cron_expression, &schedule.timezone_id) {
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

/// Waiting times of file-arrival and table-update triggers are at least a minute when they are set.
fn waits(lint: &mut Lint<'_>, path: &Path<'_>, between: Option<i64>, after: Option<i64>) {
    range(lint, &path.key("min_time_between_triggers_seconds"), between, 60, i64::MAX);
    range(lint, &path.key("wait_after_last_change_seconds"), after, 60, i64::MAX);
}
