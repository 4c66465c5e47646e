//! Counts allocated memory for each side of a connection: what a thread allocates inside
//! [`as_client`] belongs to the client, everything else to the server.
//!
//! It counts in a test binary whose `#[global_allocator]` is a [`Counted`]. Every test in it holds
//! [`alone`], because all threads are counted.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The system's allocator, which counts.
#[derive(Debug)]
pub struct Counted;

/// A count for each side: bytes of heap, or allocations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heap {
    /// For all threads outside [`as_client`].
    pub server: usize,
    /// For threads inside [`as_client`].
    pub client: usize,
}

/// The bytes that one side has, the most it has had, and how often it has allocated.
struct Count {
    present: AtomicUsize,
    most: AtomicUsize,
    allocations: AtomicUsize,
}

impl Count {
    const fn new() -> Count {
        Count { present: AtomicUsize::new(0), most: AtomicUsize::new(0), allocations: AtomicUsize::new(0) }
    }

    fn add(&self, bytes: usize) {
        self.allocations.fetch_add(1, Ordering::Relaxed);
        let present = self.present.fetch_add(bytes, Ordering::Relaxed).wrapping_add(bytes);
        // it wraps below zero when one side frees what the other allocated
        if present < usize::MAX / 2 {
            self.most.fetch_max(present, Ordering::Relaxed);
        }
    }

    fn take(&self, bytes: usize) {
        self.present.fetch_sub(bytes, Ordering::Relaxed);
    }

    fn present(&self) -> usize {
        self.present.load(Ordering::Relaxed)
    }
}

static SERVER: Count = Count::new();
static CLIENT: Count = Count::new();
static ALONE: Mutex<()> = Mutex::new(());

thread_local! {
    static IS_CLIENT: Cell<bool> = const { Cell::new(false) };
}

fn side() -> &'static Count {
    if IS_CLIENT.get() { &CLIENT } else { &SERVER }
}

/// Blocks until no other test measures; keeps others out until the guard is dropped.
pub fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts what this thread allocates and frees in `run` as the client's.
pub fn as_client<T>(run: impl FnOnce() -> T) -> T {
    let before = IS_CLIENT.replace(true);
    let outcome = run();
    IS_CLIENT.set(before);
    outcome
}

/// Returns the bytes allocated now.
pub fn present() -> Heap {
    Heap { server: SERVER.present(), client: CLIENT.present() }
}

/// Returns the most bytes that `run` had allocated at once, beyond those allocated before.
pub fn peak(run: impl FnOnce()) -> Heap {
    let before = present();
    SERVER.most.store(before.server, Ordering::Relaxed);
    CLIENT.most.store(before.client, Ordering::Relaxed);
    run();
    let most = |count: &Count, before| count.most.load(Ordering::Relaxed).saturating_sub(before);
    Heap { server: most(&SERVER, before.server), client: most(&CLIENT, before.client) }
}

/// Returns how many allocations `run` made, reallocations included.
pub fn allocations(run: impl FnOnce()) -> Heap {
    let count = || [&SERVER, &CLIENT].map(|side| side.allocations.load(Ordering::Relaxed));
    let before = count();
    run();
    let after = count();
    Heap { server: after[0] - before[0], client: after[1] - before[1] }
}

#[expect(unsafe_code, reason = "only a global allocator can count allocations")]
mod allocator {
    use std::alloc::{GlobalAlloc, Layout, System};

    use super::{Counted, side};

    // SAFETY: all calls are passed unchanged to the system's allocator.
    unsafe impl GlobalAlloc for Counted {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            side().add(layout.size());
            // SAFETY: the caller's promises are those that it asks for.
            unsafe { System.alloc(layout) }
        }

        unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
            side().add(layout.size());
            // SAFETY: the caller's promises are those that it asks for.
            unsafe { System.alloc_zeroed(layout) }
        }

        unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
            side().take(layout.size());
            // SAFETY: the caller's promises are those that it asks for.
            unsafe { System.dealloc(at, layout) }
        }
    }
}
