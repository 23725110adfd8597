//! Calls in paused time over a transport in memory: deadlines, aborting, what is kept and what is not, tokens renewed before
//! they end, all endpoints, what is measured.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use futures::future::BoxFuture;
use lakeflow_client::auth::{Secret, Settings};
use lakeflow_client::telemetry::{Metric, Metrics};
use lakeflow_client::transport::{Fault, HttpRequest, MemoryTransport, Transport};
use lakeflow_client::{Abort, CallOptions, Jobs, WaitOptions, Workspace};
use lakeflow_core::api::fault::TransportFault;
use lakeflow_core::api::retry::RetryPolicy;
use lakeflow_core::api::{AccessEntry, ListJobs, ListRuns, RepairRun, Response};
use lakeflow_core::error::{Error, ErrorCode, Retry};
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::run::TaskDoc;
use lakeflow_core::wait::Verdict;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

type Told = Result<Response, Fault>;

#[expect(clippy::unnecessary_wraps, reason = "what a transport brings")]
fn status(status: u16, body: Value) -> Told {
    Ok(Response { status, headers: Vec::new(), body: body.to_string().into_bytes() })
}

fn ok(body: Value) -> Told {
    status(200, body)
}

fn path(request: &HttpRequest) -> String {
    url::Url::parse(&request.url).unwrap().path().to_owned()
}

fn workspace(transport: Arc<dyn Transport>) -> Workspace {
    Workspace::with_transport(Settings::new("https://host.example", Secret::new("dapi-x")), transport)
        .unwrap()
}

/// A host that answers by a function, and jobs on it.
fn host(answer: impl Fn(&HttpRequest) -> Told + Send + Sync + 'static) -> (MemoryTransport, Jobs) {
    let memory = MemoryTransport::new(answer);
    (memory.clone(), Jobs::new(workspace(Arc::new(memory))))
}

/// A host that never answers.
fn silent() -> Jobs {
    let transport = |_: HttpRequest| -> BoxFuture<'static, Told> { Box::pin(std::future::pending::<Told>()) };
    Jobs::new(workspace(Arc::new(transport)))
}

/// The same host, whose answers take a while.
fn slow(host: MemoryTransport, ms: u64) -> Arc<dyn Transport> {
    let transport = move |request: HttpRequest| -> BoxFuture<'static, Told> {
        let host = host.clone();
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            host.send(request).await
        })
    };
    Arc::new(transport)
}

fn within(jobs: Jobs, seconds: u64) -> Jobs {
    jobs.with_options(CallOptions { timeout: Some(Duration::from_secs(seconds)), ..CallOptions::default() })
}

fn over(run_id: i64) -> Value {
    json!({"run_id": run_id, "status": {"state": "TERMINATED", "termination_details": {"code": "SUCCESS"}}})
}

fn running(run_id: i64) -> Value {
    json!({"run_id": run_id, "status": {"state": "RUNNING"}})
}

async fn timed<T>(work: impl Future<Output = Result<T, Error>>) -> (Duration, Error) {
    let began = Instant::now();
    let error = work.await.map(|_| ()).unwrap_err();
    (began.elapsed(), error)
}

fn about(took: Duration, seconds: u64) {
    let late = took.checked_sub(Duration::from_secs(seconds)).expect("not before the deadline");
    assert!(late <= Duration::from_millis(100), "{late:?} late");
}

#[tokio::test(start_paused = true)]
async fn deadlines_hold_in_a_hanging_answer() {
    let jobs = within(silent(), 5);
    for n in 0..2 {
        let (took, error) = match n {
            0 => timed(jobs.get_run(RunId(7))).await,
            _ => timed(jobs.job("7").run_now(&Value::Null)).await,
        };
        about(took, 5);
        assert_eq!((error.code, error.context("host")), (ErrorCode::DeadlineExceeded, None), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn deadlines_hold_in_a_back_off_and_the_error_says_what_was_wrong() {
    let (_, jobs) = host(|_| Err(Fault::new(TransportFault::Broken, "reset")));
    let (took, error) = timed(within(jobs, 5).get_run(RunId(7))).await;
    about(took, 5);
    assert_eq!((error.code, error.retry), (ErrorCode::Unavailable, Retry::Spent));
    assert_eq!(error.context("host"), Some("https://host.example"));
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_beyond_the_deadline_is_not_waited_for() {
    let (memory, jobs) = host(|_| {
        let body = json!({"error_code": "REQUEST_LIMIT_EXCEEDED", "message": "slow down"}).to_string();
        let headers = vec![("retry-after".to_owned(), "30".to_owned())];
        Ok(Response { status: 429, headers, body: body.into_bytes() })
    });
    let (took, error) = timed(within(jobs, 10).job("7").run_now(&Value::Null)).await;
    assert!(took <= Duration::from_millis(10_100), "{took:?}");
    assert_eq!((error.code, error.retry), (ErrorCode::RateLimited, Retry::Spent));
    assert_eq!(memory.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn one_deadline_holds_for_all_pages() {
    let pages = AtomicUsize::new(0);
    let endless = MemoryTransport::new(move |_| {
        let page = pages.fetch_add(1, Ordering::SeqCst);
        ok(json!({"runs": [running(1)], "next_page_token": format!("page {page}")}))
    });
    let jobs = within(Jobs::new(workspace(slow(endless, 2000))), 5);
    let (took, error) = timed(jobs.list_runs(ListRuns::default(), usize::MAX)).await;
    about(took, 5);
    assert_eq!(error.code, ErrorCode::DeadlineExceeded);
}

#[tokio::test(start_paused = true)]
async fn what_was_aborted_before_it_begins_sends_nothing() {
    let (memory, jobs) = host(|_| panic!("nothing may be sent"));
    let abort = Abort::new();
    abort.abort();
    let jobs = jobs.with_options(CallOptions { abort: Some(abort), ..CallOptions::default() });
    let job = jobs.job("7");
    let errors = [
        job.run_now(&Value::Null).await.unwrap_err(),
        jobs.get_run(RunId(7)).await.unwrap_err(),
        jobs.cancel_run(RunId(7)).await.unwrap_err(),
    ];
    assert!(errors.iter().all(|error| error.code == ErrorCode::Interrupted), "{errors:?}");
    let goals = [
        job.run_and_wait(&Value::Null, WaitOptions::default()).await.unwrap(),
        jobs.wait(RunId(7), WaitOptions::default()),
        jobs.repair_run(RepairRun { run_id: RunId(7), ..RepairRun::default() }, WaitOptions::default()),
    ];
    for goal in goals {
        let end = goal.finish().await;
        assert!(matches!(end.verdict, Verdict::Unfinished(error) if error.code == ErrorCode::Interrupted));
    }
    assert_eq!(memory.requests().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_under_way_is_called_off() {
    let abort = Abort::new();
    let jobs = silent().with_options(CallOptions { abort: Some(abort.clone()), ..CallOptions::default() });
    let call = tokio::spawn(async move { jobs.get_run(RunId(7)).await });
    tokio::task::yield_now().await;
    abort.abort();
    assert_eq!(call.await.unwrap().unwrap_err().code, ErrorCode::Interrupted);
}

#[tokio::test(start_paused = true)]
async fn a_trigger_that_was_called_off_names_the_token_that_finds_its_run() {
    let started = Arc::new(Mutex::new(Vec::<String>::new()));
    let seen = started.clone();
    let memory = MemoryTransport::new(move |request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let token = body["idempotency_token"].as_str().unwrap().to_owned();
        let mut started = seen.lock().unwrap();
        let known = started.iter().position(|other| *other == token);
        let place = known.unwrap_or_else(|| {
            started.push(token);
            started.len() - 1
        });
        ok(json!({"run_id": 100 + place}))
    });
    let abort = Abort::new();
    let jobs = Jobs::new(workspace(slow(memory.clone(), 2000)));
    let called =
        jobs.clone().with_options(CallOptions { abort: Some(abort.clone()), ..CallOptions::default() });
    let call = tokio::spawn(async move { called.job("7").run_now(&Value::Null).await });
    pass(1).await;
    abort.abort();
    let error = call.await.unwrap().unwrap_err();
    assert_eq!(error.code, ErrorCode::Interrupted);
    let token = error.context.iter().find(|(key, _)| *key == "idempotency_token").unwrap().1.clone();
    assert!(error.message.contains("may have been started"), "{}", error.message);

    // Whether the first request came through or not: the token gives one run.
    let again = jobs.job("7").run_now(&json!({"idempotency_token": token})).await.unwrap();
    assert_eq!(again, RunId(100));
    assert_eq!(*started.lock().unwrap(), [token]);
}

/// A host whose runs are over from 100 on, and which counts what it was asked.
fn counted() -> (MemoryTransport, Jobs) {
    host(|request| match path(request).as_str() {
        "/api/2.2/jobs/runs/get" => {
            let id: i64 =
                request.url.split("run_id=").nth(1).unwrap().split('&').next().unwrap().parse().unwrap();
            ok(if id >= 100 { over(id) } else { running(id) })
        }
        "/api/2.2/jobs/runs/get-output" => ok(json!({"logs": "x", "metadata": over(100)})),
        "/api/2.2/jobs/runs/list" => ok(json!({"runs": [running(7)]})),
        "/api/2.2/jobs/runs/repair" => ok(json!({"repair_id": 1})),
        _ => ok(json!({"run_id": 7})),
    })
}

async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn readers_at_the_same_time_share_a_call_and_get_copies() {
    let (memory, jobs) = counted();
    let reads = futures::future::join_all((0..200).map(|_| jobs.get_run(RunId(7)))).await;
    assert_eq!(memory.requests().len(), 1);
    let mut first = reads[0].clone().unwrap();
    first.run_name = Some("changed by its owner".to_owned());
    assert_ne!(jobs.get_run(RunId(7)).await.unwrap(), first, "nobody else sees the change");
    assert_eq!(memory.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn failures_are_shared_and_not_kept() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let host = MemoryTransport::new(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        status(400, json!({"error_code": "INVALID_PARAMETER_VALUE", "message": "Run 7 does not exist."}))
    });
    let jobs = Jobs::new(workspace(slow(host, 50)));
    let reads = futures::future::join_all((0..50).map(|_| jobs.get_run(RunId(7)))).await;
    assert!(reads.iter().all(|read| read.as_ref().unwrap_err().code == ErrorCode::NotFound));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    jobs.get_run(RunId(7)).await.unwrap_err();
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_over_is_kept_long_and_what_is_active_about_a_poll_gap() {
    let (memory, jobs) = counted();
    let read = async |what: i64| {
        jobs.get_run(RunId(what)).await.unwrap();
        memory.requests().len()
    };
    assert_eq!((read(100).await, read(7).await), (1, 2));
    assert_eq!((read(100).await, read(7).await), (2, 2));
    pass(2).await;
    assert_eq!((read(100).await, read(7).await), (2, 3));
    jobs.get_run_output(RunId(101)).await.unwrap();
    pass(200).await;
    assert_eq!(read(100).await, 4, "the output is the fourth call");
    jobs.get_run_output(RunId(101)).await.unwrap();
    assert_eq!(memory.requests().len(), 4);
    pass(200).await;
    assert_eq!(read(100).await, 5, "in the end also what is over is asked again");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_kept_after_an_own_write_that_touches_it() {
    let (memory, jobs) = counted();
    let filter = ListRuns { job_id: Some(JobId(1)), ..ListRuns::default() };
    let lists = async || {
        jobs.list_runs(filter.clone(), 10).await.unwrap();
        memory.requests().iter().filter(|request| path(request).ends_with("/list")).count()
    };
    let gets = async |id: i64| {
        jobs.get_run(RunId(id)).await.unwrap();
        memory.requests().iter().filter(|request| path(request).ends_with("/runs/get")).count()
    };
    assert_eq!((lists().await, lists().await), (1, 1));
    jobs.job("1").run_now(&Value::Null).await.unwrap();
    assert_eq!(lists().await, 2, "a run was started");
    assert_eq!((gets(7).await, gets(7).await, gets(100).await), (1, 1, 2));
    jobs.cancel_run(RunId(7)).await.unwrap();
    assert_eq!((gets(7).await, lists().await), (3, 3));
    assert_eq!(gets(100).await, 3, "another run that is over is still known");
    let request = RepairRun { run_id: RunId(100), latest_repair_id: Some(1), ..RepairRun::default() };
    let end = jobs.repair_run(request, WaitOptions::default()).finish().await;
    assert_eq!(end.verdict, Verdict::Succeeded);
    let polls = gets(100).await;
    assert_eq!(gets(100).await, polls, "kept again");
    jobs.delete_run(RunId(7)).await.unwrap();
    assert_eq!(gets(100).await, polls + 1, "a deletion may touch every run");
}

/// A call that began before a write is not given to a reader after it, nor kept.
#[tokio::test(start_paused = true)]
async fn a_slow_read_from_before_a_write_is_not_kept() {
    let reads = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&reads);
    let transport = move |request: HttpRequest| -> BoxFuture<'static, Told> {
        let counted = Arc::clone(&counted);
        Box::pin(async move {
            if path(&request).ends_with("/cancel") {
                return ok(json!({}));
            }
            let n = counted.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(500)).await;
            let mut run = over(7);
            run["run_name"] = json!(format!("read {n}"));
            ok(run)
        })
    };
    let jobs = Jobs::new(workspace(Arc::new(transport)));
    let slow = tokio::spawn({
        let jobs = jobs.clone();
        async move { jobs.get_run(RunId(7)).await.unwrap() }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    jobs.cancel_run(RunId(7)).await.unwrap();
    let after = jobs.get_run(RunId(7)).await.unwrap();
    assert_eq!(slow.await.unwrap().run_name.as_deref(), Some("read 0"));
    assert_eq!(after.run_name.as_deref(), Some("read 1"));
    assert_eq!(jobs.get_run(RunId(7)).await.unwrap().run_name.as_deref(), Some("read 1"));
}

#[tokio::test(start_paused = true)]
async fn one_identity_does_not_see_what_another_has_read() {
    let (memory, jobs) = counted();
    jobs.get_run(RunId(100)).await.unwrap();
    let token = lakeflow_client::auth::Token::new(Secret::new("of-ann"));
    let ann = Jobs::new(jobs.workspace().acting_as(Arc::new(token)));
    ann.get_run(RunId(100)).await.unwrap();
    let asked = memory.requests();
    assert_eq!(asked.len(), 2);
    assert!(asked[1].headers.contains(&("authorization".to_owned(), "Bearer of-ann".to_owned())));
}

/// A caller with a short deadline does not spoil the answer for one that waits on.
#[tokio::test(start_paused = true)]
async fn an_impatient_reader_does_not_spoil_the_answer() {
    let transport = |_: HttpRequest| -> BoxFuture<'static, Told> {
        Box::pin(async {
            tokio::time::sleep(Duration::from_secs(3)).await;
            ok(over(7))
        })
    };
    let jobs = Jobs::new(workspace(Arc::new(transport)));
    let hasty = within(jobs.clone(), 1);
    let (hasty, patient) = futures::join!(hasty.get_run(RunId(7)), jobs.get_run(RunId(7)));
    assert_eq!(hasty.unwrap_err().code, ErrorCode::DeadlineExceeded);
    assert_eq!(patient.unwrap().run_id, RunId(7));
}

/// A host with a token server that gives tokens of an hour, and one that stops working after the first.
fn oauth(works: bool) -> (MemoryTransport, Jobs) {
    let given = AtomicUsize::new(0);
    let memory = MemoryTransport::new(move |request| match path(request).as_str() {
        "/oidc/.well-known/oauth-authorization-server" => {
            ok(json!({"token_endpoint": "https://host.example/oidc/v1/token"}))
        }
        "/oidc/v1/token" if works || given.load(Ordering::SeqCst) == 0 => {
            let n = given.fetch_add(1, Ordering::SeqCst);
            ok(json!({"access_token": format!("t{n}"), "expires_in": 3600}))
        }
        "/oidc/v1/token" => status(503, json!({"error": "unavailable"})),
        _ => ok(json!({"job_id": 7})),
    });
    let settings = Settings {
        host: Some("https://host.example".to_owned()),
        client_id: Some("id".to_owned()),
        client_secret: Some(Secret::new("secret")),
        ..Settings::default()
    };
    let workspace = Workspace::with_transport(settings, slow(memory.clone(), 50)).unwrap();
    (memory, Jobs::new(workspace.with_retry(RetryPolicy { budget_ms: 0, ..RetryPolicy::default() })))
}

fn tokens(memory: &MemoryTransport) -> usize {
    memory.requests().iter().filter(|request| path(request) == "/oidc/v1/token").count()
}

#[tokio::test(start_paused = true)]
async fn tokens_are_renewed_before_they_end() {
    let (memory, jobs) = oauth(true);
    jobs.get_job(JobId(7)).await.unwrap();
    pass(3500).await;
    jobs.get_job(JobId(7)).await.unwrap();
    assert_eq!(tokens(&memory), 1);
    pass(50).await;
    jobs.get_job(JobId(7)).await.unwrap();
    assert_eq!(tokens(&memory), 2, "a minute before its end");
}

#[tokio::test(start_paused = true)]
async fn a_token_is_used_to_its_end_while_it_cannot_be_renewed() {
    let (memory, jobs) = oauth(false);
    jobs.get_job(JobId(7)).await.unwrap();
    pass(3550).await;
    jobs.get_job(JobId(7)).await.unwrap();
    assert_eq!(tokens(&memory), 2, "the renewal failed, the call did not");
    pass(60).await;
    let calls = (0..10).map(|n| jobs.get_job(JobId(n)));
    let ends = futures::future::join_all(calls).await;
    assert!(ends.iter().all(|end| end.as_ref().is_err_and(|error| error.code == ErrorCode::Unavailable)));
    assert_eq!(tokens(&memory), 3, "callers that wait for the same token share its failure");
}

#[tokio::test(start_paused = true)]
async fn lists_keep_to_the_largest_page_and_lose_no_task() {
    let (memory, jobs) = host(|request| match path(request).as_str() {
        "/api/2.2/jobs/runs/get" if request.url.contains("page_token") => {
            ok(json!({"run_id": 1, "tasks": [{"task_key": "b", "run_id": 3}]}))
        }
        "/api/2.2/jobs/runs/get" => {
            ok(json!({"run_id": 1, "tasks": [{"task_key": "a", "run_id": 2}], "next_page_token": "p"}))
        }
        "/api/2.2/jobs/get" => {
            ok(json!({"job_id": 7, "settings": {"tasks": [{"task_key": "a"}, {"task_key": "b"}]}}))
        }
        "/api/2.2/jobs/list" => {
            ok(json!({"jobs": [{"job_id": 7, "has_more": true, "settings": {"tasks": [{"task_key": "a"}]}}]}))
        }
        _ => ok(
            json!({"runs": [{"run_id": 1, "has_more": true, "tasks": [{"task_key": "a", "run_id": 2}]}], "next_page_token": ""}),
        ),
    });
    let filter = ListRuns { expand_tasks: Some(true), ..ListRuns::default() };
    let runs = jobs.list_runs(filter, 1000).await.unwrap();
    assert_eq!(runs[0].tasks.iter().map(TaskDoc::key).collect::<Vec<_>>(), ["a", "b"]);
    let filter = ListJobs { expand_tasks: Some(true), ..ListJobs::default() };
    let listed = jobs.list_jobs(filter, 1000).await.unwrap();
    assert_eq!(listed[0].settings.as_ref().unwrap().tasks.len(), 2);
    let asked = memory.requests();
    assert!(asked.iter().any(|request| request.url.contains("/jobs/runs/list?expand_tasks=true&limit=25")));
    assert!(asked.iter().any(|request| request.url.contains("/jobs/list?limit=100&expand_tasks=true")));
}

#[tokio::test(start_paused = true)]
async fn permissions_and_policies_are_reached() {
    let (memory, jobs) = host(|request| match path(request).as_str() {
        "/api/2.0/policies/jobs/list-compliance" if request.url.contains("page_token") => {
            ok(json!({"jobs": [{"job_id": 2, "is_compliant": true}], "next_page_token": ""}))
        }
        "/api/2.0/policies/jobs/list-compliance" => {
            ok(json!({"jobs": [{"job_id": 1, "is_compliant": false}], "next_page_token": "p"}))
        }
        "/api/2.0/policies/jobs/enforce-compliance" => ok(json!({"has_changes": false})),
        "/api/2.0/permissions/jobs/7/permissionLevels" => {
            ok(json!({"permission_levels": [{"permission_level": "CAN_VIEW", "description": "Can view"}]}))
        }
        _ => ok(
            json!({"object_id": "/jobs/7", "object_type": "job", "access_control_list": [{"user_name": "ann"}]}),
        ),
    });
    let level = Some("CAN_VIEW".to_owned());
    let ann =
        AccessEntry { user_name: Some("ann".to_owned()), permission_level: level, ..AccessEntry::default() };
    assert_eq!(jobs.get_permissions(JobId(7)).await.unwrap().object_id.as_deref(), Some("/jobs/7"));
    jobs.set_permissions(JobId(7), vec![ann.clone()]).await.unwrap();
    jobs.update_permissions(JobId(7), vec![ann]).await.unwrap();
    assert_eq!(jobs.get_permission_levels(JobId(7)).await.unwrap().permission_levels.len(), 1);
    assert_eq!(jobs.list_policy_compliance("p1", usize::MAX).await.unwrap().len(), 2);
    assert_eq!(jobs.enforce_policy_compliance(JobId(7), true).await.unwrap().has_changes, Some(false));
    let methods: Vec<&str> =
        memory.requests().iter().take(4).map(|request| request.method.as_str()).collect();
    assert_eq!(methods, ["GET", "PUT", "PATCH", "GET"]);
    let body: Value = serde_json::from_slice(&memory.requests()[1].body).unwrap();
    assert_eq!(body, json!({"access_control_list": [{"user_name": "ann", "permission_level": "CAN_VIEW"}]}));
}

#[tokio::test(start_paused = true)]
async fn errors_tell_status_code_and_run_and_hide_the_credential() {
    let (_, jobs) = host(|request| {
        let token = request.headers.iter().find(|(name, _)| name == "authorization").unwrap();
        let message = format!("{} may not see this", token.1);
        status(403, json!({"error_code": "PERMISSION_DENIED", "message": message}))
    });
    let end = jobs.wait(RunId(7), WaitOptions::default()).finish().await;
    let Verdict::Unfinished(error) = end.verdict else { panic!("{:?}", end.verdict) };
    assert_eq!(error.message, "Bearer [redacted] may not see this");
    let told = error.to_json();
    assert_eq!(told["code"], "PERMISSION_DENIED");
    assert_eq!((&told["status"], &told["error_code"]), (&json!(403), &json!("PERMISSION_DENIED")));
    assert_eq!((&told["run_id"], &told["retryable"]), (&json!("7"), &json!(false)));
}

#[derive(Default)]
struct Recorded(Mutex<Vec<Measured>>);

type Measured = (Metric, f64, Vec<(String, String)>);

impl Metrics for Recorded {
    fn record(&self, metric: Metric, value: f64, attributes: &[(&'static str, &str)]) {
        let attributes = attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.0.lock().unwrap().push((metric, value, attributes.collect()));
    }
}

#[tokio::test(start_paused = true)]
async fn calls_retries_and_waits_are_measured() {
    let polls = AtomicUsize::new(0);
    let memory = MemoryTransport::new(move |request| match path(request).as_str() {
        "/api/2.2/jobs/run-now" => ok(json!({"run_id": 7})),
        "/api/2.2/jobs/runs/get" => match polls.fetch_add(1, Ordering::SeqCst) {
            0 => status(503, json!({"error_code": "TEMPORARILY_UNAVAILABLE", "message": "later"})),
            1 => ok(running(7)),
            _ => ok(over(7)),
        },
        _ => ok(json!({})),
    });
    let recorded = Arc::new(Recorded::default());
    let jobs = Jobs::new(workspace(Arc::new(memory.clone())).with_metrics(recorded.clone()));
    let running = jobs.job("1").run_and_wait(&Value::Null, WaitOptions::default()).await.unwrap();
    assert_eq!(running.finish().await.verdict, Verdict::Succeeded);
    jobs.get_run(RunId(7)).await.unwrap();
    let recorded = recorded.0.lock().unwrap();
    let of = |metric: Metric| recorded.iter().filter(move |record| record.0 == metric).collect::<Vec<_>>();
    assert_eq!(of(Metric::RequestDuration).len(), memory.requests().len());
    let failed = of(Metric::RequestDuration)
        .into_iter()
        .find(|record| record.2.iter().any(|(name, _)| name == "error.type"));
    let attributes = &failed.unwrap().2;
    for (name, value) in [
        ("http.response.status_code", "503"),
        ("server.address", "host.example"),
        ("http.request.method", "GET"),
    ] {
        assert!(attributes.contains(&(name.to_owned(), value.to_owned())), "{name} in {attributes:?}");
    }
    let waits = of(Metric::WaitDuration);
    assert_eq!(waits.len(), 1);
    assert_eq!(of(Metric::DetectionDelay).len(), 0, "the host did not tell when the run ended");
    assert!(
        waits[0].1 > 0.0 && waits[0].2.contains(&("lakeflow.verdict".to_owned(), "succeeded".to_owned()))
    );
}
