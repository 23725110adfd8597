//! `cargo xtask demo`: from a fresh clone to the main example's results, with nothing done by hand.

use crate::place::Place;
use crate::process::{self, Result};
use crate::setup::{self, python};
use std::fs;
use std::process::{Command, ExitCode};

/// The job's key in the bundle.
const JOB: &str = "flights_medallion";

/// Sets up, builds, and runs the example on an engine whose data folder is new, so that each demo starts from nothing.
pub(crate) fn run() -> Result<ExitCode> {
    let place = Place::find()?;
    let example = setup::data::example_folder(&place);
    if !example.join("databricks.yml").is_file() {
        return Err(format!("{} has no databricks.yml", example.display()));
    }
    let python = python::ready(&place, &[python::Set::Spark])?;
    setup::data::into_example(&place)?;

    eprintln!("demo: building lakeflow");
    let mut build = place.cargo();
    build.args(["build", "--package", "lakeflow-cli"]);
    if process::passed_through(&mut build)? != 0 {
        return Err("lakeflow does not build; see cargo's output above".to_owned());
    }

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
