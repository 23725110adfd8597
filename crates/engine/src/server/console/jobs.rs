//! Jobs: the list with their last runs, the definition, the list of runs, and starting one.

use super::ask::Ask;
use super::run::{good_duration, median, picture, task_shape};
use super::{Answer, bundle, schedule};
use crate::clock::Clock;
use crate::live::shapes;
use crate::server::jobs::find;
use crate::server::permissions::admin_only;
use crate::server::{ApiVersion, App, Call};
use crate::store::{JobFilter, JobRow, RunFilter, RunRow};
use lakeflow_core::api::RunNow;
use lakeflow_core::dag::graph;
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::form::{coerce, describe};
use lakeflow_core::id::JobId;
use lakeflow_core::job::wire::Wire;
use lakeflow_core::job::{JobSettings, Task, parameter_schema, run_fields};
use lakeflow_core::params::ParamSchema;
use lakeflow_core::reference::{Context, JobContext, Mode, TriggerContext, resolve};
use lakeflow_core::run::wire::Level;
use lakeflow_core::trigger::set_paused;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Jobs and runs of one answer.
const MOST_JOBS: i64 = 500;
pub(super) const MOST_RUNS: i64 = 100;
/// Runs that figures are taken from, and columns of a matrix at first.
pub(super) const COLUMNS: i64 = 30;

/// Newest runs of a job, or of all.
async fn newest(app: &App, job: Option<JobId>, limit: i64) -> Result<Vec<RunRow>, Error> {
    app.driver.store().runs(RunFilter { job_id: job, limit, ..RunFilter::default() }, |_, _| true).await
}

pub(super) async fn head(app: &App, job: &JobRow) -> Answer {
    let runs = newest(app, Some(job.job_id), COLUMNS).await?;
    let mut shape = json!({
        "id": job.job_id.to_string(),
        "name": job.settings.display_name(),
        "schedule": schedule::of(job, 1),
        "tasks": job.settings.tasks.len(),
        "needs": job.settings.parameters.len(),
        "runs": runs.iter().map(|run| Value::Object(shapes::run(run))).collect::<Value>(),
    });
    if let Some(place) = bundle::place(app, job.job_id) {
        shape["place"] = place;
    }
    if let Some(usual) = median(runs.iter().filter_map(good_duration).collect()) {
        shape["usual"] = json!(usual);
    }
    Ok(shape)
}

/// `GET home`: the engine, the bundle with its problems, the jobs with their last runs.
pub(super) async fn home(ask: Ask) -> Answer {
    let app = &ask.app;
    let feed = app.driver.store().feed();
    let seq = feed.last();
    let filter = JobFilter { limit: MOST_JOBS, ..JobFilter::default() };
    let mut jobs = app.driver.store().jobs(filter, |_| true).await?;
    jobs.sort_by_key(|job| (job.settings.display_name().to_lowercase(), job.job_id));
    let mut heads = Vec::with_capacity(jobs.len());
    for job in &jobs {
        heads.push(head(app, job).await?);
    }
    Ok(json!({
        "instance": feed.instance(),
        "seq": seq,
        "now": Clock::wall(),
        "version": env!("CARGO_PKG_VERSION"),
        "url": app.url,
        "user": ask.caller.user_name,
        "bundle": bundle::shape(app),
        "jobs": heads,
    }))
}

/// `GET names`: the tasks of all jobs by the job's id, for who looks for one.
pub(super) async fn names(ask: Ask) -> Answer {
    let filter = JobFilter { limit: MOST_JOBS, ..JobFilter::default() };
    let jobs = ask.app.driver.store().jobs(filter, |_| true).await?;
    let named = jobs.iter().map(|job| {
        let keys = job.settings.tasks.iter().map(|task| task.task_key.as_str());
        (job.job_id.to_string(), keys.collect::<Value>())
    });
    Ok(json!({ "tasks": named.collect::<Map<_, _>>() }))
}

/// `GET schedules`: every job that starts by itself, with its next fire times and its last one; `fires` is false when the engine
/// was told to start nothing by itself.
pub(super) async fn schedules(ask: Ask) -> Answer {
    let filter = JobFilter { limit: MOST_JOBS, ..JobFilter::default() };
    let jobs = ask.app.driver.store().jobs(filter, |_| true).await?;
    let upcoming = ask.app.driver.upcoming();
    let shown = jobs.iter().filter_map(|job| {
        let schedule = schedule::of(job, 5)?;
        let own = || upcoming.iter().filter(|one| one.job_id == job.job_id);
        Some(json!({
            "id": job.job_id.to_string(),
            "name": job.settings.display_name(),
            "schedule": schedule,
            "last": own().filter_map(|one| one.last).max(),
            "waits": own().next().map(|one| &one.waits_for),
            "fault": own().find_map(|one| one.fault.as_ref()),
        }))
    });
    Ok(
        json!({ "now": Clock::wall(), "fires": ask.app.driver.triggers_on(), "jobs": shown.collect::<Value>() }),
    )
}

/// `GET jobs/ID`: the definition as written, with what the lint finds at its lines, the graph and the schedule.
pub(super) async fn definition(ask: Ask) -> Answer {
    let app = &ask.app;
    let job = find(app, ask.id()?).await?;
    let mut shape = head(app, &job).await?;
    let tasks = &job.settings.tasks;
    shape["graph"] = picture(tasks.iter(), ask.flag("whole"));
    shape["list"] = ordered(tasks).into_iter().map(|task| task_shape(app, task, Vec::new())).collect();
    shape["schedule"] = json!(schedule::of(&job, 5));
    let schema = parameter_schema(&job.settings);
    shape["form"] = describe(&schema);
    present(&mut shape["form"]);
    shape["schema"] = schema;
    shape["text"] = bundle::text(app, &job).await;
    shape["description"] = json!(job.settings.description);
    Ok(shape)
}

/// Puts beside each default that refers to something the value that it would have now.
fn present(form: &mut Value) {
    let now = Some(Clock::wall());
    let trigger = TriggerContext { time: now, ..TriggerContext::default() };
    let job = JobContext { start_time: now, trigger, ..JobContext::default() };
    let context = Context { job, ..Context::default() };
    for field in form["fields"].as_array_mut().into_iter().flatten() {
        let written = field["default"].as_str().unwrap_or_default();
        match resolve(written, Mode::Lenient, &context) {
            Ok(value) if value != written => field["now"] = json!(value),
            _ => {}
        }
    }
}

pub(super) fn ordered(tasks: &[Task]) -> Vec<&Task> {
    let by_key: BTreeMap<&str, &Task> = tasks.iter().map(|task| (task.task_key.as_str(), task)).collect();
    match graph(tasks).order() {
        Ok(order) => order.iter().filter_map(|key| by_key.get(key).copied()).collect(),
        Err(_) => tasks.iter().collect(),
    }
}

/// `GET runs` and `GET jobs/ID/runs`: a page of runs, newest first, by state (several with commas), trigger, text in the
/// parameters, and time; `page` is the token of the page before. `total` counts all pages and is told with the first.
pub(super) async fn runs(ask: Ask) -> Answer {
    let store = ask.app.driver.store();
    let seq = store.feed().last();
    let job: Option<JobId> = ask.id().ok();
    let limit = ask.number("limit", 1, MOST_RUNS).unwrap_or(MOST_RUNS);
    let mut filter = RunFilter { job_id: job, limit: limit + 1, ..RunFilter::default() };
    filter.start_from = ask.number("from", 0, i64::MAX);
    filter.start_to = ask.number("to", 0, i64::MAX);
    if let Some((time, id)) = ask.query("page").and_then(|page| page.split_once('.')) {
        filter.before = time.parse().ok().zip(id.parse().ok());
    }
    let states: Option<Vec<String>> =
        ask.query("state").map(|text| text.split(',').map(str::to_owned).collect());
    let trigger = ask.query("trigger").map(str::to_owned);
    let words = ask.query("q").map(str::to_lowercase);
    let filtered = states.is_some() || trigger.is_some() || words.is_some();
    let timed = filter.start_from.is_some() || filter.start_to.is_some();
    let keep = move |run: &RunRow| {
        let state = run.standing.phase.state_key(Level::Job);
        let text = |words: &String| {
            run.run_id.to_string().contains(words)
                || run
                    .standing
                    .parameters
                    .iter()
                    .any(|p| format!("{}={}", p.name, p.value).to_lowercase().contains(words))
        };
        states.as_ref().is_none_or(|states| states.iter().any(|wanted| wanted == state))
            && trigger.as_ref().is_none_or(|trigger| run.facts.trigger == *trigger)
            && words.as_ref().is_none_or(text)
    };
    let keep = Arc::new(keep);
    // It is the same on every page.
    let total = if ask.query("page").is_some() {
        None
    } else if filtered || timed {
        let (all, keep) = (RunFilter { before: None, limit: i64::MAX, ..filter.clone() }, Arc::clone(&keep));
        Some(store.count_where(all, move |run| keep(run)).await?)
    } else {
        Some(store.count_runs(job).await?)
    };
    let mut page = store.runs_where(filter, move |run| keep(run)).await?;
    let more = page.len() as i64 > limit;
    page.truncate(limit as usize);
    let next = page.last().filter(|_| more).map(|run| format!("{}.{}", run.start_time.0, run.run_id));
    Ok(json!({
        "instance": store.feed().instance(), "seq": seq, "now": Clock::wall(),
        "runs": page.iter().map(|run| Value::Object(shapes::run(run))).collect::<Value>(),
        "next": next, "total": total,
    }))
}

/// What is wrong with parameters: by the schema that the job's parameters have, in the words of the validator.
fn violations(job: &JobSettings, params: &Value) -> Answer {
    let compiled = ParamSchema::compile(&parameter_schema(job));
    let schema =
        compiled.map_err(|_| Error::new(ErrorCode::Internal, "check", "the job's schema is not valid"))?;
    Ok(json!(schema.validate(params)))
}

fn params_of(ask: &Ask) -> Value {
    ask.body.get("params").cloned().unwrap_or_else(|| json!({}))
}

/// `POST jobs/ID/check`: the parameters that the entries of a form stand for, and the violations that a run with them would
/// be refused for.
pub(super) async fn check(ask: Ask) -> Answer {
    let job = find(&ask.app, ask.id()?).await?;
    let entries = ask.body.get("entries").cloned().unwrap_or_else(|| json!([]));
    let entries: Vec<(String, String)> = serde_json::from_value(entries).map_err(|e| {
        Error::new(ErrorCode::InvalidArgument, "check", format!("entries cannot be read: {e}"))
    })?;
    let params = coerce(&parameter_schema(&job.settings), &entries);
    Ok(json!({ "violations": violations(&job.settings, &params)?, "params": params }))
}

/// `POST jobs/ID/run`: starts a run with parameters by name; `token` makes it start once however often it is sent, and
/// with `dry` only the request is given back that would be sent.
pub(super) async fn run(ask: Ask) -> Answer {
    let job = find(&ask.app, ask.id()?).await?;
    admin_only(&ask.caller)?;
    let params = params_of(&ask);
    let found = violations(&job.settings, &params)?;
    if found.as_array().is_some_and(|found| !found.is_empty()) {
        return Ok(json!({ "violations": found }));
    }
    let fields = run_fields(&job.settings, &params).map_err(|problems| {
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Error::new(ErrorCode::InvalidArgument, "run", told.join("; "))
    })?;
    let mut body = Map::from_iter([("job_id".to_owned(), json!(job.job_id))]);
    body.extend(fields);
    if let Some(token) = ask.body.get("token") {
        body.insert("idempotency_token".to_owned(), token.clone());
    }
    if ask.body.get("dry") == Some(&Value::Bool(true)) {
        return Ok(json!({ "request": Value::Object(body) }));
    }
    let mut problems = Vec::new();
    let request = RunNow::read(&Value::Object(body), &lakeflow_core::job::wire::Path::Root, &mut problems);
    let request = request.filter(|_| problems.is_empty()).ok_or_else(|| {
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Error::new(ErrorCode::InvalidArgument, "run", told.join("; "))
    })?;
    let call = Call { app: Arc::clone(&ask.app), version: ApiVersion::V2_2, caller: ask.caller.clone() };
    let started = Box::pin(crate::server::runs::run_now(call, request)).await?;
    Ok(json!({ "run": started.run_id.to_string() }))
}

/// `POST jobs/ID/pause`: whether the job starts by itself.
pub(super) async fn pause(ask: Ask) -> Answer {
    let mut job = find(&ask.app, ask.id()?).await?;
    admin_only(&ask.caller)?;
    let paused = ask.body.get("paused") == Some(&Value::Bool(true));
    set_paused(&mut job.settings, paused);
    let id = job.job_id;
    ask.app.driver.store().put_job(job, ask.app.driver.clock().time()).await?;
    ask.app.driver.job_changed(id).await?;
    let job = find(&ask.app, id).await?;
    Ok(json!({ "schedule": schedule::of(&job, 1) }))
}
