//! For-each tasks (reference section 10.2).

use crate::bench::{Bench, RUN, each, given, plan, plan_with, script, task, with};
use lakeflow_core::execution::Input;
use lakeflow_core::id::RunId;
use serde_json::json;

#[test]
fn iterations_keep_to_the_concurrency_and_go_on_after_a_failure() {
    let mut bench = Bench::new(plan(json!([each("e", &[], "[10, \"x\", {\"k\": true}]", 2)])));
    let first: Vec<&str> = bench.starts.iter().map(given).collect();
    assert_eq!(first, ["10", "x"]);
    assert_eq!(bench.started(), ["e_one_0", "e_one_1"]);
    bench.fail("e_one_0");
    assert_eq!(given(&bench.starts[0]), r#"{"k":true}"#);
    assert_eq!(bench.started(), ["e_one_2"]);
    let stats = bench.machine.task_view(RunId(RUN + 1)).unwrap().stats.unwrap();
    assert_eq!((stats.scheduled_iterations, stats.active_iterations, stats.completed_iterations), (0, 2, 1));
    bench.ok("e_one_1");
    bench.ok("e_one_2");
    assert_eq!(bench.job(), "FAILED");
    let stats = bench.machine.task_view(RunId(RUN + 1)).unwrap().stats.unwrap();
    assert_eq!((stats.total_iterations, stats.succeeded_iterations, stats.failed_iterations), (3, 2, 1));
    assert_eq!(stats.errors, [("it broke".to_owned(), 1)]);
    assert_eq!(bench.message("e"), "1 of 3 iterations did not succeed: it broke");
    let keys: Vec<Option<u32>> = bench.machine.view().tasks.iter().map(|t| t.iteration).collect();
    assert_eq!(keys, [None, Some(0), Some(1), Some(2)]);
}

#[test]
fn without_a_concurrency_one_iteration_runs_at_a_time() {
    let mut one = each("e", &[], "[1, 2]", 1);
    one["for_each_task"].as_object_mut().unwrap().remove("concurrency");
    let mut bench = Bench::new(plan(json!([one])));
    assert_eq!(bench.started(), ["e_one_0"]);
    bench.ok("e_one_0");
    assert_eq!(bench.started(), ["e_one_1"]);
}

#[test]
fn no_elements_are_a_success() {
    let bench = Bench::new(plan(json!([each("e", &[], " [] ", 3)])));
    assert_eq!((bench.outcome("e").as_str(), bench.job().as_str()), ("SUCCESS", "SUCCESS"));
}

/// Inputs, job parameters, and what the message says.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

#[test]
fn inputs_that_are_no_list_of_elements_fail_the_task() {
    let long = format!("[{}1]", "1,".repeat(2500));
    let longer = format!("[{}1]", "1,".repeat(5000));
    let by_parameter = [("p", longer.as_str())];
    let cases: [Case<'_>; 7] = [
        ("{\"a\": 1}", &[], "not a JSON array"),
        ("[1, 2", &[], "not JSON"),
        ("[1, null]", &[], "element 1"),
        ("[[1]]", &[], "element 0"),
        ("{{tasks.gone.values.x}}", &[], "{{tasks.gone.values.x}}"),
        (&long, &[], "5003 characters, the limit is 5000"),
        ("{{job.parameters.p}}", &by_parameter, "10003 characters, the limit is 10000"),
    ];
    for (inputs, parameters, wanted) in cases {
        let bench = Bench::new(plan_with(json!([each("e", &[], inputs, 1)]), parameters));
        assert_eq!(bench.outcome("e"), "FAILED");
        assert!(bench.message("e").contains(wanted), "{}", bench.message("e"));
    }
    let mut bench =
        Bench::new(plan_with(json!([each("e", &[], "{{job.parameters.p}}", 1)]), &[("p", &long)]));
    assert_eq!(bench.started().len(), 1, "a parameter may be longer than a literal");
}

#[test]
fn inputs_from_a_task_value_may_have_48_kib() {
    let tasks = json!([task("a", &[]), each("e", &["a"], "{{tasks.a.values.list}}", 1)]);
    let mut bench = Bench::new(plan(tasks));
    bench.started();
    let list: Vec<u32> = (0..8000).collect();
    bench.value("a", "list", json!(list));
    bench.ok("a");
    assert_eq!(bench.started(), ["e_one_0"]);
    let stats = bench.machine.task_view(RunId(RUN + 2)).unwrap().stats.unwrap();
    assert_eq!(stats.total_iterations, 8000);
}

#[test]
fn retries_are_those_of_the_iteration() {
    let mut retried = each("e", &[], "[1, 2]", 1);
    retried["for_each_task"]["task"]["max_retries"] = json!(1);
    let mut bench = Bench::new(plan(json!([retried])));
    bench.fail("e_one_0");
    assert_eq!(bench.started(), ["e_one_0", "e_one_0"], "a retry keeps its place");
    bench.ok("e_one_0");
    assert_eq!(bench.started(), ["e_one_1"]);
    bench.fail("e_one_1");
    bench.ok("e_one_1");
    assert_eq!(bench.job(), "SUCCESS");
    let stats = bench.machine.task_view(RunId(RUN + 1)).unwrap().stats.unwrap();
    assert_eq!(
        (stats.succeeded_iterations, stats.failed_iterations),
        (2, 0),
        "only the newest attempts count"
    );
    let attempts: Vec<(i64, String, u32)> = bench
        .machine
        .view()
        .tasks
        .into_iter()
        .map(|t| (t.run_id.0 - RUN, t.task_key, t.attempt_number))
        .collect();
    let key = |id, key: &str, attempt| (id, key.to_owned(), attempt);
    assert_eq!(
        attempts,
        [
            key(1, "e", 0),
            key(2, "e_one_0", 0),
            key(3, "e_one_1", 0),
            key(4, "e_one_0", 1),
            key(5, "e_one_1", 1)
        ]
    );
}

#[test]
fn conditions_can_be_nested() {
    let nested = json!({ "task_key": "big", "condition_task": { "op": "GREATER_THAN", "left": "{{input.n}}", "right": "2" } });
    let tasks = json!([{ "task_key": "e", "for_each_task": { "inputs": "[{\"n\": 1}, {\"n\": 3}]", "task": nested } }]);
    let bench = Bench::new(plan(tasks));
    assert_eq!(bench.job(), "SUCCESS");
    let outcomes: Vec<Option<bool>> =
        bench.machine.view().tasks.iter().map(|t| t.condition_outcome).collect();
    assert_eq!(outcomes, [None, Some(false), Some(true)]);
}

#[test]
fn stopping_the_for_each_task_stops_its_iterations() {
    let limited = with(each("e", &[], "[1, 2, 3]", 2), json!({ "timeout_seconds": 5 }));
    for (timed_out, outcome) in [(false, "CANCELED"), (true, "TIMEDOUT")] {
        let mut bench = Bench::new(plan(json!([limited])));
        if timed_out {
            bench.at(5000);
        } else {
            bench.input(Input::CancelTask { run: RunId(RUN + 1) });
        }
        assert_eq!(bench.stops, [RunId(RUN + 2), RunId(RUN + 3)]);
        bench.fail("e_one_0");
        assert_eq!(bench.job(), "ACTIVE");
        bench.ok("e_one_1");
        let ends = ["e_one_0", "e_one_1", "e_one_2", "e"].map(|key| bench.outcome(key));
        assert_eq!(ends, [outcome, "SUCCESS", outcome, outcome]);
        assert_eq!(bench.job(), outcome);
    }
}

#[test]
fn one_iteration_can_be_cancelled() {
    let mut bench = Bench::new(plan(json!([each("e", &[], "[1, 2]", 1)])));
    bench.input(Input::CancelTask { run: RunId(RUN + 3) });
    assert_eq!(bench.outcome("e_one_1"), "CANCELED");
    bench.ok("e_one_0");
    assert_eq!((bench.outcome("e").as_str(), bench.job().as_str()), ("FAILED", "FAILED"));
}

#[test]
fn values_of_iterations_are_read_under_the_nested_key() {
    let tasks = json!([each("e", &[], "[1, 2]", 2), script("after", &["e"], "{{tasks.e_one.values.n}}")]);
    let mut bench = Bench::new(plan(tasks));
    bench.value("e_one_1", "n", json!("second"));
    bench.value("e_one_0", "n", json!("first"));
    bench.ok("e_one_0");
    bench.started();
    bench.ok("e_one_1");
    assert_eq!(given(&bench.starts[0]), "first", "the last writer wins");
}

#[test]
fn the_three_most_frequent_errors_are_counted() {
    let mut bench = Bench::new(plan(json!([each("e", &[], "[0,1,2,3,4,5,6]", 100)])));
    for (n, message) in ["b", "a", "b", "c", "d", "c", "b"].iter().enumerate() {
        bench.fail_with(&format!("e_one_{n}"), message);
    }
    let stats = bench.machine.task_view(RunId(RUN + 1)).unwrap().stats.unwrap();
    let expect: Vec<(String, u32)> = [("b", 3), ("c", 2), ("a", 1)].map(|(m, n)| (m.to_owned(), n)).into();
    assert_eq!(stats.errors, expect);
}
