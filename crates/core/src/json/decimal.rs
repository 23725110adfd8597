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
        let mut text = String::new();
        for _ in point.min(0)..i32::from(point <= 0) {
            text.push('0');
        }
        text += &digits;
        for _ in count..point {
            text.push('0');
        }
        if point < count {
            text.insert(point.max(1) as usize, '.');
        }
        text
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

#[cfg(all(feature = "whole", not(feature = "quick")))]
use super::exact::shortest;

/// Where two decimals are equally near, JavaScript and serde_json take the even one, the standard library the larger one.
#[cfg(feature = "quick")]
fn shortest(value: f64) -> (u64, i32) {
    digits(&serde_json::Number::from_f64(value).map(|number| number.to_string()).unwrap_or_default())
}

#[cfg(not(feature = "whole"))]
fn shortest(value: f64) -> (u64, i32) {
    digits(&crate::host::decimal(value))
}

/// Reads a number from 0 of at most 17 digits and any number of zeros.
#[cfg(any(feature = "quick", not(feature = "whole")))]
fn digits(text: &str) -> (u64, i32) {
    let (mut digits, mut exponent, mut zeros) = (0, 0, 0);
    let (number, power) = crate::cut::or_all(text, b'e');
    let mut fraction = 0;
    for byte in number.as_bytes() {
        if *byte == b'.' {
            fraction = 1;
            continue;
        }
        exponent -= fraction;
        zeros += 1;
        if *byte != b'0' {
            for _ in 0..zeros {
                digits *= 10;
            }
            digits += u64::from(byte - b'0');
            zeros = 0;
        }
    }
    let negative = crate::cut::after(power, b'-');
    let size = negative.or(crate::cut::after(power, b'+')).unwrap_or(power);
    let size = super::whole(size).unwrap_or_default() as i32;
    (digits, exponent + zeros + if negative.is_some() { -size } else { size })
}
