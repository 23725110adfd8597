//! A small engine of our own for builds without `regex-lite` and `fancy-regex`: the browser, where each of them weighs more
//! than everything else together, and where RegExp has no limit of steps, so that one pattern could stop a page.
//!
//! It backtracks over a program, remembers where it failed (which makes patterns without back-references linear in
//! text and pattern), and counts its steps.

use super::super::limits::MAX_BACKTRACKS;
use super::super::numbers::Numbers;
use super::program::{Op, Program};
use crate::cut;

/// One match under way.
struct Matching<'p> {
    program: &'p Program,
    text: &'p [char],
    /// Groups: start and end of each, by twice the number.
    saved: Vec<usize>,
    /// Where the main program failed, one bit for each instruction and place; empty when captures matter.
    failed: Vec<u64>,
    /// What looks around gave, by instruction and place.
    looked: Numbers,
    steps: usize,
}

/// What to go back to.
enum Back {
    /// Try this instruction at this place.
    Try(usize, usize),
    /// Put a group's bound back.
    Restore(usize, usize),
}

/// The match takes more steps than were granted.
#[derive(Debug)]
pub(super) struct TooManySteps;

/// A bound of a group that has matched nothing.
const UNSET: usize = usize::MAX;

/// Whether the program matches anywhere in the text.
pub(super) fn is_match(program: &Program, text: &str) -> Result<bool, TooManySteps> {
    let text = cut::chars(text, usize::MAX);
    // Patterns that remember their failures end by themselves; the limit is for looks around and back-references.
    let steps = MAX_BACKTRACKS.max(2 * program.ops.len().saturating_mul(text.len() + 1));
    let bits = if program.captures { 0 } else { program.ops.len().saturating_mul(text.len() + 1) };
    let mut matching = Matching {
        program,
        text: &text,
        saved: vec![UNSET; program.slots],
        failed: vec![0; bits.div_ceil(64)],
        looked: Numbers::default(),
        steps,
    };
    for start in 0..=text.len() {
        if matching.run(0, start, None, true)? {
            return Ok(true);
        }
        matching.saved.fill(UNSET);
    }
    Ok(false)
}

impl Matching<'_> {
    /// Runs from an instruction to `Accept`. With `until`, only an end at that place counts. `main` remembers failures,
    /// which holds for one start of a look around only.
    fn run(&mut self, pc: usize, at: usize, until: Option<usize>, main: bool) -> Result<bool, TooManySteps> {
        let mut stack = vec![Back::Try(pc, at)];
        while let Some(back) = stack.pop() {
            let (mut pc, mut at) = match back {
                Back::Try(pc, at) => (pc, at),
                Back::Restore(slot, value) => {
                    self.saved[slot] = value;
                    continue;
                }
            };
            loop {
                self.steps = self.steps.checked_sub(1).ok_or(TooManySteps)?;
                if main && self.was_here(pc, at) {
                    break;
                }
                match &self.program.ops[pc] {
                    Op::Accept if until.is_none_or(|until| until == at) => return Ok(true),
                    Op::Accept => break,
                    Op::Split(first, second) => {
                        stack.push(Back::Try(pc + second, at));
                        pc += first;
                        continue;
                    }
                    Op::Jump(to) => {
                        pc = pc.wrapping_add(*to);
                        continue;
                    }
                    Op::Save(slot) => {
                        stack.push(Back::Restore(*slot, self.saved[*slot]));
                        self.saved[*slot] = at;
                    }
                    // A round of a loop that read nothing would go on for ever.
                    Op::Progress(slot) if self.saved[*slot] == at => break,
                    Op::Set(set) => match self.text.get(at) {
                        Some(c) if self.program.sets[*set].has(*c) => at += 1,
                        _ => break,
                    },
                    Op::Start if at != 0 => break,
                    Op::End if at != self.text.len() => break,
                    Op::Word(wanted) if self.is_boundary(at) != *wanted => break,
                    Op::Same(slot) => match self.same(*slot, at) {
                        Some(end) => at = end,
                        None => break,
                    },
                    Op::Look { .. } if !self.look(pc, at)? => break,
                    Op::Look { next, .. } => {
                        pc += next;
                        continue;
                    }
                    Op::Progress(_) | Op::Start | Op::End | Op::Word(_) => {}
                }
                pc += 1;
            }
        }
        Ok(false)
    }

    /// Marks a state; true when it was met before, and so has failed.
    fn was_here(&mut self, pc: usize, at: usize) -> bool {
        if self.failed.is_empty() {
            return false;
        }
        let bit = pc * (self.text.len() + 1) + at;
        let (word, mask) = (bit / 64, 1_u64 << (bit % 64));
        let met = self.failed[word] & mask != 0;
        self.failed[word] |= mask;
        met
    }

    fn is_boundary(&self, at: usize) -> bool {
        let is_word = |c: Option<&char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || *c == '_');
        let before = at.checked_sub(1).and_then(|at| self.text.get(at));
        is_word(before) != is_word(self.text.get(at))
    }

    /// Where the text of a group ends when it stands here again; a group that matched nothing is empty.
    fn same(&self, slot: usize, at: usize) -> Option<usize> {
        let (from, to) = (self.saved[slot], self.saved[slot + 1]);
        if from == UNSET || to == UNSET || from > to {
            return Some(at);
        }
        let end = at + (to - from);
        (self.text.get(from..to)? == self.text.get(at..end)?).then_some(end)
    }

    /// Whether a look around holds. What its groups matched is kept when it does and is not negated.
    fn look(&mut self, pc: usize, at: usize) -> Result<bool, TooManySteps> {
        let Op::Look { ahead, negated, widths: (least, most), .. } = self.program.ops[pc] else {
            return Ok(true);
        };
        let remember = !self.program.captures;
        let state = pc * (self.text.len() + 1) + at;
        if let Some(known) = self.looked.get(state).filter(|_| remember) {
            return Ok(known == 1);
        }
        let before = self.saved.clone();
        let mut holds = false;
        if ahead {
            holds = self.run(pc + 1, at, None, false)?;
        } else {
            let first = at.saturating_sub(most);
            for start in (first..=at.saturating_sub(least)).rev().filter(|_| least <= at) {
                holds = self.run(pc + 1, start, Some(at), false)?;
                if holds {
                    break;
                }
                self.saved.clone_from(&before);
            }
        }
        if !holds || negated {
            self.saved = before;
        }
        let holds = holds != negated;
        if remember {
            self.looked.insert(state, u32::from(holds));
        }
        Ok(holds)
    }
}
