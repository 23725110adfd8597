//! How often triggers that look at something fire (reference sections 15.4 and 15.5): no sooner than a minimum time after the last run, and
//! only after a quiet time without a further change. Both set: the minimum time first, then the quiet time.

use super::Due;
use super::watch::Shots;
use crate::time::WallTime;

/// The two times of a trigger, in milliseconds; 0 where none is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// Between two runs at least.
    pub min_between_ms: i64,
    /// Without a further change before a run.
    pub quiet_ms: i64,
}

impl Pace {
    /// Of the fields as they are written, in seconds.
    pub(super) fn of(min_between: Option<i64>, quiet: Option<i64>) -> Self {
        let ms = |seconds: Option<i64>| seconds.unwrap_or_default().clamp(0, i64::MAX / 1000) * 1000;
        Self { min_between_ms: ms(min_between), quiet_ms: ms(quiet) }
    }

    /// When what changed last at `changed` may fire, and whether that is now.
    pub(super) fn due(self, shots: &Shots, changed: WallTime, now: WallTime) -> Due {
        let quiet = changed + self.quiet_ms;
        let apart = shots.fired.map(|fired| fired + self.min_between_ms);
        let at = apart.map_or(quiet, |apart| apart.max(quiet));
        if at <= now { Due::Fire(now) } else { Due::Wait(Some(at)) }
    }
}
