//! Periodic triggers: a fixed distance between runs, with no say over the first start (reference section 15.3).

use crate::problem::Problem;
use crate::time::WallTime;
use serde::Serialize;

/// The unit of a periodic trigger. A day is 24 hours: periodic triggers know no time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum PeriodicUnit {
    /// 60 seconds.
    Minutes,
    /// 60 minutes.
    Hours,
    /// 24 hours.
    Days,
    /// 7 days.
    Weeks,
}

impl PeriodicUnit {
    fn milliseconds(self) -> i64 {
        match self {
            Self::Minutes => 60_000,
            Self::Hours => 3_600_000,
            Self::Days => 86_400_000,
            Self::Weeks => 7 * 86_400_000,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text {
            "MINUTES" => Some(Self::Minutes),
            "HOURS" => Some(Self::Hours),
            "DAYS" => Some(Self::Days),
            "WEEKS" => Some(Self::Weeks),
            _ => None,
        }
    }
}

/// A periodic trigger whose distance is known to be sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Periodic {
    interval: u32,
    unit: PeriodicUnit,
}

impl Periodic {
    /// Reads the two fields of `trigger.periodic`: `interval` from 1 to 2147483647 and `unit` as on the wire
    /// (`MINUTES`, `HOURS`, `DAYS`, `WEEKS`). Every problem carries the field's name as its path.
    pub fn parse(interval: i64, unit: &str) -> Result<Self, Vec<Problem>> {
        let valid = i32::try_from(interval).ok().and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
        match (valid, PeriodicUnit::parse(unit)) {
            (Some(interval), Some(unit)) => Ok(Self { interval, unit }),
            (interval_read, unit_read) => {
                let mut problems = Vec::new();
                if interval_read.is_none() {
                    let message = format!("interval {interval} is not in 1-{}", i32::MAX);
                    problems.push(Problem::error("periodic_interval", "interval", message));
                }
                if unit_read.is_none() {
                    let message = format!("unit {unit:?} is not known");
                    problems.push(
                        Problem::error("periodic_unit", "unit", message)
                            .with_hint("one of MINUTES, HOURS, DAYS, WEEKS"),
                    );
                }
                Err(problems)
            }
        }
    }

    /// The distance between two runs in milliseconds.
    pub fn milliseconds(self) -> i64 {
        i64::from(self.interval) * self.unit.milliseconds()
    }

    /// The first fire time strictly after `after`, on the grid that starts one interval after `anchor`.
    ///
    /// `anchor` is the last scheduled time, or the time at which the trigger was saved or unpaused. Times that
    /// passed between the two are left out, not made up for; the grid stays where it was.
    pub fn next_after(self, anchor: WallTime, after: WallTime) -> WallTime {
        let distance = self.milliseconds();
        let passed = after.since(anchor).div_euclid(distance).max(0);
        anchor + distance.saturating_mul(passed + 1)
    }
}
