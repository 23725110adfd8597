//! Job definitions over REST (reference sections 2.5, 2.6, 3.1 to 3.6).

use super::common::{Local, task};
use lakeflow_engine::Config;
use serde_json::{Value, json};

#[tokio::test]
async fn a_definition_comes_back_with_the_platforms_defaults() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let id = local
        .create(json!({
            "name": "etl",
            "tasks": [task("b", "/ok", &[]), task("c", "/ok", &["b", "a"]), task("a", "/ok", &[])],
            "custom": { "kept": true },
        }))
        .await;
    assert!(
        (1_000_000_000_000..1 << 53).contains(&id),
        "ids have 13 digits or more and stay below 2^53: {id}"
    );
    let job = local.read(&format!("/api/2.2/jobs/get?job_id={id}")).await;
    assert_eq!(job["job_id"], id);
    assert_eq!(job["creator_user_name"], "local@localhost");
    assert_eq!(job["run_as_user_name"], "local@localhost");
    assert!(job.get("next_page_token").is_none(), "no token on the last page");
    let settings = &job["settings"];
    for (field, value) in [
        ("name", json!("etl")),
        ("max_concurrent_runs", json!(1)),
        ("timeout_seconds", json!(0)),
        ("format", json!("MULTI_TASK")),
        ("email_notifications", json!({})),
        ("webhook_notifications", json!({})),
        ("queue", json!({ "enabled": true })),
        ("custom", json!({ "kept": true })),
    ] {
        assert_eq!(settings[field], value, "{field}");
    }
    let c = &settings["tasks"][1];
    assert_eq!(c["run_if"], "ALL_SUCCESS");
    assert_eq!(c["depends_on"], json!([{ "task_key": "a" }, { "task_key": "b" }]), "sorted by key");
    assert_eq!(c["spark_python_task"]["source"], "WORKSPACE");
    let old = local.call("/api/2.1/jobs/create", json!({ "tasks": [task("a", "/ok", &[])] })).await;
    let old = local.read(&format!("/api/2.0/jobs/get?job_id={}", old["job_id"])).await;
    assert!(old["settings"].get("queue").is_none(), "queueing is off by default in 2.1");
    assert_eq!(old["settings"]["name"], "Untitled");
}

#[tokio::test]
async fn every_problem_is_told_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let (status, body) = local
        .post(
            "/api/2.2/jobs/create",
            json!({
                "max_concurrent_runs": "many",
                "tasks": [
                    task("a", "/ok", &["missing"]),
                    { "task_key": "p", "pipeline_task": { "pipeline_id": "x" } },
                ],
            }),
        )
        .await;
    assert_eq!((status, &body["error_code"]), (400, &json!("INVALID_PARAMETER_VALUE")));
    let message = body["message"].as_str().unwrap();
    for part in ["max_concurrent_runs", "missing", "task \"p\" cannot run locally: the fake"] {
        assert!(message.contains(part), "{part} in {message}");
    }
    let none = local.read("/api/2.2/jobs/list").await;
    assert_eq!(none, json!({ "has_more": false }), "nothing was stored");
}

// LOCAL[refused] refused: pipelines without a spec, Power BI, clean-room and other cloud tasks at create, or with `--allow-unsupported` at run time
#[tokio::test]
async fn unsupported_tasks_can_be_allowed() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { allow_unsupported: true, ..Config::new(dir.path()) };
    let local = Local::start_with(config).await.unwrap();
    let job = local
        .create(json!({ "tasks": [{ "task_key": "p", "pipeline_task": { "pipeline_id": "x" } }] }))
        .await;
    let run = local.run_now(job).await;
    let run = local.ended(run).await;
    assert_eq!(run["state"]["result_state"], "FAILED");
    let task = super::common::task_of(&run, "p");
    assert_eq!(task["status"]["termination_details"]["code"], "FEATURE_DISABLED");
    assert!(task["state"]["state_message"].as_str().unwrap().contains("cannot run locally"));
    assert!(local.fake.started().is_empty());
}

#[tokio::test]
async fn unknown_jobs_are_named_in_the_words_that_clients_match() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let expect =
        (400, json!({ "error_code": "INVALID_PARAMETER_VALUE", "message": "Job 7 does not exist." }));
    assert_eq!(local.get("/api/2.2/jobs/get?job_id=7").await, expect);
    assert_eq!(local.post("/api/2.2/jobs/run-now", json!({ "job_id": "7" })).await, expect);
    assert_eq!(local.post("/api/2.1/jobs/delete", json!({ "job_id": 7 })).await, expect);
    let settings = json!({ "tasks": [task("a", "/ok", &[])] });
    let reset = json!({ "job_id": 7, "new_settings": settings });
    assert_eq!(local.post("/api/2.2/jobs/reset", reset).await, expect);
    assert_eq!(local.post("/api/2.2/jobs/update", json!({ "job_id": 7 })).await, expect);
    let run = (400, json!({ "error_code": "INVALID_PARAMETER_VALUE", "message": "Run 7 does not exist." }));
    assert_eq!(local.get("/api/2.2/jobs/runs/get?run_id=7").await, run);
    assert_eq!(local.post("/api/2.2/jobs/runs/cancel", json!({ "run_id": 7 })).await, run);
    for bad in ["", "?job_id=", "?job_id=x", "?job_id=1.5", "?job_id=9223372036854775808"] {
        let (status, body) = local.get(&format!("/api/2.2/jobs/get{bad}")).await;
        assert_eq!((status, &body["error_code"]), (400, &json!("INVALID_PARAMETER_VALUE")), "{bad}: {body}");
    }
    for extreme in [i64::MAX, i64::MIN, -1, 0] {
        let (status, _) = local.get(&format!("/api/2.2/jobs/runs/get?run_id={extreme}")).await;
        assert_eq!(status, 400, "{extreme}");
    }
}

#[tokio::test]
async fn reset_replaces_and_keeps_the_identity() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let id = local
        .create(json!({ "name": "one", "description": "d", "run_as": { "user_name": "me@x.org" }, "tasks": [task("a", "/ok", &[])] }))
        .await;
    let new = json!({ "name": "two", "tasks": [task("b", "/ok", &[])] });
    assert_eq!(
        local.call("/api/2.2/jobs/reset", json!({ "job_id": id, "new_settings": new })).await,
        json!({})
    );
    let job = local.read(&format!("/api/2.2/jobs/get?job_id={id}")).await;
    assert_eq!(job["settings"]["name"], "two");
    assert!(job["settings"].get("description").is_none());
    assert_eq!(job["run_as_user_name"], "me@x.org");
    let bad = json!({ "job_id": id, "new_settings": { "tasks": [task("b", "/ok", &["b"])] } });
    assert_eq!(local.post("/api/2.2/jobs/reset", bad).await.0, 400);
    let job = local.read(&format!("/api/2.2/jobs/get?job_id={id}")).await;
    assert_eq!(job["settings"]["name"], "two", "a refused reset changes nothing");
}

#[tokio::test]
async fn update_merges_by_key_after_removing() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let id = local
        .create(json!({
            "name": "one",
            "description": "d",
            "tags": { "a": "1", "b": "2" },
            "parameters": [{ "name": "p", "default": "1" }, { "name": "q", "default": "2" }],
            "tasks": [task("a", "/ok", &[]), task("b", "/ok", &["a"]), task("c", "/ok", &[])],
        }))
        .await;
    let update = json!({
        "job_id": id,
        "new_settings": {
            "tags": { "c": "3" },
            "parameters": [{ "name": "q", "default": "9" }],
            "tasks": [task("b", "/fail", &[]), task("d", "/ok", &[])],
        },
        "fields_to_remove": ["description", "tasks/c", "unheard_of"],
    });
    local.call("/api/2.2/jobs/update", update).await;
    let job = local.read(&format!("/api/2.2/jobs/get?job_id={id}")).await;
    let settings = &job["settings"];
    let keys: Vec<&Value> = settings["tasks"].as_array().unwrap().iter().map(|t| &t["task_key"]).collect();
    assert_eq!(keys, ["a", "b", "d"]);
    assert!(settings["tasks"][1].get("depends_on").is_none(), "the whole task is replaced");
    assert_eq!(settings["tasks"][1]["spark_python_task"]["python_file"], "/fail");
    assert_eq!(settings["tags"], json!({ "c": "3" }), "other values are replaced as a whole");
    let expect = json!([{ "name": "p", "default": "1" }, { "name": "q", "default": "9" }]);
    assert_eq!(settings["parameters"], expect);
    assert!(settings.get("description").is_none());
    assert_eq!(settings["name"], "one");
}

#[tokio::test]
async fn lists_page_in_both_directions_newest_first() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.insert(
            0,
            local.create(json!({ "name": format!("Job{n}"), "tasks": [task("a", "/ok", &[])] })).await,
        );
    }
    let listed = |page: &Value| -> Vec<i64> {
        page["jobs"].as_array().unwrap().iter().map(|job| job["job_id"].as_i64().unwrap()).collect()
    };
    let first = local.read("/api/2.2/jobs/list?limit=2").await;
    assert_eq!(listed(&first), ids[0..2]);
    assert_eq!(first["has_more"], true);
    assert!(first.get("prev_page_token").is_none());
    assert!(first["jobs"][0]["settings"].get("tasks").is_none(), "no tasks unless they are asked for");
    let token = |page: &Value, name: &str| page[name].as_str().unwrap().to_owned();
    let next = format!("/api/2.2/jobs/list?limit=2&page_token={}", token(&first, "next_page_token"));
    let second = local.read(&next).await;
    assert_eq!(listed(&second), ids[2..4]);
    let next = format!("/api/2.2/jobs/list?limit=2&page_token={}", token(&second, "next_page_token"));
    let third = local.read(&next).await;
    assert_eq!(listed(&third), ids[4..]);
    assert_eq!(third["has_more"], false);
    assert!(third.get("next_page_token").is_none());
    let back = format!("/api/2.2/jobs/list?limit=2&page_token={}", token(&third, "prev_page_token"));
    assert_eq!(listed(&local.read(&back).await), ids[2..4]);
    assert_eq!(listed(&local.read("/api/2.2/jobs/list?name=jOB3").await), ids[1..2]);
    let expanded = local.read("/api/2.2/jobs/list?limit=1&expand_tasks=true").await;
    assert_eq!(expanded["jobs"][0]["settings"]["tasks"].as_array().unwrap().len(), 1);
    assert_eq!(expanded["jobs"][0]["has_more"], false);
    assert_eq!(local.get("/api/2.2/jobs/list?limit=0").await.0, 400);
    assert_eq!(local.get("/api/2.2/jobs/list?page_token=nonsense").await.0, 400);
    local.call("/api/2.2/jobs/delete", json!({ "job_id": ids[0] })).await;
    assert_eq!(listed(&local.read("/api/2.2/jobs/list?limit=2").await), ids[1..3], "deleted jobs are gone");
}

#[tokio::test]
async fn arrays_come_in_pages_of_a_hundred() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let tasks: Vec<Value> = (0..250).map(|n| task(&format!("t{n:03}"), "/ok", &[])).collect();
    let id = local.create(json!({ "tasks": tasks })).await;
    let mut found = 0;
    let mut token = String::new();
    for page in 0..3 {
        let job = local.read(&format!("/api/2.2/jobs/get?job_id={id}{token}")).await;
        found += job["settings"]["tasks"].as_array().unwrap().len();
        match job.get("next_page_token").and_then(Value::as_str) {
            Some(next) => token = format!("&page_token={next}"),
            None => assert_eq!(page, 2, "three pages"),
        }
    }
    assert_eq!(found, 250);
    let (status, body) = local.get(&format!("/api/2.1/jobs/get?job_id={id}")).await;
    assert_eq!(status, 400);
    assert!(body["message"].as_str().unwrap().starts_with("Only 100 tasks allowed"));
    let run = local.run_now(id).await;
    local.ended(run).await;
    let last = local.read(&format!("/api/2.2/jobs/runs/get?run_id={run}&page_token=page.2")).await;
    assert_eq!(last["tasks"].as_array().unwrap().len(), 50);
    assert!(last.get("next_page_token").is_none());
}
