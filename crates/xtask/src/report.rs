//! Runs suites one after the other, whatever fails, and closes with the table and the line that CI counts.

use crate::counts::Counts;
use crate::process::Result;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// The suites run so far.
pub(crate) struct Report {
    started: Instant,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    counts: Counts,
    took: Duration,
    /// Why the suite as a whole failed, where that is not a failed test.
    fault: Option<String>,
}

impl Report {
    /// An empty report; the clock of the total starts here.
    pub(crate) fn new() -> Report {
        Report { started: Instant::now(), rows: Vec::new() }
    }

    /// Runs one suite. A suite that errs counts as one failed test, so that no failure is left out of the last line.
    pub(crate) fn suite(&mut self, name: &str, run: impl FnOnce() -> Result<Counts>) {
        println!("\n--- {name}");
        let started = Instant::now();
        let (counts, fault) = match run() {
            Ok(counts) => (counts, None),
            Err(message) => {
                eprintln!("error: {message}");
                (Counts::one(false), Some(message))
            }
        };
        self.rows.push(Row { name: name.to_owned(), counts, took: started.elapsed(), fault });
    }

    /// Runs one step of setting up; only a failure becomes a row. Returns what was set up.
    pub(crate) fn setup<T>(&mut self, name: &str, run: impl FnOnce() -> Result<T>) -> Option<T> {
        match run() {
            Ok(made) => Some(made),
            Err(message) => {
                self.suite(&format!("set-up: {name}"), || Err(message));
                None
            }
        }
    }

    /// Prints the table and, alone on the last line, `N passed, N failed`.
    pub(crate) fn close(self) -> ExitCode {
        let width = self.rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
        println!("\n{:<width$}  {:>7} {:>7} {:>7} {:>9}", "suite", "passed", "failed", "skipped", "time");
        let mut total = Counts::default();
        for row in &self.rows {
            total.add(row.counts);
            let first = row.fault.as_deref().and_then(|fault| fault.lines().next());
            println!(
                "{:<width$}  {:>7} {:>7} {:>7} {:>7.1} s{}",
                row.name,
                row.counts.passed,
                row.counts.failed,
                row.counts.skipped,
                row.took.as_secs_f64(),
                first.map(|line| format!("  {line}")).unwrap_or_default(),
            );
        }
        println!("total time {:.1} s\n", self.started.elapsed().as_secs_f64());
        println!("{}", closing_line(total));
        if total.failed == 0 && total.passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

fn closing_line(total: Counts) -> String {
    let skipped = match total.skipped {
        0 => String::new(),
        number => format!(", {number} skipped"),
    };
    format!("{} passed, {} failed{skipped}", total.passed, total.failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skipped_tests_are_named_only_when_there_are_some() {
        let mut total = Counts { passed: 3, failed: 1, skipped: 0 };
        assert_eq!(closing_line(total), "3 passed, 1 failed");
        total.skipped = 2;
        assert_eq!(closing_line(total), "3 passed, 1 failed, 2 skipped");
    }

    #[test]
    fn a_suite_that_errs_counts_as_failed() {
        let mut report = Report::new();
        report.suite("broken", || Err("does not build".to_owned()));
        assert_eq!(report.rows[0].counts, Counts::one(false));
    }
}
