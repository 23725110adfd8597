//! Runs over REST (reference sections 3.7 to 3.16, 7, 8, 10.3, 11).

use super::common::{Local, eventually, task, task_of};
use serde_json::{Value, json};

#[tokio::test]
async fn a_run_shows_every_task_from_the_first_moment_to_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let job = local
        .create(json!({
            "name": "etl",
            "parameters": [{ "name": "day", "default": "1" }],
            "tasks": [task("a", "/hold", &[]), task("b", "/ok", &["a"])],
        }))
        .await;
    let answer =
        local.call("/api/2.2/jobs/run-now", json!({ "job_id": job, "job_parameters": { "day": 7 } })).await;
    let run = answer["run_id"].as_i64().unwrap();
    assert_eq!(answer["number_in_job"], run);
    assert!(run > 0 && run < 1 << 53 && run % (1 << 20) == 0);
    let document = local.run(run).await;
    for (field, value) in [
        ("job_id", json!(job)),
        ("job_run_id", json!(run)),
        ("original_attempt_run_id", json!(run)),
        ("attempt_number", json!(0)),
        ("run_name", json!("etl")),
        ("run_type", json!("JOB_RUN")),
        ("trigger", json!("ONE_TIME")),
        ("end_time", json!(0)),
        ("job_parameters", json!([{ "name": "day", "default": "1", "value": "7" }])),
    ] {
        assert_eq!(document[field], value, "{field}");
    }
    let (a, b) = (task_of(&document, "a"), task_of(&document, "b"));
    assert_eq!(b["status"], json!({ "state": "BLOCKED" }));
    assert_eq!(b["state"]["life_cycle_state"], "BLOCKED");
    assert_eq!(b["start_time"], 0);
    assert_ne!(a["run_id"], b["run_id"]);
    local.in_state(run, "RUNNING").await;
    local.fake.wait_started("a").await;
    local.fake.finish("a", true);
    let document = local.ended(run).await;
    assert_eq!(document["state"]["life_cycle_state"], "TERMINATED");
    assert_eq!(document["state"]["result_state"], "SUCCESS");
    assert_eq!(
        document["status"]["termination_details"],
        json!({ "code": "SUCCESS", "type": "SUCCESS", "message": "" })
    );
    assert!(document["end_time"].as_i64() >= document["start_time"].as_i64());
    let single =
        local.read(&format!("/api/2.1/jobs/runs/get?run_id={}", task_of(&document, "b")["run_id"])).await;
    assert_eq!(single["job_run_id"], run);
    assert_eq!(single["tasks"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn each_task_starts_when_its_own_dependencies_allow() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let job = local
        .create(json!({ "tasks": [task("a", "/hold", &[]), task("b", "/hold", &[]), task("c", "/hold", &["b"])] }))
        .await;
    let run = local.run_now(job).await;
    local.fake.wait_started("a").await;
    local.fake.wait_started("b").await;
    local.fake.finish("b", true);
    // `a` still runs: `c` does not wait for it.
    local.fake.wait_started("c").await;
    local.fake.finish("c", true);
    local.fake.finish("a", true);
    assert_eq!(local.ended(run).await["state"]["result_state"], "SUCCESS");
}

#[tokio::test]
async fn a_failed_run_names_the_task_and_keeps_its_output() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let mut failing = task("a", "/fail", &[]);
    failing["max_retries"] = json!(1);
    let job = local.create(json!({ "tasks": [failing, task("b", "/ok", &["a"])] })).await;
    let run = local.run_now(job).await;
    let document = local.ended(run).await;
    assert_eq!(document["state"]["life_cycle_state"], "INTERNAL_ERROR", "the surprise of section 8.4");
    assert_eq!(document["state"]["result_state"], "FAILED");
    assert_eq!(document["status"]["termination_details"]["code"], "RUN_EXECUTION_ERROR");
    assert_eq!(
        document["state"]["state_message"],
        "Task a failed with message: Workload failed, see run output for details. This caused all downstream tasks to get skipped."
    );
    let tasks = document["tasks"].as_array().unwrap();
    let attempts: Vec<&Value> = tasks.iter().filter(|t| t["task_key"] == "a").collect();
    assert_eq!(attempts.len(), 2, "one task run per attempt");
    assert_eq!(attempts[1]["attempt_number"], 1);
    let b = task_of(&document, "b");
    assert_eq!(
        (b["state"]["life_cycle_state"].as_str(), b["state"]["result_state"].as_str()),
        (Some("SKIPPED"), Some("UPSTREAM_FAILED"))
    );
    let id = attempts[1]["run_id"].as_i64().unwrap();
    let logs = local.engine_log(id);
    std::fs::create_dir_all(logs.parent().unwrap()).unwrap();
    std::fs::write(&logs, "printed\n").unwrap();
    let output = local.read(&format!("/api/2.2/jobs/runs/get-output?run_id={id}")).await;
    assert_eq!(output["error"], "RuntimeError: boom");
    assert_eq!(output["error_trace"], "Traceback");
    assert_eq!((&output["logs"], &output["logs_truncated"]), (&json!("printed\n"), &json!(false)));
    assert_eq!(output["metadata"]["run_id"], id);
    assert_eq!(output["metadata"]["original_attempt_run_id"], attempts[0]["run_id"]);
    let (status, body) = local.get(&format!("/api/2.2/jobs/runs/get-output?run_id={run}")).await;
    assert_eq!(status, 400);
    let expect = "Retrieving the output of runs with multiple tasks is not supported. Please retrieve the output of each individual task run instead.";
    assert_eq!(body, json!({ "error_code": "INVALID_PARAMETER_VALUE", "message": expect }));
}

#[tokio::test]
async fn a_trigger_with_a_token_happens_once() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let job = local.create(json!({ "max_concurrent_runs": 10, "tasks": [task("a", "/ok", &[])] })).await;
    let request = json!({ "job_id": job, "idempotency_token": "t1" });
    let (one, two) = tokio::join!(
        local.call("/api/2.2/jobs/run-now", request.clone()),
        local.call("/api/2.2/jobs/run-now", request.clone())
    );
    assert_eq!(one, two);
    let other =
        local.call("/api/2.2/jobs/run-now", json!({ "job_id": job, "idempotency_token": "t2" })).await;
    assert_ne!(one, other);
    let run = one["run_id"].as_i64().unwrap();
    local.ended(run).await;
    assert_eq!(local.call("/api/2.2/jobs/runs/delete", json!({ "run_id": run })).await, json!({}));
    let (status, body) = local.post("/api/2.2/jobs/run-now", request).await;
    assert_eq!((status, &body["error_code"]), (400, &json!("INVALID_PARAMETER_VALUE")));
    assert!(body["message"].as_str().unwrap().contains("was deleted"));
}

#[tokio::test]
async fn everything_wrong_with_a_trigger_is_told_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let job = local
        .create(json!({ "parameters": [{ "name": "p", "default": "" }], "tasks": [task("a", "/ok", &[])] }))
        .await;
    let request = json!({
        "job_id": job,
        "idempotency_token": "x".repeat(65),
        "notebook_params": { "k": "y".repeat(10_000) },
        "jar_params": ["1"],
        "python_params": ["é"],
        "job_parameters": { "bad name": "1" },
        "only": ["nothing"],
    });
    let (status, body) = local.post("/api/2.2/jobs/run-now", request).await;
    assert_eq!((status, &body["error_code"]), (400, &json!("INVALID_PARAMETER_VALUE")));
    let message = body["message"].as_str().unwrap();
    for part in [
        "65 characters",
        "at most 10000",
        "notebook_params and jar_params",
        "ASCII",
        "bad name",
        "\"nothing\"",
        "job_parameters",
    ] {
        assert!(message.contains(part), "{part} in {message}");
    }
    let none = local.read("/api/2.2/jobs/runs/list").await;
    assert_eq!(none, json!({ "has_more": false }));
}

#[tokio::test]
async fn only_selects_tasks() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let tasks =
        [task("a", "/ok", &[]), task("b", "/ok", &["a"]), task("c", "/ok", &["b"]), task("d", "/ok", &[])];
    let job = local.create(json!({ "tasks": tasks })).await;
    for (only, expect) in [
        (json!(["b"]), vec!["b"]),
        (json!(["+b"]), vec!["a", "b"]),
        (json!(["b+", "d"]), vec!["b", "c", "d"]),
    ] {
        let answer = local.call("/api/2.2/jobs/run-now", json!({ "job_id": job, "only": only })).await;
        let document = local.ended(answer["run_id"].as_i64().unwrap()).await;
        let keys: Vec<&str> =
            document["tasks"].as_array().unwrap().iter().map(|t| t["task_key"].as_str().unwrap()).collect();
        assert_eq!(keys, expect);
        assert_eq!(document["state"]["result_state"], "SUCCESS");
    }
}

#[tokio::test]
async fn cancel_stops_what_runs_and_leaves_what_ended() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let job = local.create(json!({ "tasks": [task("a", "/hold", &[]), task("b", "/ok", &["a"])] })).await;
    let run = local.run_now(job).await;
    let attempt = local.fake.wait_started("a").await;
    assert_eq!(local.call("/api/2.2/jobs/runs/cancel", json!({ "run_id": run })).await, json!({}));
    let document = local.ended(run).await;
    assert_eq!(*local.fake.stopped.lock().unwrap(), [attempt.run]);
    assert_eq!(document["state"]["life_cycle_state"], "TERMINATED");
    assert_eq!(document["state"]["result_state"], "CANCELED");
    assert_eq!(document["state"]["user_cancelled_or_timedout"], true);
    assert_eq!(document["status"]["termination_details"]["code"], "USER_CANCELED");
    for _ in 0..2 {
        assert_eq!(local.call("/api/2.2/jobs/runs/cancel", json!({ "run_id": run })).await, json!({}));
    }
    assert_eq!(local.run(run).await["state"], document["state"]);
}

#[tokio::test]
async fn runs_over_the_limit_queue_in_order_or_are_skipped() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let job = local.create(json!({ "tasks": [task("a", "/hold", &[])] })).await;
    let (first, second, third) =
        (local.run_now(job).await, local.run_now(job).await, local.run_now(job).await);
    local.fake.wait_started("a").await;
    let queued = local.run(second).await;
    assert_eq!(queued["status"]["state"], "QUEUED");
    assert_eq!(queued["status"]["queue_details"]["code"], "MAX_CONCURRENT_RUNS_REACHED");
    assert_eq!(queued["state"]["queue_reason"], "Queued due to reaching maximum concurrent runs of 1.");
    assert_eq!(task_of(&queued, "a")["state"]["life_cycle_state"], "BLOCKED");
    let skipped =
        local.call("/api/2.2/jobs/run-now", json!({ "job_id": job, "queue": { "enabled": false } })).await;
    let skipped = local.run(skipped["run_id"].as_i64().unwrap()).await;
    assert_eq!(skipped["state"]["life_cycle_state"], "SKIPPED");
    assert_eq!(skipped["state"]["result_state"], "MAXIMUM_CONCURRENT_RUNS_REACHED");
    assert_eq!(skipped["status"]["termination_details"]["code"], "MAX_CONCURRENT_RUNS_EXCEEDED");
    local.fake.finish("a", true);
    local.ended(first).await;
    local.in_state(second, "RUNNING").await;
    assert_eq!(local.run(third).await["status"]["state"], "QUEUED");
    local.call("/api/2.2/jobs/runs/cancel", json!({ "run_id": third })).await;
    let canceled = local.run(third).await;
    assert_eq!(canceled["state"]["result_state"], "CANCELED");
    assert_eq!(task_of(&canceled, "a")["state"]["result_state"], "CANCELED");
    assert_eq!(local.fake.started(), ["a", "a"], "the third never ran");
    local.fake.finish("a", true);
    assert_eq!(local.ended(second).await["state"]["result_state"], "SUCCESS");
}

#[tokio::test]
async fn a_run_job_task_follows_its_child() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let child = local
        .create(json!({ "parameters": [{ "name": "p", "default": "d" }], "tasks": [task("inner", "/hold", &[])] }))
        .await;
    let outer = json!({ "task_key": "outer", "run_job_task": { "job_id": child, "job_parameters": { "p": "given" } } });
    let job = local.create(json!({ "tasks": [outer, task("after", "/ok", &["outer"])] })).await;
    let run = local.run_now(job).await;
    local.fake.wait_started("inner").await;
    let task_run = task_of(&local.run(run).await, "outer")["run_id"].as_i64().unwrap();
    let output = local.read(&format!("/api/2.2/jobs/runs/get-output?run_id={task_run}")).await;
    let child_run = output["run_job_output"]["run_id"].as_i64().unwrap();
    let document = local.run(child_run).await;
    assert_eq!(
        (&document["trigger"], &document["trigger_info"]),
        (&json!("RUN_JOB_TASK"), &json!({ "run_id": task_run }))
    );
    assert_eq!(document["job_parameters"][0]["value"], "given");
    local.fake.finish("inner", true);
    assert_eq!(local.ended(run).await["state"]["result_state"], "SUCCESS");
    let run = local.run_now(job).await;
    let second = eventually("the second child", async || {
        let attempts = local.fake.attempts.lock().unwrap();
        attempts.iter().filter(|a| a.task_key == "inner").nth(1).cloned()
    })
    .await;
    local.call("/api/2.2/jobs/runs/cancel", json!({ "run_id": run })).await;
    assert_eq!(local.ended(run).await["state"]["result_state"], "CANCELED");
    assert_eq!(
        local.run(second.job_run.0).await["state"]["result_state"],
        "CANCELED",
        "the child is cancelled too"
    );
}

#[tokio::test]
async fn jobs_that_would_run_themselves_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let one = local.create(json!({ "tasks": [task("a", "/ok", &[])] })).await;
    let two =
        local.create(json!({ "tasks": [{ "task_key": "r", "run_job_task": { "job_id": one } }] })).await;
    let back = json!({ "job_id": one, "new_settings": { "tasks": [{ "task_key": "r", "run_job_task": { "job_id": two } }] } });
    let (status, body) = local.post("/api/2.2/jobs/reset", back).await;
    assert_eq!(status, 400);
    assert!(body["message"].as_str().unwrap().contains("back to itself"), "{body}");
}

#[tokio::test]
async fn a_repair_reruns_what_failed_and_keeps_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let job = local
        .create(
            json!({ "tasks": [task("a", "/ok", &[]), task("b", "/hold", &["a"]), task("c", "/ok", &["b"])] }),
        )
        .await;
    let run = local.run_now(job).await;
    local.fake.wait_started("b").await;
    let (status, body) = local
        .post("/api/2.2/jobs/runs/repair", json!({ "run_id": run, "rerun_all_failed_tasks": true }))
        .await;
    assert_eq!((status, &body["error_code"]), (400, &json!("INVALID_STATE")), "{body}");
    local.fake.finish("b", false);
    local.ended(run).await;
    let request = json!({ "run_id": run, "rerun_all_failed_tasks": true });
    let repair =
        local.call("/api/2.2/jobs/runs/repair", request.clone()).await["repair_id"].as_i64().unwrap();
    let active = local.run(run).await;
    assert_eq!(active["end_time"], 0);
    eventually("the second attempt of b", async || (local.fake.started().len() == 3).then_some(())).await;
    local.fake.finish("b", true);
    let document = local.ended(run).await;
    assert_eq!(document["state"]["result_state"], "SUCCESS");
    assert_eq!(local.fake.started(), ["a", "b", "b", "c"], "a is not run again");
    let history = document["repair_history"].as_array().unwrap();
    assert_eq!(
        (&history[0]["type"], &history[1]["type"], &history[1]["id"]),
        (&json!("ORIGINAL"), &json!("REPAIR"), &json!(repair))
    );
    assert_eq!(history[0]["state"]["result_state"], "FAILED");
    assert_eq!(
        local.post("/api/2.2/jobs/runs/repair", request).await.0,
        400,
        "nothing failed, and no latest_repair_id"
    );
}

#[tokio::test]
async fn condition_and_for_each_tasks_run_without_executor() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let condition = json!({ "task_key": "check", "condition_task": { "op": "GREATER_THAN", "left": "{{job.parameters.n}}", "right": "3" } });
    let mut yes = task("yes", "/ok", &[]);
    yes["depends_on"] = json!([{ "task_key": "check", "outcome": "true" }]);
    let mut no = task("no", "/ok", &[]);
    no["depends_on"] = json!([{ "task_key": "check", "outcome": "false" }]);
    let mut nested = task("item", "/ok", &[]);
    nested["spark_python_task"]["parameters"] = json!(["{{input}}"]);
    let each = json!({ "task_key": "each", "for_each_task": { "inputs": "[1,2,3]", "concurrency": 2, "task": nested } });
    let job = local
        .create(
            json!({ "parameters": [{ "name": "n", "default": "5" }], "tasks": [condition, yes, no, each] }),
        )
        .await;
    let run = local.run_now(job).await;
    let document = local.ended(run).await;
    assert_eq!(task_of(&document, "check")["condition_task"]["outcome"], "true");
    assert_eq!(task_of(&document, "yes")["state"]["result_state"], "SUCCESS");
    assert_eq!(task_of(&document, "no")["state"]["result_state"], "EXCLUDED");
    assert_eq!(document["tasks"].as_array().unwrap().len(), 4, "iterations are not listed as tasks");
    let each = task_of(&document, "each");
    assert_eq!(each["for_each_task"]["stats"]["task_run_stats"]["succeeded_iterations"], 3);
    let single = local
        .read(&format!("/api/2.2/jobs/runs/get?run_id={}&include_resolved_values=true", each["run_id"]))
        .await;
    let iterations = single["iterations"].as_array().unwrap();
    assert_eq!(iterations.len(), 3);
    assert_eq!(iterations[2]["task_key"], "item_2");
    assert_eq!(iterations[2]["resolved_values"], json!({ "spark_python_task": { "parameters": ["3"] } }));
}

#[tokio::test]
async fn task_values_reach_later_tasks() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let mut b = task("b", "/ok", &["a"]);
    b["spark_python_task"]["parameters"] = json!(["{{tasks.a.values.rows}}"]);
    let job = local.create(json!({ "tasks": [task("a", "/hold", &[]), b] })).await;
    let run = local.run_now(job).await;
    local.fake.wait_started("a").await;
    local.fake.set_value("a", "rows", json!({ "n": 3 }));
    local.fake.finish("a", true);
    local.ended(run).await;
    let attempt = local.fake.attempt("b").unwrap();
    assert_eq!(attempt.task_values["a"]["rows"], json!({ "n": 3 }));
    assert_eq!(attempt.values_left, 249);
    assert_eq!(attempt.task.spark_python_task.unwrap().parameters[0].0, "{\"n\":3}");
}

#[tokio::test]
async fn lists_filter_and_page() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let job = local.create(json!({ "max_concurrent_runs": 10, "tasks": [task("a", "/ok", &[])] })).await;
    let held = local.create(json!({ "tasks": [task("h", "/hold", &[])] })).await;
    let mut runs = Vec::new();
    for _ in 0..3 {
        let run = local.run_now(job).await;
        local.ended(run).await;
        runs.insert(0, run);
    }
    let active = local.run_now(held).await;
    let submit = json!({ "run_name": "once", "tasks": [task("s", "/ok", &[])] });
    let once = local.call("/api/2.2/jobs/runs/submit", submit).await["run_id"].as_i64().unwrap();
    local.ended(once).await;
    let ids = |page: &Value| -> Vec<i64> {
        page["runs"].as_array().into_iter().flatten().map(|run| run["run_id"].as_i64().unwrap()).collect()
    };
    let list = async |query: &str| local.read(&format!("/api/2.2/jobs/runs/list{query}")).await;
    assert_eq!(ids(&list("").await), [once, active, runs[0], runs[1], runs[2]]);
    assert_eq!(ids(&list(&format!("?job_id={job}")).await), runs);
    assert_eq!(ids(&list("?active_only=true").await), [active]);
    assert_eq!(ids(&list(&format!("?completed_only=true&job_id={held}")).await), Vec::<i64>::new());
    assert_eq!(ids(&list("?run_type=SUBMIT_RUN").await), [once]);
    let start = local.run(runs[1]).await["start_time"].as_i64().unwrap();
    let bounded = ids(&list(&format!("?job_id={job}&start_time_from={start}&start_time_to={start}")).await);
    assert!(bounded.contains(&runs[1]), "bounds are inclusive");
    let first = list(&format!("?job_id={job}&limit=2&expand_tasks=true")).await;
    assert_eq!(ids(&first), runs[0..2]);
    assert_eq!(first["runs"][0]["tasks"][0]["task_key"], "a");
    let token = first["next_page_token"].as_str().unwrap();
    let second = list(&format!("?job_id={job}&limit=2&page_token={token}")).await;
    assert_eq!(ids(&second), runs[2..]);
    assert!(second.get("next_page_token").is_none());
    let token = second["prev_page_token"].as_str().unwrap();
    assert_eq!(ids(&list(&format!("?job_id={job}&limit=2&page_token={token}")).await), runs[0..2]);
    for bad in [
        "?active_only=true&completed_only=true",
        "?limit=-1",
        "?run_type=X",
        "?page_token=x",
        "?job_id=a&limit=b",
    ] {
        assert_eq!(local.get(&format!("/api/2.2/jobs/runs/list{bad}")).await.0, 400, "{bad}");
    }
    let document = local.run(once).await;
    assert_eq!((&document["run_type"], &document["run_name"]), (&json!("SUBMIT_RUN"), &json!("once")));
    let hidden = document["job_id"].as_i64().unwrap();
    assert_eq!(local.get(&format!("/api/2.2/jobs/get?job_id={hidden}")).await.0, 400);
    let (status, body) = local.post("/api/2.2/jobs/runs/delete", json!({ "run_id": active })).await;
    assert_eq!((status, &body["error_code"]), (400, &json!("INVALID_STATE")));
    local.call("/api/2.2/jobs/runs/cancel-all", json!({ "job_id": held })).await;
    assert_eq!(local.ended(active).await["state"]["result_state"], "CANCELED");
}

#[tokio::test]
async fn the_older_single_task_body_is_accepted() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let body = json!({ "run_name": "old", "existing_cluster_id": "c", "spark_python_task": { "python_file": "/ok" } });
    let run = local.call("/api/2.1/jobs/runs/submit", body).await["run_id"].as_i64().unwrap();
    let document = local.ended(run).await;
    assert_eq!(document["tasks"][0]["task_key"], "main");
    assert_eq!(local.post("/api/2.1/jobs/runs/submit", json!({ "run_name": "none" })).await.0, 400);
}

// LOCAL[runs] same: a queue holds 1,000 runs of a job; one more is skipped with `MAX_JOB_QUEUE_SIZE_EXCEEDED`
#[tokio::test]
async fn the_queue_of_a_job_holds_a_thousand_runs() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let job = local.create(json!({ "tasks": [task("a", "/hold", &[])] })).await;
    let active = local.run_now(job).await;
    let mut last = active;
    for _ in 0..1000 {
        last = local.run_now(job).await;
    }
    assert_eq!(local.run(last).await["state"]["life_cycle_state"], "QUEUED");
    let over = local.run(local.run_now(job).await).await;
    assert_eq!(over["state"]["life_cycle_state"], "SKIPPED");
    assert_eq!(over["status"]["termination_details"]["code"], "MAX_JOB_QUEUE_SIZE_EXCEEDED");
    local.call("/api/2.2/jobs/runs/cancel-all", json!({ "job_id": job, "all_queued_runs": true })).await;
    assert_eq!(local.run(last).await["state"]["result_state"], "CANCELED");
    assert_eq!(
        local.run(active).await["state"]["life_cycle_state"],
        "RUNNING",
        "only queued runs were asked for"
    );
}

// LOCAL[rest] same: double cancels, repairs of active runs, run-now on deleted jobs get the right answers
#[tokio::test]
async fn requests_that_come_too_late_or_too_early() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let job = local.create(json!({ "tasks": [task("a", "/hold", &[])] })).await;
    let run = local.run_now(job).await;
    let attempt = local.fake.wait_started("a").await;
    let repair = json!({ "run_id": run, "rerun_all_failed_tasks": true });
    let (status, answer) = local.post("/api/2.2/jobs/runs/repair", repair.clone()).await;
    assert_eq!((status, &answer["error_code"]), (400, &json!("INVALID_STATE")), "{answer}");
    let (status, answer) = local.post("/api/2.2/jobs/runs/delete", json!({ "run_id": run })).await;
    assert_eq!((status, &answer["error_code"]), (400, &json!("INVALID_STATE")), "{answer}");
    for _ in 0..2 {
        local.call("/api/2.2/jobs/runs/cancel", json!({ "run_id": run })).await;
    }
    let ended = local.ended(run).await;
    for id in [run, attempt.run.0] {
        local.call("/api/2.2/jobs/runs/cancel", json!({ "run_id": id })).await;
    }
    assert_eq!(local.run(run).await, ended, "a run that has ended keeps its result");
    local.call("/api/2.2/jobs/delete", json!({ "job_id": job })).await;
    let gone =
        json!({ "error_code": "INVALID_PARAMETER_VALUE", "message": format!("Job {job} does not exist.") });
    assert_eq!(local.post("/api/2.2/jobs/run-now", json!({ "job_id": job })).await, (400, gone));
    let (status, answer) = local.post("/api/2.2/jobs/runs/repair", repair).await;
    assert_eq!(status, 200, "the run of a deleted job is repaired with the tasks it had: {answer}");
}

#[tokio::test]
async fn targets_of_a_run_are_shown() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let job = local
        .create(json!({ "tasks": [task("a", "/ok", &[])], "performance_target": "COST_OPTIMIZED", "duration_target": "24h" }))
        .await;
    for (asked, expect) in [(json!({}), "24h"), (json!({ "duration_target": "4h" }), "4h")] {
        let mut request = json!({ "job_id": job });
        request.as_object_mut().unwrap().extend(asked.as_object().unwrap().clone());
        let started = local.call("/api/2.2/jobs/run-now", request).await;
        let run = local.ended(started["run_id"].as_i64().unwrap()).await;
        assert_eq!(run["effective_performance_target"], "COST_OPTIMIZED");
        assert_eq!(run["duration_target"], expect);
    }
}
