//! What tasks name by key reaches their attempts (reference section 6).

use super::common::Local;
use lakeflow_engine::Executor;
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

// LOCAL[programs] same: `dbt_output` with a link to the artifacts
#[tokio::test]
async fn the_artifacts_of_dbt_are_behind_a_link_that_needs_no_token() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let dbt = json!({ "commands": ["dbt run"], "project_directory": "/Workspace/Shared/p" });
    let task = json!({ "task_key": "t", "existing_cluster_id": "c", "dbt_task": dbt });
    let job = local.create(json!({ "tasks": [task] })).await;
    let run = local.run_now(job).await;
    let attempt = local.fake.wait_started("t").await;
    let output = async || local.get(&format!("/api/2.2/jobs/runs/get-output?run_id={}", attempt.run)).await;
    assert_eq!(output().await.1["dbt_output"], Value::Null, "nothing was left yet");
    let files = local.fake.files(attempt.run);
    std::fs::create_dir_all(&files.dir).unwrap();
    std::fs::write(files.artifacts(), "packed").unwrap();
    local.fake.finish("t", true);
    local.ended(run).await;
    let found = output().await.1["dbt_output"].take();
    assert_eq!(found["artifacts_headers"], json!({}));
    let link = found["artifacts_link"].as_str().unwrap().to_owned();
    let fetch = async |link: &str| {
        let answer = reqwest::get(link).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(fetch(&link).await, (200, "packed".to_owned()));
    let other = link.replace(&attempt.run.to_string(), &run.to_string());
    for bad in [other.as_str(), link.split('?').next().unwrap()] {
        assert_eq!(fetch(bad).await.0, 403, "{bad}");
    }
}

// LOCAL[compute] close: clusters are labels: `spark_env_vars` count, nothing is started
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
