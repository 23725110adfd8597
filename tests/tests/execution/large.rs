//! Large runs: nothing here may cost more than the tasks that change. A machine that looked at every task in every
//! step would make these tests take minutes; they take moments.

use crate::bench::{Bench, each, plan, plan_with, task};
use serde_json::{Value, json};

#[test]
fn a_chain_of_a_thousand_tasks() {
    let tasks: Vec<Value> = (0..1000)
        .map(|n| match n {
            0 => task("t0", &[]),
            n => task(&format!("t{n}"), &[&format!("t{}", n - 1)]),
        })
        .collect();
    let mut bench = Bench::new(plan(Value::Array(tasks)));
    for n in 0..1000 {
        let start = bench.starts.pop().unwrap();
        assert_eq!(start.task_key, format!("t{n}"));
        bench.exit_of(start.run);
    }
    assert_eq!(bench.job(), "SUCCESS");
}

#[test]
fn a_thousand_tasks_that_join() {
    let mut tasks: Vec<Value> = (0..999).map(|n| task(&format!("t{n}"), &[])).collect();
    let keys: Vec<String> = (0..999).map(|n| format!("t{n}")).collect();
    tasks.push(task("join", &keys.iter().map(String::as_str).collect::<Vec<_>>()));
    let mut bench = Bench::new(plan(Value::Array(tasks)));
    let starts = std::mem::take(&mut bench.starts);
    assert_eq!(starts.len(), 999);
    for start in starts {
        bench.exit_of(start.run);
    }
    assert_eq!(bench.started(), ["join"]);
}

#[test]
fn a_thousand_conditions_in_a_row_are_decided_at_once() {
    let tasks: Vec<Value> = (0..1000)
        .map(|n: u32| {
            let upstream: Vec<Value> = n
                .checked_sub(1)
                .map(|up| json!({ "task_key": format!("t{up}"), "outcome": "true" }))
                .into_iter()
                .collect();
            let op = json!({ "op": "EQUAL_TO", "left": "{{job.parameters.p}}", "right": "x" });
            json!({ "task_key": format!("t{n}"), "depends_on": upstream, "condition_task": op })
        })
        .collect();
    let bench = Bench::new(plan_with(Value::Array(tasks), &[("p", "x")]));
    assert_eq!(bench.job(), "SUCCESS");
    assert_eq!(bench.records.len(), 1002);
}

#[test]
fn a_thousand_iterations() {
    let inputs = format!("{:?}", (0..1000).collect::<Vec<u32>>());
    let mut bench = Bench::new(plan(json!([each("e", &[], &inputs, 100)])));
    let mut done = 0;
    while let Some(start) = bench.starts.pop() {
        done += 1;
        bench.exit_of(start.run);
    }
    assert_eq!((done, bench.job().as_str()), (1000, "SUCCESS"));
}
