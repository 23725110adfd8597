//! What triggers that look at something have in common: a run is begun, started, and ended.
//!
//! A run is started between [`Watch::begin`] and [`Watch::end`], and the state is to be kept at both. What made a run due stays its own over a
//! crash, what came later belongs to the next run: nothing is missed, nothing fires twice.

use super::Due;
use crate::execution::TriggerFacts;
use crate::id::JobId;
use crate::time::WallTime;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A run that was begun.
#[derive(Clone, Debug, PartialEq)]
pub struct Begun {
    /// Makes the run happen once, however often it is asked for.
    pub token: String,
    /// For `{{job.trigger.…}}`.
    pub facts: TriggerFacts,
    /// The run's `trigger_info`, where the kind has one.
    pub info: Option<Value>,
}

/// The state of a trigger that looks at something; the looking is the kind's own.
pub trait Watch: Clone + Default + PartialEq + Serialize + DeserializeOwned + Send + 'static {
    /// The trigger that it is the state of.
    type Of;

    /// Whether a run is due. One that was begun and not ended is due at once.
    fn poll(&self, of: &Self::Of, now: WallTime) -> Due;

    /// Begins the run that is due, of the job, for the trigger at `place` of its definition.
    fn begin(&mut self, of: &Self::Of, job: JobId, place: &str, now: WallTime) -> Begun;

    /// The run is there.
    fn end(&mut self);
}

/// Runs that were begun: when the last one was, how many, and whether it is still to be ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Shots {
    pub(super) fired: Option<WallTime>,
    runs: u64,
    pub(super) under_way: bool,
}

impl Shots {
    /// Counts a run; false when the last one is still under way and this is that run again.
    pub(super) fn begin(&mut self, now: WallTime) -> bool {
        if self.under_way {
            return false;
        }
        *self = Self { fired: Some(now), runs: self.runs + 1, under_way: true };
        true
    }

    /// A clock that was set back must not hold the next run until it has caught up: what lies ahead of it counts from now. True when
    /// something did.
    pub(super) fn not_ahead(&mut self, changed: &mut Option<WallTime>, now: WallTime) -> bool {
        let mut moved = false;
        // While a run is under way its time is part of its token.
        let fired = (!self.under_way).then_some(&mut self.fired);
        for at in fired.into_iter().chain([changed]).flatten().filter(|at| **at > now) {
            *at = now;
            moved = true;
        }
        moved
    }

    /// The token of the run that was begun last. A definition that changes begins to count anew, so the count alone is not enough.
    pub(super) fn token(&self, job: JobId, place: &str) -> String {
        format!("trigger.{job}.{place}.{}.{}", self.fired.unwrap_or_default().0, self.runs)
    }
}
