//! What builds without the feature `quick` ask of their host instead of carrying it: the tables of Unicode, and in the smallest
//! module decimals too; every JavaScript engine has both. Nothing is decided here.

use std::cell::Cell;

/// The host's functions.
#[derive(Clone, Copy)]
pub struct Host {
    /// The double nearest to a number of JSON.
    pub number: fn(&str) -> f64,
    /// The shortest decimal that reads back as a finite double from 0, as JavaScript writes it: `0.1`, `1e+21`.
    pub decimal: fn(f64) -> String,
    /// A number for a property of Unicode, written as in patterns: `\p{N}` or `\P{N}`; `None` for what is none.
    pub property: fn(&str) -> Option<usize>,
    /// Whether a character has the property with this number.
    pub has_property: fn(usize, char) -> bool,
}

const NONE: Host =
    Host { number: |_| f64::NAN, decimal: |_| String::new(), property: |_| None, has_property: |_, _| false };

thread_local! {
    static HOST: Cell<Host> = const { Cell::new(NONE) };
}

/// Names the host of this thread. Before that there are no properties, and in the smallest module no
/// numbers with a fraction.
pub fn set(host: Host) {
    HOST.set(host);
}

#[cfg(not(feature = "whole"))]
pub(crate) fn number(text: &str) -> f64 {
    (HOST.get().number)(text)
}

#[cfg(not(feature = "whole"))]
pub(crate) fn decimal(value: f64) -> String {
    (HOST.get().decimal)(value)
}

#[cfg(any(test, not(feature = "quick")))]
pub(crate) fn property(source: &str) -> Option<usize> {
    (HOST.get().property)(source)
}

#[cfg(any(test, not(feature = "quick")))]
pub(crate) fn has_property(number: usize, c: char) -> bool {
    (HOST.get().has_property)(number, c)
}

/// Whether a character is alphabetic, as Unicode has it.
#[cfg(feature = "whole")]
pub(crate) fn is_letter(c: char) -> bool {
    c.is_alphabetic()
}

/// Whether a character is a number, as Unicode has it.
#[cfg(feature = "whole")]
pub(crate) fn is_number(c: char) -> bool {
    c.is_numeric()
}

#[cfg(not(feature = "whole"))]
pub(crate) fn is_letter(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphabetic() } else { is("\\p{Alphabetic}", c) }
}

#[cfg(not(feature = "whole"))]
pub(crate) fn is_number(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_digit() } else { is("\\p{N}", c) }
}

#[cfg(not(feature = "whole"))]
fn is(name: &str, c: char) -> bool {
    property(name).is_some_and(|number| has_property(number, c))
}
