//! When a job fires: Quartz cron and periodic triggers, with time zones and daylight saving.
//!
//! The rules are of reference section 15.2 (cron), 15.3 (periodic) and 18 (limits). This room reads no clock and
//! no zone files: the time to start from is an argument and the zone database is part of the program.
//! It does not decide whether a trigger is paused, or what happens to fire times that were missed.

mod cron;
mod days;
mod parse;
mod periodic;
mod words;
mod zone;

pub use cron::{Cron, Fires, LAST_YEAR};
pub use periodic::{Periodic, PeriodicUnit};
pub use words::words;
pub use zone::Zone;

use crate::error::{Error, ErrorCode};
use crate::json::{Object, Quoted, ToJson};
use crate::problem::Problem;
use crate::time::WallTime;
use crate::value::Value;
use serde::Serialize;

/// Scheduled runs of a job are at least this many seconds apart (reference section 18).
pub const MIN_DISTANCE_SECONDS: u32 = 10;

/// The largest `count` that [`next_fire_times`] takes.
pub const MAX_COUNT: usize = 1000;

/// One fire time as people read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fire {
    /// The moment in UTC: `2026-03-01T02:00:00Z`.
    pub utc: String,
    /// The same moment on the clock of the schedule's zone, with its offset: `2026-03-01T03:00:00+01:00`.
    pub local: String,
}

impl ToJson for Fire {
    fn to_json(&self) -> Value {
        let mut told = Object::default();
        told.set("utc", self.utc.as_str());
        told.set("local", self.local.as_str());
        told.into()
    }
}

impl Fire {
    /// The fire time `at` as text, read in `zone`.
    pub fn new(at: WallTime, zone: &Zone) -> Self {
        Self { utc: zone::utc_text(at), local: zone.text(at) }
    }
}

/// All problems of a cron schedule as a job stores it; empty when it can fire.
///
/// `expression` is a Quartz expression and `timezone` a Java zone id. The path of a problem is the field's name
/// (`quartz_cron_expression`, `timezone_id`). An expression that no date fits, such as 30 February, is an error.
/// Fires closer than [`MIN_DISTANCE_SECONDS`] are a warning.
pub fn check(expression: &str, timezone: &str) -> Vec<Problem> {
    let (mut problems, distance) = match Cron::parse(expression) {
        Ok(cron) if cron.never_fires() => {
            let message =
                format!("{} never fires: no date from 1970 to {LAST_YEAR} fits it", Quoted(expression));
            (vec![Problem::error("cron_never_fires", "", message)], None)
        }
        Ok(cron) => (Vec::new(), cron.shortest_distance_seconds()),
        Err(problems) => (problems, None),
    };
    if let Some(seconds) = distance.filter(|s| *s < MIN_DISTANCE_SECONDS) {
        let message = format!(
            "{} fires every {seconds} s; the minimum distance is {MIN_DISTANCE_SECONDS} s",
            Quoted(expression)
        );
        problems.push(Problem::warning("cron_too_frequent", "", message));
    }
    for problem in &mut problems {
        "quartz_cron_expression".clone_into(&mut problem.path);
    }
    if let Err(problem) = Zone::resolve(timezone) {
        problems.push(Problem { path: "timezone_id".to_owned(), ..problem });
    }
    problems
}

/// The next fire times of a cron expression, earliest first, each strictly after `after`.
///
/// `count` is 1 to [`MAX_COUNT`]. Fewer times come back when the expression's years end; the search itself ends a
/// hundred years after `after`, and with [`LAST_YEAR`]. An error of code `INVALID_ARGUMENT` names everything that
/// is wrong with the expression, the zone and the count.
pub fn next_fire_times(
    expression: &str,
    timezone: &str,
    after: WallTime,
    count: usize,
) -> Result<Vec<Fire>, Error> {
    let cron = Cron::parse(expression);
    let zone = Zone::resolve(timezone);
    let mut faults = String::new();
    let mut add = |fault: &str| {
        faults += if faults.is_empty() { "" } else { "; " };
        faults += fault;
    };
    for problem in cron.as_ref().err().into_iter().flatten().chain(zone.as_ref().err()) {
        add(&fault(problem));
    }
    if !(1..=MAX_COUNT).contains(&count) {
        add(&format!("count {count} is not in 1-{MAX_COUNT}"));
    }
    match (cron, zone) {
        (Ok(cron), Ok(zone)) if faults.is_empty() => {
            let mut fires = Vec::new();
            let mut after = after;
            while fires.len() < count
                && let Some(at) = cron.next_after(after, &zone)
            {
                fires.push(Fire::new(at, &zone));
                after = at;
            }
            Ok(fires)
        }
        _ => Err(Error::new(ErrorCode::InvalidArgument, "next_fire_times", faults)),
    }
}

fn fault(problem: &Problem) -> String {
    match &problem.hint {
        Some(hint) => format!("{} ({hint})", problem.message),
        None => problem.message.clone(),
    }
}
