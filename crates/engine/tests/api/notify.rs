//! Notifications through the whole engine: who is told what, over restarts, and by receivers that fail.

use super::common::{Local, eventually, task};
use super::durable::restart;
use super::receiver::{Manner, Receiver};
use lakeflow_engine::{Config, Notice};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const DESTINATIONS: &str = "/api/2.0/notification-destinations";
const DELIVERIES: &str = "/api/2.0/lakeflow-local/deliveries";

/// A generic webhook; its id.
async fn hook(local: &Local, config: Value) -> String {
    let body = json!({ "display_name": "hook", "config": { "generic_webhook": config } });
    local.call(DESTINATIONS, body).await["id"].as_str().expect("an id").to_owned()
}

fn to(id: &str) -> Value {
    json!([{ "id": id }])
}

/// Deliveries of a run by event and state, the oldest first.
async fn deliveries(local: &Local, run: i64) -> Vec<(String, String)> {
    let page = local.read(&format!("{DELIVERIES}?run_id={run}")).await;
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let all = page["deliveries"].as_array().expect("deliveries").iter().rev();
    all.map(|one| (text(&one["event_type"]), text(&one["state"]))).collect()
}

async fn all_sent(local: &Local, run: i64, count: usize) {
    eventually("every delivery has arrived", async || {
        let all = deliveries(local, run).await;
        (all.len() == count && all.iter().all(|(_, state)| state == "SENT")).then_some(())
    })
    .await;
}

// LOCAL[notifications] same: webhooks of jobs and tasks get the documented payloads, with basic credentials
#[tokio::test]
async fn jobs_and_tasks_tell_their_webhooks() {
    let dir = tempfile::tempdir().unwrap();
    let (local, receiver) = (Local::start(dir.path()).await, Receiver::start().await);
    let job_hook =
        hook(&local, json!({ "url": receiver.url("job"), "username": "ann", "password": "s3cret" })).await;
    let task_hook = hook(&local, json!({ "url": receiver.url("task"), "signing_secret": "k" })).await;
    let mut failing = task("load", "/fail", &["ok"]);
    failing["max_retries"] = json!(1);
    failing["webhook_notifications"] = json!({ "on_start": to(&task_hook), "on_failure": to(&task_hook) });
    let mut last_only = task("last", "/fail", &[]);
    last_only["max_retries"] = json!(1);
    last_only["notification_settings"] = json!({ "alert_on_last_attempt": true });
    last_only["webhook_notifications"] = json!({ "on_start": to(&task_hook), "on_failure": to(&task_hook) });
    let events =
        json!({ "on_start": to(&job_hook), "on_success": to(&job_hook), "on_failure": to(&job_hook) });
    let tasks = [task("ok", "/ok", &[]), failing, last_only];
    let job =
        local.create(json!({ "name": "nightly", "webhook_notifications": events, "tasks": tasks })).await;
    let run = local.run_now(job).await;
    local.ended(run).await;
    all_sent(&local, run, 2 + 4 + 2).await;
    let workspace = local.read("/.well-known/databricks-config").await["workspace_id"].clone();
    let about = |event: &str| {
        json!({
            "event_type": event,
            "workspace_id": workspace,
            "run": { "run_id": run.to_string() },
            "job": { "job_id": job.to_string(), "name": "nightly" },
        })
    };
    assert_eq!(receiver.bodies("job"), [about("jobs.on_start"), about("jobs.on_failure")]);
    let header = &receiver.came("job")[0].headers["authorization"];
    assert_eq!(header, "Basic YW5uOnMzY3JldA==", "printf ann:s3cret | base64");
    let told = receiver.bodies("task");
    let of = |key: &str| -> Vec<&str> {
        let mine = told.iter().filter(|body| body["task"]["task_key"] == key);
        mine.map(|body| body["event_type"].as_str().expect("an event")).collect()
    };
    assert_eq!(of("load"), ["jobs.on_start", "jobs.on_failure", "jobs.on_start", "jobs.on_failure"]);
    assert_eq!(
        of("last"),
        ["jobs.on_start", "jobs.on_failure"],
        "the retry's start and the first failure are not told"
    );
    for body in &told {
        assert_eq!(body["run"]["parent_run_id"], json!(run.to_string()));
        assert_ne!(body["run"]["run_id"], json!(run.to_string()));
    }
    let came = receiver.came("task");
    assert!(came[0].headers["x-lakeflow-signature"].starts_with("t="), "{:?}", came[0].headers);
    let mut ids: Vec<&String> = came.iter().map(|one| &one.headers["x-lakeflow-delivery"]).collect();
    ids.dedup();
    assert_eq!(ids.len(), came.len(), "each delivery has an id of its own");
}

// LOCAL[notifications] same: cancelled and skipped runs are told as failures unless they are muted
#[tokio::test]
async fn runs_that_are_skipped_cancelled_or_queued_away_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let (local, receiver) = (Local::start(dir.path()).await, Receiver::start().await);
    let id = hook(&local, json!({ "url": receiver.url("all") })).await;
    let settings = |flags: Value, queue: bool| {
        json!({
            "tasks": [task("a", "/hold", &[])],
            "queue": { "enabled": queue },
            "webhook_notifications": { "on_start": to(&id), "on_success": to(&id), "on_failure": to(&id) },
            "notification_settings": flags,
        })
    };
    let loud = local.create(settings(json!({}), false)).await;
    let first = local.run_now(loud).await;
    let skipped = local.run_now(loud).await;
    all_sent(&local, skipped, 1).await;
    local.call("/api/2.2/jobs/runs/cancel", json!({ "run_id": first })).await;
    local.ended(first).await;
    all_sent(&local, first, 2).await;
    let quiet_flags = json!({ "no_alert_for_skipped_runs": true, "no_alert_for_canceled_runs": true });
    let quiet = local.create(settings(quiet_flags, false)).await;
    let held = local.run_now(quiet).await;
    let muted = local.run_now(quiet).await;
    local.call("/api/2.2/jobs/runs/cancel", json!({ "run_id": held })).await;
    local.ended(held).await;
    let queued = local.create(settings(json!({}), true)).await;
    let before = local.run_now(queued).await;
    let waiting = local.run_now(queued).await;
    local.call("/api/2.2/jobs/runs/cancel", json!({ "run_id": waiting })).await;
    all_sent(&local, waiting, 1).await;
    let told = async |run: i64| -> Vec<String> {
        deliveries(&local, run).await.into_iter().map(|(event, _)| event).collect()
    };
    assert_eq!(told(skipped).await, ["jobs.on_failure"]);
    assert_eq!(told(first).await, ["jobs.on_start", "jobs.on_failure"]);
    assert_eq!(told(held).await, ["jobs.on_start"]);
    assert_eq!(told(muted).await, Vec::<String>::new());
    assert_eq!(told(waiting).await, ["jobs.on_failure"], "it never began");
    assert_eq!(told(before).await, ["jobs.on_start"]);
    local.fake.finish("a", true);
    local.ended(before).await;
    all_sent(&local, before, 2).await;
    // A one-time run and a repair are told too.
    let tasks = [task("x", "/fail", &[])];
    let body =
        json!({ "run_name": "once", "tasks": tasks, "webhook_notifications": { "on_failure": to(&id) } });
    let once = local.call("/api/2.2/jobs/runs/submit", body).await["run_id"].as_i64().unwrap();
    local.ended(once).await;
    local.call("/api/2.2/jobs/runs/repair", json!({ "run_id": once, "rerun_all_failed_tasks": true })).await;
    all_sent(&local, once, 2).await;
    assert_eq!(told(once).await, ["jobs.on_failure", "jobs.on_failure"]);
}

// LOCAL[notifications] own: what is to be told outlives a kill of the engine and is told at least once
#[tokio::test]
async fn deliveries_outlive_a_killed_engine() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = Receiver::start().await;
    receiver.set("down", Manner::Status(500));
    let local = Local::start(dir.path()).await;
    let id = hook(&local, json!({ "url": receiver.url("down") })).await;
    let settings = json!({
        "tasks": [task("a", "/ok", &[])],
        "webhook_notifications": { "on_success": to(&id) },
        "email_notifications": { "on_start": ["ann@example.com"] },
    });
    let job = local.create(settings).await;
    let run = local.run_now(job).await;
    local.ended(run).await;
    let failed = eventually("a try that failed", async || {
        let page = local.read(&format!("{DELIVERIES}?run_id={run}&state=WAITING")).await;
        page["deliveries"].as_array()?.iter().find(|one| one["tries"].as_i64() > Some(0)).cloned()
    })
    .await;
    assert_eq!(failed["error"], "the receiver answered 500 Internal Server Error: {\"said\":500}");
    assert_eq!(failed["recipient"], json!(format!("destination:{id}")));
    drop(local);
    receiver.set("down", Manner::Status(204));
    let local = restart(dir.path()).await;
    let retry = format!("{DELIVERIES}/{}/retry", failed["delivery_id"]);
    // It may have come by itself meanwhile.
    local.post(&retry, json!({})).await;
    all_sent(&local, run, 2).await;
    let came = receiver.came("down");
    assert!(came.len() >= 2);
    let id = &came[0].headers["x-lakeflow-delivery"];
    assert!(
        came.iter().all(|one| one.headers["x-lakeflow-delivery"] == *id),
        "the same delivery, sent again"
    );
    let (status, answer) = local.post(&retry, json!({})).await;
    assert_eq!(status, 400, "{answer}");
    let letters: Vec<_> = std::fs::read_dir(dir.path().join("outbox")).unwrap().collect();
    assert_eq!(letters.len(), 1);
}

// LOCAL[notifications] own: receivers that hang, redirect or do not exist hold up nobody else, and what was wrong is told
#[tokio::test]
async fn receivers_that_fail_hold_up_nobody_else() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = Receiver::start().await;
    receiver.set("hangs", Manner::Hang);
    receiver.set("leads-away", Manner::Redirect("elsewhere"));
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&told);
    let notice = Notice::new(move |line| kept.lock().unwrap().push(line.to_owned()));
    let local = Local::start_with(Config { notice, ..Config::new(dir.path()) }).await.unwrap();
    let hangs = hook(&local, json!({ "url": receiver.url("hangs") })).await;
    let leads_away = hook(&local, json!({ "url": receiver.url("leads-away") })).await;
    let fine = hook(&local, json!({ "url": receiver.url("fine") })).await;
    let events = json!([{ "id": hangs }, { "id": leads_away }, { "id": "nowhere" }]);
    let settings = |hooks: Value| json!({ "tasks": [task("a", "/ok", &[])], "webhook_notifications": { "on_success": hooks } });
    let bad = local.create(settings(events)).await;
    let run = local.run_now(bad).await;
    local.ended(run).await;
    eventually("the receiver hangs", async || (!receiver.came("hangs").is_empty()).then_some(())).await;
    let good = local.create(settings(to(&fine))).await;
    let second = local.run_now(good).await;
    local.ended(second).await;
    all_sent(&local, second, 1).await;
    let errors = eventually("two errors", async || {
        let page = local.read(&format!("{DELIVERIES}?run_id={run}")).await;
        let all = page["deliveries"].as_array()?.clone();
        let error = |recipient: &str| {
            let one = all.iter().find(|one| one["recipient"] == recipient)?;
            one["error"].as_str().map(str::to_owned)
        };
        Some([error(&format!("destination:{leads_away}"))?, error("destination:nowhere")?])
    })
    .await;
    assert_eq!(
        errors[0],
        "the receiver answered 302 Found, a redirect, which is not followed; give the destination the address that it leads to"
    );
    assert_eq!(
        errors[1],
        "notification destination \"nowhere\" does not exist here; `lakeflow destinations create NAME --id nowhere …` makes it"
    );
    assert!(receiver.came("elsewhere").is_empty());
    let lines = told.lock().unwrap().clone();
    assert!(
        lines.iter().any(|line| line.contains("destination:nowhere") && line.contains("is tried again")),
        "{lines:?}"
    );
}

// LOCAL[notifications] close: destinations: generic webhooks, Slack, Teams and e-mail by API, as the official SDK sends and reads them
#[tokio::test]
async fn destinations_are_kept_without_showing_their_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let (local, receiver) = (Local::start(dir.path()).await, Receiver::start().await);
    let url = receiver.url("slack");
    let body = json!({ "id": "team", "display_name": "team", "config": { "slack": { "url": url } } });
    let created = local.call(DESTINATIONS, body.clone()).await;
    let expected = json!({
        "id": "team",
        "display_name": "team",
        "destination_type": "SLACK",
        "config": { "slack": { "url_set": true } },
    });
    assert_eq!(created, expected);
    let (status, answer) = local.post(DESTINATIONS, body).await;
    assert_eq!((status, &answer["error_code"]), (400, &json!("INVALID_PARAMETER_VALUE")));
    let (status, answer) =
        local.post(DESTINATIONS, json!({ "display_name": "x", "config": { "slack": {} } })).await;
    assert_eq!(status, 400);
    assert_eq!(answer["message"], "config.slack.url: the address is missing");
    local.engine.shutdown().await;
    let local = restart(dir.path()).await;
    let one = format!("{DESTINATIONS}/team");
    assert_eq!(local.read(&one).await, expected, "it is kept");
    let tested = local.call("/api/2.0/lakeflow-local/destinations/team/test", json!({})).await;
    assert_eq!(tested, json!({ "delivered": true, "error": null }));
    assert_eq!(receiver.bodies("slack")[0]["text"], "Notifications of lakeflow arrive here");
    for n in 0..3 {
        hook(&local, json!({ "url": receiver.url(&format!("h{n}")) })).await;
    }
    let first = local.read(&format!("{DESTINATIONS}?page_size=3")).await;
    assert_eq!(first["results"].as_array().unwrap().len(), 3);
    let token = first["next_page_token"].as_str().unwrap();
    let second = local.read(&format!("{DESTINATIONS}?page_size=3&page_token={token}")).await;
    assert_eq!(second["results"].as_array().unwrap().len(), 1);
    assert_eq!(second["next_page_token"], Value::Null);
    let changed =
        json!({ "display_name": "new", "config": { "generic_webhook": { "url": receiver.url("g") } } });
    let (status, answer) = local.send(local.request("PATCH", &one).json(&changed)).await;
    assert_eq!((status, &answer["destination_type"]), (200, &json!("WEBHOOK")));
    let shown = local.read(&one).await.to_string();
    assert!(!shown.contains("http"), "{shown}");
    assert_eq!(local.send(local.request("DELETE", &one)).await, (200, json!({})));
    let (status, answer) = local.get(&one).await;
    assert_eq!((status, &answer["error_code"]), (404, &json!("RESOURCE_DOES_NOT_EXIST")));
    assert_eq!(local.send(local.request("DELETE", &one)).await.0, 404);
    let (status, answer) = local.get(&format!("{DELIVERIES}?state=LOST")).await;
    assert_eq!(status, 400);
    assert_eq!(answer["message"], "state is \"LOST\"; it must be WAITING, SENT or GIVEN_UP");
}

// LOCAL[notifications] same: `RUN_DURATION_SECONDS` rules of jobs and tasks warn once and stop nothing; streaming rules are stored
#[tokio::test]
async fn health_rules_warn_and_stop_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (local, receiver) = (Local::start(dir.path()).await, Receiver::start().await);
    let id = hook(&local, json!({ "url": receiver.url("slow") })).await;
    let slow = json!({ "on_duration_warning_threshold_exceeded": to(&id), "on_streaming_backlog_exceeded": to(&id) });
    let rule = |metric: &str| json!({ "metric": metric, "op": "GREATER_THAN", "value": 0 });
    let rules = json!({ "rules": [rule("STREAMING_BACKLOG_BYTES"), rule("RUN_DURATION_SECONDS")] });
    let mut held = task("a", "/hold", &[]);
    held["health"] = rules.clone();
    held["webhook_notifications"] = slow.clone();
    let settings = json!({ "health": rules, "webhook_notifications": slow, "tasks": [held] });
    let job = local.create(settings).await;
    let shown = local.read(&format!("/api/2.2/jobs/get?job_id={job}")).await;
    assert_eq!(shown["settings"]["health"]["rules"][0]["metric"], "STREAMING_BACKLOG_BYTES");
    let run = local.run_now(job).await;
    all_sent(&local, run, 2).await;
    assert_eq!(local.run(run).await["status"]["state"], "RUNNING");
    local.fake.finish("a", true);
    let document = local.ended(run).await;
    assert_eq!(document["state"]["result_state"], "SUCCESS");
    let events: Vec<Value> = receiver.bodies("slow").iter().map(|body| body["event_type"].clone()).collect();
    assert_eq!(
        events,
        ["jobs.on_duration_warning_threshold_exceeded", "jobs.on_duration_warning_threshold_exceeded"]
    );
}
