//! What a log of segments comes to: the latest value of each key.

use super::acknowledge::PUBREL;
use super::hash::hash;
use super::index::Index;
use super::segment::{Change, Damaged, Segment};
use super::{StoreKey, segment};

/// Bytes of a stored message before its packet.
pub(super) const PREFIX: usize = 8;

/// The latest value of each key. The facts are never deleted but with everything else.
#[derive(Debug, Default)]
pub(super) struct Log<'a> {
    /// In the order they were first written; what comes back after it was removed is at the end, and a message that is released moves there, for its order
    /// is that of the PUBRECs `[MQTT-4.6.0-4]`. So does what is claimed or confirmed in the ledger: of too many keys the oldest go.
    values: Vec<(StoreKey, Option<&'a [u8]>)>,
    /// Where the latest value of a key is.
    latest: Index,
    /// What the session knows about itself.
    pub(super) facts: Option<&'a [u8]>,
    /// Bytes since the last snapshot.
    pub(super) size: usize,
    /// No message has had this number, or a higher one.
    pub(super) next_sequence: u64,
}

impl<'a> Log<'a> {
    /// Reads the segments, the last of which has the number `last`. One that is missing is as bad as one that cannot be read.
    pub(super) fn read(last: u64, segments: impl Iterator<Item = &'a [u8]>) -> Result<Self, Damaged> {
        let mut log = Self::default();
        let mut number = 0_u64;
        for bytes in segments {
            let mut segment = Segment::open(bytes).ok_or(Damaged)?;
            let follows = number > 0 && segment.number == number.wrapping_add(1);
            let begins = segment.is_snapshot() && segment.number > number;
            if !(follows || begins) {
                return Err(Damaged);
            }
            number = segment.number;
            log.size = log.size.saturating_add(bytes.len());
            while let Some(change) = segment.next()? {
                match change {
                    Change::Clear => {
                        log = Self {
                            size: bytes.len(),
                            ..Self::default()
                        }
                    }
                    Change::Put(StoreKey::Facts, value) => log.facts = Some(value),
                    Change::Put(key, value) => log.set(key, Some(value)),
                    Change::Delete(key) => log.set(key, None),
                }
            }
        }
        if number == last { Ok(log) } else { Err(Damaged) }
    }

    /// Everything there is.
    pub(super) fn iter(&self) -> impl Iterator<Item = (StoreKey, &'a [u8])> {
        self.values
            .iter()
            .filter_map(|(key, value)| value.map(|value| (*key, value)))
    }

    /// Whether nothing was ever written.
    pub(super) const fn is_empty(&self) -> bool {
        self.facts.is_none() && self.values.is_empty()
    }

    fn set(&mut self, key: StoreKey, value: Option<&'a [u8]>) {
        if let StoreKey::Outbound(sequence) = key {
            self.next_sequence = self.next_sequence.max(sequence.saturating_add(1));
        }
        let moves = value.is_some_and(|value| moves(key, value));
        let (kind, number) = segment::parts(key);
        let hash = hash(u64::from(kind), &number.to_le_bytes());
        let is = |at: u32| self.values.get(at as usize).is_some_and(|(other, _)| *other == key);
        if let Some(at) = self.latest.find(hash, is)
            && let Some((_, standing)) = self.values.get_mut(at as usize)
        {
            if !moves && standing.is_some() {
                *standing = value;
                return;
            }
            *standing = None;
            self.latest.remove(hash, at);
        }
        self.latest.insert(hash, self.values.len() as u32);
        self.values.push((key, value));
    }
}

/// Whether a value that is written for `key` puts it behind all others.
fn moves(key: StoreKey, value: &[u8]) -> bool {
    match key {
        StoreKey::Outbound(_) => value.get(PREFIX) == Some(&PUBREL),
        StoreKey::Ledger(_) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::random::Random;
    use super::super::{StoreBatch, StoreChange};
    use super::*;
    use std::collections::BTreeMap;

    fn key(random: &mut Random) -> StoreKey {
        match random.up_to(3) {
            0 => StoreKey::Outbound(random.up_to(300)),
            1 => StoreKey::Inbound(random.up_to(40) as u16),
            2 => StoreKey::Ledger(random.up_to(300) << 40),
            _ => StoreKey::Facts,
        }
    }

    fn segment(number: u64, changes: Vec<StoreChange>, bytes: Vec<u8>) -> Vec<u8> {
        let mut out = Vec::new();
        StoreBatch { number, changes, bytes }.encode(&mut out);
        out
    }

    #[test]
    fn a_log_comes_to_the_latest_value_of_each_key_under_random_changes() {
        for seed in 0..60 {
            let mut random = Random::new(seed);
            let mut model = BTreeMap::new();
            let mut segments = Vec::new();
            for number in 5..25_u64 {
                let (mut changes, mut bytes) = (Vec::new(), Vec::new());
                if number == 5 || random.up_to(9) == 0 {
                    changes.push(StoreChange::Clear);
                    model.clear();
                }
                for _ in 0..random.up_to(60) {
                    let key = key(&mut random);
                    if key != StoreKey::Facts && random.up_to(2) == 0 {
                        changes.push(StoreChange::Delete(key));
                        model.remove(&key);
                    } else {
                        let start = bytes.len() as u32;
                        bytes.extend((0..random.up_to(20)).map(|_| [PUBREL, 0x30][random.up_to(1) as usize]));
                        let value = start..bytes.len() as u32;
                        model.insert(key, bytes[start as usize..].to_vec());
                        changes.push(StoreChange::Put { key, value });
                    }
                }
                segments.push(segment(number, changes, bytes));
            }
            let log = Log::read(24, segments.iter().map(Vec::as_slice)).unwrap();
            let mut found: BTreeMap<_, _> = log.iter().map(|(key, value)| (key, value.to_vec())).collect();
            assert_eq!(log.iter().count(), found.len(), "seed {seed}: a key twice");
            found.extend(log.facts.map(|value| (StoreKey::Facts, value.to_vec())));
            assert_eq!(found, model, "seed {seed}");
        }
    }

    #[test]
    fn messages_keep_their_order_and_those_that_are_released_have_that_of_their_release() {
        let put = |number: u64, value: core::ops::Range<u32>| StoreChange::Put {
            key: StoreKey::Outbound(number),
            value,
        };
        let bytes = [&[0; 8][..], &[0x32], &[0; 8], &[PUBREL]].concat();
        let changes = [
            vec![StoreChange::Clear],
            (1..=4).map(|number| put(number, 0..9)).collect(),
            vec![put(3, 9..18), put(1, 9..18), put(2, 0..9)],
        ];
        let only = segment(1, changes.concat(), bytes);
        let log = Log::read(1, [only.as_slice()].into_iter()).unwrap();
        let order: Vec<StoreKey> = log.iter().map(|(key, _)| key).collect();
        assert_eq!(order, [2, 4, 3, 1].map(StoreKey::Outbound));
    }

    #[test]
    fn a_log_with_a_hole_or_without_its_beginning_or_end_is_damaged() {
        let first = segment(3, vec![StoreChange::Clear], Vec::new());
        let [second, third] = [4, 5].map(|number| segment(number, Vec::new(), Vec::new()));
        let read = |last, segments: &[&Vec<u8>]| Log::read(last, segments.iter().map(|bytes| bytes.as_slice())).is_ok();
        assert!(read(0, &[]) && read(5, &[&first, &second, &third]) && read(3, &[&first]));
        assert!(!read(5, &[&first, &third]), "a hole");
        assert!(!read(5, &[&second, &third]), "no beginning");
        assert!(!read(5, &[&first, &second]) && !read(5, &[]), "no end");
        assert!(!read(4, &[&second, &first]), "out of order");
    }
}
