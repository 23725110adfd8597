//! The client over real sockets, through a proxy that resets, stalls, cuts and garbles, against the engine: every fault ends
//! in exactly one run and a true outcome.
//!
//! The faults are those under which the official clients start a run twice or lose it (peers reference, section 4e).
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "sockets/proxy.rs"]
mod proxy;
#[path = "sockets/world.rs"]
mod world;

use futures::stream::{self, StreamExt};
use lakeflow_client::auth::{HeaderCallback, Headers};
use lakeflow_client::transport::HttpTransport;
use lakeflow_client::{Jobs, Workspace};
use lakeflow_core::api::{RepairRun, SubmitRun};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::id::RunId;
use lakeflow_core::wait::Verdict;
use proxy::Fault;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use world::{World, quick, waiting};

const UNAVAILABLE: &str = "\r\n\r\n{\"error_code\":\"TEMPORARILY_UNAVAILABLE\",\"message\":\"later\"}";
const UNAVAILABLE_1S: &str =
    "\r\nretry-after: 1\r\n\r\n{\"error_code\":\"TEMPORARILY_UNAVAILABLE\",\"message\":\"later\"}";
const THROTTLED: &str =
    "\r\nretry-after: 1\r\n\r\n{\"error_code\":\"REQUEST_LIMIT_EXCEEDED\",\"message\":\"slow down\"}";
const THROTTLED_PAST: &str = "\r\nretry-after: Wed, 21 Oct 2015 07:28:00 GMT\r\n\r\n{\"error_code\":\"RESOURCE_EXHAUSTED\",\"message\":\"slow down\"}";
const UNEXPECTED: &str = "\r\n\r\n{\"error_code\":\"INTERNAL_ERROR\",\"message\":\"Unexpected error\"}";
const INTERNAL: &str = "\r\n\r\n{\"error_code\":\"INTERNAL_SERVER_ERROR\",\"message\":\"oops\"}";
const GATEWAY: &str = "\r\ncontent-type: text/html\r\n\r\n<html><h1>502 Bad Gateway</h1></html>";
const UNAUTHENTICATED: &str =
    "\r\n\r\n{\"error_code\":\"UNAUTHENTICATED\",\"message\":\"Credential was not sent\"}";
const BAD_TOKEN: &str =
    "\r\n\r\n{\"error_code\":\"PERMISSION_DENIED\",\"message\":\"Invalid access token.\"}";

/// Faults that may pass, whatever is asked.
const PASSING: &[&[Fault]] = &[
    &[Fault::ResetBefore],
    &[Fault::ResetAfter],
    &[Fault::ResetAfter, Fault::ResetAfter, Fault::ResetAfter],
    &[Fault::ResetInBody],
    &[Fault::CutInBody],
    &[Fault::Garble],
    &[Fault::OtherJson],
    &[Fault::StallBefore],
    &[Fault::StallAfter],
    &[Fault::StallInBody],
    &[Fault::Instead(429, THROTTLED)],
    &[Fault::Instead(429, THROTTLED_PAST), Fault::Instead(429, THROTTLED_PAST)],
    &[Fault::Instead(503, UNAVAILABLE_1S)],
    &[Fault::Instead(503, UNAVAILABLE), Fault::Instead(503, UNAVAILABLE)],
    &[Fault::Replaced(503, UNAVAILABLE)],
    &[Fault::Replaced(500, UNEXPECTED)],
    &[Fault::Instead(500, INTERNAL)],
    &[Fault::Replaced(504, GATEWAY)],
    &[Fault::Instead(502, GATEWAY)],
    &[
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::Garble,
        Fault::Replaced(503, UNAVAILABLE),
        Fault::CutInBody,
    ],
];

/// Faults that may pass for reads alone.
const PASSING_READS: &[&[Fault]] =
    &[&[Fault::Instead(401, UNAUTHENTICATED)], &[Fault::Instead(403, BAD_TOKEN)]];

/// Runs scenarios side by side, each with a number of its own.
async fn each(faults: &[&'static [Fault]], scenario: impl AsyncFn(usize, &'static [Fault])) {
    let numbered = faults.iter().copied().enumerate();
    stream::iter(numbered).for_each_concurrent(8, |(n, faults)| scenario(n, faults)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_trigger_is_one_run_whatever_happens_to_it() {
    let world = World::start().await;
    each(PASSING, async |n, faults| {
        let job_id = world.job(&format!("trigger-{n}"), "/ok").await;
        let (proxy, jobs) = world.behind_proxy().await;
        proxy.plan("/jobs/run-now", faults);
        let job = jobs.job(&job_id.to_string());
        let end = job.run_and_wait(&Value::Null, waiting()).await.unwrap().finish().await;
        assert_eq!(end.verdict, Verdict::Succeeded, "{faults:?}");
        let runs = world.runs(job_id).await;
        assert_eq!(runs.len(), 1, "{faults:?}");
        assert_eq!(end.run_id, Some(runs[0].run_id), "{faults:?}");
        let sent = proxy.requests().iter().filter(|path| path.ends_with("/run-now")).count();
        assert_eq!(sent, faults.len() + 1, "{faults:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_without_a_wait_is_one_run_too() {
    let world = World::start().await;
    each(PASSING, async |n, faults| {
        let job_id = world.job(&format!("plain-{n}"), "/ok").await;
        let (proxy, jobs) = world.behind_proxy().await;
        proxy.plan("/jobs/run-now", faults);
        let run_id = jobs.job(&job_id.to_string()).run_now(&Value::Null).await.unwrap();
        let runs = world.runs(job_id).await;
        assert_eq!(runs.iter().map(|run| run.run_id).collect::<Vec<_>>(), [run_id], "{faults:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_submit_is_one_run_whatever_happens_to_it() {
    let world = World::start().await;
    each(PASSING, async |n, faults| {
        let name = format!("submit-{n}");
        let task =
            json!({"task_key": "t", "spark_python_task": {"python_file": "/ok"}, "environment_key": "e"});
        let environment = json!({"environment_key": "e", "spec": {"environment_version": "2"}});
        let body = json!({"run_name": name, "tasks": [task], "environments": [environment]});
        let request: SubmitRun = serde_json::from_value(body).unwrap();
        let (proxy, jobs) = world.behind_proxy().await;
        proxy.plan("/jobs/runs/submit", faults);
        let end = jobs.submit_and_wait(request, waiting()).unwrap().finish().await;
        assert_eq!(end.verdict, Verdict::Succeeded, "{faults:?}");
        let all = world.truth.list_runs(lakeflow_core::api::ListRuns::default(), usize::MAX).await.unwrap();
        let mine = all.iter().filter(|run| run.run_name.as_deref() == Some(&name)).count();
        assert_eq!(mine, 1, "{faults:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_survives_what_happens_to_its_polls() {
    let world = World::start().await;
    let all: Vec<_> = PASSING.iter().chain(PASSING_READS).copied().collect();
    each(&all, async |n, faults| {
        let file = format!("/hold/poll-{n}");
        let job_id = world.job(&format!("poll-{n}"), &file).await;
        let (proxy, jobs) = world.behind_proxy().await;
        proxy.plan("/jobs/runs/get", faults);
        let job = jobs.job(&job_id.to_string());
        let running = job.run_and_wait(&Value::Null, waiting()).await.unwrap();
        let (played, fake) = (proxy.clone(), Arc::clone(&world.fake));
        let release = tokio::spawn(async move {
            played.played().await;
            fake.release(&file);
        });
        let end = running.finish().await;
        release.abort();
        assert_eq!(end.verdict, Verdict::Succeeded, "{faults:?}");
        assert_eq!(world.runs(job_id).await.len(), 1, "{faults:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repair_happens_once_whatever_happens_to_it() {
    let world = World::start().await;
    each(PASSING, async |n, faults| {
        let job_id = world.job(&format!("repair-{n}"), &format!("/once/repair-{n}")).await;
        let first = world.truth.job(&job_id.to_string()).run_and_wait(&Value::Null, waiting()).await.unwrap();
        let failed = first.finish().await;
        assert_eq!(failed.verdict, Verdict::Failed);
        assert_eq!(failed.failures[0].error.as_deref(), Some("RuntimeError: boom"));
        let run_id = failed.run_id.unwrap();
        let (proxy, jobs) = world.behind_proxy().await;
        proxy.plan("/jobs/runs/repair", faults);
        let request = RepairRun { run_id, rerun_all_failed_tasks: Some(true), ..RepairRun::default() };
        let end = jobs.repair_run(request, waiting()).finish().await;
        let told = format!("{faults:?}: {:?}", end.verdict);
        assert_eq!(end.verdict, Verdict::Succeeded, "{told}");
        let tries = world.fake.tries(&format!("/once/repair-{n}"));
        assert_eq!(tries, 2, "the task ran once, and once more: {told}");
        assert_eq!(world.runs(job_id).await.len(), 1, "{told}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_ends_the_run_whatever_happens_to_it() {
    let world = World::start().await;
    each(PASSING, async |n, faults| {
        let job_id = world.job(&format!("cancel-{n}"), &format!("/hold/cancel-{n}")).await;
        let run_id = world.truth.job(&job_id.to_string()).run_now(&Value::Null).await.unwrap();
        let (proxy, jobs) = world.behind_proxy().await;
        proxy.plan("/jobs/runs/cancel", faults);
        let end = jobs.cancel_and_wait(run_id, waiting()).finish().await;
        assert_eq!(end.verdict, Verdict::Canceled, "{faults:?}");
    })
    .await;
}

/// A failed run is told as failed, with its error, also when the call for that error goes wrong.
#[tokio::test(flavor = "multi_thread")]
async fn the_outcome_and_its_reason_survive_what_happens_to_the_outputs() {
    let world = World::start().await;
    // Every field of an output may be missing, so that no JSON object is unlike one.
    let tellable: Vec<_> =
        PASSING.iter().copied().filter(|faults| !faults.contains(&Fault::OtherJson)).collect();
    each(&tellable, async |n, faults| {
        let job_id = world.job(&format!("output-{n}"), &format!("/once/output-{n}")).await;
        let (proxy, jobs) = world.behind_proxy().await;
        proxy.plan("/jobs/runs/get-output", faults);
        let job = jobs.job(&job_id.to_string());
        let end = job.run_and_wait(&Value::Null, waiting()).await.unwrap().finish().await;
        assert_eq!(end.verdict, Verdict::Failed, "{faults:?}");
        assert_eq!(end.failures[0].error.as_deref(), Some("RuntimeError: boom"), "{faults:?}");
    })
    .await;
}

/// Credentials that can be renewed, and how often they were.
fn renewable(
    token: &str,
) -> (
    Arc<AtomicUsize>,
    impl Fn(bool) -> futures::future::BoxFuture<'static, Result<Headers, Error>> + Send + Sync + use<>,
) {
    let renewed = Arc::new(AtomicUsize::new(0));
    let (counted, header) = (Arc::clone(&renewed), format!("Bearer {token}"));
    let callback = move |refused: bool| {
        counted.fetch_add(usize::from(refused), Ordering::SeqCst);
        let headers = vec![("authorization".to_owned(), header.clone())];
        Box::pin(async move { Ok(headers) }) as futures::future::BoxFuture<'static, _>
    };
    (renewed, callback)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_credential_is_renewed_once() {
    let world = World::start().await;
    let job_id = world.job("refused", "/ok").await;
    let (proxy, _) = world.behind_proxy().await;
    let (renewed, callback) = renewable(world.token());
    let host = url::Url::parse(&proxy.url).unwrap();
    let transport = Arc::new(HttpTransport::new(&host).unwrap());
    let credentials = Arc::new(HeaderCallback(callback));
    let jobs = Jobs::new(quick(Workspace::with_credentials(host, credentials, transport)));
    proxy.plan("/jobs/run-now", &[Fault::Instead(401, UNAUTHENTICATED)]);
    let end =
        jobs.job(&job_id.to_string()).run_and_wait(&Value::Null, waiting()).await.unwrap().finish().await;
    assert_eq!(end.verdict, Verdict::Succeeded);
    assert_eq!(renewed.load(Ordering::SeqCst), 1);
    assert_eq!(world.runs(job_id).await.len(), 1);
    // Refused again with the new credential: the error is told, and nothing was started.
    proxy.plan("/jobs/run-now", &[Fault::Instead(401, UNAUTHENTICATED); 2]);
    let error = jobs.job(&job_id.to_string()).run_now(&Value::Null).await.unwrap_err();
    assert_eq!((error.code, error.status()), (ErrorCode::Unauthenticated, Some(401)));
    assert_eq!(world.runs(job_id).await.len(), 1);
}

/// A request that breaks nothing but is refused for good is told at once, and not tried again.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_pass_is_not_tried_again() {
    let world = World::start().await;
    let (proxy, jobs) = world.behind_proxy().await;
    let error = jobs.job("987654").run_now(&Value::Null).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NotFound);
    assert_eq!(proxy.requests().len(), 1);
    let end = jobs.wait(RunId(987_654), waiting()).finish().await;
    let Verdict::Unfinished(error) = end.verdict else { panic!("{:?}", end.verdict) };
    assert_eq!((error.code, error.run_id()), (ErrorCode::NotFound, Some(RunId(987_654))));
}

/// The proxy does what it says: without the client's care the same faults start runs twice.
#[tokio::test(flavor = "multi_thread")]
async fn the_faults_are_real() {
    let world = World::start().await;
    let job_id = world.job("control", "/ok").await;
    let (proxy, jobs) = world.behind_proxy().await;
    for (n, fault) in
        [Fault::ResetAfter, Fault::CutInBody, Fault::Replaced(503, UNAVAILABLE)].into_iter().enumerate()
    {
        assert!(fault.is_after());
        proxy.plan("/jobs/run-now", &[fault]);
        // Two intents, as a program that tries again by itself would make them.
        let once = lakeflow_core::api::RunNow { job_id, ..lakeflow_core::api::RunNow::default() };
        let workspace = jobs.workspace();
        let first = workspace.call(&once, jobs.options()).await;
        assert!(first.is_err(), "a trigger without a token is sent once: {fault:?}");
        workspace.call(&once, jobs.options()).await.unwrap();
        assert_eq!(world.runs(job_id).await.len(), 2 * (n + 1), "{fault:?}");
    }
}
