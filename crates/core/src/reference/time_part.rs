//! The arguments that pick a part of a moment, all in UTC (reference section 13.4).

use crate::civil::{BORDERS, Clock};
use crate::time::WallTime;
use crate::value::Value;

macro_rules! time_parts {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// What of a moment is asked for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum TimePart { $($(#[$doc])* $variant,)* }

        impl TimePart {
            /// Every argument, in the order of reference section 13.4.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The argument as it is written.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

time_parts! {
    /// `YYYY-MM-DD`.
    IsoDate = "iso_date",
    /// `YYYY-MM-DDTHH:MM:SS.ffffff`.
    IsoDatetime = "iso_datetime",
    /// The year.
    Year = "year",
    /// 1 to 12.
    Month = "month",
    /// 1 to 31.
    Day = "day",
    /// 0 to 23.
    Hour = "hour",
    /// 0 to 59.
    Minute = "minute",
    /// 0 to 59.
    Second = "second",
    /// Epoch milliseconds.
    TimestampMs = "timestamp_ms",
    /// 1 (Monday) to 7 (Sunday).
    IsoWeekday = "iso_weekday",
    /// True from Monday to Friday.
    IsWeekday = "is_weekday",
}

impl TimePart {
    /// The part of this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|part| part.as_str() == text)
    }

    /// This part of `at`; `None` for a moment outside the years -9999 to 9999.
    pub fn of(self, at: WallTime) -> Option<Value> {
        let (seconds, part) = (at.0.div_euclid(1000), at.0.rem_euclid(1000));
        if !(BORDERS.0..=BORDERS.1).contains(&seconds) {
            return None;
        }
        let clock = Clock::of_seconds(seconds);
        // From 1, Monday.
        let weekday = (clock.date.weekday() + 6) % 7 + 1;
        Some(match self {
            Self::IsoDate => clock.date.to_string().into(),
            Self::IsoDatetime => format!("{clock}.{:06}", part * 1000).into(),
            Self::Year => i64::from(clock.date.year).into(),
            Self::Month => i64::from(clock.date.month).into(),
            Self::Day => i64::from(clock.date.day).into(),
            Self::Hour => i64::from(clock.hour).into(),
            Self::Minute => i64::from(clock.minute).into(),
            Self::Second => i64::from(clock.second).into(),
            Self::TimestampMs => at.0.into(),
            Self::IsoWeekday => i64::from(weekday).into(),
            Self::IsWeekday => (weekday <= 5).into(),
        })
    }
}
