//! Readers of keywords' values, shared by all families of keywords.
//!
//! Each gives `None` when the keyword is absent, when the dialect does not have it, and after noting a problem.

use super::Formats;
use super::compile::{Compiler, Place};
use super::format::Format;
use super::instance::{Number, Shown, ShownText};
use super::keywords::{Vocabulary, find};
use super::node::NodeId;
use super::pattern::Pattern;
use crate::json::Quoted;
use crate::problem::{Problem, Severity};
use crate::value::{Map, Value};
use std::fmt;

impl<'a> Compiler<'a> {
    pub(crate) fn keyword(
        &self,
        at: &Place<'a>,
        schema: &'a Map<String, Value>,
        name: &str,
    ) -> Option<&'a Value> {
        let value = schema.get(name)?;
        let vocabulary = find(name).map_or(Vocabulary::Annotation, |keyword| keyword.vocabulary);
        self.store.resource(at.resource).dialect.knows(vocabulary).then_some(value)
    }

    pub(crate) fn number(
        &mut self,
        at: &Place<'a>,
        schema: &'a Map<String, Value>,
        name: &str,
    ) -> Option<Number> {
        match self.keyword(at, schema, name)? {
            Value::Number(number) => Some(Number::of(number)),
            other => self.wrong_type(at, name, other, "a number"),
        }
    }

    /// A whole number from 0; `2.0` is one.
    pub(crate) fn count(
        &mut self,
        at: &Place<'a>,
        schema: &'a Map<String, Value>,
        name: &str,
    ) -> Option<u64> {
        let value = self.keyword(at, schema, name)?;
        let count = match value {
            Value::Number(number) => match Number::of(number) {
                Number::Int(value) => u64::try_from(value).ok(),
                Number::Float(value) => (value >= 0.0 && value.fract() == 0.0).then_some(value as u64),
            },
            _ => None,
        };
        count.or_else(|| self.wrong_type(at, name, value, "a whole number from 0"))
    }

    pub(crate) fn text(
        &mut self,
        at: &Place<'a>,
        schema: &'a Map<String, Value>,
        name: &str,
    ) -> Option<&'a str> {
        match self.keyword(at, schema, name)? {
            Value::String(text) => Some(text),
            other => self.wrong_type(at, name, other, "a string"),
        }
    }

    pub(crate) fn flag(&mut self, at: &Place<'a>, schema: &'a Map<String, Value>, name: &str) -> bool {
        match self.keyword(at, schema, name) {
            None => false,
            Some(Value::Bool(flag)) => *flag,
            Some(other) => self.wrong_type::<bool>(at, name, other, "a boolean").unwrap_or_default(),
        }
    }

    pub(crate) fn schema(
        &mut self,
        at: &Place<'a>,
        schema: &'a Map<String, Value>,
        name: &str,
    ) -> Option<NodeId> {
        let value = self.keyword(at, schema, name)?;
        Some(self.queue(at.child(name, value)))
    }

    pub(crate) fn schemas(
        &mut self,
        at: &Place<'a>,
        schema: &'a Map<String, Value>,
        name: &str,
    ) -> Option<Box<[NodeId]>> {
        match self.keyword(at, schema, name)? {
            Value::Array(list) if !list.is_empty() => {
                let mut ids = Vec::with_capacity(list.len());
                for (n, value) in list.iter().enumerate() {
                    ids.push(self.queue(at.entry(name, &n.to_string()).of(value)));
                }
                Some(ids.into_boxed_slice())
            }
            other => self.wrong_type(at, name, other, "an array of at least one schema"),
        }
    }

    /// The entries of a keyword whose value is an object.
    pub(crate) fn map(
        &mut self,
        at: &Place<'a>,
        schema: &'a Map<String, Value>,
        name: &str,
    ) -> Vec<(&'a str, &'a Value)> {
        let mut entries = Vec::new();
        match self.keyword(at, schema, name) {
            None => {}
            Some(Value::Object(map)) => {
                for (name, value) in map {
                    entries.push((name.as_str(), value));
                }
            }
            Some(other) => self.mistyped(at, name, other, "an object"),
        }
        entries
    }

    pub(crate) fn schema_map(
        &mut self,
        at: &Place<'a>,
        schema: &'a Map<String, Value>,
        name: &str,
    ) -> Vec<(&'a str, NodeId)> {
        let mut nodes = Vec::new();
        for (entry, value) in self.map(at, schema, name) {
            nodes.push((entry, self.queue(at.entry(name, entry).of(value))));
        }
        nodes
    }

    /// A list of property names; `place` is where the list stands.
    pub(crate) fn names(&mut self, place: &Place<'a>, value: &'a Value) -> Box<[Box<str>]> {
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
            Problem::add(&mut self.problems, "keyword_type", format_args!("{}", place.path), message);
        }
        names.into_boxed_slice()
    }

    /// The target of a reference.
    pub(crate) fn reference(&mut self, at: &Place<'a>, keyword: &str, reference: &str) -> Option<NodeId> {
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

    pub(crate) fn is_dynamic(&mut self, at: &Place<'a>, reference: &str) -> bool {
        self.store.is_dynamic(at.resource, reference)
    }

    pub(crate) fn pattern(&mut self, path: String, source: &str) -> Option<Pattern> {
        match Pattern::compile(source) {
            Ok(pattern) => Some(pattern),
            Err(why) => {
                let message = format_args!("the pattern {} is not valid: {why}", ShownText(source));
                Problem::add(&mut self.problems, "bad_pattern", format_args!("{path}"), message);
                None
            }
        }
    }

    /// The check of a `format`, when formats are asserted and this one can be.
    pub(crate) fn format(&mut self, at: &Place<'a>, name: &str) -> Option<Format> {
        if self.formats == Formats::Annotate && !self.store.resource(at.resource).dialect.asserts_formats {
            return None;
        }
        let format = Format::find(name);
        if format.is_none() {
            let quoted = Quoted(name);
            if name == Format::UNCHECKED {
                let message = format_args!("the format {quoted} is not checked");
                self.warning("unchecked_format", at, "format", message);
            } else {
                let message =
                    format_args!("{quoted} is not a format of JSON Schema 2020-12 and is not checked");
                self.warning("unknown_format", at, "format", message).hint = Format::nearest(name);
            }
        }
        format
    }

    /// Notes that a keyword's value has the wrong type.
    pub(crate) fn wrong_type<T>(
        &mut self,
        at: &Place<'a>,
        keyword: &str,
        value: &Value,
        wanted: &str,
    ) -> Option<T> {
        self.mistyped(at, keyword, value, wanted);
        None
    }

    fn mistyped(&mut self, at: &Place<'a>, keyword: &str, value: &Value, wanted: &str) {
        let value = Shown(&value);
        self.error("keyword_type", at, keyword, format_args!("{keyword} is {value}, not {wanted}"));
    }

    /// Notes that a keyword's value has the right type and makes no sense.
    pub(crate) fn wrong_value(
        &mut self,
        at: &Place<'a>,
        keyword: &str,
        message: fmt::Arguments<'_>,
    ) -> &mut Problem {
        self.error("keyword_value", at, keyword, message)
    }

    /// Notes what is wrong with a keyword.
    pub(crate) fn error(
        &mut self,
        code: &'static str,
        at: &Place<'a>,
        keyword: &str,
        message: fmt::Arguments<'_>,
    ) -> &mut Problem {
        let path = at.keyword(keyword);
        Problem::add(&mut self.problems, code, format_args!("{path}"), message)
    }

    /// Notes what has no effect.
    pub(crate) fn warning(
        &mut self,
        code: &'static str,
        at: &Place<'a>,
        keyword: &str,
        message: fmt::Arguments<'_>,
    ) -> &mut Problem {
        let path = at.keyword(keyword);
        let problem = Problem::add(&mut self.warnings, code, format_args!("{path}"), message);
        problem.severity = Severity::Warning;
        problem
    }
}
