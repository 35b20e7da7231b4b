//! PUBLISH (3.3) and the four packets that acknowledge it (3.4 to 3.7).

use super::error::{DecodeError, EncodeError};
use super::properties::{PUBLISH, Place, Properties};
use super::reason::{ReasonCode, ReasonPlace};
use super::wire::{self, Reader};
use super::{PacketId, Qos, Sender, Version, topic};

const DUP: u8 = 0b1000;
const RETAIN: u8 = 0b0001;

/// PUBLISH (3.3), an application message on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Publish<'a> {
    /// Sent before; never with QoS 0 `[MQTT-3.3.1-2]`.
    pub dup: bool,
    /// The QoS of this delivery.
    pub qos: Qos,
    /// To be retained (client to server); retained or "as published" (server to client).
    pub retain: bool,
    /// The topic name; empty only together with a Topic Alias property (3.3.2.3.4).
    pub topic: &'a str,
    /// Present exactly when QoS is above 0.
    pub packet_id: Option<PacketId>,
    /// Empty in 3.1.1.
    pub properties: Properties<'a>,
    /// The application's bytes, possibly none.
    pub payload: &'a [u8],
}

/// Whether the low four bits of byte 1 suit a PUBLISH: QoS 0 to 2 `[MQTT-3.3.1-4]`, no DUP on QoS 0 `[MQTT-3.3.1-2]`.
pub(super) fn check_flags(flags: u8) -> Result<(), DecodeError> {
    match (flags >> 1) & 3 {
        3 => Err(DecodeError::InvalidQos),
        0 if flags & DUP != 0 => Err(DecodeError::BadFlags),
        _ => Ok(()),
    }
}

impl<'a> Publish<'a> {
    /// Reads the body; `first` has been checked by [`check_flags`].
    #[inline]
    pub(super) fn read(
        first: u8,
        body: &mut Reader<'a>,
        version: Version,
        sender: Sender,
    ) -> Result<Self, DecodeError> {
        let qos = Qos::from_bits((first >> 1) & 3).ok_or(DecodeError::InvalidQos)?;
        let topic = body.topic_name()?;
        let packet_id = if qos == Qos::AtMostOnce {
            None
        } else {
            Some(body.packet_id()?)
        };
        let place = match sender {
            Sender::Client => Place::PublishFromClient,
            Sender::Server => Place::PublishFromServer,
        };
        let properties = Properties::read(body, version, place)?;
        if topic.is_empty() && properties.topic_alias().is_none() {
            return Err(DecodeError::EmptyTopic);
        }
        Ok(Self {
            dup: first & DUP != 0,
            qos,
            retain: first & RETAIN != 0,
            topic,
            packet_id,
            properties,
            payload: body.rest(),
        })
    }

    /// Appends the packet to `out`; on an error `out` is as before.
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.check(version)?;
        let properties = self.properties.raw();
        let fixed = if self.packet_id.is_some() { 4 } else { 2 };
        let property_length = match version {
            Version::V311 => None,
            Version::V5 => Some(wire::variable_byte_integer(properties.len())?),
        };
        let remaining = [
            self.topic.len(),
            property_length.map_or(0, |(_, length)| length),
            properties.len(),
        ]
        .into_iter()
        .fold(self.payload.len().saturating_add(fixed), usize::saturating_add);
        let (header, header_length) = wire::variable_byte_integer(remaining)?;
        out.reserve(remaining.saturating_add(5));
        out.push(0x30 | u8::from(self.dup) << 3 | self.qos.bits() << 1 | u8::from(self.retain));
        out.extend(header.into_iter().take(header_length));
        wire::put_binary(out, self.topic.as_bytes())?;
        if let Some(id) = self.packet_id {
            wire::put_u16(out, id.get());
        }
        if let Some((bytes, length)) = property_length {
            out.extend(bytes.into_iter().take(length));
            out.extend_from_slice(properties);
        }
        out.extend_from_slice(self.payload);
        Ok(())
    }

    /// Refuses all that could not be written, so that nothing has to be taken back.
    fn check(&self, version: Version) -> Result<(), EncodeError> {
        if self.packet_id.is_some() == (self.qos == Qos::AtMostOnce) {
            return Err(EncodeError::PacketId);
        }
        if self.dup && self.qos == Qos::AtMostOnce {
            return Err(EncodeError::DupOnQos0);
        }
        self.properties.check(version, PUBLISH)?;
        if self.topic.is_empty() && self.properties.topic_alias().is_some() {
            return Ok(());
        }
        topic::validate_name(self.topic).map_err(|error| match error {
            topic::TopicError::TooLong => EncodeError::FieldTooLong,
            topic::TopicError::Nul => EncodeError::NulInString,
            _ => EncodeError::InvalidTopic,
        })
    }
}

/// Which of the four acknowledgements an [`Ack`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AckKind {
    /// PUBACK: QoS 1 is done.
    PubAck,
    /// PUBREC: QoS 2 has arrived.
    PubRec,
    /// PUBREL: the sender of QoS 2 has given up the message.
    PubRel,
    /// PUBCOMP: QoS 2 is done.
    PubComp,
}

impl AckKind {
    fn first_byte(self) -> u8 {
        match self {
            Self::PubAck => 0x40,
            Self::PubRec => 0x50,
            Self::PubRel => 0x62,
            Self::PubComp => 0x70,
        }
    }

    fn reason_place(self) -> ReasonPlace {
        match self {
            Self::PubAck | Self::PubRec => ReasonPlace::PubAckPubRec,
            Self::PubRel | Self::PubComp => ReasonPlace::PubRelPubComp,
        }
    }
}

/// PUBACK, PUBREC, PUBREL or PUBCOMP (3.4 to 3.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ack<'a> {
    /// The identifier of the PUBLISH `[MQTT-2.2.1-5]`.
    pub packet_id: PacketId,
    /// Always success in 3.1.1.
    pub reason: ReasonCode,
    /// Empty in 3.1.1.
    pub properties: Properties<'a>,
}

impl<'a> Ack<'a> {
    /// An acknowledgement without properties.
    pub fn new(packet_id: PacketId, reason: ReasonCode) -> Self {
        Self {
            packet_id,
            reason,
            properties: Properties::EMPTY,
        }
    }

    /// In 5.0 the end may be left out: length 2 is success, length 3 has a code only (3.4.2.1, 3.4.2.2.1).
    pub(super) fn read(kind: AckKind, mut body: Reader<'a>, version: Version) -> Result<Self, DecodeError> {
        let mut ack = Self::new(body.packet_id()?, ReasonCode::SUCCESS);
        if version == Version::V5 && !body.is_empty() {
            ack.reason = ReasonCode::checked(body.u8()?, kind.reason_place())?;
            if !body.is_empty() {
                ack.properties = Properties::read(&mut body, version, Place::Reply)?;
            }
        }
        body.finish()?;
        Ok(ack)
    }

    /// Appends the shortest form of the packet to `out`; on an error `out` is as before.
    ///
    /// A reason other than success has no form in 3.1.1 and is refused there, not dropped.
    pub fn encode(&self, kind: AckKind, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let plain = self.reason == ReasonCode::SUCCESS && self.properties.is_empty();
        if plain {
            let [high, low] = self.packet_id.get().to_be_bytes();
            out.extend_from_slice(&[kind.first_byte(), 2, high, low]);
            return Ok(());
        }
        if version == Version::V311 {
            return Err(EncodeError::NotInVersion);
        }
        if !self.reason.allowed_in(kind.reason_place()) {
            return Err(EncodeError::InvalidReasonCode);
        }
        let start = wire::begin(out, kind.first_byte());
        wire::put_u16(out, self.packet_id.get());
        out.push(self.reason.0);
        let body = if self.properties.is_empty() {
            Ok(())
        } else {
            self.properties.put(out, version, Place::Reply as u16)
        };
        wire::end(out, start, body)
    }
}
