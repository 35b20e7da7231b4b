//! An observer at the client's socket, who sees every packet in the order in which the client does, and knows what a client must never do.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use hawser::codec::{self, Packet, PacketId, Publish, Qos, Sender, Version};
use hawser::session::{Config, StoreKey};

use crate::driver::split;
use crate::peer::decode;
use crate::store::{Store, Stored};

/// What an identifier of the client is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Publish(Qos),
    Request,
}

pub struct Watch {
    version: Version,
    durable: bool,
    /// Seconds.
    keep_alive: u64,
    /// The session may outlive its connections; it does; CONNECT asked for a clean start.
    may_last: bool,
    lasts: bool,
    clean: bool,
    /// The session is over, and the page that has come knows it.
    is_over: bool,
    /// Bytes of a packet that has not arrived as a whole.
    unread: Vec<u8>,
    connected: bool,
    /// Sessions that began anew, as the client heard of it.
    pub sessions: u32,
    /// Identifiers in use `[MQTT-2.2.1-3]`.
    used: BTreeMap<PacketId, Use>,
    /// The ones whose PUBLISH left on this connection and takes a place in the window.
    counted: BTreeSet<PacketId>,
    receive_maximum: usize,
    /// QoS 2 messages with PUBREC, in its order, and the ones whose PUBREL has yet to leave on this connection.
    received: VecDeque<PacketId>,
    to_release: VecDeque<PacketId>,
    /// What the client has to answer, in order.
    to_ack: VecDeque<PacketId>,
    to_rec: VecDeque<PacketId>,
    to_comp: VecDeque<PacketId>,
}

impl Watch {
    pub fn new(config: &Config) -> Self {
        Self {
            version: config.version,
            durable: config.durable,
            keep_alive: config.keep_alive.into(),
            may_last: config.session_expiry > 0,
            lasts: false,
            clean: false,
            is_over: false,
            unread: Vec::new(),
            connected: false,
            sessions: 0,
            used: BTreeMap::new(),
            counted: BTreeSet::new(),
            receive_maximum: 0,
            received: VecDeque::new(),
            to_release: VecDeque::new(),
            to_ack: VecDeque::new(),
            to_rec: VecDeque::new(),
            to_comp: VecDeque::new(),
        }
    }

    /// The connection is over for the client: whole packets only, and what was asked has to be asked again.
    pub fn disconnected(&mut self) {
        self.unread.clear();
        self.connected = false;
        self.counted.clear();
        self.used.retain(|_, use_of| *use_of != Use::Request);
        for answers in [&mut self.to_ack, &mut self.to_rec, &mut self.to_comp] {
            answers.clear();
        }
    }

    /// Another page takes up the session at that time: what it knows is what is stored.
    pub fn new_page(&mut self, store: &Store, clean_start: bool, at: u64) {
        self.disconnected();
        self.lasts &= !clean_start && store.session_ends().is_some_and(|end| at <= end);
        // What a page wrote last is a minute old at most, and the broker counts from when it noticed that the page was gone.
        let unnoticed = 60_000 + self.keep_alive * 1_500;
        self.is_over = store.session_ends().is_some_and(|end| {
            let lasted = store.last_online().is_some_and(|last| last < end);
            at > end.saturating_add(if lasted { unnoticed } else { 0 })
        });
        self.used.clear();
        for (_, stored) in store.outbound() {
            let use_of = match stored {
                Stored::Publish { qos, .. } => Use::Publish(qos),
                Stored::Release(_) => Use::Publish(Qos::ExactlyOnce),
            };
            if let Some(id) = stored.id() {
                let other = self.used.insert(id, use_of);
                assert_eq!(other, None, "[MQTT-2.2.1-3] identifier {id} is stored twice");
            }
        }
        self.received = store.released().collect();
    }

    /// The client has met a session that it does not know.
    pub fn session_is_unknown(&mut self) {
        self.lasts = false;
    }

    /// Bytes that the client is about to read.
    pub fn arrives(&mut self, bytes: &[u8]) {
        self.unread.extend_from_slice(bytes);
        while let Some(size) = codec::packet_size(&self.unread, u32::MAX).unwrap() {
            if size > self.unread.len() {
                return;
            }
            let packet: Vec<u8> = self.unread.drain(..size).collect();
            self.receive(&codec::decode(&packet, self.version, Sender::Server).unwrap());
        }
    }

    fn receive(&mut self, packet: &Packet<'_>) {
        match packet {
            Packet::ConnAck(connack) => {
                (self.connected, self.is_over) = (true, false);
                // A clean session of 3.1.1 ends with its connection.
                self.lasts = self.may_last && (self.version == Version::V5 || !self.clean);
                let standard = if self.version == Version::V5 { u16::MAX } else { 20 };
                self.receive_maximum = usize::from(connack.properties.receive_maximum().unwrap_or(standard));
                if connack.session_present {
                    self.to_release = self.received.clone();
                } else {
                    self.sessions += 1;
                    (self.used, self.received, self.to_release) = Default::default();
                }
            }
            Packet::PubAck(ack) => self.free(ack.packet_id, Use::Publish(Qos::AtLeastOnce)),
            Packet::PubRec(ack) if ack.reason.is_error() => {
                self.free(ack.packet_id, Use::Publish(Qos::ExactlyOnce));
            }
            Packet::PubRec(ack) => {
                self.received.push_back(ack.packet_id);
                self.to_release.push_back(ack.packet_id);
            }
            Packet::PubComp(ack) => {
                self.received.retain(|id| *id != ack.packet_id);
                self.free(ack.packet_id, Use::Publish(Qos::ExactlyOnce));
            }
            Packet::SubAck(ack) => self.free(ack.packet_id, Use::Request),
            Packet::UnsubAck(ack) => self.free(ack.packet_id, Use::Request),
            Packet::Publish(publish) => match (publish.qos, publish.packet_id) {
                (Qos::AtLeastOnce, Some(id)) => self.to_ack.push_back(id),
                (Qos::ExactlyOnce, Some(id)) => self.to_rec.push_back(id),
                _ => {}
            },
            Packet::PubRel(ack) => self.to_comp.push_back(ack.packet_id),
            _ => {}
        }
    }

    fn free(&mut self, id: PacketId, expected: Use) {
        assert_eq!(self.used.remove(&id), Some(expected), "the broker answers {id}");
        self.counted.remove(&id);
    }

    /// Bytes that leave the client, and what its store holds by then.
    pub fn leaves(&mut self, bytes: &[u8], store: &Store) {
        for bytes in split(bytes) {
            let packet = decode(bytes, self.version);
            if !matches!(packet, Packet::Connect(_)) {
                assert!(self.connected, "before CONNACK: {packet:?}");
            }
            self.send(&packet, store);
        }
    }

    fn send(&mut self, packet: &Packet<'_>, store: &Store) {
        match packet {
            Packet::Connect(connect) => {
                assert!(!self.connected, "[MQTT-3.1.0-2] a second CONNECT");
                assert!(!(self.lasts && connect.clean_start), "a session is thrown away");
                assert!(
                    connect.clean_start || !self.is_over,
                    "a session is resumed that has expired"
                );
                let told = store.is_in_doubt() || store.session_ends().is_none();
                assert!(
                    !self.durable || !self.lasts || told,
                    "CONNECT before the store knows of it"
                );
                self.clean = connect.clean_start;
            }
            Packet::Publish(publish) => {
                if let Some(id) = publish.packet_id {
                    self.check_publish(publish, id, store);
                }
            }
            Packet::PubRel(ack) => {
                let id = ack.packet_id;
                // A message that this connection has no place for is released unsent: the broker may have had it.
                let given_up = !self.received.contains(&id) && !self.counted.contains(&id);
                if given_up && self.used.get(&id) == Some(&Use::Publish(Qos::ExactlyOnce)) {
                    self.received.push_back(id);
                } else {
                    assert_eq!(self.to_release.pop_front(), Some(id), "[MQTT-4.6.0-4] PUBREL {id}");
                }
                let stored = || store.outbound().any(|(_, stored)| stored == Stored::Release(id));
                assert!(!self.durable || stored(), "PUBREL {id} before its commit");
            }
            Packet::PubAck(ack) => {
                let id = ack.packet_id;
                assert_eq!(self.to_ack.pop_front(), Some(id), "[MQTT-4.6.0-2] PUBACK {id}");
            }
            Packet::PubRec(ack) => {
                let id = ack.packet_id;
                assert_eq!(self.to_rec.pop_front(), Some(id), "[MQTT-4.6.0-3] PUBREC {id}");
                assert!(!self.durable || store.has_handled(id), "PUBREC {id} before its commit");
            }
            Packet::PubComp(ack) => {
                let id = ack.packet_id;
                assert_eq!(self.to_comp.pop_front(), Some(id), "PUBCOMP {id} out of order");
                let stored = store.values.contains_key(&StoreKey::Inbound(id.get()));
                assert!(!stored, "PUBCOMP {id} before its commit");
            }
            Packet::Subscribe(subscribe) => self.allocate(subscribe.packet_id, Use::Request),
            Packet::Unsubscribe(unsubscribe) => self.allocate(unsubscribe.packet_id, Use::Request),
            _ => {}
        }
    }

    fn allocate(&mut self, id: PacketId, wanted: Use) {
        let earlier = self.used.insert(id, wanted);
        assert_eq!(earlier, None, "[MQTT-2.2.1-3] identifier {id} is in use");
    }

    fn check_publish(&mut self, publish: &Publish<'_>, id: PacketId, store: &Store) {
        if publish.dup {
            let known = self.used.get(&id) == Some(&Use::Publish(publish.qos));
            assert!(known && !self.received.contains(&id), "DUP for {id}, which is not open");
        } else {
            self.allocate(id, Use::Publish(publish.qos));
        }
        assert!(self.counted.insert(id), "PUBLISH {id} twice on one connection");
        let (counted, limit) = (self.counted.len(), self.receive_maximum);
        assert!(counted <= limit, "[MQTT-3.3.4-7] {counted} under way, {limit} allowed");
        if self.durable {
            let stored = store
                .outbound()
                .any(|(_, stored)| matches!(stored, Stored::Publish { id: other, .. } if other == Some(id)));
            assert!(stored, "PUBLISH {id} before its commit");
        }
    }

    /// Whether no identifier is in use but those of so many QoS 1 messages that were given up, and nothing has to be answered.
    pub fn is_at_rest(&self, given_up: usize) -> bool {
        let qos1 = |use_of: &Use| *use_of == Use::Publish(Qos::AtLeastOnce);
        let used = self.used.len() <= given_up && self.used.values().all(qos1);
        used && self.to_ack.is_empty() && self.to_rec.is_empty() && self.to_comp.is_empty()
    }
}
