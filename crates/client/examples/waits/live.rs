//! Waits of this client against the fake workspace, over sockets and in real time: calls, CPU, memory, delays.

use crate::serve::now;
use crate::stats::delays;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use lakeflow_client::auth::{Secret, Settings};
use lakeflow_client::{HubSettings, Jobs, PollSchedule, WaitOptions, Workspace};
use lakeflow_core::api::{Method, Request};
use lakeflow_core::id::{JobId, RunId};
use serde_json::{Value, json};

/// The limits and the schedule of a workspace, although the fake one is on this machine.
pub(crate) fn run(port: u64, waits: u64, length: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let settings = Settings::new(format!("http://127.0.0.1:{port}"), Secret::new("token"));
        let workspace = Workspace::new(settings).expect("settings").with_limits(HubSettings::WORKSPACE);
        let jobs = Jobs::new(workspace);
        let job = waits * 1000 + length / 1000;
        let started = ask(&jobs, &format!("/bench/start?count={waits}&length={length}&job={job}&past=30")).await;
        let runs: Vec<i64> =
            started["runs"].as_array().into_iter().flatten().filter_map(Value::as_i64).collect();
        assert_eq!(runs.len() as u64, waits, "{started}");
        let (cpu, memory) = (cpu_ms(), resident_kb("VmRSS"));
        let options = WaitOptions {
            schedule: Some(PollSchedule::WORKSPACE),
            job: Some(JobId(job as i64)),
            ..WaitOptions::default()
        };
        let mut running: FuturesUnordered<_> = runs
            .into_iter()
            .map(|run| {
                let wait = jobs.wait(RunId(run), options);
                Box::pin(async move {
                    let end = wait.finish().await;
                    let told = now();
                    let run = end.into_result().expect("the run succeeded");
                    told.saturating_sub(run.end_time.unwrap_or(0) as u64)
                })
            })
            .collect();
        let mut seen = Vec::new();
        while let Some(delay) = running.next().await {
            seen.push(delay);
        }
        let (cpu, peak) = (cpu_ms() - cpu, resident_kb("VmHWM"));
        let calls = ask(&jobs, "/bench/calls").await;
        println!(
            "{}",
            json!({
                "waits": waits, "length": length, "calls": calls, "cpu_ms": cpu, "idle_mb": memory as f64 / 1024.0,
                "peak_mb": peak as f64 / 1024.0, "delay": delays(seen),
            })
        );
    });
}

async fn ask(jobs: &Jobs, target: &str) -> Value {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query = query.split('&').filter_map(|pair| pair.split_once('='));
    let request = Request {
        operation: "bench",
        method: Method::Get,
        path: path.to_owned(),
        query: query.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        body: None,
        repeatable: true,
    };
    let options = lakeflow_client::CallOptions::default();
    jobs.workspace().request(&request, &options).await.expect("the fake workspace answers")
}

/// CPU time of this process's threads in milliseconds; 0 where the system does not tell.
fn cpu_ms() -> f64 {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let spent = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("schedstat")).ok());
    // Nanoseconds on a processor come first.
    let ns = spent.filter_map(|text| text.split_whitespace().next()?.parse::<u64>().ok()).sum::<u64>();
    ns as f64 / 1e6
}

fn resident_kb(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.and_then(|text| text.split_whitespace().next()).and_then(|kb| kb.parse().ok()).unwrap_or(0)
}
