//! What the broker keeps for the client from one connection to the next (4.1).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use hawser::codec::{PacketId, Qos, SubscribeOptions};

#[derive(Default)]
pub struct Session {
    pub subscriptions: BTreeMap<String, Subscription>,
    /// Messages for the client, in the order they are sent.
    pub letters: VecDeque<Letter>,
    /// QoS 2 messages of the client between PUBLISH and PUBREL.
    pub open: BTreeMap<PacketId, Open>,
    /// Numbers of client messages that this session has seen.
    pub seen: BTreeSet<u32>,
    pub last_id: u16,
}

#[derive(Clone, Copy, Debug)]
pub struct Subscription {
    pub options: SubscribeOptions,
    /// The Subscription Identifier (3.8.2.1.2).
    pub identifier: Option<u32>,
}

/// A QoS 2 message of the client that has arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    pub number: u32,
    pub topic: String,
    pub retain: bool,
}

/// A message for the client.
#[derive(Clone, Debug)]
pub struct Letter {
    pub number: u32,
    pub topic: String,
    pub qos: Qos,
    pub retain: bool,
    pub identifiers: Vec<u32>,
    pub stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Waiting,
    /// PUBLISH left, on this connection or an earlier one.
    Sent(PacketId),
    /// PUBREC came.
    Received(PacketId),
}

impl Stage {
    pub fn id(self) -> Option<PacketId> {
        match self {
            Self::Waiting => None,
            Self::Sent(id) | Self::Received(id) => Some(id),
        }
    }
}

impl Session {
    /// An identifier that is not in use. They come again before long.
    pub fn free_id(&mut self) -> PacketId {
        let used: BTreeSet<PacketId> = self.letters.iter().filter_map(|letter| letter.stage.id()).collect();
        loop {
            self.last_id = self.last_id % 1_000 + 1;
            let id = PacketId::new(self.last_id).unwrap();
            if !used.contains(&id) {
                return id;
            }
        }
    }
}
