//! The write-ahead rule: what stands on a change that is not committed yet waits here (DESIGN section 4).
//!
//! At most one batch is under way. All further changes gather in the next one, so that a slow store costs latency and not throughput.

use std::collections::VecDeque;

use crate::codec::{PacketId, Qos};

use super::{Event, StoreBatch, StoreChange, StoreKey};

/// A line of waiting packets that was this long is given back when it is empty.
const LARGE: usize = 4_096;
/// What the log may have at least before it is written anew.
const SLACK: usize = 256 << 10;

/// A packet that waits for a commit. It is written when it leaves, from what the session then knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// The PUBLISH with this identifier.
    Publish(PacketId),
    /// The PUBREL with this identifier.
    Release(PacketId),
    /// An answer to the broker.
    Answer(Answer),
}

/// Packets of one lane leave in the order they were made; those of different lanes need not wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// PUBLISH `[MQTT-4.6.0-1]`.
    Publish = 0,
    /// PUBREL `[MQTT-4.6.0-4]`.
    Release = 1,
    /// PUBACK, PUBREC and PUBCOMP `[MQTT-4.6.0-2]`, `[MQTT-4.6.0-3]`.
    Answer = 2,
}

impl Held {
    const fn lane(self) -> Lane {
        match self {
            Self::Publish(_) => Lane::Publish,
            Self::Release(_) => Lane::Release,
            Self::Answer(_) => Lane::Answer,
        }
    }
}

/// An acknowledgement of something inbound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// PUBACK.
    Ack(PacketId),
    /// PUBREC.
    Rec(PacketId),
    /// PUBCOMP, and whether the identifier was known.
    Comp(PacketId, bool),
    /// PUBACK or (at QoS 2) PUBREC with the code 0x99: the payload is not the text that it was said to be.
    NotText(PacketId, Qos),
}

/// Gathers changes into batches and holds what waits for them.
#[derive(Debug)]
pub(super) struct WriteAhead {
    durable: bool,
    /// Number of the last batch that was committed.
    committed: u64,
    under_way: Option<u64>,
    gathering: StoreBatch,
    /// Rising batch numbers.
    held: VecDeque<(u64, Held)>,
    /// How many are held in each lane.
    lanes: [usize; 3],
    /// What is to be told when a batch is committed, with or without a link. Rising batch numbers.
    telling: Vec<(u64, Event)>,
    /// Bytes that the store was given since the last snapshot, and those of that snapshot that are no messages.
    logged: usize,
    standing: usize,
}

impl WriteAhead {
    /// Without `durable` nothing is gathered and nothing waits.
    pub(super) fn new(durable: bool) -> Self {
        Self {
            durable,
            committed: 0,
            under_way: None,
            gathering: StoreBatch {
                number: 1,
                ..StoreBatch::default()
            },
            held: VecDeque::new(),
            lanes: [0; 3],
            telling: Vec::new(),
            logged: 0,
            standing: 0,
        }
    }

    /// Whether changes are written at all.
    pub(super) const fn durable(&self) -> bool {
        self.durable
    }

    /// Writes `key`; returns the batch that carries the change.
    pub(super) fn put(&mut self, key: StoreKey, value: &[u8]) -> u64 {
        self.put_with(key, |bytes| bytes.extend_from_slice(value))
    }

    /// Like [`WriteAhead::put`], with a value that `write` appends.
    pub(super) fn put_with(&mut self, key: StoreKey, write: impl FnOnce(&mut Vec<u8>)) -> u64 {
        if !self.durable {
            return 0;
        }
        let start = self.gathering.bytes.len() as u32;
        write(&mut self.gathering.bytes);
        let value = start..self.gathering.bytes.len() as u32;
        self.change(StoreChange::Put { key, value })
    }

    /// Removes `key`; returns the batch that carries the change.
    pub(super) fn delete(&mut self, key: StoreKey) -> u64 {
        self.change(StoreChange::Delete(key))
    }

    /// Removes everything: the next batch stands for itself.
    pub(super) fn clear(&mut self) {
        self.gathering.changes.clear();
        self.gathering.bytes.clear();
        self.change(StoreChange::Clear);
    }

    fn change(&mut self, change: StoreChange) -> u64 {
        if !self.durable {
            return 0;
        }
        self.gathering.changes.push(change);
        self.gathering.number
    }

    /// Whether `batch` is committed.
    pub(super) const fn is_committed(&self, batch: u64) -> bool {
        batch <= self.committed
    }

    /// Whether what stands on `batch` may leave at once: it is committed, and nothing of the same lane is held before it.
    pub(super) fn may_leave(&self, batch: u64, lane: Lane) -> bool {
        self.is_committed(batch) && self.lanes.get(lane as usize) == Some(&0)
    }

    /// Holds `packet` until `batch` is committed and what is held before it has left.
    pub(super) fn hold(&mut self, batch: u64, packet: Held) {
        let latest = self.held.back().map_or(0, |(batch, _)| *batch);
        if let Some(held) = self.lanes.get_mut(packet.lane() as usize) {
            *held = held.saturating_add(1);
        }
        self.held.push_back((batch.max(latest), packet));
    }

    /// How many packets wait.
    pub(super) fn held(&self) -> usize {
        self.held.len()
    }

    /// The connection is gone, and with it what was to be sent on it.
    pub(super) fn drop_held(&mut self) {
        self.held.clear();
        self.lanes = [0; 3];
    }

    /// The batch to commit next, unless one is under way or there is nothing to commit.
    pub(super) fn take_batch(&mut self) -> Option<StoreBatch> {
        if self.under_way.is_some() || self.gathering.changes.is_empty() {
            return None;
        }
        let number = self.gathering.number;
        self.under_way = Some(number);
        let next = StoreBatch {
            number: number.saturating_add(1),
            ..StoreBatch::default()
        };
        let batch = core::mem::replace(&mut self.gathering, next);
        let logged = if batch.is_snapshot() { 0 } else { self.logged };
        self.logged = logged.saturating_add(batch.size());
        Some(batch)
    }

    /// Whether the next batch has something to carry.
    pub(super) const fn gathers(&self) -> bool {
        !self.gathering.changes.is_empty()
    }

    /// Whether the next batch is to be a snapshot: the log is much larger than what is alive. `messages`: bytes of the messages that are.
    pub(super) fn wants_snapshot(&self, messages: usize) -> bool {
        let alive = messages.saturating_add(self.standing);
        self.durable && self.under_way.is_none() && self.logged > alive.saturating_mul(3).saturating_add(SLACK)
    }

    /// Notes how much a snapshot has besides messages.
    pub(super) const fn note_standing(&mut self, messages: usize) {
        self.standing = self.gathering.size().saturating_sub(messages);
    }

    /// What the store held when it was opened: batches go on behind number `last`. What was gathered stays, as the batch that begins anew.
    pub(super) fn opened(&mut self, last: u64) {
        self.committed = last;
        self.gathering.number = last.saturating_add(1);
    }

    /// What was gathered is not wanted: the log of so many bytes goes on.
    pub(super) fn go_on(&mut self, logged: usize) {
        self.gathering.changes.clear();
        self.gathering.bytes.clear();
        self.logged = logged;
    }

    /// There is no store any more: everything so far counts as committed.
    pub(super) fn fail(&mut self) {
        self.committed = self.gathering.number;
        self.gathering = StoreBatch {
            number: self.committed.saturating_add(1),
            ..StoreBatch::default()
        };
        self.under_way = None;
        self.durable = false;
    }

    /// There is a store, which has nothing of what it was given last; returns the number of the snapshot that it is to get.
    pub(super) fn begin_snapshot(&mut self) -> u64 {
        self.under_way = None;
        self.durable = true;
        self.clear();
        self.gathering.number
    }

    /// The store has committed `batch`. Any other than the one under way is ignored.
    pub(super) fn stored(&mut self, batch: u64) {
        if self.under_way == Some(batch) {
            self.under_way = None;
            self.committed = batch;
        }
    }

    /// Gives `event` when `batch` is committed, with or without a link.
    pub(super) fn tell(&mut self, batch: u64, event: Event) {
        self.telling.push((batch, event));
    }

    /// Moves what may be told to `events`.
    pub(super) fn tell_committed(&mut self, events: &mut Vec<Event>) {
        for (batch, event) in core::mem::take(&mut self.telling) {
            if self.is_committed(batch) {
                events.push(event);
            } else {
                self.telling.push((batch, event));
            }
        }
    }

    /// The next packet that need not wait any longer.
    pub(super) fn release(&mut self) -> Option<Held> {
        let (batch, _) = self.held.front()?;
        if *batch > self.committed {
            return None;
        }
        let (_, packet) = self.held.pop_front()?;
        if let Some(held) = self.lanes.get_mut(packet.lane() as usize) {
            *held = held.saturating_sub(1);
        }
        if self.held.is_empty() && self.held.capacity() > LARGE {
            self.held = VecDeque::new();
        }
        Some(packet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_gather_in_the_next_batch_while_one_is_under_way() {
        let mut log = WriteAhead::new(true);
        assert_eq!(log.take_batch(), None);
        assert_eq!(log.put(StoreKey::Outbound(1), b"ab"), 1);
        let first = log.take_batch().unwrap();
        assert_eq!(
            (first.number, first.bytes.as_slice(), first.changes.len()),
            (1, &b"ab"[..], 1)
        );
        assert_eq!(log.put(StoreKey::Outbound(2), b"cde"), 2);
        assert_eq!(log.delete(StoreKey::Outbound(1)), 2);
        assert_eq!(log.take_batch(), None);
        log.stored(7);
        assert!(!log.is_committed(1));
        log.stored(1);
        assert!(log.is_committed(1) && !log.is_committed(2));
        assert_eq!(log.take_batch().unwrap().changes.len(), 2);
    }

    #[test]
    fn held_packets_leave_in_order_when_their_batch_is_committed() {
        let id = PacketId::MIN;
        let mut log = WriteAhead::new(true);
        log.put(StoreKey::Inbound(1), b"");
        log.take_batch().unwrap();
        log.hold(1, Held::Answer(Answer::Rec(id)));
        log.hold(2, Held::Publish(id));
        log.hold(1, Held::Answer(Answer::Ack(id)));
        assert_eq!(log.release(), None);
        assert!(log.may_leave(0, Lane::Release) && !log.may_leave(0, Lane::Answer) && !log.may_leave(0, Lane::Publish));
        log.stored(1);
        assert_eq!(log.release(), Some(Held::Answer(Answer::Rec(id))));
        assert_eq!(log.release(), None);
        log.drop_held();
        assert!(log.may_leave(1, Lane::Answer) && log.may_leave(1, Lane::Publish));
    }

    #[test]
    fn nothing_waits_without_a_store() {
        let mut log = WriteAhead::new(false);
        let batch = log.put(StoreKey::Facts, b"x");
        assert!(log.is_committed(batch));
        assert_eq!(log.take_batch(), None);
    }
}
