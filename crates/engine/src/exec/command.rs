//! Attempts that are a process of their own instead of a child of the warm interpreter: how such a process is started.
//! What its end means is read elsewhere.

use super::Failure;
use lakeflow_core::run::TerminationCode;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use tokio::process::{Child, Command};

/// A program and how to start it.
#[derive(Debug)]
pub(super) struct Launch {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<OsString>,
    /// The whole environment.
    pub(super) variables: BTreeMap<String, String>,
    /// The working folder.
    pub(super) folder: PathBuf,
}

impl Launch {
    /// Starts the program as a process group of its own whose output goes to the end of `log`. Fails with
    /// `DRIVER_ERROR` when the system does not let it.
    pub(super) fn start(&self, log: &Path) -> Result<Child, Failure> {
        self.spawn(log).map_err(|error| {
            let message = format!("cannot start {}: {error}", self.program.display());
            Failure::new(TerminationCode::DriverError, message)
        })
    }

    fn spawn(&self, log: &Path) -> std::io::Result<Child> {
        let output = OpenOptions::new().create(true).append(true).open(log)?;
        Command::new(&self.program)
            .args(&self.arguments)
            .env_clear()
            .envs(&self.variables)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0)
            .spawn()
    }
}

/// Exit code and signal of an ended process, of which one is there; neither when its end could not be seen.
pub(super) fn end_of(status: std::io::Result<ExitStatus>) -> (Option<i32>, Option<i32>) {
    status.map_or((None, None), |status| (status.code(), status.signal()))
}
