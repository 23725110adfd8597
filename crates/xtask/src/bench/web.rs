//! The browser's module beside Zod and Ajv: sizes as they go over the wire, the first validation on a cold page, and one
//! validation of small and large parameters. `tests/bench/web/measure.js` bundles and drives all of them in Chromium.

use super::{Against, Bench, Row, Target, Unit};
use crate::process::{self, Result};
use crate::setup::{chromium, node};
use crate::{npm, web};
use serde_json::Value;

/// The peers, as the script names them.
const PEERS: [&str; 4] = ["zod 4", "zod 4, fromJSONSchema", "zod/mini", "ajv"];

/// What is measured with each: the script's key, what a reader is told, the unit.
const MEASURED: [(&str, &str, Unit); 6] = [
    ("size", "what a page loads to validate, brotli", Unit::Kilobytes),
    ("cold", "first validation on a cold page, all loading included", Unit::Ms),
    ("small_valid", "one validation: small parameters, valid", Unit::Micros),
    ("small_invalid", "one validation: small parameters, invalid", Unit::Micros),
    ("large_valid", "one validation: large parameters, valid", Unit::Micros),
    ("large_invalid", "one validation: large parameters, ten faults", Unit::Micros),
];

/// Our modules alone: the key, what a reader is told, the most kilobytes that were aimed for.
const MODULES: [(&str, &str, Option<f64>); 4] = [
    ("params", "module of lakeflow-jobs/web/params, brotli", Some(45.0)),
    ("full", "module of lakeflow-jobs/web, brotli", Some(110.0)),
    ("extra", "module loaded when YAML or a time zone is first asked for, brotli", None),
    ("every", "module of every rule, loaded by callRule, brotli", None),
];

/// Builds the modules and measures.
pub(super) fn run(bench: &Bench) -> Result<Vec<Row>> {
    let place = &bench.place;
    let (node, package) = (node::ready(place)?, node::package_ready(place)?);
    npm::compile(&node, &package)?;
    web::build(place, web::Form::Short)?;
    node::packages(&node, &bench.script("web"))?;
    let mut script = node.command();
    script
        .arg(bench.script("web").join("measure.js"))
        .arg(place.root.join("node/dist"))
        .arg(chromium::ready()?);
    let told = process::output(&mut script)?;
    let found: Value =
        serde_json::from_str(&told).map_err(|e| format!("the script printed no JSON ({e}): {told}"))?;
    let modules = MODULES.iter().map(|(key, what, most)| Row {
        what: (*what).to_owned(),
        unit: Unit::Kilobytes,
        ours: number(&found["wasm"][key]),
        against: Vec::new(),
        target: most.map(Target::Value),
    });
    let rows = MEASURED.iter().map(|(key, what, unit)| Row {
        what: (*what).to_owned(),
        unit: *unit,
        ours: number(&found[key]["ours"]),
        against: PEERS
            .iter()
            .map(|peer| Against { peer: (*peer).to_owned(), value: number(&found[key][peer]) })
            .collect(),
        target: None,
    });
    Ok(modules.chain(rows).collect())
}

/// A number of the script, or what it says instead.
fn number(value: &Value) -> Result<f64> {
    value.as_f64().ok_or_else(|| match value.as_str() {
        Some(why) => format!("cannot: {why}"),
        None => "not measured".to_owned(),
    })
}
