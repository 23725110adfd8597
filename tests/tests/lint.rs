//! The vectors of the job lint, and that its table of rules is complete and each rule is shown by a vector.

use lakeflow_core::job::{ApiVersion, JobSettings, LintOptions, RULES, check};
use lakeflow_core::problem::Problem;
use lakeflow_tests::{expand, vectors};
use serde_json::Value;
use std::collections::BTreeSet;

#[derive(Clone, Debug, serde::Deserialize)]
struct Input {
    job: Value,
    #[serde(default)]
    api: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
struct Found {
    code: String,
    path: String,
    severity: String,
}

fn problems(input: &Input) -> Vec<Found> {
    let api = if input.api == "2.1" { ApiVersion::V2_1 } else { ApiVersion::V2_2 };
    let (_, problems) = check(&expand(&input.job), &LintOptions { api, ..LintOptions::default() });
    let found = problems.iter().map(|problem| Found {
        code: problem.code.to_owned(),
        path: problem.path.clone(),
        severity: if problem.is_error() { "error" } else { "warning" }.to_owned(),
    });
    found.collect()
}

#[test]
fn every_problem_is_found_and_no_other() {
    let mut failed = Vec::new();
    for case in vectors::<Input, Vec<Found>>("lint.json") {
        // Problems of one value have no order among themselves.
        let (mut found, mut wanted) = (problems(&case.input), case.expect.clone());
        found.sort();
        wanted.sort();
        if found != wanted {
            failed.push(format!("{}\n  found  {found:?}\n  wanted {wanted:?}", case.name));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// What the reader of the types says, and what the comparison with their shapes says.
#[test]
fn what_cannot_be_read_is_told_alike_by_reader_and_lint() {
    let misread = |code: &str| code == "wrong_type" || code == "missing_field";
    let mut told = 0;
    for case in vectors::<Input, Vec<Found>>("lint.json") {
        let job = expand(&case.input.job);
        // A definition in which every value has been replaced by one of another type, each in turn.
        for job in mutants(&job, 12).into_iter().chain([job]) {
            let text = |problem: &Problem| (problem.path.clone(), problem.message.clone());
            let mut read: Vec<_> = JobSettings::read_all(&job).1.iter().map(text).collect();
            let linted = check(&job, &LintOptions::default()).1;
            let mut linted: Vec<_> = linted.iter().filter(|p| misread(p.code)).map(text).collect();
            read.sort();
            linted.sort();
            assert_eq!(linted, read, "{}: {job}", case.name);
            told += read.len();
        }
    }
    assert!(told > 300, "{told} problems were compared");
}

/// Copies of a value, in each of which one value inside is another, at most so many.
fn mutants(value: &Value, most: usize) -> Vec<Value> {
    let mut pointers = Vec::new();
    collect(value, String::new(), &mut pointers);
    let step = pointers.len().div_ceil(most).max(1);
    let mutant = |(n, pointer): (usize, &String)| {
        let mut copy = value.clone();
        *copy.pointer_mut(pointer)? = [
            serde_json::json!([1]),
            serde_json::json!({"a": [1]}),
            serde_json::json!(1.5),
            serde_json::json!("7"),
            Value::Null,
            Value::Bool(true),
        ][n % 6]
            .clone();
        Some(copy)
    };
    pointers.iter().step_by(step).enumerate().filter_map(mutant).collect()
}

fn collect(value: &Value, pointer: String, pointers: &mut Vec<String>) {
    let members: Vec<(String, &Value)> = match value {
        Value::Array(items) => items.iter().enumerate().map(|(n, item)| (n.to_string(), item)).collect(),
        Value::Object(members) => {
            members.iter().map(|(key, item)| (key.replace('~', "~0").replace('/', "~1"), item)).collect()
        }
        _ => Vec::new(),
    };
    for (step, item) in members {
        collect(item, format!("{pointer}/{step}"), pointers);
    }
    pointers.push(pointer);
}

#[test]
fn problems_come_in_the_order_of_the_document() {
    let cases = vectors::<Input, Vec<Found>>("lint.json");
    let nine = cases.iter().find(|case| case.name == "nine different faults").expect("the case is there");
    assert_eq!(problems(&nine.input), nine.expect);
    assert_eq!(nine.expect.iter().map(|found| &found.code).collect::<BTreeSet<_>>().len(), 9);
}

#[test]
fn the_table_of_rules_is_complete_and_every_rule_is_shown() {
    let table: BTreeSet<(String, String)> = RULES
        .iter()
        .map(|rule| (rule.code.to_owned(), serde_json::to_value(rule.severity).expect("text").to_string()))
        .collect();
    assert_eq!(table.len(), RULES.len(), "two rules have one code");
    let shown: BTreeSet<(String, String)> = vectors::<Input, Vec<Found>>("lint.json")
        .into_iter()
        .flat_map(|case| case.expect)
        .map(|found| (found.code, format!("{:?}", found.severity)))
        .collect();
    assert_eq!(table, shown);
}

#[test]
fn a_cycle_is_printed_and_a_slip_gets_a_hint() {
    let job = serde_json::json!({"tasks": [
        {"task_key": "a", "notebook_task": {"notebook_path": "/n"}, "depends_on": [{"task_key": "b"}]},
        {"task_key": "b", "notebook_task": {"notebook_path": "/n"}, "depends_on": [{"task_key": "a"}]},
        {"task_key": "customers", "notebook_task": {"notebook_path": "/n"}},
        {"task_key": "d", "notebook_task": {"notebook_path": "/n"}, "depends_on": [{"task_key": "custmers"}]},
    ]});
    let (_, problems) = check(&job, &LintOptions::default());
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(texts[0].contains("a → b → a"), "{texts:?}");
    assert!(texts[1].contains("did you mean `customers`?"), "{texts:?}");
}
