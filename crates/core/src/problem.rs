//! One finding about text or data that a person wrote. Readers and lints return all of them, not the first.

use crate::json::{Object, ToJson, written};
use crate::value::Value;
use serde::Serialize;
use std::fmt;

/// How much a problem matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The platform or the local engine refuses the definition, or a run of it would fail.
    Error,
    /// It runs, but most likely not as meant.
    Warning,
}

impl Severity {
    /// The text on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// A line and column in a named text, both counted from 1; columns count characters, not bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Position {
    /// File name as the reader was given it; empty when the text has no name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// One finding: what is wrong, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Stable name of the rule, in `snake_case` (for example `unknown_dependency`).
    pub code: &'static str,
    /// Error or warning.
    pub severity: Severity,
    /// Path of the value from the root of the document: `tasks[2].depends_on[0].task_key`; empty for the root.
    pub path: String,
    /// What is wrong, with the offending value and the limit; lower case, no full stop.
    pub message: String,
    /// What to do, when there is something useful to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Where it stands in the text, when it was read from text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
}

impl Problem {
    /// A problem that makes the definition unusable.
    pub fn error(code: &'static str, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            path: path.into(),
            message: message.into(),
            hint: None,
            position: None,
        }
    }

    /// Adds an error to a list. The texts are written here and not where the error is found, which is shorter.
    pub(crate) fn add<'l>(
        list: &'l mut Vec<Self>,
        code: &'static str,
        path: fmt::Arguments<'_>,
        message: fmt::Arguments<'_>,
    ) -> &'l mut Self {
        let at = list.len();
        list.push(Self::error(code, written(path), written(message)));
        &mut list[at]
    }

    /// A problem that lets the definition run, most likely not as meant.
    pub fn warning(code: &'static str, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, path, message) }
    }

    /// The same problem with a sentence on what to do.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// True for problems that make the definition unusable.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl ToJson for Problem {
    fn to_json(&self) -> Value {
        let mut object = Object::default();
        object.set("code", self.code);
        object.set("severity", self.severity.as_str());
        object.set("path", self.path.as_str());
        object.set("message", self.message.as_str());
        object.set_some("hint", self.hint.as_deref());
        #[cfg(feature = "page")]
        if let Some(position) = &self.position {
            let mut place = Object::default();
            place.set_some("file", Some(position.file.as_str()).filter(|file| !file.is_empty()));
            place.set("line", position.line);
            place.set("column", position.column);
            object.set("position", place);
        }
        object.into()
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.file.is_empty() {
            write!(f, "{}:{}", self.line, self.column)
        } else {
            write!(f, "{}:{}:{}", self.file, self.line, self.column)
        }
    }
}

impl fmt::Display for Problem {
    /// One line: `file:line:column: error[code] at path: message (hint)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(feature = "page")]
        if let Some(position) = &self.position {
            write!(f, "{position}: ")?;
        }
        write!(f, "{}[{}]", self.severity.as_str(), self.code)?;
        if !self.path.is_empty() {
            write!(f, " at {}", self.path)?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, " ({hint})")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_form_in_json_is_that_of_serde() {
        let bare = Problem::warning("code", "path", "message");
        let position = Position { file: "a.yml".to_owned(), line: 3, column: 7 };
        let nameless = Position { file: String::new(), ..position.clone() };
        let hinted = Problem::error("code", "", "message").with_hint("hint");
        let placed = Problem { position: Some(position), ..hinted.clone() };
        let unnamed = Problem { position: Some(nameless), ..hinted.clone() };
        for problem in [bare, hinted, placed, unnamed] {
            assert_eq!(serde_json::to_value(&problem).ok(), Some(problem.to_json()));
        }
    }
}
