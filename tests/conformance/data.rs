//! 1.5 Data representation: strings and variable byte integers.

use hawser::codec::{Property, Version};
use hawser::session::Config;

use crate::world::{World, lasting, lasting_311, plain};

/// Byte sequences that are not MQTT strings: broken, padded and surrogate UTF-8, and U+0000.
const NOT_STRINGS: [&[u8]; 9] = [
    b"\x00",
    b"a\x00b",
    b"\xFF",
    b"\xC3",
    b"\xC0\xAF",
    b"\xED\xA0\x80",
    b"\xED\xBF\xBF",
    b"\xF4\x90\x80\x80",
    b"\xE2\x82",
];

/// A PUBLISH with this topic and these properties.
fn publish(topic: &[u8], properties: &[u8]) -> Vec<u8> {
    let mut body = vec![0, topic.len() as u8];
    body.extend_from_slice(topic);
    body.push(properties.len() as u8);
    body.extend_from_slice(properties);
    [&[0x30, body.len() as u8], body.as_slice()].concat()
}

/// A property that is one string.
fn text(id: u8, value: &[u8]) -> Vec<u8> {
    [&[id, 0, value.len() as u8], value].concat()
}

#[test]
fn a_topic_that_is_no_string_is_malformed() {
    for bytes in NOT_STRINGS {
        let mut world = World::online(lasting());
        world.send_bytes(&publish(bytes, &[]));
        world.assert_disconnected_with(0x81);
    }
}

#[test]
fn in_version_3_1_1_a_topic_that_is_no_string_closes_the_connection_without_a_word() {
    for bytes in NOT_STRINGS {
        let mut world = World::online(lasting_311());
        let packet = [&[0x30, 2 + bytes.len() as u8, 0, bytes.len() as u8], bytes].concat();
        world.send_bytes(&packet);
        world.assert_closed_silently_for(0x81);
    }
}

#[test]
fn every_string_property_of_a_publish_is_checked() {
    const CONTENT_TYPE: u8 = 0x03;
    const RESPONSE_TOPIC: u8 = 0x08;
    for id in [CONTENT_TYPE, RESPONSE_TOPIC] {
        for bytes in NOT_STRINGS {
            let mut world = World::online(lasting());
            world.send_bytes(&publish(b"t", &text(id, bytes)));
            world.assert_disconnected_with(0x81);
        }
    }
}

#[test]
fn both_halves_of_a_user_property_are_checked() {
    for bytes in NOT_STRINGS {
        let half = [&[0, bytes.len() as u8], bytes].concat();
        for pair in [
            [&[0x26], half.as_slice(), &[0, 1, b'v']].concat(),
            [&[0x26, 0, 1, b'n'], half.as_slice()].concat(),
        ] {
            let mut world = World::online(lasting());
            world.send_bytes(&publish(b"t", &pair));
            world.assert_disconnected_with(0x81);
        }
    }
}

#[test]
fn a_reason_string_that_is_no_string_is_malformed() {
    for bytes in NOT_STRINGS {
        let mut world = World::online(lasting());
        world.publish(1, 1, "t", "x");
        world.take();
        let properties = text(0x1F, bytes);
        let body = [&[0, 1, 0, properties.len() as u8], properties.as_slice()].concat();
        world.send_bytes(&[&[0x40, body.len() as u8], body.as_slice()].concat());
        world.assert_disconnected_with(0x81);
        assert!(world.is_open(1), "the acknowledgement does not count");
    }
}

#[test]
fn a_byte_order_mark_stays_in_the_string_wherever_it_stands() {
    for topic in ["\u{FEFF}t", "a\u{FEFF}b", "t\u{FEFF}"] {
        for config in [
            plain(),
            Config {
                version: Version::V311,
                ..plain()
            },
        ] {
            let mut world = World::online(config);
            world.message(0, 0, topic, "x");
            assert_eq!(world.take_delivered()[0].topic, topic);
            world.publish(1, 0, topic, "x");
            world.expect(&[&format!("PUBLISH q0 {topic:?} x")]);
        }
    }
}

#[test]
fn a_byte_order_mark_stays_in_user_properties_in_both_directions() {
    let mut world = World::online(plain());
    let bytes = world.message_bytes(
        0,
        0,
        "t",
        b"x",
        false,
        &[Property::UserProperty(("\u{FEFF}n", "v\u{FEFF}"))],
    );
    world.send_bytes(&bytes);
    let block = world.take_delivered()[0].properties.clone();
    assert_eq!(block, b"\x26\x00\x04\xEF\xBB\xBFn\x00\x04v\xEF\xBB\xBF");
    world.publish_all(1, 0, "t", b"x", false, &block);
    let sent = world.take_wire();
    assert!(sent.ends_with(&[block.as_slice(), b"x"].concat()), "{sent:02x?}");
}

#[test]
fn control_characters_and_noncharacters_are_tolerated_in_what_comes() {
    for topic in [
        "a\u{1}b",
        "a\u{1F}b",
        "a\u{7F}b",
        "a\u{9F}b",
        "a\u{FDD0}b",
        "a\u{FFFE}b",
        "a\u{10FFFF}b",
    ] {
        let mut world = World::online(plain());
        world.message(1, 1, topic, "x");
        world.expect(&["PUBACK 1"]);
        assert_eq!(world.take_delivered()[0].topic, topic);
    }
}

#[test]
fn a_length_in_more_bytes_than_it_needs_is_malformed() {
    for packet in [
        [0xD0, 0x80, 0x00].as_slice(),
        &[0xD0, 0x80, 0x80, 0x00],
        &[0xD0, 0x80, 0x80, 0x80, 0x00],
        &[0x40, 0x82, 0x00, 0, 1],
        // The length of a property block.
        &[0x30, 5, 0, 1, b't', 0x80, 0x00],
    ] {
        let mut world = World::online(lasting());
        world.send_bytes(packet);
        world.assert_disconnected_with(0x81);
    }
}

#[test]
fn a_fifth_byte_of_a_length_is_malformed_also_when_it_comes_byte_by_byte() {
    let packet = [0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F];
    for config in [lasting(), lasting_311()] {
        let mut world = World::online(config.clone());
        world.send_bytes(&packet);
        world.assert_refused_with(0x81);
        let mut world = World::online(Config {
            maximum_packet_size: u32::MAX,
            ..config
        });
        for byte in &packet[..4] {
            world.send_bytes(&[*byte]);
            assert!(world.is_online());
        }
        world.send_bytes(&packet[4..5]);
        world.assert_refused_with(0x81);
    }
}

#[test]
fn every_length_is_written_in_its_shortest_form() {
    // Payload sizes on both sides of each border of the remaining length, which also counts topic and property length.
    for (remaining, length) in [
        (127, &[0x7F][..]),
        (128, &[0x80, 0x01]),
        (16_383, &[0xFF, 0x7F]),
        (16_384, &[0x80, 0x80, 0x01]),
        (2_097_151, &[0xFF, 0xFF, 0x7F]),
        (2_097_152, &[0x80, 0x80, 0x80, 0x01]),
    ] {
        let mut world = World::online(plain());
        let payload = vec![b'x'; remaining - 4];
        world.publish_all(1, 0, "t", &payload, false, &[]);
        let sent = world.take_wire();
        assert_eq!(sent[1..=length.len()], *length, "{remaining}");
        assert_eq!(sent.len(), 1 + length.len() + remaining);
        world.send_bytes(&sent);
        assert_eq!(world.take_delivered()[0].payload.len(), payload.len(), "and read again");
    }
}
