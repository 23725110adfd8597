//! Backfill: runs of one job over a range of times, each with the start of its window as a parameter (reference section
//! 12.6, where it is a series of run-now calls).
//!
//! Here is what to start: the windows, the parameters of each, and a token that stays the same however often the backfill is
//! begun, so that a window is started once. When to start and what to make of the ends is the caller's affair.
//!
//! Where the reference is silent, these are the decisions, and nowhere else:
//!
//! | open point | decision |
//! |---|---|
//! | ends of the range | both are in: a window for each step from `from` while it is not after `to` |
//! | times | UTC, as every time argument of references is; text without a zone is UTC |
//! | steps of months and years | from the first window, so that the 31st comes back after a short month |
//! | a parameter named without a value | the window's date; its date and time when a window does not begin at midnight |
//! | windows at most | 100 (section 18) unless more are asked for, 10,000 at all |

use crate::id::JobId;
use crate::problem::Problem;
use crate::reference::{self, Context, Mode, Part, Reference, Scope};
use crate::run::{Outcome, Phase, RunDoc};
use crate::time::WallTime;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde_json::{Map, Value};

/// Windows of a backfill, unless more are asked for (reference section 18).
pub const WINDOWS: usize = 100;

/// Windows that can be asked for.
pub const MOST_WINDOWS: usize = 10_000;

const DAY_MS: i64 = 86_400_000;

/// The starts of the windows from `from` to `to`, both included, `every` so often. Times are `2026-01-01`,
/// `2026-01-01T06:00` or RFC 3339 with an offset; steps are a number and `m`, `h`, `d`, `w`, `mo` or `y`. All problems are
/// told, with the field's name as path; `too_many_windows` when there are more than `most`.
pub fn windows(from: &str, to: &str, every: &str, most: usize) -> Result<Vec<WallTime>, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut told = |read: Result<Timestamp, Problem>| read.map_err(|problem| problems.push(problem)).ok();
    let (from_time, to_time) = (told(time("from", from)), told(time("to", to)));
    let step = step(every).map_err(|problem| problems.push(problem)).ok();
    let (Some(first), Some(last), Some(step)) = (from_time, to_time, step) else { return Err(problems) };
    if last < first {
        let message = format!("{to} is before {from}");
        return Err(vec![Problem::error("empty_range", "to", message).with_hint("swap the two")]);
    }
    let most = most.min(MOST_WINDOWS);
    let mut starts = Vec::new();
    for number in 0.. {
        // A range that leads out of the calendar ends with it.
        let Some(start) = nth(first, step, number).filter(|start| *start <= last) else { break };
        if starts.len() == most {
            let message = format!("from {from} to {to} every {every} are more than {most} windows");
            return Err(vec![Problem::error("too_many_windows", "every", message)]);
        }
        starts.push(WallTime(start.as_millisecond()));
    }
    Ok(starts)
}

/// A point of UTC as people write it.
fn time(field: &str, text: &str) -> Result<Timestamp, Problem> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let read = text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(|date| date.at(0, 0, 0, 0)));
    let time = read.ok().and_then(|civil| civil.to_zoned(TimeZone::UTC).ok());
    time.map(|zoned| zoned.timestamp()).ok_or_else(|| {
        Problem::error("bad_time", field, format!("{text:?} is no time"))
            .with_hint("write 2026-01-31, 2026-01-31T06:00 or 2026-01-31T06:00:00+01:00")
    })
}

/// A number of units.
#[derive(Clone, Copy)]
struct Step {
    number: i64,
    unit: Unit,
}

#[derive(Clone, Copy)]
enum Unit {
    Minutes,
    Hours,
    Months,
    Years,
}

fn step(text: &str) -> Result<Step, Problem> {
    let bad = |message: String| {
        Problem::error("bad_step", "every", message)
            .with_hint("write a number and a unit: 15m, 6h, 1d, 1w, 1mo or 1y")
    };
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: i64 = number.parse().map_err(|_| bad(format!("{text:?} is no step")))?;
    if number == 0 {
        return Err(bad("a step of 0 never ends".to_owned()));
    }
    let (times, unit) = match unit.trim() {
        "m" | "min" => (1, Unit::Minutes),
        "h" => (1, Unit::Hours),
        "d" => (24, Unit::Hours),
        "w" => (7 * 24, Unit::Hours),
        "mo" => (1, Unit::Months),
        "y" => (1, Unit::Years),
        other => return Err(bad(format!("{text:?} has the unknown unit {other:?}"))),
    };
    // Longer steps lead out of the calendar at once.
    let number = number.checked_mul(times).filter(|number| *number <= 1_000_000_000);
    number.map(|number| Step { number, unit }).ok_or_else(|| bad(format!("{text:?} is too long a step")))
}

/// The start of a window; `None` beyond the end of the calendar.
fn nth(first: Timestamp, step: Step, number: i64) -> Option<Timestamp> {
    let steps = step.number.checked_mul(number)?;
    let span = match step.unit {
        Unit::Minutes => Span::new().try_minutes(steps),
        Unit::Hours => Span::new().try_hours(steps),
        Unit::Months => Span::new().try_months(steps),
        Unit::Years => Span::new().try_years(steps),
    };
    let zoned = first.to_zoned(TimeZone::UTC).checked_add(span.ok()?).ok()?;
    Some(zoned.timestamp())
}

/// What a window is called: `2026-01-31`, or `2026-01-31T06:00:00Z` when it does not begin at midnight.
pub fn window_name(window: WallTime) -> String {
    let Ok(time) = Timestamp::from_millisecond(window.0) else { return window.0.to_string() };
    if window.0.rem_euclid(DAY_MS) == 0 {
        time.to_zoned(TimeZone::UTC).date().to_string()
    } else {
        time.to_string()
    }
}

/// The parameters as they are written on a command line: `date` takes the window, `date={{backfill.iso_datetime}}` as it says,
/// `region=eu` is the same for all. All problems are told: names that come twice, references that do not exist, and a backfill in which no parameter
/// takes the window, so that all runs would do the same.
pub fn templates(params: &[String], windows: &[WallTime]) -> Result<Vec<(String, String)>, Vec<Problem>> {
    let midnights = windows.iter().all(|window| window.0.rem_euclid(DAY_MS) == 0);
    let whole = if midnights { "{{backfill.iso_date}}" } else { "{{backfill.iso_datetime}}" };
    let mut problems = Vec::new();
    let mut read: Vec<(String, String)> = Vec::new();
    for param in params {
        let (name, template) = param.split_once('=').unwrap_or((param, whole));
        if name.is_empty() {
            problems.push(Problem::error("empty_name", "param", format!("{param:?} names no parameter")));
        } else if read.iter().any(|(known, _)| known == name) {
            problems.push(Problem::error("duplicate_name", "param", format!("{name:?} is given twice")));
        } else {
            for placeholder in reference::references_in(template, Mode::Strict) {
                if let Err(problem) = placeholder.reference {
                    problems.push(Problem { path: format!("param {name}"), ..problem });
                }
            }
            read.push((name.to_owned(), template.to_owned()));
        }
    }
    let takes = |text: &String| {
        let found = reference::references_in(text, Mode::Strict);
        found.iter().any(|placeholder| matches!(placeholder.reference, Ok(Reference::Backfill(_))))
    };
    if problems.is_empty() && !read.iter().any(|(_, template)| takes(template)) {
        let message = "no parameter takes the window, so every run would do the same";
        let hint = "name one without a value, or use {{backfill.iso_date}} in it";
        problems.push(Problem::error("no_window_parameter", "param", message).with_hint(hint));
    }
    if problems.is_empty() { Ok(read) } else { Err(problems) }
}

/// The parameters of one window. References to anything but the backfill are left for the run to resolve; a time argument
/// that does not exist is a problem.
pub fn parameters(
    templates: &[(String, String)],
    window: WallTime,
) -> Result<Map<String, Value>, Vec<Problem>> {
    let scope = Context { backfill: Some(reference::Backfill { time: window }), ..Context::default() };
    let path = |name: &str| format!("param {name}");
    let mut values = Map::new();
    let mut problems = Vec::new();
    for (name, template) in templates {
        let mut value = String::new();
        for part in reference::parse(template, Mode::Strict).parts() {
            match part {
                Part::Literal(text) => value.push_str(text),
                Part::Placeholder(placeholder) => match &placeholder.reference {
                    Ok(found @ Reference::Backfill(_)) => match scope.get(found) {
                        Ok(found) => value.push_str(&reference::value_text(&found)),
                        Err(missing) => {
                            problems.push(Problem::error("bad_reference", path(name), missing.reason));
                        }
                    },
                    Ok(_) => value.push_str(&placeholder.text),
                    Err(problem) => {
                        problems.push(Problem { path: path(name), ..problem.clone() });
                    }
                },
            }
        }
        values.insert(name.clone(), Value::from(value));
    }
    if problems.is_empty() { Ok(values) } else { Err(problems) }
}

/// The idempotency token of a window's run: the same for the same job, name of the backfill, window, parameters and attempt,
/// in every process that begins the backfill; at most 64 characters. A later attempt is for a window whose run cannot be
/// repaired.
pub fn token(job: JobId, name: &str, window: WallTime, params: &Map<String, Value>, attempt: u32) -> String {
    // FNV-1a: not to keep anybody out, only to tell one backfill from another.
    let text = format!("{name}\n{}", Value::Object(params.clone()));
    let digest = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("bf-{job}-{}-{digest:016x}-{attempt}", window.0)
}

/// What to do about a window whose token has led to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// The run is of this time, or goes on: its end is what counts.
    Wait,
    /// It ended as it is to be told.
    Done,
    /// It failed in an earlier time: its failed tasks run again.
    Repair,
    /// It never ran and cannot be repaired: the next attempt starts another one.
    Again,
}

/// Takes a window up. `before` says that the run was there before this time began; `keep_failed`, that a run that failed then is
/// told as it is.
pub fn resume(run: &RunDoc, before: bool, keep_failed: bool) -> Resume {
    match run.phase() {
        Phase::Ended(end) if before => match end.outcome {
            outcome if outcome.is_success() => Resume::Done,
            Outcome::MaximumConcurrentRunsReached => Resume::Again,
            _ if keep_failed => Resume::Done,
            _ => Resume::Repair,
        },
        _ => Resume::Wait,
    }
}
