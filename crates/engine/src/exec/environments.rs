//! Virtual environments for tasks with libraries: one per set of packages, made once and kept in the data folder.
//!
//! An environment is `environments/KEY` where the key is a digest of the interpreter, the requirement lines and the
//! contents of the files that they name. The runner's `install` makes it (`crates/engine/runner/PROTOCOL.md`) and writes the
//! file `ready` last: a folder without it is what an interrupted installation left, and is made anew. One that no task has
//! used for long is removed by [`Environments::prune`].

use super::libraries::Packages;
use super::python::Interpreter;
use super::{Failure, command, log, process, variables};
use crate::caches;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use lakeflow_core::run::TerminationCode;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::task::AbortHandle;

/// An installation that takes longer is ended.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// Bytes of pip's output that an error carries.
const SHOWN: u64 = 8 * 1024;

/// Lines of it that its message carries.
const LINES: usize = 8;

/// An installation that several attempts may wait for.
type Installation = Shared<BoxFuture<'static, Result<(), Failure>>>;

/// What runs, by folder, and how to end it; `None` once the engine goes down.
type Running = Option<BTreeMap<PathBuf, (Installation, AbortHandle)>>;

/// The environments of a data folder.
#[derive(Debug)]
pub(super) struct Environments {
    root: PathBuf,
    /// `run.py`
    runner: PathBuf,
    running: Mutex<Running>,
}

impl Environments {
    pub(super) fn new(data_dir: &Path, runner: &Path) -> Self {
        Self {
            root: data_dir.join("environments"),
            runner: runner.to_owned(),
            running: Mutex::new(Some(BTreeMap::new())),
        }
    }

    /// The folder of the virtual environment with these packages; installs them when it is not there yet. An
    /// installation goes on when the caller stops waiting for it: others may wait for it too. Fails with
    /// `LIBRARY_INSTALLATION_ERROR` and pip's last lines.
    pub(super) async fn get(
        &self,
        interpreter: &Interpreter,
        packages: Packages,
    ) -> Result<PathBuf, Failure> {
        let key = {
            let (interpreter, packages) = (interpreter.clone(), packages.clone());
            tokio::task::spawn_blocking(move || key(&interpreter, &packages)).await
        };
        let folder = self.root.join(key.map_err(Failure::internal)?.map_err(Failure::internal)?);
        let venv = folder.join("venv");
        let installation = {
            let mut running = self.running();
            // Under the lock, since pruning must not take away what was just found.
            if folder.join("ready").exists() && venv.join("bin/python").exists() {
                caches::touch(&folder);
                return Ok(venv);
            }
            let running = running.as_mut().ok_or_else(|| Failure::internal("the engine is going down"))?;
            let begin = || self.begin(interpreter, packages, folder.clone());
            running.entry(folder.clone()).or_insert_with(begin).0.clone()
        };
        let result = installation.await;
        // An attempt that comes later sees that it is ready, or tries again.
        if let Some(running) = self.running().as_mut() {
            running.remove(&folder);
        }
        result.map(|()| venv)
    }

    /// Removes environments that were used last before `before`, unless `in_use` names them. Blocks.
    pub(super) fn prune(&self, before: SystemTime, in_use: &[PathBuf]) -> std::io::Result<()> {
        for folder in caches::unused(&self.root, before) {
            let running = self.running();
            let made = running.as_ref().is_none_or(|running| running.contains_key(&folder));
            // What was found a moment ago may have been used since.
            let still = caches::unused(&self.root, before).contains(&folder);
            if still && !made && !in_use.iter().any(|used| used.starts_with(&folder)) {
                caches::remove(&folder)?;
            }
        }
        Ok(())
    }

    /// Ends every installation; none begins any more.
    pub(super) fn end(&self) {
        for (_, work) in self.running().take().unwrap_or_default().into_values() {
            work.abort();
        }
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(
        &self,
        interpreter: &Interpreter,
        packages: Packages,
        folder: PathBuf,
    ) -> (Installation, AbortHandle) {
        let (python, runner) = (interpreter.path.clone(), self.runner.clone());
        let work = tokio::spawn(install(python, runner, packages, folder));
        let abort = work.abort_handle();
        let done = work.map(|done| done.unwrap_or_else(|fault| Err(Failure::internal(fault))));
        (done.boxed().shared(), abort)
    }
}

/// Ends a group of processes when it is dropped, so that no installer outlives the engine.
struct Group(Option<i32>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            process::kill(group);
        }
    }
}

async fn install(
    python: PathBuf,
    runner: PathBuf,
    packages: Packages,
    folder: PathBuf,
) -> Result<(), Failure> {
    prepare(&folder, &packages).map_err(|error| {
        let message = format!("cannot write to {}: {error}", folder.display());
        Failure::new(TerminationCode::LibraryInstallationError, message)
    })?;
    let output = folder.join("install.log");
    let words: [OsString; 5] =
        ["-I".into(), "-u".into(), runner.into(), "install".into(), folder.clone().into()];
    let launch = command::Launch {
        program: python,
        arguments: words.into(),
        variables: variables::inherited(),
        folder: folder.clone(),
    };
    let mut child = launch.start(&output)?;
    let group = Group(child.id().and_then(|id| i32::try_from(id).ok()));
    let ended = tokio::time::timeout(LIMIT, child.wait()).await;
    drop(group);
    match ended {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(_) => Err(refused(&output, "")),
        Err(_) => Err(refused(&output, &format!("not done after {} minutes. ", LIMIT.as_secs() / 60))),
    }
}

fn prepare(folder: &Path, packages: &Packages) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("install.log"), "")?;
    std::fs::write(folder.join("requirements.txt"), packages.lines.join("\n") + "\n")
}

fn refused(output: &Path, reason: &str) -> Failure {
    let (text, _) = log::tail(output, SHOWN);
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let last = lines[lines.len().saturating_sub(LINES)..].join("\n");
    let message = format!("Library installation failed: {reason}{last}");
    Failure { trace: Some(text), ..Failure::new(TerminationCode::LibraryInstallationError, message) }
}

/// What decides whether two tasks can share an environment, as 64 hexadecimal digits. The order of lines does not.
fn key(interpreter: &Interpreter, packages: &Packages) -> std::io::Result<String> {
    let mut parts = vec![format!("{:?} {}", interpreter.version, interpreter.path.display())];
    let mut lines = packages.lines.clone();
    lines.sort_unstable();
    parts.extend(lines);
    for file in &packages.files {
        parts.push(hex(&Sha256::digest(std::fs::read(file)?)));
    }
    Ok(hex(&Sha256::digest(parts.join("\n"))))
}

/// Two hexadecimal digits for each byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
