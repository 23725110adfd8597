//! The wait machine with JSON for its inputs and outputs, for drivers in other languages.

use super::read;
use crate::api::fault::{self, TransportFault};
use crate::api::{RepairRun, Response, RunNow, SubmitRun};
use crate::error::{Error, ErrorCode};
use crate::id::RunId;
use crate::time::{Tick, WallTime};
use crate::wait::{
    CallId, Goal, Input, Now, Output, PollSchedule, Verdict, Wait, WaitEnd, WaitOptions, WaitReason,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A wait. Times are milliseconds: `tick` of a clock that never goes back, `wall` since 1970.
pub struct WaitMachine {
    wait: Wait,
    /// The name of the operation of each call that is under way.
    operations: BTreeMap<u64, &'static str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum GoalInput {
    RunNow(Box<RunNow>),
    Submit(Box<SubmitRun>),
    Adopt(RunId),
    Cancel(RunId),
    Repair(Box<RepairRun>),
}

#[derive(Deserialize)]
struct OptionsInput {
    goal: GoalInput,
    /// `workspace` or `local`.
    #[serde(default)]
    schedule: Schedule,
    /// For jitter; the same seed gives the same polls.
    seed: u64,
    /// From now on; without it the wait takes as long as the run.
    timeout_ms: Option<u64>,
    #[serde(default)]
    cancel_on_timeout: bool,
    #[serde(default)]
    cancel_on_stop: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Schedule {
    #[default]
    Workspace,
    Local,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum InputText {
    Timeout,
    Stop,
    Notify,
    Answered {
        call: u64,
        #[serde(default)]
        status: u16,
        #[serde(default)]
        headers: BTreeMap<String, String>,
        #[serde(default)]
        body: String,
        /// Instead of an answer: `connect`, `tls`, `timeout`, `broken` or `refused`.
        fault: Option<String>,
        #[serde(default)]
        detail: String,
    },
}

impl WaitMachine {
    /// A wait for `{"goal": {"run_now": …}, "seed": …, …}` that begins now. Goals are `run_now`, `submit`, `repair` with
    /// the fields of the request, `adopt` and `cancel` with a run id.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for options that cannot be read.
    pub fn new(tick: u64, wall: i64, options: Value) -> Result<Self, Error> {
        let options: OptionsInput = read(options)?;
        let goal = match options.goal {
            GoalInput::RunNow(request) => Goal::RunNow(request),
            GoalInput::Submit(request) => Goal::Submit(request),
            GoalInput::Adopt(run_id) => Goal::Adopt(run_id),
            GoalInput::Cancel(run_id) => Goal::Cancel(run_id),
            GoalInput::Repair(request) => Goal::Repair(request),
        };
        let schedule = match options.schedule {
            Schedule::Workspace => PollSchedule::WORKSPACE,
            Schedule::Local => PollSchedule::LOCAL,
        };
        let now = Now { tick: Tick(tick), wall: WallTime(wall) };
        let options = WaitOptions {
            deadline: options.timeout_ms.map(|timeout| now.tick.after(timeout)),
            cancel_on_timeout: options.cancel_on_timeout,
            cancel_on_stop: options.cancel_on_stop,
            ..WaitOptions::new(schedule, options.seed)
        };
        Ok(Self { wait: Wait::new(goal, options, now), operations: BTreeMap::new() })
    }

    /// The next thing to do: `{"call": N, "request": …}`, `{"started": ID}`, `{"changed": RUN, "word": …}`,
    /// `{"wait": TICK or null, "reason": …}` or `{"ended": …}`. To be called until it is one of the last two.
    pub fn poll(&mut self) -> Value {
        match self.wait.poll() {
            Output::Call { call, request } => {
                self.operations.insert(call.0, request.operation);
                json!({ "call": call.0, "request": request })
            }
            Output::Started(run_id) => json!({ "started": run_id }),
            Output::Changed(run) => json!({ "word": run.phase().word(), "changed": run }),
            Output::Wait { until, reason } => {
                let reason = match reason {
                    WaitReason::Answer => "answer",
                    WaitReason::Poll => "poll",
                    WaitReason::BackOff => "back_off",
                };
                json!({ "wait": until.map(|tick| tick.0), "reason": reason })
            }
            Output::Ended(end) => json!({ "ended": ended(&end) }),
        }
    }

    /// Takes in what happened: `"timeout"`, `"stop"`, `"notify"`, or `{"answered": {"call": N, "status": …, "headers": …,
    /// "body": …}}`, with `fault` and `detail` instead when there was no answer.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for an input that cannot be read, `INVALID_TRANSITION` for an answer to a call that is not
    /// under way; neither changes anything.
    pub fn handle(&mut self, tick: u64, wall: i64, input: Value) -> Result<(), Error> {
        let input = match read(input)? {
            InputText::Timeout => Input::Timeout,
            InputText::Stop => Input::Stop,
            InputText::Notify => Input::Notify,
            InputText::Answered { call, status, headers, body, fault, detail } => {
                let result = if let Some(kind) = fault {
                    let operation = self.operations.get(&call).copied().unwrap_or("wait");
                    Err(fault::transport(operation, fault_kind(&kind)?, &detail))
                } else {
                    Ok(Response { status, headers: headers.into_iter().collect(), body: body.into_bytes() })
                };
                Input::Answered { call: CallId(call), result }
            }
        };
        let answered = if let Input::Answered { call, .. } = &input { Some(call.0) } else { None };
        self.wait.handle(Now { tick: Tick(tick), wall: WallTime(wall) }, input)?;
        if let Some(call) = answered {
            self.operations.remove(&call);
        }
        Ok(())
    }
}

fn fault_kind(name: &str) -> Result<TransportFault, Error> {
    Ok(match name {
        "connect" => TransportFault::Connect,
        "tls" => TransportFault::Tls,
        "timeout" => TransportFault::Timeout,
        "broken" => TransportFault::Broken,
        "refused" => TransportFault::Refused,
        other => {
            let message =
                format!("{other:?} is not a fault; faults are connect, tls, timeout, broken, refused");
            return Err(Error::new(ErrorCode::InvalidArgument, "wait", message));
        }
    })
}

fn ended(end: &WaitEnd) -> Value {
    let error = match &end.verdict {
        Verdict::Unfinished(error) => Some(json!({ "code": error.code, "message": error.message })),
        _ => None,
    };
    json!({
        "run_id": end.run_id, "run": end.run, "verdict": end.verdict.as_str(), "error": error, "failures": end.failures,
    })
}
