//! What becomes of a publish that has to wait: the bounds of the queue, and what gives way when one of them is met.

use crate::codec::{Publish, Qos};

use super::hash::hash;
use super::index::Index;
use super::queue::{Entry, Stage};
use super::{Failure, OfflineQos0, Overflow, Session, Span};

/// What may give way: it waits, and has never left.
const WAITING: [Stage; 2] = [Stage::WaitingAtMostOnce, Stage::Waiting];
/// So many messages that do not wait any more may be in the index before it is made anew.
const FEW: usize = 64;

impl Session {
    /// QoS 0 without a link: whether it is over already, and how.
    pub(super) fn settle_offline(&self, qos: Qos) -> Option<Result<(), Failure>> {
        if qos != Qos::AtMostOnce || self.is_online() {
            return None;
        }
        match self.config.offline_qos0 {
            OfflineQos0::Queue => None,
            OfflineQos0::Drop => Some(Ok(())),
            OfflineQos0::Refuse => Some(Err(Failure::Offline)),
        }
    }

    /// Makes room for a message of this size, as the user wants it: in bytes for everything, in messages only for what has to wait.
    pub(super) fn make_room(&mut self, publish: &Publish<'_>, size: usize, at_once: bool) -> Result<(), Failure> {
        let latest = self.config.overflow == Overflow::LatestPerTopic && !at_once;
        let older = if latest { self.find_latest(publish) } else { None };
        let freed = older.and_then(|slot| self.queue.get(slot));
        let freed = freed.map_or((0, 0), |entry| (1, entry.wire.len()));
        if self.has_room(size, at_once, freed) {
            if let Some(slot) = older {
                self.settle(slot, Failure::Superseded.code(), Span::default());
            }
            return Ok(());
        }
        match self.config.overflow {
            Overflow::Reject | Overflow::LatestPerTopic => Err(Failure::QueueFull),
            Overflow::DropNewest => Err(Failure::Dropped),
            Overflow::DropOldest => self.drop_oldest(size, at_once),
        }
    }

    /// Whether there is room when so many waiting messages with so many bytes are gone.
    fn has_room(&self, size: usize, at_once: bool, freed: (usize, usize)) -> bool {
        let bytes = self.queue.bytes().saturating_sub(freed.1);
        let few = at_once || self.waiting().saturating_sub(freed.0) < self.config.max_queued;
        // One message is always taken.
        few && (bytes == 0 || bytes.saturating_add(size) <= self.config.max_queued_bytes)
    }

    /// Gives up as many of the oldest messages that never left as make room; none at all if all of them are not enough.
    fn drop_oldest(&mut self, size: usize, at_once: bool) -> Result<(), Failure> {
        let mut heads = WAITING.map(|stage| self.queue.first(stage));
        let (mut victims, mut freed) = (Vec::new(), (0_usize, 0_usize));
        while !self.has_room(size, at_once, freed) {
            let [early, late] = heads;
            let sequence = |slot: Option<u32>| slot.map_or(u64::MAX, |slot| self.sequence(slot));
            let at = usize::from(sequence(late) < sequence(early));
            let oldest = if at == 0 { early } else { late };
            let (Some(slot), Some(head)) = (oldest, heads.get_mut(at)) else {
                return Err(Failure::Dropped);
            };
            *head = self.queue.next(slot);
            if let Some(entry) = self.queue.get(slot).filter(|entry| !entry.sent) {
                freed = (freed.0.saturating_add(1), freed.1.saturating_add(entry.wire.len()));
                victims.push(slot);
            }
        }
        for slot in victims {
            self.settle(slot, Failure::Dropped.code(), Span::default());
        }
        Ok(())
    }

    /// The message that waits with this topic and RETAIN, and has never left.
    fn find_latest(&self, publish: &Publish<'_>) -> Option<u32> {
        let topic = publish.topic.as_bytes();
        self.latest.find(hash(publish.retain.into(), topic), |slot| {
            self.waits(slot)
                .is_some_and(|entry| entry.retain == publish.retain && topic_of(entry) == topic)
        })
    }

    /// The message in `slot`, if it waits and has never left.
    fn waits(&self, slot: u32) -> Option<&Entry> {
        let stage = self.queue.stage(slot)?;
        self.queue
            .get(slot)
            .filter(|entry| !entry.sent && WAITING.contains(&stage))
    }

    /// A message has been put behind all others: if it waits, a later one with its topic is to find it.
    pub(super) fn note_latest(&mut self, slot: u32) {
        if self.config.overflow != Overflow::LatestPerTopic {
            return;
        }
        if self.latest.len() < self.waiting().saturating_mul(2).saturating_add(FEW) {
            self.index(slot);
            return;
        }
        self.latest = Index::default();
        for stage in WAITING {
            let mut next = self.queue.first(stage);
            while let Some(slot) = next {
                next = self.queue.next(slot);
                self.index(slot);
            }
        }
    }

    fn index(&mut self, slot: u32) {
        if let Some(entry) = self.waits(slot) {
            let hash = hash(entry.retain.into(), topic_of(entry));
            if self.latest.find(hash, |other| other == slot).is_none() {
                self.latest.insert(hash, slot);
            }
        }
    }

    fn waiting(&self) -> usize {
        let [early, late] = WAITING.map(|stage| self.queue.len(stage));
        early.saturating_add(late)
    }
}

fn topic_of(entry: &Entry) -> &[u8] {
    let start = entry.id_at.saturating_sub(entry.topic_length);
    entry.wire.get(start..entry.id_at).unwrap_or_default()
}
