//! Repairs (reference sections 3.16 and 11.6).

use crate::bench::{Bench, EPOCH, RUN, each, given, plan, plan_with, script, task, with};
use lakeflow_core::error::ErrorCode;
use lakeflow_core::execution::{Input, Repair};
use lakeflow_core::id::RunId;
use serde_json::{Value, json};

fn failed_tasks(id: i64, latest: Option<i64>) -> Repair {
    Repair { repair_id: id, rerun_all_failed_tasks: true, latest_repair_id: latest, ..Repair::default() }
}

fn named(id: i64, keys: &[&str]) -> Repair {
    let rerun_tasks = keys.iter().map(|key| (*key).to_owned()).collect();
    Repair { repair_id: id, rerun_tasks, ..Repair::default() }
}

fn repair(repair: Repair) -> Input {
    Input::Repair(Box::new(repair))
}

/// `a → b → c`, and `d` beside them; `b` has failed.
fn broken() -> Bench {
    let mut bench =
        Bench::new(plan(json!([task("a", &[]), task("b", &["a"]), task("c", &["b"]), task("d", &[])])));
    bench.value("a", "n", json!(1));
    bench.ok("a");
    bench.ok("d");
    bench.fail("b");
    bench.started();
    assert_eq!(bench.job(), "FAILED");
    bench
}

#[test]
fn failed_tasks_and_those_skipped_because_of_them_run_again() {
    let mut bench = broken();
    bench.ms = 9000;
    bench.input(repair(failed_tasks(77, None)));
    assert_eq!(bench.started(), ["b"], "c waits for b");
    assert_eq!(bench.job(), "ACTIVE");
    assert_eq!(bench.machine.view().end_time, None);
    bench.ok("b");
    assert_eq!(bench.started(), ["c"]);
    bench.ms = 9500;
    bench.ok("c");
    assert_eq!(bench.job(), "SUCCESS", "derived again from the newest attempts");
    let view = bench.machine.view();
    let rows: Vec<(i64, &str, u32, Option<i64>, bool)> = view
        .tasks
        .iter()
        .map(|t| (t.run_id.0 - RUN, t.task_key.as_str(), t.attempt_number, t.repair_id, t.listed))
        .collect();
    assert_eq!(
        rows,
        [
            (1, "a", 0, None, true),
            (2, "b", 0, None, false),
            (3, "c", 0, None, false),
            (4, "d", 0, None, true),
            (5, "b", 0, Some(77), true),
            (6, "c", 0, Some(77), true),
        ]
    );
    let history: Vec<(Option<i64>, i64, bool, Vec<i64>)> = view
        .repairs
        .iter()
        .map(|r| {
            let runs = r.task_run_ids.iter().map(|run| run.0 - RUN).collect();
            (r.repair_id, r.start_time.0 - EPOCH, r.phase.is_success(), runs)
        })
        .collect();
    assert_eq!(history, [(None, 0, false, vec![1, 2, 3, 4]), (Some(77), 9000, true, vec![5, 6])]);
    assert_eq!(view.end_time.unwrap().0 - EPOCH, 9500);
}

#[test]
fn named_tasks_run_again_and_with_them_what_is_downstream_when_asked() {
    let mut bench = broken();
    bench.input(repair(named(1, &["b"])));
    bench.ok("b");
    assert!(bench.done, "exactly the named tasks");
    assert_eq!((bench.outcome("c").as_str(), bench.job().as_str()), ("UPSTREAM_FAILED", "FAILED"));
    let mut bench = broken();
    bench.input(repair(Repair { rerun_dependent_tasks: true, ..named(1, &["a", "b"]) }));
    assert_eq!(bench.started(), ["a"]);
    bench.ok("a");
    bench.ok("b");
    bench.ok("c");
    assert_eq!(bench.job(), "SUCCESS");
}

#[test]
fn repairs_that_make_no_sense_are_refused() {
    let mut bench = Bench::new(plan(json!([task("a", &[]), task("b", &[])])));
    assert_eq!(bench.refused(repair(failed_tasks(1, None))).0, ErrorCode::InvalidState, "still active");
    bench.ok("a");
    bench.fail("b");
    let both = Repair { rerun_all_failed_tasks: true, ..named(1, &["b"]) };
    assert_eq!(bench.refused(repair(both)).0, ErrorCode::InvalidArgument);
    assert_eq!(bench.refused(repair(Repair::default())).0, ErrorCode::InvalidArgument);
    let (code, message) = bench.refused(repair(named(1, &["x", "b", "y"])));
    assert_eq!(code, ErrorCode::InvalidArgument);
    assert!(message.contains("\"x\"") && message.contains("\"y\""), "{message}");
    assert_eq!(bench.refused(repair(named(1, &["a"]))).0, ErrorCode::InvalidState, "nothing to repair");
    assert_eq!(bench.refused(repair(failed_tasks(1, Some(5)))).0, ErrorCode::InvalidArgument);
    bench.input(repair(failed_tasks(10, None)));
    bench.fail("b");
    for wrong in [None, Some(9)] {
        assert_eq!(bench.refused(repair(failed_tasks(11, wrong))).0, ErrorCode::InvalidArgument);
    }
    bench.input(repair(failed_tasks(11, Some(10))));
    bench.ok("b");
    assert_eq!(bench.job(), "SUCCESS");
    assert_eq!(bench.refused(repair(failed_tasks(12, Some(11)))).0, ErrorCode::InvalidState);
}

#[test]
fn task_values_stay_and_references_count_on() {
    let text = "{{tasks.a.values.n}} {{task.execution_count}} {{job.repair_count}} {{tasks.b.result_state}}";
    let after = with(script("c", &["a", "b"], text), json!({ "run_if": "ALL_DONE" }));
    let mut bench = Bench::new(plan(json!([task("a", &[]), task("b", &[]), after])));
    bench.value("a", "n", json!("kept"));
    bench.ok("a");
    bench.fail("b");
    bench.fail("c");
    bench.starts.clear();
    bench.input(repair(named(1, &["c"])));
    assert_eq!(given(&bench.starts[0]), "kept 2 1 failed");
}

#[test]
fn parameters_fall_back_to_the_original_run() {
    let tasks = json!([script("a", &[], "{{job.parameters.x}} {{job.parameters.y}}")]);
    let mut bench = Bench::new(plan_with(tasks, &[("x", "run"), ("y", "run")]));
    bench.fail("a");
    let with_x = |id: i64, latest: Option<i64>, x: Option<&str>| Repair {
        job_parameters: x.map(|x| ("x".to_owned(), x.to_owned())).into_iter().collect(),
        ..failed_tasks(id, latest)
    };
    bench.starts.clear();
    bench.input(repair(with_x(1, None, Some("first"))));
    assert_eq!(given(&bench.starts[0]), "first run");
    assert_eq!(bench.machine.view().parameters[0].value, "first");
    bench.fail("a");
    bench.input(repair(with_x(2, Some(1), None)));
    assert_eq!(given(&bench.starts[1]), "run run");
}

#[test]
fn tasks_run_again_as_they_are_defined_now() {
    let mut bench = broken();
    let present = json!([
        task("a", &[]),
        with(task("b", &[]), json!({ "notebook_task": { "notebook_path": "/fixed" } })),
        task("new", &[]),
        task("d", &["b", "new"]),
    ]);
    let tasks = serde_json::from_value(present).unwrap();
    bench.input(repair(Repair { tasks, ..failed_tasks(1, None) }));
    assert_eq!(bench.starts[0].task.notebook_task.as_ref().unwrap().notebook_path, "/fixed");
    assert_eq!(bench.started(), ["b"]);
    bench.ok("b");
    assert_eq!(bench.started(), ["c"], "a task that the job no longer has runs as the run knows it");
    let old = bench.machine.task_view(RunId(RUN + 2)).unwrap();
    assert_eq!(old.task.notebook_task.as_ref().unwrap().notebook_path, "/n", "history stays");
    bench.ok("c");
    let cycle: Value = json!([task("b", &["c"]), task("c", &["b"])]);
    let mut bench = broken();
    let tasks = serde_json::from_value(cycle).unwrap();
    let (code, message) = bench.refused(repair(Repair { tasks, ..failed_tasks(1, None) }));
    assert_eq!(code, ErrorCode::InvalidDefinition);
    assert!(message.contains("b <- c") || message.contains("c <- b"), "{message}");
}

#[test]
fn a_disabled_task_runs_when_a_repair_names_it() {
    let off = with(task("off", &[]), json!({ "disabled": true }));
    let mut bench = Bench::new(plan(json!([off, task("a", &[])])));
    bench.fail("a");
    bench.started();
    bench.input(repair(named(1, &["off"])));
    assert_eq!(bench.started(), ["off"]);
}

#[test]
fn only_failed_iterations_run_again() {
    let mut bench = Bench::new(plan_with(
        json!([each("e", &[], "{{job.parameters.list}}", 5)]),
        &[("list", "[1, 2, 3]")],
    ));
    bench.ok("e_one_0");
    bench.fail("e_one_1");
    bench.ok("e_one_2");
    bench.started();
    bench.input(repair(failed_tasks(1, None)));
    assert_eq!(bench.started(), ["e_one_1"]);
    let parent = bench.newest("e");
    let stats = bench.machine.task_view(parent).unwrap().stats.unwrap();
    assert_eq!((stats.total_iterations, stats.succeeded_iterations, stats.active_iterations), (3, 2, 1));
    let offsets: Vec<i64> = bench.machine.iterations(parent).iter().map(|run| run.0 - RUN).collect();
    assert_eq!(offsets, [2, 6, 4], "kept iterations stay those of the first run");
    let listed: Vec<i64> =
        bench.machine.view().tasks.iter().filter(|t| t.listed).map(|t| t.run_id.0 - RUN).collect();
    assert_eq!(listed, [2, 4, 5, 6]);
    bench.ok("e_one_1");
    assert_eq!((bench.outcome("e").as_str(), bench.job().as_str()), ("SUCCESS", "SUCCESS"));
}

#[test]
fn other_inputs_run_every_iteration_again() {
    let mut bench =
        Bench::new(plan_with(json!([each("e", &[], "{{job.parameters.list}}", 5)]), &[("list", "[1, 2]")]));
    bench.ok("e_one_0");
    bench.fail("e_one_1");
    bench.started();
    let job_parameters = [("list".to_owned(), "[1, 5]".to_owned())].into();
    bench.input(repair(Repair { job_parameters, ..failed_tasks(1, None) }));
    assert_eq!(bench.started(), ["e_one_0", "e_one_1"]);
}

#[test]
fn a_cancelled_run_can_be_repaired_and_its_time_out_counts_anew() {
    let mut limited = plan(json!([task("a", &[]), task("b", &["a"])]));
    limited.timeout_ms = Some(1000);
    let mut bench = Bench::new(limited);
    bench.input(Input::CancelRun);
    bench.fail("a");
    assert_eq!(bench.job(), "CANCELED");
    bench.ms = 50_000;
    bench.started();
    bench.input(repair(failed_tasks(1, None)));
    assert_eq!((bench.started(), bench.until), (vec!["a".to_owned()], Some(51_000)));
    bench.ok("a");
    bench.ok("b");
    assert_eq!(bench.job(), "SUCCESS");
}
