//! What is noted about a schema while it is compiled, by the value that it is about. Where the values stand is looked up at the
//! end, in one walk over the documents, so that a schema without a slip never has its places written out.

use super::limits::MAX_SCHEMA_DEPTH;
use super::numbers::{Numbers, address};
use super::violation::{compare_pointers, pointer};
use crate::json::Path;
use crate::order::sort_by;
use crate::problem::Problem;
use crate::value::Value;
use std::fmt;

/// Problems that do not know their places yet.
#[derive(Default)]
pub(crate) struct Notes {
    problems: Vec<Problem>,
    /// For each problem the one before it that is about the same value.
    before: Vec<Option<u32>>,
    /// The last problem about a value, by its address.
    last: Numbers,
}

impl Notes {
    pub(crate) fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    pub(crate) fn add(
        &mut self,
        code: &'static str,
        about: &Value,
        message: fmt::Arguments<'_>,
    ) -> &mut Problem {
        let about = address(about);
        self.before.push(self.last.get(about));
        self.last.insert(about, self.problems.len() as u32);
        Problem::add(&mut self.problems, code, format_args!(""), message)
    }

    /// The problems in the order of their places; `documents` are walked each with the place of its root.
    pub(crate) fn placed(mut self, documents: &[(String, &Value)]) -> Vec<Problem> {
        if !self.is_empty() {
            for (path, document) in documents {
                self.walk(document, path, &Path::Root, MAX_SCHEMA_DEPTH);
            }
        }
        let mut problems = self.problems;
        sort_by(&mut problems, &mut |a, b| {
            compare_pointers(&a.path, &b.path).then_with(|| a.code.cmp(b.code))
        });
        problems.dedup();
        problems
    }

    /// Tells the problems with a value and with those inside it where that is: at a place in a document.
    fn walk(&mut self, value: &Value, document: &str, at: &Path<'_>, depth: usize) {
        let mut about = self.last.get(address(value));
        while let Some(problem) = about {
            self.problems[problem as usize].path = document.to_owned() + &pointer(at);
            about = self.before[problem as usize];
        }
        // A document that is nested deeper is refused, and nothing inside it is noted.
        let Some(depth) = depth.checked_sub(1) else { return };
        match value {
            Value::Array(items) => {
                for (n, item) in items.iter().enumerate() {
                    self.walk(item, document, &Path::Index(at, n), depth);
                }
            }
            Value::Object(members) => {
                for (name, member) in members {
                    self.walk(member, document, &Path::Key(at, name), depth);
                }
            }
            _ => {}
        }
    }
}
