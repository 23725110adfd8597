//! Documents that come in pages, put together as they came.

use crate::api::{Endpoint, GetJob, GetRun, Request};
use crate::id::{JobId, RunId};
use serde_json::Value;

/// Lists of a run that later pages go on with (reference section 3.9).
const RUN_LISTS: [&str; 5] = ["tasks", "iterations", "job_clusters", "job_parameters", "repair_history"];
/// Lists of a job's settings that later pages go on with (reference section 3.5).
const JOB_LISTS: [&str; 4] = ["tasks", "job_clusters", "environments", "parameters"];
/// Pages of one document that are read: 100 elements each, and a job has at most 1,000 tasks.
const PAGES_MAX: u32 = 100;

/// What is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Run(RunId),
    Job(JobId),
}

/// A document of which some pages are there.
#[derive(Clone, Debug)]
pub(super) struct Pages {
    subject: Subject,
    whole: Option<Value>,
    read: u32,
}

impl Pages {
    pub(super) fn new(subject: Subject) -> Self {
        Self { subject, whole: None, read: 0 }
    }

    /// The request of the first page.
    pub(super) fn first(&self) -> Request {
        self.request(None)
    }

    fn request(&self, page_token: Option<String>) -> Request {
        match self.subject {
            Subject::Run(run_id) => GetRun { run_id, page_token, ..GetRun::default() }.request(),
            Subject::Job(job_id) => GetJob { job_id, page_token, ..GetJob::default() }.request(),
        }
    }

    /// Takes in a page; gives the request of the next one, or `None` when the document is complete.
    pub(super) fn add(&mut self, mut page: Value) -> Option<Request> {
        self.read += 1;
        let token = page.as_object_mut().and_then(|fields| fields.shift_remove("next_page_token"));
        let token = token.as_ref().and_then(Value::as_str).filter(|token| !token.is_empty());
        let token = token.filter(|_| self.read < PAGES_MAX).map(str::to_owned);
        match (&mut self.whole, self.subject) {
            (whole @ None, _) => *whole = Some(page),
            (Some(whole), Subject::Run(_)) => append(whole, page, &RUN_LISTS),
            (Some(whole), Subject::Job(_)) => {
                let more = page.get_mut("settings").map(Value::take).unwrap_or_default();
                if let Some(settings) = whole.get_mut("settings") {
                    append(settings, more, &JOB_LISTS);
                }
            }
        }
        token.map(|token| self.request(Some(token)))
    }

    /// The document so far.
    pub(super) fn take(&mut self) -> Value {
        self.whole.take().unwrap_or_default()
    }
}

fn append(whole: &mut Value, mut page: Value, lists: &[&str]) {
    let Some(fields) = whole.as_object_mut() else { return };
    for list in lists {
        let Some(Value::Array(more)) = page.get_mut(*list).map(Value::take) else { continue };
        match fields.get_mut(*list) {
            Some(Value::Array(items)) => items.extend(more),
            _ => {
                fields.insert((*list).to_owned(), Value::Array(more));
            }
        }
    }
}
