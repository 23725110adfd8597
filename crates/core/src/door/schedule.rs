//! Fire times.

use super::{Answer, Input, unreadable};
use crate::error::{Error, ErrorCode};
use crate::json::ToJson;
use crate::schedule::{Zone, next_fire_times};
use crate::time::WallTime;
use crate::value::Value;

/// The same with problems as an error; a time without an offset is in the schedule's zone.
pub(super) fn next(input: Value) -> Answer {
    let mut input = Input::of(input)?;
    let (cron, timezone) = (input.required_text("cron")?, input.required_text("timezone")?);
    let after = input.required_text("after")?;
    let count = input.integer("count")?.ok_or_else(|| unreadable("missing field `count`"))?;
    let count = usize::try_from(count).map_err(|_| unreadable("`count` is less than 0"))?;
    let zone = Zone::resolve(&timezone).unwrap_or_else(|_| Zone::utc());
    Ok(next_fire_times(&cron, &timezone, moment_in(&zone, &after)?, count)?.to_json())
}

pub(super) fn moment_in(zone: &Zone, text: &str) -> Result<WallTime, Error> {
    zone.read(text)
        .map_err(|problem| Error::new(ErrorCode::InvalidArgument, "next_fire_times", problem.to_string()))
}
