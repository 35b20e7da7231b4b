//! Subscription identifiers: who gets one, when, and what they say about a message.

use hawser::codec::{Property, Qos, RetainHandling, SubscribeOptions};

use crate::world::{World, lasting, lasting_311, plain};

#[test]
fn filters_that_do_not_overlap_share_a_packet_and_have_no_identifier_on_the_wire() {
    let mut world = World::online(plain());
    for (token, filter) in (1..).zip(["device/1/+", "house/2/+/light", "room", "garden/#", "$SYS/#", "+/+/x"]) {
        world.ask_to_subscribe(token, filter, 0);
        if token == 5 {
            world.drain();
            world.expect(&["SUBSCRIBE 1 device/1/+:0 house/2/+/light:0 room:0 garden/#:0 $SYS/#:0"]);
            world.suback(1, &[0; 5]);
        }
    }
    world.drain();
    let told: Vec<u32> = (1..=6).map(|token| world.identifiers[&token]).collect();
    assert_eq!(told, [1, 1, 2, 3, 3, 4]);
    // The last one overlaps with the first.
    assert_eq!(world.take().len(), 4);
}

#[test]
fn filters_of_several_shapes_have_one_packet_and_one_identifier_for_each_shape() {
    let mut world = World::online(plain());
    for (token, filter) in (1..).zip(["a", "b/+", "c", "#", "d/+", "$share/g/a", "$share/h/a", "$share/g/c"]) {
        world.ask_to_subscribe(token, filter, 1);
    }
    world.drain();
    world.expect(&[
        "SUBSCRIBE 1 a:1 c:1 [SubscriptionIdentifier(1)]",
        "SUBSCRIBE 2 b/+:1 d/+:1 [SubscriptionIdentifier(2)]",
        "SUBSCRIBE 3 #:1 [SubscriptionIdentifier(3)]",
        "SUBSCRIBE 4 $share/g/a:1 $share/g/c:1 [SubscriptionIdentifier(4)]",
        "SUBSCRIBE 5 $share/h/a:1 [SubscriptionIdentifier(5)]",
    ]);
    let told: Vec<u32> = (1..=8).map(|token| world.identifiers[&token]).collect();
    assert_eq!(told, [1, 2, 1, 3, 2, 4, 5, 4]);
    world.suback(2, &[1, 0]);
    world.suback(1, &[1, 0x87]);
    assert_eq!([1, 3, 2, 5].map(|token| world.outcome(token)), [1, 0x87, 1, 0]);
}

#[test]
fn what_stands_without_an_identifier_gets_one_without_its_retained_messages_when_another_shape_comes() {
    let mut world = World::online(lasting());
    world.subscribe(1, "a", 1);
    world.suback(1, &[1]);
    let options = SubscribeOptions {
        qos: Qos::AtLeastOnce,
        no_local: true,
        retain_as_published: true,
        retain_handling: RetainHandling::SendIfNew,
    };
    world.session.subscribe(world.time(), 2, "b", options, &[]);
    world.drain();
    world.suback(2, &[1]);
    world.take();
    world.forget(1);
    world.forget(2);
    world.subscribe(3, "#", 2);
    world.expect(&[
        "SUBSCRIBE 3 a:33 b:45 [SubscriptionIdentifier(1)]",
        "SUBSCRIBE 4 #:2 [SubscriptionIdentifier(2)]",
    ]);
    world.suback(3, &[1, 1]);
    assert!(
        world.is_open(1) && world.is_open(2),
        "granted as before: nothing to tell"
    );
    world.suback(4, &[2]);
    // All of it again for a new session, with the retained messages that it may have missed.
    world.reconnect();
    world.connack(false, &[]);
    world.expect(&[
        "SUBSCRIBE 5 a:1 b:29 [SubscriptionIdentifier(1)]",
        "SUBSCRIBE 6 #:2 [SubscriptionIdentifier(2)]",
    ]);
}

#[test]
fn identifiers_wait_for_the_answers_to_what_was_asked_without() {
    let mut world = World::online(plain());
    world.subscribe(1, "a", 1);
    world.subscribe(2, "#", 0);
    world.expect(&["SUBSCRIBE 1 a:1", "SUBSCRIBE 2 #:0"]);
    world.suback(1, &[0x87]);
    world.expect(&[]);
    world.suback(2, &[0]);
    world.expect(&["SUBSCRIBE 3 #:32 [SubscriptionIdentifier(2)]"]);
    world.suback(3, &[0]);
    assert_eq!((world.outcome(1), world.outcome(2)), (0x87, 0));
}

#[test]
fn a_session_that_is_lost_while_identifiers_are_given_out_gets_everything_with_its_retained_messages() {
    let mut world = World::online(lasting());
    world.subscribe(1, "a", 1);
    world.suback(1, &[1]);
    world.subscribe(2, "#", 0);
    world.take();
    world.reconnect();
    world.connack(false, &[]);
    world.expect(&[
        "SUBSCRIBE 4 a:1 [SubscriptionIdentifier(1)]",
        "SUBSCRIBE 5 #:0 [SubscriptionIdentifier(2)]",
    ]);
}

#[test]
fn a_resumed_session_keeps_its_identifiers() {
    let mut world = World::online(lasting());
    world.ask_to_subscribe(1, "a", 1);
    world.subscribe(2, "#", 0);
    world.suback(1, &[1]);
    world.suback(2, &[0]);
    world.reconnect();
    world.connack(true, &[]);
    world.expect(&[]);
    world.subscribe(3, "+", 0);
    world.expect(&["SUBSCRIBE 3 +:0 [SubscriptionIdentifier(3)]"]);
    // A broker that has none any more is sent none.
    world.reconnect();
    world.connack(true, &[Property::SubscriptionIdentifierAvailable(false)]);
    world.expect(&["SUBSCRIBE 4 +:0"]);
}

#[test]
fn without_identifiers_filters_of_all_shapes_share_a_packet() {
    let mut old = World::online(lasting_311());
    old.ask_to_subscribe(1, "a", 0);
    old.subscribe(2, "#", 0);
    old.expect(&["SUBSCRIBE 1 a:0 #:0"]);
    let mut world = World::online_with(plain(), &[Property::SubscriptionIdentifierAvailable(false)]);
    world.ask_to_subscribe(1, "a", 0);
    world.subscribe(2, "#", 0);
    world.expect(&["SUBSCRIBE 1 a:0 #:0"]);
}

#[test]
fn an_identifier_counts_in_the_size_of_its_packet() {
    // Header 2, packet identifier 2, property block 3, filter with its length and options 6.
    for (limit, packets) in [(13, 2), (12, 0)] {
        let mut world = World::online_with(plain(), &[Property::MaximumPacketSize(limit)]);
        world.ask_to_subscribe(1, "a/b", 0);
        world.subscribe(2, "a/+", 0);
        assert_eq!(world.take().len(), packets);
    }
}

#[test]
fn a_request_never_overtakes_an_earlier_one_for_the_same_filter() {
    let mut world = World::online(plain());
    world.ask_to_subscribe(1, "#", 0);
    world.ask_to_subscribe(2, "a", 0);
    world.session.unsubscribe(world.time(), 3, "#");
    world.ask_to_subscribe(4, "#", 1);
    world.ask_to_subscribe(5, "a", 2);
    world.ask_to_subscribe(6, "#", 2);
    world.drain();
    world.expect(&[
        "SUBSCRIBE 1 #:0 [SubscriptionIdentifier(1)]",
        "SUBSCRIBE 2 a:0 [SubscriptionIdentifier(2)]",
        "UNSUBSCRIBE 3 #",
        "SUBSCRIBE 4 #:1 #:2 [SubscriptionIdentifier(1)]",
        "SUBSCRIBE 5 a:2 [SubscriptionIdentifier(2)]",
    ]);
}

#[test]
fn all_identifiers_of_a_message_reach_the_application_in_order_also_unknown_ones() {
    let mut world = World::online(plain());
    for identifiers in [vec![], vec![1], vec![2, 1], vec![7, 7, 268_435_455], vec![3; 2_000]] {
        let properties: Vec<Property<'_>> = identifiers
            .iter()
            .map(|identifier| Property::SubscriptionIdentifier(*identifier))
            .collect();
        let bytes = world.message_bytes(0, 0, "a", b"x", false, &properties);
        world.send_bytes(&bytes);
        let [message] = &world.take_delivered()[..] else {
            panic!("one message")
        };
        let bounded = &identifiers[..identifiers.len().min(1_024)];
        assert_eq!(message.identifiers, bounded);
    }
    assert!(world.is_online());
}

#[test]
fn among_very_many_filters_another_shape_is_taken_for_an_overlap() {
    for (count, identified) in [(256, false), (257, true)] {
        let mut world = World::online(plain());
        for token in 0..count {
            world.ask_to_subscribe(token, &format!("device/{token}"), 0);
        }
        world.subscribe(count, "else/+", 0);
        assert_eq!(world.take().join(" ").contains("SubscriptionIdentifier"), identified);
    }
}

/// A message at QoS 0 that the broker says is for these identifiers; returns those that reach the application.
fn told_of(world: &mut World, identifiers: &[u32]) -> Vec<u32> {
    let properties: Vec<Property<'_>> = identifiers
        .iter()
        .map(|identifier| Property::SubscriptionIdentifier(*identifier))
        .collect();
    let bytes = world.message_bytes(0, 0, "a", b"x", false, &properties);
    world.send_bytes(&bytes);
    world.take_delivered().remove(0).identifiers
}

#[test]
fn identifiers_say_nothing_while_a_subscription_stands_without_one() {
    let mut world = World::online(lasting());
    world.subscribe(1, "a", 1);
    world.subscribe(2, "#", 1);
    world.suback(1, &[1]);
    world.suback(2, &[1]);
    world.take();
    // The broker has seen the first of the two packets that give identifiers: one copy for both filters names one of them.
    assert_eq!(told_of(&mut world, &[1]), []);
    world.suback(3, &[1]);
    assert_eq!(told_of(&mut world, &[1]), []);
    // The other one was lost with its link, and messages have waited since.
    world.reconnect();
    world.connack(true, &[]);
    world.expect(&["SUBSCRIBE 5 #:33 [SubscriptionIdentifier(2)]"]);
    assert_eq!(told_of(&mut world, &[1]), []);
    world.suback(5, &[1]);
    assert_eq!(told_of(&mut world, &[1, 2]), [1, 2]);
    // A filter that is asked for with its identifier from the start hides nothing.
    world.subscribe(3, "+", 1);
    assert_eq!(told_of(&mut world, &[1, 2]), [1, 2]);
}

#[test]
fn a_lost_session_ends_the_wait_for_identifiers() {
    let mut world = World::online(lasting());
    world.subscribe(1, "a", 1);
    world.subscribe(2, "#", 1);
    world.suback(1, &[1]);
    world.suback(2, &[1]);
    world.reconnect();
    world.connack(false, &[]);
    assert_eq!(told_of(&mut world, &[1]), [1]);
}
