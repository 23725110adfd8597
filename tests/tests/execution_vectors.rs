//! The vectors of admission and of which parameters a task gets.

use lakeflow_core::execution::{
    Admission, Admit, LegacyParameters, admit, apply_legacy, child_parameters, push_down,
};
use lakeflow_core::job::wire::TextMap;
use lakeflow_core::job::{JobParameter, Task};
use lakeflow_core::run::wire::{Level, read, write};
use lakeflow_core::run::{Outcome, Phase};
use lakeflow_tests::vectors;
use serde::Deserialize;
use serde_json::{Value, json};

#[test]
fn admission() {
    for case in vectors::<Admission, Value>("execution_admission.json") {
        let got = match admit(&case.input) {
            Admit::Start => json!("start"),
            Admit::Queue { code, message } => json!({ "queue": code, "message": message }),
            Admit::Skip(end) => {
                assert_eq!(end.outcome, Outcome::MaximumConcurrentRunsReached, "{}", case.name);
                let (state, status) = write(&Phase::Ended(end.clone()), Level::Job);
                assert_eq!(state.life_cycle_state, "SKIPPED", "{}", case.name);
                assert_eq!(read(Some(&state), Some(&status)), Phase::Ended(end.clone()), "{}", case.name);
                json!({ "skip": end.code.as_str() })
            }
        };
        assert_eq!(got, case.expect, "{}: {}", case.name, case.why);
    }
}

#[derive(Deserialize)]
struct Given {
    task: Task,
    parameters: Vec<(String, String)>,
    legacy: LegacyParameters,
}

#[test]
fn parameters() {
    for case in vectors::<Given, Task>("execution_parameters.json") {
        let mut task = case.input.task;
        apply_legacy(&mut task, &case.input.legacy);
        push_down(&mut task, &case.input.parameters);
        assert_eq!(task, case.expect, "{}: {}", case.name, case.why);
    }
}

#[derive(Deserialize)]
struct ChildInput {
    own: TextMap,
    parent: Vec<(String, String)>,
    defined: Vec<String>,
}

#[test]
fn parameters_of_child_runs() {
    for case in vectors::<ChildInput, TextMap>("execution_child_parameters.json") {
        let defined: Vec<JobParameter> = case
            .input
            .defined
            .iter()
            .map(|name| serde_json::from_value(json!({ "name": name, "default": "" })).unwrap())
            .collect();
        let got = child_parameters(&case.input.own, &case.input.parent, &defined);
        assert_eq!(got, case.expect, "{}: {}", case.name, case.why);
    }
}
