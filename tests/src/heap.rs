//! Counts the memory that is allocated, and tells the sides of a connection apart: what a thread takes while it is
//! [`as_client`] is the client's, all else the server's.
//!
//! It counts in a test binary whose `#[global_allocator]` is a [`Counted`], and there every test takes its turn with
//! [`alone`], for all threads are counted.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The system's allocator, counted.
#[derive(Debug)]
pub struct Counted;

/// Something of each side: bytes of heap, or allocations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heap {
    /// Of all threads that are not the client's.
    pub server: usize,
    /// Of the threads that are the client's.
    pub client: usize,
}

/// What one side has, the most it had, and how many times it asked for some.
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
        // what one side took and the other gave back leaves less than nothing
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

/// Waits until no other test measures; it is this test's turn until the guard is dropped.
pub fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts what this thread takes and gives back meanwhile as the client's.
pub fn as_client<T>(run: impl FnOnce() -> T) -> T {
    let before = IS_CLIENT.replace(true);
    let outcome = run();
    IS_CLIENT.set(before);
    outcome
}

/// What is allocated at present.
pub fn present() -> Heap {
    Heap { server: SERVER.present(), client: CLIENT.present() }
}

/// The most that was allocated at once, beyond what was before.
pub fn peak(run: impl FnOnce()) -> Heap {
    let before = present();
    SERVER.most.store(before.server, Ordering::Relaxed);
    CLIENT.most.store(before.client, Ordering::Relaxed);
    run();
    let most = |count: &Count, before| count.most.load(Ordering::Relaxed).saturating_sub(before);
    Heap { server: most(&SERVER, before.server), client: most(&CLIENT, before.client) }
}

/// How many times memory was asked for meanwhile, more for what was there included.
pub fn allocations(run: impl FnOnce()) -> Heap {
    let count = || [&SERVER, &CLIENT].map(|side| side.allocations.load(Ordering::Relaxed));
    let before = count();
    run();
    let after = count();
    Heap { server: after[0] - before[0], client: after[1] - before[1] }
}

#[expect(unsafe_code, reason = "an allocator can be counted in no other way")]
mod allocator {
    use std::alloc::{GlobalAlloc, Layout, System};

    use super::{Counted, side};

    // SAFETY: all calls are handed on to the system's allocator as they come.
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
