//! Which job a person means.

use crate::failure::Failure;
use crate::host::Connection;
use crate::project;
use lakeflow_client::Job;
use lakeflow_core::api::ListJobs;
use lakeflow_core::bundle::Bundle;
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::job::JobSettings;
use lakeflow_core::suggest::did_you_mean;

/// A job on the host, with its definition.
pub(crate) struct Target {
    pub(crate) job: Job,
    pub(crate) settings: JobSettings,
}

/// Finds a job by its key in the bundle, its name, or its id. With a local engine the bundle is deployed first.
pub(crate) async fn find(connection: &Connection, wanted: &str) -> Result<Target, Failure> {
    let bundle = connection.project.as_ref().and_then(|project| project.bundle.as_ref());
    let in_bundle = bundle.and_then(|bundle| project::job_of(bundle, wanted));
    if connection.local && in_bundle.is_some() {
        let deployed = Box::pin(connection.deploy()).await?;
        let key = in_bundle.map(|job| job.key.as_str());
        if let Some(deployed) = deployed.iter().find(|deployed| Some(deployed.key.as_str()) == key) {
            return Box::pin(stored(connection, &deployed.job_id.to_string())).await;
        }
    }
    let name = in_bundle.map_or(wanted, |job| job.settings.display_name());
    match Box::pin(stored(connection, name)).await {
        Err(Failure::Error(error)) if error.code == ErrorCode::NotFound => {
            Err(Failure::Error(unknown(connection, bundle, wanted, error).await))
        }
        found => found,
    }
}

async fn stored(connection: &Connection, key: &str) -> Result<Target, Failure> {
    let job = connection.jobs.job(key);
    let settings = job.get_job().await?.settings;
    let settings = settings.ok_or_else(|| {
        Error::new(ErrorCode::Malformed, "get", "the host sent the job without its definition")
            .with("job", key)
    })?;
    Ok(Target { job, settings })
}

/// The error for a job that does not exist, with the name that was probably meant and all that there are.
async fn unknown(connection: &Connection, bundle: Option<&Bundle>, wanted: &str, error: Error) -> Error {
    let mut known: Vec<String> = bundle.map_or_else(Vec::new, |bundle| bundle.jobs.keys().cloned().collect());
    if let Ok(jobs) = connection.jobs.list_jobs(ListJobs::default(), usize::MAX).await {
        let names = jobs.iter().filter_map(|job| job.settings.as_ref().map(JobSettings::display_name));
        known.extend(names.map(str::to_owned));
    }
    known.sort();
    known.dedup();
    let hint = did_you_mean(wanted, known.iter().map(String::as_str));
    let hint = hint.map_or_else(String::new, |hint| format!(" ({hint})"));
    let list = match known.as_slice() {
        [] => "there are no jobs".to_owned(),
        known => format!("jobs are: {}", known[..known.len().min(20)].join(", ")),
    };
    Error { message: format!("there is no job {wanted:?}; {list}{hint}"), ..error }
}
