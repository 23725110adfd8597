//! `pattern` and `format`.

use super::check::Check;
use super::compile::Compiler;
use super::format::Format;
use super::instance::ShownText;
use super::keywords::Key;
use super::node::Rule;
use super::pattern::Pattern;
use super::read::Read;
use crate::json::Path;

pub(crate) fn compile<'a>(c: &mut Compiler<'a>, read: &mut Read<'a>) {
    if let Some(source) = read.text(Key::Pattern)
        && let Some(pattern) = c.pattern(read.at.keyword("pattern"), source)
    {
        read.rules.push(Rule::Pattern(Box::new(pattern)));
    }
    if let Some(name) = read.text(Key::Format)
        && let Some(format) = c.format(read.at, name)
    {
        read.rules.push(Rule::Format(format));
    }
}

pub(crate) fn check_pattern(pattern: &Pattern, check: &mut Check<'_>, text: &str, at: &Path<'_>) -> bool {
    match pattern.is_match(text, check) {
        Ok(true) => true,
        Ok(false) => {
            let (text, pattern) = (ShownText(text), pattern.shown());
            check.fail(at, "pattern", format_args!("{text} does not match the pattern {pattern}"))
        }
        Err(why) => check.fail(at, "pattern", format_args!("{why}")),
    }
}

pub(crate) fn check_format(format: Format, check: &mut Check<'_>, text: &str, at: &Path<'_>) -> bool {
    if format.is_valid(text) {
        return true;
    }
    check.fail(at, "format", format_args!("{} is not a valid {}", ShownText(text), format.name()))
}
