//! Live progress of a run: a bar for each task on a terminal, one line per change in a pipe, or JSON lines.

use crate::print::{Colour, Printer};
use crate::render;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use lakeflow_client::Clock;
use lakeflow_core::id::RunId;
use lakeflow_core::run::{Phase, RunDoc, TaskChange, changes};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::time::Duration;

/// Bars that are drawn at most; a terminal has few lines. All tasks are in the summary.
const BARS: usize = 40;

/// Tells how a run gets on.
pub(crate) struct Report {
    printer: Printer,
    form: Form,
    /// True when the host serves run pages.
    pages: bool,
    last: Option<RunDoc>,
}

enum Form {
    Bars(Bars),
    Lines,
    Json,
    Silent,
}

struct Bars {
    all: MultiProgress,
    by_task: BTreeMap<String, ProgressBar>,
    hidden: usize,
}

impl Report {
    /// The form that fits: JSON when asked for, nothing when quiet, bars when both streams are a terminal, else lines.
    /// `pages` says whether the host has pages of runs that are worth naming.
    pub(crate) fn new(printer: &Printer, as_json: bool, pages: bool) -> Self {
        let terminal = io::stdout().is_terminal() && io::stderr().is_terminal();
        let form = match (as_json, printer.quiet()) {
            (true, _) => Form::Json,
            (false, true) => Form::Silent,
            (false, false) if terminal => {
                Form::Bars(Bars { all: MultiProgress::new(), by_task: BTreeMap::new(), hidden: 0 })
            }
            (false, false) => Form::Lines,
        };
        Self { printer: printer.clone(), form, pages, last: None }
    }

    /// True when results are JSON lines.
    pub(crate) fn is_json(&self) -> bool {
        matches!(self.form, Form::Json)
    }

    /// The run id is known.
    pub(crate) fn started(&mut self, run_id: RunId) -> io::Result<()> {
        if self.is_json() {
            return self.event("started", run_id, json!({}));
        }
        self.printer.line(&format!("run {run_id}"))
    }

    /// Something is not as it was.
    pub(crate) fn changed(&mut self, run: &RunDoc) -> io::Result<()> {
        let now = Clock::wall().0;
        let before = self.last.as_ref();
        let news = changes(before, run, now);
        let page = run.run_page_url.as_deref().filter(|_| self.pages && before.is_none());
        let moved = before.map(RunDoc::phase) != Some(run.phase());
        match &mut self.form {
            Form::Json => {
                for change in &news {
                    self.event("task", run.run_id, change)?;
                }
                if moved {
                    let phase = run.phase();
                    self.event("run", run.run_id, run_facts(run, &phase))?;
                }
            }
            Form::Lines => {
                if let Some(page) = page {
                    self.printer.line(&format!("page {page}"))?;
                }
                // The end of the run comes after the ends of its tasks.
                let whole = moved.then(|| format!("run  {}", run.phase().word()));
                let ended = run.phase().is_terminal();
                let tasks = news.iter().filter(|change| change.state != "BLOCKED").map(sentence);
                let first = whole.clone().filter(|_| !ended);
                for text in first.into_iter().chain(tasks).chain(whole.filter(|_| ended)) {
                    self.printer.line(&format!("{}  {text}", stamp(now)))?;
                }
            }
            Form::Bars(bars) => {
                if let Some(page) = page {
                    bars.say(&format!("page {page}"));
                }
                bars.update(&self.printer, run);
            }
            Form::Silent => {}
        }
        self.last = Some(run.clone());
        Ok(())
    }

    /// Takes the bars away for as long as `speak` lasts.
    pub(crate) fn clear(&mut self) {
        if let Form::Bars(bars) = &mut self.form {
            // A terminal that is gone needs no clearing.
            let _ = bars.all.clear();
            bars.by_task.clear();
        }
    }

    /// A JSON line.
    pub(crate) fn event(&self, event: &str, run_id: RunId, facts: impl Serialize) -> io::Result<()> {
        let mut line = json!({"event": event, "run_id": run_id});
        // What a task change calls `run_id` is the task run's.
        if let (Value::Object(line), Value::Object(facts)) = (&mut line, serde_json::to_value(facts)?) {
            for (key, value) in facts {
                let key = if key == "run_id" { "task_run_id".to_owned() } else { key };
                line.insert(key, value);
            }
        }
        self.printer.json(&line)
    }
}

fn run_facts(run: &RunDoc, phase: &Phase) -> Value {
    json!({
        "state": phase.word(),
        "ended": phase.is_terminal(),
        "message": phase.message(),
        "run_page_url": run.run_page_url,
        "job_id": run.job_id,
    })
}

/// The time of day in UTC: `12:00:01Z`.
fn stamp(now: i64) -> String {
    let text = render::time(Some(now));
    text.split_once('T').map_or(text.clone(), |(_, time)| time.to_owned())
}

/// `bronze  RUNNING (attempt 2)`, `bronze  SUCCESS in 3.4 s`.
fn sentence(change: &TaskChange) -> String {
    let attempt = match change.attempt {
        0 => String::new(),
        n => format!(" (attempt {})", n + 1),
    };
    let taken = match change.elapsed_ms {
        ms if change.ended && ms > 0 => format!(" in {}", render::duration(ms)),
        _ => String::new(),
    };
    let why = match change.message.lines().next() {
        Some(line) => format!(": {line}"),
        None => String::new(),
    };
    format!("{}  {}{attempt}{taken}{why}", change.task_key, change.state)
}

impl Bars {
    fn say(&self, text: &str) {
        // A terminal that is gone has no reader.
        let _ = self.all.println(text);
    }

    fn update(&mut self, printer: &Printer, run: &RunDoc) {
        let tasks = run.newest_attempts();
        let width = tasks.iter().map(|task| task.key().chars().count()).max().unwrap_or(0);
        for task in &tasks {
            let phase = task.phase();
            let key = task.key().to_owned();
            if !self.by_task.contains_key(&key) && self.by_task.len() >= BARS {
                self.hidden += 1;
                continue;
            }
            let bar = self.by_task.entry(key).or_insert_with(|| self.all.add(bar()));
            bar.set_prefix(format!("{:width$}", task.key()));
            let attempt =
                if task.attempt() > 0 { format!(" (attempt {})", task.attempt() + 1) } else { String::new() };
            let word = render::state(printer, &phase);
            if phase.is_terminal() {
                let taken = render::task_duration(task, Clock::wall().0);
                if !bar.is_finished() {
                    bar.set_style(style(done(&phase)));
                    bar.finish_with_message(format!("{word}{attempt}  {taken}"));
                }
            } else {
                let started = task.run.start_time.filter(|start| *start > 0);
                let since = started.map_or(0, |start| Clock::wall().0.saturating_sub(start));
                bar.set_elapsed(Duration::from_millis(u64::try_from(since).unwrap_or(0)));
                bar.set_style(style(if started.is_some() {
                    "{spinner} {prefix}  {msg}  {elapsed}"
                } else {
                    "  {prefix}  {msg}"
                }));
                bar.set_message(format!("{word}{attempt}"));
                bar.enable_steady_tick(Duration::from_millis(200));
            }
        }
    }
}

fn bar() -> ProgressBar {
    ProgressBar::new_spinner()
}

fn done(phase: &Phase) -> &'static str {
    match render::colour(phase) {
        Colour::Green => "✓ {prefix}  {msg}",
        Colour::Red => "✗ {prefix}  {msg}",
        _ => "- {prefix}  {msg}",
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
