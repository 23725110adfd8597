//! What goes into the execution machine and what comes out: plain data, so that a driver, a simulator and a crash
//! test all speak the same.

use crate::id::{JobId, RunId};
use crate::job::{Health, JobParameter, Task};
use crate::notify::Audience;
use crate::run::{Outcome, Phase, TerminationCode};
use crate::time::{Tick, WallTime};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Both times at the moment of an input. Ticks order timers inside one process; wall times are recorded and shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Monotonic; never goes back within one machine.
    pub tick: Tick,
    /// For records and for timers over a restart.
    pub wall: WallTime,
}

/// A job parameter of a run: default and value used (reference section 12.5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParameterValue {
    /// Its name.
    pub name: String,
    /// The job's default; empty for a name that the job does not define.
    pub default: String,
    /// The value of this run, references not yet resolved.
    pub value: String,
}

/// Legacy task parameters of a run-now or repair call (reference section 12.4).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LegacyParameters {
    /// Merged over `base_parameters` of every notebook task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notebook_params: Option<crate::job::wire::TextMap>,
    /// Replaces the list of every Python script and positional wheel task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub python_params: Option<Vec<String>>,
    /// Merged over `named_parameters` of every wheel task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub python_named_params: Option<crate::job::wire::TextMap>,
    /// Replaces the list of every JAR task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jar_params: Option<Vec<String>>,
    /// Replaces the list of every spark-submit task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spark_submit_params: Option<Vec<String>>,
    /// Merged over the parameters of every SQL task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sql_params: Option<crate::job::wire::TextMap>,
    /// Replaces the commands of every dbt task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dbt_commands: Option<Vec<String>>,
    /// Passed to pipeline tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pipeline_params: Option<Value>,
}

/// What a job run is made of, fixed when it is created and stored with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The job run. Task runs take the ids after it: `run_id + 1`, `+ 2`, …, at most [`RUNS_PER_JOB_RUN`] of them.
    pub run_id: RunId,
    /// The job.
    pub job_id: JobId,
    /// Its name when the run was created.
    pub job_name: String,
    /// The tasks of this run in definition order; after a selection by `only`, the selected ones.
    pub tasks: Vec<Task>,
    /// Task keys that run although they are disabled, because the request named them.
    #[serde(default)]
    pub forced: BTreeSet<String>,
    /// Time-out of the whole run in milliseconds.
    pub timeout_ms: Option<u64>,
    /// Failed tasks are tried again with growing delays, as `task_retry_mode` `ON_FAILURE` of a continuous job asks (reference section
    /// 11.5).
    #[serde(default)]
    pub retry_on_failure: bool,
    /// Job parameters with their values.
    pub parameters: Vec<ParameterValue>,
    /// Legacy task parameters of the request.
    #[serde(default)]
    pub legacy: LegacyParameters,
    /// What started the run, for `{{job.trigger.…}}` (reference section 13.3).
    pub trigger: TriggerFacts,
    /// Workspace id and URL, for `{{workspace.…}}`.
    pub workspace: WorkspaceFacts,
    /// Who is told about the job run; what tasks say of themselves stands in them.
    #[serde(default, skip_serializing_if = "Audience::is_empty")]
    pub audience: Box<Audience>,
    /// Health rules of the job run (reference section 16.5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Box<Health>>,
}

/// How many task runs one job run may have, all attempts, iterations and repairs counted.
pub const RUNS_PER_JOB_RUN: i64 = 1 << 20;

/// What started a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TriggerFacts {
    /// Lower-case form, for example `onetime` or `periodic` (reference section 8.5).
    pub kind: String,
    /// When it was triggered.
    pub time: WallTime,
    /// The watched URL of a file-arrival trigger.
    pub file_arrival_location: Option<String>,
    /// Facts of a table-update trigger: a list of [`crate::reference::TableUpdate`] as JSON.
    pub table_update: Option<Value>,
}

/// The workspace a run belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WorkspaceFacts {
    /// Digits.
    pub id: String,
    /// Base URL.
    pub url: String,
}

/// What the driver tells the machine.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A time that [`Output::Wait`] named has come; early ones are harmless.
    Timeout,
    /// A started attempt is now executing user code; before this it counts as setting up.
    Started {
        /// The attempt.
        run: RunId,
    },
    /// A started attempt is over, however it went. Every [`Output::Start`] is answered by exactly one.
    Exited {
        /// The attempt.
        run: RunId,
        /// How it went.
        exit: Exit,
    },
    /// A running attempt set a task value (reference section 14.1).
    Value {
        /// The attempt.
        run: RunId,
        /// The key.
        key: String,
        /// Any JSON.
        value: Value,
    },
    /// Cancel the whole job run (reference section 11.4).
    CancelRun,
    /// Cancel one task run or iteration.
    CancelTask {
        /// The task run.
        run: RunId,
    },
    /// Run part of an ended job run again (reference section 11.6).
    Repair(Box<Repair>),
    /// The job's time-out was changed while the run is active (reference section 3.2).
    SetTimeout {
        /// New time-out in milliseconds from the start of the run; `None` for none.
        timeout_ms: Option<u64>,
    },
    /// Answer to [`Output::Recover`]: the attempt's process is still there and will be reported by `Exited`.
    StillRunning {
        /// The attempt.
        run: RunId,
    },
    /// Answer to [`Output::Recover`]: the attempt was recorded but never started, so it is started now.
    NeverStarted {
        /// The attempt.
        run: RunId,
    },
}

/// How an attempt went, as its executor saw it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exit {
    /// `Success`, `Failed`, `TimedOut` or `Canceled`. After a [`Output::Stop`] the machine's own reason wins over
    /// anything but success.
    pub outcome: Outcome,
    /// Why.
    pub code: TerminationCode,
    /// The `state_message`; empty after success.
    pub message: String,
    /// What `{{tasks.x.output.…}}` may read, as JSON of [`crate::reference::OutputContext`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
}

/// A repair request, checked by [`super::Machine`] (reference sections 3.16 and 11.6).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Repair {
    /// Id of the new repair, given by the driver.
    pub repair_id: i64,
    /// Exactly these tasks.
    pub rerun_tasks: Vec<String>,
    /// Every task that is not successful.
    pub rerun_all_failed_tasks: bool,
    /// Also everything downstream of the selection.
    pub rerun_dependent_tasks: bool,
    /// Must equal the last repair's id from the second repair on.
    pub latest_repair_id: Option<i64>,
    /// Overrides of job parameters.
    pub job_parameters: BTreeMap<String, String>,
    /// Overrides of legacy task parameters.
    pub legacy: LegacyParameters,
    /// The job's present tasks; empty keeps the plan's (one-time runs, deleted jobs).
    pub tasks: Vec<Task>,
    /// The job's present parameters, for new defaults.
    pub parameters: Vec<JobParameter>,
}

/// What the machine wants.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Store this before carrying out anything that comes after it.
    Record(Box<super::Change>),
    /// Run this attempt.
    Start(Box<Start>),
    /// Stop this attempt; its `Exited` is still awaited.
    Stop {
        /// The attempt.
        run: RunId,
        /// Why.
        why: StopReason,
    },
    /// After a restore: say what became of this attempt, by `Exited`, `StillRunning` or `NeverStarted`.
    Recover {
        /// The attempt.
        run: RunId,
    },
    /// Nothing to do until an input comes, at the latest `Timeout` at this tick.
    Wait {
        /// `None`: no timer is set.
        until: Option<Tick>,
        /// What is waited for.
        reason: WaitReason,
    },
    /// The job run is over; repeated until a repair.
    Done,
}

/// Why an attempt is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// Its own time-out.
    TaskTimeout,
    /// The job run's time-out.
    RunTimeout,
    /// The job run was cancelled.
    RunCanceled,
    /// The task run was cancelled.
    TaskCanceled,
    /// Another task of a continuous job's run failed and is not tried again.
    GaveUp,
}

/// What a machine waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitReason {
    /// Attempts that are running or stopping.
    Attempts,
    /// The earliest start of a retry.
    Retry,
    /// The driver's answers to `Recover`.
    Recovery,
}

/// An attempt to run: the task as it shall be executed.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// Id of the attempt's task run.
    pub run: RunId,
    /// Key of the task; of an iteration, the nested task's key with `_<index>`.
    pub task_key: String,
    /// From 0; rises by one per retry.
    pub attempt_number: u32,
    /// The task with references resolved and parameters merged in: job parameters pushed down, legacy parameters
    /// applied, as reference section 12.3 says. For-each and condition tasks never get here.
    pub task: Task,
    /// The job parameters of this attempt with references resolved, in the job's order. A run-job task's child gets
    /// them by [`super::child_parameters`], which knows the names that the child defines.
    pub parameters: Vec<(String, String)>,
}

/// The state of a job run as people and the wire see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunView {
    /// Of the job run.
    pub phase: Phase,
    /// When the machine was made.
    pub start_time: WallTime,
    /// When the job run last ended; `None` while it is active.
    pub end_time: Option<WallTime>,
    /// Job parameters with the values used last, references resolved where possible.
    pub parameters: Vec<ParameterValue>,
    /// Every task run that ever was, in order of id; iterations too.
    pub tasks: Vec<TaskRunView>,
    /// Repairs in order.
    pub repairs: Vec<RepairView>,
}

/// One attempt of a task, of a for-each parent, or of an iteration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskRunView {
    /// Its id.
    pub run_id: RunId,
    /// Key of the task; of an iteration, the nested key with `_<index>`.
    pub task_key: String,
    /// The for-each task run it is an iteration of.
    pub iteration_of: Option<RunId>,
    /// Index of the element, from 0, for iterations.
    pub iteration: Option<u32>,
    /// From 0, from 0 again after a repair (open point 15).
    pub attempt_number: u32,
    /// Which repair made it; `None` for the original run.
    pub repair_id: Option<i64>,
    /// True when `runs/get` lists it: the attempts that belong to the newest repair of their task (section 11.6).
    pub listed: bool,
    /// Where it stands.
    pub phase: Phase,
    /// When it will be started, of one that waits for its retry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_time: Option<WallTime>,
    /// When it was started; `None` before.
    pub start_time: Option<WallTime>,
    /// When user code began to run.
    pub execution_start: Option<WallTime>,
    /// When it ended.
    pub end_time: Option<WallTime>,
    /// The task as written in the definition.
    pub task: Arc<Task>,
    /// The task as executed, once it has been started.
    pub resolved: Option<Arc<Task>>,
    /// Outcome of a condition task.
    pub condition_outcome: Option<bool>,
    /// Counts of a for-each task.
    pub stats: Option<ForEachStats>,
}

/// `for_each_task.stats` (reference section 7.3); only the newest attempt of each iteration counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForEachStats {
    /// Number of elements.
    pub total_iterations: u32,
    /// Not yet started.
    pub scheduled_iterations: u32,
    /// Running, or waiting for a retry.
    pub active_iterations: u32,
    /// Ended.
    pub completed_iterations: u32,
    /// Ended well.
    pub succeeded_iterations: u32,
    /// Ended otherwise.
    pub failed_iterations: u32,
    /// The three most frequent messages with their counts.
    pub errors: Vec<(String, u32)>,
}

/// One repair, or the original run as the first item of `repair_history`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RepairView {
    /// `None` for the original run.
    pub repair_id: Option<i64>,
    /// When it began.
    pub start_time: WallTime,
    /// When it ended.
    pub end_time: Option<WallTime>,
    /// How the job run stood at its end.
    pub phase: Phase,
    /// The task runs made by it.
    pub task_run_ids: Vec<RunId>,
}
