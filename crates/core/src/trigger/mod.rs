//! What starts a job by itself, and when (reference section 15): pure machines that are given the time and what was seen, and
//! say what is due. Nothing here reads a clock or looks at a file; what was settled is a state that the caller keeps.
//!
//! A trigger that is due stays due until the caller has settled it. Every due moment has a token of its own, so that a caller
//! that was killed between starting the run and settling starts no second one.
//!
//! **Missed fire times.** Times that passed while nobody asked are not made up for one by one: the newest of them fires late, once,
//! when it is no older than [`LATE_MS`]; older ones are skipped.

mod arrival;
mod timed;

pub use arrival::{ArrivalState, ArrivalTrigger, MOST_FILES};
pub use timed::{Due, Timed, TimedState};

use crate::id::JobId;
use crate::job::wire::Wire;
use crate::job::{CronSchedule, JobSettings, PauseStatus, PeriodicTrigger};
use crate::schedule::{Cron, Periodic, Zone};
use crate::time::WallTime;
use serde_json::{Value, json};

/// A fire time that was missed by no more than this many milliseconds fires late.
pub const LATE_MS: i64 = 10 * 60 * 1000;

/// A trigger of a job that goes by time.
#[derive(Clone, Debug)]
pub struct TimedTrigger {
    /// Where it stands in the definition: `schedule`, `trigger`, or `triggers[n]`.
    pub place: String,
    /// When it fires.
    pub timed: Timed,
    /// It does not fire while it is paused.
    pub paused: bool,
    /// The definition as text: when it changes, the trigger begins anew.
    pub definition: String,
}

impl TimedTrigger {
    /// Makes the run of one fire time happen once, however often it is asked for.
    pub fn token(&self, job: JobId, at: WallTime) -> String {
        format!("trigger.{job}.{}.{}", self.place, at.0)
    }
}

/// The triggers of a definition that go by time. What cannot fire, because the expression or the zone cannot be read, is left
/// out: the lint reports it when the job is stored.
pub fn timed_triggers(settings: &JobSettings) -> Vec<TimedTrigger> {
    let mut found = Vec::new();
    if let Some(schedule) = &settings.schedule {
        found.extend(of_schedule("schedule".to_owned(), schedule, paused(schedule.pause_status.as_ref())));
    }
    if let Some(trigger) = &settings.trigger
        && let Some(periodic) = &trigger.periodic
    {
        found.extend(of_periodic("trigger".to_owned(), periodic, paused(trigger.pause_status.as_ref())));
    }
    let entries = settings.triggers.as_ref().and_then(Value::as_array).into_iter().flatten();
    for (n, entry) in entries.enumerate() {
        let place = format!("triggers[{n}]");
        let paused = entry.get("pause_status").and_then(Value::as_str) == Some("PAUSED");
        let part = |name: &str| entry.get(name).cloned();
        if let Some(schedule) = part("schedule").and_then(|v| serde_json::from_value::<CronSchedule>(v).ok())
        {
            found.extend(of_schedule(place, &schedule, paused));
        } else if let Some(periodic) =
            part("periodic").and_then(|v| serde_json::from_value::<PeriodicTrigger>(v).ok())
        {
            found.extend(of_periodic(place, &periodic, paused));
        }
    }
    found
}

fn paused(status: Option<&PauseStatus>) -> bool {
    status == Some(&PauseStatus::Paused)
}

fn of_schedule(place: String, schedule: &CronSchedule, paused: bool) -> Option<TimedTrigger> {
    let cron = Cron::parse(&schedule.quartz_cron_expression).ok()?;
    let zone = Zone::resolve(&schedule.timezone_id).ok()?;
    let definition = json!([schedule.quartz_cron_expression, schedule.timezone_id, paused]).to_string();
    Some(TimedTrigger { place, timed: Timed::Cron(Box::new(cron), zone), paused, definition })
}

fn of_periodic(place: String, periodic: &PeriodicTrigger, paused: bool) -> Option<TimedTrigger> {
    let timed = Timed::Periodic(Periodic::parse(periodic.interval, periodic.unit.as_str()).ok()?);
    let definition = json!([periodic.write(), paused]).to_string();
    Some(TimedTrigger { place, timed, paused, definition })
}
