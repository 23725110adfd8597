//! Triggers of stored jobs in real time, and what is told of them.

use super::common::{Local, eventually};
use lakeflow_engine::{Config, Notice};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

async fn firing(dir: &Path) -> Local {
    let look_for_files = Duration::from_millis(20);
    Local::start_with(Config { fire_triggers: true, look_for_files, ..Config::new(dir) }).await.unwrap()
}

fn job(file: &str, cron: &str) -> Value {
    json!({
        "name": "scheduled",
        "schedule": { "quartz_cron_expression": cron, "timezone_id": "Europe/Warsaw" },
        "tasks": [{
            "task_key": "a",
            "existing_cluster_id": "c",
            "spark_python_task": { "python_file": file, "parameters": ["{{job.trigger.type}}", "{{job.trigger.time.timestamp_ms}}"] },
        }],
    })
}

// LOCAL[triggers] same: schedules fire in real time, over restarts of the engine
#[tokio::test]
async fn a_schedule_fires_and_goes_on_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let local = firing(dir.path()).await;
    let id = local.create(job("/hold", "* * * * * ?")).await;
    let attempt = local.fake.wait_started("a").await;
    let block = attempt.task.spark_python_task.as_ref().unwrap();
    let parameters: Vec<&str> = block.parameters.iter().map(|text| text.0.as_str()).collect();
    assert_eq!(parameters[0], "periodic");
    assert_eq!(parameters[1].parse::<i64>().unwrap() % 60_000, 0, "rounded down to the minute");
    let list = format!("/api/2.2/jobs/runs/list?job_id={id}");
    let (_, page) = local.get(&list).await;
    let run = &page["runs"][0];
    assert_eq!((&run["trigger"], &run["run_type"]), (&json!("PERIODIC"), &json!("JOB_RUN")));
    assert_eq!(run["schedule"]["quartz_cron_expression"], "* * * * * ?");
    local.fake.finish("a", true);
    local.ended(run["run_id"].as_i64().unwrap()).await;
    local.engine.shutdown().await;
    let local = firing(dir.path()).await;
    // Ten seconds after the first at the earliest (reference section 18), or at once when they are over.
    let runs = eventually("the second run", async || {
        let (_, page) = local.get(&list).await;
        page["runs"].as_array().filter(|runs| runs.len() == 2).cloned()
    })
    .await;
    let apart = runs[0]["start_time"].as_i64().unwrap() - runs[1]["start_time"].as_i64().unwrap();
    assert!(apart > 0, "{apart} ms");
}

// LOCAL[triggers] own: what fires next is told; triggers fire only when the engine was started so
#[tokio::test]
async fn what_fires_next_is_told_and_nothing_fires_while_triggers_are_kept_paused() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let soon = local.create(job("/hold", "* * * * * ?")).await;
    let never = local.create(job("/hold", "0 0 0 1 1 ? 2020")).await;
    let (_, told) = local.get("/api/2.0/lakeflow-local/triggers").await;
    assert_eq!(told["firing"], false);
    assert_eq!(told["triggers"][0]["job_id"], soon);
    assert!(told["triggers"][0]["next_fire_time"].is_i64());
    assert_eq!(told["triggers"][1]["job_id"], never);
    assert_eq!(told["triggers"][1]["next_fire_time"], Value::Null, "2020 does not come again");
    let (_, found) = local.get(&format!("/api/2.2/jobs/get?job_id={soon}&include_trigger_state=true")).await;
    assert_eq!(found["trigger_state"]["pause_status"], "UNPAUSED");
    assert!(found["trigger_state"]["periodic"]["next_run_time"].is_i64());
    let pause = json!({ "job_id": soon, "new_settings": { "schedule": {
        "quartz_cron_expression": "* * * * * ?", "timezone_id": "UTC", "pause_status": "PAUSED" } } });
    local.call("/api/2.2/jobs/update", pause).await;
    local.call("/api/2.2/jobs/delete", json!({ "job_id": never })).await;
    let (_, told) = local.get("/api/2.0/lakeflow-local/triggers").await;
    assert_eq!(told["triggers"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&told["triggers"][0]["paused"], &told["triggers"][0]["next_fire_time"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(local.fake.started(), Vec::<String>::new());
}

// LOCAL[triggers] own: a zone that does not exist, an expression that no date fits and a folder outside of the allowed ones are refused
#[tokio::test]
async fn triggers_that_can_never_fire_are_refused_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let mut zone = job("/hold", "0 0 6 * * ?");
    zone["schedule"]["timezone_id"] = json!("Europe/Warsawa");
    let mut listed = watching("/Volumes/main/raw/landing");
    listed["triggers"] =
        json!([{ "schedule": { "quartz_cron_expression": "0 0 * * *", "timezone_id": "UTC" } }]);
    listed.as_object_mut().unwrap().remove("trigger");
    for (bad, told) in [
        (zone, "Europe/Warsaw"),
        (job("/hold", "0 0 0 30 2 ?"), "never fires"),
        (job("/hold", "every day"), "schedule.quartz_cron_expression"),
        (watching("/etc/"), "trigger.file_arrival.url"),
        (watching("/Volumes/main/../../../etc/"), "trigger.file_arrival.url"),
        (listed, "triggers[0].schedule.quartz_cron_expression"),
    ] {
        let (status, answer) = local.post("/api/2.2/jobs/create", bad).await;
        assert_eq!(status, 400, "{answer}");
        assert!(answer["message"].as_str().unwrap().contains(told), "{told}: {answer}");
    }
}

fn watching(url: &str) -> Value {
    json!({
        "name": "arrivals",
        "queue": { "enabled": true },
        "trigger": { "file_arrival": { "url": url } },
        "tasks": [{
            "task_key": "a",
            "existing_cluster_id": "c",
            "spark_python_task": { "python_file": "/ok", "parameters": ["{{job.trigger.file_arrival.location}}"] },
        }],
    })
}

// LOCAL[triggers] same: file arrival on a volume starts runs
#[tokio::test]
async fn files_that_arrive_on_a_volume_start_runs() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("volumes/main/raw/landing/deep");
    std::fs::create_dir_all(&folder).unwrap();
    let local = firing(dir.path()).await;
    let id = local.create(watching("/Volumes/main/raw/landing/")).await;
    let list = format!("/api/2.2/jobs/runs/list?job_id={id}");
    let brought = AtomicU32::new(0);
    let run = eventually("a run", async || {
        // What is there at the first look is not new, so files are brought until one is.
        let number = brought.fetch_add(1, Ordering::Relaxed);
        std::fs::write(folder.join(format!("{number}.csv")), "").unwrap();
        local.get(&list).await.1["runs"].as_array().and_then(|runs| runs.last().cloned())
    })
    .await;
    assert_eq!(run["trigger"], "FILE_ARRIVAL");
    let attempt = local.fake.wait_started("a").await;
    let block = attempt.task.spark_python_task.as_ref().unwrap();
    assert_eq!(block.parameters[0].0, "/Volumes/main/raw/landing/");
}

// LOCAL[triggers] close: file arrival at a cloud's URL is stored and does not fire; it is told once, and shown beside the trigger
#[tokio::test]
async fn a_location_of_a_cloud_is_told_once() {
    let dir = tempfile::tempdir().unwrap();
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&told);
    let config = Config {
        fire_triggers: true,
        look_for_files: Duration::from_millis(5),
        notice: Notice::new(move |line| kept.lock().unwrap().push(line.to_owned())),
        ..Config::new(dir.path())
    };
    let local = Local::start_with(config).await.unwrap();
    local.create(watching("s3://bucket/folder/")).await;
    eventually("the fault", async || (!told.lock().unwrap().is_empty()).then_some(())).await;
    let shown = eventually("the fault beside the trigger", async || {
        let (_, shown) = local.get("/api/2.0/lakeflow-local/triggers").await;
        shown["triggers"][0]["fault"].as_str().map(str::to_owned)
    })
    .await;
    assert!(shown.contains("s3://bucket/folder/"), "{shown}");
    let told = told.lock().unwrap().clone();
    assert!(
        told[0].contains("\"arrivals\" waits for new files in s3://bucket/folder/ and does not fire"),
        "{told:?}"
    );
    assert_eq!(told.len(), 1, "nothing is told twice");
}
