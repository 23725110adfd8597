//! The vectors of the `/api/jobs` routes, driven as plain data; and what holds between requests.

use lakeflow_core::api::{Response, fault, read_value};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::gateway::{
    Body, Checked, Effect, Exchange, Gateway, Incoming, Registry, Settings, Sse, StreamStart, WebhookSecret,
};
use lakeflow_core::id::RunId;
use lakeflow_core::job::wire::Wire;
use lakeflow_core::run::RunDoc;
use lakeflow_core::time::{Tick, WallTime};
use lakeflow_core::wait::{Goal, TaskFailure, Verdict, WaitEnd};
use lakeflow_tests::gateway::{config, fits};
use lakeflow_tests::vectors;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Asked {
    method: String,
    path: String,
    body: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Input {
    jobs: Map<String, Value>,
    request: Asked,
    webhook: Option<Value>,
    #[serde(default)]
    answers: BTreeMap<String, Value>,
    check: Option<Value>,
    #[serde(default)]
    events: Vec<(i64, String, Value)>,
}

impl Asked {
    fn incoming(&self) -> Incoming {
        Incoming {
            method: self.method.clone(),
            path: self.path.clone(),
            headers: self.headers.clone().into_iter().collect(),
            body: self.body.clone().unwrap_or_default().into_bytes(),
            client: String::new(),
            nonce: "n-1".to_owned(),
            program: false,
        }
    }
}

fn gateway(jobs: &Map<String, Value>, webhook: Option<&Value>) -> Gateway {
    let configured: Vec<_> = jobs.iter().map(|(key, value)| (key.clone(), config(value))).collect();
    let text = |value: &Value, name: &str| value[name].as_str().expect("text").to_owned();
    let webhook = webhook.map(|value| match value.get("bearer") {
        Some(_) => WebhookSecret::Bearer(text(value, "bearer")),
        None => WebhookSecret::Basic { username: text(value, "username"), password: text(value, "password") },
    });
    let settings = Settings { webhook, ..Settings::default() };
    Gateway::new(Registry::discover(&[], &configured), settings).expect("schemas compile")
}

/// What a workspace says: JSON, `{"$text"}` for JSON that a double would change, `{"$status"}` for an error.
fn answer(operation: &'static str, told: Option<&Value>) -> Result<Value, Error> {
    let told = told.expect("the vector has an answer to the call");
    let response = match (told.get("$text"), told.get("$status")) {
        (Some(text), _) => {
            Response { status: 200, body: text.as_str().expect("text").into(), ..Response::default() }
        }
        (None, Some(status)) => Response {
            status: status.as_u64().expect("a status") as u16,
            headers: told.get("headers").into_iter().flat_map(headers).collect(),
            body: told.to_string().into_bytes(),
        },
        (None, None) => Response { status: 200, body: told.to_string().into_bytes(), ..Response::default() },
    };
    read_value(operation, &response, WallTime(0))
}

fn headers(value: &Value) -> Vec<(String, String)> {
    let members = value.as_object().expect("headers");
    members.iter().map(|(name, value)| (name.clone(), value.as_str().expect("text").to_owned())).collect()
}

/// What an exchange did until its end.
#[derive(Default)]
struct Course {
    calls: Vec<Value>,
    notified: Vec<i64>,
    reply: Option<Value>,
    retry_after: Option<String>,
    stream: Option<Box<StreamStart>>,
}

fn drive(exchange: &mut Exchange, answers: &BTreeMap<String, Value>, check: Option<&Value>) -> Course {
    let mut course = Course::default();
    let mut waiting = Vec::new();
    loop {
        match exchange.poll() {
            Effect::Call { call, request } => {
                let query: Vec<String> =
                    request.query.iter().map(|(key, value)| format!("{key}={value}")).collect();
                let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
                let name = format!("{} {}{query}", request.method.as_str(), request.path);
                course.calls.push(match &request.body {
                    None => json!([name]),
                    Some(body) => json!([name, body]),
                });
                waiting.push((call, answer(request.operation, answers.get(&name))));
            }
            Effect::Check { key, params } => {
                course.calls.push(json!([format!("CHECK {key}"), params]));
                let check = check.expect("the vector says what the host's check finds");
                exchange.checked(match (check.get("valid"), check.get("invalid")) {
                    (Some(params), _) => Checked::Valid(params.clone()),
                    (_, Some(details)) => Checked::Invalid(details.clone()),
                    _ => Checked::Broken(check["broken"].to_string()),
                });
            }
            Effect::Notify(runs) => course.notified.extend(runs.iter().map(|run| run.0)),
            Effect::Reply(reply) => {
                let body = match reply.body {
                    Body::Empty => Value::Null,
                    Body::Json(body) => body,
                };
                course.retry_after = reply
                    .headers
                    .into_iter()
                    .find(|(name, _)| *name == "retry-after")
                    .map(|(_, value)| value);
                course.reply = Some(json!({"status": reply.status, "body": body}));
                return course;
            }
            Effect::Stream(start) => {
                course.stream = Some(start);
                return course;
            }
            Effect::Wait => {
                assert!(!waiting.is_empty(), "the exchange waits for nothing");
                let (call, answer) = waiting.remove(0);
                exchange.answered(call, answer);
            }
        }
    }
}

fn goal(goal: &Goal) -> Value {
    match goal {
        Goal::RunNow(request) => json!({"run_now": request.write()}),
        Goal::Adopt(run_id) => json!({"adopt": run_id}),
        Goal::Repair(request) => json!({"repair": request.write()}),
        other => json!(format!("{other:?}")),
    }
}

fn end(told: &Value) -> WaitEnd {
    let run: Option<RunDoc> = told.get("run").map(|run| serde_json::from_value(run.clone()).expect("a run"));
    let run_id = run.as_ref().map(|run| run.run_id).or_else(|| told["run_id"].as_i64().map(RunId));
    let failures = told.get("failures").and_then(Value::as_array).into_iter().flatten();
    let text = |value: &Value, name: &str| value[name].as_str().expect("text").to_owned();
    let verdict = match told.get("error").and_then(Value::as_str) {
        Some(code) => {
            let code = ErrorCode::ALL.iter().find(|known| known.as_str() == code).expect("a code");
            let error = Error::new(*code, "wait", "secret text of the workspace");
            Verdict::Unfinished(match told.get("status") {
                Some(status) => error.with("status", status),
                None => error,
            })
        }
        None if told["verdict"] == "succeeded" => Verdict::Succeeded,
        None => Verdict::Failed,
    };
    WaitEnd {
        run_id,
        run,
        verdict,
        failures: failures
            .map(|f| TaskFailure {
                task_key: text(f, "task_key"),
                run_id: RunId(f["run_id"].as_i64().expect("an id")),
                attempt: 0,
                outcome: text(f, "outcome"),
                message: text(f, "message"),
                error: Some(text(f, "error")),
                trace: Some("a trace".to_owned()),
                output: Some("what it printed".to_owned()),
            })
            .collect(),
    }
}

fn tell(mut sse: Sse, events: &[(i64, String, Value)]) -> Value {
    let mut told = Vec::new();
    for (at, what, value) in events {
        let now = WallTime(*at);
        let event = match what.as_str() {
            "started" => sse.started(now, RunId(value.as_i64().expect("an id"))),
            "changed" => sse.changed(now, &serde_json::from_value(value.clone()).expect("a run")),
            _ => sse.ended(now, &end(value)),
        };
        told.extend(event.map(|event| {
            let frame = event.frame();
            assert!(frame.ends_with("\n\n") && frame.trim_end().lines().count() <= 3, "{frame:?}");
            json!([event.id, event.event, event.data])
        }));
    }
    Value::Array(told)
}

#[test]
fn vectors_hold() {
    for case in vectors::<Input, Value>("gateway.json") {
        let input = case.input;
        let mut gateway = gateway(&input.jobs, input.webhook.as_ref());
        let mut exchange = gateway.accept(Tick(0), input.request.incoming());
        let course = drive(&mut exchange, &input.answers, input.check.as_ref());
        let mut found = json!({"calls": course.calls});
        if let Some(reply) = course.reply {
            found["status"] = reply["status"].clone();
            found["body"] = reply["body"].clone();
        }
        if let Some(start) = course.stream {
            let mut stream = json!({"goal": goal(&start.goal), "timeoutMs": start.timeout_ms});
            if case.expect["stream"].get("events").is_some() {
                stream["events"] = tell(start.sse, &input.events);
            }
            found["stream"] = stream;
        }
        if case.expect.get("notify").is_some() {
            found["notify"] = json!(course.notified);
        }
        assert!(
            fits(&found, &case.expect),
            "{}: {}\nfound    {found}\nexpected {}",
            case.name,
            case.why,
            case.expect
        );
        let shown = found.to_string();
        assert!(!shown.contains("secret text"), "{}: the workspace's words reach a client", case.name);
    }
}

fn one_job() -> Map<String, Value> {
    json!({"etl": {"id": "11"}}).as_object().expect("an object").clone()
}

fn streaming(client: &str, nonce: &str, body: &str) -> Incoming {
    Incoming {
        method: "POST".to_owned(),
        path: "/etl/run?stream=true".to_owned(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.as_bytes().to_vec(),
        client: client.to_owned(),
        nonce: nonce.to_owned(),
        program: false,
    }
}

fn token(gateway: &mut Gateway, now: u64, incoming: Incoming) -> (Option<String>, Sse) {
    let mut exchange = gateway.accept(Tick(now), incoming);
    let start = drive(&mut exchange, &BTreeMap::new(), None).stream.expect("a stream");
    match start.goal {
        Goal::RunNow(request) => (request.idempotency_token, start.sse),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_client_that_was_told_nothing_comes_back_to_its_own_trigger() {
    let mut gateway = gateway(&one_job(), None);
    let (first, sse) = token(&mut gateway, 0, streaming("ada", "a", "{}"));
    gateway.abandoned(Tick(1000), sse.claim().expect("a claim").clone());
    let (other_client, _) = token(&mut gateway, 2000, streaming("bob", "b", "{}"));
    let (other_body, _) = token(&mut gateway, 2000, streaming("ada", "c", "{ }"));
    let (retry, _) = token(&mut gateway, 3000, streaming("ada", "d", "{}"));
    let (next, _) = token(&mut gateway, 3000, streaming("ada", "e", "{}"));
    assert_eq!(first.as_deref(), Some("a"));
    assert_eq!(other_client.as_deref(), Some("b"));
    assert_eq!(other_body.as_deref(), Some("c"));
    assert_eq!(retry, first, "the retry meets the run that was started");
    assert_eq!(next.as_deref(), Some("e"), "one retry is one retry");
}

#[test]
fn a_minute_later_it_is_a_new_trigger() {
    let mut gateway = gateway(&one_job(), None);
    let (_, sse) = token(&mut gateway, 0, streaming("ada", "a", "{}"));
    gateway.abandoned(Tick(0), sse.claim().expect("a claim").clone());
    let (later, _) = token(&mut gateway, 60_000, streaming("ada", "b", "{}"));
    assert_eq!(later.as_deref(), Some("b"));
}

#[test]
fn a_busy_workspace_says_when_to_come_back() {
    let mut gateway = gateway(&one_job(), None);
    let incoming =
        Incoming { method: "GET".to_owned(), path: "/etl/status".to_owned(), ..Incoming::default() };
    let mut exchange = gateway.accept(Tick(0), incoming);
    let call = "GET /api/2.2/jobs/runs/list?job_id=11&limit=1".to_owned();
    let refused = json!({"$status": 429, "headers": {"retry-after": "7"}});
    let course = drive(&mut exchange, &BTreeMap::from([(call, refused)]), None);
    assert_eq!(course.retry_after.as_deref(), Some("7"));
}

#[test]
fn a_lost_answer_to_a_repair_is_looked_up() {
    let after = |latest: i64| {
        let mut gateway = gateway(&one_job(), None);
        let incoming = Incoming {
            method: "POST".to_owned(),
            path: "/etl/runs/70/repair".to_owned(),
            ..Incoming::default()
        };
        let mut exchange = gateway.accept(Tick(0), incoming);
        let run = |repair: i64| {
            json!({"run_id": 70, "job_id": 11, "repair_history": [{"type": "REPAIR", "id": repair}],
                   "state": {"life_cycle_state": "TERMINATED", "result_state": "FAILED"}})
        };
        let mut histories = vec![run(latest), run(4)];
        loop {
            match exchange.poll() {
                Effect::Call { call, request } => {
                    let lost = fault::transport(request.operation, fault::TransportFault::Broken, "reset");
                    let history = request.query.iter().any(|(name, _)| name == "include_history");
                    exchange.answered(
                        call,
                        match request.operation {
                            "repair_run" => Err(lost),
                            _ if history => Ok(histories.pop().expect("two histories")),
                            _ => Ok(run(4)),
                        },
                    );
                }
                Effect::Reply(reply) => return (reply.status, reply.body),
                other => panic!("{other:?}"),
            }
        }
    };
    assert_eq!(after(5), (200, Body::Json(json!({"runId": 70, "repairId": 5}))));
    let (status, _) = after(4);
    assert!(status >= 500, "a repair that was not carried out is not said to be: {status}");
}

#[test]
fn a_schema_that_is_none_is_told_with_its_job() {
    let jobs = json!({"etl": {"id": "11", "params": {"type": 7}}});
    let configured: Vec<_> = jobs
        .as_object()
        .expect("an object")
        .iter()
        .map(|(key, value)| (key.clone(), config(value)))
        .collect();
    let problems = Gateway::new(Registry::discover(&[], &configured), Settings::default()).unwrap_err();
    assert!(problems[0].path.starts_with("etl: "), "{problems:?}");
}

#[test]
fn large_bodies_are_refused() {
    let mut gateway = gateway(&one_job(), None);
    let body = format!(r#"{{"params": {{"x": "{}"}}}}"#, "y".repeat(10 << 20));
    let incoming = Incoming { path: "/etl/run".to_owned(), ..streaming("", "n", &body) };
    let course = drive(&mut gateway.accept(Tick(0), incoming), &BTreeMap::new(), None);
    assert_eq!(course.reply.expect("a reply")["status"], 413);
}
