//! Sets of characters of a regular expression.

#[cfg(any(test, feature = "quick"))]
use std::{cmp::Ordering, fmt::Write};

/// Code points as sorted, disjoint ranges, both ends included.
#[derive(Clone, Debug, Default)]
pub(super) struct CharSet(Vec<(u32, u32)>);

const LAST: u32 = 0x10_ffff;

impl CharSet {
    pub(super) fn of(ranges: &[(u32, u32)]) -> Self {
        let mut set = Self::default();
        set.add_all(ranges);
        set
    }

    /// What `\d`, `\w` or `\s` stands for in ECMA-262; a capital letter is the complement.
    pub(super) fn of_escape(letter: char) -> Option<Self> {
        let set = match letter.to_ascii_lowercase() {
            'd' => Self::of(&[(0x30, 0x39)]),
            'w' => Self::of(&[(0x30, 0x39), (0x41, 0x5a), (0x5f, 0x5f), (0x61, 0x7a)]),
            's' => Self::of(&[
                (0x09, 0x0d),
                (0x20, 0x20),
                (0xa0, 0xa0),
                (0x1680, 0x1680),
                (0x2000, 0x200a),
                (0x2028, 0x2029),
                (0x202f, 0x202f),
                (0x205f, 0x205f),
                (0x3000, 0x3000),
                (0xfeff, 0xfeff),
            ]),
            _ => return None,
        };
        Some(if letter.is_ascii_uppercase() { set.complement() } else { set })
    }

    /// Every character but the line terminators: what `.` matches.
    pub(super) fn dot() -> Self {
        Self::of(&[(0x0a, 0x0a), (0x0d, 0x0d), (0x2028, 0x2029)]).complement()
    }

    pub(super) fn add(&mut self, first: u32, last: u32) {
        let mut at = 0;
        while self.0.get(at).is_some_and(|range| range.0 < first) {
            at += 1;
        }
        self.0.insert(at, (first, last));
        // With the one before it, and with all behind it that it reaches.
        at = at.saturating_sub(1);
        while let Some(next) = self.0.get(at + 1).copied() {
            let range = &mut self.0[at];
            if next.0 <= range.1.saturating_add(1) {
                range.1 = range.1.max(next.1);
                self.0.remove(at + 1);
            } else if next.0 > last {
                break;
            } else {
                at += 1;
            }
        }
    }

    fn add_all(&mut self, ranges: &[(u32, u32)]) {
        for (first, last) in ranges {
            self.add(*first, *last);
        }
    }

    pub(super) fn union(&mut self, other: &Self) {
        self.add_all(&other.0);
    }

    pub(super) fn complement(&self) -> Self {
        let mut ranges = Vec::new();
        let mut next = 0;
        for &(first, last) in &self.0 {
            if first > next {
                ranges.push((next, first - 1));
            }
            next = last + 1;
        }
        if next <= LAST {
            ranges.push((next, LAST));
        }
        Self(ranges)
    }

    /// The ranges, in order.
    #[cfg(any(test, not(feature = "quick")))]
    pub(super) fn ranges(&self) -> &[(u32, u32)] {
        &self.0
    }

    #[cfg(any(test, feature = "quick"))]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How much it adds to the size of a compiled pattern.
    pub(super) fn weight(&self) -> u64 {
        1 + self.0.len() as u64 / 8
    }

    #[cfg(any(test, feature = "quick"))]
    /// The ranges as they stand between brackets; code points of surrogates are left out, no text has them.
    pub(super) fn write(&self, out: &mut String) {
        for &(first, last) in &self.0 {
            for (first, last) in [(first, last.min(0xd7ff)), (first.max(0xe000), last)] {
                // Writing to a `String` cannot fail.
                let _ = match first.cmp(&last) {
                    Ordering::Less => write!(out, "\\x{{{first:x}}}-\\x{{{last:x}}}"),
                    Ordering::Equal => write!(out, "\\x{{{first:x}}}"),
                    Ordering::Greater => Ok(()),
                };
            }
        }
    }
}
