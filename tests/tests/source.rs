//! The vectors of `core::source`, and what cannot be written as JSON: bytes that are no text, and hostile sizes.

use lakeflow_core::problem::Problem;
use lakeflow_core::source::{Document, Format};
use lakeflow_tests::vectors;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Clone, Debug, serde::Deserialize)]
struct Input {
    file: String,
    text: String,
}

#[derive(Clone, Debug, serde::Deserialize)]
struct Wanted {
    code: String,
    #[serde(default)]
    path: String,
    line: u32,
    column: u32,
    #[serde(default)]
    message: String,
    #[serde(default)]
    hint: String,
}

#[derive(Clone, Debug, serde::Deserialize)]
struct Expect {
    #[serde(default)]
    value: Value,
    #[serde(default)]
    positions: BTreeMap<String, (u32, u32)>,
    #[serde(default)]
    problems: Vec<Wanted>,
}

#[test]
fn documents_are_read_with_positions() {
    for case in vectors::<Input, Expect>("source.json") {
        let read = Document::parse(&case.input.file, case.input.text.as_bytes(), Format::ByExtension);
        match read {
            Ok(document) => {
                assert!(case.expect.problems.is_empty(), "{}: {document:?}", case.name);
                assert_eq!(document.value(), case.expect.value, "{}", case.name);
                for (path, place) in &case.expect.positions {
                    let mark = document.positions().find(path).expect("every path has a place");
                    assert_eq!((mark.line, mark.column), *place, "{}: {path}", case.name);
                }
            }
            Err(problems) => compare(&case.name, &problems, &case.expect.problems),
        }
    }
}

fn compare(name: &str, problems: &[Problem], wanted: &[Wanted]) {
    assert_eq!(problems.len(), wanted.len(), "{name}: {problems:?}");
    for (problem, wanted) in problems.iter().zip(wanted) {
        let position = problem.position.as_ref().expect("problems of texts have positions");
        assert_eq!(
            (problem.code, problem.path.as_str(), position.line, position.column),
            (wanted.code.as_str(), wanted.path.as_str(), wanted.line, wanted.column),
            "{name}: {problem}"
        );
        assert!(problem.message.contains(&wanted.message), "{name}: {problem}");
        let hint = problem.hint.clone().unwrap_or_default();
        assert!(hint.contains(&wanted.hint), "{name}: {problem}");
    }
}

fn only_problem(bytes: &[u8], file: &str) -> Problem {
    let mut problems = Document::parse(file, bytes, Format::ByExtension).expect_err("must not be read");
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.remove(0)
}

#[test]
fn bytes_that_are_no_text_are_named() {
    let problem = only_problem(b"{\"a\":\n \"x\xFF\"}", "a.json");
    assert_eq!(problem.code, "not_utf8");
    assert!(problem.message.contains("offset 9"), "{problem}");
    assert_eq!(problem.to_string().split(": ").next(), Some("a.json:2:4"));
    let utf16 = only_problem(b"\xFF\xFEa\0", "a.yml");
    assert!(utf16.hint.expect("a hint").contains("UTF-16"));
}

#[test]
fn hostile_sizes_end_in_a_problem() {
    let mut bomb = vec!["a0: &a0 [x,x,x,x,x,x,x,x,x]".to_owned()];
    for n in 1..12 {
        let items = vec![format!("*a{}", n - 1); 9].join(",");
        bomb.push(format!("a{n}: &a{n} [{items}]"));
    }
    assert_eq!(only_problem(bomb.join("\n").as_bytes(), "a.yml").code, "bad_yaml");
    let deep = "[".repeat(100_000);
    assert_eq!(only_problem(deep.as_bytes(), "a.yml").code, "bad_yaml");
    assert_eq!(only_problem(deep.as_bytes(), "a.json").code, "bad_json");
    for n in [100, 100_000] {
        assert_eq!(only_problem("- ".repeat(n).as_bytes(), "a.yml").code, "bad_yaml");
        let mut steps = String::new();
        for depth in 0..n.min(3000) {
            steps.extend([" ".repeat(depth).as_str(), "a:\n"]);
        }
        assert_eq!(only_problem(steps.as_bytes(), "a.yml").code, "bad_yaml");
    }
    let mut nested = String::from("a0: &a0 [x]\n");
    for n in 1..3000 {
        nested.extend([format!("a{n}: &a{n} [*a{}]\n", n - 1)]);
    }
    assert_eq!(only_problem(nested.as_bytes(), "a.yml").code, "bad_yaml");
    let closed = format!("{deep}{}", "]".repeat(100_000));
    assert_eq!(only_problem(closed.as_bytes(), "a.json").code, "bad_json");
}

#[test]
fn a_missing_path_falls_back_to_its_nearest_parent() {
    let document = Document::parse("j.yml", b"tasks:\n  - task_key: a\n", Format::Yaml).expect("is read");
    let mut problems = vec![
        Problem::error("x", "tasks[0].notebook_task.notebook_path", ""),
        Problem::error("x", "tasks[7].task_key", ""),
        Problem::error("x", "name", ""),
    ];
    document.locate(&mut problems);
    let places: Vec<String> =
        problems.iter().map(|p| p.position.as_ref().expect("a place").to_string()).collect();
    assert_eq!(places, ["j.yml:2:5", "j.yml:1:1", "j.yml:1:1"]);
}

#[test]
fn names_that_look_like_paths_have_places() {
    let document = Document::parse("j.json", br#"{"a.b": {"c": 1}}"#, Format::Json).expect("is read");
    let mark = document.positions().find("[\"a.b\"].c").expect("a place");
    assert_eq!((mark.line, mark.column), (1, 15));
}
