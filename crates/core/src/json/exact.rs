//! The two ways between doubles and decimals on integers of any size, in little code: Steele and White's digits, and binary
//! long division. For builds without the standard library's own, which are quick and large.

use super::whole;
use std::cmp::Ordering;

/// An integer from 0; digits of 32 bits, the lowest first, without zeros at the end.
#[derive(Clone)]
struct Big(Vec<u32>);

impl Big {
    fn of(value: u64) -> Self {
        let mut big = Self(vec![value as u32, (value >> 32) as u32]);
        big.trim();
        big
    }

    fn trim(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// Times a small number, plus another.
    fn times(&mut self, factor: u32, plus: u32) {
        let mut carry = u64::from(plus);
        for digit in &mut self.0 {
            carry += u64::from(*digit) * u64::from(factor);
            *digit = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    fn times_ten_to(&mut self, power: i32) {
        for _ in 0..power {
            self.times(10, 0);
        }
    }

    fn shift(&mut self, bits: i32) {
        for _ in 0..bits % 32 {
            self.times(2, 0);
        }
        if !self.is_zero() && bits >= 32 {
            self.0.splice(0..0, std::iter::repeat_n(0, bits as usize / 32));
        }
    }

    fn bits(&self) -> i32 {
        self.0.last().map_or(0, |top| self.0.len() as i32 * 32 - top.leading_zeros() as i32)
    }

    fn compare(&self, other: &Self) -> Ordering {
        let digits = || self.0.iter().rev().cmp(other.0.iter().rev());
        self.0.len().cmp(&other.0.len()).then_with(digits)
    }

    /// Takes away what is not more.
    fn minus(&mut self, other: &Self) {
        let mut borrow = 0;
        for (n, digit) in self.0.iter_mut().enumerate() {
            let left = i64::from(*digit) - i64::from(other.0.get(n).copied().unwrap_or(0)) - borrow;
            *digit = left as u32;
            borrow = i64::from(left < 0);
        }
        self.trim();
    }

    fn plus(&self, other: &Self) -> Self {
        let mut sum = Vec::new();
        let mut carry = 0;
        for n in 0..=self.0.len().max(other.0.len()) {
            let digit = |big: &Self| u64::from(big.0.get(n).copied().unwrap_or(0));
            carry += digit(self) + digit(other);
            sum.push(carry as u32);
            carry >>= 32;
        }
        let mut sum = Self(sum);
        sum.trim();
        sum
    }
}

/// The fewest digits, and the power of ten that they stand for, that read back as a positive finite double.
pub(super) fn shortest(value: f64) -> (u64, i32) {
    let bits = value.to_bits();
    let (field, fraction) = ((bits >> 52) as i32, bits & ((1 << 52) - 1));
    let mantissa = if field == 0 { fraction } else { fraction | 1 << 52 };
    let exponent = field.max(1) - 1075;
    // Below a power of two the next double is half as far.
    let uneven = fraction == 0 && field > 1;
    // The value is `rest / scale`; `below` and `above` are the ways to the borders with its neighbours.
    let (mut rest, mut scale, mut below) = (Big::of(mantissa), Big::of(1), Big::of(1));
    let twice = 1 + i32::from(uneven);
    rest.shift(exponent.max(0) + twice);
    scale.shift((-exponent).max(0) + twice);
    below.shift(exponent.max(0));
    let mut above = below.clone();
    above.shift(i32::from(uneven));
    let even = mantissa & 1 == 0;
    let reaches = |sum: Ordering| sum == Ordering::Greater || (even && sum == Ordering::Equal);

    let lead = f64::from(64 - mantissa.leading_zeros() as i32 + exponent - 1);
    let mut point = (lead * std::f64::consts::LOG10_2 - 1e-10).ceil() as i32;
    scale.times_ten_to(point);
    for part in [&mut rest, &mut below, &mut above] {
        part.times_ten_to(-point);
    }
    if reaches(rest.plus(&above).compare(&scale)) {
        point += 1;
    } else {
        for part in [&mut rest, &mut below, &mut above] {
            part.times(10, 0);
        }
    }
    let (mut digits, mut count) = (0, 0);
    loop {
        let mut digit = 0;
        while rest.compare(&scale) != Ordering::Less {
            rest.minus(&scale);
            digit += 1;
        }
        let low = reaches(below.compare(&rest));
        let high = reaches(rest.plus(&above).compare(&scale));
        count += 1;
        if low || high {
            let half = rest.plus(&rest).compare(&scale);
            let nearer = half == Ordering::Greater || (half == Ordering::Equal && digit % 2 == 1);
            let up = high && (!low || nearer);
            return (digits * 10 + digit + u64::from(up), point - count);
        }
        digits = digits * 10 + digit;
        for part in [&mut rest, &mut below, &mut above] {
            part.times(10, 0);
        }
    }
}

/// Digits beyond which more cannot matter, but for whether any of them is not 0.
const MOST_DIGITS: i32 = 800;

/// Powers of ten that a double holds exactly.
const EXACT: i32 = 22;

/// The double nearest to a number of JSON without its sign; infinity beyond the largest.
pub(super) fn parse(text: &str) -> f64 {
    let (number, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let negative = power.starts_with('-');
    // No digits outweigh one that does not fit.
    let size =
        whole(power.strip_prefix(['+', '-']).unwrap_or(power)).unwrap_or(u64::MAX).min(1_000_000_000) as i32;
    let power = if negative { -size } else { size };
    let (mut small, mut digits, mut point, mut after) = (0_u64, 0, 0_i32, false);
    let mut big = Big::of(0);
    let mut rest = false;
    for byte in number.bytes() {
        if byte == b'.' {
            after = true;
            continue;
        }
        let digit = byte - b'0';
        if digits >= MOST_DIGITS {
            rest |= digit > 0;
            point += i32::from(!after);
            continue;
        }
        point -= i32::from(after);
        digits += i32::from(digits > 0 || digit > 0);
        small = small.wrapping_mul(10).wrapping_add(u64::from(digit));
        big.times(10, u32::from(digit));
    }
    if rest {
        big.times(10, 1);
        (point, digits) = (point - 1, digits + 1);
    }
    let power = power.saturating_add(point);
    if big.is_zero() || power + digits < -330 {
        0.0
    } else if power + digits > 310 {
        f64::INFINITY
    } else if digits <= 15 && power.abs() <= EXACT {
        let scale = (0..power.abs()).fold(1.0, |scale, _| scale * 10.0);
        if power < 0 { small as f64 / scale } else { small as f64 * scale }
    } else {
        divided(big, power)
    }
}

/// `over * 10^power`, rounded to the nearest double, to even between two.
fn divided(mut over: Big, power: i32) -> f64 {
    let mut under = Big::of(1);
    over.times_ten_to(power);
    under.times_ten_to(-power);
    let mut exponent = over.bits() - under.bits();
    under.shift(exponent);
    over.shift(-exponent);
    if over.compare(&under) == Ordering::Less {
        over.times(2, 0);
        exponent -= 1;
    }
    // Now the quotient is from 1 to 2. Doubles below the normal ones have fewer bits.
    let bits = 53.min(53 + 1022 + exponent);
    if bits < 0 {
        return 0.0;
    }
    let mut mantissa = 0_u64;
    for _ in 0..bits {
        mantissa *= 2;
        if over.compare(&under) != Ordering::Less {
            over.minus(&under);
            mantissa += 1;
        }
        over.times(2, 0);
    }
    match over.compare(&under) {
        Ordering::Greater => mantissa += 1,
        Ordering::Equal => mantissa += mantissa & 1,
        Ordering::Less => {}
    }
    if exponent > 1023 {
        return f64::INFINITY;
    }
    // A mantissa that was rounded up to the next power of two carries into the exponent, as it should.
    let field = (exponent + 1022).max(0) as u64;
    f64::from_bits((field << 52) + mantissa)
}
