//! Tasks that are another program: JARs and dbt.

use crate::bench::{Bench, alive, until};
use lakeflow_core::id::RunId;
use lakeflow_core::run::{Outcome, TerminationCode};
use lakeflow_engine::exec::Attempt;
use serde_json::{Value, json};
use std::process::Command;

pub(crate) const JAR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/executors/fixtures/hello.jar");

fn jar(parameters: &[&str]) -> Value {
    json!({
        "task_key": "t",
        "spark_jar_task": { "main_class_name": "Hello", "parameters": parameters },
        "libraries": [{ "jar": JAR }],
        "new_cluster": { "spark_env_vars": { "GREETING": "hi" } },
    })
}

// LOCAL[programs] close: JAR tasks are plain Java programs: there is no JVM Spark
#[tokio::test]
async fn a_jar_runs_with_its_arguments_and_variables() {
    let mut bench = Bench::new(Some("no-python-is-needed"));
    let told = bench.run(2, jar(&["a", "b c"])).await;
    assert_eq!(told.outcome, Outcome::Success, "{:?}", told.output.error);
    assert_eq!(told.log, "hello a,b c hi\n");
    assert!(told.output.shows_logs);
}

#[tokio::test]
async fn the_exception_of_a_jar_is_its_error() {
    let mut bench = Bench::new(None);
    let told = bench.run(3, jar(&["throw"])).await;
    assert_eq!((told.outcome, told.code), (Outcome::Failed, TerminationCode::RunExecutionError));
    assert_eq!(told.output.error.as_deref(), Some("java.lang.IllegalStateException: boom"));
    let trace = told.output.error_trace.unwrap();
    assert!(trace.contains("at Hello.main(Hello.java") && trace.contains("Caused by: "), "{trace}");
    let told = bench.run(4, jar(&["exit"])).await;
    assert!(told.output.error.unwrap().contains("exit code 3"));
    let mut task = jar(&[]);
    task["spark_jar_task"]["main_class_name"] = json!("Absent");
    assert!(bench.run(5, task).await.output.error.unwrap().contains("Absent"));
}

#[tokio::test]
async fn a_jar_can_be_stopped() {
    let mut bench = Bench::new(None);
    bench.start(6, jar(&["wait"]));
    let group = bench.started(6).await;
    bench.executors.stop(RunId(6));
    assert_eq!(bench.end().await.1.outcome, Outcome::Failed);
    until(|| !alive(group)).await;
}

#[tokio::test]
async fn what_a_jar_task_lacks_is_told() {
    let mut bench = Bench::new(None);
    let mut task = jar(&[]);
    task["new_cluster"]["spark_env_vars"] = json!({ "PATH": "/nonexistent", "JAVA_HOME": "/nonexistent" });
    let told = bench.run(7, task).await;
    assert_eq!(told.code, TerminationCode::FeatureDisabled);
    assert!(told.output.error.unwrap().contains("JAVA_HOME"));
    let mut task = jar(&[]);
    task["libraries"] = json!([{ "jar": "dbfs:/a.jar" }, { "jar": "/etc/b.jar" }]);
    let told = bench.run(8, task).await;
    assert_eq!(told.code, TerminationCode::LibraryInstallationError);
    let error = told.output.error.unwrap();
    assert!(error.contains("dbfs:/a.jar") && error.contains("/etc/b.jar"), "{error}");
    let mut task = jar(&[]);
    task["libraries"] = json!([]);
    assert_eq!(bench.run(9, task).await.code, TerminationCode::InvalidRunConfiguration);
}

// LOCAL[programs] same: dbt tasks, with the dbt of their environment
#[tokio::test]
async fn dbt_comes_with_the_environment_of_its_task() {
    let mut bench = Bench::new(None);
    let source = "import os, sys\ndef main():\n    print('dbt', sys.argv[1:], os.path.basename(os.getcwd()))\n    \
                  sys.exit(sys.argv[1] == 'test')\n";
    let wheel = bench.wheel("fakedbt", source, "[console_scripts]\ndbt = fakedbt:main\n");
    bench.file("project/profiles.yml", "p: {}\n");
    let project = bench.path("project");
    bench.start_with(
        10,
        json!({ "task_key": "t", "dbt_task": {
            "commands": ["dbt seed", "dbt run --vars '{a: b}'", "dbt test", "dbt never"], "project_directory": project,
        }}),
        |attempt| attempt.environment = Some(serde_json::from_value(json!({ "dependencies": [wheel] })).unwrap()),
    );
    let (_, told) = bench.end().await;
    assert_eq!((told.outcome, told.code), (Outcome::Failed, TerminationCode::RunExecutionError));
    assert_eq!(told.output.error.as_deref(), Some("`dbt test` ended with exit code 1"));
    assert!(told.log.contains("dbt ['run', '--vars', '{a: b}'] project\n"), "{}", told.log);
    assert!(!told.log.contains("never"));
}

// LOCAL[programs] close: with a warehouse dbt gets a profile for DuckDB
#[tokio::test]
async fn a_dbt_task_with_a_warehouse_gets_a_profile_and_leaves_its_artifacts() {
    let mut bench = Bench::new(None);
    let source = "import os, sys\ndef main():\n    if sys.argv[1:] == ['--version']:\n        \
                  return print('Plugins:\\n  - ' + os.environ['X_PLUGIN'] + ': 1.10.0')\n    \
                  print(open(os.environ['DBT_PROFILES_DIR'] + '/profiles.yml').read())\n    \
                  os.makedirs('target', exist_ok=True)\n    open('target/run_results.json', 'w').write('{}')\n    \
                  sys.exit(3 if sys.argv[1] == 'test' else 0)\n";
    let wheel = bench.wheel("fakedbt2", source, "[console_scripts]\ndbt = fakedbt2:main\n");
    bench.file("project/dbt_project.yml", "name: p\nprofile: 'shop' # ours\n");
    let project = bench.path("project");
    let task = |catalog: &str, plugin: &str, command: &str| {
        json!({
            "task_key": "t",
            "new_cluster": { "spark_env_vars": { "X_PLUGIN": plugin } },
            "dbt_task": {
                "commands": [command],
                "project_directory": project,
                "warehouse_id": "w",
                "catalog": catalog,
                "schema": "gold",
            },
        })
    };
    let environment = |attempt: &mut Attempt| {
        attempt.environment = Some(serde_json::from_value(json!({ "dependencies": [wheel] })).unwrap());
    };
    bench.start_with(20, task("sales", "duckdb", "dbt run"), environment);
    let (_, told) = bench.end().await;
    assert_eq!(told.outcome, Outcome::Success, "{:?}", told.output);
    let profile: Value = serde_json::from_str(&told.log[told.log.find('{').unwrap()..]).unwrap();
    let output = &profile["shop"]["outputs"][profile["shop"]["target"].as_str().unwrap()];
    assert_eq!(output["path"], bench.path("data/dbt/sales.duckdb").display().to_string());
    assert_eq!((&output["type"], &output["schema"]), (&json!("duckdb"), &json!("gold")));
    bench.start_with(21, task("sales", "duckdb", "dbt test"), environment);
    assert_eq!(bench.end().await.1.outcome, Outcome::Failed);
    for run in [20, 21] {
        let packed = bench.executors.files(RunId(run)).artifacts();
        let listed = Command::new("tar").arg("-tzf").arg(packed).output().unwrap();
        let listed = String::from_utf8(listed.stdout).unwrap();
        assert!(listed.contains("target/run_results.json"), "also of a failed command: {listed}");
    }
    for (run, catalog, plugin, part) in
        [(22, "a.b", "duckdb", "plain name"), (23, "sales", "spark", "dbt-duckdb")]
    {
        bench.start_with(run, task(catalog, plugin, "dbt run"), environment);
        let error = bench.end().await.1.output.error.unwrap();
        assert!(error.contains(part), "{error}");
    }
}

// LOCAL[refused] refused: saved dashboards and alerts, Maven, CRAN and egg libraries, JARs for Python tasks
#[tokio::test]
async fn what_cannot_run_is_refused_with_its_reason() {
    let bench = Bench::new(None);
    let refused = |task: Value| bench.executors.supports(&serde_json::from_value(task).unwrap()).err();
    let notebook = |library: Value| json!({ "task_key": "t", "notebook_task": { "notebook_path": "/n" }, "libraries": [library] });
    for (task, reason) in [
        (json!({ "task_key": "t", "pipeline_task": { "pipeline_id": "p" } }), "p/spark-pipeline.yml"),
        (
            json!({ "task_key": "t", "pipeline_task": { "pipeline_id": "p", "parameters": { "a": "b" } } }),
            "without `refresh_flow_selection`",
        ),
        (json!({ "task_key": "t", "sql_task": { "alert": { "alert_id": "a" } } }), "alerts"),
        (json!({ "task_key": "t", "power_bi_task": { "x": 1 } }), "power_bi_task"),
        (notebook(json!({ "maven": { "coordinates": "a:b:1" } })), "maven"),
        (notebook(json!({ "jar": "/a.jar" })), "jar"),
        (notebook(json!({ "cran": { "package": "x" } })), "cran"),
        (json!({ "task_key": "t" }), "exactly one"),
    ] {
        let found = refused(task.clone()).unwrap();
        assert!(found.contains(reason), "{task}: {found}");
    }
    for task in [
        jar(&[]),
        notebook(json!({ "pypi": { "package": "x" } })),
        json!({ "task_key": "t", "sql_task": { "query": { "query_id": "q" } } }),
        json!({ "task_key": "t", "dbt_task": { "commands": ["dbt run"] } }),
    ] {
        assert_eq!(refused(task.clone()), None, "{task}");
    }
}
