//! The session engine: all policy, no input or output of its own.
//!
//! Time is an argument of every method, the random seed one of [`Session::new`]. Methods only change the session; what is to be done afterwards
//! comes out of [`Session::take_outputs`].
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[allow(dead_code)]
mod backoff;
mod config;
mod error;
mod output;
#[allow(dead_code)]
mod random;
mod state;
mod time;

pub use backoff::Reconnect;
pub use config::{Config, Will};
pub use error::{Cause, Failure, Refusal};
pub use output::{
    Connected, Event, Frame, Limits, Message, Outputs, PacketTrace, Settled, Span, StoreBatch, StoreChange, StoreKey,
};
pub use state::{Phase, State};
pub use time::Millis;

use crate::codec::{Qos, ReasonCode, SubscribeOptions};

/// A message to publish.
#[derive(Clone, Copy, Debug)]
pub struct PublishRequest<'a> {
    /// The caller's number, given back when it is settled.
    pub token: u32,
    /// Topic name.
    pub topic: &'a str,
    /// The application's bytes.
    pub payload: &'a [u8],
    /// Quality of service.
    pub qos: Qos,
    /// Retain.
    pub retain: bool,
    /// A property block without its length; empty in 3.1.1.
    pub properties: &'a [u8],
}

/// How a socket ended, or never began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketClose<'a> {
    /// What happened.
    pub kind: CloseKind,
    /// WebSocket close code, 0 if there is none.
    pub code: u16,
    /// WebSocket close reason, or what the browser said.
    pub reason: &'a str,
}

/// Kinds of [`SocketClose`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseKind {
    /// It never opened.
    Failed,
    /// It was open.
    Closed,
    /// It sent a text frame. The socket is still there: the session asks to close it.
    TextFrame,
    /// It did not select the subprotocol `mqtt`. The socket is still there: the session asks to close it.
    WrongSubprotocol,
}

/// One MQTT session: its state, its messages and its link, over any number of connections.
#[derive(Debug)]
pub struct Session {
    config: Config,
    state: State,
    input: Vec<u8>,
}

impl Session {
    /// An idle session.
    #[must_use]
    pub fn new(config: Config, _seed: u64) -> Self {
        Self {
            config,
            state: State::Idle,
            input: Vec::new(),
        }
    }

    /// Leaves idle. No effect in any other state.
    pub fn start(&mut self, _now: Millis) {}
    /// Publishes; settled by [`Event::Done`].
    pub fn publish(&mut self, _now: Millis, _request: PublishRequest<'_>) {}
    /// Subscribes to one filter; settled by [`Event::Subscribed`]. `properties`: a property block without its length.
    pub fn subscribe(
        &mut self,
        _now: Millis,
        _token: u32,
        _filter: &str,
        _options: SubscribeOptions,
        _properties: &[u8],
    ) {
    }
    /// Unsubscribes from one filter; settled by [`Event::Unsubscribed`].
    pub fn unsubscribe(&mut self, _now: Millis, _token: u32, _filter: &str) {}
    /// Gives up what was not sent yet; no effect on anything else.
    pub fn cancel(&mut self, _now: Millis, _token: u32) {}
    /// Sends DISCONNECT if there is a link, and stops for good. Everything open settles with [`Failure::Closed`].
    pub fn close(&mut self, _now: Millis, _reason: ReasonCode, _properties: &[u8]) {}
    /// Ends the wait for the next attempt; starts again after a stop that was not [`Session::close`].
    pub fn reconnect_now(&mut self, _now: Millis) {}
    /// Answers [`Event::Prepare`].
    pub fn handle_address(&mut self, _now: Millis, _attempt: u32, _username: Option<&str>, _password: Option<&[u8]>) {}
    /// Answers [`Event::Prepare`]: there is no URL or there are no credentials, and why.
    pub fn handle_address_failed(&mut self, _now: Millis, _attempt: u32, _detail: &str) {}
    /// The socket is open and speaks `mqtt`.
    pub fn handle_open(&mut self, _now: Millis) {}
    /// Room for the bytes of the next frame, to be filled before [`Session::handle_input`].
    pub fn input(&mut self, length: usize) -> &mut [u8] {
        self.input.resize(length, 0);
        &mut self.input
    }
    /// A frame has been put into [`Session::input`].
    pub fn handle_input(&mut self, _now: Millis) {}
    /// The socket is gone, or unusable.
    pub fn handle_closed(&mut self, _now: Millis, _close: SocketClose<'_>) {}
    /// The deadline has passed; it may be late, or early.
    pub fn handle_timeout(&mut self, _now: Millis) {}
    /// The store has committed this batch.
    pub fn handle_stored(&mut self, _now: Millis, _batch: u64) {}
    /// Moves everything to be done into `out`, whose buffers are used again. Returns whether there is anything.
    pub fn take_outputs(&mut self, _now: Millis, out: &mut Outputs) -> bool {
        *out = Outputs::default();
        false
    }
    /// When to call [`Session::handle_timeout`] next.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        None
    }
    /// The state of the link.
    #[must_use]
    pub fn state(&self) -> &State {
        let _ = &self.config;
        &self.state
    }
}
