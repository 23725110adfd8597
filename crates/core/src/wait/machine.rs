//! State and transitions of one wait.

use super::end::{TaskFailure, Verdict, WaitEnd, failures};
use super::{CallId, Goal, Input, Now, Output, WaitOptions, WaitReason};
use crate::api::retry::{Retrier, Verdict as RetryVerdict};
use crate::api::{
    CancelRun, Endpoint, GetRun, GetRunOutput, RepairRun, Repaired, Request, Response, RunNow, RunOutput,
    Started, SubmitRun,
};
use crate::error::{Error, ErrorCode, Retry};
use crate::id::RunId;
use crate::run::{Phase, RunDoc};
use crate::seed::Seeded;
use crate::time::{Tick, WallTime};
use std::collections::VecDeque;

/// One wait. See the module for the contract.
#[derive(Debug)]
pub struct Wait {
    goal: Goal,
    options: WaitOptions,
    state: State,
    outbox: VecDeque<Output>,
    calls: u64,
    retrier: Retrier,
    seeded: Seeded,
    run_id: Option<RunId>,
    run: Option<RunDoc>,
    seen: Option<Seen>,
    failures: Vec<TaskFailure>,
    /// What the last call failed with, until one succeeds.
    fault: Option<String>,
    /// When the run began, on the machine's clock; for a run that was adopted it may lie before the machine's time, so
    /// the time it had already taken is kept beside.
    began: Tick,
    taken_before: u64,
}

/// What has to differ for a change to be told.
type Seen = (Phase, Vec<(RunId, Phase)>);

#[derive(Debug)]
enum State {
    /// A call is under way.
    Calling(CallId, Step, Box<Request>),
    /// Nothing until this tick, then the step.
    Sleeping(Tick, Step, WaitReason),
    /// Over.
    Ended(Box<WaitEnd>),
}

/// What a call is for.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Trigger,
    /// Ask for the first page; while the run goes on, nothing more is needed.
    Poll,
    /// The run is over: a further page of it.
    Page(String),
    /// The output of the failed task at this place.
    Output(usize),
    /// A cancel that was asked for; then poll.
    Cancel,
    /// A cancel because the wait ends early; then end with this error.
    CancelAndEnd(Error),
    /// Read the repair history: to learn the newest repair, or with `lost` to see whether a repair whose answer was lost
    /// was carried out.
    History {
        lost: bool,
    },
    Repair,
}

impl Wait {
    /// A wait that begins now. Call [`Wait::poll`] for what it wants.
    pub fn new(goal: Goal, options: WaitOptions, now: Now) -> Self {
        let (run_id, first) = match &goal {
            Goal::RunNow(_) | Goal::Submit(_) => (None, Step::Trigger),
            Goal::Adopt(run_id) => (Some(*run_id), Step::Poll),
            Goal::Cancel(run_id) => (Some(*run_id), Step::Cancel),
            Goal::Repair(repair) => {
                let known = repair.latest_repair_id.is_some();
                (Some(repair.run_id), if known { Step::Repair } else { Step::History { lost: false } })
            }
        };
        let mut wait = Self {
            state: State::Sleeping(now.tick, first, WaitReason::Poll),
            outbox: VecDeque::new(),
            calls: 0,
            retrier: Retrier::new(options.retry, options.seed),
            seeded: Seeded::new(options.seed ^ 0x706F_6C6C),
            run_id,
            run: None,
            seen: None,
            failures: Vec::new(),
            fault: None,
            began: now.tick,
            taken_before: 0,
            goal,
            options,
        };
        wait.outbox.extend(run_id.map(Output::Started));
        wait.advance(now);
        wait
    }

    /// The run, once it is known.
    pub fn run_id(&self) -> Option<RunId> {
        self.run_id
    }

    /// Takes in what happened. An answer to a call that is not under way is an error and changes nothing; after the end
    /// everything is swallowed.
    pub fn handle(&mut self, now: Now, input: Input) -> Result<(), Error> {
        if matches!(self.state, State::Ended(_)) {
            return Ok(());
        }
        match input {
            Input::Timeout => {}
            Input::Answered { call, result } => self.answered(now, call, result)?,
            Input::Stop => {
                let error = Error::new(ErrorCode::Interrupted, "wait", "the wait was stopped");
                self.leave(now, error, self.options.cancel_on_stop);
            }
            Input::Notify => self.hurry(now),
        }
        self.advance(now);
        Ok(())
    }

    /// The next thing to do. To be called until it answers `Wait` or `Ended`.
    #[must_use]
    pub fn poll(&mut self) -> Output {
        if let Some(output) = self.outbox.pop_front() {
            return output;
        }
        match &self.state {
            State::Calling(..) => Output::Wait { until: self.options.deadline, reason: WaitReason::Answer },
            State::Sleeping(until, _, reason) => {
                let until = self.options.deadline.map_or(*until, |deadline| deadline.min(*until));
                Output::Wait { until: Some(until), reason: *reason }
            }
            State::Ended(end) => Output::Ended(end.clone()),
        }
    }

    /// Moves on as far as the time allows.
    fn advance(&mut self, now: Now) {
        let overdue = self.options.deadline.is_some_and(|deadline| now.tick >= deadline);
        // The last call of a wait that ends early is not cut off by the deadline that made it necessary; the driver's own
        // limit on a call bounds it.
        if overdue && !matches!(self.state, State::Calling(_, Step::CancelAndEnd(_), _) | State::Ended(_)) {
            let mut error =
                Error::new(ErrorCode::WaitTimedOut, "wait", "the wait timed out before the run ended");
            if let Some(fault) = &self.fault {
                error = error.with("last_error", fault);
            }
            self.leave(now, error, self.options.cancel_on_timeout);
        }
        if let State::Sleeping(until, step, _) = &self.state
            && now.tick >= *until
        {
            self.call(step.clone());
        }
    }

    /// A poll that is waited for is made at once; a back-off is kept, since the host asked for it.
    fn hurry(&mut self, now: Now) {
        if let State::Sleeping(until, _, WaitReason::Poll) = &mut self.state {
            *until = now.tick;
        }
    }

    /// Makes the call of a step. Steps that need the run id are only taken once it is known.
    fn call(&mut self, step: Step) {
        let run_id = self.run_id.unwrap_or_default();
        let request = match (&step, &self.goal) {
            (Step::Trigger, Goal::Submit(submit)) => submit.request(),
            (Step::Trigger, Goal::RunNow(run_now)) => run_now.request(),
            (Step::Repair, Goal::Repair(repair)) => repair.request(),
            (Step::Page(token), _) => {
                GetRun { run_id, page_token: Some(token.clone()), ..GetRun::default() }.request()
            }
            (Step::Output(place), _) => {
                let run_id = self.failures.get(*place).map_or(run_id, |failure| failure.run_id);
                GetRunOutput { run_id, ..GetRunOutput::default() }.request()
            }
            (Step::Cancel | Step::CancelAndEnd(_), _) => {
                CancelRun { run_id, ..CancelRun::default() }.request()
            }
            (Step::History { .. }, _) => {
                GetRun { run_id, include_history: Some(true), ..GetRun::default() }.request()
            }
            (Step::Poll | Step::Trigger | Step::Repair, _) => {
                GetRun { run_id, ..GetRun::default() }.request()
            }
        };
        self.calls += 1;
        let call = CallId(self.calls);
        self.outbox.push_back(Output::Call { call, request: Box::new(request.clone()) });
        self.state = State::Calling(call, step, Box::new(request));
    }

    fn answered(&mut self, now: Now, call: CallId, result: Result<Response, Error>) -> Result<(), Error> {
        let State::Calling(expected, step, request) = &self.state else {
            return Err(unexpected(call));
        };
        if *expected != call {
            return Err(unexpected(call));
        }
        let (step, request) = (step.clone(), request.clone());
        if let Err(error) = self.take(now, &step, result) {
            self.failed(now, step, &request, error);
        }
        Ok(())
    }

    /// Reads the answer to a step and decides on the next.
    fn take(&mut self, now: Now, step: &Step, result: Result<Response, Error>) -> Result<(), Error> {
        let response = result?;
        match step {
            Step::Trigger => {
                let started = started(&self.goal, &response, now.wall)?;
                self.succeeded();
                self.run_id = Some(started);
                self.outbox.push_back(Output::Started(started));
                self.began = now.tick;
                self.call(Step::Poll);
            }
            Step::Poll => {
                let run = GetRun::answer(&response, now.wall)?;
                self.succeeded();
                self.polled(now, run);
            }
            Step::Page(_) => {
                let page = GetRun::answer(&response, now.wall)?;
                self.succeeded();
                if let Some(run) = &mut self.run {
                    run.append(page);
                }
                self.complete();
            }
            Step::Output(place) => {
                let output: RunOutput = GetRunOutput::answer(&response, now.wall)?;
                self.succeeded();
                if let Some(failure) = self.failures.get_mut(*place) {
                    failure.explain(output);
                }
                self.explain(place + 1);
            }
            Step::Cancel => {
                CancelRun::answer(&response, now.wall)?;
                self.succeeded();
                self.call(Step::Poll);
            }
            Step::CancelAndEnd(error) => {
                CancelRun::answer(&response, now.wall)?;
                self.end(Verdict::Unfinished(error.clone().with("cancel", "requested")));
            }
            Step::History { lost } => {
                let run = GetRun::answer(&response, now.wall)?;
                self.succeeded();
                self.history(now, *lost, run)?;
            }
            Step::Repair => {
                let _: Repaired = RepairRun::answer(&response, now.wall)?;
                self.succeeded();
                self.began = now.tick;
                self.call(Step::Poll);
            }
        }
        Ok(())
    }

    fn succeeded(&mut self) {
        self.retrier.succeeded();
        self.fault = None;
    }

    /// The history before a repair, or after one whose answer was lost.
    fn history(&mut self, now: Now, lost: bool, run: RunDoc) -> Result<(), Error> {
        let latest = run.latest_repair_id();
        let over = run.phase().is_terminal();
        let Goal::Repair(repair) = &mut self.goal else { return Ok(()) };
        if lost && (latest != repair.latest_repair_id || !over) {
            // The repair was carried out; only its answer was lost.
            self.began = now.tick;
            self.polled(now, run);
            return Ok(());
        }
        if !over {
            let message = "only a run that has ended can be repaired";
            return Err(Error::new(ErrorCode::InvalidState, "repair_run", message));
        }
        repair.latest_repair_id = latest;
        self.call(Step::Repair);
        Ok(())
    }

    /// A first page of the run.
    fn polled(&mut self, now: Now, run: RunDoc) {
        // A run that was here before has already taken time.
        if self.seen.is_none()
            && matches!(self.goal, Goal::Adopt(_) | Goal::Cancel(_))
            && let Some(start) = run.start_time.filter(|start| *start > 0)
        {
            self.began = now.tick;
            self.taken_before = u64::try_from(now.wall.since(WallTime(start))).unwrap_or(0);
        }
        let phase = run.phase();
        let seen = (phase.clone(), run.tasks.iter().map(|task| (task.run.run_id, task.phase())).collect());
        if self.seen.as_ref() != Some(&seen) {
            self.seen = Some(seen);
            self.outbox.push_back(Output::Changed(Box::new(run.clone())));
        }
        self.run = Some(run);
        if phase.is_terminal() {
            self.complete();
        } else {
            let elapsed = now.tick.since(self.began).saturating_add(self.taken_before);
            let gap = self.options.schedule.gap(elapsed, &mut self.seeded);
            self.state = State::Sleeping(now.tick.after(gap), Step::Poll, WaitReason::Poll);
        }
    }

    /// The run is over: read what is left of it, then what its failed tasks said.
    fn complete(&mut self) {
        let Some(run) = &self.run else { return };
        if let Some(token) = run.next_page_token.clone().filter(|token| !token.is_empty()) {
            self.call(Step::Page(token));
        } else {
            self.failures = failures(run);
            self.explain(0);
        }
    }

    fn explain(&mut self, place: usize) {
        if place < self.failures.len().min(self.options.failures) {
            self.call(Step::Output(place));
        } else {
            let verdict = match self.run.as_ref().map(RunDoc::phase) {
                Some(Phase::Ended(end)) => Verdict::of(&end.outcome),
                _ => Verdict::Failed,
            };
            self.end(verdict);
        }
    }

    /// A call failed, or its answer makes no sense.
    fn failed(&mut self, now: Now, step: Step, request: &Request, error: Error) {
        // A run that was just started may not be readable everywhere at once.
        let fresh = step == Step::Poll && self.seen.is_none() && !matches!(self.goal, Goal::Adopt(_));
        let error =
            if fresh && error.code == ErrorCode::NotFound { error.retry(Retry::After(0)) } else { error };
        self.fault = Some(error.message.clone());
        // The deadline is not the retrier's affair: it ends the wait wherever it stands.
        match self.retrier.failed(now.tick, request, None, error) {
            RetryVerdict::Again(at) => self.state = State::Sleeping(at, step, WaitReason::BackOff),
            RetryVerdict::GiveUp(error) => self.give_up(now, step, error),
        }
    }

    fn give_up(&mut self, now: Now, step: Step, error: Error) {
        let lost =
            matches!(error.code, ErrorCode::Unavailable | ErrorCode::Malformed | ErrorCode::ServerError);
        match step {
            // An output that cannot be had is no reason to withhold the verdict.
            Step::Output(place) => self.explain(place + 1),
            Step::Repair if lost => {
                self.state = State::Sleeping(now.tick, Step::History { lost }, WaitReason::BackOff);
            }
            Step::CancelAndEnd(why) => {
                self.end(Verdict::Unfinished(why.with("cancel", format!("failed: {}", error.message))));
            }
            _ => {
                let error = self.located(error);
                self.end(Verdict::Unfinished(error));
            }
        }
    }

    /// Ends the wait before the run has ended, with a cancel first when that is wanted and a run is known.
    fn leave(&mut self, now: Now, error: Error, cancel: bool) {
        let error = self.located(error);
        if cancel && self.run_id.is_some() {
            self.state = State::Sleeping(now.tick, Step::CancelAndEnd(error), WaitReason::Poll);
        } else {
            self.end(Verdict::Unfinished(error));
        }
    }

    fn end(&mut self, verdict: Verdict) {
        self.state = State::Ended(Box::new(WaitEnd {
            run_id: self.run_id,
            run: self.run.take(),
            verdict,
            failures: std::mem::take(&mut self.failures),
        }));
    }

    /// Says which run, or how to find it when the answer to the trigger never came.
    fn located(&self, error: Error) -> Error {
        let token = match &self.goal {
            Goal::RunNow(run_now) => run_now.idempotency_token.as_deref(),
            Goal::Submit(submit) => submit.idempotency_token.as_deref(),
            Goal::Adopt(_) | Goal::Cancel(_) | Goal::Repair(_) => None,
        };
        match (self.run_id, token) {
            (Some(run_id), _) if error.context("run_id").is_none() => error.with("run_id", run_id),
            (None, Some(token)) => error.with("idempotency_token", token),
            _ => error,
        }
    }
}

fn started(goal: &Goal, response: &Response, wall: WallTime) -> Result<RunId, Error> {
    let started: Started = match goal {
        Goal::Submit(_) => SubmitRun::answer(response, wall)?,
        _ => RunNow::answer(response, wall)?,
    };
    Ok(started.run_id)
}

fn unexpected(call: CallId) -> Error {
    Error::new(ErrorCode::InvalidTransition, "wait", format!("call {} is not under way", call.0))
}
