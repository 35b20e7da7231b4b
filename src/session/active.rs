//! The subscriptions that stand: found by filter in constant time, listed in the order they were first asked for.

use super::hash::hash;
use super::requests::Subscription;

const SMALLEST: usize = 16;

/// Filter to [`Subscription`]. The filters are the application's own, so the hash needs no seed.
#[derive(Debug, Default)]
pub(super) struct Active {
    /// By rising key.
    entries: Vec<Entry>,
    /// Open addressing over the hash. A power of two, at most half full.
    slots: Vec<Option<Slot>>,
}

#[derive(Debug)]
struct Entry {
    filter: Box<str>,
    subscription: Subscription,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    hash: u32,
    key: u32,
}

impl Active {
    /// The subscription of `filter`.
    pub(super) fn get(&self, filter: &str) -> Option<&Subscription> {
        let (_, at) = self.find(filter)?;
        self.entries.get(at).map(|entry| &entry.subscription)
    }

    /// The subscription of `filter`, to be changed; its key must stay.
    pub(super) fn get_mut(&mut self, filter: &str) -> Option<&mut Subscription> {
        let (_, at) = self.find(filter)?;
        self.entries.get_mut(at).map(|entry| &mut entry.subscription)
    }

    /// Adds a subscription under a key above all others, or replaces the one of the same filter, which keeps its key.
    pub(super) fn insert(&mut self, filter: &str, subscription: Subscription) {
        if let Some(standing) = self.get_mut(filter) {
            *standing = Subscription {
                key: standing.key,
                ..subscription
            };
            return;
        }
        let slot = Slot {
            hash: hash(0, filter.as_bytes()),
            key: subscription.key,
        };
        self.entries.push(Entry {
            filter: filter.into(),
            subscription,
        });
        if self.entries.len().saturating_mul(2) > self.slots.len() {
            self.grow();
        }
        self.place(slot);
    }

    /// Removes and returns the subscription of `filter`.
    pub(super) fn remove(&mut self, filter: &str) -> Option<Subscription> {
        let (mut hole, at) = self.find(filter)?;
        *self.slots.get_mut(hole)? = None;
        // What was displaced by the removed slot moves back, so that no search ends early.
        let mask = self.mask();
        let mut probe = hole;
        loop {
            probe = probe.wrapping_add(1) & mask;
            let Some(other) = self.slots.get(probe).copied().flatten() else {
                break;
            };
            let home = other.hash as usize & mask;
            if probe.wrapping_sub(home) & mask >= probe.wrapping_sub(hole) & mask {
                self.slots.swap(probe, hole);
                hole = probe;
            }
        }
        Some(self.entries.remove(at).subscription)
    }

    /// All of them, in the order they were first asked for.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &Subscription)> {
        self.entries.iter().map(|entry| (&*entry.filter, &entry.subscription))
    }

    /// All of them, in the order they were first asked for, to be changed; their keys must stay.
    pub(super) fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&str, &mut Subscription)> {
        self.entries
            .iter_mut()
            .map(|entry| (&*entry.filter, &mut entry.subscription))
    }

    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    const fn mask(&self) -> usize {
        self.slots.len().wrapping_sub(1)
    }

    /// The slot and the entry of `filter`.
    fn find(&self, filter: &str) -> Option<(usize, usize)> {
        let hash = hash(0, filter.as_bytes());
        let mask = self.mask();
        let mut at = hash as usize & mask;
        loop {
            let slot = (*self.slots.get(at)?)?;
            if slot.hash == hash
                && let Ok(entry) = self
                    .entries
                    .binary_search_by_key(&slot.key, |entry| entry.subscription.key)
                && self.entries.get(entry).is_some_and(|entry| &*entry.filter == filter)
            {
                return Some((at, entry));
            }
            at = at.wrapping_add(1) & mask;
        }
    }

    fn place(&mut self, slot: Slot) {
        let mask = self.mask();
        let mut at = slot.hash as usize & mask;
        while self.slots.get(at).is_some_and(Option::is_some) {
            at = at.wrapping_add(1) & mask;
        }
        if let Some(free) = self.slots.get_mut(at) {
            *free = Some(slot);
        }
    }

    fn grow(&mut self) {
        let size = self.slots.len().saturating_mul(2).max(SMALLEST);
        let old = core::mem::replace(&mut self.slots, vec![None; size]);
        for slot in old.into_iter().flatten() {
            self.place(slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::random::Random;
    use super::*;
    use crate::codec::SubscribeOptions;
    use std::collections::BTreeMap;

    fn subscription(key: u32, token: u32) -> Subscription {
        Subscription {
            key,
            token,
            options: SubscribeOptions::default(),
            properties: Box::default(),
            identifier: 1,
            granted: None,
        }
    }

    #[test]
    fn it_behaves_like_a_map_and_keeps_the_order_of_asking_under_random_operations() {
        for seed in 0..30 {
            let mut random = Random::new(seed);
            let (mut active, mut model) = (Active::default(), BTreeMap::new());
            let range = [5, 60, 3_000][seed as usize % 3];
            for token in 0..4_000_u32 {
                let filter = format!("site/{}/+", random.up_to(range));
                if random.up_to(2) == 0 {
                    let removed = active.remove(&filter).map(|subscription| subscription.token);
                    assert_eq!(removed, model.remove(&filter).map(|(_, token)| token), "seed {seed}");
                } else {
                    let key = model.get(&filter).map_or(token, |(key, _)| *key);
                    active.insert(&filter, subscription(key, token));
                    model.insert(filter, (key, token));
                }
            }
            for (filter, (key, token)) in &model {
                let found = active.get(filter).map(|found| (found.key, found.token));
                assert_eq!(found, Some((*key, *token)), "seed {seed}");
            }
            let mut expected: Vec<_> = model.values().copied().collect();
            expected.sort_unstable();
            let listed: Vec<_> = active.iter().map(|(_, found)| (found.key, found.token)).collect();
            assert_eq!(listed, expected, "seed {seed}");
        }
    }
}
