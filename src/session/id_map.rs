//! A map from packet identifiers: open addressing by the identifier itself, which suits numbers that are handed out in sequence.

use crate::codec::PacketId;

const SMALLEST: usize = 16;
/// A table of this many slots is given back when it becomes empty.
const LARGE: usize = 4_096;

/// Packet identifier to `V`.
#[derive(Debug)]
pub(super) struct IdMap<V> {
    slots: Vec<Option<(PacketId, V)>>,
    len: usize,
}

impl<V> Default for IdMap<V> {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            len: 0,
        }
    }
}

impl<V: Copy> IdMap<V> {
    /// The value of `id`.
    pub(super) fn get(&self, id: PacketId) -> Option<V> {
        let slot = self.find(id).ok()?;
        self.slots.get(slot).copied().flatten().map(|(_, value)| value)
    }

    /// Sets the value of `id`.
    pub(super) fn insert(&mut self, id: PacketId, value: V) {
        if self.len.saturating_mul(2) >= self.slots.len() {
            self.grow();
        }
        let (slot, new) = match self.find(id) {
            Ok(slot) => (slot, false),
            Err(slot) => (slot, true),
        };
        if let Some(place) = self.slots.get_mut(slot) {
            *place = Some((id, value));
            self.len = self.len.saturating_add(usize::from(new));
        }
    }

    /// Removes `id` and returns its value.
    pub(super) fn remove(&mut self, id: PacketId) -> Option<V> {
        let mut hole = self.find(id).ok()?;
        let (_, value) = self.slots.get_mut(hole)?.take()?;
        self.len = self.len.saturating_sub(1);
        // What was displaced by the removed entry moves back, so that no search ends early.
        let mask = self.mask();
        let mut probe = hole;
        loop {
            probe = probe.wrapping_add(1) & mask;
            let Some((other, _)) = self.slots.get(probe).copied().flatten() else {
                break;
            };
            let home = usize::from(other.get()) & mask;
            if probe.wrapping_sub(home) & mask >= probe.wrapping_sub(hole) & mask {
                self.slots.swap(probe, hole);
                hole = probe;
            }
        }
        if self.len == 0 && self.slots.len() >= LARGE {
            self.slots = Vec::new();
        }
        Some(value)
    }

    const fn mask(&self) -> usize {
        self.slots.len().wrapping_sub(1)
    }

    /// The slot of `id`, or the empty one where it belongs. There always is an empty one, unless there is no slot at all.
    fn find(&self, id: PacketId) -> Result<usize, usize> {
        let mask = self.mask();
        let mut slot = usize::from(id.get()) & mask;
        loop {
            match self.slots.get(slot) {
                Some(Some((found, _))) if *found == id => return Ok(slot),
                Some(Some(_)) => slot = slot.wrapping_add(1) & mask,
                _ => return Err(slot),
            }
        }
    }

    fn grow(&mut self) {
        let size = self.slots.len().saturating_mul(2).max(SMALLEST);
        let mut larger = Vec::new();
        larger.resize(size, None);
        let old = core::mem::replace(&mut self.slots, larger);
        for (id, value) in old.into_iter().flatten() {
            if let Err(slot) = self.find(id)
                && let Some(place) = self.slots.get_mut(slot)
            {
                *place = Some((id, value));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::random::Random;
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn it_behaves_like_an_ordered_map_under_random_operations() {
        for seed in 0..50 {
            let mut random = Random::new(seed);
            let (mut map, mut model) = (IdMap::default(), BTreeMap::new());
            let range = [20, 300, 65_534][seed as usize % 3];
            for step in 0..3_000_u32 {
                let id = PacketId::new(random.up_to(range) as u16 + 1).unwrap();
                match random.up_to(2) {
                    0 => assert_eq!(map.remove(id), model.remove(&id), "seed {seed}"),
                    1 => {
                        map.insert(id, step);
                        model.insert(id, step);
                    }
                    _ => assert_eq!(map.get(id), model.get(&id).copied(), "seed {seed}"),
                }
                assert_eq!(map.len, model.len(), "seed {seed}");
            }
        }
    }
}
