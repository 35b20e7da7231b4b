//! Counts what each thread allocates, so that "bounded memory" is a number and not a hope.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator with a tally.
struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

thread_local! {
    /// May fall below zero: what another thread had allocated may be freed here.
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

fn grown(size: usize) {
    LIVE.set(LIVE.get().wrapping_add_unsigned(size));
    PEAK.set(PEAK.get().max(LIVE.get()));
    CALLS.set(CALLS.get().wrapping_add(1));
}

fn shrunk(size: usize) {
    LIVE.set(LIVE.get().wrapping_sub_unsigned(size));
}

// SAFETY: everything is passed on to the system's allocator as it came; counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        shrunk(layout.size());
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// What happened while `work` ran on this thread.
pub struct Usage {
    /// How often memory was asked for.
    pub calls: usize,
    /// The most bytes at a time beyond what was in use before.
    pub peak: usize,
}

/// Runs `work` and counts.
pub fn measure<R>(work: impl FnOnce() -> R) -> (R, Usage) {
    let (before, calls) = (LIVE.get(), CALLS.get());
    PEAK.set(before);
    let result = work();
    let usage = Usage {
        calls: CALLS.get().wrapping_sub(calls),
        peak: PEAK.get().wrapping_sub(before).unsigned_abs(),
    };
    (result, usage)
}
