//! What passes on the wire, seen by somebody who knows the rules and nothing of the engine.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use hawser::codec::{self, ConnAck, Packet, PacketId, Publish, Qos, ReasonCode, Sender, Version};
use hawser::session::{Config, PacketTrace};

/// A message on its way to the application.
#[derive(Debug, PartialEq, Eq)]
pub struct Delivery {
    pub topic: String,
    pub payload: Vec<u8>,
    pub properties: Vec<u8>,
    /// As in an event: bits 0-1 QoS, bit 2 RETAIN, bit 3 DUP.
    pub flags: u8,
    pub packet_id: u16,
}

/// A message of the client that is not finished.
pub(super) struct Unfinished {
    pub(super) qos: Qos,
    /// All of it but DUP, alias and properties.
    pub(super) content: String,
    /// What 3.1.1 leaves out of it, but the expiry, which runs down.
    pub(super) properties: String,
    /// Sent on this connection.
    pub(super) here: bool,
    /// PUBREC has come.
    pub(super) released: bool,
}

/// Which list a request's identifier stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
    Subscribe(usize),
    Unsubscribe(usize),
}

/// The observer. What is lost with a connection is in `link`.
pub struct Wire {
    /// What the latest CONNECT offered.
    pub version: Version,
    /// Largest packet, and highest alias, that the client takes.
    max_packet: u32,
    max_alias: u16,
    /// Reason strings may come with all packets (3.1.2.11.7).
    wants_reasons: bool,
    /// What is marked as text must be UTF-8 (3.3.2.3.2).
    checks_text: bool,
    /// Messages that may be unanswered (3.1.2.11.3).
    receive_maximum: usize,
    pub(super) unfinished: BTreeMap<PacketId, Unfinished>,
    /// QoS 2 messages of the broker between PUBLISH and PUBREL.
    open: BTreeSet<PacketId>,
    /// The engine has ended a connection in the middle of a step: what it had written in that step was dropped with it.
    pub may_have_dropped: bool,
    pub(super) link: Link,
}

/// One connection.
pub(super) struct Link {
    /// Bytes of a packet that has not come as a whole.
    pieces: Vec<u8>,
    pub(super) said_connect: bool,
    pub(super) said_goodbye: bool,
    pub(super) accepted: bool,
    pub(super) resumed: bool,
    /// A packet has ended the connection: what follows is nobody's.
    over: bool,
    pub(super) limits: Limits,
    pub(super) requests: BTreeMap<PacketId, Request>,
    /// First byte and identifier of the answers that are due: PUBACK, PUBREC, PUBCOMP.
    pub(super) due: [VecDeque<PacketId>; 3],
    /// PUBRELs that may be sent.
    pub(super) releases: usize,
    /// QoS 1 and 2 messages of the broker without a final answer.
    pub(super) unanswered: usize,
    deliveries: VecDeque<Delivery>,
    aliases_in: BTreeMap<u16, String>,
    pub(super) aliases_out: BTreeMap<u16, String>,
    pub(super) sent: usize,
    received: usize,
}

/// What CONNACK allows.
pub(super) struct Limits {
    pub(super) receive_maximum: usize,
    pub(super) qos: u8,
    pub(super) packet: usize,
    pub(super) alias: u16,
    pub(super) retain: bool,
    pub(super) wildcards: bool,
    pub(super) identifiers: bool,
    pub(super) shared: bool,
}

impl Link {
    fn new() -> Self {
        Self {
            pieces: Vec::new(),
            said_connect: false,
            said_goodbye: false,
            accepted: false,
            resumed: false,
            over: false,
            limits: Limits {
                receive_maximum: 0,
                qos: 0,
                packet: usize::MAX,
                alias: 0,
                retain: false,
                wildcards: false,
                identifiers: false,
                shared: false,
            },
            requests: BTreeMap::new(),
            due: Default::default(),
            releases: 0,
            unanswered: 0,
            deliveries: VecDeque::new(),
            aliases_in: BTreeMap::new(),
            aliases_out: BTreeMap::new(),
            sent: 0,
            received: 0,
        }
    }
}

impl Wire {
    pub fn new(config: &Config) -> Self {
        Self {
            version: config.version,
            max_packet: config.maximum_packet_size,
            max_alias: config.topic_alias_maximum,
            wants_reasons: config.request_problem_information,
            checks_text: config.check_payload_format,
            receive_maximum: config.receive_maximum.into(),
            unfinished: BTreeMap::new(),
            open: BTreeSet::new(),
            may_have_dropped: false,
            link: Link::new(),
        }
    }

    /// A socket has opened.
    pub fn begin(&mut self) {
        self.link = Link::new();
        self.unfinished.values_mut().for_each(|message| message.here = false);
    }

    /// Bytes sent and received on this connection.
    pub fn traffic(&self) -> (usize, usize) {
        (self.link.sent, self.link.received)
    }

    pub fn next_delivery(&mut self) -> Option<Delivery> {
        self.link.deliveries.pop_front()
    }

    /// An answer that would move something on: the `at`th that the client waits for.
    pub fn helpful_answer(&self, at: usize) -> Option<Vec<u8>> {
        let messages = self
            .unfinished
            .iter()
            .filter(|(_, message)| message.here || message.released);
        let messages = messages.map(|(id, message)| match (message.qos, message.released) {
            (Qos::ExactlyOnce, false) => vec![0x50, 2, high(*id), low(*id)],
            (Qos::ExactlyOnce, true) => vec![0x70, 2, high(*id), low(*id)],
            _ => vec![0x40, 2, high(*id), low(*id)],
        });
        let requests = self.link.requests.iter().map(|(id, request)| {
            let (first, count) = match *request {
                Request::Subscribe(filters) => (0x90, filters),
                Request::Unsubscribe(_) if self.version == Version::V311 => (0xB0, 0),
                Request::Unsubscribe(filters) => (0xB0, filters),
            };
            let mut body = vec![high(*id), low(*id)];
            if self.version == Version::V5 {
                body.push(0);
            }
            body.resize(body.len() + count, 0);
            crate::decode::frame(first, &body)
        });
        let all: Vec<Vec<u8>> = messages.chain(requests).collect();
        let count = all.len().max(1);
        all.into_iter().nth(at % count)
    }

    // ----- from the broker

    /// Bytes that the engine is about to see. CONNECT may wait for the store: what comes before it is an answer to nothing, and is dropped.
    pub fn receive(&mut self, bytes: &[u8]) {
        if !self.link.said_connect {
            return;
        }
        self.link.received += bytes.len();
        self.link.pieces.extend_from_slice(bytes);
    }

    /// The engine has taken the next packet, and says which.
    pub fn arrived(&mut self, seen: &PacketTrace) {
        let pieces = std::mem::take(&mut self.link.pieces);
        let size = codec::packet_size(&pieces, self.max_packet).ok().flatten();
        let (bytes, rest) = pieces.split_at(size.expect("a packet that came"));
        let packet = codec::decode(bytes, self.version, Sender::Server).expect("a packet that may be taken");
        let (packet_type, size) = (packet.packet_type() as u8, bytes.len() as u32);
        assert_eq!((seen.packet_type, seen.size), (packet_type, size), "seen as another");
        self.on_packet(&packet);
        self.link.pieces = rest.to_vec();
    }

    /// Whether the engine must have left by now: the broker said goodbye, or broke the protocol beyond doubt.
    pub fn is_over(&self) -> bool {
        let fault = match codec::packet_size(&self.link.pieces, self.max_packet) {
            Ok(size) => {
                let whole = size.and_then(|size| self.link.pieces.get(..size));
                whole.is_some_and(|bytes| codec::decode(bytes, self.version, Sender::Server).is_err())
            }
            Err(_) => true,
        };
        self.link.over || fault
    }

    /// Whether a whole packet is there that the engine has not taken.
    pub fn is_waiting(&self) -> bool {
        let size = codec::packet_size(&self.link.pieces, self.max_packet);
        size.is_ok_and(|size| size.is_some_and(|size| size <= self.link.pieces.len()))
    }

    fn on_packet(&mut self, packet: &Packet<'_>) {
        if !self.wants_reasons && is_explained(packet) {
            // [MQTT-3.1.2-29]
            self.link.over = true;
            return;
        }
        match packet {
            Packet::ConnAck(connack) if !self.link.accepted => self.on_connack(connack),
            // [MQTT-3.2.0-1], [MQTT-3.2.0-2]
            Packet::ConnAck(_) => self.link.over = true,
            _ if !self.link.accepted => self.link.over = !matches!(packet, Packet::Auth(_)),
            Packet::Publish(publish) => self.on_publish(publish),
            Packet::PubAck(ack) => {
                self.end_if(ack.packet_id, |message| message.qos == Qos::AtLeastOnce && message.here)
            }
            Packet::PubRec(ack) => self.on_pubrec(ack.packet_id, ack.reason),
            Packet::PubComp(ack) => self.end_if(ack.packet_id, |message| message.released),
            Packet::PubRel(ack) => {
                self.open.remove(&ack.packet_id);
                self.link.due[2].push_back(ack.packet_id);
            }
            Packet::SubAck(ack) => self.answered(ack.packet_id, Request::Subscribe(ack.reasons.len())),
            Packet::UnsubAck(ack) => self.answered(ack.packet_id, Request::Unsubscribe(ack.reasons.len())),
            Packet::Disconnect(_) => self.link.over = true,
            _ => {}
        }
    }

    fn on_connack(&mut self, connack: &ConnAck<'_>) {
        if connack.reason != ReasonCode::SUCCESS {
            self.link.over = true;
            return;
        }
        let properties = &connack.properties;
        self.link.accepted = true;
        self.link.resumed = connack.session_present;
        self.link.limits = Limits {
            receive_maximum: properties.receive_maximum().unwrap_or(u16::MAX).into(),
            qos: properties.maximum_qos().unwrap_or(2),
            packet: properties.maximum_packet_size().unwrap_or(u32::MAX) as usize,
            alias: properties.topic_alias_maximum().unwrap_or(0),
            retain: properties.retain_available().unwrap_or(true),
            wildcards: properties.wildcard_subscription_available().unwrap_or(true),
            identifiers: properties.subscription_identifier_available().unwrap_or(true),
            shared: properties.shared_subscription_available().unwrap_or(true),
        };
        if connack.session_present {
            self.link.releases = self.unfinished.values().filter(|message| message.released).count();
        } else {
            self.forget_session();
        }
    }

    pub(super) fn forget_session(&mut self) {
        self.unfinished.clear();
        self.open.clear();
    }

    fn on_publish(&mut self, publish: &Publish<'_>) {
        let topic = match publish.properties.topic_alias() {
            Some(alias) if alias > self.max_alias => None,
            Some(alias) if publish.topic.is_empty() => self.link.aliases_in.get(&alias).cloned(),
            Some(alias) => {
                self.link.aliases_in.insert(alias, publish.topic.into());
                Some(publish.topic.into())
            }
            None => Some(publish.topic.into()),
        };
        let Some(topic) = topic else {
            // [MQTT-3.3.2-8] and an alias that stands for nothing (3.3.2.3.4)
            self.link.over = true;
            return;
        };
        let is_bad = self.checks_text
            && publish.properties.payload_format_indicator() == Some(1)
            && std::str::from_utf8(publish.payload).is_err();
        if publish.qos.bits() > self.link.limits.qos || publish.packet_id.is_none() && is_bad {
            self.link.over = true;
            return;
        }
        let repeated = match (publish.qos, publish.packet_id) {
            (Qos::ExactlyOnce, Some(id)) => {
                self.link.due[1].push_back(id);
                let is_open = self.open.contains(&id);
                // A PUBREC with an error leaves nothing open (4.3.3).
                if !is_open && !is_bad {
                    self.open.insert(id);
                }
                is_open
            }
            (_, Some(id)) => {
                self.link.due[0].push_back(id);
                false
            }
            _ => false,
        };
        if publish.packet_id.is_some() && !repeated {
            self.link.unanswered += 1;
            if self.version == Version::V5 && self.link.unanswered > self.receive_maximum {
                // [MQTT-3.3.4-9]
                self.link.over = true;
                return;
            }
        }
        if !repeated && !is_bad {
            self.link.deliveries.push_back(Delivery {
                topic,
                payload: publish.payload.to_vec(),
                properties: publish.properties.raw().to_vec(),
                flags: publish.qos.bits() | u8::from(publish.retain) << 2 | u8::from(publish.dup) << 3,
                packet_id: publish.packet_id.map_or(0, PacketId::get),
            });
        }
    }

    fn end_if(&mut self, id: PacketId, ends: impl Fn(&Unfinished) -> bool) {
        if self.unfinished.get(&id).is_some_and(ends) {
            self.unfinished.remove(&id);
        }
    }

    fn on_pubrec(&mut self, id: PacketId, reason: ReasonCode) {
        if reason.is_error() {
            self.end_if(id, |message| {
                message.qos == Qos::ExactlyOnce && message.here && !message.released
            });
            return;
        }
        self.link.releases += 1;
        if let Some(message) = self.unfinished.get_mut(&id)
            && message.qos == Qos::ExactlyOnce
            && message.here
        {
            message.released = true;
        }
    }

    fn answered(&mut self, id: PacketId, answer: Request) {
        let fits = self
            .link
            .requests
            .get(&id)
            .is_some_and(|request| match (request, answer) {
                (Request::Unsubscribe(_), Request::Unsubscribe(_)) if self.version == Version::V311 => true,
                (request, answer) => *request == answer,
            });
        if fits {
            self.link.requests.remove(&id);
        }
    }
}

/// Whether it carries what is for people, where it may be unwanted.
fn is_explained(packet: &Packet<'_>) -> bool {
    let properties = match packet {
        Packet::PubAck(ack) | Packet::PubRec(ack) | Packet::PubRel(ack) | Packet::PubComp(ack) => &ack.properties,
        Packet::SubAck(ack) => &ack.properties,
        Packet::UnsubAck(ack) => &ack.properties,
        Packet::Auth(auth) => &auth.properties,
        _ => return false,
    };
    properties.reason_string().is_some() || properties.user_property().is_some()
}

const fn high(id: PacketId) -> u8 {
    id.get().to_be_bytes()[0]
}

const fn low(id: PacketId) -> u8 {
    id.get().to_be_bytes()[1]
}
