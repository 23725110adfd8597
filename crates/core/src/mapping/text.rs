//! Scalars to text (reference section 13.7).

use super::kind;
use crate::json;
use crate::json::Path;
use crate::problem::Problem;
use crate::value::{Map, Number, Value};

/// Every value of an object as text.
pub(super) fn map(params: &Map<String, Value>, problems: &mut Vec<Problem>) -> Value {
    let root = Path::Root;
    let mut texts = Map::new();
    for (key, value) in params {
        texts.insert(key.clone(), scalar(value, &root.key(key), problems));
    }
    Value::Object(texts)
}

/// Every item of a list as text.
pub(super) fn list(items: &[Value], path: &Path<'_>, problems: &mut Vec<Problem>) -> Value {
    let mut texts = Vec::with_capacity(items.len());
    for (n, value) in items.iter().enumerate() {
        texts.push(scalar(value, &path.index(n), problems));
    }
    Value::Array(texts)
}

fn scalar(value: &Value, path: &Path<'_>, problems: &mut Vec<Problem>) -> Value {
    match value {
        Value::String(text) => Value::String(text.clone()),
        Value::Null | Value::Bool(_) => Value::String(json::write(value)),
        Value::Number(number) => {
            let text = exact(number);
            if text.is_none() {
                let number = json::number(number);
                let message =
                    format_args!("{number} is a whole number beyond 64 bits, its digits are not exact");
                let problem = Problem::add(problems, "inexact_number", format_args!("{path}"), message);
                problem.hint = Some("pass it as text".to_owned());
            }
            text.map_or(Value::Null, Value::String)
        }
        Value::Array(_) | Value::Object(_) => {
            let kind = kind(value);
            let message = format_args!("a parameter is a string, a number, a boolean or null, not {kind}");
            let problem = Problem::add(problems, "not_a_scalar", format_args!("{path}"), message);
            problem.hint = Some("pass it as JSON text".to_owned());
            Value::Null
        }
    }
}

/// A number as JSON has it, the same text in every language: `1.0` is written `1`, since JavaScript cannot tell
/// them apart. `None` for a whole number that was rounded to a double when it was read.
fn exact(number: &Number) -> Option<String> {
    const BEYOND_64_BITS: f64 = 18_446_744_073_709_551_616.0;
    match number.as_f64() {
        Some(value) if number.is_f64() && value.fract() == 0.0 => {
            let sign = if value < 0.0 { "-" } else { "" };
            (value.abs() < BEYOND_64_BITS).then(|| format!("{sign}{}", value.abs() as u64))
        }
        _ => Some(json::number(number)),
    }
}
