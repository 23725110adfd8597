//! A local engine of this process as a class of JavaScript.

use crate::fault::{argument, thrown, thrown_with};
use lakeflow_cli::{LocalEngine, LocalOptions};
use lakeflow_core::door::{self, js_text};
use lakeflow_core::error::{Error, ErrorCode};
use napi::bindgen_prelude::{AsyncBlock, AsyncBlockBuilder};
use napi::{Env, Result};
use napi_derive::napi;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::Mutex;

/// How an engine is started, as JSON text.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[derive(Default)]
struct Options {
    bundle: Option<PathBuf>,
    data: Option<PathBuf>,
    port: u16,
    target: Option<String>,
    variables: BTreeMap<String, String>,
    python: Option<PathBuf>,
    allow_unsupported: bool,
    triggers: bool,
    clock: Option<String>,
}

/// An engine.
#[napi]
pub struct EngineHandle {
    engine: Arc<Mutex<Option<LocalEngine>>>,
    about: String,
}

#[napi]
impl EngineHandle {
    /// Starts an engine and deploys the bundle.
    #[napi]
    pub fn start(env: &Env, options: String) -> Result<AsyncBlock<EngineHandle>> {
        AsyncBlockBuilder::new(async move {
            let options = read(&options).map_err(|e| thrown(&e))?;
            let engine = Box::pin(LocalEngine::start(options))
                .await
                .map_err(|refused| thrown_with(&refused.error, &refused.problems))?;
            Ok(Self::new(engine))
        })
        .build(env)
    }

    /// `{url, token, data, jobs}` as JSON text.
    #[napi]
    pub fn about(&self) -> &str {
        &self.about
    }

    /// Moves the engine's own clock on by milliseconds; gives the number of runs that triggers started.
    #[napi]
    pub fn advance(&self, env: &Env, ms: i64) -> Result<AsyncBlock<u32>> {
        let engine = self.engine.clone();
        AsyncBlockBuilder::new(async move {
            let moved = engine.lock().await.as_ref().map(|engine| engine.advance(ms));
            let stopped = || Error::new(ErrorCode::InvalidState, "clock", "the engine does not run");
            let started = match moved {
                Some(moved) => moved.await,
                None => Err(stopped()),
            };
            Ok(started.map_err(|e| thrown(&e))? as u32)
        })
        .build(env)
    }

    /// Stops the engine and every process that it started. Once is enough.
    #[napi]
    pub fn stop(&self, env: &Env) -> Result<AsyncBlock<()>> {
        let engine = self.engine.clone();
        AsyncBlockBuilder::new(async move {
            let engine = engine.lock().await.take();
            if let Some(engine) = engine {
                engine.shutdown().await;
            }
            Ok(())
        })
        .build(env)
    }
}

impl EngineHandle {
    fn new(engine: LocalEngine) -> Self {
        let jobs = engine.jobs().iter().map(
            |job| json!({ "key": job.key, "name": job.name, "jobId": job.job_id, "created": job.created }),
        );
        let jobs: Vec<Value> = jobs.collect();
        let about = js_text(
            &json!({ "url": engine.url(), "token": engine.token(), "data": engine.data(), "jobs": jobs }),
        );
        Self { engine: Arc::new(Mutex::new(Some(engine))), about }
    }
}

fn read(text: &str) -> std::result::Result<LocalOptions, Error> {
    let options = door::parse("start_engine", text)?;
    let options: Options = serde_json::from_value(options).map_err(|e| argument("start_engine", e))?;
    let Options { bundle, data, port, target, variables, python, allow_unsupported, triggers, clock } =
        options;
    let variables = variables.into_iter().collect();
    let notice = None;
    Ok(LocalOptions {
        bundle,
        data,
        port,
        target,
        variables,
        python,
        allow_unsupported,
        triggers,
        clock,
        notice,
    })
}
