//! What starts a job by itself (reference section 15), as it is written; when it fires is `crate::schedule`'s work.

use crate::job::wire::{open_enum, wire_struct};
use crate::value::Value;

open_enum! {
    /// Whether a trigger fires.
    pub enum PauseStatus {
        /// It fires; the default.
        Unpaused = "UNPAUSED",
        /// It does not; manual runs work.
        Paused = "PAUSED",
    }
}

open_enum! {
    /// Unit of a periodic trigger.
    pub enum PeriodicUnit {
        /// 60 seconds.
        Minutes = "MINUTES",
        /// 60 minutes.
        Hours = "HOURS",
        /// 24 hours.
        Days = "DAYS",
        /// 7 days.
        Weeks = "WEEKS",
    }
}

open_enum! {
    /// Whether a continuous job retries failed tasks.
    pub enum TaskRetryMode {
        /// The default of the API.
        Never = "NEVER",
        /// With growing delays.
        OnFailure = "ON_FAILURE",
    }
}

wire_struct! {
    /// Reference section 15.2.
    pub struct CronSchedule {
        /// Six or seven Quartz fields.
        pub quartz_cron_expression: String,
        /// Java time zone id.
        pub timezone_id: String,
        /// `UNPAUSED` when missing.
        pub pause_status: Option<PauseStatus>,
        /// An extra gate; stored, not evaluated.
        pub sql_condition: Option<Value>,
    }
}

wire_struct! {
    /// Reference section 15.3.
    pub struct PeriodicTrigger {
        /// Number of units, at least 1.
        pub interval: i64,
        /// Unit of the interval.
        pub unit: PeriodicUnit,
    }
}

wire_struct! {
    /// Reference section 15.4.
    pub struct FileArrivalTrigger {
        /// Watched folder.
        pub url: String,
        /// At least 60 when set.
        pub min_time_between_triggers_seconds: Option<i64>,
        /// At least 60 when set.
        pub wait_after_last_change_seconds: Option<i64>,
    }
}

wire_struct! {
    /// Reference section 15.5.
    pub struct TableUpdateTrigger {
        /// At most 10 names of three parts.
        pub table_names: Vec<String>,
        /// `ANY_UPDATED` when missing, or `ALL_UPDATED`.
        pub condition: Option<String>,
        /// At least 60 when set.
        pub min_time_between_triggers_seconds: Option<i64>,
        /// At least 60 when set.
        pub wait_after_last_change_seconds: Option<i64>,
    }
}

wire_struct! {
    /// Every trigger but cron and continuous; one kind is set.
    pub struct TriggerSettings {
        /// `UNPAUSED` when missing.
        pub pause_status: Option<PauseStatus>,
        /// At an interval.
        pub periodic: Option<PeriodicTrigger>,
        /// When files arrive.
        pub file_arrival: Option<FileArrivalTrigger>,
        /// When tables change.
        pub table_update: Option<TableUpdateTrigger>,
        /// When models change; opaque.
        pub model: Option<Value>,
        /// When jobs complete; opaque.
        pub job_completion: Option<Value>,
        /// An extra gate; stored, not evaluated.
        pub sql_condition: Option<Value>,
    }
}

wire_struct! {
    /// Reference section 15.7.
    pub struct Continuous {
        /// `UNPAUSED` when missing.
        pub pause_status: Option<PauseStatus>,
        /// `NEVER` when missing.
        pub task_retry_mode: Option<TaskRetryMode>,
        /// Opaque.
        pub maintenance_window: Option<Value>,
    }
}

/// Jobs that one trigger lists at most (reference section 18).
pub const MOST_JOBS: usize = 10;

/// With which status a run counts. The reference names the three and no more; LOCAL: as notifications tell success from failure
/// (section 16.1), and a cancelled run is neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IfStatus {
    /// It succeeded, with failures too.
    #[default]
    Success,
    /// It failed or timed out.
    Failed,
    /// It ended, however it did.
    Done,
}

impl IfStatus {
    /// As it is written.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "SUCCESS" => Some(Self::Success),
            "FAILED" => Some(Self::Failed),
            "DONE" => Some(Self::Done),
            _ => None,
        }
    }
}
