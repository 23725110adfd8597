//! A run as `runs/get` and `runs/list` tell it (reference section 7), read leniently and written back as it came.
//!
//! The documents are the wire; what they mean is asked through [`RunDoc::phase`] and its kin, never from `state` or
//! `status` directly.

use super::wire::{QueueDetails, TerminationDetails};
use super::{Phase, RunState, RunStatus, wire};
use crate::id::{JobId, RunId};
use crate::job::wire::{Path, Text, Wire, field, wire_serde, wire_struct, wrong_type};
use crate::job::{CronSchedule, Task};
use crate::json::Object;
use crate::names::Names;
use crate::problem::Problem;
use crate::value::{Map, Value};

wire_struct! {
    /// A job run, or a task run that was asked for by its own id. Times are milliseconds since 1970, durations are
    /// milliseconds.
    #[derive(Default)]
    pub struct RunDoc {
        /// Its id.
        pub run_id: RunId,
        /// The job.
        pub job_id: Option<JobId>,
        /// The job run it belongs to; of a job run its own id.
        pub job_run_id: Option<RunId>,
        /// Deprecated, equals `run_id`.
        pub number_in_job: Option<i64>,
        /// The first attempt.
        pub original_attempt_run_id: Option<RunId>,
        /// From 0.
        pub attempt_number: Option<i64>,
        /// The job's name at the time.
        pub run_name: Option<String>,
        /// `JOB_RUN`, `SUBMIT_RUN` or `WORKFLOW_RUN`.
        pub run_type: Option<String>,
        /// Where people see it.
        pub run_page_url: Option<String>,
        /// Legacy state.
        pub state: Option<RunState>,
        /// State.
        pub status: Option<RunStatus>,
        /// 0 before it started.
        pub start_time: Option<i64>,
        /// 0 while it is active.
        pub end_time: Option<i64>,
        /// Of a task run; 0 on runs with several tasks.
        pub setup_duration: Option<i64>,
        /// Of a task run; 0 on runs with several tasks.
        pub execution_duration: Option<i64>,
        /// Of a task run; 0 on runs with several tasks.
        pub cleanup_duration: Option<i64>,
        /// Of a job run, repairs included.
        pub run_duration: Option<i64>,
        /// Time in the queue.
        pub queue_duration: Option<i64>,
        /// What started it (reference section 8.5).
        pub trigger: Option<String>,
        /// More about that, as it came.
        pub trigger_info: Option<Value>,
        /// Of runs that a cron schedule started.
        pub schedule: Option<CronSchedule>,
        /// Who created it.
        pub creator_user_name: Option<String>,
        /// For people.
        pub description: Option<String>,
        /// Task runs, one per attempt.
        pub tasks: Vec<TaskDoc>,
        /// Iterations, of a for-each task run.
        pub iterations: Vec<TaskDoc>,
        /// Shared clusters, as they came.
        pub job_clusters: Vec<Value>,
        /// Job parameters with the values used.
        pub job_parameters: Vec<ParameterDoc>,
        /// Legacy parameters of the request, as they came.
        pub overriding_parameters: Option<Value>,
        /// With `include_history`.
        pub repair_history: Vec<RepairDoc>,
        /// More elements of the arrays.
        pub next_page_token: Option<String>,
        /// In lists: the arrays are cut.
        pub has_more: Option<bool>,
    }
}

wire_struct! {
    /// What a task run has beside the fields of its task.
    #[derive(Default)]
    pub struct TaskRunFields {
        /// Its id.
        pub run_id: RunId,
        /// Where people see it.
        pub run_page_url: Option<String>,
        /// From 0; rises by one per retry.
        pub attempt_number: Option<i64>,
        /// Legacy state.
        pub state: Option<RunState>,
        /// State.
        pub status: Option<RunStatus>,
        /// 0 before it started.
        pub start_time: Option<i64>,
        /// 0 while it is active.
        pub end_time: Option<i64>,
        /// Until user code ran.
        pub setup_duration: Option<i64>,
        /// Of user code.
        pub execution_duration: Option<i64>,
        /// After user code.
        pub cleanup_duration: Option<i64>,
        /// Of the whole task run.
        pub run_duration: Option<i64>,
        /// Time in the queue.
        pub queue_duration: Option<i64>,
        /// With `include_resolved_values`, as they came.
        pub resolved_values: Option<Value>,
        /// Legacy cluster, as it came.
        pub cluster_instance: Option<Value>,
    }
}

/// One attempt of a task (reference section 7.3). `condition_task` carries `outcome` and `for_each_task` carries `stats`
/// among their unknown fields.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskDoc {
    /// The task as defined; fields that neither part knows are in its `unknown`.
    pub task: Task,
    /// The attempt; its `unknown` is always empty.
    pub run: TaskRunFields,
}

impl Wire for TaskDoc {
    fn read(value: &Value, path: &Path<'_>, problems: &mut Vec<Problem>) -> Option<Self> {
        let task = Task::read(value, path, problems);
        let run = TaskRunFields::read(value, path, problems);
        let (mut task, mut run) = (task?, run?);
        let unknown = std::mem::take(&mut task.unknown).into_iter();
        task.unknown = unknown.filter(|(key, _)| !TaskRunFields::FIELDS.contains(&key.as_str())).collect();
        run.unknown = Map::new();
        Some(Self { task, run })
    }
    fn write(&self) -> Value {
        let mut fields = self.task.write();
        if let (Value::Object(fields), Value::Object(run)) = (&mut fields, self.run.write()) {
            fields.extend(run);
        }
        fields
    }
}
wire_serde!(TaskDoc);

wire_struct! {
    /// A job parameter of a run.
    #[derive(Default)]
    pub struct ParameterDoc {
        /// Its name.
        pub name: String,
        /// The job's default.
        pub default: Option<Text>,
        /// The value of this run.
        pub value: Option<Text>,
    }
}

wire_struct! {
    /// One item of the repair history: the original run first (reference section 7.2).
    #[derive(Default)]
    pub struct RepairDoc {
        /// Of repairs only.
        pub id: Option<i64>,
        /// When it began.
        pub start_time: Option<i64>,
        /// When it ended; 0 while active.
        pub end_time: Option<i64>,
        /// Legacy state.
        pub state: Option<RunState>,
        /// State.
        pub status: Option<RunStatus>,
        /// Its task runs.
        pub task_run_ids: Vec<RunId>,
    }
}

impl Wire for RunState {
    fn read(value: &Value, path: &Path<'_>, problems: &mut Vec<Problem>) -> Option<Self> {
        let fields = object(value, path, problems)?;
        Some(Self {
            life_cycle_state: text(fields, "life_cycle_state", path, problems).unwrap_or_default(),
            result_state: text(fields, "result_state", path, problems),
            state_message: text(fields, "state_message", path, problems).unwrap_or_default(),
            queue_reason: text(fields, "queue_reason", path, problems),
            user_cancelled_or_timedout: field(fields, "user_cancelled_or_timedout", path, problems)
                .flatten()
                .unwrap_or_default(),
        })
    }
    fn write(&self) -> Value {
        let mut told = Object::default();
        told.set("life_cycle_state", self.life_cycle_state.as_str());
        told.set_some("result_state", self.result_state.as_deref());
        told.set("state_message", self.state_message.as_str());
        told.set_some("queue_reason", self.queue_reason.as_deref());
        told.set("user_cancelled_or_timedout", self.user_cancelled_or_timedout);
        told.into()
    }
}

impl Wire for RunStatus {
    fn read(value: &Value, path: &Path<'_>, problems: &mut Vec<Problem>) -> Option<Self> {
        let fields = object(value, path, problems)?;
        let mut status = Self {
            state: text(fields, "state", path, problems).unwrap_or_default(),
            termination_details: None,
            queue_details: None,
        };
        if let Some(details) = fields.get("termination_details").filter(|details| !details.is_null()) {
            let path = path.key("termination_details");
            let fields = object(details, &path, problems)?;
            status.termination_details = Some(TerminationDetails {
                code: field(fields, "code", &path, problems)?,
                kind: text(fields, "type", &path, problems).unwrap_or_default(),
                message: text(fields, "message", &path, problems).unwrap_or_default(),
            });
        }
        if let Some(details) = fields.get("queue_details").filter(|details| !details.is_null()) {
            let path = path.key("queue_details");
            let fields = object(details, &path, problems)?;
            status.queue_details = Some(QueueDetails {
                code: field(fields, "code", &path, problems)?,
                message: text(fields, "message", &path, problems).unwrap_or_default(),
            });
        }
        Some(status)
    }
    fn write(&self) -> Value {
        let mut told = Object::default();
        told.set("state", self.state.as_str());
        if let Some(details) = &self.termination_details {
            let mut inner = Object::default();
            inner.set("code", details.code.as_str());
            inner.set("type", details.kind.as_str());
            inner.set("message", details.message.as_str());
            told.set("termination_details", inner);
        }
        if let Some(details) = &self.queue_details {
            let mut inner = Object::default();
            inner.set("code", details.code.as_str());
            inner.set("message", details.message.as_str());
            told.set("queue_details", inner);
        }
        told.into()
    }
}

/// The fields of an object; what is none is told.
pub(super) fn object<'a>(
    value: &'a Value,
    path: &Path<'_>,
    problems: &mut Vec<Problem>,
) -> Option<&'a Map<String, Value>> {
    let object = value.as_object();
    if object.is_none() {
        problems.push(wrong_type(value, path, "an object"));
    }
    object
}

/// A text that may be left out.
pub(super) fn text(
    fields: &Map<String, Value>,
    name: &str,
    path: &Path<'_>,
    problems: &mut Vec<Problem>,
) -> Option<String> {
    field::<Option<String>>(fields, name, path, problems).flatten()
}

impl RunDoc {
    /// Where the run stands.
    pub fn phase(&self) -> Phase {
        wire::read(self.state.as_ref(), self.status.as_ref())
    }

    /// The newest attempt of each task, in the order in which the tasks are listed first.
    pub fn newest_attempts(&self) -> Vec<&TaskDoc> {
        newest(&self.tasks)
    }

    /// The newest attempt of each iteration, for the document of a for-each task run.
    pub fn newest_iterations(&self) -> Vec<&TaskDoc> {
        newest(&self.iterations)
    }

    /// The newest repair in the history, which the next repair has to name.
    pub fn latest_repair_id(&self) -> Option<i64> {
        self.repair_history.iter().rev().find_map(|repair| repair.id)
    }

    /// Adds the arrays of a later page of the same run (reference section 3.9).
    pub fn append(&mut self, page: Self) {
        self.next_page_token = page.next_page_token;
        self.tasks.extend(page.tasks);
        self.iterations.extend(page.iterations);
        self.job_clusters.extend(page.job_clusters);
        self.job_parameters.extend(page.job_parameters);
        self.repair_history.extend(page.repair_history);
    }
}

fn newest(tasks: &[TaskDoc]) -> Vec<&TaskDoc> {
    let newest = newest_of(&tasks.iter().map(|task| (task.key(), task.attempt())).collect::<Vec<_>>());
    newest.into_iter().map(|n| &tasks[n]).collect()
}

/// The numbers of the newest attempts, given the key and the attempt of each, in the order in which the keys come first.
pub(super) fn newest_of(attempts: &[(&str, i64)]) -> Vec<usize> {
    let mut keys = Vec::with_capacity(attempts.len());
    for (key, _) in attempts {
        keys.push(*key);
    }
    let first = Names::of(&keys);
    let (mut order, mut places): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
    for (n, (key, attempt)) in attempts.iter().enumerate() {
        let earlier = first.get(key).unwrap_or(n);
        places.push(order.len());
        if earlier == n {
            order.push(n);
        } else {
            let at = places[earlier];
            if attempts[order[at]].1 <= *attempt {
                order[at] = n;
            }
        }
    }
    order
}

impl TaskDoc {
    /// Key of the task.
    pub fn key(&self) -> &str {
        &self.task.task_key
    }

    /// From 0.
    pub fn attempt(&self) -> i64 {
        self.run.attempt_number.unwrap_or(0)
    }

    /// Where the task run stands.
    pub fn phase(&self) -> Phase {
        wire::read(self.run.state.as_ref(), self.run.status.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::wire::{Level, write};
    use crate::run::{End, Outcome, TerminationCode};

    #[test]
    fn the_written_form_of_a_state_is_that_of_serde() {
        let failed = End::new(Outcome::Failed, TerminationCode::RunExecutionError, "why");
        let queued =
            Phase::Queued { code: "MAX_CONCURRENT_RUNS_REACHED".to_owned(), message: "full".to_owned() };
        for phase in [Phase::Running, queued, Phase::Terminating(failed.clone()), Phase::Ended(failed)] {
            let (state, status) = write(&phase, Level::Job);
            assert_eq!(serde_json::to_value(&state).ok(), Some(state.write()), "{phase:?}");
            assert_eq!(serde_json::to_value(&status).ok(), Some(status.write()), "{phase:?}");
        }
    }
}
