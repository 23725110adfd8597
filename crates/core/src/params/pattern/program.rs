//! The program of the small engine, written while a pattern is read.

use super::class::CharSet;
use super::ecma::Sink;
use crate::{cut, host};

/// One instruction; execution goes on with the next one unless it says otherwise. Other instructions are named by how far away
/// they are, so that a part can be copied as it is.
#[derive(Clone, Copy)]
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
    /// Goes on elsewhere; back by a number that wraps.
    Jump(usize),
    /// Notes the place in a slot.
    Save(usize),
    /// Fails when the place is still the one in the slot.
    Progress(usize),
    /// The text of a group once more, whose bounds are in this slot and the next one.
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
#[derive(Default)]
pub(super) struct Program {
    pub(super) ops: Vec<Op>,
    pub(super) sets: Vec<Set>,
    /// Places to note: two for each group, one for each loop.
    pub(super) slots: usize,
    /// Back-references make what groups matched part of the state.
    pub(super) captures: bool,
}

impl Program {
    /// The program of a whole pattern.
    pub(super) fn compile(mut parts: Parts) -> Result<Self, String> {
        let jumps = std::mem::take(&mut parts.here.jumps);
        parts.end(&jumps);
        parts.program.ops.push(Op::Accept);
        if parts.wrong.is_empty() { Ok(parts.program) } else { Err(parts.wrong) }
    }

    /// Adds copies of a part.
    fn copy(&mut self, part: &[Op]) {
        for op in part {
            self.ops.push(*op);
        }
    }
}

/// A group that is open, or the whole pattern.
struct Open {
    /// How the group began.
    mark: &'static str,
    /// Its first instruction, and the first one of the alternative that has not ended.
    start: usize,
    branch: usize,
    /// Where alternatives that have ended jump behind the group.
    jumps: Vec<usize>,
    /// Of the alternatives that have ended, of the one that has not, of that without its last part, and of this part.
    ended: Widths,
    sum: Widths,
    before: Widths,
    part: Widths,
}

impl Open {
    fn at(start: usize, mark: &'static str) -> Self {
        let none = (0, 0);
        let ended = (usize::MAX, 0);
        Self { mark, start, branch: start, jumps: Vec::new(), ended, sum: none, before: none, part: none }
    }

    /// The widths with those of one more alternative.
    fn whole(&self) -> Widths {
        (self.ended.0.min(self.sum.0), self.ended.1.max(self.sum.1))
    }

    /// Sets the widths of the last part.
    fn is(&mut self, part: Widths) {
        self.part = part;
        self.sum = (self.before.0.saturating_add(part.0), self.before.1.saturating_add(part.1));
    }

    fn add(&mut self, part: Widths) {
        self.before = self.sum;
        self.is(part);
    }
}

/// A pattern on its way to a program.
pub(super) struct Parts {
    program: Program,
    above: Vec<Open>,
    here: Open,
    /// Where the last part begins.
    last: usize,
    /// The first slot of each group.
    groups: Vec<usize>,
    /// What is wrong with it.
    wrong: String,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            program: Program::default(),
            above: Vec::new(),
            here: Open::at(0, ""),
            last: 0,
            groups: Vec::new(),
            wrong: String::new(),
        }
    }
}

impl Parts {
    fn add(&mut self, op: Op, width: usize) {
        self.last = self.program.ops.len();
        self.program.ops.push(op);
        self.here.add((width, width));
    }

    fn add_set(&mut self, ranges: Vec<(u32, u32)>, properties: Vec<usize>, negated: bool) {
        self.add(Op::Set(self.program.sets.len()), 1);
        self.program.sets.push(Set { ranges, properties, negated });
    }

    /// Leads the ends of alternatives to here.
    fn end(&mut self, jumps: &[usize]) {
        let ops = &mut self.program.ops;
        for jump in jumps {
            ops[*jump] = Op::Jump(ops.len() - jump);
        }
    }

    /// So many slots more; the first of them.
    fn slots(&mut self, count: usize) -> usize {
        self.program.slots += count;
        self.program.slots - count
    }
}

impl Sink for Parts {
    fn literal(&mut self, c: char) {
        self.add_set(vec![(c.into(), c.into())], Vec::new(), false);
    }

    fn set(&mut self, set: &CharSet, properties: &str, negated: bool) {
        let mut numbers = Vec::new();
        let mut names = properties;
        while let Some((name, rest)) = cut::once(names, b'}') {
            let name = name.to_owned() + "}";
            match host::property(&name) {
                Some(number) => numbers.push(number),
                None if self.wrong.is_empty() => self.wrong = name + " is not a property of Unicode",
                None => {}
            }
            names = rest;
        }
        self.add_set(set.ranges().to_vec(), numbers, negated);
    }

    fn anchor(&mut self, c: char) {
        self.add(if c == '^' { Op::Start } else { Op::End }, 0);
    }

    fn boundary(&mut self, wanted: bool, _linear: bool) {
        self.add(Op::Word(wanted), 0);
    }

    fn same(&mut self, group: Option<usize>) {
        if let Some(number) = group {
            self.program.captures = true;
            self.add(Op::Same(self.groups[number - 1]), 0);
            self.here.is((0, usize::MAX));
        } else {
            // A part without an instruction.
            self.last = self.program.ops.len();
            self.here.add((0, 0));
        }
    }

    fn open(&mut self, mark: &'static str) {
        let inner = Open::at(self.program.ops.len(), mark);
        self.above.push(std::mem::replace(&mut self.here, inner));
        if mark.is_empty() {
            let slot = self.slots(2);
            self.groups.push(slot);
            self.program.ops.push(Op::Save(slot));
        } else if mark != "?:" {
            // In the place of the look around.
            self.program.ops.push(Op::Accept);
        }
        self.here.branch = self.program.ops.len();
    }

    fn either(&mut self) {
        let (here, ops) = (&mut self.here, &mut self.program.ops);
        ops.insert(here.branch, Op::Split(1, ops.len() - here.branch + 2));
        here.jumps.push(ops.len());
        ops.push(Op::Jump(0));
        here.branch = ops.len();
        here.ended = here.whole();
        here.sum = (0, 0);
    }

    fn close(&mut self) {
        let Some(above) = self.above.pop() else { return };
        let inner = std::mem::replace(&mut self.here, above);
        let (start, mark) = (inner.start, inner.mark);
        self.end(&inner.jumps);
        let mut widths = inner.whole();
        let ops = &mut self.program.ops;
        if mark.is_empty() {
            if let Op::Save(slot) = ops[start] {
                ops.push(Op::Save(slot + 1));
            }
        } else if mark != "?:" {
            ops.push(Op::Accept);
            let (ahead, negated) = (!cut::has(mark, b'<'), cut::has(mark, b'!'));
            ops[start] = Op::Look { ahead, negated, next: ops.len() - start, widths };
            widths = (0, 0);
        }
        self.last = start;
        self.here.add(widths);
    }

    fn repeat(&mut self, least: usize, most: Option<usize>, lazy: bool) {
        let split = |past: usize| if lazy { Op::Split(past, 1) } else { Op::Split(1, past) };
        let part = self.program.ops.split_off(self.last);
        let length = part.len();
        for _ in 0..least {
            self.program.copy(&part);
        }
        let mut left = most.unwrap_or_default();
        while left > least {
            self.program.ops.push(split((left - least) * (length + 1)));
            self.program.copy(&part);
            left -= 1;
        }
        if most.is_none() {
            let slot = self.slots(1);
            self.program.ops.push(split(length + 4));
            self.program.ops.push(Op::Save(slot));
            self.program.copy(&part);
            self.program.ops.push(Op::Progress(slot));
            self.program.ops.push(Op::Jump((length + 3).wrapping_neg()));
        }
        let (shortest, longest) = self.here.part;
        let times = most.unwrap_or(usize::MAX);
        self.here.is((shortest.saturating_mul(least), longest.saturating_mul(times)));
    }
}
