//! Runs the vectors of dynamic value references.

use lakeflow_core::reference::{
    Context, Found, Mode, OtherTaskField, Part, Reference, TimePart, Unresolved, parse, references_in,
    resolve, resolve_task, resolve_value, scan, scan_task,
};
use lakeflow_tests::vectors;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct TextInput {
    text: String,
    context: Context,
    mode: Mode,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum TextExpect {
    Text(String),
    Unresolved(Vec<Reason>),
}

#[derive(Debug, PartialEq, Deserialize)]
struct Reason {
    #[serde(default)]
    path: String,
    text: String,
    code: String,
}

impl From<Unresolved> for Reason {
    fn from(unresolved: Unresolved) -> Self {
        assert!(!unresolved.reason.is_empty(), "a reason is given for {}", unresolved.text);
        Self { path: unresolved.path, text: unresolved.text, code: unresolved.code.to_owned() }
    }
}

fn reasons(unresolved: Vec<Unresolved>) -> Vec<Reason> {
    unresolved.into_iter().map(Reason::from).collect()
}

#[test]
fn text_vectors() {
    for case in vectors::<TextInput, TextExpect>("reference.json") {
        let found = match resolve(&case.input.text, case.input.mode, &case.input.context) {
            Ok(text) => TextExpect::Text(text),
            Err(unresolved) => TextExpect::Unresolved(reasons(unresolved)),
        };
        assert_eq!(found, case.expect, "{}", case.name);
    }
}

#[derive(Deserialize)]
struct TaskInput {
    task: Value,
    context: Context,
    mode: Mode,
}

#[derive(Deserialize)]
struct TaskExpect {
    found: Vec<FoundText>,
    resolved: Option<Value>,
    #[serde(default)]
    unresolved: Vec<Reason>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct FoundText {
    path: String,
    text: String,
    code: Option<String>,
}

impl From<Found> for FoundText {
    fn from(found: Found) -> Self {
        let problem = found.placeholder.reference.err();
        assert!(problem.as_ref().is_none_or(|problem| problem.path == found.path), "{problem:?}");
        let code = problem.map(|problem| problem.code.to_owned());
        Self { path: found.path, text: found.placeholder.text, code }
    }
}

#[test]
fn task_vectors() {
    for case in vectors::<TaskInput, TaskExpect>("reference_task.json") {
        let (name, input, expect) = (&case.name, case.input, case.expect);
        let found: Vec<FoundText> =
            scan_task(&input.task, input.mode).into_iter().map(FoundText::from).collect();
        assert_eq!(found, expect.found, "{name}");
        match (resolve_task(&input.task, input.mode, &input.context), expect.resolved) {
            (Ok(task), Some(expected)) => assert_eq!(task, expected, "{name}"),
            (Err(unresolved), None) => assert_eq!(reasons(unresolved), expect.unresolved, "{name}"),
            (found, _) => panic!("{name}: {found:?}"),
        }
    }
}

#[test]
fn every_context_of_the_vectors_survives_json() {
    for case in vectors::<TextInput, TextExpect>("reference.json") {
        let text = serde_json::to_string(&case.input.context).expect("serialises");
        let again: Context = serde_json::from_str(&text).expect("deserialises");
        assert_eq!(again, case.input.context, "{}", case.name);
    }
}

#[test]
fn a_text_is_the_sum_of_its_parts() {
    for case in vectors::<TextInput, TextExpect>("reference.json") {
        let template = parse(&case.input.text, case.input.mode);
        let whole: String = template
            .parts()
            .iter()
            .map(|part| match part {
                Part::Literal(text) => text.as_str(),
                Part::Placeholder(placeholder) => placeholder.text.as_str(),
            })
            .collect();
        assert_eq!(whole, case.input.text, "{}", case.name);
    }
}

#[test]
fn references_are_listed_as_what_they_are() {
    let listed =
        references_in("{{tasks.a-b.values.`k.1`}} {{start_date}} {{input}} {{my.own}}", Mode::Strict);
    let references: Vec<_> = listed.iter().map(|placeholder| placeholder.reference.clone()).collect();
    let field = OtherTaskField::Value("k.1".to_owned());
    assert_eq!(
        references,
        [
            Ok(Reference::OtherTask { task: "a-b".to_owned(), field }),
            Ok(Reference::JobStartTime(TimePart::IsoDate)),
            Ok(Reference::Input),
        ]
    );
    assert_eq!(listed[1].replacement, Some("{{job.start_time.iso_date}}"));
    assert_eq!(listed[0].replacement, None);
    let reference = listed[0].reference.as_ref().expect("known");
    assert_eq!((reference.other_task(), reference.job_parameter()), (Some("a-b"), None));
}

#[test]
fn a_problem_says_what_would_be_right() {
    let hint = |text: &str| {
        let problem = references_in(text, Mode::Strict).remove(0).reference.expect_err(text);
        assert!(problem.message.contains(text), "{text}: {}", problem.message);
        problem.hint.unwrap_or_default()
    };
    assert_eq!(hint("{{job.naem}}"), "did you mean `job.name`?");
    assert_eq!(hint("{{job.start_time.isodate}}"), "did you mean `iso_date`?");
    assert_eq!(hint("{{tasks.a.value.k}}"), "did you mean `values`?");
    assert_eq!(hint("{{job.parameters.a.b}}"), "a name with a dot needs backticks: {{job.parameters.`a.b`}}");
    assert!(hint("{{job.parameters.a$}}").contains("backticks"));
    assert!(hint("{{workspace.host_name}}").contains("workspace.id, workspace.url"));
}

#[test]
fn any_value_is_scanned_and_resolved() {
    let value = json!({"a": ["{{job.id}}", 1], "b": {"c": "{{job.name}}"}, "d": "{{nope.x}}"});
    let paths: Vec<String> = scan(&value, Mode::Strict).into_iter().map(|found| found.path).collect();
    assert_eq!(paths, ["a[0]", "b.c"]);
    let context: Context = serde_json::from_value(json!({"job": {"id": 7, "name": "n"}})).expect("a context");
    let resolved = resolve_value(&value, Mode::Strict, &context);
    assert_eq!(resolved, Ok(json!({"a": ["7", 1], "b": {"c": "n"}, "d": "{{nope.x}}"})));
    assert_eq!(scan(&json!("{{job.id}}"), Mode::Strict)[0].path, "");
}

#[test]
fn query_output_over_the_limit_is_not_cut_short() {
    let context = |rows: Vec<Value>| -> Context {
        serde_json::from_value(json!({"tasks": {"q": {"result_state": "SUCCESS", "output": {"rows": rows}}}}))
            .expect("a context")
    };
    let rows = |rows| resolve("{{tasks.q.output.rows}}", Mode::Strict, &context(rows));
    let code = |rows_of| rows(rows_of).map_err(|unresolved| unresolved[0].code).map(|text| text.len());
    // {"i":1} is 7 bytes; with commas and brackets 8 n + 1.
    assert_eq!(code(vec![json!({"i": 1}); 1000]), Ok(8001));
    assert_eq!(code(vec![json!({"i": 1}); 1001]), Err("output_too_large"));
    let one = |length: usize| vec![json!({"t": "x".repeat(length)})];
    // [{"t":""}] is 10 bytes.
    assert_eq!(code(one(48 * 1024 - 10)), Ok(48 * 1024));
    assert_eq!(code(one(48 * 1024 - 9)), Err("output_too_large"));
}
