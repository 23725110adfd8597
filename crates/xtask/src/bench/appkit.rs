//! The Jobs plugin for AppKit beside AppKit's own, in one run on one fake workspace: waits, triggers, start-up, validation.
//! `tests/bench/appkit/measure.mjs` boots the apps and drives them.

use super::{Against, Bench, Row, Target, Unit, measured};
use crate::npm;
use crate::process::Result;
use serde_json::Value;

const BUILTIN: &str = "@databricks/appkit 0.38.1";

/// Measures both plugins with a release addon.
pub(super) fn run(bench: &Bench) -> Result<Vec<Row>> {
    let node = npm::released(&bench.place)?;
    let mut script = node.command();
    script.arg(bench.script("appkit/measure.mjs")).env("LAKEFLOW_ADDON", npm::addon_copy(&bench.place)?);
    let found = measured(&mut script)?;
    let mut rows: Vec<Row> = found["rows"].as_array().into_iter().flatten().map(row).collect();
    rows.push(validation(&found["validation"]));
    Ok(rows)
}

/// A row of the script's, with the target that its name has.
fn row(found: &Value) -> Row {
    let what = found["what"].as_str().unwrap_or_default();
    let unit = match found["unit"].as_str() {
        Some("seconds") => Unit::Seconds,
        Some("megabytes") => Unit::Megabytes,
        Some("count") => Unit::Count,
        Some("per_second") => Unit::PerSecond,
        _ => Unit::Ms,
    };
    let builtin = number(&found["builtin"]);
    Row {
        what: what.to_owned(),
        unit,
        ours: number(&found["ours"]),
        target: target(what, builtin.as_ref().ok().copied()),
        against: vec![Against { peer: BUILTIN.to_owned(), value: builtin }],
    }
}

/// What each measurement has to reach. Triggers are not counted among the calls of waits: each run has its own.
fn target(what: &str, builtin: Option<f64>) -> Option<Target> {
    let thousand = what.starts_with("1000 waits");
    match what {
        _ if thousand && what.ends_with("calls beside the triggers") => Some(Target::Ratio(10.0)),
        _ if thousand && what.ends_with("CPU of the app") => Some(Target::Ratio(5.0)),
        _ if thousand && what.contains("stall") => Some(Target::Value(20.0)),
        _ if thousand && what.ends_with("p95") => Some(Target::Ratio(3.0)),
        _ if what.starts_with("POST") => Some(Target::Ratio(1.5)),
        "start-up of an app" => builtin.map(|ms| Target::Value(ms + 20.0)),
        "memory of an app at rest" => builtin.map(|mb| Target::Value(mb + 10.0)),
        _ => None,
    }
}

/// The core's schema from JavaScript beside validators in JavaScript, which need not cross into Rust.
fn validation(found: &Value) -> Row {
    let against = [("Zod 4.3.6", "zod"), ("Ajv 8", "ajv")];
    Row {
        what: "validation of one set of parameters, from JavaScript".to_owned(),
        unit: Unit::PerSecond,
        ours: number(&found["ours"]),
        against: against
            .iter()
            .map(|(peer, key)| Against { peer: (*peer).to_owned(), value: number(&found[*key]) })
            .collect(),
        target: None,
    }
}

fn number(value: &Value) -> Result<f64> {
    value.as_f64().ok_or_else(|| "not measured".to_owned())
}
