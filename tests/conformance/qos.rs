//! 4.3 QoS levels and their flows, in both directions.

use hawser::codec::Property::{MessageExpiryInterval, PayloadFormatIndicator, ReceiveMaximum};
use hawser::codec::{Place, Property};
use hawser::session::Config;

use crate::peer::block;
use crate::world::{World, lasting, lasting_311, plain};

const PUBACK: u8 = 0x40;
const PUBREC: u8 = 0x50;
const PUBREL: u8 = 0x62;
const PUBCOMP: u8 = 0x70;

/// A message that expires after some seconds, as a property block.
fn expiring(seconds: u32) -> Vec<u8> {
    let block = block(Place::PublishFromClient, &[Property::MessageExpiryInterval(seconds)]);
    block.as_properties().raw().to_vec()
}

#[test]
fn qos_0_goes_out_with_qos_0_without_dup_and_without_identifier() {
    for config in [lasting(), lasting_311()] {
        for (retain, first) in [(false, 0x30), (true, 0x31)] {
            let mut world = World::online(config.clone());
            world.publish_all(1, 0, "t", b"x", retain, &[]);
            let expected = match world.take_wire().as_slice() {
                [byte, 4, 0, 1, b't', b'x'] | [byte, 5, 0, 1, b't', 0, b'x'] => *byte,
                other => panic!("{other:02x?}"),
            };
            assert_eq!(expected, first);
            world.reconnect();
            world.connack(true, &[]);
            assert_eq!(world.take_wire(), [], "it is never sent again");
        }
    }
}

#[test]
fn a_new_message_has_a_free_identifier_and_no_dup() {
    for config in [lasting(), lasting_311()] {
        for (qos, plain, retained) in [(1, 0x32, 0x33), (2, 0x34, 0x35)] {
            let mut world = World::online(config.clone());
            let mut used = Vec::new();
            for token in 0..20 {
                world.publish_all(token, qos, "t", b"", token % 2 == 1, &[]);
                let sent = world.take_wire();
                assert_eq!(sent[0], if token % 2 == 1 { retained } else { plain });
                used.push(u16::from_be_bytes([sent[5], sent[6]]));
            }
            used.sort_unstable();
            used.dedup();
            assert_eq!((used.len(), used.contains(&0)), (20, false), "qos {qos}");
        }
    }
}

#[test]
fn messages_and_requests_share_their_identifiers() {
    let mut world = World::online(plain());
    world.publish(1, 1, "t", "x");
    world.subscribe(2, "a", 0);
    world.publish(3, 2, "t", "x");
    world.unsubscribe(4, "b");
    world.publish(5, 1, "t", "x");
    world.expect(&[
        "PUBLISH q1 1 \"t\" x",
        "SUBSCRIBE 2 a:0",
        "PUBLISH q2 3 \"t\" x",
        "UNSUBSCRIBE 4 b",
        "PUBLISH q1 5 \"t\" x",
    ]);
}

#[test]
fn an_identifier_is_not_used_again_before_the_whole_exchange_is_over() {
    let mut world = World::online(plain());
    for token in 1..=65_535 {
        world.publish(token, 2, "t", "");
    }
    // All identifiers are taken: the next message waits.
    world.publish(70_000, 2, "t", "next");
    assert_eq!(crate::driver::split(&world.take_wire()).count(), 65_535);
    world.pubrec(700);
    assert_eq!(world.take_wire(), [PUBREL, 2, 2, 188], "identifier 700 is not free yet");
    world.pubcomp(700);
    world.expect(&["PUBLISH q2 700 \"t\" next"]);
    world.send_bytes(&[PUBREC, 3, 0, 9, 0x97]);
    world.publish(70_001, 1, "t", "after a refusal");
    world.expect(&["PUBLISH q1 9 \"t\" after a refusal"]);
}

#[test]
fn a_qos_1_message_is_unfinished_until_its_puback() {
    for config in [lasting(), lasting_311()] {
        let mut world = World::online(config);
        world.publish(1, 1, "t", "x");
        let first = world.take_wire();
        for _ in 0..3 {
            world.reconnect();
            world.connack(true, &[]);
            let mut again = first.clone();
            again[0] |= 0b1000;
            assert_eq!(world.take_wire(), again, "the same bytes with DUP");
            assert!(world.is_open(1));
        }
        world.puback(1);
        assert_eq!(world.outcome(1), 0);
        world.reconnect();
        world.connack(true, &[]);
        assert_eq!(world.take_wire(), []);
    }
}

#[test]
fn a_qos_1_message_is_delivered_and_answered_with_puback() {
    for config in [plain(), lasting_311()] {
        let mut world = World::online(config);
        world.message(1, 0x1234, "t", "x");
        assert_eq!(world.take_wire(), [PUBACK, 2, 0x12, 0x34]);
        assert_eq!(world.take_texts(), ["t x"]);
    }
}

#[test]
fn after_puback_the_identifier_is_a_new_message_whatever_dup_says() {
    for config in [plain(), lasting_311()] {
        let mut world = World::online(config);
        for dup in [false, true, false, true] {
            let bytes = world.message_bytes(1, 7, "t", b"x", dup, &[]);
            world.send_bytes(&bytes);
            assert_eq!(world.take_wire(), [PUBACK, 2, 0, 7]);
            assert_eq!(world.take_texts(), ["t x"]);
        }
    }
}

#[test]
fn a_qos_2_publish_is_unfinished_until_pubrec_and_its_pubrel_until_pubcomp() {
    for config in [lasting(), lasting_311()] {
        let mut world = World::online(config);
        world.publish(1, 2, "t", "x");
        let mut publish = world.take_wire();
        publish[0] |= 0b1000;
        for _ in 0..2 {
            world.reconnect();
            world.connack(true, &[]);
            assert_eq!(world.take_wire(), publish, "before PUBREC: PUBLISH again with DUP");
        }
        world.pubrec(1);
        assert_eq!(world.take_wire(), [PUBREL, 2, 0, 1]);
        for _ in 0..2 {
            world.reconnect();
            world.connack(true, &[]);
            assert_eq!(
                world.take_wire(),
                [PUBREL, 2, 0, 1],
                "after it: PUBREL, and PUBLISH never"
            );
            assert!(world.is_open(1));
        }
        world.pubcomp(1);
        assert_eq!(world.outcome(1), 0);
        world.reconnect();
        world.connack(true, &[]);
        assert_eq!(world.take_wire(), []);
    }
}

#[test]
fn a_refusing_pubrec_is_not_answered_and_frees_the_identifier() {
    for code in [0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99] {
        let mut world = World::online_with(lasting(), &[ReceiveMaximum(1)]);
        world.publish(1, 2, "t", "x");
        world.take_wire();
        world.send_bytes(&[PUBREC, 3, 0, 1, code]);
        assert_eq!((world.outcome(1), world.take_wire()), (u32::from(code), vec![]));
        world.publish(2, 2, "t", "y");
        assert_eq!(world.take().len(), 1, "and its place in the window");
        world.pubrec(2);
        world.take_wire();
        world.reconnect();
        world.connack(true, &[]);
        world.expect(&["PUBREL 2"]);
    }
}

#[test]
fn the_expiry_of_a_qos_2_message_means_nothing_once_it_was_sent() {
    let mut world = World::online(lasting());
    world.publish_all(1, 2, "t", b"x", false, &expiring(1));
    world.take_wire();
    world.cut();
    world.advance(60_000);
    world.open();
    world.take_wire();
    world.connack(true, &[]);
    let again = world.take();
    assert!(
        again.len() == 1 && again[0].starts_with("PUBLISH q2 1 dup \"t\" x"),
        "{again:?}"
    );
    world.advance(5_000);
    world.pubrec(1);
    world.expect(&["PUBREL 1"]);
    world.advance(5_000);
    world.pubcomp(1);
    assert_eq!(world.outcome(1), 0);
}

#[test]
fn qos_2_from_the_broker_is_answered_with_pubrec_and_pubcomp_of_its_identifier() {
    for config in [plain(), lasting_311()] {
        let mut world = World::online(config);
        world.message(2, 0x1234, "t", "x");
        assert_eq!(world.take_wire(), [PUBREC, 2, 0x12, 0x34]);
        world.pubrel(0x1234);
        assert_eq!(world.take_wire(), [PUBCOMP, 2, 0x12, 0x34]);
        assert_eq!(world.take_texts(), ["t x"]);
    }
}

#[test]
fn a_repetition_before_pubrel_is_answered_with_pubrec_and_not_delivered_also_after_a_reconnect() {
    for config in [lasting(), lasting_311()] {
        let mut world = World::online(config);
        world.message(2, 7, "t", "x");
        assert_eq!(world.take_texts().len(), 1);
        for round in 0..3 {
            // With DUP and without it: the identifier alone decides.
            for dup in [true, false] {
                let again = world.message_bytes(2, 7, "t", b"x", dup, &[]);
                world.send_bytes(&again);
            }
            assert!(
                world.take().ends_with(&["PUBREC 7".into(), "PUBREC 7".into()]),
                "{round}"
            );
            world.reconnect();
            world.connack(true, &[]);
        }
        assert!(world.take_delivered().is_empty());
    }
}

#[test]
fn pubrel_is_always_answered_and_an_unknown_one_with_0x92() {
    let mut world = World::online(lasting());
    world.pubrel(9);
    assert_eq!(world.take_wire(), [PUBCOMP, 3, 0, 9, 0x92]);
    world.message(2, 9, "t", "x");
    world.pubrel(9);
    world.pubrel(9);
    world.expect(&["PUBREC 9", "PUBCOMP 9", "PUBCOMP 9 92"]);
}

#[test]
fn after_pubcomp_the_identifier_is_a_new_message() {
    for config in [plain(), lasting_311()] {
        let mut world = World::online(config);
        for dup in [false, true] {
            let bytes = world.message_bytes(2, 7, "t", b"x", dup, &[]);
            world.send_bytes(&bytes);
            world.pubrel(7);
            world.expect(&["PUBREC 7", "PUBCOMP 7"]);
            assert_eq!(world.take_texts(), ["t x"]);
        }
    }
}

#[test]
fn after_a_refusing_pubrec_the_identifier_is_a_new_message() {
    // The one message that the client refuses: marked as text, and no UTF-8.
    let mut world = World::online(Config {
        check_payload_format: true,
        receive_maximum: 1,
        ..lasting()
    });
    let text = [PayloadFormatIndicator(1)];
    for _ in 0..2 {
        let refused = world.message_bytes(2, 7, "t", b"\xFF", false, &text);
        world.send_bytes(&refused);
        assert_eq!(world.take_wire(), [PUBREC, 3, 0, 7, 0x99]);
        assert!(world.take_delivered().is_empty());
        let taken = world.message_bytes(2, 7, "t", b"x", false, &text);
        world.send_bytes(&taken);
        assert_eq!(world.take_wire(), [PUBREC, 2, 0, 7]);
        assert_eq!(world.take_texts(), ["t x"]);
        world.pubrel(7);
        assert_eq!(world.take_wire(), [PUBCOMP, 2, 0, 7]);
    }
    let refused = world.message_bytes(2, 7, "t", b"\xFF", false, &text);
    world.send_bytes(&refused);
    world.take_wire();
    world.reconnect();
    world.connack(true, &[]);
    world.pubrel(7);
    assert_eq!(world.take_wire(), [PUBCOMP, 3, 0, 7, 0x92], "nothing is left of it");
}

#[test]
fn an_exchange_with_a_message_that_has_expired_is_finished_all_the_same() {
    let mut world = World::online(lasting());
    let expiring = [MessageExpiryInterval(1)];
    let bytes = world.message_bytes(2, 7, "t", b"x", false, &expiring);
    world.send_bytes(&bytes);
    world.expect(&["PUBREC 7"]);
    world.advance(50_000);
    let again = world.message_bytes(2, 7, "t", b"x", true, &expiring);
    world.send_bytes(&again);
    world.pubrel(7);
    world.expect(&["PUBREC 7", "PUBCOMP 7"]);
    assert_eq!(world.take_delivered().len(), 1);
}
