//! Values as `serde_json` has them, with the part of its functions that the small modules need, in little code.
#![cfg_attr(feature = "whole", expect(unnameable_types, reason = "a test beside serde_json's"))]

use super::map::Map;

/// A JSON value.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// Any number.
    Number(Number),
    /// A text.
    String(String),
    /// An array.
    Array(Vec<Self>),
    /// An object.
    Object(Map<String, Self>),
}

impl Value {
    /// True for `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// True for an array.
    pub fn is_array(&self) -> bool {
        matches!(self, Self::Array(_))
    }

    /// True for a text.
    pub fn is_string(&self) -> bool {
        matches!(self, Self::String(_))
    }

    /// True for an object.
    pub fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// True for `true` and `false`.
    pub fn is_boolean(&self) -> bool {
        matches!(self, Self::Bool(_))
    }

    /// The text; `None` for every other kind, as below.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The items.
    pub fn as_array(&self) -> Option<&Vec<Self>> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    /// The members.
    pub fn as_object(&self) -> Option<&Map<String, Self>> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    /// True or false.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(flag) = self { Some(*flag) } else { None }
    }

    /// The whole number from 0.
    pub fn as_u64(&self) -> Option<u64> {
        if let Self::Number(number) = self { number.as_u64() } else { None }
    }

    /// The whole number.
    pub fn as_i64(&self) -> Option<i64> {
        if let Self::Number(number) = self { number.as_i64() } else { None }
    }

    /// A member by name.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.as_object()?.get(name)
    }

    /// Leaves `null` behind.
    #[must_use]
    pub fn take(&mut self) -> Self {
        std::mem::take(self)
    }
}

impl PartialEq<str> for Value {
    fn eq(&self, text: &str) -> bool {
        self.as_str() == Some(text)
    }
}

impl PartialEq<&str> for Value {
    fn eq(&self, text: &&str) -> bool {
        *self == **text
    }
}

macro_rules! values {
    ($($type:ty => |$from:ident| $value:expr,)*) => {
        $(impl From<$type> for Value {
            fn from($from: $type) -> Self {
                $value
            }
        })*
    };
}

values! {
    bool => |flag| Self::Bool(flag),
    u32 => |value| Self::Number(u64::from(value).into()),
    usize => |value| Self::Number((value as u64).into()),
    i32 => |value| Self::from(i64::from(value)),
    i64 => |value| Self::Number(value.into()),
    f64 => |value| Number::from_f64(value).map_or(Self::Null, Self::Number),
    &str => |text| Self::String(text.to_owned()),
    String => |text| Self::String(text),
    Vec<Value> => |items| Self::Array(items),
    Vec<String> => |texts| Self::Array(texts.into_iter().map(Self::String).collect()),
    Map<String, Value> => |members| Self::Object(members),
    Option<i64> => |value| value.map_or(Self::Null, Self::from),
    Option<&str> => |text| text.map_or(Self::Null, Self::from),
}

/// A number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number(N);

#[derive(Clone, Copy, Debug, PartialEq)]
enum N {
    /// From 0.
    Whole(u64),
    /// Less than 0.
    Negative(i64),
    /// Finite.
    Float(f64),
}

impl Number {
    /// A double; `None` when it is not finite.
    pub fn from_f64(value: f64) -> Option<Self> {
        if value.is_finite() { Some(Self(N::Float(value))) } else { None }
    }

    /// True for what was written with a fraction or an exponent, or has more than 64 bits.
    pub fn is_f64(&self) -> bool {
        matches!(self.0, N::Float(_))
    }

    /// As a whole number from 0.
    pub fn as_u64(&self) -> Option<u64> {
        if let N::Whole(value) = self.0 { Some(value) } else { None }
    }

    /// As a whole number.
    pub fn as_i64(&self) -> Option<i64> {
        match self.0 {
            N::Whole(value) => i64::try_from(value).ok(),
            N::Negative(value) => Some(value),
            N::Float(_) => None,
        }
    }

    /// As the nearest double, which every number has.
    #[cfg_attr(feature = "whole", expect(clippy::unnecessary_wraps, reason = "as serde_json has it"))]
    pub fn as_f64(&self) -> Option<f64> {
        Some(match self.0 {
            N::Whole(value) => value as f64,
            N::Negative(value) => value as f64,
            N::Float(value) => value,
        })
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Self(N::Whole(value))
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(u64::try_from(value).map_or(N::Negative(value), N::Whole))
    }
}
