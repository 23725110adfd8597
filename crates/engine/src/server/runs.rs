//! Endpoints about runs (reference sections 3.7 to 3.16).

use super::documents::{Arrays, RunOptions, job_run, task_run};
use super::http::endpoint;
use super::jobs::{arrays, bad_token, check_size, find, judge};
use super::permissions::{Level, initial, require, require_by};
use super::{App, Call, outputs};
use crate::driver::job_run_of;
use crate::driver::run_now::{RunRequest, check_legacy};
use crate::store::{Activity, RunFilter, RunRow, TaskRow};
use axum::Router;
use lakeflow_core::api::{
    CancelAllRuns, CancelRun, DeleteRun, Empty, ExportRun, GetRun, GetRunLog, GetRunOutput, LIST_RUNS_LIMIT,
    ListRuns, RepairRun, Repaired, RunLog, RunNow, Started, SubmitRun,
};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::execution::Repair;
use lakeflow_core::id::RunId;
use lakeflow_core::job::wire::Wire;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Runs on a page of the list when the request does not say.
const DEFAULT_LIMIT: i64 = 20;
/// Accepted above the documented maximum, since AppKit asks for it (reference section 3.11).
const MOST_LIMIT: i64 = 100;

pub(super) fn routes(router: Router<Arc<App>>) -> Router<Arc<App>> {
    let router = endpoint(router, run_now);
    let router = endpoint(router, submit);
    let router = endpoint(router, get);
    let router = endpoint(router, get_output);
    let router = endpoint(router, get_log);
    let router = endpoint(router, list);
    let router = endpoint(router, cancel);
    let router = endpoint(router, cancel_all);
    let router = endpoint(router, delete);
    let router = endpoint(router, export);
    endpoint(router, repair)
}

fn invalid(text: impl Into<String>) -> Error {
    Error::new(ErrorCode::InvalidArgument, "runs", text)
}

fn no_run(id: RunId) -> Error {
    Error::new(ErrorCode::NotFound, "runs", format!("Run {id} does not exist."))
}

fn started(run_id: RunId) -> Started {
    Started { run_id, number_in_job: Some(run_id.0), unknown: Map::new() }
}

/// A job run with its task runs, and the task run that was asked for if it was one.
struct Found {
    row: RunRow,
    tasks: Vec<TaskRow>,
    /// Place in `tasks`.
    task: Option<usize>,
}

/// The run that an id of either kind names, if the caller may see it.
async fn find_run(call: &Call, id: RunId, level: Level) -> Result<Found, Error> {
    let store = call.app.driver.store();
    let row = store.run(job_run_of(id)).await?.ok_or_else(|| no_run(id))?;
    allow(call, &row, level)?;
    let tasks = store.task_runs(row.run_id).await?;
    let task = tasks.iter().position(|task| task.view.run_id == id);
    if id != row.run_id && task.is_none() {
        return Err(no_run(id));
    }
    Ok(Found { row, tasks, task })
}

/// Runs follow the permissions of their job, also when it is deleted; one-time runs have their own.
fn allow(call: &Call, run: &RunRow, level: Level) -> Result<(), Error> {
    require_by(&call.caller, run.job_id, &run.acl, level)
}

pub(super) async fn run_now(call: Call, request: RunNow) -> Result<Started, Error> {
    let job = find(&call.app, request.job_id).await?;
    require(&call.caller, &job, Level::ManageRun)?;
    let request = RunRequest {
        legacy: request.legacy(),
        job_parameters: request.job_parameters,
        only: request.only,
        queue: request.queue.map(|queue| queue.enabled),
        performance_target: request.performance_target,
        duration_target: request.duration_target,
        idempotency_token: request.idempotency_token.filter(|token| !token.is_empty()),
        caller: Some(call.caller.user_name.clone()),
        parent: None,
        trigger: None,
    };
    Ok(started(call.app.driver.run_now(&job, request).await?.run_id))
}

async fn submit(call: Call, mut request: SubmitRun) -> Result<Started, Error> {
    if request.tasks.is_empty() {
        wrap_single_task(&mut request)?;
    }
    let definition = json!({
        "tasks": request.tasks.write(),
        "environments": request.environments.write(),
        "environment_variables": request.environment_variables.write(),
        "git_source": request.git_source.write(),
        "timeout_seconds": request.timeout_seconds,
    });
    judge(&call, &definition)?;
    request.idempotency_token = request.idempotency_token.filter(|token| !token.is_empty());
    let acl = initial(&call.caller, request.access_control_list.as_ref())?;
    let caller = call.caller.user_name.clone();
    Ok(started(Box::pin(call.app.driver.submit(request, caller, acl)).await?.run_id))
}

/// The older body has the fields of its one task at the top (reference section 3.8).
fn wrap_single_task(request: &mut SubmitRun) -> Result<(), Error> {
    let mut fields = std::mem::take(&mut request.unknown);
    if !fields.keys().any(|key| key.ends_with("_task")) {
        return Err(invalid("tasks: a run needs at least one task"));
    }
    fields.insert("task_key".to_owned(), json!("main"));
    let task = serde_json::from_value(Value::Object(fields)).map_err(|e| invalid(e.to_string()))?;
    request.tasks = vec![task];
    Ok(())
}

async fn get(call: Call, request: GetRun) -> Result<Value, Error> {
    let found = find_run(&call, request.run_id, Level::View).await?;
    check_size(&call, found.tasks.iter().filter(|t| t.view.listed && t.view.iteration_of.is_none()).count())?;
    let options = RunOptions {
        arrays: arrays(&call, request.page_token.as_deref())?,
        history: request.include_history == Some(true),
        resolved: request.include_resolved_values == Some(true),
    };
    Ok(show(&call.app, &found, options))
}

fn show(app: &App, found: &Found, options: RunOptions) -> Value {
    match found.task.and_then(|n| found.tasks.get(n)) {
        Some(task) => task_run(app, &found.row, &found.tasks, task, options),
        None => job_run(app, &found.row, &found.tasks, options),
    }
}

async fn get_output(call: Call, request: GetRunOutput) -> Result<Value, Error> {
    let found = find_run(&call, request.run_id, Level::View).await?;
    let Some(task) = found.task.and_then(|n| found.tasks.get(n)) else {
        return Err(invalid(
            "Retrieving the output of runs with multiple tasks is not supported. Please retrieve the output of each individual task run instead.",
        ));
    };
    let options = RunOptions { arrays: Arrays::Whole, history: false, resolved: false };
    let metadata = show(&call.app, &found, options);
    outputs::document(&call.app, task, metadata).await
}

async fn get_log(call: Call, request: GetRunLog) -> Result<RunLog, Error> {
    let found = find_run(&call, request.run_id, Level::View).await?;
    match found.task {
        Some(_) => Ok(outputs::log(&call.app, request.run_id, request.offset).await),
        None => Err(invalid(format!("run {} is a job run; its task runs have logs", request.run_id))),
    }
}

async fn export(call: Call, request: ExportRun) -> Result<Value, Error> {
    let views = request.views_to_export.as_deref().unwrap_or("CODE");
    if !["CODE", "DASHBOARDS", "ALL"].contains(&views) {
        return Err(invalid(format!("views_to_export is {views:?}; it must be CODE, DASHBOARDS or ALL")));
    }
    let found = find_run(&call, request.run_id, Level::View).await?;
    match found.task.and_then(|n| found.tasks.get(n)) {
        Some(task) => outputs::export(&call.app, task, views).await,
        None => {
            Err(invalid("Runs with several tasks cannot be exported. Please export each notebook task run."))
        }
    }
}

async fn cancel(call: Call, request: CancelRun) -> Result<Empty, Error> {
    find_run(&call, request.run_id, Level::ManageRun).await?;
    call.app.driver.cancel(request.run_id).await?;
    Ok(Empty)
}

async fn cancel_all(call: Call, request: CancelAllRuns) -> Result<Empty, Error> {
    let queued_only = request.all_queued_runs == Some(true);
    if request.job_id.is_none() && !queued_only {
        return Err(invalid("job_id or all_queued_runs must be given"));
    }
    if let Some(id) = request.job_id {
        require(&call.caller, &find(&call.app, id).await?, Level::ManageRun)?;
    }
    let mut runs = call.app.driver.store().active_runs(request.job_id).await?;
    // Queued runs go first, so that none of them takes a slot that becomes free on the way.
    runs.sort_by_key(|(run, _, activity)| (*activity != Activity::Queued, *run));
    for (run, _, activity) in runs {
        if queued_only && activity != Activity::Queued {
            continue;
        }
        // One that is gone meanwhile needs no cancelling.
        let row = call.app.driver.store().run(run).await?;
        if row.is_some_and(|row| allow(&call, &row, Level::ManageRun).is_ok()) {
            call.app.driver.cancel(run).await?;
        }
    }
    Ok(Empty)
}

async fn delete(call: Call, request: DeleteRun) -> Result<Empty, Error> {
    let found = find_run(&call, request.run_id, Level::Manage).await?;
    if found.task.is_some() {
        return Err(invalid(format!("Run {} is a task run; delete its job run.", request.run_id)));
    }
    call.app.driver.delete_run(request.run_id).await?;
    Ok(Empty)
}

async fn repair(call: Call, request: RepairRun) -> Result<Repaired, Error> {
    let found = find_run(&call, request.run_id, Level::ManageRun).await?;
    if found.task.is_some() {
        return Err(invalid(format!("Run {} is a task run; repair its job run.", request.run_id)));
    }
    let job = call.app.driver.store().job(found.row.job_id).await?.filter(|job| !job.deleted);
    let defined = job.as_ref().map(|job| job.settings.parameters.clone()).unwrap_or_default();
    let faults = check_legacy(&request.legacy(), !defined.is_empty());
    if !faults.is_empty() {
        return Err(invalid(faults.join(" ")));
    }
    let repair = Repair {
        legacy: request.legacy(),
        repair_id: 0,
        rerun_all_failed_tasks: request.rerun_all_failed_tasks == Some(true),
        rerun_dependent_tasks: request.rerun_dependent_tasks == Some(true),
        latest_repair_id: request.latest_repair_id,
        job_parameters: request.job_parameters.iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
        rerun_tasks: request.rerun_tasks,
        tasks: job.map(|job| job.settings.tasks).unwrap_or_default(),
        parameters: defined,
    };
    let repair_id = call.app.driver.repair(request.run_id, repair).await?;
    Ok(Repaired { repair_id, unknown: Map::new() })
}

async fn list(call: Call, request: ListRuns) -> Result<Value, Error> {
    let mut filter = filter_of(&request)?;
    let limit = filter.limit;
    let backwards = filter.after.is_some();
    let first_page = filter.before.is_none() && !backwards && filter.offset == 0;
    filter.limit += 1;
    let store = call.app.driver.store();
    let caller = call.caller.clone();
    let may_see = move |job, acl: &Value| require_by(&caller, job, acl, Level::View).is_ok();
    let mut runs = store.runs(filter, may_see).await?;
    let more = runs.len() as i64 > limit;
    if more && backwards {
        runs.remove(0);
    } else if more {
        runs.pop();
    }
    let (older, newer) = if backwards { (true, more) } else { (more, !first_page) };
    let expand = request.expand_tasks == Some(true);
    let arrays = if expand { Arrays::First } else { Arrays::None };
    let options = RunOptions { arrays, history: false, resolved: false };
    let mut shown = Vec::new();
    for row in &runs {
        let tasks = if expand { store.task_runs(row.run_id).await? } else { Vec::new() };
        shown.push(job_run(&call.app, row, &tasks, options));
    }
    let mut page = Map::new();
    if !shown.is_empty() {
        page.insert("runs".to_owned(), Value::Array(shown));
    }
    let key = |row: &RunRow| format!("{}.{}", row.start_time.0, row.run_id);
    page.insert("has_more".to_owned(), json!(older && !runs.is_empty()));
    if let (Some(first), Some(last)) = (runs.first(), runs.last()) {
        if older {
            page.insert("next_page_token".to_owned(), json!(format!("before.{}", key(last))));
        }
        if newer {
            page.insert("prev_page_token".to_owned(), json!(format!("after.{}", key(first))));
        }
    }
    Ok(Value::Object(page))
}

fn filter_of(request: &ListRuns) -> Result<RunFilter, Error> {
    let (active, completed) = (request.active_only == Some(true), request.completed_only == Some(true));
    if active && completed {
        return Err(invalid("active_only and completed_only cannot both be true"));
    }
    let limit = match request.limit {
        None => DEFAULT_LIMIT,
        Some(0) => LIST_RUNS_LIMIT,
        Some(n) if n < 0 => return Err(invalid(format!("limit is {n}; it must not be negative"))),
        Some(n) => n.min(MOST_LIMIT),
    };
    if let Some(kind) = request.run_type.as_deref()
        && !["JOB_RUN", "WORKFLOW_RUN", "SUBMIT_RUN"].contains(&kind)
    {
        return Err(invalid(format!("run_type is {kind:?}; it must be JOB_RUN, WORKFLOW_RUN or SUBMIT_RUN")));
    }
    let mut filter = RunFilter {
        job_id: request.job_id,
        active: (active || completed).then_some(active),
        run_type: request.run_type.clone(),
        start_from: request.start_time_from,
        start_to: request.start_time_to,
        before: None,
        after: None,
        offset: request.offset.unwrap_or(0).max(0),
        limit,
    };
    if let Some(token) = request.page_token.as_deref().filter(|token| !token.is_empty()) {
        let mut parts = token.split('.');
        let side = parts.next();
        let numbers = (parts.next().and_then(|t| t.parse().ok()), parts.next().and_then(|t| t.parse().ok()));
        match (side, numbers, parts.next()) {
            (Some("before"), (Some(time), Some(id)), None) => filter.before = Some((time, id)),
            (Some("after"), (Some(time), Some(id)), None) => filter.after = Some((time, id)),
            _ => return Err(bad_token(Some(token))),
        }
        filter.offset = 0;
    }
    Ok(filter)
}
