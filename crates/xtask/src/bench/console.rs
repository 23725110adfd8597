//! The console and the elements: their packed sizes, and how long their screens take in Chromium. `node/console/times.mjs`
//! drives the browser; the sizes are those that the build prints.

use super::{Bench, Row, Target, Unit, measured};
use crate::process::Result;
use crate::setup::chromium;
use crate::{console, npm, web};
use serde_json::Value;

/// Keys of the build's sizes with their targets in bytes (console reference 8.4).
const SIZES: [(&str, Option<f64>); 10] = [
    ("console, first load of jobs", Some(38_000.0)),
    ("console, first load of job", Some(38_000.0)),
    ("console, first load of run", Some(38_000.0)),
    ("console, first load of form", Some(38_000.0)),
    ("console, first load of pages", Some(38_000.0)),
    ("elements/index.js", Some(27_000.0)),
    ("elements/run.js", Some(18_000.0)),
    ("elements/form.js", Some(16_000.0)),
    // What shows a selected task, with its log, comes when one is first selected.
    ("elements/index.js with all it loads later", Some(27_000.0)),
    ("elements/run.js with all it loads later", None),
];

/// Keys of the times with what they are and their targets in milliseconds (console reference 12).
const TIMES: [(&str, &str, Option<f64>); 15] = [
    (
        "empty",
        "an address of the engine with nothing on it: the browser's own share of the times below",
        None,
    ),
    ("run", "a run of 3 tasks, from its address to its content", Some(300.0)),
    ("tasks", "a run of 1,000 tasks, to its list and timeline", Some(500.0)),
    ("graph", "the same, to its folded graph", Some(1000.0)),
    ("matrix", "a matrix of 1,000 tasks and 30 runs", Some(500.0)),
    ("runs", "the list of a job with 10,000 runs, with their number", None),
    ("filtered", "the same, of those that succeeded", None),
    ("columns", "the matrix of a job with 10,000 runs", None),
    ("log", "a log of 50,000 lines, from the click on its task to its last line", Some(200.0)),
    ("cold_log", "the same, from the address of the run", None),
    ("find", "a word in that log: typed, found, loaded and shown", None),
    (
        "delay",
        "the longest that a key waits while 60 changes a second come for 10 s, 1,000 tasks",
        Some(50.0),
    ),
    ("gone", "a killed engine, until the page says so", Some(3000.0)),
    ("back", "the engine's return, until the page is live again", Some(2000.0)),
    ("layout", "layout of 1,000 tasks and 2,000 edges, in the browser", Some(60.0)),
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
    npm::compile(&node, &bench.place.root.join("node"))?;
    web::build(&bench.place, web::Form::Short)?;
    let mut times = node.command();
    times.current_dir(bench.place.root.join("node")).arg("console/times.mjs");
    times.env("LAKEFLOW_BIN", bench.lakeflow()?).env("CHROMIUM", chromium::ready()?);
    times
        .env("LAKEFLOW_WEB", bench.place.root.join("node").join("dist"))
        .env("LAKEFLOW_PYTHON", bench.python(&[])?);
    let times = measured(&mut times)?;
    rows.extend(
        TIMES
            .iter()
            .filter(|(key, ..)| times.get(key).is_some())
            .map(|(key, what, most)| row((*what).to_owned(), Unit::Ms, &times, key, 1.0, *most)),
    );
    Ok(rows)
}

fn row(what: String, unit: Unit, found: &Value, key: &str, divisor: f64, most: Option<f64>) -> Row {
    let number = found.get(key).and_then(Value::as_f64);
    Row {
        what,
        unit,
        ours: number.map(|number| number / divisor).ok_or_else(|| "not measured".to_owned()),
        against: Vec::new(),
        target: most.map(|most| Target::Value(most / divisor)),
    }
}
