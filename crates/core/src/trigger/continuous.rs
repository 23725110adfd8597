//! Continuous jobs (reference section 11.5): always one run. The next starts when the one before has ended: at once after a success or a
//! cancel, after a back-off that doubles with every failure otherwise. The numbers are the local reading of what the platform does not tell.

use super::watch::Shots;
use super::{Begun, Completion, Due, Watch};
use crate::execution::TriggerFacts;
use crate::id::JobId;
use crate::job::{Continuous, TaskRetryMode};
use crate::run::Outcome;
use crate::time::WallTime;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The run's `trigger` on the wire.
pub(super) const WIRE: &str = "CONTINUOUS";

const FIRST_BACK_OFF_MS: i64 = 30_000;

/// The longest back-off, in milliseconds. A run that went on for at least as long before it failed starts the count of failures anew: its
/// job cannot fail more often than one that waits between its runs.
pub const LONGEST_BACK_OFF_MS: i64 = 3_600_000;

/// Between the starts of two runs at least, so that a job with nothing to do does not keep the machine busy.
const APART_MS: i64 = 1_000;

/// Milliseconds from the end of a run until the next one after so many failures in a row.
pub fn back_off_ms(failures: u32) -> i64 {
    match failures {
        0 => 0,
        // Seven doublings are over an hour.
        n => (FIRST_BACK_OFF_MS << (n - 1).min(7)).min(LONGEST_BACK_OFF_MS),
    }
}

/// The continuous trigger of a job.
#[derive(Clone, Copy, Debug, Default)]
pub struct ContinuousTrigger {
    /// `task_retry_mode` `ON_FAILURE`.
    pub retries: bool,
}

impl ContinuousTrigger {
    pub(super) fn of(written: &Continuous) -> Self {
        Self { retries: written.task_retry_mode == Some(TaskRetryMode::OnFailure) }
    }
}

/// What is known of the job's runs; kept by whoever starts them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContinuousState {
    /// Ends up to here were looked at.
    pub cursor: i64,
    /// Runs that failed since one did not.
    failures: u32,
    /// When the last run ended.
    ended: Option<WallTime>,
    /// Whether the job has a run, of whatever trigger, that is not over.
    #[serde(skip)]
    active: bool,
    shots: Shots,
}

impl ContinuousState {
    /// A trigger that was saved or unpaused when `cursor` was the newest end: it starts a run at once.
    pub fn new(cursor: i64) -> Self {
        Self { cursor, ..Self::default() }
    }

    /// Takes in ends of runs of the job, in their order, and whether it has a run that is not over. True when something is new.
    pub fn look(&mut self, ends: &[Completion], active: bool, now: WallTime) -> bool {
        self.active = active;
        let cursor = self.cursor;
        for end in ends.iter().filter(|end| end.seq > cursor) {
            self.cursor = self.cursor.max(end.seq);
            self.ended = Some(end.ended);
            let long = end.ended.since(end.started) >= LONGEST_BACK_OFF_MS;
            self.failures = match end.outcome {
                Outcome::Failed | Outcome::TimedOut if long => 1,
                Outcome::Failed | Outcome::TimedOut => self.failures.saturating_add(1),
                _ => 0,
            };
        }
        self.shots.not_ahead(&mut self.ended, now) || self.cursor > cursor
    }

    fn next(&self, now: WallTime) -> WallTime {
        let held = |at: Option<WallTime>, ms: i64| at.map_or(now, |at| at + ms);
        held(self.ended, back_off_ms(self.failures)).max(held(self.shots.fired, APART_MS))
    }

    /// `ContinuousTriggerState` (reference section 11.5).
    pub fn shown(&self, now: WallTime) -> Value {
        let backing_off = !self.active && self.failures > 0 && self.next(now) > now;
        let mut shown = json!({ "consecutive_failures": self.failures, "is_backing_off": backing_off });
        if backing_off {
            shown["next_attempt_ms"] = json!(self.next(now));
        }
        shown
    }
}

impl Watch for ContinuousState {
    type Of = ContinuousTrigger;

    fn poll(&self, _of: &ContinuousTrigger, now: WallTime) -> Due {
        if self.shots.under_way {
            return Due::Fire(self.shots.fired.unwrap_or(now));
        }
        if self.active {
            return Due::Wait(None);
        }
        let next = self.next(now);
        if next <= now { Due::Fire(now) } else { Due::Wait(Some(next)) }
    }

    fn begin(&mut self, _of: &ContinuousTrigger, job: JobId, place: &str, now: WallTime) -> Begun {
        self.shots.begin(now);
        let facts = TriggerFacts { kind: "continuous".to_owned(), time: now, ..TriggerFacts::default() };
        Begun { token: self.shots.token(job, place), facts, info: None }
    }

    fn end(&mut self) {
        self.active = true;
        self.shots.under_way = false;
    }
}
