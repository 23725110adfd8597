//! Time zones by the ids that Java knows, from the database that is part of the program; no zone file is read.

use crate::problem::Problem;
use crate::suggest::did_you_mean;
use crate::time::WallTime;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

/// Short ids that Java resolves and the zone database does not have (`java.time.ZoneId.SHORT_IDS`; `EST`, `MST`
/// and `HST` are in the database).
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
    rules: TimeZone,
}

impl Zone {
    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self { id: "UTC".to_owned(), rules: TimeZone::UTC }
    }

    /// The zone of a Java id: a name of the zone database with its exact capitals (`Europe/Warsaw`, `UTC`, also
    /// old names such as `US/Eastern`), one of Java's three-letter ids, or `GMT+2`, `GMT-05:30`.
    ///
    /// The problem has the code `unknown_time_zone` and an empty path, and proposes the nearest id.
    pub fn resolve(id: &str) -> Result<Self, Problem> {
        let name = JAVA_SHORT_IDS.iter().find(|(short, _)| *short == id).map_or(id, |(_, name)| name);
        let rules =
            if name == "UTC" { Some(TimeZone::UTC) } else { database::get(name).or_else(|| gmt_offset(id)) };
        match rules {
            Some(rules) => Ok(Self { id: id.to_owned(), rules }),
            None => Err(unknown(id)),
        }
    }

    /// The id as it was given.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// A moment as ISO text on this zone's clock, to the second and with the offset: `2026-03-01T03:00:00+01:00`.
    /// A moment outside the years -9999 to 9999 is held at the border.
    pub fn text(&self, at: WallTime) -> String {
        let moment = timestamp(at);
        format!("{:.0}", moment.display_with_offset(self.rules.to_offset(moment)))
    }

    /// Reads a time that a person wrote: ISO date and time with `Z` or an offset, or without one and then on this
    /// zone's clock; a date alone is its midnight. A time in a spring gap moves forward by the gap; one that
    /// occurs twice is the first. The problem has the code `invalid_time`.
    pub fn read(&self, text: &str) -> Result<WallTime, Problem> {
        if let Ok(moment) = text.parse::<Timestamp>() {
            return Ok(WallTime(moment.as_millisecond()));
        }
        let moment = text.parse::<DateTime>().and_then(|clock| self.rules.to_timestamp(clock));
        moment.map(|moment| WallTime(moment.as_millisecond())).map_err(|_| {
            Problem::error("invalid_time", "", format!("{text:?} is not a time"))
                .with_hint("write it like 2026-03-01T02:00:00Z, 2026-03-01T02:00:00 or 2026-03-01")
        })
    }

    /// What this zone's clock shows at a moment, without the fraction of the second.
    pub(super) fn clock(&self, at: WallTime) -> DateTime {
        let seconds = at.0.div_euclid(1000);
        self.rules.to_datetime(timestamp(WallTime(seconds.saturating_mul(1000))))
    }

    /// The moment at which this zone's clock shows `clock`. A time that occurs twice in autumn is the later one.
    /// In a spring gap the answer is `Err` with the first time that the clock shows after the gap. `None` when
    /// the moment is outside the calendar.
    pub(super) fn moment(&self, clock: DateTime) -> Option<Result<WallTime, DateTime>> {
        let ambiguous = self.rules.to_ambiguous_timestamp(clock);
        let is_gap = matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. });
        if is_gap {
            let before = ambiguous.earlier().ok()?;
            let change = self.rules.following(before).next()?;
            return Some(Err(self.rules.to_datetime(change.timestamp())));
        }
        let moment = ambiguous.later().ok()?;
        Some(Ok(WallTime(moment.as_millisecond())))
    }
}

/// A moment as ISO text in UTC, to the second: `2026-03-01T02:00:00Z`.
pub(super) fn utc_text(at: WallTime) -> String {
    format!("{:.0}", timestamp(at))
}

fn timestamp(at: WallTime) -> Timestamp {
    let border = if at.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_millisecond(at.0).unwrap_or(border)
}

/// Java's own form of a fixed offset: `GMT`, a sign, one or two digits of hours (0-23) and `:mm` or `mm`.
fn gmt_offset(id: &str) -> Option<TimeZone> {
    let rest = id.strip_prefix("GMT")?;
    let (sign, digits) = match rest.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
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
    Offset::from_seconds(sign * seconds).ok().map(TimeZone::fixed)
}

fn unknown(id: &str) -> Problem {
    let names = database::names();
    let hint = did_you_mean(id, names.iter().map(String::as_str));
    let problem = Problem::error("unknown_time_zone", "", format!("time zone {id:?} is not known"));
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
    use jiff::tz::{TimeZone, TimeZoneDatabase};

    /// The zone of exactly this name; the database itself does not look at capitals, Java does.
    pub(super) fn get(name: &str) -> Option<TimeZone> {
        TimeZoneDatabase::bundled().get(name).ok().filter(|zone| zone.iana_name() == Some(name))
    }

    pub(super) fn names() -> Vec<String> {
        TimeZoneDatabase::bundled().available().map(|name| name.as_str().to_owned()).collect()
    }
}

#[cfg(not(feature = "zones"))]
mod database {
    use jiff::tz::TimeZone;

    pub(super) fn get(_name: &str) -> Option<TimeZone> {
        None
    }

    pub(super) fn names() -> Vec<String> {
        Vec::new()
    }
}
