//! All reason codes, from one table: value, name, and the packets and senders that may carry each.

use core::fmt;

use super::error::DecodeError;

/// A packet, and where it matters the side that sends it, with a reason code table of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum ReasonPlace {
    /// CONNACK (3.2.2.2).
    ConnAck = 1,
    /// PUBACK and PUBREC (3.4.2.1, 3.5.2.1).
    PubAckPubRec = 1 << 1,
    /// PUBREL and PUBCOMP (3.6.2.1, 3.7.2.1).
    PubRelPubComp = 1 << 2,
    /// SUBACK (3.9.3).
    SubAck = 1 << 3,
    /// UNSUBACK (3.11.3).
    UnsubAck = 1 << 4,
    /// DISCONNECT written by a client (3.14.2.1).
    DisconnectFromClient = 1 << 5,
    /// DISCONNECT written by a server (3.14.2.1).
    DisconnectFromServer = 1 << 6,
    /// AUTH written by a client (3.15.2.1).
    AuthFromClient = 1 << 7,
    /// AUTH written by a server (3.15.2.1).
    AuthFromServer = 1 << 8,
}

const CONNACK: u16 = ReasonPlace::ConnAck as u16;
const PUBACK: u16 = ReasonPlace::PubAckPubRec as u16;
const PUBREL: u16 = ReasonPlace::PubRelPubComp as u16;
const SUBACK: u16 = ReasonPlace::SubAck as u16;
const UNSUBACK: u16 = ReasonPlace::UnsubAck as u16;
const CLIENT: u16 = ReasonPlace::DisconnectFromClient as u16;
const SERVER: u16 = ReasonPlace::DisconnectFromServer as u16;
const EITHER: u16 = CLIENT | SERVER;
const AUTH_CLIENT: u16 = ReasonPlace::AuthFromClient as u16;
const AUTH_SERVER: u16 = ReasonPlace::AuthFromServer as u16;

/// A reason code (2.4); in a 3.1.1 CONNACK the return code 0 to 5 as it stands on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReasonCode(pub u8);

macro_rules! reason_codes {
    ($($value:literal $constant:ident $name:literal in $places:expr;)*) => {
        impl ReasonCode {
            $(#[doc = concat!("`", stringify!($value), "`: ", $name, ".")] pub const $constant: Self = Self($value);)*

            /// Every code of the table.
            pub const ALL: &[Self] = &[$(Self::$constant),*];

            /// The name in English, `"unknown"` for a value that MQTT 5.0 does not define.
            pub fn name(self) -> &'static str {
                match self.0 {
                    $($value => $name,)*
                    _ => "unknown",
                }
            }

            fn places(self) -> u16 {
                match self.0 {
                    $($value => $places,)*
                    _ => 0,
                }
            }
        }
    };
}

// 0x00 is listed for the client only in DISCONNECT, yet servers do send it. 0x8C is in the general table of 2.4 and not in that of
// DISCONNECT: taken from a server, never sent. 0x9B is server-only by the table of DISCONNECT, but 3.3.4 tells the client to send it.
reason_codes! {
    0x00 SUCCESS "success" in CONNACK | PUBACK | PUBREL | SUBACK | UNSUBACK | EITHER | AUTH_SERVER;
    0x01 GRANTED_QOS_1 "granted QoS 1" in SUBACK;
    0x02 GRANTED_QOS_2 "granted QoS 2" in SUBACK;
    0x04 DISCONNECT_WITH_WILL "disconnect with will message" in CLIENT;
    0x10 NO_MATCHING_SUBSCRIBERS "no matching subscribers" in PUBACK;
    0x11 NO_SUBSCRIPTION_EXISTED "no subscription existed" in UNSUBACK;
    0x18 CONTINUE_AUTHENTICATION "continue authentication" in AUTH_CLIENT | AUTH_SERVER;
    0x19 RE_AUTHENTICATE "re-authenticate" in AUTH_CLIENT;
    0x80 UNSPECIFIED_ERROR "unspecified error" in CONNACK | PUBACK | SUBACK | UNSUBACK | EITHER;
    0x81 MALFORMED_PACKET "malformed packet" in CONNACK | EITHER;
    0x82 PROTOCOL_ERROR "protocol error" in CONNACK | EITHER;
    0x83 IMPLEMENTATION_SPECIFIC_ERROR "implementation specific error" in CONNACK | PUBACK | SUBACK | UNSUBACK | EITHER;
    0x84 UNSUPPORTED_PROTOCOL_VERSION "unsupported protocol version" in CONNACK;
    0x85 CLIENT_IDENTIFIER_NOT_VALID "client identifier not valid" in CONNACK;
    0x86 BAD_USER_NAME_OR_PASSWORD "bad user name or password" in CONNACK;
    0x87 NOT_AUTHORIZED "not authorized" in CONNACK | PUBACK | SUBACK | UNSUBACK | SERVER;
    0x88 SERVER_UNAVAILABLE "server unavailable" in CONNACK;
    0x89 SERVER_BUSY "server busy" in CONNACK | SERVER;
    0x8A BANNED "banned" in CONNACK;
    0x8B SERVER_SHUTTING_DOWN "server shutting down" in SERVER;
    0x8C BAD_AUTHENTICATION_METHOD "bad authentication method" in CONNACK | SERVER;
    0x8D KEEP_ALIVE_TIMEOUT "keep alive timeout" in SERVER;
    0x8E SESSION_TAKEN_OVER "session taken over" in SERVER;
    0x8F TOPIC_FILTER_INVALID "topic filter invalid" in SUBACK | UNSUBACK | SERVER;
    0x90 TOPIC_NAME_INVALID "topic name invalid" in CONNACK | PUBACK | EITHER;
    0x91 PACKET_IDENTIFIER_IN_USE "packet identifier in use" in PUBACK | SUBACK | UNSUBACK;
    0x92 PACKET_IDENTIFIER_NOT_FOUND "packet identifier not found" in PUBREL;
    0x93 RECEIVE_MAXIMUM_EXCEEDED "receive maximum exceeded" in EITHER;
    0x94 TOPIC_ALIAS_INVALID "topic alias invalid" in EITHER;
    0x95 PACKET_TOO_LARGE "packet too large" in CONNACK | EITHER;
    0x96 MESSAGE_RATE_TOO_HIGH "message rate too high" in EITHER;
    0x97 QUOTA_EXCEEDED "quota exceeded" in CONNACK | PUBACK | SUBACK | EITHER;
    0x98 ADMINISTRATIVE_ACTION "administrative action" in EITHER;
    0x99 PAYLOAD_FORMAT_INVALID "payload format invalid" in CONNACK | PUBACK | EITHER;
    0x9A RETAIN_NOT_SUPPORTED "retain not supported" in CONNACK | SERVER;
    0x9B QOS_NOT_SUPPORTED "QoS not supported" in CONNACK | EITHER;
    0x9C USE_ANOTHER_SERVER "use another server" in CONNACK | SERVER;
    0x9D SERVER_MOVED "server moved" in CONNACK | SERVER;
    0x9E SHARED_SUBSCRIPTIONS_NOT_SUPPORTED "shared subscriptions not supported" in SUBACK | SERVER;
    0x9F CONNECTION_RATE_EXCEEDED "connection rate exceeded" in CONNACK | SERVER;
    0xA0 MAXIMUM_CONNECT_TIME "maximum connect time" in SERVER;
    0xA1 SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED "subscription identifiers not supported" in SUBACK | SERVER;
    0xA2 WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED "wildcard subscriptions not supported" in SUBACK | SERVER;
}

impl ReasonCode {
    /// 0x00 as DISCONNECT calls it.
    pub const NORMAL_DISCONNECTION: Self = Self::SUCCESS;
    /// 0x00 as SUBACK calls it.
    pub const GRANTED_QOS_0: Self = Self::SUCCESS;

    /// Whether the code means failure (2.4): 0x80 and above.
    pub fn is_error(self) -> bool {
        self.0 >= 0x80
    }

    /// Whether the table of `place` lists this code.
    pub fn allowed_in(self, place: ReasonPlace) -> bool {
        self.places() & place as u16 != 0
    }

    /// A received code, if the table of `place` lists it.
    pub(super) fn checked(value: u8, place: ReasonPlace) -> Result<Self, DecodeError> {
        let code = Self(value);
        if code.allowed_in(place) {
            Ok(code)
        } else {
            Err(DecodeError::InvalidReasonCode)
        }
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The 5.0 reason code that says the same as a 3.1.1 CONNACK return code (0 accepted to 5 not authorized).
pub fn connect_return_code(code: u8) -> ReasonCode {
    match code {
        0 => ReasonCode::SUCCESS,
        1 => ReasonCode::UNSUPPORTED_PROTOCOL_VERSION,
        2 => ReasonCode::CLIENT_IDENTIFIER_NOT_VALID,
        3 => ReasonCode::SERVER_UNAVAILABLE,
        4 => ReasonCode::BAD_USER_NAME_OR_PASSWORD,
        5 => ReasonCode::NOT_AUTHORIZED,
        _ => ReasonCode::UNSPECIFIED_ERROR,
    }
}
