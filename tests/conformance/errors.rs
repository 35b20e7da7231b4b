//! 4.13 Handling errors.

use hawser::codec::{ReasonCode, Version};
use hawser::session::{Cause, State};

use crate::world::{Socket, World, lasting, lasting_311, plain};

/// The reason codes of CONNACK from 0x80 on (3.2.2.2).
const REFUSALS: [u8; 21] = [
    0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A, 0x9B, 0x9C,
    0x9D, 0x9F,
];

#[test]
fn a_connack_that_refuses_ends_in_a_closed_connection() {
    for code in REFUSALS {
        let mut world = World::new(plain());
        world.start();
        world.open();
        world.take_wire();
        world.send_bytes(&[0x20, 3, 0, code, 0]);
        assert_eq!((world.take_wire(), world.socket), (vec![], Socket::None), "{code:02X}");
        assert!(!world.is_online());
    }
}

#[test]
fn a_disconnect_with_an_error_ends_in_a_closed_connection_whoever_sends_it() {
    for reason in ReasonCode::ALL.iter().filter(|reason| reason.is_error()) {
        let mut world = World::online(lasting());
        world.send_bytes(&[0xE0, 1, reason.0]);
        assert_eq!(world.socket, Socket::None, "{reason}");
        let mut world = World::online(lasting());
        world.session.close(world.time(), *reason, &[]);
        world.drain();
        assert_eq!((world.take_wire()[0], world.socket), (0xE0, Socket::None), "{reason}");
    }
}

#[test]
fn a_failing_acknowledgement_concerns_its_own_packet_only() {
    for code in [0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99] {
        let mut world = World::online(plain());
        world.publish(1, 1, "t", "x");
        world.publish(2, 2, "t", "x");
        world.publish(3, 1, "t", "x");
        world.subscribe(4, "a", 0);
        world.unsubscribe(5, "b");
        world.take_wire();
        world.send_bytes(&[0x40, 3, 0, 1, code, 0x50, 3, 0, 2, code]);
        world.suback(4, &[0x87]);
        world.unsuback(5, &[0x87]);
        let outcomes = [1, 2, 4, 5].map(|token| world.outcome(token));
        assert_eq!(outcomes, [u32::from(code), u32::from(code), 0x87, 0x87]);
        assert!(world.is_open(3) && world.is_online());
        world.puback(3);
        world.publish(6, 1, "t", "y");
        world.message(1, 7, "in", "z");
        assert_eq!(world.outcome(3), 0);
        assert_eq!(world.take(), ["PUBLISH q1 6 \"t\" y", "PUBACK 7"]);
    }
}

#[test]
fn before_connack_an_error_just_closes() {
    for config in [lasting(), lasting_311()] {
        for (reason, packet) in [
            (0x81, [0xD0, 1, 0].as_slice()),
            (0x81, &[0x20, 3, 2, 0, 0]),
            (0x81, &[0x30, 0xFF, 0xFF, 0xFF, 0xFF]),
            (0x82, &[0x40, 2, 0, 1]),
            (0x82, &[0xC0, 0]),
        ] {
            let mut world = World::new(config.clone());
            world.start();
            world.open();
            world.take_wire();
            world.send_bytes(packet);
            world.assert_closed_silently_for(reason);
        }
    }
}

#[test]
fn an_error_is_told_to_the_page_with_its_code_and_with_words() {
    let mut world = World::online(lasting());
    world.send_bytes(&[0xD0, 1, 0]);
    world.assert_disconnected_with(0x81);
    let Cause::ProtocolError { detail, .. } = world.cause() else {
        panic!("{:?}", world.cause());
    };
    assert!(!detail.is_empty());
    assert!(
        matches!(world.statuses.last(), Some(State::Waiting { .. })),
        "and it waits before it tries again"
    );
}

#[test]
fn in_3_1_1_an_error_closes_without_a_word() {
    let mut world = World::online(lasting_311());
    assert_eq!(world.version, Version::V311);
    world.send_bytes(&[0xD0, 1, 0]);
    world.assert_closed_silently_for(0x81);
}
