//! The pages of the console: built into the folder that the engine carries, checked to be what their sources give, and
//! tested in a browser.

use crate::checks;
use crate::counts::{self, Counts};
use crate::place::Place;
use crate::process::{self, Result};
use crate::setup::chromium;
use crate::setup::node::{self, Node};
use crate::test::Settings;
use std::ffi::OsString;
use std::process::{Command, ExitCode};

/// `cargo xtask console`: builds the pages. The files are kept in the repository, so that the engine is built without
/// Node.js. `cargo xtask console picture` makes the picture of the README with the command that is built.
pub(crate) fn run(names: &[&str]) -> Result<ExitCode> {
    let place = Place::find()?;
    let node = ready(&place)?;
    match names {
        [] => {}
        ["picture"] => {
            let mut command = node.command();
            command.current_dir(place.root.join("node")).args(["console/picture.mjs", "../docs"]);
            command.env("LAKEFLOW_BIN", place.lakeflow()).env("CHROMIUM", chromium::ready()?);
            process::output(&mut command)?;
            return Ok(ExitCode::SUCCESS);
        }
        [other, ..] => return Err(format!("`console` takes `picture` or nothing, not {other:?}")),
    }
    println!("{}", process::output_alone(&mut build(&place, &node))?);
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn ready(place: &Place) -> Result<Node> {
    node::package_ready(place)?;
    node::ready(place)
}

pub(crate) fn build(place: &Place, node: &Node) -> Command {
    let mut command = node.command();
    command.current_dir(place.root.join("node")).arg("console/build.mjs");
    command
}

/// Whether the files that the engine carries are what the sources give, and whether the sources have the right types.
pub(crate) fn current(place: &Place) -> Result<Counts> {
    let node = ready(place)?;
    let built = process::shown(build(place, &node).arg("--check"))?.success;
    let mut types = node.command();
    types.current_dir(place.root.join("node")).args([
        "node_modules/typescript/bin/tsc",
        "-p",
        "console/tsconfig.json",
    ]);
    let typed = process::shown(&mut types)?.success;
    Ok(Counts {
        passed: usize::from(built) + usize::from(typed),
        failed: usize::from(!built) + usize::from(!typed),
        ..Counts::default()
    })
}

/// The tests in a browser.
pub(crate) fn tests(place: &Place, settings: &Settings) -> Result<Counts> {
    let node = ready(place)?;
    node::packages(&node, &place.root.join("node").join("console").join("react18"))?;
    let mut command = node.command();
    command.current_dir(place.root.join("node")).args([
        "--test",
        "--test-reporter=tap",
        "--test-concurrency=1",
    ]);
    let files = place.files()?;
    let is_test = |file: &&std::path::PathBuf| {
        file.starts_with("node/console/test") && file.to_string_lossy().ends_with(".test.mjs")
    };
    command.args(files.iter().filter(is_test).map(|file| place.root.join(file)));
    command.envs(settings.iter().map(|(name, value)| (name, value)));
    command.env("CHROMIUM", OsString::from(chromium::ready()?));
    let shown = process::shown(&mut command)?;
    checks::counted(&shown, counts::node(&shown.text))
}
