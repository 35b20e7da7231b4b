//! QoS 0, 1 and 2 from the broker to us: what is delivered, what is answered, and in which order.

use hawser::codec::{Place, Property};
use hawser::session::Config;

use crate::peer::block;
use crate::world::{World, lasting, lasting_311, plain};

#[test]
fn each_qos_has_its_answer() {
    for config in [lasting(), lasting_311()] {
        let mut world = World::online(config);
        world.message(0, 0, "t", "zero");
        world.expect(&[]);
        world.message(1, 7, "t", "one");
        world.expect(&["PUBACK 7"]);
        world.message(2, 8, "t", "two");
        world.expect(&["PUBREC 8"]);
        world.pubrel(8);
        world.expect(&["PUBCOMP 8"]);
        assert_eq!(world.take_texts(), ["t zero", "t one", "t two"]);
    }
}

#[test]
fn flags_identifier_and_properties_reach_the_application() {
    let mut world = World::online(plain());
    let properties = [
        Property::SubscriptionIdentifier(3),
        Property::SubscriptionIdentifier(3),
        Property::UserProperty(("k", "v")),
    ];
    let mut bytes = world.message_bytes(1, 77, "t", b"payload", true, &properties);
    bytes[0] |= 1;
    world.send_bytes(&bytes);
    let message = world.take_delivered().remove(0);
    assert_eq!((message.flags, message.packet_id), (0b1101, 77));
    assert_eq!(message.payload, b"payload");
    assert_eq!(
        message.properties,
        block(Place::PublishFromServer, &properties).as_properties().raw()
    );
}

#[test]
fn qos_1_delivered_twice_is_two_messages_and_two_answers() {
    let mut world = World::online(lasting());
    world.message(1, 7, "t", "x");
    let again = world.message_bytes(1, 7, "t", b"x", true, &[]);
    world.send_bytes(&again);
    world.expect(&["PUBACK 7", "PUBACK 7"]);
    assert_eq!(world.take_texts(), ["t x", "t x"], "[MQTT-4.3.2-5]");
}

#[test]
fn qos_1_out_of_order_is_delivered_and_answered_as_it_comes() {
    let mut world = World::online(lasting());
    for (id, text) in [(3, "c"), (1, "a"), (2, "b")] {
        world.message(1, id, "t", text);
    }
    world.expect(&["PUBACK 3", "PUBACK 1", "PUBACK 2"]);
    assert_eq!(world.take_texts(), ["t c", "t a", "t b"]);
}

#[test]
fn answers_leave_in_the_order_of_arrival() {
    let mut world = World::online(plain());
    let mut burst = Vec::new();
    for (qos, id) in [(1, 5), (2, 9), (0, 0), (1, 2), (2, 1)] {
        burst.extend(world.message_bytes(qos, id, "t", b"x", false, &[]));
    }
    world.send_bytes(&burst);
    world.expect(&["PUBACK 5", "PUBREC 9", "PUBACK 2", "PUBREC 1"]);
    assert_eq!(world.take_delivered().len(), 5);
}

#[test]
fn qos_2_sent_again_before_pubrel_is_answered_again_and_delivered_once() {
    for config in [lasting(), lasting_311()] {
        let mut world = World::online(config);
        world.message(2, 8, "t", "x");
        let again = world.message_bytes(2, 8, "t", b"x", true, &[]);
        world.send_bytes(&again);
        world.send_bytes(&again);
        world.expect(&["PUBREC 8", "PUBREC 8", "PUBREC 8"]);
        assert_eq!(world.take_delivered().len(), 1);
    }
}

#[test]
fn a_lost_pubrec_is_repeated_across_a_resumed_session_without_a_second_delivery() {
    for config in [lasting(), lasting_311()] {
        let mut world = World::online(config);
        world.message(2, 8, "t", "x");
        world.reconnect();
        world.connack(true, &[]);
        let again = world.message_bytes(2, 8, "t", b"x", true, &[]);
        world.send_bytes(&again);
        world.expect(&["PUBREC 8"]);
        world.pubrel(8);
        world.expect(&["PUBCOMP 8"]);
        assert_eq!(world.take_delivered().len(), 1);
    }
}

#[test]
fn a_lost_pubcomp_is_repeated_although_the_identifier_is_not_known_any_more() {
    let mut world = World::online(lasting());
    world.message(2, 8, "t", "x");
    world.pubrel(8);
    world.take();
    world.reconnect();
    world.connack(true, &[]);
    world.pubrel(8);
    world.expect(&["PUBCOMP 8 92"]);
    let mut old = World::online(lasting_311());
    old.pubrel(8);
    old.expect(&["PUBCOMP 8"]);
}

#[test]
fn after_pubcomp_the_identifier_is_a_new_message() {
    let mut world = World::online(lasting());
    for _ in 0..3 {
        world.message(2, 8, "t", "x");
        world.pubrel(8);
    }
    assert_eq!(world.take_delivered().len(), 3);
}

#[test]
fn a_lost_session_forgets_open_identifiers() {
    let mut world = World::online(lasting());
    world.message(2, 8, "t", "old");
    world.reconnect();
    world.connack(false, &[]);
    world.message(2, 8, "t", "new");
    world.expect(&["PUBREC 8"]);
    assert_eq!(world.take_texts(), ["t old", "t new"]);
}

#[test]
fn the_same_identifier_may_be_open_in_both_directions() {
    let mut world = World::online(lasting());
    world.publish(1, 2, "out", "x");
    world.message(2, 1, "in", "y");
    world.expect(&["PUBLISH q2 1 \"out\" x", "PUBREC 1"]);
    world.pubrec(1);
    world.pubrel(1);
    world.pubcomp(1);
    world.expect(&["PUBREL 1", "PUBCOMP 1"]);
    assert_eq!((world.outcome(1), world.take_delivered().len()), (0, 1));
}

#[test]
fn messages_are_taken_up_to_our_own_receive_maximum() {
    let mut world = World::online(Config {
        receive_maximum: 3,
        ..plain()
    });
    for _ in 0..10 {
        let mut burst = Vec::new();
        for id in 1..=3 {
            burst.extend(world.message_bytes(1, id, "t", b"x", false, &[]));
        }
        world.send_bytes(&burst);
    }
    (1..=3).for_each(|id| world.message(2, id, "t", "x"));
    world.pubrel(2);
    world.message(2, 4, "t", "x");
    assert!(world.is_online());
    assert_eq!(world.take_delivered().len(), 34);
}

#[test]
fn messages_nobody_subscribed_to_are_delivered_and_answered() {
    let mut world = World::online(lasting());
    world.message(1, 1, "who/asked", "x");
    world.expect(&["PUBACK 1"]);
    assert_eq!(world.take_texts(), ["who/asked x"]);
}

#[test]
fn a_name_crosses_once_however_often_it_is_used() {
    let mut world = World::online(plain());
    for round in 0..3 {
        for number in 0..5_000 {
            let topic = format!("t/{}", number % (500 + 4_000 * round));
            world.message(0, 0, &topic, "x");
            assert_eq!(world.take_delivered()[0].topic, topic);
        }
    }
}
