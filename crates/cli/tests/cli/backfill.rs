//! Backfills: what they start, how they go on after a kill, and what they refuse.

use crate::support::{CONDITION, Room, Served};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::process::Stdio;

const JANUARY: [&str; 6] = ["--from", "2026-01-01", "--to", "2026-01-31", "--every", "1d"];

/// Fails when `day` is no number.
const NUMBER: &str =
    "- task_key: check\n  condition_task: {op: GREATER_THAN, left: \"{{job.parameters.day}}\", right: \"0\"}";

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

/// Every run that there is, with its parameter `day`.
fn runs(room: &Room) -> BTreeMap<i64, String> {
    let listed = lines(&room.run(&["runs", "list", "--limit", "1000", "--json"]).out);
    let day = |id: i64| {
        let run = &lines(&room.run(&["runs", "get", &id.to_string(), "--json"]).out)[0];
        run["job_parameters"][0]["value"].as_str().unwrap().to_owned()
    };
    listed.iter().map(|run| run["run_id"].as_i64().unwrap()).map(|id| (id, day(id))).collect()
}

#[test]
fn a_run_for_each_window_once_however_often_it_is_begun() {
    let room = Room::bundle(CONDITION);
    let range = ["--from", "2026-02-27", "--to", "2026-03-01", "--every", "1d", "--parallel", "2"];
    let words = [&["backfill", "etl", "--param", "day"][..], &range].concat();
    let said = room.run(&words);
    said.expect(
        0,
        &["3 windows, 2026-02-27 to 2026-03-01, 2 at a time", "3 of 3 windows succeeded", "[3/3]"],
    );
    let first = runs(&room);
    let days: Vec<&str> = first.values().map(String::as_str).collect();
    assert_eq!(BTreeSet::from_iter(days), BTreeSet::from(["2026-02-27", "2026-02-28", "2026-03-01"]));
    room.run(&words).expect(0, &["3 of 3 windows succeeded, 3 were over before", "(before)"]);
    assert_eq!(runs(&room), first, "no run more");
    let said = room.run(&[&words[..], &["--name", "again", "--json"]].concat());
    let told = lines(&said.expect(0, &[]).out);
    assert_eq!((&told[0]["windows"], &told[0]["event"]), (&json!(3), &json!("backfill")));
    let sum = json!({"event": "finished", "windows": 3, "succeeded": 3, "before": 0, "failed": 0, "left": 0});
    assert_eq!(told.last(), Some(&sum));
    assert_eq!(runs(&room).len(), 6, "another name is another backfill");
}

// LOCAL[runs] own: `lakeflow backfill` starts a run for each window once, over Ctrl-C and kills, and repairs those that failed
#[test]
fn a_killed_backfill_goes_on_and_doubles_nothing() {
    let room = Room::bundle(CONDITION);
    let _engine = Served::new(&room, &[]);
    let words = [&["backfill", "etl", "-p", "day", "--parallel", "3", "--json"][..], &JANUARY].concat();
    let mut child = room.command(&words).stdout(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut over = 0;
    while over < 10 {
        let line = told.next().expect("more than ten windows");
        over += usize::from(line.contains("\"event\":\"ended\""));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(runs(&room).len() < 31, "it was killed in its middle");
    let said = room.run(&words);
    let told = lines(&said.expect(0, &[]).out);
    let sum = told.last().unwrap();
    assert_eq!((&sum["succeeded"], &sum["failed"], &sum["left"]), (&json!(31), &json!(0), &json!(0)));
    assert!(sum["before"].as_i64().unwrap() >= 10, "{sum}");
    let runs = runs(&room);
    assert_eq!(runs.len(), 31);
    let days: BTreeSet<String> = (1..=31).map(|day| format!("2026-01-{day:02}")).collect();
    assert_eq!(runs.into_values().collect::<BTreeSet<_>>(), days);
}

#[test]
fn what_failed_before_is_repaired_unless_it_is_to_stay() {
    let room = Room::bundle(NUMBER);
    let words =
        ["backfill", "etl", "-p", "day", "--from", "2026-01-01", "--to", "2026-01-02", "--every", "1d"];
    let said = room.run(&words);
    said.expect(1, &["0 of 2 windows succeeded, 2 failed", "the same command goes on from here"]);
    let repairs = |room: &Room| -> Vec<usize> {
        let get = |id: &i64| lines(&room.run(&["runs", "get", &id.to_string(), "--json"]).out)[0].clone();
        runs(room).keys().map(|id| get(id)["repair_history"].as_array().map_or(0, Vec::len)).collect()
    };
    let before = repairs(&room);
    room.run(&[&words[..], &["--keep-failed"]].concat()).expect(1, &["2 were over before, 2 failed"]);
    assert_eq!(repairs(&room), before, "left as they were");
    room.run(&words).expect(1, &["0 of 2 windows succeeded, 2 failed"]);
    assert_eq!(repairs(&room), [2, 2], "the original and one repair of each run");
    let one = [&words[..3], &["day={{backfill.day}}"], &words[4..]].concat();
    room.run(&one).expect(0, &["2 of 2 windows succeeded"]);
    room.run(&[&words[..], &["--name", "x", "--fail-fast"]].concat()).expect(1, &["1 failed, 1 left"]);
}

#[test]
fn the_windows_without_running_them() {
    let room = Room::bundle(CONDITION);
    let words = ["backfill", "etl", "-p", "day", "-p", "at={{backfill.hour}}h", "--dry-run"];
    let said = room.run(
        &[&words[..], &["--from", "2026-01-01T06:00", "--to", "2026-01-01T18:00", "--every", "6h"]].concat(),
    );
    assert_eq!(
        said.out,
        "2026-01-01T06:00:00Z  day=2026-01-01T06:00:00.000000  at=6h\n\
         2026-01-01T12:00:00Z  day=2026-01-01T12:00:00.000000  at=12h\n\
         2026-01-01T18:00:00Z  day=2026-01-01T18:00:00.000000  at=18h\n"
    );
    assert!(!room.path().join(".lakeflow").exists(), "nothing was started");
}

#[test]
fn ranges_and_parameters_that_make_no_sense() {
    let room = Room::bundle(CONDITION);
    let range = |from: &str, to: &str, every: &str, param: &str| {
        room.run(&["backfill", "etl", "--param", param, "--from", from, "--to", to, "--every", every])
    };
    range("2026-01-02", "2026-01-01", "1d", "day").expect(2, &["2026-01-01 is before 2026-01-02"]);
    range("soon", "2026-02-30", "1x", "day").expect(2, &["\"soon\"", "\"2026-02-30\"", "unknown unit \"x\""]);
    range("2026-01-01", "2026-01-02", "0d", "day").expect(2, &["never ends"]);
    range("2026-01-01", "2026-12-31", "1d", "day").expect(2, &["more than 100 windows"]);
    range("2026-01-01", "2026-01-02", "1d", "day=1").expect(2, &["no parameter takes the window"]);
    range("2026-01-01", "2026-01-02", "1d", "day={{backfill.noon}}").expect(2, &["backfill.noon"]);
    let every = ["--from", "2026-01-01", "--to", "2026-01-02", "--every", "1d"];
    room.run(&[&["backfill", "etl"][..], &every].concat()).expect(2, &["--param"]);
    room.run(&[&["backfill", "elt", "-p", "day"][..], &every].concat()).expect(2, &["elt"]);
    room.run(&[&["backfill", "etl", "-p", "day", "--parallel", "0"][..], &every].concat())
        .expect(2, &["--parallel"]);
    assert_eq!(runs(&room).len(), 0);
}
