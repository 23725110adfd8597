//! Many waits of one workspace, over a host in memory: what they share, the limits that they keep, and who drives them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use futures::future::{BoxFuture, join_all};
use lakeflow_client::auth::{Secret, Settings};
use lakeflow_client::telemetry::{Metric, Metrics};
use lakeflow_client::transport::{Fault, HttpRequest, Transport};
use lakeflow_client::{Aim, Event, HubSettings, Jobs, PollSchedule, WaitOptions, Workspace};
use lakeflow_core::api::Response;
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::wait::Verdict;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// A host whose runs all end after the same time, and that remembers what it was asked, and when.
#[derive(Clone)]
struct Host {
    asked: Arc<Mutex<Vec<(Instant, String)>>>,
}

const HOST: &str = "https://host.example";

fn run(id: i64, over: bool) -> Value {
    let status = if over {
        json!({"state": "TERMINATED", "termination_details": {"code": "SUCCESS", "type": "SUCCESS"}})
    } else {
        json!({"state": "RUNNING"})
    };
    json!({"run_id": id, "job_id": 1, "status": status, "start_time": 1_700_000_000_000_i64 + id, "has_more": false})
}

impl Host {
    /// Runs 1 to `runs` of job 1 end after `length`.
    fn new(runs: i64, length: Duration) -> (Self, Arc<dyn Transport>) {
        let host = Self { asked: Arc::default() };
        let asked = host.asked.clone();
        let began = std::sync::OnceLock::new();
        let transport = move |request: HttpRequest| -> BoxFuture<'static, Result<Response, Fault>> {
            let url = url::Url::parse(&request.url).unwrap();
            let over = began.get_or_init(Instant::now).elapsed() >= length;
            asked.lock().unwrap().push((Instant::now(), url.path().to_owned()));
            let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
            let body = match query.get("run_id") {
                Some(id) => run(id.parse().unwrap(), over),
                None if query.contains_key("active_only") == over => json!({}),
                None => {
                    let skip: i64 = query.get("page_token").map_or(0, |token| token.parse().unwrap());
                    let to = query
                        .get("start_time_to")
                        .map_or(runs, |at| at.parse::<i64>().unwrap() - 1_700_000_000_000);
                    let first = to.min(runs) - skip;
                    let page: Vec<Value> = (1..=first).rev().take(25).map(|id| run(id, over)).collect();
                    let more = if first > 25 { (skip + 25).to_string() } else { String::new() };
                    json!({"runs": page, "next_page_token": more})
                }
            };
            Box::pin(async move {
                Ok(Response { status: 200, headers: Vec::new(), body: body.to_string().into_bytes() })
            })
        };
        (host, Arc::new(transport))
    }

    fn count(&self, path: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|(_, asked)| asked.ends_with(path)).count()
    }

    /// The most calls in any second.
    fn busiest(&self) -> usize {
        let asked = self.asked.lock().unwrap();
        let within =
            |at: Instant| asked.iter().filter(|(t, _)| *t >= at && *t < at + Duration::from_secs(1)).count();
        asked.iter().map(|(at, _)| within(*at)).max().unwrap_or(0)
    }
}

fn workspace(transport: Arc<dyn Transport>) -> Workspace {
    Workspace::with_transport(Settings::new(HOST, Secret::new("t")), transport).unwrap()
}

#[tokio::test(start_paused = true)]
async fn waits_on_one_run_share_its_polls() {
    let polls = async |waits: usize| {
        let (host, transport) = Host::new(1, Duration::from_secs(20));
        let jobs = Jobs::new(workspace(transport));
        let schedule = PollSchedule { jitter_percent: 0, ..PollSchedule::WORKSPACE.aiming(Aim::Elapsed) };
        let options = WaitOptions { schedule: Some(schedule), ..WaitOptions::default() };
        let ends = join_all((0..waits).map(|_| jobs.wait(RunId(1), options).finish())).await;
        assert!(ends.iter().all(|end| end.verdict == Verdict::Succeeded));
        host.count("/runs/get")
    };
    // Those that come while the first poll is under way take part in the next, which comes at once.
    assert!(polls(200).await <= polls(1).await + 1);
}

#[tokio::test(start_paused = true)]
async fn waits_on_one_job_share_pages_and_keep_to_the_limit() {
    let (host, transport) = Host::new(200, Duration::from_secs(60));
    let jobs = Jobs::new(workspace(transport));
    let options = WaitOptions { job: Some(JobId(1)), ..WaitOptions::default() };
    let ends = join_all((1..=200).map(|id| jobs.wait(RunId(id), options).finish())).await;
    assert!(ends.iter().all(|end| end.verdict == Verdict::Succeeded));
    let (gets, lists) = (host.count("/runs/get"), host.count("/runs/list"));
    assert!(gets + lists < 200, "{gets} gets and {lists} lists for 200 runs of a minute");
    assert!(host.busiest() <= 15, "{} calls in a second", host.busiest());
    assert_eq!(jobs.workspace().wait_stats().waits, 0);
}

#[tokio::test(start_paused = true)]
async fn other_calls_count_under_the_same_limit() {
    let (host, transport) = Host::new(1, Duration::from_secs(5));
    let limits = HubSettings { per_second: Some(4), ..HubSettings::WORKSPACE };
    let jobs =
        Jobs::new(workspace(transport).with_limits(limits).with_cache(lakeflow_client::CacheOptions::LOCAL));
    let waits = join_all((0..3).map(|_| jobs.wait(RunId(1), WaitOptions::default()).finish()));
    let reads = join_all((2..12).map(|id| jobs.get_run(RunId(id))));
    let (ends, runs) = futures::join!(waits, reads);
    assert!(ends.iter().all(|end| end.verdict == Verdict::Succeeded) && runs.iter().all(Result::is_ok));
    assert!(host.busiest() <= 4, "{} calls in a second", host.busiest());
}

#[tokio::test(start_paused = true)]
async fn news_poll_at_once() {
    let (host, transport) = Host::new(1, Duration::from_secs(3));
    let jobs = Jobs::new(workspace(transport));
    let slow = PollSchedule { floor_ms: 600_000, cap_ms: 600_000, ..PollSchedule::WORKSPACE };
    let mut waiting = jobs.wait(RunId(1), WaitOptions { schedule: Some(slow), ..WaitOptions::default() });
    assert!(matches!(waiting.next().await, Some(Event::Started(_))));
    assert!(matches!(waiting.next().await, Some(Event::Changed(_))));
    let began = Instant::now();
    let (end, ()) = futures::join!(waiting.finish(), async {
        tokio::time::advance(Duration::from_secs(4)).await;
        jobs.notify(RunId(1));
    });
    assert_eq!(end.verdict, Verdict::Succeeded);
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    assert_eq!(host.count("/runs/get"), 2);
}

/// Numbers by name.
#[derive(Default)]
struct Recorded(Mutex<Vec<(Metric, f64)>>);

impl Metrics for Recorded {
    fn record(&self, metric: Metric, value: f64, _attributes: &[(&'static str, &str)]) {
        self.0.lock().unwrap().push((metric, value));
    }
}

#[tokio::test(start_paused = true)]
async fn how_long_a_wait_took_is_measured() {
    let (_, transport) = Host::new(1, Duration::from_secs(30));
    let recorded = Arc::new(Recorded::default());
    let jobs = Jobs::new(workspace(transport).with_metrics(recorded.clone()));
    jobs.wait(RunId(1), WaitOptions::default()).finish().await;
    let taken: Vec<f64> = recorded
        .0
        .lock()
        .unwrap()
        .iter()
        .filter(|(metric, _)| *metric == Metric::WaitDuration)
        .map(|(_, value)| *value)
        .collect();
    assert!(matches!(taken.as_slice(), [seconds] if (30.0..45.0).contains(seconds)), "{taken:?}");
}

#[test]
fn waits_outlive_the_runtime_that_began_them() {
    let (_, transport) = Host::new(1, Duration::from_millis(300));
    let workspace = workspace(transport);
    let jobs = Jobs::new(workspace);
    let fast = PollSchedule { floor_ms: 20, cap_ms: 20, ..PollSchedule::LOCAL };
    let options = WaitOptions { schedule: Some(fast), ..WaitOptions::default() };
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut waiting = jobs.wait(RunId(1), options);
    let first = runtime();
    assert!(matches!(first.block_on(waiting.next()), Some(Event::Started(_))));
    drop(first);
    let end = runtime().block_on(waiting.finish());
    assert_eq!(end.verdict, Verdict::Succeeded);
}
