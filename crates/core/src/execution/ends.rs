//! The ends that the machine itself gives, with their codes and texts (reference sections 8.3, 8.4 and 9).

use super::io::{Exit, StopReason};
use crate::dag::Decision;
use crate::run::{End, Outcome, TerminationCode};

/// The end of a task run that was started and then stopped.
pub(super) fn stopped(why: StopReason) -> End {
    match why {
        StopReason::TaskTimeout => {
            End::new(Outcome::TimedOut, TerminationCode::Canceled, "The task run exceeded its time-out.")
        }
        StopReason::RunTimeout => End::new(
            Outcome::TimedOut,
            TerminationCode::Canceled,
            "The task run was stopped because the job run exceeded its time-out.",
        ),
        StopReason::RunCanceled => {
            End::new(Outcome::Canceled, TerminationCode::UserCanceled, "The job run was canceled.")
        }
        StopReason::TaskCanceled => {
            End::new(Outcome::Canceled, TerminationCode::UserCanceled, "The task run was canceled.")
        }
        StopReason::GaveUp => {
            let text = "The task run was canceled because another task failed for good.";
            End::new(Outcome::Canceled, TerminationCode::Canceled, text)
        }
    }
}

/// The end of a task that was still waiting for its dependencies when something stopped it. Section 11.4 leaves the
/// split open: such a task ends as its unfinished dependencies make it.
pub(super) fn never_ran(why: StopReason) -> End {
    match why {
        StopReason::TaskTimeout | StopReason::RunTimeout => upstream_failed(),
        StopReason::RunCanceled | StopReason::GaveUp => upstream_canceled(),
        StopReason::TaskCanceled => stopped(why),
    }
}

/// The end of a task whose run condition decided against it; `None` when it runs.
pub(super) fn decided(decision: Decision) -> Option<End> {
    match decision {
        Decision::Run => None,
        Decision::UpstreamFailed => Some(upstream_failed()),
        Decision::UpstreamCanceled => Some(upstream_canceled()),
        Decision::Excluded => {
            Some(End::new(Outcome::Excluded, TerminationCode::Skipped, "The run condition was not met."))
        }
        Decision::Disabled => {
            Some(End::new(Outcome::Disabled, TerminationCode::Disabled, "An upstream task is disabled."))
        }
    }
}

/// The end of a task with `disabled: true`.
pub(super) fn disabled() -> End {
    End::new(Outcome::Disabled, TerminationCode::Disabled, "The task is disabled.")
}

fn upstream_failed() -> End {
    End::new(Outcome::UpstreamFailed, TerminationCode::Skipped, "An upstream task failed.")
}

fn upstream_canceled() -> End {
    End::new(Outcome::UpstreamCanceled, TerminationCode::Skipped, "An upstream task was canceled.")
}

/// The end of a task that could not be started as it is written.
pub(super) fn invalid(message: String) -> End {
    End::new(Outcome::Failed, TerminationCode::InvalidRunConfiguration, message)
}

/// The end of an attempt from its executor's words, and from the reason for which it was stopped, if it was: that
/// reason wins over anything but success. A child run that succeeded with failures is a success (section 10.3).
pub(super) fn exited(exit: &Exit, stop: Option<StopReason>) -> End {
    let outcome = match &exit.outcome {
        Outcome::Success | Outcome::SuccessWithFailures => return End::success(),
        Outcome::TimedOut => Outcome::TimedOut,
        Outcome::Canceled => Outcome::Canceled,
        _ => Outcome::Failed,
    };
    match stop {
        Some(why) => stopped(why),
        None => End { outcome, code: exit.code.clone(), message: exit.message.clone() },
    }
}
