//! The least and the most: of characters, of items, of properties.

use super::check::Check;
use super::compile::Compiler;
use super::instance::{Instance, Shown, View};
use super::keywords::Key;
use super::node::Rule;
use super::read::{Read, whole};
use crate::json::Path;

/// A keyword that counts.
#[derive(Debug)]
pub(crate) struct Count {
    key: Key,
    noun: &'static str,
    /// Of one thing, and of any other number.
    endings: [&'static str; 2],
    most: bool,
}

const fn count(key: Key, noun: &'static str, endings: [&'static str; 2], most: bool) -> Count {
    Count { key, noun, endings, most }
}

const S: [&str; 2] = ["", "s"];
const IES: [&str; 2] = ["y", "ies"];

static COUNTS: [Count; 6] = [
    count(Key::MinLength, "character", S, false),
    count(Key::MaxLength, "character", S, true),
    count(Key::MinItems, "item", S, false),
    count(Key::MaxItems, "item", S, true),
    count(Key::MinProperties, "propert", IES, false),
    count(Key::MaxProperties, "propert", IES, true),
];

/// `minContains` and `maxContains`, which are rules of `contains`.
pub(crate) static MIN_CONTAINS: Count = count(Key::MinContains, "matching item", S, false);
pub(crate) static MAX_CONTAINS: Count = count(Key::MaxContains, "matching item", S, true);

pub(crate) fn compile<'a>(_: &mut Compiler<'a>, read: &mut Read<'a>) {
    for count in &COUNTS {
        if let Some(limit) = read.get(count.key).and_then(whole) {
            read.rules.push(Rule::Count(count, limit));
        }
    }
}

pub(crate) fn check<I: Instance>(
    count: &Count,
    limit: u64,
    check: &mut Check<'_>,
    view: &View<I::Text>,
    instance: &I,
    at: &Path<'_>,
) -> bool {
    let found = match (count.key, view) {
        (Key::MinLength | Key::MaxLength, View::String(text)) => length(text.as_ref(), count.most, limit),
        (Key::MinItems | Key::MaxItems, View::Array)
        | (Key::MinProperties | Key::MaxProperties, View::Object) => instance.len() as u64,
        _ => return true,
    };
    holds(count, limit, check, found, instance, at)
}

/// The number of code points; the limit itself where the number of bytes already says that it is kept.
fn length(text: &str, most: bool, limit: u64) -> u64 {
    let bytes = text.len() as u64;
    let kept = if most { bytes <= limit } else { bytes / 4 >= limit };
    if kept { limit } else { text.chars().count() as u64 }
}

/// Fails with `value has 1 item, fewer than the minimum 2`.
pub(crate) fn holds<I: Instance>(
    count: &Count,
    limit: u64,
    check: &mut Check<'_>,
    found: u64,
    instance: &I,
    at: &Path<'_>,
) -> bool {
    if if count.most { found <= limit } else { found >= limit } {
        return true;
    }
    let Count { key, noun, endings, most } = count;
    let ending = endings[usize::from(found != 1)];
    let relation = if *most { "more than the maximum" } else { "fewer than the minimum" };
    let shown = Shown(instance);
    check.fail(at, key.name(), format_args!("{shown} has {found} {noun}{ending}, {relation} {limit}"))
}
