//! The vectors of forms, and what they promise to the validator.

use lakeflow_core::form::{coerce, describe};
use lakeflow_core::params::ParamSchema;
use lakeflow_tests::vectors;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Described {
    schema: Value,
}

#[derive(Deserialize)]
struct Typed {
    schema: Value,
    entries: Vec<(String, String)>,
}

#[test]
fn forms_are_described() {
    for case in vectors::<Described, Value>("form_describe.json") {
        let found = serde_json::to_value(describe(&case.input.schema)).expect("JSON");
        assert_eq!(found, case.expect, "{}: {}", case.name, case.why);
    }
}

#[test]
fn texts_become_values() {
    for case in vectors::<Typed, Value>("form_coerce.json") {
        let found = coerce(&case.input.schema, &case.input.entries);
        assert_eq!(found, case.expect, "{}: {}", case.name, case.why);
    }
}

#[test]
fn what_was_typed_wrong_is_told_at_its_field() {
    let schema = json!({
        "type": "object", "required": ["day", "rows"], "additionalProperties": false,
        "properties": {
            "day": { "type": "string", "format": "date" }, "rows": { "type": "integer", "minimum": 1 },
            "tags": { "type": "array", "items": { "type": "integer" } }
        }
    });
    let compiled = ParamSchema::compile(&schema).expect("a schema");
    let typed = |entries: &[(&str, &str)]| {
        let entries: Vec<_> = entries.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect();
        let found = compiled.validate(&coerce(&schema, &entries));
        found.into_iter().map(|v| format!("{} {}", v.path, v.keyword)).collect::<Vec<_>>()
    };
    assert_eq!(
        typed(&[("day", "31.1.2026"), ("rows", "ten"), ("tags", "1\nx")]),
        ["/day format", "/rows type", "/tags/1 type"]
    );
    assert_eq!(typed(&[("day", ""), ("rows", "0")]), [" required", "/rows minimum"]);
    assert!(typed(&[("day", "2026-01-31"), ("rows", "10"), ("tags", "")]).is_empty());
}

#[test]
fn hostile_schemas_give_a_form_in_bounded_size() {
    let mut defs = serde_json::Map::new();
    for n in 0..60 {
        let next = json!({ "$ref": format!("#/$defs/d{}", n + 1) });
        defs.insert(format!("d{n}"), json!({ "properties": { "a": next, "b": next, "c": next } }));
    }
    let form = describe(&json!({ "$ref": "#/$defs/d0", "$defs": defs }));
    assert!(form["fields"].as_array().map(Vec::len) == Some(3) && form["cut"] == false);
    let many: serde_json::Map<_, _> = (0..5_000).map(|n| (format!("p{n}"), json!({}))).collect();
    let form = describe(&json!({ "properties": many }));
    assert!(form["fields"].as_array().map(Vec::len) == Some(500) && form["cut"] == true);
    let mut deep = json!({ "type": "string" });
    for _ in 0..100 {
        deep = json!({ "allOf": [deep] });
    }
    assert_eq!(describe(&json!({ "properties": { "x": deep } }))["fields"][0]["control"], "json");
}
