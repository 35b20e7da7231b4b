//! A small, correct and strict broker for one client. What a client must not do ends the run; what the broker does, the standard allows.

mod connection;
mod messages;
mod session;

use std::collections::BTreeMap;

use hawser::codec::{
    ConnAck, Connect, Disconnect, Packet, Place, Properties, Property, Qos, ReasonCode, SubAck, UnsubAck, Version,
};

use crate::peer::{block, decode};
use connection::Connection;
pub use messages::number;
pub use session::Stage;
use session::{Letter, Session, Subscription};

/// How the broker behaves on connections from now on.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Announced in 5.0. In 3.1.1 what the client keeps to by itself.
    pub receive_maximum: u16,
    pub topic_alias_maximum: u16,
    pub server_keep_alive: Option<u16>,
    pub maximum_packet_size: u32,
    pub maximum_qos: u8,
    /// It takes subscription identifiers.
    pub identifiers: bool,
    /// It grants no higher QoS.
    pub granted_qos: u8,
    /// A message that several subscriptions match comes once for each of them, else once in all (3.3.4).
    pub a_copy_for_each: bool,
    /// QoS 2: passes the message on when PUBREL comes, not when PUBLISH comes (figure 4.3).
    pub passes_on_release: bool,
}

/// What became of one message for the client.
#[derive(Clone, Debug)]
pub struct Written {
    pub topic: String,
    pub qos: Qos,
    pub retain: bool,
    /// Of the subscriptions that it is for, in rising order.
    pub identifiers: Vec<u32>,
    /// It left on some connection.
    pub sent: bool,
    /// The client has said that it has it.
    pub acknowledged: bool,
    /// The session that held it is lost.
    pub lost: bool,
}

pub struct Broker {
    pub version: Version,
    pub policy: Policy,
    now: u64,
    session: Option<Session>,
    /// When the session ends, if the client does not come back.
    session_ends: Option<u64>,
    connection: Option<Connection>,
    retained: BTreeMap<String, Qos>,
    /// Bytes for a link.
    pub outbox: Vec<(usize, Vec<u8>)>,
    /// Links that the broker has closed.
    pub closed: Vec<usize>,
    /// How often each message of the client was passed on.
    pub taken: BTreeMap<u32, u32>,
    /// In order of the first time.
    pub order: Vec<(Qos, u32)>,
    /// Everything that was written to the client, by number.
    pub written: Vec<Written>,
}

impl Broker {
    pub fn new(version: Version, policy: Policy) -> Self {
        Self {
            version,
            policy,
            now: 0,
            session: None,
            session_ends: None,
            connection: None,
            retained: BTreeMap::new(),
            outbox: Vec::new(),
            closed: Vec::new(),
            taken: BTreeMap::new(),
            order: Vec::new(),
            written: Vec::new(),
        }
    }

    /// When something happens by itself: the client is silent for too long, or its session expires.
    pub fn deadline(&self) -> Option<u64> {
        let silence = self.connection.as_ref().and_then(Connection::deadline);
        [silence, self.session_ends].into_iter().flatten().min()
    }

    pub fn wake(&mut self, now: u64) {
        self.now = now;
        if self.session_ends.is_some_and(|end| end <= now) {
            self.lose_session();
        }
        if self
            .connection
            .as_ref()
            .and_then(Connection::deadline)
            .is_some_and(|end| end <= now)
        {
            // [MQTT-3.1.2-22]
            self.send_away(ReasonCode::KEEP_ALIVE_TIMEOUT);
        }
    }

    /// Whether this link is the client's connection.
    pub fn serves(&self, link: usize) -> bool {
        self.connection
            .as_ref()
            .is_some_and(|connection| connection.link == link)
    }

    /// A socket was opened. An earlier connection stays until its end is noticed, or until CONNECT takes it over.
    pub fn hear(&mut self, now: u64, link: usize, bytes: &[u8]) {
        self.now = now;
        if !self.serves(link) {
            assert_eq!(bytes.first().map(|first| first >> 4), Some(1), "CONNECT comes first");
            if self.connection.is_some() {
                // [MQTT-3.1.4-3]
                self.send_away(ReasonCode::SESSION_TAKEN_OVER);
            }
            self.connection = Some(Connection::new(link, now));
        }
        let connection = self.connection.as_mut().expect("just made");
        connection.heard = now;
        connection.unread.extend_from_slice(bytes);
        while let Some(packet) = self.connection.as_mut().and_then(Connection::next_packet) {
            self.receive(&packet);
        }
    }

    /// The link is gone.
    pub fn lose_link(&mut self, now: u64, link: usize) {
        self.now = now;
        if self.serves(link) {
            self.disconnected();
        }
    }

    /// CONNACK has arrived: both sides agree on which session this is.
    pub fn agreed(&mut self, link: usize) {
        if let Some(connection) = self.connection.as_mut().filter(|connection| connection.link == link) {
            connection.agreed = true;
        }
    }

    /// The broker comes up again, without its connections, and without its sessions if `forgets`.
    pub fn restart(&mut self, now: u64, forgets: bool) {
        self.now = now;
        self.disconnected();
        if forgets {
            self.lose_session();
        }
    }

    fn send_away(&mut self, reason: ReasonCode) {
        let greeted = self.connection.as_ref().is_some_and(|connection| connection.greeted);
        if greeted && self.version == Version::V5 {
            self.send(Packet::Disconnect(Disconnect::new(reason)));
        }
        self.closed
            .extend(self.connection.as_ref().map(|connection| connection.link));
        self.disconnected();
    }

    fn disconnected(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        // A session that the client has never heard of is given up: MQTT cannot tell it from the one before.
        let unheard = connection.greeted && !connection.resumed && !connection.agreed;
        if unheard || connection.expiry == 0 {
            self.lose_session();
        } else if connection.expiry < u32::MAX {
            self.session_ends = Some(self.now + u64::from(connection.expiry) * 1_000);
        }
    }

    fn lose_session(&mut self) {
        self.session_ends = None;
        if let Some(session) = self.session.take() {
            for letter in session.letters {
                self.written[letter.number as usize].lost = true;
            }
        }
    }

    /// Whether nothing is left to do for either side.
    pub fn is_at_rest(&self) -> bool {
        let quiet = |session: &Session| session.letters.is_empty() && session.open.is_empty();
        let done = |connection: &Connection| connection.used == 0 && connection.unread.is_empty();
        self.session.as_ref().is_some_and(quiet) && self.connection.as_ref().is_some_and(done)
    }

    /// Filters, the QoS that was granted, and the identifier.
    pub fn subscriptions(&self) -> BTreeMap<String, (u8, Option<u32>)> {
        let subscriptions = self.session.iter().flat_map(|session| &session.subscriptions);
        subscriptions
            .map(|(filter, standing)| (filter.clone(), (standing.options.qos.bits(), standing.identifier)))
            .collect()
    }

    fn session(&mut self) -> &mut Session {
        self.session.as_mut().expect("a session")
    }

    fn connection(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("a connection")
    }

    /// One packet of the client.
    fn receive(&mut self, bytes: &[u8]) {
        let packet = decode(bytes, self.version);
        assert!(bytes.len() <= self.connection().maximum_packet_size, "[MQTT-3.2.2-15]");
        assert_eq!(
            matches!(packet, Packet::Connect(_)),
            !self.connection().greeted,
            "CONNECT comes first, and once: {packet:?}"
        );
        match packet {
            Packet::Connect(connect) => self.on_connect(&connect),
            Packet::Publish(publish) => self.on_publish(&publish),
            Packet::PubRel(ack) => self.on_pubrel(ack.packet_id),
            Packet::PubAck(ack) => self.on_end(ack.packet_id, Qos::AtLeastOnce),
            Packet::PubRec(ack) => self.on_pubrec(ack.packet_id),
            Packet::PubComp(ack) => self.on_end(ack.packet_id, Qos::ExactlyOnce),
            Packet::Subscribe(subscribe) => {
                let identifier = subscribe.properties.subscription_identifier();
                assert!(identifier.is_none() || self.policy.identifiers, "(3.2.2.3.12)");
                let mut reasons = Vec::new();
                let mut retained = Vec::new();
                for (filter, mut options) in subscribe.filters.iter() {
                    if filter.starts_with("refused") {
                        reasons.push(match self.version {
                            Version::V5 => ReasonCode::NOT_AUTHORIZED.0,
                            Version::V311 => 0x80,
                        });
                        continue;
                    }
                    options.qos = options.qos.min(Qos::from_bits(self.policy.granted_qos).unwrap());
                    reasons.push(options.qos.bits());
                    let standing = Subscription { options, identifier };
                    let new = self.session().subscriptions.insert(filter.into(), standing).is_none();
                    retained.extend(self.retained_for(filter, options, new));
                }
                self.send(Packet::SubAck(SubAck {
                    packet_id: subscribe.packet_id,
                    properties: Properties::EMPTY,
                    reasons: &reasons,
                }));
                for (topic, qos) in retained {
                    self.write(&topic, qos, true, identifier.into_iter().collect());
                }
            }
            Packet::Unsubscribe(unsubscribe) => {
                let mut reasons = Vec::new();
                for filter in unsubscribe.filters.iter() {
                    let known = self.session().subscriptions.remove(filter).is_some();
                    reasons.push(if known { 0 } else { 0x11 });
                }
                if self.version == Version::V311 {
                    reasons.clear();
                }
                self.send(Packet::UnsubAck(UnsubAck {
                    packet_id: unsubscribe.packet_id,
                    properties: Properties::EMPTY,
                    reasons: &reasons,
                }));
            }
            Packet::PingReq => self.send(Packet::PingResp),
            Packet::Disconnect(disconnect) => {
                assert!(!disconnect.reason.is_error(), "accused of {:?}", disconnect.reason);
                if let Some(expiry) = disconnect.properties.session_expiry_interval() {
                    self.connection().expiry = expiry;
                }
                self.closed
                    .extend(self.connection.as_ref().map(|connection| connection.link));
                self.disconnected();
            }
            other => panic!("a client does not send {other:?}"),
        }
        self.send_letters();
    }

    fn on_connect(&mut self, connect: &Connect<'_>) {
        if connect.clean_start {
            self.lose_session();
        }
        self.session_ends = None;
        let resumed = self.session.is_some();
        self.session.get_or_insert_default();
        let version = self.version;
        let keep_alive = self.policy.server_keep_alive.unwrap_or(connect.keep_alive);
        let (receive_maximum, topic_alias_maximum) = (self.policy.receive_maximum, self.policy.topic_alias_maximum);
        let maximum_packet_size = self.policy.maximum_packet_size;
        let connection = self.connection();
        connection.greeted = true;
        connection.maximum_packet_size = maximum_packet_size as usize;
        connection.resumed = resumed;
        connection.expiry = match version {
            Version::V5 => connect.properties.session_expiry_interval().unwrap_or(0),
            Version::V311 if connect.clean_start => 0,
            Version::V311 => u32::MAX,
        };
        connection.window = usize::from(connect.properties.receive_maximum().unwrap_or(u16::MAX));
        connection.aliases_out.limit = connect.properties.topic_alias_maximum().unwrap_or(0);
        connection.receive_maximum = receive_maximum;
        connection.topic_alias_maximum = topic_alias_maximum;
        connection.keep_alive = u64::from(keep_alive) * 1_000;
        let mut properties = vec![
            Property::ReceiveMaximum(receive_maximum),
            Property::TopicAliasMaximum(topic_alias_maximum),
        ];
        properties.extend(self.policy.server_keep_alive.map(Property::ServerKeepAlive));
        if self.policy.maximum_packet_size < u32::MAX {
            properties.push(Property::MaximumPacketSize(self.policy.maximum_packet_size));
        }
        if self.policy.maximum_qos < 2 {
            properties.push(Property::MaximumQos(self.policy.maximum_qos));
        }
        if !self.policy.identifiers {
            properties.push(Property::SubscriptionIdentifierAvailable(false));
        }
        let limits = block(Place::ConnAck, &properties);
        self.send(Packet::ConnAck(ConnAck {
            session_present: resumed,
            reason: ReasonCode::SUCCESS,
            properties: match version {
                Version::V5 => limits.as_properties(),
                Version::V311 => Properties::EMPTY,
            },
        }));
        self.resend();
    }

    fn send(&mut self, packet: Packet<'_>) {
        let mut bytes = Vec::new();
        packet.encode(self.version, &mut bytes).unwrap();
        let link = self.connection().link;
        self.outbox.push((link, bytes));
    }
}
