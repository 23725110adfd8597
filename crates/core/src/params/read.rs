//! The values of keywords, read in one place for all families of keywords, and how problems with them are noted.

use super::Formats;
use super::compile::{Compiler, Place};
use super::format::Format;
use super::instance::{Number, Shown, ShownText};
use super::keywords::{COUNT, Key, Takes, find};
use super::node::{NodeId, Rule};
use super::pattern::Pattern;
use crate::json::{Quoted, items};
use crate::problem::{Problem, Severity};
use crate::value::{Map, Value};
use std::fmt;

/// The values of one schema's keywords, each at its place; nothing for a keyword that is absent, that the dialect does not have,
/// or whose value has the wrong type, which is noted. And the rules that the families make of them.
pub(crate) struct Read<'a> {
    pub(crate) at: Place<'a>,
    values: [Option<&'a Value>; COUNT],
    pub(crate) rules: Vec<Rule>,
}

impl<'a> Read<'a> {
    pub(crate) fn get(&self, key: Key) -> Option<&'a Value> {
        self.values[key as usize]
    }

    pub(crate) fn text(&self, key: Key) -> Option<&'a str> {
        self.get(key).and_then(Value::as_str)
    }
}

impl<'a> Compiler<'a> {
    /// Reads all keywords of a schema; notes those that are none.
    pub(crate) fn read(&mut self, at: Place<'a>, schema: &'a Map<String, Value>) -> Read<'a> {
        let mut read = Read { at, values: [None; COUNT], rules: Vec::new() };
        for (name, value) in schema {
            let Some(keyword) = find(name) else {
                self.warn_unknown(name, value);
                continue;
            };
            if !self.store.resource(at.resource).dialect.knows(keyword.vocabulary) {
                continue;
            }
            match wrong(keyword.takes, value) {
                None => read.values[keyword.key as usize] = Some(value),
                Some(wanted) => {
                    let message = format_args!("{name} is {}, not {wanted}", Shown(&value));
                    self.store.problems.add("keyword_type", value, message);
                }
            }
        }
        read
    }

    /// The node of a keyword that is a schema.
    pub(crate) fn schema(&mut self, read: &Read<'a>, key: Key) -> Option<NodeId> {
        read.get(key).map(|value| self.queue(read.at.child(value)))
    }

    /// The nodes of a keyword that is a list of schemas; none where it is absent.
    pub(crate) fn schemas(&mut self, read: &Read<'a>, key: Key) -> Vec<NodeId> {
        let mut ids = Vec::new();
        for value in items(read.get(key)) {
            ids.push(self.queue(read.at.child(value)));
        }
        ids
    }

    /// A list of property names.
    pub(crate) fn names(&mut self, value: &'a Value) -> Vec<Box<str>> {
        let mut names = Vec::new();
        let mut all = value.is_array();
        for name in items(Some(value)) {
            match name.as_str() {
                Some(name) => names.push(name.into()),
                None => all = false,
            }
        }
        if !all {
            names.clear();
            let message = format_args!("{} is not an array of strings", Shown(&value));
            self.store.problems.add("keyword_type", value, message);
        }
        names
    }

    /// The target of a reference, and whether it is found by its `$dynamicAnchor`.
    pub(crate) fn reference(
        &mut self,
        at: Place<'a>,
        keyword: Key,
        reference: &str,
    ) -> Option<(NodeId, bool)> {
        match self.store.find(at.resource, reference) {
            Ok((place, dynamic)) => Some((self.queue(place), dynamic)),
            Err(why) => {
                let reference = Quoted(reference);
                let message = format_args!("{reference} leads to no schema: {why}");
                self.store.problems.add("unresolved_ref", at.keyword(keyword.name()), message);
                None
            }
        }
    }

    pub(crate) fn pattern(&mut self, about: &Value, source: &str) -> Option<Pattern> {
        match Pattern::compile(source) {
            Ok(pattern) => Some(pattern),
            Err(why) => {
                let message = format_args!("the pattern {} is not valid: {why}", ShownText(source));
                self.store.problems.add("bad_pattern", about, message);
                None
            }
        }
    }

    /// The check of a `format`, when formats are asserted and this one can be.
    pub(crate) fn format(&mut self, at: Place<'a>, name: &str) -> Option<Format> {
        if self.formats == Formats::Annotate && !self.store.resource(at.resource).dialect.asserts_formats {
            return None;
        }
        let format = Format::find(name);
        if format.is_none() {
            let quoted = Quoted(name);
            if name == Format::UNCHECKED {
                let message = format_args!("the format {quoted} is not checked");
                self.warning("unchecked_format", at.keyword("format"), message);
            } else {
                let message =
                    format_args!("{quoted} is not a format of JSON Schema 2020-12 and is not checked");
                self.warning("unknown_format", at.keyword("format"), message).hint = Format::nearest(name);
            }
        }
        format
    }

    /// Notes that a keyword's value has the right type and makes no sense.
    pub(crate) fn wrong_value(&mut self, about: &Value, message: fmt::Arguments<'_>) -> &mut Problem {
        self.store.problems.add("keyword_value", about, message)
    }

    /// Notes what has no effect.
    pub(crate) fn warning(
        &mut self,
        code: &'static str,
        about: &Value,
        message: fmt::Arguments<'_>,
    ) -> &mut Problem {
        let problem = self.warnings.add(code, about, message);
        problem.severity = Severity::Warning;
        problem
    }
}

/// What a keyword wants, when its value is something else.
fn wrong(takes: Takes, value: &Value) -> Option<&'static str> {
    let (right, wanted) = match takes {
        Takes::Nothing | Takes::Any | Takes::Schema => (true, ""),
        Takes::Text => (value.is_string(), "a string"),
        Takes::Flag => (value.is_boolean(), "a boolean"),
        Takes::Count => (whole(value).is_some(), "a whole number from 0"),
        Takes::Number => (matches!(value, Value::Number(_)), "a number"),
        Takes::Values => (value.is_array(), "an array"),
        Takes::List => (!items(Some(value)).is_empty(), "an array of at least one schema"),
        Takes::Map | Takes::Names => (value.is_object(), "an object"),
    };
    if right { None } else { Some(wanted) }
}

/// A whole number from 0; `2.0` is one.
pub(crate) fn whole(value: &Value) -> Option<u64> {
    let Value::Number(number) = value else { return None };
    match Number::of(number) {
        Number::Int(value) => u64::try_from(value).ok(),
        Number::Float(value) => (value >= 0.0 && value.fract() == 0.0).then_some(value as u64),
    }
}
