//! What a task finds in its environment (reference sections 6.2 and 6.5), and secrets.

use crate::bench::Bench;
use lakeflow_core::job::EnvironmentVariablesSpec;
use lakeflow_core::run::{Outcome, TerminationCode};
use serde_json::{Value, json};

/// Prints the variables whose names begin with `X_`.
const PRINT: &str = "import os\nprint(sorted(kv for kv in os.environ.items() if kv[0].startswith('X_')))\n";

fn set(value: Value) -> EnvironmentVariablesSpec {
    serde_json::from_value(value).unwrap()
}

// LOCAL[compute] same: environment variables: cluster, files, inline; later ones win
#[tokio::test]
async fn the_cluster_files_and_inline_variables_are_exported_and_later_ones_win() {
    let mut bench = Bench::new(None);
    let first = bench.file("a.env", "# first\n\nX_FILE=a\nX_B=a=1\n");
    let second = bench.file("b.env", "X_FILE=b\nX_INLINE=b\n");
    let task = bench.script("s.py", PRINT);
    bench.start_with(2, task, |attempt| {
        attempt.cluster = Some(json!({ "spark_env_vars": { "X_CLUSTER": "c", "X_FILE": "c", "X_N": 1 } }));
        attempt.environment_variables =
            Some(set(json!({ "files": [first, second], "variables": { "X_INLINE": "i" } })));
    });
    let expect = "[('X_B', 'a=1'), ('X_CLUSTER', 'c'), ('X_FILE', 'b'), ('X_INLINE', 'i'), ('X_N', '1')]\n";
    assert_eq!(bench.end().await.1.log, expect);
}

#[tokio::test]
async fn the_tasks_own_cluster_stands_before_a_shared_one() {
    let mut bench = Bench::new(None);
    let mut task = bench.script("s.py", PRINT);
    task["new_cluster"] = json!({ "spark_env_vars": { "X_A": "own" } });
    bench.start_with(3, task, |attempt| {
        attempt.cluster = Some(json!({ "spark_env_vars": { "X_A": "shared" } }));
    });
    assert_eq!(bench.end().await.1.log, "[('X_A', 'own')]\n");
}

#[tokio::test]
async fn a_bad_file_of_variables_fails_the_task_and_every_problem_is_told() {
    let mut bench = Bench::new(None);
    let bad = bench.file("bad.env", "A=1\nexport B=2\n");
    let missing = bench.path("missing.env").display().to_string();
    let task = bench.script("s.py", PRINT);
    bench.start_with(4, task, |attempt| {
        attempt.environment_variables = Some(set(json!({ "files": [bad, missing] })));
    });
    let (_, told) = bench.end().await;
    assert_eq!((told.outcome, told.code), (Outcome::Failed, TerminationCode::InvalidRunConfiguration));
    let error = told.output.error.unwrap();
    assert!(error.contains("bad.env, line 2: not KEY=VALUE") && error.contains("missing.env: "), "{error}");
}

// LOCAL[permissions] own: tasks get the engine's address and token only with `--share-token`
#[tokio::test]
async fn the_engines_token_reaches_tasks_only_when_that_was_asked_for() {
    let text = "import os\nprint(os.environ.get('DATABRICKS_HOST'), os.environ.get('DATABRICKS_TOKEN'))\n";
    let mut bench = Bench::new(None);
    let task = bench.script("s.py", text);
    assert_eq!(bench.run(5, task).await.log, "None None\n");
    let mut bench = Bench::sharing_token("secret-of-the-engine");
    let task = bench.script("s.py", text);
    let log = bench.run(6, task).await.log;
    assert!(log.starts_with("http://127.0.0.1:") && log.ends_with(" secret-of-the-engine\n"), "{log}");
}

// LOCAL[notebooks] close: `dbutils.secrets` from a local file, hidden in what is printed
#[tokio::test]
async fn secrets_come_from_the_data_folder_and_are_hidden_in_the_log() {
    let mut bench = Bench::new(None);
    bench.file("data/secrets.json", r#"{"scope": {"key": "hunter2"}}"#);
    let text = "# Databricks notebook source\nv = dbutils.secrets.get('scope', 'key')\nprint(v, len(v))\n";
    let path = bench.file("n.py", text);
    let told = bench.run(5, json!({ "task_key": "t", "notebook_task": { "notebook_path": path } })).await;
    assert_eq!((told.outcome, told.log.as_str()), (Outcome::Success, "[REDACTED] 7\n"));
}
