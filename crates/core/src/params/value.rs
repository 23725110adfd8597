//! `type`, `enum` and `const`, and what it means that two values are equal.

use super::check::Check;
use super::compile::Compiler;
use super::instance::{Instance, Number, Shown, View};
use super::keywords::Key;
use super::node::Rule;
use super::read::Read;
use crate::json::Path;
use crate::suggest::Nearest;
use crate::value::Value;
use std::cmp::Ordering;
use std::fmt;

/// The set of a `type` keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Types(u8);

const INTEGER: u8 = 1;
const NUMBER: u8 = 2;
/// In the order in which messages name them.
const TYPES: [(&str, u8); 7] = [
    ("string", 4),
    ("number", NUMBER),
    ("integer", INTEGER),
    ("boolean", 8),
    ("object", 16),
    ("array", 32),
    ("null", 64),
];

impl Types {
    fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }

    pub(crate) fn check<I: Instance>(
        self,
        check: &mut Check<'_>,
        view: &View<I::Text>,
        instance: &I,
        at: &Path<'_>,
    ) -> bool {
        let allowed = match view {
            View::Number(number) => self.has(NUMBER) || (self.has(INTEGER) && number.is_integer()),
            View::String(_) => self.has(4),
            View::Bool(_) => self.has(8),
            View::Object => self.has(16),
            View::Array => self.has(32),
            View::Null => self.has(64),
            View::Foreign(_) => false,
        };
        if allowed {
            return true;
        }
        check.fail(
            at,
            "type",
            format_args!("{} is {}, not {}", Shown(instance), WithArticle(kind(view)), self),
        )
    }
}

impl fmt::Display for Types {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "";
        for (name, bit) in &TYPES {
            if self.has(*bit) {
                f.write_str(between)?;
                between = " or ";
                WithArticle(name).fmt(f)?;
            }
        }
        Ok(())
    }
}

fn kind<T>(view: &View<T>) -> &'static str {
    match view {
        View::Null => "null",
        View::Bool(_) => "boolean",
        View::Number(_) => "number",
        View::String(_) => "string",
        View::Array => "array",
        View::Object => "object",
        View::Foreign(name) => name,
    }
}

struct WithArticle<'a>(&'a str);

impl fmt::Display for WithArticle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0.as_bytes().first() {
            Some(b'n') if self.0 == "null" => "",
            Some(b'a' | b'e' | b'i' | b'o') => "an ",
            _ => "a ",
        })?;
        f.write_str(self.0)
    }
}

pub(crate) fn compile<'a>(c: &mut Compiler<'a>, read: &mut Read<'a>) {
    if let Some(value) = read.get(Key::Type) {
        read.rules.push(Rule::Types(types(c, value)));
    }
    if let Some(Value::Array(values)) = read.get(Key::Enum) {
        read.rules.push(Rule::Enum(values.clone()));
    }
    if let Some(value) = read.get(Key::Const) {
        read.rules.push(Rule::Const(value.clone()));
    }
}

fn types<'a>(c: &mut Compiler<'a>, value: &'a Value) -> Types {
    let names = match value {
        Value::Array(names) => names,
        name => std::slice::from_ref(name),
    };
    let mut bits = 0;
    for name in names {
        let text = name.as_str().unwrap_or_default();
        let mut nearest = Nearest::to(text);
        let mut found = 0;
        for (known, bit) in &TYPES {
            if text == *known {
                found = *bit;
            }
            nearest.consider(known);
        }
        bits |= found;
        if found == 0 {
            let problem = c.wrong_value(value, format_args!("{} is not the name of a type", Shown(&name)));
            problem.hint = nearest.hint();
        }
    }
    if names.is_empty() {
        c.wrong_value(value, format_args!("an empty list of types allows no value"));
    }
    Types(bits)
}

pub(crate) fn check_enum<I: Instance>(
    values: &[Value],
    check: &mut Check<'_>,
    instance: &I,
    at: &Path<'_>,
) -> bool {
    for value in values {
        if equal(check, instance, &value) {
            return true;
        }
    }
    check.fail(at, "enum", format_args!("{} is not {}", Shown(instance), Listed(values)))
}

pub(crate) fn check_const<I: Instance>(
    value: &Value,
    check: &mut Check<'_>,
    instance: &I,
    at: &Path<'_>,
) -> bool {
    if equal(check, instance, &value) {
        return true;
    }
    check.fail(at, "const", format_args!("{} is not {}", Shown(instance), Shown(&value)))
}

/// Choices shown in a message at most.
const LISTED: usize = 10;

struct Listed<'a>(&'a [Value]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0.len() {
            0 => "among the values of an empty enum",
            1 => "",
            _ => "one of ",
        })?;
        for (n, value) in self.0.iter().enumerate() {
            if n == LISTED {
                return write!(f, ", {} others", self.0.len() - LISTED);
            }
            f.write_str(if n == 0 { "" } else { ", " })?;
            Shown(&value).fmt(f)?;
        }
        Ok(())
    }
}

/// Equality of JSON Schema: numbers by value (`1` is `1.0`), objects whatever their order.
pub(crate) fn equal<A: Instance, B: Instance>(check: &mut Check<'_>, a: &A, b: &B) -> bool {
    if !check.spend(1) {
        return false;
    }
    match (a.view(), b.view()) {
        (View::Null, View::Null) => true,
        (View::Bool(a), View::Bool(b)) => a == b,
        (View::Number(a), View::Number(b)) => a.compare(b) == Ordering::Equal,
        (View::String(a), View::String(b)) => a.as_ref() == b.as_ref(),
        (View::Array, View::Array) => {
            a.len() == b.len()
                && nested(check, |check| a.items().zip(b.items()).all(|(a, b)| equal(check, &a, &b)))
        }
        (View::Object, View::Object) => {
            a.len() == b.len()
                && nested(check, |check| {
                    a.members().all(|(name, a)| b.get(name.as_ref()).is_some_and(|b| equal(check, &a, &b)))
                })
        }
        _ => false,
    }
}

fn nested<'s, T: Default>(check: &mut Check<'s>, inside: impl FnOnce(&mut Check<'s>) -> T) -> T {
    if !check.descend() {
        return T::default();
    }
    let result = inside(check);
    check.ascend();
    result
}

/// The double nearest to an integer.
#[cfg(feature = "whole")]
pub(crate) fn nearest(int: i128) -> f64 {
    int as f64
}

/// The same for the integers that there are without `whole`: all have 64 bits and a sign.
#[cfg(not(feature = "whole"))]
pub(crate) fn nearest(int: i128) -> f64 {
    let size = int.unsigned_abs() as u64 as f64;
    if int < 0 { -size } else { size }
}

/// A number that is the same for equal values, and different for most others (FNV-1a).
pub(crate) fn hash<I: Instance>(check: &mut Check<'_>, instance: &I) -> u64 {
    const START: u64 = 0xcbf2_9ce4_8422_2325;
    fn mix(hash: u64, bytes: &[u8]) -> u64 {
        bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
    }
    if !check.spend(1) {
        return 0;
    }
    match instance.view() {
        View::Null => mix(START, b"n"),
        View::Bool(value) => mix(START, &[b'b', u8::from(value)]),
        // A double rounds large integers, the same way for equal ones; `+ 0.0` joins the two zeros.
        View::Number(Number::Int(value)) => mix(START, &(nearest(value) + 0.0).to_bits().to_le_bytes()),
        View::Number(Number::Float(value)) => mix(START, &(value + 0.0).to_bits().to_le_bytes()),
        View::String(text) => {
            check.spend(text.as_ref().len() as u64 / 8);
            mix(mix(START, b"s"), text.as_ref().as_bytes())
        }
        View::Foreign(name) => mix(mix(START, b"f"), name.as_bytes()),
        View::Array => nested(check, |check| {
            instance.items().fold(mix(START, b"a"), |sum, item| mix(sum, &hash(check, &item).to_le_bytes()))
        }),
        View::Object => nested(check, |check| {
            instance.members().fold(mix(START, b"o"), |sum, (name, value)| {
                let value = hash(check, &value).to_le_bytes();
                sum.wrapping_add(mix(mix(START, name.as_ref().as_bytes()), &value))
            })
        }),
    }
}
