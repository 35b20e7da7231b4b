//! Faults that any packet can have: its length, its flags, its direction, its strings.

use hawser::codec::{DecodeError, ReasonPlace, Sender, Version, decode};

use super::malformed::{MALFORMED, PROTOCOL, refused};

use DecodeError::*;
use Sender::{Client, Server};
use Version::{V5, V311};

#[test]
fn faults_of_the_frame() {
    refused(&[
        (b"", V5, Server, Truncated, MALFORMED),
        (b"\xD0", V5, Server, Truncated, MALFORMED),
        (b"\xD0\x80", V5, Server, Truncated, MALFORMED),
        (b"\x40\x02\x00", V5, Server, Truncated, MALFORMED),
        (b"\xD0\x00\x00", V5, Server, TrailingBytes, MALFORMED),
        (b"\xD0\x01\x00", V5, Server, TrailingBytes, MALFORMED),
        (b"\xC0\x01\x00", V311, Client, TrailingBytes, MALFORMED),
        (b"\xD0\x80\x00", V5, Server, BadVariableByteInteger, MALFORMED),
        (
            b"\xD0\x80\x80\x80\x80\x00",
            V5,
            Server,
            BadVariableByteInteger,
            MALFORMED,
        ),
        (b"\xD0\xFF\xFF\xFF\xFF", V311, Server, BadVariableByteInteger, MALFORMED),
        (b"\x00\x00", V5, Server, UnknownPacketType, MALFORMED),
        (b"\x00\x00", V311, Client, UnknownPacketType, MALFORMED),
        (b"\xF0\x00", V311, Server, UnknownPacketType, MALFORMED),
        (b"\xF0\x00", V311, Client, UnknownPacketType, MALFORMED),
    ]);
}

#[test]
fn every_wrong_flag_of_every_packet_type() {
    for packet_type in 1..=15_u8 {
        for flags in 0..16_u8 {
            let valid = match packet_type {
                3 => !matches!(flags, 0b0110 | 0b0111 | 0b1110 | 0b1111 | 0b1000 | 0b1001),
                6 | 8 | 10 => flags == 0b0010,
                _ => flags == 0,
            };
            let fault = if packet_type == 3 && flags & 0b0110 == 0b0110 {
                InvalidQos
            } else {
                BadFlags
            };
            for sender in [Client, Server] {
                let bytes = [packet_type << 4 | flags, 0];
                let outcome = decode(&bytes, V5, sender);
                if valid {
                    assert!(
                        !matches!(outcome, Err(BadFlags | InvalidQos)),
                        "type {packet_type} flags {flags:04b}"
                    );
                } else {
                    assert_eq!(outcome, Err(fault), "type {packet_type} flags {flags:04b}");
                    assert_eq!(fault.reason(), MALFORMED);
                }
            }
        }
    }
}

#[test]
fn packets_from_the_wrong_side() {
    refused(&[
        (
            b"\x10\x0D\x00\x04MQTT\x05\x02\x00\x3C\x00\x00\x00",
            V5,
            Server,
            WrongDirection,
            PROTOCOL,
        ),
        (
            b"\x82\x07\x00\x01\x00\x00\x01a\x00",
            V5,
            Server,
            WrongDirection,
            PROTOCOL,
        ),
        (b"\xA2\x06\x00\x01\x00\x00\x01a", V5, Server, WrongDirection, PROTOCOL),
        (b"\xC0\x00", V5, Server, WrongDirection, PROTOCOL),
        (b"\xC0\x00", V311, Server, WrongDirection, PROTOCOL),
        (b"\xE0\x00", V311, Server, WrongDirection, PROTOCOL),
        (b"\x20\x03\x00\x00\x00", V5, Client, WrongDirection, PROTOCOL),
        (b"\x90\x04\x00\x01\x00\x00", V5, Client, WrongDirection, PROTOCOL),
        (b"\xB0\x04\x00\x01\x00\x00", V5, Client, WrongDirection, PROTOCOL),
        (b"\xD0\x00", V311, Client, WrongDirection, PROTOCOL),
    ]);
}

#[test]
fn strings_that_are_not_utf_8() {
    let bad: [&[u8]; 9] = [
        b"\x80",
        b"\xC0\x80",
        b"\xC1\xBF",
        b"\xE0\x80\xAF",
        b"\xED\xA0\x80",
        b"\xED\xBF\xBF",
        b"\xF4\x90\x80\x80",
        b"\xF5\x80\x80\x80",
        b"\xE2\x82",
    ];
    for text in bad {
        let length = u8::try_from(text.len()).unwrap();
        let string = [&[0, length], text].concat();
        let frame = |first: u8, before: &[u8], after: &[u8]| {
            let body = [before, &string, after].concat();
            [&[first, u8::try_from(body.len()).unwrap()], body.as_slice()].concat()
        };
        // Topic, response topic, content type, user property (name, then value), reason string.
        let property = |id: u8, extra: &[u8]| {
            let block = [&[id], string.as_slice(), extra].concat();
            let before = [b"\x00\x01t".as_slice(), &[u8::try_from(block.len()).unwrap()]].concat();
            let body = [before, block].concat();
            [&[0x30, u8::try_from(body.len()).unwrap()], body.as_slice()].concat()
        };
        let from_server = [
            frame(0x30, b"", b"\x00"),
            property(0x08, b""),
            property(0x03, b""),
            property(0x26, b"\x00\x01v"),
            frame(0x40, &[0, 1, 0x80, length + 3, 0x1F], b""),
            frame(0x20, &[0, 0x80, length + 6, 0x26, 0, 1, b'n'], b""),
        ];
        for bytes in from_server {
            assert_eq!(decode(&bytes, V5, Server), Err(InvalidUtf8), "{bytes:02X?}");
        }
        let from_client = [
            frame(0x10, b"\x00\x04MQTT\x05\x02\x00\x00\x00", b""),
            frame(0x10, b"\x00\x04MQTT\x05\x82\x00\x00\x00\x00\x00", b""),
            frame(0x10, b"\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x00\x00", b"\x00\x00"),
            frame(0x82, b"\x00\x01\x00", b"\x00"),
            frame(0xA2, b"\x00\x01\x00", b""),
        ];
        for bytes in from_client {
            assert_eq!(decode(&bytes, V5, Client), Err(InvalidUtf8), "{bytes:02X?}");
        }
    }
    assert_eq!(InvalidUtf8.reason(), MALFORMED);
}

#[test]
fn every_fault_is_answered_with_a_code_its_receiver_may_send() {
    let from_servers = [
        Truncated,
        TrailingBytes,
        UnknownPacketType,
        BadFlags,
        BadVariableByteInteger,
        InvalidUtf8,
        NulInString,
        InvalidQos,
        ReservedBits,
        PropertyLength,
        UnknownProperty,
        PropertyNotAllowed,
        PropertyFromWrongSide,
        DuplicateProperty,
        PropertyValue,
        TopicAliasZero,
        WrongDirection,
        ZeroPacketId,
        EmptyTopic,
        WildcardInTopic,
        InvalidReasonCode,
        EmptyList,
        SessionPresentOnRefusal,
        MissingAuthenticationMethod,
        PacketTooLarge,
    ];
    for fault in from_servers {
        assert!(
            fault.reason().allowed_in(ReasonPlace::DisconnectFromClient),
            "{fault:?}"
        );
        assert!(!fault.to_string().is_empty());
    }
    for fault in [WillFlags, PasswordWithoutUserName, EmptyClientId, UnsupportedVersion] {
        assert!(fault.reason().allowed_in(ReasonPlace::ConnAck), "{fault:?}");
    }
    for fault in [InvalidFilter, NoLocalOnShared] {
        assert!(
            fault.reason().allowed_in(ReasonPlace::DisconnectFromServer),
            "{fault:?}"
        );
    }
}
