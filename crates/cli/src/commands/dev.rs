//! `lakeflow dev`: serves the bundle's jobs on this machine until it is stopped, and follows changes of the bundle.

use crate::Ended;
use crate::args::Dev;
use crate::failure::{Failure, exit};
use crate::host::{self, Connection, DATA_FOLDER};
use crate::interrupt::Interrupts;
use crate::print::Printer;
use crate::project::{self, Project};
use crate::render;
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::id::{JobId, RunId};
use lakeflow_engine::{Engine, Fault, Principal, Upcoming};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How often the bundle's files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Fire times that are told.
const MOST_UPCOMING: usize = 5;

/// Characters of a further user's token at least.
const SHORTEST_TOKEN: usize = 16;

pub(crate) async fn run(args: &Dev, printer: &Printer) -> Ended {
    let path = project::find(&args.path).ok_or_else(|| {
        let message = format!("there is no databricks.yml in {} or above it", args.path.display());
        Failure::Error(Error::new(ErrorCode::NotFound, "dev", message))
    })?;
    let project = project::load(&path, &args.bundle, None)?;
    project.valid()?;
    let data = args.data.clone().unwrap_or_else(|| project.root.join(DATA_FOLDER));
    let mut config = host::settings(&data, Some(&project), printer);
    config.port = Some(args.port);
    config.allow_unsupported = args.allow_unsupported;
    config.faults = args.faults.as_deref().map(faults).transpose()?.unwrap_or_default();
    config.requests_per_second = args.rate_limit;
    config.keep_runs_days = args.keep_days;
    config.principals = args.users.as_deref().map(users).transpose()?.unwrap_or_default();
    config.secrets = args.secrets.as_deref().map(secrets).transpose()?;
    config.smtp = host::smtp(args.smtp.as_deref(), args.mail_from.as_deref());
    config.allowed_paths = args.allowed_paths.iter().map(|path| folder(path)).collect::<Result<_, _>>()?;
    config.allowed_hosts.clone_from(&args.allowed_hosts);
    config.grace = Duration::from_secs(args.grace);
    config.share_token = args.share_token;
    config.fire_triggers = !args.pause_triggers;
    config.catch_up = args.catch_up;
    config.clock = args.clock;
    let engine = Engine::start(config).await?;
    let url = engine.url().to_owned();
    let mut connection = host::own(engine, Some(project), data)?;
    let served = serve(&mut connection, args, &path, &url, printer).await;
    connection.close().await;
    served
}

async fn serve(connection: &mut Connection, args: &Dev, path: &Path, url: &str, printer: &Printer) -> Ended {
    tell(connection, printer).await?;
    printer.line(&format!("host   {url}"))?;
    if let Some(data) = &connection.data {
        printer.line(&format!("token  {}", data.join("token").display()))?;
    }
    if let Some(link) = connection.sign_in_link()? {
        printer.line(&format!("pages  {link}"))?;
    }
    printer.note("serving until Ctrl-C; changes of the bundle are taken over");
    let mut interrupts = Interrupts::new()?;
    let mut seen = stamps(connection.project.as_ref());
    let mut fired = BTreeMap::new();
    loop {
        tokio::select! {
            () = interrupts.next() => break,
            () = tokio::time::sleep(LOOK) => {}
        }
        tell_fired(&connection.upcoming(), &mut fired, printer)?;
        let now = stamps(connection.project.as_ref());
        if now == seen {
            continue;
        }
        seen = now;
        // What is wrong now may be half of an edit: it is told, and the jobs stay as they were.
        match project::load(path, &args.bundle, None) {
            Ok(project) => {
                connection.project = Some(project);
                seen = stamps(connection.project.as_ref());
                if let Err(failure) = tell(connection, printer).await {
                    failure.report(printer);
                }
            }
            Err(failure) => {
                failure.report(printer);
            }
        }
    }
    printer.note("the engine ends; runs that are active are kept and go on when it is started again");
    Ok(exit::SUCCESS)
}

/// Reads a file of faults: `{"faults": […]}`, as the engine's own call takes them.
fn faults(path: &Path) -> Result<Vec<Fault>, Failure> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        faults: Vec<Fault>,
    }
    read::<File>(path, "a list of faults").map(|file| file.faults)
}

/// Reads a file of further users. A token that somebody may guess, or that two share, tells nobody apart.
fn users(path: &Path) -> Result<Vec<Principal>, Failure> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct User {
        user_name: String,
        token: String,
    }
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        users: Vec<User>,
    }
    let users = read::<File>(path, "a list of users")?.users;
    for (at, user) in users.iter().enumerate() {
        let what = if user.user_name.trim().is_empty() {
            Some("has no user_name")
        } else if user.token.len() < SHORTEST_TOKEN || !user.token.chars().all(|c| c.is_ascii_graphic()) {
            Some("needs a token of 16 or more visible ASCII characters")
        } else if users[..at].iter().any(|other| other.token == user.token) {
            Some("has the token of another one")
        } else {
            None
        };
        if let Some(what) = what {
            return Err(Failure::usage(format!("{}: users[{at}] {what}", path.display())));
        }
    }
    Ok(users.into_iter().map(|user| Principal { token: user.token, user_name: user.user_name }).collect())
}

/// A file of secrets is read when a task asks; that it can be read is seen at once.
fn secrets(path: &Path) -> Result<PathBuf, Failure> {
    let told = |what: String| Failure::usage(format!("{}: {what}", path.display()));
    std::fs::File::open(path).and_then(|_| std::path::absolute(path)).map_err(|e| told(e.to_string()))
}

fn folder(path: &Path) -> Result<PathBuf, Failure> {
    let found = path.canonicalize().map_err(|e| Failure::usage(format!("{}: {e}", path.display())))?;
    if found.is_dir() { Ok(found) } else { Err(Failure::usage(format!("{}: not a folder", path.display()))) }
}

fn read<T: serde::de::DeserializeOwned>(path: &Path, what: &str) -> Result<T, Failure> {
    let told = |what: String| Failure::usage(format!("{}: {what}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|e| told(e.to_string()))?;
    serde_json::from_str(&text).map_err(|e| told(format!("not {what}: {e}")))
}

/// Deploys the bundle and lists its jobs.
async fn tell(connection: &Connection, printer: &Printer) -> Result<(), Failure> {
    for problem in connection.project.iter().flat_map(|project| &project.problems) {
        if !problem.is_error() {
            printer.problem(problem);
        }
    }
    for job in connection.deploy().await? {
        printer.line(&format!("job    {}  {}  {:?}", job.job_id, job.key, job.name))?;
    }
    let upcoming = connection.upcoming();
    if !connection.triggers_on() {
        if !upcoming.is_empty() {
            printer.note(&format!("{} triggers are kept paused", upcoming.len()));
        }
        return Ok(());
    }
    let (paused, awake): (Vec<_>, Vec<_>) = upcoming.iter().partition(|one| one.paused);
    for one in awake.iter().take(MOST_UPCOMING) {
        printer.line(&told(one))?;
    }
    if awake.len() > MOST_UPCOMING {
        printer.note(&format!("and {} more; see `lakeflow triggers list`", awake.len() - MOST_UPCOMING));
    }
    if !paused.is_empty() {
        let names: Vec<String> = paused.iter().map(|one| format!("{:?}", one.job_name)).collect();
        printer.note(&format!("paused: {}", names.join(", ")));
    }
    Ok(())
}

/// What a job waits for, on one line.
fn told(one: &Upcoming) -> String {
    match one.next {
        Some(next) => {
            format!("next   {}  {:?} by {}", render::time(Some(next.0)), one.job_name, one.waits_for)
        }
        None if one.kind == "PERIODIC" => format!("never  {:?} by {}", one.job_name, one.waits_for),
        None => format!("waits  {:?} for {}", one.job_name, one.waits_for),
    }
}

/// Tells the runs that triggers have started since `seen`, and when each fires next.
fn tell_fired(
    upcoming: &[Upcoming],
    seen: &mut BTreeMap<(JobId, String), RunId>,
    printer: &Printer,
) -> Result<(), Failure> {
    for one in upcoming {
        let Some(run) = one.last_run else { continue };
        if seen.insert((one.job_id, one.place.clone()), run) == Some(run) {
            continue;
        }
        printer.line(&format!(
            "fired  {}  {:?} by {}, run {run}",
            render::time(one.last.map(|at| at.0)),
            one.job_name,
            one.waits_for
        ))?;
        if one.next.is_some() {
            printer.line(&told(one))?;
        }
    }
    Ok(())
}

/// When each file was changed last.
fn stamps(project: Option<&Project>) -> Vec<(PathBuf, Option<SystemTime>)> {
    let files = project.map(Project::files).unwrap_or_default();
    let changed = |file: &PathBuf| std::fs::metadata(file).and_then(|found| found.modified()).ok();
    files
        .into_iter()
        .map(|file| {
            let at = changed(&file);
            (file, at)
        })
        .collect()
}
