//! The comparison of a condition task (reference section 10.1): as text, or as exact decimal numbers.

use crate::cut;
use crate::job::ConditionOp;
use std::cmp::Ordering;
use std::fmt;

/// Why two operands cannot be compared; the condition task fails (open point 8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompareError {
    /// A numeric comparison of something that is no number.
    NotANumber {
        /// The operator.
        op: String,
        /// `left` or `right`.
        side: &'static str,
        /// The operand.
        text: String,
    },
    /// An operator that this version does not know.
    UnknownOperator(String),
}

impl fmt::Display for CompareError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotANumber { op, side, text } => {
                write!(f, "{op} compares numbers, and the {side} operand {text:?} is not a number")
            }
            Self::UnknownOperator(op) => write!(f, "unknown operator {op:?}"),
        }
    }
}

/// Compares two resolved operands. `EQUAL_TO` and `NOT_EQUAL` compare text, so `"12.0"` and `"12"` differ; the other
/// operators compare decimal numbers of any length exactly, with blanks around them allowed.
pub fn compare(op: &ConditionOp, left: &str, right: &str) -> Result<bool, CompareError> {
    let number = |side: &'static str, text: &str| {
        Decimal::parse(cut::trimmed(text)).ok_or_else(|| CompareError::NotANumber {
            op: op.as_str().to_owned(),
            side,
            text: text.to_owned(),
        })
    };
    let order = || Ok(number("left", left)?.cmp(&number("right", right)?));
    match op {
        ConditionOp::EqualTo => Ok(left == right),
        ConditionOp::NotEqual => Ok(left != right),
        ConditionOp::GreaterThan => order().map(Ordering::is_gt),
        ConditionOp::GreaterThanOrEqual => order().map(Ordering::is_ge),
        ConditionOp::LessThan => order().map(Ordering::is_lt),
        ConditionOp::LessThanOrEqual => order().map(Ordering::is_le),
        ConditionOp::Other(text) => Err(CompareError::UnknownOperator(text.clone())),
    }
}

/// Whether an operand can be compared as a number.
pub(crate) fn is_number(text: &str) -> bool {
    Decimal::parse(cut::trimmed(text)).is_some()
}

/// A decimal number in normal form: `0.d1d2d3… × 10^point` with no zero at either end of the digits; zero has no
/// digits, point 0 and no sign.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    negative: bool,
    point: i64,
    digits: Vec<u8>,
}

impl Decimal {
    /// Reads `[+-] digits [. digits] [e [+-] digits]` with at least one digit before or after the dot. Exponents
    /// beyond 64 bits stay at the largest one, which keeps the order to any number that fits into memory.
    fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (text, 0),
        };
        let (negative, mantissa) = sign(mantissa);
        let (whole, fraction) = cut::or_all(mantissa, b'.');
        let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let leading = digits.iter().take_while(|digit| **digit == b'0').count();
        let trailing = digits.iter().rev().take_while(|digit| **digit == b'0').count();
        if leading == digits.len() {
            return Some(Self { negative: false, point: 0, digits: Vec::new() });
        }
        let places = i64::try_from(whole.len()).ok()?.saturating_sub(i64::try_from(leading).ok()?);
        Some(Self {
            negative,
            point: places.saturating_add(exponent),
            digits: digits[leading..digits.len() - trailing].to_vec(),
        })
    }

    fn cmp(&self, other: &Self) -> Ordering {
        match (self.signum(), other.signum()) {
            (a, b) if a != b => a.cmp(&b),
            (-1, _) => other.cmp_magnitude(self),
            _ => self.cmp_magnitude(other),
        }
    }

    fn signum(&self) -> i8 {
        match (self.digits.is_empty(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }

    fn cmp_magnitude(&self, other: &Self) -> Ordering {
        // Digits are fractions without trailing zeros, so their order as text is their order as numbers.
        self.point.cmp(&other.point).then_with(|| self.digits.cmp(&other.digits))
    }
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

fn parse_exponent(text: &str) -> Option<i64> {
    const LARGEST: i64 = i64::MAX / 4;
    let (negative, digits) = sign(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value = digits.parse::<i64>().map_or(LARGEST, |value| value.min(LARGEST));
    Some(if negative { -value } else { value })
}
