//! A machine with a hand-driven executor, and the shapes of tasks that the tests are made of.

use lakeflow_core::error::ErrorCode;
use lakeflow_core::execution::{Change, Exit, Input, Machine, Now, Output, Plan, Start};
use lakeflow_core::id::RunId;
use lakeflow_core::run::{Outcome, TerminationCode};
use lakeflow_core::time::{Tick, WallTime};
use serde_json::{Value, json};

pub(crate) const RUN: i64 = 1000;
pub(crate) const EPOCH: i64 = 1_700_000_000_000;

pub(crate) fn now(ms: u64) -> Now {
    Now { tick: Tick(ms), wall: WallTime(EPOCH + ms as i64) }
}

pub(crate) fn plan(tasks: Value) -> Plan {
    serde_json::from_value(json!({
        "run_id": RUN, "job_id": 7, "job_name": "nightly", "tasks": tasks, "timeout_ms": null,
        "parameters": [], "trigger": {}, "workspace": {}
    }))
    .unwrap()
}

/// A machine with everything it gave out.
pub(crate) struct Bench {
    pub(crate) machine: Machine,
    pub(crate) records: Vec<Change>,
    pub(crate) starts: Vec<Start>,
    pub(crate) stops: Vec<RunId>,
    pub(crate) until: Option<u64>,
    pub(crate) done: bool,
    pub(crate) ms: u64,
}

impl Bench {
    pub(crate) fn new(plan: Plan) -> Self {
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

    pub(crate) fn drain(&mut self) {
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

    pub(crate) fn input(&mut self, input: Input) {
        self.machine.handle(now(self.ms), input).unwrap();
        self.drain();
    }

    /// Gives an input that must be refused without changing anything.
    pub(crate) fn refused(&mut self, input: Input) -> (ErrorCode, String) {
        let before = self.machine.view();
        let error = self.machine.handle(now(self.ms), input).unwrap_err();
        self.drain();
        assert!(self.machine.view() == before, "an error changed something: {error}");
        (error.code, error.message)
    }

    pub(crate) fn at(&mut self, ms: u64) -> &mut Self {
        self.ms = ms;
        self.input(Input::Timeout);
        self
    }

    /// Keys of what was started since the last call.
    pub(crate) fn started(&mut self) -> Vec<String> {
        std::mem::take(&mut self.starts).into_iter().map(|start| start.task_key).collect()
    }

    pub(crate) fn newest(&self, key: &str) -> RunId {
        let view = self.machine.view();
        view.tasks.iter().rev().find(|t| t.task_key == key).unwrap().run_id
    }

    fn exit(&mut self, key: &str, outcome: Outcome, code: TerminationCode, message: &str) {
        let exit = Exit { outcome, code, message: message.to_owned(), output: None };
        self.input(Input::Exited { run: self.newest(key), exit });
    }

    pub(crate) fn value(&mut self, key: &str, name: &str, value: Value) {
        self.input(Input::Value { run: self.newest(key), key: name.to_owned(), value });
    }

    /// The message of an ended task run.
    pub(crate) fn message(&self, key: &str) -> String {
        let phase = self.machine.task_view(self.newest(key)).unwrap().phase;
        phase.end().map_or_else(String::new, |end| end.message.clone())
    }

    pub(crate) fn job_message(&self) -> String {
        self.machine.phase().end().map_or_else(String::new, |end| end.message.clone())
    }

    pub(crate) fn ok(&mut self, key: &str) {
        self.exit(key, Outcome::Success, TerminationCode::Success, "");
    }

    /// Ends an attempt well, without looking for it.
    pub(crate) fn exit_of(&mut self, run: RunId) {
        let (outcome, code) = (Outcome::Success, TerminationCode::Success);
        self.input(Input::Exited { run, exit: Exit { outcome, code, message: String::new(), output: None } });
    }

    pub(crate) fn fail(&mut self, key: &str) {
        self.fail_with(key, "it broke");
    }

    pub(crate) fn fail_with(&mut self, key: &str, message: &str) {
        self.exit(key, Outcome::Failed, TerminationCode::RunExecutionError, message);
    }

    pub(crate) fn outcome(&self, key: &str) -> String {
        let phase = self.machine.task_view(self.newest(key)).unwrap().phase;
        phase.end().map_or_else(|| format!("{phase:?}"), |end| end.outcome.to_string())
    }

    pub(crate) fn job(&self) -> String {
        self.machine.phase().end().map_or("ACTIVE".to_owned(), |end| end.outcome.to_string())
    }
}

pub(crate) fn task(key: &str, upstream: &[&str]) -> Value {
    let edges: Vec<Value> = upstream.iter().map(|key| json!({ "task_key": key })).collect();
    json!({ "task_key": key, "depends_on": edges, "notebook_task": { "notebook_path": "/n" } })
}

pub(crate) fn with(mut task: Value, fields: Value) -> Value {
    task.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    task
}

/// A run with one job parameter for each pair.
pub(crate) fn plan_with(tasks: Value, parameters: &[(&str, &str)]) -> Plan {
    let mut plan = plan(tasks);
    plan.parameters = parameters
        .iter()
        .map(|(name, value)| {
            serde_json::from_value(json!({ "name": name, "default": "", "value": value })).unwrap()
        })
        .collect();
    plan
}

/// A script task with one parameter text.
pub(crate) fn script(key: &str, upstream: &[&str], text: &str) -> Value {
    let mut script = task(key, upstream);
    script.as_object_mut().unwrap().remove("notebook_task");
    with(script, json!({ "spark_python_task": { "python_file": "/f.py", "parameters": [text] } }))
}

/// The parameter text with which a script task was started.
pub(crate) fn given(start: &Start) -> &str {
    &start.task.spark_python_task.as_ref().unwrap().parameters[0].0
}

/// A for-each task over scripts that get the element.
pub(crate) fn each(key: &str, upstream: &[&str], inputs: &str, concurrency: u32) -> Value {
    let nested = script(&format!("{key}_one"), &[], "{{input}}");
    let mut each = task(key, upstream);
    each.as_object_mut().unwrap().remove("notebook_task");
    with(each, json!({ "for_each_task": { "inputs": inputs, "concurrency": concurrency, "task": nested } }))
}
