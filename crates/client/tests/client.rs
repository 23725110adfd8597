//! The client over a transport in memory, in paused time: no sockets, no sleeping.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use futures::future::BoxFuture;
use lakeflow_client::auth::{Secret, Settings};
use lakeflow_client::transport::{Fault, HttpRequest, Transport};
use lakeflow_client::{Event, Jobs, WaitOptions, Workspace};
use lakeflow_core::api::fault::TransportFault;
use lakeflow_core::api::{ListRuns, Method, RepairRun, Response};
use lakeflow_core::error::ErrorCode;
use lakeflow_core::id::RunId;
use lakeflow_core::wait::Verdict;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// A host in memory: a function from method, path and body to an answer, with a record of what was asked.
#[derive(Clone)]
struct Host {
    asked: Arc<Mutex<Vec<Asked>>>,
}

#[derive(Clone, Debug)]
struct Asked {
    path: String,
    query: String,
    authorization: Option<String>,
    body: Value,
}

enum Answer {
    Json(Value),
    Status(u16, Value),
    Fault(TransportFault),
    Hang,
}

impl Host {
    fn new(answer: impl Fn(usize, &Asked) -> Answer + Send + Sync + 'static) -> (Self, Arc<dyn Transport>) {
        let host = Self { asked: Arc::default() };
        let (asked, answer) = (host.asked.clone(), Arc::new(answer));
        let transport = move |request: HttpRequest| -> BoxFuture<'static, Result<Response, Fault>> {
            let url = url::Url::parse(&request.url).unwrap();
            let authorization = request.headers.iter().find(|(name, _)| name == "authorization");
            let this = Asked {
                path: url.path().to_owned(),
                query: url.query().unwrap_or_default().to_owned(),
                authorization: authorization.map(|(_, value)| value.clone()),
                body: serde_json::from_slice(&request.body).unwrap_or(Value::Null),
            };
            assert_eq!(request.method == Method::Post, !request.body.is_empty());
            let count = {
                let mut asked = asked.lock().unwrap();
                asked.push(this.clone());
                asked.iter().filter(|other| other.path == this.path).count()
            };
            let answer = answer(count, &this);
            Box::pin(async move {
                let response = |status, body: Value| {
                    Ok(Response { status, headers: Vec::new(), body: body.to_string().into_bytes() })
                };
                match answer {
                    Answer::Json(body) => response(200, body),
                    Answer::Status(status, body) => response(status, body),
                    Answer::Fault(kind) => Err(Fault::new(kind, "it broke")),
                    Answer::Hang => std::future::pending().await,
                }
            })
        };
        (host, Arc::new(transport))
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    fn count(&self, path: &str) -> usize {
        self.asked().iter().filter(|asked| asked.path.ends_with(path)).count()
    }
}

fn jobs(transport: Arc<dyn Transport>) -> Jobs {
    let settings = Settings::new("https://host.example", Secret::new("dapi-secret"));
    Jobs::new(Workspace::with_transport(settings, transport).unwrap())
}

fn run(state: &str, code: Option<&str>) -> Value {
    let mut status = json!({"state": state});
    if let Some(code) = code {
        status["termination_details"] = json!({"code": code, "type": "SUCCESS", "message": ""});
    }
    json!({"run_id": 7, "job_id": 1, "status": status, "run_page_url": "https://host.example/run/7"})
}

fn over() -> Answer {
    Answer::Json(run("TERMINATED", Some("SUCCESS")))
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_to_the_trigger_is_asked_for_again_with_the_same_token() {
    let (host, transport) = Host::new(|count, asked| match asked.path.as_str() {
        "/api/2.2/jobs/run-now" if count <= 2 => Answer::Fault(TransportFault::Broken),
        "/api/2.2/jobs/run-now" => Answer::Json(json!({"run_id": 7})),
        _ => over(),
    });
    let run_id = jobs(transport).job("1").run_now(&json!({"job_parameters": {"a": "b"}})).await.unwrap();
    assert_eq!(run_id, RunId(7));
    let tokens: Vec<Value> =
        host.asked().iter().map(|asked| asked.body["idempotency_token"].clone()).collect();
    assert_eq!(tokens.len(), 3);
    assert!(tokens[0].as_str().is_some_and(|token| (1..=64).contains(&token.len())), "{tokens:?}");
    assert!(tokens.iter().all(|token| *token == tokens[0]), "one intent, one token: {tokens:?}");
}

#[tokio::test(start_paused = true)]
async fn each_intent_has_a_token_of_its_own() {
    let (host, transport) = Host::new(|_, _| Answer::Json(json!({"run_id": 7})));
    let job = jobs(transport).job("1");
    job.run_now(&Value::Null).await.unwrap();
    job.run_now(&Value::Null).await.unwrap();
    let asked = host.asked();
    assert_ne!(asked[0].body["idempotency_token"], asked[1].body["idempotency_token"]);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_breaks_a_limit_is_not_sent() {
    let (host, transport) = Host::new(|_, _| Answer::Json(json!({"run_id": 7})));
    let large = json!({"job_parameters": {"a": "x".repeat(11_000)}});
    let error = jobs(transport.clone()).job("1").run_now(&large).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidParameters);
    let token = json!({"idempotency_token": "t".repeat(65)});
    let error = jobs(transport).job("1").run_now(&token).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidParameters);
    assert_eq!(host.asked().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_wait_tells_its_changes_and_ends_in_the_truth() {
    let (host, transport) = Host::new(|count, asked| match asked.path.as_str() {
        "/api/2.2/jobs/run-now" => Answer::Json(json!({"run_id": 7})),
        _ if count <= 3 => Answer::Json(run("RUNNING", None)),
        _ => over(),
    });
    let mut running =
        jobs(transport).job("1").run_and_wait(&Value::Null, WaitOptions::default()).await.unwrap();
    let mut events = Vec::new();
    while let Some(event) = running.next().await {
        events.push(match event {
            Event::Started(run_id) => format!("started {run_id}"),
            Event::Changed(run) => run.phase().word().to_owned(),
            Event::Ended(end) => end.verdict.as_str().to_owned(),
        });
    }
    assert_eq!(events, ["started 7", "RUNNING", "SUCCESS", "succeeded"]);
    assert_eq!(host.count("/runs/get"), 4);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_holds_while_the_host_hangs() {
    let (_, transport) = Host::new(|_, _| Answer::Hang);
    let began = Instant::now();
    let options = WaitOptions { timeout: Some(Duration::from_secs(5)), ..WaitOptions::default() };
    let end = jobs(transport).wait(RunId(7), options).finish().await;
    let Verdict::Unfinished(error) = end.verdict else { panic!("{:?}", end.verdict) };
    assert_eq!(error.code, ErrorCode::WaitTimedOut);
    assert_eq!(error.context("run_id"), Some("7"));
    let late = began.elapsed().checked_sub(Duration::from_secs(5)).unwrap();
    assert!(late <= Duration::from_millis(100), "{late:?} late");
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_stopped_leaves_the_run() {
    let (host, transport) = Host::new(|_, _| Answer::Json(run("RUNNING", None)));
    let running = jobs(transport).wait(RunId(7), WaitOptions::default());
    running.handle().stop();
    let end = running.finish().await;
    assert!(matches!(end.verdict, Verdict::Unfinished(error) if error.code == ErrorCode::Interrupted));
    assert_eq!(host.count("/runs/cancel"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_repair_is_sent_once_although_its_answer_is_lost() {
    let (host, transport) = Host::new(|count, asked| match (asked.path.as_str(), count) {
        ("/api/2.2/jobs/runs/repair", _) => Answer::Fault(TransportFault::Timeout),
        (_, 1) => Answer::Json(run("TERMINATED", Some("RUN_EXECUTION_ERROR"))),
        (_, 2) => {
            let mut run = run("RUNNING", None);
            run["repair_history"] = json!([{"id": 1}]);
            Answer::Json(run)
        }
        _ => over(),
    });
    let request = RepairRun { run_id: RunId(7), rerun_all_failed_tasks: Some(true), ..RepairRun::default() };
    let end = jobs(transport).repair_run(request, WaitOptions::default()).finish().await;
    assert_eq!(end.verdict, Verdict::Succeeded);
    assert_eq!(host.count("/runs/repair"), 1);
}

#[tokio::test(start_paused = true)]
async fn pages_are_read_to_the_end_and_an_empty_token_ends() {
    let (host, transport) = Host::new(|count, asked| match asked.path.as_str() {
        "/api/2.2/jobs/runs/get" if asked.query.contains("page_token=p2") => {
            Answer::Json(json!({"run_id": 7, "tasks": [{"task_key": "b", "run_id": 9}]}))
        }
        "/api/2.2/jobs/runs/get" => Answer::Json(
            json!({"run_id": 7, "tasks": [{"task_key": "a", "run_id": 8}], "next_page_token": "p2"}),
        ),
        _ => {
            let token = if count == 1 { "more" } else { "" };
            Answer::Json(json!({"runs": [{"run_id": count}], "next_page_token": token}))
        }
    });
    let jobs = jobs(transport);
    let keys: Vec<String> =
        jobs.get_run(RunId(7)).await.unwrap().tasks.iter().map(|task| task.key().to_owned()).collect();
    assert_eq!(keys, ["a", "b"]);
    let runs = jobs.list_runs(ListRuns::default(), 1000).await.unwrap();
    assert_eq!(runs.len(), 2);
    assert_eq!(host.count("/runs/list"), 2);
    assert!(host.asked().last().unwrap().query.contains("limit=25"), "the platform's largest page");
}

#[tokio::test(start_paused = true)]
async fn outputs_come_in_the_order_of_the_ends_and_one_refusal_hides_no_other() {
    let (_, transport) = Host::new(|_, asked| match asked.path.as_str() {
        "/api/2.2/jobs/runs/get" => {
            let mut run = run("TERMINATED", Some("SUCCESS"));
            run["tasks"] = json!([
                {"task_key": "late", "run_id": 8, "end_time": 20},
                {"task_key": "early", "run_id": 9, "end_time": 10},
            ]);
            Answer::Json(run)
        }
        _ if asked.query == "run_id=8" => {
            Answer::Status(400, json!({"error_code": "INVALID_PARAMETER_VALUE", "message": "gone"}))
        }
        _ => Answer::Json(json!({"logs": "hello"})),
    });
    let outputs = jobs(transport).outputs(RunId(7)).await.unwrap();
    let keys: Vec<&str> = outputs.iter().map(|output| output.task_key.as_str()).collect();
    assert_eq!(keys, ["early", "late"]);
    assert_eq!(outputs[0].output.as_ref().unwrap().logs.as_deref(), Some("hello"));
    assert_eq!(outputs[1].output.as_ref().unwrap_err().message, "gone");
}

#[tokio::test(start_paused = true)]
async fn client_credentials_fetch_one_token_and_renew_it_after_a_refusal() {
    let (host, transport) = Host::new(|count, asked| match asked.path.as_str() {
        "/oidc/.well-known/oauth-authorization-server" => {
            Answer::Json(json!({"token_endpoint": "https://host.example/oidc/v1/token"}))
        }
        "/oidc/v1/token" => Answer::Json(json!({"access_token": format!("t{count}"), "expires_in": 3600})),
        _ if asked.authorization.as_deref() == Some("Bearer t1") && count > 3 => {
            Answer::Status(401, json!({"error_code": "UNAUTHENTICATED", "message": "expired"}))
        }
        _ => Answer::Json(run("RUNNING", None)),
    });
    let settings = Settings {
        host: Some("host.example/?o=1".to_owned()),
        client_id: Some("id".to_owned()),
        client_secret: Some(Secret::new("hidden")),
        ..Settings::default()
    };
    let jobs = Jobs::new(Workspace::with_transport(settings, transport).unwrap());
    assert_eq!(host.asked().len(), 0, "nothing is sent before the first request");
    let (a, b, c) = futures::join!(jobs.get_run(RunId(7)), jobs.get_run(RunId(8)), jobs.get_run(RunId(9)));
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(host.count("/token"), 1, "callers at the same time share one token");
    jobs.get_run(RunId(10)).await.unwrap();
    assert_eq!(host.count("/token"), 2, "a refused token is renewed once");
}

#[tokio::test(start_paused = true)]
async fn nothing_prints_a_secret() {
    let (_, transport) = Host::new(|_, _| {
        Answer::Status(
            403,
            json!({"error_code": "PERMISSION_DENIED", "message": "Bearer dapi-secret is not allowed"}),
        )
    });
    let settings = Settings::new("https://host.example", Secret::new("dapi-secret"));
    assert!(!format!("{settings:?}").contains("dapi-secret"));
    let jobs = Jobs::new(Workspace::with_transport(settings, transport).unwrap());
    assert!(!format!("{jobs:?}").contains("dapi-secret"));
    let error = jobs.get_run(RunId(7)).await.unwrap_err();
    assert!(!error.to_string().contains("dapi-secret"), "{error}");
    assert_eq!(error.context("host"), Some("https://host.example"));
}

#[test]
fn settings_come_from_flags_then_environment_then_profile() {
    let profiles = lakeflow_client::auth::Profiles::parse(
        "[DEFAULT]\nhost = https://default\ntoken = d\n[work]\nhost = https://office\ntoken = w\n",
    )
    .unwrap();
    let nothing = |_: &str| None;
    let host = |settings: Settings| settings.host_url().unwrap().to_string();
    let plain = Settings::default().or_environment(nothing).or_profile(&profiles).unwrap();
    assert_eq!(host(plain), "https://default/");
    let named = |name: &str| (name == "DATABRICKS_CONFIG_PROFILE").then(|| "work".to_owned());
    assert_eq!(
        host(Settings::default().or_environment(named).or_profile(&profiles).unwrap()),
        "https://office/"
    );
    let environment = |name: &str| match name {
        "DATABRICKS_HOST" => Some("https://env".to_owned()),
        "DATABRICKS_TOKEN" => Some("e".to_owned()),
        _ => None,
    };
    assert_eq!(
        host(Settings::default().or_environment(environment).or_profile(&profiles).unwrap()),
        "https://env/"
    );
    let flag = Settings { host: Some("https://flag".to_owned()), ..Settings::default() };
    assert_eq!(host(flag.or_environment(environment).or_profile(&profiles).unwrap()), "https://flag/");
    let unknown = Settings { profile: Some("wrok".to_owned()), ..Settings::default() };
    assert!(unknown.or_profile(&profiles).unwrap_err().message.contains("DEFAULT, work"));
}
