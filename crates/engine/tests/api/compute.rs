//! What tasks name by key reaches their attempts (reference section 6).

use super::common::Local;
use lakeflow_engine::exec::Attempt;
use serde_json::{Value, json};

fn task(key: &str, more: Value) -> Value {
    let mut task = json!({ "task_key": key, "spark_python_task": { "python_file": "/hold" } });
    task.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    task
}

/// Dependencies, variables and cluster of an attempt.
fn found(attempt: &Attempt) -> Value {
    json!([
        attempt.environment.as_ref().map(|environment| &environment.dependencies),
        attempt.environment_variables.as_ref().and_then(|set| set.variables.get("A")),
        attempt.cluster.as_ref().map(|cluster| &cluster["spark_env_vars"]),
    ])
}

#[tokio::test]
async fn environments_variables_and_clusters_of_the_job_reach_the_attempts_that_name_them() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let keys = json!({ "environment_key": "e", "environment_variables_key": "v" });
    let each = json!({ "task_key": "each", "for_each_task": { "inputs": "[1]", "task": task("nested", keys.clone()) } });
    let environments = json!([
        { "environment_key": "other", "spec": { "environment_version": "4", "dependencies": ["x"] } },
        { "environment_key": "e", "spec": { "environment_version": "4", "dependencies": ["requests", "/a.whl"] } },
    ]);
    let variables = json!([{ "environment_variables_key": "v", "spec": { "variables": { "A": "1" } } }]);
    let cluster =
        json!({ "spark_version": "16.4.x-scala2.12", "num_workers": 0, "spark_env_vars": { "B": "2" } });
    let job = local
        .create(json!({
            "name": "j",
            "environments": environments,
            "environment_variables": variables,
            "job_clusters": [{ "job_cluster_key": "c", "new_cluster": cluster }],
            "tasks": [
                task("serverless", keys.clone()),
                task("classic", json!({ "job_cluster_key": "c" })),
                task("plain", json!({ "existing_cluster_id": "x" })),
                each,
            ],
        }))
        .await;
    local.run_now(job).await;
    let expect = json!([["requests", "/a.whl"], "1", null]);
    assert_eq!(found(&local.fake.wait_started("serverless").await), expect);
    assert_eq!(found(&local.fake.wait_started("nested_0").await), expect);
    assert_eq!(found(&local.fake.wait_started("classic").await), json!([null, null, { "B": "2" }]));
    assert_eq!(found(&local.fake.wait_started("plain").await), json!([null, null, null]));

    let submitted = json!({
        "tasks": [task("once", keys)], "environments": environments, "environment_variables": variables,
    });
    local.call("/api/2.2/jobs/runs/submit", submitted).await;
    assert_eq!(found(&local.fake.wait_started("once").await), expect);
}
