//! Dates and times of RFC 3339, durations of ISO 8601.

use crate::cut;

/// A number of exactly so many ASCII digits.
fn number(text: &[u8], digits: usize) -> Option<u32> {
    let well_formed = text.len() == digits && text.iter().all(u8::is_ascii_digit);
    well_formed.then(|| text.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
}

fn days_in(month: u32, year: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `YYYY-MM-DD`, a day that exists.
pub(super) fn is_date(text: &str) -> bool {
    let text = text.as_bytes();
    let [y @ .., b'-', m1, m2, b'-', d1, d2] = text else { return false };
    match (number(y, 4), number(&[*m1, *m2], 2), number(&[*d1, *d2], 2)) {
        (Some(year), Some(month @ 1..=12), Some(day @ 1..)) => day <= days_in(month, year),
        _ => false,
    }
}

/// `HH:MM:SS[.fraction](Z|±HH:MM)`; second 60 only where a leap second can be, 23:59 UTC.
pub(super) fn is_time(text: &str) -> bool {
    time(text.as_bytes()).unwrap_or(false)
}

fn time(text: &[u8]) -> Option<bool> {
    let [h1, h2, b':', m1, m2, b':', s1, s2, rest @ ..] = text else { return None };
    let (hour, minute, second) = (number(&[*h1, *h2], 2)?, number(&[*m1, *m2], 2)?, number(&[*s1, *s2], 2)?);
    let rest = match rest {
        [b'.', fraction @ ..] => {
            let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits == 0 {
                return None;
            }
            &fraction[digits..]
        }
        rest => rest,
    };
    let offset = match rest {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hour, minute) = (number(&[*h1, *h2], 2)?, number(&[*m1, *m2], 2)?);
            if hour > 23 || minute > 59 {
                return None;
            }
            let offset = (hour * 60 + minute).cast_signed();
            if *sign == b'+' { offset } else { -offset }
        }
        _ => return None,
    };
    let utc = ((hour * 60 + minute).cast_signed() - offset).rem_euclid(24 * 60);
    Some(hour <= 23 && minute <= 59 && (second <= 59 || (second == 60 && utc == 24 * 60 - 1)))
}

/// A date and a time with `T` between them.
pub(super) fn is_date_time(text: &str) -> bool {
    match cut::once(text, b'T').or_else(|| cut::once(text, b't')) {
        Some((date, time)) => is_date(date) && is_time(time),
        None => false,
    }
}

/// `P[nY][nM][nD][T[nH][nM][nS]]` or `PnW`, in this order and with no unit left out between two others
/// (RFC 3339 appendix A).
pub(super) fn is_duration(text: &str) -> bool {
    let Some(text) = cut::after(text, b'P') else { return false };
    if let Some((weeks, "")) = cut::last(text, b'W') {
        return !weeks.is_empty() && cut::all(weeks, cut::is_digit);
    }
    let (date, time) = match cut::once(text, b'T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    if date.is_empty() && time.is_none() {
        return false;
    }
    (date.is_empty() || are_units(date, "YMD")) && time.is_none_or(|time| are_units(time, "HMS"))
}

/// Numbers with consecutive units of the list, at least one.
fn are_units(text: &str, units: &str) -> bool {
    let mut expected = units;
    let mut digits = 0;
    for byte in text.as_bytes() {
        if byte.is_ascii_digit() {
            digits += 1;
            continue;
        }
        match cut::once(expected, *byte) {
            Some((before, after)) if digits > 0 && (before.is_empty() || expected.len() == units.len()) => {
                (expected, digits) = (after, 0);
            }
            _ => return false,
        }
    }
    digits == 0 && expected.len() < units.len()
}
