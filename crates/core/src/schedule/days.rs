//! Which days of a month a cron expression names: one rule for the two day fields, answered month by month.

use crate::civil::Date;

const SUNDAY: i8 = 1;
const SATURDAY: i8 = 7;

/// The day rule of an expression. Exactly one of the two day fields has a say (reference section 15.2), so one
/// rule is enough. Sets are bits: bit 1 is the first of the month, or Sunday.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DayRule {
    /// Days of the month, `1,15` or `*`.
    OfMonth(u32),
    /// `L`, `L-n`: so many days before the last.
    FromLast(i8),
    /// `LW`, `L-nW`: the weekday nearest to that day.
    WeekdayNearLast(i8),
    /// `nW`: the weekday nearest to day n.
    WeekdayNear(i8),
    /// Days of the week, `MON-FRI` or `*`.
    OfWeek(u32),
    /// `6L`: the last such day of the month.
    LastOfWeek(i8),
    /// `6#3`: the third such day of the month; no day in a month that has fewer.
    NthOfWeek(i8, i8),
}

impl DayRule {
    /// The days of a month that match, as bits 1 to 31.
    pub(super) fn in_month(&self, year: i16, month: i8) -> u32 {
        let first = Date { year, month, day: 1 };
        let length = first.days_in_month();
        let all = bits(1, length);
        let day = match *self {
            Self::OfMonth(days) => return days & all,
            Self::OfWeek(weekdays) => {
                return (1..=length)
                    .filter(|day| weekdays & (1 << weekday(first, *day)) != 0)
                    .fold(0, |set, day| set | (1 << day));
            }
            Self::FromLast(offset) => length - offset,
            Self::WeekdayNearLast(offset) => nearest_weekday(first, length - offset),
            // A month without day n has no fire. Quartz answers `31W` in a short month by where the search
            // started: some starts give a day of that month, some none.
            Self::WeekdayNear(day) => nearest_weekday(first, day),
            Self::LastOfWeek(wanted) => length - (weekday(first, length) - wanted).rem_euclid(7),
            Self::NthOfWeek(wanted, nth) => 1 + (wanted - weekday(first, 1)).rem_euclid(7) + 7 * (nth - 1),
        };
        if (1..=length).contains(&day) { 1 << day } else { 0 }
    }
}

/// Bits `from` to `to`, both included.
pub(super) fn bits(from: i8, to: i8) -> u32 {
    (from..=to).fold(0, |set, bit| set | (1 << bit))
}

/// Day of the week of a day of the month, 1 = Sunday.
fn weekday(first: Date, day: i8) -> i8 {
    1 + (first.weekday() + day - 1).rem_euclid(7)
}

/// The Monday to Friday nearest to a day, inside the same month; 0 when the month has no such day.
fn nearest_weekday(first: Date, day: i8) -> i8 {
    let last = first.days_in_month();
    if !(1..=last).contains(&day) {
        return 0;
    }
    match weekday(first, day) {
        SATURDAY if day == 1 => 3,
        SATURDAY => day - 1,
        SUNDAY if day == last => day - 2,
        SUNDAY => day + 1,
        _ => day,
    }
}
