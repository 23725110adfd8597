//! Puts values in the place of references, in texts and in whole JSON values, and lists references without values.

use super::path::{Mode, Reference};
use super::template::{Part, Placeholder, parse, references_in};
use crate::json::{self, Object, ToJson};
use crate::value::Value;
use serde::Serialize;
use std::fmt;

/// Why a reference has no value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// Stable name of the reason, in `snake_case`.
    pub code: &'static str,
    /// A sentence without full stop.
    pub reason: String,
}

impl Missing {
    /// A reason.
    pub fn new(code: &'static str, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }

    /// The same; the sentence is written here and not where the reason is found, which is shorter.
    #[inline(never)]
    pub(super) fn of(code: &'static str, reason: fmt::Arguments<'_>) -> Self {
        Self { code, reason: reason.to_string() }
    }
}

/// Where values come from.
pub trait Scope {
    /// The value of a reference, or why there is none.
    fn get(&self, reference: &Reference) -> Result<Value, Missing>;
}

/// A reference that stays without value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unresolved {
    /// Path of the text in the JSON value; empty for a text alone.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// The reference with its braces, as it was written.
    pub text: String,
    /// Stable name of the reason: `unknown_reference`, or the scope's.
    pub code: &'static str,
    /// A sentence without full stop.
    pub reason: String,
}

impl ToJson for Unresolved {
    fn to_json(&self) -> Value {
        let mut told = Object::default();
        told.set_some("path", Some(self.path.as_str()).filter(|path| !path.is_empty()));
        told.set("text", self.text.as_str());
        told.set("code", self.code);
        told.set("reason", self.reason.as_str());
        told.into()
    }
}

/// A reference in a JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Path of the text from the root of the value: `base_parameters.date`, `parameters[2]`; empty for the root.
    pub path: String,
    /// The reference. A problem in it carries the path.
    pub placeholder: Placeholder,
}

/// The text with a value in the place of every reference, or all references that have none.
///
/// Values become text by [`value_text`]. What they bring in is not looked at again.
pub fn resolve(text: &str, mode: Mode, scope: &dyn Scope) -> Result<String, Vec<Unresolved>> {
    let mut resolved = String::with_capacity(text.len());
    let mut unresolved = Vec::new();
    for part in parse(text, mode).parts() {
        match part {
            Part::Literal(literal) => resolved.push_str(literal),
            Part::Placeholder(placeholder) => match value_of(placeholder, scope) {
                Ok(value) => resolved.push_str(&value_text(&value)),
                Err(missing) => unresolved.push(Unresolved {
                    path: String::new(),
                    text: placeholder.text.clone(),
                    code: missing.code,
                    reason: missing.reason,
                }),
            },
        }
    }
    if unresolved.is_empty() { Ok(resolved) } else { Err(unresolved) }
}

/// The same for every text in a JSON value; keys and everything that is not text stay as they are.
pub fn resolve_value(value: &Value, mode: Mode, scope: &dyn Scope) -> Result<Value, Vec<Unresolved>> {
    let mut copy = value.clone();
    let mut unresolved = Vec::new();
    resolve_in_place(&mut copy, "", mode, scope, &mut unresolved);
    if unresolved.is_empty() { Ok(copy) } else { Err(unresolved) }
}

pub(super) fn resolve_in_place(
    value: &mut Value,
    path: &str,
    mode: Mode,
    scope: &dyn Scope,
    unresolved: &mut Vec<Unresolved>,
) {
    match value {
        Value::String(text) => match resolve(text, mode, scope) {
            Ok(resolved) => *text = resolved,
            Err(found) => {
                unresolved.extend(found.into_iter().map(|u| Unresolved { path: path.to_owned(), ..u }));
            }
        },
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                resolve_in_place(item, &format!("{path}[{index}]"), mode, scope, unresolved);
            }
        }
        Value::Object(members) => {
            for (key, member) in members.iter_mut() {
                resolve_in_place(member, &member_path(path, key), mode, scope, unresolved);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Every reference in every text of a JSON value, in the order of the document.
pub fn scan(value: &Value, mode: Mode) -> Vec<Found> {
    let mut found = Vec::new();
    scan_into(value, "", mode, &mut found);
    found
}

pub(super) fn scan_into(value: &Value, path: &str, mode: Mode, found: &mut Vec<Found>) {
    match value {
        Value::String(text) => found.extend(references_in(text, mode).into_iter().map(|mut placeholder| {
            if let Err(problem) = &mut placeholder.reference {
                path.clone_into(&mut problem.path);
            }
            Found { path: path.to_owned(), placeholder }
        })),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                scan_into(item, &format!("{path}[{index}]"), mode, found);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                scan_into(member, &member_path(path, key), mode, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A value as it stands in a resolved text (reference section 13.7): texts as they are, booleans `true` and
/// `false`, numbers and everything else as compact JSON.
pub fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => json::write(other),
    }
}

fn value_of(placeholder: &Placeholder, scope: &dyn Scope) -> Result<Value, Missing> {
    match &placeholder.reference {
        Ok(reference) => scope.get(reference),
        Err(problem) => Err(Missing::new(problem.code, problem.message.clone())),
    }
}

pub(super) fn member_path(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
