//! What the client sends, held against the rules.

use hawser::codec::{self, Connect, Packet, PacketId, Property, Publish, Qos, Sender, Subscribe, Version};

use super::wire::{Request, Unfinished, Wire};

impl Wire {
    /// Bytes that the engine has sent.
    pub fn send(&mut self, bytes: &[u8]) {
        self.link.sent += bytes.len();
        let mut rest = bytes;
        while !rest.is_empty() {
            let size = codec::packet_size(rest, u32::MAX)
                .ok()
                .flatten()
                .expect("a whole packet");
            let (packet, behind) = rest.split_at_checked(size).expect("a whole packet");
            self.on_sent(packet);
            rest = behind;
        }
    }

    fn on_sent(&mut self, bytes: &[u8]) {
        // Type, length, and the name with its length: then comes the level (3.1.2.2).
        let level = bytes.iter().skip_while(|byte| **byte != b'M').nth(4);
        if let (0x10, Some(level)) = (bytes[0], level) {
            self.version = if *level == 4 { Version::V311 } else { Version::V5 };
        }
        let packet = codec::decode(bytes, self.version, Sender::Client)
            .unwrap_or_else(|error| panic!("{error}: {bytes:02X?} was sent"));
        assert!(!self.link.said_goodbye, "[MQTT-3.14.4-1] {packet:?} after DISCONNECT");
        assert_eq!(
            matches!(packet, Packet::Connect(_)),
            !self.link.said_connect,
            "[MQTT-3.1.0-1] CONNECT comes first, and once: {packet:?}"
        );
        if let Packet::Connect(connect) = &packet {
            return self.on_connect(connect);
        }
        assert!(bytes.len() <= self.link.limits.packet, "[MQTT-3.2.2-15] {packet:?}");
        match &packet {
            Packet::Auth(_) => return,
            Packet::Disconnect(_) => self.link.said_goodbye = true,
            _ => {}
        }
        assert!(self.link.accepted, "{packet:?} before CONNACK");
        match &packet {
            Packet::Publish(publish) => self.on_published(publish),
            Packet::PubAck(ack) => self.was_due(0, ack.packet_id, true),
            Packet::PubRec(ack) => self.was_due(1, ack.packet_id, ack.reason.is_error()),
            Packet::PubComp(ack) => self.was_due(2, ack.packet_id, !ack.reason.is_error()),
            Packet::PubRel(ack) => self.on_release(ack.packet_id),
            Packet::Subscribe(subscribe) => self.on_subscribe(subscribe),
            Packet::Unsubscribe(unsubscribe) => {
                let count = unsubscribe.filters.iter().count();
                self.take_id(unsubscribe.packet_id);
                let request = Request::Unsubscribe(count);
                self.link.requests.insert(unsubscribe.packet_id, request);
            }
            Packet::PingReq | Packet::Disconnect(_) => {}
            other => panic!("{other:?} is not a client's to send"),
        }
    }

    fn on_connect(&mut self, connect: &Connect<'_>) {
        self.link.said_connect = true;
        if connect.clean_start {
            self.forget_session();
        }
    }

    /// PUBREL answers PUBREC; or it gives up what the broker of a resumed session does not take any more, but may have.
    fn on_release(&mut self, id: PacketId) {
        let given_up =
            |message: &&mut Unfinished| message.qos == Qos::ExactlyOnce && !message.here && !message.released;
        if let Some(message) = self.unfinished.get_mut(&id).filter(given_up) {
            assert!(self.link.resumed, "PUBREL in a session that was not resumed");
            message.released = true;
        } else {
            let left = self.link.releases.checked_sub(1);
            self.link.releases = left.expect("PUBREL without a PUBREC");
        }
    }

    fn was_due(&mut self, kind: usize, id: PacketId, is_final: bool) {
        if is_final {
            self.link.unanswered = self.link.unanswered.saturating_sub(1);
        }
        let due = self.link.due[kind].pop_front();
        assert_eq!(due, Some(id), "an acknowledgement that is not due, or not yet");
    }

    fn take_id(&self, id: PacketId) {
        let used = self.unfinished.contains_key(&id) || self.link.requests.contains_key(&id);
        assert!(!used, "[MQTT-2.2.1-3] identifier {id} is in use");
    }

    fn on_published(&mut self, publish: &Publish<'_>) {
        let limits = &self.link.limits;
        assert!(publish.qos.bits() <= limits.qos, "[MQTT-3.2.2-11]");
        assert!(!publish.retain || limits.retain, "[MQTT-3.2.2-14]");
        let topic = self.topic_of(publish);
        let Some(id) = publish.packet_id else {
            return;
        };
        let properties: Vec<Property<'_>> = publish
            .properties
            .iter()
            // An alias belongs to a connection, and what is left of a message's time runs down while it waits (3.3.2.3.3).
            .filter(|property| !matches!(property, Property::TopicAlias(_) | Property::MessageExpiryInterval(_)))
            .collect();
        let properties = format!("{properties:?}");
        let content = format!("{topic} {:?} {} {:?}", publish.qos, publish.retain, publish.payload);
        assert!(
            !publish.dup || self.link.resumed,
            "[MQTT-4.4.0-1] DUP in a session that was not resumed"
        );
        let earlier = self.unfinished.get_mut(&id).filter(|_| publish.dup);
        if let Some(earlier) = earlier {
            assert_eq!(earlier.content, content, "sent again otherwise");
            assert!(
                self.version == Version::V311 || earlier.properties == properties,
                "sent again otherwise"
            );
            assert!(!earlier.released, "[MQTT-4.3.3-6] sent again after PUBREC");
            assert!(!earlier.here, "[MQTT-4.4.0-1] sent twice on one connection");
            earlier.here = true;
        } else {
            assert!(!publish.dup || self.may_have_dropped, "DUP on what was never sent");
            self.take_id(id);
            let message = Unfinished {
                qos: publish.qos,
                content,
                properties,
                here: true,
                released: false,
            };
            self.unfinished.insert(id, message);
        }
        let count = self.unfinished.values().filter(|message| message.here).count();
        assert!(
            count <= self.link.limits.receive_maximum,
            "[MQTT-3.3.4-7] {count} unfinished"
        );
    }

    fn topic_of(&mut self, publish: &Publish<'_>) -> String {
        let Some(alias) = publish.properties.topic_alias() else {
            return publish.topic.into();
        };
        assert!(alias <= self.link.limits.alias, "[MQTT-3.2.2-17]");
        if !publish.topic.is_empty() {
            self.link.aliases_out.insert(alias, publish.topic.into());
        }
        let known = self.link.aliases_out.get(&alias);
        known.expect("an alias that stands for something").clone()
    }

    fn on_subscribe(&mut self, subscribe: &Subscribe<'_>) {
        let limits = &self.link.limits;
        let mut count = 0;
        for (filter, _) in subscribe.filters.iter() {
            count += 1;
            assert!(
                limits.wildcards || !filter.contains(['+', '#']),
                "[MQTT-3.2.2-19] {filter}"
            );
            let shared = self.version == Version::V5 && filter.starts_with("$share/");
            assert!(
                limits.shared || !shared,
                "{filter} where shared subscriptions are not available"
            );
        }
        let identified = subscribe.properties.subscription_identifier().is_some();
        assert!(
            limits.identifiers || !identified,
            "an identifier where none are available"
        );
        self.take_id(subscribe.packet_id);
        let request = Request::Subscribe(count);
        self.link.requests.insert(subscribe.packet_id, request);
    }
}
