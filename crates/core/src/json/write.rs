//! The small writer: a value to compact JSON text, byte for byte as `serde_json` writes it.

use super::decimal::Decimal;
use super::quote;
use crate::value::{Number, Value};

/// A value as text.
pub(crate) fn write(value: &Value) -> String {
    let mut out = String::new();
    put(&mut out, value);
    out
}

fn put(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(value) => out.push_str(&number(value)),
        Value::String(text) => string(out, text),
        Value::Array(items) => {
            let mut before = '[';
            for item in items {
                out.push(before);
                put(out, item);
                before = ',';
            }
            out.push_str(if items.is_empty() { "[]" } else { "]" });
        }
        Value::Object(members) => {
            let mut before = '{';
            for (name, value) in members {
                out.push(before);
                string(out, name);
                out.push(':');
                put(out, value);
                before = ',';
            }
            out.push_str(if members.is_empty() { "{}" } else { "}" });
        }
    }
}

fn string(out: &mut String, text: &str) {
    // Writing to a `String` cannot fail.
    let _ = quote(out, text);
}

/// A number as text.
pub(super) fn number(number: &Number) -> String {
    if let Some(value) = number.as_u64() {
        return value.to_string();
    }
    if let Some(value) = number.as_i64() {
        return value.to_string();
    }
    let value = number.as_f64().unwrap_or_default();
    let decimal = Decimal::shortest(value);
    let size = value.abs();
    let text = if size != 0.0 && !(1e-5..1e16).contains(&size) {
        decimal.scientific("+")
    } else if size.fract() == 0.0 {
        decimal.plain() + ".0"
    } else {
        decimal.plain()
    };
    if value.is_sign_negative() { format!("-{text}") } else { text }
}
