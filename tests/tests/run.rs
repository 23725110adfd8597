//! The two wire forms of a run's phase: the table of reference section 8.4 in both directions.

use lakeflow_core::run::wire::{Level, RunState, RunStatus, read, write};
use lakeflow_core::run::{End, Outcome, Phase, TerminationCode};
use lakeflow_tests::vectors;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Written {
    level: String,
    phase: Phase,
}

#[test]
fn phases_are_written_in_both_forms_and_read_back() {
    for case in vectors::<Written, Value>("run_write.json") {
        let level = if case.input.level == "job" { Level::Job } else { Level::Task };
        let (state, status) = write(&case.input.phase, level);
        assert_eq!(json!({ "state": state, "status": status }), case.expect, "{}: {}", case.name, case.why);
        assert_eq!(read(Some(&state), Some(&status)), case.input.phase, "{}: read back", case.name);
    }
}

#[derive(Deserialize)]
struct Found {
    state: Option<RunState>,
    status: Option<RunStatus>,
}

#[derive(Deserialize)]
struct Meant {
    phase: Phase,
    terminal: bool,
    success: bool,
}

#[test]
fn phases_are_read_from_either_form() {
    for case in vectors::<Found, Meant>("run_read.json") {
        let phase = read(case.input.state.as_ref(), case.input.status.as_ref());
        assert_eq!(phase, case.expect.phase, "{}: {}", case.name, case.why);
        assert_eq!(phase.is_terminal(), case.expect.terminal, "{}", case.name);
        assert_eq!(phase.is_success(), case.expect.success, "{}", case.name);
    }
}

/// Whatever a failed run is written as, and whichever of the two forms a reader has, it is not read as success.
#[test]
fn failure_never_reads_as_success() {
    for outcome in Outcome::KNOWN.iter().chain(&["EVICTED", ""]) {
        for code in TerminationCode::KNOWN.iter().chain(&["BUDGET_GONE", ""]) {
            let end = json!({ "phase": "ended", "outcome": outcome, "code": code, "message": "" });
            let phase: Phase = serde_json::from_value(end).unwrap();
            let code_succeeds = code.starts_with("SUCCESS");
            for level in [Level::Job, Level::Task] {
                let (state, status) = write(&phase, level);
                assert_eq!(read(Some(&state), None).is_success(), phase.is_success(), "{outcome} {code}");
                assert_eq!(read(None, Some(&status)).is_success(), code_succeeds, "{outcome} {code}");
                assert_eq!(read(Some(&state), Some(&status)).is_success(), code_succeeds, "{outcome} {code}");
            }
        }
    }
}

#[test]
fn every_state_has_the_word_under_which_pages_show_it() {
    let end = |outcome, code| Phase::Ended(End::new(outcome, code, ""));
    let cases = [
        (Phase::Blocked, "BLOCKED", "BLOCKED"),
        (Phase::Queued { code: String::new(), message: String::new() }, "QUEUED", "QUEUED"),
        (Phase::WaitingForRetry, "WAITING_FOR_RETRY", "WAITING_FOR_RETRY"),
        (Phase::Terminating(End::success()), "TERMINATING", "TERMINATING"),
        (Phase::Ended(End::success()), "SUCCESS", "SUCCESS"),
        (end(Outcome::Failed, TerminationCode::RunExecutionError), "FAILED", "FAILED"),
        (end(Outcome::Failed, TerminationCode::InternalError), "INTERNAL_ERROR", "INTERNAL_ERROR"),
        (end(Outcome::TimedOut, TerminationCode::Canceled), "TIMEDOUT", "TIMEDOUT"),
        (end(Outcome::UpstreamFailed, TerminationCode::Skipped), "UPSTREAM_FAILED", "UPSTREAM_FAILED"),
        (end(Outcome::Excluded, TerminationCode::Skipped), "SKIPPED", "EXCLUDED"),
        (Phase::Unknown { state: "NEW_WORD".to_owned() }, "NEW_WORD", "NEW_WORD"),
    ];
    for (phase, of_job, of_task) in cases {
        assert_eq!(phase.state_key(Level::Job), of_job);
        assert_eq!(phase.state_key(Level::Task), of_task);
    }
}

#[test]
fn runs_are_shown_as_the_vectors_say() {
    for case in vectors::<serde_json::Value, serde_json::Value>("run_view.json") {
        let view = lakeflow_core::door::call("run_view", &case.input.to_string()).expect("a view");
        assert_eq!(view, case.expect, "{}: {}", case.name, case.why);
    }
}
