//! 3.2 CONNACK: what may come before it and in it, and the limits that it sets.

use hawser::codec::{Packet, Property, Version};
use hawser::session::{Config, Failure};

use crate::driver::split;
use crate::peer::decode;
use crate::world::{Socket, World, lasting, lasting_311, plain};

/// A world that has sent CONNECT and waits for the answer.
fn waiting(config: Config) -> World {
    let mut world = World::new(config);
    world.start();
    world.open();
    world.take();
    world
}

#[test]
fn every_packet_type_before_connack_closes_the_connection() {
    let packets: [&[u8]; 13] = [
        b"\x10\x0D\x00\x04MQTT\x05\x02\x00\x3C\x00\x00\x00",
        b"\x30\x04\x00\x01t\x00",
        b"\x40\x02\x00\x01",
        b"\x50\x02\x00\x01",
        b"\x62\x02\x00\x01",
        b"\x70\x02\x00\x01",
        b"\x82\x07\x00\x01\x00\x00\x01a\x00",
        b"\x90\x04\x00\x01\x00\x00",
        b"\xA2\x06\x00\x01\x00\x00\x01a",
        b"\xB0\x04\x00\x01\x00\x00",
        b"\xC0\x00",
        b"\xD0\x00",
        b"\xE0\x00",
    ];
    for packet in packets {
        let mut world = waiting(plain());
        world.send_bytes(packet);
        world.assert_closed_silently_for(0x82);
    }
    let packets: [&[u8]; 11] = [
        b"\x30\x03\x00\x01t",
        b"\x40\x02\x00\x01",
        b"\x50\x02\x00\x01",
        b"\x62\x02\x00\x01",
        b"\x70\x02\x00\x01",
        b"\x82\x06\x00\x01\x00\x01a\x00",
        b"\x90\x03\x00\x01\x00",
        b"\xB0\x02\x00\x01",
        b"\xC0\x00",
        b"\xD0\x00",
        b"\xE0\x00",
    ];
    for packet in packets {
        let mut world = waiting(lasting_311());
        world.send_bytes(packet);
        world.assert_closed_silently_for(0x82);
    }
}

#[test]
fn in_version_3_1_1_an_auth_is_no_packet_at_all() {
    for packet in [b"\xF0\x00".as_slice(), b"\xF0\x06\x18\x04\x15\x00\x01m"] {
        let mut world = waiting(lasting_311());
        world.send_bytes(packet);
        world.assert_closed_silently_for(0x81);
    }
}

#[test]
fn a_second_connack_is_a_protocol_error() {
    let mut world = World::online(lasting());
    world.send_bytes(b"\x20\x03\x00\x00\x00");
    world.assert_disconnected_with(0x82);
    let mut world = waiting(lasting());
    world.send_bytes(b"\x20\x03\x00\x00\x00\x20\x03\x00\x00\x00");
    world.assert_disconnected_with(0x82);
    let mut old = World::online(lasting_311());
    old.send_bytes(b"\x20\x02\x00\x00");
    old.assert_closed_silently_for(0x82);
}

#[test]
fn reserved_flags_in_connack_are_malformed() {
    for bit in 1..8 {
        let flags = 1_u8 << bit;
        let mut world = waiting(plain());
        world.send_bytes(&[0x20, 3, flags, 0, 0]);
        world.assert_closed_silently_for(0x81);
        let mut old = waiting(lasting_311());
        old.send_bytes(&[0x20, 2, flags, 0]);
        old.assert_closed_silently_for(0x81);
    }
}

#[test]
fn in_version_3_1_1_connack_has_exactly_four_bytes() {
    for packet in [b"\x20\x00".as_slice(), b"\x20\x01\x00", b"\x20\x03\x00\x00\x00"] {
        let mut world = waiting(lasting_311());
        world.send_bytes(packet);
        world.assert_closed_silently_for(0x81);
    }
}

#[test]
fn a_refusal_that_says_a_session_is_present_is_a_protocol_error() {
    let mut world = waiting(plain());
    world.send_bytes(b"\x20\x03\x01\x87\x00");
    world.assert_closed_silently_for(0x82);
    let mut old = waiting(lasting_311());
    old.send_bytes(b"\x20\x02\x01\x05");
    old.assert_closed_silently_for(0x82);
}

#[test]
fn a_code_that_is_not_in_the_table_of_connack_is_a_protocol_error() {
    for code in [0x01, 0x04, 0x10, 0x18, 0x7F, 0x8B, 0x8D, 0x8E, 0x91, 0x9E, 0xA0, 0xFF] {
        let mut world = waiting(plain());
        world.send_bytes(&[0x20, 3, 0, code, 0]);
        world.assert_closed_silently_for(0x82);
    }
    for code in 6..=255 {
        let mut old = waiting(lasting_311());
        old.send_bytes(&[0x20, 2, 0, code]);
        old.assert_closed_silently_for(0x82);
    }
}

#[test]
fn a_value_out_of_its_range_in_connack_is_a_protocol_error() {
    let bad: [&[u8]; 7] = [
        b"\x21\x00\x00",
        b"\x24\x02",
        b"\x25\x02",
        b"\x27\x00\x00\x00\x00",
        b"\x28\x02",
        b"\x29\x02",
        b"\x2A\x02",
    ];
    for property in bad {
        let mut world = waiting(plain());
        let length = property.len() as u8;
        world.send_bytes(&[&[0x20, 3 + length, 0, 0, length], property].concat());
        world.assert_closed_silently_for(0x82);
    }
}

#[test]
fn a_property_of_connack_that_stands_twice_is_a_protocol_error() {
    let single: [&[u8]; 14] = [
        b"\x11\x00\x00\x00\x09",
        b"\x12\x00\x01i",
        b"\x13\x00\x09",
        b"\x1A\x00\x01r",
        b"\x1C\x00\x01s",
        b"\x1F\x00\x01r",
        b"\x21\x00\x09",
        b"\x22\x00\x09",
        b"\x24\x01",
        b"\x25\x01",
        b"\x27\x00\x00\x00\x09",
        b"\x28\x01",
        b"\x29\x01",
        b"\x2A\x01",
    ];
    for property in single {
        let mut world = waiting(plain());
        let length = 2 * property.len() as u8;
        world.send_bytes(&[&[0x20, 3 + length, 0, 0, length], property, property].concat());
        world.assert_closed_silently_for(0x82);
    }
}

#[test]
fn a_session_present_that_cannot_be_is_left_at_once() {
    // After a clean start, and without state here [MQTT-3.2.2-2], [MQTT-3.2.2-4].
    let fresh = Config {
        clean_start: false,
        ..lasting()
    };
    for config in [lasting(), fresh] {
        let mut world = waiting(config);
        world.publish(1, 1, "t", "x");
        world.send_bytes(b"\x20\x03\x01\x00\x00");
        world.assert_closed_silently_for(0x82);
        assert!(world.is_open(1), "nothing is lost by it");
    }
    for clean_start in [true, false] {
        let mut old = waiting(Config {
            clean_start,
            ..lasting_311()
        });
        old.send_bytes(b"\x20\x02\x01\x00");
        old.assert_closed_silently_for(0x82);
    }
}

#[test]
fn a_lost_session_is_not_taken_for_one_that_lives() {
    for config in [lasting(), lasting_311()] {
        let v5 = config.version == Version::V5;
        let mut world = World::online(config);
        world.publish(1, 1, "t", "1");
        world.publish(2, 2, "t", "2");
        world.publish(3, 2, "t", "3");
        world.pubrec(3);
        world.message(2, 9, "in", "old");
        world.reconnect();
        world.send_bytes(if v5 {
            b"\x20\x03\x00\x00\x00"
        } else {
            b"\x20\x02\x00\x00"
        });
        // No DUP, no PUBREL: QoS 1 begins again as a new message, QoS 2 is not repeated.
        world.expect(&["PUBLISH q1 4 \"t\" 1"]);
        world.assert_failed(2, Failure::Indeterminate);
        world.assert_failed(3, Failure::Indeterminate);
        world.message(2, 9, "in", "new");
        assert_eq!(world.take_texts(), ["in old", "in new"]);
    }
}

/// The PUBLISH packets in bytes of the client, as flags of the fixed header and the alias.
fn publishes(bytes: &[u8]) -> Vec<(u8, Option<u16>)> {
    let read = |packet: &[u8]| match decode(packet, Version::V5) {
        Packet::Publish(publish) => Some((packet[0] & 0x0F, publish.properties.topic_alias())),
        _ => None,
    };
    split(bytes).filter_map(read).collect()
}

#[test]
fn no_publish_is_above_the_maximum_qos_first_or_again() {
    for maximum in [0, 1] {
        let mut world = World::online(lasting());
        (1..=3).for_each(|token| world.publish(token, token as u8 - 1, "t", "x"));
        world.reconnect();
        world.publish(4, 2, "t", "x");
        world.connack(true, &[Property::MaximumQos(maximum)]);
        (5..=7).for_each(|token| world.publish(token, token as u8 - 5, "t", "x"));
        let sent = publishes(&world.take_wire());
        assert!(
            !sent.is_empty() && sent.iter().all(|(flags, _)| flags >> 1 & 3 <= maximum),
            "{sent:?}"
        );
        // The one that was sent before is told when its identifier is free on both sides.
        world.pubcomp(2);
        world.assert_failed(3, Failure::Indeterminate);
        for token in [4, 7] {
            world.assert_failed(token, Failure::QosNotSupported);
        }
    }
}

#[test]
fn no_publish_is_retained_where_the_broker_keeps_none_first_or_again() {
    let mut world = World::online(lasting());
    world.publish_all(1, 1, "t", b"x", true, &[]);
    world.publish(2, 1, "t", "x");
    world.reconnect();
    world.publish_all(3, 1, "t", b"x", true, &[]);
    world.connack(true, &[Property::RetainAvailable(false)]);
    world.publish_all(4, 0, "t", b"x", true, &[]);
    world.publish(5, 0, "t", "x");
    let sent = publishes(&world.take_wire());
    assert_eq!(sent.len(), 2);
    assert!(sent.iter().all(|(flags, _)| flags & 1 == 0), "{sent:?}");
    world.assert_failed(1, Failure::Indeterminate);
    [3, 4]
        .iter()
        .for_each(|token| world.assert_failed(*token, Failure::RetainNotAvailable));
}

#[test]
fn no_packet_of_any_kind_is_above_the_maximum_packet_size() {
    const LIMIT: u32 = 24;
    let limits = [Property::MaximumPacketSize(LIMIT), Property::TopicAliasMaximum(5)];
    let mut world = World::online(Config {
        outbound_topic_aliases: true,
        ..lasting()
    });
    for (token, size) in (1..).zip(10..30_usize) {
        world.publish(token, 1 + token as u8 % 2, "t", &"x".repeat(size));
    }
    world.reconnect();
    world.connack(true, &limits);
    for size in 1..30_u32 {
        let text = "y".repeat(size as usize);
        world.publish(100 + size, 0, "long/topic", &text);
        world.publish(200 + size, 1, &text, "");
        world.ask_to_subscribe(300 + size, &text, 1);
        world.session.unsubscribe(world.time(), 400 + size, &text);
    }
    world.drain();
    for id in [500, 501] {
        world.message(1, id, "in", "x");
        world.message(2, id + 10, "in", "x");
        world.pubrel(id + 10);
        world.pubrel(id + 20);
        world.pubrec(id);
    }
    world.close();
    let bytes = world.take_wire();
    let sizes: Vec<usize> = split(&bytes).map(<[u8]>::len).collect();
    assert!(sizes.iter().all(|size| *size <= LIMIT as usize), "{sizes:?}");
    assert!(
        sizes.iter().filter(|size| **size == LIMIT as usize).count() >= 4,
        "up to the limit: {sizes:?}"
    );
    world.assert_failed(20, Failure::Indeterminate);
    world.assert_failed(129, Failure::PacketTooLarge);
}

#[test]
fn no_alias_is_above_what_the_broker_takes_and_none_is_0() {
    for maximum in [0, 1, 3] {
        let mut world = World::online_with(
            Config {
                outbound_topic_aliases: true,
                ..lasting()
            },
            &[Property::TopicAliasMaximum(maximum)],
        );
        for token in 0..40 {
            world.publish(token, (token % 3) as u8, &format!("long/topic/{}", token % 6), "x");
        }
        let sent = publishes(&world.take_wire());
        assert_eq!(sent.len(), 40);
        for (_, alias) in sent {
            assert!(
                alias.is_none_or(|alias| (1..=maximum).contains(&alias)),
                "{alias:?} of {maximum}"
            );
        }
    }
    let mut world = World::online(Config {
        outbound_topic_aliases: true,
        ..lasting()
    });
    (0..9).for_each(|token| world.publish(token, 0, "long/topic", "x"));
    assert!(
        publishes(&world.take_wire()).iter().all(|(_, alias)| alias.is_none()),
        "without the property there is no alias"
    );
}

#[test]
fn a_reason_string_reaches_the_user_as_it_is_and_changes_nothing() {
    for text in ["quota", "0x9D use another server", "\u{FEFF}\u{1}"] {
        let mut world = World::online(lasting());
        world.publish(1, 1, "t", "x");
        let properties = [&[0x1F, 0, text.len() as u8], text.as_bytes()].concat();
        let body = [&[0, 1, 0x97, properties.len() as u8], properties.as_slice()].concat();
        world.send_bytes(&[&[0x40, body.len() as u8], body.as_slice()].concat());
        assert_eq!((world.outcome(1), world.reason(1)), (0x97, Some(text)));
        assert!(world.is_online() && world.socket == Socket::Open);
    }
}
