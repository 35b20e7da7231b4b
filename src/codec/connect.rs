//! CONNECT (3.1) and CONNACK (3.2).

use super::error::{DecodeError, EncodeError};
use super::properties::{Place, Properties};
use super::reason::{ReasonCode, ReasonPlace};
use super::wire::{self, Reader};
use super::{Qos, Version, topic};

const PROTOCOL_NAME: &str = "MQTT";

const USER_NAME: u8 = 1 << 7;
const PASSWORD: u8 = 1 << 6;
const WILL_RETAIN: u8 = 1 << 5;
const WILL_QOS: u8 = 0b11 << 3;
const WILL: u8 = 1 << 2;
const CLEAN_START: u8 = 1 << 1;
const RESERVED: u8 = 1;

const SESSION_PRESENT: u8 = 1;

/// CONNECT (3.1): the first packet on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connect<'a> {
    /// Begin a new session; Clean Session in 3.1.1.
    pub clean_start: bool,
    /// Seconds, 0 = off.
    pub keep_alive: u16,
    /// Empty in 3.1.1.
    pub properties: Properties<'a>,
    /// Empty: the server assigns one (in 3.1.1 only with `clean_start`).
    pub client_id: &'a str,
    /// What the server publishes when the connection is lost.
    pub will: Option<Will<'a>>,
    /// The user name, possibly empty.
    pub username: Option<&'a str>,
    /// The password; in 3.1.1 only with a user name.
    pub password: Option<&'a [u8]>,
}

/// The will in CONNECT (3.1.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Will<'a> {
    /// The QoS it is published with.
    pub qos: Qos,
    /// Whether it is retained.
    pub retain: bool,
    /// Empty in 3.1.1.
    pub properties: Properties<'a>,
    /// A topic name, not empty.
    pub topic: &'a str,
    /// At most 65,535 bytes, possibly none.
    pub payload: &'a [u8],
}

impl Version {
    /// The protocol level in CONNECT (3.1.2.2).
    pub fn level(self) -> u8 {
        match self {
            Self::V311 => 4,
            Self::V5 => 5,
        }
    }
}

impl<'a> Connect<'a> {
    pub(super) fn read(mut body: Reader<'a>, version: Version) -> Result<Self, DecodeError> {
        if body.string()? != PROTOCOL_NAME || body.u8()? != version.level() {
            return Err(DecodeError::UnsupportedVersion);
        }
        let flags = body.u8()?;
        if flags & RESERVED != 0 {
            return Err(DecodeError::ReservedBits);
        }
        let keep_alive = body.u16()?;
        let properties = Properties::read(&mut body, version, Place::Connect)?;
        let client_id = body.string()?;
        let will = read_will(flags, &mut body, version)?;
        let username = (flags & USER_NAME != 0).then(|| body.string()).transpose()?;
        let password = (flags & PASSWORD != 0).then(|| body.binary()).transpose()?;
        body.finish()?;
        let clean_start = flags & CLEAN_START != 0;
        if version == Version::V311 {
            if username.is_none() && password.is_some() {
                return Err(DecodeError::PasswordWithoutUserName);
            }
            if client_id.is_empty() && !clean_start {
                return Err(DecodeError::EmptyClientId);
            }
        }
        Ok(Self {
            clean_start,
            keep_alive,
            properties,
            client_id,
            will,
            username,
            password,
        })
    }

    /// Appends the packet to `out`; on an error `out` is as before.
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        if version == Version::V311 {
            if self.username.is_none() && self.password.is_some() {
                return Err(EncodeError::PasswordWithoutUserName);
            }
            if self.client_id.is_empty() && !self.clean_start {
                return Err(EncodeError::EmptyClientId);
            }
        }
        if self.properties.authentication_data().is_some() && self.properties.authentication_method().is_none() {
            // 3.1.2.11.10
            return Err(EncodeError::MissingAuthenticationMethod);
        }
        let start = wire::begin(out, 0x10);
        let body = self.put_body(version, out);
        wire::end(out, start, body)
    }

    /// The order of the payload is fixed: client id, will, user name, password `[MQTT-3.1.3-1]`.
    fn put_body(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        wire::put_string(out, PROTOCOL_NAME)?;
        out.extend_from_slice(&[version.level(), self.flags()]);
        wire::put_u16(out, self.keep_alive);
        self.properties.put(out, version, Place::Connect as u16)?;
        wire::put_string(out, self.client_id)?;
        if let Some(will) = &self.will {
            will.properties.put(out, version, Place::Will as u16)?;
            topic::validate_name(will.topic).map_err(|_| EncodeError::InvalidTopic)?;
            wire::put_string(out, will.topic)?;
            wire::put_binary(out, will.payload)?;
        }
        if let Some(username) = self.username {
            wire::put_string(out, username)?;
        }
        if let Some(password) = self.password {
            wire::put_binary(out, password)?;
        }
        Ok(())
    }

    fn flags(&self) -> u8 {
        let bit = |set: bool, flag: u8| if set { flag } else { 0 };
        let will = self
            .will
            .as_ref()
            .map_or(0, |will| WILL | will.qos.bits() << 3 | bit(will.retain, WILL_RETAIN));
        will | bit(self.clean_start, CLEAN_START)
            | bit(self.username.is_some(), USER_NAME)
            | bit(self.password.is_some(), PASSWORD)
    }
}

/// Without the will flag its QoS and Retain bits are 0 `[MQTT-3.1.2-11]`, `[MQTT-3.1.2-13]`.
fn read_will<'a>(flags: u8, body: &mut Reader<'a>, version: Version) -> Result<Option<Will<'a>>, DecodeError> {
    if flags & WILL == 0 {
        return if flags & (WILL_QOS | WILL_RETAIN) == 0 {
            Ok(None)
        } else {
            Err(DecodeError::WillFlags)
        };
    }
    let qos = Qos::from_bits((flags & WILL_QOS) >> 3).ok_or(DecodeError::InvalidQos)?;
    let properties = Properties::read(body, version, Place::Will)?;
    let topic = body.topic_name()?;
    if topic.is_empty() {
        return Err(DecodeError::EmptyTopic);
    }
    Ok(Some(Will {
        qos,
        retain: flags & WILL_RETAIN != 0,
        properties,
        topic,
        payload: body.binary()?,
    }))
}

/// CONNACK (3.2): the server's answer to CONNECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnAck<'a> {
    /// The server still has the session.
    pub session_present: bool,
    /// In 3.1.1 the return code 0 to 5 as it stands on the wire: see [`super::connect_return_code`].
    pub reason: ReasonCode,
    /// Empty in 3.1.1.
    pub properties: Properties<'a>,
}

impl<'a> ConnAck<'a> {
    pub(super) fn read(mut body: Reader<'a>, version: Version) -> Result<Self, DecodeError> {
        let flags = body.u8()?;
        if flags & !SESSION_PRESENT != 0 {
            return Err(DecodeError::ReservedBits);
        }
        let code = body.u8()?;
        let reason = if body.is_empty() && version == Version::V5 {
            old_server_refusal(code)?
        } else {
            check_code(code, version)?
        };
        let session_present = flags & SESSION_PRESENT != 0;
        if session_present && reason != ReasonCode::SUCCESS {
            return Err(DecodeError::SessionPresentOnRefusal);
        }
        let properties = if body.is_empty() {
            Properties::EMPTY
        } else {
            Properties::read(&mut body, version, Place::ConnAck)?
        };
        body.finish()?;
        Ok(Self {
            session_present,
            reason,
            properties,
        })
    }

    /// Appends the packet to `out`; on an error `out` is as before.
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        check_code(self.reason.0, version).map_err(|_| EncodeError::InvalidReasonCode)?;
        if self.session_present && self.reason != ReasonCode::SUCCESS {
            return Err(EncodeError::SessionPresentOnRefusal);
        }
        let start = wire::begin(out, 0x20);
        out.extend_from_slice(&[u8::from(self.session_present), self.reason.0]);
        let body = self.properties.put(out, version, Place::ConnAck as u16);
        wire::end(out, start, body)
    }
}

fn check_code(code: u8, version: Version) -> Result<ReasonCode, DecodeError> {
    match version {
        Version::V5 => ReasonCode::checked(code, ReasonPlace::ConnAck),
        Version::V311 if code <= 5 => Ok(ReasonCode(code)),
        Version::V311 => Err(DecodeError::InvalidReasonCode),
    }
}

/// A server that only knows 3.1.1 refuses a 5.0 CONNECT in its own form, without a property length and with return code 1. That is a refusal of
/// the version, said as plainly as it can; any other CONNACK of two bytes is malformed `[MQTT-2.2.2-1]`.
fn old_server_refusal(code: u8) -> Result<ReasonCode, DecodeError> {
    match code {
        1 | 0x84 => Ok(ReasonCode::UNSUPPORTED_PROTOCOL_VERSION),
        _ => Err(DecodeError::Truncated),
    }
}
