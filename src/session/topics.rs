//! Topic names as numbers: each name crosses the boundary once.

use super::hash::hash;
use super::index::Index;

/// Names kept at most; the table then starts again.
const MAX_NAMES: usize = 4_096;
/// Bytes of names kept at most.
const MAX_BYTES: usize = 1 << 20;

/// An interning table. Numbers are dense from 0.
#[derive(Debug)]
pub(super) struct Topics {
    by_name: Index,
    /// Where each name ends in `text`, behind the one before it.
    ends: Vec<u32>,
    text: Vec<u8>,
    seed: u64,
    generation: u32,
}

/// A name's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Interned {
    /// The number.
    pub(super) id: u32,
    /// It was given just now.
    pub(super) new: bool,
}

impl Topics {
    /// An empty table. The seed keeps brokers from choosing names that collide.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            by_name: Index::default(),
            ends: Vec::new(),
            text: Vec::new(),
            seed,
            generation: 0,
        }
    }

    /// Rises when the table starts again: numbers of an earlier generation mean nothing any more.
    pub(super) const fn generation(&self) -> u32 {
        self.generation
    }

    /// The number of `name`.
    pub(super) fn intern(&mut self, name: &str) -> Interned {
        let hash = hash(self.seed, name.as_bytes());
        if let Some(id) = self.by_name.find(hash, |id| self.bytes(id) == name.as_bytes()) {
            return Interned { id, new: false };
        }
        Interned {
            id: self.add(hash, name),
            new: true,
        }
    }

    /// The name that has this number.
    pub(super) fn name(&self, id: u32) -> &str {
        core::str::from_utf8(self.bytes(id)).unwrap_or_default()
    }

    fn bytes(&self, id: u32) -> &[u8] {
        let id = id as usize;
        let start = id.checked_sub(1).and_then(|before| self.ends.get(before));
        let start = start.map_or(0, |start| *start as usize);
        let end = self.ends.get(id).map_or(start, |end| *end as usize);
        self.text.get(start..end).unwrap_or_default()
    }

    #[cold]
    fn add(&mut self, hash: u32, name: &str) -> u32 {
        if self.ends.len() >= MAX_NAMES || self.text.len().saturating_add(name.len()) > MAX_BYTES {
            self.by_name = Index::default();
            self.ends.clear();
            self.text.clear();
            self.generation = self.generation.wrapping_add(1);
        }
        let id = self.ends.len() as u32;
        self.text.extend_from_slice(name.as_bytes());
        self.ends.push(self.text.len() as u32);
        self.by_name.insert(hash, id);
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_number_and_is_new_once() {
        let mut topics = Topics::new(3);
        for round in 0..2 {
            for number in 0..4_096 {
                let interned = topics.intern(&format!("device/{number}/state"));
                assert_eq!((interned.id, interned.new), (number, round == 0));
            }
        }
        assert_eq!(topics.generation(), 0);
    }

    #[test]
    fn a_full_table_starts_again_from_zero() {
        let mut topics = Topics::new(3);
        for number in 0..10_000_u32 {
            let interned = topics.intern(&number.to_string());
            assert_eq!((interned.id, interned.new), (number % 4_096, true));
        }
        assert_eq!(topics.generation(), 2);
        let long = "x".repeat(65_535);
        for number in 0..100 {
            topics.intern(&format!("{number}{}", long.split_at(3).1));
        }
        assert!(topics.text.len() <= MAX_BYTES && topics.generation() > 5);
    }
}
