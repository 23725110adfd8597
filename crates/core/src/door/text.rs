//! JSON text for a host language, in which integers stay what they are.

use crate::error::Error;
use crate::json::{self, Object, ToJson};
use crate::params::Violation;
use crate::problem::Problem;
use crate::value::Value;
#[cfg(feature = "whole")]
use serde::Serialize;
#[cfg(feature = "whole")]
use serde_json::ser::{Formatter, Serializer};
#[cfg(feature = "whole")]
use std::io::{self, Write};

#[cfg(feature = "whole")]
/// The largest integer up to which JavaScript's numbers are exact: 2^53 - 1.
pub(super) const JS_SAFE: u64 = (1 << 53) - 1;

#[cfg(feature = "whole")]
/// JSON text. A value that has no form in JSON, which no type of this crate is, becomes `null`.
pub fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

/// JSON text of a value; unlike [`text`] it needs nothing of serde.
pub fn plain_text(value: &Value) -> String {
    json::write(value)
}

/// JSON text of problems.
pub fn problems_text(problems: &[Problem]) -> String {
    json::write(&problems.to_json())
}

/// JSON text of violations.
pub fn violations_text(violations: &[Violation]) -> String {
    json::write(&violations.to_json())
}

/// JSON text of an error with everything that is wrong with somebody's text.
pub fn error_text(error: &Error, problems: &[Problem]) -> String {
    // Only whole programs have errors with facts.
    #[cfg(not(feature = "whole"))]
    let context = Object::default();
    #[cfg(feature = "whole")]
    let mut context = Object::default();
    #[cfg(feature = "whole")]
    for (key, value) in &error.context {
        context.set(key, value.as_str());
    }
    let mut told = Object::default();
    told.set("code", error.code.as_str());
    told.set("message", error.message.as_str());
    told.set("operation", error.operation);
    told.set("context", context);
    told.set("problems", problems.to_json());
    json::write(&told.into())
}

#[cfg(feature = "whole")]
/// JSON text for JavaScript: integers that a double would round are written as texts of their digits (design rule 5).
pub fn js_text(value: &impl Serialize) -> String {
    let mut bytes = Vec::with_capacity(128);
    let mut serializer = Serializer::with_formatter(&mut bytes, SafeIntegers);
    match value.serialize(&mut serializer) {
        Ok(()) => String::from_utf8(bytes).unwrap_or_else(|_| "null".to_owned()),
        Err(_) => "null".to_owned(),
    }
}

#[cfg(feature = "whole")]
struct SafeIntegers;

#[cfg(feature = "whole")]
impl Formatter for SafeIntegers {
    fn write_i64<W: ?Sized + Write>(&mut self, writer: &mut W, value: i64) -> io::Result<()> {
        if value.unsigned_abs() <= JS_SAFE {
            write!(writer, "{value}")
        } else {
            write!(writer, "\"{value}\"")
        }
    }
    fn write_u64<W: ?Sized + Write>(&mut self, writer: &mut W, value: u64) -> io::Result<()> {
        if value <= JS_SAFE { write!(writer, "{value}") } else { write!(writer, "\"{value}\"") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn javascript_gets_only_integers_that_it_can_hold() {
        let value = json!({"run_id": 9_007_199_254_740_993_i64, "low": -9_007_199_254_740_992_i64,
            "safe": 9_007_199_254_740_991_i64, "huge": u64::MAX, "half": 0.5});
        assert_eq!(
            js_text(&value),
            r#"{"run_id":"9007199254740993","low":"-9007199254740992","safe":9007199254740991,"huge":"18446744073709551615","half":0.5}"#
        );
        assert!(text(&value).starts_with(r#"{"run_id":9007199254740993,"#));
    }
}
