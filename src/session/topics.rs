//! Topic names as numbers: each name crosses the boundary once.

use super::hash::hash;

/// Names kept at most; the table then starts again.
const MAX_NAMES: usize = 4_096;
/// Bytes of names kept at most.
const MAX_BYTES: usize = 1 << 20;
const SMALLEST: usize = 64;

/// An interning table. Numbers are dense from 0.
#[derive(Debug)]
pub(super) struct Topics {
    /// Entry number plus one; 0 is empty. A power of two, at most half full.
    slots: Vec<u32>,
    entries: Vec<Entry>,
    text: Vec<u8>,
    seed: u64,
    generation: u32,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u32,
    start: u32,
    end: u32,
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
            slots: Vec::new(),
            entries: Vec::new(),
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
        if let Some(id) = self.find(hash, name.as_bytes()) {
            return Interned { id, new: false };
        }
        Interned {
            id: self.add(hash, name),
            new: true,
        }
    }

    /// The name that has this number.
    pub(super) fn name(&self, id: u32) -> &str {
        let entry = self.entries.get(id as usize);
        let name = entry.and_then(|entry| self.text.get(entry.start as usize..entry.end as usize));
        name.and_then(|name| core::str::from_utf8(name).ok())
            .unwrap_or_default()
    }

    fn find(&self, hash: u32, name: &[u8]) -> Option<u32> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut slot = hash as usize & mask;
        loop {
            let id = self.slots.get(slot)?.checked_sub(1)?;
            let entry = self.entries.get(id as usize)?;
            if entry.hash == hash && self.text.get(entry.start as usize..entry.end as usize) == Some(name) {
                return Some(id);
            }
            slot = slot.wrapping_add(1) & mask;
        }
    }

    #[cold]
    fn add(&mut self, hash: u32, name: &str) -> u32 {
        if self.entries.len() >= MAX_NAMES || self.text.len().saturating_add(name.len()) > MAX_BYTES {
            self.slots = Vec::new();
            self.entries.clear();
            self.text.clear();
            self.generation = self.generation.wrapping_add(1);
        }
        let id = self.entries.len() as u32;
        let start = self.text.len() as u32;
        self.text.extend_from_slice(name.as_bytes());
        let end = self.text.len() as u32;
        self.entries.push(Entry { hash, start, end });
        if self.entries.len().saturating_mul(2) > self.slots.len() {
            self.rebuild();
        } else {
            self.place(hash, id);
        }
        id
    }

    fn rebuild(&mut self) {
        let size = self.slots.len().saturating_mul(2).max(SMALLEST);
        self.slots.clear();
        self.slots.resize(size, 0);
        let entries = core::mem::take(&mut self.entries);
        for (id, entry) in (0..).zip(&entries) {
            self.place(entry.hash, id);
        }
        self.entries = entries;
    }

    fn place(&mut self, hash: u32, id: u32) {
        let mask = self.slots.len().wrapping_sub(1);
        let mut slot = hash as usize & mask;
        while self.slots.get(slot).is_some_and(|taken| *taken != 0) {
            slot = slot.wrapping_add(1) & mask;
        }
        if let Some(place) = self.slots.get_mut(slot) {
            *place = id.wrapping_add(1);
        }
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
