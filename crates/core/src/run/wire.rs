//! The two wire forms of a phase: `status`, and the legacy `state` that every official waiter still reads
//! (reference sections 7.5, 8.1 to 8.4 and 22).

use super::{End, Outcome, Phase, TerminationCode};
use serde::{Deserialize, Serialize};

/// Whether a phase belongs to a job run or to a task run; a failed job run reports another life cycle (section 8.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The job run.
    Job,
    /// A task run or an iteration.
    Task,
}

/// Legacy `state`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunState {
    /// Always present.
    #[serde(default)]
    pub life_cycle_state: String,
    /// In terminal states.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_state: Option<String>,
    /// For people.
    #[serde(default)]
    pub state_message: String,
    /// Why it is queued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_reason: Option<String>,
    /// Cancelled or stopped by a time-out.
    #[serde(default)]
    pub user_cancelled_or_timedout: bool,
}

/// `status.termination_details`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminationDetails {
    /// Why the run ended.
    pub code: String,
    /// `SUCCESS`, `CLIENT_ERROR`, `INTERNAL_ERROR` or `CLOUD_FAILURE`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// For people.
    #[serde(default)]
    pub message: String,
}

/// `status.queue_details`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueDetails {
    /// Which limit holds the run back.
    pub code: String,
    /// For people.
    #[serde(default)]
    pub message: String,
}

/// `status`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStatus {
    /// `BLOCKED`, `PENDING`, `QUEUED`, `RUNNING`, `TERMINATING`, `TERMINATED` or `WAITING`.
    #[serde(default)]
    pub state: String,
    /// When terminating or terminated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub termination_details: Option<TerminationDetails>,
    /// When queued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_details: Option<QueueDetails>,
}

/// Writes a phase in both forms.
pub fn write(phase: &Phase, level: Level) -> (RunState, RunStatus) {
    let plain = |state: &str, status: &str| {
        (
            RunState { life_cycle_state: state.to_owned(), ..RunState::default() },
            RunStatus { state: status.to_owned(), ..RunStatus::default() },
        )
    };
    match phase {
        Phase::Blocked => plain("BLOCKED", "BLOCKED"),
        Phase::Pending => plain("PENDING", "PENDING"),
        Phase::Running => plain("RUNNING", "RUNNING"),
        Phase::WaitingForRetry => plain("WAITING_FOR_RETRY", "WAITING"),
        Phase::Unknown { state } => plain(state, state),
        Phase::Queued { code, message } => {
            let (mut state, mut status) = plain("QUEUED", "QUEUED");
            state.queue_reason = Some(message.clone());
            status.queue_details = Some(QueueDetails { code: code.clone(), message: message.clone() });
            (state, status)
        }
        Phase::Terminating(end) => {
            let (mut state, mut status) = plain("TERMINATING", "TERMINATING");
            state.state_message.clone_from(&end.message);
            status.termination_details = Some(details(end));
            (state, status)
        }
        Phase::Ended(end) => (legacy_end(end, level), status_end(end)),
    }
}

fn status_end(end: &End) -> RunStatus {
    RunStatus { state: "TERMINATED".to_owned(), termination_details: Some(details(end)), queue_details: None }
}

fn details(end: &End) -> TerminationDetails {
    TerminationDetails {
        code: end.code.as_str().to_owned(),
        kind: termination_type(end).to_owned(),
        message: end.message.clone(),
    }
}

/// The life cycle that goes with an outcome: open points 1 and 2, and the surprise of section 8.4 that a job run with
/// a failed task reports `INTERNAL_ERROR`, as does a task that could not start.
fn life_cycle(end: &End, level: Level) -> &'static str {
    match &end.outcome {
        Outcome::Excluded
        | Outcome::UpstreamFailed
        | Outcome::UpstreamCanceled
        | Outcome::Disabled
        | Outcome::MaximumConcurrentRunsReached => "SKIPPED",
        Outcome::Failed if level == Level::Job || could_not_start(&end.code) => "INTERNAL_ERROR",
        Outcome::Success
        | Outcome::SuccessWithFailures
        | Outcome::Failed
        | Outcome::TimedOut
        | Outcome::Canceled
        | Outcome::Other(_) => "TERMINATED",
    }
}

fn could_not_start(code: &TerminationCode) -> bool {
    matches!(
        code,
        TerminationCode::InternalError
            | TerminationCode::LibraryInstallationError
            | TerminationCode::ClusterError
            | TerminationCode::DriverError
            | TerminationCode::RepositoryCheckoutFailed
    )
}

fn legacy_end(end: &End, level: Level) -> RunState {
    RunState {
        life_cycle_state: life_cycle(end, level).to_owned(),
        result_state: Some(end.outcome.as_str().to_owned()),
        state_message: end.message.clone(),
        queue_reason: None,
        user_cancelled_or_timedout: matches!(end.outcome, Outcome::Canceled | Outcome::TimedOut),
    }
}

/// `termination_details.type` of an end: the table of section 8.3, open point 3 included.
pub fn termination_type(end: &End) -> &'static str {
    match &end.code {
        // A cancelled upstream counts as a failure too (section 9.2), so that it is not read back as an exclusion.
        TerminationCode::Skipped
            if matches!(end.outcome, Outcome::UpstreamFailed | Outcome::UpstreamCanceled) =>
        {
            "CLIENT_ERROR"
        }
        TerminationCode::Success
        | TerminationCode::SuccessWithFailures
        | TerminationCode::UserCanceled
        | TerminationCode::Disabled
        | TerminationCode::Skipped => "SUCCESS",
        TerminationCode::InternalError => "INTERNAL_ERROR",
        TerminationCode::DriverError | TerminationCode::ClusterError => "CLOUD_FAILURE",
        TerminationCode::Canceled
        | TerminationCode::RunExecutionError
        | TerminationCode::InvalidRunConfiguration
        | TerminationCode::ResourceNotFound
        | TerminationCode::LibraryInstallationError
        | TerminationCode::RepositoryCheckoutFailed
        | TerminationCode::StorageAccessError
        | TerminationCode::UnauthorizedError
        | TerminationCode::FeatureDisabled
        | TerminationCode::MaxConcurrentRunsExceeded
        | TerminationCode::MaxJobQueueSizeExceeded
        | TerminationCode::WorkspaceRunLimitExceeded
        | TerminationCode::Other(_) => "CLIENT_ERROR",
    }
}

/// Reads a phase back: from `status` when it is there, else from the legacy `state`.
pub fn read(state: Option<&RunState>, status: Option<&RunStatus>) -> Phase {
    match status {
        Some(status) if !status.state.is_empty() => read_status(status, state),
        _ => state.map_or_else(|| Phase::Unknown { state: String::new() }, read_legacy),
    }
}

fn read_status(status: &RunStatus, state: Option<&RunState>) -> Phase {
    match status.state.as_str() {
        "BLOCKED" => Phase::Blocked,
        "PENDING" => Phase::Pending,
        "RUNNING" => Phase::Running,
        "WAITING" => Phase::WaitingForRetry,
        "QUEUED" => {
            let details = status.queue_details.clone();
            let (code, message) = details.map_or_else(Default::default, |d| (d.code, d.message));
            Phase::Queued { code, message }
        }
        "TERMINATING" => Phase::Terminating(read_end(status, state)),
        "TERMINATED" => Phase::Ended(read_end(status, state)),
        other => Phase::Unknown { state: other.to_owned() },
    }
}

/// The end that `termination_details` tell; the legacy result refines it (a skipped task may be excluded or upstream
/// failed, a cancelled one timed out), but never turns a failure into success.
fn read_end(status: &RunStatus, state: Option<&RunState>) -> End {
    let legacy = state.and_then(|s| s.result_state.as_deref()).map(Outcome::from);
    let Some(details) = &status.termination_details else {
        return state.map_or_else(
            || End::new(Outcome::Other(String::new()), TerminationCode::Other(String::new()), ""),
            legacy_to_end,
        );
    };
    let code = TerminationCode::from(details.code.as_str());
    let from_code = outcome_of(&code, &details.kind);
    let outcome = match legacy {
        Some(legacy) if legacy.is_success() == from_code.is_success() => legacy,
        _ => from_code,
    };
    End { outcome, code, message: details.message.clone() }
}

fn outcome_of(code: &TerminationCode, kind: &str) -> Outcome {
    match code {
        TerminationCode::Success => Outcome::Success,
        TerminationCode::SuccessWithFailures => Outcome::SuccessWithFailures,
        TerminationCode::UserCanceled | TerminationCode::Canceled => Outcome::Canceled,
        TerminationCode::Skipped if kind == "CLIENT_ERROR" => Outcome::UpstreamFailed,
        TerminationCode::Skipped => Outcome::Excluded,
        TerminationCode::Disabled => Outcome::Disabled,
        TerminationCode::MaxConcurrentRunsExceeded
        | TerminationCode::MaxJobQueueSizeExceeded
        | TerminationCode::WorkspaceRunLimitExceeded => Outcome::MaximumConcurrentRunsReached,
        _ => Outcome::Failed,
    }
}

fn read_legacy(state: &RunState) -> Phase {
    match state.life_cycle_state.as_str() {
        "BLOCKED" => Phase::Blocked,
        "PENDING" => Phase::Pending,
        "RUNNING" => Phase::Running,
        "WAITING_FOR_RETRY" => Phase::WaitingForRetry,
        "QUEUED" => {
            Phase::Queued { code: String::new(), message: state.queue_reason.clone().unwrap_or_default() }
        }
        "TERMINATING" => Phase::Terminating(legacy_to_end(state)),
        "TERMINATED" | "SKIPPED" | "INTERNAL_ERROR" => Phase::Ended(legacy_to_end(state)),
        other => Phase::Unknown { state: other.to_owned() },
    }
}

fn legacy_to_end(state: &RunState) -> End {
    let message = state.state_message.clone();
    let outcome = match (state.result_state.as_deref(), state.life_cycle_state.as_str()) {
        (Some(result), _) => Outcome::from(result),
        (None, "SKIPPED") => Outcome::Excluded,
        (None, "INTERNAL_ERROR") => Outcome::Failed,
        (None, _) => Outcome::Other(String::new()),
    };
    let code = match &outcome {
        Outcome::Success => TerminationCode::Success,
        Outcome::SuccessWithFailures => TerminationCode::SuccessWithFailures,
        Outcome::Failed if state.life_cycle_state == "INTERNAL_ERROR" && state.result_state.is_none() => {
            TerminationCode::InternalError
        }
        Outcome::Failed => TerminationCode::RunExecutionError,
        Outcome::TimedOut => TerminationCode::Canceled,
        Outcome::Canceled => TerminationCode::UserCanceled,
        Outcome::Excluded | Outcome::UpstreamFailed | Outcome::UpstreamCanceled => TerminationCode::Skipped,
        Outcome::Disabled => TerminationCode::Disabled,
        Outcome::MaximumConcurrentRunsReached => TerminationCode::MaxConcurrentRunsExceeded,
        Outcome::Other(text) => TerminationCode::Other(text.clone()),
    };
    End { outcome, code, message }
}
