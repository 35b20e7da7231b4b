//! Numbers found by a hash, for tables whose entries lie elsewhere: open addressing.

const SMALLEST: usize = 16;
/// Stands for no number.
const FREE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Slot {
    hash: u32,
    number: u32,
}

/// From hashes to numbers below `u32::MAX`. One hash may lead to several; which of them is meant is for the owner of the entries to say.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// A power of two (or none), at most half taken.
    slots: Vec<Slot>,
    taken: usize,
}

impl Index {
    /// How many numbers there are.
    pub(super) const fn len(&self) -> usize {
        self.taken
    }

    /// The first number with this hash that `is` the one.
    pub(super) fn find(&self, hash: u32, is: impl Fn(u32) -> bool) -> Option<u32> {
        let mut at = hash as usize & self.mask();
        loop {
            let slot = self.slots.get(at).filter(|slot| slot.number != FREE)?;
            if slot.hash == hash && is(slot.number) {
                return Some(slot.number);
            }
            at = at.wrapping_add(1) & self.mask();
        }
    }

    /// Adds a number, which must not be there.
    pub(super) fn insert(&mut self, hash: u32, number: u32) {
        if self.taken.saturating_mul(2) >= self.slots.len() {
            let size = self.slots.len().saturating_mul(2).max(SMALLEST);
            let free = Slot { hash: 0, number: FREE };
            let old = core::mem::replace(&mut self.slots, vec![free; size]);
            for slot in old.into_iter().filter(|slot| slot.number != FREE) {
                self.place(slot);
            }
        }
        self.taken = self.taken.saturating_add(1);
        self.place(Slot { hash, number });
    }

    /// Takes a number out, if it is there.
    pub(super) fn remove(&mut self, hash: u32, number: u32) {
        let mask = self.mask();
        let mut hole = hash as usize & mask;
        while self.slots.get(hole).is_some_and(|slot| slot.number != number) {
            if self.is_free(hole) {
                return;
            }
            hole = hole.wrapping_add(1) & mask;
        }
        // What was displaced by it moves back, so that no search ends early.
        let mut probe = hole;
        loop {
            if let Some(slot) = self.slots.get_mut(hole) {
                slot.number = FREE;
            }
            loop {
                probe = probe.wrapping_add(1) & mask;
                let Some(slot) = self.slots.get(probe).filter(|slot| slot.number != FREE) else {
                    self.taken = self.taken.saturating_sub(1);
                    return;
                };
                let home = slot.hash as usize & mask;
                if probe.wrapping_sub(home) & mask >= probe.wrapping_sub(hole) & mask {
                    break;
                }
            }
            self.slots.swap(probe, hole);
            hole = probe;
        }
    }

    const fn mask(&self) -> usize {
        self.slots.len().wrapping_sub(1)
    }

    fn is_free(&self, at: usize) -> bool {
        self.slots.get(at).is_none_or(|slot| slot.number == FREE)
    }

    fn place(&mut self, slot: Slot) {
        let mut at = slot.hash as usize & self.mask();
        while !self.is_free(at) {
            at = at.wrapping_add(1) & self.mask();
        }
        if let Some(free) = self.slots.get_mut(at) {
            *free = slot;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::random::Random;
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn it_finds_what_is_in_it_and_nothing_else_under_random_operations() {
        for seed in 0..40 {
            let mut random = Random::new(seed);
            let (mut index, mut model) = (Index::default(), BTreeMap::new());
            // Few hashes: many that collide, and many homes side by side.
            let hashes = [3, 20, 5_000][seed as usize % 3];
            for step in 0..4_000_u32 {
                if random.up_to(2) == 0 {
                    let victim = random.up_to(u64::from(step)) as u32;
                    let hash = model.remove(&victim).unwrap_or(random.up_to(hashes) as u32);
                    index.remove(hash, victim);
                } else {
                    let hash = random.up_to(hashes) as u32;
                    index.insert(hash, step);
                    model.insert(step, hash);
                }
                assert_eq!(index.len(), model.len(), "seed {seed}");
            }
            for (number, hash) in &model {
                assert_eq!(
                    index.find(*hash, |found| found == *number),
                    Some(*number),
                    "seed {seed}"
                );
                assert_eq!(
                    index.find(hash.wrapping_add(1), |found| found == *number),
                    None,
                    "seed {seed}"
                );
            }
            for hash in 0..=hashes as u32 {
                assert_eq!(
                    index.find(hash, |found| model.get(&found) != Some(&hash)),
                    None,
                    "seed {seed}"
                );
            }
        }
    }

    #[test]
    fn an_empty_one_finds_nothing_and_has_nothing_to_remove() {
        let mut index = Index::default();
        assert_eq!(index.find(7, |_| true), None);
        index.remove(7, 0);
        assert_eq!(index.len(), 0);
    }
}
