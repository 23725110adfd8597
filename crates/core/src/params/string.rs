//! `minLength`, `maxLength`, `pattern` and `format`.

use super::check::Check;
use super::compile::{Compiler, Place};
use super::format::Format;
use super::instance::ShownText;
use super::keywords::slot;
use super::pattern::Pattern;
use super::read::Read;
use crate::json::Path;

/// The keywords for strings of one schema.
#[derive(Debug)]
pub(crate) struct StringRules {
    /// Without the keyword 0, and below the largest number.
    min: u64,
    max: u64,
    pattern: Option<Pattern>,
    format: Option<Format>,
}

#[inline(never)]
pub(crate) fn compile<'a>(
    c: &mut Compiler<'a>,
    at: Place<'a>,
    read: &mut Read<'a>,
) -> Option<Box<StringRules>> {
    let rules = StringRules {
        min: read.least(slot::MIN_LENGTH),
        max: read.most(slot::MAX_LENGTH),
        pattern: read.texts[slot::PATTERN as usize]
            .and_then(|source| c.pattern(at.keyword("pattern"), source)),
        format: read.texts[slot::FORMAT as usize].and_then(|name| c.format(at, name)),
    };
    let empty = rules.min == 0 && rules.max == u64::MAX && rules.pattern.is_none() && rules.format.is_none();
    (!empty).then(|| Box::new(rules))
}

pub(crate) fn check(rules: &StringRules, check: &mut Check<'_>, text: &str, at: &Path<'_>) -> bool {
    let mut valid = true;
    let length = LazyLength::of(text);
    if length.is_less(rules.min) {
        valid = false;
        if !length_fails(check, at, "minLength", text, "fewer than the minimum", rules.min) {
            return false;
        }
    }
    if length.is_more(rules.max) {
        valid = false;
        if !length_fails(check, at, "maxLength", text, "more than the maximum", rules.max) {
            return false;
        }
    }
    if let Some(pattern) = &rules.pattern {
        match pattern.is_match(text, check) {
            Ok(true) => {}
            Ok(false) => {
                valid = false;
                let (text, pattern) = (ShownText(text), pattern.shown());
                if !check.fail(at, "pattern", format_args!("{text} does not match the pattern {pattern}")) {
                    return false;
                }
            }
            Err(why) => {
                valid = false;
                if !check.fail(at, "pattern", format_args!("{why}")) {
                    return false;
                }
            }
        }
    }
    if let Some(format) = rules.format
        && !format.is_valid(text)
    {
        valid = false;
        check.fail(at, "format", format_args!("{} is not a valid {}", ShownText(text), format.name()));
    }
    valid
}

/// The number of code points, counted only when the number of bytes does not decide.
struct LazyLength<'a> {
    text: &'a str,
    bytes: u64,
}

impl<'a> LazyLength<'a> {
    fn of(text: &'a str) -> Self {
        Self { text, bytes: text.len() as u64 }
    }

    fn count(&self) -> u64 {
        self.text.chars().count() as u64
    }

    fn is_less(&self, min: u64) -> bool {
        self.bytes < min || (self.bytes / 4 < min && self.count() < min)
    }

    fn is_more(&self, max: u64) -> bool {
        self.bytes > max && (self.bytes / 4 > max || self.count() > max)
    }
}

fn length_fails(
    check: &mut Check<'_>,
    at: &Path<'_>,
    keyword: &'static str,
    text: &str,
    relation: &str,
    limit: u64,
) -> bool {
    let length = text.chars().count();
    let ending = if length == 1 { "" } else { "s" };
    let text = ShownText(text);
    check.fail(at, keyword, format_args!("{text} has {length} character{ending}, {relation} {limit}"))
}
