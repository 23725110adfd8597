//! Run-job tasks: another job's run as an attempt (reference section 10.3).

use super::Driver;
use super::run_now::RunRequest;
use futures::future::BoxFuture;
use lakeflow_core::error::ErrorCode;
use lakeflow_core::execution::{Input, LegacyParameters, child_parameters};
use lakeflow_core::id::RunId;
use lakeflow_core::job::RunJobTask;
use lakeflow_core::job::wire::{Text, TextMap};
use lakeflow_core::run::{End, Outcome, TerminationCode};

/// Levels of run-job tasks below a job run at most.
const MOST_LEVELS: usize = 3;

/// How the task run ends whose child run has ended so.
pub(super) fn parent_end(child: &End) -> End {
    match &child.outcome {
        outcome if outcome.is_success() => End::success(),
        Outcome::Canceled => End::new(Outcome::Canceled, child.code.clone(), child.message.clone()),
        Outcome::TimedOut => End::new(Outcome::TimedOut, child.code.clone(), child.message.clone()),
        _ => {
            let message = if child.message.is_empty() { "The job run failed." } else { &child.message };
            End::new(Outcome::Failed, TerminationCode::RunExecutionError, message)
        }
    }
}

impl Driver {
    /// Triggers the child run of a run-job task run; fails with the end of that task run.
    pub(super) fn start_child<'a>(
        &'a self,
        parent: RunId,
        task_run: RunId,
        task: &'a RunJobTask,
        parameters: &'a [(String, String)],
    ) -> BoxFuture<'a, Result<(), End>> {
        // Boxed, since starting a run leads to actors, and actors lead here.
        Box::pin(self.trigger_child(parent, task_run, task, parameters))
    }

    async fn trigger_child(
        &self,
        parent: RunId,
        task_run: RunId,
        task: &RunJobTask,
        parameters: &[(String, String)],
    ) -> Result<(), End> {
        let failed = |code: TerminationCode, text: String| End::new(Outcome::Failed, code, text);
        let id = task.job_id;
        let stored = self.store().job(id).await;
        let stored = stored.map_err(|e| failed(TerminationCode::InternalError, e.to_string()))?;
        let Some(job) = stored.filter(|job| !job.deleted) else {
            return Err(failed(TerminationCode::ResourceNotFound, format!("Job {id} does not exist.")));
        };
        self.check_nesting(parent, id)
            .await
            .map_err(|text| failed(TerminationCode::InvalidRunConfiguration, text))?;
        let request = RunRequest {
            job_parameters: child_parameters(&task.job_parameters, parameters, &job.settings.parameters),
            legacy: legacy(task),
            parent: Some(task_run),
            ..RunRequest::default()
        };
        let child = self.run_now(&job, request).await;
        child.map(|_| ()).map_err(|error| {
            if error.code == ErrorCode::InvalidArgument {
                return failed(TerminationCode::InvalidRunConfiguration, error.message);
            }
            self.notice(&format!("task run {task_run} could not start job {id}: {error}"));
            failed(TerminationCode::InternalError, error.message)
        })
    }

    /// Cancels the child run of a run-job task run.
    pub(super) fn stop_child(&self, task_run: RunId) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let child = self.store().child_of(task_run).await;
            let result = match child {
                Ok(Some(child)) => self.cancel(child.run_id).await,
                Ok(None) => Ok(()),
                Err(error) => Err(error),
            };
            if let Err(error) = result {
                self.notice(&format!("the run that task run {task_run} started was not cancelled: {error}"));
            }
        })
    }

    /// Refuses a job that runs itself through its children, and too many levels.
    async fn check_nesting(&self, parent: RunId, job: lakeflow_core::id::JobId) -> Result<(), String> {
        let mut above = Some(parent);
        let mut levels = 0;
        while let Some(run) = above {
            let row = self.store().run(super::job_run_of(run)).await.map_err(|e| e.to_string())?;
            let Some(row) = row else { break };
            levels += 1;
            if row.job_id == job {
                return Err(format!("Job {job} would run itself."));
            }
            if levels > MOST_LEVELS {
                return Err(format!("Run-job tasks can be nested {MOST_LEVELS} levels deep at most."));
            }
            above = row.parent_task_run;
        }
        Ok(())
    }

    /// Reports the end of a run to the task run that started it, if there is one.
    pub(super) fn report_to_parent(&self, parent: Option<RunId>, end: &End) {
        if let Some(task_run) = parent {
            self.deliver(task_run, super::actor::exited(task_run, parent_end(end)));
        }
    }

    /// The message of an input to a run that nobody waits for.
    pub(super) fn tell(&self, run: RunId, input: Input) {
        self.deliver(run, super::actor::Message::Input(input, None));
    }
}

fn legacy(task: &RunJobTask) -> LegacyParameters {
    let map = |map: &TextMap| (!map.is_empty()).then(|| map.clone());
    let list = |list: &[Text]| (!list.is_empty()).then(|| list.iter().map(|text| text.0.clone()).collect());
    LegacyParameters {
        notebook_params: map(&task.notebook_params),
        python_params: list(&task.python_params),
        python_named_params: map(&task.python_named_params),
        jar_params: list(&task.jar_params),
        spark_submit_params: list(&task.spark_submit_params),
        sql_params: map(&task.sql_params),
        dbt_commands: list(&task.dbt_commands),
        pipeline_params: task.pipeline_params.clone(),
    }
}
