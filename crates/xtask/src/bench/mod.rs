//! `cargo xtask bench [SECTION...]`: what is measured beside the peers. Each room has a section of its own in this
//! folder that returns rows; scripts that drive peers are in `tests/bench/<room>/`. What is measured is printed and renewed
//! in `BENCHMARKS.md`; sections that were not asked for stay as they are there. Nothing here passes or fails by a time:
//! a row says whether it meets its target, and a reader judges.

mod appkit;
mod console;
mod engine;
mod node;
mod python;
mod table;
mod waits;
mod web;

pub(crate) use table::{Against, Row, Target, Unit};

use crate::place::Place;
use crate::process::{self, Result};
use crate::setup::{self, python as environment};
use serde_json::Value;
use std::cell::OnceCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// What one room measures.
struct Section {
    /// What is typed after `cargo xtask bench`.
    name: &'static str,
    /// One line for the table.
    about: &'static str,
    /// Measures. An error means that nothing could be measured; a peer that cannot do something is a row.
    run: fn(&Bench) -> Result<Vec<Row>>,
}

/// All sections, in the order of the table.
const SECTIONS: &[Section] = &[
    Section {
        name: "engine",
        about: "the local engine beside other local emulators of the Jobs API",
        run: engine::run,
    },
    Section {
        name: "waits",
        about: "waits of this client beside the official Python SDK and the schedules of its peers",
        run: waits::run,
    },
    Section {
        name: "node",
        about: "the npm package in Node.js beside Zod, Ajv and the official packages",
        run: node::run,
    },
    Section { name: "web", about: "the browser's module beside Zod and Ajv", run: web::run },
    Section { name: "console", about: "the pages of lakeflow dev and the elements", run: console::run },
    Section { name: "python", about: "the Python package beside the SDK and validators", run: python::run },
    Section {
        name: "appkit",
        about: "the Jobs plugin for AppKit beside AppKit's own, on one fake workspace",
        run: appkit::run,
    },
];

/// What sections measure with. Things that take time to make are made when first asked for.
pub(crate) struct Bench {
    /// The folders of the clone.
    pub(crate) place: Place,
    lakeflow: OnceCell<PathBuf>,
}

impl Bench {
    /// The command `lakeflow`, built for release.
    pub(crate) fn lakeflow(&self) -> Result<&Path> {
        if let Some(path) = self.lakeflow.get() {
            return Ok(path);
        }
        let mut build = self.place.cargo();
        build.args(["build", "--release", "--package", "lakeflow-cli"]);
        if process::passed_through(&mut build)? != 0 {
            return Err("lakeflow does not build for release; see cargo's output above".to_owned());
        }
        let name = format!("lakeflow{}", std::env::consts::EXE_SUFFIX);
        Ok(self.lakeflow.get_or_init(|| self.place.target.join("release").join(name)))
    }

    /// The interpreter of the tests' environment, with the packages of `sets`.
    pub(crate) fn python(&self, sets: &[environment::Set]) -> Result<PathBuf> {
        environment::ready(&self.place, sets)
    }

    /// A folder with a PyPI package and what it needs, for `PYTHONPATH`, apart from every environment: peers pin
    /// versions that others cannot live with. `requirement` names one version, as pip takes it.
    pub(crate) fn pypi(&self, requirement: &str) -> Result<PathBuf> {
        let name: String = requirement.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
        setup::folder(&self.place, &format!("peer-{name}"), requirement, |folder, python| {
            setup::say(&format!("peer {requirement}"));
            let mut pip = Command::new(python);
            pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]);
            process::output(pip.arg(folder).arg(requirement)).map(drop)
        })
    }

    /// A script of `tests/bench/`.
    pub(crate) fn script(&self, path: &str) -> PathBuf {
        self.place.root.join("tests/bench").join(path)
    }
}

/// Runs a program that measures: what it says on standard error is shown as it comes, the last line of its output is
/// the JSON that it found out.
pub(crate) fn measured(command: &mut Command) -> Result<Value> {
    let text = process::output_alone(command)?;
    let line = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    serde_json::from_str(line).map_err(|e| format!("a bench script printed no JSON ({e}): {line}"))
}

/// `cargo xtask bench`.
pub(crate) fn run(names: &[&str]) -> Result<ExitCode> {
    if let Some(unknown) = names.iter().find(|name| !SECTIONS.iter().any(|section| section.name == **name)) {
        let known: Vec<&str> = SECTIONS.iter().map(|section| section.name).collect();
        return Err(format!("no section `{unknown}`; there are: {}", known.join(", ")));
    }
    let bench = Bench { place: Place::find()?, lakeflow: OnceCell::new() };
    let mut done = Vec::new();
    let mut failed = Vec::new();
    for section in SECTIONS.iter().filter(|section| names.is_empty() || names.contains(&section.name)) {
        eprintln!("bench: {}: {}", section.name, section.about);
        match (section.run)(&bench) {
            Ok(rows) => done.push((section, rows)),
            Err(message) => {
                eprintln!("error: {}: {message}", section.name);
                failed.push(section.name);
            }
        }
    }
    let measured = table::machine();
    let sections: Vec<(&str, String)> = done
        .iter()
        .map(|(section, rows)| (section.name, table::section(section.name, section.about, &measured, rows)))
        .collect();
    for (_, text) in &sections {
        println!("{text}");
    }
    let file = bench.place.root.join("BENCHMARKS.md");
    let names: Vec<&str> = SECTIONS.iter().map(|section| section.name).collect();
    let text = table::document(&fs::read_to_string(&file).unwrap_or_default(), &names, &sections);
    fs::write(&file, text).map_err(|e| format!("{}: {e}", file.display()))?;
    eprintln!("bench: written to {}", file.display());
    if failed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("error: not measured, left as they were: {}", failed.join(", "));
    Ok(ExitCode::FAILURE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_section_is_told_with_those_there_are() {
        let message = run(&["engin"]).unwrap_err();
        assert!(message.contains("`engin`") && message.contains("engine"), "{message}");
    }
}
