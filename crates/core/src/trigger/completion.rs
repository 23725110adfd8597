//! Job-completion triggers (reference section 15.6): a run starts after every listed job has completed with the wanted status. The
//! completed runs are given, in the order of their ends.

use super::watch::Shots;
use super::{Begun, Due, Watch};
use crate::execution::TriggerFacts;
use crate::id::{JobId, RunId};
use crate::job::IfStatus;
use crate::run::Outcome;
use crate::time::WallTime;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Whether a run that ended so counts.
fn takes(status: IfStatus, outcome: &Outcome) -> bool {
    match status {
        IfStatus::Success => outcome.is_success(),
        IfStatus::Failed => matches!(outcome, Outcome::Failed | Outcome::TimedOut),
        IfStatus::Done => true,
    }
}

/// The job-completion trigger of a job.
#[derive(Clone, Debug)]
pub struct CompletionTrigger {
    /// The listed jobs, each once. A workspace id beside one is not looked at: all jobs are those of the caller.
    pub jobs: Vec<JobId>,
    /// With which status they count.
    pub if_status: IfStatus,
}

impl CompletionTrigger {
    /// From the definition as it is written; `None` when no job of it can be read.
    pub(super) fn of(written: &Value) -> Option<Self> {
        let listed = written.get("jobs").and_then(Value::as_array).into_iter().flatten();
        let id = |job: &Value| serde_json::from_value::<JobId>(job.get("job_id")?.clone()).ok();
        let mut jobs: Vec<JobId> = listed.filter_map(id).collect();
        jobs.sort();
        jobs.dedup();
        let status = written.get("if_status").and_then(Value::as_str);
        let if_status = status.and_then(IfStatus::parse).unwrap_or_default();
        (!jobs.is_empty()).then_some(Self { jobs, if_status })
    }

    pub(super) fn words(&self) -> String {
        let jobs: Vec<String> = self.jobs.iter().map(ToString::to_string).collect();
        let what = match self.if_status {
            IfStatus::Success => "success",
            IfStatus::Failed => "failure",
            IfStatus::Done => "end",
        };
        let noun = if jobs.len() == 1 { "job" } else { "jobs" };
        format!("the {what} of {noun} {}", jobs.join(", "))
    }
}

/// A run that has ended, once for each end: a repaired run ends again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    /// Grows with every end of any run.
    pub seq: i64,
    /// The job.
    pub job_id: JobId,
    /// Its run.
    pub run_id: RunId,
    /// How it ended.
    pub outcome: Outcome,
    /// When it was admitted.
    pub started: WallTime,
    /// When it ended.
    pub ended: WallTime,
}

/// What is known of the listed jobs; kept by whoever looks at them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompletionState {
    /// Ends up to here were looked at.
    pub cursor: i64,
    /// The newest run that counts of each job, since the last run that was started.
    pending: BTreeMap<JobId, RunId>,
    /// The runs that the run which is being started comes from.
    firing: BTreeMap<JobId, RunId>,
    /// The newest run that counted of each job.
    last: BTreeMap<JobId, RunId>,
    shots: Shots,
}

impl CompletionState {
    /// A trigger that was saved when `cursor` was the newest end: only later ones count.
    pub fn new(cursor: i64) -> Self {
        Self { cursor, ..Self::default() }
    }

    /// Takes in ends, in their order. True when something is new.
    pub fn look(&mut self, of: &CompletionTrigger, ends: &[Completion]) -> bool {
        let cursor = self.cursor;
        for end in ends.iter().filter(|end| end.seq > cursor) {
            self.cursor = self.cursor.max(end.seq);
            if of.jobs.contains(&end.job_id) && takes(of.if_status, &end.outcome) {
                self.pending.insert(end.job_id, end.run_id);
                self.last.insert(end.job_id, end.run_id);
            }
        }
        self.cursor > cursor
    }

    /// The state of each job (reference section 15.6).
    pub fn shown(&self, of: &CompletionTrigger) -> Value {
        let shown = of.jobs.iter().map(|job| {
            let mut state = json!({ "job_id": job, "has_seen_completion": self.pending.contains_key(job) });
            if let Some(run) = self.last.get(job) {
                state["last_seen_run_id"] = json!(run);
            }
            state
        });
        shown.collect()
    }
}

impl Watch for CompletionState {
    type Of = CompletionTrigger;

    fn poll(&self, of: &CompletionTrigger, now: WallTime) -> Due {
        if self.shots.under_way {
            return Due::Fire(self.shots.fired.unwrap_or(now));
        }
        let all = of.jobs.iter().all(|job| self.pending.contains_key(job));
        if all { Due::Fire(now) } else { Due::Wait(None) }
    }

    fn begin(&mut self, _of: &CompletionTrigger, job: JobId, place: &str, now: WallTime) -> Begun {
        if self.shots.begin(now) {
            self.firing = std::mem::take(&mut self.pending);
        }
        let runs = self.firing.iter().map(|(job, run)| json!({ "job_id": job, "run_id": run }));
        let info = json!({ "job_completion": { "completed_jobs": runs.collect::<Value>() } });
        let facts = TriggerFacts { kind: "job_completion".to_owned(), time: now, ..TriggerFacts::default() };
        Begun { token: self.shots.token(job, place), facts, info: Some(info) }
    }

    fn end(&mut self) {
        self.firing.clear();
        self.shots.under_way = false;
    }
}
