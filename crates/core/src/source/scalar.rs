//! What a plain scalar of YAML means: the core schema of YAML 1.2.
//!
//! `yes`, `no`, `on` and `off` are text. A decimal number with a leading zero (`010`) is text too, so that codes keep
//! their zeros. Dates are text.

use super::tree::Data;
use crate::value::Number;

/// True for the ways to write null.
pub(super) fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// The value of a plain scalar.
///
/// # Errors
/// A sentence, for numbers that JSON does not have: `.inf`, `.nan`, and what no double holds.
pub(super) fn resolve(text: &str) -> Result<Data, String> {
    if is_null(text) {
        return Ok(Data::Null);
    }
    match text {
        "true" | "True" | "TRUE" => return Ok(Data::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Data::Bool(false)),
        _ => {}
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") {
        return Err(format!("`{text}` is not a finite number"));
    }
    let has_leading_zero =
        unsigned.len() > 1 && unsigned.starts_with('0') && unsigned.bytes().all(|b| b.is_ascii_digit());
    if has_leading_zero {
        return Ok(Data::Text(text.to_owned()));
    }
    if let Some(number) = integer(text, unsigned) {
        return Ok(Data::Number(number));
    }
    // Rust also reads `inf` and `nan`, which are text in YAML.
    let first = unsigned.strip_prefix('.').unwrap_or(unsigned).bytes().next();
    match text.parse::<f64>() {
        Ok(value) if first.is_some_and(|b| b.is_ascii_digit()) => match Number::from_f64(value) {
            Some(number) => Ok(Data::Number(number)),
            None => Err(format!("`{text}` is beyond what a number can hold")),
        },
        _ => Ok(Data::Text(text.to_owned())),
    }
}

/// The value of a scalar that is tagged with a type of the core schema.
///
/// # Errors
/// A sentence when the text is not of that type.
pub(super) fn resolve_as(kind: &str, text: &str) -> Result<Data, String> {
    let data = resolve(text)?;
    let fits = match (kind, &data) {
        ("null", Data::Null) | ("bool", Data::Bool(_)) | ("float", Data::Number(_)) => true,
        ("int", Data::Number(number)) => !number.is_f64(),
        _ => false,
    };
    if fits { Ok(data) } else { Err(format!("`{text}` is no value of type {kind}")) }
}

/// Decimal, `0x`, `0o` and `0b` integers of 64 bits; `_` may stand between digits.
fn integer(text: &str, unsigned: &str) -> Option<Number> {
    let (digits, radix) = match unsigned.get(..2) {
        Some("0x" | "0X") => (&unsigned[2..], 16),
        Some("0o" | "0O") => (&unsigned[2..], 8),
        Some("0b" | "0B") => (&unsigned[2..], 2),
        _ => (unsigned, 10),
    };
    let separated =
        digits.split('_').all(|group| !group.is_empty() && group.chars().all(|c| c.is_digit(radix)));
    if !separated {
        return None;
    }
    let digits: String = digits.chars().filter(|c| *c != '_').collect();
    if text.starts_with('-') {
        i64::from_str_radix(&format!("-{digits}"), radix).ok().map(Number::from)
    } else {
        u64::from_str_radix(&digits, radix).ok().map(Number::from)
    }
}
