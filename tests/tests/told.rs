//! A notification of the engine ends a client's wait at once: run, outbox, HTTP, [`Jobs::notify`], the wait. Polls are ten minutes
//! apart, so that a wait that were not told would outlast the test by far.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use lakeflow_client::auth::{Secret, Settings};
use lakeflow_client::{CallOptions, Event, Jobs, PollSchedule, WaitOptions, Workspace};
use lakeflow_core::api;
use lakeflow_core::execution::Exit;
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::job::Task;
use lakeflow_core::run::{Outcome, TerminationCode};
use lakeflow_core::wait::Verdict;
use lakeflow_engine::exec::{Attempt, AttemptFiles, ExecEvent, TaskOutput};
use lakeflow_engine::{Config, Engine, Executor, ExecutorContext};
use serde_json::{Value, json};
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedSender;

/// Attempts that run until the test ends them.
struct Held {
    events: UnboundedSender<ExecEvent>,
    data_dir: PathBuf,
    started: Mutex<Vec<RunId>>,
}

impl Held {
    fn end_all(&self) {
        for run in self.started.lock().unwrap().drain(..) {
            let (outcome, code) = (Outcome::Success, TerminationCode::Success);
            let exit = Exit { outcome, code, message: String::new(), output: None };
            self.events
                .send(ExecEvent::Exited { run, exit, output: Box::new(TaskOutput::default()) })
                .unwrap();
        }
    }
}

impl Executor for Held {
    fn start(&self, attempt: Attempt) {
        self.started.lock().unwrap().push(attempt.run);
        self.events.send(ExecEvent::Started { run: attempt.run, pid: None }).unwrap();
    }
    fn stop(&self, _run: RunId) {}
    fn supports(&self, _task: &Task) -> Result<(), String> {
        Ok(())
    }
    fn files(&self, run: RunId) -> AttemptFiles {
        AttemptFiles { dir: self.data_dir.join(run.to_string()) }
    }
    fn shutdown(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }
}

async fn engine(folder: &std::path::Path) -> (Engine, Arc<Held>) {
    let kept = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&kept);
    let engine = Engine::start_with(Config::new(folder), move |context: ExecutorContext| {
        let held = Held { events: context.events, data_dir: context.data_dir, started: Mutex::default() };
        let held = Arc::new(held);
        *keep.lock().unwrap() = Some(Arc::clone(&held));
        Ok(held as Arc<dyn Executor>)
    });
    let engine = engine.await.unwrap();
    let held = kept.lock().unwrap().take().unwrap();
    (engine, held)
}

/// Takes one notification and answers 204; its body.
async fn one_notification(listener: TcpListener) -> Value {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut text = Vec::new();
    // The body is one JSON object, and the head has no braces.
    while !text.ends_with(b"}}") {
        text.push(stream.read_u8().await.unwrap());
    }
    stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").await.unwrap();
    let text = String::from_utf8(text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /told HTTP/1.1"), "{head}");
    serde_json::from_str(body).unwrap()
}

#[tokio::test]
async fn a_wait_ends_when_the_engine_tells() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, held) = engine(folder.path()).await;
    let jobs = Jobs::new(Workspace::new(Settings::new(engine.url(), Secret::new(engine.token()))).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/told", listener.local_addr().unwrap());
    let config = json!({ "generic_webhook": { "url": url } });
    let destination = json!({ "id": "program", "display_name": "program", "config": config });
    let options = CallOptions::default();
    jobs.workspace().request(&api::create_destination(destination), &options).await.unwrap();
    let settings = json!({
        "name": "held",
        "webhook_notifications": { "on_success": [{ "id": "program" }] },
        "tasks": [{ "task_key": "a", "existing_cluster_id": "c", "spark_python_task": { "python_file": "/a" } }],
    });
    let (job_id, _): (JobId, bool) = jobs.deploy(serde_json::from_value(settings).unwrap()).await.unwrap();
    let rare = PollSchedule { floor_ms: 600_000, cap_ms: 600_000, ..PollSchedule::WORKSPACE };
    let options = WaitOptions { schedule: Some(rare), ..WaitOptions::default() };
    let job = jobs.job(&job_id.to_string());
    let mut waiting = job.run_and_wait(&json!({}), options).await.unwrap();
    let run_id = loop {
        match waiting.next().await.unwrap() {
            Event::Changed(run) => break run.run_id,
            Event::Started(_) => {}
            Event::Ended(end) => panic!("{end:?}"),
        }
    };
    let hearing = async {
        let body = one_notification(listener).await;
        assert_eq!(body["event_type"], "jobs.on_success");
        let told: RunId = serde_json::from_value(body["run"]["run_id"].clone()).unwrap();
        assert_eq!(told, run_id);
        jobs.notify(told);
    };
    held.end_all();
    let both = async { futures::join!(waiting.finish(), hearing) };
    // Far below the distance of polls, and far above what a busy machine needs.
    let (end, ()) = tokio::time::timeout(Duration::from_mins(2), both).await.unwrap();
    assert_eq!(end.verdict, Verdict::Succeeded);
    engine.shutdown().await;
}
