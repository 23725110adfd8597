//! Doubles as decimals and decimals as doubles, exactly: the shortest digits that read back as the same double, and the double
//! nearest to any number of digits.
//!
//! Without the feature `quick` this is done on large integers, slowly and in little code; small decimals, which nearly all are,
//! are quick all the same.

/// `digits * 10^exponent`; no digit is superfluous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    pub(crate) digits: u64,
    pub(crate) exponent: i32,
}

impl Decimal {
    /// The shortest one that reads back as the size of a finite double, and of these the nearest to it.
    pub(crate) fn shortest(value: f64) -> Self {
        if value == 0.0 {
            return Self { digits: 0, exponent: 0 };
        }
        let (digits, exponent) = shortest(value.abs());
        Self { digits, exponent }
    }

    /// Digits, and where the point is: so many of them stand before it.
    fn text(self) -> (String, i32) {
        let digits = self.digits.to_string();
        let point = self.exponent + digits.len() as i32;
        (digits, point)
    }

    /// Without an exponent: `120`, `0.0012`.
    pub(crate) fn plain(self) -> String {
        let (digits, point) = self.text();
        let count = digits.len() as i32;
        let zeros = |count: i32| "0".repeat(count.max(0) as usize);
        if point <= 0 {
            format!("0.{}{digits}", zeros(-point))
        } else if point < count {
            let (whole, fraction) = digits.split_at(point as usize);
            format!("{whole}.{fraction}")
        } else {
            digits + &zeros(point - count)
        }
    }

    /// One digit before the point and an exponent: `1.2e-3`; `plus` stands before exponents that are not negative.
    pub(crate) fn scientific(self, plus: &str) -> String {
        let (digits, point) = self.text();
        let (first, rest) = digits.split_at(1);
        let dot = if rest.is_empty() { "" } else { "." };
        let exponent = point - 1;
        let plus = if exponent < 0 { "" } else { plus };
        format!("{first}{dot}{rest}e{plus}{exponent}")
    }
}

#[cfg(not(feature = "quick"))]
use super::exact::shortest;

/// Reads what serde_json writes: where two decimals are equally near, JavaScript and it take the even one, the standard library
/// the larger one.
#[cfg(feature = "quick")]
fn shortest(value: f64) -> (u64, i32) {
    let text = serde_json::Number::from_f64(value).map(|number| number.to_string()).unwrap_or_default();
    let (number, power) = text.split_once('e').unwrap_or((&text, "0"));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let number = |digits: u64, digit: u8| digits * 10 + u64::from(digit - b'0');
    let mut digits = whole.bytes().chain(fraction.bytes()).fold(0, number);
    let mut exponent = power.parse::<i32>().unwrap_or_default() - fraction.len() as i32;
    while digits > 0 && digits % 10 == 0 {
        digits /= 10;
        exponent += 1;
    }
    (digits, exponent)
}
