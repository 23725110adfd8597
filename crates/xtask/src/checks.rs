//! The checks that are not tests of behaviour: format, lints, documentation; each is one suite of one check. And the tidy
//! test on its own, for a quick look.

use crate::counts::{self, Counts};
use crate::place::Place;
use crate::process::{self, Result};
use crate::report::Report;
use std::process::{Command, ExitCode};

/// `cargo xtask tidy`.
pub(crate) fn run_tidy() -> Result<ExitCode> {
    let place = Place::find()?;
    let mut report = Report::new();
    report.suite("tidy", || tidy(&place));
    Ok(report.close())
}

/// `cargo fmt --check`.
pub(crate) fn format(place: &Place) -> Result<Counts> {
    check(place.cargo().args(["fmt", "--all", "--check"]))
}

/// Clippy over everything, and over the core as the browser's modules have it, which a build of everything does not see;
/// warnings are errors.
pub(crate) fn lints(place: &Place) -> Result<Counts> {
    let core = ["--package", "lakeflow-core", "--no-default-features"];
    let mut success = true;
    for what in [&["--workspace", "--all-targets"], &core[..], &[&core[..], &["--features", "page"]].concat()]
    {
        let mut command = place.cargo();
        command.args(["clippy", "--quiet"]).args(what).args(["--", "-D", "warnings"]);
        success &= process::shown(&mut command)?.success;
    }
    Ok(Counts::one(success))
}

/// Documentation builds without a warning, broken links included.
pub(crate) fn documentation(place: &Place) -> Result<Counts> {
    let mut command = place.cargo();
    command.args(["doc", "--quiet", "--workspace", "--no-deps"]);
    check(command.env("RUSTDOCFLAGS", "-D warnings"))
}

/// The tidy test alone: built for the whole workspace, so that a test run after it builds nothing twice.
fn tidy(place: &Place) -> Result<Counts> {
    let mut command = place.cargo();
    command.args(["test", "--quiet", "--workspace", "--test", "tidy"]);
    let shown = process::shown(&mut command)?;
    counted(&shown, counts::libtest(&shown.text))
}

fn check(command: &mut Command) -> Result<Counts> {
    Ok(Counts::one(process::shown(command)?.success))
}

/// A run that failed without naming a failed test did not get as far as its tests.
pub(crate) fn counted(shown: &process::Shown, counts: Counts) -> Result<Counts> {
    if !shown.success && counts.failed == 0 {
        return Err("the suite stopped before its tests ended; see its output above".to_owned());
    }
    Ok(counts)
}
