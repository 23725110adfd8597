//! What waits cost: this client beside the unmodified Python SDK against a fake workspace in real time, and beside the
//! published schedules of its peers in virtual time. The programs are `crates/client/examples/waits/` and
//! `tests/bench/waits/sdk.py`.

use super::{Against, Bench, Row, Target, Unit, measured};
use crate::process::{self, Result};
use crate::setup::python::Set;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What is waited for in real time: waits and the length of their runs in milliseconds. Longer runs, and enough single ones
/// for a median to mean something, are waited for in virtual time.
const LIVE: &[(u64, u64)] = &[(1, 3000), (1, 20_000), (100, 20_000), (1000, 20_000), (10_000, 60_000)];

/// More threads than this the SDK is not asked for: a thread for each wait would need more than the machine has.
const MOST_THREADS: u64 = 1000;

/// What ten thousand waits may take.
const MEMORY_MB: f64 = 100.0;

/// Measures.
pub(super) fn run(bench: &Bench) -> Result<Vec<Row>> {
    let program = build(bench)?;
    let mut rows = in_virtual_time(&measured(Command::new(&program).arg("virtual"))?);
    let python = bench.python(&[Set::Test])?;
    let server = Server::start(&program)?;
    for (waits, length) in LIVE {
        eprintln!("bench: waits: {waits} of {} s", length / 1000);
        rows.extend(in_real_time(bench, &program, &python, &server, *waits, *length));
    }
    Ok(rows)
}

fn build(bench: &Bench) -> Result<PathBuf> {
    let mut build = bench.place.cargo();
    build.args(["build", "--release", "--package", "lakeflow-client", "--example", "waits"]);
    if process::passed_through(&mut build)? != 0 {
        return Err("the bench program does not build; see cargo's output above".to_owned());
    }
    Ok(bench.place.target.join("release/examples").join(format!("waits{}", std::env::consts::EXE_SUFFIX)))
}

/// The fake workspace; it ends when this is dropped.
struct Server {
    child: Child,
    port: String,
}

impl Server {
    fn start(program: &Path) -> Result<Self> {
        let failed = |e: std::io::Error| format!("the fake workspace does not start: {e}");
        let mut command = Command::new(program);
        command.arg("serve").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        let mut port = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut port).map_err(failed)?;
        }
        Ok(Self { child, port: port.trim().to_owned() })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Calls, CPU, memory and delays of waits over sockets.
fn in_real_time(
    bench: &Bench,
    program: &Path,
    python: &Path,
    server: &Server,
    waits: u64,
    length: u64,
) -> Vec<Row> {
    let (n, ms) = (waits.to_string(), length.to_string());
    let ours = measured(Command::new(program).args(["live", &server.port, &n, &ms]));
    let sdk = if waits > MOST_THREADS {
        Err(format!("not tried: {waits} threads"))
    } else {
        let mut script = Command::new(python);
        script.arg("-B").arg(bench.script("waits/sdk.py")).args([&server.port, &n, &ms]);
        measured(&mut script)
    };
    let what = |of: &str| format!("{} of {} s, real time: {of}", runs(waits), length / 1000);
    let row = |of: &str, unit, read: &dyn Fn(&Value) -> Option<f64>, target| Row {
        what: what(of),
        unit,
        ours: value(&ours, read),
        against: vec![Against { peer: "databricks-sdk".to_owned(), value: value(&sdk, read) }],
        target,
    };
    let memory = (waits == 10_000).then_some(Target::Value(MEMORY_MB));
    vec![
        row("calls", Unit::Count, &calls, None),
        row("CPU of the client", Unit::Ms, &|found| found["cpu_ms"].as_f64(), None),
        row(
            "peak resident memory",
            Unit::Megabytes,
            &|found| Some(found["peak_mb"].as_f64()? * 1.048_576),
            memory,
        ),
        row("detection delay, median", Unit::Seconds, &|found| found["delay"]["median"].as_f64(), None),
        row("detection delay, p95", Unit::Seconds, &|found| found["delay"]["p95"].as_f64(), None),
    ]
}

fn value(found: &Result<Value>, read: &dyn Fn(&Value) -> Option<f64>) -> Result<f64> {
    match found {
        Ok(found) => read(found).ok_or_else(|| "not measured".to_owned()),
        Err(why) => Err(why.lines().next().unwrap_or_default().to_owned()),
    }
}

fn calls(found: &Value) -> Option<f64> {
    Some(found["calls"].as_object()?.values().filter_map(Value::as_f64).sum())
}

fn runs(waits: u64) -> String {
    if waits == 1 { "1 wait".to_owned() } else { format!("{waits} waits on one job") }
}

/// Rows of the simulated polls.
fn in_virtual_time(found: &Value) -> Vec<Row> {
    let mut rows = Vec::new();
    for case in found.as_array().into_iter().flatten() {
        let (Some(waits), Some(length)) = (case["waits"].as_u64(), case["length"].as_u64()) else { continue };
        for (kind, told) in [
            ("without_history", "past unknown"),
            ("with_history", "past known"),
            ("equal_calls", "past known, AppKit's number of calls asked for"),
        ] {
            let ours = &case[kind];
            if ours.is_null() {
                continue;
            }
            let what = |of: &str| format!("{} of {} s ±20 %, {told}: {of}", runs(waits), length / 1000);
            let row = |of: &str, unit, read: &dyn Fn(&Value) -> Option<f64>, target| Row {
                what: what(of),
                unit,
                ours: read(ours).ok_or_else(|| "not measured".to_owned()),
                against: peers(&case["peers"], read),
                target,
            };
            let targets = Targets::of(kind, waits, length, &case["peers"][0]);
            rows.push(row("calls a run", Unit::Count, &|found| found["calls"].as_f64(), targets.calls()));
            for of in ["mean", "median", "p95"] {
                let read = |found: &Value| found["delay"][of].as_f64();
                rows.push(row(&format!("delay, {of}"), Unit::Seconds, &read, targets.delay(of)));
            }
        }
    }
    rows
}

fn peers(found: &Value, read: &dyn Fn(&Value) -> Option<f64>) -> Vec<Against> {
    let against = |peer: &Value| Against {
        peer: peer["name"].as_str().unwrap_or_default().to_owned(),
        value: read(peer).ok_or_else(|| "not measured".to_owned()),
    };
    found.as_array().into_iter().flatten().map(against).collect()
}

/// What is to be reached beside AppKit's schedule, the first of the peers: shares of its calls and of its delay.
struct Targets<'a> {
    shares: Option<(f64, f64)>,
    appkit: &'a Value,
}

impl<'a> Targets<'a> {
    fn of(kind: &str, waits: u64, length: u64, appkit: &'a Value) -> Self {
        let shares = match (kind, waits) {
            // At equal calls a third of the delay.
            ("equal_calls", 1) if length >= 60_000 => Some((1.0, 1.0 / 3.0)),
            // For a thousand waits on one job at most a tenth of the calls, at no greater delay.
            (_, 1000) => Some((0.1, 1.0)),
            _ => None,
        };
        Self { shares, appkit }
    }

    fn calls(&self) -> Option<Target> {
        Some(Target::Value(self.appkit["calls"].as_f64()? * self.shares?.0))
    }

    fn delay(&self, of: &str) -> Option<Target> {
        Some(Target::Value(self.appkit["delay"][of].as_f64()? * self.shares?.1))
    }
}
