//! Text from people (YAML or JSON) as values with positions, so that every problem can name its line.
//!
//! [`Document::parse`] takes bytes and gives a [`Node`] tree in which each value and key carries its place;
//! [`Document::locate`] puts places on problems that so far have only a path. This module knows no rule about what
//! the values mean, and reads no files.

mod json;
mod rules;
#[cfg(feature = "yaml")]
mod scalar;
mod tree;
#[cfg(feature = "yaml")]
mod yaml;

pub use rules::RULES;
pub use tree::{Data, Mark, Member, Node, Positions};

use crate::cut;
use crate::problem::Problem;
use crate::value::Value;
use std::sync::Arc;

/// The language of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// YAML 1.2 with merge keys; JSON is read too.
    Yaml,
    /// JSON alone.
    Json,
    /// `.json` is JSON, every other file name is YAML.
    ByExtension,
}

/// A text that was read: a tree of values with their places.
#[derive(Clone, Debug)]
pub struct Document {
    /// The name that positions carry.
    pub file: String,
    /// The values.
    pub root: Node,
    positions: Positions,
}

impl Document {
    /// Reads a text.
    ///
    /// `file` is the name that positions carry, and decides the language with [`Format::ByExtension`]. A byte order
    /// mark is skipped. An empty YAML text is null.
    ///
    /// # Errors
    /// All problems that were found: bytes that are not UTF-8 (`not_utf8`), broken syntax (`bad_json`, `bad_yaml`:
    /// the first place only, since nothing after it can be trusted), and every field that an object has twice
    /// (`duplicate_field`, naming both places).
    pub fn parse(file: &str, bytes: &[u8], format: Format) -> Result<Self, Vec<Problem>> {
        Self::read(file, utf8(&Arc::from(file), bytes)?, format)
    }

    /// The same of what is UTF-8.
    #[cfg(feature = "page")]
    pub(crate) fn of(file: &str, text: &str, format: Format) -> Result<Self, Vec<Problem>> {
        Self::read(file, text.strip_prefix('\u{feff}').unwrap_or(text), format)
    }

    fn read(file: &str, text: &str, format: Format) -> Result<Self, Vec<Problem>> {
        let name: Arc<str> = Arc::from(file);
        let root = match format {
            Format::Json => json::read(&name, text),
            Format::ByExtension if has_json_extension(file) => json::read(&name, text),
            Format::Yaml | Format::ByExtension => read_yaml(&name, text),
        }?;
        let mut problems = Vec::new();
        root.duplicates(&mut problems);
        if problems.is_empty() {
            let positions = root.positions();
            Ok(Self { file: file.to_owned(), root, positions })
        } else {
            Err(problems)
        }
    }

    /// The values without their places.
    pub fn value(&self) -> Value {
        self.root.value()
    }

    /// The places of all paths.
    pub fn positions(&self) -> &Positions {
        &self.positions
    }

    /// Gives every problem without a position the place of its path, or of the nearest parent that exists.
    pub fn locate(&self, problems: &mut [Problem]) {
        self.positions.locate(problems);
    }
}

fn has_json_extension(file: &str) -> bool {
    cut::last(file, b'.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("json"))
}

#[cfg(feature = "yaml")]
fn read_yaml(file: &Arc<str>, text: &str) -> Result<Node, Vec<Problem>> {
    yaml::read(file, text)
}

#[cfg(not(feature = "yaml"))]
fn read_yaml(file: &Arc<str>, _text: &str) -> Result<Node, Vec<Problem>> {
    let problem = rules::YAML_NOT_BUILT_IN.problem("", "this build of the library reads JSON only");
    Err(vec![Mark::new(file, 1, 1).put_on(problem)])
}

/// The text of UTF-8 bytes, without a byte order mark.
fn utf8<'a>(file: &Arc<str>, bytes: &'a [u8]) -> Result<&'a str, Vec<Problem>> {
    let start = if bytes.starts_with(&[0xEF, 0xBB, 0xBF]) { 3 } else { 0 };
    let bytes = bytes.get(start..).unwrap_or_default();
    std::str::from_utf8(bytes).map_err(|error| {
        let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let before = String::from_utf8_lossy(valid);
        let mark = Mark::after(file, &before);
        let offset = start + error.valid_up_to();
        let message = format!("the file is not UTF-8: invalid byte at offset {offset}");
        let hint = if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
            "the file looks like UTF-16; save it as UTF-8"
        } else {
            "save the file as UTF-8"
        };
        vec![mark.put_on(rules::NOT_UTF8.problem("", message).with_hint(hint))]
    })
}
