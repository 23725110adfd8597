//! JSON: the reader of the crate judges the text and decodes its scalars, this module finds the places.

use super::rules;
use super::tree::{Data, Mark, Member, Node};
use crate::cut;
use crate::json::{self, Broken};
use crate::problem::Problem;
use crate::value::Value;
use std::sync::Arc;

/// Reads one JSON text. Names that an object has twice are kept; the caller judges them.
pub(super) fn read(file: &Arc<str>, text: &str) -> Result<Node, Vec<Problem>> {
    // This reading limits the depth, on which the scanner relies.
    if let Err(error) = json::read(text) {
        return Err(vec![problem(file, text, &error)]);
    }
    let mut scanner = Scanner { file, text, at: 0, line: 1, column: 1 };
    scanner.value().ok_or_else(|| {
        let mark = scanner.mark();
        vec![mark.put_on(rules::BAD_JSON.problem("", "the number is beyond what a double can hold"))]
    })
}

fn problem(file: &Arc<str>, text: &str, error: &Broken) -> Problem {
    // It counts columns in bytes and 0 before the first character of a line.
    let line = cut::parts(text, b'\n').nth(error.line.saturating_sub(1)).unwrap_or_default();
    let bytes = line.len().min(error.column.saturating_sub(1));
    let column = line.get(..bytes).map_or(bytes, |before| before.chars().count()) + 1;
    let mark = Mark::new(file, error.line.max(1) as u32, column as u32);
    let said = &*error.said;
    let problem = if error.cut_off {
        let message = format!("the JSON ends too early: {said}");
        rules::BAD_JSON.problem("", message).with_hint("the file may have been cut off")
    } else {
        let problem = rules::BAD_JSON.problem("", format!("the JSON is broken: {said}"));
        match said {
            "trailing comma" => problem.with_hint("remove the comma before the closing bracket"),
            "key must be a string" => problem.with_hint("put double quotes around names"),
            _ => problem,
        }
    };
    mark.put_on(problem)
}

/// Walks a text that is known to be valid JSON. Methods give `None` only for a number that no double holds.
struct Scanner<'a> {
    file: &'a Arc<str>,
    text: &'a str,
    at: usize,
    line: u32,
    column: u32,
}

impl Scanner<'_> {
    fn mark(&self) -> Mark {
        Mark::new(self.file, self.line, self.column)
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn step(&mut self) {
        if let Some(c) = self.peek() {
            self.at += c.len_utf8();
            (self.line, self.column) =
                if c == '\n' { (self.line + 1, 1) } else { (self.line, self.column + 1) };
        }
    }

    /// Skips blanks and, after them, the given separator.
    fn skip(&mut self, separator: Option<char>) {
        while self.peek().is_some_and(|c| c.is_ascii_whitespace()) {
            self.step();
        }
        if separator.is_some() && self.peek() == separator {
            self.step();
            self.skip(None);
        }
    }

    fn value(&mut self) -> Option<Node> {
        self.skip(None);
        let mark = self.mark();
        let data = match self.peek()? {
            '{' => self.object()?,
            '[' => self.list()?,
            '"' => Data::Text(self.string()?),
            _ => self.word()?,
        };
        Some(Node::new(data, mark))
    }

    fn object(&mut self) -> Option<Data> {
        let mut members = Vec::new();
        self.skip(Some('{'));
        while self.peek()? != '}' {
            let mark = self.mark();
            let key = self.string()?;
            self.skip(Some(':'));
            let value = self.value()?;
            members.push(Member { key, mark, value });
            self.skip(Some(','));
        }
        self.step();
        Some(Data::Object(members))
    }

    fn list(&mut self) -> Option<Data> {
        let mut items = Vec::new();
        self.skip(Some('['));
        while self.peek()? != ']' {
            items.push(self.value()?);
            self.skip(Some(','));
        }
        self.step();
        Some(Data::List(items))
    }

    fn string(&mut self) -> Option<String> {
        let start = self.at;
        self.step();
        while self.peek()? != '"' {
            if self.peek() == Some('\\') {
                self.step();
            }
            self.step();
        }
        self.step();
        match json::read(&self.text[start..self.at]) {
            Ok(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    fn word(&mut self) -> Option<Data> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_alphanumeric() || cut::has_char("+-.", c)) {
            self.step();
        }
        Some(match &self.text[start..self.at] {
            "null" => Data::Null,
            "true" => Data::Bool(true),
            "false" => Data::Bool(false),
            number => match json::read(number) {
                Ok(Value::Number(number)) => Data::Number(number),
                _ => return None,
            },
        })
    }
}
