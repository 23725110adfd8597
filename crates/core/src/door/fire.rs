//! Fire times with problems as `{"codes": …, "problems": …}`.

use super::schedule::moment_in;
use super::{Answer, read, write};
use crate::error::{Error, ErrorCode};
use crate::problem::Problem;
use crate::schedule::{Fire, MAX_COUNT, Periodic, Zone, check, next_fire_times};
use crate::time::WallTime;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct CronInput {
    cron: String,
    timezone: String,
    after: String,
    count: usize,
}

/// The next fire times of a Quartz expression.
pub(super) fn cron(input: Value) -> Answer {
    let CronInput { cron, timezone, after, count } = read(input)?;
    let problems = check(&cron, &timezone);
    if problems.iter().any(Problem::is_error) {
        return Ok(told(&problems));
    }
    write(next_fire_times(&cron, &timezone, moment(&after)?, count)?)
}

#[derive(Deserialize)]
struct PeriodicInput {
    interval: i64,
    unit: String,
    #[serde(default)]
    anchor: String,
    #[serde(default)]
    after: String,
    #[serde(default)]
    count: usize,
}

/// The next fire times of a periodic trigger, in UTC.
pub(super) fn periodic(input: Value) -> Answer {
    let PeriodicInput { interval, unit, anchor, after, count } = read(input)?;
    let periodic = match Periodic::parse(interval, &unit) {
        Ok(periodic) => periodic,
        Err(problems) => return Ok(told(&problems)),
    };
    if count > MAX_COUNT {
        let message = format!("count {count} is not in 0-{MAX_COUNT}");
        return Err(Error::new(ErrorCode::InvalidArgument, "next_fire_times", message));
    }
    let (anchor, mut after) = (moment(&anchor)?, moment(&after)?);
    let mut times = Vec::new();
    for _ in 0..count {
        after = periodic.next_after(anchor, after);
        times.push(Fire::new(after, &Zone::utc()).utc);
    }
    write(times)
}

fn moment(text: &str) -> Result<WallTime, Error> {
    moment_in(&Zone::utc(), text)
}

fn told(problems: &[Problem]) -> Value {
    let codes: Vec<&str> = problems.iter().map(|problem| problem.code).collect();
    json!({ "codes": codes, "problems": problems })
}
