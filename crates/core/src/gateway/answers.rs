//! What an exchange makes of the answers to its calls.

use super::exchange::{Exchange, Step, Then};
use super::http::{Refusal, Reply};
use super::outputs::{Gathering, Purpose};
use super::pages::Pages;
use super::present::{document, life_cycle, with_state};
use super::request;
use super::sse::Sse;
use crate::api::{
    CancelRun, Endpoint, GetRun, GetRunOutput, JobsPage, LIST_RUNS_LIMIT, ListJobs, ListRuns, RepairRun,
    Request, RunsPage,
};
use crate::error::{Error, ErrorCode};
use crate::id::{JobId, RunId};
use crate::job::parameter_schema;
use crate::job::wire::{Path, Wire};
use crate::mapping::TaskType;
use crate::wait::Goal;
use serde_json::{Value, json};

/// Outputs that are asked for at once.
const OUTPUTS_AT_ONCE: usize = 8;

impl Exchange {
    pub(super) fn advance(&mut self, step: Step, answer: Result<Value, Error>) -> Result<(), Refusal> {
        let answer = match (&step, answer) {
            (_, Ok(answer)) => answer,
            // The answer to a repair that may have been carried out; only its history knows.
            (Step::Repair(_), Err(error)) if lost(&error) => {
                let Step::Repair(repair) = step else { return Ok(()) };
                let history = history(repair.run_id);
                self.call(Step::Repaired(repair, error), history);
                return Ok(());
            }
            (Step::OutputOf(_), Err(error)) => {
                let Step::OutputOf(purpose) = step else { return Ok(()) };
                self.gathered(purpose, Err(error));
                return Ok(());
            }
            (Step::Repaired(..), Err(_)) => {
                let Step::Repaired(_, error) = step else { return Ok(()) };
                self.fail(error);
                return Ok(());
            }
            (_, Err(error)) => {
                self.fail(error);
                return Ok(());
            }
        };
        match step {
            Step::FindJob(list, found) => return self.found(list, found, &answer),
            Step::Scope(pages, then) => self.scoped(pages, then, answer),
            Step::Trigger => match answer.get("run_id").filter(|id| id.is_i64()) {
                // A program is given what the workspace said.
                Some(_) if self.incoming.program => self.reply(Reply::json(answer)),
                Some(run_id) => self.reply(Reply::json(json!({"runId": run_id}))),
                None => self.garbled("run_now"),
            },
            Step::Runs(list, runs) => self.runs(list, runs, answer),
            Step::Status => {
                let run = first_run(answer).map(with_state);
                let status = run.as_ref().map_or(Value::Null, life_cycle);
                self.reply(Reply::json(json!({"status": status, "run": run})));
            }
            Step::Cancel => self.reply(Reply::empty()),
            Step::Output => self.reply(Reply::json(answer)),
            Step::History(mut repair) => {
                repair.latest_repair_id = document(&answer).and_then(|run| run.latest_repair_id());
                self.repair(repair);
            }
            Step::Repair(repair) => match answer.get("repair_id").filter(|id| id.is_i64()) {
                Some(id) => self.reply(Reply::json(json!({"runId": repair.run_id.0, "repairId": id}))),
                None => self.garbled("repair_run"),
            },
            Step::Repaired(repair, error) => {
                let latest = document(&answer).and_then(|run| run.latest_repair_id());
                if latest.is_some() && latest != repair.latest_repair_id {
                    self.reply(Reply::json(json!({"runId": repair.run_id.0, "repairId": latest})));
                } else {
                    self.fail(error);
                }
            }
            Step::Job(mut pages) => match pages.add(answer) {
                Some(next) => self.call(Step::Job(pages), next),
                None => self.reply(Reply::json(pages.take())),
            },
            Step::JobSchema => self.reply(Reply::json(schema_of(&answer))),
            Step::OutputOf(purpose) => self.gathered(purpose, Ok(answer)),
        }
        Ok(())
    }

    fn found(&mut self, list: ListJobs, mut found: Vec<JobId>, answer: &Value) -> Result<(), Refusal> {
        let page = JobsPage::read(answer, &Path::Root, &mut Vec::new()).unwrap_or_default();
        // The filter of the platform does not tell upper from lower case.
        let named = page.jobs.iter().filter(|job| {
            job.settings
                .as_ref()
                .is_some_and(|settings| Some(settings.display_name()) == list.name.as_deref())
        });
        found.extend(named.map(|job| job.job_id));
        if let Some(next) = list.after(&page) {
            let request = next.request();
            self.call(Step::FindJob(next, found), request);
            return Ok(());
        }
        match found.as_slice() {
            [id] => {
                self.job_id = *id;
                self.enter()
            }
            several => {
                let name = list.name.unwrap_or_default();
                let told = if several.is_empty() {
                    format!("there is no job named {name:?}")
                } else {
                    format!("{} jobs are named {name:?}; configure the id of one", several.len())
                };
                self.fail(Error::new(ErrorCode::NotFound, "find_job", told));
                Ok(())
            }
        }
    }

    /// A page of a run: of another job's it says no more than of one that does not exist (behaviour B31).
    fn scoped(&mut self, mut pages: Pages, then: Then, answer: Value) {
        let of_job = answer.get("job_id").and_then(as_id);
        if answer.get("job_id").is_some() && of_job != Some(self.job_id.0) {
            return self.not_found();
        }
        let whole = matches!(then, Then::Show | Then::Outputs);
        let next = pages.add(answer);
        if let Some(next) = next.filter(|_| whole) {
            return self.call(Step::Scope(pages, then), next);
        }
        let run = pages.take();
        if run.get("job_id").and_then(as_id) != Some(self.job_id.0) {
            return self.not_found();
        }
        let run_id = RunId(run.get("run_id").and_then(as_id).unwrap_or_default());
        match then {
            Then::Show => self.reply(Reply::json(with_state(run))),
            Then::Watch(last) => {
                self.stream(Goal::Adopt(run_id), Sse::watching(self.job_id, run_id, last));
            }
            Then::Cancel => {
                let request = CancelRun { run_id, ..CancelRun::default() }.request();
                self.call(Step::Cancel, request);
            }
            Then::Output => {
                let request = GetRunOutput { run_id, ..GetRunOutput::default() }.request();
                self.call(Step::Output, request);
            }
            Then::Outputs => match document(&run) {
                Some(run) => {
                    self.gathering = Some((run_id, Gathering::new(&run)));
                    self.gather();
                }
                None => self.garbled("get_run"),
            },
            Then::Repair(repair) if self.streams() => {
                self.stream(Goal::Repair(repair), Sse::watching(self.job_id, run_id, None));
            }
            Then::Repair(repair) if repair.latest_repair_id.is_none() => {
                self.call(Step::History(repair), history(run_id));
            }
            Then::Repair(repair) => self.repair(repair),
        }
    }

    fn repair(&mut self, repair: Box<RepairRun>) {
        let request = repair.request();
        self.call(Step::Repair(repair), request);
    }

    fn runs(&mut self, list: ListRuns, mut runs: Vec<Value>, mut answer: Value) {
        let limit = request::limit(self.incoming.query("limit").as_deref());
        let tokens = RunsPage {
            next_page_token: answer.get("next_page_token").and_then(Value::as_str).map(str::to_owned),
            ..RunsPage::default()
        };
        let page = answer.get_mut("runs").map(Value::take);
        let before = runs.len();
        if let Some(Value::Array(page)) = page {
            runs.extend(page.into_iter().map(with_state));
        }
        // A page without runs ends too, whatever its token says.
        let more = runs.len() < limit && runs.len() > before;
        if let Some(next) = list.after(&tokens).filter(|_| more) {
            let next = ListRuns { limit: Some(LIST_RUNS_LIMIT.min((limit - runs.len()) as i64)), ..next };
            let request = next.request();
            self.call(Step::Runs(next, runs), request);
        } else {
            runs.truncate(limit);
            self.reply(Reply::json(json!({"runs": runs})));
        }
    }

    /// Keeps a few calls under way until everything is there.
    fn gather(&mut self) {
        let Some((run_id, mut gathering)) = self.gathering.take() else { return };
        while self.steps.len() < OUTPUTS_AT_ONCE {
            let Some((purpose, request)) = gathering.next() else { break };
            self.call(Step::OutputOf(purpose), request);
        }
        if self.steps.is_empty() {
            self.reply(Reply::json(gathering.finish(run_id)));
        } else {
            self.gathering = Some((run_id, gathering));
        }
    }

    fn gathered(&mut self, purpose: Purpose, answer: Result<Value, Error>) {
        if let Some((_, gathering)) = &mut self.gathering {
            gathering.take(purpose, answer);
        }
        self.gather();
    }

    fn garbled(&mut self, operation: &'static str) {
        self.fail(Error::new(ErrorCode::Malformed, operation, "the answer has no id"));
    }
}

fn as_id(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

fn first_run(mut answer: Value) -> Option<Value> {
    let runs = answer.get_mut("runs").and_then(Value::as_array_mut)?;
    (!runs.is_empty()).then(|| runs.swap_remove(0))
}

fn history(run_id: RunId) -> Request {
    GetRun { run_id, include_history: Some(true), ..GetRun::default() }.request()
}

/// True when what was asked for may have happened all the same.
fn lost(error: &Error) -> bool {
    matches!(error.code, ErrorCode::Unavailable | ErrorCode::Malformed | ErrorCode::ServerError)
}

fn schema_of(job: &Value) -> Value {
    let job = crate::api::Job::read(job, &Path::Root, &mut Vec::new());
    let schema = job.and_then(|job| job.settings).map(|settings| parameter_schema(&settings));
    json!({"params": schema, "taskType": TaskType::JobParameters.as_str()})
}
