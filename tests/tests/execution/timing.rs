//! Time-outs of tasks and of the job run (reference section 11.2).

use crate::bench::{Bench, plan, task, with};
use lakeflow_core::execution::{Input, Plan};
use serde_json::json;

#[test]
fn a_task_that_exceeds_its_time_out_is_stopped_and_timed_out() {
    let limited = with(task("a", &[]), json!({ "timeout_seconds": 2, "max_retries": 1 }));
    let mut bench = Bench::new(plan(json!([limited, task("b", &["a"])])));
    assert_eq!(bench.until, Some(2000));
    bench.at(1999);
    assert!(bench.stops.is_empty());
    bench.at(2000);
    assert_eq!(bench.stops, [bench.newest("a")]);
    assert_eq!(bench.until, None);
    bench.ms = 2100;
    bench.fail("a");
    assert_eq!((bench.outcome("a").as_str(), bench.outcome("b").as_str()), ("TIMEDOUT", "UPSTREAM_FAILED"));
    assert_eq!(bench.job(), "FAILED", "the leaf did not time out itself");
}

#[test]
fn time_outs_are_retried_only_when_asked_and_count_anew() {
    let limited =
        with(task("a", &[]), json!({ "timeout_seconds": 2, "max_retries": 1, "retry_on_timeout": true }));
    let mut bench = Bench::new(plan(json!([limited])));
    bench.started();
    bench.at(2000);
    bench.ms = 2500;
    bench.fail("a");
    assert_eq!(bench.started(), ["a"]);
    assert_eq!(bench.until, Some(4500));
    bench.at(4500);
    bench.fail("a");
    assert_eq!((bench.outcome("a").as_str(), bench.job().as_str()), ("TIMEDOUT", "TIMEDOUT"));
}

#[test]
fn endless_retries_end_with_success() {
    let stubborn = with(task("a", &[]), json!({ "max_retries": -1 }));
    let mut bench = Bench::new(plan(json!([stubborn])));
    for _ in 0..20 {
        bench.fail("a");
    }
    assert_eq!(bench.started().len(), 21);
    bench.ok("a");
    assert_eq!(bench.job(), "SUCCESS");
    assert_eq!(bench.machine.view().tasks.last().unwrap().attempt_number, 20);
}

#[test]
fn the_time_out_of_the_run_stops_everything() {
    let handler = with(task("c", &["b"]), json!({ "run_if": "ALL_DONE" }));
    let retried = with(task("r", &[]), json!({ "max_retries": 3, "min_retry_interval_millis": 90_000 }));
    let mut limited = plan(json!([task("a", &[]), task("b", &["a"]), handler, retried]));
    limited.timeout_ms = Some(60_000);
    let mut bench = Bench::new(limited);
    bench.started();
    bench.fail("r");
    bench.at(60_000);
    assert_eq!(bench.stops, [bench.newest("a")]);
    bench.fail("a");
    assert!(bench.done && bench.started().is_empty());
    let ends: Vec<String> = ["a", "b", "c", "r"].map(|key| bench.outcome(key)).into();
    assert_eq!(ends, ["TIMEDOUT", "UPSTREAM_FAILED", "UPSTREAM_FAILED", "TIMEDOUT"]);
    assert_eq!(bench.job(), "TIMEDOUT");
}

#[test]
fn the_time_out_of_an_active_run_can_change() {
    let mut bench = Bench::new(plan(json!([task("a", &[])])));
    assert_eq!(bench.until, None);
    bench.ms = 5000;
    bench.input(Input::SetTimeout { timeout_ms: Some(8000) });
    assert_eq!(bench.until, Some(8000), "from the start of the run");
    bench.input(Input::SetTimeout { timeout_ms: None });
    assert_eq!(bench.until, None);
    bench.input(Input::SetTimeout { timeout_ms: Some(4000) });
    assert_eq!(bench.stops, [bench.newest("a")], "it is exceeded already");
}

// LOCAL[triggers] close: `task_retry_mode` `ON_FAILURE`: a failed task is tried again after 30 s, doubling, while another is in its first attempt, the only task of a job three times; then the run fails
#[test]
fn tasks_of_a_continuous_job_are_tried_again_on_failure() {
    let continuous = |tasks| Plan { retry_on_failure: true, ..plan(tasks) };
    let mut bench = Bench::new(continuous(json!([task("a", &[])])));
    let mut at = 0;
    for delay in [30_000, 60_000, 120_000] {
        bench.fail("a");
        at += delay;
        assert_eq!(bench.until, Some(at), "from the start of the attempt that failed");
        bench.at(at);
    }
    bench.fail("a");
    assert_eq!((bench.started().len(), bench.job().as_str()), (4, "FAILED"));

    let mut bench = Bench::new(continuous(json!([task("a", &[]), task("b", &[])])));
    bench.fail("a");
    assert_eq!(bench.until, Some(30_000), "b is in its first attempt");
    bench.at(30_000);
    bench.fail("b");
    assert_eq!(bench.stops, [bench.newest("a")], "a is in its second: the run is given up");
    bench.fail("a");
    assert_eq!((bench.outcome("a").as_str(), bench.outcome("b").as_str()), ("CANCELED", "FAILED"));
    assert_eq!((bench.started().len(), bench.job().as_str()), (3, "FAILED"));
}
