//! How definition types read themselves from JSON and write themselves back.
//!
//! Reading is lenient and total: a wrong value is a [`Problem`] with its path and the reader goes on, so one pass
//! finds every wrong type. Fields that a type does not know stay in its `unknown` map and are written back as they
//! came (design rule 3). This module holds no rule about what values mean; that is the lint's work.

mod macros;
mod shape;

pub use shape::{Field, Kind, Shape};
pub(crate) use shape::{Misfit, compare, integer};

use crate::json;
use crate::problem::Problem;
use crate::value::{Map, Value};

pub use crate::json::Path;

/// A type that reads itself from JSON and writes itself back.
pub trait Wire: Sized {
    /// What [`Self::read`] takes without a problem.
    const KIND: Kind = Kind::Any;

    /// Whether a field of this type may be left out, or null: then [`Self::absent`] says what that means.
    const OPTIONAL: bool = false;

    /// Reads a present, non-null value. `None` after a problem that leaves nothing to work with.
    fn read(value: &Value, path: &Path<'_>, problems: &mut Vec<Problem>) -> Option<Self>;

    /// Writes the value as it goes on the wire.
    fn write(&self) -> Value;

    /// What a missing or null field means; `None` makes the field required.
    fn absent() -> Option<Self> {
        None
    }

    /// True when writing may leave the field out.
    fn is_absent(&self) -> bool {
        false
    }

    /// What stands in for a value that could not be read, once its problem was reported. With it a list keeps its
    /// length, so the paths of the other elements stay right and the lint can go on.
    fn stand_in() -> Option<Self> {
        None
    }
}

/// The name of a JSON type with its article, for messages.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The value as a person would recognise it, cut at 40 characters.
pub(crate) fn excerpt(value: &Value) -> String {
    let text = json::write(value);
    match text.char_indices().nth(40) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}

pub(crate) fn missing_field(name: &str, path: &Path<'_>) -> Problem {
    Problem::error("missing_field", path.to_string(), format!("required field `{name}` is missing"))
}

pub(crate) fn wrong_type(value: &Value, path: &Path<'_>, wanted: &str) -> Problem {
    let message = format!("expected {wanted}, found {} {}", type_name(value), excerpt(value));
    Problem::error("wrong_type", path.to_string(), message)
}

/// Reads one member of an object; pushes a problem when it is required and missing.
pub fn field<T: Wire>(
    object: &Map<String, Value>,
    name: &str,
    path: &Path<'_>,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    match object.get(name) {
        None | Some(Value::Null) => {
            if !T::OPTIONAL {
                problems.push(missing_field(name, path));
            }
            T::absent()
        }
        Some(value) => T::read(value, &path.key(name), problems),
    }
}

impl<T: Wire> Wire for Option<T> {
    const KIND: Kind = T::KIND;
    const OPTIONAL: bool = true;

    fn read(value: &Value, path: &Path<'_>, problems: &mut Vec<Problem>) -> Option<Self> {
        // A wrong optional value is already a problem; going on without it finds the others too.
        Some(T::read(value, path, problems))
    }
    fn write(&self) -> Value {
        self.as_ref().map_or(Value::Null, Wire::write)
    }
    fn absent() -> Option<Self> {
        Some(None)
    }
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T: Wire> Wire for Vec<T> {
    const KIND: Kind = Kind::List(&T::KIND);
    const OPTIONAL: bool = true;

    fn read(value: &Value, path: &Path<'_>, problems: &mut Vec<Problem>) -> Option<Self> {
        let Value::Array(items) = value else {
            problems.push(wrong_type(value, path, Self::KIND.wanted()));
            return Some(Self::new());
        };
        Some(
            items
                .iter()
                .enumerate()
                .filter_map(|(n, item)| T::read(item, &path.index(n), problems).or_else(T::stand_in))
                .collect(),
        )
    }
    fn write(&self) -> Value {
        Value::Array(self.iter().map(Wire::write).collect())
    }
    fn absent() -> Option<Self> {
        Some(Self::new())
    }
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl<T: Wire> Wire for Box<T> {
    const KIND: Kind = Kind::Again(|| T::KIND);
    const OPTIONAL: bool = T::OPTIONAL;

    fn read(value: &Value, path: &Path<'_>, problems: &mut Vec<Problem>) -> Option<Self> {
        T::read(value, path, problems).map(Self::new)
    }
    fn write(&self) -> Value {
        (**self).write()
    }
    fn stand_in() -> Option<Self> {
        T::stand_in().map(Self::new)
    }
}

impl Wire for String {
    const KIND: Kind = Kind::Text;

    fn read(value: &Value, path: &Path<'_>, problems: &mut Vec<Problem>) -> Option<Self> {
        match value {
            Value::String(text) => Some(text.clone()),
            other => {
                problems.push(wrong_type(other, path, Self::KIND.wanted()));
                None
            }
        }
    }
    fn write(&self) -> Value {
        Value::String(self.clone())
    }
    fn stand_in() -> Option<Self> {
        Some(Self::new())
    }
}

impl Wire for bool {
    const KIND: Kind = Kind::Flag;

    fn read(value: &Value, path: &Path<'_>, problems: &mut Vec<Problem>) -> Option<Self> {
        let read = value.as_bool();
        if read.is_none() {
            problems.push(wrong_type(value, path, Self::KIND.wanted()));
        }
        read
    }
    fn write(&self) -> Value {
        Value::Bool(*self)
    }
    fn stand_in() -> Option<Self> {
        Some(false)
    }
}

impl Wire for i64 {
    const KIND: Kind = Kind::Integer;

    fn read(value: &Value, path: &Path<'_>, problems: &mut Vec<Problem>) -> Option<Self> {
        let read = integer(value);
        if read.is_none() {
            problems.push(wrong_type(value, path, Self::KIND.wanted()));
        }
        read
    }
    fn write(&self) -> Value {
        Value::from(*self)
    }
    fn stand_in() -> Option<Self> {
        Some(0)
    }
}

macro_rules! wire_id {
    ($($id:ty),*) => {$(
        impl Wire for $id {
            const KIND: Kind = Kind::Integer;

            fn read(value: &Value, path: &Path<'_>, problems: &mut Vec<Problem>) -> Option<Self> {
                i64::read(value, path, problems).map(Self)
            }
            fn write(&self) -> Value {
                Value::from(self.0)
            }
            fn stand_in() -> Option<Self> {
                Some(Self(0))
            }
        }
    )*};
}
wire_id!(crate::id::JobId, crate::id::RunId);

/// An opaque block: kept and written back as it came.
impl Wire for Value {
    fn read(value: &Value, _path: &Path<'_>, _problems: &mut Vec<Problem>) -> Option<Self> {
        Some(value.clone())
    }
    fn write(&self) -> Value {
        self.clone()
    }
}

/// A map from names to text in the order it was written. Numbers and booleans are turned into text
/// (reference section 12.1); the order matters where the map becomes a command line (section 5.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextMap(Vec<(String, String)>);

impl TextMap {
    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Sets a name: in place when it is there already, else at the end.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let (name, value) = (name.into(), value.into());
        match self.0.iter_mut().find(|(key, _)| *key == name) {
            Some(entry) => entry.1 = value,
            None => self.0.push((name, value)),
        }
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// True without entries.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for TextMap {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::default();
        for (key, value) in entries {
            map.insert(key, value);
        }
        map
    }
}

/// The text of a scalar as reference section 13.7 says; `None` for null, lists and objects.
pub fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(json::write(value)),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

impl Wire for TextMap {
    const KIND: Kind = Kind::Texts;
    const OPTIONAL: bool = true;

    fn read(value: &Value, path: &Path<'_>, problems: &mut Vec<Problem>) -> Option<Self> {
        let Value::Object(entries) = value else {
            problems.push(wrong_type(value, path, Self::KIND.wanted()));
            return Some(Self::default());
        };
        let mut map = Self::default();
        for (key, entry) in entries {
            match scalar_text(entry) {
                Some(text) => map.insert(key.clone(), text),
                None => problems.push(wrong_type(entry, &path.key(key), Kind::Scalar.wanted())),
            }
        }
        Some(map)
    }
    fn write(&self) -> Value {
        Value::Object(self.iter().map(|(key, value)| (key.to_owned(), Value::from(value))).collect())
    }
    fn absent() -> Option<Self> {
        Some(Self::default())
    }
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

/// Text that may also be written as a number or a boolean, as job parameter defaults often are.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text(pub String);

impl Wire for Text {
    const KIND: Kind = Kind::Scalar;

    fn read(value: &Value, path: &Path<'_>, problems: &mut Vec<Problem>) -> Option<Self> {
        let text = scalar_text(value);
        if text.is_none() {
            problems.push(wrong_type(value, path, Self::KIND.wanted()));
        }
        text.map(Self)
    }
    fn write(&self) -> Value {
        Value::from(self.0.as_str())
    }
    fn stand_in() -> Option<Self> {
        Some(Self::default())
    }
}

pub(crate) use macros::{open_enum, wire_serde, wire_struct};

wire_serde!(TextMap);
wire_serde!(Text);
