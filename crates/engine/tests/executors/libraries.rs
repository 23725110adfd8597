//! Libraries and environments: installed once per set, and told when they cannot be (reference sections 6.3, 6.4).

use crate::bench::{Bench, alive, read, until};
use lakeflow_core::id::RunId;
use lakeflow_core::run::{Outcome, TerminationCode};
use serde_json::{Value, json};
use std::process::Command;
use std::time::{Duration, SystemTime};

/// Writes a wheel: folder, name, source of its module, entry points.
const MAKE_WHEEL: &str = "import sys, zipfile\n\
folder, name, source, points = sys.argv[1:]\n\
info = f'{name}-1.0.dist-info/'\n\
with zipfile.ZipFile(f'{folder}/{name}-1.0-py3-none-any.whl', 'w') as wheel:\n    \
    wheel.writestr(f'{name}.py', source)\n    \
    wheel.writestr(info + 'METADATA', f'Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n')\n    \
    wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')\n    \
    wheel.writestr(info + 'entry_points.txt', points)\n    \
    wheel.writestr(info + 'RECORD', '')\n";

impl Bench {
    /// Makes a wheel of one module and returns its path.
    pub(crate) fn wheel(&self, name: &str, source: &str, entry_points: &str) -> String {
        let folder = self.path("");
        let made = Command::new("python3")
            .args(["-I", "-c", MAKE_WHEEL])
            .arg(&folder)
            .args([name, source, entry_points])
            .status();
        assert!(made.unwrap().success());
        folder.join(format!("{name}-1.0-py3-none-any.whl")).display().to_string()
    }

    fn start_in(&self, run: i64, task: Value, environment: Value) {
        self.start_with(run, task, |attempt| {
            attempt.environment = Some(serde_json::from_value(environment).unwrap());
        });
    }
}

#[tokio::test]
async fn a_wheel_task_finds_its_entry_point_in_a_library() {
    let mut bench = Bench::new(None);
    let source = "import sys\ndef main():\n    print('called', sys.argv)\n";
    let wheel = bench.wheel("mine", source, "[console_scripts]\nrun = mine:main\n");
    let task = json!({
        "task_key": "t",
        "python_wheel_task": { "package_name": "mine", "entry_point": "run", "named_parameters": { "day": "1" } },
        "libraries": [{ "whl": wheel }],
    });
    let told = bench.run(2, task).await;
    assert_eq!(told.outcome, Outcome::Success, "{:?}", told.output);
    assert_eq!(told.log, "called ['mine', '--day=1']\n");
}

// LOCAL[compute] same: libraries and environments: PyPI packages, wheels, requirements files
#[tokio::test]
async fn dependencies_requirements_and_values_reach_every_kind_of_python_task() {
    let mut bench = Bench::new(None);
    let wheel = bench.wheel("first", "NAME = 'first'\n", "");
    let other = bench.wheel("second", "NAME = 'second'\n", "");
    let requirements = bench.file("requirements.txt", &format!("# note\n{other}\n"));
    let text = "# Databricks notebook source\nimport first, second, os, subprocess, sys\n\
                print(first.NAME, second.NAME, os.environ['VIRTUAL_ENV'] == sys.prefix)\n\
                print(subprocess.run(['python', '-c', 'import first; print(1)'], capture_output=True).stdout)\n\
                dbutils.jobs.taskValues.set('n', dbutils.jobs.taskValues.get('up', 'n') + 1)\ndbutils.notebook.exit('v')\n";
    let path = bench.file("n.py", text);
    let task = json!({ "task_key": "t", "notebook_task": { "notebook_path": path } });
    let dependencies =
        [format!("{wheel} "), "# none".to_owned(), format!("-r {requirements}"), "--no-index".to_owned()];
    bench.start_in(3, task, json!({ "environment_version": "4", "dependencies": dependencies }));
    let (_, told) = bench.end().await;
    assert_eq!(told.outcome, Outcome::Success, "{:?}", told.output);
    assert_eq!(told.log, "first second True\nb'1\\n'\n");
    assert_eq!(told.values["n"], json!(42));
    assert_eq!(told.output.notebook_output.unwrap().result.as_deref(), Some("v"));
    // The interpreter that all tasks share is as it was.
    assert_eq!(bench.run(4, bench.script("s.py", "import first\n")).await.outcome, Outcome::Failed);
}

// LOCAL[compute] own: one virtual environment for each set of packages, installed once
#[tokio::test]
async fn attempts_with_the_same_packages_share_one_installation() {
    let mut bench = Bench::with_python("echo \"$4\" >> \"$ROOT/calls\"");
    let wheel = bench.wheel("shared", "NAME = 'shared'\n", "");
    let task = bench.script("s.py", "import shared\nprint(shared.NAME)\n");
    let calls = bench.path("calls");
    let installations = || read(&calls).lines().filter(|call| *call == "install").count();
    for run in [5, 6] {
        bench.start_in(run, task.clone(), json!({ "dependencies": [wheel] }));
    }
    for _ in 0..2 {
        let (_, told) = bench.end().await;
        assert_eq!(told.log, "shared\n", "{:?}", told.output);
    }
    assert_eq!(installations(), 1);
    bench.start_in(7, task.clone(), json!({ "dependencies": [wheel] }));
    assert_eq!(bench.end().await.1.outcome, Outcome::Success);
    assert_eq!(installations(), 1);
    // The same file with another content is another package.
    bench.wheel("shared", "NAME = 'changed'\n", "");
    bench.start_in(8, task, json!({ "dependencies": [wheel] }));
    assert_eq!(bench.end().await.1.log, "changed\n");
    assert_eq!(installations(), 2);
}

#[tokio::test]
async fn packages_that_no_task_uses_any_more_are_removed() {
    let mut bench = Bench::new(None);
    let root = bench.path("data/environments");
    let environments = || {
        let entries = std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.is_dir()).count()
    };
    let idle = bench.wheel("idle", "", "");
    let task = bench.script("idle.py", "import idle\n");
    bench.start_in(5, task, json!({ "dependencies": [idle] }));
    assert_eq!(bench.end().await.1.outcome, Outcome::Success);
    let busy = bench.wheel("busy", "", "");
    let go = bench.path("go");
    let text =
        format!("import os, time\nwhile not os.path.exists({go:?}):\n    time.sleep(0.01)\nimport busy\n");
    let task = bench.script("busy.py", &text);
    bench.start_in(6, task, json!({ "dependencies": [busy] }));
    bench.started(6).await;
    bench.executors.prune(SystemTime::UNIX_EPOCH).await.unwrap();
    assert_eq!(environments(), 2, "both were used since");
    bench.executors.prune(SystemTime::now() + Duration::from_secs(3600)).await.unwrap();
    assert_eq!(environments(), 1, "the one that a task runs in stays");
    bench.file("go", "");
    let (_, told) = bench.end().await;
    assert_eq!(told.outcome, Outcome::Success, "{:?}", told.output);
    bench.executors.prune(SystemTime::now() + Duration::from_secs(3600)).await.unwrap();
    assert_eq!(environments(), 0);
}

// LOCAL[compute] same: a failed installation is `LIBRARY_INSTALLATION_ERROR` with the words of pip
#[tokio::test]
async fn an_installation_that_fails_is_told_in_pips_words() {
    let mut bench = Bench::new(None);
    let mut task = bench.script("s.py", "print('ran')\n");
    task["libraries"] = json!([{ "pypi": { "package": "lakeflow-absent==1.2.3" } }]);
    bench.start_in(9, task, json!({ "dependencies": ["--no-index"] }));
    let (_, told) = bench.end().await;
    assert_eq!((told.outcome, told.code), (Outcome::Failed, TerminationCode::LibraryInstallationError));
    let error = told.output.error.unwrap();
    assert!(error.contains("lakeflow-absent==1.2.3"), "{error}");
    assert!(!told.log.contains("ran") && told.output.error_trace.is_some());
}

#[tokio::test]
async fn every_missing_file_is_told() {
    let mut bench = Bench::new(None);
    let mut task = bench.script("s.py", "");
    task["libraries"] = json!([{ "whl": "/Workspace/a/x.whl" }, { "requirements": "dbfs:/r.txt" }]);
    bench.start_in(10, task, json!({ "dependencies": ["-e /etc/p", "./y.whl[all]"] }));
    let (_, told) = bench.end().await;
    assert_eq!(told.code, TerminationCode::LibraryInstallationError);
    let error = told.output.error.unwrap();
    for name in ["/Workspace/a/x.whl", "dbfs:/r.txt", "/etc/p", "./y.whl"] {
        assert!(error.contains(name), "{name}: {error}");
    }
}

#[tokio::test]
async fn an_attempt_can_be_stopped_while_it_waits_for_an_installation() {
    let mut bench = Bench::with_python(
        "if [ \"$4\" = install ]; then touch \"$ROOT/begun\"; while [ ! -e \"$ROOT/go\" ]; do sleep 0.01; done; fi",
    );
    let wheel = bench.wheel("slow", "NAME = 'slow'\n", "");
    let task = bench.script("s.py", "import slow\nprint(slow.NAME)\n");
    bench.start_in(11, task.clone(), json!({ "dependencies": [wheel] }));
    let begun = bench.path("begun");
    until(|| begun.exists()).await;
    bench.executors.stop(RunId(11));
    let (run, told) = bench.end().await;
    assert_eq!((run, told.outcome, told.code), (11, Outcome::Failed, TerminationCode::Canceled));
    // The installation goes on, and another attempt gets what it makes.
    bench.start_in(12, task, json!({ "dependencies": [wheel] }));
    bench.file("go", "");
    assert_eq!(bench.end().await.1.log, "slow\n");
}

#[tokio::test]
async fn with_the_engine_end_installations_and_processes() {
    let mut bench = Bench::with_python(
        "if [ \"$4\" = install ]; then echo $$ > \"$ROOT/new\"; mv \"$ROOT/new\" \"$ROOT/installer\"; sleep 600; fi",
    );
    let wheel = bench.wheel("never", "", "");
    bench.start_in(13, bench.script("s.py", ""), json!({ "dependencies": [wheel] }));
    bench.start(
        14,
        json!({
            "task_key": "t", "spark_jar_task": { "main_class_name": "Hello", "parameters": ["wait"] },
            "libraries": [{ "jar": crate::programs::JAR }],
        }),
    );
    let group = bench.started(14).await;
    let installer = bench.path("installer");
    until(|| installer.exists()).await;
    bench.executors.shutdown().await;
    assert!(!alive(group));
    let installer = read(&installer).trim().parse().unwrap();
    until(|| !alive(installer)).await;
}
