//! `cargo xtask package wheel`: the wheel as a user installs it, and the suite that installs it into an empty environment and
//! runs the README's Python there.

use crate::counts::Counts;
use crate::markdown;
use crate::place::Place;
use crate::process::{self, Result};
use crate::setup::python;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds the wheel for release into `target/packages/`; returns it.
pub(crate) fn package(place: &Place) -> Result<PathBuf> {
    build(place, &["--release"], "packages")
}

/// The same from a debug build, which the tests have compiled already.
pub(crate) fn packed(place: &Place) -> Result<PathBuf> {
    build(place, &["--profile", "dev"], "packages-debug")
}

fn build(place: &Place, arguments: &[&str], folder: &str) -> Result<PathBuf> {
    let python = python::ready(place, &[python::Set::Package])?;
    let out = place.target.join(folder);
    clear(&out)?;
    let mut maturin = Command::new(&python);
    maturin.current_dir(place.root.join("python"));
    maturin.args(["-m", "maturin", "build", "--quiet"]).args(arguments);
    maturin.arg("--out").arg(&out).arg("--interpreter").arg(&python);
    maturin.env("CARGO_TARGET_DIR", &place.target);
    if process::passed_through(&mut maturin)? != 0 {
        return Err("the wheel does not build; see maturin's output above".to_owned());
    }
    wheels(&out)?.pop().ok_or_else(|| format!("maturin left no wheel in {}", out.display()))
}

fn wheels(folder: &Path) -> Result<Vec<PathBuf>> {
    let listed = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let paths = listed.flatten().map(|entry| entry.path());
    Ok(paths.filter(|path| path.extension().is_some_and(|extension| extension == "whl")).collect())
}

/// Wheels of earlier builds must not pass for this one's; other packages stay.
fn clear(folder: &Path) -> Result<()> {
    if folder.exists() {
        for wheel in wheels(folder)? {
            fs::remove_file(&wheel).map_err(|e| format!("{}: {e}", wheel.display()))?;
        }
    }
    Ok(())
}

/// Installs the wheel into an environment with nothing else in it, and runs each Python block of the documents there; the
/// command that it carries is asked for its version.
pub(crate) fn check(place: &Place, tasks: &Path) -> Result<Counts> {
    let wheel = packed(place)?;
    let base = python::ready(place, &[])?;
    let venv = place.target.join("wheel-venv");
    process::output(Command::new(&base).args(["-m", "venv", "--clear"]).arg(&venv))?;
    let programs = venv.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let python = programs.join("python");
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]);
    process::output(pip.arg(&wheel))?;

    let mut counts = Counts::default();
    counts.add(Counts::one(process::succeeds(Command::new(programs.join("lakeflow")).arg("--version"))));
    let work = place.target.join("wheel-work");
    if work.exists() {
        fs::remove_dir_all(&work).map_err(|e| format!("{}: {e}", work.display()))?;
    }
    for example in ["examples/orchestration", "examples/scheduled"] {
        crate::python::copy_folder(&place.root.join(example), &work.join(example))
            .map_err(|e| format!("{}: {e}", work.display()))?;
    }
    for document in ["README.md", "python/README.md"] {
        let path = place.root.join(document);
        let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let blocks = markdown::fenced(&text, "python");
        if blocks.is_empty() {
            return Err(format!("{document} has no Python block"));
        }
        for (line, block) in blocks {
            let mut command = Command::new(&python);
            command.current_dir(&work).args(["-W", "error", "-c", &block]);
            command.env("LAKEFLOW_PYTHON", tasks);
            let passed = process::shown(&mut command)?.success;
            println!("{document}:{line}: {}", if passed { "ran" } else { "FAILED" });
            counts.add(Counts::one(passed));
        }
    }
    Ok(counts)
}
