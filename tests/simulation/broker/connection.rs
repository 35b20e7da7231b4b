//! What belongs to one connection and to no other.

use std::collections::BTreeMap;

use hawser::codec::{Qos, packet_size};

pub struct Connection {
    pub link: usize,
    pub unread: Vec<u8>,
    /// CONNECT came.
    pub greeted: bool,
    pub resumed: bool,
    pub agreed: bool,
    /// Seconds that the session outlives this connection.
    pub expiry: u32,
    /// The client's Receive Maximum, and how much of it is used.
    pub window: usize,
    pub used: usize,
    /// What was announced to the client.
    pub receive_maximum: u16,
    pub topic_alias_maximum: u16,
    pub maximum_packet_size: usize,
    /// QoS 1 and 2 messages of the client that this side has not answered for good.
    pub unanswered: usize,
    /// Milliseconds, 0 = off.
    pub keep_alive: u64,
    pub heard: u64,
    pub aliases_in: BTreeMap<u16, String>,
    pub aliases_out: Aliases,
    /// The latest message of each QoS: on one connection they only come in the order in which they were published.
    latest: [u32; 3],
}

impl Connection {
    pub fn new(link: usize, now: u64) -> Self {
        Self {
            link,
            unread: Vec::new(),
            greeted: false,
            resumed: false,
            agreed: false,
            expiry: 0,
            window: 0,
            used: 0,
            receive_maximum: 0,
            topic_alias_maximum: 0,
            maximum_packet_size: usize::MAX,
            unanswered: 0,
            keep_alive: 0,
            heard: now,
            aliases_in: BTreeMap::new(),
            aliases_out: Aliases::default(),
            latest: [0; 3],
        }
    }

    /// When the client has been silent for too long `[MQTT-3.1.2-22]`.
    pub fn deadline(&self) -> Option<u64> {
        (self.keep_alive > 0).then(|| self.heard + self.keep_alive * 3 / 2)
    }

    /// The next whole packet.
    pub fn next_packet(&mut self) -> Option<Vec<u8>> {
        let size = packet_size(&self.unread, u32::MAX).expect("a packet")?;
        (size <= self.unread.len()).then(|| self.unread.drain(..size).collect())
    }

    /// `[MQTT-4.6.0-1]`, and never the same message twice on one connection.
    pub fn check_order(&mut self, qos: Qos, number: u32) {
        let latest = &mut self.latest[usize::from(qos.bits())];
        assert!(number > *latest, "{qos:?} message {number} after {latest}");
        *latest = number;
    }
}

/// Aliases of the broker for topics: a new one for each topic as long as there are any, then the first again.
#[derive(Default)]
pub struct Aliases {
    pub limit: u16,
    names: BTreeMap<String, u16>,
    next: u16,
}

impl Aliases {
    /// The alias for `topic`, and whether the client knows it; none if the client takes none.
    pub fn of(&mut self, topic: &str) -> Option<(u16, bool)> {
        if self.limit == 0 {
            return None;
        }
        if let Some(alias) = self.names.get(topic) {
            return Some((*alias, true));
        }
        let alias = self.next % self.limit + 1;
        self.next = alias;
        self.names.retain(|_, other| *other != alias);
        self.names.insert(topic.into(), alias);
        Some((alias, false))
    }
}
