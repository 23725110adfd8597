//! `lakeflow next`: fire times of a cron expression.

use crate::Ended;
use crate::args::Next;
use crate::failure::{Failure, exit};
use crate::print::Printer;
use lakeflow_client::Clock;
use lakeflow_core::schedule::{Zone, next_fire_times};
use lakeflow_core::time::WallTime;

pub(crate) fn run(args: &Next, printer: &Printer) -> Ended {
    let after = match &args.after {
        Some(text) => read_time(text, &args.timezone)?,
        None => Clock::wall(),
    };
    let fires = next_fire_times(&args.cron, &args.timezone, after, args.count)?;
    if args.json {
        printer.json(&fires)?;
        return Ok(exit::SUCCESS);
    }
    for fire in &fires {
        // In UTC both forms are the same moment on the same clock; once is enough.
        if args.timezone == "UTC" {
            printer.line(&fire.utc)?;
        } else {
            printer.line(&format!("{}  {}", fire.utc, fire.local))?;
        }
    }
    if fires.is_empty() {
        printer.note("the expression does not fire any more");
    }
    Ok(exit::SUCCESS)
}

/// Epoch seconds, or a time as the zone reads it. A zone that does not exist is told by the caller together with
/// everything else, so it does not matter here.
fn read_time(text: &str, timezone: &str) -> Result<WallTime, Failure> {
    if let Ok(seconds) = text.parse::<i64>() {
        return Ok(WallTime(seconds.saturating_mul(1000)));
    }
    let zone = Zone::resolve(timezone).unwrap_or_else(|_| Zone::utc());
    zone.read(text).map_err(|problem| {
        let hint = problem.hint.as_deref().unwrap_or("write it as RFC 3339");
        Failure::usage(format!("--after: {} ({hint}, or as epoch seconds)", problem.message))
    })
}
