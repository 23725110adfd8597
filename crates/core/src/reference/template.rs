//! A text with references in it, read into literal parts and placeholders.

use super::path::{Mode, Reading, Reference, read};
use crate::cut;
use crate::problem::Problem;

/// A reference as it stands in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholder {
    /// With its braces, as it was written.
    pub text: String,
    /// What it refers to; the problem of a known namespace without such a reference has the code
    /// `unknown_reference` and an empty path.
    pub reference: Result<Reference, Problem>,
    /// The documented form, when it was written in a deprecated or lenient one that has a successor (reference
    /// sections 13.5 and 13.6).
    pub replacement: Option<&'static str>,
}

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Stays as it is.
    Literal(String),
    /// Is replaced by a value, or reported.
    Placeholder(Placeholder),
}

/// A text, read. Any text can be read: what is malformed (a brace missing, nothing inside) or of an unknown
/// namespace is literal (reference section 13.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

/// Reads a text.
pub fn parse(text: &str, mode: Mode) -> Template {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(at) = cut::twice(rest, b'{') {
        let (before, opened) = rest.split_at(at);
        literal.push_str(before);
        let Some(placeholder) = placeholder(opened, mode) else {
            literal.push('{');
            rest = &opened[1..];
            continue;
        };
        if !literal.is_empty() {
            parts.push(Part::Literal(std::mem::take(&mut literal)));
        }
        rest = &opened[placeholder.text.len()..];
        parts.push(Part::Placeholder(placeholder));
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        parts.push(Part::Literal(literal));
    }
    Template { parts }
}

/// The placeholders of a text in their order.
pub fn references_in(text: &str, mode: Mode) -> Vec<Placeholder> {
    let of = |part| match part {
        Part::Placeholder(placeholder) => Some(placeholder),
        Part::Literal(_) => None,
    };
    parse(text, mode).parts.into_iter().filter_map(of).collect()
}

impl Template {
    /// The pieces in their order; two literals never stand side by side.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }
}

/// The placeholder at the beginning of a text that begins with `{{`, if one is there.
fn placeholder(opened: &str, mode: Mode) -> Option<Placeholder> {
    let after = opened.get(2..)?;
    let inner = &after[..closing(after)?];
    let (reference, replacement) = match read(cut::trimmed(inner), mode) {
        Reading::Literal => return None,
        Reading::Known(reference, replacement) => (Ok(reference), replacement),
        Reading::Unknown(problem) => (Err(problem), None),
    };
    Some(Placeholder { text: opened[..inner.len() + 4].to_owned(), reference, replacement })
}

/// Where the closing braces stand. Braces between backticks do not count; an opening brace outside of them means
/// that the reference begins later.
fn closing(text: &str) -> Option<usize> {
    let mut is_quoted = false;
    for (at, c) in text.char_indices() {
        match c {
            '`' => is_quoted = !is_quoted,
            '{' if !is_quoted => return None,
            '}' if !is_quoted => return text[at..].starts_with("}}").then_some(at),
            _ => {}
        }
    }
    None
}
