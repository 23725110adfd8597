//! What a wait does by itself: trigger, cancel, repair, and leaving early.

use super::lanes::Want;
use super::{Flight, Hub, HubOutput, Timer, WaitId};
use crate::api::retry::{Retrier, Verdict as RetryVerdict};
use crate::api::{CancelRun, Endpoint, GetRun, RepairRun, Repaired, Request, Response, RunNow, SubmitRun};
use crate::error::{Error, ErrorCode};
use crate::id::RunId;
use crate::run::RunDoc;
use crate::time::Tick;
use crate::wait::hub::watch::Origin;
use crate::wait::{Goal, Verdict, WaitEnd, WaitOptions};

/// A repair whose answer is lost this often is given up.
const MOST_REPAIRS: u32 = 5;

/// One wait.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) options: Box<WaitOptions>,
    pub(super) run_id: Option<RunId>,
    /// The first state of the run has been told.
    pub(super) told: bool,
    /// What is to be done before, or instead of, watching the run.
    errand: Option<Box<Errand>>,
}

#[derive(Debug)]
struct Errand {
    goal: Goal,
    step: Step,
    retrier: Retrier,
    state: State,
    /// Sent repairs whose answer was lost.
    lost: u32,
    /// What the last call failed with.
    fault: Option<String>,
    /// The last known state of the run, for a wait that ends with a cancel.
    last: Option<RunDoc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Stands in line.
    Queued,
    /// Its call is under way.
    Calling,
    /// Nothing until this tick.
    Sleeping(Tick),
}

/// What a call of a wait is for.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Trigger,
    /// A cancel that was asked for; then watch.
    Cancel,
    /// A cancel because the wait ends early; then end with this error.
    CancelAndEnd(Error),
    /// Read the repair history: to learn the newest repair, or to see whether a repair whose answer was lost was carried
    /// out. With an error, a later repair was refused with it, and nothing is sent again.
    History(Option<Error>),
    Repair,
}

impl Entry {
    pub(super) fn sleeps_until(&self) -> Option<Tick> {
        match self.errand.as_ref()?.state {
            State::Sleeping(at) => Some(at),
            State::Queued | State::Calling => None,
        }
    }

    pub(super) fn backs_off(&self) -> bool {
        self.sleeps_until().is_some()
    }

    /// Says which run, or how to find it when the answer to the trigger never came.
    pub(super) fn located(&self, error: Error) -> Error {
        let token = self.errand.as_ref().and_then(|errand| match &errand.goal {
            Goal::RunNow(run_now) => run_now.idempotency_token.as_deref(),
            Goal::Submit(submit) => submit.idempotency_token.as_deref(),
            Goal::Adopt(_) | Goal::Cancel(_) | Goal::Repair(_) => None,
        });
        match (self.run_id, token) {
            (Some(run_id), _) if error.context("run_id").is_none() => error.with("run_id", run_id),
            (None, Some(token)) => error.with("idempotency_token", token),
            _ => error,
        }
    }
}

impl Hub {
    /// Begins a wait.
    pub(super) fn enter(&mut self, wait: WaitId, goal: Goal, options: WaitOptions) {
        let (run_id, first) = match &goal {
            Goal::RunNow(_) | Goal::Submit(_) => (None, Some(Step::Trigger)),
            Goal::Adopt(run_id) => (Some(*run_id), None),
            Goal::Cancel(run_id) => (Some(*run_id), Some(Step::Cancel)),
            Goal::Repair(repair) => {
                let known = repair.latest_repair_id.is_some();
                (Some(repair.run_id), Some(if known { Step::Repair } else { Step::History(None) }))
            }
        };
        self.outbox.extend(run_id.map(|run_id| HubOutput::Started { wait, run_id }));
        let mut retrier = Retrier::new(options.retry, options.seed);
        if self.reached {
            retrier.reached();
        }
        let errand = first.map(|step| {
            Box::new(Errand { goal, step, retrier, state: State::Queued, lost: 0, fault: None, last: None })
        });
        let adopted = errand.is_none();
        self.waits.insert(wait, Entry { options: Box::new(options), run_id, told: false, errand });
        match run_id {
            Some(run_id) if adopted => self.attach(wait, run_id, Origin::Adopted),
            _ => self.lanes.express(Want::Errand(wait)),
        }
    }

    /// The request of a wait's step.
    pub(super) fn errand_request(&mut self, wait: WaitId) -> Option<Request> {
        let entry = self.waits.get_mut(&wait)?;
        let errand = entry.errand.as_mut().filter(|errand| errand.state == State::Queued)?;
        errand.state = State::Calling;
        let run_id = entry.run_id.unwrap_or_default();
        Some(match (&errand.step, &errand.goal) {
            (Step::Trigger, Goal::Submit(submit)) => submit.request(),
            (Step::Trigger, Goal::RunNow(run_now)) => run_now.request(),
            (Step::Repair, Goal::Repair(repair)) => repair.request(),
            (Step::Cancel | Step::CancelAndEnd(_), _) => {
                CancelRun { run_id, ..CancelRun::default() }.request()
            }
            (Step::History(_) | Step::Trigger | Step::Repair, _) => {
                GetRun { run_id, include_history: Some(true), ..GetRun::default() }.request()
            }
        })
    }

    pub(super) fn errand_answered(&mut self, wait: WaitId, flight: &Flight, result: Result<Response, Error>) {
        let Some(errand) = self.waits.get_mut(&wait).and_then(|entry| entry.errand.as_mut()) else { return };
        let step = errand.step.clone();
        if let Err(error) = result.and_then(|response| self.errand_done(wait, step, &response)) {
            self.errand_failed(wait, &flight.request, error);
        }
    }

    /// Reads the answer to a step and goes on to the next.
    fn errand_done(&mut self, wait: WaitId, step: Step, response: &Response) -> Result<(), Error> {
        let wall = self.now.wall;
        let Some(errand) = self.waits.get_mut(&wait).and_then(|entry| entry.errand.as_mut()) else {
            return Ok(());
        };
        match step {
            Step::Trigger => {
                let (started, job_id) = match &errand.goal {
                    Goal::Submit(_) => (SubmitRun::answer(response, wall)?, None),
                    Goal::RunNow(run_now) => (RunNow::answer(response, wall)?, Some(run_now.job_id)),
                    _ => return Ok(()),
                };
                if let Some(entry) = self.waits.get_mut(&wait) {
                    entry.options.job = job_id.or(entry.options.job);
                    entry.run_id = Some(started.run_id);
                }
                self.outbox.push_back(HubOutput::Started { wait, run_id: started.run_id });
                self.errand_over(wait, Origin::Fresh);
            }
            Step::Cancel => {
                CancelRun::answer(response, wall)?;
                self.errand_over(wait, Origin::Canceled);
            }
            Step::CancelAndEnd(error) => {
                CancelRun::answer(response, wall)?;
                self.end_early(wait, error.with("cancel", "requested"));
            }
            Step::History(refused) => {
                let run = GetRun::answer(response, wall)?;
                errand.retrier.succeeded();
                self.history(wait, refused, run)?;
            }
            Step::Repair => {
                let _: Repaired = RepairRun::answer(response, wall)?;
                let before = match &errand.goal {
                    Goal::Repair(repair) => repair.latest_repair_id,
                    _ => None,
                };
                self.errand_over(wait, Origin::Repaired(before));
            }
        }
        Ok(())
    }

    /// The errand is done: from now on the run is watched.
    fn errand_over(&mut self, wait: WaitId, origin: Origin) {
        let Some(entry) = self.waits.get_mut(&wait) else { return };
        entry.errand = None;
        if let Some(run_id) = entry.run_id {
            self.attach(wait, run_id, origin);
        }
    }

    /// The history before a repair, or after one whose answer was lost.
    fn history(&mut self, wait: WaitId, refused: Option<Error>, run: RunDoc) -> Result<(), Error> {
        let latest = run.latest_repair_id();
        let over = run.phase().is_terminal();
        let Some(errand) = self.waits.get_mut(&wait).and_then(|entry| entry.errand.as_mut()) else {
            return Ok(());
        };
        let Goal::Repair(repair) = &mut errand.goal else { return Ok(()) };
        if errand.lost > 0 && (latest != repair.latest_repair_id || !over) {
            // The repair was carried out; only its answer was lost.
            let run_id = repair.run_id;
            let before = repair.latest_repair_id;
            self.errand_over(wait, Origin::Repaired(before));
            self.observe(run_id, run, self.now.tick, None);
            return Ok(());
        }
        if let Some(error) = refused {
            return Err(error);
        }
        if !over {
            let message = "only a run that has ended can be repaired";
            return Err(Error::new(ErrorCode::InvalidState, "repair_run", message));
        }
        repair.latest_repair_id = latest;
        errand.step = Step::Repair;
        errand.state = State::Queued;
        self.lanes.express(Want::Errand(wait));
        Ok(())
    }

    fn errand_failed(&mut self, wait: WaitId, request: &Request, error: Error) {
        let now = self.now.tick;
        let Some(errand) = self.waits.get_mut(&wait).and_then(|entry| entry.errand.as_mut()) else { return };
        errand.fault = Some(error.message.clone());
        // The deadline is not the retrier's affair: it ends the wait wherever it stands.
        match errand.retrier.failed(now, request, None, error) {
            RetryVerdict::Again(at) => self.errand_sleep(wait, at),
            RetryVerdict::GiveUp(error) => self.errand_given_up(wait, error),
        }
    }

    fn errand_sleep(&mut self, wait: WaitId, at: Tick) {
        let Some(errand) = self.waits.get_mut(&wait).and_then(|entry| entry.errand.as_mut()) else { return };
        errand.state = State::Sleeping(at);
        self.timers.insert((at, Timer::Errand(wait)));
    }

    pub(super) fn errand_due(&mut self, wait: WaitId) {
        let Some(errand) = self.waits.get_mut(&wait).and_then(|entry| entry.errand.as_mut()) else { return };
        errand.state = State::Queued;
        self.lanes.express(Want::Errand(wait));
    }

    fn errand_given_up(&mut self, wait: WaitId, error: Error) {
        let Some(entry) = self.waits.get_mut(&wait) else { return };
        let Some(errand) = entry.errand.as_mut() else { return };
        let lost =
            matches!(error.code, ErrorCode::Unavailable | ErrorCode::Malformed | ErrorCode::ServerError);
        match &errand.step {
            Step::Repair if lost && errand.lost < MOST_REPAIRS => {
                errand.lost += 1;
                errand.step = Step::History(None);
                self.errand_sleep(wait, self.now.tick);
            }
            // A repair that is refused after one was lost: most likely the lost one was carried out.
            Step::Repair if errand.lost > 0 => {
                errand.step = Step::History(Some(error));
                self.errand_sleep(wait, self.now.tick);
            }
            Step::CancelAndEnd(why) => {
                let why = why.clone().with("cancel", format!("failed: {}", error.message));
                self.end_early(wait, why);
            }
            _ => self.end_early(wait, error),
        }
    }

    /// The deadline has come.
    pub(super) fn overdue(&mut self, wait: WaitId) {
        let Some(entry) = self.waits.get(&wait) else { return };
        // The last call of a wait that ends early is not cut off by the deadline that made it necessary; the driver's own
        // limit on a call bounds it.
        if entry.errand.as_ref().is_some_and(|errand| matches!(errand.step, Step::CancelAndEnd(_))) {
            return;
        }
        let mut error =
            Error::new(ErrorCode::WaitTimedOut, "wait", "the wait timed out before the run ended");
        let fault = match &entry.errand {
            Some(errand) => errand.fault.as_deref(),
            None => entry.run_id.and_then(|run_id| self.runs.get(&run_id)).and_then(|watch| watch.fault()),
        };
        if let Some(fault) = fault {
            error = error.with("last_error", fault);
        }
        let cancel = entry.options.cancel_on_timeout;
        self.leave(wait, error, cancel);
    }

    /// The caller has had enough.
    pub(super) fn stop(&mut self, wait: WaitId) {
        let Some(entry) = self.waits.get(&wait) else { return };
        let leaving = entry.errand.as_ref().is_some_and(|e| matches!(e.step, Step::CancelAndEnd(_)));
        let error = Error::new(ErrorCode::Interrupted, "wait", "the wait was stopped");
        let cancel = entry.options.cancel_on_stop && !leaving;
        self.leave(wait, error, cancel);
    }

    /// Ends the wait before the run has ended, with a cancel first when that is wanted and a run is known. A run that has
    /// ended already, and is only being read, gives its verdict.
    fn leave(&mut self, wait: WaitId, error: Error, cancel: bool) {
        if self.end_with_verdict(wait) {
            return;
        }
        let Some(run_id) = self.waits.get(&wait).and_then(|entry| entry.run_id).filter(|_| cancel) else {
            self.end_early(wait, error);
            return;
        };
        let last = self.last_known(run_id);
        self.abandon(|want| *want == Want::Errand(wait));
        self.detach(wait, run_id);
        let Some(entry) = self.waits.get_mut(&wait) else { return };
        if let Some(at) = entry.sleeps_until() {
            self.timers.remove(&(at, Timer::Errand(wait)));
        }
        let step = Step::CancelAndEnd(entry.located(error));
        let retrier = Retrier::new(entry.options.retry, entry.options.seed);
        entry.errand = Some(Box::new(Errand {
            goal: Goal::Cancel(run_id),
            step,
            retrier,
            state: State::Queued,
            lost: 0,
            fault: None,
            last,
        }));
        self.lanes.express(Want::Errand(wait));
    }

    /// Ends the wait with an error and the last known state of the run.
    pub(super) fn end_early(&mut self, wait: WaitId, error: Error) {
        let Some(entry) = self.waits.get_mut(&wait) else { return };
        let error = entry.located(error);
        let (run_id, last) = (entry.run_id, entry.errand.as_mut().and_then(|errand| errand.last.take()));
        let run = last.or_else(|| run_id.and_then(|run_id| self.last_known(run_id)));
        let end = WaitEnd { run_id, run, verdict: Verdict::Unfinished(error), failures: Vec::new() };
        self.ended(wait, end);
    }
}
