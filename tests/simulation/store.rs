//! What a store holds after the batches that it has committed.

use std::collections::BTreeMap;

use hawser::session::{StoreBatch, StoreChange, StoreKey};

#[derive(Default)]
pub struct Store {
    pub values: BTreeMap<StoreKey, Vec<u8>>,
    /// Batches that were looked at.
    applied: usize,
}

impl Store {
    /// Applies what was committed since the last time.
    pub fn follow(&mut self, committed: &[StoreBatch]) {
        for batch in &committed[self.applied..] {
            for change in &batch.changes {
                match change {
                    StoreChange::Put { key, value } => {
                        let range = value.start as usize..value.end as usize;
                        self.values.insert(*key, batch.bytes[range].to_vec());
                    }
                    StoreChange::Delete(key) => {
                        self.values.remove(key);
                    }
                    StoreChange::Clear => self.values.clear(),
                }
            }
        }
        self.applied = committed.len();
    }

    /// The stored packets of messages on their way out, without what stands before them.
    pub fn outbound(&self) -> impl Iterator<Item = &[u8]> {
        self.values
            .iter()
            .filter(|(key, _)| matches!(key, StoreKey::Outbound(_)))
            .map(|(_, value)| &value[8..])
    }
}
