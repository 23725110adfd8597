//! What the commands print and how they end when all is well.

use crate::support::{CONDITION, Room, Served, said};
use serde_json::Value;

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

#[test]
fn a_valid_bundle() {
    let room = Room::bundle(CONDITION);
    room.run(&["validate", "."]).expect(0, &["valid: 1 job (etl); 0 errors"]);
    room.run(&["validate", "databricks.yml"]).expect(0, &["valid: 1 job"]);
    let said = room.run(&["validate", ".", "--json"]);
    let found = &lines(&said.out)[0];
    assert_eq!((&found["errors"], &found["jobs"][0]), (&Value::from(0), &Value::from("etl")), "{}", said.out);
}

#[test]
fn a_bundle_is_found_from_a_folder_below() {
    let room = Room::bundle(CONDITION);
    room.write("src/deep/x.txt", "");
    let output = room.command(&["schema", "etl"]).current_dir(room.path().join("src/deep")).output().unwrap();
    said(output).expect(0, &["\"day\""]);
}

#[test]
fn the_schema_of_a_job() {
    let room = Room::bundle(CONDITION);
    let said = room.run(&["schema", "etl"]);
    let schema: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(schema["properties"]["day"], serde_json::json!({"type": "string", "default": "1"}));
    assert_eq!(schema["additionalProperties"], false);
}

#[test]
fn next_fire_times() {
    let room = Room::new();
    let base = ["next", "0 0 6 ? * MON-FRI", "--timezone", "Europe/Berlin", "--count", "2"];
    let said = room.run(&[&base[..], &["--after", "2026-03-27T12:00:00Z", "--json"]].concat());
    // Friday noon; Monday is after the change to summer time on 29 March.
    let expected = r#"[{"utc":"2026-03-30T04:00:00Z","local":"2026-03-30T06:00:00+02:00"},{"utc":"2026-03-31T04:00:00Z","local":"2026-03-31T06:00:00+02:00"}]"#;
    assert_eq!(said.out.trim(), expected);
    let epoch = room.run(&[&base[..], &["--after", "1774612800", "--json"]].concat());
    assert_eq!(epoch.out.trim(), expected, "epoch seconds of the same moment");
    let text = room.run(&["next", "0 0 0 1 1 ? 2030", "--after", "2026-01-01T00:00:00Z"]);
    assert_eq!(text.out, "2030-01-01T00:00:00Z\n");
    room.run(&["next", "0 0 0 1 1 ? 2020", "--after", "2026-01-01T00:00:00Z"]).expect(0, &["does not fire"]);
}

#[test]
fn a_run_in_lines_and_in_json() {
    let room = Room::bundle(CONDITION);
    let said = room.run(&["run", "etl"]);
    said.expect(0, &["check", "SUCCESS", "TASK"]);
    let first = said.out.lines().next().unwrap();
    let run_id = first.strip_prefix("run ").unwrap_or_else(|| panic!("the run id comes first: {first}"));
    assert!(!said.out.contains('\u{1b}'), "no colour in a pipe");
    room.run(&["runs", "get", run_id]).expect(0, &["SUCCESS", "day = 1"]);
    room.run(&["runs", "wait", run_id]).expect(0, &["SUCCESS"]);

    let events = lines(&room.run(&["run", "etl", "--param", "day=2", "--json"]).out);
    assert!(events[0]["run_id"].is_i64(), "{events:?}");
    let last = events.last().unwrap();
    assert_eq!((&last["verdict"], &last["exit_code"]), (&Value::from("succeeded"), &Value::from(0)));
    assert!(events.iter().all(|event| event["event"].is_string() && event["run_id"] == events[0]["run_id"]));
    let runs = lines(&room.run(&["runs", "list", "--json"]).out);
    assert_eq!(runs.len(), 2);
    assert_eq!(runs[0]["run_id"], events[0]["run_id"], "newest first");
}

#[test]
fn failed_iterations_are_told_with_what_they_printed() {
    let room = Room::bundle(
        "- task_key: each\n  for_each_task:\n    inputs: '[1, 0]'\n    task:\n      task_key: divide\n      \
         spark_python_task: {python_file: divide.py, parameters: ['{{input}}']}",
    );
    room.write("divide.py", "import sys\nprint('by', sys.argv[1])\nprint(1 / int(sys.argv[1]))\n");
    let said = room.run(&["run", "etl"]);
    said.expect(1, &["task each FAILED: 1 of 2", "task divide_1 FAILED: ZeroDivisionError", "by 0"]);
}

#[test]
fn quiet_leaves_the_run_id_and_the_results() {
    let room = Room::bundle(CONDITION);
    let said = room.run(&["--quiet", "run", "etl"]);
    said.expect(0, &[]);
    assert_eq!(said.out.lines().count(), 1, "{}", said.out);
    assert_eq!(said.err, "");
}

#[test]
fn commands_use_the_engine_that_serves_the_data_folder() {
    let room = Room::bundle(CONDITION);
    let served = Served::new(&room, &[]);
    let said = room.run(&["run", "etl", "--no-wait"]);
    said.expect(0, &["the run goes on"]);
    let run_id = said.out.trim().strip_prefix("run ").unwrap().to_owned();
    room.run(&["runs", "wait", &run_id]).expect(0, &["SUCCESS"]);
    room.run(&["deploy"]).expect(0, &["updated etl"]);
    drop(served);
    // The engine was killed: what it left behind does not stop the next.
    room.run(&["runs", "get", &run_id]).expect(0, &["SUCCESS"]);
}

#[test]
fn a_token_makes_one_run_of_two_commands() {
    let room = Room::bundle(CONDITION);
    let run =
        || room.run(&["run", "etl", "--idempotency-token", "once"]).out.lines().next().unwrap().to_owned();
    assert_eq!(run(), run());
    assert_eq!(lines(&room.run(&["runs", "list", "--json"]).out).len(), 1);
}

// LOCAL[tables] same: `lakeflow sql` reads `system.lakeflow.*` under these names; results are spelled `SUCCEEDED`, not `SUCCESS`
#[test]
fn queries_of_the_system_tables() {
    let room = Room::bundle(CONDITION);
    room.run(&["run", "etl", "--param", "day=2"]).expect(0, &["SUCCESS"]);
    let query = "SELECT run_name, job_parameters, result_state FROM system.lakeflow.job_run_timeline
                 WHERE period_start_time >= current_date() - INTERVAL 14 DAYS";
    let said = room.run(&["sql", query, "--json"]);
    let expect = r#"[{"run_name":"etl","job_parameters":{"day":"2"},"result_state":"SUCCEEDED"}]"#;
    assert_eq!(said.out.trim(), expect, "{said:#?}");
    let text = "CREATE TABLE main.default.n AS SELECT id FROM range(3);
                SELECT id, id / 2 AS half, id AS id, CAST('2026-03-01 10:00:00Z' AS TIMESTAMP) AS at FROM main.default.n ORDER BY 1";
    room.write("n.sql", text);
    let said = room.run(&["sql", "--file", "n.sql", "--limit", "2"]);
    said.expect(0, &["there are more than 2 rows"]);
    assert_eq!(
        said.out,
        "id  half  id_2  at\n 0   0.0     0  2026-03-01T10:00:00Z\n 1   0.5     1  2026-03-01T10:00:00Z\n"
    );
    room.run(&["sql", "selec 1"]).expect(2, &["selec"]);
    room.run(&["sql", "DROP TABLE system.lakeflow.jobs"]).expect(2, &["403"]);
    room.run(&["sql", " "]).expect(2, &["no SQL statement"]);
    room.run(&["sql", "--file", "absent.sql"]).expect(2, &["cannot read absent.sql"]);
}
