//! The end of the job run (reference sections 8.4 and 9.6).

use super::change::Change;
use super::io::StopReason;
use super::machine::Machine;
use super::state::{Attempt, NodeIx};
use crate::dag::{JobOutcome, job_outcome};
use crate::error::Error;
use crate::run::{End, Outcome, TerminationCode};

/// The end that a job run gets, and shows while it is being stopped.
pub(super) fn run_stopped(why: StopReason) -> End {
    match why {
        StopReason::RunTimeout | StopReason::TaskTimeout => {
            End::new(Outcome::TimedOut, TerminationCode::Canceled, "The job run exceeded its time-out.")
        }
        StopReason::RunCanceled | StopReason::TaskCanceled => {
            End::new(Outcome::Canceled, TerminationCode::UserCanceled, "The job run was canceled.")
        }
        StopReason::GaveUp => {
            let text = "A task failed and is not tried again.";
            End::new(Outcome::Failed, TerminationCode::RunExecutionError, text)
        }
    }
}

impl Machine {
    /// Every task is final: ends the job run. One that was being stopped ends so, even when nothing was cut short.
    pub(super) fn finish_run(&mut self) -> Result<(), Error> {
        let end = match self.state.stop {
            // The failed task is what the run is told by.
            Some(StopReason::GaveUp) | None => self.derived_end(),
            Some(why) => run_stopped(why),
        };
        self.record(Change::RunEnded { at: self.now.wall, end })
    }

    fn derived_end(&self) -> End {
        let nodes = 0..self.state.nodes.len();
        let ends = nodes.filter_map(|node| Some((&self.state.node_end(node)?.outcome, self.is_leaf(node))));
        let outcome = match job_outcome(ends) {
            JobOutcome::Ended(outcome) => outcome,
            JobOutcome::Skipped => {
                let message = "No task of the run was executed.";
                return End::new(Outcome::Excluded, TerminationCode::Skipped, message);
            }
        };
        match outcome {
            Outcome::Success => End::success(),
            Outcome::SuccessWithFailures => End::new(outcome, TerminationCode::SuccessWithFailures, ""),
            Outcome::TimedOut => End::new(outcome, TerminationCode::Canceled, self.blame()),
            Outcome::Canceled => {
                End::new(outcome, TerminationCode::UserCanceled, "A task of the run was canceled.")
            }
            _ => End::new(Outcome::Failed, TerminationCode::RunExecutionError, self.blame()),
        }
    }

    fn is_leaf(&self, node: NodeIx) -> bool {
        self.state.nodes[node].dependents.is_empty()
    }

    /// The sentence about the task that failed the run: the first leaf that failed, or the failure upstream of it
    /// that kept it from running.
    fn blame(&self) -> String {
        let failed = |node: &NodeIx| {
            self.state.node_end(*node).is_some_and(|end| {
                matches!(end.outcome, Outcome::Failed | Outcome::TimedOut | Outcome::UpstreamFailed)
            })
        };
        let Some(mut node) = (0..self.state.nodes.len()).find(|node| self.is_leaf(*node) && failed(node))
        else {
            return String::new();
        };
        let skipped = |node: NodeIx| {
            self.state.node_end(node).is_some_and(|end| end.outcome == Outcome::UpstreamFailed)
        };
        while skipped(node) {
            match self.state.nodes[node].upstream.iter().map(|edge| edge.node).find(failed) {
                Some(cause) => node = cause,
                None => break,
            }
        }
        let key = &self.state.nodes[node].task.task_key;
        let message = self.state.latest(node).and_then(Attempt::end).map_or("", |end| end.message.as_str());
        let mut text = format!("Task {key} failed with message: {}.", message.trim_end_matches('.'));
        if self.state.nodes[node].dependents.iter().any(|dependent| skipped(*dependent)) {
            text.push_str(" This caused all downstream tasks to get skipped.");
        }
        text
    }
}
