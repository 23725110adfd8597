//! The vectors of the job registry: which jobs an environment and a configuration give, and what is left aside.

use lakeflow_core::gateway::{JobConfig, JobRef, Registry};
use lakeflow_tests::{gateway, vectors};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
struct Input {
    environment: Vec<(String, String)>,
    jobs: Map<String, Value>,
}

fn configured(jobs: &Map<String, Value>) -> Vec<(String, JobConfig)> {
    jobs.iter().map(|(key, config)| (key.clone(), gateway::config(config))).collect()
}

#[test]
fn vectors_hold() {
    for case in vectors::<Input, Value>("registry.json") {
        let registry = Registry::discover(&case.input.environment, &configured(&case.input.jobs));
        let jobs: Vec<Value> = registry
            .entries()
            .iter()
            .map(|entry| {
                let found = match &entry.job {
                    JobRef::Id(id) => Some(id.to_string()),
                    JobRef::Name(name) => Some(name.clone()),
                    JobRef::Missing => None,
                };
                json!([entry.key, found, entry.variable])
            })
            .collect();
        let ignored: Vec<Value> =
            registry.ignored().iter().map(|one| json!([one.variable, one.reason])).collect();
        let mut found = json!({"jobs": jobs, "ignored": ignored});
        if case.expect.get("resources").is_some() {
            let resources = registry.requirements();
            found["resources"] = resources.iter().map(|r| json!([r.alias, r.variable])).collect();
        }
        assert_eq!(found, case.expect, "{}: {}", case.name, case.why);
    }
}

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
    let registry = Registry::discover(&[], &configured(jobs.as_object().expect("an object")));
    let expected = json!({"jobs": {
        "etl": {"params": {"type": "object"}, "taskType": "notebook"},
        "x": {"params": null, "taskType": null},
    }});
    assert_eq!(registry.client_config(), expected);
}
