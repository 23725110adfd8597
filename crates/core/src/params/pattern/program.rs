//! The program of the small engine, and its compiler from the text that `ecma` writes.

use super::{PatternEngine, PatternMatcher};

/// One instruction; execution goes on with the next one unless it says otherwise.
pub(super) enum Op {
    /// One character of a set, by its number.
    Set(usize),
    /// The beginning of the text.
    Start,
    /// The end of the text.
    End,
    /// At the border of a word, or not.
    Word(bool),
    /// Both ways, the first one first.
    Split(usize, usize),
    /// Goes on elsewhere.
    Jump(usize),
    /// Notes the place in a slot.
    Save(usize),
    /// Fails when the place is still the one in the slot.
    Progress(usize),
    /// The text of a group once more.
    Same(usize),
    /// A look around, whose body follows up to an `Accept`; then it goes on at `next`.
    Look { ahead: bool, negated: bool, next: usize, widths: Widths },
    /// It matches.
    Accept,
}

/// The least and the most characters that a part can match.
type Widths = (usize, usize);

/// A set of characters.
pub(super) struct Set {
    ranges: Vec<(u32, u32)>,
    /// Unicode properties, as the host's engine knows them.
    properties: Vec<Box<dyn PatternMatcher>>,
    negated: bool,
}

impl Set {
    pub(super) fn has(&self, c: char) -> bool {
        let code = u32::from(c);
        let within = self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&code))
            || self
                .properties
                .iter()
                .any(|property| property.is_match(c.encode_utf8(&mut [0; 4])) == Ok(true));
        within != self.negated
    }
}

/// A compiled pattern.
pub(super) struct Program {
    pub(super) ops: Vec<Op>,
    pub(super) sets: Vec<Set>,
    /// Places to note: two for each group, one for each loop.
    pub(super) slots: usize,
    /// Back-references make what groups matched part of the state.
    pub(super) captures: bool,
}

impl Program {
    /// Compiles what `translate` wrote. `host` knows Unicode properties; without one they are refused.
    pub(super) fn compile(text: &str, host: Option<&dyn PatternEngine>) -> Result<Self, String> {
        let chars: Vec<char> = text.chars().collect();
        let mut reader = Reader { chars: &chars, at: 0, groups: 0, sets: Vec::new(), captures: false, host };
        let part = reader.alternatives()?;
        let mut program = Self {
            ops: Vec::new(),
            sets: reader.sets,
            slots: 2 * (reader.groups + 1),
            captures: reader.captures,
        };
        program.write(&part);
        program.ops.push(Op::Accept);
        Ok(program)
    }

    fn here(&self) -> usize {
        self.ops.len()
    }

    fn write(&mut self, part: &Part) {
        match part {
            Part::Set(set) => self.ops.push(Op::Set(*set)),
            Part::Start => self.ops.push(Op::Start),
            Part::End => self.ops.push(Op::End),
            Part::Word(wanted) => self.ops.push(Op::Word(*wanted)),
            Part::Same(group) => self.ops.push(Op::Same(*group)),
            Part::Sequence(parts) => parts.iter().for_each(|part| self.write(part)),
            Part::Group(number, inner) => {
                self.ops.push(Op::Save(2 * number));
                self.write(inner);
                self.ops.push(Op::Save(2 * number + 1));
            }
            Part::Either(parts) => {
                let mut jumps = Vec::new();
                for (n, part) in parts.iter().enumerate() {
                    let split = self.here();
                    if n + 1 < parts.len() {
                        self.ops.push(Op::Split(split + 1, 0));
                    }
                    self.write(part);
                    if n + 1 < parts.len() {
                        jumps.push(self.here());
                        self.ops.push(Op::Jump(0));
                        self.ops[split] = Op::Split(split + 1, self.here());
                    }
                }
                for jump in jumps {
                    self.ops[jump] = Op::Jump(self.here());
                }
            }
            Part::Look { ahead, negated, inner } => {
                let look = self.here();
                self.ops.push(Op::Accept);
                self.write(inner);
                self.ops.push(Op::Accept);
                let (next, widths) = (self.here(), inner.widths());
                self.ops[look] = Op::Look { ahead: *ahead, negated: *negated, next, widths };
            }
            Part::Repeat { inner, least, most, lazy } => self.repeat(inner, *least, *most, *lazy),
        }
    }

    fn repeat(&mut self, inner: &Part, least: usize, most: Option<usize>, lazy: bool) {
        let split =
            |into: usize, past: usize| if lazy { Op::Split(past, into) } else { Op::Split(into, past) };
        for _ in 0..least {
            self.write(inner);
        }
        match most {
            None => {
                let slot = self.slots;
                self.slots += 1;
                let start = self.here();
                self.ops.push(Op::Accept);
                self.ops.push(Op::Save(slot));
                self.write(inner);
                self.ops.push(Op::Progress(slot));
                self.ops.push(Op::Jump(start));
                self.ops[start] = split(start + 1, self.here());
            }
            Some(most) => {
                let mut splits = Vec::new();
                for _ in least..most {
                    splits.push(self.here());
                    self.ops.push(Op::Accept);
                    self.write(inner);
                }
                let end = self.here();
                for at in splits {
                    self.ops[at] = split(at + 1, end);
                }
            }
        }
    }
}

/// A part of a pattern.
enum Part {
    Set(usize),
    Start,
    End,
    Word(bool),
    Same(usize),
    Sequence(Vec<Self>),
    Either(Vec<Self>),
    Group(usize, Box<Self>),
    Look { ahead: bool, negated: bool, inner: Box<Self> },
    Repeat { inner: Box<Self>, least: usize, most: Option<usize>, lazy: bool },
}

impl Part {
    fn widths(&self) -> Widths {
        match self {
            Self::Set(_) => (1, 1),
            Self::Start | Self::End | Self::Word(_) | Self::Look { .. } => (0, 0),
            Self::Same(_) => (0, usize::MAX),
            Self::Group(_, inner) => inner.widths(),
            Self::Sequence(parts) => parts.iter().map(Self::widths).fold((0, 0), |(least, most), widths| {
                (least.saturating_add(widths.0), most.saturating_add(widths.1))
            }),
            Self::Either(parts) => parts
                .iter()
                .map(Self::widths)
                .fold((usize::MAX, 0), |(least, most), widths| (least.min(widths.0), most.max(widths.1))),
            Self::Repeat { inner, least, most, .. } => {
                let (shortest, longest) = inner.widths();
                let times = most.unwrap_or(usize::MAX);
                (shortest.saturating_mul(*least), longest.saturating_mul(times))
            }
        }
    }
}

/// Reads what `translate` wrote, which is valid.
struct Reader<'c> {
    chars: &'c [char],
    at: usize,
    groups: usize,
    sets: Vec<Set>,
    captures: bool,
    host: Option<&'c dyn PatternEngine>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn take(&mut self, text: &str) -> bool {
        let found = text.chars().enumerate().all(|(n, c)| self.chars.get(self.at + n) == Some(&c));
        if found {
            self.at += text.chars().count();
        }
        found
    }

    fn number(&mut self, radix: u32) -> usize {
        let mut number: usize = 0;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(radix)) {
            number = number.saturating_mul(radix as usize).saturating_add(digit as usize);
            self.at += 1;
        }
        number
    }

    fn alternatives(&mut self) -> Result<Part, String> {
        let mut parts = vec![self.sequence()?];
        while self.take("|") {
            parts.push(self.sequence()?);
        }
        Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Part::Either(parts) })
    }

    fn sequence(&mut self) -> Result<Part, String> {
        let mut parts = Vec::new();
        while self.peek().is_some_and(|c| c != '|' && c != ')') {
            let part = self.part()?;
            parts.push(self.repeated(part));
        }
        Ok(Part::Sequence(parts))
    }

    fn repeated(&mut self, part: Part) -> Part {
        let (least, most) = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => {
                self.at += 1;
                let least = self.number(10);
                let most = if self.take(",") {
                    self.peek().filter(char::is_ascii_digit).map(|_| self.number(10))
                } else {
                    Some(least)
                };
                (least, most)
            }
            _ => return part,
        };
        self.at += 1;
        let lazy = self.take("?");
        Part::Repeat { inner: Box::new(part), least, most, lazy }
    }

    fn part(&mut self) -> Result<Part, String> {
        let c = self.peek().unwrap_or_default();
        self.at += 1;
        Ok(match c {
            '^' => Part::Start,
            '$' => Part::End,
            '[' => self.set()?,
            '(' => self.group()?,
            '\\' => {
                let wanted = self.peek();
                if let Some('b' | 'B') = wanted {
                    self.at += 1;
                    return Ok(Part::Word(wanted == Some('b')));
                }
                self.captures = true;
                Part::Same(self.number(10))
            }
            c => self.add(Set { ranges: vec![(c.into(), c.into())], properties: Vec::new(), negated: false }),
        })
    }

    fn group(&mut self) -> Result<Part, String> {
        for (mark, ahead, negated) in
            [("?=", true, false), ("?!", true, true), ("?<=", false, false), ("?<!", false, true)]
        {
            if self.take(mark) {
                let inner = Box::new(self.inner()?);
                return Ok(Part::Look { ahead, negated, inner });
            }
        }
        if self.take("?:") {
            return self.inner();
        }
        self.groups += 1;
        let number = self.groups;
        Ok(Part::Group(number, Box::new(self.inner()?)))
    }

    fn inner(&mut self) -> Result<Part, String> {
        let part = self.alternatives()?;
        self.at += 1;
        Ok(part)
    }

    fn add(&mut self, set: Set) -> Part {
        self.sets.push(set);
        Part::Set(self.sets.len() - 1)
    }

    /// `[…]` of `\x{…}`, ranges of them, and properties.
    fn set(&mut self) -> Result<Part, String> {
        let mut set = Set { ranges: Vec::new(), properties: Vec::new(), negated: self.take("^") };
        while !self.take("]") {
            if self.peek() != Some('\\') || self.chars.get(self.at + 1) == Some(&'x') {
                let first = self.code();
                let last = if self.take("-") { self.code() } else { first };
                set.ranges.push((first, last));
                continue;
            }
            let from = self.at;
            while !self.take("}") {
                self.at += 1;
            }
            let property: String = self.chars[from..self.at].iter().collect();
            let Some(host) = self.host else {
                return Err("this build has no tables for Unicode properties".to_owned());
            };
            set.properties.push(host.compile(&property)?);
        }
        Ok(self.add(set))
    }

    /// A character of a set, as it is or as `\x{…}`.
    fn code(&mut self) -> u32 {
        if self.take("\\x{") {
            let code = self.number(16) as u32;
            self.at += 1;
            return code;
        }
        let code = self.peek().map_or(0, u32::from);
        self.at += 1;
        code
    }
}
