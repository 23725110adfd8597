//! Identifiers of jobs and runs: 64-bit integers that never pass through a double.
//!
//! On the wire they are JSON numbers; some tools send them as strings, which is read too
//! (reference section 2.2, open point 27).

use serde::{Deserialize, Deserializer, Serialize, de};
use std::fmt;
use std::str::FromStr;

macro_rules! int64_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;
            /// Reads a decimal int64; a sign is allowed, blanks and fractions are not.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(IdVisitor).map(Self)
            }
        }
    };
}

int64_id! {
    /// A stored job, `job_id` on the wire.
    JobId
}
int64_id! {
    /// A job run, a task run or an iteration: they share one number space (reference section 1).
    RunId
}

struct IdVisitor;

impl de::Visitor<'_> for IdVisitor {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a 64-bit integer, as a number or as decimal text")
    }
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<i64, E> {
        Ok(value)
    }
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<i64, E> {
        i64::try_from(value).map_err(|_| E::custom(format!("{value} does not fit a 64-bit integer")))
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<i64, E> {
        text.parse().map_err(|_| E::custom(format!("{text:?} is not a 64-bit integer")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_and_text_without_rounding() {
        let big = "9007199254740993"; // 2^53 + 1: a double would give ...992
        assert_eq!(serde_json::from_str::<JobId>(big).unwrap(), JobId(9_007_199_254_740_993));
        assert_eq!(
            serde_json::from_str::<RunId>("\"9007199254740993\"").unwrap(),
            RunId(9_007_199_254_740_993)
        );
        assert_eq!(serde_json::to_string(&RunId(i64::MAX)).unwrap(), "9223372036854775807");
    }

    #[test]
    fn refuses_what_is_not_an_int64() {
        for bad in ["1.5", "\"\"", "\" 1\"", "9223372036854775808", "true", "null", "[1]"] {
            assert!(serde_json::from_str::<JobId>(bad).is_err(), "{bad}");
        }
    }
}
