//! The answers to our messages: PUBACK, PUBREC and PUBCOMP, and what becomes of messages when the link or the session is lost.

use crate::codec::{Ack, PacketId, Qos, ReasonCode, Version};

use super::outgoing::store_entry;
use super::packet_ids::Owner;
use super::queue::Stage;
use super::write_ahead::{Held, Lane};
use super::{Failure, Fault, Session, Span};

/// The first byte of PUBREL.
pub(super) const PUBREL: u8 = 0x62;
const DUP: u8 = 0b1000;

/// Whom an answer with some identifier is for.
enum Target {
    /// The message in this slot.
    Message(u32),
    /// Nobody: a late answer, or one to a message that was not sent on this connection. It completes nothing.
    Nobody,
}

impl Session {
    /// QoS 1 is done, for better or worse `[MQTT-4.4.0-2]`. Here and below, `end` is where the packet ends in the input buffer.
    pub(super) fn on_puback(&mut self, ack: &Ack<'_>, end: usize) -> Result<(), Fault> {
        if let Target::Message(slot) = self.target(ack.packet_id, Qos::AtLeastOnce)? {
            self.finish(slot, u32::from(ack.reason.0), ack, end);
        }
        Ok(())
    }

    /// QoS 2 has arrived, or was refused.
    pub(super) fn on_pubrec(&mut self, ack: &Ack<'_>, end: usize) -> Result<(), Fault> {
        match self.target(ack.packet_id, Qos::ExactlyOnce)? {
            Target::Message(slot) if self.queue.stage(slot) == Some(Stage::Releasing) => {
                // PUBREL was lost, or is on its way; a refusal comes too late [MQTT-4.3.3-5].
                if !ack.reason.is_error() {
                    self.emit_release(slot);
                }
            }
            Target::Message(slot) if ack.reason.is_error() => self.finish(slot, u32::from(ack.reason.0), ack, end),
            Target::Message(slot) => self.begin_release(slot, u32::from(ack.reason.0)),
            // A message that has yet to be sent on this connection must not be released before it: it would arrive twice.
            Target::Nobody if !ack.reason.is_error() && self.packet_ids.owner(ack.packet_id).is_none() => {
                self.write_pubrel(ack.packet_id, false);
            }
            Target::Nobody => {}
        }
        Ok(())
    }

    /// QoS 2 is done. That the broker did not know the identifier any more (0x92) says that it was done before: what counts is what PUBREC said.
    pub(super) fn on_pubcomp(&mut self, ack: &Ack<'_>, end: usize) -> Result<(), Fault> {
        if let Target::Message(slot) = self.target(ack.packet_id, Qos::ExactlyOnce)? {
            if self.queue.stage(slot) != Some(Stage::Releasing) {
                return Err(Fault::protocol("PUBCOMP for a message that was not released"));
            }
            let code = self.queue.get(slot).map_or(0, |entry| entry.outcome);
            self.finish(slot, code, ack, end);
        }
        Ok(())
    }

    /// Finds the message an answer is for. An identifier of something else is the broker's fault; an unknown one is not worth a connection.
    fn target(&self, id: PacketId, qos: Qos) -> Result<Target, Fault> {
        let slot = match self.packet_ids.owner(id) {
            Some(Owner::Publish(slot)) => slot,
            Some(_) => return Err(Fault::protocol("acknowledgement of a subscription as a message")),
            None => return Ok(Target::Nobody),
        };
        let Some(entry) = self.queue.get(slot) else {
            return Ok(Target::Nobody);
        };
        if entry.qos != qos {
            return Err(Fault::protocol("acknowledgement of another QoS"));
        }
        match self.queue.stage(slot) {
            Some(Stage::Publishing) if !entry.held => Ok(Target::Message(slot)),
            Some(Stage::Releasing) => Ok(Target::Message(slot)),
            _ => Ok(Target::Nobody),
        }
    }

    fn finish(&mut self, slot: u32, code: u32, ack: &Ack<'_>, end: usize) {
        let properties = self.refer(&ack.properties, end);
        self.settle(slot, code, properties);
        self.pump();
    }

    /// Gives up a message that this connection has no place for; one that has left before may have arrived all the same. A broker that has had it at
    /// QoS 2 keeps its identifier until PUBREL comes, and would take the next message with that identifier for this one `[MQTT-4.3.3-10]`.
    pub(super) fn give_up(&mut self, slot: u32, failure: Failure) {
        let Some(entry) = self.queue.get(slot) else {
            return;
        };
        let failure = if entry.sent { Failure::Indeterminate } else { failure };
        if entry.dup && entry.qos == Qos::ExactlyOnce {
            self.begin_release(slot, failure.code());
        } else {
            self.settle(slot, failure.code(), Span::default());
        }
    }

    /// PUBREL takes the place of PUBLISH.
    fn begin_release(&mut self, slot: u32, outcome: u32) {
        self.queue.release(slot);
        self.queue.move_to(slot, Stage::Releasing);
        if let Some(entry) = self.queue.get_mut(slot) {
            entry.outcome = outcome;
            entry.stored_in = store_entry(&mut self.store, entry);
        }
        self.emit_release(slot);
    }

    /// Sends PUBREL, or holds it until the store has it.
    fn emit_release(&mut self, slot: u32) {
        let Some(entry) = self.queue.get_mut(slot) else {
            return;
        };
        let Some(id) = entry.packet_id else {
            return;
        };
        if !entry.held && self.store.may_leave(entry.stored_in, Lane::Release) {
            self.write_pubrel(id, true);
        } else if !entry.held {
            entry.held = true;
            self.store.hold(entry.stored_in, Held::Release(id));
        }
    }

    fn write_pubrel(&mut self, id: PacketId, known: bool) {
        self.link.wrote();
        let [high, low] = id.get().to_be_bytes();
        if known || self.version == Version::V311 {
            self.out.transmit.extend_from_slice(&[PUBREL, 2, high, low]);
        } else {
            let reason = ReasonCode::PACKET_IDENTIFIER_NOT_FOUND.0;
            self.out.transmit.extend_from_slice(&[PUBREL, 3, high, low, reason]);
        }
    }

    /// A held packet may leave, if it still has to.
    pub(super) fn release_held(&mut self, held: Held) {
        match held {
            Held::Publish(id) => {
                if let Some(slot) = self.held_message(id, Stage::Publishing) {
                    match self
                        .queue
                        .get(slot)
                        .map(|entry| self.check_age(entry, Stage::Publishing))
                    {
                        Some(Err(failure)) => {
                            self.settle(slot, failure.code(), Span::default());
                            self.pump();
                        }
                        _ => self.write_publish(slot),
                    }
                }
            }
            Held::Release(id) => {
                if let Some(slot) = self.held_message(id, Stage::Releasing)
                    && let Some(entry) = self.queue.get_mut(slot)
                {
                    entry.held = false;
                    self.write_pubrel(id, true);
                }
            }
            Held::Answer(answer) => self.write_answer(answer),
        }
    }

    /// The message that waits under `id`: since it was held it may have been cancelled, and the identifier given to another.
    fn held_message(&self, id: PacketId, stage: Stage) -> Option<u32> {
        let Some(Owner::Publish(slot)) = self.packet_ids.owner(id) else {
            return None;
        };
        let entry = self.queue.get(slot)?;
        let waits = entry.held && self.store.is_committed(entry.stored_in) && self.queue.stage(slot) == Some(stage);
        waits.then_some(slot)
    }

    /// The connection is gone: what was sent on it and not finished is to be sent again, if the session lives `[MQTT-4.4.0-1]`.
    pub(super) fn suspend_messages(&mut self) {
        for stage in [Stage::Publishing, Stage::Releasing] {
            let mut next = self.queue.first(stage);
            while let Some(slot) = next {
                next = self.queue.next(slot);
                if let Some(entry) = self.queue.get_mut(slot) {
                    (entry.held, entry.counted) = (false, false);
                }
            }
        }
        self.queue.move_all_before(Stage::Publishing, Stage::Resending);
    }

    /// The broker still has the session: PUBREL in the order of the PUBRECs `[MQTT-4.6.0-4]`, then PUBLISH in the order of publishing `[MQTT-4.6.0-1]`.
    pub(super) fn resume_messages(&mut self) {
        let mut next = self.queue.first(Stage::Releasing);
        while let Some(slot) = next {
            next = self.queue.next(slot);
            self.emit_release(slot);
        }
    }

    /// The broker has lost the session. QoS 1 starts anew, before everything that waits. Of QoS 2 that was sent nobody can know whether it arrived (it
    /// starts anew only if the user prefers it twice to not at all), and neither of anything that is too old to be sent anew.
    pub(super) fn restart_messages(&mut self) {
        while let Some(slot) = self.queue.first(Stage::Releasing) {
            self.settle(slot, Failure::Indeterminate.code(), Span::default());
        }
        let mut next = self.queue.first(Stage::Resending);
        while let Some(slot) = next {
            next = self.queue.next(slot);
            let Some(entry) = self.queue.get_mut(slot) else {
                continue;
            };
            let over = entry.expires.is_some_and(|at| at < self.now);
            let exactly_once = entry.qos == Qos::ExactlyOnce && !self.config.resend_qos2;
            if entry.dup && (exactly_once || over) {
                self.settle(slot, Failure::Indeterminate.code(), Span::default());
                continue;
            }
            entry.dup = false;
            if let Some(first) = entry.wire.first_mut() {
                *first &= !DUP;
            }
            let expires = entry.expires;
            if let Some(id) = entry.packet_id {
                self.packet_ids.release(id);
            }
            self.watch_age(expires);
            self.set_packet_id(slot, None);
        }
        self.queue.move_all_before(Stage::Resending, Stage::Waiting);
    }

    /// The end: every message settles. The store keeps them, for a session that outlives this one.
    pub(super) fn settle_messages(&mut self, failure: Failure) {
        for stage in [
            Stage::Releasing,
            Stage::Publishing,
            Stage::Resending,
            Stage::Waiting,
            Stage::WaitingAtMostOnce,
        ] {
            while let Some(entry) = self.queue.first(stage).and_then(|slot| self.queue.remove(slot)) {
                if let Some(id) = entry.packet_id {
                    self.packet_ids.release(id);
                }
                self.done(entry.token, failure.code());
            }
        }
    }
}
