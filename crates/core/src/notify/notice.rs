//! One event of one run, as plain data: it is stored with the run's change and says all that any shape needs.

use super::audience::Event;
use crate::id::{JobId, RunId};
use crate::run::Outcome;
use crate::time::WallTime;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Something that somebody is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// What it is.
    pub event: Event,
    /// When it happened.
    pub at: WallTime,
    /// Digits.
    pub workspace_id: String,
    /// The job.
    pub job_id: JobId,
    /// Its name when the run was created.
    pub job_name: String,
    /// The job run, or the task run when `task` is there.
    pub run_id: RunId,
    /// Of a task run alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskNotice>,
    /// How it ended, when it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Why, for people; empty after success.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Of a duration warning: the seconds that were exceeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold_seconds: Option<i64>,
}

/// Which task a notice is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskNotice {
    /// Its key; of an iteration, the nested key with its index.
    pub task_key: String,
    /// The job run.
    pub parent_run_id: RunId,
    /// From 0.
    pub attempt_number: u32,
}

impl Notice {
    /// The job run that it is about, or belongs to.
    pub fn job_run(&self) -> RunId {
        self.task.as_ref().map_or(self.run_id, |task| task.parent_run_id)
    }

    /// The payload of a generic webhook (reference section 16.3): ids are strings, and nothing is added.
    pub fn payload(&self) -> Value {
        let mut payload = Map::new();
        payload.insert("event_type".to_owned(), json!(self.event.event_type()));
        payload.insert("workspace_id".to_owned(), json!(self.workspace_id));
        let mut run = json!({ "run_id": self.run_id.to_string() });
        if let Some(task) = &self.task {
            payload.insert("task".to_owned(), json!({ "task_key": task.task_key }));
            run["parent_run_id"] = json!(task.parent_run_id.to_string());
        }
        payload.insert("run".to_owned(), run);
        let job = json!({ "job_id": self.job_id.to_string(), "name": self.job_name });
        payload.insert("job".to_owned(), job);
        Value::Object(payload)
    }
}
