//! The values of keywords, read in one place for all families of keywords, and how problems with them are noted.

use super::Formats;
use super::compile::{Compiler, Place};
use super::format::Format;
use super::instance::{Number, Shown, ShownText};
use super::keywords::{Keyword, Takes, find, slot};
use super::node::NodeId;
use super::numbers::address;
use super::pattern::Pattern;
use crate::json::Quoted;
use crate::problem::{Problem, Severity};
use crate::value::{Map, Value};
use std::fmt;

/// The values of one schema's keywords by kind, each at its place ([`slot`]); nothing for a keyword that is absent, that the
/// dialect does not have, or whose value has the wrong type, which is noted.
#[derive(Default)]
pub(crate) struct Read<'a> {
    pub(crate) texts: [Option<&'a str>; 7],
    pub(crate) counts: [Option<u64>; 8],
    pub(crate) numbers: [Option<Number>; 5],
    pub(crate) schemas: [Option<NodeId>; 11],
    pub(crate) lists: [Option<Vec<NodeId>>; 4],
    pub(crate) maps: [Vec<(&'a str, NodeId)>; 5],
    pub(crate) others: [Option<&'a Value>; 6],
    /// Lists of names, by name, and where each stands.
    pub(crate) needs: Vec<(&'a str, Vec<Box<str>>)>,
}

impl Read<'_> {
    pub(crate) fn count(&self, slot: u8) -> Option<u64> {
        self.counts[slot as usize]
    }

    /// The least that a count may be.
    pub(crate) fn least(&self, slot: u8) -> u64 {
        self.count(slot).unwrap_or(0)
    }

    /// The most.
    pub(crate) fn most(&self, slot: u8) -> u64 {
        self.count(slot).unwrap_or(u64::MAX)
    }

    pub(crate) fn schema(&self, slot: u8) -> Option<NodeId> {
        self.schemas[slot as usize]
    }

    pub(crate) fn list(&mut self, slot: u8) -> Option<Vec<NodeId>> {
        self.lists[slot as usize].take()
    }
}

impl<'a> Compiler<'a> {
    /// Reads all keywords of a schema; notes those that are none.
    pub(crate) fn read(&mut self, at: Place<'a>, schema: &'a Map<String, Value>) -> Read<'a> {
        let mut read = Read::default();
        for (name, value) in schema {
            match find(name) {
                None => self.warn_unknown(name, value),
                Some(keyword) => {
                    if self.store.resource(at.resource).dialect.knows(keyword.vocabulary) {
                        self.keyword(at, keyword, value, &mut read);
                    }
                }
            }
        }
        read
    }

    fn keyword(&mut self, at: Place<'a>, keyword: &'static Keyword, value: &'a Value, read: &mut Read<'a>) {
        let name = keyword.name;
        let wanted = match (keyword.takes, value) {
            (Takes::Nothing | Takes::Schema(slot::CONTENT_SCHEMA), _) => return,
            (Takes::Other(slot), _) => {
                read.others[slot as usize] = Some(value);
                if slot == slot::DEPENDENT_REQUIRED {
                    self.entries(at, name, value, read);
                }
                return;
            }
            (Takes::Text(slot), Value::String(text)) => {
                read.texts[slot as usize] = Some(text);
                return;
            }
            (Takes::Number(slot), Value::Number(number)) => {
                read.numbers[slot as usize] = Some(Number::of(number));
                return;
            }
            (Takes::Schema(slot), _) => {
                if slot == slot::ITEMS && value.is_array() {
                    self.old_items.insert(address(value), 0);
                }
                read.schemas[slot as usize] = Some(self.queue(at.child(value)));
                return;
            }
            (Takes::List(slot), Value::Array(list)) if !list.is_empty() => {
                let mut ids = Vec::with_capacity(list.len());
                for value in list {
                    ids.push(self.queue(at.child(value)));
                }
                read.lists[slot as usize] = Some(ids);
                return;
            }
            (Takes::Map(_) | Takes::Mixed, Value::Object(_)) => return self.entries(at, name, value, read),
            (Takes::Count(slot), _) => {
                let count = count(value);
                read.counts[slot as usize] = count;
                if count.is_some() {
                    return;
                }
                "a whole number from 0"
            }
            (Takes::Text(_), _) => "a string",
            (Takes::Number(_), _) => "a number",
            (Takes::List(_), _) => "an array of at least one schema",
            (Takes::Map(_) | Takes::Mixed, _) => "an object",
        };
        self.mistyped(at, name, value, wanted);
    }

    /// Reads a keyword that has schemas or lists of names by name.
    fn entries(&mut self, at: Place<'a>, name: &'static str, value: &'a Value, read: &mut Read<'a>) {
        let Value::Object(entries) = value else { return self.mistyped(at, name, value, "an object") };
        let takes = find(name).map_or(Takes::Nothing, |keyword| keyword.takes);
        for (entry, value) in entries {
            let names = match takes {
                Takes::Mixed => value.is_array(),
                Takes::Other(_) => true,
                _ => false,
            };
            if names {
                let names = self.names(value);
                read.needs.push((entry, names));
                continue;
            }
            let slot = if let Takes::Map(slot) = takes { slot } else { slot::DEPENDENT_SCHEMAS };
            let id = self.queue(at.child(value));
            read.maps[slot as usize].push((entry, id));
        }
    }

    /// A list of property names.
    pub(crate) fn names(&mut self, value: &'a Value) -> Vec<Box<str>> {
        let mut names = Vec::new();
        let mut all = value.is_array();
        for name in value.as_array().map_or(&[][..], Vec::as_slice) {
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

    /// The target of a reference.
    pub(crate) fn reference(&mut self, at: Place<'a>, keyword: &str, reference: &str) -> Option<NodeId> {
        match self.store.find(at.resource, reference) {
            Ok(place) => Some(self.queue(place)),
            Err(why) => {
                let reference = Quoted(reference);
                self.error(
                    "unresolved_ref",
                    at,
                    keyword,
                    format_args!("{reference} leads to no schema: {why}"),
                );
                None
            }
        }
    }

    pub(crate) fn is_dynamic(&mut self, at: Place<'a>, reference: &str) -> bool {
        self.store.is_dynamic(at.resource, reference)
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

    /// Notes that a keyword's value has the wrong type.
    pub(crate) fn mistyped(&mut self, at: Place<'a>, keyword: &str, value: &Value, wanted: &str) {
        let value = Shown(&value);
        self.error("keyword_type", at, keyword, format_args!("{keyword} is {value}, not {wanted}"));
    }

    /// Notes that a keyword's value has the right type and makes no sense.
    pub(crate) fn wrong_value(
        &mut self,
        at: Place<'a>,
        keyword: &str,
        message: fmt::Arguments<'_>,
    ) -> &mut Problem {
        self.error("keyword_value", at, keyword, message)
    }

    /// Notes what is wrong with a keyword.
    pub(crate) fn error(
        &mut self,
        code: &'static str,
        at: Place<'a>,
        keyword: &str,
        message: fmt::Arguments<'_>,
    ) -> &mut Problem {
        self.store.problems.add(code, at.keyword(keyword), message)
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

/// A whole number from 0; `2.0` is one.
fn count(value: &Value) -> Option<u64> {
    let Value::Number(number) = value else { return None };
    match Number::of(number) {
        Number::Int(value) => u64::try_from(value).ok(),
        Number::Float(value) => (value >= 0.0 && value.fract() == 0.0).then_some(value as u64),
    }
}
