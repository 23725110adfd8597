//! The vectors of the wait machine, driven in virtual time, and what must hold for every wait.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use lakeflow_core::api::{RepairRun, Request, Response, RunNow, fault};
use lakeflow_core::error::Error;
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::time::{Tick, WallTime};
use lakeflow_core::wait::{
    CallId, Goal, Input, Now, Output, PollSchedule, Verdict, Wait, WaitEnd, WaitOptions,
};
use lakeflow_tests::vectors;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};

const RUN: RunId = RunId(7);

#[derive(Deserialize)]
struct Scenario {
    goal: String,
    answers: VecDeque<Value>,
    timeout_ms: Option<u64>,
    #[serde(default)]
    cancel_on_timeout: bool,
}

#[derive(Deserialize)]
struct Expected {
    verdict: String,
    error: Option<String>,
    calls: Option<Vec<String>>,
    changes: Vec<String>,
    #[serde(default)]
    failures: BTreeMap<String, Option<String>>,
    ended_at: Option<u64>,
    not_before: Option<u64>,
    run_id: Option<i64>,
    latest_repair_id: Option<i64>,
}

fn goal(name: &str) -> Goal {
    let run_now = |token: Option<&str>| {
        let idempotency_token = token.map(str::to_owned);
        Goal::RunNow(Box::new(RunNow { job_id: JobId(1), idempotency_token, ..RunNow::default() }))
    };
    match name {
        "run_now" => run_now(Some("t")),
        "run_now_without_token" => run_now(None),
        "adopt" => Goal::Adopt(RUN),
        "cancel" => Goal::Cancel(RUN),
        "repair" => Goal::Repair(Box::new(RepairRun {
            run_id: RUN,
            rerun_all_failed_tasks: Some(true),
            ..RepairRun::default()
        })),
        other => panic!("no goal {other}"),
    }
}

fn status(state: &Value, code: &Value) -> Value {
    match code {
        Value::Null => json!({"state": state}),
        code => {
            let kind = if code == "SKIPPED" { "CLIENT_ERROR" } else { "SUCCESS" };
            json!({"state": state, "termination_details": {"code": code, "type": kind}})
        }
    }
}

/// The run that an answer of a vector describes.
fn run(answer: &Value) -> Value {
    let mut run = json!({"run_id": RUN, "job_id": 1});
    if let Some(legacy) = answer.get("legacy") {
        run["state"] = json!({"life_cycle_state": legacy, "result_state": answer["result"]});
    } else {
        run["status"] = status(&answer["state"], &answer["code"]);
    }
    if let Some(token) = answer.get("token") {
        run["next_page_token"] = token.clone();
    }
    let tasks = answer["tasks"].as_array().cloned().unwrap_or_default();
    run["tasks"] = tasks
        .iter()
        .enumerate()
        .map(|(n, task)| {
            json!({
                "task_key": task["key"], "run_id": 100 + n, "attempt_number": task["attempt"].as_i64().unwrap_or(0),
                "status": status(&json!("TERMINATED"), &task["code"]),
            })
        })
        .collect();
    let repairs = answer["repairs"].as_array().cloned().unwrap_or_default();
    run["repair_history"] = repairs.iter().map(|id| json!({"id": id})).collect();
    run
}

/// What the transport brings for an answer of a vector; `None` for one that never comes.
fn bring(request: &Request, answer: &Value) -> Option<Result<Response, Error>> {
    let fault = |kind| Some(Err(fault::transport(request.operation, kind, "the connection failed")));
    let ok = |body: String| Response { status: 200, headers: Vec::new(), body: body.into_bytes() };
    match answer["fault"].as_str() {
        Some("hang") => return None,
        Some("connect") => return fault(fault::TransportFault::Connect),
        Some("broken") => return fault(fault::TransportFault::Broken),
        Some("timeout") => return fault(fault::TransportFault::Timeout),
        Some(other) => panic!("no fault {other}"),
        None => {}
    }
    if let Some(status) = answer["status"].as_u64() {
        let retry_after = answer["retry_after"].as_str();
        let headers = retry_after.map(|text| ("Retry-After".to_owned(), text.to_owned()));
        let headers = headers.into_iter().collect();
        return Some(Ok(Response { status: u16::try_from(status).unwrap(), headers, body: Vec::new() }));
    }
    if let Some(body) = answer["body"].as_str() {
        return Some(Ok(ok(body.to_owned())));
    }
    let body = match request.operation {
        "run_now" => json!({"run_id": answer["run_id"]}),
        "repair_run" => json!({"repair_id": answer["repair_id"]}),
        "cancel_run" => json!({}),
        "get_run_output" => answer["output"].clone(),
        _ => run(answer),
    };
    Some(Ok(ok(body.to_string())))
}

#[derive(Default)]
struct Seen {
    calls: Vec<Request>,
    changes: Vec<String>,
    started: Vec<RunId>,
    sleeps: Vec<u64>,
    ended_at: u64,
}

/// Drives a wait in virtual time: an answer comes at once, a timer when nothing else is left.
fn drive(goal: Goal, options: WaitOptions, mut answers: VecDeque<Value>) -> (WaitEnd, Seen) {
    let at = |tick: u64| Now { tick: Tick(tick), wall: WallTime(1_700_000_000_000 + tick as i64) };
    let mut tick = 0;
    let mut wait = Wait::new(goal, options, at(tick));
    let mut seen = Seen::default();
    let mut pending: Option<(CallId, Result<Response, Error>)> = None;
    for _ in 0..10_000 {
        match wait.poll() {
            Output::Call { call, request } => {
                let answer = answers.pop_front().unwrap_or_else(|| panic!("no answer to {request:?}"));
                pending = bring(&request, &answer).map(|result| (call, result));
                seen.calls.push(*request);
            }
            Output::Started(run_id) => seen.started.push(run_id),
            Output::Changed(run) => seen.changes.push(run.phase().word().to_owned()),
            Output::Wait { until, .. } => {
                assert_eq!(wait.poll(), wait.poll(), "asked again, the answer is the same");
                let input = if let Some((call, result)) = pending.take() {
                    Input::Answered { call, result }
                } else {
                    let until = until.expect("something ends the wait").0;
                    assert!(until > tick, "a timer lies in the future");
                    seen.sleeps.push(until - tick);
                    tick = until;
                    Input::Timeout
                };
                wait.handle(at(tick), input).unwrap();
            }
            Output::Ended(end) => {
                seen.ended_at = tick;
                assert_eq!(wait.poll(), Output::Ended(end.clone()), "the end is repeated");
                return (*end, seen);
            }
        }
    }
    panic!("the wait does not end");
}

#[test]
fn waits_end_in_the_truth() {
    for case in vectors::<Scenario, Expected>("wait.json") {
        let (name, scenario, expect) = (case.name, case.input, case.expect);
        let options = WaitOptions {
            deadline: scenario.timeout_ms.map(Tick),
            cancel_on_timeout: scenario.cancel_on_timeout,
            ..WaitOptions::new(PollSchedule::WORKSPACE, 1)
        };
        let (end, seen) = drive(goal(&scenario.goal), options, scenario.answers);
        assert_eq!(end.verdict.as_str(), expect.verdict, "{name}: {:?}", end.verdict);
        let error = match &end.verdict {
            Verdict::Unfinished(error) => Some(error.code.as_str().to_owned()),
            _ => None,
        };
        assert_eq!(error, expect.error, "{name}");
        let calls: Vec<String> = seen.calls.iter().map(|call| call.operation.to_owned()).collect();
        if let Some(expected) = expect.calls {
            assert_eq!(calls, expected, "{name}");
        }
        assert_eq!(seen.changes, expect.changes, "{name}");
        let failures: BTreeMap<String, Option<String>> =
            end.failures.iter().map(|failure| (failure.task_key.clone(), failure.error.clone())).collect();
        assert_eq!(failures, expect.failures, "{name}");
        if let Some(at) = expect.ended_at {
            assert_eq!(seen.ended_at, at, "{name}");
        }
        assert!(seen.ended_at >= expect.not_before.unwrap_or(0), "{name}: {}", seen.ended_at);
        if let Some(run_id) = expect.run_id {
            assert_eq!(end.run_id, Some(RunId(run_id)), "{name}");
        }
        if let Some(id) = expect.latest_repair_id {
            let repair = seen.calls.iter().find(|call| call.operation == "repair_run").unwrap();
            assert_eq!(repair.body.as_ref().unwrap()["latest_repair_id"], id, "{name}");
        }
        assert!(seen.started.len() <= 1, "{name}: the run id is told once");
    }
}

/// Gaps are 5 % of the elapsed time between the floor and the cap, ±10 %, for runs from a second to an hour.
#[test]
fn polls_keep_to_the_schedule() {
    for seed in 0..20 {
        for length in [1_000_u64, 20_000, 60_000, 300_000, 3_600_000] {
            let options = WaitOptions::new(PollSchedule::WORKSPACE, seed);
            let (seen, delay) = poll_through(options, length);
            let mut elapsed = 0;
            for gap in &seen.sleeps {
                let nominal = (elapsed / 20).clamp(1000, 10_000);
                assert!(*gap >= nominal * 9 / 10 && *gap <= nominal * 11 / 10, "{gap} after {elapsed}");
                elapsed += gap;
            }
            assert!(delay <= (length / 20).clamp(1000, 10_000) * 11 / 10, "{delay} after {length}");
        }
    }
}

/// A run of a given length: how it was polled, and how long after its end that was noticed.
fn poll_through(options: WaitOptions, length: u64) -> (Seen, u64) {
    let at = |tick: u64| Now { tick: Tick(tick), wall: WallTime(tick as i64) };
    let mut wait = Wait::new(goal("run_now"), options, at(0));
    let (mut tick, mut seen) = (0, Seen::default());
    loop {
        match wait.poll() {
            Output::Call { call, request } => {
                let over = tick >= length;
                let answer = match request.operation {
                    "run_now" => json!({"run_id": 7}),
                    _ if over => json!({"state": "TERMINATED", "code": "SUCCESS"}),
                    _ => json!({"state": "RUNNING"}),
                };
                let result = bring(&request, &answer).unwrap();
                wait.handle(at(tick), Input::Answered { call, result }).unwrap();
            }
            Output::Wait { until, .. } => {
                let until = until.unwrap().0;
                seen.sleeps.push(until - tick);
                tick = until;
                wait.handle(at(tick), Input::Timeout).unwrap();
            }
            Output::Started(_) | Output::Changed(_) => {}
            Output::Ended(_) => return (seen, tick - length),
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_polls() {
    let sleeps = |seed| poll_through(WaitOptions::new(PollSchedule::LOCAL, seed), 60_000).0.sleeps;
    assert_eq!(sleeps(5), sleeps(5));
    assert_ne!(sleeps(5), sleeps(6));
}

#[test]
fn a_stop_leaves_the_run_and_tells_its_id() {
    let now = Now { tick: Tick(0), wall: WallTime(0) };
    let mut wait = Wait::new(Goal::Adopt(RUN), WaitOptions::new(PollSchedule::LOCAL, 1), now);
    assert_eq!(wait.poll(), Output::Started(RUN));
    wait.handle(now, Input::Stop).unwrap();
    while !matches!(wait.poll(), Output::Ended(_)) {}
    let Output::Ended(end) = wait.poll() else { unreachable!() };
    let Verdict::Unfinished(error) = &end.verdict else { panic!("{:?}", end.verdict) };
    assert_eq!(error.code.as_str(), "INTERRUPTED");
    assert_eq!(error.context("run_id"), Some("7"));
}

#[test]
fn a_notice_polls_at_once() {
    let at = |tick: u64| Now { tick: Tick(tick), wall: WallTime(0) };
    let mut wait = Wait::new(Goal::Adopt(RUN), WaitOptions::new(PollSchedule::WORKSPACE, 1), at(0));
    let call = loop {
        if let Output::Call { call, .. } = wait.poll() {
            break call;
        }
    };
    let result = Ok(Response {
        status: 200,
        headers: Vec::new(),
        body: run(&json!({"state": "RUNNING"})).to_string().into_bytes(),
    });
    wait.handle(at(10), Input::Answered { call, result }).unwrap();
    assert!(matches!(wait.poll(), Output::Changed(_)));
    assert!(matches!(wait.poll(), Output::Wait { .. }));
    wait.handle(at(20), Input::Notify).unwrap();
    assert!(matches!(wait.poll(), Output::Call { .. }));
}

#[test]
fn an_answer_to_no_call_is_refused_and_changes_nothing() {
    let now = Now { tick: Tick(0), wall: WallTime(0) };
    let mut wait = Wait::new(Goal::Adopt(RUN), WaitOptions::new(PollSchedule::LOCAL, 1), now);
    while !matches!(wait.poll(), Output::Wait { .. }) {}
    let before = wait.poll();
    let error =
        wait.handle(now, Input::Answered { call: CallId(99), result: Ok(Response::default()) }).unwrap_err();
    assert_eq!(error.code.as_str(), "INVALID_TRANSITION");
    assert_eq!(wait.poll(), before);
}
