//! Tasks whose files are in a Git repository (reference section 6.6).

use super::common::{Local, task_of};
use lakeflow_engine::exec::Attempt;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

fn git(folder: &Path, arguments: &[&str]) -> String {
    let who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"];
    let output = Command::new("git").current_dir(folder).args(who).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Commits a text as the content of `src/a.py`; gives the commit.
fn commit(repository: &Path, text: &str) -> String {
    std::fs::create_dir_all(repository.join("src")).unwrap();
    std::fs::write(repository.join("src/a.py"), text).unwrap();
    git(repository, &["add", "."]);
    git(repository, &["commit", "-qm", text]);
    git(repository, &["rev-parse", "HEAD"])
}

fn script(key: &str, depends_on: &[&str]) -> Value {
    let edges: Vec<Value> = depends_on.iter().map(|key| json!({ "task_key": key })).collect();
    json!({
        "task_key": key,
        "depends_on": edges,
        "existing_cluster_id": "c",
        "spark_python_task": { "python_file": "src/a.py", "source": "GIT" },
    })
}

fn job(repository: &Path, reference: (&str, &str)) -> Value {
    let mut source = json!({ "git_url": repository, "git_provider": "gitHub" });
    source[reference.0] = json!(reference.1);
    json!({ "git_source": source, "tasks": [script("a", &[]), script("b", &["a"])] })
}

fn text_of(attempt: &Attempt) -> String {
    let file = &attempt.task.spark_python_task.as_ref().unwrap().python_file;
    std::fs::read_to_string(file).unwrap()
}

// LOCAL[compute] same: tasks from Git, at one commit for a run and its repairs
#[tokio::test]
async fn all_tasks_of_a_run_use_the_commit_of_its_start() {
    let dir = tempfile::tempdir().unwrap();
    let repository = dir.path().join("repository");
    std::fs::create_dir(&repository).unwrap();
    git(&repository, &["init", "-q"]);
    let first = commit(&repository, "first");
    git(&repository, &["tag", "v1"]);
    let local = Local::start(&dir.path().join("data")).await;
    let id = local.create(job(&repository, ("git_branch", "main"))).await;
    let run = local.run_now(id).await;
    assert_eq!(text_of(&local.fake.wait_started("a").await), "first");
    let second = commit(&repository, "second");
    local.fake.finish("a", true);
    assert_eq!(
        text_of(&local.fake.wait_started("b").await),
        "first",
        "the branch has moved, the run has not"
    );
    local.fake.finish("b", false);
    let document = local.ended(run).await;
    assert_eq!(document["git_source"]["git_snapshot"], json!({ "used_commit": first }));
    assert_eq!(task_of(&document, "a")["spark_python_task"]["python_file"], "src/a.py", "shown as written");
    let repair = json!({ "run_id": run, "rerun_all_failed_tasks": true });
    local.call("/api/2.2/jobs/runs/repair", repair).await;
    super::common::eventually("the second attempt", async || {
        let started = local.fake.started();
        (started.iter().filter(|key| *key == "b").count() == 2).then_some(())
    })
    .await;
    assert_eq!(text_of(&local.fake.attempt("b").unwrap()), "first", "a repair keeps the commit");
    local.fake.finish("b", true);
    local.ended(run).await;
    for (reference, text) in [
        (("git_branch", "main"), "second"),
        (("git_tag", "v1"), "first"),
        (("git_commit", &*second), "second"),
    ] {
        let id = local.create(job(&repository, reference)).await;
        let before = local.fake.started().len();
        let run = local.run_now(id).await;
        super::common::eventually("an attempt", async || (local.fake.started().len() > before).then_some(()))
            .await;
        assert_eq!(text_of(&local.fake.attempt("a").unwrap()), text, "{reference:?}");
        local.call("/api/2.2/jobs/runs/cancel", json!({ "run_id": run })).await;
        local.ended(run).await;
    }
}

// LOCAL[compute] same: a failed checkout is `REPOSITORY_CHECKOUT_FAILED`
#[tokio::test]
async fn a_checkout_that_fails_is_the_end_of_the_tasks_that_need_it() {
    let dir = tempfile::tempdir().unwrap();
    let repository = dir.path().join("repository");
    std::fs::create_dir(&repository).unwrap();
    git(&repository, &["init", "-q"]);
    commit(&repository, "first");
    let local = Local::start(&dir.path().join("data")).await;
    let missing = dir.path().join("nothing");
    for (repository, said) in [(&repository, "no-such-branch"), (&missing, "nothing")] {
        let id = local.create(job(repository, ("git_branch", "no-such-branch"))).await;
        let run = local.run_now(id).await;
        let document = local.ended(run).await;
        let failed = task_of(&document, "a");
        assert_eq!(failed["status"]["termination_details"]["code"], "REPOSITORY_CHECKOUT_FAILED");
        assert!(failed["state"]["state_message"].as_str().unwrap().contains(said), "{failed}");
        assert_eq!(document["state"]["result_state"], "FAILED");
    }
    assert_eq!(local.fake.started(), Vec::<String>::new());
}
