//! `cargo xtask ci`: what has to hold before anything is merged.

use crate::place::Place;
use crate::process::Result;
use crate::report::Report;
use crate::{checks, test};
use std::process::ExitCode;

/// Runs the checks, then every test (the tidy test is one of them), and reports all of it; nothing stops at the
/// first failure.
pub(crate) fn run() -> Result<ExitCode> {
    let place = Place::find()?;
    let mut report = Report::new();
    report.suite("format", || checks::format(&place));
    report.suite("lints", || checks::lints(&place));
    report.suite("documentation", || checks::documentation(&place));
    test::suites(&place, &mut report);
    Ok(report.close())
}
