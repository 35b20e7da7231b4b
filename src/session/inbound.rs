//! Messages from the broker, and the answers to them.

use core::str;

use crate::codec::{Ack, PacketId, Properties, Publish, Qos, ReasonCode, Version};

use super::deliveries::Earlier;
use super::write_ahead::{Answer, Held, Lane};
use super::{Event, Fault, Message, Millis, Session, Span, StoreKey};

const PUBACK: u8 = 0x40;
pub(super) const PUBREC: u8 = 0x50;
const PUBCOMP: u8 = 0x70;
/// Flags of [`Message`]: held until READY; begun by an earlier page.
const HELD: u8 = 1 << 4;
pub(super) const INTERRUPTED: u8 = 1 << 5;
/// Identifiers of a message that are handed on at most: more than any set of filters has shapes, and few enough for a record.
const MAX_IDENTIFIERS: usize = 1_024;

impl Session {
    /// A message; `end` is where its packet ends in the input buffer.
    pub(super) fn on_publish(&mut self, publish: &Publish<'_>, end: usize) -> Result<(), Fault> {
        let topic = self.topic_of(publish)?;
        let Some(id) = publish.packet_id else {
            if self.is_bad_text(publish) {
                let detail = "a payload that is marked as text and is not UTF-8";
                return Err(Fault::new(ReasonCode::PAYLOAD_FORMAT_INVALID, detail));
            }
            self.deliver(publish, topic, end, 0, 0);
            return Ok(());
        };
        if publish.qos.bits() > self.link.limits.maximum_qos {
            let detail = "message above the Maximum QoS that the broker itself announced";
            return Err(Fault::new(ReasonCode::QOS_NOT_SUPPORTED, detail));
        }
        let exactly_once = publish.qos == Qos::ExactlyOnce;
        // In a session that may be another one only what comes again can be what is open here [MQTT-3.3.1-1].
        let open = exactly_once && self.open_inbound.contains(id) && (publish.dup || !self.link.doubtful);
        let earlier = if open || !exactly_once && publish.dup {
            self.deliveries.find(id, publish.qos)
        } else {
            Earlier::Unknown
        };
        match earlier {
            Earlier::InLine => return Ok(()),
            // Sent again: answered again, delivered once [MQTT-4.3.3-10].
            Earlier::Delivery(number) if exactly_once => {
                self.deliveries.answer(number, Answer::Rec(id));
                self.send_answers();
                return Ok(());
            }
            Earlier::Delivery(_) | Earlier::Unknown => {}
        }
        self.link.unanswered = self.link.unanswered.saturating_add(1);
        if self.version == Version::V5 && self.link.unanswered > usize::from(self.config.receive_maximum) {
            let detail = "more unanswered messages than our Receive Maximum";
            return Err(Fault::new(ReasonCode::RECEIVE_MAXIMUM_EXCEEDED, detail));
        }
        if let Earlier::Delivery(number) = earlier {
            self.deliveries.answer(number, Answer::Ack(id));
            self.send_answers();
            return Ok(());
        }
        if !publish.dup {
            self.deliveries.new_message();
        }
        if self.is_bad_text(publish) {
            self.deliveries.answer(0, Answer::NotText(id, publish.qos));
            self.send_answers();
            return Ok(());
        }
        let mut wire = Vec::new();
        let mut batch = 0;
        if exactly_once {
            self.open_inbound.insert(id);
            self.write_begun(publish, topic, &mut wire);
            batch = self.store.put(StoreKey::Inbound(id.get()), &wire);
        }
        let delivery = self.deliveries.add(id, publish.qos, wire, self.now);
        if batch == 0 {
            self.deliver(publish, topic, end, 0, delivery);
        } else {
            // Handed over when it is written down that it was: a handler never begins twice.
            self.deliver(publish, topic, end, HELD, delivery);
            self.store.tell(batch, Event::Ready { delivery });
        }
        Ok(())
    }

    /// Writes what the store keeps of a QoS 2 message until it is handled: its packet with the name of its topic. Nothing without a store; one that has
    /// failed may come back.
    fn write_begun(&self, publish: &Publish<'_>, topic: u32, wire: &mut Vec<u8>) {
        if self.config.durable {
            let named = Publish {
                topic: self.topics.name(topic),
                ..*publish
            };
            // What was decoded can be encoded.
            let _ = named.encode(self.version, wire);
        }
    }

    /// The application is done with these messages: their answers leave when it is their turn. Numbers that are not open are ignored.
    pub fn handled(&mut self, now: Millis, first: u32, count: u32) {
        self.tick(now);
        for number in (0..count).map(|at| first.wrapping_add(at)) {
            self.note_handled(number);
            while let Some(again) = self.confirm_claim(number) {
                self.note_handled(again);
            }
        }
        self.send_answers();
    }

    fn note_handled(&mut self, number: u32) {
        if let Some(id) = self.deliveries.handled(number) {
            self.store_handled(id);
        }
    }

    /// Sends the answers whose turn it is.
    fn send_answers(&mut self) {
        while let Some(answer) = self.deliveries.next_answer() {
            self.answer(answer, self.inbound_stored_in);
        }
        self.deliveries.clean(self.now);
    }

    /// Whether the payload is not the text that it is marked as (3.3.2.3.2), if the user wants to know.
    fn is_bad_text(&self, publish: &Publish<'_>) -> bool {
        self.config.check_payload_format
            && publish.properties.payload_format_indicator() == Some(1)
            && str::from_utf8(publish.payload).is_err()
    }

    /// A QoS 2 message is handled: PUBREC stands on that.
    pub(super) fn store_handled(&mut self, id: PacketId) {
        let [high, low] = id.get().to_be_bytes();
        self.inbound_stored_in = self.store.put(StoreKey::Inbound(id.get()), &[PUBREC, 2, high, low]);
    }

    /// The broker has given up a QoS 2 message. Always answered, also when the identifier is unknown `[MQTT-4.3.3-11]`.
    pub(super) fn on_pubrel(&mut self, ack: &Ack<'_>) {
        let id = ack.packet_id;
        let known = self.open_inbound.remove(id);
        self.deliveries.forget(id);
        // An identifier that is forgotten here may still stand in the store, if the link was lost before the commit: its next message would be
        // taken for a repetition after a crash.
        let batch = self.store.delete(StoreKey::Inbound(id.get()));
        self.answer(Answer::Comp(id, known), batch);
    }

    /// The session is lost, and with it the messages that were under way to us.
    pub(super) fn forget_inbound(&mut self) {
        if self.store.durable() {
            for id in self.open_inbound.iter() {
                self.store.delete(StoreKey::Inbound(id.get()));
            }
        }
        self.open_inbound.clear();
        self.deliveries.forget_all();
    }

    /// The number of a message's topic, from its name or its alias (3.3.2.3.4).
    fn topic_of(&mut self, publish: &Publish<'_>) -> Result<u32, Fault> {
        let alias = if publish.properties.is_empty() {
            None
        } else {
            publish.properties.topic_alias()
        };
        let Some(alias) = alias else {
            return Ok(self.intern(publish.topic));
        };
        if alias == 0 || alias > self.config.topic_alias_maximum {
            let detail = "topic alias above our Topic Alias Maximum";
            return Err(Fault::new(ReasonCode::TOPIC_ALIAS_INVALID, detail));
        }
        if !publish.topic.is_empty() {
            let id = self.intern(publish.topic);
            self.link.inbound_aliases.set(alias, publish.topic, id, &self.topics);
            return Ok(id);
        }
        match self.link.inbound_aliases.resolve(alias, &mut self.topics) {
            Some((id, announce)) => {
                if let Some(name) = announce {
                    let name = Box::from(name);
                    self.out.events.push(Event::Topic { id, name });
                }
                Ok(id)
            }
            None => Err(Fault::protocol("topic alias that stands for nothing")),
        }
    }

    pub(super) fn intern(&mut self, name: &str) -> u32 {
        let interned = self.topics.intern(name);
        if interned.new {
            let name = Box::from(name);
            self.out.events.push(Event::Topic { id: interned.id, name });
        }
        interned.id
    }

    /// The place of a property block that ends at `end` in the input buffer, for an event of this step.
    pub(super) fn refer(&mut self, properties: &Properties<'_>, end: usize) -> Span {
        let raw = properties.raw();
        if !raw.is_empty() {
            self.input.refer();
        }
        span(end.saturating_sub(raw.len()), raw)
    }

    pub(super) fn deliver(&mut self, publish: &Publish<'_>, topic: u32, end: usize, flags: u8, delivery: u32) {
        let payload_at = end.saturating_sub(publish.payload.len());
        let properties = publish.properties.raw();
        // A single copy for several filters names those only that have their identifier already.
        let named = if self.subscriptions.giving { 0 } else { MAX_IDENTIFIERS };
        self.input.refer();
        self.out.events.push(Event::Message(Message {
            topic,
            payload: span(payload_at, publish.payload),
            properties: span(payload_at.saturating_sub(properties.len()), properties),
            flags: flags | publish.qos.bits() | u8::from(publish.retain) << 2 | u8::from(publish.dup) << 3,
            packet_id: publish.packet_id.map_or(0, PacketId::get),
            delivery,
            identifiers: publish.properties.subscription_identifiers().take(named).collect(),
        }));
    }

    /// Sends an answer when `batch` is committed, and not before the answers that were made earlier `[MQTT-4.6.0-2]`, `[MQTT-4.6.0-3]`.
    fn answer(&mut self, answer: Answer, batch: u64) {
        if self.store.may_leave(batch, Lane::Answer) {
            self.write_answer(answer);
        } else {
            self.store.hold(batch, Held::Answer(answer));
        }
    }

    pub(super) fn write_answer(&mut self, answer: Answer) {
        let (first, id, reason) = match answer {
            Answer::Ack(id) => (PUBACK, id, ReasonCode::SUCCESS),
            Answer::Rec(id) => (PUBREC, id, ReasonCode::SUCCESS),
            Answer::Comp(id, true) => (PUBCOMP, id, ReasonCode::SUCCESS),
            Answer::Comp(id, false) => (PUBCOMP, id, ReasonCode::PACKET_IDENTIFIER_NOT_FOUND),
            Answer::NotText(id, Qos::ExactlyOnce) => (PUBREC, id, ReasonCode::PAYLOAD_FORMAT_INVALID),
            Answer::NotText(id, _) => (PUBACK, id, ReasonCode::PAYLOAD_FORMAT_INVALID),
        };
        let ends_exchange = match answer {
            Answer::Rec(_) | Answer::Comp(_, false) => false,
            Answer::Ack(_) | Answer::Comp(_, true) | Answer::NotText(..) => true,
        };
        if ends_exchange {
            self.link.answered = self.link.answered.saturating_add(1);
        }
        self.link.wrote();
        let [high, low] = id.get().to_be_bytes();
        if reason == ReasonCode::SUCCESS || self.version == Version::V311 {
            self.out.transmit.extend_from_slice(&[first, 2, high, low]);
        } else {
            self.out.transmit.extend_from_slice(&[first, 3, high, low, reason.0]);
        }
    }
}

/// The place of a slice that starts at `offset` in the input buffer.
const fn span(offset: usize, bytes: &[u8]) -> Span {
    if bytes.is_empty() {
        return Span { offset: 0, length: 0 };
    }
    Span {
        offset: offset as u32,
        length: bytes.len() as u32,
    }
}
