//! DISCONNECT (3.14) and AUTH (3.15). PINGREQ and PINGRESP have no body and need no type.

use super::error::{DecodeError, EncodeError};
use super::properties::{DISCONNECT, Place, Properties};
use super::reason::{ReasonCode, ReasonPlace};
use super::wire::{self, Reader};
use super::{Sender, Version};

/// DISCONNECT (3.14): the last packet on a connection. In 3.1.1 only the client sends it, with nothing in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disconnect<'a> {
    /// Why; always normal in 3.1.1.
    pub reason: ReasonCode,
    /// Empty in 3.1.1.
    pub properties: Properties<'a>,
}

impl<'a> Disconnect<'a> {
    /// A DISCONNECT without properties.
    pub fn new(reason: ReasonCode) -> Self {
        Self {
            reason,
            properties: Properties::EMPTY,
        }
    }

    /// In 5.0 the end may be left out: length 0 is code 0x00, length 1 a code only (3.14.2.1, 3.14.2.2.1).
    pub(super) fn read(mut body: Reader<'a>, version: Version, sender: Sender) -> Result<Self, DecodeError> {
        let (reason_place, place) = match sender {
            Sender::Client => (ReasonPlace::DisconnectFromClient, Place::DisconnectFromClient),
            Sender::Server => (ReasonPlace::DisconnectFromServer, Place::DisconnectFromServer),
        };
        let mut packet = Self::new(ReasonCode::NORMAL_DISCONNECTION);
        if version == Version::V5 && !body.is_empty() {
            packet.reason = ReasonCode::checked(body.u8()?, reason_place)?;
            if !body.is_empty() {
                packet.properties = Properties::read(&mut body, version, place)?;
            }
        }
        body.finish()?;
        Ok(packet)
    }

    /// Appends the shortest form of the packet to `out`; on an error `out` is as before.
    ///
    /// 3.1.1 has one DISCONNECT only, which also drops the will: any other reason is refused there, not dropped.
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let with_reason = self.reason != ReasonCode::NORMAL_DISCONNECTION || !self.properties.is_empty();
        if with_reason && version == Version::V311 {
            return Err(EncodeError::NotInVersion);
        }
        if !self.reason.allowed_in(ReasonPlace::DisconnectFromClient)
            && !self.reason.allowed_in(ReasonPlace::DisconnectFromServer)
        {
            return Err(EncodeError::InvalidReasonCode);
        }
        let start = wire::begin(out, 0xE0);
        if with_reason {
            out.push(self.reason.0);
        }
        let body = if self.properties.is_empty() {
            Ok(())
        } else {
            self.properties.put(out, version, DISCONNECT)
        };
        wire::end(out, start, body)
    }
}

/// AUTH (3.15): one step of enhanced authentication, 5.0 only.
///
/// Its properties always hold the authentication method (3.15.2.2.2); the form without a body that 3.15.2.1 mentions is therefore refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Auth<'a> {
    /// Success (server), continue (both) or re-authenticate (client).
    pub reason: ReasonCode,
    /// With the authentication method.
    pub properties: Properties<'a>,
}

impl<'a> Auth<'a> {
    pub(super) fn read(mut body: Reader<'a>, sender: Sender) -> Result<Self, DecodeError> {
        if body.is_empty() {
            return Err(DecodeError::MissingAuthenticationMethod);
        }
        let place = match sender {
            Sender::Client => ReasonPlace::AuthFromClient,
            Sender::Server => ReasonPlace::AuthFromServer,
        };
        let packet = Self {
            reason: ReasonCode::checked(body.u8()?, place)?,
            properties: Properties::read(&mut body, Version::V5, Place::Auth)?,
        };
        body.finish()?;
        Ok(packet)
    }

    /// Appends the packet to `out`; on an error `out` is as before.
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        if version == Version::V311 {
            return Err(EncodeError::NotInVersion);
        }
        if !self.reason.allowed_in(ReasonPlace::AuthFromClient) && !self.reason.allowed_in(ReasonPlace::AuthFromServer)
        {
            return Err(EncodeError::InvalidReasonCode);
        }
        if self.properties.authentication_method().is_none() {
            return Err(EncodeError::MissingAuthenticationMethod);
        }
        let start = wire::begin(out, 0xF0);
        out.push(self.reason.0);
        let body = self.properties.put(out, version, Place::Auth as u16);
        wire::end(out, start, body)
    }
}
