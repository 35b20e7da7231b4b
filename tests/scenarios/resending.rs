//! Every packet of an exchange lost once, and the session lost with it.

use hawser::codec::{Ack, Packet, PacketId, Property, ReasonCode};
use hawser::session::{Config, Failure};

use crate::world::{World, lasting, lasting_311};

#[test]
fn a_lost_puback_brings_the_message_again_with_dup_and_its_identifier() {
    for config in [lasting(), lasting_311()] {
        let mut world = World::online(config);
        world.publish(1, 1, "t", "hello");
        world.take();
        world.reconnect();
        world.connack(true, &[]);
        world.expect(&["PUBLISH q1 1 dup \"t\" hello"]);
        world.puback(1);
        assert_eq!(world.outcome(1), 0);
    }
}

#[test]
fn a_lost_publish_comes_again_with_dup_for_nobody_can_tell_it_from_a_lost_puback() {
    let mut world = World::online(lasting());
    world.publish(1, 1, "t", "hello");
    world.reconnect();
    world.connack(true, &[]);
    world.expect(&["PUBLISH q1 1 dup \"t\" hello"]);
}

#[test]
fn a_lost_pubrec_brings_the_publish_again() {
    for config in [lasting(), lasting_311()] {
        let mut world = World::online(config);
        world.publish(1, 2, "t", "hello");
        world.reconnect();
        world.connack(true, &[]);
        world.expect(&["PUBLISH q2 1 dup \"t\" hello"]);
        world.pubrec(1);
        world.expect(&["PUBREL 1"]);
        world.pubcomp(1);
        assert_eq!(world.outcome(1), 0);
    }
}

#[test]
fn a_lost_pubrel_comes_again_and_the_publish_never_does() {
    for config in [lasting(), lasting_311()] {
        let mut world = World::online(config);
        world.publish(1, 2, "t", "hello");
        world.pubrec(1);
        world.reconnect();
        world.connack(true, &[]);
        world.expect(&["PUBREL 1"]);
        world.pubcomp(1);
        assert_eq!(world.outcome(1), 0);
    }
}

#[test]
fn a_lost_pubcomp_brings_pubrel_again_and_not_found_means_done() {
    let mut world = World::online(lasting());
    world.publish(1, 2, "t", "hello");
    world.pubrec(1);
    world.expect(&["PUBLISH q2 1 \"t\" hello", "PUBREL 1"]);
    world.reconnect();
    world.connack(true, &[]);
    world.expect(&["PUBREL 1"]);
    let id = PacketId::new(1).unwrap();
    world.send(Packet::PubComp(Ack::new(id, ReasonCode::PACKET_IDENTIFIER_NOT_FOUND)));
    assert_eq!(world.outcome(1), 0);
}

#[test]
fn what_was_sent_comes_again_in_its_order_before_anything_new_and_releases_come_first() {
    let mut world = World::online(lasting());
    for (token, qos) in [(1, 1), (2, 2), (3, 1), (4, 2), (5, 2)] {
        world.publish(token, qos, "t", &token.to_string());
    }
    world.pubrec(5);
    world.pubrec(2);
    world.cut();
    world.publish(6, 1, "t", "6");
    world.reconnect();
    world.connack(true, &[]);
    world.expect(&[
        "PUBREL 5",
        "PUBREL 2",
        "PUBLISH q1 1 dup \"t\" 1",
        "PUBLISH q1 3 dup \"t\" 3",
        "PUBLISH q2 4 dup \"t\" 4",
        "PUBLISH q1 6 \"t\" 6",
    ]);
}

#[test]
fn nothing_is_sent_again_while_the_connection_lives() {
    let mut world = World::online(Config {
        keep_alive: 0,
        ..lasting()
    });
    world.publish(1, 1, "t", "x");
    world.publish(2, 2, "t", "x");
    world.take();
    world.advance(7 * 24 * 3_600_000);
    world.expect(&[]);
}

#[test]
fn a_lost_session_starts_qos_1_anew_and_leaves_qos_2_indeterminate() {
    let mut world = World::online(lasting());
    world.publish(1, 1, "t", "1");
    world.publish(2, 2, "t", "2");
    world.publish(3, 2, "t", "3");
    world.publish(4, 1, "t", "4");
    world.pubrec(3);
    world.cut();
    world.publish(5, 2, "t", "5");
    world.publish(6, 1, "t", "6");
    world.reconnect();
    world.connack(false, &[]);
    world.expect(&[
        "PUBLISH q1 5 \"t\" 1",
        "PUBLISH q1 6 \"t\" 4",
        "PUBLISH q2 7 \"t\" 5",
        "PUBLISH q1 8 \"t\" 6",
    ]);
    world.assert_failed(2, Failure::Indeterminate);
    world.assert_failed(3, Failure::Indeterminate);
    world.puback(5);
    world.puback(6);
    world.pubrec(7);
    world.pubcomp(7);
    world.puback(8);
    assert!([1, 4, 5, 6].iter().all(|token| world.outcome(*token) == 0));
}

#[test]
fn a_message_that_left_in_a_session_that_was_lost_cannot_be_cancelled() {
    let mut world = World::online(lasting());
    world.publish(1, 1, "t", "x");
    world.reconnect();
    world.connack(false, &[Property::ReceiveMaximum(1)]);
    world.publish(2, 1, "t", "y");
    world.reconnect();
    world.connack(false, &[]);
    world.cut();
    [1, 2].iter().for_each(|token| world.cancel(*token));
    assert!(world.is_open(1), "the broker may have it");
}

#[test]
fn a_pubrec_for_a_message_that_was_not_sent_on_this_connection_is_not_answered() {
    // A PUBREL would end the exchange at the broker, and the PUBLISH that is still to come would arrive as a new message.
    let mut world = World::online(lasting());
    world.publish(1, 1, "t", "1");
    world.publish(2, 2, "t", "2");
    world.reconnect();
    world.connack(true, &[Property::ReceiveMaximum(1)]);
    world.expect(&["PUBLISH q1 1 dup \"t\" 1"]);
    world.pubrec(2);
    world.expect(&[]);
    world.puback(1);
    world.expect(&["PUBLISH q2 2 dup \"t\" 2"]);
    world.pubrec(2);
    world.expect(&["PUBREL 2"]);
    world.pubcomp(2);
    assert_eq!(world.outcome(2), 0);
}
