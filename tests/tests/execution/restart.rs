//! What a restored machine does with attempts that were in flight (the prefixes are in `restore.rs`).

use crate::bench::{Bench, RUN, now, plan, task, with};
use lakeflow_core::error::ErrorCode;
use lakeflow_core::execution::{Change, Exit, Input, Machine, Output, Plan};
use lakeflow_core::id::RunId;
use lakeflow_core::run::{Outcome, TerminationCode};
use serde_json::json;

/// All that is waiting in a machine.
fn drained(machine: &mut Machine) -> Vec<Output> {
    let mut outputs = Vec::new();
    loop {
        match machine.poll() {
            output @ (Output::Wait { .. } | Output::Done) => {
                outputs.push(output);
                return outputs;
            }
            output => outputs.push(output),
        }
    }
}

fn restored(plan: Plan, records: &[Change], ms: u64) -> (Machine, Vec<Output>) {
    let mut machine = Machine::restore(plan, records.to_vec(), now(ms)).unwrap();
    let outputs = drained(&mut machine);
    (machine, outputs)
}

const A: RunId = RunId(RUN + 1);

fn is_stop(output: &Output) -> bool {
    matches!(output, Output::Stop { run, .. } if *run == A)
}

#[test]
fn in_flight_attempts_are_asked_for_before_anything_else() {
    let bench = Bench::new(plan(json!([task("a", &[]), task("b", &["a"])])));
    let (mut machine, outputs) =
        restored(plan(json!([task("a", &[]), task("b", &["a"])])), &bench.records, 50);
    assert_eq!(outputs[0], Output::Recover { run: A });
    assert!(matches!(outputs[1], Output::Wait { .. }), "{outputs:?}");
    machine.handle(now(60), Input::NeverStarted { run: A }).unwrap();
    let outputs = drained(&mut machine);
    assert!(matches!(&outputs[0], Output::Record(change) if matches!(**change, Change::Restarted { .. })));
    assert!(matches!(&outputs[1], Output::Start(start) if start.run == A && start.attempt_number == 0));
    let again = machine.handle(now(60), Input::StillRunning { run: A }).unwrap_err();
    assert_eq!(again.code, ErrorCode::InvalidTransition);
}

#[test]
fn an_attempt_that_was_being_stopped_is_stopped_again_or_ended() {
    let mut bench = Bench::new(plan(json!([task("a", &[])])));
    bench.input(Input::CancelRun);
    let (mut machine, outputs) = restored(plan(json!([task("a", &[])])), &bench.records, 50);
    assert!(!outputs.iter().any(is_stop), "not before the driver knows it");
    machine.handle(now(60), Input::StillRunning { run: A }).unwrap();
    assert!(drained(&mut machine).iter().any(is_stop));
    let (mut machine, _) = restored(plan(json!([task("a", &[])])), &bench.records, 50);
    machine.handle(now(60), Input::NeverStarted { run: A }).unwrap();
    assert_eq!(machine.phase().end().unwrap().outcome, Outcome::Canceled);
}

#[test]
fn time_outs_count_on_over_a_restart_and_are_looked_at_when_the_attempt_is_found() {
    let limited = || plan(json!([with(task("a", &[]), json!({ "timeout_seconds": 10 }))]));
    let bench = Bench::new(limited());
    // 4 s after the start: 6 s are left.
    let (mut machine, _) = restored(limited(), &bench.records, 4000);
    machine.handle(now(4000), Input::StillRunning { run: A }).unwrap();
    let Some(Output::Wait { until, .. }) = drained(&mut machine).pop() else { unreachable!() };
    assert_eq!(until.unwrap().0, 10_000);
    // Long after: an attempt that is over keeps its own end, one that runs is stopped.
    let (mut machine, outputs) = restored(limited(), &bench.records, 60_000);
    assert!(!outputs.iter().any(is_stop));
    let exit = Exit {
        outcome: Outcome::Success,
        code: TerminationCode::Success,
        message: String::new(),
        output: None,
    };
    machine.handle(now(60_000), Input::Exited { run: A, exit }).unwrap();
    assert!(machine.phase().is_success());
    let (mut machine, _) = restored(limited(), &bench.records, 60_000);
    machine.handle(now(60_000), Input::StillRunning { run: A }).unwrap();
    assert!(drained(&mut machine).iter().any(is_stop));
}

#[test]
fn a_process_clock_that_begins_at_zero_counts_right() {
    let limited = || plan(json!([with(task("a", &[]), json!({ "timeout_seconds": 10 }))]));
    let bench = Bench::new(limited());
    let mut later = now(7000);
    later.tick.0 = 0;
    let mut machine = Machine::restore(limited(), bench.records.clone(), later).unwrap();
    machine.handle(later, Input::StillRunning { run: A }).unwrap();
    let Some(Output::Wait { until, .. }) = drained(&mut machine).pop() else { unreachable!() };
    assert_eq!(until.unwrap().0, 3000);
}

#[test]
fn records_of_another_run_are_refused() {
    let bench = Bench::new(plan(json!([task("a", &[]), task("b", &["a"])])));
    let mut gap = bench.records.clone();
    gap.remove(0);
    let mut twice = bench.records.clone();
    twice.extend(bench.records.clone());
    let other = vec![
        bench.records[0].clone(),
        serde_json::from_value(json!({
            "change": "executing", "run": RUN + 9, "at": 5
        }))
        .unwrap(),
    ];
    for records in [gap, twice, other] {
        let error = Machine::restore(plan(json!([task("a", &[])])), records, now(0)).unwrap_err();
        assert_eq!(error.code, ErrorCode::Malformed, "{error}");
    }
}
