//! `cargo xtask test`: sets up what is missing and runs every test there is.

use crate::counts::{self, Counts};
use crate::place::Place;
use crate::process::{self, Result};
use crate::report::Report;
use crate::setup::{self, node, python};
use crate::{checks, console, npm, python as package, readme, wasm, wheel};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Runs every suite, whatever fails, and reports.
pub(crate) fn run() -> Result<ExitCode> {
    let place = Place::find()?;
    let mut report = Report::new();
    suites(&place, &mut report);
    Ok(report.close())
}

/// All suites of tests; `ci` runs them too.
pub(crate) fn suites(place: &Place, report: &mut Report) {
    let python = report.setup("Python packages", || python::ready(place, &python::Set::ALL));
    let schemas = report.setup("JSON Schema suite", || setup::suite::ready(place));
    let node = report.setup("Node packages", || node::tests_ready(place));
    let flights = report.setup("flights data", || setup::data::ready(place));
    let settings: Settings = [
        ("LAKEFLOW_PYTHON", python.clone()),
        ("LAKEFLOW_JSON_SCHEMA_SUITE", schemas),
        ("LAKEFLOW_FLIGHTS", flights),
        ("LAKEFLOW_BIN", Some(place.lakeflow())),
    ]
    .into_iter()
    .filter_map(|(name, path)| Some((name, path?.into_os_string())))
    .collect();

    report.suite("build", || build(place));
    report.suite("rust", || rust(place, &settings));
    report.suite("rust documentation", || rust_documentation(place));
    let package = report.setup("Python package", || package::staged(place));
    if let Some(python) = &python {
        for folder in python_test_folders(place) {
            let name = format!("python {}", folder.display());
            let mut settings = settings.clone();
            if let Some(package) = package.as_ref().filter(|_| folder.starts_with("python")) {
                settings.push(("PYTHONPATH", package.clone().into_os_string()));
                // Pyright is a program for Node.js.
                let path = node.as_ref().and_then(node::Node::search_path);
                settings.extend(path.map(|path| ("PATH", path)));
            }
            report.suite(&name, || pytest(place, python, &folder, &settings));
        }
    }
    if let Some(python) = &python {
        report.suite("python wheel", || wheel::check(place, python));
    }
    if let Some(node) = &node {
        report.suite("node tests/e2e-node", || node_tests(place, node, &settings));
    }
    if let Some(node) = report.setup("npm package", || npm::staged(place)) {
        let mut settings = settings.clone();
        let packed = report.setup("npm tarballs", || npm::packed(place));
        settings.extend(packed.map(|folder| ("LAKEFLOW_TARBALLS", folder.into_os_string())));
        report.suite("node", || npm::tests(place, &node, &settings));
    }
    report.suite("console as built", || console::current(place));
    report.suite("console in a browser", || console::tests(place, &settings));
    report.suite("documents", || readme::run(place, &settings));
    report.suite("wasm32", || wasm::check(place));
}

/// Environment variables that tell the tests where things are.
pub(crate) type Settings = Vec<(&'static str, OsString)>;

/// The programs that tests start must be there before the first test.
fn build(place: &Place) -> Result<Counts> {
    let mut command = place.cargo();
    command.args(["build", "--workspace", "--bins"]);
    Ok(Counts::one(process::shown(&mut command)?.success))
}

/// Unit and integration tests; nextest runs them quicker where it is installed.
fn rust(place: &Place, settings: &Settings) -> Result<Counts> {
    let mut command = place.cargo();
    let nextest = process::succeeds(place.cargo().args(["nextest", "--version"]));
    if nextest {
        command.args(["nextest", "run", "--workspace", "--no-fail-fast"]);
        command.args(["--status-level", "fail", "--final-status-level", "fail"]);
        command.args(["--show-progress", "none"]);
    } else {
        command.args(["test", "--quiet", "--workspace", "--no-fail-fast"]);
        command.args(["--lib", "--bins", "--tests"]);
    }
    command.envs(settings.iter().map(|(name, value)| (name, value)));
    let shown = process::shown(&mut command)?;
    let read = if nextest { counts::nextest } else { counts::libtest };
    let counts = read(&shown.text);
    if shown.success && counts.passed == 0 {
        return Err("no Rust test ran".to_owned());
    }
    checks::counted(&shown, counts)
}

/// The examples in Rust's documentation comments.
fn rust_documentation(place: &Place) -> Result<Counts> {
    let mut command = place.cargo();
    command.args(["test", "--quiet", "--workspace", "--no-fail-fast", "--doc"]);
    let shown = process::shown(&mut command)?;
    checks::counted(&shown, counts::libtest(&shown.text))
}

/// Every folder with a `test_*.py`, those of folders above it left out.
fn python_test_folders(place: &Place) -> Vec<PathBuf> {
    let is_test = |file: &Path| {
        let name = file.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with("test_")) && file.extension().is_some_and(|ext| ext == "py")
    };
    let files = place.files().unwrap_or_default();
    let folders: BTreeSet<PathBuf> = files
        .iter()
        .filter(|file| is_test(file))
        .filter_map(|file| file.parent().map(Path::to_path_buf))
        .collect();
    folders
        .iter()
        .filter(|folder| !folder.ancestors().skip(1).any(|above| folders.contains(above)))
        .cloned()
        .collect()
}

fn pytest(place: &Place, python: &Path, folder: &Path, settings: &Settings) -> Result<Counts> {
    let mut command = Command::new(python);
    command.current_dir(&place.root);
    // No caches: the clone stays as it was.
    command.args(["-B", "-m", "pytest", "-q", "-ra", "-p", "no:cacheprovider"]);
    command.arg(folder);
    command.envs(settings.iter().map(|(name, value)| (name, value)));
    let shown = process::shown(&mut command)?;
    checks::counted(&shown, counts::pytest(&shown.text))
}

fn node_tests(place: &Place, node: &node::Node, settings: &Settings) -> Result<Counts> {
    let mut command = node.command();
    command.current_dir(node::tests_folder(place)).args(["--test", "--test-reporter=tap"]);
    command.envs(settings.iter().map(|(name, value)| (name, value)));
    let shown = process::shown(&mut command)?;
    checks::counted(&shown, counts::node(&shown.text))
}
