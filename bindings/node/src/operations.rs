//! The methods of the client by name: arguments are read from JSON, answers written as JSON, off the main thread.

use crate::answer::Answer;
use crate::fault::{argument, told};
use lakeflow_client::{Jobs, Running, TaskOutput, WaitOptions};
use lakeflow_core::api::{AccessEntry, CreateJob, ListJobs, ListRuns, RepairRun};
use lakeflow_core::door::{self, js_text};
use lakeflow_core::error::Error;
use lakeflow_core::id::{JobId, RunId};
use lakeflow_core::job::JobSettings;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Reads the arguments of an operation.
fn read<T: DeserializeOwned>(operation: &'static str, value: Value) -> Result<T, Error> {
    serde_json::from_value(value).map_err(|e| argument(operation, e))
}

#[derive(Deserialize)]
struct OfJob {
    job_id: JobId,
}

#[derive(Deserialize)]
struct OfRun {
    run_id: RunId,
}

#[derive(Deserialize)]
struct OfKey {
    key: String,
}

#[derive(Deserialize)]
struct Named {
    name: Option<String>,
    most: Option<usize>,
}

#[derive(Deserialize)]
struct Update {
    job_id: JobId,
    settings: Option<Value>,
    #[serde(default)]
    remove: Vec<String>,
}

#[derive(Deserialize)]
struct Access {
    job_id: JobId,
    entries: Vec<AccessEntry>,
}

#[derive(Deserialize)]
struct Enforce {
    job_id: JobId,
    #[serde(default)]
    validate_only: bool,
}

#[derive(Deserialize)]
struct Complying {
    policy_id: String,
    most: usize,
}

#[derive(Deserialize)]
struct Reset {
    job_id: JobId,
    settings: JobSettings,
}

#[derive(Deserialize)]
struct Listed {
    #[serde(default)]
    key: Option<String>,
    #[serde(default)]
    filter: ListRuns,
    most: usize,
}

#[derive(Deserialize)]
struct Trigger {
    key: String,
    params: Value,
}

/// Carries out an operation.
pub(crate) async fn carry_out(jobs: &Jobs, operation: &str, arguments: &str) -> Result<Answer, Error> {
    let given = door::parse("call", arguments)?;
    Ok(match operation {
        "list_jobs" => {
            let Named { name, most } = read("list_jobs", given)?;
            let filter = ListJobs { name, ..ListJobs::default() };
            let listed = jobs.list_jobs(filter, most.unwrap_or(usize::MAX)).await?;
            Answer::texts_of(listed.iter().map(js_text).collect())
        }
        "get_job" => Answer::text(js_text(&jobs.get_job(read::<OfJob>("get_job", given)?.job_id).await?)),
        "create_job" => {
            let job: CreateJob = read("create_job", given)?;
            Answer::text(js_text(&jobs.create_job(&job).await?))
        }
        "reset_job" => {
            let Reset { job_id, settings } = read("reset_job", given)?;
            jobs.reset_job(job_id, settings).await?;
            Answer::texts_of(Vec::new())
        }
        "delete_job" => {
            jobs.delete_job(read::<OfJob>("delete_job", given)?.job_id).await?;
            Answer::texts_of(Vec::new())
        }
        "deploy" => {
            let (job_id, created) = jobs.deploy(read("deploy", given)?).await?;
            Answer::text(js_text(&json!({ "jobId": job_id, "created": created })))
        }
        "get_run" => Answer::runs_of([jobs.get_run(read::<OfRun>("get_run", given)?.run_id).await?]),
        "list_runs" => {
            let Listed { key, filter, most } = read("list_runs", given)?;
            let job_id = match key {
                Some(key) => Some(jobs.job(&key).id().await?),
                None => filter.job_id,
            };
            Answer::runs_of(jobs.list_runs(ListRuns { job_id, ..filter }, most).await?)
        }
        "get_run_output" => {
            let run_id = read::<OfRun>("get_run_output", given)?.run_id;
            Answer::text(js_text(&jobs.get_run_output(run_id).await?))
        }
        "outputs" => {
            let outputs = jobs.outputs(read::<OfRun>("outputs", given)?.run_id).await?;
            Answer::texts_of(outputs.iter().map(output).collect())
        }
        "run_log" => {
            let log = jobs.run_log(read::<OfRun>("run_log", given)?.run_id).await?;
            Answer::text(js_text(&log))
        }
        "cancel_run" => {
            jobs.cancel_run(read::<OfRun>("cancel_run", given)?.run_id).await?;
            Answer::texts_of(Vec::new())
        }
        "job_id" => Answer::text(js_text(&jobs.job(&read::<OfKey>("find_job", given)?.key).id().await?)),
        "run_now" => {
            let Trigger { key, params } = read("run_now", given)?;
            Answer::text(js_text(&jobs.job(&key).run_now(&params).await?))
        }
        _ => return govern(jobs, operation, given).await,
    })
}

/// The operations about who may do what, and about policies.
async fn govern(jobs: &Jobs, operation: &str, given: Value) -> Result<Answer, Error> {
    Ok(match operation {
        "update_job" => {
            let Update { job_id, settings, remove } = read("update_job", given)?;
            jobs.update_job(job_id, settings, remove).await?;
            Answer::texts_of(Vec::new())
        }
        "get_permissions" => {
            let job_id = read::<OfJob>("get_permissions", given)?.job_id;
            Answer::text(js_text(&jobs.get_permissions(job_id).await?))
        }
        "set_permissions" => {
            let Access { job_id, entries } = read("set_permissions", given)?;
            Answer::text(js_text(&jobs.set_permissions(job_id, entries).await?))
        }
        "update_permissions" => {
            let Access { job_id, entries } = read("update_permissions", given)?;
            Answer::text(js_text(&jobs.update_permissions(job_id, entries).await?))
        }
        "get_permission_levels" => {
            let job_id = read::<OfJob>("get_permission_levels", given)?.job_id;
            Answer::text(js_text(&jobs.get_permission_levels(job_id).await?))
        }
        "get_policy_compliance" => {
            let job_id = read::<OfJob>("get_policy_compliance", given)?.job_id;
            Answer::text(js_text(&jobs.get_policy_compliance(job_id).await?))
        }
        "list_policy_compliance" => {
            let Complying { policy_id, most } = read("list_policy_compliance", given)?;
            let listed = jobs.list_policy_compliance(&policy_id, most).await?;
            Answer::texts_of(listed.iter().map(js_text).collect())
        }
        "enforce_policy_compliance" => {
            let Enforce { job_id, validate_only } = read("enforce_policy_compliance", given)?;
            Answer::text(js_text(&jobs.enforce_policy_compliance(job_id, validate_only).await?))
        }
        other => return Err(argument("call", format!("{other:?} is no operation"))),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Goal {
    /// Start a run of a job and wait for it.
    RunNow(Trigger),
    /// Wait for a run that exists.
    Adopt(RunId),
    /// Cancel a run and wait for its end.
    Cancel(RunId),
    /// Repair a run and wait for its end.
    Repair(Box<RepairRun>),
}

/// Begins a wait.
pub(crate) async fn begin(jobs: &Jobs, goal: &str, options: WaitOptions) -> Result<Running, Error> {
    Ok(match read("wait", door::parse("wait", goal)?)? {
        Goal::RunNow(Trigger { key, params }) => jobs.job(&key).run_and_wait(&params, options).await?,
        Goal::Adopt(run_id) => jobs.wait(run_id, options),
        Goal::Cancel(run_id) => jobs.cancel_and_wait(run_id, options),
        Goal::Repair(request) => jobs.repair_run(*request, options),
    })
}

fn output(output: &TaskOutput) -> String {
    let (found, error) = match &output.output {
        Ok(found) => (json!(found), Value::Null),
        Err(error) => (Value::Null, told(error)),
    };
    let ended = Some(output.end_time).filter(|time| *time != i64::MAX);
    js_text(&json!({
        "taskKey": output.task_key, "iterationOf": output.iteration_of, "runId": output.run_id, "endTime": ended,
        "state": output.phase.word(), "output": found, "error": error,
    }))
}
