//! What the validator needs to see of an instance, so that host objects are validated where they are.
//!
//! Nothing here decides whether a value is valid.

use serde_json::Value;
use std::cmp::Ordering;
use std::fmt::{self, Write};

/// A handle on one JSON value; cloning it is cheap (a reference or a counted pointer).
///
/// `&serde_json::Value` is one. A binding implements it for its own objects. Looking at a value twice must
/// give the same answer, and the members of one object must have different names.
pub trait Instance: Clone {
    /// The text of a string or of a member's name.
    type Text: AsRef<str>;

    /// The value's kind, with the content of scalars.
    fn view(&self) -> View<Self::Text>;

    /// Number of items of an array or members of an object; 0 for every other kind.
    fn len(&self) -> usize;

    /// True for an empty array or object, and for every scalar.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A member of an object by name; `None` for every other kind.
    fn get(&self, name: &str) -> Option<Self>;

    /// The items of an array in order; nothing for every other kind.
    fn items(&self) -> impl Iterator<Item = Self>;

    /// The members of an object in any order; nothing for every other kind.
    fn members(&self) -> impl Iterator<Item = (Self::Text, Self)>;
}

/// One look at an instance.
#[derive(Clone, Copy, Debug)]
pub enum View<T> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// Any number.
    Number(Number),
    /// A string.
    String(T),
    /// An array; its content is read with [`Instance::items`].
    Array,
    /// An object; its content is read with [`Instance::members`].
    Object,
    /// A host value that JSON has no form for (a date object, NaN); the text names its type. Never valid.
    Foreign(&'static str),
}

/// A JSON number. Integers that fit 128 bits are exact; others are given as the nearest double, never NaN.
#[derive(Clone, Copy, Debug)]
pub enum Number {
    /// An integer.
    Int(i128),
    /// Everything else, whole doubles such as `1.0` included.
    Float(f64),
}

impl Number {
    /// True for whole numbers, `1.0` included (JSON Schema 2020-12 validation, section 6.1.1).
    pub fn is_integer(self) -> bool {
        match self {
            Self::Int(_) => true,
            Self::Float(value) => value.is_finite() && value.fract() == 0.0,
        }
    }

    /// Compares by mathematical value, with no rounding of integers beyond 2^53.
    pub fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a.cmp(&b),
            (Self::Float(a), Self::Float(b)) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
            (Self::Int(a), Self::Float(b)) => compare_mixed(a, b),
            (Self::Float(a), Self::Int(b)) => compare_mixed(b, a).reverse(),
        }
    }

    pub(crate) fn of(number: &serde_json::Number) -> Self {
        if let Some(value) = number.as_i64() {
            Self::Int(i128::from(value))
        } else if let Some(value) = number.as_u64() {
            Self::Int(i128::from(value))
        } else {
            Self::Float(number.as_f64().unwrap_or_default())
        }
    }
}

fn compare_mixed(int: i128, float: f64) -> Ordering {
    const TWO_POW_127: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;
    if float >= TWO_POW_127 {
        return Ordering::Less;
    }
    if float < -TWO_POW_127 {
        return Ordering::Greater;
    }
    let whole = float.trunc();
    int.cmp(&(whole as i128)).then_with(|| whole.partial_cmp(&float).unwrap_or(Ordering::Equal))
}

impl fmt::Display for Number {
    /// Whole numbers below 1e21 have no fraction and no exponent, whatever they came as: `1.0` and `1` are
    /// the same number, and JavaScript cannot tell them apart.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Int(value) => value.fmt(f),
            Self::Float(value) if value.fract() == 0.0 && value.abs() < 1e21 => (value as i128).fmt(f),
            Self::Float(value) if (1e-6..1e21).contains(&value.abs()) => value.fmt(f),
            Self::Float(value) => {
                let text = format!("{value:e}");
                f.write_str(&text)
            }
        }
    }
}

impl<'a> Instance for &'a Value {
    type Text = &'a str;

    fn view(&self) -> View<&'a str> {
        match self {
            Value::Null => View::Null,
            Value::Bool(value) => View::Bool(*value),
            Value::Number(value) => View::Number(Number::of(value)),
            Value::String(value) => View::String(value),
            Value::Array(_) => View::Array,
            Value::Object(_) => View::Object,
        }
    }

    fn len(&self) -> usize {
        match self {
            Value::Array(items) => items.len(),
            Value::Object(members) => members.len(),
            _ => 0,
        }
    }

    fn get(&self, name: &str) -> Option<Self> {
        self.as_object().and_then(|members| members.get(name))
    }

    fn items(&self) -> impl Iterator<Item = Self> {
        self.as_array().into_iter().flatten()
    }

    fn members(&self) -> impl Iterator<Item = (&'a str, Self)> {
        self.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
    }
}

/// A member's name seen as a string instance, for `propertyNames`.
#[derive(Clone, Copy)]
pub(crate) struct Name<'a>(pub(crate) &'a str);

impl<'a> Instance for Name<'a> {
    type Text = &'a str;

    fn view(&self) -> View<&'a str> {
        View::String(self.0)
    }
    fn len(&self) -> usize {
        0
    }
    fn get(&self, _: &str) -> Option<Self> {
        None
    }
    fn items(&self) -> impl Iterator<Item = Self> {
        std::iter::empty()
    }
    fn members(&self) -> impl Iterator<Item = (&'a str, Self)> {
        std::iter::empty()
    }
}

/// Characters of a value that a message shows.
const SHOWN: usize = 60;

/// The value as compact JSON with sorted names, cut to 60 characters.
pub(crate) fn shown<I: Instance>(instance: &I) -> String {
    let mut out = Shortened { text: String::new(), left: SHOWN };
    if write_json(&mut out, instance).is_err() {
        out.text.push('…');
    }
    out.text
}

/// Text in quotes, cut to 60 characters.
pub(crate) fn quoted(text: &str) -> String {
    shown(&Name(text))
}

struct Shortened {
    text: String,
    left: usize,
}

impl Write for Shortened {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
            self.text.push(c);
        }
        Ok(())
    }
}

/// Ends early when `out` is full, so deep or long instances cost no more than what is shown.
fn write_json<I: Instance>(out: &mut Shortened, instance: &I) -> fmt::Result {
    match instance.view() {
        View::Null => out.write_str("null"),
        View::Bool(value) => write!(out, "{value}"),
        View::Number(value) => write!(out, "{value}"),
        View::String(text) => write_string(out, text.as_ref()),
        View::Foreign(name) => write!(out, "<{name}>"),
        View::Array => {
            out.write_char('[')?;
            for (n, item) in instance.items().enumerate() {
                if n > 0 {
                    out.write_char(',')?;
                }
                write_json(out, &item)?;
            }
            out.write_char(']')
        }
        View::Object => {
            let mut members: Vec<_> = instance.members().collect();
            members.sort_by(|a, b| a.0.as_ref().cmp(b.0.as_ref()));
            out.write_char('{')?;
            for (n, (name, value)) in members.iter().enumerate() {
                if n > 0 {
                    out.write_char(',')?;
                }
                write_string(out, name.as_ref())?;
                out.write_char(':')?;
                write_json(out, value)?;
            }
            out.write_char('}')
        }
    }
}

fn write_string(out: &mut Shortened, text: &str) -> fmt::Result {
    out.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            c if c < ' ' => write!(out, "\\u{:04x}", u32::from(c))?,
            c => out.write_char(c)?,
        }
    }
    out.write_char('"')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn integers_beyond_a_double_compare_exactly() {
        let big = Number::Int(9_007_199_254_740_993);
        assert_eq!(big.compare(Number::Float(9_007_199_254_740_992.0)), Ordering::Greater);
        assert_eq!(Number::Float(2.5).compare(Number::Int(2)), Ordering::Greater);
        assert_eq!(Number::Float(-2.5).compare(Number::Int(-2)), Ordering::Less);
        assert_eq!(Number::Int(i128::MAX).compare(Number::Float(1e300)), Ordering::Less);
        assert_eq!(Number::Int(i128::MIN).compare(Number::Float(-1e300)), Ordering::Greater);
    }

    #[test]
    fn values_are_shown_short_and_in_one_way() {
        assert_eq!(
            shown(&&json!({"b": [1.0, 1.5e-9, null], "a": "x\n"})),
            r#"{"a":"x\n","b":[1,1.5e-9,null]}"#
        );
        let long = shown(&&json!("x".repeat(500)));
        assert_eq!(long.chars().count(), 61);
        assert!(long.ends_with('…'));
        assert_eq!(Number::Float(1e21).to_string(), "1e21");
        assert_eq!(Number::Float(1e20).to_string(), "100000000000000000000");
        assert_eq!(Number::Float(0.1).to_string(), "0.1");
    }
}
