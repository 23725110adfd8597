//! What a validation finds, where, and in which order it is told.

use crate::cut;
use crate::json::Path;
use crate::json::{Object, ToJson};
use crate::order::sort_by;
use crate::value::Value;
use serde::Serialize;
use std::cmp::Ordering;

/// One way in which an instance breaks its schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// JSON Pointer (RFC 6901) of the value at fault in the instance: `/tables/0/name`; empty for the whole
    /// instance. A member that is not allowed is itself the value at fault; for one that is missing it is the
    /// object that lacks it.
    pub path: String,
    /// The schema's keyword that is broken. Three names are no keywords: `false` for a schema that is `false`,
    /// `json` for a host value that JSON has no form for, `limit` for a limit of the validator.
    pub keyword: &'static str,
    /// What is wrong, with the value (shortened) and the limit; lower case, no full stop.
    pub message: String,
}

impl ToJson for Violation {
    fn to_json(&self) -> Value {
        let mut object = Object::default();
        object.set("path", self.path.as_str());
        object.set("keyword", self.keyword);
        object.set("message", self.message.as_str());
        object.into()
    }
}

/// The JSON Pointer of a place.
pub(crate) fn pointer(path: &Path<'_>) -> String {
    let mut text = String::new();
    match path {
        Path::Root => {}
        Path::Key(parent, name) => {
            text = pointer(parent);
            push_step(&mut text, name);
        }
        Path::Index(parent, index) => {
            text = pointer(parent);
            push_step(&mut text, &index.to_string());
        }
    }
    text
}

/// Adds a name to a JSON Pointer as its next step.
pub(crate) fn push_step(pointer: &mut String, name: &str) {
    pointer.push('/');
    for c in name.chars() {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            c => pointer.push(c),
        }
    }
}

/// Puts violations in the order that holds in every language, whatever the order of members was: by path,
/// step for step, then by keyword, then by message. Steps that are numbers come first and by value, others
/// by code point; a place comes before what is inside it. Doubles are dropped.
pub(crate) fn sort(violations: &mut Vec<Violation>) {
    sort_by(violations, &mut compare);
    violations.dedup();
}

/// The order of violations that [`sort`] uses.
pub(crate) fn compare(a: &Violation, b: &Violation) -> Ordering {
    compare_pointers(&a.path, &b.path)
        .then_with(|| a.keyword.cmp(b.keyword))
        .then_with(|| a.message.cmp(&b.message))
}

/// The order of places that [`sort`] uses.
pub(crate) fn compare_pointers(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (cut::parts(a, b'/'), cut::parts(b, b'/'));
    loop {
        match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(a), Some(b)) => match compare_steps(a, b) {
                Ordering::Equal => {}
                different => return different,
            },
        }
    }
}

fn compare_steps(a: &str, b: &str) -> Ordering {
    match (is_index(a), is_index(b)) {
        (true, true) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => a.cmp(b),
    }
}

fn is_index(step: &str) -> bool {
    cut::all(step, cut::is_digit) && (step == "0" || !matches!(step.as_bytes(), [] | [b'0', ..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_form_in_json_is_that_of_serde() {
        let violation = Violation { path: "/a".to_owned(), keyword: "type", message: "message".to_owned() };
        assert_eq!(serde_json::to_value(&violation).ok(), Some(violation.to_json()));
    }

    #[test]
    fn pointers_escape_their_steps() {
        let root = Path::Root;
        let name = Path::Key(&root, "a/b~c");
        assert_eq!(pointer(&Path::Index(&name, 3)), "/a~1b~0c/3");
        assert_eq!(pointer(&root), "");
    }

    #[test]
    fn places_are_ordered_by_step_and_numbers_by_value() {
        let mut paths = ["/b", "/a/10", "/a/9", "", "/a/x", "/a", "/a/01"];
        paths.sort_by(|a, b| compare_pointers(a, b));
        assert_eq!(paths, ["", "/a", "/a/9", "/a/10", "/a/01", "/a/x", "/b"]);
    }
}
