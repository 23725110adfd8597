//! The Python package beside what Python users have: `databricks-sdk`, `pydantic`, `jsonschema`, `fastjsonschema`, `orjson`.
//! `tests/bench/python/measure.py` measures all of them in one run.

use super::{Against, Bench, Row, Target, Unit, measured};
use crate::process::Result;
use crate::python;
use crate::setup::python::Set;
use serde_json::Value;
use std::process::Command;

/// What is measured: the script's key, what a reader is told, the unit, the target, the peers.
type Measured = (&'static str, &'static str, Unit, Option<Target>, &'static [&'static str]);

const SDK: &[&str] = &["databricks-sdk"];
const VALIDATORS: &[&str] = &["pydantic", "fastjsonschema", "jsonschema"];

const MEASURED: &[Measured] = &[
    ("import_ms", "import, over bare Python", Unit::Ms, Some(Target::Value(30.0)), SDK),
    ("import_mb", "memory that the import takes", Unit::Megabytes, Some(Target::Value(20.0)), SDK),
    ("waits_mb", "200 waits at once: memory of the process", Unit::Megabytes, Some(Target::Value(45.0)), SDK),
    (
        "waits_threads",
        "200 waits at once: threads that they add",
        Unit::Count,
        Some(Target::Value(20.0)),
        SDK,
    ),
    (
        "read_ms",
        "a run of 1,000 tasks, text to the key and state of each",
        Unit::Ms,
        Some(Target::Value(9.0)),
        &["orjson", "json", "databricks-sdk"],
    ),
    ("small_valid_us", "small schema, valid, 1,000 times", Unit::Ms, Some(Target::Ratio(1.0)), VALIDATORS),
    ("small_wrong_us", "small schema, one violation, 1,000 times", Unit::Ms, None, VALIDATORS),
    ("large_valid_us", "large schema, valid, 1,000 times", Unit::Ms, Some(Target::Ratio(1.0)), VALIDATORS),
    ("large_wrong_us", "large schema, one violation, 1,000 times", Unit::Ms, None, VALIDATORS),
];

/// Measures a release build.
pub(super) fn run(bench: &Bench) -> Result<Vec<Row>> {
    let python = bench.python(&Set::ALL)?;
    let mut script = Command::new(python);
    script.arg("-B").arg(bench.script("python/measure.py")).arg("all");
    script.env("PYTHONPATH", python::staged_release(&bench.place)?);
    let found = measured(&mut script)?;
    let rows = MEASURED.iter().map(|(key, what, unit, target, peers)| Row {
        what: (*what).to_owned(),
        unit: *unit,
        ours: number(&found, key, "ours"),
        against: peers
            .iter()
            .map(|peer| Against { peer: (*peer).to_owned(), value: number(&found, key, peer) })
            .collect(),
        target: *target,
    });
    Ok(rows.collect())
}

fn number(found: &Value, key: &str, who: &str) -> Result<f64> {
    found[format!("{key}:{who}")].as_f64().ok_or_else(|| "not measured".to_owned())
}
