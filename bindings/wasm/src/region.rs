//! The allocator of the modules that a page loads: all that a call takes is given back at once when the call ends, and what a schema
//! takes when the schema is freed. Nothing is given back one by one, so that the code that would do it can be left out of the
//! module (`cargo xtask web` does), which is a twentieth of the module of parameters.
//!
//! A region is a list of chunks of whole pages, filled from the front. Chunks of regions that have ended serve the next ones;
//! memory never goes back to the page, as WebAssembly has it. Nothing but a schema may outlive the call that made it.
#![expect(unsafe_code, reason = "an allocator hands out raw memory")]
#![expect(
    clippy::cast_ptr_alignment,
    reason = "chunks are aligned to 16, whatever their pointers' type says"
)]

use crate::pages::PAGE;
use std::alloc::Layout;
use std::ptr::null_mut;

/// The alignment of chunks, and the room for what stands at the beginning of one.
const HEAD: usize = 16;
/// A chunk that is so many times larger than needed is kept for what needs it.
const WASTE: usize = 4;

/// What stands at the beginning of a chunk.
pub(crate) struct Chunk {
    next: *mut Chunk,
    bytes: usize,
}

/// The chunks. Whoever calls makes sure that nobody else does at the same time.
pub(crate) struct Regions {
    /// Chunks of regions that have ended.
    free: *mut Chunk,
    /// Those of the region that is open.
    open: *mut Chunk,
    /// What is left of the first of these: from here to there.
    from: usize,
    to: usize,
}

impl Regions {
    pub(crate) const fn new() -> Self {
        Self { free: null_mut(), open: null_mut(), from: 0, to: 0 }
    }

    /// A block for a layout; null where there is none. `grow` gives at least so many bytes more, aligned to 16: where they begin
    /// and how many they are, or null.
    ///
    /// # Safety
    /// What `grow` gives belongs to this allocator alone, as long as it lives.
    pub(crate) unsafe fn take(
        &mut self,
        layout: Layout,
        grow: &mut dyn FnMut(usize) -> (*mut u8, usize),
    ) -> *mut u8 {
        let (bytes, align) = (layout.size(), layout.align());
        if align > HEAD || bytes > isize::MAX as usize - 2 * HEAD {
            return null_mut();
        }
        let mut at = self.from.next_multiple_of(align);
        if at + bytes > self.to {
            // SAFETY: the same promise of the caller.
            let chunk = unsafe { self.chunk(bytes + HEAD, grow) };
            if chunk.is_null() {
                return null_mut();
            }
            // SAFETY: the chunk is ours, and as long as it says.
            unsafe {
                (*chunk).next = self.open;
                self.to = chunk as usize + (*chunk).bytes;
            }
            self.open = chunk;
            at = chunk as usize + HEAD;
        }
        self.from = at + bytes;
        at as *mut u8
    }

    /// A chunk that is free, or a new one; the smallest that is long enough.
    unsafe fn chunk(&mut self, bytes: usize, grow: &mut dyn FnMut(usize) -> (*mut u8, usize)) -> *mut Chunk {
        let mut best: *mut *mut Chunk = null_mut();
        let mut least = bytes.max(PAGE).saturating_mul(WASTE);
        let mut link = &raw mut self.free;
        // SAFETY: links lead to chunks that are free, which are ours, or are null.
        unsafe {
            while !(*link).is_null() {
                let chunk = *link;
                if (*chunk).bytes >= bytes && (*chunk).bytes < least {
                    (best, least) = (link, (*chunk).bytes);
                }
                link = &raw mut (*chunk).next;
            }
            if !best.is_null() {
                let chunk = *best;
                *best = (*chunk).next;
                return chunk;
            }
            let (start, bytes) = grow(bytes);
            let chunk = start.cast::<Chunk>();
            if !chunk.is_null() {
                (*chunk).bytes = bytes;
            }
            chunk
        }
    }

    /// Whether the block that ends here could be longer by so many bytes; it is then.
    pub(crate) fn extend(&mut self, end: usize, bytes: usize) -> bool {
        let fits = end == self.from && bytes <= self.to - self.from;
        if fits {
            self.from += bytes;
        }
        fits
    }

    /// Ends the region; what it has stays in use until the chunks that are returned are freed.
    pub(crate) fn keep(&mut self) -> *mut Chunk {
        (self.from, self.to) = (0, 0);
        std::mem::replace(&mut self.open, null_mut())
    }

    /// Gives chunks back.
    ///
    /// # Safety
    /// They came from [`Regions::keep`], are given back once, and nobody uses what is in them.
    pub(crate) unsafe fn give(&mut self, mut chunk: *mut Chunk) {
        while !chunk.is_null() {
            // SAFETY: the chunk is ours again.
            unsafe {
                let next = (*chunk).next;
                (*chunk).next = self.free;
                self.free = chunk;
                chunk = next;
            }
        }
    }
}

#[cfg(target_arch = "wasm32")]
pub(crate) mod page {
    use super::{Chunk, Layout, Regions};
    use crate::pages::grow;
    use std::alloc::GlobalAlloc;
    use std::cell::UnsafeCell;

    struct Blocks(UnsafeCell<Regions>);

    // SAFETY: a module has one thread.
    unsafe impl Sync for Blocks {}

    #[global_allocator]
    static BLOCKS: Blocks = Blocks(UnsafeCell::new(Regions::new()));

    /// See [`Regions::keep`].
    pub(crate) fn keep() -> *mut Chunk {
        // SAFETY: one thread, and no reference outlives the call, here and below.
        unsafe { (*BLOCKS.0.get()).keep() }
    }

    /// See [`Regions::give`].
    ///
    /// # Safety
    /// As there.
    pub(crate) unsafe fn give(chunk: *mut Chunk) {
        // SAFETY: as above; the rest is the caller's promise.
        unsafe { (*BLOCKS.0.get()).give(chunk) }
    }

    // SAFETY: `alloc` hands out blocks that are long enough, aligned and disjoint, as long as their region is open or kept.
    unsafe impl GlobalAlloc for Blocks {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            // SAFETY: as above; memory that grew is nobody else's.
            unsafe { (*self.0.get()).take(layout, &mut grow) }
        }

        unsafe fn dealloc(&self, _block: *mut u8, _layout: Layout) {}

        unsafe fn realloc(&self, block: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
            let more = bytes.saturating_sub(layout.size());
            // SAFETY: as above; the new block is at least as long as what is copied.
            unsafe {
                if more == 0 || (*self.0.get()).extend(block as usize + layout.size(), more) {
                    return block;
                }
                let new = self.alloc(Layout::from_size_align_unchecked(bytes, layout.align()));
                if !new.is_null() {
                    block.copy_to_nonoverlapping(new, layout.size());
                }
                new
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where each block is, how long, and what is written into it.
    type Blocks = Vec<(*mut u8, usize, u8)>;

    /// Live blocks are the model: each keeps what was written into it until its region is given back.
    #[test]
    fn blocks_are_aligned_and_disjoint_and_regions_come_back() {
        let mut memory = vec![0_u128; 1 << 22];
        let (base, end) = (memory.as_mut_ptr().cast::<u8>(), memory.len() * 16);
        let mut used = 0;
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = move |most: usize| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed as usize % most
        };
        let whole = |blocks: &Blocks| {
            blocks.iter().all(|(block, bytes, mark)| {
                // SAFETY: the block is live and so long.
                unsafe { std::slice::from_raw_parts(*block, *bytes) }.iter().all(|byte| byte == mark)
            })
        };
        let mut regions = Regions::new();
        let mut kept: Vec<(*mut Chunk, Blocks)> = Vec::new();
        let mut most = 0;
        for round in 0..2_000 {
            let mut blocks = Blocks::new();
            for _ in 0..random(60) {
                let most = if random(40) == 0 { 200_000 } else { 600 };
                let size = random(most) + 1;
                let layout = Layout::from_size_align(size, 1 << random(5)).expect("it is small");
                let mut grow = |bytes: usize| {
                    let bytes = bytes.next_multiple_of(PAGE);
                    if used + bytes > end {
                        return (null_mut(), 0);
                    }
                    used += bytes;
                    (base.wrapping_add(used - bytes), bytes)
                };
                // SAFETY: `grow` gives each piece of `memory` once.
                let block = unsafe { regions.take(layout, &mut grow) };
                assert!(!block.is_null(), "round {round}: {used} bytes are in use");
                assert!(
                    block.addr() % layout.align() == 0 && block.addr() + layout.size() <= base.addr() + used
                );
                let (mut bytes, more) = (layout.size(), random(300));
                bytes += if regions.extend(block.addr() + bytes, more) { more } else { 0 };
                let mark = random(256) as u8;
                // SAFETY: the block is as long as that.
                unsafe { block.write_bytes(mark, bytes) };
                blocks.push((block, bytes, mark));
            }
            kept.push((regions.keep(), blocks));
            while kept.len() > 8 {
                let (chunks, blocks) = kept.swap_remove(random(kept.len()));
                assert!(whole(&blocks), "round {round}: somebody wrote into a block");
                // SAFETY: the region has ended, and is given back once.
                unsafe { regions.give(chunks) };
            }
            if round == 1_000 {
                most = used;
            }
        }
        assert!(used < most * 2, "{used} bytes after {most}: regions that ended do not serve again");
        let wide = Layout::from_size_align(16, 32).expect("it is a layout");
        // SAFETY: `grow` gives nothing.
        assert!(unsafe { regions.take(wide, &mut |_| (null_mut(), 0)) }.is_null());
    }
}
