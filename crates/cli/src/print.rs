//! Where text goes: results to standard output, everything else to standard error; colour and silence as asked.

use lakeflow_core::problem::{Problem, Severity};
use lakeflow_engine::Notice;
use serde::Serialize;
use std::io::{self, IsTerminal, Write};

/// Colours that are used, as terminals number them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    Red = 31,
    Green = 32,
    Yellow = 33,
    Blue = 34,
    Grey = 90,
}

/// The two streams of a command.
#[derive(Clone, Debug)]
pub(crate) struct Printer {
    quiet: bool,
    colour_out: bool,
    colour_err: bool,
}

impl Printer {
    /// `quiet` leaves out notes and progress. `NO_COLOR` and streams that are no terminal leave out colour.
    pub(crate) fn new(quiet: bool) -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        Self {
            quiet,
            colour_out: wanted && io::stdout().is_terminal(),
            colour_err: wanted && io::stderr().is_terminal(),
        }
    }

    /// True when only results and errors are wanted.
    pub(crate) fn quiet(&self) -> bool {
        self.quiet
    }

    /// A line of the result.
    #[expect(clippy::unused_self, reason = "where a result goes is the printer's affair")]
    pub(crate) fn line(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.write_all(b"\n")?;
        // Each line is flushed: whoever reads a pipe wants to see progress when it happens.
        out.flush()
    }

    /// A result as one line of JSON.
    pub(crate) fn json(&self, value: &impl Serialize) -> io::Result<()> {
        self.line(&serde_json::to_string(value)?)
    }

    /// `text` in a colour, for standard output.
    pub(crate) fn paint(&self, colour: Colour, text: &str) -> String {
        paint(self.colour_out, colour, text)
    }

    /// A failure, on standard error.
    pub(crate) fn error(&self, text: &str) {
        self.say(&format!("{} {text}", paint(self.colour_err, Colour::Red, "error:")));
    }

    /// A line that belongs to the failure above it, on standard error.
    pub(crate) fn detail(&self, text: &str) {
        self.say(&format!("  {}", paint(self.colour_err, Colour::Grey, text)));
    }

    /// A question, on standard error; the answer is typed behind it.
    pub(crate) fn ask(text: &str) {
        let mut err = io::stderr().lock();
        // Without standard error nobody sees the question, and the answer will be none.
        let _ = write!(err, "\n{text}").and_then(|()| err.flush());
    }

    /// Something to know, on standard error; left out when quiet.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.say(&format!("{} {text}", paint(self.colour_err, Colour::Blue, "note:")));
        }
    }

    /// Where a local engine in this process says what nobody else can be told.
    pub(crate) fn notice(&self) -> Notice {
        let printer = self.clone();
        Notice::new(move |text| printer.note(text))
    }

    /// A problem in a definition, as a line of the result.
    pub(crate) fn problem_line(&self, problem: &Problem) -> io::Result<()> {
        self.line(&problem_line(problem, self.colour_out))
    }

    /// A problem in a definition, on standard error.
    pub(crate) fn problem(&self, problem: &Problem) {
        self.say(&problem_line(problem, self.colour_err));
    }

    /// Standard error that is gone takes its text with it; there is nobody left to tell.
    #[expect(clippy::unused_self, reason = "where a message goes is the printer's affair")]
    fn say(&self, text: &str) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }
}

/// `file:line:column: error[code] at path: message (hint)`.
fn problem_line(problem: &Problem, colour: bool) -> String {
    let line = problem.to_string();
    let (word, tone) = match problem.severity {
        Severity::Error => ("error[", Colour::Red),
        Severity::Warning => ("warning[", Colour::Yellow),
    };
    match line.split_once(word).filter(|_| colour) {
        Some((before, after)) => format!("{before}{}{after}", paint(true, tone, word)),
        None => line,
    }
}

fn paint(on: bool, colour: Colour, text: &str) -> String {
    if on { format!("\u{1b}[{}m{text}\u{1b}[0m", colour as u8) } else { text.to_owned() }
}
