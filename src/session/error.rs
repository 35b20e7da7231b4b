//! Why things did not happen: [`Failure`] for one request, [`Cause`] for the link.

use super::Phase;

/// Why the engine gave up on a request, as it stands in the `code` of [`super::Event::Done`] and its kin. MQTT reason codes are below 0x100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Failure {
    /// The user closed the session first.
    Closed = 0x100,
    /// Cancelled before anything was sent.
    Cancelled = 0x101,
    /// The queue is at its bound of messages or bytes, or no packet identifier is free.
    QueueFull = 0x102,
    /// Larger than the broker's Maximum Packet Size `[MQTT-3.2.2-15]`, or than MQTT can express.
    PacketTooLarge = 0x103,
    /// Above the broker's Maximum QoS `[MQTT-3.2.2-11]`.
    QosNotSupported = 0x104,
    /// The broker keeps no retained messages `[MQTT-3.2.2-14]`.
    RetainNotAvailable = 0x105,
    /// It left, and may or may not have arrived: the broker lost the session before it answered, or takes no such message any more.
    Indeterminate = 0x106,
    /// Not a topic name, or not a topic filter (4.7).
    InvalidTopic = 0x107,
    /// Not a property block for this packet, or an option that the protocol version does not have.
    InvalidProperties = 0x108,
    /// The broker takes no wildcard subscriptions (3.2.2.3.11).
    WildcardNotAvailable = 0x109,
    /// The broker takes no shared subscriptions (3.2.2.3.13).
    SharedNotAvailable = 0x10A,
    /// Its Message Expiry Interval was over before it could be sent (3.3.2.3.3).
    Expired = 0x10B,
    /// The session stopped by itself: see the cause in the status.
    Stopped = 0x10C,
    /// No re-authentication now: there is no link, CONNECT had no method, or an exchange is under way.
    AuthenticationUnavailable = 0x10D,
    /// The link ended before the re-authentication did: see the cause in the status.
    AuthenticationFailed = 0x10E,
    /// It gave way, because the queue was at its bound: see [`super::Overflow`].
    Dropped = 0x10F,
    /// It waited, and a later message with the same topic took its place: see [`super::Overflow::LatestPerTopic`].
    Superseded = 0x110,
    /// QoS 0 without a link: see [`super::OfflineQos0::Refuse`].
    Offline = 0x111,
}

impl Failure {
    /// The number that stands in an event.
    #[must_use]
    pub const fn code(self) -> u32 {
        self as u32
    }
}

/// Why the link is not up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// `close` was called.
    ClosedByUser,
    /// The socket could not be opened. WebSocket close code and reason.
    SocketFailed { code: u16, reason: String },
    /// The open socket was closed, or broke. WebSocket close code and reason.
    SocketClosed { code: u16, reason: String },
    /// CONNACK refused. In 3.1.1 the reason is the return code 1 to 5.
    Refused(Refusal),
    /// The broker sent DISCONNECT (5.0 only).
    Disconnected(Refusal),
    /// The broker broke the protocol: the reason code that DISCONNECT carried if one could be sent, and what was wrong.
    ProtocolError { reason: u8, detail: String },
    /// No answer in time.
    ConnectTimeout(Phase),
    /// Nothing was heard for one and a half keep-alive intervals, or since a probe.
    KeepAliveTimeout,
    /// The server did not select the subprotocol `mqtt` `[MQTT-6.0.0-4]`.
    WrongSubprotocol,
    /// The server sent a text frame `[MQTT-6.0.0-1]`.
    TextFrame,
    /// There is no URL or there are no credentials, and why.
    Address(String),
    /// The client's side of enhanced authentication failed, and why.
    Authentication(String),
    /// The page went away, for good or into the browser's cache of pages.
    Left,
    /// The link gives way to another one: [`super::Session::renew`].
    Renewed,
}

/// What a broker says when it sends the client away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// Reason code, in 3.1.1 the return code of CONNACK.
    pub reason: u8,
    /// Reason String (3.2.2.3.9), empty if there was none.
    pub reason_string: String,
    /// Server Reference (4.11), empty if there was none.
    pub server_reference: String,
}

impl Cause {
    /// The number of the kind in the record table; 0 is kept for "none".
    #[must_use]
    pub const fn kind(&self) -> u32 {
        match self {
            Self::ClosedByUser => 1,
            Self::SocketFailed { .. } => 2,
            Self::SocketClosed { .. } => 3,
            Self::Refused(_) => 4,
            Self::Disconnected(_) => 5,
            Self::ProtocolError { .. } => 6,
            Self::ConnectTimeout(_) => 7,
            Self::KeepAliveTimeout => 8,
            Self::WrongSubprotocol => 9,
            Self::TextFrame => 10,
            Self::Address(_) => 11,
            Self::Authentication(_) => 12,
            Self::Left => 13,
            Self::Renewed => 14,
        }
    }

    /// The number that goes with the kind: close code, reason code or phase; 0 where there is none.
    #[must_use]
    pub const fn code(&self) -> u32 {
        match self {
            Self::SocketFailed { code, .. } | Self::SocketClosed { code, .. } => *code as u32,
            Self::Refused(refusal) | Self::Disconnected(refusal) => refusal.reason as u32,
            Self::ProtocolError { reason, .. } => *reason as u32,
            Self::ConnectTimeout(phase) => *phase as u32,
            Self::ClosedByUser
            | Self::KeepAliveTimeout
            | Self::WrongSubprotocol
            | Self::TextFrame
            | Self::Address(_)
            | Self::Authentication(_)
            | Self::Left
            | Self::Renewed => 0,
        }
    }

    /// The text that goes with the kind, empty where there is none.
    #[must_use]
    pub fn detail(&self) -> &str {
        match self {
            Self::SocketFailed { reason, .. } | Self::SocketClosed { reason, .. } => reason,
            Self::Refused(refusal) | Self::Disconnected(refusal) => &refusal.reason_string,
            Self::ProtocolError { detail, .. } | Self::Address(detail) | Self::Authentication(detail) => detail,
            Self::ClosedByUser
            | Self::ConnectTimeout(_)
            | Self::KeepAliveTimeout
            | Self::WrongSubprotocol
            | Self::TextFrame
            | Self::Left
            | Self::Renewed => "",
        }
    }

    /// Where the broker sends the client instead, empty if nowhere.
    #[must_use]
    pub fn server_reference(&self) -> &str {
        match self {
            Self::Refused(refusal) | Self::Disconnected(refusal) => &refusal.server_reference,
            _ => "",
        }
    }
}
