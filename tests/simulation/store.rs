//! What a store holds after the batches that it has committed: the log itself, and what it says.

use std::collections::BTreeMap;

use hawser::codec::{PacketId, Qos};
use hawser::session::{StoreBatch, StoreChange, StoreKey};

use crate::broker::number;

#[derive(Default)]
pub struct Store {
    pub values: BTreeMap<StoreKey, Vec<u8>>,
    /// The log: what a page that comes later is given.
    pub segments: Vec<Vec<u8>>,
    /// Number of the last batch.
    pub last: u64,
    /// Messages that are released, in the order in which they were.
    released: Vec<u64>,
    /// Batches of this page that were looked at.
    applied: usize,
}

impl Store {
    /// Applies what was committed since the last time.
    pub fn follow(&mut self, committed: &[StoreBatch]) {
        let new = committed.get(self.applied..).unwrap_or_default();
        self.applied = committed.len();
        new.iter().for_each(|batch| self.apply(batch));
    }

    /// Another page comes, and its batches with it.
    pub fn new_page(&mut self) {
        self.applied = 0;
    }

    pub fn apply(&mut self, batch: &StoreBatch) {
        let begins = batch.is_snapshot() && batch.number > self.last;
        assert!(
            batch.number == self.last + 1 || begins,
            "batch {} behind {}",
            batch.number,
            self.last
        );
        self.last = batch.number;
        if batch.is_snapshot() {
            self.segments.clear();
        }
        let mut segment = Vec::new();
        batch.encode(&mut segment);
        self.segments.push(segment);
        for change in &batch.changes {
            match change {
                StoreChange::Put { key, value } => {
                    let value = &batch.bytes[value.start as usize..value.end as usize];
                    self.forget_release(*key);
                    if let StoreKey::Outbound(sequence) = key
                        && matches!(Stored::read(packet_of(value)), Stored::Release(_))
                    {
                        self.released.push(*sequence);
                    }
                    self.values.insert(*key, value.to_vec());
                }
                StoreChange::Delete(key) => {
                    self.forget_release(*key);
                    self.values.remove(key);
                }
                StoreChange::Clear => {
                    self.released.clear();
                    self.values.clear();
                }
            }
        }
    }

    fn forget_release(&mut self, key: StoreKey) {
        self.released.retain(|sequence| StoreKey::Outbound(*sequence) != key);
    }

    /// The messages that are released, in the order in which they were.
    pub fn released(&self) -> impl Iterator<Item = PacketId> {
        let packets = self
            .released
            .iter()
            .map(|sequence| &self.values[&StoreKey::Outbound(*sequence)]);
        packets.filter_map(|value| Stored::read(packet_of(value)).id())
    }

    /// Until when the broker has a session of which this is the state, as far as is known here; none if it has none.
    pub fn session_ends(&self) -> Option<u64> {
        let [flags, last_online, expiry] = self.facts()?;
        (flags & 1 == 1).then_some(match expiry {
            0xFFFF_FFFF => u64::MAX,
            seconds => last_online + seconds * 1_000,
        })
    }

    /// Whether it says that a CONNECT may have left since, and have begun another session.
    pub fn is_in_doubt(&self) -> bool {
        self.facts().is_some_and(|[flags, ..]| flags & 2 == 2)
    }

    pub fn last_online(&self) -> Option<u64> {
        self.facts().map(|[_, last_online, _]| last_online)
    }

    /// The first of the facts: numbers of seven bits a byte, lowest first.
    fn facts(&self) -> Option<[u64; 3]> {
        let mut bytes = self.values.get(&StoreKey::Facts)?.iter();
        Some([0; 3].map(|_: u64| {
            let mut number = 0;
            for (byte, shift) in bytes.by_ref().zip((0..).step_by(7)) {
                number |= u64::from(byte & 0x7F) << shift;
                if byte & 0x80 == 0 {
                    break;
                }
            }
            number
        }))
    }

    /// The messages on their way out, each under its number.
    pub fn outbound(&self) -> impl Iterator<Item = (u64, Stored)> {
        self.values.iter().filter_map(|(key, value)| match key {
            StoreKey::Outbound(sequence) => Some((*sequence, Stored::read(packet_of(value)))),
            _ => None,
        })
    }

    /// How many claims it says to be of messages that were handled.
    pub fn confirmed_claims(&self) -> usize {
        let number = |value: &[u8], at: usize| f64::from_le_bytes(*value[at..].first_chunk().unwrap());
        let confirmed = |value: &[u8]| number(value, 8) >= number(value, 0);
        self.values
            .iter()
            .filter(|(key, value)| matches!(key, StoreKey::Ledger(_)) && confirmed(value))
            .count()
    }

    /// Whether it says that this QoS 2 message of the broker was handled.
    pub fn has_handled(&self, id: PacketId) -> bool {
        let value = self.values.get(&StoreKey::Inbound(id.get()));
        value.is_some_and(|value| value.first().is_some_and(|first| first >> 4 == 5))
    }
}

/// A message on its way out, as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    Publish {
        id: Option<PacketId>,
        qos: Qos,
        /// The number that its payload begins with.
        number: u32,
    },
    Release(PacketId),
}

impl Stored {
    fn read(packet: &[u8]) -> Self {
        let first = packet[0];
        if first == 0x62 {
            return Self::Release(PacketId::new(u16::from_be_bytes([packet[2], packet[3]])).unwrap());
        }
        assert_eq!(first >> 4, 3, "neither PUBLISH nor PUBREL is stored: {packet:02x?}");
        let length = packet[1..].iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
        let body = &packet[1 + length..];
        let topic = usize::from(u16::from_be_bytes([body[0], body[1]]));
        let id = PacketId::new(u16::from_be_bytes([body[2 + topic], body[3 + topic]]));
        // Properties, if there are any, are none: the simulation publishes without.
        let payload = body[4 + topic..].strip_prefix(&[0]).unwrap_or(&body[4 + topic..]);
        Self::Publish {
            id,
            qos: Qos::from_bits(first >> 1 & 3).unwrap(),
            number: number(payload),
        }
    }

    pub fn id(self) -> Option<PacketId> {
        match self {
            Self::Publish { id, .. } => id,
            Self::Release(id) => Some(id),
        }
    }
}

/// The packet in the value of a message on its way out: behind eight bytes about it.
fn packet_of(value: &[u8]) -> &[u8] {
    &value[8..]
}
