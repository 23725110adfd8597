//! Numbers by number, such as what is known of a value by its address: a small table that is never walked.

/// A table of numbers.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    /// Entries and free places; a power of two of them, at most three quarters in use.
    slots: Vec<Option<(usize, u32)>>,
    used: usize,
}

/// Where a value stands in memory, which is its name while it is borrowed.
pub(crate) fn address<T>(value: &T) -> usize {
    std::ptr::from_ref(value) as usize
}

impl Numbers {
    /// The number that a key has.
    pub(crate) fn get(&self, key: usize) -> Option<u32> {
        self.slots.get(self.place(key)).copied().flatten().map(|(_, value)| value)
    }

    /// Gives a key a number, in the place of the one that it had.
    pub(crate) fn insert(&mut self, key: usize, value: u32) {
        if self.used * 4 >= self.slots.len() * 3 {
            let size = (self.slots.len() * 2).max(16);
            let before = std::mem::replace(&mut self.slots, vec![None; size]);
            for entry in before.into_iter().flatten() {
                let place = self.place(entry.0);
                self.slots[place] = Some(entry);
            }
        }
        let place = self.place(key);
        self.used += usize::from(self.slots[place].is_none());
        self.slots[place] = Some((key, value));
    }

    /// The place of a key, or the free one that it would get; 0 in an empty table.
    fn place(&self, key: usize) -> usize {
        let mask = self.slots.len().saturating_sub(1);
        // Fibonacci hashing: the high bits of the product depend on all bits of the key.
        let mut place = ((key as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize & mask;
        while self.slots.get(place).copied().flatten().is_some_and(|(other, _)| other != key) {
            place = (place + 1) & mask;
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_found_and_nothing_else() {
        let mut numbers = Numbers::default();
        assert_eq!(numbers.get(3), None);
        for key in 0..5_000 {
            numbers.insert(key * 8, key as u32);
            numbers.insert(key * 8, key as u32 + 1);
        }
        for key in 0..5_000 {
            assert_eq!(numbers.get(key * 8), Some(key as u32 + 1));
            assert_eq!(numbers.get(key * 8 + 1), None);
        }
    }
}
