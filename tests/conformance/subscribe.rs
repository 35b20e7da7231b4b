//! 3.8 to 3.11 SUBSCRIBE, SUBACK, UNSUBSCRIBE and UNSUBACK.

use hawser::codec::Property::{MaximumPacketSize, WildcardSubscriptionAvailable};
use hawser::codec::{Qos, RetainHandling, SubscribeOptions};
use hawser::session::{Config, Failure};

use crate::world::{World, lasting, lasting_311, plain};

/// The reason codes of SUBACK and UNSUBACK (3.9.3, 3.11.3).
const OF_SUBACK: [u8; 12] = [0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2];
const OF_UNSUBACK: [u8; 7] = [0x00, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91];

impl World {
    fn ask(&mut self, token: u32, filter: &str, options: SubscribeOptions, properties: &[u8]) {
        self.session.subscribe(self.time(), token, filter, options, properties);
        self.drain();
    }
}

/// A client that waits for SUBACK 1 with three codes, for tokens 1 to 3.
fn three_subscriptions(config: Config) -> World {
    let mut world = World::online(config);
    (1..=3).for_each(|token| world.ask_to_subscribe(token, &format!("f/{token}"), 2));
    world.drain();
    world.take_wire();
    world
}

/// A client that waits for UNSUBACK 1 with three codes, for tokens 1 to 3.
fn three_unsubscriptions(config: Config) -> World {
    let mut world = World::online(config);
    for token in 1..=3 {
        world.session.unsubscribe(world.time(), token, &format!("f/{token}"));
    }
    world.drain();
    world.take_wire();
    world
}

/// SUBACK or UNSUBACK with this identifier and these codes.
fn ack(first: u8, id: u8, codes: &[u8]) -> Vec<u8> {
    [&[first, 3 + codes.len() as u8, 0, id, 0], codes].concat()
}

#[test]
fn a_subscribe_has_its_flags_an_identifier_its_properties_and_each_filter_with_its_options() {
    let mut world = World::online(plain());
    world.ask_to_subscribe(1, "a", 1);
    world.ask_to_subscribe(2, "b/c", 2);
    world.drain();
    let expected = b"\x82\x0D\x00\x01\x00\x00\x01a\x01\x00\x03b/c\x02";
    assert_eq!(world.take_wire(), expected);
    let mut old = World::online(lasting_311());
    old.subscribe(1, "a", 1);
    assert_eq!(old.take_wire(), b"\x82\x06\x00\x01\x00\x01a\x01");
}

#[test]
fn an_unsubscribe_has_its_flags_an_identifier_its_properties_and_each_filter() {
    let mut world = World::online(plain());
    world.session.unsubscribe(world.time(), 1, "a");
    world.session.unsubscribe(world.time(), 2, "b/+");
    world.drain();
    assert_eq!(world.take_wire(), b"\xA2\x0B\x00\x01\x00\x00\x01a\x00\x03b/+");
    let mut old = World::online(lasting_311());
    old.unsubscribe(1, "a");
    assert_eq!(old.take_wire(), b"\xA2\x05\x00\x01\x00\x01a");
}

#[test]
fn all_36_option_bytes_go_out_as_they_were_chosen_and_no_other_byte_ever_does() {
    let mut sent = Vec::new();
    for bits in 0..=255 {
        let Some(options) = SubscribeOptions::from_bits(bits) else {
            continue;
        };
        let mut world = World::online(plain());
        world.ask(1, "a", options, &[]);
        let wire = world.take_wire();
        assert_eq!(wire.last(), Some(&bits));
        sent.push(bits);
    }
    let mut legal = Vec::new();
    for retain_handling in 0..3 {
        for flags in 0..4 {
            legal.extend((0..3).map(|qos| retain_handling << 4 | flags << 2 | qos));
        }
    }
    assert_eq!(
        sent, legal,
        "QoS and Retain Handling are never 3, bits 6 and 7 never set"
    );
}

#[test]
fn each_option_stands_in_its_own_bits() {
    let base = SubscribeOptions::default();
    let handling = |retain_handling| SubscribeOptions {
        retain_handling,
        ..base
    };
    let cases = [
        (SubscribeOptions::new(Qos::ExactlyOnce), 0b10),
        (SubscribeOptions { no_local: true, ..base }, 0b100),
        (
            SubscribeOptions {
                retain_as_published: true,
                ..base
            },
            0b1000,
        ),
        (handling(RetainHandling::SendIfNew), 0b1_0000),
        (handling(RetainHandling::DoNotSend), 0b10_0000),
    ];
    for (options, bits) in cases {
        let mut world = World::online(plain());
        world.ask(1, "a", options, &[]);
        assert_eq!(world.take_wire().last(), Some(&bits));
    }
}

#[test]
fn no_local_is_refused_for_a_shared_subscription_and_taken_for_any_other() {
    let no_local = SubscribeOptions {
        no_local: true,
        ..SubscribeOptions::default()
    };
    let mut world = World::online(plain());
    world.ask(1, "$share/g/a", no_local, &[]);
    world.assert_failed(1, Failure::InvalidProperties);
    assert_eq!(world.take_wire(), []);
    world.ask(2, "$shared/g/a", no_local, &[]);
    world.expect(&["SUBSCRIBE 1 $shared/g/a:4"]);
}

#[test]
fn a_request_without_any_filter_never_leaves() {
    let limits = [WildcardSubscriptionAvailable(false), MaximumPacketSize(20)];
    let mut world = World::online_with(plain(), &limits);
    world.ask_to_subscribe(1, "#", 0);
    world.ask_to_subscribe(2, "a/+", 0);
    world.session.unsubscribe(world.time(), 3, &"x".repeat(20));
    world.drain();
    assert_eq!(world.take_wire(), [], "everything that would stand in them is refused");
    assert!((1..=3).all(|token| !world.is_open(token)));
}

#[test]
fn filters_that_are_no_filters_are_refused_and_nothing_is_sent() {
    let long = "x".repeat(65_536);
    for config in [plain(), lasting_311()] {
        let mut world = World::online(config);
        for (token, filter) in (1..).zip(["", "nul\0", "a#", "a/#/b", "+a", "a+", &long]) {
            world.subscribe(token, filter, 0);
            world.assert_failed(token, Failure::InvalidTopic);
            world.unsubscribe(token + 100, filter);
            world.assert_failed(token + 100, Failure::InvalidTopic);
        }
        assert_eq!(world.take_wire(), []);
    }
}

#[test]
fn a_suback_for_an_identifier_that_was_never_used_completes_nothing() {
    let mut world = three_subscriptions(plain());
    world.send_bytes(&ack(0x90, 2, &[0, 0, 0]));
    assert!((1..=3).all(|token| world.is_open(token)) && world.is_online());
    world.send_bytes(&ack(0x90, 1, &[0, 0, 0]));
    assert!((1..=3).all(|token| !world.is_open(token)));
    world.send_bytes(&ack(0x90, 1, &[2, 2, 2]));
    assert!(world.is_online(), "nor does one that comes twice");
}

#[test]
fn an_unsuback_for_an_identifier_that_was_never_used_completes_nothing() {
    let mut world = three_unsubscriptions(plain());
    world.send_bytes(&ack(0xB0, 2, &[0, 0, 0]));
    assert!((1..=3).all(|token| world.is_open(token)) && world.is_online());
    world.send_bytes(&ack(0xB0, 1, &[0x11, 0x11, 0x11]));
    assert!(
        (1..=3).all(|token| world.outcome(token) == 0x11),
        "also when nothing was subscribed"
    );
}

#[test]
fn an_answer_to_the_other_kind_of_request_is_a_protocol_error() {
    let mut world = three_subscriptions(lasting());
    world.send_bytes(&ack(0xB0, 1, &[0, 0, 0]));
    world.assert_disconnected_with(0x82);
    let mut world = three_unsubscriptions(lasting());
    world.send_bytes(&ack(0x90, 1, &[0, 0, 0]));
    world.assert_disconnected_with(0x82);
    assert!((1..=3).all(|token| world.is_open(token)));
}

#[test]
fn a_suback_with_another_number_of_codes_than_filters_is_a_protocol_error() {
    for codes in [[].as_slice(), &[0], &[0, 0], &[0, 0, 0, 0]] {
        let mut world = three_subscriptions(lasting());
        world.send_bytes(&ack(0x90, 1, codes));
        world.assert_disconnected_with(0x82);
        assert!((1..=3).all(|token| world.is_open(token)), "nothing is settled by it");
        world.reconnect();
        world.connack(true, &[]);
        world.expect(&["SUBSCRIBE 2 f/1:2 f/2:2 f/3:2"]);
    }
}

#[test]
fn an_unsuback_with_another_number_of_codes_than_filters_is_a_protocol_error() {
    for codes in [[].as_slice(), &[0], &[0, 0], &[0, 0, 0, 0]] {
        let mut world = three_unsubscriptions(lasting());
        world.send_bytes(&ack(0xB0, 1, codes));
        world.assert_disconnected_with(0x82);
        assert!((1..=3).all(|token| world.is_open(token)), "nothing is settled by it");
    }
}

#[test]
fn each_filter_hears_its_own_code_in_the_order_of_the_filters() {
    for (codes, outcomes) in [
        ([0, 1, 2], [0, 1, 2]),
        ([2, 0x80, 0], [2, 0x80, 0]),
        ([0x87, 1, 0xA2], [0x87, 1, 0xA2]),
    ] {
        let mut world = three_subscriptions(plain());
        world.send_bytes(&ack(0x90, 1, &codes));
        assert_eq!([1, 2, 3].map(|token| world.outcome(token)), outcomes);
        assert!(world.is_online());
    }
    let mut world = three_unsubscriptions(plain());
    world.send_bytes(&ack(0xB0, 1, &[0, 0x87, 0x11]));
    assert_eq!([1, 2, 3].map(|token| world.outcome(token)), [0, 0x87, 0x11]);
}

#[test]
fn a_suback_has_codes_of_its_table_or_is_a_protocol_error() {
    for code in 0..=255 {
        let mut world = three_subscriptions(lasting());
        world.send_bytes(&ack(0x90, 1, &[0, 0, code]));
        if OF_SUBACK.contains(&code) {
            assert_eq!((world.outcome(3), world.is_online()), (u32::from(code), true));
        } else {
            world.assert_disconnected_with(0x82);
            assert!((1..=3).all(|token| world.is_open(token)));
        }
    }
}

#[test]
fn an_unsuback_has_codes_of_its_table_or_is_a_protocol_error() {
    for code in 0..=255 {
        let mut world = three_unsubscriptions(lasting());
        world.send_bytes(&ack(0xB0, 1, &[0, 0, code]));
        if OF_UNSUBACK.contains(&code) {
            assert_eq!((world.outcome(3), world.is_online()), (u32::from(code), true));
        } else {
            world.assert_disconnected_with(0x82);
            assert!((1..=3).all(|token| world.is_open(token)));
        }
    }
}

#[test]
fn a_subscription_identifier_is_in_its_range_and_once_in_a_packet() {
    let options = SubscribeOptions::default();
    // The session gives them itself: one for each shape of filter, and so one for each packet.
    let mut world = World::online(plain());
    for token in 1..=200 {
        world.ask_to_subscribe(token, &["$share/", &token.to_string(), "/a"].concat(), 0);
    }
    world.drain();
    let packets = world.take();
    assert_eq!(packets.len(), 200);
    for (packet, number) in packets.iter().zip(1..) {
        let expected = format!("SUBSCRIBE {number} $share/{number}/a:0 [SubscriptionIdentifier({number})]");
        assert_eq!(*packet, expected);
    }
    // Any other is refused, whatever its value.
    for refused in [
        [0x0B, 1].as_slice(),
        &[0x0B, 0xFF, 0xFF, 0xFF, 0x7F],
        &[0x0B, 0],
        &[0x0B, 0x80, 0x80, 0x80, 0x80, 0x01],
        &[0x0B, 1, 0x0B, 2],
    ] {
        let mut world = World::online(plain());
        world.ask(1, "a", options, refused);
        world.assert_failed(1, Failure::InvalidProperties);
        assert_eq!(world.take_wire(), []);
    }
}

#[test]
fn a_message_that_comes_between_subscribe_and_suback_is_delivered_and_answered() {
    for config in [plain(), lasting_311()] {
        let mut world = three_subscriptions(config);
        world.message(1, 7, "f/1", "early");
        world.expect(&["PUBACK 7"]);
        assert_eq!(world.take_texts(), ["f/1 early"]);
        assert!(world.is_open(1));
        world.suback(1, &[1, 1, 1]);
        assert_eq!(world.outcome(1), 1);
    }
}
