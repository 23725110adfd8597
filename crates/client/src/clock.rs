//! The two clocks that drive the core's machines.

use lakeflow_core::time::{Tick, WallTime};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// Ticks since it was made, on tokio's clock, so that paused time in tests holds here too.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
}

impl Clock {
    /// Tick 0 is now.
    pub fn new() -> Self {
        Self { origin: Instant::now() }
    }

    /// Monotonic time.
    pub fn tick(&self) -> Tick {
        Tick(u64::try_from(self.origin.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// The moment of a tick.
    pub fn instant(&self, tick: Tick) -> Instant {
        self.origin + Duration::from_millis(tick.0)
    }

    /// The time of day.
    pub fn wall() -> WallTime {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        WallTime(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}
