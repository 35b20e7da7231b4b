//! SUBSCRIBE, SUBACK, UNSUBSCRIBE and UNSUBACK (3.8 to 3.11).

use super::error::{DecodeError, EncodeError};
use super::filters::{Filters, TopicFilters};
use super::properties::{Place, Properties};
use super::reason::{ReasonCode, ReasonPlace};
use super::wire::{self, Reader};
use super::{PacketId, Version};

/// SUBSCRIBE (3.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscribe<'a> {
    /// Comes back in SUBACK.
    pub packet_id: PacketId,
    /// Empty in 3.1.1.
    pub properties: Properties<'a>,
    /// At least one filter `[MQTT-3.8.3-2]`.
    pub filters: Filters<'a>,
}

impl<'a> Subscribe<'a> {
    pub(super) fn read(mut body: Reader<'a>, version: Version) -> Result<Self, DecodeError> {
        Ok(Self {
            packet_id: body.packet_id()?,
            properties: Properties::read(&mut body, version, Place::Subscribe)?,
            filters: Filters::read(body, version)?,
        })
    }

    /// Appends the packet to `out`; on an error `out` is as before.
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let start = wire::begin(out, 0x82);
        wire::put_u16(out, self.packet_id.get());
        let body = self.properties.put(out, version, Place::Subscribe as u16);
        let body = body.and_then(|()| self.filters.put(out, version));
        wire::end(out, start, body)
    }
}

/// SUBACK (3.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubAck<'a> {
    /// The identifier of the SUBSCRIBE.
    pub packet_id: PacketId,
    /// Empty in 3.1.1.
    pub properties: Properties<'a>,
    /// One code per filter, in its order: 0 to 2 is the granted QoS, 0x80 and above a failure. Each was checked.
    pub reasons: &'a [u8],
}

impl<'a> SubAck<'a> {
    pub(super) fn read(mut body: Reader<'a>, version: Version) -> Result<Self, DecodeError> {
        let packet_id = body.packet_id()?;
        let properties = Properties::read(&mut body, version, Place::Reply)?;
        let reasons = body.rest();
        check_sub_ack(reasons, version)?;
        Ok(Self {
            packet_id,
            properties,
            reasons,
        })
    }

    /// Appends the packet to `out`; on an error `out` is as before.
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        check_sub_ack(self.reasons, version).map_err(bad_reasons)?;
        put_reply(out, 0x90, self.packet_id, &self.properties, self.reasons, version)
    }
}

/// UNSUBACK (3.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnsubAck<'a> {
    /// The identifier of the UNSUBSCRIBE.
    pub packet_id: PacketId,
    /// Empty in 3.1.1.
    pub properties: Properties<'a>,
    /// One code per filter, in its order, each checked; none in 3.1.1.
    pub reasons: &'a [u8],
}

impl<'a> UnsubAck<'a> {
    pub(super) fn read(mut body: Reader<'a>, version: Version) -> Result<Self, DecodeError> {
        let packet_id = body.packet_id()?;
        let properties = Properties::read(&mut body, version, Place::Reply)?;
        let reasons = match version {
            Version::V311 => {
                body.finish()?;
                &[]
            }
            Version::V5 => body.rest(),
        };
        check_unsub_ack(reasons, version)?;
        Ok(Self {
            packet_id,
            properties,
            reasons,
        })
    }

    /// Appends the packet to `out`; on an error `out` is as before.
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        check_unsub_ack(self.reasons, version).map_err(bad_reasons)?;
        put_reply(out, 0xB0, self.packet_id, &self.properties, self.reasons, version)
    }
}

fn check_sub_ack(reasons: &[u8], version: Version) -> Result<(), DecodeError> {
    match version {
        Version::V5 => check_reasons(reasons, |code| ReasonCode(code).allowed_in(ReasonPlace::SubAck)),
        Version::V311 => check_reasons(reasons, |code| matches!(code, 0..=2 | 0x80)),
    }
}

fn check_unsub_ack(reasons: &[u8], version: Version) -> Result<(), DecodeError> {
    match version {
        Version::V5 => check_reasons(reasons, |code| ReasonCode(code).allowed_in(ReasonPlace::UnsubAck)),
        Version::V311 if reasons.is_empty() => Ok(()),
        Version::V311 => Err(DecodeError::TrailingBytes),
    }
}

fn check_reasons(reasons: &[u8], allowed: fn(u8) -> bool) -> Result<(), DecodeError> {
    if reasons.is_empty() {
        return Err(DecodeError::EmptyList);
    }
    if reasons.iter().all(|&code| allowed(code)) {
        Ok(())
    } else {
        Err(DecodeError::InvalidReasonCode)
    }
}

fn bad_reasons(error: DecodeError) -> EncodeError {
    match error {
        DecodeError::EmptyList => EncodeError::EmptyList,
        DecodeError::TrailingBytes => EncodeError::NotInVersion,
        _ => EncodeError::InvalidReasonCode,
    }
}

fn put_reply(
    out: &mut Vec<u8>,
    first: u8,
    packet_id: PacketId,
    properties: &Properties<'_>,
    reasons: &[u8],
    version: Version,
) -> Result<(), EncodeError> {
    let start = wire::begin(out, first);
    wire::put_u16(out, packet_id.get());
    let body = properties.put(out, version, Place::Reply as u16);
    out.extend_from_slice(reasons);
    wire::end(out, start, body)
}

/// UNSUBSCRIBE (3.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsubscribe<'a> {
    /// Comes back in UNSUBACK.
    pub packet_id: PacketId,
    /// Empty in 3.1.1.
    pub properties: Properties<'a>,
    /// At least one filter `[MQTT-3.10.3-2]`.
    pub filters: TopicFilters<'a>,
}

impl<'a> Unsubscribe<'a> {
    pub(super) fn read(mut body: Reader<'a>, version: Version) -> Result<Self, DecodeError> {
        Ok(Self {
            packet_id: body.packet_id()?,
            properties: Properties::read(&mut body, version, Place::Unsubscribe)?,
            filters: TopicFilters::read(body, version)?,
        })
    }

    /// Appends the packet to `out`; on an error `out` is as before.
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let start = wire::begin(out, 0xA2);
        wire::put_u16(out, self.packet_id.get());
        let body = self.properties.put(out, version, Place::Unsubscribe as u16);
        let body = body.and_then(|()| self.filters.put(out, version));
        wire::end(out, start, body)
    }
}
