//! The rows of the system tables: the vectors `system_*.json`, whose expectations name the columns that they are about, and
//! that each row has every column of its table.

use lakeflow_core::system::{
    Column, JobRunRecord, JobVersion, Kind, Table, TaskRunRecord, job_rows, job_run_rows, task_rows,
    task_run_rows,
};
use lakeflow_core::time::WallTime;
use lakeflow_tests::vectors;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

const WORKSPACE: &str = "42";

#[derive(Debug, serde::Deserialize)]
struct JobRun {
    run: JobRunRecord,
    now: WallTime,
}

#[derive(Debug, serde::Deserialize)]
struct TaskRun {
    task_run: TaskRunRecord,
    now: WallTime,
}

#[derive(Debug, serde::Deserialize)]
struct Rows {
    jobs: Vec<Map<String, Value>>,
    tasks: Vec<Map<String, Value>>,
}

/// The rows have the columns of the table, and in the expected ones the expected values.
fn assert_rows(table: Table, name: &str, rows: &[Map<String, Value>], expect: &[Map<String, Value>]) {
    assert_eq!(rows.len(), expect.len(), "{name}: {rows:#?}");
    let columns: BTreeSet<&str> = table.columns().iter().map(|column| column.name).collect();
    for (row, expect) in rows.iter().zip(expect) {
        assert_eq!(row.keys().map(String::as_str).collect::<BTreeSet<_>>(), columns, "{name}");
        for column in table.columns() {
            assert!(fits(&row[column.name], column.kind), "{name}: {} is {}", column.name, row[column.name]);
        }
        for (column, value) in expect {
            assert_eq!(&row[column], value, "{name}: {column}");
        }
    }
}

/// Whether a value is one of a column's type, or null.
fn fits(value: &Value, kind: Kind) -> bool {
    let fields = |fields: &[Column], object: &Map<String, Value>| {
        object.iter().all(|(name, value)| fields.iter().any(|f| f.name == name && fits(value, f.kind)))
    };
    match (value, kind) {
        (Value::Null, _) | (Value::String(_), Kind::Text) | (Value::Bool(_), Kind::Boolean) => true,
        (Value::Number(number), Kind::Bigint) => number.is_i64(),
        (Value::String(text), Kind::Timestamp) => WallTime::parse(text).is_some(),
        (Value::Object(map), Kind::Map) => map.values().all(Value::is_string),
        (Value::Array(items), Kind::List(inner)) => items.iter().all(|item| fits(item, *inner)),
        (Value::Object(object), Kind::Struct(known)) => fields(known, object),
        _ => false,
    }
}

#[test]
fn job_runs() {
    for case in vectors::<JobRun, Vec<Map<String, Value>>>("system_job_runs.json") {
        let rows = job_run_rows(WORKSPACE, &case.input.run, case.input.now);
        assert_rows(Table::JobRunTimeline, &case.name, &rows, &case.expect);
    }
}

#[test]
fn task_runs() {
    for case in vectors::<TaskRun, Vec<Map<String, Value>>>("system_task_runs.json") {
        let rows = task_run_rows(WORKSPACE, &case.input.task_run, case.input.now);
        assert_rows(Table::JobTaskRunTimeline, &case.name, &rows, &case.expect);
    }
}

#[test]
fn jobs_and_tasks_with_their_history() {
    for case in vectors::<Vec<JobVersion>, Rows>("system_history.json") {
        assert_rows(Table::Jobs, &case.name, &job_rows(WORKSPACE, &case.input), &case.expect.jobs);
        assert_rows(Table::JobTasks, &case.name, &task_rows(WORKSPACE, &case.input), &case.expect.tasks);
    }
}

#[test]
fn the_slices_of_a_run_add_up_to_its_length_and_have_keys_of_their_own() {
    for case in vectors::<JobRun, Vec<Map<String, Value>>>("system_job_runs.json") {
        let run = case.input.run;
        let rows = job_run_rows(WORKSPACE, &run, case.input.now);
        let at =
            |row: &Map<String, Value>, name: &str| WallTime::parse(row[name].as_str().unwrap()).unwrap().0;
        let starts: BTreeSet<i64> = rows.iter().map(|row| at(row, "period_start_time")).collect();
        assert_eq!(starts.len(), rows.len(), "{}", case.name);
        let total: i64 =
            rows.iter().map(|row| at(row, "period_end_time") - at(row, "period_start_time")).sum();
        if run.executions.len() <= 1 {
            let end = run.end_time.unwrap_or(case.input.now).max(run.created);
            assert_eq!(total, end.0 - run.created.0, "{}", case.name);
        }
    }
}

#[test]
fn types_are_written_as_spark_reads_them() {
    let column = Table::JobTasks.columns().iter().find(|column| column.name == "health_rules").unwrap();
    assert_eq!(column.kind.sql(), "array<struct<metric:string,op:string,value:bigint>>");
    assert_eq!(
        column.spark().to_string(),
        r#"{"name":"health_rules","type":{"type":"array","elementType":{"type":"struct","fields":[{"name":"metric","type":"string","nullable":true,"metadata":{}},{"name":"op","type":"string","nullable":true,"metadata":{}},{"name":"value","type":"long","nullable":true,"metadata":{}}]},"containsNull":true},"nullable":true,"metadata":{}}"#
    );
    for table in Table::ALL {
        assert_eq!(Table::named(table.name()), Some(*table));
    }
}
