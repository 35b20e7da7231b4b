//! CONNECT and CONNACK: what this client asks for, and what it is given.

use crate::codec::{
    self, ConnAck, Connect, EncodeError, Place, Properties, Property, PropertyBuf, ReasonCode, RetainHandling, Version,
};

use super::authenticate::Turn;
use super::timers::Timer;
use super::{Cause, Connected, Event, Fault, Gap, Limits, Refusal, Session, State};

/// The largest acknowledgement this client sends. A broker that takes less can be sent nothing above QoS 0.
const LARGEST_ACK: u32 = 5;

impl Session {
    /// Writes CONNECT for the attempt under way; an error says what cannot be written.
    pub(super) fn write_connect(&mut self, username: Option<&str>, password: Option<&[u8]>) -> Result<(), EncodeError> {
        let version = self.offered;
        let clean_start = self.wants_clean_start();
        let will_properties = self.config.will.as_ref().map_or(&[][..], |will| &will.properties);
        let will = match &self.config.will {
            Some(will) => Some(codec::Will {
                qos: will.qos,
                retain: will.retain,
                properties: parse(will_properties, Place::Will, version)?,
                topic: &will.topic,
                payload: &will.payload,
            }),
            None => None,
        };
        let properties = self.connect_properties()?;
        let connect = Connect {
            clean_start,
            keep_alive: self.config.keep_alive,
            properties: properties.as_properties(),
            client_id: &self.client_id,
            will,
            username,
            password,
        };
        let mut bytes = Vec::new();
        connect.encode(version, &mut bytes)?;
        self.authentication_data = None;
        self.link.connect = bytes;
        self.link.clean_start = clean_start;
        self.link.anonymous = self.client_id.is_empty();
        Ok(())
    }

    /// The first connection as the user says; a later one cleanly only if there is nothing here to resume, so that no foreign state comes back.
    fn wants_clean_start(&self) -> bool {
        let v5 = self.offered == Version::V5;
        // Nobody has a session under a name that was made just now. Mosquitto 2.0 does not keep sessions that began cleanly over its own restart.
        let unheard = self.config.client_id.is_none() && !self.in_doubt;
        let wanted = if self.connected_before || (self.config.durable && !unheard) {
            // In 3.1.1 a clean session would end with this connection too: there a broker that remembers more than we do is met when it says so.
            v5 && !self.has_session
        } else {
            self.config.clean_start
        };
        // In 3.1.1 the flag is also what ends the session with the connection, and the only choice for a client without an identifier.
        let forgotten = self.config.version == Version::V5 && self.config.client_id.is_none() && !self.config.durable;
        let unnamed = self.client_id.is_empty() || forgotten;
        let ends_with_connection = !v5 && (self.config.session_expiry == 0 || unnamed);
        wanted || self.must_start_clean || ends_with_connection
    }

    fn connect_properties(&self) -> Result<PropertyBuf, EncodeError> {
        let mut properties = PropertyBuf::new(Place::Connect);
        if self.offered == Version::V311 {
            return Ok(properties);
        }
        if self.config.session_expiry > 0 {
            properties.push(Property::SessionExpiryInterval(self.config.session_expiry))?;
        }
        if self.config.receive_maximum < u16::MAX {
            properties.push(Property::ReceiveMaximum(self.config.receive_maximum))?;
        }
        properties.push(Property::MaximumPacketSize(self.config.maximum_packet_size))?;
        if self.config.topic_alias_maximum > 0 {
            properties.push(Property::TopicAliasMaximum(self.config.topic_alias_maximum))?;
        }
        if self.config.request_response_information {
            properties.push(Property::RequestResponseInformation(true))?;
        }
        if !self.config.request_problem_information {
            properties.push(Property::RequestProblemInformation(false))?;
        }
        self.push_authentication(&mut properties, self.authentication_data.as_deref())?;
        properties.extend(parse(&self.config.user_properties, Place::Connect, Version::V5)?)?;
        Ok(properties)
    }

    /// The answer to CONNECT; `end` is where its packet ends in the input buffer.
    pub(super) fn on_connack(&mut self, connack: &ConnAck<'_>, end: usize) -> Result<(), Fault> {
        if connack.reason != ReasonCode::SUCCESS {
            self.lost(Cause::Refused(refusal(connack.reason, &connack.properties)), true);
            return Ok(());
        }
        self.check_connack(connack)?;
        self.settle_version();
        let properties = &connack.properties;
        if let (true, Some(assigned)) = (self.link.anonymous, properties.assigned_client_identifier()) {
            // Kept for later attempts [MQTT-3.1.3-7].
            self.client_id = assigned.into();
        }
        self.connected_before = true;
        self.must_start_clean = false;
        // There is a network, whatever the browser says.
        self.offline = false;
        let expected = core::mem::replace(&mut self.has_session, true);
        self.link.limits = limits(self.version, properties);
        self.link.quota = self.link.limits.receive_maximum;
        let aliases = if self.config.outbound_topic_aliases {
            self.link.limits.topic_alias_maximum
        } else {
            0
        };
        self.link.outbound_aliases.reset(aliases);
        let keep_alive = properties.server_keep_alive().unwrap_or(self.config.keep_alive);
        self.link
            .keep_alive
            .start(keep_alive, self.config.probe_timeout.max(1), self.now);
        let session_expiry = match self.version {
            Version::V5 => properties
                .session_expiry_interval()
                .unwrap_or(self.config.session_expiry),
            // 3.1.1 knows only "with the connection" and "never".
            Version::V311 if self.link.clean_start => 0,
            Version::V311 => u32::MAX,
        };
        self.session_expiry = session_expiry;
        if let Some(redirect) = &self.redirect {
            // Until it is sent home: who was sent away for good comes here again without being sent.
            self.is_sent_away = !redirect.reference.is_empty();
        }
        self.store_facts(true);
        self.timers.stop(Timer::Connect);
        let said = self.refer(properties, end);
        self.out.events.push(Event::Connected(Box::new(Connected {
            session_present: connack.session_present,
            v5: self.version == Version::V5,
            keep_alive,
            session_expiry,
            limits: self.link.limits,
            properties: said,
            client_id: self.client_id.as_str().into(),
        })));
        self.enter(State::Online {
            attempt: self.backoff.attempt(),
            since: self.now,
        });
        self.link.turn = Turn::Nobody;
        if self.authentication_method().is_some() {
            self.ask_about(ReasonCode::SUCCESS, properties, end);
        }
        if expected && !connack.session_present {
            self.note_gap(Gap::SessionLost);
        }
        self.synchronise(connack.session_present);
        Ok(())
    }

    /// What an accepting CONNACK must not say.
    fn check_connack(&mut self, connack: &ConnAck<'_>) -> Result<(), Fault> {
        let properties = &connack.properties;
        if connack.session_present && (self.link.clean_start || !self.has_session) {
            // [MQTT-3.2.2-2], [MQTT-3.2.2-4]: whatever the broker means, it is not what we know; the next attempt starts from nothing.
            self.must_start_clean = true;
            return Err(Fault::protocol(
                "CONNACK says that a session is present of which there is no state here",
            ));
        }
        let v5 = self.offered == Version::V5;
        if v5 && self.link.anonymous && properties.assigned_client_identifier().is_none_or(str::is_empty) {
            return Err(Fault::protocol(
                "CONNACK without the client identifier that was asked for",
            ));
        }
        if properties.authentication_method() != self.authentication_method() {
            // [MQTT-4.12.0-5], [MQTT-4.12.0-6]
            return Err(Fault::protocol(
                "CONNACK with another authentication method than CONNECT",
            ));
        }
        if properties.maximum_packet_size().is_some_and(|size| size < LARGEST_ACK) {
            return Err(Fault::new(
                ReasonCode::PACKET_TOO_LARGE,
                "CONNACK with a Maximum Packet Size that leaves no room for acknowledgements",
            ));
        }
        Ok(())
    }

    /// The attempt goes to another server than the one before: it may have the session, or an older one of ours, which knows less.
    pub const fn doubt(&mut self) {
        self.in_doubt |= self.has_session;
    }

    /// Brings both sides together: resumes what the broker still has, or starts over what it has lost.
    fn synchronise(&mut self, session_present: bool) {
        let in_doubt = core::mem::take(&mut self.in_doubt);
        if session_present {
            self.resume_messages();
            self.link.doubtful = in_doubt;
            if in_doubt {
                self.ask_again(Some(RetainHandling::SendIfNew));
            }
        } else {
            self.forget_inbound();
            self.restart_subscriptions();
            self.restart_messages();
        }
        self.send_requests();
        self.pump();
    }
}

fn parse(raw: &[u8], place: Place, version: Version) -> Result<Properties<'_>, EncodeError> {
    match version {
        Version::V311 => Ok(Properties::EMPTY),
        Version::V5 => Properties::parse(raw, place).map_err(|_| EncodeError::PropertyValue),
    }
}

/// What the broker said when it sent the client away.
pub(super) fn refusal(reason: ReasonCode, properties: &Properties<'_>) -> Refusal {
    Refusal {
        reason: reason.0,
        reason_string: properties.reason_string().unwrap_or_default().into(),
        server_reference: properties.server_reference().unwrap_or_default().into(),
    }
}

fn limits(version: Version, properties: &Properties<'_>) -> Limits {
    let standard = Limits::standard(version);
    Limits {
        receive_maximum: properties.receive_maximum().unwrap_or(standard.receive_maximum),
        maximum_qos: properties.maximum_qos().unwrap_or(standard.maximum_qos),
        maximum_packet_size: properties.maximum_packet_size().unwrap_or(standard.maximum_packet_size),
        topic_alias_maximum: properties.topic_alias_maximum().unwrap_or(0),
        retain: properties.retain_available().unwrap_or(true),
        wildcard_subscriptions: properties.wildcard_subscription_available().unwrap_or(true),
        subscription_ids: properties
            .subscription_identifier_available()
            .unwrap_or(standard.subscription_ids),
        shared_subscriptions: properties
            .shared_subscription_available()
            .unwrap_or(standard.shared_subscriptions),
    }
}
