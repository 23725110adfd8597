//! Runs the schedule vectors, and every row of the golden file made by Java Quartz.

use lakeflow_core::problem::Problem;
use lakeflow_core::schedule::{Cron, Fire, Periodic, Zone, check, next_fire_times, words};
use lakeflow_core::time::WallTime;
use lakeflow_tests::{vectors, vectors_dir};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Rows on which Quartz answers by where the search started, not by the expression: in a month without day 31 it
/// gives a day or none. They are held to Quartz in the months that have the day.
const INCONSISTENT_IN_QUARTZ: &[&str] = &["0 0 0 31W * ?"];

#[derive(Deserialize)]
struct CronInput {
    cron: String,
    timezone: String,
    after: String,
    count: usize,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum CronExpect {
    Fires(Vec<FireText>),
    Codes { codes: Vec<String> },
}

#[derive(Deserialize)]
struct FireText {
    utc: String,
    local: String,
}

fn utc(text: &str) -> WallTime {
    Zone::utc().read(text).unwrap_or_else(|problem| panic!("{problem}"))
}

fn utc_text(at: WallTime) -> String {
    Fire::new(at, &Zone::utc()).utc
}

#[test]
fn cron_vectors() {
    for case in vectors::<CronInput, CronExpect>("schedule.json") {
        let (name, input) = (&case.name, &case.input);
        let problems = check(&input.cron, &input.timezone);
        match case.expect {
            CronExpect::Codes { codes } => {
                let found: Vec<&str> = problems.iter().map(|problem| problem.code).collect();
                assert_eq!(found, codes, "{name}");
                // What never fires has no times, which is no error for who asks for them alone.
                let fires = next_fire_times(&input.cron, &input.timezone, utc(&input.after), input.count);
                assert!(
                    fires.is_err() || codes == ["cron_never_fires"] && fires.is_ok_and(|f| f.is_empty()),
                    "{name}"
                );
            }
            CronExpect::Fires(expected) => {
                assert!(problems.iter().all(|problem| !problem.is_error()), "{name}: {problems:?}");
                let fires = next_fire_times(&input.cron, &input.timezone, utc(&input.after), input.count);
                let expected: Vec<Fire> =
                    expected.into_iter().map(|fire| Fire { utc: fire.utc, local: fire.local }).collect();
                assert_eq!(fires.unwrap_or_else(|error| panic!("{name}: {error}")), expected, "{name}");
            }
        }
    }
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

#[derive(Deserialize)]
#[serde(untagged)]
enum PeriodicExpect {
    Times(Vec<String>),
    Codes { codes: Vec<String> },
}

#[test]
fn periodic_vectors() {
    for case in vectors::<PeriodicInput, PeriodicExpect>("schedule_periodic.json") {
        let (name, input) = (&case.name, &case.input);
        match (Periodic::parse(input.interval, &input.unit), case.expect) {
            (Ok(periodic), PeriodicExpect::Times(expected)) => {
                let mut after = utc(&input.after);
                let mut times = Vec::new();
                for _ in 0..input.count {
                    after = periodic.next_after(utc(&input.anchor), after);
                    times.push(utc_text(after));
                }
                assert_eq!(times, expected, "{name}");
            }
            (Err(problems), PeriodicExpect::Codes { codes }) => {
                let found: Vec<&str> = problems.iter().map(|problem| problem.code).collect();
                assert_eq!(found, codes, "{name}");
            }
            (found, _) => panic!("{name}: {found:?}"),
        }
    }
}

#[test]
fn every_row_of_the_quartz_oracle() {
    let text = std::fs::read_to_string(vectors_dir().join("quartz-oracle.txt")).expect("the golden file");
    let mut rows = 0;
    for row in text.lines() {
        let [expression, zone, start, answer] = row.split('|').collect::<Vec<_>>()[..] else {
            panic!("not a row: {row}");
        };
        rows += 1;
        let cron = Cron::parse(expression);
        if answer.starts_with("PARSE:") {
            assert!(cron.is_err(), "Quartz refuses {expression}");
            continue;
        }
        let cron = cron.unwrap_or_else(|problems| panic!("{expression}: {problems:?}"));
        let zone = Zone::resolve(zone).unwrap_or_else(|problem| panic!("{problem}"));
        let expected: Vec<i64> = answer.split(',').map(|n| n.parse().expect("epoch seconds")).collect();
        let fires = cron.fires(utc(start), &zone).map(|at| at.0 / 1000);
        if INCONSISTENT_IN_QUARTZ.contains(&expression) {
            let has_the_day = |at: &i64| {
                let date = zone.text(WallTime(at * 1000));
                matches!(&date[5..7], "01" | "03" | "05" | "07" | "08" | "10" | "12")
            };
            let expected: Vec<i64> = expected.into_iter().filter(has_the_day).collect();
            assert_eq!(fires.take(expected.len()).collect::<Vec<_>>(), expected, "{row}");
        } else {
            assert_eq!(fires.take(8).collect::<Vec<_>>(), expected, "{row}");
        }
    }
    assert_eq!(rows, 51 * 4 * 4, "expressions x zones x starts");
}

fn problems_of(expression: &str) -> Vec<Problem> {
    Cron::parse(expression).expect_err(expression)
}

#[test]
fn a_problem_names_the_field_the_text_and_what_is_allowed() {
    let problems = problems_of("0 60 9-24 * * MON");
    let messages: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "minutes field \"60\": 60 is not in 0-59",
            "hours field \"9-24\": 24 is not in 0-23",
            "day-of-month \"*\" and day-of-week \"MON\" are both given; exactly one of them must be \"?\"",
        ]
    );
    assert_eq!(problems[0].hint.as_deref(), Some("allowed in minutes: 0-59 , - * /"));
    assert_eq!(problems[2].hint.as_deref(), Some("write ? in day-of-month and MON in day-of-week"));
}

#[test]
fn a_unix_expression_is_told_its_quartz_form() {
    for (unix, quartz) in [
        ("*/15 * * * *", "0 */15 * * * ?"),
        ("0 9 * * 1-5", "0 0 9 ? * 2-6"),
        ("0 9 * * 0,6", "0 0 9 ? * 1,7"),
        ("0 9 * * MON-FRI", "0 0 9 ? * MON-FRI"),
        ("30 4 1 * *", "0 30 4 1 * ?"),
    ] {
        let hint = problems_of(unix)[0].hint.clone().unwrap_or_default();
        assert!(hint.ends_with(&format!("{quartz:?}")), "{unix}: {hint}");
        assert!(Cron::parse(quartz).is_ok(), "{quartz}");
    }
    let hint = problems_of("0 9 1 * MON")[0].hint.clone().unwrap_or_default();
    assert!(!hint.contains("Unix"), "two restricted day fields have no Quartz form: {hint}");
}

#[test]
fn zones_of_java() {
    for id in [
        "UTC",
        "Europe/Warsaw",
        "US/Eastern",
        "EST5EDT",
        "GMT",
        "Etc/GMT+5",
        "PST",
        "CST",
        "IST",
        "EST",
        "HST",
    ] {
        assert_eq!(Zone::resolve(id).map(|zone| zone.id().to_owned()), Ok(id.to_owned()));
    }
    let noon = utc("2026-07-01T12:00:00Z");
    for (id, local) in [
        ("PST", "2026-07-01T05:00:00-07:00"),
        ("EST", "2026-07-01T07:00:00-05:00"),
        ("IST", "2026-07-01T17:30:00+05:30"),
        ("GMT+2", "2026-07-01T14:00:00+02:00"),
        ("GMT-05:30", "2026-07-01T06:30:00-05:30"),
        ("GMT+0130", "2026-07-01T13:30:00+01:30"),
    ] {
        assert_eq!(Zone::resolve(id).map(|zone| zone.text(noon)), Ok(local.to_owned()), "{id}");
    }
    for id in ["", "Europe/Warsw", "europe/warsaw", "Mars/Olympus", "GMT+24", "GMT+1:5", "GMT+", "+02:00"] {
        let problem = Zone::resolve(id).expect_err(id);
        assert_eq!(
            (problem.code, problem.message),
            ("unknown_time_zone", format!("time zone {id:?} is not known"))
        );
    }
    let hint = |id| Zone::resolve(id).expect_err(id).hint;
    assert_eq!(hint("Europe/Warsw").as_deref(), Some("did you mean `Europe/Warsaw`?"));
    assert_eq!(hint("europe/warsaw").as_deref(), Some("did you mean `Europe/Warsaw`?"));
}

#[test]
fn a_search_without_end_ends() {
    let zone = Zone::utc();
    let start = utc("2026-03-01T00:00:00Z");
    for never in ["0 0 0 30 2 ?", "0 0 0 1 1 ? 2025", "0 0 0 31 4,6,9,11 ?"] {
        let cron = Cron::parse(never).unwrap_or_else(|problems| panic!("{problems:?}"));
        assert_eq!(cron.next_after(start, &zone), None, "{never}");
    }
    let daily = Cron::parse("0 0 0 * * ?").unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_eq!(daily.next_after(utc("2199-12-31T00:00:00Z"), &zone), None);
    assert_eq!(daily.next_after(WallTime(i64::MAX), &zone), None);
    assert!(
        daily.next_after(WallTime(i64::MIN), &zone).is_some()
            || daily.next_after(WallTime(0), &zone).is_some()
    );
}

#[test]
fn fires_increase_and_each_matches_what_it_is_asked_from() {
    let expressions =
        ["* * * * * ?", "0 */7 * * * ?", "0 30 1,2 * * ?", "13 59 23 LW * ?", "0 0 22-2 ? * FRI-MON"];
    for id in ["UTC", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Pacific/Apia"] {
        let zone = Zone::resolve(id).unwrap_or_else(|problem| panic!("{problem}"));
        for expression in expressions {
            let cron = Cron::parse(expression).unwrap_or_else(|problems| panic!("{problems:?}"));
            let start = utc("2026-03-01T00:00:00Z");
            let fires: Vec<WallTime> = cron.fires(start, &zone).take(300).collect();
            assert!(start < fires[0] && fires.is_sorted_by(|a, b| a < b), "{expression} {id}");
            for pair in fires.windows(2) {
                assert_eq!(cron.next_after(pair[1] - 1, &zone), Some(pair[1]), "{expression} {id}");
                assert_eq!(cron.next_after(pair[0], &zone), Some(pair[1]), "{expression} {id}");
            }
        }
    }
}

#[test]
fn too_frequent_schedules_are_warned_of() {
    let distance = |expression: &str| Cron::parse(expression).expect("sound").shortest_distance_seconds();
    for (expression, expected) in [
        ("* * * * * ?", Some(1)),
        ("*/10 * * * * ?", Some(10)),
        ("5,55 * * * * ?", Some(10)),
        ("2,55 * * * * ?", Some(7)),
        ("2,55 0 * * * ?", Some(53)),
        ("0/59 59,0 * * * ?", Some(1)),
        ("0/59 59,0 3 * * ?", Some(59)),
        ("0 * * * * ?", None),
        ("30 0 0 * * ?", None),
    ] {
        assert_eq!(distance(expression), expected, "{expression}");
    }
    let codes = |expression| check(expression, "UTC").iter().map(|p| p.code).collect::<BTreeSet<_>>();
    assert_eq!(codes("*/9 * * * * ?"), BTreeSet::from(["cron_too_frequent"]));
    assert_eq!(codes("*/10 * * * * ?"), BTreeSet::new());
}

#[test]
fn counts_outside_the_limit_are_refused() {
    let start = WallTime(0);
    for count in [0, 1001] {
        let error = next_fire_times("0 0 2 * * ?", "UTC", start, count).expect_err("limit");
        assert_eq!(error.message, format!("count {count} is not in 1-1000"));
    }
    assert_eq!(next_fire_times("0 0 2 * * ?", "UTC", start, 1000).map(|fires| fires.len()), Ok(1000));
}

#[test]
fn times_that_people_write() {
    let zone = Zone::resolve("Europe/Warsaw").unwrap_or_else(|problem| panic!("{problem}"));
    for (text, moment) in [
        ("2026-07-01T12:00:00Z", "2026-07-01T12:00:00Z"),
        ("2026-07-01T12:00:00+05:30", "2026-07-01T06:30:00Z"),
        ("2026-07-01T12:00:00", "2026-07-01T10:00:00Z"),
        ("2026-07-01", "2026-06-30T22:00:00Z"),
        ("2026-03-29T02:30:00", "2026-03-29T01:30:00Z"),
        ("2026-10-25T02:30:00", "2026-10-25T00:30:00Z"),
    ] {
        assert_eq!(zone.read(text).map(utc_text), Ok(moment.to_owned()), "{text}");
    }
    assert_eq!(zone.read("tomorrow").map_err(|problem| problem.code), Err("invalid_time"));
}

#[test]
fn common_expressions_have_words_and_others_none() {
    let cases = [
        ("0 0 6 * * ?", Some("Every day at 06:00")),
        ("0 0 * * * ?", Some("Every hour")),
        ("0 30 * * * ?", Some("Every hour at minute 30")),
        ("0 0/15 * * * ?", Some("Every 15 minutes")),
        ("0 0 */2 * * ?", Some("Every 2 hours")),
        ("0 30 7 ? * MON-FRI", Some("Monday to Friday at 07:30")),
        ("0 0 8 ? * 1,7", Some("Every Sunday, Saturday at 08:00")),
        ("0 0 3 15 * ?", Some("On day 15 of the month at 03:00")),
        ("0 0 3 L * ?", Some("On the last day of the month at 03:00")),
        ("30 0 6 * * ?", None),
        ("0 0 6 1 JAN ?", None),
        ("daily", None),
    ];
    for (expression, expect) in cases {
        assert_eq!(words(expression).as_deref(), expect, "{expression}");
    }
}
