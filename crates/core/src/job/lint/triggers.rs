//! What starts the job by itself (reference section 15).

use super::names::{count, range};
use super::{Block, Lint, rules};
use crate::cut;
use crate::job::wire::{Misfit, Path, Wire, compare, missing_field, wrong_type};
use crate::job::{IfStatus, MOST_JOBS, TriggerSettings};
use crate::json::{self, Listed};
use crate::value::Value;

pub(super) fn judge(lint: &mut Lint<'_>) {
    conflicts(lint);
    let root = Path::Root;
    if let Some(schedule) = lint.job.block("schedule") {
        cron(lint, &root.key("schedule"), schedule);
    }
    if let Some(trigger) = lint.job.block("trigger") {
        trigger_settings(lint, &root.key("trigger"), trigger);
    }
    entries(lint, &root.key("triggers"));
    if lint.job.has("duration_target") && lint.job.text("performance_target") != Some("COST_OPTIMIZED") {
        let message = "`duration_target` has no effect without `performance_target` COST_OPTIMIZED";
        lint.report(rules::DURATION_TARGET, &root.key("duration_target"), message);
    }
}

/// The entries of the preview list (reference section 15.9): each of one kind, judged as that kind is elsewhere.
fn entries(lint: &mut Lint<'_>, path: &Path<'_>) {
    for (n, entry) in lint.job.list("triggers").iter().enumerate() {
        let path = path.index(n);
        let Value::Object(fields) = entry else {
            lint.report(rules::TRIGGER_CHOICE, &path, "an entry is an object with one kind of trigger");
            continue;
        };
        // What cannot be read as a schedule has no expression and no zone, which is what is reported.
        if let Some(schedule) = fields.get("schedule") {
            cron(lint, &path.key("schedule"), Block::of(schedule));
        } else if !fields.contains_key("continuous") {
            let mut error = None;
            compare(entry, TriggerSettings::KIND, &Path::Root, &mut |path, misfit| {
                let problem = match misfit {
                    Misfit::WrongType { value, wanted } => wrong_type(value, path, wanted),
                    Misfit::Missing(name) => missing_field(name, path),
                    _ => return,
                };
                error.get_or_insert(problem);
            });
            match error {
                None => trigger_settings(lint, &path, Block::of(entry)),
                Some(error) => {
                    let message = format_args!("the entry cannot be read: {error}");
                    lint.report(rules::TRIGGER_CHOICE, &path, message);
                }
            }
        }
    }
}

fn cron(lint: &mut Lint<'_>, path: &Path<'_>, schedule: Block<'_>) {
    let (expression, zone) = (schedule.key("quartz_cron_expression"), schedule.key("timezone_id"));
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
    let given = |name: &'static str| job.block(name).map(|_| name);
    let (schedule, trigger, continuous) = (given("schedule"), given("trigger"), given("continuous"));
    let mut others: Vec<&str> = Vec::new();
    others.extend(schedule);
    others.extend(trigger);
    if continuous.is_some() && !others.is_empty() {
        let message = format_args!("a continuous job has no {}", Listed(&others, " and no "));
        lint.report(rules::TRIGGER_CONFLICT, &root.key("continuous"), message);
    }
    if schedule.is_some() && trigger.is_some() {
        let message = "`schedule` and `trigger` are both given; both fire, and a workspace may refuse this";
        lint.report(rules::TWO_TRIGGERS, &root.key("trigger"), message);
    }
    others.extend(continuous);
    if job.has("triggers") && !others.is_empty() {
        let message = format_args!("`triggers` cannot be combined with {}", Listed(&others, ", "));
        lint.report(rules::TRIGGER_CONFLICT, &root.key("triggers"), message);
    }
}

fn trigger_settings(lint: &mut Lint<'_>, path: &Path<'_>, trigger: Block<'_>) {
    let given = trigger.given(&["periodic", "file_arrival", "table_update", "model", "job_completion"]);
    match given.len() {
        0 => {
            let hint = Some("give one of periodic, file_arrival, table_update, model and job_completion");
            lint.report_with(rules::TRIGGER_CHOICE, path, "the trigger has no kind", hint);
        }
        1 => {}
        _ => {
            let message = format_args!("only one of {} may be given", Listed(&given, ", "));
            lint.report(rules::TRIGGER_CHOICE, path, message);
        }
    }
    if let Some(periodic) = trigger.block("periodic") {
        let block = path.key("periodic");
        range(lint, &block.key("interval"), periodic.integer("interval"), 1, i64::from(i32::MAX));
    }
    if let Some(jobs) = trigger.get("job_completion") {
        completion(lint, &path.key("job_completion"), Block::of(jobs));
    }
    if let Some(files) = trigger.block("file_arrival") {
        waits(lint, &path.key("file_arrival"), files);
    }
    if let Some(tables) = trigger.block("table_update") {
        let block = path.key("table_update");
        waits(lint, &block, tables);
        let path = block.key("table_names");
        let names = tables.list("table_names");
        count(lint, &path, "tables", names.len(), 10);
        for (n, name) in names.iter().enumerate() {
            let name = name.as_str().unwrap_or_default();
            let mut parts = 0;
            let mut whole = true;
            for part in cut::parts(name, b'.') {
                parts += 1;
                whole &= !part.is_empty();
            }
            if parts != 3 || !whole {
                let message = format_args!("`{name}` is not a name of the form catalog.schema.table");
                lint.report(rules::BAD_TABLE_NAME, &path.index(n), message);
            }
        }
    }
}

/// The jobs that a job-completion trigger lists, and with which status they count (reference section 15.6).
fn completion(lint: &mut Lint<'_>, path: &Path<'_>, written: Block<'_>) {
    let jobs = written.list("jobs");
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
    let status = written.raw("if_status");
    if let Some(status) = status.filter(|status| status.as_str().and_then(IfStatus::parse).is_none()) {
        let status = json::write(status);
        let message = format_args!("{status} is not a status; known are SUCCESS, FAILED and DONE");
        lint.report(rules::BAD_COMPLETION, &path.key("if_status"), message);
    }
}

/// Waiting times of file-arrival and table-update triggers are at least a minute when they are set.
fn waits(lint: &mut Lint<'_>, path: &Path<'_>, trigger: Block<'_>) {
    for field in ["min_time_between_triggers_seconds", "wait_after_last_change_seconds"] {
        range(lint, &path.key(field), trigger.integer(field), 60, i64::MAX);
    }
}
