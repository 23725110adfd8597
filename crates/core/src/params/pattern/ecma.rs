//! Regular expressions of ECMA-262 (as with the `u` flag, a little more lenient where schemas in the wild are)
//! read once, for any engine: what is read goes to a [`Sink`].
//!
//! The reading makes plain what the engines read differently: `\d`, `\w`, `\s`, `.` and `\b` become explicit
//! sets. What ECMA-262 does not have (`\A`, `\Z`, `(?i)`, `a++`) is refused.

use super::super::limits::{MAX_PATTERN_LENGTH, MAX_PATTERN_WEIGHT};
use super::class::CharSet;
use crate::cut;
use crate::host::{is_letter, is_number};
use crate::json::{Quoted, written};
use std::fmt;

/// What a pattern asks of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Needs {
    /// Nothing beyond a small automaton.
    Linear,
    /// Tables of Unicode properties (`\p{…}`).
    Unicode,
    /// Look-around or back-references.
    Backtracking,
}

/// Takes the parts of a pattern in the order in which they are written.
pub(super) trait Sink: Default {
    /// A character that stands for itself: a letter, a digit, or beyond ASCII.
    fn literal(&mut self, c: char);
    /// One of these characters and properties (`\p{…}`, one behind the other), or none of them.
    fn set(&mut self, set: &CharSet, properties: &str, negated: bool);
    /// `^` or `$`.
    fn anchor(&mut self, c: char);
    /// The border of a word, or not. `linear`: nothing in the pattern needs more than a small automaton.
    fn boundary(&mut self, wanted: bool, linear: bool);
    /// The text of a group once more; of none yet, the empty text.
    fn same(&mut self, group: Option<usize>);
    /// A group begins; `mark` is what stands behind its `(`: nothing, `?:`, or that of a look around.
    fn open(&mut self, mark: &'static str);
    /// An alternative ends and the next one begins.
    fn either(&mut self);
    /// A group ends.
    fn close(&mut self);
    /// The last part comes so many times.
    fn repeat(&mut self, least: usize, most: Option<usize>, lazy: bool);
}

pub(super) struct Translation<S> {
    pub(super) sink: S,
    pub(super) needs: Needs,
    /// Parts of the pattern with counted repetitions written out.
    pub(super) weight: u64,
}

/// Reads a pattern, or says what is wrong with it.
pub(super) fn translate<S: Sink>(source: &str) -> Result<Translation<S>, String> {
    let chars = cut::chars(source, MAX_PATTERN_LENGTH + 1);
    if chars.len() > MAX_PATTERN_LENGTH {
        return Err(format!("it is longer than {MAX_PATTERN_LENGTH} characters"));
    }
    let first = run(&chars, Needs::Linear)?;
    // `\b` is written in another way for a backtracking engine, whose own looks at Unicode.
    if first.needs == Needs::Linear { Ok(first) } else { run(&chars, first.needs) }
}

fn run<S: Sink>(chars: &[char], target: Needs) -> Result<Translation<S>, String> {
    let mut translator = Translator {
        chars,
        at: 0,
        out: S::default(),
        needs: Needs::Linear,
        target,
        closed: Vec::new(),
        names: Vec::new(),
        groups: 0,
        why: String::new(),
    };
    match translator.whole() {
        Ok(weight) => Ok(Translation { sink: translator.out, needs: translator.needs, weight }),
        Err(Wrong) => Err(translator.why),
    }
}

pub(super) struct Translator<'a, S> {
    pub(super) chars: &'a [char],
    pub(super) at: usize,
    pub(super) out: S,
    needs: Needs,
    pub(super) target: Needs,
    /// Capturing groups closed so far, by number from 1, and the names.
    pub(super) closed: Vec<bool>,
    pub(super) names: Vec<(String, usize)>,
    groups: usize,
    /// What is wrong.
    why: String,
}

/// What was read; nothing more is when something is wrong, which the reader knows.
pub(super) type Read<T> = Result<T, Wrong>;

/// Something is wrong.
pub(super) struct Wrong;

/// Groups inside groups.
const MAX_NESTING: usize = 50;

impl<S: Sink> Translator<'_, S> {
    fn whole(&mut self) -> Read<u64> {
        self.count_groups()?;
        let weight = self.alternatives(0)?;
        if self.at < self.chars.len() {
            return Err(self.wrong(format_args!("there is a \")\" without its \"(\"")));
        }
        Ok(weight)
    }

    #[cold]
    #[inline(never)]
    pub(super) fn wrong(&mut self, why: fmt::Arguments<'_>) -> Wrong {
        self.why = written(why);
        Wrong
    }

    /// Back-references may come before their group, so groups are counted first.
    fn count_groups(&mut self) -> Read<()> {
        let mut in_class = false;
        let mut at = 0;
        while let Some(c) = self.chars.get(at) {
            match c {
                '\\' => at += 1,
                '[' => in_class = true,
                ']' => in_class = false,
                '(' if !in_class => {
                    let named = self.chars.get(at + 1) == Some(&'?')
                        && self.chars.get(at + 2) == Some(&'<')
                        && !matches!(self.chars.get(at + 3), Some('=' | '!'));
                    if named || self.chars.get(at + 1) != Some(&'?') {
                        self.groups += 1;
                    }
                    if named {
                        let name = self.name(at + 3, '>');
                        if self.names.iter().any(|(known, _)| *known == name) {
                            return Err(
                                self.wrong(format_args!("two groups have the name {}", Quoted(&name)))
                            );
                        }
                        self.names.push((name, self.groups));
                    }
                }
                _ => {}
            }
            at += 1;
        }
        self.closed = vec![false; self.groups + 1];
        self.groups = 0;
        Ok(())
    }

    /// What stands from a place up to a character, or to the end.
    pub(super) fn name(&self, from: usize, end: char) -> String {
        let mut name = String::new();
        for c in self.chars.get(from..).unwrap_or_default() {
            if *c == end {
                break;
            }
            name.push(*c);
        }
        name
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    /// Reads a text of ASCII, when it comes next.
    pub(super) fn take(&mut self, text: &str) -> bool {
        let mut at = self.at;
        for c in text.as_bytes() {
            if self.chars.get(at) != Some(&char::from(*c)) {
                return false;
            }
            at += 1;
        }
        self.at = at;
        true
    }

    pub(super) fn needs(&mut self, needs: Needs) {
        self.needs = self.needs.max(needs);
    }

    /// Alternatives up to a closing bracket or the end.
    fn alternatives(&mut self, depth: usize) -> Read<u64> {
        if depth > MAX_NESTING {
            return Err(self.wrong(format_args!("groups are nested deeper than {MAX_NESTING}")));
        }
        let mut weight: u64 = 1;
        while let Some(c) = self.peek() {
            match c {
                ')' => break,
                '|' => {
                    self.at += 1;
                    self.out.either();
                    weight += 1;
                }
                _ => weight = weight.saturating_add(self.term(depth)?),
            }
            if weight > MAX_PATTERN_WEIGHT {
                return Err(self.wrong(format_args!(
                    "it has more than {MAX_PATTERN_WEIGHT} parts with its repetitions written out"
                )));
            }
        }
        Ok(weight)
    }

    fn term(&mut self, depth: usize) -> Read<u64> {
        let Some(c) = self.peek() else { return Ok(0) };
        self.at += 1;
        let weight = match c {
            '^' | '$' => {
                self.out.anchor(c);
                return Ok(1);
            }
            '(' => match self.group(depth)? {
                (weight, true) => weight,
                (weight, false) => return Ok(weight),
            },
            '.' => self.set(&CharSet::dot()),
            '[' => self.class()?,
            '\\' => match self.escape()? {
                Some(weight) => weight,
                None => return Ok(1),
            },
            '*' | '+' | '?' => {
                return Err(self.wrong(format_args!("there is nothing before '{c}' to repeat")));
            }
            '{' if self.counts()?.is_some() => {
                return Err(self.wrong(format_args!("there is nothing before \"{{\" to repeat")));
            }
            c => self.literal(c),
        };
        self.quantifier(weight)
    }

    fn literal(&mut self, c: char) -> u64 {
        if c.is_ascii_alphanumeric() || !c.is_ascii() {
            self.out.literal(c);
        } else {
            self.set(&CharSet::of(&[(u32::from(c), u32::from(c))]));
        }
        1
    }

    pub(super) fn set(&mut self, set: &CharSet) -> u64 {
        self.bracketed(set, "", false)
    }

    pub(super) fn bracketed(&mut self, set: &CharSet, properties: &str, negated: bool) -> u64 {
        self.out.set(set, properties, negated);
        set.weight()
    }

    /// A group after its `(`; the flag says whether it can be repeated.
    fn group(&mut self, depth: usize) -> Read<(u64, bool)> {
        let mut number = None;
        let mut repeatable = true;
        if self.take("?:") {
            self.out.open("?:");
        } else if let Some(look) = self.look() {
            self.needs(Needs::Backtracking);
            self.out.open(look);
            repeatable = false;
        } else {
            if self.take("?<") {
                self.group_name()?;
            } else if self.peek() == Some('?') {
                return Err(self.wrong(format_args!("\"(?\" is followed by what ECMA-262 does not have")));
            }
            self.groups += 1;
            number = Some(self.groups);
            self.out.open("");
        }
        let weight = self.alternatives(depth + 1)?;
        if !self.take(")") {
            return Err(self.wrong(format_args!("there is a \"(\" without its \")\"")));
        }
        self.out.close();
        if let Some(number) = number {
            self.closed[number] = true;
        }
        Ok((weight, repeatable))
    }

    /// Reads how a look around begins.
    fn look(&mut self) -> Option<&'static str> {
        let mut found = None;
        for look in &["?=", "?!", "?<=", "?<!"] {
            if found.is_none() && self.take(look) {
                found = Some(*look);
            }
        }
        found
    }

    /// Reads `name>`.
    pub(super) fn group_name(&mut self) -> Read<String> {
        let name = self.name(self.at, '>');
        self.at += name.chars().count();
        if !is_name(&name) || !self.take(">") {
            return Err(self.wrong(format_args!("{} is not the name of a group", Quoted(&name))));
        }
        Ok(name)
    }

    /// Reads `{n}`, `{n,}` or `{n,m}` from `n`; `None`, with nothing read, when it is none of them.
    fn counts(&mut self) -> Read<Option<(usize, Option<usize>)>> {
        let start = self.at;
        let least = self.digits();
        let mut found = self.at > start;
        let mut most = Some(least);
        if found && self.take(",") {
            let from = self.at;
            let number = self.digits();
            most = (self.at > from).then_some(number);
        }
        found = found && self.take("}");
        if !found {
            self.at = start;
            return Ok(None);
        }
        if most.is_some_and(|most| most < least) {
            return Err(self.wrong(format_args!(
                "a repetition of {least} to {} ends before it starts",
                most.unwrap_or_default()
            )));
        }
        Ok(Some((least, most)))
    }

    /// A quantifier, if there is one, after a part of this weight.
    fn quantifier(&mut self, weight: u64) -> Read<u64> {
        let plain = match self.peek() {
            Some('*') => Some((0, None)),
            Some('+') => Some((1, None)),
            Some('?') => Some((0, Some(1))),
            Some('{') => None,
            _ => return Ok(weight),
        };
        self.at += 1;
        if let Some((least, most)) = plain {
            let lazy = self.take("?");
            self.out.repeat(least, most, lazy);
            return Ok(weight);
        }
        let Some((least, most)) = self.counts()? else {
            self.at -= 1;
            return Ok(weight);
        };
        let times = most.unwrap_or(least.saturating_add(1)).max(1) as u64;
        // More is refused all the same, and the product stays small.
        let weight = weight * times.min(MAX_PATTERN_WEIGHT + 1);
        // Refused before an engine writes it out.
        if weight <= MAX_PATTERN_WEIGHT {
            let lazy = self.take("?");
            self.out.repeat(least, most, lazy);
        }
        Ok(weight)
    }
}

/// A letter, `_` or `$`, and then digits too.
fn is_name(name: &str) -> bool {
    let mut first = true;
    for c in name.chars() {
        if !(is_letter(c) || c == '_' || c == '$' || (!first && is_number(c))) {
            return false;
        }
        first = false;
    }
    !first
}
