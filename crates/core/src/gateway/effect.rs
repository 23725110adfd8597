//! What an exchange asks of its driver, and what it is told.

use super::http::Reply;
use super::sse::Sse;
use crate::api::Request;
use crate::id::{JobId, RunId};
use crate::wait::Goal;
use serde_json::Value;

/// Names one call of an exchange; the driver gives it back with the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallId(pub u64);

/// What an exchange wants.
#[derive(Debug)]
pub enum Effect {
    /// Send this, with retries as the request allows, and report by `Exchange::answered`. Several calls may be under way.
    Call {
        /// To be given back.
        call: CallId,
        /// What to send.
        request: Box<Request>,
    },
    /// Have the host's own code check these parameters of the job and report by `Exchange::checked`.
    Check {
        /// The job's key.
        key: String,
        /// What the caller sent; an empty object when it sent none.
        params: Value,
    },
    /// Something has been heard about these runs: waits for them poll at once.
    Notify(Vec<RunId>),
    /// The answer. Nothing follows.
    Reply(Reply),
    /// A stream of events over a wait. Nothing follows.
    Stream(Box<StreamStart>),
    /// Nothing to do until something is reported.
    Wait,
}

/// A stream that is to be opened: send `sse.head()`, start the wait, give its events to `sse`, send what that gives, and
/// [`super::HEARTBEAT`] whenever nothing was sent for [`super::HEARTBEAT_MS`].
#[derive(Debug)]
pub struct StreamStart {
    /// The job's key.
    pub key: String,
    /// Its id.
    pub job_id: JobId,
    /// What is waited for.
    pub goal: Goal,
    /// The wait ends after so many milliseconds; `None` for as long as the run takes.
    pub timeout_ms: Option<u64>,
    /// Cancel the run when the wait is stopped.
    pub cancel_on_stop: bool,
    /// Cancel the run when the wait times out.
    pub cancel_on_timeout: bool,
    /// Makes events of what the wait tells.
    pub sse: Sse,
}

/// What the host's own check said.
#[derive(Clone, Debug, PartialEq)]
pub enum Checked {
    /// The parameters are fine; these are to be used.
    Valid(Value),
    /// They are not; a list of `{path, message}` for the caller.
    Invalid(Value),
    /// The check itself failed.
    Broken(String),
}
