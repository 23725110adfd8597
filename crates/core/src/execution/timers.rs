//! The machine's timers: at most two for the job run and two for each attempt.

use super::state::AttemptIx;
use std::collections::{BTreeMap, BTreeSet};

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// Time-out of the job run.
    Run,
    /// While the attempt waits for a retry: its earliest start. While it runs: its time-out.
    Attempt(AttemptIx),
    /// The job run is about to run for longer than a health rule allows.
    RunWarning,
    /// The attempt is about to.
    AttemptWarning(AttemptIx),
}

/// Timers by due tick. Ticks are signed, since after a restore a timer may have begun before this process's origin.
#[derive(Debug, Default)]
pub(super) struct Timers {
    due: BTreeMap<Timer, i64>,
    queue: BTreeSet<(i64, Timer)>,
}

impl Timers {
    /// Sets, moves or (`None`) removes a timer.
    pub(super) fn set(&mut self, timer: Timer, due: Option<i64>) {
        let old = match due {
            Some(due) => self.due.insert(timer, due),
            None => self.due.remove(&timer),
        };
        if let Some(old) = old {
            self.queue.remove(&(old, timer));
        }
        self.queue.extend(due.map(|due| (due, timer)));
    }

    /// True while the timer runs.
    pub(super) fn is_set(&self, timer: Timer) -> bool {
        self.due.contains_key(&timer)
    }

    /// The earliest due tick.
    pub(super) fn next(&self) -> Option<i64> {
        self.queue.first().map(|(due, _)| *due)
    }

    /// Takes out the earliest timer that is due at `tick`.
    pub(super) fn pop(&mut self, tick: i64) -> Option<Timer> {
        let (due, timer) = *self.queue.first().filter(|(due, _)| *due <= tick)?;
        self.queue.remove(&(due, timer));
        self.due.remove(&timer);
        Some(timer)
    }
}
