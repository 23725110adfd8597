//! Which host a command talks to: one that is named, or an engine on this machine, started here when none is running.

use crate::args::{BundleArgs, HostArgs};
use crate::failure::Failure;
use crate::print::Printer;
use crate::project::{self, Project};
use lakeflow_client::auth::{Profiles, Secret, Settings};
use lakeflow_client::{CallOptions, Jobs, Workspace};
use lakeflow_core::api::{self, Request, retry::RetryPolicy};
use lakeflow_core::bundle::Bundle;
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::id::JobId;
use lakeflow_core::problem::Position;
use lakeflow_engine::{BundleView, Config, Engine, EngineFile, Smtp};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Data folder of the local engine, beside the bundle.
pub(crate) const DATA_FOLDER: &str = ".lakeflow";

/// A host with the jobs on it, and what a bundle at hand says.
pub(crate) struct Connection {
    /// The jobs.
    pub(crate) jobs: Jobs,
    /// The engine, when this process is it.
    engine: Option<Engine>,
    /// The bundle, when there is one.
    pub(crate) project: Option<Project>,
    /// True for an engine on the bundle's data folder, in this process or another.
    pub(crate) local: bool,
    /// The data folder, for a local engine.
    pub(crate) data: Option<PathBuf>,
}

impl Connection {
    /// True when the host ends with this process.
    pub(crate) fn is_embedded(&self) -> bool {
        self.engine.is_some()
    }

    /// Ends the engine, if this process is it. Its active runs go on when it is started again.
    pub(crate) async fn close(self) {
        if let Some(engine) = self.engine {
            engine.shutdown().await;
        }
    }

    /// The answer to a call that has no method of its own.
    pub(crate) async fn call(&self, request: &Request) -> Result<Value, Failure> {
        Ok(self.jobs.workspace().request(request, &CallOptions::default()).await?)
    }

    /// A link that signs a browser in to the pages of the engine, when this process is it.
    pub(crate) fn sign_in_link(&self) -> Result<Option<String>, Failure> {
        Ok(self.engine.as_ref().map(Engine::sign_in_link).transpose()?)
    }

    /// What fires next, when this process is the engine.
    pub(crate) fn upcoming(&self) -> Vec<lakeflow_engine::Upcoming> {
        self.engine.as_ref().map(Engine::upcoming).unwrap_or_default()
    }

    /// Moves the clock of the engine of this process.
    pub(crate) fn advance(&self, ms: i64) -> impl Future<Output = Result<usize, Error>> + Send + 'static {
        let moved = self.engine.as_ref().map(|engine| engine.advance(ms));
        async move {
            match moved {
                Some(moved) => moved.await,
                None => Err(Error::new(ErrorCode::InvalidState, "clock", "this process is not the engine")),
            }
        }
    }

    /// Whether triggers fire, when this process is the engine.
    pub(crate) fn triggers_on(&self) -> bool {
        self.engine.as_ref().is_some_and(Engine::triggers_on)
    }

    /// Creates or updates every job of the bundle, each after the jobs whose ids it needs, and gives their ids.
    pub(crate) async fn deploy(&self) -> Result<Vec<Deployed>, Failure> {
        let Some(project) = &self.project else { return Ok(Vec::new()) };
        self.show_problems(project);
        let bundle = project.valid()?;
        if self.local {
            self.mount(bundle, &project.root).await?;
        }
        let mut ids: BTreeMap<String, JobId> = BTreeMap::new();
        let mut deployed = Vec::new();
        for key in bundle.deployment_order() {
            let Some(job) = bundle.jobs.get(key) else { continue };
            let body = project::create_body(job, &ids)?;
            let name = body.settings.display_name().to_owned();
            let (job_id, created) =
                self.jobs.deploy(body).await.map_err(|error| Failure::Error(error.with("job", key)))?;
            ids.insert(key.clone(), job_id);
            deployed.push(Deployed { key: key.clone(), name, job_id, created });
        }
        self.show(project, bundle, &deployed);
        Ok(deployed)
    }

    /// Tells the engine's pages about the bundle, when this process is the engine.
    fn show(&self, project: &Project, bundle: &Bundle, deployed: &[Deployed]) {
        let Some(engine) = &self.engine else { return };
        let place = |job: &Deployed| {
            let known = bundle.jobs.get(&job.key)?;
            let position = Position { file: known.file.clone(), ..known.position.clone() };
            Some((job.job_id, job.key.clone(), position))
        };
        engine.show_bundle(BundleView {
            name: bundle.name.clone(),
            target: bundle.target.clone(),
            root: project.root.clone(),
            jobs: deployed.iter().filter_map(place).collect(),
            problems: project.problems.clone(),
        });
    }

    /// A bundle that cannot be deployed leaves the jobs as they are; its problems are shown.
    fn show_problems(&self, project: &Project) {
        if let Some(engine) = &self.engine {
            engine.show_problems(&project.problems);
        }
    }

    /// The bundle's folder stands for the workspace folder that its files would be in.
    async fn mount(&self, bundle: &Bundle, root: &Path) -> Result<(), Failure> {
        // A file with one job, as it is sent to a workspace, names no folder of its own.
        if bundle.workspace.file_path.is_empty() {
            return Ok(());
        }
        let folder = (bundle.workspace.file_path.clone(), root.display().to_string());
        let request = api::mount(&BTreeMap::from([folder]));
        self.call(&request).await.map(|_| ())
    }
}

/// A job that was created or updated.
pub(crate) struct Deployed {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) job_id: JobId,
    pub(crate) created: bool,
}

/// As [`connect`], for commands that know no target of the bundle.
pub(crate) async fn reach(args: &HostArgs, printer: &Printer) -> Result<Connection, Failure> {
    connect(args, &BundleArgs { target: None, variables: Vec::new() }, printer).await
}

/// Connects to the host that is named, else to the engine of the data folder, else starts that engine. The bundle is read
/// when there is one; what is wrong with it is judged when it is used.
pub(crate) async fn connect(
    args: &HostArgs,
    bundle: &BundleArgs,
    printer: &Printer,
) -> Result<Connection, Failure> {
    let project = match project::find(&args.bundle) {
        Some(path) => Some(project::load(&path, bundle, None)?),
        None if args.bundle != Path::new(".") => {
            let message = format!("there is no databricks.yml in {}", args.bundle.display());
            return Err(Failure::Error(Error::new(ErrorCode::NotFound, "read", message)));
        }
        None => None,
    };
    let data = args.data.clone().or_else(|| project.as_ref().map(|project| project.root.join(DATA_FOLDER)));
    match (remote(args)?, data) {
        (Some(settings), _) => {
            let jobs = Jobs::new(Workspace::new(settings)?);
            Ok(Connection { jobs, engine: None, project, local: false, data: None })
        }
        (None, Some(data)) => local(data, project, printer).await,
        (None, None) => Err(Failure::usage(
            "no host is set and there is no bundle here; give --host, a profile or DATABRICKS_HOST, or go to a folder \
             with a databricks.yml",
        )),
    }
}

/// The settings of a named host. A `DEFAULT` profile alone names none while a bundle or a data folder is at hand: the
/// job of a bundle runs on this machine unless it was said otherwise.
fn remote(args: &HostArgs) -> Result<Option<Settings>, Failure> {
    let explicit = Settings {
        host: args.host.clone(),
        token: args.token.clone().map(Secret::new),
        profile: args.profile.clone(),
        ..Settings::default()
    };
    let settings = if explicit.is_empty() && args.data.is_some() {
        explicit
    } else {
        explicit.or_environment(|name| std::env::var(name).ok())
    };
    let at_hand = args.data.is_some() || project::find(&args.bundle).is_some();
    if settings.is_empty() && at_hand {
        return Ok(None);
    }
    let settings = settings.or_profile(&Profiles::load(|name| std::env::var(name).ok())?)?;
    Ok(if settings.is_empty() { None } else { Some(settings) })
}

async fn local(data: PathBuf, project: Option<Project>, printer: &Printer) -> Result<Connection, Failure> {
    if let Some(jobs) = running(&data).await? {
        return Ok(Connection { jobs, engine: None, project, local: true, data: Some(data) });
    }
    let engine = Engine::start(settings(&data, project.as_ref(), printer)).await?;
    let jobs = jobs_of(engine.url(), engine.token())?;
    Ok(Connection { jobs, engine: Some(engine), project, local: true, data: Some(data) })
}

/// The settings of an engine of this process: a free port, the bundle's files, faults told by `printer`.
pub(crate) fn settings(data: &Path, project: Option<&Project>, printer: &Printer) -> Config {
    let mut config = Config::new(data);
    config.bundle_root = project.map(|project| project.root.clone());
    config.notice = printer.notice();
    config.smtp = smtp(None, None);
    config
}

/// Where letters are handed over, by flags or the environment; `None` when neither says.
pub(crate) fn smtp(url: Option<&str>, sender: Option<&str>) -> Option<Smtp> {
    let set = |given: Option<&str>, name: &str| {
        given.map(str::to_owned).or_else(|| std::env::var(name).ok()).filter(|text| !text.is_empty())
    };
    Some(Smtp { url: set(url, "LAKEFLOW_SMTP")?, sender: set(sender, "LAKEFLOW_MAIL_FROM") })
}

/// A connection to an engine that this process has started itself.
pub(crate) fn own(engine: Engine, project: Option<Project>, data: PathBuf) -> Result<Connection, Failure> {
    let jobs = jobs_of(engine.url(), engine.token())?;
    Ok(Connection { jobs, engine: Some(engine), project, local: true, data: Some(data) })
}

fn jobs_of(url: &str, token: &str) -> Result<Jobs, Failure> {
    Ok(Jobs::new(Workspace::new(Settings::new(url, Secret::new(token)))?))
}

/// The engine that serves a data folder in another process, if it answers.
pub(crate) async fn running(data: &Path) -> Result<Option<Jobs>, Failure> {
    let Some(file) = EngineFile::read(data) else { return Ok(None) };
    let Ok(token) = std::fs::read_to_string(data.join("token")) else { return Ok(None) };
    let workspace = Workspace::new(Settings::new(&file.url, Secret::new(token.trim())))?;
    // What a crashed engine left behind is found out at once, not after minutes of trying.
    let probe = workspace.clone().with_retry(RetryPolicy { budget_ms: 0, ..RetryPolicy::default() });
    let answered = probe.request(&api::current_user(), &CallOptions::default()).await;
    Ok(answered.is_ok().then(|| Jobs::new(workspace)))
}
