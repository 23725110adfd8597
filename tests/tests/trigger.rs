//! Triggers in virtual time: exact fire times and counts, downtime, kills between due and fired, clocks that jump.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use lakeflow_core::id::JobId;
use lakeflow_core::job::JobSettings;
use lakeflow_core::time::WallTime;
use lakeflow_core::trigger::{
    ArrivalState, ArrivalTrigger, Due, LATE_MS, TimedState, TimedTrigger, timed_triggers,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// 2026-01-01T00:00:00Z
const NEW_YEAR: WallTime = WallTime(1_767_225_600_000);

fn triggers(settings: Value) -> Vec<TimedTrigger> {
    timed_triggers(&serde_json::from_value::<JobSettings>(settings).unwrap())
}

fn cron(expression: &str, zone: &str) -> TimedTrigger {
    let schedule = json!({ "quartz_cron_expression": expression, "timezone_id": zone });
    triggers(json!({ "schedule": schedule })).remove(0)
}

fn periodic(interval: i64, unit: &str) -> TimedTrigger {
    triggers(json!({ "trigger": { "periodic": { "interval": interval, "unit": unit } } })).remove(0)
}

/// Drives a trigger as the engine does: asks, fires what is due, sleeps until the next time. Gives every fire time.
fn drive(trigger: &TimedTrigger, from: WallTime, until: WallTime) -> Vec<WallTime> {
    let mut state = TimedState::new(from);
    let (mut now, mut fired) = (from, Vec::new());
    loop {
        match state.poll(&trigger.timed, now) {
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
        assert_eq!(state.poll(&hourly.timed, now), expect, "back after {back_at} ms");
        assert_eq!(state.poll(&hourly.timed, now), expect, "it stays due until it has fired");
        if let Due::Fire(at) = expect {
            state.fire(at);
        }
        assert_eq!(state.poll(&hourly.timed, now), Due::Wait(Some(NEW_YEAR + 6 * HOUR)));
    }
    // Many missed by little are one run.
    let mut state = TimedState::new(NEW_YEAR);
    let often = cron("0 * * * * ?", "UTC");
    assert_eq!(state.poll(&often.timed, NEW_YEAR + DAY + 30 * SECOND), Due::Fire(NEW_YEAR + DAY));
    state.fire(NEW_YEAR + DAY);
    assert_eq!(
        state.poll(&often.timed, NEW_YEAR + DAY + 30 * SECOND),
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
            match state.poll(&trigger.timed, now) {
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
    assert_eq!(state.poll(&trigger.timed, noon), Due::Fire(noon));
    state.fire(noon);
    let back = noon - 2 * HOUR;
    assert_eq!(state.poll(&trigger.timed, back), Due::Wait(Some(noon + 10 * MINUTE)));
    // A clock that was a week ahead was wrong: the trigger goes by the right one again.
    state.settled = noon + 7 * DAY;
    state.fired = Some(noon + 7 * DAY);
    assert_eq!(state.poll(&trigger.timed, noon), Due::Wait(Some(noon + 10 * MINUTE)));
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
    assert_eq!(TimedState::new(NEW_YEAR).poll(&never.timed, NEW_YEAR + DAY), Due::Wait(None));
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
    assert_eq!(told, [("triggers[0]", false), ("triggers[2]", true)]);
}

fn arrival(more: Value) -> ArrivalTrigger {
    let mut files = json!({ "url": "/Volumes/a/b/c" });
    files.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let settings = json!({ "trigger": { "file_arrival": files } });
    ArrivalTrigger::of(&serde_json::from_value::<JobSettings>(settings).unwrap()).unwrap()
}

fn files(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

// LOCAL[triggers] same: file arrival: only new files fire, after the quiet time and the minimum time between runs
#[test]
fn new_files_fire_after_the_quiet_time_and_the_minimum_time() {
    let both =
        arrival(json!({ "min_time_between_triggers_seconds": 600, "wait_after_last_change_seconds": 60 }));
    let mut state = ArrivalState::default();
    let mut look = |names: &[&str], at: i64| {
        state.look(&files(names), NEW_YEAR + at);
        let due = state.poll(&both, NEW_YEAR + at);
        if matches!(due, Due::Fire(_)) {
            state.begin(JobId(1), NEW_YEAR + at);
            state.end();
        }
        due
    };
    let wait = |at: i64| Due::Wait(Some(NEW_YEAR + at));
    assert_eq!(look(&["old"], 0), Due::Wait(None), "what was there before is not new");
    assert_eq!(look(&["old", "a"], 10 * SECOND), wait(70 * SECOND));
    assert_eq!(look(&["old", "a", "b"], 50 * SECOND), wait(110 * SECOND), "each arrival restarts the wait");
    assert_eq!(
        look(&["old", "a", "b"], 110 * SECOND),
        Due::Fire(NEW_YEAR + 110 * SECOND),
        "one run for both"
    );
    assert_eq!(look(&["old", "a", "b"], 120 * SECOND), Due::Wait(None));
    assert_eq!(look(&["old", "a", "b", "c"], 130 * SECOND), wait(710 * SECOND), "the minimum time counts");
    assert_eq!(look(&["old", "a", "b"], 140 * SECOND), Due::Wait(None), "a file that is gone needs no run");
    assert_eq!(
        look(&["a", "b", "c", "old"], 700 * SECOND),
        wait(760 * SECOND),
        "one that comes again is new"
    );
    assert_eq!(look(&["a", "b", "c", "old"], 760 * SECOND), Due::Fire(NEW_YEAR + 760 * SECOND));
}

// LOCAL[triggers] own: killed while a run for new files is started, no file is missed and none fires twice
#[test]
fn files_of_a_begun_run_stay_its_own_over_a_crash() {
    let trigger = arrival(json!({}));
    let mut stored = ArrivalState::default();
    stored.look(&files(&[]), NEW_YEAR);
    stored.look(&files(&["a"]), NEW_YEAR + SECOND);
    let first = stored.begin(JobId(1), NEW_YEAR + SECOND);
    // Killed here; a file comes before the next engine is up.
    let mut state: ArrivalState = serde_json::from_str(&serde_json::to_string(&stored).unwrap()).unwrap();
    state.look(&files(&["a", "b"]), NEW_YEAR + MINUTE);
    assert!(matches!(state.poll(&trigger, NEW_YEAR + MINUTE), Due::Fire(_)));
    assert_eq!(state.begin(JobId(1), NEW_YEAR + MINUTE), first, "the same run, not another one");
    state.end();
    assert_eq!(
        state.poll(&trigger, NEW_YEAR + MINUTE),
        Due::Fire(NEW_YEAR + MINUTE),
        "and one for the second file"
    );
    assert_ne!(state.begin(JobId(1), NEW_YEAR + MINUTE), first);
    state.end();
    assert_eq!(state.poll(&trigger, NEW_YEAR + HOUR), Due::Wait(None));
    // A clock that jumps back two hours holds nothing back.
    state.look(&files(&["a", "b", "c"]), NEW_YEAR + 3 * HOUR);
    assert!(matches!(state.poll(&trigger, NEW_YEAR + HOUR), Due::Fire(_)));
}
