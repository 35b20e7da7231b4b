//! QoS 0, 1 and 2 from us to the broker: the exchange, its end, and what is refused.

use hawser::codec::{Ack, Packet, PacketId, Place, Properties, Property, ReasonCode};
use hawser::session::{Config, Failure};

use crate::peer::{ack, block};
use crate::world::{World, lasting, lasting_311, plain};

#[test]
fn qos_0_is_done_when_it_is_handed_over() {
    let mut world = World::online(plain());
    world.publish(1, 0, "t", "hello");
    world.expect(&["PUBLISH q0 \"t\" hello"]);
    assert_eq!(world.outcome(1), 0);
}

#[test]
fn qos_1_is_done_with_its_puback() {
    let mut world = World::online(plain());
    world.publish(1, 1, "t", "hello");
    world.expect(&["PUBLISH q1 1 \"t\" hello"]);
    assert!(world.is_open(1));
    world.puback(1);
    assert_eq!(world.outcome(1), 0);
    world.publish(2, 1, "t", "next");
    world.expect(&["PUBLISH q1 2 \"t\" next"]);
}

#[test]
fn qos_2_is_done_with_its_pubcomp() {
    let mut world = World::online(plain());
    world.publish(1, 2, "t", "hello");
    world.expect(&["PUBLISH q2 1 \"t\" hello"]);
    world.pubrec(1);
    world.expect(&["PUBREL 1"]);
    assert!(world.is_open(1));
    world.pubcomp(1);
    assert_eq!(world.outcome(1), 0);
}

#[test]
fn everything_asked_for_before_the_first_connack_leaves_after_it_in_order() {
    let mut world = World::new(plain());
    world.publish(1, 1, "a", "1");
    world.publish(2, 0, "b", "2");
    world.start();
    world.publish(3, 2, "c", "3");
    world.open();
    world.publish(4, 0, "d", "4");
    assert_eq!(world.take().len(), 1, "nothing but CONNECT before CONNACK");
    world.connack(false, &[]);
    world.expect(&[
        "PUBLISH q1 1 \"a\" 1",
        "PUBLISH q0 \"b\" 2",
        "PUBLISH q2 2 \"c\" 3",
        "PUBLISH q0 \"d\" 4",
    ]);
    assert_eq!((world.outcome(2), world.outcome(4)), (0, 0));
}

#[test]
fn a_burst_leaves_as_one_piece() {
    let mut world = World::online(plain());
    for token in 0..50 {
        world.ask_to_publish(token, 1, "t", b"x", false, &[]);
    }
    world.drain();
    assert_eq!(world.take().len(), 50);
}

#[test]
fn acknowledgements_may_come_in_any_order() {
    let mut world = World::online(plain());
    (1..=4).for_each(|token| world.publish(token, 1, "t", "x"));
    for id in [3, 1, 4] {
        world.puback(id);
        assert_eq!(world.outcome(u32::from(id)), 0);
    }
    assert!(world.is_open(2));
    world.puback(2);
    assert_eq!(world.outcome(2), 0);
}

#[test]
fn pubrels_leave_in_the_order_of_the_pubrecs() {
    let mut world = World::online(plain());
    (1..=3).for_each(|token| world.publish(token, 2, "t", "x"));
    world.take();
    let burst = [ack(0x50, 2), ack(0x50, 3), ack(0x50, 1)].concat();
    world.send_bytes(&burst);
    world.expect(&["PUBREL 2", "PUBREL 3", "PUBREL 1"]);
}

#[test]
fn a_refusing_puback_ends_the_message_and_says_why() {
    let mut world = World::online(lasting());
    world.publish(1, 1, "t", "x");
    world.take();
    let block = block(Place::Reply, &[Property::ReasonString("no")]);
    let (packet_id, properties) = (PacketId::new(1).unwrap(), block.as_properties());
    world.send(Packet::PubAck(Ack {
        packet_id,
        reason: ReasonCode::NOT_AUTHORIZED,
        properties,
    }));
    assert_eq!((world.outcome(1), world.reason(1)), (0x87, Some("no")));
    assert!(
        world.is_online(),
        "[X5-4.13.2-a] a failing acknowledgement concerns its own packet only"
    );
    world.reconnect();
    world.connack(true, &[]);
    world.expect(&[]);
}

#[test]
fn a_refusing_pubrec_ends_the_message_and_frees_its_identifier() {
    let mut world = World::online(lasting());
    world.publish(1, 2, "t", "x");
    world.take();
    world.send(Packet::PubRec(Ack::new(
        PacketId::new(1).unwrap(),
        ReasonCode::QUOTA_EXCEEDED,
    )));
    assert_eq!(world.outcome(1), 0x97);
    world.expect(&[]);
}

#[test]
fn no_matching_subscribers_is_told_at_both_qos() {
    let mut world = World::online(plain());
    world.publish(1, 1, "t", "x");
    world.publish(2, 2, "t", "x");
    let code = ReasonCode::NO_MATCHING_SUBSCRIBERS;
    world.send(Packet::PubAck(Ack::new(PacketId::new(1).unwrap(), code)));
    world.send(Packet::PubRec(Ack::new(PacketId::new(2).unwrap(), code)));
    world.pubcomp(2);
    assert_eq!((world.outcome(1), world.outcome(2)), (0x10, 0x10));
}

#[test]
fn a_pubrec_for_nothing_is_answered_and_a_puback_for_nothing_is_not() {
    let mut world = World::online(plain());
    world.puback(9);
    world.pubcomp(9);
    world.pubrec(9);
    world.expect(&["PUBREL 9 92"]);
    assert!(world.is_online());
    let mut old = World::online(lasting_311());
    old.pubrec(9);
    old.expect(&["PUBREL 9"]);
}

#[test]
fn a_repeated_pubrec_is_answered_with_pubrel_again() {
    let mut world = World::online(plain());
    world.publish(1, 2, "t", "x");
    world.take();
    world.pubrec(1);
    world.pubrec(1);
    world.expect(&["PUBREL 1", "PUBREL 1"]);
    world.pubcomp(1);
    assert_eq!(world.outcome(1), 0);
}

#[test]
fn identifiers_in_use_are_skipped_after_the_wrap() {
    let mut world = World::online(Config {
        max_queued: 10,
        ..plain()
    });
    world.publish(0, 1, "t", "stays");
    for token in 1..=65_534 {
        world.publish(token, 1, "t", "x");
        world.puback(token as u16 + 1);
        world.take_wire();
    }
    world.publish(70_000, 1, "t", "wrapped");
    world.expect(&["PUBLISH q1 2 \"t\" wrapped"]);
}

#[test]
fn a_message_of_one_mebibyte_leaves_whole() {
    let mut world = World::online(plain());
    let payload = vec![b'x'; 1 << 20];
    world.publish_all(1, 1, "big", &payload, false, &[]);
    let wire = world.take_wire();
    assert_eq!(wire.len(), payload.len() + 1 + 3 + 2 + 3 + 2 + 1);
    assert!(wire.ends_with(&payload));
}

#[test]
fn properties_travel_as_they_were_given_in_both_directions_of_time() {
    let mut world = World::online(lasting());
    let properties = [
        Property::ContentType("c"),
        Property::UserProperty(("a", "1")),
        Property::UserProperty(("a", "1")),
    ];
    let block = block(Place::PublishFromClient, &properties);
    let raw = block.as_properties().raw().to_vec();
    world.publish_all(1, 1, "t", b"x", true, &raw);
    let tail = "[ContentType(\"c\"), UserProperty((\"a\", \"1\")), UserProperty((\"a\", \"1\"))]";
    world.expect(&[&format!("PUBLISH q1 1 retain \"t\" x {tail}")]);
    world.reconnect();
    world.connack(true, &[]);
    world.expect(&[&format!("PUBLISH q1 1 dup retain \"t\" x {tail}")]);
}

#[test]
fn bad_topics_and_properties_are_refused_before_anything_is_sent() {
    let mut world = World::online(plain());
    let long = "x".repeat(65_536);
    for (token, topic) in (1..).zip(["", "a/+", "#", "nul\0", &long]) {
        world.publish(token, 0, topic, "x");
        world.assert_failed(token, Failure::InvalidTopic);
        world.publish(token + 100, 1, topic, "x");
        world.assert_failed(token + 100, Failure::InvalidTopic);
    }
    // An alias is not the user's to choose, a subscription identifier not a client's to send; the rest is no block at all.
    for (token, raw) in (10..).zip([&[0x23, 0, 1][..], &[0x0B, 1], &[0x11, 0, 0, 0, 1], &[1], &[0xFF]]) {
        world.publish_all(token, 0, "t", b"x", false, raw);
        world.assert_failed(token, Failure::InvalidProperties);
    }
    world.expect(&[]);
    let mut old = World::online(lasting_311());
    old.publish_all(1, 0, "t", b"x", false, &[1, 1]);
    old.assert_failed(1, Failure::InvalidProperties);
}

#[test]
fn a_message_can_be_cancelled_until_it_is_sent() {
    let mut world = World::online_with(plain(), &[Property::ReceiveMaximum(1)]);
    (1..=3).for_each(|token| world.publish(token, 1, "t", "x"));
    world.cancel(1);
    assert!(world.is_open(1), "sent already");
    world.cancel(2);
    world.assert_failed(2, Failure::Cancelled);
    world.cancel(99);
    world.take();
    world.puback(1);
    world.expect(&["PUBLISH q1 2 \"t\" x"]);
    assert_eq!(world.outcome(1), 0);
}

#[test]
fn the_queue_has_bounds_in_messages_and_in_bytes() {
    let mut world = World::new(Config {
        max_queued: 3,
        max_queued_bytes: 100,
        ..plain()
    });
    (1..=4).for_each(|token| world.publish(token, token as u8 % 2, "t", "x"));
    world.assert_failed(4, Failure::QueueFull);
    let mut world = World::new(Config {
        max_queued_bytes: 100,
        ..plain()
    });
    world.publish_all(1, 1, "t", &[0; 1_000], false, &[]);
    assert!(world.is_open(1), "one message is always taken");
    world.publish(2, 0, "t", "x");
    world.assert_failed(2, Failure::QueueFull);
}

#[test]
fn closing_settles_everything_and_nothing_is_taken_on_afterwards() {
    let mut world = World::online_with(lasting(), &[Property::ReceiveMaximum(2)]);
    (1..=3).for_each(|token| world.publish(token, 2, "t", "x"));
    world.pubrec(1);
    world.subscribe(4, "a", 0);
    world.unsubscribe(5, "b");
    world.take();
    world.ask_to_publish(6, 0, "t", b"last", false, &[]);
    world.close();
    world.expect(&["PUBLISH q0 \"t\" last", "DISCONNECT 00"]);
    (1..=5).for_each(|token| world.assert_failed(token, Failure::Closed));
    world.publish(7, 0, "t", "x");
    world.subscribe(8, "a", 0);
    world.unsubscribe(9, "a");
    (7..=9).for_each(|token| world.assert_failed(token, Failure::Closed));
    assert_eq!(world.session.deadline(), None);
}

#[test]
fn an_empty_block_of_properties_is_no_property() {
    assert!(Properties::EMPTY.is_empty());
    let mut world = World::online(plain());
    world.publish_all(1, 1, "t", b"", false, &[]);
    assert_eq!(world.take_wire(), [0x32, 6, 0, 1, b't', 0, 1, 0]);
}

#[test]
fn the_bound_in_bytes_holds_also_for_what_is_sent_and_not_finished() {
    let mut world = World::online(Config {
        max_queued_bytes: 100,
        ..plain()
    });
    world.publish_all(1, 1, "t", &[b'x'; 60], false, &[]);
    world.publish_all(2, 1, "t", &[b'x'; 60], false, &[]);
    assert!(world.is_open(1), "one message is always taken");
    world.assert_failed(2, Failure::QueueFull);
    world.puback(1);
    world.publish_all(3, 1, "t", &[b'x'; 60], false, &[]);
    assert!(world.is_open(3));
}
