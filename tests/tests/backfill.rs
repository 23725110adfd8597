//! Which windows a backfill has, and what each run of it gets: the vectors `backfill_*.json`.

use lakeflow_core::backfill::{Resume, parameters, resume, templates, token, window_name, windows};
use lakeflow_core::id::JobId;
use lakeflow_core::problem::Problem;
use lakeflow_core::run::RunDoc;
use lakeflow_core::time::WallTime;
use lakeflow_tests::vectors;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

#[derive(Debug, serde::Deserialize)]
struct Range {
    from: String,
    to: String,
    every: String,
    most: usize,
}

fn codes(problems: &[Problem]) -> Value {
    json!({ "problems": problems.iter().map(|problem| problem.code).collect::<Vec<_>>() })
}

#[test]
fn windows_of_a_range() {
    for case in vectors::<Range, Value>("backfill_windows.json") {
        let range = case.input;
        let got = match windows(&range.from, &range.to, &range.every, range.most) {
            Ok(starts) if case.expect.get("count").is_some() => json!({ "count": starts.len() }),
            Ok(starts) => json!({ "windows": starts.into_iter().map(window_name).collect::<Vec<_>>() }),
            Err(problems) => codes(&problems),
        };
        assert_eq!(got, case.expect, "{}", case.name);
    }
}

#[derive(Debug, serde::Deserialize)]
struct Given {
    params: Vec<String>,
    window: String,
}

#[test]
fn parameters_of_a_window() {
    for case in vectors::<Given, Value>("backfill_parameters.json") {
        let window = windows(&case.input.window, &case.input.window, "1d", 1).unwrap()[0];
        let read = templates(&case.input.params, &[window]).and_then(|read| parameters(&read, window));
        let got = read.map_or_else(|problems| codes(&problems), |params| json!({ "params": params }));
        assert_eq!(got, case.expect, "{}", case.name);
    }
}

#[test]
fn a_window_has_one_token_and_every_other_has_another() {
    let params = |day: &str| Map::from_iter([("date".to_owned(), json!(day))]);
    let one = || token(JobId(7), "", WallTime(86_400_000), &params("1970-01-02"), 0);
    assert_eq!(one(), one());
    let others = [
        one(),
        token(JobId(8), "", WallTime(86_400_000), &params("1970-01-02"), 0),
        token(JobId(7), "again", WallTime(86_400_000), &params("1970-01-02"), 0),
        token(JobId(7), "", WallTime(0), &params("1970-01-02"), 0),
        token(JobId(7), "", WallTime(86_400_000), &params("1970-01-03"), 0),
        token(JobId(7), "", WallTime(86_400_000), &params("1970-01-02"), 1),
    ];
    assert_eq!(others.iter().collect::<BTreeSet<_>>().len(), others.len());
    let longest = token(JobId(i64::MAX), "x", WallTime(253_402_300_799_999), &params("x"), 9_999);
    assert!(longest.len() <= lakeflow_core::api::IDEMPOTENCY_TOKEN_LIMIT, "{longest}");
}

#[test]
fn a_window_is_taken_up_where_it_was_left() {
    let run = |state: &str, result: Option<&str>| -> RunDoc {
        let state = json!({ "life_cycle_state": state, "result_state": result });
        serde_json::from_value(json!({ "run_id": 1, "state": state })).unwrap()
    };
    let cases = [
        (run("RUNNING", None), true, Resume::Wait),
        (run("QUEUED", None), true, Resume::Wait),
        (run("TERMINATED", Some("SUCCESS")), true, Resume::Done),
        (run("TERMINATED", Some("SUCCESS_WITH_FAILURES")), true, Resume::Done),
        (run("INTERNAL_ERROR", Some("FAILED")), true, Resume::Repair),
        (run("TERMINATED", Some("CANCELED")), true, Resume::Repair),
        (run("TERMINATED", Some("TIMEDOUT")), true, Resume::Repair),
        (run("SKIPPED", Some("MAXIMUM_CONCURRENT_RUNS_REACHED")), true, Resume::Again),
        // A run of this time is not repaired, and a short one may be over when it is first looked at.
        (run("INTERNAL_ERROR", Some("FAILED")), false, Resume::Wait),
        (run("TERMINATED", Some("SUCCESS")), false, Resume::Wait),
    ];
    for (run, before, expect) in cases {
        assert_eq!(resume(&run, before, false), expect, "{run:?}");
    }
    assert_eq!(resume(&run("INTERNAL_ERROR", Some("FAILED")), true, true), Resume::Done);
}
