//! Readiness, run conditions, retries, time-outs, cancels, references, task values (reference sections 9, 11, 13, 14).

use crate::bench::{Bench, RUN, each, given, now, plan, plan_with, script, task, with};
use lakeflow_core::error::ErrorCode;
use lakeflow_core::execution::{Exit, Input, Machine};
use lakeflow_core::id::RunId;
use lakeflow_core::run::{Outcome, TerminationCode};
use serde_json::{Value, json};

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
    let tasks = bench.machine.view().tasks;
    assert_eq!(tasks[2].retry_time, tasks[0].start_time.map(|at| at + 1000), "a page counts down to it");
    bench.at(999);
    assert!(bench.started().is_empty());
    bench.at(1000);
    assert_eq!(bench.started(), ["a"]);
    assert_eq!(bench.machine.view().tasks[2].retry_time, None);
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
}

#[test]
fn a_cancelled_task_lets_its_handlers_run() {
    let handler = with(task("handler", &["a"]), json!({ "run_if": "AT_LEAST_ONE_FAILED" }));
    let mut bench = Bench::new(plan(json!([task("a", &[]), handler, task("b", &["a"])])));
    bench.started();
    let run = bench.newest("a");
    bench.input(Input::CancelTask { run });
    assert_eq!(bench.stops, [run]);
    bench.input(Input::CancelTask { run });
    assert_eq!(bench.stops, [run], "asked once");
    bench.fail("a");
    assert_eq!(bench.started(), ["handler"]);
    bench.ok("handler");
    assert_eq!(
        (bench.outcome("a"), bench.outcome("b")),
        ("CANCELED".to_owned(), "UPSTREAM_CANCELED".to_owned())
    );
    assert_eq!(bench.job(), "CANCELED");
}

#[test]
fn cancelled_attempts_are_not_retried() {
    let retried = with(task("a", &[]), json!({ "max_retries": 5, "min_retry_interval_millis": 1000 }));
    let mut bench = Bench::new(plan(json!([retried])));
    bench.fail("a");
    assert_eq!(bench.outcome("a"), "WaitingForRetry");
    let run = bench.newest("a");
    bench.input(Input::CancelTask { run });
    assert_eq!((bench.outcome("a").as_str(), bench.job().as_str()), ("CANCELED", "CANCELED"));
    assert_eq!(bench.machine.view().tasks.len(), 2);
}

#[test]
fn an_attempt_that_succeeds_while_it_is_stopped_has_succeeded() {
    let mut bench = Bench::new(plan(json!([task("a", &[])])));
    bench.input(Input::CancelRun);
    bench.ok("a");
    assert_eq!((bench.outcome("a").as_str(), bench.job().as_str()), ("SUCCESS", "CANCELED"));
}

#[test]
fn failed_runs_name_the_failed_task() {
    let mut bench = Bench::new(plan(json!([task("a", &[]), task("b", &["a"]), task("c", &["b"])])));
    bench.fail("a");
    assert_eq!(
        bench.job_message(),
        "Task a failed with message: it broke. This caused all downstream tasks to get skipped."
    );
    assert_eq!(bench.message("c"), "An upstream task failed.");
    let mut bench = Bench::new(plan(json!([task("a", &[]), task("b", &[])])));
    bench.ok("a");
    bench.fail("b");
    assert_eq!(bench.job_message(), "Task b failed with message: it broke.");
}

#[test]
fn a_failure_that_a_handler_absorbed_is_not_blamed() {
    let handler = with(task("h", &["a"]), json!({ "run_if": "ALL_DONE" }));
    let mut bench = Bench::new(plan(json!([task("a", &[]), handler, task("z", &[])])));
    bench.fail("a");
    bench.ok("h");
    bench.fail("z");
    assert_eq!(bench.job_message(), "Task z failed with message: it broke.");
}

#[test]
fn disabled_tasks_end_at_once_unless_they_are_forced() {
    let tasks = json!([
        task("a", &[]),
        with(task("off", &["a"]), json!({ "disabled": true })),
        with(task("after", &["off"]), json!({ "run_if": "ALL_DONE" })),
        task("never", &["off"])
    ]);
    let mut bench = Bench::new(plan(tasks.clone()));
    assert_eq!(bench.started(), ["a", "after"], "a disabled task waits for nothing");
    assert_eq!((bench.outcome("off").as_str(), bench.outcome("never").as_str()), ("DISABLED", "DISABLED"));
    let mut forced = plan(tasks);
    forced.forced.insert("off".to_owned());
    let mut bench = Bench::new(forced);
    bench.ok("a");
    assert_eq!(bench.started(), ["a", "off"]);
}

#[test]
fn a_run_in_which_nothing_runs_is_skipped_and_no_success() {
    let off = with(task("a", &[]), json!({ "disabled": true }));
    let bench = Bench::new(plan(json!([off])));
    assert!(bench.done);
    assert!(!bench.machine.phase().is_success());
    assert_eq!(bench.machine.phase().end().unwrap().code.as_str(), "SKIPPED");
}

#[test]
fn references_are_resolved_just_before_each_attempt() {
    let text = "{{job.parameters.day}} {{tasks.a.values.n}} {{task.execution_count}} {{task.run_id}} {{tasks.a.result_state}}";
    let reader = with(script("b", &["a"], text), json!({ "max_retries": 1 }));
    let mut bench = Bench::new(plan_with(json!([task("a", &[]), reader]), &[("day", "of {{job.run_id}}")]));
    assert_eq!(
        bench.starts[0].task.notebook_task.as_ref().unwrap().base_parameters.get("day"),
        Some("of 1000")
    );
    bench.started();
    bench.value("a", "n", json!({ "x": [1, true] }));
    bench.ok("a");
    assert_eq!(given(&bench.starts[0]), r#"of 1000 {"x":[1,true]} 1 1002 success"#);
    assert_eq!(bench.starts[0].parameters, [("day".to_owned(), "of 1000".to_owned())]);
    bench.started();
    bench.fail("b");
    assert_eq!(given(&bench.starts[0]), r#"of 1000 {"x":[1,true]} 2 1003 success"#);
    assert_eq!(bench.machine.view().parameters[0].value, "of 1000");
}

#[test]
fn every_unresolved_reference_is_told_and_the_task_fails_without_a_retry() {
    let reader = with(
        script("b", &["a"], "{{tasks.a.values.none}} and {{tasks.c.values.n}} {{my.text}}"),
        json!({ "max_retries": 3 }),
    );
    let mut bench = Bench::new(plan(json!([task("a", &[]), reader, task("c", &[])])));
    bench.ok("a");
    let end = bench.machine.task_view(bench.newest("b")).unwrap().phase.end().unwrap().clone();
    assert_eq!((end.outcome, end.code.as_str()), (Outcome::Failed, "INVALID_RUN_CONFIGURATION"));
    assert!(end.message.contains("{{tasks.a.values.none}}"), "{}", end.message);
    assert!(end.message.contains("{{tasks.c.values.n}}"), "{}", end.message);
    assert!(!end.message.contains("{{my.text}}"), "an unknown namespace is literal text: {}", end.message);
    assert_eq!(bench.machine.view().tasks.len(), 3, "no retry");
}

#[test]
fn a_parameter_that_cannot_be_resolved_fails_the_tasks_that_get_it() {
    let tasks = json!([
        task("pushed", &[]),
        script("other", &[], "plain"),
        script("named", &[], "{{job.parameters.p}}")
    ]);
    let mut bench = Bench::new(plan_with(tasks, &[("p", "{{job.nothing}}")]));
    assert_eq!(bench.started(), ["other"]);
    assert!(bench.message("pushed").contains("job parameter \"p\""), "{}", bench.message("pushed"));
    assert!(bench.message("named").contains("{{job.nothing}}"), "{}", bench.message("named"));
}

#[test]
fn task_values_have_limits() {
    let mut bench = Bench::new(plan(json!([task("a", &[]), task("b", &[])])));
    let value = |run: RunId, key: &str, value: Value| Input::Value { run, key: key.to_owned(), value };
    let (a, b) = (bench.newest("a"), bench.newest("b"));
    // JSON text counts: two quotes and 48 KiB minus two letters fit.
    bench.input(value(a, "big", json!("x".repeat(48 * 1024 - 2))));
    let (code, message) = bench.refused(value(a, "big", json!("x".repeat(48 * 1024 - 1))));
    assert_eq!(code, ErrorCode::LimitExceeded);
    assert!(message.contains("49153") && message.contains("49152"), "{message}");
    for n in 1..250 {
        bench.input(value(a, &format!("k{n}"), json!(n)));
    }
    bench.input(value(a, "k1", json!("again")));
    let (code, message) = bench.refused(value(b, "one_more", json!(1)));
    assert_eq!(code, ErrorCode::LimitExceeded);
    assert_eq!(message, "A maximum of 250 task values per job run is allowed");
    bench.ok("a");
    assert_eq!(bench.refused(value(a, "late", json!(1))).0, ErrorCode::InvalidTransition);
}

#[test]
fn late_inputs_are_swallowed_or_refused_as_documented() {
    let mut bench = Bench::new(plan(json!([task("a", &[])])));
    let run = bench.newest("a");
    let exit = || Exit {
        outcome: Outcome::Success,
        code: TerminationCode::Success,
        message: String::new(),
        output: None,
    };
    bench.ok("a");
    for late in [Input::Timeout, Input::Started { run }, Input::CancelRun, Input::CancelTask { run }] {
        bench.input(late);
    }
    assert!(bench.done);
    assert_eq!(bench.job(), "SUCCESS");
    for late in [
        Input::Exited { run, exit: exit() },
        Input::Value { run, key: "k".to_owned(), value: json!(1) },
        Input::StillRunning { run },
        Input::NeverStarted { run },
    ] {
        assert_eq!(bench.refused(late).0, ErrorCode::InvalidTransition);
    }
    for unknown in [RunId(RUN), RunId(RUN + 2), RunId(i64::MIN)] {
        assert_eq!(bench.refused(Input::Exited { run: unknown, exit: exit() }).0, ErrorCode::NotFound);
    }
}

#[test]
fn invalid_plans_are_refused() {
    let twice = json!([task("a", &[]), task("a", &[])]);
    let cycle = json!([task("a", &["c"]), task("b", &["a"]), task("c", &["b"])]);
    let nothing = json!([{ "task_key": "a" }]);
    let nested =
        json!([{ "task_key": "a", "for_each_task": { "inputs": "[]", "task": each("b", &[], "[]", 1) } }]);
    for (tasks, wanted) in [
        (json!([]), "no tasks"),
        (twice, "duplicate"),
        (cycle, "a <- c <- b"),
        (nothing, "exactly one"),
        (nested, "nests"),
    ] {
        let error = Machine::new(plan(tasks), now(0)).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidDefinition);
        assert!(error.message.contains(wanted), "{error}");
    }
    let mut high = plan(json!([task("a", &[])]));
    high.run_id = RunId(i64::MAX - 5);
    assert!(Machine::new(high, now(0)).is_err());
}

#[test]
fn what_changed_is_told_once() {
    let mut bench = Bench::new(plan(json!([task("a", &[]), task("b", &["a"])])));
    assert_eq!(bench.machine.take_changed(), [RunId(RUN), RunId(RUN + 1), RunId(RUN + 2)]);
    assert!(bench.machine.take_changed().is_empty());
    bench.input(Input::Started { run: RunId(RUN + 1) });
    assert_eq!(bench.machine.take_changed(), [RunId(RUN + 1)]);
    bench.ok("a");
    assert_eq!(bench.machine.take_changed(), [RunId(RUN + 1), RunId(RUN + 2)]);
    bench.ok("b");
    assert_eq!(bench.machine.take_changed(), [RunId(RUN), RunId(RUN + 2)]);
}
