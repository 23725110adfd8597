//! Escapes and classes of the regular expressions of ECMA-262; the rest of the grammar is in `ecma`.

use super::class::CharSet;
use super::ecma::{Needs, Read, Sink, Translator};

impl<S: Sink> Translator<'_, S> {
    /// An escape outside of a class, after its `\`; `None` for what cannot be repeated.
    pub(super) fn escape(&mut self) -> Read<Option<u64>> {
        let Some(c) = self.peek() else { return Err(self.wrong(format_args!("it ends with a \"\\\""))) };
        match c {
            'b' | 'B' => {
                self.at += 1;
                self.boundary(c);
                return Ok(None);
            }
            '1'..='9' => {
                let number = self.digits();
                if number >= self.closed.len() {
                    return Err(
                        self.wrong(format_args!("\"\\{number}\" refers to a group that is not there"))
                    );
                }
                self.back_reference(number);
            }
            'k' => {
                self.at += 1;
                if !self.take("<") {
                    return Err(self.wrong(format_args!("\"\\k\" is not followed by \"<name>\"")));
                }
                let name = self.group_name()?;
                let Some((_, number)) = self.names.iter().find(|(known, _)| *known == name) else {
                    return Err(
                        self.wrong(format_args!("\"\\k<{name}>\" refers to a group that is not there"))
                    );
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

    pub(super) fn digits(&mut self) -> usize {
        let mut number: usize = 0;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            number = number.saturating_mul(10).saturating_add(digit as usize);
            self.at += 1;
        }
        number
    }

    fn boundary(&mut self, c: char) {
        let linear = self.target == Needs::Linear;
        if !linear {
            // The boundary of an engine with Unicode looks at Unicode words. Ours makes the pattern backtrack.
            self.needs(Needs::Backtracking);
        }
        self.out.boundary(c == 'b', linear);
    }

    fn back_reference(&mut self, number: usize) {
        self.needs(Needs::Backtracking);
        // A group that is still open, or comes later, has matched nothing yet.
        self.out.same(Some(number).filter(|number| self.closed[*number]));
    }

    /// Reads `p{…}` or `P{…}`.
    fn property(&mut self) -> Read<String> {
        let letter = self.peek().unwrap_or('p');
        self.at += 1;
        let name = self.name(self.at + 1, '}');
        let plain =
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '='));
        if self.peek() != Some('{') || !plain || self.chars.get(self.at + name.len() + 1) != Some(&'}') {
            return Err(self
                .wrong(format_args!("\"\\{letter}\" is not followed by the name of a property in braces")));
        }
        self.at += name.len() + 2;
        self.needs(Needs::Unicode);
        Ok(format!("\\{letter}{{{name}}}"))
    }

    /// The code point of an escape of one character.
    fn char_escape(&mut self) -> Read<u32> {
        let Some(c) = self.peek() else { return Err(self.wrong(format_args!("it ends with a \"\\\""))) };
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
                _ => return Err(self.wrong(format_args!("\"\\c\" is not followed by a letter"))),
            },
            'x' => match self.hex(2) {
                Some(code) => code,
                None => {
                    return Err(self.wrong(format_args!("\"\\x\" is not followed by two hexadecimal digits")));
                }
            },
            'u' => match self.unicode_escape() {
                Some(code) => code,
                None => return Err(self.wrong(format_args!("\"\\u\" is not followed by a code point"))),
            },
            c if c.is_ascii_alphanumeric() => {
                return Err(self.wrong(format_args!("\"\\{c}\" is not an escape of ECMA-262")));
            }
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
    pub(super) fn class(&mut self) -> Read<u64> {
        let negated = self.take("^");
        let mut set = CharSet::default();
        let mut properties = String::new();
        loop {
            let Some(c) = self.peek() else {
                return Err(self.wrong(format_args!("there is a \"[\" without its \"]\"")));
            };
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
                    return Err(self.wrong(format_args!("a range of a class ends before it starts")));
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
    fn class_atom(&mut self, set: &mut CharSet, properties: &mut String) -> Read<Option<u32>> {
        let Some(c) = self.peek() else {
            return Err(self.wrong(format_args!("there is a \"[\" without its \"]\"")));
        };
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
}
