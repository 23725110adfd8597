//! Health rules (reference section 16.5): they warn at their time, once, and stop nothing; and who is told of what the machine records
//! (section 16.1).

use crate::bench::{Bench, each, now, plan, task, with};
use lakeflow_core::execution::{Change, Input, Machine, Output, Plan, Repair};
use lakeflow_core::notify::{Notice, Recipient, told};
use serde_json::{Value, json};

fn rules(seconds: &[i64]) -> Value {
    let rule = |s: &i64| json!({ "metric": "RUN_DURATION_SECONDS", "op": "GREATER_THAN", "value": s });
    let streaming = json!({ "metric": "STREAMING_BACKLOG_SECONDS", "op": "GREATER_THAN", "value": 1 });
    let rules: Vec<Value> = std::iter::once(streaming).chain(seconds.iter().map(rule)).collect();
    json!({ "rules": rules })
}

fn watched(tasks: Value, seconds: &[i64]) -> Plan {
    Plan { health: Some(Box::new(serde_json::from_value(rules(seconds)).unwrap())), ..plan(tasks) }
}

/// Offsets of the warnings from the beginning, each with the id of its run.
fn warnings(bench: &Bench) -> Vec<(i64, i64, i64)> {
    let warned = |change: &Change| match change {
        Change::Warned { run, at, threshold_seconds } => {
            Some((run.0, at.since(now(0).wall), *threshold_seconds))
        }
        _ => None,
    };
    bench.records.iter().filter_map(warned).collect()
}

#[test]
fn a_run_that_takes_longer_is_warned_of_once_and_goes_on() {
    let mut bench = Bench::new(watched(json!([task("a", &[])]), &[60, 5]));
    assert_eq!(bench.until, Some(5001), "more than five seconds");
    bench.at(5000);
    assert_eq!(warnings(&bench), []);
    bench.at(5001);
    assert_eq!(warnings(&bench), [(1000, 5001, 5)], "the smallest rule counts");
    assert_eq!(bench.until, None);
    bench.at(90_000);
    assert_eq!(warnings(&bench).len(), 1);
    assert!(bench.stops.is_empty());
    bench.ok("a");
    assert_eq!(bench.job(), "SUCCESS");
}

#[test]
fn a_run_that_is_faster_is_not_warned_of() {
    let mut bench = Bench::new(watched(json!([task("a", &[])]), &[5]));
    bench.ms = 5000;
    bench.ok("a");
    assert!(bench.done);
    assert_eq!(warnings(&bench), []);
}

#[test]
fn each_attempt_of_a_task_counts_for_itself() {
    let slow = with(task("a", &[]), json!({ "health": rules(&[2]), "max_retries": 1 }));
    let mut bench = Bench::new(plan(json!([slow])));
    let first = bench.newest("a").0;
    bench.at(2001);
    bench.ms = 3000;
    bench.fail("a");
    assert_eq!(bench.until, Some(5001));
    let second = bench.newest("a").0;
    bench.at(5001);
    assert_eq!(warnings(&bench), [(first, 2001, 2), (second, 5001, 2)]);
    bench.ok("a");
    assert_eq!(bench.job(), "SUCCESS");
}

#[test]
fn a_warning_outlives_a_restart_and_is_not_given_twice() {
    let slow = with(task("a", &[]), json!({ "health": rules(&[2]) }));
    let make = || watched(json!([slow.clone()]), &[3]);
    let mut bench = Bench::new(make());
    bench.at(2001);
    assert_eq!(warnings(&bench).len(), 1);
    // Down from here until after the job's own threshold.
    let mut machine = Machine::restore(make(), bench.records.clone(), now(10_000)).unwrap();
    machine.handle(now(10_000), Input::StillRunning { run: bench.newest("a") }).unwrap();
    let mut found = Vec::new();
    loop {
        match machine.poll() {
            Output::Record(change) => found.push(*change),
            Output::Wait { until, .. } => {
                assert_eq!(until, None);
                break;
            }
            _ => {}
        }
    }
    assert!(matches!(found.as_slice(), [Change::Warned { run, .. }] if run.0 == 1000), "{found:?}");
}

#[test]
fn a_repair_counts_anew() {
    let mut bench = Bench::new(watched(json!([task("a", &[])]), &[5]));
    bench.at(6000);
    bench.fail("a");
    bench.ms = 100_000;
    let repair = Repair { repair_id: 1, rerun_all_failed_tasks: true, ..Repair::default() };
    bench.input(Input::Repair(Box::new(repair)));
    assert_eq!(bench.until, Some(105_001));
    bench.at(105_001);
    assert_eq!(warnings(&bench), [(1000, 6000, 5), (1000, 105_001, 5)]);
}

/// Who was told what of whom, in order.
fn told_by(bench: &Bench) -> Vec<String> {
    let notices = bench.records.iter().flat_map(|change| told(&bench.machine, change));
    let line = |(to, notice): (Recipient, Notice)| {
        let about = notice.task.map_or("job".to_owned(), |task| task.task_key);
        format!("{about} {} {to}", notice.event.event_type())
    };
    notices.map(line).collect()
}

#[test]
fn iterations_tell_as_the_nested_task_says() {
    let mut looped = each("e", &[], "[1, 2]", 1);
    let hooks = json!({ "on_start": [{ "id": "s" }], "on_success": [{ "id": "ok" }] });
    looped["for_each_task"]["task"]["webhook_notifications"] = hooks;
    looped["webhook_notifications"] = json!({ "on_success": [{ "id": "whole" }] });
    let mut bench = Bench::new(plan(json!([looped])));
    bench.ok("e_one_0");
    bench.ok("e_one_1");
    let expected = [
        "e_one_0 jobs.on_start destination:s",
        "e_one_0 jobs.on_success destination:ok",
        "e_one_1 jobs.on_start destination:s",
        "e_one_1 jobs.on_success destination:ok",
        "e jobs.on_success destination:whole",
    ];
    assert_eq!(told_by(&bench), expected);
}

#[test]
fn every_change_of_a_run_finds_those_who_asked() {
    let hooks = json!({
        "on_start": [{ "id": "s" }], "on_success": [{ "id": "ok" }], "on_failure": [{ "id": "bad" }],
        "on_duration_warning_threshold_exceeded": [{ "id": "slow" }],
    });
    let told_task =
        |key: &str, upstream: &[&str]| with(task(key, upstream), json!({ "webhook_notifications": hooks }));
    let condition = with(
        told_task("c", &["a"]),
        json!({ "notebook_task": null, "condition_task": { "op": "EQUAL_TO", "left": "1", "right": "1" } }),
    );
    let disabled = with(told_task("d", &[]), json!({ "disabled": true }));
    let mut plan = watched(
        json!([told_task("a", &[]), condition, told_task("b", &["x"]), task("x", &[]), disabled]),
        &[1],
    );
    plan.audience.webhook = Some(serde_json::from_value(hooks.clone()).unwrap());
    let mut bench = Bench::new(plan);
    bench.at(1001);
    bench.ok("a");
    bench.fail("x");
    assert!(bench.done);
    let told = told_by(&bench);
    let expected = [
        "job jobs.on_start destination:s",
        "a jobs.on_start destination:s",
        "job jobs.on_duration_warning_threshold_exceeded destination:slow",
        "a jobs.on_success destination:ok",
        "b jobs.on_failure destination:bad",
        "job jobs.on_failure destination:bad",
    ];
    assert_eq!(told, expected, "nobody is told of conditions and disabled tasks");
}
