//! A simple, correct broker for one client: it keeps a session, obeys every rule, and checks that the client does too.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use hawser::codec::{
    Ack, AckKind, ConnAck, Connect, Packet, PacketId, Place, Properties, Property, Publish, Qos, ReasonCode, SubAck,
    UnsubAck, Version,
};

use crate::peer::{block, decode};

/// A packet on its way to the client, and what its arrival means.
pub struct Outgoing {
    pub bytes: Vec<u8>,
    /// It ends an exchange that the client began: one place in the client's window is free again.
    pub ends: Option<PacketId>,
    pub connack: bool,
}

/// A message for the client.
#[derive(Clone, Debug)]
struct Letter {
    number: u32,
    qos: Qos,
    id: Option<PacketId>,
    received: bool,
    /// Sent on some connection: then it carries DUP on the next.
    sent: bool,
}

#[derive(Default)]
struct State {
    /// QoS 2 messages of the client between PUBLISH and PUBREL.
    open: BTreeMap<PacketId, u32>,
    subscriptions: BTreeMap<String, u8>,
    letters: VecDeque<Letter>,
    /// Numbers of client messages that this session has seen.
    seen: BTreeSet<u32>,
}

pub struct Broker {
    version: Version,
    session: Option<State>,
    connected: bool,
    resumed: bool,
    /// CONNACK has arrived, so that both sides agree on which session this is.
    agreed: bool,
    pub outgoing: VecDeque<Outgoing>,
    /// What this broker allows on the connection.
    pub receive_maximum: u16,
    pub topic_alias_maximum: u16,
    /// QoS 1 and 2 messages of the client on this connection whose end has not arrived there.
    unfinished: usize,
    ends_under_way: BTreeSet<PacketId>,
    aliases: BTreeMap<u16, String>,
    /// The client's Receive Maximum, and how much of it is used.
    window: usize,
    used: usize,
    next_id: u16,
    /// How often each message of the client was taken in, in order of the first time.
    pub taken: BTreeMap<u32, u32>,
    pub order: Vec<(Qos, u32)>,
}

impl Broker {
    pub fn new(version: Version, window: u16) -> Self {
        Self {
            version,
            session: None,
            connected: false,
            resumed: false,
            agreed: false,
            outgoing: VecDeque::new(),
            receive_maximum: u16::MAX,
            topic_alias_maximum: 0,
            unfinished: 0,
            ends_under_way: BTreeSet::new(),
            aliases: BTreeMap::new(),
            window: usize::from(window),
            used: 0,
            next_id: 0,
            taken: BTreeMap::new(),
            order: Vec::new(),
        }
    }

    /// The connection is gone. A session that the client has never heard of is given up: MQTT cannot tell it from the one before.
    pub fn disconnect(&mut self) {
        if self.connected && !self.agreed && !self.resumed {
            self.session = None;
        }
        self.connected = false;
        self.outgoing.clear();
        self.aliases.clear();
        self.ends_under_way.clear();
    }

    pub fn lose_session(&mut self) {
        assert!(!self.connected);
        self.session = None;
    }

    pub fn has_session(&self) -> bool {
        self.session.is_some()
    }

    /// A packet has arrived at the client.
    pub fn arrived(&mut self, packet: &Outgoing) {
        if let Some(id) = packet.ends {
            self.unfinished = self.unfinished.saturating_sub(1);
            self.ends_under_way.remove(&id);
        }
        self.agreed |= packet.connack;
    }

    /// Whether nothing is left to do for either side.
    pub fn is_at_rest(&self) -> bool {
        self.outgoing.is_empty()
            && self
                .session
                .as_ref()
                .is_some_and(|session| session.letters.is_empty() && session.open.is_empty())
    }

    pub fn subscriptions(&self) -> BTreeMap<String, u8> {
        self.session
            .as_ref()
            .map_or_else(BTreeMap::new, |session| session.subscriptions.clone())
    }

    /// Somebody publishes something for the client; false if there is no session to keep it for.
    pub fn publish(&mut self, number: u32, qos: Qos) -> bool {
        let Some(session) = &mut self.session else {
            return false;
        };
        session.letters.push_back(Letter {
            number,
            qos,
            id: None,
            received: false,
            sent: false,
        });
        self.send_letters();
        true
    }

    /// One packet of the client.
    pub fn receive(&mut self, bytes: &[u8]) {
        let packet = decode(bytes, self.version);
        assert_eq!(
            matches!(packet, Packet::Connect(_)),
            !self.connected,
            "CONNECT comes first, and once: {packet:?}"
        );
        match packet {
            Packet::Connect(connect) => self.on_connect(&connect),
            Packet::Publish(publish) => self.on_publish(&publish),
            Packet::PubAck(ack) => self.on_end(ack.packet_id, Qos::AtLeastOnce),
            Packet::PubComp(ack) => self.on_end(ack.packet_id, Qos::ExactlyOnce),
            Packet::PubRec(ack) => self.on_pubrec(ack.packet_id),
            Packet::PubRel(ack) => {
                let known = self.session().open.remove(&ack.packet_id).is_some();
                let reason = if known {
                    ReasonCode::SUCCESS
                } else {
                    ReasonCode::PACKET_IDENTIFIER_NOT_FOUND
                };
                self.answer(AckKind::PubComp, ack.packet_id, reason);
            }
            Packet::Subscribe(subscribe) => {
                self.check_new(subscribe.packet_id);
                let mut reasons = Vec::new();
                for (filter, options) in subscribe.filters.iter() {
                    self.session().subscriptions.insert(filter.into(), options.qos.bits());
                    reasons.push(options.qos.bits());
                }
                let packet = SubAck {
                    packet_id: subscribe.packet_id,
                    properties: Properties::EMPTY,
                    reasons: &reasons,
                };
                self.send(Packet::SubAck(packet), Some(subscribe.packet_id), false);
            }
            Packet::Unsubscribe(unsubscribe) => {
                self.check_new(unsubscribe.packet_id);
                let mut reasons = Vec::new();
                for filter in unsubscribe.filters.iter() {
                    let known = self.session().subscriptions.remove(filter).is_some();
                    reasons.push(if known { 0 } else { 0x11 });
                }
                if self.version == Version::V311 {
                    reasons.clear();
                }
                let packet = UnsubAck {
                    packet_id: unsubscribe.packet_id,
                    properties: Properties::EMPTY,
                    reasons: &reasons,
                };
                self.send(Packet::UnsubAck(packet), Some(unsubscribe.packet_id), false);
            }
            Packet::PingReq => self.send(Packet::PingResp, None, false),
            other => panic!("{other:?}"),
        }
    }

    fn session(&mut self) -> &mut State {
        self.session.as_mut().expect("a session")
    }

    fn on_connect(&mut self, connect: &Connect<'_>) {
        if connect.clean_start {
            self.session = None;
        }
        self.resumed = self.session.is_some();
        self.session.get_or_insert_default();
        (self.connected, self.agreed) = (true, false);
        (self.unfinished, self.used) = (0, 0);
        let limits = block(
            Place::ConnAck,
            &[
                Property::ReceiveMaximum(self.receive_maximum),
                Property::TopicAliasMaximum(self.topic_alias_maximum),
            ],
        );
        let properties = match self.version {
            Version::V5 => limits.as_properties(),
            Version::V311 => Properties::EMPTY,
        };
        let connack = ConnAck {
            session_present: self.resumed,
            reason: ReasonCode::SUCCESS,
            properties,
        };
        self.send(Packet::ConnAck(connack), None, true);
        let letters: Vec<Letter> = self
            .session()
            .letters
            .iter()
            .filter(|letter| letter.id.is_some())
            .cloned()
            .collect();
        for letter in letters {
            self.used += 1;
            if letter.received {
                self.answer(AckKind::PubRel, letter.id.unwrap(), ReasonCode::SUCCESS);
            } else {
                self.send_letter(&letter);
            }
        }
        self.send_letters();
    }

    fn on_publish(&mut self, publish: &Publish<'_>) {
        let topic = self.topic(publish);
        assert_eq!(topic, format!("topic/{}", publish.qos.bits()));
        let number: u32 = std::str::from_utf8(publish.payload).unwrap().parse().unwrap();
        let Some(id) = publish.packet_id else {
            self.take(publish.qos, number);
            return;
        };
        self.unfinished += 1;
        assert!(self.unfinished <= usize::from(self.receive_maximum), "[MQTT-3.3.4-7]");
        if publish.dup {
            assert!(self.resumed, "[MQTT-4.4.0-1] DUP in a session that was not resumed");
        } else {
            self.check_new(id);
            assert!(
                !self.session().seen.contains(&number),
                "[MQTT-3.3.1-1] {number} again without DUP"
            );
        }
        self.session().seen.insert(number);
        if publish.qos == Qos::AtLeastOnce {
            self.take(publish.qos, number);
            self.answer(AckKind::PubAck, id, ReasonCode::SUCCESS);
            return;
        }
        match self.session().open.insert(id, number) {
            None => self.take(publish.qos, number),
            Some(earlier) => assert_eq!(earlier, number, "an identifier that is in use"),
        }
        self.answer(AckKind::PubRec, id, ReasonCode::SUCCESS);
    }

    fn topic(&mut self, publish: &Publish<'_>) -> String {
        let Some(alias) = publish.properties.topic_alias() else {
            return publish.topic.into();
        };
        assert!(alias <= self.topic_alias_maximum, "[MQTT-3.2.2-17]");
        if !publish.topic.is_empty() {
            self.aliases.insert(alias, publish.topic.into());
        }
        self.aliases[&alias].clone()
    }

    fn take(&mut self, qos: Qos, number: u32) {
        let times = self.taken.entry(number).or_default();
        *times += 1;
        if *times == 1 {
            self.order.push((qos, number));
        }
    }

    /// A new identifier must be free on the client's side: not one whose end is still on its way there.
    fn check_new(&self, id: PacketId) {
        assert!(
            !self.ends_under_way.contains(&id),
            "[MQTT-2.2.1-3] identifier {id} is in use"
        );
    }

    fn on_end(&mut self, id: PacketId, qos: Qos) {
        let letters = &mut self.session().letters;
        let position = letters.iter().position(|letter| letter.id == Some(id));
        if let Some(letter) = position.and_then(|at| letters.remove(at)) {
            assert_eq!(letter.qos, qos);
            assert!(qos == Qos::AtLeastOnce || letter.received);
            self.used -= 1;
        }
        self.send_letters();
    }

    fn on_pubrec(&mut self, id: PacketId) {
        if let Some(letter) = self.session().letters.iter_mut().find(|letter| letter.id == Some(id)) {
            letter.received = true;
        }
        self.answer(AckKind::PubRel, id, ReasonCode::SUCCESS);
    }

    /// Sends what waits, as far as the client's window goes.
    fn send_letters(&mut self) {
        while self.connected {
            let (used, window) = (self.used, self.window);
            let mut next_id = self.next_id;
            let letters = &mut self.session().letters;
            let in_use: BTreeSet<PacketId> = letters.iter().filter_map(|letter| letter.id).collect();
            let Some(position) = letters.iter().position(|letter| letter.id.is_none()) else {
                return;
            };
            let letter = &mut letters[position];
            if letter.qos == Qos::AtMostOnce {
                let letter = letters.remove(position).unwrap();
                self.send_letter(&letter);
                continue;
            }
            if used >= window {
                return;
            }
            letter.id = loop {
                next_id = next_id % 20 + 1;
                let id = PacketId::new(next_id).unwrap();
                if !in_use.contains(&id) {
                    break Some(id);
                }
            };
            let first = letter.clone();
            letter.sent = true;
            (self.next_id, self.used) = (next_id, used + 1);
            self.send_letter(&first);
        }
    }

    fn send_letter(&mut self, letter: &Letter) {
        let payload = letter.number.to_string();
        let topic = format!("letter/{}", letter.qos.bits());
        let publish = Publish {
            dup: letter.sent,
            qos: letter.qos,
            retain: false,
            topic: &topic,
            packet_id: letter.id,
            properties: Properties::EMPTY,
            payload: payload.as_bytes(),
        };
        self.send(Packet::Publish(publish), None, false);
    }

    fn answer(&mut self, kind: AckKind, id: PacketId, reason: ReasonCode) {
        let reason = if self.version == Version::V311 {
            ReasonCode::SUCCESS
        } else {
            reason
        };
        let ack = Ack::new(id, reason);
        let (packet, ends) = match kind {
            AckKind::PubAck => (Packet::PubAck(ack), Some(id)),
            AckKind::PubRec => (Packet::PubRec(ack), None),
            AckKind::PubRel => (Packet::PubRel(ack), None),
            AckKind::PubComp => (Packet::PubComp(ack), Some(id)),
        };
        self.send(packet, ends, false);
    }

    fn send(&mut self, packet: Packet<'_>, ends: Option<PacketId>, connack: bool) {
        let mut bytes = Vec::new();
        packet.encode(self.version, &mut bytes).unwrap();
        self.ends_under_way.extend(ends);
        self.outgoing.push_back(Outgoing { bytes, ends, connack });
    }
}
