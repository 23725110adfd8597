//! The vectors of `core::bundle`, and the bundles and job files in `tests/vectors/bundles/`.

use lakeflow_core::bundle::{Bundle, MemoryFiles, Options, RULES, ResourceReference, load};
use lakeflow_core::problem::Problem;
use lakeflow_tests::{vectors, vectors_dir};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Settings {
    target: Option<String>,
    variables: BTreeMap<String, String>,
    environment: BTreeMap<String, String>,
    user_name: Option<String>,
    git: BTreeMap<String, String>,
}

#[derive(Clone, Debug, serde::Deserialize)]
struct Input {
    files: BTreeMap<String, String>,
    #[serde(default)]
    path: String,
    #[serde(default)]
    options: Settings,
}

#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
struct Found {
    code: String,
    path: String,
    at: Option<String>,
}

/// Only what is given is compared. Jobs are compared at JSON pointers; null means that nothing is there.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Expect {
    none: bool,
    shape: Option<String>,
    name: Option<String>,
    target: Option<String>,
    mode: Option<String>,
    order: Option<Vec<String>>,
    files: Option<Vec<String>>,
    workspace: BTreeMap<String, String>,
    variables: BTreeMap<String, Value>,
    jobs: BTreeMap<String, BTreeMap<String, Value>>,
    others: Option<Vec<(String, String, Value)>>,
    references: BTreeMap<String, Vec<String>>,
    ids: BTreeMap<String, Value>,
    resolved: BTreeMap<String, BTreeMap<String, Value>>,
    unresolved: BTreeMap<String, Vec<Found>>,
    local: BTreeMap<String, Option<String>>,
    problems: Vec<Found>,
    problem_codes: Option<Vec<String>>,
}

fn options(settings: &Settings) -> Options {
    let defaults = Options::default();
    Options {
        target: settings.target.clone(),
        variables: settings.variables.clone(),
        environment: settings.environment.clone(),
        user_name: settings.user_name.clone().unwrap_or(defaults.user_name),
        git: settings.git.clone(),
        host: None,
        lint: lakeflow_core::job::LintOptions::default(),
    }
}

fn found(problems: &[Problem]) -> Vec<Found> {
    let found = problems.iter().map(|problem| Found {
        code: problem.code.to_owned(),
        path: problem.path.clone(),
        at: problem.position.as_ref().map(ToString::to_string),
    });
    found.collect()
}

fn key(reference: &ResourceReference) -> String {
    format!("resources.{}.{}.{}", reference.kind, reference.key, reference.field)
}

#[test]
fn bundles_are_what_they_mean() {
    for case in vectors::<Input, Expect>("bundle.json") {
        let files: MemoryFiles = case.input.files.clone().into_iter().collect();
        let (bundle, problems) = load(&files, &case.input.path, &options(&case.input.options));
        match &case.expect.problem_codes {
            Some(codes) => {
                let found: Vec<&str> = problems.iter().map(|problem| problem.code).collect();
                assert_eq!(&found, codes, "{}", case.name);
            }
            None => assert_eq!(found(&problems), case.expect.problems, "{}: {problems:#?}", case.name),
        }
        assert_eq!(bundle.is_none(), case.expect.none, "{}", case.name);
        if let Some(bundle) = bundle {
            compare(&case.name, &bundle, &case.expect);
            deploy(&case.name, &bundle, &case.expect);
        }
    }
}

fn compare(name: &str, bundle: &Bundle, expect: &Expect) {
    let given =
        |wanted: &Option<String>, found: String| wanted.as_ref().is_none_or(|wanted| *wanted == found);
    assert!(given(&expect.shape, format!("{:?}", bundle.shape)), "{name}: {:?}", bundle.shape);
    assert!(given(&expect.name, bundle.name.clone()), "{name}: {}", bundle.name);
    assert!(given(&expect.target, bundle.target.clone()), "{name}: {}", bundle.target);
    let mode = bundle.mode.map(|mode| format!("{mode:?}")).unwrap_or_default();
    assert!(given(&expect.mode, mode), "{name}: {:?}", bundle.mode);
    if let Some(order) = &expect.order {
        assert_eq!(bundle.deployment_order(), order, "{name}");
    }
    if let Some(files) = &expect.files {
        assert_eq!(&bundle.files, files, "{name}");
    }
    let workspace = &bundle.workspace;
    let paths = BTreeMap::from([
        ("root_path", &workspace.root_path),
        ("file_path", &workspace.file_path),
        ("artifact_path", &workspace.artifact_path),
        ("state_path", &workspace.state_path),
    ]);
    for (field, path) in &expect.workspace {
        assert_eq!(paths[field.as_str()], path, "{name}: {field}");
    }
    for (variable, value) in &expect.variables {
        assert_eq!(bundle.variables.get(variable), Some(value), "{name}: {variable}");
    }
    for (job, wanted) in &expect.jobs {
        pointers(name, bundle.jobs[job].body(), wanted);
    }
    if let Some(wanted) = &expect.others {
        let others: Vec<_> =
            bundle.others.iter().map(|o| (o.kind.clone(), o.key.clone(), o.value.clone())).collect();
        assert_eq!(&others, wanted, "{name}");
    }
    for (path, wanted) in &expect.local {
        assert_eq!(bundle.local_path(path), wanted.as_deref(), "{name}");
    }
}

fn pointers(name: &str, body: &Value, wanted: &BTreeMap<String, Value>) {
    for (pointer, value) in wanted {
        assert_eq!(body.pointer(pointer).unwrap_or(&Value::Null), value, "{name}: {pointer}");
    }
}

fn deploy(name: &str, bundle: &Bundle, expect: &Expect) {
    for (job, wanted) in &expect.references {
        let references: Vec<String> = bundle.jobs[job].references().iter().map(key).collect();
        assert_eq!(&references, wanted, "{name}");
    }
    let value_of = |reference: &ResourceReference| expect.ids.get(&key(reference)).cloned();
    for (job, wanted) in &expect.resolved {
        let body = bundle.jobs[job].resolve(&value_of).expect("all ids are known");
        pointers(name, &body, wanted);
    }
    for (job, wanted) in &expect.unresolved {
        let problems = bundle.jobs[job].resolve(&value_of).expect_err("an id is missing");
        assert_eq!(&found(&problems), wanted, "{name}");
    }
}

#[test]
fn every_rule_is_shown() {
    let mut shown: BTreeSet<String> = BTreeSet::new();
    for case in vectors::<Input, Expect>("bundle.json") {
        shown.extend(case.expect.problems.iter().map(|found| found.code.clone()));
        shown.extend(case.expect.unresolved.values().flatten().map(|found| found.code.clone()));
        shown.extend(case.expect.problem_codes.into_iter().flatten());
    }
    let missing: Vec<&str> =
        RULES.iter().map(|rule| rule.code).filter(|code| !shown.contains(*code)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// A folder as files in memory.
fn folder(path: &Path) -> MemoryFiles {
    fn collect(folder: &Path, prefix: &str, files: &mut MemoryFiles) {
        for entry in std::fs::read_dir(folder).expect("the folder can be listed") {
            let entry = entry.expect("the entry can be read");
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                collect(&entry.path(), &format!("{name}/"), files);
            } else {
                files.insert(name, std::fs::read(entry.path()).expect("the file can be read"));
            }
        }
    }
    let mut files = MemoryFiles::default();
    collect(path, "", &mut files);
    files
}

#[test]
fn the_job_files_of_the_example_material_are_clean() {
    for file in ["medallion_pipeline_job.json", "job_medalion_run.yml"] {
        let (bundle, problems) =
            load(&folder(&vectors_dir().join("bundles/seeds")), file, &Options::default());
        assert!(problems.is_empty(), "{file}: {problems:#?}");
        let bundle = bundle.expect("it loads");
        let job = bundle.jobs.values().next().expect("it has a job");
        assert_eq!(job.settings.tasks.len(), 6, "{file}");
    }
}

#[test]
fn nesting_ends_in_an_answer() {
    let mut chain =
        String::from("bundle:\n  name: x\nvariables:\n  v0:\n    type: complex\n    default: [end]\n");
    for n in 1..3000 {
        let before = n - 1;
        chain.extend([format!("  v{n}:\n    type: complex\n    default: [\"${{var.v{before}}}\"]\n")]);
    }
    let files: MemoryFiles = [("databricks.yml", chain)].into_iter().collect();
    let (_, problems) = load(&files, "", &Options::default());
    let codes: BTreeSet<&str> = problems.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, BTreeSet::from(["interpolation_too_large"]));
}

#[test]
fn the_bundles_of_the_examples_are_clean() {
    for name in ["medallion", "orchestration"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name);
        let (bundle, problems) = load(&folder(&path), "", &Options::default());
        assert!(problems.is_empty(), "{name}: {problems:#?}");
        assert!(!bundle.expect("it loads").jobs.is_empty(), "{name}");
    }
}
