//! From a trigger to an outcome: the machine that starts or adopts a run, polls it, tells what changes, and ends in a
//! verdict that is never ambiguous.
//!
//! The machine sends nothing and reads no clock. A driver calls [`Wait::handle`] with the time and what happened, then
//! [`Wait::poll`] until it answers [`Output::Wait`] or [`Output::Ended`]; the same seed and inputs give the same outputs.
//! Which host is asked, and with which credential, is the driver's affair.

mod end;
mod history;
pub mod hub;
mod limiter;
mod machine;
mod schedule;
mod sight;

pub use end::{TaskFailure, Verdict, WaitEnd, failures, iteration_failures};
pub use history::{History, Plan};
pub use limiter::Limiter;
pub use machine::Wait;
pub use schedule::{Aim, PollSchedule};

use crate::api::retry::RetryPolicy;
use crate::api::{RepairRun, Request, Response, RunNow, SubmitRun};
use crate::error::Error;
use crate::id::{JobId, RunId};
use crate::run::RunDoc;
use crate::time::Tick;

pub use crate::execution::Now;

/// Which run is waited for, and what is done first.
#[derive(Clone, Debug, PartialEq)]
pub enum Goal {
    /// Start a run of a job. Without an idempotency token it is sent once and never again.
    RunNow(Box<RunNow>),
    /// Start a one-time run. Without an idempotency token it is sent once and never again.
    Submit(Box<SubmitRun>),
    /// A run that exists.
    Adopt(RunId),
    /// Cancel a run, then wait until it is really over.
    Cancel(RunId),
    /// Repair a finished run. A missing `latest_repair_id` is looked up, and a lost answer is cleared up by looking
    /// at the history, so that the repair happens once.
    Repair(Box<RepairRun>),
}

/// How it is waited for.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitOptions {
    /// Distances of polls.
    pub schedule: PollSchedule,
    /// The wait ends at this tick whatever happens; `None` waits as long as the run takes.
    pub deadline: Option<Tick>,
    /// Faults that may pass are borne within these limits, counted from the last call that succeeded.
    pub retry: RetryPolicy,
    /// Cancel the run when the deadline comes.
    pub cancel_on_timeout: bool,
    /// Cancel the run when the caller stops the wait.
    pub cancel_on_stop: bool,
    /// Outputs of at most this many failed tasks are fetched.
    pub failures: usize,
    /// The job of the run, where it is known beforehand: a wait for a run that exists can then share the pages of the
    /// job's runs from its first poll on. A trigger knows it anyway.
    pub job: Option<JobId>,
    /// For jitter.
    pub seed: u64,
}

impl WaitOptions {
    /// The defaults: no deadline, the run is left alone when the wait ends early, errors of ten failed tasks.
    pub fn new(schedule: PollSchedule, seed: u64) -> Self {
        Self {
            schedule,
            deadline: None,
            retry: RetryPolicy::default(),
            cancel_on_timeout: false,
            cancel_on_stop: false,
            failures: 10,
            job: None,
            seed,
        }
    }
}

/// Names one call; the driver gives it back with the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallId(pub u64);

/// What the driver tells the machine.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A time that [`Output::Wait`] named has come; early ones are harmless.
    Timeout,
    /// A call came back, with whatever status, or did not.
    Answered {
        /// Which.
        call: CallId,
        /// What the transport brought.
        result: Result<Response, Error>,
    },
    /// The caller does not want to wait any longer.
    Stop,
    /// Something has been heard about the run, for example by a webhook: poll at once.
    Notify,
}

/// What the machine wants.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Send this and report by [`Input::Answered`]. There is one call at a time.
    Call {
        /// To be given back.
        call: CallId,
        /// What to send.
        request: Box<Request>,
    },
    /// The run id is known from now on. Told once, before any change.
    Started(RunId),
    /// The state of the run, a task or an attempt is not what it was; also the first state that is seen.
    Changed(Box<RunDoc>),
    /// Nothing to do until an input comes, at the latest [`Input::Timeout`] at this tick.
    Wait {
        /// `None`: no timer is set.
        until: Option<Tick>,
        /// What is waited for.
        reason: WaitReason,
    },
    /// The wait is over; repeated for ever.
    Ended(Box<WaitEnd>),
}

/// What the machine waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitReason {
    /// The answer to a call.
    Answer,
    /// The time of the next poll.
    Poll,
    /// The time of the next try after a fault.
    BackOff,
}
