//! What a validation finds, where, and in which order it is told.

use crate::job::wire::Path;
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

/// The JSON Pointer of a place.
pub(crate) fn pointer(path: &Path<'_>) -> String {
    let mut steps = Vec::new();
    let mut here = path;
    loop {
        here = match here {
            Path::Root => break,
            Path::Key(parent, name) => {
                steps.push(escaped(name));
                parent
            }
            Path::Index(parent, index) => {
                steps.push(index.to_string());
                parent
            }
        };
    }
    steps.iter().rev().fold(String::new(), |pointer, step| pointer + "/" + step)
}

/// A name as one step of a JSON Pointer.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Puts violations in the order that holds in every language, whatever the order of members was: by path,
/// step for step, then by keyword, then by message. Steps that are numbers come first and by value, others
/// by code point; a place comes before what is inside it. Doubles are dropped.
pub(crate) fn sort(violations: &mut Vec<Violation>) {
    violations.sort_by(|a, b| {
        compare_pointers(&a.path, &b.path)
            .then_with(|| a.keyword.cmp(b.keyword))
            .then_with(|| a.message.cmp(&b.message))
    });
    violations.dedup();
}

/// The order of places that [`sort`] uses.
pub(crate) fn compare_pointers(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.split('/'), b.split('/'));
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
    !step.is_empty() && step.bytes().all(|b| b.is_ascii_digit()) && (step == "0" || !step.starts_with('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

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
