//! The execution machine, rule by rule, with a hand-driven executor (reference sections 9 to 14).

#![expect(clippy::unwrap_used, reason = "a test's helpers")]

use lakeflow_core::execution::{Change, Exit, Input, Machine, Now, Output, Plan, Start};
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::run::{Outcome, TerminationCode};
use lakeflow_core::time::{Tick, WallTime};
use serde_json::{Value, json};

const RUN: i64 = 1000;
const EPOCH: i64 = 1_700_000_000_000;

fn now(ms: u64) -> Now {
    Now { tick: Tick(ms), wall: WallTime(EPOCH + ms as i64) }
}

fn plan(tasks: Value) -> Plan {
    serde_json::from_value(json!({
        "run_id": RUN, "job_id": 7, "job_name": "nightly", "tasks": tasks, "timeout_ms": null,
        "parameters": [], "trigger": {}, "workspace": {}
    }))
    .unwrap()
}

/// A machine with everything it gave out.
struct Bench {
    machine: Machine,
    records: Vec<Change>,
    starts: Vec<Start>,
    stops: Vec<RunId>,
    until: Option<u64>,
    done: bool,
    ms: u64,
}

impl Bench {
    fn new(plan: Plan) -> Self {
        let machine = Machine::new(plan, now(0)).unwrap();
        let mut bench = Self {
            machine,
            records: Vec::new(),
            starts: Vec::new(),
            stops: Vec::new(),
            until: None,
            done: false,
            ms: 0,
        };
        bench.drain();
        bench
    }

    fn drain(&mut self) {
        self.done = false;
        loop {
            match self.machine.poll() {
                Output::Record(change) => self.records.push(*change),
                Output::Start(start) => self.starts.push(*start),
                Output::Stop { run, .. } => self.stops.push(run),
                Output::Recover { .. } => {}
                Output::Wait { until, .. } => {
                    self.until = until.map(|tick| tick.0);
                    return;
                }
                Output::Done => {
                    self.done = true;
                    return;
                }
            }
        }
    }

    fn input(&mut self, input: Input) {
        self.machine.handle(now(self.ms), input).unwrap();
        self.drain();
    }

    fn at(&mut self, ms: u64) -> &mut Self {
        self.ms = ms;
        self.input(Input::Timeout);
        self
    }

    /// Keys of what was started since the last call.
    fn started(&mut self) -> Vec<String> {
        std::mem::take(&mut self.starts).into_iter().map(|start| start.task_key).collect()
    }

    fn newest(&self, key: &str) -> RunId {
        let view = self.machine.view();
        view.tasks.iter().rev().find(|t| t.task_key == key).unwrap().run_id
    }

    fn exit(&mut self, key: &str, outcome: Outcome) {
        let code = match outcome {
            Outcome::Success => TerminationCode::Success,
            _ => TerminationCode::RunExecutionError,
        };
        let exit = Exit { outcome, code, message: String::new(), output: None };
        self.input(Input::Exited { run: self.newest(key), exit });
    }

    fn ok(&mut self, key: &str) {
        self.exit(key, Outcome::Success);
    }

    fn fail(&mut self, key: &str) {
        self.exit(key, Outcome::Failed);
    }

    fn outcome(&self, key: &str) -> String {
        let phase = self.machine.task_view(self.newest(key)).unwrap().phase;
        phase.end().map_or_else(|| format!("{phase:?}"), |end| end.outcome.to_string())
    }

    fn job(&self) -> String {
        self.machine.phase().end().map_or("ACTIVE".to_owned(), |end| end.outcome.to_string())
    }
}

fn task(key: &str, upstream: &[&str]) -> Value {
    let edges: Vec<Value> = upstream.iter().map(|key| json!({ "task_key": key })).collect();
    json!({ "task_key": key, "depends_on": edges, "notebook_task": { "notebook_path": "/n" } })
}

fn with(mut task: Value, fields: Value) -> Value {
    task.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    task
}

#[test]
fn each_task_starts_the_moment_its_own_dependencies_allow() {
    let mut bench =
        Bench::new(plan(json!([task("a", &[]), task("b", &[]), task("c", &["b"]), task("d", &["a", "c"])])));
    assert_eq!(bench.started(), ["a", "b"]);
    bench.ok("b");
    assert_eq!(bench.started(), ["c"], "c does not wait for a");
    bench.ok("c");
    assert!(bench.started().is_empty());
    bench.ok("a");
    assert_eq!(bench.started(), ["d"]);
    bench.ok("d");
    assert!(bench.done);
    assert_eq!(bench.job(), "SUCCESS");
}

#[test]
fn a_retry_waits_from_the_start_of_the_failed_attempt() {
    let retried = with(task("a", &[]), json!({ "max_retries": 1, "min_retry_interval_millis": 1000 }));
    let mut bench = Bench::new(plan(json!([retried, task("b", &["a"])])));
    bench.started();
    bench.ms = 400;
    bench.fail("a");
    assert!(bench.started().is_empty());
    assert_eq!(bench.until, Some(1000));
    assert_eq!(bench.outcome("a"), "WaitingForRetry");
    bench.at(999);
    assert!(bench.started().is_empty());
    bench.at(1000);
    assert_eq!(bench.started(), ["a"]);
    bench.fail("a");
    assert_eq!(bench.job(), "FAILED");
    assert_eq!(bench.outcome("b"), "UPSTREAM_FAILED");
    let attempts: Vec<(i64, u32)> =
        bench.machine.view().tasks.iter().map(|t| (t.run_id.0 - RUN, t.attempt_number)).collect();
    assert_eq!(attempts, [(1, 0), (2, 0), (3, 1)]);
}

#[test]
fn a_condition_chooses_a_branch_without_an_executor() {
    let condition =
        json!({ "task_key": "if", "condition_task": { "op": "LESS_THAN", "left": "9", "right": "10" } });
    let edge = |key: &str, outcome: &str| {
        with(task(key, &[]), json!({ "depends_on": [{ "task_key": "if", "outcome": outcome }] }))
    };
    let tasks = json!([condition, edge("yes", "true"), edge("no", "false"), task("join", &["yes", "no"])]);
    let mut bench = Bench::new(plan(tasks));
    assert_eq!(bench.started(), ["yes"]);
    bench.ok("yes");
    assert_eq!(bench.started(), ["join"]);
    bench.ok("join");
    assert_eq!((bench.outcome("no").as_str(), bench.job().as_str()), ("EXCLUDED", "SUCCESS"));
}

#[test]
fn iterations_keep_to_the_concurrency_and_go_on_after_a_failure() {
    let each = json!({ "task_key": "each", "for_each_task": {
        "inputs": "[10, 20, 30]", "concurrency": 2,
        "task": { "task_key": "one", "spark_python_task": { "python_file": "/f.py", "parameters": ["{{input}}"] } }
    }});
    let mut bench = Bench::new(plan(json!([each])));
    let first: Vec<String> = bench
        .starts
        .iter()
        .map(|start| start.task.spark_python_task.as_ref().unwrap().parameters[0].0.clone())
        .collect();
    assert_eq!(first, ["10", "20"]);
    assert_eq!(bench.started(), ["one_0", "one_1"]);
    bench.fail("one_0");
    assert_eq!(bench.started(), ["one_2"]);
    bench.ok("one_1");
    bench.ok("one_2");
    assert_eq!(bench.job(), "FAILED");
    let stats = bench.machine.task_view(RunId(RUN + 1)).unwrap().stats.unwrap();
    assert_eq!((stats.total_iterations, stats.succeeded_iterations, stats.failed_iterations), (3, 2, 1));
}

#[test]
fn a_cancelled_run_starts_nothing_more_and_waits_for_what_runs() {
    let handler = with(task("b", &["a"]), json!({ "run_if": "ALL_DONE" }));
    let mut bench = Bench::new(plan(json!([task("a", &[]), handler])));
    bench.started();
    bench.input(Input::CancelRun);
    assert_eq!(bench.stops, [RunId(RUN + 1)]);
    assert_eq!(bench.job(), "ACTIVE");
    bench.fail("a");
    assert!(bench.started().is_empty());
    assert_eq!(
        (bench.outcome("a"), bench.outcome("b"), bench.job()),
        ("CANCELED".to_owned(), "UPSTREAM_CANCELED".to_owned(), "CANCELED".to_owned())
    );
    assert_eq!(JobId(7), bench.machine.plan().job_id);
}
