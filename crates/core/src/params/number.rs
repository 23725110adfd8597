//! `minimum`, `maximum`, their exclusive forms and `multipleOf`.

use super::check::Check;
use super::compile::Compiler;
use super::instance::{Number, divided};
use super::keywords::Key;
use super::node::Rule;
use super::read::Read;
use super::value;
use crate::json::Path;
use crate::json::decimal;
use crate::value::Value;
use std::cmp::Ordering;

/// A keyword that limits a number.
#[derive(Debug)]
pub(crate) struct Limit {
    key: Key,
    /// How a number is that breaks it, and whether one that is equal does too.
    wrong: Ordering,
    or_equal: bool,
    text: &'static str,
}

const fn limit(key: Key, wrong: Ordering, or_equal: bool, text: &'static str) -> Limit {
    Limit { key, wrong, or_equal, text }
}

static LIMITS: [Limit; 4] = [
    limit(Key::Minimum, Ordering::Less, false, "less than the minimum"),
    limit(Key::Maximum, Ordering::Greater, false, "greater than the maximum"),
    limit(Key::ExclusiveMinimum, Ordering::Less, true, "not greater than"),
    limit(Key::ExclusiveMaximum, Ordering::Greater, true, "not less than"),
];

pub(crate) fn compile<'a>(c: &mut Compiler<'a>, read: &mut Read<'a>) {
    for limit in &LIMITS {
        if let Some(Value::Number(number)) = read.get(limit.key) {
            read.rules.push(Rule::Limit(limit, Number::of(number)));
        }
    }
    if let Some(value) = read.get(Key::MultipleOf)
        && let Value::Number(number) = value
    {
        let number = Number::of(number);
        if number.compare(Number::Int(0)) == Ordering::Greater {
            let divisor = Divisor { number, decimal: Decimal::of(number) };
            read.rules.push(Rule::MultipleOf(Box::new(divisor)));
        } else {
            c.wrong_value(value, format_args!("{number} is not greater than 0"));
        }
    }
}

impl Limit {
    pub(crate) fn check(&self, bound: Number, check: &mut Check<'_>, value: Number, at: &Path<'_>) -> bool {
        let order = value.compare(bound);
        let valid = order != self.wrong && !(self.or_equal && order == Ordering::Equal);
        valid || check.fail(at, self.key.name(), format_args!("{value} is {} {bound}", self.text))
    }
}

/// What `multipleOf` asks for.
#[derive(Debug)]
pub(crate) struct Divisor {
    number: Number,
    decimal: Decimal,
}

impl Divisor {
    pub(crate) fn check(&self, check: &mut Check<'_>, value: Number, at: &Path<'_>) -> bool {
        if self.divides(value) {
            return true;
        }
        check.fail(at, "multipleOf", format_args!("{value} is not a multiple of {}", self.number))
    }

    fn divides(&self, value: Number) -> bool {
        match (value, self.number) {
            (Number::Int(value), Number::Int(divisor)) => {
                remainder(value.unsigned_abs(), divisor.unsigned_abs()) == 0
            }
            (Number::Float(value), _) if !value.is_finite() => false,
            (value, _) => Decimal::of(value).is_multiple_of(&self.decimal),
        }
    }
}

/// A number without its sign as `digits * 10^exponent`, exactly as it is written: 0.1 is one tenth here, not
/// the double next to it.
#[derive(Clone, Copy, Debug)]
struct Decimal {
    /// Without zeros at the end.
    digits: u128,
    exponent: i32,
}

/// Digits stay below 10^37, so that twice a remainder still fits.
const MAX_DIGITS: u128 = 10u128.pow(37);

impl Decimal {
    fn of(number: Number) -> Self {
        let (mut digits, mut exponent) = match number {
            Number::Int(value) if value.unsigned_abs() < MAX_DIGITS => (value.unsigned_abs(), 0),
            Number::Int(value) => Self::shortest(value::nearest(value)),
            Number::Float(value) => Self::shortest(value),
        };
        while digits != 0
            && let (tenth, 0) = divided(digits, 10)
        {
            digits = tenth;
            exponent += 1;
        }
        Self { digits, exponent }
    }

    /// The shortest decimal that reads back as `value`: at most 17 digits.
    fn shortest(value: f64) -> (u128, i32) {
        let decimal = decimal::Decimal::shortest(value);
        (decimal.digits.into(), decimal.exponent)
    }

    fn is_multiple_of(&self, divisor: &Self) -> bool {
        if self.digits == 0 {
            return true;
        }
        let shift = self.exponent - divisor.exponent;
        if shift < 0 {
            // No digits end with a zero, but these would have to.
            return false;
        }
        let mut rest = remainder(self.digits, divisor.digits);
        for _ in 0..shift {
            if rest == 0 {
                break;
            }
            rest = ten_times(rest, divisor.digits);
        }
        rest == 0
    }
}

/// What the division of ten times a number leaves that is less than the divisor. Added up: the multiplication of 128 bits is
/// code of its own, as the division is.
fn ten_times(rest: u128, divisor: u128) -> u128 {
    let mut sum = 0;
    for _ in 0..10 {
        sum += rest;
        if sum >= divisor {
            sum -= divisor;
        }
    }
    sum
}

/// What a division leaves. Nearly all numbers have 64 bits; for the others it is done bit by bit, since the division of 128 bits
/// is much code that nothing else needs.
fn remainder(value: u128, divisor: u128) -> u128 {
    if let (Ok(value), Ok(divisor)) = (u64::try_from(value), u64::try_from(divisor)) {
        return (value % divisor).into();
    }
    let (mut rest, mut left) = (0, value);
    for _ in 0..128 {
        rest = rest << 1 | left >> 127;
        left <<= 1;
        if rest >= divisor {
            rest -= divisor;
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn divides(divisor: f64, value: f64) -> bool {
        let number = Number::Float(divisor);
        Divisor { number, decimal: Decimal::of(number) }.divides(Number::Float(value))
    }

    #[test]
    fn decimals_are_taken_as_written() {
        assert!(divides(0.0001, 0.0075));
        assert!(!divides(0.0001, 0.00751));
        assert!(divides(0.1, 0.3), "the doubles are not multiples, the decimals are");
        assert!(divides(0.01, 19.99));
        assert!(divides(0.5, 1e308));
        assert!(!divides(0.123_456_789, 1e308));
        assert!(divides(1e-8, 12_391_239_123.0));
        assert!(divides(1e-300, 1e300));
        assert!(!divides(1e300, 1e-300));
        assert!(divides(7.0, 0.0));
        assert!(divides(1e23, 1e23));
        assert!(divides(3e21, 9e22));
        assert!(!divides(9e22, 3e22));
        assert!(divides(1.7e-5, 5.1e-4));
    }

    #[test]
    fn big_integers_are_exact() {
        let divisor = Divisor { number: Number::Int(10), decimal: Decimal::of(Number::Int(10)) };
        assert!(divisor.divides(Number::Int(90_071_992_547_409_930)));
        assert!(!divisor.divides(Number::Int(90_071_992_547_409_931)));
        assert!(divisor.divides(Number::Float(1e23)));
    }
}
