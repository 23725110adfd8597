//! Time zones by the ids that Java knows, from the database that is part of the program; no zone file is read.

use crate::civil::{self, BORDERS, Clock, offset_text};
use crate::cut;
use crate::json::Quoted;
use crate::problem::Problem;
use crate::suggest::did_you_mean;
use crate::time::WallTime;

/// Short ids that Java resolves and the zone database does not have (`java.time.ZoneId.SHORT_IDS`; `EST`, `MST`
/// and `HST` are in the database).
#[cfg(feature = "zones")]
const JAVA_SHORT_IDS: &[(&str, &str)] = &[
    ("ACT", "Australia/Darwin"),
    ("AET", "Australia/Sydney"),
    ("AGT", "America/Argentina/Buenos_Aires"),
    ("ART", "Africa/Cairo"),
    ("AST", "America/Anchorage"),
    ("BET", "America/Sao_Paulo"),
    ("BST", "Asia/Dhaka"),
    ("CAT", "Africa/Harare"),
    ("CNT", "America/St_Johns"),
    ("CST", "America/Chicago"),
    ("CTT", "Asia/Shanghai"),
    ("EAT", "Africa/Addis_Ababa"),
    ("ECT", "Europe/Paris"),
    ("IET", "America/Indiana/Indianapolis"),
    ("IST", "Asia/Kolkata"),
    ("JST", "Asia/Tokyo"),
    ("MIT", "Pacific/Apia"),
    ("NET", "Asia/Yerevan"),
    ("NST", "Pacific/Auckland"),
    ("PLT", "Asia/Karachi"),
    ("PNT", "America/Phoenix"),
    ("PRT", "America/Puerto_Rico"),
    ("PST", "America/Los_Angeles"),
    ("SST", "Pacific/Guadalcanal"),
    ("VST", "Asia/Ho_Chi_Minh"),
];

/// A time zone that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    id: String,
    rules: Rules,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Rules {
    /// Always as far from UTC, in seconds.
    Fixed(i32),
    /// As the database says.
    Named(database::Rules),
}

impl Zone {
    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self { id: "UTC".to_owned(), rules: Rules::Fixed(0) }
    }

    /// The zone of a Java id: a name of the zone database with its exact capitals (`Europe/Warsaw`, `UTC`, also
    /// old names such as `US/Eastern`), one of Java's three-letter ids, or `GMT+2`, `GMT-05:30`.
    ///
    /// The problem has the code `unknown_time_zone` and an empty path, and proposes the nearest id.
    pub fn resolve(id: &str) -> Result<Self, Problem> {
        let rules = if id == "UTC" {
            Some(Rules::Fixed(0))
        } else {
            database::get(id).map(Rules::Named).or_else(|| gmt_offset(id).map(Rules::Fixed))
        };
        match rules {
            Some(rules) => Ok(Self { id: id.to_owned(), rules }),
            None => Err(unknown(id)),
        }
    }

    /// The id as it was given.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The distance from UTC at a moment, in seconds; both within [`BORDERS`].
    fn offset(&self, at: i64) -> i32 {
        match &self.rules {
            Rules::Fixed(offset) => *offset,
            Rules::Named(rules) => rules.offset(at),
        }
    }

    /// A moment as ISO text on this zone's clock, to the second and with the offset: `2026-03-01T03:00:00+01:00`.
    /// A moment outside the years -9999 to 9999 is held at the border.
    pub fn text(&self, at: WallTime) -> String {
        let seconds = seconds(at);
        let offset = self.offset(seconds);
        format!("{}{}", Clock::of_seconds(seconds + i64::from(offset)), offset_text(offset))
    }

    /// Reads a time that a person wrote: ISO date and time with `Z` or an offset, or without one and then on this
    /// zone's clock; a date alone is its midnight. A time in a spring gap moves forward by the gap; one that
    /// occurs twice is the first. The problem has the code `invalid_time`.
    pub fn read(&self, text: &str) -> Result<WallTime, Problem> {
        let moment = civil::read(text).and_then(|written| {
            let offset = match (written.offset, &self.rules) {
                (Some(offset), _) => offset,
                (None, Rules::Fixed(offset)) => *offset,
                (None, Rules::Named(rules)) => rules.offset_of_clock(written.clock)?,
            };
            Some(WallTime(written.milliseconds(offset)))
        });
        moment.ok_or_else(|| {
            Problem::error("invalid_time", "", format!("{} is not a time", Quoted(text)))
                .with_hint("write it like 2026-03-01T02:00:00Z, 2026-03-01T02:00:00 or 2026-03-01")
        })
    }

    /// What this zone's clock shows at a moment, without the fraction of the second.
    pub(super) fn clock(&self, at: WallTime) -> Clock {
        let seconds = seconds(at);
        Clock::of_seconds(seconds + i64::from(self.offset(seconds)))
    }

    /// The moment at which this zone's clock shows `clock`. A time that occurs twice in autumn is the later one.
    /// In a spring gap the answer is `Err` with the first time that the clock shows after the gap. `None` when
    /// the moment is outside the calendar.
    pub(super) fn moment(&self, clock: Clock) -> Option<Result<WallTime, Clock>> {
        match &self.rules {
            Rules::Fixed(offset) => Some(Ok(WallTime((clock.seconds() - i64::from(*offset)) * 1000))),
            Rules::Named(rules) => rules.moment(clock),
        }
    }
}

/// A moment as ISO text in UTC, to the second: `2026-03-01T02:00:00Z`.
pub(super) fn utc_text(at: WallTime) -> String {
    format!("{}Z", Clock::of_seconds(seconds(at)))
}

fn seconds(at: WallTime) -> i64 {
    at.0.div_euclid(1000).clamp(BORDERS.0, BORDERS.1)
}

/// Java's own form of a fixed offset: `GMT`, a sign, one or two digits of hours (0-23) and `:mm` or `mm`.
fn gmt_offset(id: &str) -> Option<i32> {
    let rest = id.strip_prefix("GMT")?;
    let (sign, digits) = match rest.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match cut::once(digits, b':') {
        Some((hours, minutes)) if minutes.len() == 2 => (hours, minutes),
        Some(_) => return None,
        None if digits.len() > 2 => digits.split_at_checked(digits.len() - 2)?,
        None => (digits, "0"),
    };
    let number = |text: &str, max: i32| {
        let plain = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        text.parse::<i32>().ok().filter(|n| plain && *n <= max)
    };
    let seconds = number(hours, 23)? * 3600 + number(minutes, 59)? * 60;
    Some(sign * seconds)
}

fn unknown(id: &str) -> Problem {
    let names = database::names();
    let hint = did_you_mean(id, names.iter().map(String::as_str));
    let problem = Problem::error("unknown_time_zone", "", format!("time zone {} is not known", Quoted(id)));
    match hint {
        Some(hint) => problem.with_hint(hint),
        None if names.is_empty() => {
            problem.with_hint("this build has no zone database, only UTC and GMT offsets")
        }
        None => problem.with_hint("use an id such as UTC, Europe/Warsaw or America/New_York"),
    }
}

#[cfg(feature = "zones")]
mod database {
    use crate::civil::Clock;
    use crate::time::WallTime;
    use jiff::Timestamp;
    use jiff::civil::{DateTime, date};
    use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

    #[derive(Clone, Debug, PartialEq, Eq)]
    pub(super) struct Rules(TimeZone);

    /// The zone of Java's short id or of exactly this name; the database itself does not look at capitals, Java does.
    pub(super) fn get(id: &str) -> Option<Rules> {
        let short = super::JAVA_SHORT_IDS.iter().find(|(short, _)| *short == id);
        let name = short.map_or(id, |(_, name)| name);
        let zone = TimeZoneDatabase::bundled().get(name).ok();
        zone.filter(|zone| zone.iana_name() == Some(name)).map(Rules)
    }

    pub(super) fn names() -> Vec<String> {
        TimeZoneDatabase::bundled().available().map(|name| name.as_str().to_owned()).collect()
    }

    impl Rules {
        pub(super) fn offset(&self, at: i64) -> i32 {
            Timestamp::from_second(at).map_or(0, |at| self.0.to_offset(at).seconds())
        }

        /// The distance from UTC when the clock shows this: before a gap, and the first of two.
        pub(super) fn offset_of_clock(&self, clock: Clock) -> Option<i32> {
            let moment = self.0.to_ambiguous_timestamp(civil(clock)).compatible().ok()?;
            Some((clock.seconds() - moment.as_second()) as i32)
        }

        pub(super) fn moment(&self, clock: Clock) -> Option<Result<WallTime, Clock>> {
            let ambiguous = self.0.to_ambiguous_timestamp(civil(clock));
            if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
                let before = ambiguous.earlier().ok()?;
                let change = self.0.following(before).next()?.timestamp().as_second();
                return Some(Err(Clock::of_seconds(change + i64::from(self.offset(change)))));
            }
            Some(Ok(WallTime(ambiguous.later().ok()?.as_millisecond())))
        }
    }

    fn civil(clock: Clock) -> DateTime {
        let day = date(clock.date.year, clock.date.month, clock.date.day);
        day.at(clock.hour, clock.minute, clock.second, 0)
    }
}

#[cfg(not(feature = "zones"))]
mod database {
    use crate::civil::Clock;
    use crate::time::WallTime;

    /// Without a database there are none.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub(super) enum Rules {}

    pub(super) fn get(_name: &str) -> Option<Rules> {
        None
    }

    pub(super) fn names() -> Vec<String> {
        Vec::new()
    }

    impl Rules {
        pub(super) fn offset(&self, _at: i64) -> i32 {
            match *self {}
        }

        pub(super) fn offset_of_clock(&self, _clock: Clock) -> Option<i32> {
            match *self {}
        }

        pub(super) fn moment(&self, _clock: Clock) -> Option<Result<WallTime, Clock>> {
            match *self {}
        }
    }
}
