//! What the registry tells people. Which jobs there are is `tests/vectors/registry.json`, run through `core::door`.

use lakeflow_core::door::job_configs;
use lakeflow_core::gateway::Registry;
use serde_json::json;

#[test]
fn what_is_told_of_a_variable_says_what_to_do_and_is_short() {
    let long = "x".repeat(500);
    let environment = [("DATABRICKS_JOB_ETL".to_owned(), long)];
    let registry = Registry::discover(&environment, &[]);
    let [told] = registry.ignored() else { panic!("one variable is told of") };
    assert!(told.message.len() < 150 && told.message.contains("positive whole number"), "{}", told.message);
    let entry = registry.get("etl").expect("the key is there");
    assert_eq!(entry.without_id(), r#"Job "etl" has no configured job ID. Set DATABRICKS_JOB_ETL env var."#);
}

#[test]
fn an_unknown_key_is_told_with_those_that_are_known() {
    let environment = ["A", "B"].map(|key| (format!("DATABRICKS_JOB_{key}"), "1".to_owned()));
    let registry = Registry::discover(&environment, &[]);
    assert_eq!(registry.unknown("c"), r#"Unknown job "c". Available jobs: a, b"#);
    let none = Registry::discover(&[], &[]).unknown("c");
    assert!(none.contains("DATABRICKS_JOB_ID"), "{none}");
}

#[test]
fn a_browser_is_told_schemas_and_task_types_and_no_ids() {
    let jobs =
        json!({"etl": {"id": "11", "taskType": "notebook", "params": {"type": "object"}}, "x": {"id": "12"}});
    let registry = Registry::discover(
        &[],
        &job_configs(jobs.as_object().expect("an object")).expect("they are configurations"),
    );
    let expected = json!({"jobs": {
        "etl": {"params": {"type": "object"}, "taskType": "notebook"},
        "x": {"params": null, "taskType": null},
    }});
    assert_eq!(registry.client_config(), expected);
}

#[test]
fn all_that_is_wrong_with_a_configuration_is_told() {
    let jobs = json!({"a": {"id": "12abc", "taskType": "notebok"}, "b": {"waitTimeout": "soon"}});
    let told = job_configs(jobs.as_object().expect("an object")).expect_err("slips").message;
    for part in
        ["job \"a\", id: \"12abc\"", "job \"a\", taskType: \"notebok\"", "job \"b\", waitTimeout: \"soon\""]
    {
        assert!(told.contains(part), "{part} in {told}");
    }
}
