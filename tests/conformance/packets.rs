//! 2 Structure of a control packet: flags, lengths, identifiers and properties.

use hawser::codec::{Ack, Packet, PacketId, ReasonCode};
use hawser::session::Config;

use crate::world::{World, lasting, lasting_311, plain};

/// Online with a QoS 1 PUBLISH 1, a SUBSCRIBE 2 and an UNSUBSCRIBE 3 under way.
fn busy(config: Config) -> World {
    let mut world = World::online(config);
    world.publish(1, 1, "t", "x");
    world.subscribe(2, "a", 0);
    world.unsubscribe(3, "b");
    world.take();
    world
}

fn valid_flags(packet_type: u8, flags: u8) -> bool {
    match packet_type {
        3 => flags & 0b0110 != 0b0110 && flags & 0b1110 != 0b1000,
        6 | 8 | 10 => flags == 0b0010,
        _ => flags == 0,
    }
}

#[test]
fn wrong_flags_in_the_first_byte_of_any_packet_type_are_malformed() {
    for config in [lasting(), lasting_311()] {
        for first in 0x10..=0xFF_u8 {
            if valid_flags(first >> 4, first & 0x0F) {
                continue;
            }
            let mut world = busy(config.clone());
            world.send_bytes(&[first, 2, 0, 1]);
            world.assert_refused_with(0x81);
            let mut world = busy(config.clone());
            world.send_bytes(&[first]);
            world.assert_refused_with(0x81);
        }
    }
}

#[test]
fn types_that_do_not_exist_are_malformed() {
    let mut world = busy(lasting());
    world.send_bytes(&[0x00, 0]);
    world.assert_disconnected_with(0x81);
    for first in [0x00, 0xF0] {
        let mut world = busy(lasting_311());
        world.send_bytes(&[first, 0]);
        world.assert_closed_silently_for(0x81);
    }
}

#[test]
fn a_qos_0_publish_has_no_identifier() {
    let mut world = World::online(plain());
    world.publish(1, 0, "t", "\u{1}\u{2}xy");
    assert_eq!(world.take_wire(), b"\x30\x08\x00\x01t\x00\x01\x02xy");
    world.send_bytes(b"\x30\x08\x00\x01t\x00\x01\x02xy");
    assert_eq!(world.take_delivered()[0].payload, b"\x01\x02xy");
    let mut old = World::online(lasting_311());
    old.publish(1, 0, "t", "\u{1}\u{2}xy");
    assert_eq!(old.take_wire(), b"\x30\x07\x00\x01t\x01\x02xy");
    old.send_bytes(b"\x30\x07\x00\x01t\x01\x02xy");
    assert_eq!(old.take_delivered()[0].payload, b"\x01\x02xy");
}

#[test]
fn identifiers_are_never_0_and_never_one_that_a_publish_a_subscribe_or_an_unsubscribe_still_holds() {
    for config in [plain(), lasting_311()] {
        let mut world = busy(config);
        // Once around: 4 to 65,535, then 4 again, for 1 to 3 are still held.
        for expected in (4..=65_535).chain([4, 5]) {
            world.publish(100, 1, "t", "");
            let bytes = world.take_wire();
            assert_eq!(u16::from_be_bytes([bytes[5], bytes[6]]), expected);
            world.puback(expected);
            world.forget(100);
        }
        world.subscribe(200, "c", 0);
        assert_eq!(world.take(), ["SUBSCRIBE 6 c:0"]);
        world.puback(1);
        assert_eq!(world.outcome(1), 0);
    }
}

#[test]
fn an_identifier_is_free_again_at_puback_pubcomp_and_a_failing_pubrec_and_not_before() {
    let config = Config {
        max_queued: 70_000,
        ..plain()
    };
    let mut world = World::online(config);
    world.subscribe(70_000, "a", 0);
    for token in 0..65_535 {
        world.ask_to_publish(token, 2, "t", b"", false, &[]);
    }
    world.drain();
    assert_eq!(
        world.take().len(),
        1 + 65_534,
        "all identifiers are taken: one message waits"
    );
    world.pubrec(9);
    world.expect(&["PUBREL 9"]);
    world.pubcomp(9);
    world.expect(&["PUBLISH q2 9 \"t\" "]);
    world.publish(65_535, 1, "t", "");
    world.expect(&[]);
    let failing = Ack::new(PacketId::new(12).unwrap(), ReasonCode::QUOTA_EXCEEDED);
    world.send(Packet::PubRec(failing));
    world.expect(&["PUBLISH q1 12 \"t\" "]);
    world.publish(65_536, 1, "t", "");
    world.puback(12);
    world.expect(&["PUBLISH q1 12 \"t\" "]);
    world.publish(65_537, 1, "t", "");
    world.suback(1, &[0]);
    assert_eq!(world.outcome(70_000), 0);
    world.puback(12);
    world.expect(&["PUBLISH q1 1 \"t\" "]);
}

#[test]
fn identifier_0_from_the_broker_is_a_protocol_error_in_every_packet_that_has_one() {
    let with_properties: [&[u8]; 8] = [
        b"\x32\x06\x00\x01t\x00\x00\x00",
        b"\x34\x06\x00\x01t\x00\x00\x00",
        b"\x40\x02\x00\x00",
        b"\x50\x02\x00\x00",
        b"\x62\x02\x00\x00",
        b"\x70\x02\x00\x00",
        b"\x90\x04\x00\x00\x00\x00",
        b"\xB0\x04\x00\x00\x00\x00",
    ];
    for packet in with_properties {
        let mut world = busy(lasting());
        world.send_bytes(packet);
        world.assert_disconnected_with(0x82);
        assert!(world.take_delivered().is_empty() && (1..=3).all(|token| world.is_open(token)));
    }
    let without: [&[u8]; 8] = [
        b"\x32\x05\x00\x01t\x00\x00",
        b"\x34\x05\x00\x01t\x00\x00",
        b"\x40\x02\x00\x00",
        b"\x50\x02\x00\x00",
        b"\x62\x02\x00\x00",
        b"\x70\x02\x00\x00",
        b"\x90\x03\x00\x00\x00",
        b"\xB0\x02\x00\x00",
    ];
    for packet in without {
        let mut world = busy(lasting_311());
        world.send_bytes(packet);
        world.assert_closed_silently_for(0x82);
    }
}

#[test]
fn a_packet_without_properties_says_so_with_a_length_of_zero() {
    let mut world = World::online(plain());
    world.publish(1, 1, "t", "x");
    assert_eq!(world.take_wire(), b"\x32\x07\x00\x01t\x00\x01\x00x");
    world.subscribe(2, "a", 1);
    assert_eq!(world.take_wire(), b"\x82\x07\x00\x02\x00\x00\x01a\x01");
    world.unsubscribe(3, "a");
    assert_eq!(world.take_wire(), b"\xA2\x06\x00\x03\x00\x00\x01a");
}

#[test]
fn a_packet_from_the_broker_without_the_length_of_its_properties_is_malformed() {
    for packet in [
        b"\x30\x03\x00\x01t".as_slice(),
        b"\x90\x02\x00\x02",
        b"\xB0\x02\x00\x03",
    ] {
        let mut world = busy(lasting());
        world.send_bytes(packet);
        world.assert_disconnected_with(0x81);
    }
}

#[test]
fn a_packet_that_ends_inside_a_field_is_malformed() {
    // Each packet whole, and the lengths of its body at which it ends inside a field.
    let cases: [(&[u8], &[u8]); 8] = [
        (
            b"\x32\x0D\x00\x01t\x00\x05\x04\x03\x00\x01ck\x00\x00",
            &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        ),
        (b"\x40\x08\x00\x01\x87\x04\x1F\x00\x01r", &[0, 1, 4, 5, 6, 7]),
        (b"\x50\x08\x00\x01\x87\x04\x1F\x00\x01r", &[0, 1, 4, 5, 6, 7]),
        (b"\x62\x08\x00\x01\x92\x04\x1F\x00\x01r", &[0, 1, 4, 5, 6, 7]),
        (b"\x70\x08\x00\x01\x92\x04\x1F\x00\x01r", &[0, 1, 4, 5, 6, 7]),
        (b"\x90\x08\x00\x02\x04\x1F\x00\x01r\x00", &[0, 1, 2, 3, 4, 5, 6]),
        (b"\xB0\x08\x00\x03\x04\x1F\x00\x01r\x00", &[0, 1, 2, 3, 4, 5, 6]),
        (b"\xE0\x06\x8B\x04\x1F\x00\x01r", &[2, 3, 4, 5]),
    ];
    for (packet, ends) in cases {
        for end in ends {
            let mut world = busy(lasting());
            let mut cut = packet[..2 + usize::from(*end)].to_vec();
            cut[1] = *end;
            world.send_bytes(&cut);
            world.assert_disconnected_with(0x81);
        }
    }
}

#[test]
fn bytes_left_over_at_the_end_of_a_packet_are_malformed() {
    for packet in [
        b"\x40\x05\x00\x01\x00\x00\x00".as_slice(),
        b"\x50\x05\x00\x01\x00\x00\x00",
        b"\x62\x05\x00\x01\x00\x00\x00",
        b"\x70\x05\x00\x01\x00\x00\x00",
        b"\xD0\x01\x00",
        b"\xE0\x03\x00\x00\x00",
        b"\xF0\x07\x18\x04\x15\x00\x01m\x00",
    ] {
        let mut world = busy(lasting());
        world.send_bytes(packet);
        world.assert_disconnected_with(0x81);
    }
    for packet in [
        b"\x40\x03\x00\x01\x00".as_slice(),
        b"\x62\x03\x00\x01\x00",
        b"\xB0\x03\x00\x03\x00",
        b"\xD0\x01\x00",
    ] {
        let mut world = busy(lasting_311());
        world.send_bytes(packet);
        world.assert_closed_silently_for(0x81);
    }
}

/// Each property of MQTT with a value it may have.
const PROPERTIES: [&[u8]; 27] = [
    b"\x01\x01",
    b"\x02\x00\x00\x00\x09",
    b"\x03\x00\x01c",
    b"\x08\x00\x01r",
    b"\x09\x00\x01d",
    b"\x0B\x01",
    b"\x11\x00\x00\x00\x09",
    b"\x12\x00\x01i",
    b"\x13\x00\x09",
    b"\x15\x00\x01m",
    b"\x16\x00\x01d",
    b"\x17\x01",
    b"\x18\x00\x00\x00\x09",
    b"\x19\x01",
    b"\x1A\x00\x01r",
    b"\x1C\x00\x01s",
    b"\x1F\x00\x01r",
    b"\x21\x00\x09",
    b"\x22\x00\x09",
    b"\x23\x00\x01",
    b"\x24\x01",
    b"\x25\x01",
    b"\x26\x00\x01n\x00\x01v",
    b"\x27\x00\x00\x00\x09",
    b"\x28\x01",
    b"\x29\x01",
    b"\x2A\x01",
];

/// What the broker may send with properties when the link is up: the bytes before the property length, those behind the properties, and what is allowed.
type Carrier = (u8, &'static [u8], &'static [u8], &'static [u8]);
const CARRIERS: [Carrier; 8] = [
    (
        0x30,
        b"\x00\x01t",
        b"",
        &[0x01, 0x02, 0x03, 0x08, 0x09, 0x0B, 0x23, 0x26],
    ),
    (0x40, b"\x00\x01\x00", b"", &[0x1F, 0x26]),
    (0x50, b"\x00\x09\x00", b"", &[0x1F, 0x26]),
    (0x62, b"\x00\x09\x00", b"", &[0x1F, 0x26]),
    (0x70, b"\x00\x09\x00", b"", &[0x1F, 0x26]),
    (0x90, b"\x00\x02", b"\x00", &[0x1F, 0x26]),
    (0xB0, b"\x00\x03", b"\x00", &[0x1F, 0x26]),
    (0xE0, b"\x8B", b"", &[0x1C, 0x1F, 0x26]),
];

fn carry((first, before, behind, _): Carrier, properties: &[u8]) -> Vec<u8> {
    let body = [before, &[properties.len() as u8], properties, behind].concat();
    [&[first, body.len() as u8], body.as_slice()].concat()
}

fn taker() -> Config {
    Config {
        topic_alias_maximum: 9,
        ..lasting()
    }
}

#[test]
fn a_property_that_does_not_belong_into_its_packet_is_malformed() {
    const SESSION_EXPIRY: u8 = 0x11;
    for carrier in CARRIERS {
        for property in PROPERTIES {
            let mut world = busy(taker());
            world.send_bytes(&carry(carrier, property));
            let allowed = carrier.3.contains(&property[0]);
            match carrier.0 {
                _ if !allowed && (carrier.0, property[0]) == (0xE0, SESSION_EXPIRY) => {
                    // It is a property of DISCONNECT, but not the broker's to send [MQTT-3.14.2-2].
                    world.assert_disconnected_with(0x82);
                }
                _ if !allowed => world.assert_disconnected_with(0x81),
                0xE0 => world.expect(&[]),
                _ => assert!(world.is_online(), "{carrier:02X?} {property:02X?}"),
            }
        }
    }
}

#[test]
fn an_identifier_that_no_property_has_is_malformed() {
    for id in (0..=0xFF).filter(|id| PROPERTIES.iter().all(|property| property[0] != *id)) {
        for carrier in CARRIERS {
            let mut world = busy(taker());
            world.send_bytes(&carry(carrier, &[id, 0, 0, 0, 0]));
            world.assert_disconnected_with(0x81);
        }
    }
}

#[test]
fn a_property_that_stands_twice_where_it_may_stand_once_is_a_protocol_error() {
    const SUBSCRIPTION_IDENTIFIER: u8 = 0x0B;
    const USER_PROPERTY: u8 = 0x26;
    for carrier in CARRIERS {
        for property in PROPERTIES.iter().filter(|property| carrier.3.contains(&property[0])) {
            let mut world = busy(taker());
            world.send_bytes(&carry(carrier, &[*property, *property].concat()));
            match property[0] {
                SUBSCRIPTION_IDENTIFIER | USER_PROPERTY if carrier.0 == 0xE0 => world.expect(&[]),
                SUBSCRIPTION_IDENTIFIER | USER_PROPERTY => assert!(world.is_online()),
                _ => world.assert_disconnected_with(0x82),
            }
        }
    }
}
