//! Endpoints about job definitions (reference sections 3.1 to 3.6).

use super::documents::{Arrays, job as document};
use super::http::{Raw, endpoint};
use super::{ApiVersion, App, Call, permissions, settings};
use crate::store::{JobFilter, JobRow};
use axum::Router;
use lakeflow_core::api::{
    CreateJob, CreatedJob, DeleteJob, Empty, GetJob, LIST_JOBS_LIMIT, ListJobs, ResetJob, UpdateJob,
};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::id::JobId;
use lakeflow_core::job::{ApiVersion as LintVersion, JobSettings, LintOptions, Task, TaskKind, check};
use lakeflow_core::problem::Problem;
use lakeflow_core::trigger::{Kind, Trigger, triggers};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Jobs on a page of the list when the request does not say.
const DEFAULT_LIMIT: i64 = 20;

pub(super) fn routes(router: Router<Arc<App>>) -> Router<Arc<App>> {
    let router = endpoint(router, create);
    let router = endpoint(router, reset);
    let router = endpoint(router, update);
    let router = endpoint(router, delete);
    let router = endpoint(router, get);
    endpoint(router, list)
}

/// The stored job with an id; deleted jobs do not exist here.
pub(super) async fn find(app: &App, id: JobId) -> Result<JobRow, Error> {
    let found = app.driver.store().job(id).await?.filter(|job| !job.deleted);
    found.ok_or_else(|| Error::new(ErrorCode::NotFound, "jobs", format!("Job {id} does not exist.")))
}

/// Reads and judges a definition; fails with one error that lists every problem.
pub(super) fn judge(call: &Call, value: &Value) -> Result<JobSettings, Error> {
    let api = match call.version {
        ApiVersion::V2_1 => LintVersion::V2_1,
        ApiVersion::V2_2 => LintVersion::V2_2,
    };
    let (settings, mut problems) = check(value, &LintOptions { api, ..LintOptions::default() });
    problems.retain(Problem::is_error);
    for (n, task) in settings.iter().flat_map(|settings| settings.tasks.iter().enumerate()) {
        problems.extend(unsupported(&call.app, &format!("tasks[{n}]"), task));
    }
    problems.extend(settings.iter().flat_map(|settings| watched_outside(&call.app, settings)));
    match settings {
        Some(settings) if problems.is_empty() => Ok(settings),
        _ => Err(invalid(&problems)),
    }
}

fn invalid(problems: &[Problem]) -> Error {
    let lines: Vec<String> = problems
        .iter()
        .map(|p| match (p.path.as_str(), &p.hint) {
            ("", None) => p.message.clone(),
            ("", Some(hint)) => format!("{} ({hint})", p.message),
            (path, None) => format!("{path}: {}", p.message),
            (path, Some(hint)) => format!("{path}: {} ({hint})", p.message),
        })
        .collect();
    let intro = match lines.len() {
        1 => String::new(),
        n => format!("The definition has {n} problems. "),
    };
    Error::new(ErrorCode::InvalidDefinition, "jobs", intro + &lines.join("; "))
}

/// What the executors cannot run, unless the engine was told to accept it.
fn unsupported(app: &App, path: &str, task: &Task) -> Option<Problem> {
    if app.allow_unsupported {
        return None;
    }
    match task.kind() {
        Some(TaskKind::ForEach(each)) => unsupported(app, &format!("{path}.for_each_task.task"), &each.task),
        // What is run without an executor, and what the lint reports.
        Some(TaskKind::Condition(_) | TaskKind::RunJob(_)) | None => None,
        Some(_) => {
            let reason = app.driver.executor().supports(task).err()?;
            let message = format!("task {:?} cannot run locally: {reason}", task.task_key);
            let hint = "start the engine with unsupported tasks allowed to store the job all the same";
            Some(Problem::error("unsupported_task", path, message).with_hint(hint))
        }
    }
}

/// Local folders that a trigger names and that the engine may not look at. A cloud's URL is stored as it is: it may be meant for the
/// workspace, and the trigger tells that it does not fire here.
fn watched_outside(app: &App, settings: &JobSettings) -> Vec<Problem> {
    let refused = |trigger: Trigger| {
        let Kind::Files(files) = &trigger.kind else { return None };
        let error = app.paths.resolve(&files.url).err().filter(|_| !files.url.contains("://"))?;
        let path = format!("{}.file_arrival.url", trigger.place);
        Some(Problem::error("trigger_outside", path, error.message))
    };
    triggers(settings).into_iter().filter_map(refused).collect()
}

/// Refuses run-job tasks and job-completion triggers that lead back to their own job, as far as that can be seen (reference section
/// 10.3): its runs would never end, or start each other for ever.
async fn check_loops(app: &App, own: JobId, settings: &JobSettings) -> Result<(), Error> {
    type Next = fn(&JobSettings) -> Vec<JobId>;
    let ways: [(&str, Next); 2] = [("Run-job tasks", run_jobs), ("Job-completion triggers", awaited_jobs)];
    for (what, next) in ways {
        let (mut open, mut seen) = (next(settings), Vec::new());
        while let Some(id) = open.pop() {
            if id == own {
                let text = format!("{what} lead from job {own} back to itself");
                return Err(Error::new(ErrorCode::InvalidDefinition, "jobs", text));
            }
            if !seen.contains(&id) {
                seen.push(id);
                let other = app.driver.store().job(id).await?;
                open.extend(other.iter().flat_map(|job| next(&job.settings)));
            }
        }
    }
    Ok(())
}

/// The jobs whose ends start a job.
fn awaited_jobs(settings: &JobSettings) -> Vec<JobId> {
    let jobs = |trigger: Trigger| match trigger.kind {
        Kind::Jobs(jobs) => jobs.jobs,
        _ => Vec::new(),
    };
    triggers(settings).into_iter().flat_map(jobs).collect()
}

fn run_jobs(settings: &JobSettings) -> Vec<JobId> {
    let kinds = settings.tasks.iter().filter_map(Task::kind);
    kinds
        .filter_map(|kind| match kind {
            TaskKind::RunJob(task) => Some(task.job_id),
            TaskKind::ForEach(each) => match each.task.kind() {
                Some(TaskKind::RunJob(task)) => Some(task.job_id),
                _ => None,
            },
            _ => None,
        })
        .collect()
}

fn run_as_name(settings: &JobSettings) -> Option<String> {
    let run_as = settings.run_as.as_ref()?;
    run_as
        .user_name
        .clone()
        .or_else(|| run_as.service_principal_name.clone())
        .or_else(|| run_as.group_name.clone())
}

async fn create(call: Call, Raw(mut body, ..): Raw<CreateJob>) -> Result<CreatedJob, Error> {
    let access = body.as_object_mut().and_then(|fields| fields.shift_remove("access_control_list"));
    let mut settings = judge(&call, &body)?;
    settings::complete(&mut settings, call.version);
    let acl = permissions::initial(&call.caller, access.as_ref())?;
    let store = call.app.driver.store();
    let job = JobRow {
        job_id: store.new_job_id().await?,
        creator: call.caller.user_name.clone(),
        run_as: run_as_name(&settings).unwrap_or_else(|| call.caller.user_name.clone()),
        created_time: call.app.driver.clock().time(),
        deleted: false,
        settings,
        acl,
    };
    let job_id = job.job_id;
    store.put_job(job, call.app.driver.clock().time()).await?;
    call.app.driver.job_changed(job_id).await?;
    Ok(CreatedJob { job_id, unknown: Map::new() })
}

async fn reset(call: Call, Raw(body, ..): Raw<ResetJob>) -> Result<Empty, Error> {
    let id = job_id(&body)?;
    let job = find(&call.app, id).await?;
    permissions::require(&call.caller, &job, permissions::Level::Manage)?;
    let Some(new) = body.get("new_settings") else {
        return Err(Error::new(
            ErrorCode::InvalidArgument,
            "reset",
            "required field `new_settings` is missing",
        ));
    };
    Box::pin(replace(&call, job, new)).await
}

async fn update(call: Call, request: UpdateJob) -> Result<Empty, Error> {
    let job = find(&call.app, request.job_id).await?;
    permissions::require(&call.caller, &job, permissions::Level::Manage)?;
    let merged = settings::updated(&job.settings, request.new_settings.as_ref(), &request.fields_to_remove);
    Box::pin(replace(&call, job, &merged)).await
}

/// Judges and stores a new definition. The identity of runs is kept where the definition names none (section 3.2), and a new
/// time-out holds for active runs too.
async fn replace(call: &Call, mut job: JobRow, new: &Value) -> Result<Empty, Error> {
    let mut settings = judge(call, new)?;
    check_loops(&call.app, job.job_id, &settings).await?;
    settings::complete(&mut settings, call.version);
    if let Some(name) = run_as_name(&settings) {
        job.run_as = name;
    } else {
        settings.run_as = job.settings.run_as.take();
    }
    let timeout = settings.timeout_seconds.and_then(|s| u64::try_from(s).ok()).filter(|s| *s > 0);
    let changed = settings.timeout_seconds != job.settings.timeout_seconds;
    let id = job.job_id;
    job.settings = settings;
    call.app.driver.store().put_job(job, call.app.driver.clock().time()).await?;
    if changed {
        call.app.driver.set_timeout(id, timeout.map(|s| s.saturating_mul(1000))).await?;
    }
    call.app.driver.job_changed(id).await?;
    call.app.driver.limits_changed(id).await?;
    Ok(Empty)
}

async fn delete(call: Call, request: DeleteJob) -> Result<Empty, Error> {
    let job = find(&call.app, request.job_id).await?;
    permissions::require(&call.caller, &job, permissions::Level::Delete)?;
    let now = call.app.driver.clock().time();
    call.app.driver.store().delete_job(job.job_id, now).await?;
    call.app.driver.job_changed(job.job_id).await?;
    Ok(Empty)
}

async fn get(call: Call, request: GetJob) -> Result<Value, Error> {
    let job = find(&call.app, request.job_id).await?;
    permissions::require(&call.caller, &job, permissions::Level::View)?;
    check_size(&call, job.settings.tasks.len())?;
    let arrays = arrays(&call, request.page_token.as_deref())?;
    let mut shown = document(&job, arrays);
    if let (Some(true), Some(fields)) = (request.include_trigger_state, shown.as_object_mut()) {
        fields.extend(call.app.driver.trigger_states(&job).await?);
    }
    Ok(shown)
}

/// Which part of the arrays a request asks for.
pub(super) fn arrays(call: &Call, token: Option<&str>) -> Result<Arrays, Error> {
    Arrays::of(call.version, token).ok_or_else(|| bad_token(token))
}

pub(super) fn bad_token(token: Option<&str>) -> Error {
    let text = format!("{:?} is not a page token of this call", token.unwrap_or_default());
    Error::new(ErrorCode::InvalidArgument, "page", text)
}

/// Version 2.1 shows no more than 100 tasks (reference section 2.1).
pub(super) fn check_size(call: &Call, tasks: usize) -> Result<(), Error> {
    if call.version == ApiVersion::V2_2 || tasks <= 100 {
        return Ok(());
    }
    let text = format!("Only 100 tasks allowed, found {tasks}. Use version 2.2 of the API for more.");
    Err(Error::new(ErrorCode::InvalidArgument, "jobs", text))
}

async fn list(call: Call, request: ListJobs) -> Result<Value, Error> {
    let limit = match request.limit {
        None => DEFAULT_LIMIT,
        Some(n) if n < 1 => {
            let text = format!("limit is {n}; it must be from 1 to {LIST_JOBS_LIMIT}");
            return Err(Error::new(ErrorCode::InvalidArgument, "list", text));
        }
        Some(n) => n.min(LIST_JOBS_LIMIT),
    };
    let mut filter =
        JobFilter { name: request.name, offset: request.offset.unwrap_or(0).max(0), ..JobFilter::default() };
    if let Some(token) = request.page_token.as_deref().filter(|token| !token.is_empty()) {
        let (side, id) = token.split_once('.').ok_or_else(|| bad_token(Some(token)))?;
        let id = id.parse().map(Some).map_err(|_| bad_token(Some(token)))?;
        match side {
            "before" => filter.before = id,
            "after" => filter.after = id,
            _ => return Err(bad_token(Some(token))),
        }
        filter.offset = 0;
    }
    let backwards = filter.after.is_some();
    let first_page = filter.before.is_none() && !backwards && filter.offset == 0;
    filter.limit = limit + 1;
    let caller = call.caller.clone();
    let may_see = move |job: &JobRow| permissions::require(&caller, job, permissions::Level::View).is_ok();
    let mut jobs = call.app.driver.store().jobs(filter, may_see).await?;
    let more = jobs.len() as i64 > limit;
    if more && backwards {
        jobs.remove(0);
    } else if more {
        jobs.pop();
    }
    let (older, newer) = if backwards { (true, more) } else { (more, !first_page) };
    let mut page = Map::new();
    let tokens = jobs.first().zip(jobs.last()).map(|(first, last)| (first.job_id, last.job_id));
    let arrays = if request.expand_tasks == Some(true) { Arrays::First } else { Arrays::None };
    let shown: Vec<Value> = jobs.iter().map(|job| document(job, arrays)).collect();
    if !shown.is_empty() {
        page.insert("jobs".to_owned(), Value::Array(shown));
    }
    page.insert("has_more".to_owned(), json!(older && tokens.is_some()));
    if let Some((first, last)) = tokens {
        if older {
            page.insert("next_page_token".to_owned(), json!(format!("before.{last}")));
        }
        if newer {
            page.insert("prev_page_token".to_owned(), json!(format!("after.{first}")));
        }
    }
    Ok(Value::Object(page))
}

fn job_id(body: &Value) -> Result<JobId, Error> {
    let mut problems = Vec::new();
    let object = body.as_object().cloned().unwrap_or_default();
    let id = lakeflow_core::job::wire::field(
        &object,
        "job_id",
        &lakeflow_core::job::wire::Path::Root,
        &mut problems,
    );
    id.ok_or_else(|| invalid(&problems))
}
