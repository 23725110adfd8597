//! The truth about a run or a task run, free of any wire form.

use crate::job::wire::open_enum;
#[cfg(feature = "whole")]
use serde::{Deserialize, Serialize};

/// Where a run or a task run stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "whole", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "whole", serde(tag = "phase", rename_all = "snake_case"))]
pub enum Phase {
    /// A task run that waits for its dependencies.
    Blocked,
    /// Waits for a slot; with the code and text that `queue_details` shows.
    Queued {
        /// For example `MAX_CONCURRENT_RUNS_REACHED`.
        code: String,
        /// For people.
        message: String,
    },
    /// Compute and context are being prepared.
    Pending,
    /// User code runs.
    Running,
    /// A failed attempt will be followed by this one.
    WaitingForRetry,
    /// The end is known, things are being stopped or cleaned up.
    Terminating(End),
    /// Over.
    Ended(End),
    /// A state that this version does not know, as it came: never terminal, never success.
    Unknown {
        /// The text on the wire.
        state: String,
    },
}

/// How a run or a task run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "whole", derive(Serialize, Deserialize))]
pub struct End {
    /// The verdict.
    pub outcome: Outcome,
    /// Why, as `termination_details.code` says.
    pub code: TerminationCode,
    /// For people; empty after success.
    pub message: String,
}

open_enum! {
    /// The verdict on a run or a task run: the values of the legacy `result_state` (reference section 8.2).
    pub enum Outcome {
        /// It did what it should.
        Success = "SUCCESS",
        /// Job runs: some tasks failed, every leaf succeeded.
        SuccessWithFailures = "SUCCESS_WITH_FAILURES",
        /// User code, or a task of the run, failed.
        Failed = "FAILED",
        /// Stopped by a time-out.
        TimedOut = "TIMEDOUT",
        /// Stopped by a person or the platform.
        Canceled = "CANCELED",
        /// Task runs: the run condition was not met.
        Excluded = "EXCLUDED",
        /// Task runs: not run because something upstream failed.
        UpstreamFailed = "UPSTREAM_FAILED",
        /// Task runs: not run because something upstream was cancelled.
        UpstreamCanceled = "UPSTREAM_CANCELED",
        /// Task runs: disabled, or not runnable because of a disabled parent.
        Disabled = "DISABLED",
        /// Job runs: skipped because too many were active.
        MaximumConcurrentRunsReached = "MAXIMUM_CONCURRENT_RUNS_REACHED",
    }
}

open_enum! {
    /// Why a run ended (reference sections 8.3 and 25).
    pub enum TerminationCode {
        /// All fine.
        Success = "SUCCESS",
        /// Some child runs failed, the leaves are fine.
        SuccessWithFailures = "SUCCESS_WITH_FAILURES",
        /// Cancelled by a user.
        UserCanceled = "USER_CANCELED",
        /// Cancelled by the platform, time-outs included.
        Canceled = "CANCELED",
        /// Never executed.
        Skipped = "SKIPPED",
        /// Disabled task.
        Disabled = "DISABLED",
        /// User code or a task failed.
        RunExecutionError = "RUN_EXECUTION_ERROR",
        /// A fault of the service.
        InternalError = "INTERNAL_ERROR",
        /// Bad configuration found at run time.
        InvalidRunConfiguration = "INVALID_RUN_CONFIGURATION",
        /// Notebook, file or child job missing.
        ResourceNotFound = "RESOURCE_NOT_FOUND",
        /// A dependency could not be installed.
        LibraryInstallationError = "LIBRARY_INSTALLATION_ERROR",
        /// The Git repository could not be read.
        RepositoryCheckoutFailed = "REPOSITORY_CHECKOUT_FAILED",
        /// Storage refused access.
        StorageAccessError = "STORAGE_ACCESS_ERROR",
        /// Missing rights.
        UnauthorizedError = "UNAUTHORIZED_ERROR",
        /// Something that is switched off, or that does not run locally.
        FeatureDisabled = "FEATURE_DISABLED",
        /// Skipped: the job's own limit.
        MaxConcurrentRunsExceeded = "MAX_CONCURRENT_RUNS_EXCEEDED",
        /// Skipped: the job's queue is full.
        MaxJobQueueSizeExceeded = "MAX_JOB_QUEUE_SIZE_EXCEEDED",
        /// Skipped: the workspace's limit.
        WorkspaceRunLimitExceeded = "WORKSPACE_RUN_LIMIT_EXCEEDED",
        /// The driver process failed.
        DriverError = "DRIVER_ERROR",
        /// The cluster failed.
        ClusterError = "CLUSTER_ERROR",
    }
}

impl Outcome {
    /// True for the outcomes that count as success of a run.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Success | Self::SuccessWithFailures)
    }
}

impl Phase {
    /// The end, once the run is over.
    pub fn end(&self) -> Option<&End> {
        match self {
            Self::Ended(end) => Some(end),
            _ => None,
        }
    }

    /// True once nothing about the run changes any more, repairs apart.
    pub fn is_terminal(&self) -> bool {
        self.end().is_some()
    }

    /// True when the run is over and succeeded.
    pub fn is_success(&self) -> bool {
        self.end().is_some_and(|end| end.outcome.is_success())
    }
}

impl End {
    /// Success without a message.
    pub fn success() -> Self {
        Self { outcome: Outcome::Success, code: TerminationCode::Success, message: String::new() }
    }

    /// An end with a code and a sentence for people.
    pub fn new(outcome: Outcome, code: TerminationCode, message: impl Into<String>) -> Self {
        Self { outcome, code, message: message.into() }
    }
}
