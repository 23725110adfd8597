//! The Python virtual environment: one in the cache for each set of requirement files and interpreter.

use crate::place::Place;
use crate::process::{self, Result};
use crate::setup::{self, debian};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A requirements file of `crates/xtask/requirements/`.
#[derive(Clone, Copy)]
pub(crate) enum Set {
    /// `spark` in notebooks: a Spark Connect server and its client.
    Spark,
    /// What the tests written in Python need.
    Test,
    /// What the Python package is tested, measured and built with.
    Package,
}

impl Set {
    /// All of them.
    pub(crate) const ALL: [Set; 3] = [Set::Spark, Set::Test, Set::Package];

    fn name(self) -> &'static str {
        match self {
            Set::Spark => "spark",
            Set::Test => "test",
            Set::Package => "package",
        }
    }

    fn requirements(self) -> &'static str {
        match self {
            Set::Spark => include_str!("../../requirements/spark.txt"),
            Set::Test => include_str!("../../requirements/test.txt"),
            Set::Package => include_str!("../../requirements/package.txt"),
        }
    }
}

/// The versions for which the pinned packages exist.
const PROBE: &str = "\
import sys, venv, ensurepip
assert (3, 11) <= sys.version_info[:2] < (3, 15), 'Python ' + sys.version.split()[0] + ' is not 3.11 to 3.14'
print(sys.version, sys.prefix)";

/// The interpreter of the virtual environment, with pip and the packages of `sets` in it.
pub(crate) fn ready(place: &Place, sets: &[Set]) -> Result<PathBuf> {
    let base = base_interpreter()?;
    // Another interpreter or other packages make another environment: none is ever changed under a user of it.
    let mut identity = base.identity;
    for set in Set::ALL {
        identity.push_str(set.requirements());
    }
    let venv = place.cache.join(format!("python-{}", setup::key(&identity)));
    let python = interpreter_in(&venv);
    let made = venv.join("venv.complete");
    let missing = |set: &&Set| !stamp(&venv, **set).exists();
    if made.exists() && !sets.iter().any(|set| missing(&set)) {
        return Ok(python);
    }
    let _lock = setup::lock(place)?;
    if !made.exists() {
        setup::say("Python virtual environment");
        process::output(Command::new(&base.path).args(["-m", "venv", "--clear"]).arg(&venv))?;
        fs::write(&made, "").map_err(|e| format!("{}: {e}", made.display()))?;
    }
    for set in sets.iter().filter(missing) {
        install(&python, &venv, *set)?;
    }
    Ok(python)
}

fn stamp(venv: &Path, set: Set) -> PathBuf {
    venv.join(format!("{}.complete", set.name()))
}

fn interpreter_in(venv: &Path) -> PathBuf {
    if cfg!(windows) { venv.join("Scripts").join("python.exe") } else { venv.join("bin").join("python") }
}

fn install(python: &Path, venv: &Path, set: Set) -> Result<()> {
    setup::say(&format!("Python packages: {}", set.name()));
    let io = |e: std::io::Error| format!("{}: {e}", venv.display());
    let list = venv.join(format!("{}.txt", set.name()));
    fs::write(&list, set.requirements()).map_err(io)?;
    process::output(
        Command::new(python)
            // The lists are complete; `databricks-sdk` asks for a `certifi` that may be newer than any there is.
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"])
            .arg("--requirement")
            .arg(&list),
    )
    .map_err(|e| format!("{e}\ncheck that pip reaches its package index, then run the command again"))?;
    fs::write(stamp(venv, set), "").map_err(io)
}

/// An interpreter to make environments with.
struct Base {
    path: PathBuf,
    /// Differs between interpreters whose environments cannot be shared.
    identity: String,
}

fn base_interpreter() -> Result<Base> {
    if let Some(chosen) = env::var_os("PYTHON") {
        return probe(Path::new(&chosen)).map_err(|e| format!("PYTHON cannot be used: {e}"));
    }
    let names =
        ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "/usr/bin/python3", "python"];
    let found = names.iter().find_map(|name| probe(Path::new(name)).ok());
    if let Some(base) = found {
        return Ok(base);
    }
    if debian::can_install() {
        debian::install(&["python3", "python3-venv"])?;
        return probe(Path::new("/usr/bin/python3"));
    }
    Err(
        "no Python 3.11 to 3.14 with its venv module was found: install one (Debian: `apt-get install python3 \
         python3-venv`), or name it in the environment variable PYTHON"
            .to_owned(),
    )
}

fn probe(path: &Path) -> Result<Base> {
    let identity = process::output(Command::new(path).args(["-c", PROBE]))?;
    Ok(Base { path: path.to_path_buf(), identity })
}
