//! JSON text to values and back.
//!
//! With the feature `quick` it is `serde_json` that reads and writes. Without it, in the browser, a small reader and writer of our
//! own do, which know values alone and weigh a tenth: [`read`], [`write`] and [`decimal`]. The tests hold the two to each other, down
//! to the words and places of errors.

pub(crate) mod decimal;
#[cfg(any(test, all(feature = "whole", not(feature = "quick"))))]
mod exact;
mod path;
#[cfg(any(test, not(feature = "quick")))]
mod read;
#[cfg(test)]
mod tests;
#[cfg(any(test, not(feature = "quick")))]
mod write;

use crate::value::{Map, Number, Value};
use std::fmt::{self, Write};

#[cfg_attr(
    not(feature = "page"),
    expect(unreachable_pub, reason = "definitions show it to other crates")
)]
pub use path::Path;

/// Why a text is not JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    /// What is wrong, in the words of `serde_json`.
    pub(crate) said: Box<str>,
    /// From 1.
    pub(crate) line: usize,
    /// In bytes; 0 before the first one of a line.
    pub(crate) column: usize,
    /// The text ends too early.
    pub(crate) cut_off: bool,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at line {} column {}", self.said, self.line, self.column)
    }
}

/// Reads a text, nested at most 127 deep.
#[cfg(feature = "quick")]
pub(crate) fn read(text: &str) -> Result<Value, Broken> {
    serde_json::from_str(text).map_err(|error| broken(&error))
}

#[cfg(not(feature = "quick"))]
pub(crate) use read::read;

/// A value as compact text.
#[cfg(feature = "quick")]
pub(crate) fn write(value: &Value) -> String {
    value.to_string()
}

#[cfg(not(feature = "quick"))]
pub(crate) use write::write;

#[cfg(any(test, feature = "quick"))]
fn broken(error: &serde_json::Error) -> Broken {
    let rendered = error.to_string();
    let said = rendered.rsplit_once(" at line ").map_or(&*rendered, |(said, _)| said);
    Broken { said: said.into(), line: error.line(), column: error.column(), cut_off: error.is_eof() }
}

/// A number as text.
pub(crate) fn number(number: &Number) -> String {
    #[cfg(feature = "quick")]
    return number.to_string();
    #[cfg(not(feature = "quick"))]
    write::number(number)
}

/// What knows its form in JSON. Types that have serde's `Serialize` too give the same there.
pub(crate) trait ToJson {
    fn to_json(&self) -> Value;
}

impl<T: ToJson> ToJson for [T] {
    fn to_json(&self) -> Value {
        list(self.len(), &mut |n| self[n].to_json())
    }
}

/// A list of so many values, made one by one. Written once, whatever they are made of.
#[inline(never)]
pub(crate) fn list(count: usize, value: &mut dyn FnMut(usize) -> Value) -> Value {
    let mut values = Vec::with_capacity(count);
    for n in 0..count {
        values.push(value(n));
    }
    Value::Array(values)
}

impl ToJson for String {
    fn to_json(&self) -> Value {
        Value::String(self.clone())
    }
}

/// A text from its format.
pub(crate) fn written(text: fmt::Arguments<'_>) -> String {
    let mut out = String::new();
    // Writing to a `String` cannot fail.
    let _ = fmt::write(&mut out, text);
    out
}

/// Texts with a separator between them, for a message.
pub(crate) struct Listed<'a>(pub(crate) &'a [&'a str], pub(crate) &'static str);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = "";
        for text in self.0 {
            f.write_str(before)?;
            f.write_str(text)?;
            before = self.1;
        }
        Ok(())
    }
}

/// The items of a list; none of any other value.
pub(crate) fn items(value: Option<&Value>) -> &[Value] {
    if let Some(Value::Array(items)) = value { items } else { &[] }
}

/// One step of a JSON Pointer as the name that it stands for.
pub(crate) fn unescaped(step: &str) -> String {
    let mut name = String::with_capacity(step.len());
    let mut rest = step.chars();
    while let Some(c) = rest.next() {
        // A `~` that begins no escape stands for itself.
        let escaped = match (c, rest.as_str().as_bytes().first()) {
            ('~', Some(b'0')) => Some('~'),
            ('~', Some(b'1')) => Some('/'),
            _ => None,
        };
        if escaped.is_some() {
            rest.next();
        }
        name.push(escaped.unwrap_or(c));
    }
    name
}

/// What one step of a JSON Pointer leads to.
pub(crate) fn step<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Object(members) => members.get(name),
        Value::Array(items) => items.get(usize::try_from(whole(name)?).ok()?),
        _ => None,
    }
}

/// A whole number of 64 bits, written in digits alone.
pub(crate) fn whole(text: &str) -> Option<u64> {
    let mut number: u64 = 0;
    for byte in text.as_bytes() {
        let digit = u64::from(byte.checked_sub(b'0').filter(|digit| *digit < 10)?);
        // A product that is checked would be one of 128 bits.
        if number > (u64::MAX - digit) / 10 {
            return None;
        }
        number = number * 10 + digit;
    }
    if text.is_empty() { None } else { Some(number) }
}

/// An object under construction.
#[derive(Default)]
pub(crate) struct Object(Map<String, Value>);

impl Object {
    /// Adds a field.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.put(name, value.into());
    }

    /// Written once, whatever the value is made of.
    #[inline(never)]
    fn put(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// Adds a field when there is a value for it.
    pub(crate) fn set_some(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    /// Adds a field when it is true.
    pub(crate) fn set_true(&mut self, name: &str, flag: bool) {
        if flag {
            self.set(name, true);
        }
    }

    #[cfg(feature = "page")]
    /// Adds a list when it is not empty.
    pub(crate) fn set_list<T: ToJson>(&mut self, name: &str, list: &[T]) {
        if !list.is_empty() {
            self.set(name, list.to_json());
        }
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Self::Object(object.0)
    }
}

/// A text in quotes for a message, as JSON writes it.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        quote(f, self.0)
    }
}

/// Writes a text as a string of JSON.
pub(crate) fn quote(out: &mut dyn Write, text: &str) -> fmt::Result {
    out.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            '\u{8}' => out.write_str("\\b")?,
            '\u{c}' => out.write_str("\\f")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            c if c < ' ' => {
                out.write_str(if c < '\u{10}' { "\\u000" } else { "\\u001" })?;
                out.write_char(char::from_digit(u32::from(c) % 16, 16).unwrap_or_default())?;
            }
            c => out.write_char(c)?,
        }
    }
    out.write_char('"')
}
