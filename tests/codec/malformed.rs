//! Every fault a packet of each type but CONNECT can have, the error it is named by, and the reason code that answers it.

use hawser::codec::{DecodeError, ReasonCode, Sender, Version, decode};

use DecodeError::*;
use Sender::{Client, Server};
use Version::{V5, V311};

pub const MALFORMED: ReasonCode = ReasonCode::MALFORMED_PACKET;
pub const PROTOCOL: ReasonCode = ReasonCode::PROTOCOL_ERROR;

pub type Case = (&'static [u8], Version, Sender, DecodeError, ReasonCode);

#[track_caller]
pub fn refused(cases: &[Case]) {
    for &(bytes, version, sender, error, reason) in cases {
        crate::seeds::leave(bytes, version, sender);
        assert_eq!(
            decode(bytes, version, sender),
            Err(error),
            "{bytes:02X?} {version:?} from {sender:?}"
        );
        assert_eq!(error.reason(), reason, "{error:?}");
    }
}

#[test]
fn faults_of_a_connack() {
    for bit in 1..8 {
        let flags = 1_u8 << bit;
        assert_eq!(decode(&[0x20, 3, flags, 0, 0], V5, Server), Err(ReservedBits));
        assert_eq!(decode(&[0x20, 2, flags, 0], V311, Server), Err(ReservedBits));
    }
    refused(&[
        (b"\x20\x00", V5, Server, Truncated, MALFORMED),
        (b"\x20\x01\x00", V311, Server, Truncated, MALFORMED),
        (b"\x20\x02\x00\x00", V5, Server, Truncated, MALFORMED),
        (b"\x20\x02\x00\x05", V5, Server, Truncated, MALFORMED),
        (b"\x20\x02\x01\x01", V5, Server, SessionPresentOnRefusal, PROTOCOL),
        (b"\x20\x03\x00\x01\x00", V5, Server, InvalidReasonCode, PROTOCOL),
        (b"\x20\x03\x01\x87\x00", V5, Server, SessionPresentOnRefusal, PROTOCOL),
        (b"\x20\x02\x01\x05", V311, Server, SessionPresentOnRefusal, PROTOCOL),
        (b"\x20\x02\x00\x06", V311, Server, InvalidReasonCode, PROTOCOL),
        (b"\x20\x03\x00\x00\x00", V311, Server, TrailingBytes, MALFORMED),
        (b"\x20\x04\x00\x00\x00\x00", V5, Server, TrailingBytes, MALFORMED),
    ]);
}

#[test]
fn faults_of_a_publish() {
    refused(&[
        (b"\x30\x01\x00", V5, Server, Truncated, MALFORMED),
        (b"\x30\x03\x00\x02a", V5, Server, Truncated, MALFORMED),
        (b"\x30\x03\x00\x01a", V5, Server, Truncated, MALFORMED),
        (b"\x32\x04\x00\x01a\x00", V5, Server, Truncated, MALFORMED),
        (b"\x30\x03\x00\x00\x00", V5, Server, EmptyTopic, PROTOCOL),
        (b"\x30\x02\x00\x00", V311, Server, EmptyTopic, PROTOCOL),
        (b"\x30\x08\x00\x00\x05\x03\x00\x02ab", V5, Server, EmptyTopic, PROTOCOL),
        (b"\x32\x06\x00\x01a\x00\x00\x00", V5, Server, ZeroPacketId, PROTOCOL),
        (b"\x34\x05\x00\x01a\x00\x00", V311, Client, ZeroPacketId, PROTOCOL),
        (b"\x30\x05\x00\x02a+\x00", V5, Server, WildcardInTopic, PROTOCOL),
        (b"\x30\x05\x00\x03a/#", V311, Server, WildcardInTopic, PROTOCOL),
        (b"\x30\x04\x00\x01\x00\x00", V5, Server, NulInString, MALFORMED),
        (
            b"\x30\x07\x00\x01a\x03\x23\x00\x00",
            V5,
            Server,
            TopicAliasZero,
            ReasonCode(0x94),
        ),
        (
            b"\x30\x06\x00\x01a\x02\x0B\x01",
            V5,
            Client,
            PropertyFromWrongSide,
            PROTOCOL,
        ),
        (b"\x30\x06\x00\x01a\x02\x0B\x00", V5, Server, PropertyValue, PROTOCOL),
        (
            b"\x30\x07\x00\x01a\x03\x0B\x80\x00",
            V5,
            Server,
            BadVariableByteInteger,
            MALFORMED,
        ),
        (
            b"\x30\x05\x00\x01a\x80\x00",
            V5,
            Server,
            BadVariableByteInteger,
            MALFORMED,
        ),
        (b"\x30\x04\x00\x01a\x01", V5, Server, Truncated, MALFORMED),
        (b"\x30\x05\x00\x01a\x01\x01", V5, Server, PropertyLength, MALFORMED),
        (
            b"\x30\x07\x00\x01a\x02\x03\x00\x00",
            V5,
            Server,
            PropertyLength,
            MALFORMED,
        ),
    ]);
}

#[test]
fn faults_of_the_acknowledgements() {
    for first in [0x40, 0x50, 0x62, 0x70_u8] {
        for sender in [Client, Server] {
            let refused_as = |body: &[u8], version, error| {
                let bytes = [&[first, u8::try_from(body.len()).unwrap()], body].concat();
                assert_eq!(decode(&bytes, version, sender), Err(error), "{bytes:02X?}");
            };
            refused_as(&[], V5, Truncated);
            refused_as(&[0], V311, Truncated);
            refused_as(&[0, 0], V5, ZeroPacketId);
            refused_as(&[0, 0], V311, ZeroPacketId);
            refused_as(&[0, 1, 0], V311, TrailingBytes);
            refused_as(&[0, 1, 1], V5, InvalidReasonCode);
            refused_as(&[0, 1, 0, 0, 0], V5, TrailingBytes);
            refused_as(&[0, 1, 0, 1], V5, Truncated);
            refused_as(&[0, 1, 0, 2, 0x01, 0x01], V5, PropertyNotAllowed);
        }
    }
}

#[test]
fn faults_of_subscribe_and_unsubscribe() {
    refused(&[
        (b"\x82\x03\x00\x01\x00", V5, Client, EmptyList, PROTOCOL),
        (b"\x82\x02\x00\x01", V311, Client, EmptyList, PROTOCOL),
        (b"\xA2\x03\x00\x01\x00", V5, Client, EmptyList, PROTOCOL),
        (b"\xA2\x02\x00\x01", V311, Client, EmptyList, PROTOCOL),
        (b"\x82\x07\x00\x00\x00\x00\x01a\x00", V5, Client, ZeroPacketId, PROTOCOL),
        (b"\x82\x06\x00\x01\x00\x00\x01a", V5, Client, Truncated, MALFORMED),
        (b"\x82\x07\x00\x01\x00\x00\x01a\x03", V5, Client, InvalidQos, MALFORMED),
        (
            b"\x82\x07\x00\x01\x00\x00\x01a\x30",
            V5,
            Client,
            ReservedBits,
            MALFORMED,
        ),
        (
            b"\x82\x07\x00\x01\x00\x00\x01a\x40",
            V5,
            Client,
            ReservedBits,
            MALFORMED,
        ),
        (
            b"\x82\x07\x00\x01\x00\x00\x01a\x80",
            V5,
            Client,
            ReservedBits,
            MALFORMED,
        ),
        (b"\x82\x06\x00\x01\x00\x01a\x04", V311, Client, ReservedBits, MALFORMED),
        (
            b"\x82\x06\x00\x01\x00\x00\x00\x00",
            V5,
            Client,
            InvalidFilter,
            ReasonCode(0x8F),
        ),
        (
            b"\x82\x08\x00\x01\x00\x00\x02a#\x00",
            V5,
            Client,
            InvalidFilter,
            ReasonCode(0x8F),
        ),
        (
            b"\xA2\x0E\x00\x01\x00\x00\x09$share//a",
            V5,
            Client,
            InvalidFilter,
            ReasonCode(0x8F),
        ),
        (
            b"\x82\x10\x00\x01\x00\x00\x0A$share/g/a\x04",
            V5,
            Client,
            NoLocalOnShared,
            PROTOCOL,
        ),
        (
            b"\x82\x0B\x00\x01\x04\x0B\x01\x0B\x02\x00\x01a\x00",
            V5,
            Client,
            DuplicateProperty,
            PROTOCOL,
        ),
        (
            b"\x82\x0D\x00\x01\x06\x0B\x80\x80\x80\x80\x01\x00\x01a\x00",
            V5,
            Client,
            BadVariableByteInteger,
            MALFORMED,
        ),
        (
            b"\xA2\x08\x00\x01\x02\x0B\x01\x00\x01a",
            V5,
            Client,
            PropertyNotAllowed,
            MALFORMED,
        ),
    ]);
}

#[test]
fn faults_of_suback_and_unsuback() {
    refused(&[
        (b"\x90\x03\x00\x01\x00", V5, Server, EmptyList, PROTOCOL),
        (b"\x90\x02\x00\x01", V311, Server, EmptyList, PROTOCOL),
        (b"\xB0\x03\x00\x01\x00", V5, Server, EmptyList, PROTOCOL),
        (b"\xB0\x03\x00\x01\x00", V311, Server, TrailingBytes, MALFORMED),
        (b"\x90\x04\x00\x00\x00\x00", V5, Server, ZeroPacketId, PROTOCOL),
        (
            b"\x90\x06\x00\x01\x00\x00\x01\x03",
            V5,
            Server,
            InvalidReasonCode,
            PROTOCOL,
        ),
        (b"\x90\x03\x00\x01\x87", V311, Server, InvalidReasonCode, PROTOCOL),
        (b"\xB0\x04\x00\x01\x00\x01", V5, Server, InvalidReasonCode, PROTOCOL),
    ]);
}

#[test]
fn faults_of_disconnect_and_auth() {
    refused(&[
        (b"\xE0\x01\x00", V311, Client, TrailingBytes, MALFORMED),
        (b"\xE0\x01\x8E", V5, Client, InvalidReasonCode, PROTOCOL),
        (b"\xE0\x01\x04", V5, Server, InvalidReasonCode, PROTOCOL),
        (b"\xE0\x03\x00\x00\x00", V5, Server, TrailingBytes, MALFORMED),
        (
            b"\xE0\x07\x00\x05\x11\x00\x00\x00\x01",
            V5,
            Server,
            PropertyFromWrongSide,
            PROTOCOL,
        ),
        (
            b"\xE0\x06\x00\x04\x1C\x00\x01s",
            V5,
            Client,
            PropertyFromWrongSide,
            PROTOCOL,
        ),
        (
            b"\xE0\x05\x00\x03\x23\x00\x01",
            V5,
            Server,
            PropertyNotAllowed,
            MALFORMED,
        ),
        (b"\xF0\x00", V5, Server, MissingAuthenticationMethod, PROTOCOL),
        (b"\xF0\x02\x18\x00", V5, Server, MissingAuthenticationMethod, PROTOCOL),
        (
            b"\xF0\x06\x18\x04\x16\x00\x01x",
            V5,
            Server,
            MissingAuthenticationMethod,
            PROTOCOL,
        ),
        (
            b"\x20\x07\x00\x00\x04\x16\x00\x01x",
            V5,
            Server,
            MissingAuthenticationMethod,
            PROTOCOL,
        ),
        (b"\xF0\x01\x18", V5, Server, Truncated, MALFORMED),
        (
            b"\xF0\x06\x00\x04\x15\x00\x01x",
            V5,
            Client,
            InvalidReasonCode,
            PROTOCOL,
        ),
        (
            b"\xF0\x06\x19\x04\x15\x00\x01x",
            V5,
            Server,
            InvalidReasonCode,
            PROTOCOL,
        ),
    ]);
}
