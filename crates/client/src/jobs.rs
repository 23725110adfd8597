//! Jobs and runs of a workspace.

use crate::job::{Job, JobConfig};
use crate::wait::{Running, WaitOptions};
use crate::workspace::Workspace;
use futures::stream::{self, StreamExt, TryStreamExt};
use lakeflow_core::api::{
    self, CancelRun, CreateJob, DeleteJob, Endpoint, GetJob, GetRun, GetRunLog, GetRunOutput,
    LIST_JOBS_LIMIT, LIST_RUNS_LIMIT, ListJobs, ListRuns, RepairRun, ResetJob, RunOutput,
};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::gateway::Registry;
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::job::JobSettings;
use lakeflow_core::run::{Phase, RunDoc, TaskDoc};
use lakeflow_core::wait::{self, Goal, TaskFailure};
use serde_json::Map;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Outputs of one run that are fetched at once.
const OUTPUTS_AT_ONCE: usize = 8;

/// Jobs and runs of a workspace. Clones share connections and limits.
#[derive(Clone, Debug)]
pub struct Jobs {
    workspace: Workspace,
    configured: Arc<BTreeMap<String, JobConfig>>,
}

/// What one task left behind.
#[derive(Clone, Debug)]
pub struct TaskOutput {
    /// Key of the task.
    pub task_key: String,
    /// The for-each task whose iteration it is.
    pub iteration_of: Option<String>,
    /// Its newest attempt.
    pub run_id: RunId,
    /// When it ended, in milliseconds since 1970.
    pub end_time: i64,
    /// Where it stands.
    pub phase: Phase,
    /// The output, or why there is none.
    pub output: Result<RunOutput, Error>,
}

impl Jobs {
    /// The jobs of a workspace.
    pub fn new(workspace: Workspace) -> Self {
        Self { workspace, configured: Arc::default() }
    }

    /// The same jobs with keys of the caller's choice for some of them.
    #[must_use]
    pub fn with_jobs(self, configured: BTreeMap<String, JobConfig>) -> Self {
        Self { configured: Arc::new(configured), ..self }
    }

    /// The workspace.
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// A job by its configured key, its id, or its unique name. Nothing is sent until the job is used; a name is looked
    /// up then.
    pub fn job(&self, key: &str) -> Job {
        Job::new(self.clone(), key, self.configured.get(key).cloned().unwrap_or_default())
    }

    /// All jobs, newest first, without their tasks; with a name only those that bear it, upper and lower case alike.
    pub async fn list_jobs(&self, name: Option<&str>) -> Result<Vec<api::Job>, Error> {
        let name = name.map(str::to_owned);
        let mut next = Some(ListJobs { limit: Some(LIST_JOBS_LIMIT), name, ..ListJobs::default() });
        let mut jobs = Vec::new();
        while let Some(request) = next {
            let page = self.call(&request).await?;
            next = request.after(&page);
            jobs.extend(page.jobs);
        }
        Ok(jobs)
    }

    /// A job with its whole definition.
    pub async fn get_job(&self, job_id: JobId) -> Result<api::Job, Error> {
        let request = GetJob { job_id, ..GetJob::default() };
        let mut job = self.call(&request).await?;
        while let Some(next) = request.after(&job) {
            let page = self.call(&next).await?;
            job.append(page);
        }
        Ok(job)
    }

    /// Creates a job.
    pub async fn create_job(&self, job: &CreateJob) -> Result<JobId, Error> {
        Ok(self.call(job).await?.job_id)
    }

    /// Replaces the whole definition of a job.
    pub async fn reset_job(&self, job_id: JobId, settings: JobSettings) -> Result<(), Error> {
        let request = ResetJob { job_id, new_settings: settings, unknown: Map::new() };
        self.call(&request).await.map(|_| ())
    }

    /// Deletes a job; its runs stay.
    pub async fn delete_job(&self, job_id: JobId) -> Result<(), Error> {
        self.call(&DeleteJob { job_id, ..DeleteJob::default() }).await.map(|_| ())
    }

    /// Makes the job with this definition's name be as the definition says: creates it, or replaces the settings of the one
    /// job of that name, whose permissions then stay as they are. True when it was created. Several jobs of the name are
    /// an error that lists them.
    pub async fn deploy(&self, job: CreateJob) -> Result<(JobId, bool), Error> {
        match self.find(job.settings.display_name()).await? {
            Some(job_id) => {
                self.reset_job(job_id, job.settings).await?;
                Ok((job_id, false))
            }
            None => Ok((self.create_job(&job).await?, true)),
        }
    }

    /// The job that bears exactly this name; an error when there are several. The platform's own filter does not tell upper
    /// from lower case.
    pub(crate) async fn find(&self, name: &str) -> Result<Option<JobId>, Error> {
        let named =
            |job: &api::Job| job.settings.as_ref().is_some_and(|settings| settings.display_name() == name);
        let listed = self.list_jobs(Some(name)).await?;
        let found: Vec<JobId> = listed.iter().filter(|job| named(job)).map(|job| job.job_id).collect();
        match found.as_slice() {
            [] => Ok(None),
            [job_id] => Ok(Some(*job_id)),
            several => {
                let ids: Vec<String> = several.iter().map(ToString::to_string).collect();
                let message = format!(
                    "{} jobs are named {name:?}; use one of their ids: {}",
                    ids.len(),
                    ids.join(", ")
                );
                Err(Error::new(ErrorCode::InvalidArgument, "find_job", message))
            }
        }
    }

    /// A run with all its tasks and its repair history.
    pub async fn get_run(&self, run_id: RunId) -> Result<RunDoc, Error> {
        let request = GetRun { run_id, include_history: Some(true), ..GetRun::default() };
        let mut run = self.call(&request).await?;
        while let Some(next) = request.after(&run) {
            let page = self.call(&next).await?;
            run.append(page);
        }
        Ok(run)
    }

    /// Runs, newest start first, at most `most`. The filter's own `limit` is not used.
    pub async fn list_runs(&self, filter: ListRuns, most: usize) -> Result<Vec<RunDoc>, Error> {
        let page_size = i64::try_from(most).unwrap_or(LIST_RUNS_LIMIT).clamp(1, LIST_RUNS_LIMIT);
        let mut next = Some(ListRuns { limit: Some(page_size), ..filter });
        let mut runs: Vec<RunDoc> = Vec::new();
        while let Some(request) = next.filter(|_| runs.len() < most) {
            let page = self.call(&request).await?;
            next = request.after(&page);
            runs.extend(page.runs);
        }
        runs.truncate(most);
        Ok(runs)
    }

    /// The output of one task run.
    pub async fn get_run_output(&self, run_id: RunId) -> Result<RunOutput, Error> {
        self.call(&GetRunOutput { run_id, ..GetRunOutput::default() }).await
    }

    /// What every task of a run left behind, iterations of for-each tasks included, in the order in which they ended; a few
    /// are fetched at once. Tasks that have not ended come last.
    pub async fn outputs(&self, run_id: RunId) -> Result<Vec<TaskOutput>, Error> {
        let run = self.get_run(run_id).await?;
        self.outputs_of(&run).await
    }

    /// As [`Jobs::outputs`], of a run that has been read in full.
    pub async fn outputs_of(&self, run: &RunDoc) -> Result<Vec<TaskOutput>, Error> {
        let loops = run.newest_attempts().into_iter().filter(|task| task.task.for_each_task.is_some());
        let mut expanded = Vec::new();
        for task in loops.filter(|task| task.run.start_time.is_some_and(|start| start > 0)) {
            expanded.push((task.key().to_owned(), self.get_run(task.run.run_id).await?));
        }
        let mut fetches: Vec<_> =
            run.newest_attempts().into_iter().map(|task| self.output_of(task, None)).collect();
        for (key, each) in &expanded {
            let iterations = each.newest_iterations().into_iter();
            fetches.extend(iterations.map(|iteration| self.output_of(iteration, Some(key.clone()))));
        }
        let mut outputs: Vec<TaskOutput> =
            stream::iter(fetches).buffered(OUTPUTS_AT_ONCE).try_collect().await?;
        outputs.sort_by_key(|output| output.end_time);
        Ok(outputs)
    }

    async fn output_of(&self, task: &TaskDoc, iteration_of: Option<String>) -> Result<TaskOutput, Error> {
        let (task_key, run_id, phase) = (task.key().to_owned(), task.run.run_id, task.phase());
        let end_time = task.run.end_time.filter(|end| *end > 0).unwrap_or(i64::MAX);
        match self.get_run_output(run_id).await {
            // What is refused for one task is told beside it; a host that is gone ends it all.
            Err(error) if api::fault::about_host(error.code) => Err(error),
            output => Ok(TaskOutput { task_key, iteration_of, run_id, end_time, phase, output }),
        }
    }

    /// The iterations that made for-each tasks of a run fail, with what they said; at most `most` of each task.
    pub async fn failed_iterations(&self, run: &RunDoc, most: usize) -> Result<Vec<TaskFailure>, Error> {
        let mut failed = Vec::new();
        for failure in wait::failures(run) {
            let loops = |task: &&TaskDoc| task.key() == failure.task_key && task.task.for_each_task.is_some();
            if run.newest_attempts().iter().any(loops) {
                let each = self.get_run(failure.run_id).await?;
                failed.extend(wait::iteration_failures(&each).into_iter().take(most));
            }
        }
        for iteration in &mut failed {
            // What cannot be read is left out; that the iteration failed is known all the same.
            if let Ok(output) = self.get_run_output(iteration.run_id).await {
                iteration.explain(output);
            }
        }
        Ok(failed)
    }

    /// The last megabyte of what a task run has printed, of any task type; `None` from a workspace, which does not keep it.
    pub async fn run_log(&self, run_id: RunId) -> Result<Option<String>, Error> {
        match self.call(&GetRunLog { run_id, ..GetRunLog::default() }).await {
            Ok(part) => Ok(Some(part.log)),
            Err(error) if error.code == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Asks for a cancel of a job run or a task run; it takes effect a little later.
    pub async fn cancel_run(&self, run_id: RunId) -> Result<(), Error> {
        self.call(&CancelRun { run_id, ..CancelRun::default() }).await.map(|_| ())
    }

    /// Cancels a run and waits until it is really over.
    pub fn cancel_and_wait(&self, run_id: RunId, options: WaitOptions) -> Running {
        Running::new(self.workspace.clone(), Goal::Cancel(run_id), options)
    }

    /// Repairs a finished run and waits for its end. A missing `latest_repair_id` is looked up.
    pub fn repair_run(&self, request: RepairRun, options: WaitOptions) -> Running {
        Running::new(self.workspace.clone(), Goal::Repair(Box::new(request)), options)
    }

    /// Does what a goal says, and waits for the end of its run.
    pub fn follow(&self, goal: Goal, options: WaitOptions) -> Running {
        Running::new(self.workspace.clone(), goal, options)
    }

    /// The jobs of a registry, by key: its ids, task types and schemas.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with every problem of every schema. Checks by code of a host are not the client's affair.
    pub fn with_registry(self, registry: &Registry) -> Result<Self, Error> {
        let configured: Result<BTreeMap<String, JobConfig>, Error> =
            registry.entries().iter().map(|entry| Ok((entry.key.clone(), JobConfig::of(entry)?))).collect();
        Ok(self.with_jobs(configured?))
    }

    /// Waits for a run that exists, whoever started it.
    pub fn wait(&self, run_id: RunId, options: WaitOptions) -> Running {
        Running::new(self.workspace.clone(), Goal::Adopt(run_id), options)
    }

    /// Something has been heard about a run, for example by a webhook: those who wait for it poll at once. A run that nobody
    /// waits for is passed over.
    pub fn notify(&self, run_id: RunId) {
        self.workspace.notify(run_id);
    }

    pub(crate) async fn call<E: Endpoint>(&self, endpoint: &E) -> Result<E::Answer, Error> {
        self.workspace.call(endpoint, None).await
    }
}
