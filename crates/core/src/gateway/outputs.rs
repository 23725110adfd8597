//! What the tasks of a run left behind, gathered over many calls: the run, the iterations of its for-each tasks, and the
//! output of each attempt that began.

use super::http::{reason, status_of};
use super::pages::{Pages, Subject};
use super::present::document;
use crate::api::{Endpoint, GetRunOutput, Request};
use crate::error::Error;
use crate::id::RunId;
use crate::run::{Phase, RunDoc, TaskDoc};
use serde_json::{Value, json};
use std::collections::VecDeque;

/// Outputs that are gathered; more tasks and iterations than these are named as left out.
const OUTPUTS_MAX: usize = 1000;

/// One task or iteration.
#[derive(Clone, Debug)]
struct Place {
    task_key: String,
    iteration_of: Option<String>,
    run_id: RunId,
    attempt: i64,
    state: String,
    /// Milliseconds since 1970; `None` while it goes on.
    end_time: Option<i64>,
    output: Value,
    error: Value,
}

/// What a call is for.
#[derive(Clone, Debug)]
pub(super) enum Purpose {
    /// The iterations of the for-each task with this key, of which some pages are there.
    Iterations(String, Box<Pages>),
    /// The output at this place.
    Output(usize),
}

/// The gathering.
#[derive(Clone, Debug, Default)]
pub(super) struct Gathering {
    places: Vec<Place>,
    left_out: usize,
    queue: VecDeque<(Purpose, Request)>,
}

impl Gathering {
    /// Begins with a run that was read in full.
    pub(super) fn new(run: &RunDoc) -> Self {
        let mut gathering = Self::default();
        for task in run.newest_attempts() {
            if task.task.for_each_task.is_some() && began(task) {
                let pages = Pages::new(Subject::Run(task.run.run_id));
                let first = pages.first();
                let purpose = Purpose::Iterations(task.key().to_owned(), Box::new(pages));
                gathering.queue.push_back((purpose, first));
            }
            gathering.add(task, None);
        }
        gathering
    }

    fn add(&mut self, task: &TaskDoc, iteration_of: Option<String>) {
        let place = self.places.len();
        if place == OUTPUTS_MAX {
            self.left_out += 1;
            return;
        }
        let run_id = task.run.run_id;
        self.places.push(Place {
            task_key: task.key().to_owned(),
            iteration_of,
            run_id,
            attempt: task.attempt(),
            state: task.phase().word().to_owned(),
            end_time: task.run.end_time.filter(|end| *end > 0),
            output: Value::Null,
            error: Value::Null,
        });
        if began(task) {
            let request = GetRunOutput { run_id, ..GetRunOutput::default() }.request();
            self.queue.push_back((Purpose::Output(place), request));
        }
    }

    /// The next call, when there is one.
    pub(super) fn next(&mut self) -> Option<(Purpose, Request)> {
        self.queue.pop_front()
    }

    /// Takes in an answer. What cannot be read of one task is told beside it.
    pub(super) fn take(&mut self, purpose: Purpose, answer: Result<Value, Error>) {
        match (purpose, answer) {
            (Purpose::Output(place), Ok(mut output)) => {
                if let Some(fields) = output.as_object_mut() {
                    fields.shift_remove("metadata");
                }
                self.places[place].output = output;
            }
            (Purpose::Output(place), Err(error)) => {
                let status = status_of(&error);
                self.places[place].error = json!({"status": status, "message": reason(status)});
            }
            (Purpose::Iterations(key, mut pages), Ok(page)) => {
                if let Some(next) = pages.add(page) {
                    self.queue.push_front((Purpose::Iterations(key, pages), next));
                } else if let Some(each) = document(&pages.take()) {
                    for iteration in each.newest_iterations() {
                        self.add(iteration, Some(key.clone()));
                    }
                }
            }
            // Its iterations cannot be listed; the for-each task itself is there.
            (Purpose::Iterations(..), Err(_)) => {}
        }
    }

    /// What was gathered, in the order in which the tasks ended; those that go on come last.
    pub(super) fn finish(mut self, run_id: RunId) -> Value {
        self.places.sort_by_key(|place| place.end_time.unwrap_or(i64::MAX));
        let outputs: Vec<Value> = self.places.iter().map(Place::shown).collect();
        json!({"runId": run_id.0, "outputs": outputs, "leftOut": self.left_out})
    }
}

impl Place {
    fn shown(&self) -> Value {
        json!({
            "taskKey": self.task_key,
            "iterationOf": self.iteration_of,
            "runId": self.run_id.0,
            "attempt": self.attempt,
            "state": self.state,
            "endTime": self.end_time,
            "output": self.output,
            "error": self.error,
        })
    }
}

/// A task that never began has no output, and asking for one is an error.
fn began(task: &TaskDoc) -> bool {
    let waiting = matches!(task.phase(), Phase::Blocked | Phase::Queued { .. });
    task.run.start_time.is_some_and(|start| start > 0) && !waiting
}
