//! The npm package in Node.js beside what people use there today: start-up, one validation, a run document of ten megabytes.
//! `tests/bench/node/measure.mjs` drives all of them; a release addon is put beside the package first.

use super::{Against, Bench, Row, Target, Unit, measured};
use crate::npm;
use crate::process::Result;
use serde_json::Value;

/// One measurement: where the script tells it, what a reader is told, the unit, its peers and what it is to reach.
struct Measure {
    at: &'static str,
    what: &'static str,
    unit: Unit,
    peers: &'static [&'static str],
    target: Option<Target>,
}

const IMPORTS: &[&str] = &["@databricks/sdk-experimental", "@databricks/appkit", "zod 4", "ajv"];
const VALIDATORS: &[&str] = &["zod 4", "ajv"];
const FETCH: &[&str] = &["fetch"];

const fn measure(
    at: &'static str,
    what: &'static str,
    unit: Unit,
    peers: &'static [&'static str],
    target: Option<Target>,
) -> Measure {
    Measure { at, what, unit, peers, target }
}

const MEASURES: [Measure; 10] = [
    measure("start:ms", "Node.js: import", Unit::Ms, IMPORTS, None),
    measure("start:mb", "Node.js: memory that the import adds", Unit::Megabytes, IMPORTS, None),
    measure("small_valid", "1,000 validations: small parameters, valid", Unit::Ms, VALIDATORS, None),
    measure("small_invalid", "1,000 validations: small parameters, invalid", Unit::Ms, VALIDATORS, None),
    measure("large_valid", "1,000 validations: large parameters, valid", Unit::Ms, VALIDATORS, None),
    measure("large_invalid", "1,000 validations: large parameters, ten faults", Unit::Ms, VALIDATORS, None),
    measure(
        "run/stall",
        "run of 10 MB, 20 tasks looked at: event loop held up",
        Unit::Ms,
        FETCH,
        Some(Target::Value(5.0)),
    ),
    measure("run/took", "run of 10 MB, 20 tasks looked at: until they are known", Unit::Ms, FETCH, None),
    measure(
        "run/whole_stall",
        "run of 10 MB as objects: event loop held up",
        Unit::Ms,
        FETCH,
        Some(Target::Value(20.0)),
    ),
    measure("run/whole_took", "run of 10 MB as objects: until it is there", Unit::Ms, FETCH, None),
];

/// Builds a release addon and measures with it.
pub(super) fn run(bench: &Bench) -> Result<Vec<Row>> {
    let node = npm::released(&bench.place)?;
    let mut script = node.command();
    script.arg(bench.script("node/measure.mjs")).arg(bench.place.root.join("node"));
    script.env("LAKEFLOW_ADDON", npm::addon_copy(&bench.place)?);
    let found = measured(&mut script)?;
    Ok(MEASURES.iter().map(|measure| row(measure, &found)).collect())
}

fn row(measure: &Measure, found: &Value) -> Row {
    let number = |who: &str| {
        // `start:ms` is a field of each, `run/stall` a field of the run.
        let value = match (measure.at.split_once(':'), measure.at.split_once('/')) {
            (Some((part, field)), _) => &found[part][who][field],
            (None, Some((part, field))) => &found[part][field][who],
            (None, None) => &found[measure.at][who],
        };
        value.as_f64().ok_or_else(|| "the script measured nothing".to_owned())
    };
    Row {
        what: measure.what.to_owned(),
        unit: measure.unit,
        ours: number("ours"),
        against: measure
            .peers
            .iter()
            .map(|peer| Against { peer: (*peer).to_owned(), value: number(peer) })
            .collect(),
        target: measure.target,
    }
}
