//! `cargo xtask demo`: from a fresh clone to the main example's results, with nothing done by hand.

use crate::place::Place;
use crate::process::{self, Result};
use crate::setup::{self, python};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::thread;

/// The job's key in the bundle.
const JOB: &str = "flights_medallion";

/// Sets up, builds, and runs the example on an engine whose data folder is new, so that each demo starts from nothing.
pub(crate) fn run() -> Result<ExitCode> {
    let place = Place::find()?;
    let example = setup::data::example_folder(&place);
    if !example.join("databricks.yml").is_file() {
        return Err(format!("{} has no databricks.yml", example.display()));
    }
    // Fetching packages and compiling wait for different things, so a first demo does both at once.
    let (python, built) = thread::scope(|scope| {
        let python = scope.spawn(|| prepare(&place));
        let built = build(&place);
        (python.join(), built)
    });
    let python = python.map_err(|_| "setting up stopped with a panic")??;
    built?;

    let data = place.target.join("demo");
    if data.exists() {
        fs::remove_dir_all(&data).map_err(|e| format!("{} cannot be cleared: {e}", data.display()))?;
    }
    eprintln!("demo: lakeflow run {JOB}, in {}", example.display());
    let mut lakeflow = Command::new(place.lakeflow());
    lakeflow.current_dir(&example);
    lakeflow.args(["run", JOB, "--data"]).arg(&data);
    lakeflow.env("LAKEFLOW_PYTHON", python);
    process::passed_through(&mut lakeflow).map(ExitCode::from)
}

/// Fetches the packages that `spark` needs and the example's tables; returns the interpreter.
fn prepare(place: &Place) -> Result<PathBuf> {
    let python = python::ready(place, &[python::Set::Spark])?;
    setup::data::into_example(place)?;
    Ok(python)
}

/// Builds for development: compiling is what a first demo waits for, and the work is done by Spark and SQLite.
fn build(place: &Place) -> Result<()> {
    eprintln!("demo: building lakeflow");
    let mut build = place.cargo();
    build.args(["build", "--package", "lakeflow-cli"]);
    match process::passed_through(&mut build)? {
        0 => Ok(()),
        _ => Err("lakeflow does not build; see cargo's output above".to_owned()),
    }
}
