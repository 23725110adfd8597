//! What the tasks of a run left behind, gathered over many calls.

use crate::call::Calls;
use crate::jobs::Jobs;
use crate::runs::get_run;
use futures::stream::{self, StreamExt, TryStreamExt};
use lakeflow_core::api::{GetRun, GetRunOutput, RunOutput, fault};
use lakeflow_core::error::Error;
use lakeflow_core::id::RunId;
use lakeflow_core::run::{Phase, RunDoc, TaskDoc};
use lakeflow_core::wait::{self, TaskFailure};

/// Outputs of one run that are fetched at once.
const OUTPUTS_AT_ONCE: usize = 8;

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
    /// What every task of a run left behind, iterations of for-each tasks included, in the order in which they ended; a few
    /// are fetched at once. Tasks that have not ended come last.
    pub async fn outputs(&self, run_id: RunId) -> Result<Vec<TaskOutput>, Error> {
        let calls = self.begin();
        let run = get_run(&calls, GetRun { run_id, ..GetRun::default() }).await?;
        outputs(&calls, &run).await
    }

    /// As [`Jobs::outputs`], of a run that has been read in full.
    pub async fn outputs_of(&self, run: &RunDoc) -> Result<Vec<TaskOutput>, Error> {
        outputs(&self.begin(), run).await
    }

    /// The iterations that made for-each tasks of a run fail, with what they said; at most `most` of each task.
    pub async fn failed_iterations(&self, run: &RunDoc, most: usize) -> Result<Vec<TaskFailure>, Error> {
        let calls = self.begin();
        let mut failed = Vec::new();
        for failure in wait::failures(run) {
            let loops = |task: &&TaskDoc| task.key() == failure.task_key && task.task.for_each_task.is_some();
            if run.newest_attempts().iter().any(loops) {
                let each = get_run(&calls, GetRun { run_id: failure.run_id, ..GetRun::default() }).await?;
                failed.extend(wait::iteration_failures(&each).into_iter().take(most));
            }
        }
        for iteration in &mut failed {
            // What cannot be read is left out; that the iteration failed is known all the same.
            if let Ok(output) = output(&calls, iteration.run_id).await {
                iteration.explain(output);
            }
        }
        Ok(failed)
    }
}

async fn outputs(calls: &Calls<'_>, run: &RunDoc) -> Result<Vec<TaskOutput>, Error> {
    let loops = run.newest_attempts().into_iter().filter(|task| task.task.for_each_task.is_some());
    let mut expanded = Vec::new();
    for task in loops.filter(|task| task.run.start_time.is_some_and(|start| start > 0)) {
        let request = GetRun { run_id: task.run.run_id, ..GetRun::default() };
        expanded.push((task.key().to_owned(), get_run(calls, request).await?));
    }
    let mut fetches: Vec<_> =
        run.newest_attempts().into_iter().map(|task| output_of(calls, task, None)).collect();
    for (key, each) in &expanded {
        let iterations = each.newest_iterations().into_iter();
        fetches.extend(iterations.map(|iteration| output_of(calls, iteration, Some(key.clone()))));
    }
    let mut outputs: Vec<TaskOutput> = stream::iter(fetches).buffered(OUTPUTS_AT_ONCE).try_collect().await?;
    outputs.sort_by_key(|output| output.end_time);
    Ok(outputs)
}

async fn output_of(
    calls: &Calls<'_>,
    task: &TaskDoc,
    iteration_of: Option<String>,
) -> Result<TaskOutput, Error> {
    let (task_key, run_id, phase) = (task.key().to_owned(), task.run.run_id, task.phase());
    let end_time = task.run.end_time.filter(|end| *end > 0).unwrap_or(i64::MAX);
    match output(calls, run_id).await {
        // What is refused for one task is told beside it; a host that is gone ends it all.
        Err(error) if fault::about_host(error.code) => Err(error),
        output => Ok(TaskOutput { task_key, iteration_of, run_id, end_time, phase, output }),
    }
}

async fn output(calls: &Calls<'_>, run_id: RunId) -> Result<RunOutput, Error> {
    calls.call(&GetRunOutput { run_id, ..GetRunOutput::default() }).await
}
