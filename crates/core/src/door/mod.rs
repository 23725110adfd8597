//! The rules over JSON text, for languages that have none of Rust's types: a rule's name and JSON in, JSON out.
//!
//! Each rule reads its input, calls the room that decides, and writes what came out; nothing is decided here. Rules
//! that have a file in `tests/vectors/` bear its name, take its `input`, and give what its `expect` describes, so that
//! every language runs the vectors through this one door.

#[cfg(feature = "whole")]
mod api;
#[cfg(feature = "whole")]
mod bundle;
#[cfg(feature = "whole")]
mod dag;
#[cfg(feature = "whole")]
mod document;
#[cfg(feature = "whole")]
mod execution;
#[cfg(feature = "whole")]
mod fire;
mod form;
#[cfg(feature = "whole")]
mod gateway;
#[cfg(feature = "page")]
mod graph;
#[cfg(feature = "page")]
mod job;
mod mapping;
#[cfg(feature = "whole")]
mod notify;
#[cfg(feature = "whole")]
mod phase;
#[cfg(feature = "whole")]
mod placeholder;
#[cfg(feature = "page")]
mod reference;
#[cfg(feature = "page")]
mod run;
#[cfg(feature = "page")]
mod schedule;
mod text;
#[cfg(feature = "whole")]
mod wait;

#[cfg(feature = "whole")]
pub use gateway::job_configs;
pub use text::{error_text, plain_text, problems_text, violations_text};
#[cfg(feature = "whole")]
pub use text::{js_text, text};
#[cfg(feature = "whole")]
pub use wait::WaitMachine;

use crate::error::{Error, ErrorCode};
use crate::json::{self, Listed, Quoted};
use crate::value::{Map, Value};
#[cfg(feature = "whole")]
use serde::Serialize;
#[cfg(feature = "whole")]
use serde::de::DeserializeOwned;

/// What a rule makes of its input.
pub type Answer = Result<Value, Error>;

/// A rule over JSON.
pub type Rule = fn(Value) -> Answer;

#[cfg(feature = "whole")]
/// Every rule, by name.
pub const RULES: &[(&str, Rule)] = &[
    ("api_requests", api::request),
    ("bundle", bundle::load),
    ("dag_condition", dag::condition),
    ("dag_levels", graph::levels_of),
    ("dag_result", dag::result),
    ("dag_run_if", dag::run_if),
    ("dag_simulate", graph::simulation),
    ("errors", api::error),
    ("execution_admission", execution::admission),
    ("execution_child_parameters", execution::child),
    ("execution_parameters", execution::parameters),
    ("form_coerce", form::coerced),
    ("form_describe", form::described),
    ("gateway", gateway::gateway),
    ("layout", graph::picture),
    ("lint", document::lint),
    ("mapping", mapping::mapped),
    ("next_fire_times", schedule::next),
    ("notify", notify::told),
    ("notify_destination", notify::destination),
    ("notify_tries", notify::tries),
    ("params", document::params),
    ("reference", placeholder::text),
    ("reference_task", placeholder::task),
    ("registry", gateway::registry),
    ("resolve_references", reference::value),
    ("run_read", phase::read),
    ("run_view", run::view),
    ("run_write", phase::write),
    ("schedule", fire::cron),
    ("schedule_periodic", fire::periodic),
    ("select", dag::selection),
    ("source", document::source),
    ("validate_job", job::validate),
];

/// The rules of parameters alone, for a small program.
pub const PARAMETER_RULES: &[(&str, Rule)] =
    &[("form_coerce", form::coerced), ("form_describe", form::described), ("mapping", mapping::mapped)];

#[cfg(feature = "page")]
/// The rules that a page calls at any time.
pub const PAGE_RULES: &[(&str, Rule)] = &[
    ("dag_levels", graph::levels_of),
    ("dag_simulate", graph::simulation),
    ("form_coerce", form::coerced),
    ("form_describe", form::described),
    ("layout", graph::picture),
    ("mapping", mapping::mapped),
    ("next_fire_times", schedule::next),
    ("resolve_references", reference::value),
    ("run_view", run::view),
    ("validate_job", job::validate),
];

#[cfg(feature = "page")]
/// The rules that give more where YAML and time zones are built in, which a page loads when it first needs them.
pub const DEFINITION_RULES: &[(&str, Rule)] =
    &[("next_fire_times", schedule::next), ("validate_job", job::validate)];

#[cfg(feature = "whole")]
/// Calls a rule with JSON text.
///
/// # Errors
/// `INVALID_ARGUMENT` for a name that is no rule or an input that the rule cannot read, `MALFORMED` for text that is not
/// JSON, and the rule's own errors.
pub fn call(rule: &str, input: &str) -> Answer {
    call_one_of(RULES, rule, input)
}

/// The same with some of the rules, for a program that carries only these.
pub fn call_one_of(rules: &[(&str, Rule)], rule: &str, input: &str) -> Answer {
    let mut names = Vec::new();
    for (name, call) in rules {
        if *name == rule {
            return call(parse("call_rule", input)?);
        }
        names.push(*name);
    }
    let message = format!("{} is not a rule; rules are {}", Quoted(rule), Listed(&names, ", "));
    Err(Error::new(ErrorCode::InvalidArgument, "call_rule", message))
}

/// JSON text of the names of some of the rules.
pub fn names_text(rules: &[(&str, Rule)]) -> String {
    let mut names = Vec::new();
    for (name, _) in rules {
        names.push(Value::from(*name));
    }
    json::write(&Value::Array(names))
}

/// Reads JSON text.
///
/// # Errors
/// `MALFORMED` with the place where the text stops being JSON.
pub fn parse(operation: &'static str, text: &str) -> Result<Value, Error> {
    json::read(text)
        .map_err(|e| Error::new(ErrorCode::Malformed, operation, format!("the text is not valid JSON: {e}")))
}

/// The documents of an object by URI, as [`crate::params::Options`] takes them; none of any other value.
pub fn resources(documents: Value) -> Vec<(String, Value)> {
    match documents {
        Value::Object(documents) => documents.into_iter().collect(),
        _ => Vec::new(),
    }
}

/// An input, field by field.
struct Input(Map<String, Value>);

impl Input {
    fn of(input: Value) -> Result<Self, Error> {
        match input {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err(unreadable("it is not an object")),
        }
    }

    /// A field; `None` where it is absent or null.
    fn optional(&mut self, name: &str) -> Option<Value> {
        self.0.get_mut(name).map(Value::take).filter(|value| !value.is_null())
    }

    /// A field that must be there.
    fn required(&mut self, name: &str) -> Result<Value, Error> {
        let field = self.0.get_mut(name).map(Value::take);
        field.ok_or_else(|| unreadable(&format!("missing field `{name}`")))
    }

    #[cfg(feature = "page")]
    /// A field that is a list; an empty one where it is absent or null.
    fn list(&mut self, name: &str) -> Result<Vec<Value>, Error> {
        match self.optional(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(unreadable(&format!("`{name}` is not a list"))),
        }
    }

    #[cfg(feature = "page")]
    /// A field that is a list of texts.
    fn texts(&mut self, name: &str) -> Result<Vec<String>, Error> {
        let mut texts = Vec::new();
        for item in self.list(name)? {
            match item {
                Value::String(text) => texts.push(text),
                _ => return Err(unreadable(&format!("`{name}` is not a list of texts"))),
            }
        }
        Ok(texts)
    }

    #[cfg(feature = "page")]
    /// A field that is an integer of 64 bits.
    fn integer(&mut self, name: &str) -> Result<Option<i64>, Error> {
        match self.optional(name) {
            None => Ok(None),
            Some(value) => {
                let wrong = || unreadable(&format!("`{name}` is not an integer of 64 bits"));
                value.as_i64().ok_or_else(wrong).map(Some)
            }
        }
    }

    #[cfg(feature = "page")]
    /// A text that must be there.
    fn required_text(&mut self, name: &str) -> Result<String, Error> {
        self.text(name)?.ok_or_else(|| unreadable(&format!("missing field `{name}`")))
    }

    /// A field that is text.
    fn text(&mut self, name: &str) -> Result<Option<String>, Error> {
        match self.optional(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(unreadable(&format!("`{name}` is not text"))),
        }
    }
}

fn unreadable(why: &str) -> Error {
    Error::new(ErrorCode::InvalidArgument, "call_rule", format!("the input cannot be read: {why}"))
}

#[cfg(feature = "whole")]
/// An input as the type that a rule works with.
fn read<T: DeserializeOwned>(input: Value) -> Result<T, Error> {
    serde_json::from_value(input).map_err(|e| unreadable(&e.to_string()))
}

#[cfg(feature = "whole")]
/// What a rule gives, as JSON.
fn write(value: impl Serialize) -> Answer {
    serde_json::to_value(value).map_err(|e| {
        Error::new(ErrorCode::Internal, "call_rule", format!("the answer has no form in JSON: {e}"))
    })
}
