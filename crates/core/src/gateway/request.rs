//! The bodies of requests that start or repair a run (reference: behaviour H3 to H8).

use super::http::{Incoming, Refusal};
use super::registry::{Entry, ParamCheck};
use crate::api::{RepairRun, RunNow};
use crate::error::ErrorCode;
use crate::id::{JobId, RunId};
use crate::job::wire::{Path, TextMap, Wire};
use crate::mapping::{TaskType, map_params};
use crate::params::ParamSchema;
use crate::problem::Problem;
use serde_json::{Map, Value, json};

/// Parameters that a job without a schema takes over HTTP.
const UNCHECKED_MAX: usize = 50;
/// Characters of an `Idempotency-Key`: with the job's id before it, it fits a token of the platform.
const KEY_MAX: usize = 44;

/// The parameters of a body: `None` when it has none.
pub(super) fn params(incoming: &Incoming, entry: &Entry) -> Result<Option<Value>, Refusal> {
    let mut body = incoming.json()?;
    let params = match body.shift_remove("params") {
        None => return Ok(None),
        Some(Value::Null) if incoming.program => return Ok(None),
        Some(Value::Object(params)) => params,
        Some(_) => return Err(Refusal::invalid("params must be a plain object")),
    };
    if entry.config.check == ParamCheck::None && !incoming.program {
        if entry.config.task_type.is_none() {
            return Err(Refusal::invalid("This job does not accept parameters"));
        }
        let count = params.len();
        if count > UNCHECKED_MAX {
            let told = format!(
                "Too many parameters ({count}). Define a schema to accept more than {UNCHECKED_MAX}."
            );
            return Err(Refusal::new(400, ErrorCode::LimitExceeded, told));
        }
    }
    Ok(Some(Value::Object(params)))
}

/// All that is wrong with parameters by their schema.
pub(super) fn validate(schema: &ParamSchema, params: &Value) -> Result<(), Refusal> {
    let violations = schema.validate(params);
    if violations.is_empty() { Ok(()) } else { Err(wrong(json!(violations))) }
}

/// The answer to parameters that do not hold.
pub(super) fn wrong(details: Value) -> Refusal {
    Refusal::new(400, ErrorCode::InvalidParameters, "Invalid job parameters").details(details)
}

fn told(problems: &[Problem]) -> Refusal {
    let details = problems.iter().map(|p| json!({"code": p.code, "path": p.path, "message": p.message}));
    wrong(details.collect())
}

/// The request that starts a run with checked parameters. Fields that run-now does not know are left out, the job is the
/// entry's own whatever the parameters say (behaviour B21).
pub(super) fn run_now(
    task_type: Option<TaskType>,
    job_id: JobId,
    params: Option<&Value>,
    token: Option<String>,
) -> Result<RunNow, Refusal> {
    let mut fields = match params {
        Some(params) => map_params(task_type, params).map_err(|problems| told(&problems))?,
        None => Map::new(),
    };
    fields.insert("job_id".to_owned(), Value::from(job_id.0));
    let mut problems = Vec::new();
    let request = RunNow::read(&Value::Object(fields), &Path::Root, &mut problems);
    let (Some(mut request), true) = (request, problems.is_empty()) else { return Err(told(&problems)) };
    request.unknown.clear();
    request.idempotency_token = request.idempotency_token.or(token);
    Ok(request)
}

/// The token of a caller's own `Idempotency-Key`, which holds for one job.
pub(super) fn own_token(incoming: &Incoming, job_id: JobId) -> Result<Option<String>, Refusal> {
    let Some(key) = incoming.header("idempotency-key") else { return Ok(None) };
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    if key.is_empty() || key.len() > KEY_MAX || !key.chars().all(allowed) {
        let told =
            format!("Invalid Idempotency-Key: 1 to {KEY_MAX} letters, digits, -, _, . and : are allowed");
        return Err(Refusal::invalid(told));
    }
    Ok(Some(format!("{job_id}.{key}")))
}

/// Fields of the body of a repair.
const REPAIR_FIELDS: [&str; 5] =
    ["rerunTasks", "rerunAllFailedTasks", "rerunDependentTasks", "latestRepairId", "jobParameters"];

/// The request that repairs a run. An empty body runs again all tasks that did not succeed, with those that depend on them
/// as the platform decides.
pub(super) fn repair(body: &Map<String, Value>, run_id: RunId) -> Result<RepairRun, Refusal> {
    if let Some(other) = body.keys().find(|key| !REPAIR_FIELDS.contains(&key.as_str())) {
        let shown: String = other.chars().take(40).collect();
        let told =
            format!("{shown:?} is not a field of a repair, the fields are {}", REPAIR_FIELDS.join(", "));
        return Err(Refusal::invalid(told));
    }
    let mut problems = Vec::new();
    let root = Path::Root;
    let tasks: Vec<String> = read(body, "rerunTasks", &root, &mut problems).unwrap_or_default();
    let all: Option<bool> = read(body, "rerunAllFailedTasks", &root, &mut problems);
    let request = RepairRun {
        run_id,
        rerun_all_failed_tasks: all.or_else(|| tasks.is_empty().then_some(true)),
        rerun_tasks: tasks,
        rerun_dependent_tasks: read(body, "rerunDependentTasks", &root, &mut problems),
        latest_repair_id: read(body, "latestRepairId", &root, &mut problems),
        job_parameters: read::<TextMap>(body, "jobParameters", &root, &mut problems).unwrap_or_default(),
        ..RepairRun::default()
    };
    if !problems.is_empty() {
        let found: Vec<String> = problems.iter().map(|p| format!("{}: {}", p.path, p.message)).collect();
        return Err(Refusal::invalid(found.join("; ")));
    }
    if request.rerun_all_failed_tasks == Some(true) && !request.rerun_tasks.is_empty() {
        return Err(Refusal::invalid("rerunTasks and rerunAllFailedTasks exclude one another"));
    }
    if request.rerun_all_failed_tasks == Some(false) && request.rerun_tasks.is_empty() {
        return Err(Refusal::invalid("Name tasks in rerunTasks, or set rerunAllFailedTasks"));
    }
    Ok(request)
}

fn read<T: Wire>(
    body: &Map<String, Value>,
    name: &str,
    root: &Path<'_>,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    T::read(body.get(name).filter(|value| !value.is_null())?, &root.key(name), problems)
}

/// The page size that a query asks for (behaviour H11): the whole number that it begins with, 20 when there is none or 0,
/// at least 1 and at most 100.
pub(super) fn limit(text: Option<&str>) -> usize {
    let text = text.unwrap_or_default().trim_start();
    let (negative, digits) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let number = match &digits[..end] {
        "" => 0,
        // More digits than fit are more than the limit.
        number => number.parse().unwrap_or(i64::MAX),
    };
    match (number, negative) {
        (0, _) => 20,
        (_, true) => 1,
        (number, false) => usize::try_from(number.min(100)).unwrap_or(100),
    }
}
