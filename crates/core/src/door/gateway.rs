//! The job registry and the `/api/jobs` routes: jobs as configurations write them, and a request driven to its answer with
//! given answers of a workspace.

use super::{Answer, read, write};
use crate::api::{Response, read_value};
use crate::error::{Error, ErrorCode};
use crate::gateway::{
    Body, CallId, Checked, Effect, Exchange, Gateway, Incoming, JobConfig, JobRef, ParamCheck, Registry,
    Settings, Sse, StreamStart, WebhookSecret,
};
use crate::id::{JobId, RunId};
use crate::job::wire::Wire;
use crate::problem::Problem;
use crate::run::RunDoc;
use crate::time::{Tick, WallTime};
use crate::wait::{Goal, Verdict, WaitEnd};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const OPERATION: &str = "configure";

/// The jobs of a configuration, by key: `id` (as text or number), `name`, `taskType`, `waitTimeout` in milliseconds, and
/// `params`: a JSON Schema, or `{"host": …}` for a check by the host, with the schema that describes it or null.
///
/// # Errors
/// `INVALID_ARGUMENT` with all that is wrong, job by job.
pub fn job_configs(jobs: &Map<String, Value>) -> Result<Vec<(String, JobConfig)>, Error> {
    let mut wrong = Vec::new();
    let configs =
        jobs.iter().map(|(key, config)| (key.clone(), job_config(key, config, &mut wrong))).collect();
    if wrong.is_empty() {
        Ok(configs)
    } else {
        Err(Error::new(ErrorCode::InvalidArgument, OPERATION, wrong.join("; ")))
    }
}

fn job_config(key: &str, config: &Value, wrong: &mut Vec<String>) -> JobConfig {
    let field = |name: &str| config.get(name).filter(|value| !value.is_null());
    let mut refuse = |name: &str, told: String| wrong.push(format!("job {key:?}, {name}: {told}"));
    let id = field("id").and_then(|id| {
        let read =
            id.as_i64().filter(|id| *id > 0).or_else(|| id.as_str().and_then(crate::gateway::parse_id));
        if read.is_none() {
            refuse("id", format!("{id} is not the id of a job (a positive whole number)"));
        }
        read.map(JobId)
    });
    let task_type = field("taskType").and_then(|name| match name.as_str().map(str::parse) {
        Some(Ok(task_type)) => Some(task_type),
        Some(Err(e)) => {
            refuse("taskType", format!("{e}"));
            None
        }
        None => {
            refuse("taskType", format!("{name} is not the name of a task type"));
            None
        }
    });
    let wait_timeout_ms = field("waitTimeout").and_then(|ms| {
        let whole = ms.as_f64().filter(|ms| *ms >= 0.0 && ms.is_finite()).map(|ms| ms as u64);
        if whole.is_none() {
            refuse("waitTimeout", format!("{ms} is not a number of milliseconds"));
        }
        whole
    });
    let check = match field("params") {
        None => ParamCheck::None,
        Some(Value::Object(members)) if members.len() == 1 && members.contains_key("host") => {
            ParamCheck::Host(members.get("host").filter(|schema| !schema.is_null()).cloned())
        }
        Some(schema) => ParamCheck::Schema(schema.clone()),
    };
    let name = field("name").and_then(Value::as_str).map(str::to_owned);
    JobConfig { id, name, wait_timeout_ms, task_type, check }
}

#[derive(Deserialize)]
struct RegistryInput {
    environment: Vec<(String, String)>,
    jobs: Map<String, Value>,
}

/// `[key, id or name, variable]` of each job, `[variable, reason]` of each that was left aside, `[alias, variable]` of each
/// resource.
pub(super) fn registry(input: Value) -> Answer {
    let input: RegistryInput = read(input)?;
    let registry = Registry::discover(&input.environment, &job_configs(&input.jobs)?);
    let jobs: Vec<Value> = registry
        .entries()
        .iter()
        .map(|entry| {
            let found = match &entry.job {
                JobRef::Id(id) => Some(id.to_string()),
                JobRef::Name(name) => Some(name.clone()),
                JobRef::Missing => None,
            };
            json!([entry.key, found, entry.variable])
        })
        .collect();
    let ignored: Vec<Value> =
        registry.ignored().iter().map(|one| json!([one.variable, one.reason])).collect();
    let resources: Vec<Value> =
        registry.requirements().iter().map(|r| json!([r.alias, r.variable])).collect();
    write(json!({"jobs": jobs, "ignored": ignored, "resources": resources}))
}

#[derive(Deserialize)]
struct RequestInput {
    method: String,
    path: String,
    body: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct GatewayInput {
    jobs: Map<String, Value>,
    request: RequestInput,
    webhook: Option<Value>,
    /// By `METHOD path?query`.
    #[serde(default)]
    answers: BTreeMap<String, Value>,
    /// What the host's check says: `{"valid": …}`, `{"invalid": …}` or `{"broken": "…"}`.
    check: Option<Value>,
    /// What the wait tells: wall time, `started`, `changed` or `ended`, and what.
    #[serde(default)]
    events: Vec<(i64, String, Value)>,
}

/// A request to its answer: `calls`, then `status`, `headers` and `body`, or `stream` with its `goal`, `timeoutMs` and
/// `events`; and `notify`, the runs that were heard of.
pub(super) fn gateway(input: Value) -> Answer {
    let input: GatewayInput = read(input)?;
    let settings = Settings { webhook: webhook(input.webhook.as_ref()), ..Settings::default() };
    let registry = Registry::discover(&[], &job_configs(&input.jobs)?);
    let mut gateway = Gateway::new(registry, settings).map_err(|problems| refused(&problems))?;
    let incoming = Incoming {
        method: input.request.method,
        path: input.request.path,
        headers: input.request.headers.into_iter().collect(),
        body: input.request.body.unwrap_or_default().into_bytes(),
        nonce: "n-1".to_owned(),
        ..Incoming::default()
    };
    let course = drive(&mut gateway.accept(Tick(0), incoming), &input.answers, input.check.as_ref())?;
    let Some(start) = course.stream else { return Ok(course.told) };
    let mut told = course.told;
    told["stream"] = json!({"goal": goal(&start.goal), "timeoutMs": start.timeout_ms});
    told["stream"]["events"] = events(start.sse, input.events)?;
    Ok(told)
}

fn webhook(value: Option<&Value>) -> Option<WebhookSecret> {
    let text = |name: &str| value?.get(name)?.as_str().map(str::to_owned);
    text("bearer")
        .map(WebhookSecret::Bearer)
        .or_else(|| Some(WebhookSecret::Basic { username: text("username")?, password: text("password")? }))
}

fn refused(problems: &[Problem]) -> Error {
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Error::new(ErrorCode::InvalidArgument, OPERATION, told.join("; "))
}

/// What an exchange did until its end.
struct Course {
    told: Value,
    stream: Option<Box<StreamStart>>,
}

fn drive(
    exchange: &mut Exchange,
    answers: &BTreeMap<String, Value>,
    check: Option<&Value>,
) -> Result<Course, Error> {
    let mut calls = Vec::new();
    let mut notified = Vec::new();
    let mut waiting: Vec<(CallId, Result<Value, Error>)> = Vec::new();
    loop {
        match exchange.poll() {
            Effect::Call { call, request } => {
                let query: Vec<String> =
                    request.query.iter().map(|(key, value)| format!("{key}={value}")).collect();
                let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
                let name = format!("{} {}{query}", request.method.as_str(), request.path);
                waiting.push((call, answer(request.operation, &name, answers)?));
                calls.push(match request.body {
                    None => json!([name]),
                    Some(body) => json!([name, body]),
                });
            }
            Effect::Check { key, params } => {
                calls.push(json!([format!("CHECK {key}"), params]));
                exchange.checked(
                    match (check.and_then(|c| c.get("valid")), check.and_then(|c| c.get("invalid"))) {
                        (Some(params), _) => Checked::Valid(params.clone()),
                        (_, Some(details)) => Checked::Invalid(details.clone()),
                        _ => Checked::Broken("the host's check failed".to_owned()),
                    },
                );
            }
            Effect::Notify(runs) => notified.extend(runs),
            Effect::Reply(reply) => {
                let body = match reply.body {
                    Body::Empty => Value::Null,
                    Body::Json(body) => body,
                };
                let headers: Map<String, Value> =
                    reply.headers.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
                let told = json!({
                    "calls": calls, "notify": notified, "status": reply.status, "headers": headers, "body": body,
                });
                return Ok(Course { told, stream: None });
            }
            Effect::Stream(start) => {
                return Ok(Course { told: json!({"calls": calls, "notify": notified}), stream: Some(start) });
            }
            Effect::Wait if waiting.is_empty() => {
                return Err(Error::new(ErrorCode::Internal, OPERATION, "the exchange waits for nothing"));
            }
            Effect::Wait => {
                let (call, answer) = waiting.remove(0);
                exchange.answered(call, answer);
            }
        }
    }
}

/// What a workspace says: JSON, `{"$text"}` for JSON text, `{"$status"}` for an error with its body.
fn answer(
    operation: &'static str,
    name: &str,
    answers: &BTreeMap<String, Value>,
) -> Result<Result<Value, Error>, Error> {
    let told = answers.get(name).ok_or_else(|| {
        Error::new(ErrorCode::InvalidArgument, OPERATION, format!("there is no answer to {name}"))
    })?;
    let status = told.get("$status").and_then(Value::as_u64).map_or(200, |status| status as u16);
    let headers =
        told.get("headers").filter(|_| status != 200).and_then(Value::as_object).into_iter().flatten();
    let body = match told.get("$text").and_then(Value::as_str) {
        Some(text) => text.to_owned(),
        None => told.to_string(),
    };
    let response = Response {
        status,
        headers: headers
            .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
            .collect(),
        body: body.into_bytes(),
    };
    Ok(read_value(operation, &response, WallTime(0)))
}

fn goal(goal: &Goal) -> Value {
    match goal {
        Goal::RunNow(request) => json!({"run_now": request.write()}),
        Goal::Submit(request) => json!({"submit": request.write()}),
        Goal::Adopt(run_id) => json!({"adopt": run_id}),
        Goal::Cancel(run_id) => json!({"cancel": run_id}),
        Goal::Repair(request) => json!({"repair": request.write()}),
    }
}

/// The events of a stream, each `{id, event, data}`.
fn events(mut sse: Sse, told: Vec<(i64, String, Value)>) -> Answer {
    let mut events = Vec::new();
    for (at, what, value) in told {
        let now = WallTime(at);
        let event = match what.as_str() {
            "started" => sse.started(now, read(value)?),
            "changed" => sse.changed(now, &read(value)?),
            _ => sse.ended(now, &end(value)?),
        };
        events.extend(event.map(|event| json!({"id": event.id, "event": event.event, "data": event.data})));
    }
    Ok(Value::Array(events))
}

#[derive(Deserialize)]
struct EndInput {
    run_id: Option<RunId>,
    run: Option<RunDoc>,
    /// The code of the error that ended the wait, and the status that came with it.
    error: Option<ErrorCode>,
    status: Option<u16>,
    #[serde(default)]
    failures: Vec<crate::wait::TaskFailure>,
}

fn end(value: Value) -> Result<WaitEnd, Error> {
    let end: EndInput = read(value)?;
    let error = end.error.map(|code| {
        let error = Error::new(code, "wait", "secret text of the workspace");
        end.status.map_or(error.clone(), |status| error.with("status", status))
    });
    let run_id = end.run_id.or_else(|| end.run.as_ref().map(|run| run.run_id));
    let verdict = match (error, end.run.as_ref()) {
        (Some(error), _) => Verdict::Unfinished(error),
        (None, Some(run)) if run.phase().is_success() => Verdict::Succeeded,
        (None, _) => Verdict::Failed,
    };
    Ok(WaitEnd { run_id, run: end.run, verdict, failures: end.failures })
}
