//! The door for other languages: every vector file has a rule, and each rule gives what the vectors expect. What the
//! rooms behind it do exactly is held by their own suites.

use lakeflow_core::door::{RULES, WaitMachine, call, js_text};
use lakeflow_core::error::ErrorCode;
use lakeflow_tests::{expand, vectors, vectors_dir};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Vector files that are about a machine, or about rules that only the engine and the command use, so that no language has a
/// function for them (triggers, system tables, backfill); each has a suite of its own.
const NO_RULE: [&str; 7] = [
    "backfill_parameters",
    "backfill_windows",
    "system_history",
    "system_job_runs",
    "system_task_runs",
    "trigger",
    "wait",
];

/// Whether `found` has all that `expect` asks for: objects may hold more, everything else is equal.
fn agrees(expect: &Value, found: &Value) -> bool {
    match (expect, found) {
        (Value::Object(wanted), Value::Object(members)) => {
            wanted.iter().all(|(key, value)| agrees(value, members.get(key).unwrap_or(&Value::Null)))
        }
        (Value::Array(wanted), Value::Array(items)) => {
            wanted.len() == items.len() && wanted.iter().zip(items).all(|(wanted, item)| agrees(wanted, item))
        }
        _ => expect == found,
    }
}

/// Problems of one value have no order among themselves.
fn sorted(problems: &Value) -> Value {
    let mut problems = problems.as_array().cloned().unwrap_or_default();
    problems.sort_by_key(|problem| (problem["code"].to_string(), problem["path"].to_string()));
    problems.into()
}

#[test]
fn rules_give_what_the_vectors_expect() {
    let special = ["bundle", "layout", "source"];
    let mut wrong = Vec::new();
    for (rule, _) in RULES {
        let file = format!("{rule}.json");
        if special.contains(rule) || !vectors_dir().join(&file).exists() {
            continue;
        }
        for case in vectors::<Value, Value>(&file) {
            let found = call(rule, &expand(&case.input).to_string()).unwrap_or_else(|e| json!(e.to_string()));
            let (expect, found) =
                if *rule == "lint" { (sorted(&case.expect), sorted(&found)) } else { (case.expect, found) };
            if !agrees(&expect, &found) {
                wrong.push(format!("{file}: {}\n  expected {expect}\n  found    {found}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn texts_are_read_with_the_places_that_are_asked_for() {
    for case in vectors::<Value, Value>("source.json") {
        let mut input = case.input.clone();
        let positions = case.expect["positions"].as_object().cloned().unwrap_or_default();
        input["paths"] = positions.keys().cloned().collect();
        let found = call("source", &input.to_string()).expect("the input is read");
        let codes = |value: &Value| -> Vec<Value> {
            value["problems"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|problem| problem["code"].clone())
                .collect()
        };
        assert_eq!(codes(&found), codes(&case.expect), "{}", case.name);
        if codes(&found).is_empty() {
            assert_eq!(found["value"], case.expect["value"], "{}", case.name);
            assert_eq!(found["positions"], Value::Object(positions), "{}", case.name);
        }
    }
}

#[test]
fn bundles_are_read_from_memory() {
    for case in vectors::<Value, Value>("bundle.json") {
        let found = call("bundle", &case.input.to_string()).expect("the input is read");
        let expect = &case.expect;
        assert_eq!(found["bundle"].is_null(), expect["none"] == true, "{}", case.name);
        if let Some(problems) = expect.get("problems").filter(|_| expect.get("problem_codes").is_none()) {
            let shown = sorted(&found["problems"]);
            for (wanted, problem) in
                sorted(problems).as_array().into_iter().flatten().zip(shown.as_array().expect("a list"))
            {
                assert_eq!(
                    (&wanted["code"], &wanted["path"]),
                    (&problem["code"], &problem["path"]),
                    "{}",
                    case.name
                );
            }
        }
        for field in ["shape", "name", "target", "mode", "order", "files", "others", "variables", "workspace"]
        {
            if let Some(wanted) = expect.get(field) {
                assert!(
                    agrees(wanted, &found["bundle"][field]),
                    "{}: {field}: {}",
                    case.name,
                    found["bundle"][field]
                );
            }
        }
    }
}

#[test]
fn every_vector_file_has_a_rule() {
    let rules: BTreeSet<&str> = RULES.iter().map(|(name, _)| *name).collect();
    assert_eq!(rules.len(), RULES.len(), "two rules have one name");
    let files = std::fs::read_dir(vectors_dir()).expect("the folder of the vectors");
    let missing: Vec<String> = files
        .filter_map(|file| file.ok()?.file_name().to_str()?.strip_suffix(".json").map(str::to_owned))
        .filter(|name| !rules.contains(name.as_str()) && !NO_RULE.contains(&name.as_str()))
        .collect();
    assert!(missing.is_empty(), "no rule in core::door for {missing:?}");
}

#[test]
fn a_slip_is_told() {
    let refused = |rule: &str, input: &str| call(rule, input).expect_err("a slip");
    let unknown = refused("lnt", "{}");
    assert_eq!(unknown.code, ErrorCode::InvalidArgument);
    assert!(unknown.message.contains("\"lnt\"") && unknown.message.contains("lint"), "{unknown}");
    assert_eq!(refused("lint", "{").code, ErrorCode::Malformed);
    let input = refused("dag_condition", r#"{"op": "EQUAL_TO", "left": 1, "right": "a"}"#);
    assert_eq!(input.code, ErrorCode::InvalidArgument);
}

#[test]
fn a_wait_is_driven_with_json() {
    let options = json!({ "goal": { "run_now": { "job_id": 1, "idempotency_token": "t" } }, "seed": 1 });
    let mut wait = WaitMachine::new(0, 0, options).expect("the options are read");
    let call = wait.poll();
    assert_eq!(call["request"]["path"], "/api/2.2/jobs/run-now", "{call}");
    let number = |call: &Value| call["call"].as_u64().expect("a call");
    assert_eq!(wait.poll()["reason"], "answer");
    let answer = |call: u64, body: Value| json!({ "answered": { "call": call, "status": 200, "body": body.to_string() } });
    let none_such = wait.handle(1, 1, answer(99, json!({}))).expect_err("no such call");
    assert_eq!(none_such.code, ErrorCode::InvalidTransition);
    wait.handle(1, 1, answer(number(&call), json!({ "run_id": 9_007_199_254_740_993_i64 })))
        .expect("it is under way");
    let started = wait.poll();
    assert_eq!(js_text(&started), r#"{"started":"9007199254740993"}"#);
    let poll = wait.poll();
    let run = json!({ "run_id": 9_007_199_254_740_993_i64, "state": { "life_cycle_state": "TERMINATED", "result_state": "SUCCESS" } });
    wait.handle(2, 2, answer(number(&poll), run)).expect("it is under way");
    assert_eq!(wait.poll()["word"], "SUCCESS");
    assert_eq!(wait.poll()["ended"]["verdict"], "succeeded");
}

#[test]
fn a_definition_is_judged_as_value_and_as_text() {
    let job = json!({ "max_concurrent_runs": 5000 });
    let of_value = call("validate_job", &json!({ "job": job }).to_string()).expect("the input is read");
    assert_eq!(of_value.as_array().map(Vec::len), Some(2), "{of_value}");
    assert_eq!(of_value[1].get("position"), None);
    let text = "tasks: []\nmax_concurrent_runs: 5000\n";
    let of_text = call("validate_job", &json!({ "text": text }).to_string()).expect("the input is read");
    let place = |problems: &Value| {
        problems
            .as_array()
            .into_iter()
            .flatten()
            .find(|problem| problem["path"] == "max_concurrent_runs")
            .map(|problem| json!([problem["position"]["line"], problem["position"]["column"]]))
    };
    assert_eq!(place(&of_text), Some(json!([2, 22])), "{of_text}");
}

#[test]
fn fire_times_are_asked_for_in_the_zone_of_the_schedule() {
    let input = json!({ "cron": "0 0 2 * * ?", "timezone": "Europe/Warsaw", "after": "2026-07-01T01:30:00", "count": 1 });
    let fires = call("next_fire_times", &input.to_string()).expect("sound");
    assert_eq!(fires, json!([{ "utc": "2026-07-01T00:00:00Z", "local": "2026-07-01T02:00:00+02:00" }]));
    let input = json!({ "cron": "0 0 25 * * ?", "timezone": "Mars", "after": "2026-07-01", "count": 0 });
    let error = call("next_fire_times", &input.to_string()).expect_err("three slips");
    assert!(["25", "Mars", "count 0"].iter().all(|slip| error.message.contains(slip)), "{error}");
}

#[test]
fn graphs_are_drawn() {
    for case in vectors::<Value, Value>("layout.json") {
        let found = call("layout", &case.input.to_string()).expect("the input is read");
        for field in ["width", "height", "edges", "critical"] {
            if let Some(wanted) = case.expect.get(field) {
                assert!(agrees(wanted, &found[field]), "{}: {field}: {}", case.name, found[field]);
            }
        }
    }
}
