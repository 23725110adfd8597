//! Readers of keywords' values, shared by all families of keywords.
//!
//! Each gives `None` when the keyword is absent, when the dialect does not have it, and after noting a problem.

use super::Formats;
use super::compile::{Compiler, Place};
use super::format::Format;
use super::instance::{Number, shown};
use super::keywords::{Vocabulary, find};
use super::node::NodeId;
use super::pattern::Pattern;
use crate::json::Quoted;
use crate::problem::Problem;
use crate::suggest::did_you_mean;
use crate::value::{Map, Value};

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
                let place = |n: usize, value| at.entry(name, &n.to_string()).of(value);
                Some(list.iter().enumerate().map(|(n, value)| self.queue(place(n, value))).collect())
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
        match self.keyword(at, schema, name) {
            None => Vec::new(),
            Some(Value::Object(map)) => map.iter().map(|(name, value)| (name.as_str(), value)).collect(),
            Some(other) => self.wrong_type(at, name, other, "an object").unwrap_or_default(),
        }
    }

    pub(crate) fn schema_map(
        &mut self,
        at: &Place<'a>,
        schema: &'a Map<String, Value>,
        name: &str,
    ) -> Vec<(&'a str, NodeId)> {
        let entries = self.map(at, schema, name);
        entries
            .into_iter()
            .map(|(entry, value)| (entry, self.queue(at.entry(name, entry).of(value))))
            .collect()
    }

    /// A list of property names; `place` is where the list stands.
    pub(crate) fn names(&mut self, place: &Place<'a>, value: &'a Value) -> Box<[Box<str>]> {
        let names = value.as_array().and_then(|list| {
            list.iter().map(|name| name.as_str().map(Box::from)).collect::<Option<Box<[Box<str>]>>>()
        });
        names.unwrap_or_else(|| {
            let message = format!("{} is not an array of strings", shown(&value));
            self.problems.push(Problem::error("keyword_type", place.path.clone(), message));
            Box::default()
        })
    }

    /// The target of a reference.
    pub(crate) fn reference(&mut self, at: &Place<'a>, keyword: &str, reference: &str) -> Option<NodeId> {
        match self.store.find(at.resource, reference) {
            Ok(place) => Some(self.queue(place)),
            Err(why) => {
                let message = format!("{} leads to no schema: {why}", Quoted(reference));
                let problem = Problem::error("unresolved_ref", at.keyword(keyword), message);
                self.problems.push(problem);
                None
            }
        }
    }

    pub(crate) fn is_dynamic(&mut self, at: &Place<'a>, reference: &str) -> bool {
        self.store.is_dynamic(at.resource, reference)
    }

    pub(crate) fn pattern(&mut self, path: String, source: &str) -> Option<Pattern> {
        match Pattern::compile(source, self.patterns) {
            Ok(pattern) => Some(pattern),
            Err(why) => {
                let message = format!("the pattern {} is not valid: {why}", shown(&&Value::from(source)));
                self.problems.push(Problem::error("bad_pattern", path, message));
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
            let warning = if Format::UNCHECKED.contains(&name) {
                Problem::warning(
                    "unchecked_format",
                    at.keyword("format"),
                    format!("the format {} is not checked", Quoted(name)),
                )
            } else {
                let message =
                    format!("{} is not a format of JSON Schema 2020-12 and is not checked", Quoted(name));
                let mut warning = Problem::warning("unknown_format", at.keyword("format"), message);
                warning.hint = did_you_mean(name, Format::names());
                warning
            };
            self.warnings.push(warning);
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
        let message = format!("{keyword} is {}, not {wanted}", shown(&value));
        self.problems.push(Problem::error("keyword_type", at.keyword(keyword), message));
        None
    }

    /// Notes that a keyword's value has the right type and makes no sense.
    pub(crate) fn wrong_value(
        &mut self,
        at: &Place<'a>,
        keyword: &str,
        message: String,
        hint: Option<String>,
    ) {
        self.problems.push(Problem { hint, ..Problem::error("keyword_value", at.keyword(keyword), message) });
    }
}
