//! Which items or members of one value a schema has looked at, for `unevaluatedItems` and
//! `unevaluatedProperties` (JSON Schema 2020-12 core, section 11).

/// A set of positions in an array, or among the members of an object in the order the instance gives them.
#[derive(Debug, Default)]
pub(crate) struct Evaluated {
    all: bool,
    bits: Vec<u64>,
}

impl Evaluated {
    pub(crate) fn add(&mut self, position: usize) {
        let word = position / 64;
        if word >= self.bits.len() {
            self.bits.resize(word + 1, 0);
        }
        self.bits[word] |= 1 << (position % 64);
    }

    pub(crate) fn add_all(&mut self) {
        self.all = true;
    }

    pub(crate) fn has(&self, position: usize) -> bool {
        self.all || self.bits.get(position / 64).is_some_and(|word| word & (1 << (position % 64)) != 0)
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.all |= other.all;
        if other.bits.len() > self.bits.len() {
            self.bits.resize(other.bits.len(), 0);
        }
        for (mine, theirs) in self.bits.iter_mut().zip(&other.bits) {
            *mine |= theirs;
        }
    }
}
