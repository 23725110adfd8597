//! What the fields of a definition hold, as data: each type that [`super::Wire`] reads says it once, as a [`Kind`], and
//! [`compare`] holds a document against it. What values mean is not looked at.

use super::Path;
use crate::value::Value;

/// What a value has to be.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Anything: an opaque block.
    Any,
    /// A text.
    Text,
    /// A text, or a number or boolean that is read as one.
    Scalar,
    /// True or false.
    Flag,
    /// A 64-bit integer, or a text that holds one (open point 27).
    Integer,
    /// An object of scalars.
    Texts,
    /// A text, most likely one of these.
    Choice(&'static [&'static str]),
    /// An object of this shape.
    Object(&'static Shape),
    /// A list of such values.
    List(&'static Self),
    /// What a type says that holds itself.
    Again(fn() -> Self),
}

/// The fields that an object may have, in the order of the reference.
#[derive(Debug)]
pub struct Shape(pub &'static [Field]);

/// A field of an object.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// It may be left out, or null.
    pub optional: bool,
}

/// What does not fit.
#[derive(Clone, Copy)]
pub(crate) enum Misfit<'a> {
    /// A value is not what its field asks for.
    WrongType { value: &'a Value, wanted: &'static str },
    /// A required field of the object is missing.
    Missing(&'static str),
    /// A field that the shape does not have.
    UnknownField { name: &'a str, shape: &'static Shape },
    /// A text that is none of the known ones.
    UnknownValue { text: &'a str, known: &'static [&'static str] },
}

impl Kind {
    /// What is asked for, with its article.
    pub(crate) fn wanted(self) -> &'static str {
        match self {
            Self::Any => "a value",
            Self::Text | Self::Scalar | Self::Choice(_) => "a string",
            Self::Flag => "true or false",
            Self::Integer => "a 64-bit integer",
            Self::Texts => "an object of strings",
            Self::Object(_) => "an object",
            Self::List(_) => "a list",
            Self::Again(kind) => kind().wanted(),
        }
    }

    /// Whether a value is of this kind, what is inside of it left aside.
    fn takes(self, value: &Value) -> bool {
        match self {
            Self::Any => true,
            Self::Text | Self::Choice(_) => value.is_string(),
            Self::Scalar => is_scalar(value),
            Self::Flag => value.is_boolean(),
            Self::Integer => integer(value).is_some(),
            Self::Texts | Self::Object(_) => value.is_object(),
            Self::List(_) => value.is_array(),
            Self::Again(kind) => kind().takes(value),
        }
    }
}

impl Shape {
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|field| field.name)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|field| field.name == name)
    }
}

/// A 64-bit integer; text that holds one counts, too (open point 27).
pub(crate) fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

fn is_scalar(value: &Value) -> bool {
    matches!(value, Value::String(_) | Value::Bool(_) | Value::Number(_))
}

/// Shows everything in a value that does not fit its kind: parents first, then fields in the order of their shape.
pub(crate) fn compare<'a>(
    value: &'a Value,
    kind: Kind,
    path: &Path<'_>,
    visit: &mut dyn FnMut(&Path<'_>, Misfit<'a>),
) {
    if !kind.takes(value) {
        return visit(path, Misfit::WrongType { value, wanted: kind.wanted() });
    }
    match (kind, value) {
        (Kind::Choice(known), Value::String(text)) if !known.contains(&text.as_str()) => {
            visit(path, Misfit::UnknownValue { text, known });
        }
        (Kind::Again(kind), _) => compare(value, kind(), path, visit),
        (Kind::Texts, Value::Object(members)) => {
            for (name, value) in members {
                compare(value, Kind::Scalar, &path.key(name), visit);
            }
        }
        (Kind::List(kind), Value::Array(items)) => {
            for (n, item) in items.iter().enumerate() {
                compare(item, *kind, &path.index(n), visit);
            }
        }
        (Kind::Object(shape), Value::Object(members)) => {
            for name in members.keys().filter(|name| !shape.has(name)) {
                visit(path, Misfit::UnknownField { name, shape });
            }
            for field in shape.0 {
                match members.get(field.name) {
                    None | Some(Value::Null) if field.optional => {}
                    None | Some(Value::Null) => visit(path, Misfit::Missing(field.name)),
                    Some(value) => compare(value, field.kind, &path.key(field.name), visit),
                }
            }
        }
        _ => {}
    }
}
