//! Random but valid job runs, and what happens to them from outside.

use lakeflow_core::execution::{Plan, Repair};
use serde_json::{Value, json};

/// A small generator of pseudo-random numbers (`SplitMix64`); the same seed gives the same numbers.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def0)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len() as u64) as usize]
    }
}

/// Something that people do to a run.
#[derive(Clone, Debug)]
pub(crate) enum Outside {
    CancelRun,
    /// The task run with this offset from the job run's id.
    CancelTask(i64),
    SetTimeout(Option<u64>),
}

#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) seed: u64,
    pub(crate) plan: Plan,
    /// By virtual milliseconds from the start.
    pub(crate) outside: Vec<(u64, Outside)>,
    /// One after another, each when the run has ended.
    pub(crate) repairs: Vec<Repair>,
}

impl Scenario {
    pub(crate) fn generate(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let count = 2 + random.below(6) as usize;
        let tasks: Vec<Value> = (0..count).map(|n| task(&mut random, n)).collect();
        let timeout = if random.chance(15) { json!(500 + random.below(8000)) } else { Value::Null };
        let plan = json!({
            "run_id": 5000, "job_id": 3, "job_name": "random", "tasks": tasks, "timeout_ms": timeout,
            "parameters": [
                { "name": "list", "default": "[1]", "value": "[3, \"x\", {\"k\": 1}]" },
                { "name": "run", "default": "", "value": "run {{job.run_id}}" },
            ],
            "trigger": {}, "workspace": {}
        });
        let mut outside = Vec::new();
        if random.chance(20) {
            outside.push((random.below(6000), Outside::CancelRun));
        }
        while random.chance(30) {
            outside
                .push((random.below(8000), Outside::CancelTask(1 + random.below(count as u64 + 4) as i64)));
        }
        if random.chance(10) {
            let ms = random.chance(70).then(|| 100 + random.below(9000));
            outside.push((random.below(5000), Outside::SetTimeout(ms)));
        }
        outside.sort_by_key(|(ms, _)| *ms);
        let repairs = repairs(&mut random, count, &tasks);
        Self { seed, plan: serde_json::from_value(plan).unwrap(), outside, repairs }
    }
}

fn repairs(random: &mut Random, count: usize, tasks: &[Value]) -> Vec<Repair> {
    let wanted = if random.chance(50) { 1 + random.below(2) as i64 } else { 0 };
    (0..wanted)
        .map(|n| {
            let all = random.chance(60);
            let mut named = vec![format!("t{}", random.below(count as u64))];
            named.push(format!("t{}", random.below(count as u64)));
            // Sometimes the job has changed since: another run condition everywhere.
            let mut present = tasks.to_vec();
            if random.chance(20) {
                for task in &mut present {
                    task["run_if"] = json!("ALL_DONE");
                }
            }
            Repair {
                repair_id: 100 + n,
                latest_repair_id: (n > 0).then_some(99 + n),
                rerun_all_failed_tasks: all,
                rerun_tasks: if all { Vec::new() } else { named },
                rerun_dependent_tasks: random.chance(40),
                job_parameters: if random.chance(30) {
                    [("list".to_owned(), "[3, \"x\"]".to_owned())].into()
                } else {
                    std::collections::BTreeMap::new()
                },
                tasks: serde_json::from_value(Value::Array(present)).unwrap(),
                ..Repair::default()
            }
        })
        .collect()
}

const RUN_IFS: &[&str] = &[
    "ALL_SUCCESS",
    "ALL_SUCCESS",
    "AT_LEAST_ONE_SUCCESS",
    "NONE_FAILED",
    "ALL_DONE",
    "ALL_DONE",
    "AT_LEAST_ONE_FAILED",
    "ALL_FAILED",
];

fn task(random: &mut Random, n: usize) -> Value {
    let upstream: Vec<usize> = (0..n).filter(|_| random.chance(40)).collect();
    let edges: Vec<Value> = upstream
        .iter()
        .map(|up| match random.below(8) {
            0 => json!({ "task_key": format!("t{up}"), "outcome": "true" }),
            1 => json!({ "task_key": format!("t{up}"), "outcome": "false" }),
            _ => json!({ "task_key": format!("t{up}") }),
        })
        .collect();
    let mut task =
        json!({ "task_key": format!("t{n}"), "depends_on": edges, "run_if": random.pick(RUN_IFS) });
    if random.chance(6) {
        task["disabled"] = json!(true);
    }
    policy(random, &mut task);
    let value =
        upstream.first().map_or("{{job.id}}".to_owned(), |up| format!("{{{{tasks.t{up}.values.n}}}}"));
    match random.below(10) {
        0 | 1 => {
            task["condition_task"] = json!({ "op": "GREATER_THAN", "left": value, "right": "4" });
        }
        2 | 3 => {
            let mut nested = if random.chance(20) {
                json!({ "condition_task": { "op": "LESS_THAN", "left": "{{input}}", "right": "4" } })
            } else {
                json!({ "spark_python_task": { "python_file": "/f.py", "parameters": ["{{input}}"] } })
            };
            nested["task_key"] = json!(format!("n{n}"));
            policy(random, &mut nested);
            let inputs =
                random.pick(&["{{job.parameters.list}}", "[1, 2, 3, 4, 5, 6]", "[]", "[7, 8]", "not a list"]);
            task["for_each_task"] =
                json!({ "inputs": inputs, "concurrency": 1 + random.below(3), "task": nested });
        }
        _ => {
            task["notebook_task"] = json!({ "notebook_path": "/n", "base_parameters": { "v": value } });
            if random.chance(50) {
                task["notebook_task"]["base_parameters"] = json!({});
            }
        }
    }
    task
}

/// Retries and time-outs; they are shown in seconds, so the world's attempts last up to some seconds too.
fn policy(random: &mut Random, task: &mut Value) {
    if random.chance(40) {
        task["max_retries"] = json!(1 + random.below(2));
        task["min_retry_interval_millis"] = json!(random.below(3) * random.below(4000));
    }
    if random.chance(25) {
        task["timeout_seconds"] = json!(1 + random.below(2));
        task["retry_on_timeout"] = json!(random.chance(50));
    }
}
