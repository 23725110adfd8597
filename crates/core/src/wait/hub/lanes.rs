//! The order in which wanted calls leave.

use super::WaitId;
use crate::id::{JobId, RunId};
use std::collections::VecDeque;

/// A call that is wanted. Its request is made when it leaves, from what is known then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Want {
    /// The step of a wait: trigger, cancel, repair.
    Errand(WaitId),
    /// This run, by itself.
    Poll(RunId),
    /// This run, by itself or on a page with others.
    Due(RunId),
    /// The next page of a run that has ended.
    Page(RunId),
    /// The output of a failed task of a run that has ended.
    Output(RunId, usize),
    /// The next page of a job's runs.
    Sweep(JobId),
    /// The past runs of a job.
    Past(JobId),
}

/// Calls in a row that somebody acts on, while rounds of polls wait.
const EXPRESS_IN_A_ROW: u8 = 3;

/// Two queues: what somebody acts on, and the rounds of polls. Each is first come, first served, and since a run or a
/// wait stands in line once at a time, they take turns.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    express: VecDeque<Want>,
    routine: VecDeque<Want>,
    in_a_row: u8,
}

impl Lanes {
    pub(super) fn express(&mut self, want: Want) {
        self.express.push_back(want);
    }

    pub(super) fn routine(&mut self, want: Want) {
        self.routine.push_back(want);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.express.is_empty() && self.routine.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.express.len() + self.routine.len()
    }

    pub(super) fn next(&mut self) -> Option<Want> {
        let express = self.routine.is_empty() || self.in_a_row < EXPRESS_IN_A_ROW;
        let first = if express { self.express.pop_front() } else { None };
        if first.is_some() {
            self.in_a_row = self.in_a_row.saturating_add(1);
            return first;
        }
        self.in_a_row = 0;
        self.routine.pop_front().or_else(|| self.express.pop_front())
    }
}
