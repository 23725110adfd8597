//! Runs of a workspace: reading them, and changing what they do.

use crate::call::Calls;
use crate::jobs::Jobs;
use crate::options::CallOptions;
use crate::wait::{Running, WaitOptions};
use lakeflow_core::api::{
    CancelAllRuns, CancelRun, DeleteRun, ExportRun, ExportedRun, GetRun, GetRunLog, GetRunOutput, GetRunText,
    ListRuns, RepairRun, RunOutput, RunSql, SqlRows, SubmitRun,
};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::run::{RunDoc, RunText};
use lakeflow_core::wait::Goal;
use std::time::Duration;

impl Jobs {
    /// A run with all its tasks and its repair history.
    pub async fn get_run(&self, run_id: RunId) -> Result<RunDoc, Error> {
        let request = GetRun { include_history: Some(true), ..GetRun::default() };
        get_run(&self.begin(), GetRun { run_id, ..request }).await
    }

    /// As [`Jobs::get_run`], as the text that came.
    pub async fn get_run_text(&self, run_id: RunId) -> Result<RunText, Error> {
        let calls = self.begin();
        let request = GetRunText(GetRun { run_id, include_history: Some(true), ..GetRun::default() });
        let mut page = calls.call(&request).await?;
        let mut pages = vec![page.text];
        while let Some(token) = page.next {
            page = calls.call(&request.page(token)).await?;
            pages.push(page.text);
        }
        RunText::read(pages)
    }

    /// As [`Jobs::get_run`], with the values that references in task definitions had.
    pub async fn get_run_resolved(&self, run_id: RunId) -> Result<RunDoc, Error> {
        let flag = Some(true);
        let request =
            GetRun { run_id, include_history: flag, include_resolved_values: flag, ..GetRun::default() };
        get_run(&self.begin(), request).await
    }

    /// Runs, newest start first, at most `most`; with `expand_tasks` each with all its tasks. The filter's own `limit` is
    /// not used.
    pub async fn list_runs(&self, filter: ListRuns, most: usize) -> Result<Vec<RunDoc>, Error> {
        let calls = self.begin();
        let expand = filter.expand_tasks == Some(true);
        // More than the largest page is clamped to it.
        let mut next = Some(ListRuns { limit: Some(i64::try_from(most).unwrap_or(i64::MAX)), ..filter });
        let mut runs: Vec<RunDoc> = Vec::new();
        while let Some(request) = next.filter(|_| runs.len() < most) {
            let page = calls.call(&request).await?;
            next = request.after(&page);
            runs.extend(page.runs);
        }
        runs.truncate(most);
        // A list shows the first hundred tasks of a run.
        for run in runs.iter_mut().filter(|run| expand && run.has_more == Some(true)) {
            *run = get_run(&calls, GetRun { run_id: run.run_id, ..GetRun::default() }).await?;
        }
        Ok(runs)
    }

    /// The output of one task run.
    pub async fn get_run_output(&self, run_id: RunId) -> Result<RunOutput, Error> {
        self.begin().call(&GetRunOutput { run_id, ..GetRunOutput::default() }).await
    }

    /// The last megabyte of what a task run has printed, of any task type; `None` from a workspace, which does not keep it.
    pub async fn run_log(&self, run_id: RunId) -> Result<Option<String>, Error> {
        match self.begin().call(&GetRunLog { run_id, ..GetRunLog::default() }).await {
            Ok(part) => Ok(Some(part.log)),
            Err(error) if error.code == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Runs SQL on the tables of a local engine, `system.lakeflow` among them, and gives the rows of the last statement, at
    /// most `limit` (10,000 when missing). It is sent once, since it may write; after `timeout` the query is ended.
    ///
    /// # Errors
    /// `UNSUPPORTED` from a workspace: its SQL is not part of the Jobs API. `INVALID_ARGUMENT` when a statement fails.
    /// `DEADLINE_EXCEEDED` after `timeout`.
    pub async fn sql(
        &self,
        statement: &str,
        limit: Option<i64>,
        timeout: Duration,
    ) -> Result<SqlRows, Error> {
        let request = RunSql { statement: statement.to_owned(), limit, ..RunSql::default() };
        let options = CallOptions { timeout: Some(timeout), ..self.options().clone() };
        // A query may be silent for longer than a host that is asked for a run; the deadline is the one limit.
        let workspace = self.workspace().clone().with_exchange_timeout(timeout + Duration::from_secs(5));
        let answered = workspace.begin(&options).call(&request).await;
        match answered {
            Err(error) if error.code == ErrorCode::NotFound => {
                let text = "SQL runs on a local engine alone; in a workspace use its SQL editor, a notebook or a SQL task";
                let error = Error::new(ErrorCode::Unsupported, "sql", text);
                Err(error.with("host", self.workspace().host().as_str().trim_end_matches('/')))
            }
            answered => answered,
        }
    }

    /// The pages of a notebook task's run as HTML; `views` is `CODE`, `DASHBOARDS` or `ALL`.
    pub async fn export_run(&self, run_id: RunId, views: &str) -> Result<ExportedRun, Error> {
        let views_to_export = Some(views.to_owned());
        self.begin().call(&ExportRun { run_id, views_to_export, ..ExportRun::default() }).await
    }

    /// Starts a one-time run and gives its id. A missing idempotency token is minted, so that however often the network
    /// fails, one run is started.
    pub async fn submit(&self, request: SubmitRun) -> Result<RunId, Error> {
        Ok(crate::job::trigger(self, request).await?.run_id)
    }

    /// As [`Jobs::submit`], and waits for its end.
    pub fn submit_and_wait(&self, request: SubmitRun, options: WaitOptions) -> Result<Running, Error> {
        Ok(self.follow(Goal::Submit(Box::new(crate::job::with_token(request)?)), options))
    }

    /// Asks for a cancel of a job run or a task run; it takes effect a little later.
    pub async fn cancel_run(&self, run_id: RunId) -> Result<(), Error> {
        self.begin().call(&CancelRun { run_id, ..CancelRun::default() }).await.map(|_| ())
    }

    /// Asks for a cancel of all active runs of a job.
    pub async fn cancel_all_runs(&self, job_id: JobId) -> Result<(), Error> {
        let request = CancelAllRuns { job_id: Some(job_id), ..CancelAllRuns::default() };
        self.begin().call(&request).await.map(|_| ())
    }

    /// Asks for a cancel of all runs that wait in a queue: of a job, or of the whole workspace.
    pub async fn cancel_queued_runs(&self, job_id: Option<JobId>) -> Result<(), Error> {
        let request = CancelAllRuns { job_id, all_queued_runs: Some(true), ..CancelAllRuns::default() };
        self.begin().call(&request).await.map(|_| ())
    }

    /// Deletes a run that has ended.
    pub async fn delete_run(&self, run_id: RunId) -> Result<(), Error> {
        self.begin().call(&DeleteRun { run_id, ..DeleteRun::default() }).await.map(|_| ())
    }

    /// Cancels a run and waits until it is really over.
    pub fn cancel_and_wait(&self, run_id: RunId, options: WaitOptions) -> Running {
        self.follow(Goal::Cancel(run_id), options)
    }

    /// Repairs a finished run and waits for its end. A missing `latest_repair_id` is looked up.
    pub fn repair_run(&self, request: RepairRun, options: WaitOptions) -> Running {
        self.follow(Goal::Repair(Box::new(request)), options)
    }

    /// Waits for a run that exists, whoever started it.
    pub fn wait(&self, run_id: RunId, options: WaitOptions) -> Running {
        self.follow(Goal::Adopt(run_id), options)
    }

    /// Something has been heard about a run, for example by a webhook: those who wait for it poll at once. A run that nobody
    /// waits for is passed over.
    pub fn notify(&self, run_id: RunId) {
        self.workspace().notify(run_id);
    }

    /// Does what a goal says, and waits for the end of its run.
    pub fn follow(&self, goal: Goal, options: WaitOptions) -> Running {
        Running::new(self.workspace().clone(), goal, options, self.options().abort.clone())
    }
}

/// All pages of a run.
pub(crate) async fn get_run(calls: &Calls<'_>, request: GetRun) -> Result<RunDoc, Error> {
    let mut run = calls.call(&request).await?;
    while let Some(next) = request.after(&run) {
        let page = calls.call(&next).await?;
        run.append(page);
    }
    Ok(run)
}
