//! A session that outlives its page: taken up again from what the store has, and kept in memory where there is no store.

use super::{Millis, Session, StorageFault};

impl Session {
    /// The store is open, and this is all it holds: the segments in rising order, the last of them with the number `last` (0: none). To be called
    /// before [`Session::start`] and before any command.
    pub fn restore<'a>(&mut self, now: Millis, last: u64, segments: impl Iterator<Item = &'a [u8]>) {
        self.tick(now);
        let _ = (last, segments.count());
    }

    /// The store cannot be had, or has failed for good: the session goes on in memory, and nothing waits any longer. `detail` is for people.
    pub fn handle_store_failed(&mut self, now: Millis, fault: StorageFault, detail: &str) {
        self.tick(now);
        let _ = (fault, detail);
    }

    /// The store is there again, or wants another try at the batch that is under way: the next batch is a snapshot.
    pub fn handle_store_back(&mut self, now: Millis) {
        self.tick(now);
    }
}
