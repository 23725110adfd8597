//! Rules over the documents: they speak of what there is.

use crate::crates::packages;
use crate::{assert_none, files, has_extension, read, root};

/// The names that `document` lacks; each must stand there as code or as a word of a command.
fn missing(document: &str, names: &[String]) -> Vec<String> {
    let text = read(document);
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let stands = |name: &str| {
        text.match_indices(name).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            let after = text[at + name.len()..].chars().next();
            !before.is_some_and(is_part) && !after.is_some_and(is_part)
        })
    };
    names.iter().filter(|name| !stands(name)).cloned().collect()
}

#[test]
fn the_documents_are_there() {
    let names = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE"];
    let faults: Vec<String> =
        names.into_iter().filter(|name| !root().join(name).is_file()).map(str::to_owned).collect();
    assert_none("a document is missing", &faults);
}

#[test]
fn the_readme_names_every_xtask_command() {
    let table = read("crates/xtask/src/commands.rs");
    let names: Vec<String> = table
        .lines()
        .filter_map(|line| line.trim().strip_prefix("name: \""))
        .filter_map(|rest| rest.split_once('"'))
        .map(|(name, _)| format!("cargo xtask {name}"))
        .collect();
    assert!(names.len() > 3, "the table of commands is not read: {names:?}");
    assert_none("README.md names it", &missing("README.md", &names));
}

#[test]
fn the_readme_names_every_lakeflow_command() {
    let mut names = Vec::new();
    for file in files() {
        if file.starts_with("crates/cli/src/") && has_extension(&file, &["rs"]) {
            names.extend(subcommands(&read(&file)));
        }
    }
    assert_none("README.md names it", &missing("README.md", &names));
}

/// The variants of each enum that derives clap's `Subcommand`, as they are typed.
fn subcommands(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if !(line.contains("derive(") && line.contains("Subcommand")) {
            continue;
        }
        let variants = lines
            .by_ref()
            .skip_while(|line| !line.contains("enum "))
            .take_while(|line| !line.starts_with('}'))
            .filter_map(variant);
        names.extend(variants);
    }
    names
}

/// `    RunNow(Args),` is `run-now`; lines that are no variant of an enum at the left margin are nothing.
fn variant(line: &str) -> Option<String> {
    let line = line.strip_prefix("    ")?;
    if !line.starts_with(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    let mut name = String::new();
    for c in line.chars().take_while(|c| c.is_alphanumeric()) {
        if c.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(c.to_ascii_lowercase());
    }
    Some(name)
}

#[test]
fn subcommands_are_read_from_clap_enums() {
    let text = "#[derive(Debug, Subcommand)]\nenum Command {\n    /// Text.\n    Validate(Path),\n    RunNow {\n        \
                Inner: u8,\n    },\n    Next,\n}\nenum Other {\n    No,\n}\n";
    assert_eq!(subcommands(text), ["validate", "run-now", "next"]);
}

#[test]
fn the_architecture_names_every_crate() {
    let names: Vec<String> = packages().into_iter().map(|package| package.name).collect();
    assert_none("ARCHITECTURE.md names it", &missing("ARCHITECTURE.md", &names));
}

#[test]
fn the_architecture_names_every_module_of_the_core() {
    let names: Vec<String> = read("crates/core/src/lib.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .map(|name| format!("`{name}`"))
        .collect();
    assert!(names.len() > 5, "the core's modules are not read: {names:?}");
    assert_none("ARCHITECTURE.md names it", &missing("ARCHITECTURE.md", &names));
}
