//! A set of packet identifiers: one bit each, allocated at the first use.

use crate::codec::PacketId;

const WORDS: usize = 1_024;

/// Packet identifiers 1 to 65,535.
#[derive(Debug, Default)]
pub(super) struct IdSet {
    words: Vec<u64>,
    len: usize,
}

impl IdSet {
    /// How many are in the set.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Whether `id` is in the set.
    pub(super) fn contains(&self, id: PacketId) -> bool {
        self.words.get(word(id)).is_some_and(|word| word & bit(id) != 0)
    }

    /// Adds `id`; false if it was there.
    pub(super) fn insert(&mut self, id: PacketId) -> bool {
        if self.words.is_empty() {
            self.words.resize(WORDS, 0);
        }
        let Some(word) = self.words.get_mut(word(id)) else {
            return false;
        };
        let added = *word & bit(id) == 0;
        *word |= bit(id);
        self.len = self.len.saturating_add(usize::from(added));
        added
    }

    /// Removes `id`; false if it was not there.
    pub(super) fn remove(&mut self, id: PacketId) -> bool {
        let removed = self.contains(id);
        if let (true, Some(word)) = (removed, self.words.get_mut(word(id))) {
            *word &= !bit(id);
            self.len = self.len.saturating_sub(1);
        }
        removed
    }

    /// Removes all.
    pub(super) fn clear(&mut self) {
        self.words.fill(0);
        self.len = 0;
    }

    /// All in rising order.
    pub(super) fn iter(&self) -> impl Iterator<Item = PacketId> {
        (1..=u16::MAX).filter_map(PacketId::new).filter(|id| self.contains(*id))
    }

    /// The first identifier not in the set from `start` on, around the end. Looks at whole words: at most 1,025 of them.
    pub(super) fn next_free(&self, start: PacketId) -> Option<PacketId> {
        if self.words.is_empty() {
            return Some(start);
        }
        let first = word(start);
        let mut allowed = u64::MAX << (start.get() & 63);
        for step in 0..=WORDS {
            let index = first.wrapping_add(step) % WORDS;
            // Identifier 0 does not exist [MQTT-2.2.1-3].
            let zero = u64::from(index == 0);
            let free = !(self.words.get(index).copied().unwrap_or(u64::MAX) | zero) & allowed;
            if free != 0 {
                return PacketId::new((index << 6) as u16 | free.trailing_zeros() as u16);
            }
            allowed = u64::MAX;
        }
        None
    }
}

const fn word(id: PacketId) -> usize {
    (id.get() >> 6) as usize
}

const fn bit(id: PacketId) -> u64 {
    1 << (id.get() & 63)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(value: u16) -> PacketId {
        PacketId::new(value).unwrap()
    }

    #[test]
    fn the_next_free_identifier_is_found_around_the_end_and_never_is_zero() {
        let mut set = IdSet::default();
        assert_eq!(set.next_free(id(65_535)), Some(id(65_535)));
        assert!(set.insert(id(65_535)) && !set.insert(id(65_535)));
        assert_eq!(set.next_free(id(65_535)), Some(id(1)));
        for value in 1..=200 {
            set.insert(id(value));
        }
        assert_eq!(set.next_free(id(65_535)), Some(id(201)));
        assert_eq!(set.next_free(id(1)), Some(id(201)));
        assert!(set.remove(id(70)) && !set.remove(id(70)));
        assert_eq!(set.next_free(id(71)), Some(id(201)));
        assert_eq!(set.next_free(id(70)), Some(id(70)));
        assert_eq!(set.len(), 200);
    }

    #[test]
    fn a_full_set_has_no_free_identifier() {
        let mut set = IdSet::default();
        (1..=u16::MAX).for_each(|value| assert!(set.insert(id(value))));
        assert_eq!((set.len(), set.next_free(id(9))), (65_535, None));
        set.remove(id(8));
        assert_eq!(set.next_free(id(9)), Some(id(8)));
        assert_eq!(set.iter().count(), 65_534);
        set.clear();
        assert_eq!(set.len(), 0);
    }
}
