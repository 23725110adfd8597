//! One request to the gateway, from its arrival to the first call that it needs.

use super::effect::{CallId, Checked, Effect, StreamStart};
use super::event::EventId;
use super::gateway::{Prepared, Settings};
use super::http::{Body, Incoming, Refusal, Reply, failed};
use super::outputs::{Gathering, Purpose};
use super::pages::{Pages, Subject};
use super::registry::{JobRef, ParamCheck};
use super::request;
use super::route::Route;
use super::sse::{Claim, Sse};
use crate::api::{Endpoint, LIST_JOBS_LIMIT, LIST_RUNS_LIMIT, ListJobs, ListRuns, RepairRun, Request};
use crate::error::{Error, ErrorCode};
use crate::id::{JobId, RunId};
use crate::mapping::TaskType;
use crate::wait::Goal;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// What the next answer is for.
#[derive(Debug)]
pub(super) enum Step {
    FindJob(ListJobs, Vec<JobId>),
    /// Pages of the run, or its first page alone: is it a run of this job?
    Scope(Pages, Then),
    Trigger,
    Runs(ListRuns, Vec<Value>),
    Status,
    Cancel,
    History(Box<RepairRun>),
    Repair(Box<RepairRun>),
    /// The answer to a repair was lost: was it carried out?
    Repaired(Box<RepairRun>, Error),
    Output,
    Job(Pages),
    JobSchema,
    OutputOf(Purpose),
}

/// What follows once a run is known to be one of the job.
#[derive(Debug)]
pub(super) enum Then {
    Show,
    Watch(Option<EventId>),
    Cancel,
    Output,
    Outputs,
    Repair(Box<RepairRun>),
}

/// One request. [`Exchange::poll`] until it answers `Wait`, report, and again, until `Reply` or `Stream`.
#[derive(Debug)]
pub struct Exchange {
    settings: Arc<Settings>,
    pub(super) job: Option<Arc<Prepared>>,
    pub(super) job_id: JobId,
    route: Route,
    pub(super) incoming: Incoming,
    claim: Option<Claim>,
    outbox: VecDeque<Effect>,
    calls: u64,
    pub(super) steps: BTreeMap<CallId, Step>,
    pub(super) gathering: Option<(RunId, Gathering)>,
    done: bool,
}

impl Exchange {
    pub(super) fn new(settings: Arc<Settings>) -> Self {
        Self {
            settings,
            job: None,
            job_id: JobId(0),
            route: Route::Status,
            incoming: Incoming::default(),
            claim: None,
            outbox: VecDeque::new(),
            calls: 0,
            steps: BTreeMap::new(),
            gathering: None,
            done: false,
        }
    }

    /// The next thing to do.
    #[must_use]
    pub fn poll(&mut self) -> Effect {
        self.outbox.pop_front().unwrap_or(Effect::Wait)
    }

    /// A call came back: the JSON of its answer, or the error that is left after all tries.
    pub fn answered(&mut self, call: CallId, answer: Result<Value, Error>) {
        let Some(step) = self.steps.remove(&call).filter(|_| !self.done) else { return };
        if let Err(refusal) = self.advance(step, answer) {
            self.refuse(refusal);
        }
    }

    /// The host's check of the parameters came back.
    pub fn checked(&mut self, checked: Checked) {
        let outcome = match checked {
            Checked::Valid(params) => self.trigger(Some(&params)),
            Checked::Invalid(details) => Err(request::wrong(details)),
            Checked::Broken(detail) => {
                let told = format!("the check of the parameters failed: {detail}");
                self.reply(internal(&self.settings.plugin, "Run failed", told));
                Ok(())
            }
        };
        if let Err(refusal) = outcome {
            self.refuse(refusal);
        }
    }

    pub(super) fn reply(&mut self, reply: Reply) {
        self.done = true;
        self.outbox.push_back(Effect::Reply(reply));
    }

    pub(super) fn notify(&mut self, runs: Vec<RunId>) {
        self.outbox.push_back(Effect::Notify(runs));
    }

    pub(super) fn refuse(&mut self, refusal: Refusal) {
        let reply = refusal.reply(&self.settings.plugin);
        self.reply(reply);
    }

    pub(super) fn fail(&mut self, error: Error) {
        let reply = failed(error, &self.settings.plugin);
        self.reply(reply);
    }

    pub(super) fn not_found(&mut self) {
        self.refuse(Refusal::new(404, ErrorCode::NotFound, "Not Found"));
    }

    pub(super) fn call(&mut self, step: Step, request: Request) {
        let call = CallId(self.calls);
        self.calls += 1;
        self.steps.insert(call, step);
        self.outbox.push_back(Effect::Call { call, request: Box::new(request) });
    }

    pub(super) fn streams(&self) -> bool {
        self.incoming.query("stream").as_deref() == Some("true")
    }

    /// What only the program itself may ask for: waits of its own length, and what happens to the run at their ends.
    fn asks(&self, name: &str) -> bool {
        self.incoming.program && self.incoming.query(name).as_deref() == Some("true")
    }

    fn number(&self, name: &str) -> Option<u64> {
        let text = self.incoming.query(name).filter(|_| self.incoming.program)?;
        text.parse().ok()
    }

    pub(super) fn begin(
        &mut self,
        job: Arc<Prepared>,
        route: Route,
        incoming: Incoming,
        claim: Option<Claim>,
    ) -> Result<(), Refusal> {
        (self.route, self.incoming, self.claim) = (route, incoming, claim);
        let found = job.entry.job.clone();
        self.job = Some(job);
        match found {
            JobRef::Id(id) => {
                self.job_id = id;
                self.enter()
            }
            JobRef::Name(name) => {
                let list = ListJobs { limit: Some(LIST_JOBS_LIMIT), name: Some(name), ..ListJobs::default() };
                let request = list.request();
                self.call(Step::FindJob(list, Vec::new()), request);
                Ok(())
            }
            JobRef::Missing => Ok(()),
        }
    }

    /// The job's id is known: the route itself.
    pub(super) fn enter(&mut self) -> Result<(), Refusal> {
        let last = self.incoming.header("last-event-id").filter(|id| self.streams() && !id.is_empty());
        let last = last.map(EventId::parse);
        match (self.route.clone(), last) {
            // A client that comes back never starts a run, also when what it brings makes no sense.
            (Route::Run | Route::RunDetail(_) | Route::Repair(_), Some(None)) => {
                return Err(Refusal::invalid("Last-Event-ID is not one of this stream's event ids"));
            }
            (Route::Run | Route::RunDetail(_) | Route::Repair(_), Some(Some(last))) => {
                if last.digest.is_none() {
                    // The end was told. This status makes a browser stop coming back.
                    self.reply(Reply::empty());
                } else {
                    self.scope(last.run_id, Then::Watch(Some(last)));
                }
            }
            (Route::Run, None) => return self.run(),
            (Route::RunDetail(run_id), None) if self.streams() => self.scope(run_id, Then::Watch(None)),
            (Route::RunDetail(run_id), _) => self.scope(run_id, Then::Show),
            (Route::CancelRun(run_id), _) => self.scope(run_id, Then::Cancel),
            (Route::Output(run_id), _) => self.scope(run_id, Then::Output),
            (Route::Outputs(run_id), _) => self.scope(run_id, Then::Outputs),
            (Route::Repair(run_id), None) => {
                let repair = request::repair(&self.incoming.json()?, run_id)?;
                self.scope(run_id, Then::Repair(Box::new(repair)));
            }
            (Route::Runs, _) => self.list(),
            (Route::Status, _) => {
                let list = ListRuns { job_id: Some(self.job_id), limit: Some(1), ..ListRuns::default() };
                self.call(Step::Status, list.request());
            }
            (Route::Job, _) => {
                let pages = Pages::new(Subject::Job(self.job_id));
                let request = pages.first();
                self.call(Step::Job(pages), request);
            }
            (Route::Schema, _) => self.schema(),
            (Route::Webhook, _) => {}
        }
        Ok(())
    }

    fn scope(&mut self, run_id: RunId, then: Then) {
        let pages = Pages::new(Subject::Run(run_id));
        let request = pages.first();
        self.call(Step::Scope(pages, then), request);
    }

    /// `POST /:jobKey/run`: what the body says, checked.
    fn run(&mut self) -> Result<(), Refusal> {
        let Some(job) = self.job.clone() else { return Ok(()) };
        let params = request::params(&self.incoming, &job.entry)?;
        match (&job.entry.config.check, &job.schema) {
            (ParamCheck::Host(_), _) if !self.incoming.program => {
                let params = params.unwrap_or_else(|| Value::Object(Map::new()));
                self.outbox.push_back(Effect::Check { key: job.entry.key.clone(), params });
                Ok(())
            }
            (_, Some(schema)) => {
                request::validate(schema, params.as_ref().unwrap_or(&Value::Object(Map::new())))?;
                self.trigger(params.as_ref())
            }
            (_, None) => self.trigger(params.as_ref()),
        }
    }

    fn trigger(&mut self, params: Option<&Value>) -> Result<(), Refusal> {
        let Some(job) = self.job.clone() else { return Ok(()) };
        let own = request::own_token(&self.incoming, self.job_id)?;
        let token = own.or_else(|| self.claim.as_ref().map(|claim| claim.token.clone()));
        let run_now = request::run_now(job.entry.config.task_type, self.job_id, params, token)?;
        if self.streams() {
            let claim = self.claim.take();
            self.stream(Goal::RunNow(Box::new(run_now)), Sse::starting(self.job_id, claim));
        } else {
            self.call(Step::Trigger, run_now.request());
        }
        Ok(())
    }

    pub(super) fn stream(&mut self, goal: Goal, sse: Sse) {
        let Some(job) = &self.job else { return };
        self.done = true;
        self.outbox.push_back(Effect::Stream(Box::new(StreamStart {
            key: job.entry.key.clone(),
            job_id: self.job_id,
            goal,
            timeout_ms: self.number("waitTimeout").or(job.entry.config.wait_timeout_ms),
            cancel_on_stop: self.asks("cancelOnStop"),
            cancel_on_timeout: self.asks("cancelOnTimeout"),
            sse,
        })));
    }

    fn list(&mut self) {
        let limit = request::limit(self.incoming.query("limit").as_deref());
        let list = ListRuns {
            job_id: Some(self.job_id),
            limit: Some(LIST_RUNS_LIMIT.min(limit as i64)),
            ..ListRuns::default()
        };
        let request = list.request();
        self.call(Step::Runs(list, Vec::new()), request);
    }

    fn schema(&mut self) {
        let Some(job) = &self.job else { return };
        let config = &job.entry.config;
        if config.check.shown().is_none() && config.task_type == Some(TaskType::JobParameters) {
            let pages = Pages::new(Subject::Job(self.job_id));
            self.call(Step::JobSchema, pages.first());
        } else {
            let described = job.entry.described();
            self.reply(Reply::json(described));
        }
    }
}

/// A fault of the host: its words go to the log, not to the client (behaviour H15).
fn internal(plugin: &str, told: &'static str, detail: String) -> Reply {
    let error = Error::new(ErrorCode::Internal, "check", detail);
    let body = json!({"error": told, "plugin": plugin, "code": error.code});
    Reply { status: 500, headers: Vec::new(), body: Body::Json(body), error: Some(error) }
}
