//! Our validator against the crate `jsonschema`: generated schemas and instances, one verdict.
//!
//! The generator is seeded, so a difference comes back with its number. It keeps to what both sides define in
//! the same way: numbers with few digits, patterns without look-around.

use lakeflow_core::params::{Formats, Options, ParamSchema};
use serde_json::{Map, Value, json};

const SCHEMAS: u64 = 2_500;
const INSTANCES: usize = 12;

/// A small generator of numbers (SplitMix64); the same seed gives the same cases everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

const NAMES: &[&str] = &["a", "b", "c", "ab", "é", "x/y"];
const TEXTS: &[&str] = &["", "a", "b", "ab", "abc", "é", "🐲🐲", "12", "a1", "x y", "2024-01-01", "x@y.z"];
const TYPES: &[&str] = &["null", "boolean", "integer", "number", "string", "array", "object"];
const PATTERNS: &[&str] =
    &["^a", "b$", "^[a-z]+$", "\\d", "^\\w*$", "^.{2}$", "a|é", "^(ab?)+$", "\\s", "^[^a]", "\\bab\\b", "^$"];

fn instance(random: &mut Random, depth: u64) -> Value {
    match random.below(if depth == 0 { 6 } else { 9 }) {
        0 => Value::Null,
        1 => json!(random.below(2) == 0),
        2 => json!(random.below(7).cast_signed() - 2),
        3 => json!((random.below(40) as f64 - 10.0) / 4.0),
        4 | 5 => json!(random.pick(TEXTS)),
        6 => (0..random.below(5)).map(|_| instance(random, depth - 1)).collect(),
        _ => {
            let count = random.below(4);
            Value::Object(
                (0..count).map(|_| (random.pick(NAMES).to_owned(), instance(random, depth - 1))).collect(),
            )
        }
    }
}

fn schemas(random: &mut Random, depth: u64) -> Value {
    let count = random.below(3) + 1;
    (0..count).map(|_| schema(random, depth)).collect()
}

fn schema_map(random: &mut Random, names: &[&str], depth: u64) -> Value {
    let count = random.below(3);
    Value::Object((0..count).map(|_| (random.pick(names).to_owned(), schema(random, depth))).collect())
}

fn names(random: &mut Random) -> Value {
    let mut names: Vec<&str> = NAMES.to_vec();
    names.truncate(random.below(3) as usize);
    json!(names)
}

/// A schema; at depth 0 without subschemas.
fn schema(random: &mut Random, depth: u64) -> Value {
    if random.below(12) == 0 {
        return json!(random.below(3) > 0);
    }
    let mut schema = Map::new();
    for _ in 0..=random.below(3) {
        let (name, value) =
            if depth == 0 || random.below(3) == 0 { plain(random) } else { applicator(random, depth - 1) };
        schema.insert(name.to_owned(), value);
    }
    if schema.contains_key("if") {
        schema.insert("then".to_owned(), self::schema(random, depth.saturating_sub(1)));
        schema.insert("else".to_owned(), self::schema(random, depth.saturating_sub(1)));
    }
    if schema.contains_key("contains") && random.below(2) == 0 {
        schema.insert("minContains".to_owned(), json!(random.below(3)));
        schema.insert("maxContains".to_owned(), json!(random.below(3)));
    }
    Value::Object(schema)
}

fn plain(random: &mut Random) -> (&'static str, Value) {
    let count = json!(random.below(4));
    let number = json!((random.below(20) as f64 - 6.0) / 2.0);
    match random.below(22) {
        0..=2 => ("type", json!(random.pick(TYPES))),
        3 => {
            let mut types = vec![random.pick(TYPES), random.pick(TYPES)];
            types.sort_unstable();
            types.dedup();
            ("type", json!(types))
        }
        4 => ("enum", json!([instance(random, 1), instance(random, 2)])),
        5 => ("const", instance(random, 2)),
        6 => ("minimum", number),
        7 => ("maximum", number),
        8 => ("exclusiveMinimum", number),
        9 => ("exclusiveMaximum", number),
        10 => ("multipleOf", json!((random.below(8) + 1) as f64 / 4.0)),
        11 => ("minLength", count),
        12 => ("maxLength", count),
        13 => ("pattern", json!(random.pick(PATTERNS))),
        14 => ("minItems", count),
        15 => ("maxItems", count),
        16 => ("uniqueItems", json!(true)),
        17 => ("minProperties", count),
        18 => ("maxProperties", count),
        19 => ("required", names(random)),
        20 => ("dependentRequired", json!({ random.pick(NAMES): names(random) })),
        _ => ("$ref", json!(random.pick(&["#/$defs/one", "#/$defs/two", "#anchor"]))),
    }
}

fn applicator(random: &mut Random, depth: u64) -> (&'static str, Value) {
    match random.below(18) {
        0 => ("allOf", schemas(random, depth)),
        1 => ("anyOf", schemas(random, depth)),
        2 => ("oneOf", schemas(random, depth)),
        3 => ("not", schema(random, depth)),
        4 => ("if", schema(random, depth)),
        5 | 6 => ("properties", schema_map(random, NAMES, depth)),
        7 => ("patternProperties", schema_map(random, PATTERNS, depth)),
        8 => ("additionalProperties", schema(random, depth)),
        9 => ("propertyNames", schema(random, depth)),
        10 => ("dependentSchemas", schema_map(random, NAMES, depth)),
        11 => ("items", schema(random, depth)),
        12 => ("prefixItems", schemas(random, depth)),
        13 => ("contains", schema(random, depth)),
        14 | 15 => ("unevaluatedItems", schema(random, depth)),
        _ => ("unevaluatedProperties", schema(random, depth)),
    }
}

/// A whole schema with definitions; these refer to nothing, so no reference can loop.
fn document(random: &mut Random) -> Value {
    let mut document = loop {
        if let Value::Object(schema) = schema(random, 3) {
            break schema;
        }
    };
    let mut definition = |anchor: Option<&str>| loop {
        if let Value::Object(mut schema) = schema(random, 1)
            && !Value::from(schema.clone()).to_string().contains("$ref")
        {
            if let Some(anchor) = anchor {
                schema.insert("$anchor".to_owned(), json!(anchor));
            }
            break Value::Object(schema);
        }
    };
    let definitions =
        json!({ "one": definition(None), "two": definition(None), "three": definition(Some("anchor")) });
    document.insert("$defs".to_owned(), definitions);
    Value::Object(document)
}

#[test]
fn both_validators_give_the_same_verdict() {
    let options = Options { formats: Formats::Annotate, ..Options::default() };
    let (mut valid, mut invalid) = (0, 0);
    for seed in 0..SCHEMAS {
        let mut random = Random(seed);
        let schema = document(&mut random);
        let ours = ParamSchema::compile_with(&schema, &options)
            .unwrap_or_else(|problems| panic!("seed {seed}: {schema} is refused: {problems:?}"));
        let theirs = jsonschema::draft202012::new(&schema)
            .unwrap_or_else(|error| panic!("seed {seed}: {schema} is refused by the oracle: {error}"));
        for _ in 0..INSTANCES {
            let instance = instance(&mut random, 3);
            let expected = theirs.is_valid(&instance);
            let violations = ours.validate(&instance);
            assert_eq!(
                violations.is_empty(),
                expected,
                "seed {seed}: schema {schema}, instance {instance}: {violations:?}"
            );
            assert_eq!(ours.is_valid(&instance), expected, "seed {seed}: the two modes differ");
            if expected { valid += 1 } else { invalid += 1 }
        }
    }
    // A generator that makes only one kind would prove little.
    assert!(valid > 5_000 && invalid > 5_000, "{valid} valid, {invalid} invalid");
}
