//! Any bytes as a stream of packets: decoding is total, strict, frugal, and does not care how the stream is cut.
//!
//! Input: one byte of choices (bit 0: MQTT 3.1.1, bit 1: written by a client, bit 2: a limit on the packet size, bit 3: what follows is the first byte
//! and the body of one packet, whose length is put in between), one byte that seeds the cuts, one byte of limit, then the bytes.

use hawser::codec::{
    DecodeError, Filters, FiltersBuf, Packet, PacketId, Place, Properties, PropertyBuf, Sender, TopicFilters,
    TopicFiltersBuf, Version, decode as decode_packet, packet_size,
};

use crate::memory::measure;
use crate::source::Source;

/// Prefixes of packets up to this size are tried one by one.
const SHORT: usize = 80;

/// Runs the target.
pub fn decode(input: &[u8]) {
    let mut source = Source::new(input);
    let choices = source.u8();
    let version = if choices & 1 == 0 { Version::V5 } else { Version::V311 };
    let sender = if choices & 2 == 0 {
        Sender::Server
    } else {
        Sender::Client
    };
    let cuts = source.u8();
    let limit = source.u8();
    let limit = if choices & 4 == 0 {
        u32::MAX
    } else {
        u32::from(limit) * 4 + 1
    };
    let framed;
    let stream = if choices & 8 == 0 {
        source.rest()
    } else {
        framed = frame(source.u8(), source.rest());
        &framed
    };

    let mut whole = Reader::new(version, sender, limit);
    whole.read(stream, |packet, bytes| check_packet(packet, bytes, version, sender));
    let mut cut = Reader::new(version, sender, limit);
    let mut pieces = Pieces(u32::from(cuts) + 1);
    let mut rest = stream;
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(pieces.next(rest.len()));
        cut.read(piece, |_, _| {});
        rest = behind;
    }
    assert_eq!(cut.found, whole.found, "cut otherwise, read otherwise");
    assert_eq!(cut.fault, whole.fault, "cut otherwise, refused otherwise");
}

/// A first byte and a body under the length that fits.
pub fn frame(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    let mut length = body.len();
    while length > 0x7F {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes.extend_from_slice(body);
    bytes
}

/// Sizes of pieces, from a seed.
struct Pieces(u32);

impl Pieces {
    fn next(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        // One in two is a single byte, where most is to be seen.
        let size = if self.0 & 1 == 0 {
            1
        } else {
            self.0 as usize >> 8 & 0x1F
        };
        size.clamp(1, most)
    }
}

/// A receiver: a buffer, and what came out of it.
struct Reader {
    version: Version,
    sender: Sender,
    limit: u32,
    buffer: Vec<u8>,
    /// Size and text of each packet.
    found: Vec<(usize, String)>,
    fault: Option<DecodeError>,
}

impl Reader {
    const fn new(version: Version, sender: Sender, limit: u32) -> Self {
        Self {
            version,
            sender,
            limit,
            buffer: Vec::new(),
            found: Vec::new(),
            fault: None,
        }
    }

    fn read(&mut self, bytes: &[u8], check: impl Fn(&Packet<'_>, &[u8])) {
        if self.fault.is_some() {
            return;
        }
        self.buffer.extend_from_slice(bytes);
        let mut at = 0;
        while self.fault.is_none() {
            let rest = &self.buffer[at..];
            let size = match packet_size(rest, self.limit) {
                Ok(Some(size)) if size <= rest.len() => size,
                Ok(_) => break,
                Err(error) => {
                    self.fault = Some(error);
                    break;
                }
            };
            assert!(size >= 2 && size <= self.limit as usize);
            let bytes = &rest[..size];
            let (result, usage) = measure(|| decode_packet(bytes, self.version, self.sender));
            assert_eq!(usage.calls, 0, "decoding asks for no memory");
            match result {
                Ok(packet) => {
                    check(&packet, bytes);
                    self.found.push((size, format!("{packet:?}")));
                }
                Err(error) => self.fault = Some(error),
            }
            at += size;
        }
        self.buffer.drain(..at);
    }
}

fn check_packet(packet: &Packet<'_>, bytes: &[u8], version: Version, sender: Sender) {
    check_frame(bytes, version, sender);
    check_blocks(packet, sender, version);
    let mut written = b"before".to_vec();
    let encoded = packet.encode(version, &mut written);
    assert_eq!(encoded, Ok(()), "{packet:?} was read and cannot be written");
    let written = &written[b"before".len()..];
    assert_eq!(
        decode_packet(written, version, sender).as_ref(),
        Ok(packet),
        "read back as another"
    );
    let mut again = Vec::new();
    assert_eq!(packet.encode(version, &mut again), Ok(()));
    assert_eq!(again, written, "written in two ways");
    // Every packet has one form, but for those whose end may be left out (3.4.2.1, 3.14.2.1), and the refusal that 3.1.1 servers send.
    let has_short_form = matches!(
        packet,
        Packet::PubAck(_) | Packet::PubRec(_) | Packet::PubRel(_) | Packet::PubComp(_) | Packet::Disconnect(_)
    );
    let old_refusal = matches!(packet, Packet::ConnAck(_)) && version == Version::V5 && bytes.len() == 4;
    if has_short_form {
        assert!(written.len() <= bytes.len(), "the shortest form is longer");
    } else if !old_refusal {
        assert_eq!(written, bytes, "written otherwise than it came");
    }
}

/// What is known of a packet from its first bytes on; a packet is nothing less and nothing more than all of it.
fn check_frame(bytes: &[u8], version: Version, sender: Sender) {
    let size = bytes.len();
    assert_eq!(packet_size(bytes, size as u32), Ok(Some(size)));
    assert_eq!(packet_size(bytes, size as u32 - 1), Err(DecodeError::PacketTooLarge));
    for length in 0..size.min(SHORT) {
        let prefix = &bytes[..length];
        let known = packet_size(prefix, u32::MAX);
        assert!(known == Ok(None) || known == Ok(Some(size)), "{known:?}");
        assert_eq!(decode_packet(prefix, version, sender), Err(DecodeError::Truncated));
    }
    let mut longer = bytes.to_vec();
    longer.push(0);
    assert_eq!(decode_packet(&longer, version, sender), Err(DecodeError::TrailingBytes));
}

/// Properties, filters and fields can all be looked at, and built again to the same bytes.
fn check_blocks(packet: &Packet<'_>, sender: Sender, version: Version) {
    let client = sender == Sender::Client;
    match packet {
        Packet::Connect(connect) => {
            check_properties(&connect.properties, Place::Connect);
            if let Some(will) = &connect.will {
                check_properties(&will.properties, Place::Will);
                assert_eq!(hawser::codec::topic::validate_name(will.topic), Ok(()));
            }
        }
        Packet::ConnAck(connack) => check_properties(&connack.properties, Place::ConnAck),
        Packet::Publish(publish) => {
            let place = if client {
                Place::PublishFromClient
            } else {
                Place::PublishFromServer
            };
            check_properties(&publish.properties, place);
            let aliased = publish.topic.is_empty() && publish.properties.topic_alias().is_some();
            assert!(aliased || hawser::codec::topic::validate_name(publish.topic).is_ok());
            assert_eq!(publish.packet_id.is_some(), publish.qos.bits() > 0);
        }
        Packet::PubAck(ack) | Packet::PubRec(ack) | Packet::PubRel(ack) | Packet::PubComp(ack) => {
            check_properties(&ack.properties, Place::Reply);
        }
        Packet::Subscribe(subscribe) => {
            check_properties(&subscribe.properties, Place::Subscribe);
            check_id(subscribe.packet_id);
            check_filters(subscribe.filters, version);
        }
        Packet::SubAck(ack) => {
            check_properties(&ack.properties, Place::Reply);
            assert!(!ack.reasons.is_empty());
        }
        Packet::Unsubscribe(unsubscribe) => {
            check_properties(&unsubscribe.properties, Place::Unsubscribe);
            check_topic_filters(unsubscribe.filters, version);
        }
        Packet::UnsubAck(ack) => check_properties(&ack.properties, Place::Reply),
        Packet::PingReq | Packet::PingResp => {}
        Packet::Disconnect(disconnect) => {
            let place = if client {
                Place::DisconnectFromClient
            } else {
                Place::DisconnectFromServer
            };
            check_properties(&disconnect.properties, place);
        }
        Packet::Auth(auth) => {
            check_properties(&auth.properties, Place::Auth);
            assert!(auth.properties.authentication_method().is_some());
        }
    }
}

fn check_id(id: PacketId) {
    assert_ne!(id.get(), 0);
}

fn check_properties(properties: &Properties<'_>, place: Place) {
    let mut built = PropertyBuf::new(place);
    assert_eq!(built.extend(*properties), Ok(()), "read, and refused when built");
    assert_eq!(
        built.as_properties().raw(),
        properties.raw(),
        "built otherwise than read"
    );
    assert!(properties.iter().count() <= properties.raw().len() / 2);
    let pairs = properties.iter().filter(|property| property.id() == 0x26).count();
    assert_eq!(properties.user_properties().count(), pairs);
    let identifiers = properties.iter().filter(|property| property.id() == 0x0B).count();
    assert_eq!(properties.subscription_identifiers().count(), identifiers);
    assert_eq!(
        properties.subscription_identifiers().next(),
        properties.subscription_identifier()
    );
}

fn check_filters(filters: Filters<'_>, version: Version) {
    let mut built = FiltersBuf::new(version);
    for (filter, options) in filters.iter() {
        assert_eq!(built.push(filter, options), Ok(()));
    }
    assert_eq!(built.as_filters(), filters);
}

fn check_topic_filters(filters: TopicFilters<'_>, version: Version) {
    let mut built = TopicFiltersBuf::new(version);
    for filter in filters.iter() {
        assert_eq!(built.push(filter), Ok(()));
    }
    assert_eq!(built.as_filters(), filters);
}
