//! Enhanced authentication (4.12): what the client and the broker say to each other before CONNACK, and again on a live link when the user asks for it.
//!
//! The session knows no method. It keeps the rules of the exchange, and asks for the client's side of it, step by step, by [`Event::Authenticate`].
//! Who is asked must answer in time: before CONNACK within what is left of the connect timeout, afterwards within another one.
//!
//! [`Event::Authenticate`]: super::Event::Authenticate

use crate::codec::{Auth, EncodeError, Place, Properties, Property, PropertyBuf, ReasonCode, Version};

use super::timers::Timer;
use super::{Cause, Event, Failure, Fault, Millis, Phase, Session, Span};

/// Exchanges with a broker that failed on this side without a stable link in between, after which there is no further attempt: the broker has nothing to do
/// with it.
pub(super) const MOST_FAILURES: u8 = 5;
/// Exchanges are numbered from here and attempts from 1, so that an answer to one is never taken for an answer to the other.
const FIRST_EXCHANGE: u32 = 1 << 31;
pub(super) const NO_ANSWER: &str = "no answer in time";

/// Whose turn it is in an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// No exchange is under way.
    Nobody,
    /// The broker's.
    Broker,
    /// Ours: to begin again, to answer a challenge, or (success) to say that what the broker said last is right.
    Ours(ReasonCode),
}

impl Session {
    /// Authenticates anew on the live link (4.12.1), while everything else goes on; settled by [`Event::Done`]. Fails at once where there is no link,
    /// no method in CONNECT `[MQTT-4.12.0-7]`, or an exchange under way.
    pub fn reauthenticate(&mut self, now: Millis, token: u32) {
        self.tick(now);
        if !self.is_online() || self.authentication_method().is_none() || self.link.turn != Turn::Nobody {
            self.done(token, Failure::AuthenticationUnavailable.code());
            return;
        }
        self.link.reauthentication = Some(token);
        self.ask(ReasonCode::RE_AUTHENTICATE, Span::default());
    }

    /// Answers [`Event::Authenticate`]; an answer to an earlier one is ignored. Before [`Session::handle_address`], with the number of the attempt: the
    /// data for CONNECT.
    pub fn handle_authentication(&mut self, now: Millis, exchange: u32, data: Option<&[u8]>) {
        self.tick(now);
        if self.attempt() == Some((exchange, Phase::Address)) {
            self.authentication_data = data.map(Vec::from);
            return;
        }
        let Some(step) = self.asked(exchange) else {
            return;
        };
        if step == ReasonCode::SUCCESS {
            self.link.turn = Turn::Nobody;
            self.timers.stop(Timer::Authenticate);
            if let Some(token) = self.link.reauthentication.take() {
                self.done(token, 0);
            }
            return;
        }
        self.link.turn = Turn::Broker;
        let mut packet = Vec::new();
        let written = self.write_auth(step, data, &mut packet);
        if written.is_err() || packet.len() > self.link.limits.maximum_packet_size as usize {
            self.authentication_failed("the answer is larger than the broker takes");
        } else {
            self.out.transmit.append(&mut packet);
            self.link.wrote();
        }
    }

    /// Answers [`Event::Authenticate`], or stands in for [`Session::handle_address`]: the client's side of the exchange has failed, and why.
    pub fn handle_authentication_failed(&mut self, now: Millis, exchange: u32, detail: &str) {
        self.tick(now);
        if self.attempt() == Some((exchange, Phase::Address)) || self.asked(exchange).is_some() {
            self.authentication_failed(detail);
        }
    }

    /// The end of the link or the attempt. No reason code of DISCONNECT that says more is a client's to send `[MQTT-4.12.1-2]`.
    pub(super) fn authentication_failed(&mut self, detail: &str) {
        self.leave(ReasonCode::UNSPECIFIED_ERROR, Cause::Authentication(detail.into()));
    }

    /// The method of CONNECT.
    pub(super) fn authentication_method(&self) -> Option<&str> {
        match self.offered {
            Version::V5 => self.config.authentication_method.as_deref(),
            Version::V311 => None,
        }
    }

    /// The properties that belong to the method, for CONNECT or AUTH.
    pub(super) fn push_authentication(
        &self,
        properties: &mut PropertyBuf,
        data: Option<&[u8]>,
    ) -> Result<(), EncodeError> {
        if let Some(method) = self.authentication_method() {
            properties.push(Property::AuthenticationMethod(method))?;
            if let Some(data) = data {
                properties.push(Property::AuthenticationData(data))?;
            }
        }
        Ok(())
    }

    /// The broker's side of an exchange; `end` is where its packet ends in the input buffer.
    pub(super) fn on_auth(&mut self, auth: &Auth<'_>, end: usize) -> Result<(), Fault> {
        let method = self.authentication_method();
        if method.is_none() {
            // [MQTT-4.12.0-6]
            return Err(Fault::protocol("AUTH without an authentication method in CONNECT"));
        }
        if auth.properties.authentication_method() != method {
            // [MQTT-4.12.0-5]
            return Err(Fault::protocol("AUTH without the authentication method of CONNECT"));
        }
        if self.link.turn != Turn::Broker {
            return Err(Fault::protocol("AUTH that is no answer"));
        }
        if auth.reason == ReasonCode::SUCCESS && !self.is_online() {
            // [MQTT-4.12.0-2]: there it is CONNACK that says so.
            return Err(Fault::protocol("AUTH with success before CONNACK"));
        }
        self.ask_about(auth.reason, &auth.properties, end);
        Ok(())
    }

    /// Asks for the next step of the client's side; what the broker has said is at `end` in the input buffer.
    pub(super) fn ask_about(&mut self, step: ReasonCode, properties: &Properties<'_>, end: usize) {
        let properties = self.refer(properties, end);
        self.ask(step, properties);
    }

    fn ask(&mut self, step: ReasonCode, properties: Span) {
        if self.is_online() && self.link.turn == Turn::Nobody {
            self.timers
                .set(Timer::Authenticate, self.now.plus(self.config.connect_timeout.max(1)));
        }
        self.link.turn = Turn::Ours(step);
        self.exchange = self.exchange.wrapping_add(1) | FIRST_EXCHANGE;
        self.out.events.push(Event::Authenticate {
            exchange: self.exchange,
            step: step.0,
            properties,
        });
    }

    /// What was asked for in `exchange`, if it is still open.
    fn asked(&self, exchange: u32) -> Option<ReasonCode> {
        match self.link.turn {
            Turn::Ours(step) if exchange == self.exchange => Some(step),
            _ => None,
        }
    }

    fn write_auth(&self, reason: ReasonCode, data: Option<&[u8]>, packet: &mut Vec<u8>) -> Result<(), EncodeError> {
        let mut properties = PropertyBuf::new(Place::Auth);
        self.push_authentication(&mut properties, data)?;
        let properties = properties.as_properties();
        Auth { reason, properties }.encode(self.version, packet)
    }
}
