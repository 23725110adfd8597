//! Tables, durations and outputs as text.

use crate::print::{Colour, Printer};
use lakeflow_client::TaskOutput;
use lakeflow_core::api::Shown;
use lakeflow_core::id::RunId;
use lakeflow_core::job::wire::scalar_text;
use lakeflow_core::run::{Phase, RunDoc, TaskDoc, elapsed};
use lakeflow_core::schedule::Zone;
use lakeflow_core::time::WallTime;
use lakeflow_core::wait::TaskFailure;
use serde_json::Value;
use std::io;

/// Lines of a log that are shown; all of it is in `lakeflow runs output`.
const LOG_LINES: usize = 20;

/// Rows of a table that are shown.
const ROWS: usize = 50;

/// Longest cell, in characters.
const CELL: usize = 60;

/// Columns as wide as their widest cell, two blanks between them; numbers to the right.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let cut: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| one_line(cell)).collect()).collect();
    let width = |n: usize| {
        let cells = cut.iter().filter_map(|row| row.get(n)).map(|cell| cell.chars().count());
        cells.chain(head.get(n).map(|name| name.chars().count())).max().unwrap_or(0)
    };
    let numeric = |n: usize| {
        let mut cells = cut.iter().filter_map(|row| row.get(n)).filter(|cell| !cell.is_empty()).peekable();
        cells.peek().is_some() && cells.all(|cell| cell.parse::<f64>().is_ok())
    };
    let columns: Vec<(usize, bool)> = (0..head.len()).map(|n| (width(n), numeric(n))).collect();
    let line = |cells: Vec<&str>| {
        let padded = cells.iter().zip(&columns).map(|(cell, (width, right))| {
            let blanks = " ".repeat(width.saturating_sub(cell.chars().count()));
            if *right { format!("{blanks}{cell}") } else { format!("{cell}{blanks}") }
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let heading = line(head.to_vec());
    std::iter::once(heading)
        .chain(cut.iter().map(|row| line(row.iter().map(String::as_str).collect())))
        .collect()
}

fn one_line(cell: &str) -> String {
    let text: String = cell.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match text.char_indices().nth(CELL) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}

/// `0.8 s`, `12.3 s`, `3 m 04 s`, `1 h 02 m`.
pub(crate) fn duration(ms: i64) -> String {
    let seconds = ms / 1000;
    match seconds {
        ..60 => format!("{}.{} s", seconds, ms % 1000 / 100),
        60..3600 => format!("{} m {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} m", seconds / 3600, seconds / 60 % 60),
    }
}

/// A time of the wire; empty for none.
pub(crate) fn time(ms: Option<i64>) -> String {
    ms.filter(|ms| *ms > 0)
        .map_or_else(String::new, |ms| Zone::utc().text(WallTime(ms)).replace("+00:00", "Z"))
}

/// A state in the colour that goes with it.
pub(crate) fn state(printer: &Printer, phase: &Phase) -> String {
    printer.paint(colour(phase), phase.word())
}

pub(crate) fn colour(phase: &Phase) -> Colour {
    match phase {
        Phase::Ended(end) if end.outcome.is_success() => Colour::Green,
        Phase::Ended(end) if matches!(end.outcome.as_str(), "FAILED" | "TIMEDOUT" | "CANCELED" | "") => {
            Colour::Red
        }
        Phase::Ended(_) => Colour::Grey,
        Phase::Running => Colour::Blue,
        _ => Colour::Yellow,
    }
}

/// How long a task attempt has taken; empty before its start.
pub(crate) fn task_duration(task: &TaskDoc, now: i64) -> String {
    match elapsed(task.run.start_time, task.run.end_time, now) {
        0 if task.run.start_time.is_none_or(|start| start <= 0) => String::new(),
        ms => duration(ms),
    }
}

/// One line a task, and one for the run.
pub(crate) fn summary(printer: &Printer, run: &RunDoc, now: i64) -> io::Result<()> {
    let tasks = run.newest_attempts();
    let rows: Vec<Vec<String>> = tasks
        .iter()
        .map(|task| {
            vec![
                task.key().to_owned(),
                task.phase().word().to_owned(),
                (task.attempt() + 1).to_string(),
                task_duration(task, now),
            ]
        })
        .collect();
    let mut lines = table(&["TASK", "STATE", "ATTEMPTS", "DURATION"], &rows).into_iter();
    if let Some(heading) = lines.next().filter(|_| !tasks.is_empty()) {
        printer.line(&printer.paint(Colour::Grey, &heading))?;
    }
    for (line, task) in lines.zip(&tasks) {
        printer.line(&printer.paint(colour(&task.phase()), &line))?;
    }
    printer.line(&run_line(printer, run, now))
}

/// `run 12 SUCCESS in 3.4 s`.
fn run_line(printer: &Printer, run: &RunDoc, now: i64) -> String {
    let taken = duration(elapsed(run.start_time, run.end_time, now));
    let phase = run.phase();
    let word = if phase.is_terminal() { "in" } else { "for" };
    format!("run {} {} {word} {taken}", run.run_id, state(printer, &phase))
}

/// What a task left behind, under its key; nothing when it left nothing.
pub(crate) fn output(printer: &Printer, task: &TaskOutput, whole: bool) -> io::Result<()> {
    let output = match &task.output {
        Ok(output) => output,
        Err(error) => {
            heading(printer, &task.task_key, task.run_id)?;
            return printer.line(&format!("(the output cannot be read: {})", error.message));
        }
    };
    // That a task was left out is in the summary; it is not something that the task left behind.
    let failed = colour(&task.phase) == Colour::Red;
    let error = output.error.as_deref().filter(|error| failed && !error.is_empty());
    let shown = output.shown();
    if shown.is_none() && error.is_none() {
        return Ok(());
    }
    heading(printer, &task.task_key, task.run_id)?;
    if let Some(error) = error {
        printer.line(&printer.paint(Colour::Red, error))?;
        if let Some(trace) = output.error_trace.as_deref().filter(|_| whole) {
            printer.line(trace.trim_end())?;
        }
    }
    match shown {
        Some(Shown::Result(text)) => match records(text) {
            Some((head, rows)) => {
                let head: Vec<&str> = head.iter().map(String::as_str).collect();
                some_rows(printer, &head, &rows, whole)
            }
            None => printer.line(text.trim_end()),
        },
        Some(Shown::Rows { columns, rows, truncated }) => {
            sql_rows(printer, &columns, &rows, truncated, whole)
        }
        Some(Shown::Json(value)) => printer.line(&format!("{value:#}")),
        Some(Shown::Logs(text)) => logs(printer, text, whole),
        None => Ok(()),
    }
}

fn heading(printer: &Printer, task_key: &str, run_id: RunId) -> io::Result<()> {
    printer.line(&printer.paint(Colour::Grey, &format!("--- {task_key} (run {run_id})")))
}

/// The columns and rows of a JSON list of flat objects with the same names, the form in which notebooks hand over small
/// tables. Anything else is shown as it is.
fn records(text: &str) -> Option<(Vec<String>, Vec<Vec<String>>)> {
    let list: Vec<serde_json::Map<String, Value>> = serde_json::from_str(text).ok()?;
    let head: Vec<String> = list.first()?.keys().cloned().collect();
    let same = |row: &serde_json::Map<String, Value>| row.keys().eq(head.iter());
    let cell = |value: &Value| match value {
        Value::Null => Some("null".to_owned()),
        other => scalar_text(other),
    };
    let rows = list.iter().map(|row| if same(row) { row.values().map(cell).collect() } else { None });
    rows.collect::<Option<Vec<_>>>().map(|rows| (head, rows)).filter(|(head, _)| !head.is_empty())
}

/// A table, cut to a screenful unless all of it is wanted.
fn some_rows(printer: &Printer, head: &[&str], rows: &[Vec<String>], whole: bool) -> io::Result<()> {
    let most = if whole { rows.len() } else { rows.len().min(ROWS) };
    for line in table(head, &rows[..most]) {
        printer.line(&line)?;
    }
    match rows.len() - most {
        0 => Ok(()),
        more => printer.line(&format!("({more} more rows)")),
    }
}

fn sql_rows(
    printer: &Printer,
    columns: &[&str],
    rows: &[Vec<Option<&str>>],
    truncated: bool,
    whole: bool,
) -> io::Result<()> {
    let text: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| cell.unwrap_or("null").to_owned()).collect()).collect();
    some_rows(printer, columns, &text, whole)?;
    if truncated && (whole || rows.len() <= ROWS) {
        printer.line("(the platform cut further rows)")
    } else {
        Ok(())
    }
}

fn logs(printer: &Printer, text: &str, whole: bool) -> io::Result<()> {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let skipped = if whole { 0 } else { lines.len().saturating_sub(LOG_LINES) };
    if skipped > 0 {
        printer.line(&format!("({skipped} lines before)"))?;
    }
    lines[skipped..].iter().try_for_each(|line| printer.line(line))
}

/// A failed task with its error and the last lines of its output, on standard error.
pub(crate) fn failure(printer: &Printer, failure: &TaskFailure) {
    let reason = failure.error.as_deref().unwrap_or(&failure.message);
    let attempts = match failure.attempt {
        0 => String::new(),
        n => format!(" after {} attempts", n + 1),
    };
    printer.error(&format!("task {} {}{attempts}: {reason}", failure.task_key, failure.outcome));
    // A script's output ends with its stack trace; once is enough.
    let told = failure.output.as_deref().is_some_and(|output| output.contains(reason));
    let trace = failure.trace.as_ref().filter(|_| !told);
    for text in [trace, failure.output.as_ref()].into_iter().flatten() {
        let lines: Vec<&str> = text.trim_end().lines().collect();
        for line in &lines[lines.len().saturating_sub(LOG_LINES)..] {
            printer.detail(line);
        }
    }
}
