//! What starts a job by itself, for pages: in words, with its next fire times, and whether it is paused.

use crate::clock::Clock;
use crate::store::JobRow;
use lakeflow_core::job::PauseStatus;
use lakeflow_core::job::wire::Wire;
use lakeflow_core::schedule::{Cron, Fire, Periodic, Zone, words};
use lakeflow_core::time::WallTime;
use serde_json::{Value, json};

fn is_paused(status: Option<&PauseStatus>) -> bool {
    status == Some(&PauseStatus::Paused)
}

/// The trigger of a job with `count` fire times; `None` when it only starts by hand.
pub(super) fn of(job: &JobRow, count: usize) -> Option<Value> {
    let settings = &job.settings;
    let now = Clock::wall();
    if let Some(cron) = &settings.schedule {
        let zone = Zone::resolve(&cron.timezone_id).ok();
        let parsed = Cron::parse(&cron.quartz_cron_expression).ok();
        let fires = parsed.zip(zone).map(|(parsed, zone)| {
            parsed.fires(now, &zone).take(count).map(|at| fire(at, &zone)).collect::<Value>()
        });
        return Some(json!({
            "kind": "cron",
            "text": cron.quartz_cron_expression,
            "words": words(&cron.quartz_cron_expression),
            "zone": cron.timezone_id,
            "paused": is_paused(cron.pause_status.as_ref()),
            "next": fires,
        }));
    }
    if let Some(continuous) = &settings.continuous {
        let paused = is_paused(continuous.pause_status.as_ref());
        return Some(json!({ "kind": "continuous", "words": "Always one run", "paused": paused }));
    }
    let trigger = settings.trigger.as_ref()?;
    let paused = is_paused(trigger.pause_status.as_ref());
    let Some(periodic) = &trigger.periodic else {
        let written = trigger.write();
        let kinds = [
            ("file_arrival", "When files arrive"),
            ("table_update", "When tables change"),
            ("job_completion", "When jobs complete"),
        ];
        let (kind, words) = kinds.into_iter().find(|(kind, _)| written.get(kind).is_some())?;
        return Some(json!({ "kind": kind, "words": words, "paused": paused }));
    };
    let parsed = Periodic::parse(periodic.interval, periodic.unit.as_str()).ok();
    let unit = periodic.unit.as_str().to_lowercase();
    let text = match periodic.interval {
        1 => format!("Every {}", unit.trim_end_matches('s')),
        n => format!("Every {n} {unit}"),
    };
    let fires = parsed.map(|parsed| {
        let mut at = now;
        let mut fires = Vec::new();
        for _ in 0..count {
            at = parsed.next_after(job.created_time, at);
            fires.push(fire(at, &Zone::utc()));
        }
        fires
    });
    Some(json!({ "kind": "periodic", "words": text, "paused": paused, "next": fires }))
}

fn fire(at: WallTime, zone: &Zone) -> Value {
    let Fire { utc, local } = Fire::new(at, zone);
    json!({ "at": at, "utc": utc, "local": local })
}
