//! What the validator needs to see of an instance, so that host objects are validated where they are.
//!
//! Nothing here decides whether a value is valid.

use super::check::for_each_member;
use crate::json::decimal::Decimal;
use crate::json::quote;
use crate::value::{self, Map, Value};
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

    pub(crate) fn of(number: &value::Number) -> Self {
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
    int.cmp(&as_int(whole)).then_with(|| whole.partial_cmp(&float).unwrap_or(Ordering::Equal))
}

/// A whole double below 2^127 as an integer, exactly. In steps of 64 bits, as everything with 128 bits here: what the compiler
/// would call for it is much code, which a small program needs for nothing else.
fn as_int(whole: f64) -> i128 {
    let (mut rest, mut doublings) = (whole, 0);
    while rest.abs() >= 9_223_372_036_854_775_808.0 {
        // Exact: such a double has zeros at its end.
        rest /= 2.0;
        doublings += 1;
    }
    let mut int = i128::from(rest as i64);
    for _ in 0..doublings {
        int += int;
    }
    int
}

impl fmt::Display for Number {
    /// Whole numbers below 1e21 have no fraction and no exponent, whatever they came as: `1.0` and `1` are
    /// the same number, and JavaScript cannot tell them apart.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Int(value) => write_whole(f, value),
            Self::Float(value) if value.fract() == 0.0 && value.abs() < 1e21 => write_whole(f, as_int(value)),
            Self::Float(value) => {
                let decimal = Decimal::shortest(value);
                let plain = (1e-6..1e21).contains(&value.abs());
                f.write_str(if value < 0.0 { "-" } else { "" })?;
                f.write_str(&if plain { decimal.plain() } else { decimal.scientific("") })
            }
        }
    }
}

/// Nearly all have 64 bits; the rest is divided by hand, since the division of 128 bits is code of its own.
fn write_whole(f: &mut fmt::Formatter<'_>, value: i128) -> fmt::Result {
    const PART: u32 = 1_000_000_000;
    if let Ok(value) = i64::try_from(value) {
        return write!(f, "{value}");
    }
    let mut rest = value.unsigned_abs();
    let mut parts = Vec::new();
    while rest > 0 {
        let (quotient, part) = divided(rest, PART);
        parts.push(part);
        rest = quotient;
    }
    f.write_str(if value < 0 { "-" } else { "" })?;
    for (n, part) in parts.iter().rev().enumerate() {
        if n == 0 { write!(f, "{part}")? } else { write!(f, "{part:09}")? }
    }
    Ok(())
}

/// The quotient, and what is left.
pub(super) fn divided(value: u128, by: u32) -> (u128, u64) {
    let (mut quotient, mut rest) = (0, 0);
    for part in &[(value >> 96) as u32, (value >> 64) as u32, (value >> 32) as u32, value as u32] {
        let over = rest << 32 | u64::from(*part);
        quotient = quotient << 32 | u128::from(over / u64::from(by));
        rest = over % u64::from(by);
    }
    (quotient, rest)
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
        self.as_array().map_or(&[][..], Vec::as_slice).iter()
    }

    fn members(&self) -> impl Iterator<Item = (&'a str, Self)> {
        Members(self.as_object().map(Map::iter))
    }
}

struct Members<'a>(Option<<&'a Map<String, Value> as IntoIterator>::IntoIter>);

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, &'a Value);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, value) = self.0.as_mut()?.next()?;
        Some((name, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.as_ref().map_or((0, Some(0)), Iterator::size_hint)
    }
}

/// Characters of a value that a message shows.
const SHOWN: usize = 60;

/// The value as compact JSON with sorted names, cut to 60 characters.
pub(crate) struct Shown<'a, I>(pub(crate) &'a I);

impl<I: Instance> fmt::Display for Shown<'_, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Shortened::default();
        let written = write_json(&mut out, self.0);
        out.end(written, f)
    }
}

/// Text in quotes, cut to 60 characters.
pub(crate) struct ShownText<'a>(pub(crate) &'a str);

impl fmt::Display for ShownText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Shortened::default();
        let written = quote(&mut out, self.0);
        out.end(written, f)
    }
}

#[derive(Default)]
struct Shortened {
    text: String,
    characters: usize,
}

impl Shortened {
    /// Writes what was taken; a mark where that is not all.
    fn end(&self, written: fmt::Result, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        f.write_str(if written.is_err() { "…" } else { "" })
    }
}

impl Write for Shortened {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            if self.characters == SHOWN {
                return Err(fmt::Error);
            }
            self.characters += 1;
            self.text.push(c);
        }
        Ok(())
    }
}

/// Ends early when `out` is full, so deep or long instances cost no more than what is shown.
fn write_json<I: Instance>(out: &mut Shortened, instance: &I) -> fmt::Result {
    match instance.view() {
        View::Null => out.write_str("null"),
        View::Bool(value) => out.write_str(if value { "true" } else { "false" }),
        View::Number(value) => write!(out, "{value}"),
        View::String(text) => quote(out, text.as_ref()),
        View::Foreign(name) => write!(out, "<{name}>"),
        View::Array => {
            let mut before = "[";
            for item in instance.items() {
                out.write_str(before)?;
                before = ",";
                write_json(out, &item)?;
            }
            out.write_str(if before == "[" { "[]" } else { "]" })
        }
        View::Object => {
            let mut before = "{";
            let mut written = Ok(());
            for_each_member(instance, true, |_, name, value| {
                written = write_member(out, before, name, value);
                before = ",";
                written.is_ok()
            });
            written?;
            out.write_str(if before == "{" { "{}" } else { "}" })
        }
    }
}

fn write_member<I: Instance>(out: &mut Shortened, before: &str, name: &str, value: &I) -> fmt::Result {
    out.write_str(before)?;
    quote(out, name)?;
    out.write_str(":")?;
    write_json(out, value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn doubles_become_integers_as_the_compiler_does_it() {
        for value in
            [0.0, 1.0, -7.0, 2f64.powi(53), 2f64.powi(63), -2f64.powi(63), 1e20, -1e21, 1.7e38, -1e30]
        {
            assert_eq!(as_int(value), value as i128, "{value}");
        }
    }

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
            Shown(&&json!({"b": [1.0, 1.5e-9, null], "a": "x\n"})).to_string(),
            r#"{"a":"x\n","b":[1,1.5e-9,null]}"#
        );
        let long = Shown(&&json!("x".repeat(500))).to_string();
        assert_eq!(long.chars().count(), 61);
        assert!(long.ends_with('…'));
        for value in [
            i128::MIN,
            i128::MAX,
            1 << 64,
            -(1 << 64),
            10_i128.pow(27),
            123_000_000_000_456_000_000_000_000_000,
        ] {
            assert_eq!(Number::Int(value).to_string(), value.to_string());
        }
        assert_eq!(Number::Float(1e21).to_string(), "1e21");
        assert_eq!(Number::Float(1e20).to_string(), "100000000000000000000");
        assert_eq!(Number::Float(0.1).to_string(), "0.1");
    }
}
