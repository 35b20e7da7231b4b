//! A batch as the bytes of one segment of the log, and back.
//!
//! ```text
//! version 1 | number of the batch | its changes, in order
//! change:   0 (clear)
//!           1 + 2 * kind, key, length, value (put)      kind: 0 facts, 1 outbound, 2 inbound, 3 subscription, 4 ledger
//!           2 + 2 * kind, key (delete)
//! ```
//!
//! Numbers, keys and lengths take seven bits a byte, lowest first, bit 7 set in all but the last byte.

use super::{StoreBatch, StoreChange, StoreKey};

const VERSION: u8 = 1;

impl StoreBatch {
    /// Appends the segment of this batch: what the store keeps under its number.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.reserve(self.size());
        out.push(VERSION);
        put_number(out, self.number);
        for change in &self.changes {
            match change {
                StoreChange::Clear => out.push(0),
                StoreChange::Put { key, value } => {
                    put_key(out, 1, *key);
                    let value = self.bytes.get(value.start as usize..value.end as usize);
                    let value = value.unwrap_or_default();
                    put_number(out, value.len() as u64);
                    out.extend_from_slice(value);
                }
                StoreChange::Delete(key) => put_key(out, 2, *key),
            }
        }
    }

    /// Whether it stands for itself: the store forgets all earlier segments in the transaction that adds this one.
    #[must_use]
    pub fn is_snapshot(&self) -> bool {
        self.changes.first() == Some(&StoreChange::Clear)
    }

    /// About as many bytes as its segment has.
    pub(super) const fn size(&self) -> usize {
        self.bytes.len().saturating_add(self.changes.len().saturating_mul(8))
    }
}

fn put_key(out: &mut Vec<u8>, change: u8, key: StoreKey) {
    let (kind, number) = parts(key);
    out.push(change + (kind << 1));
    put_number(out, number);
}

/// The number of a kind of key, and the number of the key among its kind.
pub(super) fn parts(key: StoreKey) -> (u8, u64) {
    match key {
        StoreKey::Facts => (0, 0),
        StoreKey::Outbound(sequence) => (1, sequence),
        StoreKey::Inbound(id) => (2, u64::from(id)),
        StoreKey::Subscription(key) => (3, u64::from(key)),
        StoreKey::Ledger(hash) => (4, hash),
    }
}

pub(super) fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7F {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// One change of a stored segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change<'a> {
    Put(StoreKey, &'a [u8]),
    Delete(StoreKey),
    Clear,
}

/// Reads one segment, change by change.
#[derive(Debug)]
pub(super) struct Segment<'a> {
    /// The number of its batch.
    pub(super) number: u64,
    rest: &'a [u8],
}

impl<'a> Segment<'a> {
    /// `None` if it does not begin as a segment does.
    pub(super) fn open(bytes: &'a [u8]) -> Option<Self> {
        let (version, mut rest) = bytes.split_first()?;
        let number = number(&mut rest)?;
        (*version == VERSION).then_some(Self { number, rest })
    }

    /// Whether it stands for itself.
    pub(super) fn is_snapshot(&self) -> bool {
        self.rest.first() == Some(&0)
    }

    /// The next change; `Ok(None)` at the end, an error at what is no change.
    pub(super) fn next(&mut self) -> Result<Option<Change<'a>>, Damaged> {
        let Some((&head, rest)) = self.rest.split_first() else {
            return Ok(None);
        };
        self.rest = rest;
        if head == 0 {
            return Ok(Some(Change::Clear));
        }
        self.change(head - 1).map(Some).ok_or(Damaged)
    }

    fn change(&mut self, head: u8) -> Option<Change<'a>> {
        let number = number(&mut self.rest)?;
        let key = match head >> 1 {
            0 => StoreKey::Facts,
            1 => StoreKey::Outbound(number),
            2 => StoreKey::Inbound(u16::try_from(number).ok()?),
            3 => StoreKey::Subscription(u32::try_from(number).ok()?),
            4 => StoreKey::Ledger(number),
            _ => return None,
        };
        if head & 1 == 1 {
            return Some(Change::Delete(key));
        }
        let length = self::number(&mut self.rest)?;
        let (value, rest) = self.rest.split_at_checked(usize::try_from(length).ok()?)?;
        self.rest = rest;
        Some(Change::Put(key, value))
    }
}

/// The log makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Damaged;

/// Reads a number off the front. The variable byte integers of MQTT (1.5.5) are such numbers.
pub(super) fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64_u32).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::random::Random;
    use super::*;

    fn changes(bytes: &[u8]) -> Result<Vec<Change<'_>>, Damaged> {
        let mut segment = Segment::open(bytes).ok_or(Damaged)?;
        let mut changes = Vec::new();
        while let Some(change) = segment.next()? {
            changes.push(change);
        }
        Ok(changes)
    }

    fn batch() -> StoreBatch {
        StoreBatch {
            number: 300,
            changes: vec![
                StoreChange::Clear,
                StoreChange::Put {
                    key: StoreKey::Outbound(u64::MAX),
                    value: 0..3,
                },
                StoreChange::Delete(StoreKey::Inbound(65_535)),
                StoreChange::Put {
                    key: StoreKey::Subscription(u32::MAX),
                    value: 3..3,
                },
                StoreChange::Put {
                    key: StoreKey::Facts,
                    value: 3..204,
                },
                StoreChange::Delete(StoreKey::Ledger(128)),
                StoreChange::Delete(StoreKey::Outbound(1)),
                StoreChange::Delete(StoreKey::Subscription(2)),
            ],
            bytes: (0..204).collect(),
        }
    }

    #[test]
    fn a_batch_reads_back_as_it_was_written() {
        let batch = batch();
        let mut bytes = Vec::new();
        batch.encode(&mut bytes);
        assert!(batch.is_snapshot() && Segment::open(&bytes).unwrap().is_snapshot());
        assert_eq!(Segment::open(&bytes).unwrap().number, 300);
        let expected = [
            Change::Clear,
            Change::Put(StoreKey::Outbound(u64::MAX), &batch.bytes[..3]),
            Change::Delete(StoreKey::Inbound(65_535)),
            Change::Put(StoreKey::Subscription(u32::MAX), &[]),
            Change::Put(StoreKey::Facts, &batch.bytes[3..]),
            Change::Delete(StoreKey::Ledger(128)),
            Change::Delete(StoreKey::Outbound(1)),
            Change::Delete(StoreKey::Subscription(2)),
        ];
        assert_eq!(changes(&bytes).unwrap(), expected);
    }

    #[test]
    fn the_layout_is_what_earlier_versions_have_stored() {
        let batch = StoreBatch {
            number: 200,
            changes: vec![
                StoreChange::Clear,
                StoreChange::Put {
                    key: StoreKey::Outbound(300),
                    value: 0..2,
                },
                StoreChange::Delete(StoreKey::Inbound(7)),
            ],
            bytes: vec![0x30, 0],
        };
        let mut bytes = Vec::new();
        batch.encode(&mut bytes);
        assert_eq!(bytes, [1, 0xC8, 1, 0, 3, 0xAC, 2, 2, 0x30, 0, 6, 7]);
    }

    #[test]
    fn a_segment_that_is_cut_short_or_spoilt_never_reads_as_more_than_it_is() {
        let mut bytes = Vec::new();
        batch().encode(&mut bytes);
        let whole = changes(&bytes).unwrap().len();
        for end in 0..bytes.len() {
            assert!(changes(&bytes[..end]).is_ok_and(|found| found.len() < whole) || changes(&bytes[..end]).is_err());
        }
        let mut random = Random::new(1);
        for _ in 0..20_000 {
            let mut spoilt = bytes.clone();
            let at = random.up_to(bytes.len() as u64 - 1) as usize;
            spoilt[at] = random.next() as u8;
            let _ = changes(&spoilt);
        }
        assert!(Segment::open(&[2, 1, 0]).is_none(), "another version");
        assert!(Segment::open(&[1, 0xFF]).is_none() && Segment::open(&[]).is_none());
    }
}
