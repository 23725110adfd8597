//! The two times, as integers of milliseconds, so that they cross into every language unchanged.
//!
//! `Tick` is monotonic and only means something beside other ticks of the same process; `WallTime` is what
//! people and the wire see. Both are given to the core, never read by it.

use crate::civil;
use serde::{Deserialize, Serialize};
use std::ops::{Add, Sub};

/// A point of monotonic time in milliseconds from an origin of the driver's choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tick(pub u64);

/// Milliseconds since 1970-01-01T00:00:00Z, as the REST API gives times (reference section 2.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WallTime(pub i64);

impl Tick {
    /// This tick moved `ms` milliseconds into the future; it stays at the end of time instead of wrapping.
    #[must_use]
    pub fn after(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this tick, 0 when `earlier` is not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl WallTime {
    /// Reads a time with its offset, such as `2026-11-25T16:00:00.25+01:00` (RFC 3339); a part of a millisecond is dropped.
    pub fn parse(text: &str) -> Option<Self> {
        let written = civil::read(text)?;
        written.offset.map(|offset| Self(written.milliseconds(offset)))
    }

    /// Milliseconds from `earlier` to this time; negative when the clock was set back between them.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<i64> for WallTime {
    type Output = Self;
    fn add(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

impl Sub<i64> for WallTime {
    type Output = Self;
    fn sub(self, ms: i64) -> Self {
        Self(self.0.saturating_sub(ms))
    }
}
