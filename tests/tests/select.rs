//! Which tasks run-now's `only` selects: the vectors of `select.json`.

use lakeflow_core::dag::select;
use lakeflow_core::job::Task;
use lakeflow_tests::vectors;
use serde_json::{Value, json};

#[derive(Debug, serde::Deserialize)]
struct Input {
    /// Keys with the keys they depend on.
    tasks: Vec<(String, Vec<String>)>,
    #[serde(default)]
    disabled: Vec<String>,
    only: Vec<String>,
}

fn task(key: &str, upstream: &[String], disabled: bool) -> Task {
    let edges: Vec<Value> = upstream.iter().map(|key| json!({ "task_key": key })).collect();
    let task = json!({ "task_key": key, "depends_on": edges, "disabled": disabled });
    serde_json::from_value(task).expect("a task")
}

#[test]
fn vectors_hold() {
    for case in vectors::<Input, Value>("select.json") {
        let tasks: Vec<Task> =
            case.input.tasks.iter().map(|(k, up)| task(k, up, case.input.disabled.contains(k))).collect();
        let found = match select(&tasks, &case.input.only) {
            Ok(selection) => {
                let keys: Vec<&str> = selection.tasks.iter().map(|task| task.task_key.as_str()).collect();
                json!({ "tasks": keys, "forced": selection.forced })
            }
            Err(unknown) => json!({ "unknown": unknown }),
        };
        assert_eq!(found, case.expect, "{}", case.name);
    }
}
