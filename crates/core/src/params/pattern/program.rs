//! The program of the small engine, and its compiler from the parts of a pattern.

use super::class::CharSet;
use super::ecma::Sink;
use crate::{cut, host};

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
    /// Unicode properties, as the host knows them.
    properties: Vec<usize>,
    negated: bool,
}

impl Set {
    pub(super) fn has(&self, c: char) -> bool {
        let code = u32::from(c);
        for (first, last) in &self.ranges {
            if (*first..=*last).contains(&code) {
                return !self.negated;
            }
        }
        for property in &self.properties {
            if host::has_property(*property, c) {
                return !self.negated;
            }
        }
        self.negated
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
    /// Compiles a whole pattern.
    pub(super) fn compile(parts: Parts) -> Result<Self, String> {
        let mut program = Self {
            ops: Vec::new(),
            sets: Vec::new(),
            slots: 2 * (parts.groups + 1),
            captures: parts.captures,
        };
        program.write(&parts.here.whole())?;
        program.ops.push(Op::Accept);
        Ok(program)
    }

    fn here(&self) -> usize {
        self.ops.len()
    }

    fn write(&mut self, part: &Part) -> Result<(), String> {
        match part {
            Part::Set { ranges, properties, negated } => {
                let mut numbers = Vec::new();
                let mut names = &**properties;
                while let Some((name, rest)) = cut::once(names, b'}') {
                    let name = name.to_owned() + "}";
                    let Some(number) = host::property(&name) else {
                        return Err(name + " is not a property of Unicode");
                    };
                    numbers.push(number);
                    names = rest;
                }
                self.ops.push(Op::Set(self.sets.len()));
                self.sets.push(Set { ranges: ranges.clone(), properties: numbers, negated: *negated });
            }
            Part::Start => self.ops.push(Op::Start),
            Part::End => self.ops.push(Op::End),
            Part::Word(wanted) => self.ops.push(Op::Word(*wanted)),
            Part::Same(group) => self.ops.push(Op::Same(*group)),
            Part::Sequence(parts) => {
                for part in parts {
                    self.write(part)?;
                }
            }
            Part::Group(number, inner) => {
                self.ops.push(Op::Save(2 * number));
                self.write(inner)?;
                self.ops.push(Op::Save(2 * number + 1));
            }
            Part::Either(parts) => {
                let mut jumps = Vec::new();
                for (n, part) in parts.iter().enumerate() {
                    let split = self.here();
                    if n + 1 < parts.len() {
                        self.ops.push(Op::Split(split + 1, 0));
                    }
                    self.write(part)?;
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
                self.write(inner)?;
                self.ops.push(Op::Accept);
                let (next, widths) = (self.here(), inner.widths());
                self.ops[look] = Op::Look { ahead: *ahead, negated: *negated, next, widths };
            }
            Part::Repeat { inner, least, most, lazy } => {
                let times = (*least, *most);
                self.repeat(inner, times, *lazy)?;
            }
        }
        Ok(())
    }

    fn repeat(
        &mut self,
        inner: &Part,
        (least, most): (usize, Option<usize>),
        lazy: bool,
    ) -> Result<(), String> {
        let split =
            |into: usize, past: usize| if lazy { Op::Split(past, into) } else { Op::Split(into, past) };
        for _ in 0..least {
            self.write(inner)?;
        }
        match most {
            None => {
                let slot = self.slots;
                self.slots += 1;
                let start = self.here();
                self.ops.push(Op::Accept);
                self.ops.push(Op::Save(slot));
                self.write(inner)?;
                self.ops.push(Op::Progress(slot));
                self.ops.push(Op::Jump(start));
                self.ops[start] = split(start + 1, self.here());
            }
            Some(most) => {
                let mut splits = Vec::new();
                for _ in least..most {
                    splits.push(self.here());
                    self.ops.push(Op::Accept);
                    self.write(inner)?;
                }
                let end = self.here();
                for at in splits {
                    self.ops[at] = split(at + 1, end);
                }
            }
        }
        Ok(())
    }
}

/// A part of a pattern.
pub(super) enum Part {
    /// One character of a set; properties are one behind the other: `\p{Lu}\P{L}`.
    Set {
        ranges: Vec<(u32, u32)>,
        properties: String,
        negated: bool,
    },
    Start,
    End,
    Word(bool),
    Same(usize),
    Sequence(Vec<Self>),
    Either(Vec<Self>),
    Group(usize, Box<Self>),
    Look {
        ahead: bool,
        negated: bool,
        inner: Box<Self>,
    },
    Repeat {
        inner: Box<Self>,
        least: usize,
        most: Option<usize>,
        lazy: bool,
    },
}

impl Part {
    fn widths(&self) -> Widths {
        match self {
            Self::Set { .. } => (1, 1),
            Self::Start | Self::End | Self::Word(_) | Self::Look { .. } => (0, 0),
            Self::Same(_) => (0, usize::MAX),
            Self::Group(_, inner) => inner.widths(),
            Self::Sequence(parts) => {
                let mut sum: Widths = (0, 0);
                for part in parts {
                    let widths = part.widths();
                    sum = (sum.0.saturating_add(widths.0), sum.1.saturating_add(widths.1));
                }
                sum
            }
            Self::Either(parts) => {
                let mut both: Widths = (usize::MAX, 0);
                for part in parts {
                    let widths = part.widths();
                    both = (both.0.min(widths.0), both.1.max(widths.1));
                }
                both
            }
            Self::Repeat { inner, least, most, .. } => {
                let (shortest, longest) = inner.widths();
                let times = most.unwrap_or(usize::MAX);
                (shortest.saturating_mul(*least), longest.saturating_mul(times))
            }
        }
    }
}

/// A group that is open, or the whole pattern.
#[derive(Default)]
struct Open {
    /// How the group began, and its number if it captures.
    mark: String,
    number: usize,
    /// The alternatives that have ended, and the parts of the one that has not.
    ended: Vec<Part>,
    parts: Vec<Part>,
}

impl Open {
    fn either(&mut self) {
        self.ended.push(Part::Sequence(std::mem::take(&mut self.parts)));
    }

    fn whole(mut self) -> Part {
        self.either();
        if self.ended.len() == 1 { self.ended.swap_remove(0) } else { Part::Either(self.ended) }
    }
}

/// A pattern as parts.
#[derive(Default)]
pub(super) struct Parts {
    above: Vec<Open>,
    here: Open,
    groups: usize,
    captures: bool,
}

impl Parts {
    fn add(&mut self, part: Part) {
        self.here.parts.push(part);
    }
}

impl Sink for Parts {
    fn literal(&mut self, c: char) {
        self.add(Part::Set { ranges: vec![(c.into(), c.into())], properties: String::new(), negated: false });
    }

    fn set(&mut self, set: &CharSet, properties: &str, negated: bool) {
        self.add(Part::Set { ranges: set.ranges().to_vec(), properties: properties.to_owned(), negated });
    }

    fn anchor(&mut self, c: char) {
        self.add(if c == '^' { Part::Start } else { Part::End });
    }

    fn boundary(&mut self, wanted: bool, _linear: bool) {
        self.add(Part::Word(wanted));
    }

    fn same(&mut self, group: Option<usize>) {
        if let Some(number) = group {
            self.captures = true;
            self.add(Part::Same(number));
        } else {
            self.add(Part::Sequence(Vec::new()));
        }
    }

    fn open(&mut self, mark: &str) {
        self.groups += usize::from(mark.is_empty());
        let inner = Open { mark: mark.to_owned(), number: self.groups, ..Open::default() };
        self.above.push(std::mem::replace(&mut self.here, inner));
    }

    fn either(&mut self) {
        self.here.either();
    }

    fn close(&mut self) {
        let above = self.above.pop().unwrap_or_default();
        let inner = std::mem::replace(&mut self.here, above);
        let (mark, number) = (inner.mark.clone(), inner.number);
        let inner = inner.whole();
        self.add(match &*mark {
            "?:" => inner,
            "" => Part::Group(number, Box::new(inner)),
            look => Part::Look {
                ahead: !cut::has(look, b'<'),
                negated: cut::has(look, b'!'),
                inner: Box::new(inner),
            },
        });
    }

    fn repeat(&mut self, least: usize, most: Option<usize>, lazy: bool) {
        if let Some(inner) = self.here.parts.pop() {
            self.add(Part::Repeat { inner: Box::new(inner), least, most, lazy });
        }
    }
}
