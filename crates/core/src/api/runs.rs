//! Endpoints about runs (reference sections 3.7 to 3.16).

use super::{Empty, Keep, RunOutput, endpoint};
use crate::execution::LegacyParameters;
use crate::id::{JobId, RunId};
use crate::job::wire::{TextMap, wire_struct};
use crate::job::{
    Environment, EnvironmentVariables, GitSource, Health, NotificationSettings, Notifications, QueueSettings,
    RunAs, Task, WebhookNotifications,
};
use crate::run::RunDoc;
use serde_json::Value;

/// Most runs on one page of `runs/list` (reference section 3.11).
pub const LIST_RUNS_LIMIT: i64 = 25;

/// Longest idempotency token, in characters.
pub const IDEMPOTENCY_TOKEN_LIMIT: usize = 64;

wire_struct! {
    /// `POST /jobs/run-now` (reference section 3.7).
    #[derive(Default)]
    pub struct RunNow {
        /// The job.
        pub job_id: JobId,
        /// Overrides of job parameters.
        pub job_parameters: TextMap,
        /// Merged over `base_parameters` of every notebook task.
        pub notebook_params: Option<TextMap>,
        /// Replaces the list of every Python script and positional wheel task.
        pub python_params: Option<Vec<String>>,
        /// Merged over `named_parameters` of every wheel task.
        pub python_named_params: Option<TextMap>,
        /// Replaces the list of every JAR task.
        pub jar_params: Option<Vec<String>>,
        /// Replaces the list of every spark-submit task.
        pub spark_submit_params: Option<Vec<String>>,
        /// Merged over the parameters of every SQL task.
        pub sql_params: Option<TextMap>,
        /// Replaces the commands of every dbt task.
        pub dbt_commands: Option<Vec<String>>,
        /// For pipeline tasks.
        pub pipeline_params: Option<Value>,
        /// Run only these tasks; `+key`, `key+` take in what is upstream or downstream.
        pub only: Vec<String>,
        /// Overrides the job's queue setting.
        pub queue: Option<QueueSettings>,
        /// Overrides the job's.
        pub performance_target: Option<String>,
        /// With `COST_OPTIMIZED` only.
        pub duration_target: Option<String>,
        /// At most [`IDEMPOTENCY_TOKEN_LIMIT`] characters; a second request with it returns the first run.
        pub idempotency_token: Option<String>,
    }
}
endpoint!(RunNow: Post "/jobs/run-now" as "run_now" -> Started,
    repeatable |request| request.idempotency_token.is_some());

wire_struct! {
    /// Answer to run-now and submit.
    #[derive(Default)]
    pub struct Started {
        /// The new run.
        pub run_id: RunId,
        /// Deprecated, equals `run_id`.
        pub number_in_job: Option<i64>,
    }
}

wire_struct! {
    /// `POST /jobs/runs/submit`: a one-time run (reference section 3.8).
    #[derive(Default)]
    pub struct SubmitRun {
        /// `Untitled` when missing.
        pub run_name: Option<String>,
        /// The tasks; the older single-task body leaves them out and its fields are in `unknown`.
        pub tasks: Vec<Task>,
        /// Of the whole run, in seconds.
        pub timeout_seconds: Option<i64>,
        /// Repository of tasks with source GIT.
        pub git_source: Option<GitSource>,
        /// Serverless environments.
        pub environments: Vec<Environment>,
        /// Sets of environment variables.
        pub environment_variables: Vec<EnvironmentVariables>,
        /// E-mail addresses by event.
        pub email_notifications: Option<Notifications>,
        /// Destinations by event.
        pub webhook_notifications: Option<WebhookNotifications>,
        /// Which alerts are left out.
        pub notification_settings: Option<NotificationSettings>,
        /// Rules that send warnings.
        pub health: Option<Health>,
        /// What happens over the limit of concurrent runs.
        pub queue: Option<QueueSettings>,
        /// Identity of the run.
        pub run_as: Option<RunAs>,
        /// Permissions, as they came.
        pub access_control_list: Option<Value>,
        /// At most [`IDEMPOTENCY_TOKEN_LIMIT`] characters.
        pub idempotency_token: Option<String>,
        /// Cost policy.
        pub budget_policy_id: Option<String>,
        /// Cost policy, newer name.
        pub usage_policy_id: Option<String>,
        /// Serverless performance mode.
        pub performance_target: Option<String>,
        /// With `COST_OPTIMIZED` only.
        pub duration_target: Option<String>,
    }
}
endpoint!(SubmitRun: Post "/jobs/runs/submit" as "submit" -> Started,
    repeatable |request| request.idempotency_token.is_some());

wire_struct! {
    /// `GET /jobs/runs/get`.
    #[derive(Default)]
    pub struct GetRun {
        /// A job run or a task run.
        pub run_id: RunId,
        /// Adds `repair_history`.
        pub include_history: Option<bool>,
        /// Adds `resolved_values` to tasks.
        pub include_resolved_values: Option<bool>,
        /// The next hundred elements of the arrays.
        pub page_token: Option<String>,
    }
}
endpoint!(GetRun: Get "/jobs/runs/get" as "get_run" -> RunDoc,
    flags ["include_history", "include_resolved_values"],
    keep |request, run| if run.phase().is_terminal() { Keep::Run(request.run_id) } else { Keep::Briefly });

wire_struct! {
    /// `GET /jobs/runs/get-output`.
    #[derive(Default)]
    pub struct GetRunOutput {
        /// A task run or an iteration.
        pub run_id: RunId,
    }
}
endpoint!(GetRunOutput: Get "/jobs/runs/get-output" as "get_run_output" -> RunOutput,
keep |request, output| match &output.metadata {
    Some(run) if run.phase().is_terminal() => Keep::Run(request.run_id),
    _ => Keep::Briefly,
});

wire_struct! {
    /// `GET /jobs/runs/list`; newest start first.
    #[derive(Default)]
    pub struct ListRuns {
        /// Of one job; of all when missing.
        pub job_id: Option<JobId>,
        /// Not yet ended.
        pub active_only: Option<bool>,
        /// Ended; not together with `active_only`.
        pub completed_only: Option<bool>,
        /// `JOB_RUN`, `WORKFLOW_RUN` or `SUBMIT_RUN`.
        pub run_type: Option<String>,
        /// Started at this time or later, in milliseconds since 1970.
        pub start_time_from: Option<i64>,
        /// Started at this time or earlier, in milliseconds since 1970.
        pub start_time_to: Option<i64>,
        /// With tasks, the first hundred.
        pub expand_tasks: Option<bool>,
        /// 1 to [`LIST_RUNS_LIMIT`]; 20 when missing, 0 is the maximum.
        pub limit: Option<i64>,
        /// From `next_page_token`.
        pub page_token: Option<String>,
        /// Deprecated.
        pub offset: Option<i64>,
    }
}
endpoint!(ListRuns: Get "/jobs/runs/list" as "list_runs" -> RunsPage, pages of LIST_RUNS_LIMIT,
    flags ["active_only", "completed_only", "expand_tasks"], keep |_, _| Keep::Briefly);

wire_struct! {
    /// Answer to list.
    #[derive(Default)]
    pub struct RunsPage {
        /// The runs; omitted when there are none.
        pub runs: Vec<RunDoc>,
        /// True when another page follows.
        pub has_more: Option<bool>,
        /// Of the next page.
        pub next_page_token: Option<String>,
        /// Of the page before.
        pub prev_page_token: Option<String>,
    }
}

impl ListRuns {
    /// The request of the page after `page`; `None` when that was the last. An empty token ends too.
    pub fn after(&self, page: &RunsPage) -> Option<Self> {
        let token = next_token(page.next_page_token.as_deref())?;
        Some(Self { page_token: Some(token), ..self.clone() })
    }
}

impl GetRun {
    /// The request of the page after `page`; `None` when that was the last.
    pub fn after(&self, page: &RunDoc) -> Option<Self> {
        let token = next_token(page.next_page_token.as_deref())?;
        Some(Self { page_token: Some(token), ..self.clone() })
    }
}

wire_struct! {
    /// `POST /jobs/runs/cancel`.
    #[derive(Default)]
    pub struct CancelRun {
        /// A job run or a task run.
        pub run_id: RunId,
    }
}
endpoint!(CancelRun: Post "/jobs/runs/cancel" as "cancel_run" -> Empty, repeatable |_| true);

wire_struct! {
    /// `POST /jobs/runs/cancel-all`.
    #[derive(Default)]
    pub struct CancelAllRuns {
        /// All active runs of this job.
        pub job_id: Option<JobId>,
        /// All queued runs, of the job or of the workspace.
        pub all_queued_runs: Option<bool>,
    }
}
endpoint!(CancelAllRuns: Post "/jobs/runs/cancel-all" as "cancel_all_runs" -> Empty);

wire_struct! {
    /// `POST /jobs/runs/delete`: of a run that has ended.
    #[derive(Default)]
    pub struct DeleteRun {
        /// The run.
        pub run_id: RunId,
    }
}
endpoint!(DeleteRun: Post "/jobs/runs/delete" as "delete_run" -> Empty);

wire_struct! {
    /// `GET /jobs/runs/export`.
    #[derive(Default)]
    pub struct ExportRun {
        /// A task run of a notebook task.
        pub run_id: RunId,
        /// `CODE` (when missing), `DASHBOARDS` or `ALL`.
        pub views_to_export: Option<String>,
    }
}
endpoint!(ExportRun: Get "/jobs/runs/export" as "export_run" -> ExportedRun);

wire_struct! {
    /// Answer to export.
    #[derive(Default)]
    pub struct ExportedRun {
        /// The pages: `name`, `type` (`NOTEBOOK` or `DASHBOARD`) and `content` (HTML), as they came.
        pub views: Vec<Value>,
    }
}

wire_struct! {
    /// `POST /jobs/runs/repair` (reference section 3.16).
    #[derive(Default)]
    pub struct RepairRun {
        /// A finished job run.
        pub run_id: RunId,
        /// Exactly these tasks.
        pub rerun_tasks: Vec<String>,
        /// Every task that is not successful; excludes `rerun_tasks`.
        pub rerun_all_failed_tasks: Option<bool>,
        /// Also everything downstream of the selection.
        pub rerun_dependent_tasks: Option<bool>,
        /// From the second repair on: the id of the last.
        pub latest_repair_id: Option<i64>,
        /// Overrides of job parameters.
        pub job_parameters: TextMap,
        /// As in run-now.
        pub notebook_params: Option<TextMap>,
        /// As in run-now.
        pub python_params: Option<Vec<String>>,
        /// As in run-now.
        pub python_named_params: Option<TextMap>,
        /// As in run-now.
        pub jar_params: Option<Vec<String>>,
        /// As in run-now.
        pub spark_submit_params: Option<Vec<String>>,
        /// As in run-now.
        pub sql_params: Option<TextMap>,
        /// As in run-now.
        pub dbt_commands: Option<Vec<String>>,
        /// As in run-now.
        pub pipeline_params: Option<Value>,
        /// Overrides the job's.
        pub performance_target: Option<String>,
        /// With `COST_OPTIMIZED` only.
        pub duration_target: Option<String>,
    }
}
endpoint!(RepairRun: Post "/jobs/runs/repair" as "repair_run" -> Repaired);

wire_struct! {
    /// Answer to repair.
    #[derive(Default)]
    pub struct Repaired {
        /// The new repair; the next one sends it as `latest_repair_id`.
        pub repair_id: i64,
    }
}

/// Both calls carry the same legacy task parameters.
macro_rules! legacy {
    ($($name:ident),*) => {$(
        impl $name {
            /// The legacy task parameters of the request (reference section 12.4).
            pub fn legacy(&self) -> LegacyParameters {
                LegacyParameters {
                    notebook_params: self.notebook_params.clone(),
                    python_params: self.python_params.clone(),
                    python_named_params: self.python_named_params.clone(),
                    jar_params: self.jar_params.clone(),
                    spark_submit_params: self.spark_submit_params.clone(),
                    sql_params: self.sql_params.clone(),
                    dbt_commands: self.dbt_commands.clone(),
                    pipeline_params: self.pipeline_params.clone(),
                }
            }
        }
    )*};
}
legacy!(RunNow, RepairRun);

/// The token of a next page; an empty one is none (reference section 2.8).
pub(super) fn next_token(token: Option<&str>) -> Option<String> {
    token.filter(|token| !token.is_empty()).map(str::to_owned)
}
