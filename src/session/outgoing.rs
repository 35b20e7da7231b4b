//! Our messages on the wire: identifiers, DUP, aliases, and the end of each.

use core::str;

use crate::codec::{EncodeError, PacketId, PacketType, Place, Properties, Publish, Qos, Version, topic};

use super::acknowledge::PUBREL;
use super::expiry::count_down;
use super::link::Link;
use super::packet_ids::Owner;
use super::queue::Entry;
use super::write_ahead::{Held, Lane, WriteAhead};
use super::{Event, Failure, Session, Settled, Span, StoreKey, trace};

const DUP: u8 = 0b1000;
/// Bytes an alias adds to the first packet that uses it, and the least length of a topic that is worth one.
const ALIAS_BYTES: usize = 3;
/// Header, lengths, identifier and alias of a PUBLISH at their largest: 5 + 2 + 2 + 4 + 3.
const PUBLISH_OVERHEAD: usize = 16;

impl Session {
    /// Writes an identifier (or none: 0) into the packet, and the packet into the store.
    pub(super) fn set_packet_id(&mut self, slot: u32, id: Option<PacketId>) {
        let Some(entry) = self.queue.get_mut(slot) else {
            return;
        };
        let bytes = id.map_or([0, 0], |id| id.get().to_be_bytes());
        if let Some(place) = entry.wire.get_mut(entry.id_at..entry.id_at.saturating_add(2)) {
            place.copy_from_slice(&bytes);
        }
        entry.packet_id = id;
        entry.stored_in = store_entry(&mut self.store, entry);
    }

    /// Sends a PUBLISH with an identifier, or holds it until the store has it.
    pub(super) fn emit_publish(&mut self, slot: u32) {
        let Some(entry) = self.queue.get_mut(slot) else {
            return;
        };
        match entry.packet_id {
            Some(id) if !self.store.may_leave(entry.stored_in, Lane::Publish) => {
                entry.held = true;
                self.store.hold(entry.stored_in, Held::Publish(id));
            }
            _ => self.write_publish(slot),
        }
    }

    /// Writes the PUBLISH of an entry: the first time with DUP 0, then with DUP 1 `[MQTT-3.3.1-1]`.
    pub(super) fn write_publish(&mut self, slot: u32) {
        let Some(entry) = self.queue.get_mut(slot) else {
            return;
        };
        entry.held = false;
        if let (true, Some(first)) = (entry.dup, entry.wire.first_mut()) {
            *first |= DUP;
        }
        (entry.sent, entry.dup) = (true, true);
        count_down(entry, self.now);
        write_entry(entry, self.version, &mut self.link, &mut self.out.transmit);
    }

    /// What was written and has not been handed over does not leave any more: a message that would have left for the first time still will, without DUP.
    pub(super) fn take_back(&mut self) {
        for packet in trace::packets(&self.out.transmit) {
            let first = packet.packet_type == PacketType::Publish as u8 && packet.flags & DUP == 0;
            if let (true, Some(id)) = (first, PacketId::new(packet.packet_id))
                && let Some(Owner::Publish(slot)) = self.packet_ids.owner(id)
                && let Some(entry) = self.queue.get_mut(slot)
            {
                entry.dup = false;
            }
        }
        self.out.transmit.clear();
    }

    /// Writes a PUBLISH unless it is larger than the broker allows `[MQTT-3.2.2-15]`.
    pub(super) fn write_checked(&mut self, publish: &Publish<'_>) -> Result<(), Failure> {
        let start = self.out.transmit.len();
        write(publish, self.version, &mut self.link, &mut self.out.transmit).map_err(failure_of_encoding)?;
        let size = self.out.transmit.len().saturating_sub(start);
        if size > self.link.limits.maximum_packet_size as usize {
            self.out.transmit.truncate(start);
            return Err(Failure::PacketTooLarge);
        }
        self.link.wrote();
        Ok(())
    }

    /// Ends a message: its identifier is free, the store forgets it, the caller hears of it.
    pub(super) fn settle(&mut self, slot: u32, code: u32, properties: Span) {
        let Some(entry) = self.queue.remove(slot) else {
            return;
        };
        if let Some(id) = entry.packet_id {
            self.packet_ids.release(id);
        }
        if entry.counted {
            self.link.return_quota();
        }
        if entry.qos != Qos::AtMostOnce {
            self.store.delete(StoreKey::Outbound(entry.sequence));
        }
        let token = entry.token;
        self.out.events.push(Event::Done(Settled {
            token,
            code,
            properties,
        }));
    }

    /// A publish is over.
    pub(super) fn done(&mut self, token: u32, code: u32) {
        let properties = Span::default();
        self.out.events.push(Event::Done(Settled {
            token,
            code,
            properties,
        }));
    }
}

/// Writes an entry into the store: eight bytes, little-endian, with the last moment at which it may leave (0: any), or, once PUBREC came, with what
/// to tell in the end; then PUBLISH, or PUBREL and the topic. Returns the batch that carries it.
pub(super) fn store_entry(store: &mut WriteAhead, entry: &Entry) -> u64 {
    let number = if is_released(entry) {
        entry.outcome.into()
    } else {
        entry.expires.map_or(0, |at| at.0)
    };
    store.put_with(StoreKey::Outbound(entry.sequence), |bytes| {
        bytes.extend_from_slice(&number.to_le_bytes());
        bytes.extend_from_slice(&entry.wire);
    })
}

fn is_released(entry: &Entry) -> bool {
    entry.wire.first() == Some(&PUBREL)
}

/// Writes the packet of an entry, with an alias instead of its topic if that is to be had.
pub(super) fn write_entry(entry: &Entry, version: Version, link: &mut Link, transmit: &mut Vec<u8>) {
    let aliased = link.outbound_aliases.enabled()
        && parts(entry).is_some_and(|publish| write(&publish, version, link, transmit).is_ok());
    if !aliased {
        transmit.extend_from_slice(&entry.wire);
    }
    link.wrote();
}

/// Puts the packet of an entry into the form of 3.1.1. Returns whether the store keeps it.
pub(super) fn drop_properties(entry: &mut Entry) -> bool {
    let stored = entry.qos != Qos::AtMostOnce;
    let mut wire = Vec::new();
    let written = parts(entry).is_some_and(|publish| {
        let packet_id = stored.then_some(entry.packet_id.unwrap_or(PacketId::MIN));
        let old = Publish {
            packet_id,
            properties: Properties::EMPTY,
            ..publish
        };
        old.encode(Version::V311, &mut wire).is_ok()
    });
    if !written {
        return false;
    }
    let id_end = wire.len().saturating_sub(entry.payload_length);
    entry.id_at = if stored { id_end.saturating_sub(2) } else { id_end };
    if let (None, Some(place)) = (entry.packet_id, wire.get_mut(entry.id_at..id_end)) {
        place.fill(0);
    }
    (entry.wire, entry.properties_length) = (wire, 0);
    stored
}

/// A PUBLISH of ours in its parts.
fn parts(entry: &Entry) -> Option<Publish<'_>> {
    if is_released(entry) {
        return None;
    }
    let wire = &entry.wire;
    let topic = wire.get(entry.id_at.checked_sub(entry.topic_length)?..entry.id_at)?;
    let payload_at = wire.len().checked_sub(entry.payload_length)?;
    let raw = wire.get(payload_at.checked_sub(entry.properties_length)?..payload_at)?;
    Some(Publish {
        dup: wire.first()? & DUP != 0,
        qos: entry.qos,
        retain: entry.retain,
        topic: str::from_utf8(topic).ok()?,
        packet_id: entry.packet_id,
        properties: Properties::parse(raw, Place::PublishFromClient).ok()?,
        payload: wire.get(payload_at..)?,
    })
}

/// Writes a PUBLISH, with an alias instead of its topic if that is to be had. The alias never makes a packet too large that fits without.
fn write(publish: &Publish<'_>, version: Version, link: &mut Link, transmit: &mut Vec<u8>) -> Result<(), EncodeError> {
    let size = [
        publish.topic.len(),
        publish.properties.raw().len(),
        publish.payload.len(),
    ]
    .into_iter()
    .fold(PUBLISH_OVERHEAD, usize::saturating_add);
    let fits = size <= link.limits.maximum_packet_size as usize;
    if !link.outbound_aliases.enabled() || !fits || publish.topic.len() <= ALIAS_BYTES {
        return publish.encode(version, transmit);
    }
    // A name is remembered only if its packet is sure to leave.
    topic::validate_name(publish.topic).map_err(|_| EncodeError::InvalidTopic)?;
    let (alias, known) = link.outbound_aliases.choose(publish.topic);
    let [high, low] = alias.to_be_bytes();
    let mut raw = vec![0x23, high, low];
    raw.extend_from_slice(publish.properties.raw());
    let short = Publish {
        topic: if known { "" } else { publish.topic },
        properties: Properties::parse(&raw, Place::PublishFromClient).map_err(|_| EncodeError::PropertyValue)?,
        ..*publish
    };
    short.encode(version, transmit)
}

/// What cannot be written, as the caller hears of it.
pub(super) fn failure_of_encoding(error: EncodeError) -> Failure {
    match error {
        EncodeError::PacketTooLarge => Failure::PacketTooLarge,
        EncodeError::InvalidTopic | EncodeError::FieldTooLong | EncodeError::NulInString => Failure::InvalidTopic,
        _ => Failure::InvalidProperties,
    }
}
