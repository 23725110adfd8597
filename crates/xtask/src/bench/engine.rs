//! The local engine beside MiniLake and BrickHouse, the emulators of the Jobs API that really run something and that
//! PyPI has. `tests/bench/engine/measure.py` drives each with the same client and the same jobs.

use super::{Against, Bench, Row, Target, Unit, measured};
use crate::process::Result;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// What pip installs, and the name that the script knows.
const PEERS: &[(&str, &str)] = &[("minilake==1.9.0", "minilake"), ("brickhouse==0.1.0", "brickhouse")];

/// What is measured: the script's key, what a reader is told, the unit, the target.
const MEASURED: &[(&str, &str, Unit, Option<Target>)] = &[
    ("hello", "hello task (Python script), run-now to its end, warm", Unit::Ms, Some(Target::Value(40.0))),
    ("first", "the first hello task after the start", Unit::Ms, None),
    ("parallel", "a(3 s); b → c(3 s): 3.0 s is the least", Unit::Seconds, Some(Target::Value(3.2))),
    ("tasks101", "101 independent hello tasks in one run", Unit::Seconds, Some(Target::Ratio(1.0))),
    ("condition", "1,000 condition tasks in a row, a task", Unit::Ms, Some(Target::Value(2.0))),
    ("start", "start of the process to the first answer", Unit::Ms, None),
    ("idle", "resident memory when idle", Unit::Megabytes, Some(Target::Value(15.0))),
    ("threads", "threads when idle", Unit::Count, None),
    ("after", "resident memory when idle after all of the above", Unit::Megabytes, None),
    ("list", "runs/list, a page of 25 of 100,000 stored runs", Unit::Ms, Some(Target::Value(10.0))),
    ("stored", "disk that a stored run of one task takes", Unit::Kilobytes, None),
];

/// Measures ours, then each peer that pip can install.
pub(super) fn run(bench: &Bench) -> Result<Vec<Row>> {
    let lakeflow = bench.lakeflow()?.to_owned();
    let python = bench.python(&[])?;
    let ours = measure(bench, &python, "lakeflow", Some(&lakeflow), None)?;
    let peers: Vec<(String, Result<Value>)> = PEERS
        .iter()
        .map(|(requirement, kind)| {
            let found =
                bench.pypi(requirement).and_then(|folder| measure(bench, &python, kind, None, Some(&folder)));
            (requirement.replace("==", " "), found)
        })
        .collect();
    let rows = MEASURED.iter().map(|(key, what, unit, target)| Row {
        what: (*what).to_owned(),
        unit: *unit,
        ours: number(&ours, key),
        against: peers
            .iter()
            .map(|(peer, found)| Against {
                peer: peer.clone(),
                value: match found {
                    Ok(found) => number(found, key),
                    Err(why) => Err(format!("not measured: {}", why.lines().next().unwrap_or_default())),
                },
            })
            .collect(),
        target: *target,
    });
    Ok(rows.collect())
}

/// What the script found out about one engine.
fn measure(
    bench: &Bench,
    python: &Path,
    kind: &str,
    lakeflow: Option<&Path>,
    packages: Option<&Path>,
) -> Result<Value> {
    let mut script = Command::new(python);
    script.arg("-B").arg(bench.script("engine/measure.py")).arg(kind);
    script.env("LAKEFLOW_PYTHON", python);
    script.env("LAKEFLOW_BIN", lakeflow.unwrap_or(Path::new("")));
    script.env("PEER_PACKAGES", packages.unwrap_or(Path::new("")));
    measured(&mut script)
}

/// A number of the script's, or the words that it says instead.
fn number(found: &Value, key: &str) -> Result<f64> {
    match &found[key] {
        Value::Number(number) => number.as_f64().ok_or_else(|| "not measured".to_owned()),
        Value::String(why) => Err(why.clone()),
        _ => Err("not measured".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_instead_of_a_number_are_kept() {
        let found = serde_json::json!({ "hello": 12.5, "list": "cannot: no route" });
        assert_eq!(number(&found, "hello"), Ok(12.5));
        assert_eq!(number(&found, "list"), Err("cannot: no route".to_owned()));
        assert_eq!(number(&found, "idle"), Err("not measured".to_owned()));
    }
}
