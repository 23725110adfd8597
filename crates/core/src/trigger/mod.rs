//! What starts a job by itself, and when (reference section 15): pure machines that are given the time and what was seen, and
//! say what is due. Nothing here reads a clock or looks at a file; what was settled is a state that the caller keeps.
//!
//! A trigger that is due stays due until the caller has settled it. Every due moment has a token of its own, so that a caller
//! that was killed between starting the run and settling starts no second one.
//!
//! **Missed fire times** (reference section 15.2 asks for a policy). A schedule's times that passed while nobody asked are not made up
//! for one by one: [`Missed::Skip`] lets the newest of them fire late, once, when it is no older than [`LATE_MS`], and
//! skips older ones; [`Missed::CatchUp`] lets the newest one fire, once, however old it is. Triggers that look at something, files,
//! tables or other runs, miss nothing: what came meanwhile is there when somebody looks again, and fires once.

mod arrival;
mod completion;
mod continuous;
mod pace;
mod pause;
mod tables;
mod timed;
mod watch;

pub use crate::job::{IfStatus, MOST_JOBS};
pub use arrival::{ArrivalState, ArrivalTrigger, MOST_FILES};
pub use completion::{Completion, CompletionState, CompletionTrigger};
pub use continuous::{ContinuousState, ContinuousTrigger, LONGEST_BACK_OFF_MS, back_off_ms};
pub use pace::Pace;
pub use pause::{is_paused, set_paused};
pub use tables::{TableState, TableTrigger, TableVersion};
pub use timed::{Due, Missed, Timed, TimedState};
pub use watch::{Begun, Watch};

use crate::id::JobId;
use crate::job::wire::Wire;
use crate::job::{Continuous, CronSchedule, JobSettings, PauseStatus, PeriodicTrigger, TriggerSettings};
use crate::schedule::{Cron, Periodic, Zone};
use crate::time::WallTime;
use serde_json::{Value, json};

/// A fire time that was missed by no more than this many milliseconds fires late.
pub const LATE_MS: i64 = 10 * 60 * 1000;

/// A trigger of a job.
#[derive(Clone, Debug)]
pub struct Trigger {
    /// Where it stands in the definition: `schedule`, `trigger`, `continuous` or `triggers[n]`.
    pub place: String,
    /// When it fires.
    pub kind: Kind,
    /// It does not fire while it is paused.
    pub paused: bool,
    /// The definition as text: when it changes, the trigger begins anew.
    pub definition: String,
}

/// The kinds of triggers.
#[derive(Clone, Debug)]
pub enum Kind {
    /// By time.
    Timed(Timed),
    /// When files arrive.
    Files(ArrivalTrigger),
    /// When tables change.
    Tables(TableTrigger),
    /// When runs of other jobs complete.
    Jobs(CompletionTrigger),
    /// Always one run.
    Continuous(ContinuousTrigger),
    /// Stored and never fired (reference section 15.6): model triggers.
    Stored,
}

impl Kind {
    /// The run's `trigger` on the wire (reference section 15.1).
    pub fn wire(&self) -> &'static str {
        match self {
            Self::Timed(_) => "PERIODIC",
            Self::Files(_) => "FILE_ARRIVAL",
            Self::Tables(_) => "TABLE",
            Self::Jobs(_) => "JOB_COMPLETION",
            Self::Continuous(_) => continuous::WIRE,
            Self::Stored => "MODEL",
        }
    }

    /// What it waits for, in words for people: `new files in /Volumes/a/b/c`.
    pub fn words(&self) -> String {
        match self {
            Self::Timed(Timed::Cron(..)) => "its schedule".to_owned(),
            Self::Timed(Timed::Periodic(_)) => "its period".to_owned(),
            Self::Files(files) => format!("new files in {}", files.url),
            Self::Tables(tables) => tables.words(),
            Self::Jobs(jobs) => jobs.words(),
            Self::Continuous(_) => "the end of its run".to_owned(),
            Self::Stored => "changes of models, which do not fire on this machine".to_owned(),
        }
    }
}

impl Trigger {
    /// Makes the run of one fire time of a trigger that goes by time happen once, however often it is asked for.
    pub fn token(&self, job: JobId, at: WallTime) -> String {
        format!("trigger.{job}.{}.{}", self.place, at.0)
    }
}

/// The triggers of a definition. What cannot fire, because the expression or the zone cannot be read, is left out: the
/// lint reports it when the job is stored.
pub fn triggers(settings: &JobSettings) -> Vec<Trigger> {
    let mut found = Vec::new();
    if let Some(schedule) = &settings.schedule {
        found.extend(of_schedule("schedule".to_owned(), schedule, paused(schedule.pause_status.as_ref())));
    }
    if let Some(trigger) = &settings.trigger {
        found.extend(of_trigger("trigger".to_owned(), trigger, paused(trigger.pause_status.as_ref())));
    }
    if let Some(continuous) = &settings.continuous {
        let paused = paused(continuous.pause_status.as_ref());
        found.push(of_continuous("continuous".to_owned(), continuous, paused));
    }
    let entries = settings.triggers.as_ref().and_then(Value::as_array).into_iter().flatten();
    for (n, entry) in entries.enumerate() {
        let place = format!("triggers[{n}]");
        let paused = entry.get("pause_status").and_then(Value::as_str) == Some("PAUSED");
        if let Some(schedule) = part::<CronSchedule>(entry, "schedule") {
            found.extend(of_schedule(place, &schedule, paused));
        } else if let Some(continuous) = part::<Continuous>(entry, "continuous") {
            found.push(of_continuous(place, &continuous, paused));
        } else if let Ok(trigger) = serde_json::from_value::<TriggerSettings>(entry.clone()) {
            found.extend(of_trigger(place, &trigger, paused));
        }
    }
    found
}

fn part<T: serde::de::DeserializeOwned>(entry: &Value, name: &str) -> Option<T> {
    entry.get(name).cloned().and_then(|value| serde_json::from_value(value).ok())
}

fn paused(status: Option<&PauseStatus>) -> bool {
    status == Some(&PauseStatus::Paused)
}

fn of_schedule(place: String, schedule: &CronSchedule, paused: bool) -> Option<Trigger> {
    let cron = Cron::parse(&schedule.quartz_cron_expression).ok()?;
    let zone = Zone::resolve(&schedule.timezone_id).ok()?;
    let definition = json!([schedule.quartz_cron_expression, schedule.timezone_id, paused]).to_string();
    Some(Trigger { place, kind: Kind::Timed(Timed::Cron(Box::new(cron), zone)), paused, definition })
}

fn of_continuous(place: String, continuous: &Continuous, paused: bool) -> Trigger {
    let kind = Kind::Continuous(ContinuousTrigger::of(continuous));
    Trigger { place, kind, paused, definition: json!(["continuous", paused]).to_string() }
}

fn of_trigger(place: String, trigger: &TriggerSettings, paused: bool) -> Option<Trigger> {
    let (kind, written) = if let Some(periodic) = &trigger.periodic {
        (Kind::Timed(Timed::Periodic(of_periodic(periodic)?)), periodic.write())
    } else if let Some(files) = &trigger.file_arrival {
        (Kind::Files(ArrivalTrigger::of(files)), files.write())
    } else if let Some(tables) = &trigger.table_update {
        (Kind::Tables(TableTrigger::of(tables)), tables.write())
    } else if let Some(jobs) = &trigger.job_completion {
        (Kind::Jobs(CompletionTrigger::of(jobs)?), jobs.clone())
    } else {
        (Kind::Stored, trigger.model.clone()?)
    };
    Some(Trigger { place, kind, paused, definition: json!([written, paused]).to_string() })
}

fn of_periodic(periodic: &PeriodicTrigger) -> Option<Periodic> {
    Periodic::parse(periodic.interval, periodic.unit.as_str()).ok()
}
