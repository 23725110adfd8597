//! Which Python runs tasks: found once, checked once, with an error that says what to do.

use lakeflow_core::error::{Error, ErrorCode};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::Command;

/// A Python that tasks can run with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpreter {
    /// The executable.
    pub path: PathBuf,
    /// Major and minor version.
    pub version: (u32, u32),
}

/// The oldest Python that the runner works with.
const MINIMUM: (u32, u32) = (3, 9);

impl Interpreter {
    /// Finds the interpreter: the one configured, else the one that `LAKEFLOW_PYTHON` names, else that of the active
    /// virtual environment, else `python3` or `python` of the search path. `NOT_FOUND` when there is none, `UNSUPPORTED` when it is too old.
    pub async fn find(configured: Option<&Path>, environment: &Environment) -> Result<Self, Error> {
        let named = configured.or(environment.lakeflow_python.as_deref().map(Path::new));
        let candidates: Vec<PathBuf> = match (named, &environment.virtual_env) {
            (Some(path), _) => vec![path.to_owned()],
            (None, Some(venv)) => vec![Path::new(venv).join("bin").join("python")],
            (None, None) => on_path(environment.path.as_ref(), &["python3", "python"]),
        };
        for candidate in &candidates {
            if let Some(version) = version(candidate).await {
                if version < MINIMUM {
                    return Err(too_old(candidate, version));
                }
                return Ok(Self { path: candidate.clone(), version });
            }
        }
        Err(none_found(&candidates))
    }
}

/// The part of the engine's environment that decides which Python is used.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `LAKEFLOW_PYTHON`
    pub lakeflow_python: Option<OsString>,
    /// `PATH`
    pub path: Option<OsString>,
    /// `VIRTUAL_ENV`
    pub virtual_env: Option<OsString>,
}

impl Environment {
    /// That of this process.
    pub fn of_process() -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        Self { lakeflow_python: set("LAKEFLOW_PYTHON"), path: set("PATH"), virtual_env: set("VIRTUAL_ENV") }
    }
}

fn on_path(path: Option<&OsString>, names: &[&str]) -> Vec<PathBuf> {
    let folders: Vec<PathBuf> = path.map(|path| std::env::split_paths(path).collect()).unwrap_or_default();
    names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .filter(|p| p.is_file())
        .collect()
}

/// Major and minor version; `None` when the file cannot be run as Python 3.
async fn version(path: &Path) -> Option<(u32, u32)> {
    let script = "import sys; print(sys.version_info[0], sys.version_info[1])";
    let output = Command::new(path)
        .args(["-I", "-c", script])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (major, minor) = text.trim().split_once(' ')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn too_old(path: &Path, (major, minor): (u32, u32)) -> Error {
    let message = format!(
        "{} is Python {major}.{minor}; tasks need {}.{} or newer: name another one with LAKEFLOW_PYTHON",
        path.display(),
        MINIMUM.0,
        MINIMUM.1
    );
    Error::new(ErrorCode::Unsupported, "find_python", message)
}

fn none_found(tried: &[PathBuf]) -> Error {
    let place = match tried {
        [] => "there is no python3 on the search path".to_owned(),
        [one] => format!("{} is not a Python that runs", one.display()),
        many => format!(
            "none of {} runs",
            many.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ")
        ),
    };
    let message = format!("{place}: install Python 3.9 or newer, or name one with LAKEFLOW_PYTHON");
    Error::new(ErrorCode::NotFound, "find_python", message)
}
