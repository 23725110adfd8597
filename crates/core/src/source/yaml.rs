//! YAML: `serde-saphyr` reads it, this module keeps the places and words the errors for people.
//!
//! Booleans are those of YAML 1.2 (`yes` is text), `010` is text, merge keys are expanded, and the parser's budgets for
//! aliases, depth and size hold.

use super::rules;
use super::tree::{Data, Mark, Member, Node};
use crate::problem::Problem;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_saphyr::options::DuplicateKeyPolicy;
use serde_saphyr::{Location, Spanned};
use std::fmt;
use std::sync::Arc;

/// Reads one YAML document. Names that an object has twice are kept; the caller judges them.
pub(super) fn read(file: &Arc<str>, text: &str) -> Result<Node, Vec<Problem>> {
    let options = serde_saphyr::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
    };
    match serde_saphyr::from_str_with_options::<Spanned<Raw>>(text, options) {
        Ok(raw) => Ok(raw.value.node(file, raw.referenced)),
        Err(error) => Err(vec![problem(file, text, error.without_snippet())]),
    }
}

/// What the parser gives, before the file's name is put on it.
enum Raw {
    Data(Data),
    List(Vec<Spanned<Raw>>),
    Object(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl Raw {
    fn node(self, file: &Arc<str>, at: Location) -> Node {
        let data = match self {
            Self::Data(data) => data,
            Self::List(items) => {
                Data::List(items.into_iter().map(|item| item.value.node(file, item.referenced)).collect())
            }
            Self::Object(members) => Data::Object(
                members
                    .into_iter()
                    .map(|(key, value)| Member {
                        key: key.value,
                        mark: mark(file, key.referenced),
                        value: value.value.node(file, value.referenced),
                    })
                    .collect(),
            ),
        };
        Node::new(data, mark(file, at))
    }
}

fn mark(file: &Arc<str>, at: Location) -> Mark {
    Mark::new(file, at.line().max(1) as u32, at.column().max(1) as u32)
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Data(Data::Null))
    }
    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Data(Data::Null))
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        deserializer.deserialize_any(self)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Data(Data::Bool(value)))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Data(Data::Number(value.into())))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Data(Data::Number(value.into())))
    }
    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Raw, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("the number is not finite"))?;
        Ok(Raw::Data(Data::Number(number)))
    }
    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Data(Data::Text(value.to_owned())))
    }
    fn visit_string<E>(self, value: String) -> Result<Raw, E> {
        Ok(Raw::Data(Data::Text(value)))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Raw, A::Error> {
        let mut object = Vec::new();
        while let Some(key) = members.next_key()? {
            object.push((key, members.next_value()?));
        }
        Ok(Raw::Object(object))
    }
}

/// Words and a hint for the parser's error.
fn problem(file: &Arc<str>, text: &str, error: &serde_saphyr::Error) -> Problem {
    let mark = error.location().map_or_else(|| Mark::new(file, 1, 1), |at| mark(file, at));
    let rendered = error.to_string();
    let said = rendered.split(" at line ").next().unwrap_or(&rendered);
    let line = text.lines().nth(mark.line as usize - 1).unwrap_or_default();
    let rest: String = line.chars().skip(mark.column as usize - 1).collect();
    let (message, hint) = words(said, line, &rest);
    let problem = rules::BAD_YAML.problem("", message);
    mark.put_on(match hint {
        Some(hint) => problem.with_hint(hint),
        None => problem,
    })
}

fn words(said: &str, line: &str, rest: &str) -> (String, Option<&'static str>) {
    let plain = |hint| (format!("the YAML is broken: {said}"), hint);
    if said.contains("multiple YAML documents") {
        let message = "a second YAML document begins here; a file holds one".to_owned();
        return (message, Some("remove the `---` line, or move the second part to a file of its own"));
    }
    if said.contains("tab") {
        return plain(Some("indent with spaces"));
    }
    if said.starts_with("expected string scalar") || said.starts_with("cannot deserialize null into string") {
        let message = "the name of a field must be text".to_owned();
        let hint = line.contains("{{").then_some("put quotes around a value that begins with `{{`");
        return (message, hint);
    }
    if said.contains("non-finite") {
        return (
            format!("the YAML is broken: {said}"),
            Some("JSON has no such number; quote it to keep it as text"),
        );
    }
    if said.starts_with("budget breached") || said.contains("recursion limit") || said.contains("alias") {
        let hint = if said.contains("unknown anchor") {
            "define the anchor with `&name` above its first use"
        } else {
            "the file nests or repeats aliases beyond the reader's limits"
        };
        return plain(Some(hint));
    }
    if rest.starts_with(['@', '%', '`', '*', '&', '!']) {
        return plain(Some("put quotes around a value that begins with this character"));
    }
    if said.contains("mapping values are not allowed") || said.contains("illegal placement of ':'") {
        return plain(Some("put quotes around a value that contains `: `, and close every bracket above"));
    }
    if said.contains("expected key") || said.contains("indentation") {
        return plain(Some("check the indentation of this line and of the one above"));
    }
    plain(None)
}
