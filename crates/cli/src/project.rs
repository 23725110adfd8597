//! The bundle or job file at hand: finds it, gives its files to the core, and keeps what the core read.

use crate::args::BundleArgs;
use crate::failure::Failure;
use lakeflow_core::api::CreateJob;
use lakeflow_core::bundle::{self, Bundle, BundleJob, Files, Kind, Options};
use lakeflow_core::error::{Error, ErrorCode};
use lakeflow_core::id::JobId;
use lakeflow_core::problem::Problem;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The file that makes a folder a bundle.
const BUNDLE_FILES: [&str; 2] = ["databricks.yml", "databricks.yaml"];

/// A bundle or job file that was read, with everything that is wrong with it.
#[derive(Debug)]
pub(crate) struct Project {
    /// The folder that its paths are relative to, absolute.
    pub(crate) root: PathBuf,
    /// What was read; `None` when nothing useful could be.
    pub(crate) bundle: Option<Bundle>,
    /// Everything wrong, in the order of files and lines.
    pub(crate) problems: Vec<Problem>,
}

/// Reads a bundle folder, a bundle file, or a file with one job.
pub(crate) fn load(path: &Path, args: &BundleArgs, user_name: Option<&str>) -> Result<Project, Failure> {
    let metadata = std::fs::metadata(path).map_err(|e| unreadable(path, &e))?;
    let (root, relative) = if metadata.is_dir() {
        (path.to_owned(), String::new())
    } else {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        (folder_of(path), name)
    };
    let options = options(args, user_name)?;
    let files = Disk { root: root.clone() };
    let (bundle, mut problems) = bundle::load(&files, &relative, &options);
    for position in problems.iter_mut().filter_map(|problem| problem.position.as_mut()) {
        position.file = shown(&root.join(&position.file));
    }
    let root = root.canonicalize().map_err(|e| unreadable(&root, &e))?;
    Ok(Project { root, bundle, problems })
}

/// The bundle of a folder or of the nearest folder above it; `None` when there is none. A path that names a file is
/// that file.
pub(crate) fn find(path: &Path) -> Option<PathBuf> {
    if !path.is_dir() {
        return Some(path.to_owned());
    }
    if is_bundle(path) {
        return Some(path.to_owned());
    }
    let start = path.canonicalize().ok()?;
    start.ancestors().find(|folder| is_bundle(folder)).map(Path::to_owned)
}

fn is_bundle(folder: &Path) -> bool {
    BUNDLE_FILES.iter().any(|name| folder.join(name).is_file())
}

impl Project {
    /// The bundle, when nothing is wrong with it; else all problems as the failure. Warnings do not count.
    pub(crate) fn valid(&self) -> Result<&Bundle, Failure> {
        let errors: Vec<Problem> = self.problems.iter().filter(|p| p.is_error()).cloned().collect();
        match &self.bundle {
            Some(bundle) if errors.is_empty() => Ok(bundle),
            _ => Err(Failure::Problems(errors)),
        }
    }

    /// The files that the bundle was read from.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let files = self.bundle.as_ref().map_or(&[][..], |bundle| &bundle.files);
        files.iter().map(|file| self.root.join(file)).collect()
    }
}

/// The job of a bundle that a person means: by key, or by name.
pub(crate) fn job_of<'a>(bundle: &'a Bundle, wanted: &str) -> Option<&'a BundleJob> {
    bundle.jobs.get(wanted).or_else(|| {
        let mut named = bundle.jobs.values().filter(|job| job.settings.display_name() == wanted);
        named.next().filter(|_| named.next().is_none())
    })
}

/// What is sent to create a job of a bundle, once the jobs it refers to have ids.
pub(crate) fn create_body(job: &BundleJob, ids: &BTreeMap<String, JobId>) -> Result<CreateJob, Failure> {
    let id_of = |reference: &bundle::ResourceReference| {
        let known = reference.kind == "jobs" && reference.field == "id";
        known.then(|| ids.get(&reference.key)).flatten().map(|id| Value::from(id.0))
    };
    let body = job.resolve(&id_of).map_err(Failure::Problems)?;
    serde_json::from_value(body).map_err(|e| {
        let message = format!("job {} cannot be read: {e}", job.key);
        Failure::Error(Error::new(ErrorCode::InvalidDefinition, "deploy", message))
    })
}

fn options(args: &BundleArgs, user_name: Option<&str>) -> Result<Options, Failure> {
    let mut variables = BTreeMap::new();
    for text in &args.variables {
        let Some((name, value)) = text.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            return Err(Failure::usage(format!("--var {text:?} is not of the form NAME=VALUE")));
        };
        variables.insert(name.to_owned(), value.to_owned());
    }
    // Variables that are not text cannot be meant for a bundle.
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let defaults = Options::default();
    Ok(Options {
        target: args.target.clone(),
        variables,
        environment,
        user_name: user_name.map_or(defaults.user_name, str::to_owned),
        ..Options::default()
    })
}

/// Files below a folder of this machine.
struct Disk {
    root: PathBuf,
}

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        std::fs::read(self.root.join(path)).map_err(|e| reason(&e))
    }
    fn kind(&self, path: &str) -> Kind {
        match std::fs::metadata(self.root.join(path)) {
            Ok(found) if found.is_dir() => Kind::Folder,
            Ok(_) => Kind::File,
            Err(_) => Kind::Missing,
        }
    }
    fn list(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.root.join(folder)) else { return Vec::new() };
        // A name that is not text cannot be written in a bundle either.
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }
}

fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// A path as people write it, without a `./` in front.
fn shown(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}

pub(crate) fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    let code = match error.kind() {
        std::io::ErrorKind::NotFound => ErrorCode::NotFound,
        _ => ErrorCode::InvalidArgument,
    };
    let message = format!("cannot read {}: {}", path.display(), reason(error));
    Failure::Error(Error::new(code, "read", message))
}

/// The reason without the number that the system gives it.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}
