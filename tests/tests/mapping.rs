//! The vectors of task types and parameters, and the names of the task types.
//!
//! `params_text` instead of `params` is JSON text with numbers that a double would round.

use lakeflow_core::mapping::{TaskType, map_params};
use lakeflow_tests::vectors;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Input {
    task_type: Option<String>,
    #[serde(default)]
    params: Value,
    params_text: Option<String>,
}

#[test]
fn vectors_hold() {
    for case in vectors::<Input, Value>("mapping.json") {
        let task_type = case.input.task_type.map(|name| name.parse::<TaskType>().expect("a task type"));
        let params = match &case.input.params_text {
            Some(text) => serde_json::from_str(text).expect("JSON"),
            None => case.input.params,
        };
        let found = match map_params(task_type, &params) {
            Ok(fields) => json!({ "fields": fields }),
            Err(problems) => {
                let problems: Vec<_> =
                    problems.iter().map(|p| json!({ "code": p.code, "path": p.path })).collect();
                json!({ "problems": problems })
            }
        };
        assert_eq!(found, case.expect, "{}: {}", case.name, case.why);
    }
}

#[test]
fn task_types_have_the_names_that_people_write() {
    let names: Vec<_> = TaskType::ALL.iter().map(|task_type| task_type.as_str()).collect();
    let expected = [
        "notebook",
        "python_wheel",
        "python_script",
        "spark_jar",
        "sql",
        "dbt",
        "job_parameters",
        "pipeline",
        "spark_submit",
    ];
    assert_eq!(names, expected);
    for name in names {
        assert_eq!(name.parse::<TaskType>().unwrap().to_string(), name);
    }
    let refused = "Notebook".parse::<TaskType>().unwrap_err().to_string();
    assert!(
        refused.starts_with("\"Notebook\" is not a task type") && refused.contains("spark_submit"),
        "{refused}"
    );
}
