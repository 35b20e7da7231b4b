//! SUBSCRIBE, SUBACK, UNSUBSCRIBE and UNSUBACK (3.8 to 3.11).

use super::error::{DecodeError, EncodeError};
use super::properties::{Place, Properties};
use super::reason::{ReasonCode, ReasonPlace};
use super::wire::{self, Reader};
use super::{PacketId, Qos, Version, topic};

const NO_LOCAL: u8 = 1 << 2;
const RETAIN_AS_PUBLISHED: u8 = 1 << 3;
const RESERVED: u8 = 0b1100_0000;

/// When retained messages are sent for a subscription (3.8.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum RetainHandling {
    /// At every SUBSCRIBE.
    #[default]
    Send = 0,
    /// Only if the subscription is new.
    SendIfNew = 1,
    /// Never.
    DoNotSend = 2,
}

/// The options of one subscription (3.8.3.1). 3.1.1 has the QoS only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SubscribeOptions {
    /// The highest QoS the server may use.
    pub qos: Qos,
    /// Do not send back what this client publishes; never on a shared subscription `[MQTT-3.8.3-4]`.
    pub no_local: bool,
    /// Keep the RETAIN flag as it was published.
    pub retain_as_published: bool,
    /// When retained messages are sent.
    pub retain_handling: RetainHandling,
}

impl SubscribeOptions {
    /// Options with this QoS and everything else at its default.
    pub fn new(qos: Qos) -> Self {
        Self { qos, ..Self::default() }
    }

    /// From the options byte; `None` if it has a reserved bit or value.
    pub fn from_bits(bits: u8) -> Option<Self> {
        let retain_handling = match (bits >> 4) & 3 {
            0 => RetainHandling::Send,
            1 => RetainHandling::SendIfNew,
            2 => RetainHandling::DoNotSend,
            _ => return None,
        };
        if bits & RESERVED != 0 {
            return None;
        }
        Some(Self {
            qos: Qos::from_bits(bits & 3)?,
            no_local: bits & NO_LOCAL != 0,
            retain_as_published: bits & RETAIN_AS_PUBLISHED != 0,
            retain_handling,
        })
    }

    /// The options byte.
    pub fn bits(self) -> u8 {
        self.qos.bits()
            | u8::from(self.no_local) << 2
            | u8::from(self.retain_as_published) << 3
            | (self.retain_handling as u8) << 4
    }
}

/// Reads one filter with its options.
fn read_entry<'a>(reader: &mut Reader<'a>, version: Version) -> Result<(&'a str, SubscribeOptions), DecodeError> {
    let filter = read_filter(reader, version)?;
    let bits = reader.u8()?;
    if bits & 3 == 3 {
        return Err(DecodeError::InvalidQos);
    }
    let options = SubscribeOptions::from_bits(bits).ok_or(DecodeError::ReservedBits)?;
    check_options(filter, options, version)?;
    Ok((filter, options))
}

fn read_filter<'a>(reader: &mut Reader<'a>, version: Version) -> Result<&'a str, DecodeError> {
    let filter = reader.string()?;
    topic::validate_filter(filter, version).map_err(|_| DecodeError::InvalidFilter)?;
    Ok(filter)
}

/// 3.1.1 has no option but the QoS; 5.0 has no No Local on a shared subscription.
fn check_options(filter: &str, options: SubscribeOptions, version: Version) -> Result<(), DecodeError> {
    match version {
        Version::V311 if options.bits() & !3 != 0 => Err(DecodeError::ReservedBits),
        Version::V5 if options.no_local && filter.starts_with("$share/") => Err(DecodeError::NoLocalOnShared),
        _ => Ok(()),
    }
}

/// The filters of a SUBSCRIBE with their options, as bytes that were checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filters<'a> {
    raw: &'a [u8],
    version: Version,
}

impl<'a> Filters<'a> {
    /// Each filter with its options, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, SubscribeOptions)> + use<'a> {
        let mut reader = Reader::new(self.raw);
        let version = self.version;
        core::iter::from_fn(move || read_entry(&mut reader, version).ok())
    }
}

/// Builds the filters of a SUBSCRIBE.
#[derive(Clone, Debug)]
pub struct FiltersBuf {
    raw: Vec<u8>,
    version: Version,
}

impl FiltersBuf {
    /// No filters yet.
    pub fn new(version: Version) -> Self {
        Self {
            raw: Vec::new(),
            version,
        }
    }

    /// Appends a filter; on an error the list is as before.
    pub fn push(&mut self, filter: &str, options: SubscribeOptions) -> Result<(), EncodeError> {
        check_filter(filter, self.version)?;
        check_options(filter, options, self.version).map_err(|error| match error {
            DecodeError::NoLocalOnShared => EncodeError::NoLocalOnShared,
            _ => EncodeError::NotInVersion,
        })?;
        wire::put_string(&mut self.raw, filter)?;
        self.raw.push(options.bits());
        Ok(())
    }

    /// The bytes it takes in the packet.
    pub fn byte_length(&self) -> usize {
        self.raw.len()
    }

    /// The filters so far.
    pub fn as_filters(&self) -> Filters<'_> {
        Filters {
            raw: &self.raw,
            version: self.version,
        }
    }
}

fn check_filter(filter: &str, version: Version) -> Result<(), EncodeError> {
    topic::validate_filter(filter, version).map_err(|error| match error {
        topic::TopicError::TooLong => EncodeError::FieldTooLong,
        topic::TopicError::Nul => EncodeError::NulInString,
        _ => EncodeError::InvalidFilter,
    })
}

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
        let packet_id = body.packet_id()?;
        let properties = Properties::read(&mut body, version, Place::Subscribe)?;
        let raw = body.rest();
        if body.is_empty() {
            return Err(DecodeError::EmptyList);
        }
        while !body.is_empty() {
            read_entry(&mut body, version)?;
        }
        Ok(Self {
            packet_id,
            properties,
            filters: Filters { raw, version },
        })
    }

    /// Appends the packet to `out`; on an error `out` is as before.
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let list = (self.filters.raw, self.filters.version);
        put_request(
            out,
            0x82,
            self.packet_id,
            (&self.properties, Place::Subscribe),
            list,
            version,
        )
    }
}

/// SUBSCRIBE and UNSUBSCRIBE differ in their first byte, their place and what their list holds.
fn put_request(
    out: &mut Vec<u8>,
    first: u8,
    packet_id: PacketId,
    (properties, place): (&Properties<'_>, Place),
    (list, built_for): (&[u8], Version),
    version: Version,
) -> Result<(), EncodeError> {
    if list.is_empty() {
        return Err(EncodeError::EmptyList);
    }
    if built_for != version {
        return Err(EncodeError::NotInVersion);
    }
    let start = wire::begin(out, first);
    wire::put_u16(out, packet_id.get());
    let body = properties.put(out, version, place as u16);
    out.extend_from_slice(list);
    wire::end(out, start, body)
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

/// The filters of an UNSUBSCRIBE, as bytes that were checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicFilters<'a> {
    raw: &'a [u8],
    version: Version,
}

impl<'a> TopicFilters<'a> {
    /// Each filter, in order.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let mut reader = Reader::new(self.raw);
        let version = self.version;
        core::iter::from_fn(move || read_filter(&mut reader, version).ok())
    }
}

/// Builds the filters of an UNSUBSCRIBE.
#[derive(Clone, Debug)]
pub struct TopicFiltersBuf {
    raw: Vec<u8>,
    version: Version,
}

impl TopicFiltersBuf {
    /// No filters yet.
    pub fn new(version: Version) -> Self {
        Self {
            raw: Vec::new(),
            version,
        }
    }

    /// Appends a filter; on an error the list is as before.
    pub fn push(&mut self, filter: &str) -> Result<(), EncodeError> {
        check_filter(filter, self.version)?;
        wire::put_string(&mut self.raw, filter)
    }

    /// The bytes it takes in the packet.
    pub fn byte_length(&self) -> usize {
        self.raw.len()
    }

    /// The filters so far.
    pub fn as_filters(&self) -> TopicFilters<'_> {
        TopicFilters {
            raw: &self.raw,
            version: self.version,
        }
    }
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
        let packet_id = body.packet_id()?;
        let properties = Properties::read(&mut body, version, Place::Unsubscribe)?;
        let raw = body.rest();
        if body.is_empty() {
            return Err(DecodeError::EmptyList);
        }
        while !body.is_empty() {
            read_filter(&mut body, version)?;
        }
        Ok(Self {
            packet_id,
            properties,
            filters: TopicFilters { raw, version },
        })
    }

    /// Appends the packet to `out`; on an error `out` is as before.
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let list = (self.filters.raw, self.filters.version);
        put_request(
            out,
            0xA2,
            self.packet_id,
            (&self.properties, Place::Unsubscribe),
            list,
            version,
        )
    }
}
