//! A run that stays in Rust: JavaScript takes out what it looks at. A document of ten megabytes then costs the main thread
//! next to nothing, and its tasks come one at a time.

use crate::fault::{argument, thrown};
use lakeflow_core::door::js_text;
use lakeflow_core::run::{Phase, RunDoc, TaskDoc};
use napi::bindgen_prelude::{AsyncBlock, AsyncBlockBuilder};
use napi::{Env, Result};
use napi_derive::napi;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::Arc;

/// Parts of a document that grow with the run; they are taken out one by one.
const LISTS: [&str; 2] = ["tasks", "iterations"];

/// A run.
#[napi]
pub struct RunHandle(Arc<RunDoc>);

/// A run of more tasks is given up by a thread of its own.
const MANY: usize = 32;

/// JavaScript's collector gives objects up on the main thread, where the hundreds of thousands of small pieces of a large document
/// hold the event loop up longer than its arrival: tens of milliseconds for ten megabytes, against a fifth of one with the thread.
impl Drop for RunHandle {
    fn drop(&mut self) {
        if self.0.tasks.len() + self.0.iterations.len() < MANY {
            return;
        }
        let run = std::mem::take(&mut self.0);
        // Without a thread it is given up here.
        let _ = std::thread::Builder::new().name("lakeflow-free".to_owned()).spawn(move || drop(run));
    }
}

impl From<RunDoc> for RunHandle {
    fn from(run: RunDoc) -> Self {
        Self(Arc::new(run))
    }
}

impl From<Arc<RunDoc>> for RunHandle {
    fn from(run: Arc<RunDoc>) -> Self {
        Self(run)
    }
}

#[napi]
impl RunHandle {
    /// What the run is: ids, state, times and progress, as JSON text.
    #[napi]
    pub fn summary(&self) -> String {
        let run = &*self.0;
        let mut told = standing(&run.phase());
        told.extend([
            ("runId".to_owned(), json!(run.run_id)),
            ("jobId".to_owned(), json!(run.job_id)),
            ("name".to_owned(), json!(run.run_name)),
            ("runType".to_owned(), json!(run.run_type)),
            ("pageUrl".to_owned(), json!(run.run_page_url)),
            ("startTime".to_owned(), json!(set(run.start_time))),
            ("endTime".to_owned(), json!(set(run.end_time))),
            ("progress".to_owned(), json!(run.progress())),
        ]);
        js_text(&told)
    }

    /// How many attempts of tasks are listed.
    #[napi]
    pub fn task_count(&self) -> u32 {
        count(self.0.tasks.len())
    }

    /// How many iterations are listed, of a for-each task run.
    #[napi]
    pub fn iteration_count(&self) -> u32 {
        count(self.0.iterations.len())
    }

    /// What one attempt is, as JSON text.
    #[napi]
    pub fn task(&self, index: u32, iteration: bool) -> Result<String> {
        self.at(index, iteration).map(|task| js_text(&view(task)))
    }

    /// Where the newest attempt of each task (or iteration) stands in the list.
    #[napi]
    pub fn newest(&self, iteration: bool) -> Vec<u32> {
        let (newest, all) = if iteration {
            (self.0.newest_iterations(), &self.0.iterations)
        } else {
            (self.0.newest_attempts(), &self.0.tasks)
        };
        let places: HashMap<*const TaskDoc, usize> =
            all.iter().enumerate().map(|(n, task)| (std::ptr::from_ref(task), n)).collect();
        newest
            .into_iter()
            .filter_map(|task| places.get(&std::ptr::from_ref(task)).copied())
            .map(count)
            .collect()
    }

    /// One attempt as the host sent it, as JSON text.
    #[napi]
    pub fn task_document(&self, index: u32, iteration: bool) -> Result<String> {
        self.at(index, iteration).map(js_text)
    }

    /// The document as the host sent it, without tasks and iterations, as JSON text. Written off the main thread.
    #[napi]
    pub fn head(&self, env: &Env) -> Result<AsyncBlock<String>> {
        let run = self.0.clone();
        AsyncBlockBuilder::new(async move {
            let mut document = serde_json::to_value(&*run).unwrap_or_default();
            for list in LISTS {
                if let Some(fields) = document.as_object_mut() {
                    fields.remove(list);
                }
            }
            Ok(js_text(&document))
        })
        .build(env)
    }

    /// Attempts (or iterations) from `from` on as the host sent them, as a list in JSON text of at most `bytes`, and at
    /// least one of them. Written off the main thread.
    #[napi]
    pub fn documents(&self, env: &Env, from: u32, bytes: u32, iteration: bool) -> Result<AsyncBlock<String>> {
        let run = self.0.clone();
        AsyncBlockBuilder::new(async move {
            let tasks = if iteration { &run.iterations } else { &run.tasks };
            let mut text = String::from("[");
            for task in tasks.iter().skip(from as usize) {
                let next = js_text(task);
                if text.len() > 1 {
                    if text.len() + next.len() > bytes as usize {
                        break;
                    }
                    text.push(',');
                }
                text.push_str(&next);
            }
            text.push(']');
            Ok(text)
        })
        .build(env)
    }

    /// The whole document as the host sent it, as JSON text, on the main thread.
    #[napi]
    pub fn json(&self) -> String {
        js_text(&*self.0)
    }

    fn at(&self, index: u32, iteration: bool) -> Result<&TaskDoc> {
        let tasks = if iteration { &self.0.iterations } else { &self.0.tasks };
        tasks.get(index as usize).ok_or_else(|| {
            thrown(&argument("read_run", format!("there is no task {index}; the run lists {}", tasks.len())))
        })
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Times that are 0 on the wire have not come yet.
fn set(time: Option<i64>) -> Option<i64> {
    time.filter(|time| *time > 0)
}

/// What a phase is for people and programs.
fn standing(phase: &Phase) -> Map<String, Value> {
    let (outcome, code) = match phase {
        Phase::Ended(end) => (Some(end.outcome.as_str()), Some(end.code.as_str())),
        _ => (None, None),
    };
    [
        ("state".to_owned(), json!(phase.word())),
        ("isTerminal".to_owned(), json!(phase.is_terminal())),
        ("isSuccess".to_owned(), json!(phase.is_success())),
        ("outcome".to_owned(), json!(outcome)),
        ("terminationCode".to_owned(), json!(code)),
        ("message".to_owned(), json!(phase.message())),
    ]
    .into_iter()
    .collect()
}

fn view(task: &TaskDoc) -> Value {
    let mut told = standing(&task.phase());
    told.extend([
        ("taskKey".to_owned(), json!(task.key())),
        ("runId".to_owned(), json!(task.run.run_id)),
        ("attempt".to_owned(), json!(task.attempt())),
        ("pageUrl".to_owned(), json!(task.run.run_page_url)),
        ("startTime".to_owned(), json!(set(task.run.start_time))),
        ("endTime".to_owned(), json!(set(task.run.end_time))),
    ]);
    told.into()
}
