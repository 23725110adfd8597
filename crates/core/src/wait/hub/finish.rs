//! A run that has ended is read to the end once, for all who wait for it: its further pages, then what its failed tasks
//! said.

use super::lanes::Want;
use super::watch::State;
use super::{Flight, Hub, Timer, WaitId};
use crate::api::retry::{Retrier, RetryPolicy, Verdict as RetryVerdict};
use crate::api::{Endpoint, GetRun, GetRunOutput, Request, Response, RunOutput};
use crate::error::{Error, ErrorCode, Retry};
use crate::id::RunId;
use crate::run::{Phase, RunDoc};
use crate::time::Tick;
use crate::wait::{TaskFailure, Verdict, WaitEnd, failures, sight};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a failed task said is worth this much waiting, in milliseconds; the verdict is known without it.
const OUTPUT_BUDGET_MS: u64 = 20_000;

/// What is being read of a run that has ended.
#[derive(Debug)]
pub(super) struct Finish {
    run: RunDoc,
    failures: Vec<TaskFailure>,
    /// Outputs of this many failed tasks are fetched.
    wanted: usize,
    /// The first that is not asked for yet.
    next: usize,
    /// Reads that are in line, under way or asleep, with what went wrong with them so far.
    open: BTreeMap<Read, Retrier>,
    asleep: BTreeMap<Read, Tick>,
}

/// One read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Read {
    Page,
    Output(usize),
}

impl Read {
    fn want(self, run_id: RunId) -> Want {
        match self {
            Self::Page => Want::Page(run_id),
            Self::Output(place) => Want::Output(run_id, place),
        }
    }
}

impl Finish {
    pub(super) fn run(&self) -> &RunDoc {
        &self.run
    }

    /// When something that sleeps is tried again.
    pub(super) fn wakes(&self) -> Option<Tick> {
        self.asleep.values().min().copied()
    }

    fn verdict(&self) -> Verdict {
        match self.run.phase() {
            Phase::Ended(end) => Verdict::of(&end.outcome),
            _ => Verdict::Failed,
        }
    }

    fn end(&self, run_id: RunId) -> WaitEnd {
        WaitEnd {
            run_id: Some(run_id),
            run: Some(self.run.clone()),
            verdict: self.verdict(),
            failures: self.failures.clone(),
        }
    }
}

/// A page from somewhere that has not heard of the end yet would tell of tasks that go on, one that has not heard of the
/// repair of tasks that have failed before it.
fn of_the_end(page: RunDoc, run: &RunDoc) -> Result<RunDoc, Error> {
    let outcome = |run: &RunDoc| run.phase().end().map(|end| end.outcome.clone());
    let message = match page.phase() {
        Phase::Unknown { state } if state.is_empty() => return Ok(page),
        Phase::Ended(_) if outcome(&page) == outcome(run) => return Ok(page),
        Phase::Ended(_) => {
            "the host says of one page of the run that it has ended otherwise than another says"
        }
        _ => "the host says of one page of the run that it has ended and of another that it goes on",
    };
    Err(Error::new(ErrorCode::ServerError, "get_run", message).retry(Retry::After(0)))
}

impl Hub {
    /// The run has ended.
    pub(super) fn finish(&mut self, run_id: RunId, run: RunDoc) {
        let Some(watch) = self.runs.get_mut(&run_id) else { return };
        let wanted = watch.waits.iter().filter_map(|wait| self.waits.get(wait));
        let wanted = wanted.map(|entry| entry.options.failures).max().unwrap_or(0);
        let (job, length) = (watch.job, sight::length(&run));
        if let Some(group) = job.and_then(|job_id| self.jobs.get_mut(&job_id)) {
            group.run_over(run_id, run.start_time.filter(|start| *start > 0));
        }
        watch.state = State::Finishing(Box::new(Finish {
            run,
            failures: Vec::new(),
            wanted,
            next: 0,
            open: BTreeMap::new(),
            asleep: BTreeMap::new(),
        }));
        self.learn(job, length);
        self.part(run_id, job);
        self.complete(run_id);
    }

    fn finishing(&mut self, run_id: RunId) -> Option<&mut Finish> {
        match &mut self.runs.get_mut(&run_id)?.state {
            State::Finishing(finish) => Some(finish),
            _ => None,
        }
    }

    /// Asks for the next page, or goes on to the outputs.
    fn complete(&mut self, run_id: RunId) {
        let Some(finish) = self.finishing(run_id) else { return };
        if finish.run.next_page_token.as_deref().is_some_and(|token| !token.is_empty()) {
            self.read(run_id, Read::Page);
            return;
        }
        finish.failures = failures(&finish.run);
        finish.wanted = finish.wanted.min(finish.failures.len());
        self.explain(run_id);
    }

    /// Asks for outputs as far as the limit allows; ends when all are there.
    fn explain(&mut self, run_id: RunId) {
        let most = self.settings.outputs_at_once.max(1);
        while let Some(finish) = self.finishing(run_id)
            && finish.next < finish.wanted
            && finish.open.len() < most
        {
            let place = finish.next;
            finish.next += 1;
            self.read(run_id, Read::Output(place));
        }
        if self.finishing(run_id).is_some_and(|finish| finish.open.is_empty()) {
            self.conclude(run_id);
        }
    }

    fn read(&mut self, run_id: RunId, read: Read) {
        let waits = self.runs.get(&run_id).map(|watch| watch.waits.as_slice()).unwrap_or_default();
        let first = waits.first().and_then(|wait| self.waits.get(wait));
        let Some(options) = first.map(|entry| &entry.options) else { return };
        let budget_ms = match read {
            Read::Page => options.retry.budget_ms,
            Read::Output(_) => options.retry.budget_ms.min(OUTPUT_BUDGET_MS),
        };
        let policy = RetryPolicy { budget_ms, ..options.retry };
        let mut retrier = Retrier::new(policy, options.seed ^ 0x7265_6164);
        retrier.reached();
        if let Some(finish) = self.finishing(run_id) {
            finish.open.insert(read, retrier);
        }
        self.lanes.express(read.want(run_id));
    }

    pub(super) fn page_request(&mut self, run_id: RunId) -> Option<Request> {
        let token = self.finishing(run_id)?.run.next_page_token.clone();
        Some(GetRun { run_id, page_token: token, ..GetRun::default() }.request())
    }

    pub(super) fn output_request(&mut self, run_id: RunId, place: usize) -> Option<Request> {
        let run_id = self.finishing(run_id)?.failures.get(place)?.run_id;
        Some(GetRunOutput { run_id, ..GetRunOutput::default() }.request())
    }

    pub(super) fn page_answered(&mut self, run_id: RunId, flight: &Flight, result: Result<Response, Error>) {
        let wall = self.now.wall;
        let page = result.and_then(|response| GetRun::answer(&response, wall));
        let Some(finish) = self.finishing(run_id) else { return };
        match page.and_then(|page| of_the_end(page, &finish.run)) {
            Ok(page) => {
                finish.open.remove(&Read::Page);
                finish.run.append(page);
                self.complete(run_id);
            }
            Err(error) => self.read_failed(run_id, Read::Page, &flight.request, error),
        }
    }

    pub(super) fn output_answered(
        &mut self,
        run_id: RunId,
        place: usize,
        flight: &Flight,
        result: Result<Response, Error>,
    ) {
        let wall = self.now.wall;
        let output: Result<RunOutput, Error> =
            result.and_then(|response| GetRunOutput::answer(&response, wall));
        let Some(finish) = self.finishing(run_id) else { return };
        match output {
            Ok(output) => {
                finish.open.remove(&Read::Output(place));
                if let Some(failure) = finish.failures.get_mut(place) {
                    failure.explain(output);
                }
                self.explain(run_id);
            }
            Err(error) => self.read_failed(run_id, Read::Output(place), &flight.request, error),
        }
    }

    fn read_failed(&mut self, run_id: RunId, read: Read, request: &Request, error: Error) {
        let now = self.now.tick;
        // The run was there a moment ago.
        let error = match (read, error.code) {
            (Read::Page, ErrorCode::NotFound) => error.retry(Retry::After(0)),
            _ => error,
        };
        let Some(finish) = self.finishing(run_id) else { return };
        let Some(retrier) = finish.open.get_mut(&read) else { return };
        match (retrier.failed(now, request, None, error), read) {
            (RetryVerdict::Again(at), _) => {
                let before = finish.wakes();
                finish.asleep.insert(read, at);
                self.rearm(run_id, before);
            }
            // An output that cannot be had is no reason to withhold the verdict.
            (RetryVerdict::GiveUp(_), Read::Output(_)) => {
                finish.open.remove(&read);
                self.explain(run_id);
            }
            (RetryVerdict::GiveUp(error), Read::Page) => {
                let waits = self.runs.get(&run_id).map(|watch| watch.waits.clone()).unwrap_or_default();
                for wait in waits {
                    self.end_early(wait, error.clone());
                }
            }
        }
    }

    /// Sets the timer of the run to the first that sleeps.
    fn rearm(&mut self, run_id: RunId, before: Option<Tick>) {
        if let Some(at) = before {
            self.timers.remove(&(at, Timer::Run(run_id)));
        }
        if let Some(at) = self.finishing(run_id).and_then(|finish| finish.wakes()) {
            self.timers.insert((at, Timer::Run(run_id)));
        }
    }

    /// Tries again what has slept long enough.
    pub(super) fn finish_due(&mut self, run_id: RunId) {
        let now = self.now.tick;
        let Some(finish) = self.finishing(run_id) else { return };
        let awake: Vec<Read> =
            finish.asleep.iter().filter(|(_, at)| **at <= now).map(|(read, _)| *read).collect();
        for read in &awake {
            finish.asleep.remove(read);
        }
        for read in awake {
            self.lanes.express(read.want(run_id));
        }
        self.rearm(run_id, None);
    }

    /// Everyone who waits for the run gets its end.
    pub(super) fn conclude(&mut self, run_id: RunId) {
        let Some(finish) = self.finishing(run_id) else { return };
        let end = finish.end(run_id);
        let waits = self.runs.get(&run_id).map(|watch| watch.waits.clone()).unwrap_or_default();
        if let Some(run) = &end.run {
            self.tell(run_id, &Arc::new(run.clone()), None);
        }
        let last = waits.len().saturating_sub(1);
        for wait in &waits[..last] {
            self.ended(*wait, end.clone());
        }
        if let Some(wait) = waits.last() {
            self.ended(*wait, end);
        }
    }

    /// Ends a wait whose run has ended with the verdict, although not everything was read; false when the run goes on.
    pub(super) fn end_with_verdict(&mut self, wait: WaitId) -> bool {
        let Some(run_id) = self.waits.get(&wait).and_then(|entry| entry.run_id) else { return false };
        // A wait that has not come to its run yet, such as one that repairs it, has another end coming.
        if !self.runs.get(&run_id).is_some_and(|watch| watch.waits.contains(&wait)) {
            return false;
        }
        let Some(finish) = self.finishing(run_id) else { return false };
        let end = finish.end(run_id);
        self.ended(wait, end);
        true
    }
}
