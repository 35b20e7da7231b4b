//! The subscriptions that stand: found by filter in constant time, listed in the order they were first asked for.

use super::hash::hash;
use super::index::Index;
use super::requests::Subscription;

/// Filter to [`Subscription`]. The filters are the application's own, so the hash needs no seed.
#[derive(Debug, Default)]
pub(super) struct Active {
    /// By rising key.
    entries: Vec<Entry>,
    /// Their keys.
    by_filter: Index,
}

#[derive(Debug)]
struct Entry {
    filter: Box<str>,
    subscription: Subscription,
}

impl Active {
    /// The subscription of `filter`.
    pub(super) fn get(&self, filter: &str) -> Option<&Subscription> {
        let at = self.find(filter)?;
        self.entries.get(at).map(|entry| &entry.subscription)
    }

    /// The subscription of `filter`, to be changed; its key must stay.
    pub(super) fn get_mut(&mut self, filter: &str) -> Option<&mut Subscription> {
        let at = self.find(filter)?;
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
        self.by_filter.insert(hash(0, filter.as_bytes()), subscription.key);
        self.entries.push(Entry {
            filter: filter.into(),
            subscription,
        });
    }

    /// Removes and returns the subscription of `filter`.
    pub(super) fn remove(&mut self, filter: &str) -> Option<Subscription> {
        let at = self.find(filter)?;
        let Entry { subscription, .. } = self.entries.remove(at);
        self.by_filter.remove(hash(0, filter.as_bytes()), subscription.key);
        Some(subscription)
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

    /// The entry of `filter`.
    fn find(&self, filter: &str) -> Option<usize> {
        let entry = |key| self.entry(key).and_then(|at| self.entries.get(at));
        let is = |key| entry(key).is_some_and(|entry| *entry.filter == *filter);
        self.entry(self.by_filter.find(hash(0, filter.as_bytes()), is)?)
    }

    fn entry(&self, key: u32) -> Option<usize> {
        self.entries
            .binary_search_by_key(&key, |entry| entry.subscription.key)
            .ok()
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
