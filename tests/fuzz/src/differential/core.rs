//! `mqtt-protocol-core` 0.7, and where it and this codec disagree.
//!
//! It is compared packet by packet. It looks at flags, directions, packet identifiers and aliases one layer further up, in its connection, so that
//! several entries below say "not at this layer" and no more.

use std::sync::Arc;

use hawser::codec::{DecodeError, Packet, Sender, Version};
use mqtt_protocol_core::mqtt::packet::{v3_1_1, v5_0};
use mqtt_protocol_core::mqtt::result_code::MqttError;

use super::{Codec, Laxer, Stricter};

use Sender::{Client, Server};
use Version::{V5, V311};

pub const CODEC: Codec = Codec {
    name: "mqtt-protocol-core",
    rewrite: |bytes, version| rewrite(bytes, version).map_err(|error| format!("{error:?}")),
    keeps_order: true,
    stricter: STRICTER,
    laxer: LAXER,
    miswritten: &[],
};

/// Reads a packet and writes it again.
fn rewrite(bytes: &[u8], version: Version) -> Result<Vec<u8>, MqttError> {
    let header = bytes.iter().skip(1).take_while(|byte| **byte >= 0x80).count() + 2;
    let body = &bytes[header..];
    macro_rules! read {
        ($packet:path) => {{
            let (packet, consumed) = <$packet>::parse(body)?;
            if consumed == body.len() {
                Ok(packet.to_continuous_buffer())
            } else {
                Err(MqttError::MalformedPacket)
            }
        }};
    }
    let publish_body: Arc<[u8]> = body.into();
    match (version, bytes[0] >> 4) {
        (Version::V311, 1) => read!(v3_1_1::Connect),
        (Version::V311, 2) => read!(v3_1_1::Connack),
        (Version::V311, 3) => {
            v3_1_1::Publish::parse(bytes[0] & 0x0F, publish_body).map(|(packet, _)| packet.to_continuous_buffer())
        }
        (Version::V311, 4) => read!(v3_1_1::Puback),
        (Version::V311, 5) => read!(v3_1_1::Pubrec),
        (Version::V311, 6) => read!(v3_1_1::Pubrel),
        (Version::V311, 7) => read!(v3_1_1::Pubcomp),
        (Version::V311, 8) => read!(v3_1_1::Subscribe),
        (Version::V311, 9) => read!(v3_1_1::Suback),
        (Version::V311, 10) => read!(v3_1_1::Unsubscribe),
        (Version::V311, 11) => read!(v3_1_1::Unsuback),
        (Version::V311, 12) => read!(v3_1_1::Pingreq),
        (Version::V311, 13) => read!(v3_1_1::Pingresp),
        (Version::V311, 14) => read!(v3_1_1::Disconnect),
        (Version::V5, 1) => read!(v5_0::Connect),
        (Version::V5, 2) => read!(v5_0::Connack),
        (Version::V5, 3) => {
            v5_0::Publish::parse(bytes[0] & 0x0F, publish_body).map(|(packet, _)| packet.to_continuous_buffer())
        }
        (Version::V5, 4) => read!(v5_0::Puback),
        (Version::V5, 5) => read!(v5_0::Pubrec),
        (Version::V5, 6) => read!(v5_0::Pubrel),
        (Version::V5, 7) => read!(v5_0::Pubcomp),
        (Version::V5, 8) => read!(v5_0::Subscribe),
        (Version::V5, 9) => read!(v5_0::Suback),
        (Version::V5, 10) => read!(v5_0::Unsubscribe),
        (Version::V5, 11) => read!(v5_0::Unsuback),
        (Version::V5, 12) => read!(v5_0::Pingreq),
        (Version::V5, 13) => read!(v5_0::Pingresp),
        (Version::V5, 14) => read!(v5_0::Disconnect),
        (Version::V5, 15) => read!(v5_0::Auth),
        _ => Err(MqttError::MalformedPacket),
    }
}

const STRICTER: &[Stricter] = &[
    Stricter {
        why: "the flags of byte 1 are not seen at this layer [MQTT-2.1.3-1]; in PUBLISH it lets DUP stand on QoS 0 [MQTT-3.3.1-2]",
        error: DecodeError::BadFlags,
        types: &[],
        example: (b"\x38\x04\x00\x01a\x00", V5, Server),
    },
    Stricter {
        why: "the direction is not seen at this layer",
        error: DecodeError::WrongDirection,
        types: &[1, 2, 8, 9, 10, 11, 12, 13, 14],
        example: (b"\xC0\x00", V5, Server),
    },
    Stricter {
        why: "U+0000 in a string: it checks UTF-8 only [MQTT-1.5.4-2]",
        error: DecodeError::NulInString,
        types: &[],
        example: (b"\x30\x04\x00\x01\x00\x00", V5, Server),
    },
    Stricter {
        why: "a padded variable byte integer: only the encoder is bound by the text [MQTT-1.5.5-1], but nothing honest sends one",
        error: DecodeError::BadVariableByteInteger,
        types: &[],
        example: (b"\x30\x05\x00\x01a\x80\x00", V5, Server),
    },
    Stricter {
        why: "an empty topic without an alias, and an empty will topic: seen further up, or not (3.3.2.1, [MQTT-4.7.3-1])",
        error: DecodeError::EmptyTopic,
        types: &[1, 3],
        example: (b"\x30\x03\x00\x00\x00", V5, Server),
    },
    Stricter {
        why: "wildcards in a topic name: checked only when it builds a PUBLISH [MQTT-3.3.2-2]",
        error: DecodeError::WildcardInTopic,
        types: &[1, 3],
        example: (b"\x30\x05\x00\x02a+\x00", V5, Server),
    },
    Stricter {
        why: "packet identifier 0: seen further up [MQTT-2.2.1-4]",
        error: DecodeError::ZeroPacketId,
        types: &[3, 8, 9, 10, 11],
        example: (b"\x90\x04\x00\x00\x00\x00", V5, Server),
    },
    Stricter {
        why: "a PUBLISH of 5.0 that ends before its property length [MQTT-2.2.2-1]",
        error: DecodeError::Truncated,
        types: &[3],
        example: (b"\x30\x03\x00\x01a", V5, Server),
    },
    Stricter {
        why: "an AUTH with a code and no property length: only the whole body may be left out (3.15.2.1), and the method not at all (3.15.2.2.2)",
        error: DecodeError::Truncated,
        types: &[15],
        example: (b"\xF0\x01\x00", V5, Server),
    },
    Stricter {
        why: "an empty response topic, or one with wildcards: taken as any string (3.3.2.3.5, [MQTT-3.3.2-14])",
        error: DecodeError::PropertyValue,
        types: &[1, 3],
        example: (b"\x30\x07\x00\x01a\x03\x08\x00\x00", V5, Server),
    },
    Stricter {
        why: "filters with wildcards out of place, or empty: not checked ([MQTT-4.7.1-1], [MQTT-4.7.1-2], [MQTT-4.7.3-1])",
        error: DecodeError::InvalidFilter,
        types: &[8, 10],
        example: (b"\x82\x08\x00\x01\x00\x00\x02a#\x00", V5, Client),
    },
    Stricter {
        why: "No Local on a shared subscription: not checked [MQTT-3.8.3-4]",
        error: DecodeError::NoLocalOnShared,
        types: &[8],
        example: (b"\x82\x10\x00\x01\x00\x00\x0A$share/g/a\x04", V5, Client),
    },
    Stricter {
        why: "two subscription identifiers in one SUBSCRIBE: repetition is checked by identifier, not by packet (3.8.2.1.2)",
        error: DecodeError::DuplicateProperty,
        types: &[8],
        example: (b"\x82\x0B\x00\x01\x04\x0B\x01\x0B\x02\x00\x01a\x00", V5, Client),
    },
    Stricter {
        why: "a property that only the other side may send: the side is not seen at this layer ([MQTT-3.3.4-6], [MQTT-3.14.2-2])",
        error: DecodeError::PropertyFromWrongSide,
        types: &[3, 14],
        example: (b"\xE0\x07\x00\x05\x11\x00\x00\x00\x01", V5, Server),
    },
    Stricter {
        why: "a reason code that only the other side may send: the side is not seen at this layer ([MQTT-3.14.2-1], [MQTT-3.15.2-1])",
        error: DecodeError::InvalidReasonCode,
        types: &[14, 15],
        example: (b"\xE0\x01\x8E", V5, Client),
    },
    Stricter {
        why: "Session Present on a refusal: not checked [MQTT-3.2.2-6]",
        error: DecodeError::SessionPresentOnRefusal,
        types: &[2],
        example: (b"\x20\x03\x01\x87\x00", V5, Server),
    },
    Stricter {
        why: "reserved bits in the flags of CONNACK and CONNECT, and options of 5.0 in a SUBSCRIBE of 3.1.1: not checked ([MQTT-3.2.2-1], [MQTT-3.1.2-3])",
        error: DecodeError::ReservedBits,
        types: &[1, 2, 8],
        example: (b"\x20\x02\xB3\x02", V311, Server),
    },
    Stricter {
        why: "will flags without a will: not checked ([MQTT-3.1.2-11], [MQTT-3.1.2-13])",
        error: DecodeError::WillFlags,
        types: &[1],
        example: (b"\x10\x0D\x00\x04MQTT\x05\x22\x00\x00\x00\x00\x00", V5, Client),
    },
    Stricter {
        why: "a will of QoS 3: not checked [MQTT-3.1.2-12]",
        error: DecodeError::InvalidQos,
        types: &[1],
        example: (
            b"\x10\x13\x00\x04MQTT\x05\x1E\x00\x00\x00\x00\x00\x00\x00\x01w\x00\x00",
            V5,
            Client,
        ),
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
    Stricter {
        why: "a code or other bytes after the identifier of a 3.1.1 acknowledgement, which has none (3.4.2 of 3.1.1)",
        error: DecodeError::TrailingBytes,
        types: &[4, 5, 6, 7],
        example: (b"\x40\x03\x00\x01\x80", V311, Server),
    },
];

const LAXER: &[Laxer] = &[
    Laxer {
        why: "a password without a user name is legal in 5.0 (3.1.2.9)",
        applies: |packet, _, version, _| {
            let Packet::Connect(connect) = packet else {
                return false;
            };
            version == V5 && connect.password.is_some() && connect.username.is_none()
        },
        example: (b"\x10\x10\x00\x04MQTT\x05\x42\x00\x00\x00\x00\x00\x00\x01p", V5, Client),
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
];
