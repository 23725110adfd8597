//! Where a value stands in a document, for messages. Knows nothing of what stands there.
#![cfg_attr(not(feature = "page"), expect(unreachable_pub, reason = "definitions show it to other crates"))]

use super::Quoted;
use std::fmt;

/// Whether a character needs no quotes: letters and digits, `_`, `-` and `/`, and what is beyond ASCII but for blanks.
fn is_plain(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/') } else { !c.is_whitespace() }
}

/// A place in a JSON document, as a chain from the leaf to the root. Shown as `tasks[2].depends_on[0].task_key`.
#[derive(Clone, Copy, Debug)]
pub enum Path<'a> {
    /// The whole document.
    Root,
    /// A member of an object.
    Key(&'a Self, &'a str),
    /// An element of an array, from 0.
    Index(&'a Self, usize),
}

impl Path<'_> {
    /// The path of a member of the object at this path.
    pub fn key<'a>(&'a self, name: &'a str) -> Path<'a> {
        Path::Key(self, name)
    }

    /// The path of an element of the array at this path.
    pub fn index(&self, index: usize) -> Path<'_> {
        Path::Index(self, index)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Index(parent, index) => write!(f, "{parent}[{index}]"),
            Path::Key(parent, key) => {
                let plain = !key.is_empty() && key.chars().all(is_plain);
                match (plain, matches!(parent, Path::Root)) {
                    (true, true) => f.write_str(key),
                    (true, false) => write!(f, "{parent}.{key}"),
                    (false, _) => write!(f, "{parent}[{}]", Quoted(key)),
                }
            }
        }
    }
}
