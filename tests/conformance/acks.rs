//! 3.4 to 3.7 PUBACK, PUBREC, PUBREL and PUBCOMP: their codes, their lengths, and what the client leaves out of its own.

use hawser::codec::{Property, Version};
use hawser::session::Config;

use crate::world::{World, lasting, lasting_311, plain};

const PUBACK: u8 = 0x40;
const PUBREC: u8 = 0x50;
const PUBREL: u8 = 0x62;
const PUBCOMP: u8 = 0x70;

/// The reason codes of PUBACK and PUBREC (3.4.2.1, 3.5.2.1), and those of PUBREL and PUBCOMP (3.6.2.1, 3.7.2.1).
const OF_ACK: [u8; 9] = [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];
const OF_RELEASE: [u8; 2] = [0x00, 0x92];

/// A client that waits for this packet with identifier 1.
fn waiting_for(first: u8, config: Config) -> World {
    let mut world = World::online(config);
    match first {
        PUBACK => world.publish(1, 1, "t", "x"),
        PUBREC => world.publish(1, 2, "t", "x"),
        PUBREL => world.message(2, 1, "t", "x"),
        _ => {
            world.publish(1, 2, "t", "x");
            world.pubrec(1);
        }
    }
    world.take_wire();
    world
}

/// Each code that is not in `table` is a protocol error and completes nothing.
#[track_caller]
fn refuses_all_but(table: &[u8], first: u8) {
    for code in (0..=255).filter(|code| !table.contains(code)) {
        for packet in [[first, 3, 0, 1, code].as_slice(), &[first, 4, 0, 1, code, 0]] {
            let mut world = waiting_for(first, lasting());
            world.send_bytes(packet);
            world.assert_disconnected_with(0x82);
            assert!(world.is_open(1));
        }
    }
}

#[test]
fn a_puback_has_a_code_of_its_table_or_is_a_protocol_error() {
    for code in OF_ACK {
        let mut world = waiting_for(PUBACK, lasting());
        world.send_bytes(&[PUBACK, 3, 0, 1, code]);
        assert_eq!((world.outcome(1), world.is_online()), (u32::from(code), true));
        assert_eq!(world.take_wire(), []);
    }
    refuses_all_but(&OF_ACK, PUBACK);
}

#[test]
fn a_pubrec_has_a_code_of_its_table_or_is_a_protocol_error() {
    for code in OF_ACK {
        let mut world = waiting_for(PUBREC, lasting());
        world.send_bytes(&[PUBREC, 3, 0, 1, code]);
        if code < 0x80 {
            assert_eq!(world.take_wire(), [PUBREL, 2, 0, 1], "{code:02X}");
            assert!(world.is_open(1));
        } else {
            assert_eq!(world.take_wire(), [], "{code:02X}");
            assert_eq!(world.outcome(1), u32::from(code));
        }
        assert!(world.is_online());
    }
    refuses_all_but(&OF_ACK, PUBREC);
}

#[test]
fn a_pubrel_has_a_code_of_its_table_or_is_a_protocol_error() {
    for code in OF_RELEASE {
        let mut world = waiting_for(PUBREL, lasting());
        world.send_bytes(&[PUBREL, 3, 0, 1, code]);
        assert_eq!(world.take_wire(), [PUBCOMP, 2, 0, 1]);
        assert!(world.is_online());
    }
    refuses_all_but(&OF_RELEASE, PUBREL);
}

#[test]
fn a_pubcomp_has_a_code_of_its_table_or_is_a_protocol_error() {
    for code in OF_RELEASE {
        let mut world = waiting_for(PUBCOMP, lasting());
        world.send_bytes(&[PUBCOMP, 3, 0, 1, code]);
        assert_eq!((world.outcome(1), world.is_online()), (0, true));
    }
    refuses_all_but(&OF_RELEASE, PUBCOMP);
}

#[test]
fn a_pubrel_goes_out_with_its_flags_and_is_malformed_with_any_others() {
    let mut world = waiting_for(PUBREC, lasting());
    world.pubrec(1);
    assert_eq!(world.take_wire()[0], 0b0110_0010);
    for config in [lasting(), lasting_311()] {
        for flags in (0..16).filter(|flags| *flags != 0b0010) {
            let mut world = waiting_for(PUBREL, config.clone());
            world.send_bytes(&[0x60 | flags, 2, 0, 1]);
            world.assert_refused_with(0x81);
        }
    }
}

#[test]
fn the_other_three_are_malformed_with_any_flag() {
    for config in [lasting(), lasting_311()] {
        for first in [PUBACK, PUBREC, PUBCOMP] {
            for flags in 1..16 {
                let mut world = waiting_for(first, config.clone());
                world.send_bytes(&[first | flags, 2, 0, 1]);
                world.assert_refused_with(0x81);
            }
        }
    }
}

/// Everything that the client acknowledges, known and unknown, as bytes.
fn all_answers(world: &mut World) -> Vec<u8> {
    world.message(1, 1, "t", "x");
    world.message(2, 2, "t", "x");
    world.pubrel(2);
    world.pubrel(3);
    world.publish(1, 2, "t", "x");
    let sent = world.take_wire();
    let publish = sent.len() - if world.version == Version::V5 { 9 } else { 8 };
    world.pubrec(1);
    world.pubrec(9);
    [&sent[..publish], &world.take_wire()].concat()
}

#[test]
fn no_acknowledgement_carries_a_reason_string_or_user_properties_whatever_the_maximum_packet_size() {
    let expected = [
        [PUBACK, 2, 0, 1].as_slice(),
        &[PUBREC, 2, 0, 2],
        &[PUBCOMP, 2, 0, 2],
        &[PUBCOMP, 3, 0, 3, 0x92],
        &[PUBREL, 2, 0, 1],
        &[PUBREL, 3, 0, 9, 0x92],
    ]
    .concat();
    for limits in [[].as_slice(), &[Property::MaximumPacketSize(9)]] {
        let mut world = World::online_with(lasting(), limits);
        assert_eq!(all_answers(&mut world), expected);
    }
    let mut smallest = World::online_with(plain(), &[Property::MaximumPacketSize(5)]);
    smallest.pubrel(3);
    smallest.pubrec(9);
    assert_eq!(
        smallest.take_wire(),
        [PUBCOMP, 3, 0, 3, 0x92, PUBREL, 3, 0, 9, 0x92],
        "the longest acknowledgements fit into the smallest size that the client accepts"
    );
}

#[test]
fn in_version_3_1_1_an_acknowledgement_is_an_identifier_and_nothing_more() {
    let mut world = World::online(lasting_311());
    let acks = [
        (PUBACK, 1),
        (PUBREC, 2),
        (PUBCOMP, 2),
        (PUBCOMP, 3),
        (PUBREL, 1),
        (PUBREL, 9),
    ];
    assert_eq!(
        all_answers(&mut world),
        acks.map(|(first, id)| [first, 2, 0, id]).concat()
    );
    for first in [PUBACK, PUBREC, PUBREL, PUBCOMP] {
        let mut world = waiting_for(first, lasting_311());
        world.send_bytes(&[first, 3, 0, 1, 0]);
        world.assert_closed_silently_for(0x81);
    }
}

#[test]
fn an_acknowledgement_of_two_three_or_more_bytes_says_the_same() {
    for first in [PUBACK, PUBREC, PUBREL, PUBCOMP] {
        let (answer, settled, unsettled) = match first {
            PUBACK | PUBCOMP => (vec![], Some(0), 0),
            PUBREC => (vec![PUBREL, 2, 0, 1], None, 1),
            _ => (vec![PUBCOMP, 2, 0, 1], None, 0),
        };
        for packet in [
            [first, 2, 0, 1].as_slice(),
            &[first, 3, 0, 1, 0],
            &[first, 4, 0, 1, 0, 0],
            &[first, 8, 0, 1, 0, 4, 0x1F, 0, 1, b'r'],
        ] {
            let mut world = waiting_for(first, lasting());
            world.send_bytes(packet);
            assert!(world.is_online(), "{packet:02x?}");
            assert_eq!(world.take_wire(), answer, "{packet:02x?}");
            assert_eq!(world.settled.get(&1).map(|(code, _)| *code), settled, "{packet:02x?}");
            assert_eq!(world.session.unsettled(), unsettled, "{packet:02x?}");
        }
    }
}

#[test]
fn an_acknowledgement_that_is_too_short_or_longer_than_it_says_is_malformed() {
    for first in [PUBACK, PUBREC, PUBREL, PUBCOMP] {
        for packet in [
            [first, 0].as_slice(),
            &[first, 1, 0],
            &[first, 5, 0, 1, 0, 0, 0],
            &[first, 4, 0, 1, 0, 1],
        ] {
            let mut world = waiting_for(first, lasting());
            world.send_bytes(packet);
            world.assert_disconnected_with(0x81);
        }
    }
}
