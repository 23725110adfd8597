//! The allocator of the modules that are loaded later: lists of free blocks by size. The standard library's own weighs several times as much, for
//! merging blocks, which pages that are closed again do without.
//!
//! A block has one of four sizes between two powers of two, so that at most a fifth of it is unused; it goes back to the list
//! of its size. Memory comes from the page in one piece and is never given back to it, as WebAssembly has it.
#![expect(unsafe_code, reason = "an allocator hands out raw memory")]
#![expect(
    clippy::cast_ptr_alignment,
    reason = "blocks are aligned to 16, whatever their pointers' type says"
)]

use std::alloc::Layout;
use std::ptr::null_mut;

/// The alignment of all blocks, and the least size.
const UNIT: usize = 16;
/// Four sizes for each power of two from 16 to 2^31.
const SIZES: usize = 4 * 28;
/// Blocks are not longer than this.
const MOST: usize = 1 << 30;

/// The lists. Whoever calls makes sure that nobody else does at the same time.
struct State {
    /// The first free block of each size, whose first word is the next one.
    free: [*mut u8; SIZES],
    /// What was never handed out: from here to there.
    from: *mut u8,
    left: usize,
}

/// The number of the least size that holds so many bytes, and that size.
fn size_of(bytes: usize) -> (usize, usize) {
    let bytes = bytes.max(UNIT);
    // The highest bit of what is one less, and the two below it: 2^power is less than `bytes`, which is at most 2^(power + 1).
    let power = (bytes - 1).max(UNIT - 1).ilog2();
    let step = 1 << power.saturating_sub(2);
    let steps = (bytes - 1) / step - 3;
    let size = (steps + 4) * step;
    // Below 64 the steps are no multiples of the alignment.
    let size = (size + UNIT - 1) & !(UNIT - 1);
    ((power as usize - 3) * 4 + steps - 1, size)
}

impl State {
    const fn new() -> Self {
        Self { free: [null_mut(); SIZES], from: null_mut(), left: 0 }
    }

    /// A block for a layout; null where there is none. `grow` gives at least so many bytes more, aligned to 16: where they begin
    /// and how many they are, or null.
    ///
    /// # Safety
    /// What `grow` gives belongs to this allocator alone, as long as it lives.
    unsafe fn take(&mut self, layout: Layout, grow: &mut dyn FnMut(usize) -> (*mut u8, usize)) -> *mut u8 {
        if layout.align() > UNIT || layout.size() > MOST {
            return null_mut();
        }
        let (number, size) = size_of(layout.size());
        let head = self.free[number];
        if !head.is_null() {
            // SAFETY: a free block is ours, and its first word is the next one's address.
            self.free[number] = unsafe { *head.cast::<*mut u8>() };
            return head;
        }
        if size > self.left {
            let (start, bytes) = grow(size - self.left);
            if start.is_null() {
                return null_mut();
            }
            if start == self.from.wrapping_add(self.left) {
                self.left += bytes;
            } else {
                // Somebody else took memory in between: what was left before that stays unused.
                (self.from, self.left) = (start, bytes);
                if size > bytes {
                    // SAFETY: the same promise of the caller.
                    return unsafe { self.take(layout, grow) };
                }
            }
        }
        let block = self.from;
        self.from = block.wrapping_add(size);
        self.left -= size;
        block
    }

    /// Takes a block back.
    ///
    /// # Safety
    /// It came from [`State::take`] for this layout, and nobody uses it any more.
    unsafe fn give(&mut self, block: *mut u8, layout: Layout) {
        let (number, _) = size_of(layout.size());
        // SAFETY: the block is ours again, and at least as long as an address.
        unsafe { *block.cast::<*mut u8>() = self.free[number] };
        self.free[number] = block;
    }
}

#[cfg(target_arch = "wasm32")]
mod page {
    use super::{Layout, State, size_of};
    use crate::pages::grow;
    use std::alloc::GlobalAlloc;
    use std::cell::UnsafeCell;

    struct Blocks(UnsafeCell<State>);

    // SAFETY: a module has one thread.
    unsafe impl Sync for Blocks {}

    #[global_allocator]
    static BLOCKS: Blocks = Blocks(UnsafeCell::new(State::new()));

    // SAFETY: `alloc` hands out blocks that are long enough, aligned to 16 and disjoint: new ones from memory that nothing else
    // has, and those that `dealloc` took back, which are found again under the size that follows from the same layout.
    unsafe impl GlobalAlloc for Blocks {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            // SAFETY: one thread, and no reference outlives the call; memory that grew is nobody else's.
            unsafe { (*self.0.get()).take(layout, &mut grow) }
        }

        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            // SAFETY: one thread; the caller's promises are those of `give`.
            unsafe { (*self.0.get()).give(block, layout) };
        }

        unsafe fn realloc(&self, block: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
            if size_of(bytes).0 == size_of(layout.size()).0 {
                return block;
            }
            // SAFETY: the caller's promises are those of the three functions.
            unsafe {
                let new = self.alloc(Layout::from_size_align_unchecked(bytes, layout.align()));
                if !new.is_null() {
                    block.copy_to_nonoverlapping(new, layout.size().min(bytes));
                    self.dealloc(block, layout);
                }
                new
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_hold_what_is_asked_for_and_little_more() {
        let mut before = (0, 0);
        for bytes in
            (0..5_000).chain((13..30).flat_map(|power| [(1 << power) - 1, 1 << power, (1 << power) + 1]))
        {
            let (number, size) = size_of(bytes);
            assert!(size >= bytes && size % UNIT == 0 && number < SIZES, "{bytes}: {number}, {size}");
            assert!(bytes <= 64 || size * 4 < bytes * 5 + 4, "{bytes} in {size}");
            // One number, one size; more bytes, no smaller number.
            assert!((number, size) >= before && (number == before.0) <= (size == before.1), "{bytes}");
            before = (number, size);
        }
    }

    /// A list of live blocks is the model: each keeps what was written into it until it is given back.
    #[test]
    fn blocks_are_aligned_and_disjoint_and_come_back() {
        // Memory of the page, of which somebody else takes a piece now and then.
        let mut memory = vec![0_u128; 1 << 20];
        let (base, end) = (memory.as_mut_ptr().cast::<u8>(), memory.len() * UNIT);
        let mut used = 0;
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = move |most: usize| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed as usize % most
        };
        let mut state = State::new();
        let mut live: Vec<(*mut u8, Layout, u8)> = Vec::new();
        for round in 0..40_000 {
            if !live.is_empty() && random(5) < 2 {
                let (block, layout, mark) = live.swap_remove(random(live.len()));
                // SAFETY: the block is live, and given back once.
                unsafe {
                    let bytes = std::slice::from_raw_parts(block, layout.size());
                    assert!(
                        bytes.iter().all(|byte| *byte == mark),
                        "round {round}: somebody wrote into a block"
                    );
                    state.give(block, layout);
                }
                continue;
            }
            let most = if random(50) == 0 { 60_000 } else { 300 };
            let layout = Layout::from_size_align(random(most), 1 << random(5)).expect("it is small");
            let mut foreign = random(3) == 0;
            let mut grow = |bytes: usize| {
                used += if std::mem::take(&mut foreign) { 64 } else { 0 };
                let bytes = bytes.next_multiple_of(4096);
                if used + bytes > end {
                    return (null_mut(), 0);
                }
                used += bytes;
                (base.wrapping_add(used - bytes), bytes)
            };
            // SAFETY: `grow` gives each piece of `memory` once.
            let block = unsafe { state.take(layout, &mut grow) };
            if block.is_null() {
                continue;
            }
            assert!(block.addr() % UNIT == 0 && block >= base, "round {round}");
            assert!(block.addr() + layout.size() <= base.addr() + used, "round {round}: beyond the memory");
            let mark = random(256) as u8;
            // SAFETY: the block is as long as its layout.
            unsafe { block.write_bytes(mark, layout.size()) };
            live.push((block, layout, mark));
        }
        assert!(live.len() > 1_000 && used * 2 < end, "{} blocks in {used} bytes", live.len());
        let wide = Layout::from_size_align(16, 32).expect("it is a layout");
        let huge = Layout::from_size_align(MOST + 1, 1).expect("it is a layout");
        for layout in [wide, huge] {
            // SAFETY: `grow` gives nothing.
            assert!(unsafe { state.take(layout, &mut |_| (null_mut(), 0)) }.is_null());
        }
    }
}
