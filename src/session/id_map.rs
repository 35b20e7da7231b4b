//! A map from packet identifiers: pages that come and go, since identifiers are handed out in sequence and the ones in use stand close together.

use crate::codec::PacketId;

const PAGES: usize = 256;
const PAGE: usize = 256;

/// Packet identifier to `V`. Every operation takes the same short time.
#[derive(Debug)]
pub(super) struct IdMap<V> {
    /// None, or all of them.
    pages: Vec<Page<V>>,
}

/// The identifiers with the same high byte. Without an entry it has no slots.
#[derive(Debug)]
struct Page<V> {
    slots: Vec<Option<V>>,
    used: usize,
}

impl<V> Default for IdMap<V> {
    fn default() -> Self {
        Self { pages: Vec::new() }
    }
}

impl<V: Copy> IdMap<V> {
    /// The value of `id`.
    pub(super) fn get(&self, id: PacketId) -> Option<V> {
        let [page, slot] = id.get().to_be_bytes();
        let page = self.pages.get(usize::from(page))?;
        page.slots.get(usize::from(slot)).copied().flatten()
    }

    /// Sets the value of `id`.
    pub(super) fn insert(&mut self, id: PacketId, value: V) {
        if self.pages.is_empty() {
            let empty = || Page {
                slots: Vec::new(),
                used: 0,
            };
            self.pages.resize_with(PAGES, empty);
        }
        let [page, slot] = id.get().to_be_bytes();
        let Some(page) = self.pages.get_mut(usize::from(page)) else {
            return;
        };
        if page.slots.is_empty() {
            page.slots.resize(PAGE, None);
        }
        if let Some(slot) = page.slots.get_mut(usize::from(slot))
            && slot.replace(value).is_none()
        {
            page.used = page.used.saturating_add(1);
        }
    }

    /// Removes `id` and returns its value.
    pub(super) fn remove(&mut self, id: PacketId) -> Option<V> {
        let [page, slot] = id.get().to_be_bytes();
        let page = self.pages.get_mut(usize::from(page))?;
        let value = page.slots.get_mut(usize::from(slot))?.take()?;
        page.used = page.used.saturating_sub(1);
        if page.used == 0 {
            page.slots = Vec::new();
        }
        Some(value)
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
            }
            for id in (1..=u16::MAX).filter_map(PacketId::new) {
                assert_eq!(map.remove(id), model.remove(&id), "seed {seed}");
            }
            assert!(map.pages.iter().all(|page| page.slots.is_empty()), "seed {seed}");
        }
    }
}
