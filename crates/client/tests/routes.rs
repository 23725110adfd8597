//! The `/api/jobs` routes over a transport in memory, in paused time.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use futures::future::BoxFuture;
use lakeflow_client::auth::{Secret, Settings as HostSettings};
use lakeflow_client::routes::{Answer, EventStream, Routes};
use lakeflow_client::transport::{Fault, HttpRequest, Transport};
use lakeflow_client::{Jobs, Workspace};
use lakeflow_core::api::Response;
use lakeflow_core::door::job_configs;
use lakeflow_core::gateway::{Body, Checked, Incoming, Registry, Settings, WebhookSecret};
use lakeflow_core::wait::hub::HubSettings;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// A workspace that starts run 70 of job 11 and ends it at the poll number `last`; it notes tokens and polls.
#[derive(Clone, Default)]
struct Fake {
    tokens: Arc<Mutex<Vec<Value>>>,
    polls: Arc<AtomicUsize>,
}

impl Fake {
    fn jobs(&self, last: usize) -> Jobs {
        let fake = self.clone();
        let transport = move |request: HttpRequest| -> BoxFuture<'static, Result<Response, Fault>> {
            let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            let answer = if request.url.contains("run-now") {
                fake.tokens.lock().unwrap().push(body["idempotency_token"].clone());
                json!({"run_id": 70})
            } else if request.url.contains("runs/get") {
                let over = fake.polls.fetch_add(1, Ordering::SeqCst) + 1 >= last;
                let state = if over { "TERMINATED" } else { "RUNNING" };
                json!({"run_id": 70, "job_id": 11, "state": {"life_cycle_state": state, "result_state": over.then_some("SUCCESS")}})
            } else {
                json!({"runs": [{"run_id": 70, "job_id": 11}]})
            };
            Box::pin(async move {
                Ok(Response { status: 200, headers: Vec::new(), body: answer.to_string().into_bytes() })
            })
        };
        let settings = HostSettings::new("https://host.example", Secret::new("dapi-secret"));
        let transport: Arc<dyn Transport> = Arc::new(transport);
        Jobs::new(Workspace::with_transport(settings, transport).unwrap())
    }
}

fn routes(jobs: Value) -> Routes {
    let configured = job_configs(jobs.as_object().unwrap()).unwrap();
    let secret = WebhookSecret::Bearer("hook".to_owned());
    let settings = Settings { webhook: Some(secret), ..Settings::default() };
    Routes::new(Registry::discover(&[], &configured), settings).unwrap()
}

fn one() -> Routes {
    routes(json!({"etl": {"id": "11"}}))
}

fn request(method: &str, path: &str) -> Incoming {
    Incoming {
        method: method.to_owned(),
        path: path.to_owned(),
        client: "ada".to_owned(),
        ..Incoming::default()
    }
}

async fn stream(routes: &Routes, jobs: &Jobs, incoming: Incoming) -> Box<EventStream> {
    match routes.handle(jobs, incoming).await {
        Answer::Stream(stream) => stream,
        Answer::Reply(reply) => panic!("{reply:?}"),
    }
}

async fn frames(mut stream: Box<EventStream>) -> Vec<String> {
    let mut frames = Vec::new();
    while let Some(frame) = stream.next_frame().await {
        frames.push(frame);
    }
    frames
}

#[tokio::test(start_paused = true)]
async fn a_request_is_answered() {
    let answer = one().handle(&Fake::default().jobs(1), request("GET", "/etl/runs")).await;
    let Answer::Reply(reply) = answer else { panic!("{answer:?}") };
    assert_eq!(
        (reply.status, reply.body),
        (200, Body::Json(json!({"runs": [{"run_id": 70, "job_id": 11}]})))
    );
}

#[tokio::test(start_paused = true)]
async fn a_stream_tells_of_changes_and_keeps_the_connection_open_between() {
    let fake = Fake::default();
    let told = frames(stream(&one(), &fake.jobs(30), request("POST", "/etl/run?stream=true")).await).await;
    let heartbeats = told.iter().filter(|frame| frame.starts_with(':')).count();
    let events: Vec<&String> = told.iter().filter(|frame| !frame.starts_with(':')).collect();
    assert!(heartbeats > 0, "thirty polls take more than ten seconds");
    assert_eq!(events.len(), 3, "{events:?}");
    assert!(events[0].contains("event: started") && events[0].contains(r#""runId":70"#), "{}", events[0]);
    assert!(
        events[2].starts_with("id: end-70-2\n") && events[2].contains(r#""outcome":"succeeded""#),
        "{}",
        events[2]
    );
}

#[tokio::test(start_paused = true)]
async fn a_broken_connection_is_taken_up_again_without_another_run() {
    let (fake, routes) = (Fake::default(), one());
    let jobs = fake.jobs(3);
    let mut first = stream(&routes, &jobs, request("POST", "/etl/run?stream=true")).await;
    let event = first.next_event().await.unwrap();
    drop(first);
    let again = Incoming {
        headers: vec![("Last-Event-ID".to_owned(), event.id.unwrap())],
        ..request("POST", "/etl/run?stream=true")
    };
    let told = frames(stream(&routes, &jobs, again).await).await;
    assert!(told.last().unwrap().contains(r#""outcome":"succeeded""#), "{told:?}");
    assert_eq!(fake.tokens.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_received_nothing_repeats_its_trigger() {
    let (fake, routes) = (Fake::default(), one());
    let jobs = fake.jobs(3);
    for undelivered in [false, true] {
        let mut first = stream(&routes, &jobs, request("POST", "/etl/run?stream=true")).await;
        if undelivered {
            first.next_event().await.unwrap();
            first.undelivered();
        }
        drop(first);
    }
    frames(stream(&routes, &jobs, request("POST", "/etl/run?stream=true")).await).await;
    let tokens = fake.tokens.lock().unwrap().clone();
    assert_eq!(tokens.len(), 2);
    assert_eq!(tokens[0], tokens[1], "one intent has one token");
}

#[tokio::test(start_paused = true)]
async fn a_notification_polls_at_once() {
    let (fake, routes) = (Fake::default(), one());
    // The first look says whose run it is, the second is the first of the wait, the third comes by the notification.
    let jobs = fake.jobs(3);
    let mut stream = stream(&routes, &jobs, request("GET", "/etl/runs/70?stream=true")).await;
    assert_eq!(stream.next_event().await.unwrap().data["status"], "RUNNING");
    let before = tokio::time::Instant::now();
    let hook = Incoming {
        headers: vec![
            ("authorization".to_owned(), "Bearer hook".to_owned()),
            ("content-type".to_owned(), "application/json".to_owned()),
        ],
        body: json!({"run": {"run_id": "70"}, "job": {"job_id": "11"}}).to_string().into_bytes(),
        ..request("POST", "/webhook")
    };
    let notified = routes.handle(&jobs, hook).await;
    assert!(matches!(&notified, Answer::Reply(reply) if reply.status == 204), "{notified:?}");
    let told = stream.next_event().await.unwrap();
    assert!(told.data["outcome"] == "succeeded", "{told:?}");
    assert_eq!(before.elapsed().as_millis(), 0, "the wait did not sleep");
}

#[tokio::test(start_paused = true)]
async fn the_hosts_own_check_is_asked() {
    let fake = Fake::default();
    let routes = routes(json!({"etl": {"id": "11", "taskType": "notebook", "params": {"host": null}}}));
    let routes = routes.with_check(Arc::new(|key, params| {
        Box::pin(async move {
            assert_eq!((key.as_str(), params), ("etl", json!({})));
            Checked::Invalid(json!([{"path": "/day", "message": "is missing"}]))
        })
    }));
    let Answer::Reply(reply) = routes.handle(&fake.jobs(1), request("POST", "/etl/run")).await else {
        panic!()
    };
    assert_eq!(reply.status, 400);
    assert!(fake.tokens.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_check_that_is_missing_is_a_fault_of_the_host() {
    let routes = routes(json!({"etl": {"id": "11", "params": {"host": null}}}));
    let answer = routes.handle(&Fake::default().jobs(1), request("POST", "/etl/run")).await;
    let Answer::Reply(reply) = answer else { panic!("{answer:?}") };
    assert_eq!(reply.status, 500);
    assert!(reply.error.unwrap().message.contains("no check"), "the host's log says what is missing");
}

#[tokio::test(start_paused = true)]
async fn calls_of_routes_take_places_under_the_limit_of_the_workspace() {
    let limits = HubSettings { per_second: Some(4), ..HubSettings::WORKSPACE };
    let jobs = Fake::default().jobs(1);
    let jobs = Jobs::new(jobs.workspace().clone().with_limits(limits));
    let (routes, began) = (one(), Instant::now());
    let reads = (1..=12).map(|id| routes.handle(&jobs, request("GET", &format!("/etl/runs/{id}"))));
    let answers = futures::future::join_all(reads).await;
    assert!(answers.iter().all(|answer| matches!(answer, Answer::Reply(reply) if reply.status < 500)));
    // Four at once, four after a second, four after two, in virtual time.
    assert_eq!(began.elapsed(), Duration::from_secs(2));
}
