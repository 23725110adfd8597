//! Regular expressions of ECMA-262 (as with the `u` flag, a little more lenient where schemas in the wild are)
//! rewritten for engines of Rust.
//!
//! The rewriting makes plain what the engines read differently: `\d`, `\w`, `\s`, `.` and `\b` become explicit
//! sets. What ECMA-262 does not have (`\A`, `\Z`, `(?i)`, `a++`) is refused.

use super::super::limits::{MAX_PATTERN_LENGTH, MAX_PATTERN_WEIGHT};
use super::class::CharSet;
use std::fmt::Write;

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

pub(super) struct Translation {
    pub(super) text: String,
    pub(super) needs: Needs,
    /// Parts of the pattern with counted repetitions written out.
    pub(super) weight: u64,
}

/// Rewrites a pattern, or says what is wrong with it.
pub(super) fn translate(source: &str) -> Result<Translation, String> {
    let chars: Vec<char> = source.chars().take(MAX_PATTERN_LENGTH + 1).collect();
    if chars.len() > MAX_PATTERN_LENGTH {
        return Err(format!("it is longer than {MAX_PATTERN_LENGTH} characters"));
    }
    let first = Translator::run(&chars, Needs::Linear)?;
    // `\b` is written in another way for a backtracking engine, whose own looks at Unicode.
    if first.needs == Needs::Linear { Ok(first) } else { Translator::run(&chars, first.needs) }
}

struct Translator<'a> {
    chars: &'a [char],
    at: usize,
    out: String,
    needs: Needs,
    target: Needs,
    /// Capturing groups closed so far, by number from 1, and the names.
    closed: Vec<bool>,
    names: Vec<(String, usize)>,
    groups: usize,
}

/// Groups inside groups.
const MAX_NESTING: usize = 50;

impl<'a> Translator<'a> {
    fn run(chars: &'a [char], target: Needs) -> Result<Translation, String> {
        let mut translator = Self {
            chars,
            at: 0,
            out: String::new(),
            needs: Needs::Linear,
            target,
            closed: Vec::new(),
            names: Vec::new(),
            groups: 0,
        };
        translator.count_groups()?;
        let weight = translator.alternatives(0)?;
        if translator.at < chars.len() {
            return Err("there is a \")\" without its \"(\"".to_owned());
        }
        Ok(Translation { text: translator.out, needs: translator.needs, weight })
    }

    /// Back-references may come before their group, so groups are counted first.
    fn count_groups(&mut self) -> Result<(), String> {
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
                        let name: String = self.chars[at + 3..].iter().take_while(|c| **c != '>').collect();
                        if self.names.iter().any(|(known, _)| *known == name) {
                            return Err(format!("two groups have the name {name:?}"));
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

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn take(&mut self, text: &str) -> bool {
        let matches = text.chars().enumerate().all(|(n, c)| self.chars.get(self.at + n) == Some(&c));
        if matches {
            self.at += text.chars().count();
        }
        matches
    }

    fn needs(&mut self, needs: Needs) {
        self.needs = self.needs.max(needs);
    }

    /// Alternatives up to a closing bracket or the end.
    fn alternatives(&mut self, depth: usize) -> Result<u64, String> {
        if depth > MAX_NESTING {
            return Err(format!("groups are nested deeper than {MAX_NESTING}"));
        }
        let mut weight: u64 = 1;
        while let Some(c) = self.peek() {
            match c {
                ')' => break,
                '|' => {
                    self.at += 1;
                    self.out.push('|');
                    weight += 1;
                }
                _ => weight = weight.saturating_add(self.term(depth)?),
            }
            if weight > MAX_PATTERN_WEIGHT {
                return Err(format!(
                    "it has more than {MAX_PATTERN_WEIGHT} parts with its repetitions written out"
                ));
            }
        }
        Ok(weight)
    }

    fn term(&mut self, depth: usize) -> Result<u64, String> {
        let Some(c) = self.peek() else { return Ok(0) };
        self.at += 1;
        let weight = match c {
            '^' | '$' => {
                self.out.push(c);
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
            '*' | '+' | '?' => return Err(format!("there is nothing before {c:?} to repeat")),
            '{' if self.counts()?.is_some() => {
                return Err("there is nothing before \"{\" to repeat".to_owned());
            }
            c => self.literal(c),
        };
        self.quantifier(weight)
    }

    fn literal(&mut self, c: char) -> u64 {
        if c.is_ascii_alphanumeric() || !c.is_ascii() {
            self.out.push(c);
        } else {
            self.set(&CharSet::of(&[(u32::from(c), u32::from(c))]));
        }
        1
    }

    fn set(&mut self, set: &CharSet) -> u64 {
        self.bracketed(set, "", false)
    }

    fn bracketed(&mut self, set: &CharSet, properties: &str, negated: bool) -> u64 {
        self.out.push_str(if negated { "[^" } else { "[" });
        if set.is_empty() && properties.is_empty() {
            // An empty set matches nothing.
            self.out.push_str("^\\x{0}-\\x{10ffff}");
        }
        set.write(&mut self.out);
        self.out.push_str(properties);
        self.out.push(']');
        set.weight()
    }

    /// A group after its `(`; the flag says whether it can be repeated.
    fn group(&mut self, depth: usize) -> Result<(u64, bool), String> {
        let mut number = None;
        let mut repeatable = true;
        if self.take("?:") {
            self.out.push_str("(?:");
        } else if let Some(look) = ["?=", "?!", "?<=", "?<!"].into_iter().find(|look| self.take(look)) {
            self.needs(Needs::Backtracking);
            self.out.push('(');
            self.out.push_str(look);
            repeatable = false;
        } else {
            if self.take("?<") {
                self.group_name()?;
            } else if self.peek() == Some('?') {
                return Err("\"(?\" is followed by what ECMA-262 does not have".to_owned());
            }
            self.groups += 1;
            number = Some(self.groups);
            self.out.push('(');
        }
        let weight = self.alternatives(depth + 1)?;
        if !self.take(")") {
            return Err("there is a \"(\" without its \")\"".to_owned());
        }
        self.out.push(')');
        if let Some(number) = number {
            self.closed[number] = true;
        }
        Ok((weight, repeatable))
    }

    /// Reads `name>`.
    fn group_name(&mut self) -> Result<String, String> {
        let name: String = self.chars[self.at..].iter().take_while(|c| **c != '>').collect();
        self.at += name.chars().count();
        let starts = name.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '$');
        if !starts || !name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$') || !self.take(">") {
            return Err(format!("{name:?} is not the name of a group"));
        }
        Ok(name)
    }

    /// An escape outside of a class, after its `\`; `None` for what cannot be repeated.
    fn escape(&mut self) -> Result<Option<u64>, String> {
        let Some(c) = self.peek() else { return Err("it ends with a \"\\\"".to_owned()) };
        match c {
            'b' | 'B' => {
                self.at += 1;
                self.boundary(c);
                return Ok(None);
            }
            '1'..='9' => {
                let number = self.digits();
                if number >= self.closed.len() {
                    return Err(format!("\"\\{number}\" refers to a group that is not there"));
                }
                self.back_reference(number);
            }
            'k' => {
                self.at += 1;
                if !self.take("<") {
                    return Err("\"\\k\" is not followed by \"<name>\"".to_owned());
                }
                let name = self.group_name()?;
                let Some((_, number)) = self.names.iter().find(|(known, _)| *known == name) else {
                    return Err(format!("\"\\k<{name}>\" refers to a group that is not there"));
                };
                self.back_reference(*number);
            }
            'p' | 'P' => {
                let property = self.property()?;
                self.bracketed(&CharSet::default(), &property, false);
            }
            _ => {
                if let Some(set) = CharSet::of_escape(c) {
                    self.at += 1;
                    return Ok(Some(self.set(&set)));
                }
                let c = self.char_escape()?;
                self.set(&CharSet::of(&[(c, c)]));
            }
        }
        Ok(Some(1))
    }

    fn digits(&mut self) -> usize {
        let mut number: usize = 0;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            number = number.saturating_mul(10).saturating_add(digit as usize);
            self.at += 1;
        }
        number
    }

    fn boundary(&mut self, c: char) {
        const WORD: &str = "[0-9A-Za-z_]";
        if self.target == Needs::Linear {
            self.out.push('\\');
            self.out.push(c);
            return;
        }
        // The engine's own boundary looks at Unicode words. This one makes the pattern backtrack.
        self.needs(Needs::Backtracking);
        let (inside, outside) = if c == 'b' { ("!", "=") } else { ("=", "!") };
        // Writing to a `String` cannot fail.
        let _ = write!(self.out, "(?:(?<={WORD})(?{inside}{WORD})|(?<!{WORD})(?{outside}{WORD}))");
    }

    fn back_reference(&mut self, number: usize) {
        self.needs(Needs::Backtracking);
        // A group that is still open, or comes later, has matched nothing yet.
        let reference = if self.closed[number] { format!("(?:\\{number})") } else { "(?:)".to_owned() };
        self.out.push_str(&reference);
    }

    /// Reads `p{…}` or `P{…}`.
    fn property(&mut self) -> Result<String, String> {
        let letter = self.peek().unwrap_or('p');
        self.at += 1;
        let name: String = self.chars[self.at..].iter().skip(1).take_while(|c| **c != '}').collect();
        let plain =
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '='));
        if self.peek() != Some('{') || !plain || self.chars.get(self.at + name.len() + 1) != Some(&'}') {
            return Err(format!("\"\\{letter}\" is not followed by the name of a property in braces"));
        }
        self.at += name.len() + 2;
        self.needs(Needs::Unicode);
        Ok(format!("\\{letter}{{{name}}}"))
    }

    /// The code point of an escape of one character.
    fn char_escape(&mut self) -> Result<u32, String> {
        let Some(c) = self.peek() else { return Err("it ends with a \"\\\"".to_owned()) };
        self.at += 1;
        Ok(match c {
            't' => 0x09,
            'n' => 0x0a,
            'v' => 0x0b,
            'f' => 0x0c,
            'r' => 0x0d,
            '0' if !self.peek().is_some_and(|c| c.is_ascii_digit()) => 0,
            'c' => match self.peek() {
                Some(letter) if letter.is_ascii_alphabetic() => {
                    self.at += 1;
                    u32::from(letter) % 32
                }
                _ => return Err("\"\\c\" is not followed by a letter".to_owned()),
            },
            'x' => self.hex(2).ok_or("\"\\x\" is not followed by two hexadecimal digits")?,
            'u' => self.unicode_escape().ok_or("\"\\u\" is not followed by a code point")?,
            c if c.is_ascii_alphanumeric() => return Err(format!("\"\\{c}\" is not an escape of ECMA-262")),
            c => u32::from(c),
        })
    }

    fn hex(&mut self, digits: usize) -> Option<u32> {
        let mut value = 0;
        for n in 0..digits {
            value = value * 16 + self.chars.get(self.at + n)?.to_digit(16)?;
        }
        self.at += digits;
        Some(value)
    }

    /// `\uXXXX`, a pair of surrogates, or `\u{X…}`, after the `u`.
    fn unicode_escape(&mut self) -> Option<u32> {
        if self.take("{") {
            let digits = self.chars[self.at..].iter().take_while(|c| **c != '}').count();
            let value = if (1..=6).contains(&digits) { self.hex(digits)? } else { return None };
            return (self.take("}") && value <= 0x10_ffff).then_some(value);
        }
        let high = self.hex(4)?;
        if (0xd800..0xdc00).contains(&high) && self.take("\\u") {
            let low = self.hex(4).filter(|low| (0xdc00..0xe000).contains(low))?;
            return Some(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00));
        }
        Some(high)
    }

    /// A class after its `[`.
    fn class(&mut self) -> Result<u64, String> {
        let negated = self.take("^");
        let mut set = CharSet::default();
        let mut properties = String::new();
        loop {
            let Some(c) = self.peek() else { return Err("there is a \"[\" without its \"]\"".to_owned()) };
            if c == ']' {
                self.at += 1;
                break;
            }
            let first = self.class_atom(&mut set, &mut properties)?;
            let is_range = self.peek() == Some('-') && self.chars.get(self.at + 1).is_some_and(|c| *c != ']');
            let Some(first) = first else { continue };
            if !is_range {
                set.add(first, first);
                continue;
            }
            self.at += 1;
            match self.class_atom(&mut set, &mut properties)? {
                Some(last) if last < first => {
                    return Err("a range of a class ends before it starts".to_owned());
                }
                Some(last) => set.add(first, last),
                // `[a-\d]`: the hyphen stands for itself, as outside of the `u` mode.
                None => {
                    set.add(first, first);
                    set.add(u32::from('-'), u32::from('-'));
                }
            }
        }
        if !properties.is_empty() {
            return Ok(self.bracketed(&set, &properties, negated));
        }
        let set = if negated { set.complement() } else { set };
        Ok(self.set(&set))
    }

    /// One member of a class: a code point, or `None` after adding a whole set.
    fn class_atom(&mut self, set: &mut CharSet, properties: &mut String) -> Result<Option<u32>, String> {
        let Some(c) = self.peek() else { return Err("there is a \"[\" without its \"]\"".to_owned()) };
        self.at += 1;
        if c != '\\' {
            return Ok(Some(u32::from(c)));
        }
        match self.peek() {
            Some('b') => {
                self.at += 1;
                Ok(Some(0x08))
            }
            Some('p' | 'P') => {
                properties.push_str(&self.property()?);
                Ok(None)
            }
            Some(letter) if CharSet::of_escape(letter).is_some() => {
                self.at += 1;
                set.union(&CharSet::of_escape(letter).unwrap_or_default());
                Ok(None)
            }
            _ => self.char_escape().map(Some),
        }
    }

    /// Reads `{n}`, `{n,}` or `{n,m}` from `n`; `None`, with nothing read, when it is none of them.
    fn counts(&mut self) -> Result<Option<(usize, Option<usize>)>, String> {
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
            return Err(format!(
                "a repetition of {least} to {} ends before it starts",
                most.unwrap_or_default()
            ));
        }
        Ok(Some((least, most)))
    }

    /// A quantifier, if there is one, after a part of this weight.
    fn quantifier(&mut self, weight: u64) -> Result<u64, String> {
        let times = match self.peek() {
            Some(c @ ('*' | '+' | '?')) => {
                self.at += 1;
                self.out.push(c);
                1
            }
            Some('{') => {
                self.at += 1;
                let Some((least, most)) = self.counts()? else {
                    self.at -= 1;
                    return Ok(weight);
                };
                let times = most.unwrap_or(least.saturating_add(1)).max(1) as u64;
                // Refused before an engine writes it out.
                if weight.saturating_mul(times) > MAX_PATTERN_WEIGHT {
                    return Ok(weight.saturating_mul(times));
                }
                // Writing to a `String` cannot fail.
                let _ = match most {
                    Some(most) => write!(self.out, "{{{least},{most}}}"),
                    None => write!(self.out, "{{{least},}}"),
                };
                times
            }
            _ => return Ok(weight),
        };
        if self.take("?") {
            self.out.push('?');
        }
        Ok(weight.saturating_mul(times))
    }
}
