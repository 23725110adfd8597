//! `JobSettings`: the create body and `settings` of a stored job (reference section 4.1).

use super::{
    Continuous, CronSchedule, Environment, EnvironmentVariables, GitSource, Health, JobCluster,
    Notifications, Task, TriggerSettings, WebhookNotifications,
};
use crate::job::wire::{Path, Text, TextMap, Wire, open_enum, wire_struct};
use crate::problem::Problem;
use crate::value::Value;

open_enum! {
    /// Whether the definition may be edited in the user interface.
    pub enum EditMode {
        /// Anyone with the permission may edit it.
        Editable = "EDITABLE",
        /// Deployed by a bundle: the user interface only shows it.
        UiLocked = "UI_LOCKED",
    }
}

open_enum! {
    /// Serverless performance mode.
    pub enum PerformanceTarget {
        /// Quick start and execution; the default.
        PerformanceOptimized = "PERFORMANCE_OPTIMIZED",
        /// Slower and cheaper.
        Standard = "STANDARD",
        /// Documented, missing from the SDKs.
        CostOptimized = "COST_OPTIMIZED",
    }
}

wire_struct! {
    /// A job parameter: a name with a default (reference section 12.1).
    pub struct JobParameter {
        /// Letters, digits, `_`, `-` and `.`.
        pub name: String,
        /// Text; may hold JSON or dynamic references.
        pub default: Text,
    }
}

wire_struct! {
    /// Whether runs over the limit wait (reference section 11.3).
    pub struct QueueSettings {
        /// True: wait; false: be skipped.
        pub enabled: bool,
    }
}

wire_struct! {
    /// The identity that runs use; exactly one field is set.
    pub struct RunAs {
        /// E-mail address of a user.
        pub user_name: Option<String>,
        /// Application id of a service principal.
        pub service_principal_name: Option<String>,
        /// Name of a group.
        pub group_name: Option<String>,
    }
}

wire_struct! {
    /// Which alerts are left out (reference section 16.4).
    pub struct NotificationSettings {
        /// Send nothing for skipped runs.
        pub no_alert_for_skipped_runs: Option<bool>,
        /// Send nothing for cancelled runs.
        pub no_alert_for_canceled_runs: Option<bool>,
        /// Tasks only: nothing before the last attempt.
        pub alert_on_last_attempt: Option<bool>,
    }
}

wire_struct! {
    /// A whole job definition.
    pub struct JobSettings {
        /// At most 4096 bytes; the platform shows `Untitled` when it is missing.
        pub name: Option<String>,
        /// At most 27,700 characters.
        pub description: Option<String>,
        /// At most 1000 (100 in API 2.1).
        pub tasks: Vec<Task>,
        /// Clusters that tasks share by key.
        pub job_clusters: Vec<JobCluster>,
        /// Serverless environments that tasks name by key.
        pub environments: Vec<Environment>,
        /// Sets of environment variables that tasks name by key.
        pub environment_variables: Vec<EnvironmentVariables>,
        /// Job parameters, in the order they are shown.
        pub parameters: Vec<JobParameter>,
        /// At most 25.
        pub tags: TextMap,
        /// Cron trigger.
        pub schedule: Option<CronSchedule>,
        /// Every other single trigger.
        pub trigger: Option<TriggerSettings>,
        /// The preview form with several triggers; kept as it is.
        pub triggers: Option<Value>,
        /// One run always.
        pub continuous: Option<Continuous>,
        /// 0 to 1000, 1 when missing.
        pub max_concurrent_runs: Option<i64>,
        /// What happens to runs over that limit.
        pub queue: Option<QueueSettings>,
        /// Of the whole job run, in seconds; 0 is none.
        pub timeout_seconds: Option<i64>,
        /// Repository of tasks with source GIT.
        pub git_source: Option<GitSource>,
        /// Identity of runs.
        pub run_as: Option<RunAs>,
        /// E-mail addresses by event.
        pub email_notifications: Option<Notifications>,
        /// Destinations by event.
        pub webhook_notifications: Option<WebhookNotifications>,
        /// Which alerts are left out.
        pub notification_settings: Option<NotificationSettings>,
        /// Rules that send warnings.
        pub health: Option<Health>,
        /// Whether the definition is locked.
        pub edit_mode: Option<EditMode>,
        /// Always `MULTI_TASK`; ignored on write.
        pub format: Option<String>,
        /// Who deployed the job.
        pub deployment: Option<Value>,
        /// Serverless performance mode.
        pub performance_target: Option<PerformanceTarget>,
        /// With `COST_OPTIMIZED` only.
        pub duration_target: Option<String>,
        /// Cost policy.
        pub budget_policy_id: Option<String>,
        /// Cost policy, newer name.
        pub usage_policy_id: Option<String>,
        /// Workspace folder that holds the job object.
        pub parent_path: Option<String>,
    }
}

impl JobSettings {
    /// Reads a definition and lists everything that has the wrong type or is missing. With problems the model holds
    /// what could be read, and stand-ins (empty texts, zeros) for what is required; `None` only when the document is not an object.
    pub fn read_all(value: &Value) -> (Option<Self>, Vec<Problem>) {
        let mut problems = Vec::new();
        let settings = Self::read(value, &Path::Root, &mut problems);
        (settings, problems)
    }

    /// The job's name as lists show it.
    pub fn display_name(&self) -> &str {
        self.name.as_deref().unwrap_or("Untitled")
    }

    /// The task with a key. Nested tasks of for-each tasks are not found here.
    pub fn task(&self, key: &str) -> Option<&Task> {
        self.tasks.iter().find(|task| task.task_key == key)
    }

    /// Runs of this job that may be active at once.
    pub fn max_concurrent_runs(&self) -> i64 {
        let most = self.max_concurrent_runs.unwrap_or(1);
        // Reference section 11.5: exactly one run of a continuous job is active.
        if self.is_continuous() { most.min(1) } else { most }
    }

    /// Whether one run of this job is always wanted, paused or not (reference sections 15.7 and 15.9).
    pub fn is_continuous(&self) -> bool {
        let entries = self.triggers.as_ref().and_then(Value::as_array);
        self.continuous.is_some()
            || entries.is_some_and(|list| list.iter().any(|entry| entry.get("continuous").is_some()))
    }
}
