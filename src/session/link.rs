//! What belongs to one connection and to no other.

use super::aliases::{InboundAliases, OutboundAliases};
use super::authenticate::Turn;
use super::timers::KeepAlive;
use super::{Limits, Millis};
use crate::codec::Version;

/// The connection that is being made, or is up.
#[derive(Debug)]
pub(super) struct Link {
    /// CONNECT, until the socket is open.
    pub(super) connect: Vec<u8>,
    /// The socket is open.
    pub(super) open: bool,
    /// When the attempt would have been given up, had the page not come back to it.
    pub(super) patience: Option<Millis>,
    /// CONNECT asked for a clean start.
    pub(super) clean_start: bool,
    /// CONNECT asked for an identifier.
    pub(super) anonymous: bool,
    /// Whose turn it is to authenticate.
    pub(super) turn: Turn,
    /// The token of the re-authentication under way.
    pub(super) reauthentication: Option<u32>,
    /// The session that CONNACK said is present may be another one than ours.
    pub(super) doubtful: bool,
    /// Nothing new leaves any more: see [`super::Session::renew`].
    pub(super) renewing: bool,
    /// What CONNACK allows.
    pub(super) limits: Limits,
    /// QoS 1 and 2 messages that may be sent now (4.9).
    pub(super) quota: u16,
    /// Keep-alive.
    pub(super) keep_alive: KeepAlive,
    /// The broker's aliases.
    pub(super) inbound_aliases: InboundAliases,
    /// Ours.
    pub(super) outbound_aliases: OutboundAliases,
    /// QoS 1 and 2 messages of the broker without a final answer.
    pub(super) unanswered: usize,
    /// Answers that were written since the last outputs: they count when they leave.
    pub(super) answered: usize,
    /// Packets that were written since the last outputs: they count when they leave.
    pub(super) written: u32,
    /// When the CONNECT or PINGREQ left whose answer is not here.
    pub(super) asked: Option<Millis>,
}

impl Limits {
    /// What holds where the broker says nothing.
    pub(super) const fn standard(version: Version) -> Self {
        Self {
            receive_maximum: match version {
                Version::V5 => u16::MAX,
                // 3.1.1 cannot announce a window, yet brokers have one: Mosquitto and VerneMQ take 20 by default, and Mosquitto drops who sends more.
                Version::V311 => 20,
            },
            maximum_qos: 2,
            maximum_packet_size: u32::MAX,
            topic_alias_maximum: 0,
            retain: true,
            wildcard_subscriptions: true,
            subscription_ids: matches!(version, Version::V5),
            // `$share` means nothing in the text of 3.1.1, yet many brokers honour it: it is not refused there.
            shared_subscriptions: true,
        }
    }
}

impl Link {
    pub(super) fn new(version: Version) -> Self {
        Self {
            connect: Vec::new(),
            open: false,
            clean_start: false,
            anonymous: false,
            turn: Turn::Nobody,
            patience: None,
            reauthentication: None,
            doubtful: false,
            renewing: false,
            limits: Limits::standard(version),
            quota: 0,
            keep_alive: KeepAlive::default(),
            inbound_aliases: InboundAliases::default(),
            outbound_aliases: OutboundAliases::default(),
            unanswered: 0,
            answered: 0,
            written: 0,
            asked: None,
        }
    }

    /// A packet was written.
    pub(super) const fn wrote(&mut self) {
        self.written = self.written.wrapping_add(1);
    }

    /// A message of ours that took a place in the window is finished. An exchange of an earlier connection took none, and gives none back: the broker may have
    /// counted its PUBCOMP when its own count was full (4.9).
    pub(super) fn return_quota(&mut self) {
        self.quota = self.quota.saturating_add(1).min(self.limits.receive_maximum);
    }
}
