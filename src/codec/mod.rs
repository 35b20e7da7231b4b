//! Bytes to packets and packets to bytes, for MQTT 3.1.1 and 5.0.
//!
//! One type per packet for both versions: 3.1.1 is 5.0 without properties. Decoding is total and strict: whatever the bytes, [`decode`]
//! returns a packet or a [`DecodeError`] named by the fault, reads nothing past the packet and copies nothing. Encoding appends to a `Vec<u8>`
//! and leaves it as it was on an error.
#![forbid(unsafe_code)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unreachable,
    clippy::arithmetic_side_effects
)]

use core::num::NonZeroU16;

mod connect;
mod control;
mod error;
mod filters;
mod properties;
mod property_value;
mod publish;
mod reason;
mod subscribe;
pub mod topic;
mod wire;

pub use connect::{ConnAck, Connect, Will};
pub use control::{Auth, Disconnect};
pub use error::{DecodeError, EncodeError};
pub use filters::{Filters, FiltersBuf, RetainHandling, SubscribeOptions, TopicFilters, TopicFiltersBuf};
pub use properties::{Place, Properties, Property, PropertyBuf};
pub use publish::{Ack, AckKind, Publish};
pub use reason::{ReasonCode, ReasonPlace, connect_return_code};
pub use subscribe::{SubAck, Subscribe, UnsubAck, Unsubscribe};
pub use wire::MAX_REMAINING;

use wire::Reader;

/// A packet identifier: never 0 (2.2.1).
pub type PacketId = NonZeroU16;

/// The protocol version, which CONNECT carries as its level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// MQTT 3.1.1, protocol level 4.
    V311,
    /// MQTT 5.0, protocol level 5.
    V5,
}

/// The side that wrote a packet: it decides which packets, properties and reason codes are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The client, as a server receives it.
    Client,
    /// The server, as a client receives it.
    Server,
}

/// Quality of service (4.3); 3 cannot be expressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Qos {
    /// QoS 0.
    #[default]
    AtMostOnce = 0,
    /// QoS 1.
    AtLeastOnce = 1,
    /// QoS 2.
    ExactlyOnce = 2,
}

impl Qos {
    /// From its number on the wire; `None` above 2.
    pub fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            0 => Some(Self::AtMostOnce),
            1 => Some(Self::AtLeastOnce),
            2 => Some(Self::ExactlyOnce),
            _ => None,
        }
    }

    /// Its number on the wire.
    pub fn bits(self) -> u8 {
        self as u8
    }
}

/// The packet types with their numbers (2.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum PacketType {
    /// CONNECT.
    Connect = 1,
    /// CONNACK.
    ConnAck = 2,
    /// PUBLISH.
    Publish = 3,
    /// PUBACK.
    PubAck = 4,
    /// PUBREC.
    PubRec = 5,
    /// PUBREL.
    PubRel = 6,
    /// PUBCOMP.
    PubComp = 7,
    /// SUBSCRIBE.
    Subscribe = 8,
    /// SUBACK.
    SubAck = 9,
    /// UNSUBSCRIBE.
    Unsubscribe = 10,
    /// UNSUBACK.
    UnsubAck = 11,
    /// PINGREQ.
    PingReq = 12,
    /// PINGRESP.
    PingResp = 13,
    /// DISCONNECT.
    Disconnect = 14,
    /// AUTH, 5.0 only.
    Auth = 15,
}

impl PacketType {
    /// The type in the upper four bits of byte 1, whose lower four must fit it `[MQTT-2.1.3-1]`.
    pub fn from_first_byte(first: u8) -> Result<Self, DecodeError> {
        let flags = first & 0x0F;
        let (packet_type, wanted) = match first >> 4 {
            1 => (Self::Connect, 0),
            2 => (Self::ConnAck, 0),
            3 => return publish::check_flags(flags).map(|()| Self::Publish),
            4 => (Self::PubAck, 0),
            5 => (Self::PubRec, 0),
            6 => (Self::PubRel, 0b0010),
            7 => (Self::PubComp, 0),
            8 => (Self::Subscribe, 0b0010),
            9 => (Self::SubAck, 0),
            10 => (Self::Unsubscribe, 0b0010),
            11 => (Self::UnsubAck, 0),
            12 => (Self::PingReq, 0),
            13 => (Self::PingResp, 0),
            14 => (Self::Disconnect, 0),
            15 => (Self::Auth, 0),
            _ => return Err(DecodeError::UnknownPacketType),
        };
        if flags == wanted {
            Ok(packet_type)
        } else {
            Err(DecodeError::BadFlags)
        }
    }
}

/// One packet of either version. Topics, payloads and properties are slices of the bytes it was decoded from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// CONNECT (3.1).
    Connect(Connect<'a>),
    /// CONNACK (3.2).
    ConnAck(ConnAck<'a>),
    /// PUBLISH (3.3).
    Publish(Publish<'a>),
    /// PUBACK (3.4).
    PubAck(Ack<'a>),
    /// PUBREC (3.5).
    PubRec(Ack<'a>),
    /// PUBREL (3.6).
    PubRel(Ack<'a>),
    /// PUBCOMP (3.7).
    PubComp(Ack<'a>),
    /// SUBSCRIBE (3.8).
    Subscribe(Subscribe<'a>),
    /// SUBACK (3.9).
    SubAck(SubAck<'a>),
    /// UNSUBSCRIBE (3.10).
    Unsubscribe(Unsubscribe<'a>),
    /// UNSUBACK (3.11).
    UnsubAck(UnsubAck<'a>),
    /// PINGREQ (3.12).
    PingReq,
    /// PINGRESP (3.13).
    PingResp,
    /// DISCONNECT (3.14).
    Disconnect(Disconnect<'a>),
    /// AUTH (3.15), 5.0 only.
    Auth(Auth<'a>),
}

impl Packet<'_> {
    /// The type of this packet.
    pub fn packet_type(&self) -> PacketType {
        match self {
            Self::Connect(_) => PacketType::Connect,
            Self::ConnAck(_) => PacketType::ConnAck,
            Self::Publish(_) => PacketType::Publish,
            Self::PubAck(_) => PacketType::PubAck,
            Self::PubRec(_) => PacketType::PubRec,
            Self::PubRel(_) => PacketType::PubRel,
            Self::PubComp(_) => PacketType::PubComp,
            Self::Subscribe(_) => PacketType::Subscribe,
            Self::SubAck(_) => PacketType::SubAck,
            Self::Unsubscribe(_) => PacketType::Unsubscribe,
            Self::UnsubAck(_) => PacketType::UnsubAck,
            Self::PingReq => PacketType::PingReq,
            Self::PingResp => PacketType::PingResp,
            Self::Disconnect(_) => PacketType::Disconnect,
            Self::Auth(_) => PacketType::Auth,
        }
    }

    /// Appends the packet to `out`; on an error `out` is as before.
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        match self {
            Self::Connect(packet) => packet.encode(version, out),
            Self::ConnAck(packet) => packet.encode(version, out),
            Self::Publish(packet) => packet.encode(version, out),
            Self::PubAck(packet) => packet.encode(AckKind::PubAck, version, out),
            Self::PubRec(packet) => packet.encode(AckKind::PubRec, version, out),
            Self::PubRel(packet) => packet.encode(AckKind::PubRel, version, out),
            Self::PubComp(packet) => packet.encode(AckKind::PubComp, version, out),
            Self::Subscribe(packet) => packet.encode(version, out),
            Self::SubAck(packet) => packet.encode(version, out),
            Self::Unsubscribe(packet) => packet.encode(version, out),
            Self::UnsubAck(packet) => packet.encode(version, out),
            Self::PingReq => {
                out.extend_from_slice(&PINGREQ);
                Ok(())
            }
            Self::PingResp => {
                out.extend_from_slice(&PINGRESP);
                Ok(())
            }
            Self::Disconnect(packet) => packet.encode(version, out),
            Self::Auth(packet) => packet.encode(version, out),
        }
    }
}

/// The whole of a PINGREQ.
pub const PINGREQ: [u8; 2] = [0xC0, 0];
/// The whole of a PINGRESP.
pub const PINGRESP: [u8; 2] = [0xD0, 0];

/// The size in bytes of the packet that starts `buffer`; `None` while too few bytes are there to know.
///
/// Type, flags and length are checked as soon as they are visible, and a packet above `max_size` is refused (0x95) before its body needs to be
/// buffered `[MQTT-3.1.2-24]`. Looks at five bytes at most, so calling it again as bytes arrive costs nothing.
pub fn packet_size(buffer: &[u8], max_size: u32) -> Result<Option<usize>, DecodeError> {
    let Some((&first, rest)) = buffer.split_first() else {
        return Ok(None);
    };
    PacketType::from_first_byte(first)?;
    let Some((remaining, length)) = wire::scan_variable_byte_integer(rest)? else {
        return Ok(None);
    };
    let size = (remaining as usize).saturating_add(length).saturating_add(1);
    if size > max_size as usize {
        return Err(DecodeError::PacketTooLarge);
    }
    Ok(Some(size))
}

/// Decodes exactly one packet, which must be all of `bytes`.
#[inline]
pub fn decode(bytes: &[u8], version: Version, sender: Sender) -> Result<Packet<'_>, DecodeError> {
    // The sender comes first: a client that only ever passes `Server` then links no decoder of what only clients send.
    match sender {
        Sender::Server => decode_from_server(bytes, version),
        Sender::Client => decode_from_client(bytes, version),
    }
}

fn decode_from_server(bytes: &[u8], version: Version) -> Result<Packet<'_>, DecodeError> {
    let (packet_type, first, mut body) = open(bytes, version)?;
    match packet_type {
        PacketType::Publish => Publish::read(first, &mut body, version, Sender::Server).map(Packet::Publish),
        PacketType::ConnAck => ConnAck::read(body, version).map(Packet::ConnAck),
        PacketType::SubAck => SubAck::read(body, version).map(Packet::SubAck),
        PacketType::UnsubAck => UnsubAck::read(body, version).map(Packet::UnsubAck),
        PacketType::PingResp => body.finish().map(|()| Packet::PingResp),
        PacketType::Disconnect if version == Version::V5 => {
            Disconnect::read(body, version, Sender::Server).map(Packet::Disconnect)
        }
        PacketType::Auth => Auth::read(body, Sender::Server).map(Packet::Auth),
        _ => decode_ack(packet_type, body, version),
    }
}

fn decode_from_client(bytes: &[u8], version: Version) -> Result<Packet<'_>, DecodeError> {
    let (packet_type, first, mut body) = open(bytes, version)?;
    match packet_type {
        PacketType::Publish => Publish::read(first, &mut body, version, Sender::Client).map(Packet::Publish),
        PacketType::Connect => Connect::read(body, version).map(Packet::Connect),
        PacketType::Subscribe => Subscribe::read(body, version).map(Packet::Subscribe),
        PacketType::Unsubscribe => Unsubscribe::read(body, version).map(Packet::Unsubscribe),
        PacketType::PingReq => body.finish().map(|()| Packet::PingReq),
        PacketType::Disconnect => Disconnect::read(body, version, Sender::Client).map(Packet::Disconnect),
        PacketType::Auth => Auth::read(body, Sender::Client).map(Packet::Auth),
        _ => decode_ack(packet_type, body, version),
    }
}

/// The four acknowledgements both sides send; any other type was sent by the wrong side.
fn decode_ack(packet_type: PacketType, body: Reader<'_>, version: Version) -> Result<Packet<'_>, DecodeError> {
    match packet_type {
        PacketType::PubAck => Ack::read(AckKind::PubAck, body, version).map(Packet::PubAck),
        PacketType::PubRec => Ack::read(AckKind::PubRec, body, version).map(Packet::PubRec),
        PacketType::PubRel => Ack::read(AckKind::PubRel, body, version).map(Packet::PubRel),
        PacketType::PubComp => Ack::read(AckKind::PubComp, body, version).map(Packet::PubComp),
        _ => Err(DecodeError::WrongDirection),
    }
}

/// Splits a packet into type, first byte and body; the announced length must be what is there.
fn open(bytes: &[u8], version: Version) -> Result<(PacketType, u8, Reader<'_>), DecodeError> {
    let mut reader = Reader::new(bytes);
    let first = reader.u8()?;
    let packet_type = PacketType::from_first_byte(first)?;
    if packet_type == PacketType::Auth && version == Version::V311 {
        return Err(DecodeError::UnknownPacketType);
    }
    let remaining = reader.variable_byte_integer()?;
    let body = Reader::new(reader.take(remaining as usize)?);
    reader.finish()?;
    Ok((packet_type, first, body))
}
