//! Counts what each thread allocates, so that "bounded memory" is a number and not a hope.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator with a tally.
struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

thread_local! {
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

fn asked() {
    CALLS.set(CALLS.get().wrapping_add(1));
}

// SAFETY: everything is passed on to the system's allocator as it came; counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        asked();
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// What happened while `work` ran on this thread.
pub struct Usage {
    /// How often memory was asked for.
    pub calls: usize,
}

/// Runs `work` and counts.
pub fn measure<R>(work: impl FnOnce() -> R) -> (R, Usage) {
    let calls = CALLS.get();
    let result = work();
    let usage = Usage {
        calls: CALLS.get().wrapping_sub(calls),
    };
    (result, usage)
}
