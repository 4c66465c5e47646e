//! Counts allocations while enabled, and otherwise costs one load of a flag.

#![expect(unsafe_code, reason = "allocations can only be counted in a global allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static COUNTS: AtomicBool = AtomicBool::new(false);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

/// The system's allocator with a counter. Growing in place counts as well, because it is avoidable
/// work.
struct Counting;

// SAFETY: everything is passed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note();
        // SAFETY: the caller keeps `alloc`'s contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note();
        // SAFETY: the caller keeps `alloc_zeroed`'s contract, which is the same.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note();
        // SAFETY: the caller keeps `realloc`'s contract, which is the same.
        unsafe { System.realloc(at, layout, size) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps `dealloc`'s contract, which is the same.
        unsafe { System.dealloc(at, layout) }
    }
}

fn note() {
    if COUNTS.load(Relaxed) {
        ALLOCATIONS.fetch_add(1, Relaxed);
    }
}

/// Starts or stops counting.
pub(crate) fn count(on: bool) {
    COUNTS.store(on, Relaxed);
}

/// Returns how many allocations were counted.
pub(crate) fn allocations() -> u64 {
    ALLOCATIONS.load(Relaxed)
}

#[cfg(test)]
mod tests {
    use super::{allocations, count};

    #[test]
    fn allocations_count_only_when_asked() {
        count(true);
        let before = allocations();
        drop(std::hint::black_box(Box::new(7)));
        count(false);
        assert!(allocations() > before);
    }
}
