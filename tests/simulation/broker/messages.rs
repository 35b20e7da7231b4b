//! Messages through the broker: the client's on their way in, and letters to the client on their way out.

use hawser::codec::{
    Ack, Packet, PacketId, Place, Property, Publish, Qos, ReasonCode, RetainHandling, SubscribeOptions, Version, topic,
};

use super::session::{Open, Subscription};
use super::{Broker, Letter, Stage, Written};
use crate::peer::block;

impl Broker {
    pub(super) fn on_publish(&mut self, publish: &Publish<'_>) {
        let topic = self.topic_of(publish);
        let number = number(publish.payload);
        self.connection().check_order(publish.qos, number);
        assert!(publish.qos.bits() <= self.policy.maximum_qos, "[MQTT-3.2.2-11]");
        let Some(id) = publish.packet_id else {
            return self.take(publish.qos, number, &topic, publish.retain);
        };
        let connection = self.connection();
        connection.unanswered += 1;
        assert!(
            connection.unanswered <= usize::from(connection.receive_maximum),
            "[MQTT-3.3.4-7]"
        );
        let resumed = connection.resumed;
        let new = self.session().seen.insert(number);
        if publish.dup {
            assert!(resumed, "[MQTT-3.3.1-1] DUP in a session that was not resumed");
        } else {
            assert!(new, "[MQTT-3.3.1-1] {number} again without DUP");
        }
        if topic.starts_with("refused") && self.version == Version::V5 {
            self.connection().unanswered -= 1;
            let ack = Ack::new(id, ReasonCode::NOT_AUTHORIZED);
            return self.send(match publish.qos {
                Qos::ExactlyOnce => Packet::PubRec(ack),
                _ => Packet::PubAck(ack),
            });
        }
        if publish.qos == Qos::AtLeastOnce {
            self.take(publish.qos, number, &topic, publish.retain);
            self.connection().unanswered -= 1;
            return self.send(Packet::PubAck(Ack::new(id, ReasonCode::SUCCESS)));
        }
        let message = Open {
            number,
            topic,
            retain: publish.retain,
        };
        match self.session().open.insert(id, message.clone()) {
            Some(earlier) => assert_eq!(earlier, message, "[MQTT-2.2.1-3] identifier {id} is in use"),
            None if self.policy.passes_on_release => {}
            None => self.take(publish.qos, number, &message.topic, message.retain),
        }
        self.send(Packet::PubRec(Ack::new(id, ReasonCode::SUCCESS)));
    }

    pub(super) fn on_pubrel(&mut self, id: PacketId) {
        let open = self.session().open.remove(&id);
        let known = open.is_some();
        if let Some(message) = open.filter(|_| self.policy.passes_on_release) {
            self.take(Qos::ExactlyOnce, message.number, &message.topic, message.retain);
        }
        // One that an earlier connection began takes no place in the window of this one.
        let connection = self.connection();
        connection.unanswered = connection.unanswered.saturating_sub(1);
        let reason = match (known, self.version) {
            (false, Version::V5) => ReasonCode::PACKET_IDENTIFIER_NOT_FOUND,
            _ => ReasonCode::SUCCESS,
        };
        self.send(Packet::PubComp(Ack::new(id, reason)));
    }

    fn topic_of(&mut self, publish: &Publish<'_>) -> String {
        let connection = self.connection();
        let Some(alias) = publish.properties.topic_alias() else {
            return publish.topic.into();
        };
        assert!((1..=connection.topic_alias_maximum).contains(&alias), "[MQTT-3.2.2-17]");
        if !publish.topic.is_empty() {
            connection.aliases_in.insert(alias, publish.topic.into());
        }
        connection.aliases_in[&alias].clone()
    }

    /// Passes a message of the client on, also to the client itself.
    fn take(&mut self, qos: Qos, number: u32, topic: &str, retain: bool) {
        let times = self.taken.entry(number).or_default();
        *times += 1;
        if *times == 1 {
            self.order.push((qos, number));
        }
        self.route(topic, qos, retain, true);
    }

    /// Somebody publishes something.
    pub fn publish(&mut self, now: u64, topic: &str, qos: Qos, retain: bool) {
        self.now = now;
        self.route(topic, qos, retain, false);
        self.send_letters();
    }

    fn route(&mut self, topic: &str, qos: Qos, retain: bool, own: bool) {
        if retain {
            self.retained.insert(topic.into(), qos);
        }
        let Some(session) = &self.session else {
            return;
        };
        let hits: Vec<Subscription> = session
            .subscriptions
            .iter()
            .filter(|(filter, hit)| topic::matches(plain(filter), topic) && !(own && hit.options.no_local))
            .map(|(_, hit)| *hit)
            .collect();
        if self.policy.a_copy_for_each {
            for hit in hits {
                let retain = retain && hit.options.retain_as_published;
                self.write(
                    topic,
                    qos.min(hit.options.qos),
                    retain,
                    hit.identifier.into_iter().collect(),
                );
            }
        } else if let Some(most) = hits.iter().map(|hit| hit.options.qos).max() {
            // [MQTT-3.3.4-2], [MQTT-3.3.4-3], [MQTT-3.3.4-4]
            let retain = retain && hits.iter().any(|hit| hit.options.retain_as_published);
            let identifiers = hits.iter().filter_map(|hit| hit.identifier).collect();
            self.write(topic, qos.min(most), retain, identifiers);
        }
    }

    /// The retained messages that a subscription is to get (3.8.3.1).
    pub(super) fn retained_for(&self, filter: &str, options: SubscribeOptions, new: bool) -> Vec<(String, Qos)> {
        let wanted = match options.retain_handling {
            RetainHandling::Send => true,
            RetainHandling::SendIfNew => new,
            RetainHandling::DoNotSend => false,
        };
        if !wanted || filter.starts_with("$share/") {
            return Vec::new();
        }
        self.retained
            .iter()
            .filter(|(topic, _)| topic::matches(filter, topic))
            .map(|(topic, qos)| (topic.clone(), options.qos.min(*qos)))
            .collect()
    }

    /// Puts a message for the client behind all others.
    pub(super) fn write(&mut self, topic: &str, qos: Qos, retain: bool, mut identifiers: Vec<u32>) {
        identifiers.sort_unstable();
        let number = self.written.len() as u32;
        let connected = self.connection.as_ref().is_some_and(|connection| connection.greeted);
        self.written.push(Written {
            topic: topic.into(),
            qos,
            retain,
            identifiers: identifiers.clone(),
            sent: false,
            acknowledged: false,
            // Nobody keeps QoS 0 for a client that is away.
            lost: qos == Qos::AtMostOnce && !connected,
        });
        if qos > Qos::AtMostOnce || connected {
            self.session().letters.push_back(Letter {
                number,
                topic: topic.into(),
                qos,
                retain,
                identifiers,
                stage: Stage::Waiting,
            });
        }
    }

    /// The last answer of the client about a message.
    pub(super) fn on_end(&mut self, id: PacketId, qos: Qos) {
        let letters = &mut self.session().letters;
        let position = letters.iter().position(|letter| letter.stage.id() == Some(id));
        let letter = position.and_then(|at| letters.remove(at));
        let letter = letter.unwrap_or_else(|| panic!("an answer to {id}, which is nothing"));
        assert_eq!(letter.qos, qos);
        assert!(
            qos == Qos::AtLeastOnce || matches!(letter.stage, Stage::Received(_)),
            "PUBCOMP before PUBREL"
        );
        self.written[letter.number as usize].acknowledged = true;
        self.connection().used -= 1;
        self.send_letters();
    }

    pub(super) fn on_pubrec(&mut self, id: PacketId) {
        let letters = &mut self.session().letters;
        let letter = letters.iter_mut().find(|letter| letter.stage.id() == Some(id));
        let letter = letter.unwrap_or_else(|| panic!("PUBREC for {id}, which is nothing"));
        assert_eq!(letter.qos, Qos::ExactlyOnce);
        letter.stage = Stage::Received(id);
        let number = letter.number as usize;
        self.written[number].acknowledged = true;
        self.send(Packet::PubRel(Ack::new(id, ReasonCode::SUCCESS)));
    }

    /// What an earlier connection left unfinished, in its order `[MQTT-4.4.0-1]`, then what waits.
    pub(super) fn resend(&mut self) {
        // QoS 0 messages do not outlive the connection that they were written on.
        self.session().letters.retain(|letter| letter.qos > Qos::AtMostOnce);
        let letters: Vec<Letter> = self.session().letters.iter().cloned().collect();
        for letter in letters {
            match letter.stage {
                Stage::Waiting => continue,
                Stage::Sent(_) => self.send_letter(&letter, true),
                Stage::Received(id) => self.send(Packet::PubRel(Ack::new(id, ReasonCode::SUCCESS))),
            }
            self.connection().used += 1;
        }
        self.send_letters();
    }

    /// Sends what waits, as far as the client's window goes; only QoS 1 and 2 wait for it.
    pub(super) fn send_letters(&mut self) {
        while let Some(connection) = self.connection.as_ref().filter(|connection| connection.greeted) {
            let room = connection.used < connection.window;
            let next = self
                .session()
                .letters
                .iter()
                .position(|letter| letter.stage == Stage::Waiting && (room || letter.qos == Qos::AtMostOnce));
            let Some(next) = next else {
                return;
            };
            if self.session().letters[next].qos == Qos::AtMostOnce {
                let letter = self.session().letters.remove(next).unwrap();
                self.send_letter(&letter, false);
                continue;
            }
            let id = self.session().free_id();
            let letter = &mut self.session().letters[next];
            letter.stage = Stage::Sent(id);
            let letter = letter.clone();
            self.connection().used += 1;
            self.send_letter(&letter, false);
        }
    }

    fn send_letter(&mut self, letter: &Letter, dup: bool) {
        let alias = match self.version {
            Version::V5 => self.connection().aliases_out.of(&letter.topic),
            Version::V311 => None,
        };
        let mut properties: Vec<Property<'_>> = alias
            .map(|(alias, _)| Property::TopicAlias(alias))
            .into_iter()
            .collect();
        properties.extend(
            letter
                .identifiers
                .iter()
                .map(|identifier| Property::SubscriptionIdentifier(*identifier)),
        );
        let known = alias.is_some_and(|(_, known)| known);
        let properties = block(Place::PublishFromServer, &properties);
        let payload = letter.number.to_string();
        self.written[letter.number as usize].sent = true;
        self.send(Packet::Publish(Publish {
            dup,
            qos: letter.qos,
            retain: letter.retain,
            topic: if known { "" } else { &letter.topic },
            packet_id: letter.stage.id(),
            properties: properties.as_properties(),
            payload: payload.as_bytes(),
        }));
    }
}

/// The number that a payload begins with.
pub fn number(payload: &[u8]) -> u32 {
    let digits = payload.split(|byte| *byte == b' ').next().unwrap();
    std::str::from_utf8(digits).unwrap().parse().unwrap()
}

/// A filter without the name of its group.
fn plain(filter: &str) -> &str {
    match topic::share(filter) {
        Ok(Some((_, filter))) => filter,
        _ => filter,
    }
}
