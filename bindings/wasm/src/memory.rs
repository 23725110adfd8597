//! The allocator of the modules: lists of free blocks by size. The standard library's own weighs several times as much, for
//! merging blocks, which pages that are closed again do without.
//!
//! A block has one of four sizes between two powers of two, so that at most a fifth of it is unused; it goes back to the list
//! of its size. Memory comes from the page in one piece and is never given back to it, as WebAssembly has it.
#![expect(unsafe_code, reason = "an allocator hands out raw memory")]

use std::alloc::{GlobalAlloc, Layout};
use std::arch::wasm32::{memory_grow, memory_size};
use std::cell::UnsafeCell;
use std::ptr::null_mut;

const PAGE: usize = 65_536;
/// The alignment of all blocks, and the least size.
const UNIT: usize = 16;
/// Four sizes for each power of two from 16 to 2^31.
const SIZES: usize = 4 * 28;

struct State {
    /// The first free block of each size, whose first word is the next one.
    free: [*mut u8; SIZES],
    /// What was never handed out: from here to there.
    from: usize,
    to: usize,
}

struct Blocks(UnsafeCell<State>);

// SAFETY: a module has one thread.
unsafe impl Sync for Blocks {}

#[global_allocator]
static BLOCKS: Blocks = Blocks(UnsafeCell::new(State { free: [null_mut(); SIZES], from: 0, to: 0 }));

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

// SAFETY: `alloc` hands out blocks that are long enough, aligned to 16 and disjoint: new ones from memory that nothing else has,
// and those that `dealloc` took back, which are found again under the size that follows from the same layout.
unsafe impl GlobalAlloc for Blocks {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() > UNIT || layout.size() > 1 << 30 {
            return null_mut();
        }
        let (number, size) = size_of(layout.size());
        // SAFETY: one thread, and no reference outlives the call.
        let state = unsafe { &mut *self.0.get() };
        let head = state.free[number];
        if !head.is_null() {
            // SAFETY: a free block's first word is the next one's address.
            state.free[number] = unsafe { *head.cast::<*mut u8>() };
            return head;
        }
        if size > state.to - state.from {
            let end = memory_size(0) * PAGE;
            // Somebody else may have grown the memory.
            if end != state.to {
                (state.from, state.to) = (end, end);
            }
            let wanted = (size - (state.to - state.from)).div_ceil(PAGE);
            if memory_grow(0, wanted) == usize::MAX {
                return null_mut();
            }
            state.to += wanted * PAGE;
        }
        let block = state.from;
        state.from += size;
        block as *mut u8
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let (number, _) = size_of(layout.size());
        // SAFETY: one thread; the block is the caller's no more, and as long as an address.
        unsafe {
            let state = &mut *self.0.get();
            *block.cast::<*mut u8>() = state.free[number];
            state.free[number] = block;
        }
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
