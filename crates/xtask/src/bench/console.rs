//! The console and the elements: their packed sizes, and how long their screens take in Chromium. `node/console/times.mjs`
//! drives the browser; the sizes are those that the build prints.

use super::{Bench, Row, Target, Unit, measured};
use crate::console;
use crate::process::Result;
use crate::setup::chromium;
use serde_json::Value;

/// Keys of the build's sizes with their targets in bytes (console reference 8.4).
const SIZES: [(&str, f64); 8] = [
    ("console, first load of jobs", 38_000.0),
    ("console, first load of job", 38_000.0),
    ("console, first load of run", 38_000.0),
    ("console, first load of form", 38_000.0),
    ("console, first load of pages", 38_000.0),
    ("elements/index.js", 27_000.0),
    ("elements/run.js", 18_000.0),
    ("elements/form.js", 16_000.0),
];

/// Keys of the times with what they are and their targets in milliseconds (console reference 12).
const TIMES: [(&str, &str, f64); 5] = [
    ("run", "a run of 3 tasks, from its address to its content", 300.0),
    ("tasks", "a run of 1,000 tasks, to its list, timeline and folded graph", 1000.0),
    ("matrix", "a matrix of 1,000 tasks and 30 runs", 500.0),
    ("log", "a log of 50,000 lines, opened at its end", 200.0),
    ("layout", "layout of 1,000 tasks and 2,000 edges, native", 20.0),
];

/// Measures both.
pub(super) fn run(bench: &Bench) -> Result<Vec<Row>> {
    let node = console::ready(&bench.place)?;
    let sizes = measured(console::build(&bench.place, &node).args(["--sizes"]))?;
    let mut rows: Vec<Row> = SIZES
        .iter()
        .map(|(key, most)| {
            row(format!("{key}, packed with brotli"), Unit::Kilobytes, &sizes, key, 1000.0, *most)
        })
        .collect();
    let mut times = node.command();
    times.current_dir(bench.place.root.join("node")).arg("console/times.mjs");
    times.env("LAKEFLOW_BIN", bench.lakeflow()?).env("CHROMIUM", chromium::ready()?);
    let times = measured(&mut times)?;
    rows.extend(
        TIMES
            .iter()
            .filter(|(key, ..)| times.get(key).is_some())
            .map(|(key, what, most)| row((*what).to_owned(), Unit::Ms, &times, key, 1.0, *most)),
    );
    Ok(rows)
}

fn row(what: String, unit: Unit, found: &Value, key: &str, divisor: f64, most: f64) -> Row {
    let number = found.get(key).and_then(Value::as_f64);
    Row {
        what,
        unit,
        ours: number.map(|number| number / divisor).ok_or_else(|| "not measured".to_owned()),
        against: Vec::new(),
        target: Some(Target::Value(most / divisor)),
    }
}
