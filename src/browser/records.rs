//! Engine events as flat `u32` records: the layout is the record table of the crate's architecture page.

use crate::codec::Version;
use crate::session::{Cause, Connected, Event, Message, PacketTrace, Restored, Settled, Span, State};

/// Kind of a record: bits 0-7 of its word 0.
pub mod kind {
    pub const STATUS: u32 = 1;
    pub const CONNECTED: u32 = 2;
    pub const TOPIC: u32 = 3;
    pub const MESSAGE: u32 = 4;
    pub const DONE: u32 = 5;
    pub const SUBSCRIBED: u32 = 6;
    pub const UNSUBSCRIBED: u32 = 7;
    pub const PREPARE: u32 = 8;
    pub const PACKET: u32 = 9;
    pub const IDENTIFIER: u32 = 10;
    pub const AUTHENTICATE: u32 = 11;
    pub const STORED: u32 = 12;
    pub const READY: u32 = 13;
    pub const CLAIMED: u32 = 14;
    pub const STALLED: u32 = 15;
    pub const RESTORED: u32 = 16;
    pub const GAP: u32 = 17;
    pub const STORAGE: u32 = 18;
    pub const FILTER: u32 = 19;
}

/// Longest text in a record, in bytes: the longest string that MQTT knows. Two of them fit the 16 bits of a record's length.
const TEXT_MAX: usize = 65_535;

/// A growing run of records. Reused from delivery to delivery.
#[derive(Debug, Default)]
pub struct Records {
    words: Vec<u32>,
}

impl Records {
    /// The records so far, each beginning with its word 0.
    pub fn words(&self) -> &[u32] {
        &self.words
    }

    /// Forgets all records and keeps the allocation.
    pub fn clear(&mut self) {
        self.words.clear();
    }

    /// Writes the record of an event.
    pub fn event(&mut self, event: &Event) {
        match event {
            Event::Status(state) => self.status(state),
            Event::Connected(connected) => self.connected(connected),
            Event::Topic { id, name } => self.record(kind::TOPIC, 0, &[*id], &[name]),
            Event::Message(message) => self.message(message),
            Event::Identifier { token, identifier } => self.record(kind::IDENTIFIER, 0, &[*token, *identifier], &[]),
            Event::Ready { delivery } => self.record(kind::READY, 0, &[*delivery], &[]),
            Event::Claimed {
                token,
                verdict,
                missing,
            } => self.record(kind::CLAIMED, 0, &[*token, *verdict as u32, *missing], &[]),
            Event::Stalled { delivery, waited } => self.record(kind::STALLED, 0, &[*delivery, *waited], &[]),
            Event::Done(settled) => self.settled(kind::DONE, settled),
            Event::Subscribed(settled) => self.settled(kind::SUBSCRIBED, settled),
            Event::Unsubscribed(settled) => self.settled(kind::UNSUBSCRIBED, settled),
            Event::Prepare { attempt, redirect } => {
                let (permanent, reference) = redirect
                    .as_ref()
                    .map_or((false, ""), |redirect| (redirect.permanent, &redirect.reference));
                self.record(kind::PREPARE, permanent.into(), &[*attempt], &[reference]);
            }
            Event::Authenticate {
                exchange,
                step,
                properties: Span { offset, length },
            } => self.record(kind::AUTHENTICATE, (*step).into(), &[*exchange, *offset, *length], &[]),
            Event::Packet(trace) => self.packet(trace),
            Event::Stored { token, id } => self.record(kind::STORED, 0, &[*token, *id as u32, (*id >> 32) as u32], &[]),
            Event::Restored(message) => self.restored(message),
            Event::Filter { identifier, filter } => self.record(kind::FILTER, 0, &[*identifier], &[filter]),
            Event::Gap(gap) => self.record(kind::GAP, *gap as u32, &[], &[]),
            Event::Storage {
                durability,
                fault,
                detail,
            } => {
                let fault = fault.map_or(0, |fault| fault as u32);
                self.record(kind::STORAGE, *durability as u32, &[fault], &[detail]);
            }
        }
    }

    fn status(&mut self, state: &State) {
        let (flags, attempt, phase, at, cause) = match state {
            State::Idle => (0, 0, 0, 0, None),
            State::Connecting {
                attempt,
                phase,
                version,
                since,
                cause,
            } => {
                let state = 1 | u32::from(*version == Version::V311) << 7;
                (state, *attempt, *phase as u32, since.0, cause.as_deref())
            }
            State::Online { attempt, since } => (2, *attempt, 0, since.0, None),
            State::Waiting {
                attempt,
                retry_at,
                cause,
            } => (3, *attempt, 0, retry_at.0, Some(&**cause)),
            State::Stopped { cause } => (4, 0, 0, 0, Some(&**cause)),
        };
        let (cause_kind, code) = cause.map_or((0, 0), |cause| (cause.kind(), cause.code()));
        let texts = [
            cause.map_or("", Cause::detail),
            cause.map_or("", Cause::server_reference),
        ];
        let at = [at as u32, (at >> 32) as u32];
        self.record(
            kind::STATUS,
            flags,
            &[attempt, phase, at[0], at[1], cause_kind, code],
            &texts,
        );
    }

    fn connected(&mut self, connected: &Connected) {
        let limits = &connected.limits;
        let available = u32::from(limits.retain)
            | u32::from(limits.wildcard_subscriptions) << 1
            | u32::from(limits.subscription_ids) << 2
            | u32::from(limits.shared_subscriptions) << 3;
        let Span { offset, length } = connected.properties;
        let fields = [
            connected.keep_alive.into(),
            connected.session_expiry,
            limits.receive_maximum.into(),
            limits.maximum_qos.into(),
            limits.maximum_packet_size,
            limits.topic_alias_maximum.into(),
            available,
            offset,
            length,
        ];
        let flags = u32::from(connected.session_present) | u32::from(connected.v5) << 1;
        self.record(kind::CONNECTED, flags, &fields, &[&connected.client_id]);
    }

    fn message(&mut self, message: &Message) {
        let Message {
            topic,
            payload,
            properties,
            flags,
            packet_id,
            delivery,
            identifiers,
        } = message;
        let start = self.words.len();
        let fields = [
            *topic,
            payload.offset,
            payload.length,
            properties.offset,
            properties.length,
            u32::from(*packet_id),
            *delivery,
        ];
        self.words.push(0);
        self.words.extend_from_slice(&fields);
        self.words.extend_from_slice(identifiers);
        self.finish(start, kind::MESSAGE, u32::from(*flags));
    }

    fn restored(&mut self, message: &Restored) {
        let id = [message.id as u32, (message.id >> 32) as u32];
        let fields = [message.token, id[0], id[1], message.payload];
        self.record(kind::RESTORED, message.flags.into(), &fields, &[&message.topic]);
    }

    fn settled(&mut self, kind: u32, settled: &Settled) {
        let Span { offset, length } = settled.properties;
        let fields = [settled.token, settled.code, offset, length];
        let used = if length == 0 { 2 } else { 4 };
        self.record(kind, 0, &fields[..used], &[]);
    }

    fn packet(&mut self, trace: &PacketTrace) {
        let flags = u32::from(trace.outgoing) | u32::from(trace.packet_type) << 4;
        let fields = [
            trace.packet_id.into(),
            trace.size,
            trace.flags.into(),
            trace.reason.into(),
        ];
        self.record(kind::PACKET, flags, &fields, &[&trace.topic]);
    }

    /// Writes one record; `fields` are the words after word 0, `texts` follow them.
    fn record(&mut self, kind: u32, flags: u32, fields: &[u32], texts: &[&str]) {
        let start = self.words.len();
        self.words.push(0);
        self.words.extend_from_slice(fields);
        for text in texts {
            self.text(text);
        }
        self.finish(start, kind, flags);
    }

    /// Writes word 0 of the record that begins at `start`.
    fn finish(&mut self, start: usize, kind: u32, flags: u32) {
        let length = (self.words.len() - start) as u32;
        if let Some(word) = self.words.get_mut(start) {
            *word = kind | length << 8 | flags << 24;
        }
    }

    fn text(&mut self, text: &str) {
        let bytes = &text.as_bytes()[..cut(text)];
        self.words.push(bytes.len() as u32);
        let (whole, rest) = bytes.as_chunks::<4>();
        self.words.extend(whole.iter().map(|word| u32::from_le_bytes(*word)));
        if !rest.is_empty() {
            let mut last = [0; 4];
            last[..rest.len()].copy_from_slice(rest);
            self.words.push(u32::from_le_bytes(last));
        }
    }
}

/// Length of the longest prefix of `text` that fits [`TEXT_MAX`] and ends at a character.
fn cut(text: &str) -> usize {
    let mut end = text.len().min(TEXT_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Refusal;

    fn written(event: &Event) -> Vec<u32> {
        let mut records = Records::default();
        records.event(event);
        records.words().to_vec()
    }

    #[test]
    fn text_over_the_longest_mqtt_string_is_cut_at_a_character() {
        let name = "é".repeat(40_000);
        let words = written(&Event::Topic {
            id: 0,
            name: name.into(),
        });
        assert_eq!(words[2], 65_534);
        assert_eq!(words[0] >> 8 & 0xFFFF, words.len() as u32);
    }

    #[test]
    fn the_longest_record_fits_its_length_field() {
        let refusal = Refusal {
            reason: 0x9C,
            reason_string: "r".repeat(65_535),
            server_reference: "s".repeat(65_535),
        };
        let words = written(&Event::Status(Box::new(State::Stopped {
            cause: Cause::Refused(refusal).into(),
        })));
        assert_eq!(words[0] >> 8 & 0xFFFF, words.len() as u32);
    }
}
