//! One task: the common fields, and which of the `*_task` blocks says what it does (reference sections 4.2 and 5).

use super::{
    ConditionTask, DbtTask, ForEachTask, Health, Library, NotebookTask, NotificationSettings, Notifications,
    PipelineTask, PythonWheelTask, RunJobTask, SparkJarTask, SparkPythonTask, SparkSubmitTask, SqlTask,
    WebhookNotifications,
};
use crate::job::wire::{open_enum, wire_struct};
use crate::value::Value;

open_enum! {
    /// When a task may run, given how its dependencies ended (reference section 9.3).
    pub enum RunIf {
        /// All dependencies succeeded or were excluded; the default.
        AllSuccess = "ALL_SUCCESS",
        /// At least one succeeded.
        AtLeastOneSuccess = "AT_LEAST_ONE_SUCCESS",
        /// None failed and at least one was executed.
        NoneFailed = "NONE_FAILED",
        /// All ended, in any way.
        AllDone = "ALL_DONE",
        /// At least one failed.
        AtLeastOneFailed = "AT_LEAST_ONE_FAILED",
        /// All failed.
        AllFailed = "ALL_FAILED",
    }
}

wire_struct! {
    /// An edge of the graph.
    pub struct Dependency {
        /// The task that must have ended.
        pub task_key: String,
        /// `"true"` or `"false"` when it is a condition task (reference section 9.4).
        pub outcome: Option<String>,
    }
}

wire_struct! {
    /// A task of a job, of a one-time run (then without `job_cluster_key`), or inside a for-each task.
    pub struct Task {
        /// 1 to 100 characters of `[A-Za-z0-9_-]`, unique in the job.
        pub task_key: String,
        /// At most 1000 characters.
        pub description: Option<String>,
        /// Edges to the tasks it waits for.
        pub depends_on: Vec<Dependency>,
        /// `ALL_SUCCESS` when missing.
        pub run_if: Option<RunIf>,
        /// True: kept in the definition, never run.
        pub disabled: Option<bool>,
        /// Further attempts after a failure; -1 is without end.
        pub max_retries: Option<i64>,
        /// From the start of the failed attempt to the start of the next, at least.
        pub min_retry_interval_millis: Option<i64>,
        /// Also retry after a time-out.
        pub retry_on_timeout: Option<bool>,
        /// Of each attempt, in seconds; 0 is none.
        pub timeout_seconds: Option<i64>,
        /// Compute: a running all-purpose cluster.
        pub existing_cluster_id: Option<String>,
        /// Compute: a cluster for this task; opaque (reference section 6.2).
        pub new_cluster: Option<Value>,
        /// Compute: a shared cluster of the job.
        pub job_cluster_key: Option<String>,
        /// Compute: a serverless environment of the job.
        pub environment_key: Option<String>,
        /// A set of environment variables of the job.
        pub environment_variables_key: Option<String>,
        /// Serverless accelerators; opaque.
        pub compute: Option<Value>,
        /// What to install before the task starts.
        pub libraries: Vec<Library>,
        /// Turns off serverless automatic retries.
        pub disable_auto_optimization: Option<bool>,
        /// E-mail addresses by event.
        pub email_notifications: Option<Notifications>,
        /// Destinations by event.
        pub webhook_notifications: Option<WebhookNotifications>,
        /// Which alerts are left out.
        pub notification_settings: Option<NotificationSettings>,
        /// Rules that send warnings.
        pub health: Option<Health>,
        /// Run a notebook.
        pub notebook_task: Option<NotebookTask>,
        /// Run a Python file.
        pub spark_python_task: Option<SparkPythonTask>,
        /// Run an entry point of a wheel.
        pub python_wheel_task: Option<PythonWheelTask>,
        /// Run a main class.
        pub spark_jar_task: Option<SparkJarTask>,
        /// Run a spark-submit command line.
        pub spark_submit_task: Option<SparkSubmitTask>,
        /// Run SQL.
        pub sql_task: Option<SqlTask>,
        /// Run dbt commands.
        pub dbt_task: Option<DbtTask>,
        /// Update a pipeline.
        pub pipeline_task: Option<PipelineTask>,
        /// Run another job.
        pub run_job_task: Option<RunJobTask>,
        /// Compare two values.
        pub condition_task: Option<ConditionTask>,
        /// Run a nested task for each element of a list.
        pub for_each_task: Option<ForEachTask>,
    }
}

/// What a task does, as a view of its one `*_task` block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TaskKind<'a> {
    /// `notebook_task`
    Notebook(&'a NotebookTask),
    /// `spark_python_task`
    SparkPython(&'a SparkPythonTask),
    /// `python_wheel_task`
    PythonWheel(&'a PythonWheelTask),
    /// `spark_jar_task`
    SparkJar(&'a SparkJarTask),
    /// `spark_submit_task`
    SparkSubmit(&'a SparkSubmitTask),
    /// `sql_task`
    Sql(&'a SqlTask),
    /// `dbt_task`
    Dbt(&'a DbtTask),
    /// `pipeline_task`
    Pipeline(&'a PipelineTask),
    /// `run_job_task`
    RunJob(&'a RunJobTask),
    /// `condition_task`
    Condition(&'a ConditionTask),
    /// `for_each_task`
    ForEach(&'a ForEachTask),
    /// Any other `*_task` block, by its field name; stored, not modelled.
    Other(&'a str, &'a Value),
}

impl TaskKind<'_> {
    /// The fields of the blocks that are modelled.
    pub const FIELDS: &'static [&'static str] = &[
        "notebook_task",
        "spark_python_task",
        "python_wheel_task",
        "spark_jar_task",
        "spark_submit_task",
        "sql_task",
        "dbt_task",
        "pipeline_task",
        "run_job_task",
        "condition_task",
        "for_each_task",
    ];

    /// The name of the block's field, for example `notebook_task`.
    pub fn field(&self) -> &str {
        match self {
            Self::Notebook(_) => "notebook_task",
            Self::SparkPython(_) => "spark_python_task",
            Self::PythonWheel(_) => "python_wheel_task",
            Self::SparkJar(_) => "spark_jar_task",
            Self::SparkSubmit(_) => "spark_submit_task",
            Self::Sql(_) => "sql_task",
            Self::Dbt(_) => "dbt_task",
            Self::Pipeline(_) => "pipeline_task",
            Self::RunJob(_) => "run_job_task",
            Self::Condition(_) => "condition_task",
            Self::ForEach(_) => "for_each_task",
            Self::Other(field, _) => field,
        }
    }
}

impl Task {
    /// Every `*_task` block that is present; a valid task has exactly one.
    pub fn kinds(&self) -> Vec<TaskKind<'_>> {
        let known = [
            self.notebook_task.as_ref().map(TaskKind::Notebook),
            self.spark_python_task.as_ref().map(TaskKind::SparkPython),
            self.python_wheel_task.as_ref().map(TaskKind::PythonWheel),
            self.spark_jar_task.as_ref().map(TaskKind::SparkJar),
            self.spark_submit_task.as_ref().map(TaskKind::SparkSubmit),
            self.sql_task.as_ref().map(TaskKind::Sql),
            self.dbt_task.as_ref().map(TaskKind::Dbt),
            self.pipeline_task.as_ref().map(TaskKind::Pipeline),
            self.run_job_task.as_ref().map(TaskKind::RunJob),
            self.condition_task.as_ref().map(TaskKind::Condition),
            self.for_each_task.as_ref().map(TaskKind::ForEach),
        ];
        let other = self.unknown.iter().filter(|(key, value)| key.ends_with("_task") && !value.is_null());
        known.into_iter().flatten().chain(other.map(|(key, value)| TaskKind::Other(key, value))).collect()
    }

    /// The task's one block; `None` when there is none or more than one.
    pub fn kind(&self) -> Option<TaskKind<'_>> {
        match self.kinds().as_slice() {
            [kind] => Some(*kind),
            _ => None,
        }
    }

    /// When the task may run.
    pub fn run_if(&self) -> RunIf {
        self.run_if.clone().unwrap_or(RunIf::AllSuccess)
    }

    /// True when the task is kept in the definition but never run.
    pub fn is_disabled(&self) -> bool {
        self.disabled == Some(true)
    }

    /// Time-out of one attempt in milliseconds; `None` without one.
    pub fn timeout_ms(&self) -> Option<u64> {
        self.timeout_seconds
            .and_then(|s| u64::try_from(s).ok())
            .filter(|s| *s > 0)
            .map(|s| s.saturating_mul(1000))
    }
}
