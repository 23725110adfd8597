//! Rows of measurements and the table they make. Reads no clock and measures nothing.

use std::fmt::Write;
use std::process::Command;

/// What a number counts, and thereby whether more of it is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Microseconds; less is better.
    Micros,
    /// Milliseconds; less is better.
    Ms,
    /// Seconds; less is better.
    Seconds,
    /// Megabytes of 10^6 bytes; less is better.
    Megabytes,
    /// Kilobytes of 10^3 bytes; less is better.
    Kilobytes,
    /// A number of things, such as requests sent; less is better.
    Count,
    /// Things done in a second; more is better.
    PerSecond,
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Unit::Micros => "µs",
            Unit::Ms => "ms",
            Unit::Seconds => "s",
            Unit::Megabytes => "MB",
            Unit::Kilobytes => "KB",
            Unit::Count => "",
            Unit::PerSecond => "/s",
        }
    }

    fn more_is_better(self) -> bool {
        self == Unit::PerSecond
    }
}

/// A peer's number.
#[derive(Clone, Debug)]
pub(crate) struct Against {
    /// The peer with its version.
    pub(crate) peer: String,
    /// The median of the same measurement, or why there is none ("cannot: …").
    pub(crate) value: Result<f64, String>,
}

/// What a row has to reach.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// Ours in the unit of the row, at most (for units of which less is better) or at least.
    Value(f64),
    /// Times better than every peer that can do it.
    Ratio(f64),
}

/// One thing that was measured.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// What was done, in a few words.
    pub(crate) what: String,
    /// What the numbers count.
    pub(crate) unit: Unit,
    /// Our median, or why there is none.
    pub(crate) ours: Result<f64, String>,
    /// The same by others; may be empty.
    pub(crate) against: Vec<Against>,
    /// What was to be reached, where something was.
    pub(crate) target: Option<Target>,
}

impl Row {
    /// How many times better ours is than a peer's; below 1 it is worse. `None` when one of them has no number.
    fn ratio(&self, peer: &Against) -> Option<f64> {
        let (Ok(ours), Ok(theirs)) = (&self.ours, &peer.value) else { return None };
        let ratio = if self.unit.more_is_better() { ours / theirs } else { theirs / ours };
        ratio.is_finite().then_some(ratio)
    }

    fn verdict(&self) -> String {
        let Some(target) = self.target else { return String::new() };
        let met = match (target, &self.ours) {
            (_, Err(_)) => false,
            (Target::Value(most), Ok(ours)) if self.unit.more_is_better() => *ours >= most,
            (Target::Value(most), Ok(ours)) => *ours <= most,
            (Target::Ratio(least), Ok(_)) => {
                let mut ratios = self.against.iter().filter_map(|peer| self.ratio(peer)).peekable();
                ratios.peek().is_some() && ratios.all(|ratio| ratio >= least)
            }
        };
        let wanted = match target {
            Target::Value(value) if self.unit.more_is_better() => format!("≥ {}", shown(value, self.unit)),
            Target::Value(value) => format!("≤ {}", shown(value, self.unit)),
            Target::Ratio(value) => format!("{}×", number(value)),
        };
        format!("{wanted}: {}", if met { "met" } else { "**missed**" })
    }
}

/// Three significant digits, without an exponent.
fn number(value: f64) -> String {
    let whole = if value.abs() < 1.0 { 0 } else { value.abs().log10() as usize + 1 };
    let places = match whole {
        0 if value.abs() < 0.1 => 3,
        0 | 1 => 2,
        2 => 1,
        _ => 0,
    };
    format!("{value:.places$}")
}

fn shown(value: f64, unit: Unit) -> String {
    format!("{} {}", number(value), unit.name()).trim_end().to_owned()
}

fn said(value: &Result<f64, String>, unit: Unit) -> String {
    match value {
        Ok(value) => shown(*value, unit),
        Err(why) => why.replace('|', "/").replace('\n', " "),
    }
}

/// How the document begins.
const HEAD: &str = "# Benchmarks\n\n\
    Written by `cargo xtask bench`; `cargo xtask bench SECTION` renews one section. Medians, ours in the release build, the peers \
    as their packages come. The ratio says how many times better ours is: 2× is half the time, the memory, or twice as many in a \
    second; **below 1× the peer is better**. Peers get the same work by the same client on the same machine in the same run.\n";

/// What the heading of a section begins with.
const HEADING: &str = "\n## `";

/// One section of the document: its heading, where and when it was measured, one table.
pub(crate) fn section(name: &str, about: &str, measured: &str, rows: &[Row]) -> String {
    let mut text = format!("{HEADING}{name}`: {about}\n\n{measured}\n\n");
    text.push_str("| what | ours | peer | peer's | ratio | target |\n");
    text.push_str("|---|---:|---|---:|---:|---|\n");
    for row in rows {
        lines(&mut text, row);
    }
    text
}

/// The whole document: of each of `names` in their order the section just measured, or else the one that `old` has.
pub(crate) fn document(old: &str, names: &[&str], measured: &[(&str, String)]) -> String {
    let kept = |name: &str| {
        let from = old.find(&format!("{HEADING}{name}`"))?;
        let rest = old.get(from + 1..)?;
        let end = rest.find(HEADING).map_or(old.len(), |at| from + 1 + at);
        old.get(from..end)
    };
    let sections = names.iter().filter_map(|name| {
        let new = measured.iter().find(|(measured, _)| measured == name);
        new.map(|(_, text)| text.as_str()).or_else(|| kept(name))
    });
    std::iter::once(HEAD).chain(sections).collect()
}

/// One line a peer, or one alone.
fn lines(text: &mut String, row: &Row) {
    let (what, ours, verdict) = (&row.what, said(&row.ours, row.unit), row.verdict());
    if row.against.is_empty() {
        let _ = writeln!(text, "| {what} | {ours} | | | | {verdict} |");
    }
    for (at, peer) in row.against.iter().enumerate() {
        let ratio = match row.ratio(peer) {
            Some(ratio) if ratio < 1.0 => format!("**{}×**", number(ratio)),
            Some(ratio) => format!("{}×", number(ratio)),
            None => String::new(),
        };
        let verdict = if at == 0 { verdict.as_str() } else { "" };
        let theirs = said(&peer.value, row.unit);
        let _ = writeln!(text, "| {what} | {ours} | {} | {theirs} | {ratio} | {verdict} |", peer.peer);
    }
}

/// The machine in one line, as far as it can be told, and what was measured.
pub(crate) fn machine() -> String {
    let told = |program: &str, args: &[&str]| {
        let done = Command::new(program).args(args).output().ok().filter(|done| done.status.success())?;
        Some(String::from_utf8_lossy(&done.stdout).trim().to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let model = std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    let commit = told("git", &["log", "-1", "--format=at %h of %cs"]);
    let rustc = told("rustc", &["--version"]);
    let parts = [model, Some(format!("{cores} cores")), Some(std::env::consts::OS.to_owned()), rustc, commit];
    format!("Measured on: {}.", parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(unit: Unit, ours: f64, peer: Result<f64, String>, target: Option<Target>) -> Row {
        Row {
            what: "x".to_owned(),
            unit,
            ours: Ok(ours),
            against: vec![Against { peer: "p 1".to_owned(), value: peer }],
            target,
        }
    }

    #[test]
    fn losses_are_as_plain_as_wins() {
        let win = row(Unit::Ms, 20.0, Ok(200.0), Some(Target::Value(40.0)));
        let loss = row(Unit::PerSecond, 50.0, Ok(200.0), Some(Target::Ratio(2.0)));
        let text = section("s", "about", "Measured on: m.", &[win, loss]);
        assert!(text.contains("| x | 20.0 ms | p 1 | 200 ms | 10.0× | ≤ 40.0 ms: met |"), "{text}");
        assert!(text.contains("| x | 50.0 /s | p 1 | 200 /s | **0.25×** | 2.00×: **missed** |"), "{text}");
    }

    #[test]
    fn a_peer_that_cannot_is_told() {
        let text = section("s", "about", "", &[row(Unit::Ms, 1.0, Err("cannot: 501".to_owned()), None)]);
        assert!(text.contains("| 1.00 ms | p 1 | cannot: 501 |  |  |"), "{text}");
    }

    #[test]
    fn a_section_is_renewed_where_it_stands() {
        let part = |name: &str, ours: f64| {
            (name.to_owned(), section(name, "about", "", &[row(Unit::Ms, ours, Ok(9.0), None)]))
        };
        let names = ["a", "b", "c"];
        let parts = |parts: &[(String, String)], old: &str| {
            let parts: Vec<(&str, String)> = parts.iter().map(|(n, t)| (n.as_str(), t.clone())).collect();
            document(old, &names, &parts)
        };
        let whole = parts(&[part("c", 3.0), part("a", 1.0)], "");
        let renewed = parts(&[part("a", 2.0), part("b", 5.0)], &whole);
        assert_eq!(renewed, parts(&[part("a", 2.0), part("b", 5.0), part("c", 3.0)], ""));
    }

    #[test]
    fn a_ratio_without_any_peer_is_missed() {
        let row = row(Unit::Ms, 1.0, Err("cannot".to_owned()), Some(Target::Ratio(2.0)));
        assert!(row.verdict().contains("missed"));
    }

    #[test]
    fn numbers_have_three_digits() {
        let texts: Vec<String> = [0.0123, 0.45, 1.234, 12.34, 123.4, 1234.0].map(number).to_vec();
        assert_eq!(texts, ["0.012", "0.45", "1.23", "12.3", "123", "1234"]);
    }
}
