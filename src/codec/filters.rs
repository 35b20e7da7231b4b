//! What SUBSCRIBE and UNSUBSCRIBE carry: lists of topic filters, with subscription options or without (3.8.3, 3.10.3).

use super::error::{DecodeError, EncodeError};
use super::wire::{self, Reader};
use super::{Qos, Version, topic};

const NO_LOCAL: u8 = 1 << 2;
const RETAIN_AS_PUBLISHED: u8 = 1 << 3;
const RESERVED: u8 = 0b1100_0000;

/// When retained messages are sent for a subscription (3.8.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
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
        Version::V5 if options.no_local && filter.starts_with(topic::SHARE) => Err(DecodeError::NoLocalOnShared),
        _ => Ok(()),
    }
}

/// Both lists hold one entry or more `[MQTT-3.8.3-2]`, `[MQTT-3.10.3-2]`.
fn check_list<'a>(
    mut list: Reader<'a>,
    entry: impl Fn(&mut Reader<'a>) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    if list.is_empty() {
        return Err(DecodeError::EmptyList);
    }
    while !list.is_empty() {
        entry(&mut list)?;
    }
    Ok(())
}

/// A list built for the other version may hold filters or options that this one does not have.
fn put_list(out: &mut Vec<u8>, list: &[u8], same_version: bool) -> Result<(), EncodeError> {
    if list.is_empty() {
        return Err(EncodeError::EmptyList);
    }
    if !same_version {
        return Err(EncodeError::NotInVersion);
    }
    out.extend_from_slice(list);
    Ok(())
}

/// The filters of a SUBSCRIBE with their options, as bytes that were checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filters<'a> {
    raw: &'a [u8],
    version: Version,
}

impl<'a> Filters<'a> {
    /// Checks all that is left of a SUBSCRIBE.
    pub(super) fn read(body: Reader<'a>, version: Version) -> Result<Self, DecodeError> {
        check_list(body, |reader| read_entry(reader, version).map(drop))?;
        Ok(Self {
            raw: body.rest(),
            version,
        })
    }

    pub(super) fn put(&self, out: &mut Vec<u8>, version: Version) -> Result<(), EncodeError> {
        put_list(out, self.raw, self.version == version)
    }

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

/// The filters of an UNSUBSCRIBE, as bytes that were checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicFilters<'a> {
    raw: &'a [u8],
    version: Version,
}

impl<'a> TopicFilters<'a> {
    /// Checks all that is left of an UNSUBSCRIBE.
    pub(super) fn read(body: Reader<'a>, version: Version) -> Result<Self, DecodeError> {
        check_list(body, |reader| read_filter(reader, version).map(drop))?;
        Ok(Self {
            raw: body.rest(),
            version,
        })
    }

    pub(super) fn put(&self, out: &mut Vec<u8>, version: Version) -> Result<(), EncodeError> {
        put_list(out, self.raw, self.version == version)
    }

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
