//! The Python package, staged for tests from a debug build. Tests nothing itself.

use crate::place::Place;
use crate::process::{self, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// The crate of the extension module, and the file that cargo makes of it.
const CRATE: &str = "lakeflow-py";
const LIBRARY: &str = "lakeflow_native";

/// Builds the module as the other tests' programs are built and puts the package together in the target folder; returns the
/// folder for `PYTHONPATH`. The virtual environment, which clones share, stays as it is.
pub(crate) fn staged(place: &Place) -> Result<PathBuf> {
    let mut build = place.cargo();
    build.args(["build", "--quiet", "--package", CRATE]);
    if !process::shown(&mut build)?.success {
        return Err("the Python module does not build; see cargo's output above".to_owned());
    }
    stage(place, "debug", "python")
}

/// The same from a release build, for measuring.
pub(crate) fn staged_release(place: &Place) -> Result<PathBuf> {
    let mut build = place.cargo();
    build.args(["build", "--release", "--package", CRATE]);
    if process::passed_through(&mut build)? != 0 {
        return Err("the Python module does not build for release; see cargo's output above".to_owned());
    }
    stage(place, "release", "python-release")
}

/// Copies the package's sources and a built module into `target/<folder>`.
fn stage(place: &Place, profile: &str, folder: &str) -> Result<PathBuf> {
    let path = place.target.join(folder);
    let package = path.join("lakeflow_jobs");
    let io = |e: std::io::Error| format!("{}: {e}", package.display());
    if package.exists() {
        fs::remove_dir_all(&package).map_err(io)?;
    }
    copy_folder(&place.root.join("python").join("src").join("lakeflow_jobs"), &package).map_err(io)?;
    let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let built = place.target.join(profile).join(format!("{prefix}{LIBRARY}{suffix}"));
    let module = if cfg!(windows) { "_native.pyd" } else { "_native.abi3.so" };
    fs::copy(&built, package.join(module)).map_err(|e| format!("{}: {e}", built.display()))?;
    Ok(path)
}

/// Copies a folder with all that is in it.
pub(crate) fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if entry.file_type()?.is_dir() {
            if name != "__pycache__" {
                copy_folder(&entry.path(), &to.join(name))?;
            }
        } else {
            fs::copy(entry.path(), to.join(name))?;
        }
    }
    Ok(())
}
