//! One wait, as a machine of its own: a [`Hub`] with a single wait that shares nothing. The rules are the hub's.

use super::hub::{Hub, HubInput, HubOutput, HubSettings, WaitId};
use super::{Goal, Input, Now, Output, WaitEnd, WaitOptions};
use crate::error::Error;
use crate::id::RunId;
use std::sync::Arc;

/// One wait. See the module for the contract.
#[derive(Debug)]
pub struct Wait {
    hub: Hub,
    only: WaitId,
    run_id: Option<RunId>,
    end: Option<Box<WaitEnd>>,
}

impl Wait {
    /// A wait that begins now. Call [`Wait::poll`] for what it wants.
    pub fn new(goal: Goal, options: WaitOptions, now: Now) -> Self {
        let run_id = match &goal {
            Goal::RunNow(_) | Goal::Submit(_) => None,
            Goal::Adopt(run_id) | Goal::Cancel(run_id) => Some(*run_id),
            Goal::Repair(repair) => Some(repair.run_id),
        };
        let mut hub = Hub::new(HubSettings::ALONE);
        let only = hub.begin(now, goal, options);
        Self { hub, only, run_id, end: None }
    }

    /// The run, once it is known and was told.
    pub fn run_id(&self) -> Option<RunId> {
        self.run_id
    }

    /// Takes in what happened. An answer to a call that is not under way is an error and changes nothing; after the end
    /// everything is swallowed.
    pub fn handle(&mut self, now: Now, input: Input) -> Result<(), Error> {
        if self.end.is_some() {
            return Ok(());
        }
        let input = match (input, self.run_id) {
            (Input::Answered { call, result }, _) => HubInput::Answered { call, result },
            (Input::Stop, _) => HubInput::Stop(self.only),
            (Input::Notify, Some(run_id)) => HubInput::Notify(run_id),
            // Nothing can have been heard of a run that is not known.
            (Input::Timeout, _) | (Input::Notify, None) => HubInput::Timeout,
        };
        self.hub.handle(now, input)
    }

    /// The next thing to do. To be called until it answers `Wait` or `Ended`.
    #[must_use]
    pub fn poll(&mut self) -> Output {
        if let Some(end) = &self.end {
            return Output::Ended(end.clone());
        }
        loop {
            return match self.hub.poll() {
                HubOutput::Call { call, request } => Output::Call { call, request },
                // Only an end abandons a call here, and the driver of one wait drops it then.
                HubOutput::Abandon(_) => continue,
                HubOutput::Started { run_id, .. } => {
                    self.run_id = Some(run_id);
                    Output::Started(run_id)
                }
                HubOutput::Changed { run, .. } => Output::Changed(Box::new(Arc::unwrap_or_clone(run))),
                HubOutput::Ended { end, .. } => {
                    self.end = Some(end.clone());
                    Output::Ended(end)
                }
                HubOutput::Wait { until, reason } => Output::Wait { until, reason },
            };
        }
    }
}
