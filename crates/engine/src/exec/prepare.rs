//! From an attempt to what can be started: its folder, its variables, its packages, its request or command line.

use super::command::Launch;
use super::environments::Environments;
use super::internal::Shared;
use super::variables::{self, Variables};
use super::{Attempt, AttemptFiles, ExecConfig, Failure, attempt_files, jar, libraries, request};
use lakeflow_core::job::TaskKind;
use lakeflow_core::run::TerminationCode;
use serde_json::Value;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// An attempt that can be started.
#[derive(Debug)]
pub(super) enum Ready {
    /// By the warm interpreter, with this request.
    Warm(Value),
    /// As a process of its own.
    Own(Launch),
}

/// Prepares attempts; several at once.
#[derive(Debug)]
pub(super) struct Preparer {
    config: ExecConfig,
    /// `run.py`
    runner: PathBuf,
    shared: Arc<Shared>,
    environments: Environments,
}

impl Preparer {
    pub(super) fn new(config: ExecConfig, runner: PathBuf, shared: Arc<Shared>) -> Self {
        let environments = Environments::new(&config.data_dir, &runner);
        Self { config, runner, shared, environments }
    }

    /// Prepares an attempt that may call the engine with `token`. May take as long as an installation of packages
    /// does; nothing of the attempt itself runs yet.
    pub(super) async fn prepare(&self, attempt: &Attempt, token: &str) -> Result<Ready, Failure> {
        let files = attempt_files(&self.config.data_dir, attempt.run);
        std::fs::create_dir_all(&files.dir).map_err(|error| {
            let message = format!("cannot create {}: {error}", files.dir.display());
            Failure::new(TerminationCode::DriverError, message)
        })?;
        let mut variables = variables::of(&self.config, attempt)?;
        if let Some(TaskKind::SparkJar(task)) = attempt.task.kind() {
            return jar::launch(&self.config, attempt, task, variables, &files).map(Ready::Own);
        }
        let packages = libraries::of(&self.config, attempt)?;
        if packages.is_empty() {
            return request::build(&self.config, attempt, &files, token, &variables).map(Ready::Warm);
        }
        let interpreter = self.shared.interpreter().await?;
        let venv = self.environments.get(interpreter, packages).await?;
        enter(&venv, &mut variables);
        let request = request::build(&self.config, attempt, &files, token, &variables)?;
        self.own(&venv, &request, variables, &files).map(Ready::Own)
    }

    /// Removes what no attempt has used since `before`, but nothing that the programs `in_use` belong to. Blocks.
    pub(super) fn prune(&self, before: SystemTime, in_use: &[PathBuf]) -> std::io::Result<()> {
        self.environments.prune(before, in_use)
    }

    /// Ends installations; none begins any more.
    pub(super) fn end(&self) {
        self.environments.end();
    }

    /// A task in the interpreter of its own environment. That costs an interpreter start, where a warm interpreter for
    /// every environment would cost memory as long as the engine runs.
    fn own(
        &self,
        venv: &Path,
        request: &Value,
        variables: Variables,
        files: &AttemptFiles,
    ) -> Result<Launch, Failure> {
        let path = files.dir.join("request.json");
        write_private(&path, request.to_string().as_bytes()).map_err(|error| {
            let message = format!("cannot write {}: {error}", path.display());
            Failure::new(TerminationCode::DriverError, message)
        })?;
        Ok(Launch {
            program: venv.join("bin/python"),
            arguments: vec!["-I".into(), "-u".into(), self.runner.clone().into(), "task".into(), path.into()],
            variables,
            folder: files.dir.clone(),
        })
    }
}

/// What the `activate` script of a virtual environment does.
fn enter(venv: &Path, variables: &mut Variables) {
    let bin = venv.join("bin");
    let old = variables.get("PATH").map(|path| format!(":{path}")).unwrap_or_default();
    variables.insert("PATH".to_owned(), format!("{}{old}", bin.display()));
    variables.insert("VIRTUAL_ENV".to_owned(), venv.display().to_string());
    variables.remove("PYTHONHOME");
}

/// The request holds the attempt's token.
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let options = &mut std::fs::OpenOptions::new();
    let mut file = options.create(true).write(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)
}
