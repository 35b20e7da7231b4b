//! Messages on their way out: one slab of entries, linked into a chain for each stage, so that every step costs the same however many there are.

use crate::codec::{PacketId, Qos};

use super::Millis;
use super::acknowledge::PUBREL;

const NONE: u32 = u32::MAX;
const STAGES: usize = 5;
/// A slab of this many entries is given back when it becomes empty.
const LARGE: usize = 1_024;

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Stage {
    /// QoS 0, not sent: there is no link.
    WaitingAtMostOnce = 0,
    /// QoS 1 or 2, without a packet identifier.
    Waiting = 1,
    /// Has an identifier from an earlier connection and was not sent on this one.
    Resending = 2,
    /// Sent on this connection, or held until its change is committed.
    Publishing = 3,
    /// QoS 2: PUBREC came, PUBCOMP did not.
    Releasing = 4,
}

/// An unfinished message.
#[derive(Debug)]
pub(super) struct Entry {
    /// The caller's number.
    pub(super) token: u32,
    /// Rises with every message: publishing order, and the key in the store.
    pub(super) sequence: u64,
    /// The PUBLISH as it goes on the wire; once PUBREC came the PUBREL, and behind it the topic.
    pub(super) wire: Vec<u8>,
    /// Offset of the packet identifier in the PUBLISH, which is also where the topic ends.
    pub(super) id_at: usize,
    /// Bytes of the topic.
    pub(super) topic_length: usize,
    /// Bytes of the property block.
    pub(super) properties_length: usize,
    /// Bytes of the payload.
    pub(super) payload_length: usize,
    /// Quality of service.
    pub(super) qos: Qos,
    /// Retain.
    pub(super) retain: bool,
    /// The identifier, from the stage [`Stage::Publishing`] on.
    pub(super) packet_id: Option<PacketId>,
    /// The last moment at which it may leave for the first time.
    pub(super) expires: Option<Millis>,
    /// The batch that carries its latest change.
    pub(super) stored_in: u64,
    /// It left at least once, in whatever session.
    pub(super) sent: bool,
    /// It left in this session: from now on it carries DUP `[MQTT-3.3.1-1]`.
    pub(super) dup: bool,
    /// What comes next for it waits for the store.
    pub(super) held: bool,
    /// It takes a place in the window of this connection (4.9).
    pub(super) counted: bool,
    /// What to tell when PUBCOMP comes: what PUBREC said, or that nobody can tell.
    pub(super) outcome: u32,
}

impl Entry {
    /// An entry without a packet.
    pub(super) const fn new(token: u32, sequence: u64, qos: Qos) -> Self {
        Self {
            token,
            sequence,
            wire: Vec::new(),
            id_at: 0,
            topic_length: 0,
            properties_length: 0,
            payload_length: 0,
            qos,
            retain: false,
            packet_id: None,
            expires: None,
            stored_in: 0,
            sent: false,
            dup: false,
            held: false,
            counted: false,
            outcome: 0,
        }
    }
}

#[derive(Debug)]
struct Node {
    entry: Option<Entry>,
    stage: Stage,
    previous: u32,
    next: u32,
}

#[derive(Clone, Copy, Debug)]
struct Chain {
    first: u32,
    last: u32,
    len: usize,
}

const EMPTY: Chain = Chain {
    first: NONE,
    last: NONE,
    len: 0,
};

/// All unfinished messages.
#[derive(Debug)]
pub(super) struct Queue {
    nodes: Vec<Node>,
    free: Vec<u32>,
    chains: [Chain; STAGES],
    /// Bytes of all packets.
    bytes: usize,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            nodes: Vec::new(),
            free: Vec::new(),
            chains: [EMPTY; STAGES],
            bytes: 0,
        }
    }
}

impl Queue {
    /// How many are in `stage`.
    pub(super) fn len(&self, stage: Stage) -> usize {
        self.chain(stage).len
    }

    /// How many there are.
    pub(super) fn total(&self) -> usize {
        self.chains.iter().map(|chain| chain.len).sum()
    }

    /// Bytes of all packets.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// The first of `stage`.
    pub(super) fn first(&self, stage: Stage) -> Option<u32> {
        some(self.chain(stage).first)
    }

    /// The one behind `slot` in its stage.
    pub(super) fn next(&self, slot: u32) -> Option<u32> {
        some(self.node(slot)?.next)
    }

    /// The stage of `slot`.
    pub(super) fn stage(&self, slot: u32) -> Option<Stage> {
        let node = self.node(slot)?;
        node.entry.as_ref().map(|_| node.stage)
    }

    /// The entry in `slot`.
    pub(super) fn get(&self, slot: u32) -> Option<&Entry> {
        self.node(slot)?.entry.as_ref()
    }

    /// The entry in `slot`. Its packet must keep its size: see [`Queue::release`].
    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut Entry> {
        self.nodes.get_mut(slot as usize)?.entry.as_mut()
    }

    /// All entries, whatever their stage.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.nodes.iter().filter_map(|node| node.entry.as_ref())
    }

    /// Adds an entry behind all others of `stage`.
    pub(super) fn push(&mut self, stage: Stage, entry: Entry) -> u32 {
        self.bytes = self.bytes.saturating_add(entry.wire.len());
        let node = Node {
            entry: Some(entry),
            stage,
            previous: NONE,
            next: NONE,
        };
        let slot = match self.free.pop() {
            Some(slot) => {
                if let Some(place) = self.nodes.get_mut(slot as usize) {
                    *place = node;
                }
                slot
            }
            None => {
                self.nodes.push(node);
                self.nodes.len().wrapping_sub(1) as u32
            }
        };
        self.link_last(slot, stage);
        slot
    }

    /// Takes an entry out.
    pub(super) fn remove(&mut self, slot: u32) -> Option<Entry> {
        self.unlink(slot);
        let entry = self.nodes.get_mut(slot as usize)?.entry.take()?;
        self.bytes = self.bytes.saturating_sub(entry.wire.len());
        self.free.push(slot);
        if self.free.len() == self.nodes.len() && self.nodes.len() >= LARGE {
            self.nodes = Vec::new();
            self.free = Vec::new();
        }
        Some(entry)
    }

    /// Moves an entry behind all others of `stage`.
    pub(super) fn move_to(&mut self, slot: u32, stage: Stage) {
        self.unlink(slot);
        self.link_last(slot, stage);
    }

    /// Moves all of stage `from`, in order, before all of stage `to`.
    pub(super) fn move_all_before(&mut self, from: Stage, to: Stage) {
        while let Some(slot) = some(self.chain(from).last) {
            self.unlink(slot);
            self.link_first(slot, to);
        }
    }

    /// PUBREL takes the place of PUBLISH in an entry. For people the topic stays.
    pub(super) fn release(&mut self, slot: u32) {
        let Some(entry) = self.get_mut(slot) else {
            return;
        };
        let before = entry.wire.len();
        let topic = entry.id_at.saturating_sub(entry.topic_length)..entry.id_at;
        let [high, low] = entry.packet_id.map_or(0, PacketId::get).to_be_bytes();
        let mut wire = vec![PUBREL, 2, high, low];
        wire.extend_from_slice(entry.wire.get(topic).unwrap_or_default());
        (entry.id_at, entry.wire) = (wire.len(), wire);
        let less = before.saturating_sub(entry.wire.len());
        self.bytes = self.bytes.saturating_sub(less);
    }

    /// Changes every entry; packets may change their size.
    pub(super) fn rewrite(&mut self, mut change: impl FnMut(&mut Entry)) {
        self.bytes = 0;
        for entry in self.nodes.iter_mut().filter_map(|node| node.entry.as_mut()) {
            change(entry);
            self.bytes = self.bytes.saturating_add(entry.wire.len());
        }
    }

    fn chain(&self, stage: Stage) -> Chain {
        self.chains.get(stage as usize).copied().unwrap_or(EMPTY)
    }

    fn set_chain(&mut self, stage: Stage, chain: Chain) {
        if let Some(place) = self.chains.get_mut(stage as usize) {
            *place = chain;
        }
    }

    fn node(&self, slot: u32) -> Option<&Node> {
        self.nodes.get(slot as usize)
    }

    fn set_links(&mut self, slot: u32, stage: Stage, previous: u32, next: u32) {
        if let Some(node) = self.nodes.get_mut(slot as usize) {
            (node.stage, node.previous, node.next) = (stage, previous, next);
        }
    }

    fn set_next(&mut self, slot: u32, next: u32) {
        if let Some(node) = self.nodes.get_mut(slot as usize) {
            node.next = next;
        }
    }

    fn set_previous(&mut self, slot: u32, previous: u32) {
        if let Some(node) = self.nodes.get_mut(slot as usize) {
            node.previous = previous;
        }
    }

    fn link_last(&mut self, slot: u32, stage: Stage) {
        let chain = self.chain(stage);
        self.set_links(slot, stage, chain.last, NONE);
        self.set_next(chain.last, slot);
        let first = some(chain.first).unwrap_or(slot);
        let len = chain.len.saturating_add(1);
        self.set_chain(stage, Chain { first, last: slot, len });
    }

    fn link_first(&mut self, slot: u32, stage: Stage) {
        let chain = self.chain(stage);
        self.set_links(slot, stage, NONE, chain.first);
        self.set_previous(chain.first, slot);
        let last = some(chain.last).unwrap_or(slot);
        let len = chain.len.saturating_add(1);
        self.set_chain(stage, Chain { first: slot, last, len });
    }

    fn unlink(&mut self, slot: u32) {
        let Some(node) = self.node(slot).filter(|node| node.entry.is_some()) else {
            return;
        };
        let (stage, previous, next) = (node.stage, node.previous, node.next);
        let mut chain = self.chain(stage);
        match some(previous) {
            Some(before) => self.set_next(before, next),
            None => chain.first = next,
        }
        match some(next) {
            Some(behind) => self.set_previous(behind, previous),
            None => chain.last = previous,
        }
        chain.len = chain.len.saturating_sub(1);
        self.set_chain(stage, chain);
    }
}

const fn some(slot: u32) -> Option<u32> {
    if slot == NONE { None } else { Some(slot) }
}

#[cfg(test)]
mod tests {
    use super::super::random::Random;
    use super::*;

    const ALL: [Stage; STAGES] = [
        Stage::WaitingAtMostOnce,
        Stage::Waiting,
        Stage::Resending,
        Stage::Publishing,
        Stage::Releasing,
    ];

    fn entry(token: u32) -> Entry {
        Entry {
            wire: vec![0; token as usize % 7],
            ..Entry::new(token, 0, Qos::AtLeastOnce)
        }
    }

    fn tokens(queue: &Queue, stage: Stage) -> Vec<u32> {
        core::iter::successors(queue.first(stage), |slot| queue.next(*slot))
            .map(|slot| queue.get(slot).unwrap().token)
            .collect()
    }

    #[test]
    fn chains_keep_their_order_under_random_moves() {
        for seed in 0..40 {
            let mut random = Random::new(seed);
            let mut queue = Queue::default();
            let mut model: Vec<Vec<(u32, u32)>> = vec![Vec::new(); STAGES];
            for token in 0..2_000 {
                let to = random.up_to(4) as usize;
                let from = random.up_to(4) as usize;
                match random.up_to(9) {
                    0..4 => {
                        let slot = queue.push(ALL[to], entry(token));
                        model[to].push((slot, token));
                    }
                    4..6 if !model[from].is_empty() => {
                        let at = random.up_to(model[from].len() as u64 - 1) as usize;
                        let moved = model[from].remove(at);
                        model[to].push(moved);
                        queue.move_to(moved.0, ALL[to]);
                    }
                    6..9 if !model[from].is_empty() => {
                        let at = random.up_to(model[from].len() as u64 - 1) as usize;
                        let (slot, token) = model[from].remove(at);
                        assert_eq!(queue.remove(slot).unwrap().token, token, "seed {seed}");
                    }
                    9 if from != to => {
                        let mut moved = std::mem::take(&mut model[from]);
                        moved.append(&mut model[to]);
                        model[to] = moved;
                        queue.move_all_before(ALL[from], ALL[to]);
                    }
                    _ => {}
                }
                for (stage, expected) in ALL.into_iter().zip(&model) {
                    let expected: Vec<u32> = expected.iter().map(|(_, token)| *token).collect();
                    assert_eq!(tokens(&queue, stage), expected, "seed {seed}");
                    assert_eq!(queue.len(stage), expected.len(), "seed {seed}");
                }
                let bytes: usize = model.iter().flatten().map(|(_, token)| *token as usize % 7).sum();
                assert_eq!(queue.bytes(), bytes, "seed {seed}");
            }
        }
    }
}
