//! The vectors of the parameter schemas, and input that is made to hurt.

use lakeflow_core::params::{Options, ParamSchema, limits};
use lakeflow_tests::vectors;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Input {
    schema: Value,
    #[serde(default)]
    instance: Value,
    #[serde(default)]
    resources: BTreeMap<String, Value>,
}

fn codes(problems: &[lakeflow_core::problem::Problem]) -> Value {
    problems.iter().map(|p| json!({ "code": p.code, "path": p.path })).collect()
}

#[test]
fn vectors_hold() {
    let mut wrong = Vec::new();
    for case in vectors::<Input, Value>("params.json") {
        let options = Options { resources: case.input.resources.into_iter().collect(), ..Options::default() };
        let found = match ParamSchema::compile_with(&case.input.schema, &options) {
            Err(problems) => json!({ "problems": codes(&problems) }),
            Ok(schema) if case.expect.get("warnings").is_some() => {
                json!({ "warnings": codes(schema.warnings()) })
            }
            Ok(schema) => {
                let violations = schema.validate(&case.input.instance);
                assert_eq!(schema.is_valid(&case.input.instance), violations.is_empty(), "{}", case.name);
                json!({ "violations": violations })
            }
        };
        if found != case.expect {
            wrong
                .push(format!("{}: {}\n  expected {}\n  found    {found}", case.name, case.why, case.expect));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn compiled(schema: &Value) -> ParamSchema {
    ParamSchema::compile(schema).expect("the schema is valid")
}

fn refusal(schema: &Value) -> Vec<&'static str> {
    ParamSchema::compile(schema).err().unwrap_or_default().iter().map(|problem| problem.code).collect()
}

#[test]
fn the_order_of_members_changes_nothing() {
    let schema = compiled(&json!({
        "additionalProperties": { "type": "integer" }, "required": ["x", "y"], "maxProperties": 1
    }));
    let (one, two) = (json!({ "a": "1", "b": "2", "c": 3 }), json!({ "c": 3, "b": "2", "a": "1" }));
    assert_eq!(schema.validate(&one), schema.validate(&two));
    assert_eq!(schema.validate(&one).len(), 5);
}

#[test]
fn violations_are_capped_the_same_whatever_the_order() {
    let schema = compiled(&json!({ "additionalProperties": false }));
    let names: Vec<String> = (0..500).map(|n| format!("k{n:03}")).collect();
    let forward: Value =
        names.iter().map(|name| (name.clone(), json!(1))).collect::<serde_json::Map<_, _>>().into();
    let back: Value =
        names.iter().rev().map(|name| (name.clone(), json!(1))).collect::<serde_json::Map<_, _>>().into();
    let found = schema.validate(&forward);
    assert_eq!(found, schema.validate(&back));
    assert_eq!(found.len(), limits::MAX_VIOLATIONS + 1);
    assert_eq!(found[0].path, "/k000");
    assert_eq!(found[limits::MAX_VIOLATIONS].keyword, "limit");
}

#[test]
fn schemas_beyond_the_limits_are_refused() {
    let mut deep = json!({ "type": "string" });
    for _ in 0..limits::MAX_SCHEMA_DEPTH {
        deep = json!({ "not": deep });
    }
    assert_eq!(refusal(&deep), ["schema_too_deep"]);
    // Without three of its levels it is within the limit: the type's name is a value too.
    assert!(ParamSchema::compile(&deep["not"]["not"]["not"]).is_ok());
    assert_eq!(refusal(&deep["not"]["not"]), ["schema_too_deep"]);
    // The schema and the list are values too.
    let wide: Vec<Value> = (0..limits::MAX_SCHEMA_VALUES - 2).map(|n| json!(n)).collect();
    assert!(ParamSchema::compile(&json!({ "enum": wide })).is_ok());
    assert_eq!(refusal(&json!({ "enum": wide, "title": "" })), ["schema_too_large"]);
    let many: Vec<Value> = (0..=limits::MAX_SUBSCHEMAS).map(|n| json!({ "minimum": n })).collect();
    assert_eq!(refusal(&json!({ "allOf": many })), ["schema_too_large"]);
}

#[test]
fn chains_and_loops_of_references_end() {
    let mut defs = serde_json::Map::new();
    for n in 0..5_000 {
        defs.insert(format!("d{n}"), json!({ "$ref": format!("#/$defs/d{}", n + 1) }));
    }
    defs.insert("d5000".to_owned(), json!({ "type": "integer" }));
    let chain = compiled(&json!({ "$ref": "#/$defs/d0", "$defs": defs }));
    assert!(chain.is_valid(&json!(1)) && !chain.is_valid(&json!("x")));

    assert_eq!(refusal(&json!({ "$ref": "#" })), ["endless_ref"]);
    assert_eq!(
        refusal(&json!({ "allOf": [{ "$ref": "#/$defs/a" }], "$defs": {
            "a": { "not": { "$ref": "#/$defs/b" } }, "b": { "if": { "$ref": "#/$defs/a" }, "then": true } } })),
        ["endless_ref"]
    );
    // A loop that only the dynamic scope closes is met when it is walked.
    let dynamic = compiled(&json!({
        "$id": "https://example.com/outer", "$dynamicAnchor": "x", "$ref": "inner",
        "$defs": { "inner": { "$id": "inner", "anyOf": [{ "$dynamicRef": "#x" }], "$defs": {
            "x": { "$dynamicAnchor": "x" } } } }
    }));
    let found = dynamic.validate(&json!(1));
    assert_eq!(found.last().expect("a violation").keyword, "limit");
}

#[test]
fn work_that_doubles_at_each_step_is_bounded() {
    let mut defs = serde_json::Map::new();
    for n in 0..60 {
        let next = json!({ "$ref": format!("#/$defs/d{}", n + 1) });
        defs.insert(format!("d{n}"), json!({ "allOf": [next, next] }));
    }
    defs.insert("d60".to_owned(), json!({ "type": "integer" }));
    let schema = compiled(&json!({ "$ref": "#/$defs/d0", "$defs": defs }));
    assert_eq!(schema.validate(&json!(1)).last().expect("a violation").keyword, "limit");
    // Under `not`, giving up must not turn into success.
    let negated = compiled(&json!({ "not": { "$ref": "#/$defs/d0" }, "$defs": {
        "d0": { "allOf": [{ "$ref": "#/$defs/d1" }, { "$ref": "#/$defs/d1" }] }, "d1": { "type": "string" } } }));
    assert!(negated.is_valid(&json!(1)));
}

#[test]
fn deep_instances_are_refused_and_not_walked_to_death() {
    let schema = compiled(&json!({ "items": { "$ref": "#" }, "uniqueItems": true }));
    let mut deep = json!(1);
    for _ in 0..600 {
        deep = json!([deep]);
    }
    assert_eq!(schema.validate(&deep).last().expect("a violation").keyword, "limit");
    let mut twins = json!(1);
    for _ in 0..500 {
        twins = json!([twins]);
    }
    let twins = json!([twins.clone(), twins]);
    let unique = compiled(&json!({ "uniqueItems": true }));
    assert_eq!(unique.validate(&twins).last().expect("a violation").keyword, "limit");
    assert!(!unique.is_valid(&twins));
    let wrong = compiled(&json!({ "type": "string" })).validate(&deep);
    assert_eq!(wrong.len(), 1);
}

#[test]
fn catastrophic_patterns_end() {
    let evil = "a".repeat(9_000) + "!";
    for pattern in ["(a+)+$", "^(a|aa)+$", "^(?:a*)*b$", "(.*a){20}$"] {
        let schema = compiled(&json!({ "pattern": pattern }));
        assert!(!schema.is_valid(&json!(evil)), "{pattern}");
    }
    let schema = compiled(&json!({ "pattern": "^(?=(a+)+$)b" }));
    assert!(!schema.is_valid(&json!(evil)));
    let schema = compiled(&json!({ "pattern": "^(a+)\\1+\\1(?<!b)c$" }));
    let found = schema.validate(&json!(evil));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].keyword, "pattern");
    assert!(found[0].message.contains("too many steps"), "{}", found[0].message);
}

#[test]
fn a_large_instance_is_validated() {
    let row =
        json!({ "id": 1, "name": "some text that is not short at all", "tags": ["a", "b"], "ok": true });
    let rows = 5_000_000 / row.to_string().len() + 1;
    let mut large: Vec<Value> = std::iter::repeat_n(row, rows).collect();
    let schema = compiled(&json!({ "items": {
        "type": "object", "required": ["id", "name"], "additionalProperties": false,
        "properties": { "id": { "type": "integer", "minimum": 0 }, "name": { "type": "string", "maxLength": 50 },
            "tags": { "type": "array", "items": { "enum": ["a", "b"] }, "uniqueItems": true }, "ok": { "type": "boolean" } }
    } }));
    assert!(schema.is_valid(&Value::from(large.clone())));
    large[rows - 1]["id"] = json!(-1);
    let found = schema.validate(&Value::from(large));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].path, format!("/{}/id", rows - 1));
}

#[test]
fn equal_items_among_many_are_found() {
    let mut items: Vec<Value> = (0..100_000).map(|n| json!({ "n": n })).collect();
    let schema = compiled(&json!({ "uniqueItems": true }));
    assert!(schema.is_valid(&Value::from(items.clone())));
    items[99_999] = json!({ "n": 17 });
    let found = schema.validate(&Value::from(items));
    assert!(found[0].message.ends_with("has equal items at 17 and 99999"), "{}", found[0].message);
}
