//! The numbers of locals: those under which the instructions of a function look most like those of all others.
//!
//! How alike they are is what a simple model expects that they cost: each instruction after the few before it, by how often that
//! was seen elsewhere. Two locals of one type change their numbers where that costs less. Once the functions have their order,
//! the same is done by what brotli needs to repeat what is elsewhere.

use super::module::{Function, Module, Named};
use super::text::Text;
use crate::wasm::put;

/// As many instructions before one are looked at, at most.
const BEFORE: usize = 4;
/// A table has so many counts; those of different instructions may rarely fall together.
const COUNTS: usize = 1 << 20;
/// What fewer instructions before say weighs as much as so many sightings.
const TRUST: f64 = 8.0;
/// What an instruction that was never seen is taken for.
const UNSEEN: f64 = 1.0 / 4000.0;
/// Each round changes less; after these there is hardly a change.
const ROUNDS: usize = 4;
const REFINED: usize = 3;
const I32: u8 = 0x7f;
/// Locals beyond these, and functions of more instructions, cost more time than they bring.
const MOST_LOCALS: usize = 24;
const MOST_STEPS: usize = 4000;

/// Makes room for locals of the commonest type, so that one that plays the same part in many functions can have the same number in
/// all, however many parameters come before it: with these there are so many. Those of other types come after. Engines take no
/// notice of locals that are not used.
pub(super) fn make_room(function: &mut Function<'_>, room: usize) {
    let mut old: Vec<usize> = (0..function.locals.len()).collect();
    old.sort_by_key(|local| function.locals[*local] != I32);
    let ours = old.partition_point(|local| function.locals[*local] == I32);
    if ours == 0 {
        return;
    }
    let unused = room.saturating_sub(function.params + ours);
    let mut numbers = vec![0; old.len()];
    for (new, local) in old.iter().enumerate() {
        numbers[*local] = function.params + new + if new < ours { 0 } else { unused };
    }
    let others = old[ours..].iter().map(|local| function.locals[*local]);
    function.locals = std::iter::repeat_n(I32, ours + unused).chain(others).collect();
    for step in &mut function.code {
        if let Named::Local(number) = &mut step.names
            && let Some(local) = number.checked_sub(function.params)
        {
            *number = numbers[local];
        }
    }
}

/// Renumbers the locals of all functions.
pub(super) fn renumber(functions: &mut [Function<'_>]) {
    let mut model = Model::new();
    let mut by_length: Vec<usize> = (0..functions.len()).collect();
    by_length.sort_by_key(|function| std::cmp::Reverse(functions[*function].code.len()));
    for function in &*functions {
        model.count(&Words::of(function), 1);
    }
    for _ in 0..ROUNDS {
        for function in &by_length {
            improve(&mut functions[*function], &mut model);
        }
    }
}

/// Changes the numbers of a function's locals while that costs less.
fn improve(function: &mut Function<'_>, model: &mut Model) {
    if function.locals.len() < 2 || function.code.len() > MOST_STEPS {
        return;
    }
    let mut words = Words::of(function);
    model.count(&words, -1);
    let mut least = model.cost(&words);
    let count = function.locals.len().min(MOST_LOCALS);
    for a in 0..count {
        for b in a + 1..count {
            if function.locals[a] != function.locals[b] {
                continue;
            }
            words.swap(function.params + a, function.params + b);
            let cost = model.cost(&words);
            if cost < least - 1e-6 {
                least = cost;
            } else {
                words.swap(function.params + a, function.params + b);
            }
        }
    }
    model.count(&words, 1);
    for (step, local) in function.code.iter_mut().zip(&words.locals) {
        if let Named::Local(_) = step.names {
            step.names = Named::Local(*local);
        }
    }
}

/// Renumbers the locals again, by what the functions cost in this order.
pub(super) fn refine(module: &mut Module<'_>, order: &[usize]) {
    let place = module.places(order);
    let mut starts = vec![0; order.len()];
    let mut bytes = Vec::new();
    for function in order {
        let body = module.functions[*function].write(&place).0;
        put(&mut bytes, body.len());
        starts[*function] = bytes.len();
        bytes.extend(body);
    }
    let mut text = Text::new(bytes);
    for _ in 0..REFINED {
        for function in order {
            shorten(&mut module.functions[*function], &place, starts[*function], &mut text);
        }
    }
}

/// Gives two locals each other's number, wherever they are used.
fn exchange(a: usize, b: usize, uses: &mut [Vec<usize>], body: &mut [u8]) {
    uses.swap(a, b);
    for local in [a, b] {
        uses[local].iter().for_each(|at| body[*at] = local as u8);
    }
}

/// Changes the numbers of a function's locals while that makes the text shorter.
fn shorten(function: &mut Function<'_>, place: &dyn Fn(usize) -> usize, start: usize, text: &mut Text) {
    let count = function.locals.len().min(MOST_LOCALS);
    let all = function.params + function.locals.len();
    // Each number is a byte.
    if count < 2 || all > 0x80 {
        return;
    }
    let (mut body, numbers) = function.write(place);
    let mut uses = vec![Vec::new(); all];
    for at in &numbers {
        uses[usize::from(body[*at])].push(*at);
    }
    let mut room = Vec::new();
    let mut least = text.cost(start, &body, &mut room);
    for a in function.params..function.params + count {
        for b in a + 1..function.params + count {
            let alike = function.locals[a - function.params] == function.locals[b - function.params];
            if !alike || (uses[a].is_empty() && uses[b].is_empty()) {
                continue;
            }
            exchange(a, b, &mut uses, &mut body);
            let cost = text.cost(start, &body, &mut room);
            if cost < least - 1e-6 {
                least = cost;
                continue;
            }
            exchange(a, b, &mut uses, &mut body);
        }
    }
    text.replace(start, &body);
    let mut numbers = numbers.iter().map(|at| usize::from(body[*at]));
    for step in &mut function.code {
        if let Named::Local(number) = &mut step.names {
            *number = numbers.next().unwrap_or(*number);
        }
    }
}

/// The instructions of a function as numbers.
struct Words {
    all: Vec<u32>,
    /// The local that each names; `usize::MAX` without one.
    locals: Vec<usize>,
    codes: Vec<u8>,
}

impl Words {
    fn of(function: &Function<'_>) -> Self {
        let mut words = Self { all: Vec::new(), locals: Vec::new(), codes: Vec::new() };
        for step in &function.code {
            let code = step.bytes[0];
            words.codes.push(code);
            if let Named::Local(local) = step.names {
                words.locals.push(local);
                words.all.push(word(code, local));
            } else {
                words.locals.push(usize::MAX);
                words
                    .all
                    .push(step.bytes.iter().fold(0x811c_9dc5, |hash, byte| mixed(hash, u32::from(*byte))));
            }
        }
        words
    }

    /// Gives two locals each other's number.
    fn swap(&mut self, a: usize, b: usize) {
        for ((local, word_of), code) in self.locals.iter_mut().zip(&mut self.all).zip(&self.codes) {
            if *local == a || *local == b {
                *local = if *local == a { b } else { a };
                *word_of = word(*code, *local);
            }
        }
    }
}

fn word(code: u8, local: usize) -> u32 {
    mixed(u32::from(code) << 16, local as u32)
}

/// How often instructions were seen after others.
struct Model {
    /// By how many instructions before are looked at: how often these were seen, and how often with the one after them.
    before: Vec<Vec<i32>>,
    together: Vec<Vec<i32>>,
}

impl Model {
    fn new() -> Self {
        Self { before: vec![vec![0; COUNTS]; BEFORE + 1], together: vec![vec![0; COUNTS]; BEFORE + 1] }
    }

    /// Counts the instructions of a function, or takes them back.
    fn count(&mut self, words: &Words, by: i32) {
        for at in 0..words.all.len() {
            for (length, (before, together)) in places(&words.all, at).enumerate() {
                self.before[length][before] += by;
                self.together[length][together] += by;
            }
        }
    }

    /// What the instructions of a function cost, in bits.
    fn cost(&self, words: &Words) -> f64 {
        let mut bits = 0.0;
        for at in 0..words.all.len() {
            let mut likely = UNSEEN;
            for (length, (before, together)) in places(&words.all, at).enumerate() {
                let seen = self.before[length][before];
                if seen == 0 {
                    break;
                }
                let with = self.together[length][together];
                likely = TRUST.mul_add(likely, f64::from(with)) / (f64::from(seen) + TRUST);
            }
            bits -= likely.log2();
        }
        bits
    }
}

/// The places of the counts of an instruction, by how many before it are looked at.
fn places(words: &[u32], at: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut hash = 7;
    (0..=BEFORE.min(at)).map(move |length| {
        if length > 0 {
            hash = mixed(hash, words[at - length]);
        }
        let together = mixed(hash, words[at] ^ 0x5_5555);
        (hash as usize % COUNTS, together as usize % COUNTS)
    })
}

fn mixed(hash: u32, word: u32) -> u32 {
    let hash = (hash ^ word).wrapping_mul(0x9e37_79b1);
    hash ^ (hash >> 15)
}
