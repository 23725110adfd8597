//! A Quartz cron expression and the search for its fire times. Reading the text is `parse`'s work.

use super::days::DayRule;
use super::zone::Zone;
use crate::civil::{Clock, Date};
use crate::problem::Problem;
use crate::time::WallTime;
use std::fmt;

/// No fire time is looked for after this year.
pub const LAST_YEAR: i16 = 2199;

/// How many years a search goes on without finding anything.
const SEARCH_YEARS: i16 = 100;

/// A Quartz expression that is sound (reference section 15.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    pub(super) expression: String,
    /// Bit n stands for second n; minutes, hours and months likewise.
    pub(super) seconds: u64,
    pub(super) minutes: u64,
    pub(super) hours: u64,
    pub(super) months: u64,
    pub(super) days: DayRule,
    /// `None` is every year.
    pub(super) years: Option<Vec<i16>>,
}

impl Cron {
    /// Reads an expression of six or seven fields. All problems come back, each naming the field, the offending
    /// text and what is allowed; their paths are empty.
    pub fn parse(expression: &str) -> Result<Self, Vec<Problem>> {
        super::parse::cron(expression)
    }

    /// The first fire time strictly after `after`, a whole second; `None` when there is none within a hundred
    /// years or up to [`LAST_YEAR`].
    ///
    /// The search goes along the clock on the wall, as Quartz does: a time in a spring gap does not fire that
    /// day, and a time that occurs twice in autumn fires once, the second time. So when `after` is itself in
    /// the first pass of a doubled hour, the times that the clock has shown since the pass began are over.
    pub fn next_after(&self, after: WallTime, zone: &Zone) -> Option<WallTime> {
        let mut from = zone.clock(after + 1000);
        let last_year = LAST_YEAR.min(from.date.year.saturating_add(SEARCH_YEARS));
        loop {
            let clock = self.next_clock(from, last_year)?;
            match zone.moment(clock)? {
                Ok(moment) => return Some(moment),
                Err(after_gap) => from = after_gap,
            }
        }
    }

    /// All fire times strictly after `after`, earliest first.
    pub fn fires<'a>(&'a self, after: WallTime, zone: &'a Zone) -> Fires<'a> {
        Fires { cron: self, zone, after }
    }

    /// Whether no date from 1970 to [`LAST_YEAR`] fits, as with 30 February.
    pub fn never_fires(&self) -> bool {
        self.next_date(Date { year: 1970, month: 1, day: 1 }, LAST_YEAR).is_none()
    }

    /// The shortest distance between two fires in seconds, as far as it is under a minute; `None` when fires are
    /// a minute or more apart. Two days in a row are taken to be possible.
    pub fn shortest_distance_seconds(&self) -> Option<u32> {
        let (first, last) = (self.seconds.trailing_zeros(), self.seconds.checked_ilog2()?);
        let inside = (first..last).filter_map(|s| {
            let next = next_bit(self.seconds, s + 1)?;
            (self.seconds & (1 << s) != 0).then_some(next - s)
        });
        let across = self.has_minutes_in_a_row().then_some(60 + first - last);
        inside.chain(across).min().filter(|distance| *distance < 60)
    }

    fn has_minutes_in_a_row(&self) -> bool {
        let inside_hour = self.minutes & (self.minutes >> 1) != 0;
        let hour_ends = self.minutes & 1 != 0 && self.minutes & (1 << 59) != 0;
        let hours_in_a_row =
            self.hours & (self.hours >> 1) != 0 || (self.hours & 1 != 0 && self.hours & (1 << 23) != 0);
        inside_hour || (hour_ends && hours_in_a_row)
    }

    /// The first matching clock time at or after `from`, up to the end of `last_year`.
    fn next_clock(&self, from: Clock, last_year: i16) -> Option<Clock> {
        let mut date = self.next_date(from.date, last_year)?;
        if date == from.date {
            if let Some(found) = self.next_time(from) {
                return Some(found);
            }
            date = self.next_date(date.tomorrow(), last_year)?;
        }
        self.next_time(Clock { date, hour: 0, minute: 0, second: 0 })
    }

    fn next_date(&self, from: Date, last_year: i16) -> Option<Date> {
        for year in from.year..=last_year {
            if self.years.as_ref().is_some_and(|years| !years.contains(&year)) {
                continue;
            }
            let first_month = if year == from.year { from.month } else { 1 };
            for month in (first_month..=12).filter(|month| self.months & (1 << month) != 0) {
                let first_day = if (year, month) == (from.year, from.month) { from.day } else { 1 };
                let days = u64::from(self.days.in_month(year, month));
                if let Some(day) = next_bit(days, first_day.unsigned_abs().into()) {
                    return Some(Date { year, month, day: day as i8 });
                }
            }
        }
        None
    }

    /// The first matching time of the same day at or after `from`.
    fn next_time(&self, from: Clock) -> Option<Clock> {
        let [hour, minute, second] =
            [from.hour, from.minute, from.second].map(|n| u32::from(n.unsigned_abs()));
        let (first_minute, first_second) = (next_bit(self.minutes, 0)?, next_bit(self.seconds, 0)?);
        let at = |hour: u32, minute: u32, second: u32| {
            Some(Clock { date: from.date, hour: hour as i8, minute: minute as i8, second: second as i8 })
        };
        if self.hours & (1 << hour) != 0 {
            if self.minutes & (1 << minute) != 0
                && let Some(second) = next_bit(self.seconds, second)
            {
                return at(hour, minute, second);
            }
            if let Some(minute) = next_bit(self.minutes, minute + 1) {
                return at(hour, minute, first_second);
            }
        }
        at(next_bit(self.hours, hour + 1)?, first_minute, first_second)
    }
}

impl fmt::Display for Cron {
    /// The expression as it was written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.expression)
    }
}

/// The fire times of a [`Cron`], made by [`Cron::fires`].
#[derive(Clone, Debug)]
pub struct Fires<'a> {
    cron: &'a Cron,
    zone: &'a Zone,
    after: WallTime,
}

impl Iterator for Fires<'_> {
    type Item = WallTime;

    fn next(&mut self) -> Option<WallTime> {
        self.after = self.cron.next_after(self.after, self.zone)?;
        Some(self.after)
    }
}

/// The lowest bit of `set` that is at or above `from`.
fn next_bit(set: u64, from: u32) -> Option<u32> {
    let rest = set.checked_shr(from)?;
    (rest != 0).then(|| from + rest.trailing_zeros())
}
