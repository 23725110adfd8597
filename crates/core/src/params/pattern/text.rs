//! A pattern as text for the engines of Rust.

use super::class::CharSet;
use super::ecma::Sink;
use std::fmt::Write;

/// The text.
#[derive(Default)]
pub(super) struct Text(pub(super) String);

impl Sink for Text {
    fn literal(&mut self, c: char) {
        self.0.push(c);
    }

    fn set(&mut self, set: &CharSet, properties: &str, negated: bool) {
        self.0.push_str(if negated { "[^" } else { "[" });
        if set.is_empty() && properties.is_empty() {
            // An empty set matches nothing.
            self.0.push_str("^\\x{0}-\\x{10ffff}");
        }
        set.write(&mut self.0);
        self.0.push_str(properties);
        self.0.push(']');
    }

    fn anchor(&mut self, c: char) {
        self.0.push(c);
    }

    fn boundary(&mut self, wanted: bool, linear: bool) {
        const WORD: &str = "[0-9A-Za-z_]";
        if linear {
            self.0.push_str(if wanted { "\\b" } else { "\\B" });
            return;
        }
        let (inside, outside) = if wanted { ("!", "=") } else { ("=", "!") };
        // Writing to a `String` cannot fail, here and below.
        let _ = write!(self.0, "(?:(?<={WORD})(?{inside}{WORD})|(?<!{WORD})(?{outside}{WORD}))");
    }

    fn same(&mut self, group: Option<usize>) {
        let _ = match group {
            Some(number) => write!(self.0, "(?:\\{number})"),
            None => write!(self.0, "(?:)"),
        };
    }

    fn open(&mut self, mark: &'static str) {
        self.0.push('(');
        self.0.push_str(mark);
    }

    fn either(&mut self) {
        self.0.push('|');
    }

    fn close(&mut self) {
        self.0.push(')');
    }

    fn repeat(&mut self, least: usize, most: Option<usize>, lazy: bool) {
        let _ = match (least, most) {
            (0, None) => write!(self.0, "*"),
            (1, None) => write!(self.0, "+"),
            (0, Some(1)) => write!(self.0, "?"),
            (least, Some(most)) => write!(self.0, "{{{least},{most}}}"),
            (least, None) => write!(self.0, "{{{least},}}"),
        };
        self.0.push_str(if lazy { "?" } else { "" });
    }
}
