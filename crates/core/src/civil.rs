//! The calendar and the clock of the day: what people write and read of a moment. Time zones are `schedule`'s.

use std::fmt;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// Moments from here to there, in seconds since 1970, have a date in the years -9999 to 9999 in every time zone.
pub(crate) const BORDERS: (i64, i64) = (-377_705_023_201, 253_402_207_200);

/// A day of the Gregorian calendar, which goes on before it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Date {
    pub(crate) year: i16,
    /// From 1.
    pub(crate) month: i8,
    /// From 1.
    pub(crate) day: i8,
}

/// A day and a time of day, to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Clock {
    pub(crate) date: Date,
    pub(crate) hour: i8,
    pub(crate) minute: i8,
    pub(crate) second: i8,
}

impl Date {
    /// The day so many days after 1970-01-01. Years are reckoned from March, so that leap days end them.
    fn of_days(days: i64) -> Self {
        let days = days + 719_468;
        let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
        let year = year + era * 400 + i64::from(month <= 2);
        Self { year: year as i16, month: month as i8, day: day as i8 }
    }

    /// Days since 1970-01-01.
    pub(crate) fn days(self) -> i64 {
        let year = i64::from(self.year) - i64::from(self.month <= 2);
        let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
        let month = (i64::from(self.month) + 9) % 12;
        let day = (153 * month + 2) / 5 + i64::from(self.day) - 1;
        era * 146_097 + year * 365 + year / 4 - year / 100 + day - 719_468
    }

    pub(crate) fn tomorrow(self) -> Self {
        Self::of_days(self.days() + 1)
    }

    /// The number of days of its month.
    pub(crate) fn days_in_month(self) -> i8 {
        let year = self.year;
        match self.month {
            2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }

    /// 0 is Sunday.
    pub(crate) fn weekday(self) -> i8 {
        (self.days() + 4).rem_euclid(7) as i8
    }
}

impl Clock {
    /// What a clock shows so many seconds after 1970-01-01T00:00:00, if it began there.
    pub(crate) fn of_seconds(seconds: i64) -> Self {
        let rest = seconds.rem_euclid(DAY);
        Self {
            date: Date::of_days(seconds.div_euclid(DAY)),
            hour: (rest / 3600) as i8,
            minute: (rest / 60 % 60) as i8,
            second: (rest % 60) as i8,
        }
    }

    /// The seconds since 1970-01-01T00:00:00 on the same clock.
    pub(crate) fn seconds(self) -> i64 {
        let [hour, minute, second] = [self.hour, self.minute, self.second].map(i64::from);
        self.date.days() * DAY + hour * 3600 + minute * 60 + second
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.year {
            year @ 0.. => write!(f, "{year:04}")?,
            year => write!(f, "-{:06}", -i32::from(year))?,
        }
        write!(f, "-{:02}-{:02}", self.month, self.day)
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T{:02}:{:02}:{:02}", self.date, self.hour, self.minute, self.second)
    }
}

/// A distance from UTC in seconds, as `+05:30`; with its seconds where it has some.
pub(crate) fn offset_text(seconds: i32) -> String {
    let (sign, size) = (if seconds < 0 { '-' } else { '+' }, seconds.abs());
    let rest = if size % 60 == 0 { String::new() } else { format!(":{:02}", size % 60) };
    format!("{sign}{:02}:{:02}{rest}", size / 3600, size / 60 % 60)
}

/// A time that a person wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) clock: Clock,
    pub(crate) milliseconds: i16,
    /// From UTC in seconds, if it was written.
    pub(crate) offset: Option<i32>,
}

/// Reads a date, with or without a time, with or without an offset: `2026-03-01`, `2026-03-01T02:00`,
/// `2026-03-01 02:00:00.5+01:00`. What is smaller than a millisecond is dropped; a leap second is the one before it.
pub(crate) fn read(text: &str) -> Option<Written> {
    let mut rest = text.as_bytes();
    let year = digits(&mut rest, 4)?;
    let month =
        after(&mut rest, b"-").and_then(|()| digits(&mut rest, 2)).filter(|n| (1..=12).contains(n))?;
    let day = after(&mut rest, b"-").and_then(|()| digits(&mut rest, 2))?;
    let date = Date { year: year as i16, month: month as i8, day: day as i8 };
    if !(1..=date.days_in_month()).contains(&date.day) {
        return None;
    }
    let mut written =
        Written { clock: Clock { date, hour: 0, minute: 0, second: 0 }, milliseconds: 0, offset: None };
    if rest.is_empty() {
        return Some(written);
    }
    after(&mut rest, b"Tt ")?;
    let clock = &mut written.clock;
    clock.hour = digits(&mut rest, 2).filter(|n| *n < 24)? as i8;
    if after(&mut rest, b":").is_some() {
        clock.minute = digits(&mut rest, 2).filter(|n| *n < 60)? as i8;
        if after(&mut rest, b":").is_some() {
            clock.second = digits(&mut rest, 2).filter(|n| *n <= 60)?.min(59) as i8;
            if after(&mut rest, b".,").is_some() {
                let mut unit = 100;
                digits(&mut rest.get(..1)?, 1)?;
                while let Some(digit) = rest.first().filter(|byte| byte.is_ascii_digit()) {
                    written.milliseconds += i16::from(digit - b'0') * unit;
                    unit /= 10;
                    rest = &rest[1..];
                }
            }
        }
    }
    if after(&mut rest, b"Zz").is_some() {
        written.offset = Some(0);
    } else if let Some(sign) = rest.first().copied().filter(|byte| b"+-".contains(byte)) {
        rest = &rest[1..];
        let hours = digits(&mut rest, 2).filter(|n| *n < 26)?;
        let _ = after(&mut rest, b":");
        let minutes = if rest.is_empty() { 0 } else { digits(&mut rest, 2).filter(|n| *n < 60)? };
        let size = i32::from(hours) * 3600 + i32::from(minutes) * 60;
        written.offset = Some(if sign == b'-' { -size } else { size });
    }
    rest.is_empty().then_some(written)
}

impl Written {
    /// Milliseconds since 1970, given the distance from UTC in seconds.
    pub(crate) fn milliseconds(self, offset: i32) -> i64 {
        (self.clock.seconds() - i64::from(offset)) * 1000 + i64::from(self.milliseconds)
    }
}

/// Goes past one of these bytes.
fn after(rest: &mut &[u8], any: &[u8]) -> Option<()> {
    let first = rest.first().filter(|byte| any.contains(byte));
    first?;
    *rest = &rest[1..];
    Some(())
}

/// A number of so many digits.
fn digits(rest: &mut &[u8], count: usize) -> Option<u16> {
    let (digits, after) = rest.split_at_checked(count)?;
    let mut number = 0;
    for byte in digits {
        number = number * 10 + u16::from(byte.checked_sub(b'0').filter(|digit| *digit < 10)?);
    }
    *rest = after;
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use jiff::civil::DateTime;
    use jiff::tz::Offset;

    #[test]
    fn the_calendar_is_that_of_jiff() {
        let mut seconds = BORDERS.0;
        let mut count = 0;
        while seconds < BORDERS.1 {
            let theirs = Offset::UTC.to_datetime(Timestamp::from_second(seconds).expect("a moment"));
            let ours = Clock::of_seconds(seconds);
            assert_eq!(ours.seconds(), seconds);
            assert_eq!(ours.to_string(), theirs.to_string());
            assert_eq!(ours.date.weekday(), theirs.weekday().to_sunday_zero_offset());
            assert_eq!(ours.date.days_in_month(), theirs.days_in_month());
            seconds += 86_400 * 97 + 12_345;
            count += 1;
        }
        assert!(count > 70_000, "{count}");
    }

    #[test]
    fn times_are_read_as_jiff_reads_them() {
        let dates =
            ["2026-03-01", "2024-02-29", "2023-02-29", "0001-01-01", "2026-13-01", "2026-3-01", "2026-04-31"];
        let times = [
            "",
            "T02:00:00",
            "t02:00",
            " 02:00:59.5",
            "T23:59:60",
            "T24:00",
            "T02:00:00.123456789",
            "T02:60",
            "T2:00",
            "T02:00:00,25",
            "T02:00:00.",
        ];
        let offsets = ["", "Z", "z", "+01:00", "-05:30", "+0530", "+01", "+1", "Q", "+26:00"];
        let mut known = 0;
        for date in dates {
            for time in times {
                for offset in offsets {
                    let text = format!("{date}{time}{offset}");
                    let moment = |written: Written| written.offset.map(|offset| written.milliseconds(offset));
                    let ours = read(&text);
                    // Without a time an offset says nothing; jiff leaves it unread for a date alone.
                    if time.is_empty() && !offset.is_empty() {
                        assert_eq!(ours, None, "{text}");
                        continue;
                    }
                    // Down, before 1970 too; jiff's own milliseconds are rounded towards it.
                    let floor = |at: Timestamp| at.as_nanosecond().div_euclid(1_000_000) as i64;
                    let theirs = text.parse::<Timestamp>().ok().map(floor);
                    assert_eq!(ours.and_then(moment), theirs, "{text}");
                    if offset.is_empty() {
                        let theirs = text.parse::<DateTime>().ok();
                        let theirs = theirs.map(|clock| Offset::UTC.to_timestamp(clock).expect("a moment"));
                        let ours = ours.map(|written| written.milliseconds(0));
                        assert_eq!(ours, theirs.map(floor), "{text}");
                    }
                    known += usize::from(ours.is_some());
                }
            }
        }
        assert!(known > 100, "{known}");
    }
}
