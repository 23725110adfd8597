//! Bad input: a clear error that says what, where and what to do, the right exit code, and nothing lost.

use crate::support::{CONDITION, Room, bundle_text, said};
use std::net::TcpListener;

#[test]
fn a_cycle_is_printed() {
    let tasks = "- task_key: a\n  depends_on: [{task_key: b}]\n  notebook_task: {notebook_path: /a}\n\
                 - task_key: b\n  depends_on: [{task_key: a}]\n  notebook_task: {notebook_path: /b}";
    let room = Room::bundle(tasks);
    room.run(&["validate", "."]).expect(2, &["databricks.yml:", "cycle", "a", "b", "invalid: "]);
    // Nothing is started on the way to the same answer.
    room.run(&["run", "etl"]).expect(2, &["cycle"]);
    assert!(!room.path().join(".lakeflow/engine.json").exists());
}

#[test]
fn a_field_of_a_wrong_type_is_told_with_its_place() {
    let room = Room::new();
    room.write("job.json", "{\n  \"name\": \"x\",\n  \"timeout_seconds\": {},\n  \"tasks\": 5\n}\n");
    let said = room.run(&["validate", "job.json"]);
    said.expect(2, &["job.json:3:", "timeout_seconds", "expected a 64-bit integer", "job.json:4:", "tasks"]);
}

#[test]
fn an_unknown_task_type_is_told_and_nothing_is_started() {
    let room = Room::bundle("- task_key: a\n  notbook_task: {notebook_path: /a}");
    room.run(&["validate", "."])
        .expect(0, &["databricks.yml:12:", "`notbook_task`", "did you mean `notebook_task`"]);
    room.run(&["run", "etl"]).expect(2, &["notbook_task"]);
    room.run(&["runs", "list"]).expect(0, &["there are no such runs"]);
}

#[test]
fn every_problem_is_told_at_once() {
    let tasks = "- task_key: a\n  depends_on: [{task_key: nowhere}]\n  notebook_task: {notebook_path: /a}\n\
                 - task_key: a\n  notebook_task: {notebook_path: /b}\n\
                 - task_key: c\n  run_if: SOMETIMES\n  notebook_task: {notebook_path: /c}";
    let room = Room::bundle(tasks);
    let said = room.run(&["validate", "."]);
    said.expect(2, &["nowhere", "SOMETIMES"]);
    assert!(said.out.lines().count() >= 4, "{}", said.out);
}

#[test]
fn parameters_over_the_limit_start_nothing() {
    let room = Room::bundle(CONDITION);
    let large = format!("day={}", "x".repeat(11 * 1024));
    room.run(&["run", "etl", "--param", &large]).expect(2, &["job_parameters", "10000", "bytes"]);
    room.run(&["runs", "list"]).expect(0, &["there are no such runs"]);
}

#[test]
fn parameters_that_the_job_does_not_have() {
    let room = Room::bundle(CONDITION);
    room.run(&["run", "etl", "--param", "dey=1"]).expect(2, &["no parameter \"dey\"", "did you mean `day`"]);
    room.run(&["run", "etl", "--param", "day"]).expect(2, &["--param \"day\"", "K=V"]);
    room.run(&["run", "etl", "--params", "{\"day\""]).expect(2, &["--params is not valid JSON"]);
    room.run(&["run", "etl", "--params", "[1]"]).expect(2, &["--params is not a JSON object"]);
}

#[test]
fn a_bad_cron_expression() {
    let room = Room::new();
    room.run(&["next", "0 61 * * * ?"]).expect(2, &["61", "minute"]);
    room.run(&["next", "0 0 6 ? * MON", "--timezone", "Europe/Berlim"])
        .expect(2, &["Europe/Berlim", "Europe/Berlin"]);
    room.run(&["next", "0 0 6 ? * MON", "--after", "yesterday"]).expect(2, &["--after", "yesterday"]);
    let job = "{\"name\": \"x\", \"schedule\": {\"quartz_cron_expression\": \"0 0 25 * * ?\", \"timezone_id\": \"UTC\"}, \
               \"tasks\": [{\"task_key\": \"a\", \"notebook_task\": {\"notebook_path\": \"/a\"}}]}";
    room.write("job.json", job);
    room.run(&["validate", "job.json"]).expect(2, &["job.json:1:", "25"]);
}

#[test]
fn truncated_json() {
    let room = Room::new();
    room.write("job.json", "{\n  \"name\": \"x\",\n  \"tasks\": [{\"task_key\": \"a\"");
    room.run(&["validate", "job.json"]).expect(2, &["job.json:3:", "1 error"]);
}

#[test]
fn a_file_that_is_not_utf8() {
    let room = Room::new();
    room.write("job.json", b"{\"name\": \"caf\xe9\"}");
    room.run(&["validate", "job.json"]).expect(2, &["job.json:1:", "UTF-8"]);
    room.write("databricks.yml", b"bundle:\n  name: caf\xe9\n");
    room.run(&["validate", "."]).expect(2, &["databricks.yml:2:", "UTF-8"]);
}

#[test]
fn a_file_or_folder_that_is_not_there() {
    let room = Room::new();
    room.run(&["validate", "nowhere.json"]).expect(2, &["cannot read nowhere.json", "no such file"]);
    room.run(&["validate", "."]).expect(2, &["databricks.yml"]);
    room.run(&["dev"]).expect(2, &["there is no databricks.yml"]);
    room.run(&["run", "etl"]).expect(2, &["no host is set and there is no bundle here"]);
}

#[test]
fn a_missing_notebook() {
    let room = Room::bundle("- task_key: a\n  notebook_task: {notebook_path: ./src/nowhere.py}");
    room.run(&["validate", "."]).expect(2, &["databricks.yml:", "src/nowhere.py", "does not exist"]);
    room.run(&["run", "etl"]).expect(2, &["src/nowhere.py", "does not exist"]);
}

#[test]
fn a_data_folder_that_cannot_be_used() {
    let room = Room::bundle(CONDITION);
    let file = room.write("data", "kept");
    room.run(&["run", "etl", "--data", "data"]).expect(2, &["data folder", "data"]);
    assert_eq!(std::fs::read_to_string(file).unwrap(), "kept");
}

#[test]
fn a_port_that_is_in_use() {
    let room = Room::bundle(CONDITION);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    room.run(&["dev", "--port", &port]).expect(2, &[&format!("port {port} is in use")]);
}

#[test]
fn no_python_on_the_machine() {
    let room = Room::bundle("- task_key: a\n  notebook_task: {notebook_path: ./src/a.py}");
    room.write("src/a.py", "# Databricks notebook source\nprint(1)\n");
    let output =
        room.command(&["run", "etl"]).env("PATH", room.path()).env_remove("LAKEFLOW_PYTHON").output();
    let said = said(output.unwrap());
    said.expect(1, &["task a FAILED", "there is no python3", "install Python"]);
    // The run and its reason are kept.
    room.run(&["runs", "list"]).expect(0, &["FAILED"]);
}

#[test]
fn a_host_that_is_not_reachable_or_not_authorized() {
    let room = Room::new();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let host = format!("http://{closed}");
    room.run(&["runs", "list", "--host", &host, "--token", "dapi-hidden-0123456789"])
        .expect(4, &["cannot be reached", &host]);
    let said = room.run(&["runs", "list", "--host", &host]);
    said.expect(4, &["no credential is set"]);
    let said = room.run(&["runs", "list", "--host", "not a url", "--token", "x"]);
    said.expect(2, &["not a URL"]);
    room.run(&["runs", "list", "--profile", "work"]).expect(2, &["no profile \"work\""]);
}

#[test]
fn two_ways_to_authenticate_are_named() {
    let room = Room::new();
    let mut command = room.command(&["runs", "list", "--host", "http://127.0.0.1:1"]);
    command.env("DATABRICKS_TOKEN", "hidden-token");
    command.env("DATABRICKS_CLIENT_ID", "id").env("DATABRICKS_CLIENT_SECRET", "hidden-secret");
    let said = said(command.output().unwrap());
    said.expect(2, &["pat", "oauth-m2m"]);
    assert!(!said.err.contains("hidden"), "{}", said.err);
}

#[test]
fn a_job_that_does_not_exist() {
    let room = Room::bundle(CONDITION);
    room.run(&["run", "elt"]).expect(2, &["there is no job \"elt\"", "did you mean `etl`"]);
    room.run(&["schema", "elt"]).expect(2, &["there is no job \"elt\""]);
    room.run(&["runs", "get", "99"]).expect(2, &["Run 99 does not exist"]);
    room.run(&["runs", "wait", "99"]).expect(2, &["Run 99 does not exist"]);
}

#[test]
fn a_command_line_that_makes_no_sense() {
    let room = Room::new();
    room.run(&["frobnicate"]).expect(2, &["frobnicate", "Usage"]);
    room.run(&["run"]).expect(2, &["JOB"]);
    room.run(&["runs", "get", "abc"]).expect(2, &["abc"]);
    room.run(&["runs", "list", "--limit", "0"]).expect(2, &["0"]);
    room.write("databricks.yml", bundle_text(CONDITION));
    room.run(&["run", "etl", "--no-wait"]).expect(2, &["--no-wait", "lakeflow dev"]);
    room.run(&["validate", ".", "--var", "x"]).expect(2, &["--var", "NAME=VALUE"]);
}
