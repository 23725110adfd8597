//! The engine's only reader of clocks. Everything else is given [`Now`], [`WallTime`] or a deadline made here.

use lakeflow_core::execution::Now;
use lakeflow_core::time::{Tick, WallTime};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Monotonic milliseconds since the engine started, beside UTC milliseconds. The latter may be moved by hand instead, for tests of
/// schedules; clones share what they were set to.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    origin: Instant,
    by_hand: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// A clock whose ticks count from now.
    pub(crate) fn start() -> Self {
        Self { origin: Instant::now(), by_hand: None }
    }

    /// A clock that shows a time until [`Self::set`] moves it. Its ticks are real.
    pub(crate) fn by_hand(time: WallTime) -> Self {
        Self { by_hand: Some(Arc::new(AtomicI64::new(time.0))), ..Self::start() }
    }

    /// Both times at this moment.
    pub(crate) fn now(&self) -> Now {
        Now { tick: Tick(self.origin.elapsed().as_millis() as u64), wall: self.time() }
    }

    /// UTC milliseconds that jobs and runs go by.
    pub(crate) fn time(&self) -> WallTime {
        self.by_hand.as_ref().map_or_else(Self::wall, |time| WallTime(time.load(Ordering::SeqCst)))
    }

    /// Whether the time stands still until it is moved.
    pub(crate) fn is_set_by_hand(&self) -> bool {
        self.by_hand.is_some()
    }

    /// Moves the time of a clock that is set by hand.
    pub(crate) fn set(&self, time: WallTime) {
        if let Some(by_hand) = &self.by_hand {
            by_hand.store(time.0, Ordering::SeqCst);
        }
    }

    /// UTC milliseconds of this machine; a clock before 1970 counts as 1970.
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
