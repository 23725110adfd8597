//! The official JSON Schema Test Suite for 2020-12, as far as it is stored on this machine.
//!
//! `cargo xtask test` fetches it; what is not passed is in [`SKIPPED`], with the reason.
#![expect(clippy::unwrap_used, reason = "a test; the helpers are not marked as one")]

use lakeflow_core::params::{Formats, Options, ParamSchema};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// `file | case | test` (`*` at the end for all that start so) and why it is not passed.
const SKIPPED: &[(&str, &str)] = &[
    (
        "cross-draft | refs to historic drafts are processed as historic drafts | *",
        "2020-12 is the only dialect; a document of another one is refused when the schema is compiled",
    ),
    (
        "idn-hostname | *",
        "this format asks for the tables of IDNA 2008; it is not checked, and a warning of the schema says so",
    ),
];

/// The folder that holds `tests/` and `remotes/`.
fn suite() -> PathBuf {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let cache = variable("LAKEFLOW_TOOL_CACHE")
        .or_else(|| variable("HOME").map(|home| home.join(".cache/lakeflow-jobs")))
        .unwrap_or_default();
    // The folder in the cache has the version of the package in its name.
    let cached = std::fs::read_dir(&cache).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_suite = |path: &PathBuf| path.join("tests/draft2020-12").is_dir();
    let folder = variable("LAKEFLOW_JSON_SCHEMA_SUITE")
        .or_else(|| cached.filter(is_suite).max())
        .unwrap_or_else(|| cache.join("json-schema-suite"));
    assert!(
        is_suite(&folder),
        "the JSON Schema Test Suite is not in {}; run `cargo xtask test`, which fetches it",
        folder.display()
    );
    folder
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(json_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap())
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The suite serves `remotes/` at this address.
fn remotes(suite: &Path) -> BTreeMap<String, Value> {
    let folder = suite.join("remotes");
    json_files(&folder)
        .iter()
        .map(|path| {
            let name = path.strip_prefix(&folder).unwrap().to_string_lossy().replace('\\', "/");
            (format!("http://localhost:1234/{name}"), read(path))
        })
        .collect()
}

#[derive(Default)]
struct Outcome {
    passed: usize,
    failed: Vec<String>,
    skipped: BTreeSet<&'static str>,
}

fn skipped(name: &str) -> Option<&'static str> {
    SKIPPED.iter().map(|(pattern, _)| *pattern).find(|pattern| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == *pattern,
    })
}

/// What the schema says about one test's instance when that is not what the suite expects.
fn difference(
    schema: &Result<ParamSchema, Vec<lakeflow_core::problem::Problem>>,
    test: &Value,
) -> Option<String> {
    let expected = test["valid"].as_bool().unwrap();
    match schema {
        Err(problems) => Some(format!("refused: {problems:?}")),
        Ok(schema) => {
            let violations = schema.validate(&test["data"]);
            assert_eq!(
                schema.is_valid(&test["data"]),
                violations.is_empty(),
                "the two modes differ on {test}"
            );
            (violations.is_empty() != expected)
                .then(|| format!("expected valid={expected}, found {violations:?}"))
        }
    }
}

fn run(files: &[PathBuf], options: &Options, outcome: &mut Outcome) {
    for path in files {
        let file = path.file_stem().unwrap().to_string_lossy();
        for case in read(path).as_array().unwrap() {
            let schema = ParamSchema::compile_with(&case["schema"], options);
            let group = case["description"].as_str().unwrap();
            for test in case["tests"].as_array().unwrap() {
                let name = format!("{file} | {group} | {}", test["description"].as_str().unwrap());
                if let Some(pattern) = skipped(&name) {
                    outcome.skipped.insert(pattern);
                    continue;
                }
                match difference(&schema, test) {
                    None => outcome.passed += 1,
                    Some(found) => outcome.failed.push(format!("{name}: {found}")),
                }
            }
        }
    }
}

#[test]
fn official_suite_passes() {
    let suite = suite();
    let folder = suite.join("tests/draft2020-12");
    let mut options =
        Options { formats: Formats::Annotate, resources: remotes(&suite).into_iter().collect() };
    let all = json_files(&folder);
    let formats = folder.join("optional/format");
    let (formats, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|path| path.starts_with(&formats));
    let mut outcome = Outcome::default();
    // The required part has `format` as a remark; the part for formats has it as a rule.
    run(&others, &options, &mut outcome);
    options.formats = Formats::Assert;
    run(&formats, &options, &mut outcome);
    assert!(outcome.failed.is_empty(), "{} failed:\n{}", outcome.failed.len(), outcome.failed.join("\n"));
    assert!(outcome.passed > 1800, "only {} tests were found", outcome.passed);
    let unused: Vec<_> = SKIPPED.iter().filter(|(pattern, _)| !outcome.skipped.contains(pattern)).collect();
    assert!(unused.is_empty(), "listed as skipped and not in the suite: {unused:?}");
}
