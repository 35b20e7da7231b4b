//! Sending messages: what the user asks for, and what leaves when.

use crate::codec::{PacketId, Place, Properties, Publish, Qos, Version};

use super::expiry::count_down;
use super::outgoing::{failure_of_encoding, write_entry};
use super::packet_ids::Owner;
use super::queue::{Entry, Stage};
use super::{Event, Failure, Millis, Session, Span, size};

/// A message to publish.
#[derive(Clone, Copy, Debug)]
pub struct PublishRequest<'a> {
    /// The caller's number, given back when it is settled.
    pub token: u32,
    /// Topic name.
    pub topic: &'a str,
    /// The application's bytes.
    pub payload: &'a [u8],
    /// Quality of service.
    pub qos: Qos,
    /// Retain.
    pub retain: bool,
    /// A property block without its length; empty in 3.1.1.
    pub properties: &'a [u8],
    /// Emit [`Event::Stored`] when it is in the store (QoS 1 and 2).
    pub tell_stored: bool,
}

/// How far a publish is when the call returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Published {
    /// It is settled with this code (0: handed over for sending), and no event follows.
    Settled(u32),
    /// [`Event::Done`] will settle it.
    Pending,
}

impl Session {
    /// Publishes a message. QoS 0 counts as done when it is handed over for sending.
    pub fn publish(&mut self, now: Millis, request: PublishRequest<'_>) -> Published {
        self.tick(now);
        match self.try_publish(&request) {
            Ok(published) => published,
            Err(failure) => Published::Settled(failure.code()),
        }
    }

    /// The same for a caller who does not wait for the answer: what it settles at once is told by [`Event::Done`] too, unless the token is 0.
    pub fn publish_and_tell(&mut self, now: Millis, request: PublishRequest<'_>) {
        match self.publish(now, request) {
            Published::Settled(code) if request.token != 0 => self.done(request.token, code),
            _ => {}
        }
    }

    fn try_publish(&mut self, request: &PublishRequest<'_>) -> Result<Published, Failure> {
        self.refuse_when_stopped()?;
        let properties = self.outgoing_properties(request.properties)?;
        let expires = self.expires(&properties);
        let mut publish = Publish {
            dup: false,
            qos: request.qos,
            retain: request.retain,
            topic: request.topic,
            packet_id: None,
            properties: match self.version {
                Version::V5 => properties,
                // Where the user left the choice of the protocol; how long it may wait here still holds.
                Version::V311 => Properties::EMPTY,
            },
            payload: request.payload,
        };
        if self.is_online() {
            // A SUBSCRIBE that was asked for before this message leaves before it.
            self.send_requests();
            self.check_limits(publish.qos, publish.retain)?;
            if publish.qos == Qos::AtMostOnce && self.sends() {
                self.write_checked(&publish)?;
                return Ok(Published::Settled(0));
            }
        }
        if let Some(over) = self.settle_offline(publish.qos) {
            return over.map(|()| Published::Settled(0));
        }
        if publish.qos != Qos::AtMostOnce {
            // Any identifier will do until it is sent.
            publish.packet_id = Some(PacketId::MIN);
        }
        let (sequence, stored_in) = self.enqueue(request.token, &publish, expires)?;
        if request.tell_stored && publish.packet_id.is_some() {
            let (token, id) = (request.token, sequence);
            self.store.tell(stored_in, Event::Stored { token, id });
            if !self.store.durable() {
                self.store.tell_committed(&mut self.out.events);
            }
        }
        Ok(Published::Pending)
    }

    /// A user's property block for PUBLISH. Topic Alias is not the user's to choose, Subscription Identifier not a client's to send `[MQTT-3.3.4-6]`.
    fn outgoing_properties<'a>(&self, raw: &'a [u8]) -> Result<Properties<'a>, Failure> {
        if raw.is_empty() {
            return Ok(Properties::EMPTY);
        }
        match Properties::parse(raw, Place::PublishFromClient) {
            Ok(properties) if self.config.version == Version::V5 && properties.topic_alias().is_none() => {
                Ok(properties)
            }
            _ => Err(Failure::InvalidProperties),
        }
    }

    fn check_limits(&self, qos: Qos, retain: bool) -> Result<(), Failure> {
        if qos.bits() > self.link.limits.maximum_qos {
            return Err(Failure::QosNotSupported);
        }
        if retain && !self.link.limits.retain {
            return Err(Failure::RetainNotAvailable);
        }
        Ok(())
    }

    /// Puts a message behind all others, and sends it at once if nothing is before it. Returns its number and the batch that carries it.
    fn enqueue(&mut self, token: u32, publish: &Publish<'_>, expires: Option<Millis>) -> Result<(u64, u64), Failure> {
        let mut wire = Vec::new();
        publish.encode(self.version, &mut wire).map_err(failure_of_encoding)?;
        let stage = match publish.qos {
            Qos::AtMostOnce => Stage::WaitingAtMostOnce,
            _ => Stage::Waiting,
        };
        let at_once = self.sends() && self.window_is_open() && self.queue.len(Stage::Waiting) == 0;
        self.make_room(publish, wire.len(), at_once)?;
        let sequence = self.next_sequence;
        self.next_sequence = sequence.wrapping_add(1);
        let (payload_length, properties_length) = (publish.payload.len(), publish.properties.raw().len());
        let tail = payload_length.saturating_add(match self.version {
            Version::V5 => properties_length.saturating_add(size::variable_length(properties_length)),
            Version::V311 => 0,
        });
        let id_length = if stage == Stage::Waiting { 2 } else { 0 };
        let entry = Entry {
            id_at: wire.len().saturating_sub(tail).saturating_sub(id_length),
            wire,
            topic_length: publish.topic.len(),
            properties_length,
            payload_length,
            retain: publish.retain,
            expires,
            ..Entry::new(token, sequence, publish.qos)
        };
        let slot = self.queue.push(stage, entry);
        self.pump();
        if let Some(entry) = self.queue.get(slot).filter(|entry| entry.sequence == sequence) {
            if !entry.sent {
                self.watch_age(entry.expires);
            }
            if self.queue.stage(slot) == Some(Stage::Waiting) {
                self.set_packet_id(slot, None);
            }
            self.note_latest(slot);
        }
        Ok((sequence, self.queue.get(slot).map_or(0, |entry| entry.stored_in)))
    }

    fn window_is_open(&self) -> bool {
        self.link.quota > 0 && self.queue.len(Stage::Resending) == 0
    }

    /// Sends whatever may be sent now, in publishing order. Only PUBLISH waits for the window `[MQTT-3.3.4-7]`, and only above QoS 0.
    pub(super) fn pump(&mut self) {
        while self.sends() {
            if self.link.quota > 0
                && let Some(slot) = self.queue.first(Stage::Resending)
            {
                self.resend(slot);
                continue;
            }
            let early = self.queue.first(Stage::WaitingAtMostOnce);
            let next = self.queue.first(Stage::Waiting).filter(|_| self.window_is_open());
            match (early, next) {
                (Some(slot), None) => self.send_waiting(slot),
                (Some(slot), Some(other)) if self.sequence(slot) < self.sequence(other) => self.send_waiting(slot),
                (_, Some(slot)) => {
                    if !self.promote(slot) {
                        return;
                    }
                }
                (None, None) => return,
            }
        }
    }

    /// Sends what an earlier connection left unfinished, unless the broker takes less than it did then.
    fn resend(&mut self, slot: u32) {
        match self
            .queue
            .get(slot)
            .map_or(Ok(()), |entry| self.check_entry(entry, Stage::Resending))
        {
            Ok(()) => self.begin(slot),
            Err(failure) => self.give_up(slot, failure),
        }
    }

    pub(super) fn sequence(&self, slot: u32) -> u64 {
        self.queue.get(slot).map_or(0, |entry| entry.sequence)
    }

    /// A QoS 0 message that waited for the link.
    fn send_waiting(&mut self, slot: u32) {
        let Some(mut entry) = self.queue.remove(slot) else {
            return;
        };
        count_down(&mut entry, self.now);
        let sent = self
            .check_entry(&entry, Stage::WaitingAtMostOnce)
            .map(|()| write_entry(&entry, self.version, &mut self.link, &mut self.out.transmit));
        self.done(entry.token, sent.map_or_else(Failure::code, |()| 0));
    }

    /// Whether it may leave, and the broker takes it on this connection `[MQTT-3.2.2-11]`, `[MQTT-3.2.2-14]`, `[MQTT-3.2.2-15]`.
    fn check_entry(&self, entry: &Entry, stage: Stage) -> Result<(), Failure> {
        self.check_age(entry, stage)?;
        self.check_limits(entry.qos, entry.retain)?;
        if entry.wire.len() > self.link.limits.maximum_packet_size as usize {
            Err(Failure::PacketTooLarge)
        } else {
            Ok(())
        }
    }

    /// Gives the first waiting message an identifier and sends it, or refuses it; false if there is no identifier.
    fn promote(&mut self, slot: u32) -> bool {
        let Some(entry) = self.queue.get(slot) else {
            return false;
        };
        if let Err(failure) = self.check_entry(entry, Stage::Waiting) {
            self.give_up(slot, failure);
            return true;
        }
        let Some(id) = self.packet_ids.allocate(Owner::Publish(slot)) else {
            return false;
        };
        self.set_packet_id(slot, Some(id));
        self.begin(slot);
        true
    }

    /// Takes a place in the window and sends.
    fn begin(&mut self, slot: u32) {
        self.queue.move_to(slot, Stage::Publishing);
        self.link.quota = self.link.quota.saturating_sub(1);
        if let Some(entry) = self.queue.get_mut(slot) {
            entry.counted = true;
        }
        self.emit_publish(slot);
    }

    /// Settles a message that never left; false if there is none with this token.
    pub(super) fn cancel_publish(&mut self, token: u32) -> bool {
        // Only a store can hold back what has an identifier.
        let stages = if self.store.durable() { 4 } else { 2 };
        for stage in [
            Stage::WaitingAtMostOnce,
            Stage::Waiting,
            Stage::Resending,
            Stage::Publishing,
        ]
        .into_iter()
        .take(stages)
        {
            let mut next = self.queue.first(stage);
            while let Some(slot) = next {
                next = self.queue.next(slot);
                if self
                    .queue
                    .get(slot)
                    .is_some_and(|entry| entry.token == token && !entry.sent)
                {
                    self.settle(slot, Failure::Cancelled.code(), Span::default());
                    self.pump();
                    return true;
                }
            }
        }
        false
    }
}
