//! Triggers in virtual time: exact fire times and counts, downtime, kills between due and fired, clocks that jump.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use lakeflow_core::id::JobId;
use lakeflow_core::job::JobSettings;
use lakeflow_core::time::WallTime;
use lakeflow_core::trigger::{Due, Kind, LATE_MS, Missed, Timed, TimedState, Trigger, set_paused};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// 2026-01-01T00:00:00Z
const NEW_YEAR: WallTime = WallTime(1_767_225_600_000);

fn triggers(settings: Value) -> Vec<Trigger> {
    lakeflow_core::trigger::triggers(&serde_json::from_value::<JobSettings>(settings).unwrap())
}

fn timed(trigger: &Trigger) -> &Timed {
    match &trigger.kind {
        Kind::Timed(timed) => timed,
        other => panic!("{other:?} does not go by time"),
    }
}

fn cron(expression: &str, zone: &str) -> Trigger {
    let schedule = json!({ "quartz_cron_expression": expression, "timezone_id": zone });
    triggers(json!({ "schedule": schedule })).remove(0)
}

fn periodic(interval: i64, unit: &str) -> Trigger {
    triggers(json!({ "trigger": { "periodic": { "interval": interval, "unit": unit } } })).remove(0)
}

/// Drives a trigger as the engine does: asks, fires what is due, sleeps until the next time. Gives every fire time.
fn drive(trigger: &Trigger, from: WallTime, until: WallTime) -> Vec<WallTime> {
    let mut state = TimedState::new(from);
    let (mut now, mut fired) = (from, Vec::new());
    loop {
        match state.poll(timed(trigger), now, Missed::Skip) {
            Due::Fire(at) => {
                state.fire(at);
                fired.push(at);
            }
            Due::Wait(Some(at)) if at <= until => now = at,
            Due::Wait(_) => return fired,
        }
    }
}

// LOCAL[triggers] same: cron schedules in a time zone, over both changes of the clock: a year of them in virtual time
#[test]
fn a_year_of_schedules() {
    let year = NEW_YEAR + 365 * DAY;
    // 2026 has 365 days; Warsaw's clocks go forward on 29 March and back on 25 October.
    for (expression, zone, expect) in [
        ("0 0 * * * ?", "UTC", 365 * 24),
        ("0 0/5 * * * ?", "UTC", 365 * 24 * 12),
        ("0 0 6 ? * MON-FRI", "UTC", 261),
        ("0 0 0 L * ?", "UTC", 12),
        ("0 0 2 * * ?", "Europe/Warsaw", 364),
        ("0 30 12 * * ?", "Europe/Warsaw", 365),
        ("0 0 0 29 2 ?", "UTC", 0),
    ] {
        assert_eq!(drive(&cron(expression, zone), NEW_YEAR, year).len(), expect, "{expression} {zone}");
    }
    let at = drive(&cron("0 30 12 * * ?", "Europe/Warsaw"), NEW_YEAR, year);
    let hours: BTreeSet<i64> = at.iter().map(|at| at.0.rem_euclid(DAY)).collect();
    assert_eq!(hours, [10 * HOUR + 30 * MINUTE, 11 * HOUR + 30 * MINUTE].into(), "summer and winter time");
}

// LOCAL[triggers] same: periodic triggers from minutes to weeks, first one interval after they were saved
#[test]
fn a_year_of_periods() {
    let year = NEW_YEAR + 365 * DAY;
    for (interval, unit, distance) in
        [(90, "MINUTES", 90 * MINUTE), (7, "HOURS", 7 * HOUR), (1, "DAYS", DAY), (2, "WEEKS", 14 * DAY)]
    {
        let fired = drive(&periodic(interval, unit), NEW_YEAR, year);
        let expect: Vec<WallTime> = (1..=365 * DAY / distance).map(|n| NEW_YEAR + n * distance).collect();
        assert_eq!(fired, expect, "{interval} {unit}");
    }
}

#[test]
fn a_month_of_five_minute_runs_of_fifty_jobs() {
    let month = NEW_YEAR + 31 * DAY;
    let tokens: BTreeSet<String> = (0..50)
        .flat_map(|job| {
            // Half of them by cron, half by period.
            let trigger = if job % 2 == 0 { cron("0 0/5 * * * ?", "UTC") } else { periodic(5, "MINUTES") };
            let fired = drive(&trigger, NEW_YEAR, month);
            assert_eq!(fired.len(), 31 * 24 * 12, "job {job}");
            fired.into_iter().map(move |at| trigger.token(JobId(job), at)).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(tokens.len(), 50 * 31 * 24 * 12, "every run has a token of its own");
    assert!(tokens.iter().all(|token| token.len() <= 64));
}

// LOCAL[triggers] close: after downtime the newest missed fire time fires late, once, when it is at most ten minutes old
#[test]
fn after_downtime_the_newest_missed_time_fires_once_or_not_at_all() {
    let hourly = cron("0 0 * * * ?", "UTC");
    for (back_at, expect) in [
        (5 * HOUR + LATE_MS, Due::Fire(NEW_YEAR + 5 * HOUR)),
        (5 * HOUR + LATE_MS + 1, Due::Wait(Some(NEW_YEAR + 6 * HOUR))),
        (5 * HOUR + 1, Due::Fire(NEW_YEAR + 5 * HOUR)),
    ] {
        let mut state = TimedState::new(NEW_YEAR);
        let now = NEW_YEAR + back_at;
        assert_eq!(state.poll(timed(&hourly), now, Missed::Skip), expect, "back after {back_at} ms");
        assert_eq!(state.poll(timed(&hourly), now, Missed::Skip), expect, "it stays due until it has fired");
        if let Due::Fire(at) = expect {
            state.fire(at);
        }
        assert_eq!(state.poll(timed(&hourly), now, Missed::Skip), Due::Wait(Some(NEW_YEAR + 6 * HOUR)));
    }
    // Many missed by little are one run.
    let mut state = TimedState::new(NEW_YEAR);
    let often = cron("0 * * * * ?", "UTC");
    assert_eq!(
        state.poll(timed(&often), NEW_YEAR + DAY + 30 * SECOND, Missed::Skip),
        Due::Fire(NEW_YEAR + DAY)
    );
    state.fire(NEW_YEAR + DAY);
    assert_eq!(
        state.poll(timed(&often), NEW_YEAR + DAY + 30 * SECOND, Missed::Skip),
        Due::Wait(Some(NEW_YEAR + DAY + MINUTE))
    );
}

// LOCAL[triggers] own: killed between due and fired, a schedule loses and doubles nothing
#[test]
fn killed_between_due_and_fired_nothing_is_lost_or_doubled() {
    let trigger = cron("0 0/7 * * * ?", "UTC");
    let mut random = 7_u64;
    let mut next = || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        random >> 33
    };
    let (mut stored, mut now) = (TimedState::new(NEW_YEAR), NEW_YEAR);
    let mut runs: Vec<String> = Vec::new();
    let mut kills = 0;
    while kills < 1000 {
        // An engine begins with what was stored.
        let mut state = stored.clone();
        loop {
            match state.poll(timed(&trigger), now, Missed::Skip) {
                Due::Wait(at) => now = at.unwrap(),
                Due::Fire(at) => {
                    let token = trigger.token(JobId(1), at);
                    match next() % 4 {
                        // Killed before the run was created.
                        0 => break,
                        // Killed after it was created and before that was settled.
                        1 => {
                            if !runs.contains(&token) {
                                runs.push(token);
                            }
                            break;
                        }
                        _ => {
                            if !runs.contains(&token) {
                                runs.push(token);
                            }
                            state.fire(at);
                            stored = state.clone();
                        }
                    }
                }
            }
        }
        kills += 1;
        // The next engine is there within seconds.
        now = now + (next() % 10_000) as i64;
    }
    let last = stored.settled;
    let mut expect: Vec<String> =
        drive(&trigger, NEW_YEAR, now).into_iter().map(|at| trigger.token(JobId(1), at)).collect();
    expect.truncate(runs.len());
    assert!(runs == expect, "{} runs, {} expected", runs.len(), expect.len());
    assert!(runs.len() > 1000 && last > NEW_YEAR + 100 * HOUR);
}

#[test]
fn a_clock_that_jumps_back_fires_nothing_twice() {
    let trigger = periodic(10, "MINUTES");
    let mut state = TimedState::new(NEW_YEAR);
    let noon = NEW_YEAR + 12 * HOUR;
    assert_eq!(state.poll(timed(&trigger), noon, Missed::Skip), Due::Fire(noon));
    state.fire(noon);
    let back = noon - 2 * HOUR;
    assert_eq!(state.poll(timed(&trigger), back, Missed::Skip), Due::Wait(Some(noon + 10 * MINUTE)));
    // A clock that was a week ahead was wrong: the trigger goes by the right one again.
    state.settled = noon + 7 * DAY;
    state.fired = Some(noon + 7 * DAY);
    assert_eq!(state.poll(timed(&trigger), noon, Missed::Skip), Due::Wait(Some(noon + 10 * MINUTE)));
}

#[test]
fn scheduled_runs_keep_their_distance() {
    let fired = drive(&cron("* * * * * ?", "UTC"), NEW_YEAR, NEW_YEAR + MINUTE);
    let seconds: Vec<i64> = fired.iter().map(|at| at.since(NEW_YEAR) / SECOND).collect();
    assert_eq!(seconds, [1, 11, 21, 31, 41, 51], "ten seconds between two of them (reference section 18)");
}

#[test]
fn what_cannot_fire_never_does() {
    let schedule = |cron: &str, zone: &str| json!({ "schedule": { "quartz_cron_expression": cron, "timezone_id": zone } });
    assert_eq!(triggers(schedule("0 0 0 * * ?", "Mars/Olympus")).len(), 0);
    assert_eq!(triggers(schedule("sometimes", "UTC")).len(), 0);
    let never = cron("0 0 0 30 2 ?", "UTC");
    assert_eq!(TimedState::new(NEW_YEAR).poll(timed(&never), NEW_YEAR + DAY, Missed::Skip), Due::Wait(None));
}

#[test]
fn a_definition_may_have_several_triggers() {
    let found = triggers(json!({
        "schedule": { "quartz_cron_expression": "0 0 6 * * ?", "timezone_id": "UTC", "pause_status": "PAUSED" },
        "trigger": { "periodic": { "interval": 1, "unit": "DAYS" }, "pause_status": "UNPAUSED" },
    }));
    let told: Vec<(&str, bool)> = found.iter().map(|one| (one.place.as_str(), one.paused)).collect();
    assert_eq!(told, [("schedule", true), ("trigger", false)]);
    let found = triggers(json!({ "triggers": [
        { "periodic": { "interval": 1, "unit": "HOURS" } },
        { "file_arrival": { "url": "/Volumes/a/b/c" } },
        { "schedule": { "quartz_cron_expression": "0 0 6 * * ?", "timezone_id": "UTC" }, "pause_status": "PAUSED" },
    ] }));
    let told: Vec<(&str, bool)> = found.iter().map(|one| (one.place.as_str(), one.paused)).collect();
    assert_eq!(told, [("triggers[0]", false), ("triggers[1]", false), ("triggers[2]", true)]);
}

#[test]
fn pausing_reaches_every_place_of_a_definition() {
    let schedule = json!({ "quartz_cron_expression": "0 0 6 * * ?", "timezone_id": "UTC" });
    for written in [
        json!({ "schedule": schedule }),
        json!({ "schedule": schedule, "trigger": { "periodic": { "interval": 1, "unit": "DAYS" } } }),
        json!({ "continuous": {} }),
        json!({ "triggers": [{ "schedule": schedule, "pause_status": "UNPAUSED" }, { "continuous": {} }] }),
    ] {
        let mut settings = serde_json::from_value::<JobSettings>(written).unwrap();
        for paused in [true, false] {
            assert!(set_paused(&mut settings, paused));
            let found = lakeflow_core::trigger::triggers(&settings);
            assert!(
                !found.is_empty() && found.iter().all(|trigger| trigger.paused == paused),
                "{settings:?}"
            );
        }
    }
    assert!(!set_paused(&mut serde_json::from_value::<JobSettings>(json!({})).unwrap(), true));
}

// LOCAL[triggers] same: with `lakeflow dev --catch-up` the newest missed fire time fires once, however old it is
#[test]
fn the_newest_missed_time_is_caught_up_with_however_old() {
    // A month of downtime; the newest time before the first of February at 12:34:56.
    let now = NEW_YEAR + 31 * DAY + 12 * HOUR + 34 * MINUTE + 56 * SECOND;
    for (expression, newest) in [
        ("0 0 6 * * ?", NEW_YEAR + 31 * DAY + 6 * HOUR),
        ("0 0 0 1 1 ?", NEW_YEAR),
        ("0 0 23 L 1 ?", NEW_YEAR + 30 * DAY + 23 * HOUR),
        ("0 30 12 ? * SUN", NEW_YEAR + 31 * DAY + 12 * HOUR + 30 * MINUTE),
    ] {
        let trigger = cron(expression, "UTC");
        let mut state = TimedState::new(NEW_YEAR - SECOND);
        assert_eq!(state.poll(timed(&trigger), now, Missed::CatchUp), Due::Fire(newest), "{expression}");
        assert_eq!(state.poll(timed(&trigger), now, Missed::CatchUp), Due::Fire(newest), "{expression}");
        state.fire(newest);
        let Due::Wait(Some(next)) = state.poll(timed(&trigger), now, Missed::CatchUp) else {
            panic!("{expression}")
        };
        assert!(next > now, "{expression}: once");
    }
    // Nothing before the trigger was saved is made up for.
    let trigger = cron("0 0 6 * * ?", "UTC");
    let mut state = TimedState::new(now - HOUR);
    assert!(matches!(state.poll(timed(&trigger), now, Missed::CatchUp), Due::Wait(_)));
}

#[test]
fn a_switch_that_is_on_again_makes_up_for_nothing() {
    let trigger = cron("0 * * * * ?", "UTC");
    let mut state = TimedState::new(NEW_YEAR);
    state.skip(NEW_YEAR + HOUR);
    assert_eq!(
        state.poll(timed(&trigger), NEW_YEAR + HOUR, Missed::CatchUp),
        Due::Wait(Some(NEW_YEAR + HOUR + MINUTE))
    );
}
