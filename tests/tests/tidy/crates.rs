//! Rules over the crates: which may know which, what the core may depend on, one version everywhere.

use crate::{assert_none, output, read, root};
use serde_json::Value;
use std::collections::BTreeSet;

/// All that the core may depend on. A new entry is a decision: it must build for wasm32 and read no clock,
/// environment or file.
const CORE_MAY_USE: [&str; 6] = ["fancy-regex", "granit-parser", "jiff", "regex-lite", "serde", "serde_json"];

/// Crates of ours, and which others of ours they may depend on. The arrows of `ARCHITECTURE.md`.
const ARROWS: [(&str, &[&str]); 9] = [
    ("lakeflow-core", &[]),
    ("lakeflow-client", &["lakeflow-core"]),
    ("lakeflow-engine", &["lakeflow-core"]),
    ("lakeflow-wasm", &["lakeflow-core"]),
    ("lakeflow-cli", &["lakeflow-core", "lakeflow-client", "lakeflow-engine"]),
    ("lakeflow-py", &["lakeflow-core", "lakeflow-client", "lakeflow-engine", "lakeflow-cli"]),
    ("lakeflow-node", &["lakeflow-core", "lakeflow-client", "lakeflow-engine", "lakeflow-cli"]),
    ("lakeflow-tests", &["lakeflow-core", "lakeflow-client", "lakeflow-engine"]),
    ("xtask", &[]),
];

/// Libraries that do IO, and the crates that may use them.
const IO_LIBRARIES: [(&str, &[&str]); 6] = [
    ("reqwest", &["lakeflow-client", "lakeflow-engine", "lakeflow-tests"]),
    ("rusqlite", &["lakeflow-engine", "lakeflow-tests"]),
    ("axum", &["lakeflow-engine", "lakeflow-tests"]),
    ("pyo3", &["lakeflow-py"]),
    ("napi", &["lakeflow-node"]),
    ("wasm-bindgen", &["lakeflow-wasm"]),
];

/// A crate of the workspace as cargo sees it.
pub(crate) struct Package {
    pub(crate) name: String,
    version: String,
    /// Direct dependencies, those of tests and build scripts left out.
    dependencies: BTreeSet<String>,
}

/// The crates of the workspace.
pub(crate) fn packages() -> Vec<Package> {
    let text = output(env!("CARGO"), &["metadata", "--no-deps", "--format-version", "1"]);
    let metadata: Value = serde_json::from_str(&text).expect("cargo metadata is JSON");
    let list = |value: &Value| value.as_array().expect("an array").clone();
    let name = |value: &Value| value["name"].as_str().expect("a name").to_owned();
    list(&metadata["packages"])
        .iter()
        .map(|package| Package {
            name: name(package),
            version: package["version"].as_str().expect("a version").to_owned(),
            dependencies: list(&package["dependencies"])
                .iter()
                .filter(|dependency| dependency["kind"].is_null())
                .map(name)
                .collect(),
        })
        .collect()
}

#[test]
fn the_core_depends_on_little() {
    let packages = packages();
    let core = packages.iter().find(|package| package.name == "lakeflow-core").expect("there is a core");
    let faults: Vec<String> =
        core.dependencies.iter().filter(|name| !CORE_MAY_USE.contains(&name.as_str())).cloned().collect();
    assert_none("lakeflow-core depends on nothing but CORE_MAY_USE", &faults);
}

#[test]
fn arrows_point_one_way() {
    let packages = packages();
    let ours: BTreeSet<&str> = packages.iter().map(|p| p.name.as_str()).collect();
    let mut faults = Vec::new();
    for package in &packages {
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == package.name) else {
            faults.push(format!("{} has no row in ARROWS", package.name));
            continue;
        };
        for used in &package.dependencies {
            if ours.contains(used.as_str()) && !allowed.contains(&used.as_str()) {
                faults.push(format!("{} -> {used}", package.name));
            }
        }
    }
    assert_none("crates know only those that ARROWS allows", &faults);
}

#[test]
fn io_libraries_stay_in_their_rooms() {
    let mut faults = Vec::new();
    for package in packages() {
        for (library, users) in IO_LIBRARIES {
            let uses = package.dependencies.contains(library);
            if uses && !users.contains(&package.name.as_str()) {
                faults.push(format!("{} -> {library}", package.name));
            }
        }
    }
    assert_none("IO libraries are used where IO_LIBRARIES says", &faults);
}

#[test]
fn one_version() {
    let packages = packages();
    let version = &packages.first().expect("there are crates").version;
    let mut faults: Vec<String> = packages
        .iter()
        .filter(|package| package.version != *version)
        .map(|package| format!("{} {}", package.name, package.version))
        .collect();
    let own_dependencies = read("Cargo.toml");
    for line in own_dependencies.lines() {
        let asked = line
            .strip_prefix("lakeflow-")
            .and_then(|line| line.split_once("version = \""))
            .and_then(|(_, rest)| rest.split_once('"'));
        if asked.is_some_and(|(asked, _)| asked != version) {
            faults.push(format!("Cargo.toml: {line}"));
        }
    }
    faults.extend(other_languages(version));
    assert_none(&format!("the version is {version} everywhere"), &faults);
}

/// The packages of the other languages whose version is not `version`. Python's may take it from cargo.
fn other_languages(version: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for file in crate::files() {
        let is_ours = |folder: &str| file.starts_with(folder) && !file.contains("/test");
        let differs = if is_ours("node/") && file.ends_with("/package.json") {
            let package: Value = serde_json::from_str(&read(&file)).expect("package.json is JSON");
            package["version"] != version
        } else if is_ours("python/") && file.ends_with("/pyproject.toml") {
            let text = read(&file);
            let mut stated = text.lines().filter(|line| line.starts_with("version = "));
            stated.any(|line| line != format!("version = \"{version}\""))
        } else {
            false
        };
        if differs {
            faults.push(file);
        }
    }
    faults
}

/// Clippy reads the core's file instead of the root's, not beside it.
#[test]
fn the_core_repeats_the_lint_settings() {
    let core = read("crates/core/clippy.toml");
    let faults: Vec<String> = read("clippy.toml")
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .filter(|line| !core.lines().any(|repeated| repeated == *line))
        .map(str::to_owned)
        .collect();
    assert_none("crates/core/clippy.toml repeats clippy.toml", &faults);
}

#[test]
fn every_crate_takes_the_workspace_lints() {
    let faults: Vec<String> = crate::files()
        .into_iter()
        .filter(|file| file.ends_with("/Cargo.toml") && !file.contains("/fuzz/"))
        .filter(|file| !read(file).contains("[lints]\nworkspace = true"))
        .collect();
    assert_none("a crate has `[lints] workspace = true`", &faults);
    assert!(root().join("rustfmt.toml").is_file());
}
