//! The store that lives as long as the page: every batch counts as committed at once. It keeps no copy, for what a batch says is already in
//! the session's own memory, and nothing outlives that to read it back.

use crate::session::StoreBatch;

/// A store without a medium.
#[derive(Debug, Default)]
pub struct MemoryStore;

impl MemoryStore {
    /// Commits a batch and returns the number that [`Session::handle_stored`](crate::session::Session::handle_stored) has to hear.
    pub fn commit(&self, batch: &StoreBatch) -> u64 {
        batch.number
    }
}
