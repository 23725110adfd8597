//! A wait under way as a class of JavaScript.

use crate::fault::{argument, told};
use crate::run::RunHandle;
use lakeflow_client::{Clock, Event, Handle, Running, WaitOptions};
use lakeflow_core::door::{self, js_text};
use lakeflow_core::error::Error;
use lakeflow_core::run::{RunDoc, changes};
use lakeflow_core::wait::{Verdict, WaitEnd};
use napi::bindgen_prelude::{AsyncBlock, AsyncBlockBuilder};
use napi::{Env, Result};
use napi_derive::napi;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// How to wait, as JSON text.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Options {
    timeout_ms: Option<u64>,
    cancel_on_timeout: bool,
    cancel_on_stop: bool,
}

impl Options {
    pub(crate) fn read(text: &str) -> std::result::Result<Self, Error> {
        serde_json::from_value(door::parse("wait", text)?).map_err(|e| argument("wait", e))
    }

    pub(crate) fn client(&self) -> WaitOptions {
        WaitOptions {
            timeout: self.timeout_ms.map(Duration::from_millis),
            cancel_on_timeout: self.cancel_on_timeout,
            cancel_on_stop: self.cancel_on_stop,
            ..WaitOptions::default()
        }
    }
}

/// A wait.
#[napi]
pub struct WaitHandle {
    state: Arc<Mutex<State>>,
    handle: Handle,
}

struct State {
    running: Running,
    seen: Option<Arc<RunDoc>>,
}

impl WaitHandle {
    pub(crate) fn new(running: Running) -> Self {
        let handle = running.handle();
        Self { state: Arc::new(Mutex::new(State { running, seen: None })), handle }
    }
}

#[napi]
impl WaitHandle {
    /// The next event; `null` after the end.
    #[napi]
    pub fn next(&self, env: &Env) -> Result<AsyncBlock<Option<WaitEvent>>> {
        let state = self.state.clone();
        AsyncBlockBuilder::new(async move {
            let mut state = state.lock().await;
            let event = state.running.next().await;
            Ok(event.map(|event| state.event(event)))
        })
        .build(env)
    }

    /// Ends the wait; the run goes on unless the options said otherwise.
    #[napi]
    pub fn stop(&self) {
        self.handle.stop();
    }

    /// Something was heard about the run: poll at once.
    #[napi]
    pub fn notify(&self) {
        self.handle.notify();
    }
}

impl State {
    fn event(&mut self, event: Event) -> WaitEvent {
        match event {
            Event::Started(run_id) => {
                WaitEvent { text: js_text(&json!({ "kind": "started", "runId": run_id })), run: None }
            }
            Event::Changed(run) => {
                let run = Arc::new(*run);
                let changed = changes(self.seen.as_deref(), &run, Clock::wall().0);
                self.seen = Some(run.clone());
                let text = js_text(&json!({ "kind": "changed", "runId": run.run_id, "changes": changed }));
                WaitEvent { text, run: Some(run) }
            }
            Event::Ended(end) => ended(*end),
        }
    }
}

fn ended(end: WaitEnd) -> WaitEvent {
    let error = match &end.verdict {
        Verdict::Unfinished(error) => Some(told(error)),
        verdict if verdict.is_success() => None,
        _ => end.clone().into_result().err().as_ref().map(told),
    };
    let text = js_text(&json!({
        "kind": "ended", "runId": end.run_id, "verdict": end.verdict.as_str(), "isSuccess": end.verdict.is_success(),
        "failures": end.failures, "error": error,
    }));
    WaitEvent { text, run: end.run.map(Arc::new) }
}

/// What a wait tells.
#[napi]
pub struct WaitEvent {
    text: String,
    run: Option<Arc<RunDoc>>,
}

#[napi]
impl WaitEvent {
    /// JSON text: `kind` is `started`, `changed` or `ended`.
    #[napi]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The run as it was seen.
    #[napi]
    pub fn run(&self) -> Option<RunHandle> {
        self.run.clone().map(RunHandle::from)
    }
}
