//! Running other programs: quietly, shown as they go, or both shown and kept. Knows nothing of what is run.

use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};

/// An error is a message for a person.
pub(crate) type Result<T> = std::result::Result<T, String>;

/// What a program that was shown while it ran left behind.
pub(crate) struct Shown {
    /// It exited with 0.
    pub(crate) success: bool,
    /// Both its streams, line by line as they came, without colours.
    pub(crate) text: String,
}

/// Runs quietly and returns standard output; a failure carries the last lines of what was printed.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let done = start(command, Command::output)?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    Err(format!("`{}` failed ({}):\n{}", line(command), done.status, last_lines(&done)))
}

/// As [`output`], with standard error shown as it comes.
pub(crate) fn output_alone(command: &mut Command) -> Result<String> {
    let done = start(command.stderr(Stdio::inherit()), Command::output)?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    Err(format!("`{}` failed ({}):\n{}", line(command), done.status, last_lines(&done)))
}

/// Whether the program is there and exits with 0; nothing is shown.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|done| done.status.success())
}

/// Runs with our own terminal and returns the exit code (1 when a signal ended it).
pub(crate) fn passed_through(command: &mut Command) -> Result<u8> {
    let status = start(command, Command::status)?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

/// Runs, shows both streams as they come, and keeps them.
pub(crate) fn shown(command: &mut Command) -> Result<Shown> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if std::io::stdout().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always");
        command.env("FORCE_COLOR", "1");
    }
    let mut child = start(command, Command::spawn)?;
    let text = Mutex::new(String::new());
    let (out, err) = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        scope.spawn(|| out.map(|stream| tee(stream, std::io::stdout(), &text)));
        scope.spawn(|| err.map(|stream| tee(stream, std::io::stderr(), &text)));
    });
    let status = child.wait().map_err(|e| format!("`{}` was lost: {e}", line(command)))?;
    let text = text.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Shown { success: status.success(), text: without_colours(&text) })
}

fn start<T>(command: &mut Command, how: impl FnOnce(&mut Command) -> std::io::Result<T>) -> Result<T> {
    how(command).map_err(|e| format!("`{}` did not start: {e}", line(command)))
}

/// Copies a stream to ours and to the text. A stream of ours that is closed must not stop the program.
fn tee(from: impl Read, mut to: impl Write, text: &Mutex<String>) {
    let mut from = BufReader::new(from);
    let mut bytes = Vec::new();
    while from.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
        let _ = to.write_all(&bytes).and_then(|()| to.flush());
        text.lock().unwrap_or_else(PoisonError::into_inner).push_str(&String::from_utf8_lossy(&bytes));
        bytes.clear();
    }
}

/// The command as it would be typed, for messages.
fn line(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy()];
    words.extend(command.get_args().map(|arg| arg.to_string_lossy()));
    words.join(" ")
}

fn last_lines(done: &Output) -> String {
    let text = [&done.stdout[..], &done.stderr[..]].concat();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}

/// Takes the escape sequences of colours (`ESC [ … letter`) out.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| c.is_ascii_alphabetic()).map_or(part.len(), |at| at + 1);
        plain.push_str(&part[end..]);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_taken_out() {
        assert_eq!(without_colours("a \u{1b}[32;1m3 passed\u{1b}[0m b"), "a 3 passed b");
    }

    #[test]
    fn a_program_that_is_missing_is_named() {
        let message = output(&mut Command::new("no-such-program-here")).unwrap_err();
        assert!(message.contains("no-such-program-here"), "{message}");
    }
}
