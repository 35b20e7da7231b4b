//! 3.1.1 where it differs from 5.0, or says it in other words: identifiers, subscriptions and acknowledgements.

use hawser::codec::{Qos, RetainHandling, SubscribeOptions};
use hawser::session::Failure;

use crate::world::{World, lasting_311};

const PINGRESP: [u8; 2] = [0xD0, 0];

#[test]
fn an_identifier_is_kept_when_a_packet_is_sent_again_and_held_until_pubcomp() {
    let mut world = World::online(lasting_311());
    world.publish(1, 2, "t", "x");
    for _ in 0..2 {
        world.reconnect();
        world.connack(true, &[]);
        world.expect(&["PUBLISH q2 1 dup \"t\" x"]);
    }
    world.pubrec(1);
    world.reconnect();
    world.connack(true, &[]);
    world.expect(&["PUBREL 1"]);
    // Once around: 1 is not given to another message.
    for expected in (2..=65_535).chain([2]) {
        world.publish(100, 1, "t", "");
        let bytes = world.take_wire();
        assert_eq!(u16::from_be_bytes([bytes[5], bytes[6]]), expected);
        world.puback(expected);
        world.forget(100);
    }
    world.pubcomp(1);
    assert_eq!(world.outcome(1), 0);
}

#[test]
fn acknowledgements_carry_the_identifier_of_their_publish_both_ways() {
    let mut world = World::online(lasting_311());
    for (qos, id) in [(1, 500), (2, 3), (1, 65_535), (2, 256)] {
        world.message(qos, id, "in", "x");
    }
    world.publish(1, 2, "t", "x");
    world.pubrel(256);
    world.pubrec(1);
    world.pubrel(3);
    world.expect(&[
        "PUBACK 500",
        "PUBREC 3",
        "PUBACK 65535",
        "PUBREC 256",
        "PUBLISH q2 1 \"t\" x",
        "PUBCOMP 256",
        "PUBREL 1",
        "PUBCOMP 3",
    ]);
}

#[test]
fn suback_and_unsuback_answer_the_request_of_their_identifier_only() {
    let mut world = World::online(lasting_311());
    world.subscribe(1, "a", 0);
    world.subscribe(2, "b", 1);
    world.unsubscribe(3, "c");
    world.send_bytes(&[0x90, 3, 0, 9, 0, 0xB0, 2, 0, 9]);
    assert!(
        (1..=3).all(|token| world.is_open(token)) && world.is_online(),
        "an unknown identifier completes nothing"
    );
    world.send_bytes(&[0xB0, 2, 0, 3, 0x90, 3, 0, 2, 1]);
    assert_eq!((world.outcome(2), world.outcome(3)), (1, 0));
    assert!(world.is_open(1));
}

#[test]
fn return_codes_stand_in_the_order_of_the_filters_one_for_each() {
    let mut world = World::online(lasting_311());
    for (token, filter) in (1..).zip(["a", "b", "c", "d"]) {
        world.ask_to_subscribe(token, filter, 2);
    }
    world.drain();
    world.expect(&["SUBSCRIBE 1 a:2 b:2 c:2 d:2"]);
    world.send_bytes(&[0x90, 6, 0, 1, 1, 0x80, 0, 2]);
    assert_eq!([1, 2, 3, 4].map(|token| world.outcome(token)), [1, 0x80, 0, 2]);
    for codes in [1_u8, 3] {
        let mut world = World::online(lasting_311());
        world.ask_to_subscribe(1, "a", 0);
        world.ask_to_subscribe(2, "b", 0);
        world.drain();
        world.take();
        world.send_bytes(&[&[0x90, 2 + codes, 0, 1], vec![0; usize::from(codes)].as_slice()].concat());
        world.assert_closed_silently_for(0x82);
        assert!(world.is_open(1) && world.is_open(2), "nothing is granted by it");
    }
}

#[test]
fn a_return_code_that_does_not_exist_closes_the_connection() {
    for code in (0..=255).filter(|code| ![0, 1, 2, 0x80].contains(code)) {
        let mut world = World::online(lasting_311());
        world.subscribe(1, "a", 2);
        world.take();
        world.send_bytes(&[0x90, 3, 0, 1, code]);
        world.assert_closed_silently_for(0x82);
        assert!(world.is_open(1));
    }
}

#[test]
fn a_subscription_has_a_filter_and_a_qos_and_nothing_else() {
    let mut world = World::online(lasting_311());
    for qos in 0..3 {
        world.subscribe(u32::from(qos), "a", qos);
        assert_eq!(world.take_wire()[4..], [0, 1, b'a', qos]);
    }
    let plain = SubscribeOptions::new(Qos::AtLeastOnce);
    let options = [
        SubscribeOptions {
            no_local: true,
            ..plain
        },
        SubscribeOptions {
            retain_as_published: true,
            ..plain
        },
        SubscribeOptions {
            retain_handling: RetainHandling::DoNotSend,
            ..plain
        },
    ];
    for (token, options) in (10..).zip(options) {
        world.session.subscribe(world.time(), token, "a", options, &[]);
        world.drain();
        world.assert_failed(token, Failure::InvalidProperties);
    }
    world.expect(&[]);
}

#[test]
fn a_subscribe_without_a_filter_is_never_sent() {
    let mut world = World::new(lasting_311());
    world.subscribe(1, "a", 0);
    world.unsubscribe(2, "b");
    world.cancel(1);
    world.cancel(2);
    world.start();
    world.open();
    world.take();
    world.connack(false, &[]);
    world.subscribe(3, "", 0);
    world.unsubscribe(4, "");
    world.expect(&[]);
}

#[test]
fn unsuback_has_no_payload() {
    let mut world = World::online(lasting_311());
    world.unsubscribe(1, "never/subscribed");
    world.send_bytes(&[0xB0, 2, 0, 1]);
    assert_eq!((world.outcome(1), world.reason(1)), (0, None));
    world.unsubscribe(2, "a");
    world.take();
    world.send_bytes(&[0xB0, 3, 0, 2, 0]);
    world.assert_closed_silently_for(0x81);
    assert!(world.is_open(2));
}

#[test]
fn retain_of_a_message_reaches_the_application() {
    let mut world = World::online(lasting_311());
    world.send_bytes(b"\x31\x04\x00\x01tx\x30\x04\x00\x01tx");
    let flags: Vec<u8> = world
        .take_delivered()
        .iter()
        .map(|message| message.flags >> 2 & 1)
        .collect();
    assert_eq!(flags, [1, 0]);
}

#[test]
fn an_acknowledgement_says_nothing_but_that_it_came() {
    let mut world = World::online(lasting_311());
    world.publish(1, 1, "t", "x");
    world.publish(2, 2, "t", "x");
    world.puback(1);
    world.pubrec(2);
    world.pubcomp(2);
    assert_eq!(
        [1, 2].map(|token| (world.outcome(token), world.reason(token))),
        [(0, None); 2]
    );
    for packet in [b"\x40\x03\x00\x03\x87".as_slice(), b"\x50\x03\x00\x03\x87"] {
        let mut world = World::online(lasting_311());
        world.send_bytes(packet);
        world.assert_closed_silently_for(0x81);
    }
}

#[test]
fn a_new_message_has_a_free_identifier_no_dup_and_is_open_until_it_is_answered() {
    let mut world = World::online(lasting_311());
    world.publish(1, 1, "t", "one");
    world.publish(2, 2, "t", "two");
    world.expect(&["PUBLISH q1 1 \"t\" one", "PUBLISH q2 2 \"t\" two"]);
    world.reconnect();
    world.connack(true, &[]);
    world.expect(&["PUBLISH q1 1 dup \"t\" one", "PUBLISH q2 2 dup \"t\" two"]);
    world.puback(1);
    world.pubrec(2);
    world.reconnect();
    world.connack(true, &[]);
    world.expect(&["PUBREL 2"]);
    world.pubcomp(2);
    assert_eq!((world.outcome(1), world.outcome(2)), (0, 0));
    world.reconnect();
    world.connack(true, &[]);
    world.expect(&[]);
}

#[test]
fn every_pubrec_leads_to_pubrel() {
    let mut world = World::online(lasting_311());
    world.publish(1, 2, "t", "x");
    world.take();
    for id in [1, 1, 77] {
        world.pubrec(id);
        world.expect(&[&format!("PUBREL {id}")]);
    }
    world.pubcomp(1);
    assert_eq!(world.outcome(1), 0);
}

#[test]
fn after_puback_or_pubcomp_the_same_identifier_is_a_new_message() {
    let mut world = World::online(lasting_311());
    for text in ["a", "b"] {
        let bytes = world.message_bytes(1, 7, "t", text.as_bytes(), true, &[]);
        world.send_bytes(&bytes);
        world.expect(&["PUBACK 7"]);
        world.message(2, 8, "t", text);
        world.message(2, 8, "t", text);
        world.pubrel(8);
        world.pubrel(8);
        world.expect(&["PUBREC 8", "PUBREC 8", "PUBCOMP 8", "PUBCOMP 8"]);
    }
    assert_eq!(world.take_texts(), ["t a", "t a", "t b", "t b"]);
}

#[test]
fn what_is_sent_again_keeps_its_order_and_nothing_is_sent_again_on_a_living_connection() {
    let mut world = World::online(lasting_311());
    for (token, qos) in [(1, 1), (2, 2), (3, 1), (4, 2)] {
        world.publish(token, qos, "t", &token.to_string());
    }
    world.take();
    for _ in 0..100 {
        world.advance(60_000);
        world.expect(&["PINGREQ"]);
        world.send_bytes(&PINGRESP);
    }
    world.reconnect();
    world.connack(true, &[]);
    world.expect(&[
        "PUBLISH q1 1 dup \"t\" 1",
        "PUBLISH q2 2 dup \"t\" 2",
        "PUBLISH q1 3 dup \"t\" 3",
        "PUBLISH q2 4 dup \"t\" 4",
    ]);
}
