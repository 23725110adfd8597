//! An engine of the calling program that serves a bundle: started on a free port, the bundle's jobs deployed, stopped
//! cleanly. What `lakeflow dev` does, without its printing and without following changes.

use crate::args::BundleArgs;
use crate::failure::Failure;
use crate::host::{self, Connection, DATA_FOLDER, Deployed};
use crate::project::{self, Project};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::id::JobId;
use lakeflow_core::problem::Problem;
use lakeflow_core::time::WallTime;
use lakeflow_engine::{Config, Engine, Notice};
use std::path::PathBuf;

/// How a [`LocalEngine`] is started.
#[derive(Clone, Debug, Default)]
pub struct LocalOptions {
    /// Bundle folder, `databricks.yml`, or a file with one job; without it the engine starts with no job.
    pub bundle: Option<PathBuf>,
    /// Data folder; `.lakeflow` beside the bundle when missing, and required when there is no bundle.
    pub data: Option<PathBuf>,
    /// TCP port on loopback; 0 takes a free one.
    pub port: u16,
    /// Target of the bundle; without it the default target.
    pub target: Option<String>,
    /// Values of bundle variables, by name.
    pub variables: Vec<(String, String)>,
    /// Python interpreter for tasks; without it one is found.
    pub python: Option<PathBuf>,
    /// Accept jobs with tasks that cannot run locally; such a task fails at run time and says why.
    pub allow_unsupported: bool,
    /// Let schedules and triggers of jobs start runs. Otherwise all of them are as if paused: a program that starts an engine says
    /// itself what runs.
    pub triggers: bool,
    /// A time with its zone (RFC 3339) that jobs and runs go by, from which only the engine's clock call moves on: for tests of schedules.
    pub clock: Option<String>,
    /// Told about faults that no caller can be told about.
    pub notice: Option<Notice>,
}

/// A job of the bundle on the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeployedJob {
    /// Its key in the bundle.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Its id on the engine.
    pub job_id: JobId,
    /// False when a job of that name was there and was brought up to date.
    pub created: bool,
}

/// Why an engine did not start or a bundle was not deployed.
#[derive(Clone, Debug)]
pub struct Refused {
    /// What went wrong.
    pub error: Error,
    /// Everything that is wrong with the bundle, when that is the reason.
    pub problems: Vec<Problem>,
}

/// An engine in this process. Dropping it stops it at once; [`LocalEngine::shutdown`] ends its tasks' processes first.
pub struct LocalEngine {
    connection: Connection,
    url: String,
    token: String,
    data: PathBuf,
    jobs: Vec<DeployedJob>,
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Error(error) => Self { error, problems: Vec::new() },
            Failure::Problems(problems) => {
                let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
                let error = Error::new(ErrorCode::InvalidDefinition, "deploy", told.join("\n"));
                Self { error, problems }
            }
            Failure::Told(code) => internal(&format!("the command ended with {code}")),
            Failure::Output(error) => internal(&error.to_string()),
        }
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self { error, problems: Vec::new() }
    }
}

fn internal(message: &str) -> Refused {
    Error::new(ErrorCode::Internal, "deploy", message).into()
}

impl LocalEngine {
    /// Reads the bundle, starts an engine and deploys the bundle's jobs. Nothing is started for a bundle with errors.
    pub async fn start(options: LocalOptions) -> Result<Self, Refused> {
        let project = load(&options)?;
        let beside = project.as_ref().map(|project| project.root.join(DATA_FOLDER));
        let data = options.data.clone().or(beside).ok_or_else(|| {
            let message = "an engine without a bundle needs a data folder";
            Refused::from(Error::new(ErrorCode::InvalidArgument, "start_engine", message))
        })?;
        let mut config = Config::new(&data);
        config.bundle_root = project.as_ref().map(|project| project.root.clone());
        config.port = Some(options.port);
        config.python = options.python;
        config.allow_unsupported = options.allow_unsupported;
        config.smtp = host::smtp(None, None);
        config.fire_triggers = options.triggers;
        config.clock = options.clock.as_deref().map(time).transpose()?;
        if let Some(notice) = options.notice {
            config.notice = notice;
        }
        let engine = Engine::start(config).await?;
        let (url, token) = (engine.url().to_owned(), engine.token().to_owned());
        let connection = host::own(engine, project, data.clone())?;
        match connection.deploy().await {
            Ok(deployed) => {
                let jobs = deployed.into_iter().map(DeployedJob::from).collect();
                Ok(Self { connection, url, token, data, jobs })
            }
            Err(failure) => {
                connection.close().await;
                Err(failure.into())
            }
        }
    }

    /// Base URL: `http://127.0.0.1:8080`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The bearer token that the API asks for.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The data folder.
    pub fn data(&self) -> &std::path::Path {
        &self.data
    }

    /// The bundle's jobs, each after those it needs.
    pub fn jobs(&self) -> &[DeployedJob] {
        &self.jobs
    }

    /// Moves the clock of an engine that was started with [`LocalOptions::clock`] on by milliseconds, from one due time to the next; gives
    /// the number of runs that triggers started. Every run is over when it is done. Fails with `InvalidState` without such a clock.
    pub fn advance(&self, ms: i64) -> impl Future<Output = Result<usize, Error>> + Send + 'static {
        self.connection.advance(ms)
    }

    /// Stops serving and ends every process that the engine started. Active runs are kept and go on at the next start.
    pub async fn shutdown(self) {
        self.connection.close().await;
    }
}

impl From<Deployed> for DeployedJob {
    fn from(deployed: Deployed) -> Self {
        let Deployed { key, name, job_id, created } = deployed;
        Self { key, name, job_id, created }
    }
}

fn time(text: &str) -> Result<WallTime, Error> {
    WallTime::parse(text).ok_or_else(|| {
        let message = format!("clock: {text:?} is not a time with its zone, such as 2026-03-28T00:00:00Z");
        Error::new(ErrorCode::InvalidArgument, "start_engine", message)
    })
}

fn load(options: &LocalOptions) -> Result<Option<Project>, Failure> {
    let Some(path) = &options.bundle else { return Ok(None) };
    let found = project::find(path).ok_or_else(|| {
        let message = format!("there is no databricks.yml in {} or above it", path.display());
        Failure::Error(Error::new(ErrorCode::NotFound, "read", message))
    })?;
    let variables = options.variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let project = project::load(&found, &BundleArgs { target: options.target.clone(), variables }, None)?;
    project.valid()?;
    Ok(Some(project))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(options: LocalOptions) -> Result<LocalEngine, Refused> {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(LocalEngine::start(options))
    }

    #[test]
    fn a_broken_bundle_starts_nothing_and_tells_every_problem() {
        let folder = tempfile::tempdir().unwrap();
        let text = "resources:\n  jobs:\n    a:\n      max_concurrent_runs: 5000\n      tasks:\n        - task_key: x\n";
        std::fs::write(folder.path().join("databricks.yml"), text).unwrap();
        let options = LocalOptions { bundle: Some(folder.path().to_owned()), ..LocalOptions::default() };
        let refused = start(options).map(|_| ()).unwrap_err();
        assert_eq!(refused.error.code, ErrorCode::InvalidDefinition);
        assert!(refused.problems.len() >= 2, "{refused:?}");
        assert!(!folder.path().join(DATA_FOLDER).exists());
    }

    #[test]
    fn without_bundle_and_data_folder_there_is_nowhere_to_keep_runs() {
        let refused = start(LocalOptions::default()).map(|_| ()).unwrap_err();
        assert_eq!(refused.error.code, ErrorCode::InvalidArgument);
    }

    #[test]
    fn a_file_with_one_job_is_a_bundle_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tick.json");
        let task = r#"{"task_key": "a", "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"}}"#;
        std::fs::write(&file, format!(r#"{{"name": "tick", "tasks": [{task}]}}"#)).unwrap();
        let data = Some(folder.path().join("data"));
        let engine = start(LocalOptions { bundle: Some(file), data, ..LocalOptions::default() });
        let names: Vec<String> =
            engine.map(|engine| engine.jobs().iter().map(|job| job.name.clone()).collect()).unwrap();
        assert_eq!(names, ["tick"]);
    }
}
