//! The engine's only reader of clocks. Everything else is given [`Now`], [`WallTime`] or a deadline made here.

use lakeflow_core::execution::Now;
use lakeflow_core::time::{Tick, WallTime};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Monotonic milliseconds since the engine started, beside UTC milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    origin: Instant,
}

impl Clock {
    /// A clock whose ticks count from now.
    pub(crate) fn start() -> Self {
        Self { origin: Instant::now() }
    }

    /// Both times at this moment.
    pub(crate) fn now(&self) -> Now {
        Now { tick: Tick(self.origin.elapsed().as_millis() as u64), wall: Self::wall() }
    }

    /// UTC milliseconds; a clock before 1970 counts as 1970.
    pub(crate) fn wall() -> WallTime {
        WallTime(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64))
    }

    /// The moment of a tick, for the runtime's timer. Ticks are whole milliseconds, so this is never early.
    pub(crate) fn deadline(&self, tick: Tick) -> tokio::time::Instant {
        let far = Duration::from_secs(365 * 24 * 3600);
        let at = self.origin.checked_add(Duration::from_millis(tick.0)).unwrap_or(self.origin + far);
        tokio::time::Instant::from_std(at)
    }
}
