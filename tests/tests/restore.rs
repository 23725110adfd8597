//! A crash after every record: a restored machine reaches the same end.
//!
//! Random job runs are executed in virtual time by a simulated executor whose behaviour is a pure function of the task
//! key, the attempt and the round. Then, for every prefix of the record, a machine is restored from it at the moment of
//! the crash, is told what the simulated world knows, and runs on. The whole final view must be the same, times included.

#![expect(clippy::unwrap_used, reason = "a test's helpers")]

#[path = "restore/generate.rs"]
mod generate;
#[path = "restore/world.rs"]
mod world;

use generate::Scenario;
use lakeflow_core::execution::RunView;
use world::{Crash, Trace, run, run_on};

fn text(view: &RunView) -> String {
    let rows: Vec<String> = view
        .tasks
        .iter()
        .map(|t| {
            format!(
                "{} {} #{} {:?}..{:?} {:?}",
                t.run_id, t.task_key, t.attempt_number, t.start_time, t.end_time, t.phase
            )
        })
        .collect();
    format!("{:?}\n{}", view.phase, rows.join("\n"))
}

/// What the generated runs must have shown, so that the test cannot pass by generating dull ones.
#[derive(Default, Debug)]
struct Seen {
    retries: usize,
    iterations: usize,
    repairs: usize,
    canceled: usize,
    timed_out: usize,
    conditions: usize,
    prefixes: usize,
}

impl Seen {
    fn add(&mut self, trace: &Trace) {
        let view = &trace.view;
        let outcomes = view.tasks.iter().filter_map(|t| t.phase.end()).map(|end| end.outcome.as_str());
        for outcome in outcomes {
            self.canceled += usize::from(outcome == "CANCELED");
            self.timed_out += usize::from(outcome == "TIMEDOUT");
        }
        self.retries += view.tasks.iter().filter(|t| t.attempt_number > 0).count();
        self.iterations += view.tasks.iter().filter(|t| t.iteration.is_some()).count();
        self.conditions += view.tasks.iter().filter(|t| t.condition_outcome.is_some()).count();
        self.repairs += view.repairs.len() - 1;
        self.prefixes += trace.records.len() + 1;
    }
}

#[test]
fn every_prefix_of_the_record_leads_to_the_same_end() {
    let mut seen = Seen::default();
    for seed in 0..120 {
        let scenario = Scenario::generate(seed);
        let trace = run(&scenario);
        seen.add(&trace);
        for prefix in 0..=trace.records.len() {
            for crash in [Crash::InputLost, Crash::BeforeActs, Crash::AfterActs] {
                let Some(view) = run_on(&scenario, &trace, prefix, crash) else { continue };
                assert!(
                    view == trace.view,
                    "seed {seed}, crash after {prefix} of {} records ({crash:?})\nwithout crash:\n{}\nwith:\n{}",
                    trace.records.len(),
                    text(&trace.view),
                    text(&view)
                );
            }
        }
    }
    let least = [seen.retries, seen.iterations, seen.repairs, seen.canceled, seen.timed_out, seen.conditions];
    assert!(least.iter().all(|n| *n > 20), "{seen:?}");
}

#[test]
fn attempts_that_a_crash_loses_are_retried_by_policy_and_the_run_ends() {
    for seed in 0..100 {
        let scenario = Scenario::generate(seed);
        let trace = run(&scenario);
        for prefix in (0..=trace.records.len()).step_by(3) {
            // The harness checks its invariants on the way; how the run ends depends on what was lost.
            let view = run_on(&scenario, &trace, prefix, Crash::Lost).unwrap();
            assert!(view.phase.is_terminal(), "seed {seed}, prefix {prefix}");
        }
    }
}
