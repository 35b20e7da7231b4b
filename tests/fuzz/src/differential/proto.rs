//! `mqtt-proto` 0.4, and where it and this codec disagree.

use hawser::codec::{Connect, DecodeError, Packet, Sender, Version};
use mqtt_proto::{PollHeader, VarBytes, v3, v5};

use super::{Codec, Laxer, Stricter};

use Sender::{Client, Server};
use Version::{V5, V311};

pub const CODEC: Codec = Codec {
    name: "mqtt-proto",
    rewrite,
    keeps_order: false,
    stricter: STRICTER,
    laxer: LAXER,
    miswritten: MISWRITTEN,
};

/// Reads a packet as its receiver does, header first and then the body, which must be all used up.
fn rewrite(bytes: &[u8], version: Version) -> Result<Vec<u8>, String> {
    let header = bytes.iter().skip(1).take_while(|byte| **byte >= 0x80).count() + 2;
    let body = &bytes[header..];
    macro_rules! read {
        ($module:ident) => {{
            let header = $module::Header::decode(bytes).map_err(|error| format!("{error:?}"))?;
            let mut at = 0;
            let packet = match header.build_empty_packet() {
                Some(packet) => packet,
                None => header
                    .decode_buffer(body, &mut at)
                    .map_err(|error| format!("{error:?}"))?,
            };
            if at < body.len() {
                return Err(format!("{} bytes are left", body.len() - at));
            }
            packet.encode().map_err(|error| format!("{error:?}"))
        }};
    }
    let written: VarBytes = match version {
        V5 => read!(v5)?,
        V311 => read!(v3)?,
    };
    Ok(written.as_ref().to_vec())
}

const STRICTER: &[Stricter] = &[
    Stricter {
        why: "DUP on a PUBLISH of QoS 0: not checked [MQTT-3.3.1-2]",
        error: DecodeError::BadFlags,
        types: &[3],
        example: (b"\x38\x04\x00\x01a\x00", V5, Server),
    },
    Stricter {
        why: "the direction is not seen by it: one decoder for both sides",
        error: DecodeError::WrongDirection,
        types: &[],
        example: (b"\xC0\x00", V5, Server),
    },
    Stricter {
        why: "a reason code that only the other side may send: one table for both ([MQTT-3.14.2-1], [MQTT-3.15.2-1])",
        error: DecodeError::InvalidReasonCode,
        types: &[14, 15],
        example: (b"\xE0\x01\x8B", V5, Client),
    },
    Stricter {
        why: "a property that only the other side may send: one table for both ([MQTT-3.3.4-6], [MQTT-3.14.2-2])",
        error: DecodeError::PropertyFromWrongSide,
        types: &[3, 14],
        example: (b"\xE0\x07\x00\x05\x11\x00\x00\x00\x01", V5, Server),
    },
    Stricter {
        why: "U+0000 in a string that is no topic: it checks UTF-8 only [MQTT-1.5.4-2]",
        error: DecodeError::NulInString,
        types: &[],
        example: (b"\x10\x0E\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x01\x00", V5, Client),
    },
    Stricter {
        why: "values that are out of range: subscription identifier, Receive Maximum and Maximum Packet Size of 0 (3.8.2.1.2, 3.1.2.11.3, 3.1.2.11.4)",
        error: DecodeError::PropertyValue,
        types: &[1, 2, 3, 8],
        example: (b"\x30\x06\x00\x01a\x02\x0B\x00", V5, Server),
    },
    Stricter {
        why: "a padded variable byte integer: only the encoder is bound by the text [MQTT-1.5.5-1], but nothing honest sends one",
        error: DecodeError::BadVariableByteInteger,
        types: &[],
        example: (b"\x40\x05\x00\x01\x80\x80\x00", V5, Server),
    },
    Stricter {
        why: "topic alias 0 is left to its user [MQTT-3.3.2-8]",
        error: DecodeError::TopicAliasZero,
        types: &[3],
        example: (b"\x30\x07\x00\x01a\x03\x23\x00\x00", V5, Server),
    },
    Stricter {
        why: "an empty topic without an alias, and an empty will topic: not checked (3.3.2.1, [MQTT-4.7.3-1])",
        error: DecodeError::EmptyTopic,
        types: &[1, 3],
        example: (b"\x30\x03\x00\x00\x00", V5, Server),
    },
    Stricter {
        why: "SUBACK and UNSUBACK without a code: one is due for each filter ([MQTT-3.8.4-6], [MQTT-3.11.3-1])",
        error: DecodeError::EmptyList,
        types: &[9, 11],
        example: (b"\x90\x03\x00\x01\x00", V5, Server),
    },
    Stricter {
        why: "a + with more behind it in the last level: its check ends at a separator [MQTT-4.7.1-2]",
        error: DecodeError::InvalidFilter,
        types: &[8, 10],
        example: (b"\xA2\x09\x00\x01\x00\x00\x04a/+b", V5, Client),
    },
    Stricter {
        why: "No Local on a shared subscription: not checked [MQTT-3.8.3-4]",
        error: DecodeError::NoLocalOnShared,
        types: &[8],
        example: (b"\x82\x10\x00\x01\x00\x00\x0A$share/g/a\x04", V5, Client),
    },
    Stricter {
        why: "Session Present on a refusal: not checked [MQTT-3.2.2-6]",
        error: DecodeError::SessionPresentOnRefusal,
        types: &[2],
        example: (b"\x20\x03\x01\x87\x00", V5, Server),
    },
    Stricter {
        why: "Will Retain without a will: only the bits of Will QoS are checked [MQTT-3.1.2-13]",
        error: DecodeError::WillFlags,
        types: &[1],
        example: (b"\x10\x0D\x00\x04MQTT\x05\x22\x00\x00\x00\x00\x00", V5, Client),
    },
    Stricter {
        why: "a password without a user name in 3.1.1: not checked ([MQTT-3.1.2-22] of 3.1.1)",
        error: DecodeError::PasswordWithoutUserName,
        types: &[1],
        example: (b"\x10\x0E\x00\x04MQTT\x04\x42\x00\x00\x00\x00\x00\x00", V311, Client),
    },
    Stricter {
        why: "an empty client identifier without Clean Session in 3.1.1: not checked ([MQTT-3.1.3-7] of 3.1.1)",
        error: DecodeError::EmptyClientId,
        types: &[1],
        example: (b"\x10\x0C\x00\x04MQTT\x04\x00\x00\x00\x00\x00", V311, Client),
    },
    Stricter {
        why: "authentication data without a method, and an AUTH without a body (3.15.2.1 allows it, 3.15.2.2.2 makes the method mandatory)",
        error: DecodeError::MissingAuthenticationMethod,
        types: &[1, 2, 15],
        example: (b"\xF0\x00", V5, Server),
    },
];

const LAXER: &[Laxer] = &[
    Laxer {
        why: "a PUBLISH to a client may carry several subscription identifiers (3.3.2.3.8); it keeps one",
        applies: |packet, _, _, _| matches!(packet, Packet::Publish(publish) if publish.properties.subscription_identifiers().count() > 1),
        example: (b"\x30\x08\x00\x01a\x04\x0B\x01\x0B\x02", V5, Server),
    },
    Laxer {
        why: "whether a payload that is called text is UTF-8 may be checked (3.3.2.3.2), and is not the codec's to judge here: it is no malformed packet",
        applies: |packet, _, _, _| {
            let (properties, payload) = match packet {
                Packet::Publish(publish) => (publish.properties, publish.payload),
                Packet::Connect(Connect { will: Some(will), .. }) => (will.properties, will.payload),
                _ => return false,
            };
            properties.payload_format_indicator() == Some(1) && std::str::from_utf8(payload).is_err()
        },
        example: (b"\x30\x07\x00\x01a\x02\x01\x01\xFF", V5, Server),
    },
    Laxer {
        why: "0x8C is a code of DISCONNECT by the general table (2.4) and not by its own (3.14.2.1); servers may send it",
        applies: |packet, _, _, sender| matches!(packet, Packet::Disconnect(disconnect) if sender == Server && disconnect.reason.0 == 0x8C),
        example: (b"\xE0\x01\x8C", V5, Server),
    },
    Laxer {
        why: "a server that only knows 3.1.1 refuses in its own form",
        applies: |packet, bytes, version, _| matches!(packet, Packet::ConnAck(_)) && version == V5 && bytes.len() == 4,
        example: (b"\x20\x02\x00\x01", V5, Server),
    },
    Laxer {
        why: "`$share` has a meaning in 5.0 only (4.8.2); in 3.1.1 it is a level like any other",
        applies: |packet, _, version, _| {
            version == V311
                && match packet {
                    Packet::Subscribe(subscribe) => subscribe
                        .filters
                        .iter()
                        .any(|(filter, _)| filter.starts_with("$share/")),
                    Packet::Unsubscribe(unsubscribe) => {
                        unsubscribe.filters.iter().any(|filter| filter.starts_with("$share/"))
                    }
                    _ => false,
                }
        },
        example: (b"\xA2\x0C\x00\x01\x00\x08$share/g", V311, Client),
    },
];

const MISWRITTEN: &[Laxer] = &[Laxer {
    why: "it writes the failure code of a 3.1.1 SUBACK as 3, which is reserved [MQTT-3.9.3-2]; it reads 0x80 well",
    applies: |packet, _, version, _| matches!(packet, Packet::SubAck(ack) if version == V311 && ack.reasons.contains(&0x80)),
    example: (b"\x90\x03\x00\x01\x80", V311, Server),
}];
