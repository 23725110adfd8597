//! Memory from the page, for the allocators. Knows nothing of blocks.

/// The least that is asked of the page, in bytes.
pub(crate) const PAGE: usize = 65_536;

/// So many bytes more, in whole pages: where they begin and how many they are, or null and 0.
#[cfg(target_arch = "wasm32")]
pub(crate) fn grow(bytes: usize) -> (*mut u8, usize) {
    let pages = bytes.div_ceil(PAGE);
    match std::arch::wasm32::memory_grow(0, pages) {
        usize::MAX => (std::ptr::null_mut(), 0),
        before => ((before * PAGE) as *mut u8, pages * PAGE),
    }
}
