//! A wait as server-sent events (reference: behaviour S2 to S7).
//!
//! An event is sent when the state of the run, a task or an attempt is not what it was, not with every poll; the last one
//! says what came of the run. Each id says which run it is about, so that a client whose connection broke comes back to
//! the same run by `Last-Event-ID`.

use super::event::EventId;
use super::http::{exact_numbers, milliseconds, reason, status_of};
use super::present::{digest, for_event, life_cycle};
use crate::error::{Error, ErrorCode};
use crate::id::{JobId, RunId};
use crate::run::RunDoc;
use crate::time::WallTime;
use crate::wait::{TaskFailure, Verdict, WaitEnd};
use serde_json::{Value, json};

/// A comment that keeps the connection open.
pub const HEARTBEAT: &str = ": heartbeat\n\n";

/// A heartbeat is due when nothing was sent for so long, in milliseconds.
pub const HEARTBEAT_MS: u64 = 10_000;

/// Headers of a stream.
pub const STREAM_HEADERS: [(&str, &str); 4] = [
    ("content-type", "text/event-stream; charset=utf-8"),
    ("cache-control", "no-cache, no-transform"),
    ("connection", "keep-alive"),
    ("x-accel-buffering", "no"),
];

/// One event of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct SseEvent {
    /// What a client brings back as `Last-Event-ID`; errors have none.
    pub id: Option<String>,
    /// `started`, `message` or `error`.
    pub event: &'static str,
    /// Integers that JavaScript would round are text.
    pub data: Value,
}

impl SseEvent {
    fn new(id: Option<String>, event: &'static str, mut data: Value) -> Self {
        exact_numbers(&mut data);
        Self { id, event, data }
    }

    /// As it goes over the wire. JSON has no line breaks outside of strings, and none inside.
    pub fn frame(&self) -> String {
        let data = serde_json::to_string(&self.data).unwrap_or_default();
        let mut frame = String::with_capacity(data.len() + 96);
        if let Some(id) = &self.id {
            frame.extend(["id: ", id, "\n"]);
        }
        frame.extend(["event: ", self.event, "\ndata: ", &data, "\n\n"]);
        frame
    }
}

/// Makes the events of one stream out of what a wait tells.
#[derive(Clone, Debug)]
pub struct Sse {
    job_id: JobId,
    /// The stream starts the run, so that its id is news.
    starts: bool,
    run_id: Option<RunId>,
    number: u64,
    /// What the client was told last.
    told: Option<u64>,
    /// Given back by the driver when the client was gone before it was sent anything.
    claim: Option<Claim>,
}

/// A trigger whose client may come back without knowing that there is a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub(super) request: u64,
    pub(super) token: String,
}

impl Sse {
    pub(super) fn starting(job_id: JobId, claim: Option<Claim>) -> Self {
        Self { job_id, starts: true, run_id: None, number: 0, told: None, claim }
    }

    pub(super) fn watching(job_id: JobId, run_id: RunId, last: Option<EventId>) -> Self {
        let number = last.map_or(0, |last| last.number + 1);
        let told = last.and_then(|last| last.digest);
        Self { job_id, starts: false, run_id: Some(run_id), number, told, claim: None }
    }

    /// Status and headers.
    pub fn head(&self) -> (u16, &'static [(&'static str, &'static str)]) {
        (200, &STREAM_HEADERS)
    }

    /// What the gateway needs to know when the client is gone before anything was sent to it.
    pub fn claim(&self) -> Option<&Claim> {
        self.claim.as_ref()
    }

    /// The run's id is known: the first event of a stream that starts a run.
    pub fn started(&mut self, now: WallTime, run_id: RunId) -> Option<SseEvent> {
        self.run_id = Some(run_id);
        if !self.starts {
            return None;
        }
        let run = json!({"run_id": run_id.0, "job_id": self.job_id.0});
        let data =
            json!({"status": "PENDING", "timestamp": milliseconds(now), "run": run, "runId": run_id.0});
        let id = self.id(Some(0));
        Some(SseEvent::new(id, "started", data))
    }

    /// The run is not what it was. The end is told by [`Sse::ended`], with what came of it.
    pub fn changed(&mut self, now: WallTime, run: &RunDoc) -> Option<SseEvent> {
        self.run_id.get_or_insert(run.run_id);
        let seen = digest(run);
        if run.phase().is_terminal() || self.told == Some(seen) {
            return None;
        }
        self.told = Some(seen);
        let id = self.id(Some(seen));
        Some(SseEvent::new(id, "message", update(now, run)))
    }

    /// The wait is over: the last event. `None` when the wait was stopped from this side, which the client sees by the
    /// stream's end.
    pub fn ended(&mut self, now: WallTime, end: &WaitEnd) -> Option<SseEvent> {
        if let Verdict::Unfinished(error) = &end.verdict {
            let run_id = end.run_id.or(self.run_id);
            return (error.code != ErrorCode::Interrupted).then(|| unfinished(error, run_id));
        }
        let run = end.run.as_ref()?;
        let mut data = update(now, run);
        data["outcome"] = Value::from(end.verdict.as_str());
        data["failures"] = end.failures.iter().map(failure).collect();
        let id = self.id(None);
        Some(SseEvent::new(id, "message", data))
    }

    fn id(&mut self, digest: Option<u64>) -> Option<String> {
        let id = EventId { run_id: self.run_id?, number: self.number, digest };
        self.number += 1;
        Some(id.to_string())
    }
}

fn update(now: WallTime, run: &RunDoc) -> Value {
    let run = for_event(run);
    json!({"status": life_cycle(&run), "timestamp": milliseconds(now), "run": run})
}

/// What a failed task said, without its stack trace and output.
fn failure(failure: &TaskFailure) -> Value {
    json!({
        "taskKey": failure.task_key,
        "runId": failure.run_id.0,
        "attempt": failure.attempt,
        "outcome": failure.outcome,
        "message": failure.message,
        "error": failure.error,
    })
}

/// An error event (behaviour S4). The workspace's own words stay out of it.
fn unfinished(error: &Error, run_id: Option<RunId>) -> SseEvent {
    let mut data = match error.code {
        ErrorCode::WaitTimedOut => {
            json!({"error": "The wait for the run timed out; the run goes on", "code": "TIMEOUT"})
        }
        ErrorCode::Internal | ErrorCode::InvalidTransition => {
            json!({"error": reason(500), "code": "INTERNAL_ERROR"})
        }
        _ => {
            let status = status_of(error);
            json!({"error": reason(status), "code": "UPSTREAM_ERROR", "status": status})
        }
    };
    if let Some(run_id) = run_id {
        data["runId"] = Value::from(run_id.0);
    }
    SseEvent::new(None, "error", data)
}
