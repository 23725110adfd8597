//! What a backfill says: a line for each window that is over, beside a bar on a terminal; or JSON lines.

use super::{Outcome, Window};
use crate::Ended;
use crate::args::Backfill;
use crate::failure::exit;
use crate::print::Printer;
use crate::render;
use indicatif::{ProgressBar, ProgressStyle};
use lakeflow_core::backfill::Resume;
use lakeflow_core::id::RunId;
use lakeflow_core::wait::Verdict;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{self, IsTerminal};

/// Tells how a backfill gets on.
pub(super) struct Report {
    printer: Printer,
    json: bool,
    bar: Option<ProgressBar>,
    windows: usize,
    succeeded: usize,
    before: usize,
    failed: usize,
    /// Runs that are waited for, by window.
    active: BTreeMap<String, RunId>,
}

/// The windows and their parameters, without running anything.
pub(super) fn dry(windows: &[Window], as_json: bool, printer: &Printer) -> Ended {
    for window in windows {
        if as_json {
            printer.json(&json!({ "window": window.name, "params": window.params }))?;
        } else {
            let params: Vec<String> = window
                .params
                .iter()
                .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
                .collect();
            printer.line(&format!("{}  {}", window.name, params.join("  ")))?;
        }
    }
    Ok(exit::SUCCESS)
}

impl Report {
    pub(super) fn new(printer: &Printer, as_json: bool, windows: usize) -> Self {
        let drawn = !as_json && !printer.quiet() && io::stdout().is_terminal() && io::stderr().is_terminal();
        let bar = drawn.then(|| {
            let bar = ProgressBar::new(windows as u64);
            if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len}  {msg}") {
                bar.set_style(style);
            }
            bar
        });
        Self {
            printer: printer.clone(),
            json: as_json,
            bar,
            windows,
            succeeded: 0,
            before: 0,
            failed: 0,
            active: BTreeMap::new(),
        }
    }

    /// What is going to be done.
    pub(super) fn begin(&mut self, args: &Backfill, job: &str, windows: &[Window]) -> io::Result<()> {
        let (first, last) = (windows.first(), windows.last());
        let name = |window: Option<&Window>| window.map(|window| window.name.clone()).unwrap_or_default();
        if self.json {
            return self.printer.json(&json!({
                "event": "backfill", "job": job, "windows": self.windows,
                "from": name(first), "to": name(last), "parallel": args.parallel,
            }));
        }
        let count =
            if self.windows == 1 { "1 window".to_owned() } else { format!("{} windows", self.windows) };
        self.say(&format!(
            "backfill of {job}: {count}, {} to {}, {} at a time",
            name(first),
            name(last),
            args.parallel
        ))
    }

    /// The run of a window is known.
    pub(super) fn started(
        &mut self,
        window: &Window,
        run_id: RunId,
        before: bool,
        resume: Resume,
    ) -> io::Result<()> {
        self.active.insert(window.name.clone(), run_id);
        self.draw();
        if !self.json {
            return Ok(());
        }
        let how = match (resume, before) {
            (Resume::Wait, false) => "started",
            (Resume::Wait, true) => "goes_on",
            (Resume::Done, _) => "over",
            (Resume::Repair, _) => "repaired",
            (Resume::Again, _) => "skipped",
        };
        self.printer.json(&json!({
            "event": how, "window": window.name, "params": window.params, "run_id": run_id,
        }))
    }

    /// A window is over.
    pub(super) fn ended(&mut self, window: &Window, outcome: &Outcome) -> io::Result<()> {
        self.active.remove(&window.name);
        let (words, event) = match outcome {
            Outcome::Run { run_id, verdict, before, duration } => {
                self.count(verdict, *before);
                let event = json!({
                    "event": "ended", "window": window.name, "run_id": run_id, "outcome": verdict.as_str(),
                    "before": before, "duration_ms": duration,
                });
                let time = duration.map(|ms| format!("  {}", render::duration(ms))).unwrap_or_default();
                let note = if *before { "  (before)" } else { "" };
                (format!("{}{time}  run {run_id}{note}", verdict.as_str()), event)
            }
            Outcome::Error(error) => {
                self.failed += 1;
                let event = json!({
                    "event": "ended", "window": window.name, "error": error.message,
                    "code": error.code.as_str(),
                });
                (format!("ERROR  {}", error.message), event)
            }
        };
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
        self.draw();
        if self.json {
            return self.printer.json(&event);
        }
        let done = self.succeeded + self.failed;
        self.say(&format!("{}  {words}  [{done}/{}]", window.name, self.windows))
    }

    fn count(&mut self, verdict: &Verdict, before: bool) {
        self.before += usize::from(before);
        if verdict.is_success() {
            self.succeeded += 1;
        } else {
            self.failed += 1;
        }
    }

    /// The sum of it; true when every window succeeded.
    pub(super) fn finish(&mut self) -> io::Result<bool> {
        self.clear();
        let left = self.windows - self.succeeded - self.failed;
        if self.json {
            self.printer.json(&json!({
                "event": "finished", "windows": self.windows, "succeeded": self.succeeded,
                "before": self.before, "failed": self.failed, "left": left,
            }))?;
        } else {
            self.printer.line(&self.sum(left))?;
            if self.failed > 0 || left > 0 {
                self.resume_hint();
            }
        }
        Ok(self.succeeded == self.windows)
    }

    fn sum(&self, left: usize) -> String {
        let mut parts = vec![format!("{} of {} windows succeeded", self.succeeded, self.windows)];
        if self.before > 0 {
            parts.push(format!("{} were over before", self.before));
        }
        for (count, what) in [(self.failed, "failed"), (left, "left")] {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        }
        parts.join(", ")
    }

    /// Ctrl-C: what goes on, and how to go on.
    pub(super) fn interrupted(&mut self, embedded: bool) -> io::Result<()> {
        self.clear();
        let left = self.windows - self.succeeded - self.failed;
        if self.json {
            self.printer.json(&json!({
                "event": "interrupted", "windows": self.windows, "succeeded": self.succeeded,
                "failed": self.failed, "left": left, "active": self.active,
            }))?;
        }
        self.printer.note(&self.sum(left));
        if !self.active.is_empty() {
            let runs: Vec<String> = self.active.values().map(ToString::to_string).collect();
            let what = if embedded { "ended with the engine of this command" } else { "go on" };
            self.printer.note(&format!("these runs {what}: {}", runs.join(", ")));
        }
        self.resume_hint();
        Ok(())
    }

    fn resume_hint(&self) {
        self.printer.note("the same command goes on from here");
    }

    fn say(&self, text: &str) -> io::Result<()> {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.printer.line(text)),
            None if self.printer.quiet() => Ok(()),
            None => self.printer.line(text),
        }
    }

    fn draw(&self) {
        if let Some(bar) = &self.bar {
            let windows: Vec<&str> = self.active.keys().map(String::as_str).take(4).collect();
            bar.set_message(windows.join(" "));
        }
    }

    fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        self.clear();
    }
}
