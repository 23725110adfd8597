//! The npm package: staged for tests with a debug addon, and packed as a user installs it. Tests nothing itself.

use crate::checks;
use crate::counts::{self, Counts};
use crate::npm_package;
use crate::place::Place;
use crate::process::{self, Result};
use crate::setup::chromium;
use crate::setup::node::{self, Node};
use crate::test::Settings;
use crate::web;
use std::env::consts;
use std::fs;
use std::path::{Path, PathBuf};

/// The crate of the addon, and the file that cargo makes of it.
const CRATE: &str = "lakeflow-node";
const LIBRARY: &str = "lakeflow_node";
/// What a package that is given away is built with.
const PROFILE: &str = "addon";

/// Compiles the package's TypeScript and puts a debug addon and the browser's modules beside it.
pub(crate) fn staged(place: &Place) -> Result<Node> {
    let folder = node::package_ready(place)?;
    let node = node::ready(place)?;
    build(place, &["--quiet"])?;
    stage_addon(&addon(place, "debug"), &folder.join("native").join(addon_file()))?;
    compile(&node, &folder)?;
    web::build(place, web::Form::Quick)?;
    Ok(node)
}

/// The name of this platform in package names, as `native/index.cjs` makes it.
pub(crate) fn platform() -> String {
    let arch = match consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    match consts::OS {
        "linux" => format!("linux-{arch}-{}", if cfg!(target_env = "musl") { "musl" } else { "gnu" }),
        "macos" => format!("darwin-{arch}"),
        "windows" => format!("win32-{arch}-msvc"),
        other => format!("{other}-{arch}"),
    }
}

/// What the addon is called in the package.
pub(crate) fn addon_file() -> String {
    format!("lakeflow.{}.node", platform())
}

/// Builds the addon.
pub(crate) fn build(place: &Place, arguments: &[&str]) -> Result<()> {
    let mut build = place.cargo();
    build.args(["build", "--package", CRATE]).args(arguments);
    if process::shown(&mut build)?.success {
        Ok(())
    } else {
        Err("the addon does not build; see cargo's output above".to_owned())
    }
}

/// Where cargo leaves the addon.
pub(crate) fn addon(place: &Place, profile: &str) -> PathBuf {
    place.target.join(profile).join(format!("{}{LIBRARY}{}", consts::DLL_PREFIX, consts::DLL_SUFFIX))
}

/// Puts an addon in place under a new inode: a process that has the old one open keeps it.
fn stage_addon(built: &Path, to: &Path) -> Result<()> {
    let part = to.with_extension("part");
    fs::copy(built, &part)
        .and_then(|_| fs::rename(&part, to))
        .map_err(|e| format!("{} cannot be copied to {}: {e}", built.display(), to.display()))
}

/// Compiles the TypeScript, for both module formats.
pub(crate) fn compile(node: &Node, folder: &Path) -> Result<()> {
    process::output(node.npm().current_dir(folder).args(["run", "--silent", "build"])).map(drop)
}

/// Runs every `*.test.js` below `node/test`.
pub(crate) fn tests(place: &Place, node: &Node, settings: &Settings) -> Result<Counts> {
    let is_test =
        |file: &PathBuf| file.starts_with("node/test") && file.to_string_lossy().ends_with(".test.js");
    let files: Vec<PathBuf> = place.files()?.into_iter().filter(is_test).collect();
    let mut command = node.command();
    command.current_dir(&place.root).args(["--test", "--test-reporter=tap"]).args(&files);
    command.envs(settings.iter().map(|(name, value)| (name, value)));
    command.env("CHROMIUM", chromium::ready()?);
    let shown = process::shown(&mut command)?;
    checks::counted(&shown, counts::node(&shown.text))
}

/// `cargo xtask package`, the npm part: a release addon, packed with all that the package holds.
pub(crate) fn package(place: &Place) -> Result<PathBuf> {
    let node = released(place)?;
    web::build(place, web::Form::Short)?;
    npm_package::pack(place, &node, &addon(place, PROFILE), &place.target.join("packages"))
}

/// Packs the package with the debug addon, for the tests of the packed form; gives the folder of the tarballs.
pub(crate) fn packed(place: &Place) -> Result<PathBuf> {
    let node = staged(place)?;
    let folder = place.target.join("npm-tests");
    npm_package::pack(place, &node, &addon(place, "debug"), &folder)?;
    Ok(folder)
}

/// The package compiled, and a release addon built.
pub(crate) fn released(place: &Place) -> Result<Node> {
    let folder = node::package_ready(place)?;
    let node = node::ready(place)?;
    build(place, &["--profile", PROFILE])?;
    compile(&node, &folder)?;
    Ok(node)
}

/// A copy of that addon under a name that Node.js loads, for `LAKEFLOW_ADDON`.
pub(crate) fn addon_copy(place: &Place) -> Result<PathBuf> {
    let copy = place.target.join(PROFILE).join(addon_file());
    stage_addon(&addon(place, PROFILE), &copy)?;
    Ok(copy)
}
