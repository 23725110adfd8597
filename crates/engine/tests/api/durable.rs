//! What survives: restarts with active, queued and child runs; folders that cannot be used (issue: durable and closed).

use super::common::{Local, task, task_of};
use lakeflow_core::error::ErrorCode;
use lakeflow_engine::{Config, EngineFile};
use serde_json::json;
use std::path::Path;

/// Ends the engine as `kill -9` would: nothing is told to anybody.
fn kill(local: Local) {
    drop(local);
}

/// Starts again once the killed engine has let the folder go.
pub(crate) async fn restart(dir: &Path) -> Local {
    loop {
        match Local::start_with(Config::new(dir)).await {
            Ok(local) => return local,
            Err(error) => assert!(error.message.contains("another engine"), "{error}"),
        }
        tokio::task::yield_now().await;
    }
}

// LOCAL[durability] own: an attempt that was running when the engine died ends truthfully and is retried by its policy
#[tokio::test]
async fn a_lost_attempt_ends_truthfully_and_is_retried_by_its_policy() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let mut retried = task("retried", "/hold", &["done"]);
    retried["max_retries"] = json!(1);
    let tasks = [
        task("done", "/ok", &[]),
        retried,
        task("lost", "/hold", &["done"]),
        task("after", "/ok", &["lost"]),
    ];
    let job = local.create(json!({ "tasks": tasks })).await;
    let run = local.run_now(job).await;
    local.fake.wait_started("lost").await;
    local.fake.wait_started("retried").await;
    local.in_state(run, "RUNNING").await;
    let token = local.engine.token().to_owned();
    kill(local);
    let local = restart(dir.path()).await;
    assert_eq!(local.engine.token(), token, "the token stays");
    local.fake.wait_started("retried").await;
    assert_eq!(local.fake.started(), ["retried"], "what was done is not done again");
    local.fake.finish("retried", true);
    let document = local.ended(run).await;
    assert_eq!(document["state"]["result_state"], "FAILED");
    let lost = task_of(&document, "lost");
    assert_eq!(lost["status"]["termination_details"]["code"], "INTERNAL_ERROR");
    assert_eq!(lost["state"]["state_message"], "the local engine was stopped while this attempt was running");
    assert_eq!(task_of(&document, "after")["state"]["result_state"], "UPSTREAM_FAILED");
    let retried = task_of(&document, "retried");
    assert_eq!(
        (&retried["attempt_number"], &retried["state"]["result_state"]),
        (&json!(1), &json!("SUCCESS"))
    );
    local.engine.shutdown().await;
}

// LOCAL[durability] own: queued runs and child runs go on after a restart
#[tokio::test]
async fn queued_runs_and_child_runs_go_on_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let child = local.create(json!({ "tasks": [task("inner", "/hold", &[])] })).await;
    let parent = local
        .create(json!({ "tasks": [{ "task_key": "outer", "run_job_task": { "job_id": child } }] }))
        .await;
    let single = local.create(json!({ "tasks": [task("s", "/hold", &[])] })).await;
    let run = local.run_now(parent).await;
    let (first, second) = (local.run_now(single).await, local.run_now(single).await);
    local.fake.wait_started("inner").await;
    local.fake.wait_started("s").await;
    local.engine.shutdown().await;
    let local = restart(dir.path()).await;
    assert_eq!(
        local.ended(run).await["state"]["result_state"],
        "FAILED",
        "the child's lost attempt fails both"
    );
    assert_eq!(local.ended(first).await["state"]["result_state"], "FAILED");
    local.fake.wait_started("s").await;
    local.fake.finish("s", true);
    assert_eq!(local.ended(second).await["state"]["result_state"], "SUCCESS");
}

#[tokio::test]
async fn a_run_that_ended_before_a_restart_can_be_repaired_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let job = local.create(json!({ "tasks": [task("a", "/ok", &[]), task("b", "/fail", &["a"])] })).await;
    let run = local.run_now(job).await;
    local.ended(run).await;
    kill(local);
    let local = restart(dir.path()).await;
    let fixed = json!({ "job_id": job, "new_settings": { "tasks": [task("a", "/ok", &[]), task("b", "/ok", &["a"])] } });
    local.call("/api/2.2/jobs/reset", fixed).await;
    let repair = json!({ "run_id": run, "rerun_all_failed_tasks": true });
    local.call("/api/2.2/jobs/runs/repair", repair).await;
    assert_eq!(local.ended(run).await["state"]["result_state"], "SUCCESS");
    assert_eq!(local.fake.started(), ["b"], "with the job's present settings, and only what failed");
}

#[tokio::test]
async fn two_engines_do_not_share_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start(dir.path()).await;
    let error = Local::start_with(Config::new(dir.path())).await.err().expect("a refusal");
    assert_eq!(error.code, ErrorCode::Storage);
    assert!(error.message.contains(local.engine.url()), "{error}");
    assert!(error.message.contains(&std::process::id().to_string()), "{error}");
    let found = EngineFile::read(dir.path()).unwrap();
    assert_eq!(found, EngineFile { url: local.engine.url().to_owned(), pid: std::process::id() });
    local.engine.shutdown().await;
    assert_eq!(EngineFile::read(dir.path()), None);
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let config = Config { port: Some(port), ..Config::new(dir.path()) };
    let error = Local::start_with(config).await.err().expect("a refusal");
    assert_eq!(
        (error.code, error.message),
        (ErrorCode::InvalidArgument, format!("port {port} is in use; choose another one"))
    );
}

// LOCAL[durability] own: a damaged or locked database is explained
#[tokio::test]
async fn folders_and_databases_that_cannot_be_used_are_explained() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let damaged = dir.path().join("damaged");
    std::fs::create_dir(&damaged).unwrap();
    std::fs::write(damaged.join("jobs.sqlite3"), "this is no database, however long it may be".repeat(100))
        .unwrap();
    for (folder, part) in [(file.join("below"), "cannot be created"), (file, "cannot"), (damaged, "damaged")]
    {
        let error = Local::start_with(Config::new(&folder)).await.err().expect("a refusal");
        assert_eq!(error.code, ErrorCode::Storage, "{error}");
        assert!(error.message.contains(part), "{part} in {error}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_folder_and_the_token_are_closed_to_others() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("data");
    let local = Local::start(&folder).await;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("token")), 0o600);
    assert!(local.engine.token().len() >= 64, "32 random bytes");
}
