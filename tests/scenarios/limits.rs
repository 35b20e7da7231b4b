//! Every limit that CONNACK can set, kept to the letter.

use hawser::codec::Property::{
    MaximumPacketSize, MaximumQos, ReceiveMaximum, RetainAvailable, SharedSubscriptionAvailable,
    SubscriptionIdentifierAvailable, UserProperty, WildcardSubscriptionAvailable,
};
use hawser::codec::{Ack, Packet, PacketId, Place, Property, ReasonCode};
use hawser::session::{Cause, Failure};

use crate::peer::block;
use crate::world::{World, lasting, lasting_311, plain};

#[test]
fn receive_maximum_bounds_what_is_unfinished_and_holds_back_publish_only() {
    let mut world = World::online_with(plain(), &[ReceiveMaximum(2)]);
    (1..=4).for_each(|token| world.publish(token, 1 + token as u8 % 2, "t", &token.to_string()));
    world.expect(&["PUBLISH q2 1 \"t\" 1", "PUBLISH q1 2 \"t\" 2"]);
    world.publish(9, 0, "t", "free");
    world.subscribe(10, "a", 0);
    world.message(1, 7, "in", "x");
    world.expect(&["PUBLISH q0 \"t\" free", "SUBSCRIBE 3 a:0", "PUBACK 7"]);
    world.pubrec(1);
    world.expect(&["PUBREL 1"]);
    world.puback(2);
    world.expect(&["PUBLISH q2 4 \"t\" 3"]);
    world.pubcomp(1);
    world.expect(&["PUBLISH q1 5 \"t\" 4"]);
}

#[test]
fn in_3_1_1_no_more_is_under_way_than_brokers_take_unasked() {
    let mut world = World::online(lasting_311());
    (1..=30).for_each(|token| world.publish(token, 2, "t", "x"));
    assert_eq!(world.take().len(), 20);
    world.pubrec(1);
    world.pubcomp(1);
    world.expect(&["PUBREL 1", "PUBLISH q2 21 \"t\" x"]);
}

#[test]
fn a_failing_pubrec_opens_the_window_by_one() {
    let mut world = World::online_with(plain(), &[ReceiveMaximum(1)]);
    (1..=3).for_each(|token| world.publish(token, 2, "t", "x"));
    world.take();
    world.send(Packet::PubRec(Ack::new(
        PacketId::new(1).unwrap(),
        ReasonCode::UNSPECIFIED_ERROR,
    )));
    assert_eq!(world.take().len(), 1);
}

#[test]
fn the_window_never_grows_beyond_its_start() {
    let mut world = World::online(lasting());
    (1..=3).for_each(|token| world.publish(token, 2, "t", "x"));
    (1..=3).for_each(|id| world.pubrec(id));
    world.reconnect();
    world.connack(true, &[ReceiveMaximum(1)]);
    world.expect(&["PUBREL 1", "PUBREL 2", "PUBREL 3"]);
    // Three PUBCOMPs for exchanges that took nothing from this connection's window.
    (1..=3).for_each(|id| world.pubcomp(id));
    (4..=6).for_each(|token| world.publish(token, 1, "t", "x"));
    assert_eq!(world.take().len(), 1);
}

#[test]
fn a_lower_receive_maximum_after_a_reconnect_holds_back_what_is_sent_again() {
    let mut world = World::online(lasting());
    (1..=4).for_each(|token| world.publish(token, 1, "t", &token.to_string()));
    world.reconnect();
    world.connack(true, &[ReceiveMaximum(2)]);
    world.publish(5, 1, "t", "5");
    world.expect(&["PUBLISH q1 1 dup \"t\" 1", "PUBLISH q1 2 dup \"t\" 2"]);
    world.puback(4);
    assert!(
        world.is_open(4),
        "not sent on this connection: the answer is to nothing"
    );
    for id in 1..=3 {
        world.puback(id);
    }
    world.expect(&[
        "PUBLISH q1 3 dup \"t\" 3",
        "PUBLISH q1 4 dup \"t\" 4",
        "PUBLISH q1 5 \"t\" 5",
    ]);
}

#[test]
fn maximum_qos_refuses_also_what_waited() {
    for maximum in [0, 1] {
        let mut world = World::new(plain());
        world.publish(1, 2, "t", "x");
        world.publish(2, 1, "t", "x");
        world.start();
        world.open();
        world.take();
        world.connack(false, &[MaximumQos(maximum)]);
        world.assert_failed(1, Failure::QosNotSupported);
        assert_eq!(world.is_open(2), maximum == 1);
        world.publish(3, 2, "t", "x");
        world.assert_failed(3, Failure::QosNotSupported);
        world.publish(4, maximum, "t", "x");
        assert_eq!(world.take().len(), 1 + usize::from(maximum));
    }
}

#[test]
fn retain_is_refused_where_it_is_not_available_also_what_waited() {
    let mut world = World::new(plain());
    world.publish_all(1, 0, "t", b"x", true, &[]);
    world.publish_all(2, 1, "t", b"x", true, &[]);
    world.start();
    world.open();
    world.take();
    world.connack(false, &[RetainAvailable(false)]);
    world.publish_all(3, 0, "t", b"x", true, &[]);
    (1..=3).for_each(|token| world.assert_failed(token, Failure::RetainNotAvailable));
    world.expect(&[]);
}

#[test]
fn maximum_packet_size_counts_the_whole_packet() {
    let mut world = World::new(lasting());
    // 2 header + 3 topic + 1 property length + payload, and 2 of an identifier.
    world.publish_all(1, 0, "t", &[b'x'; 24], false, &[]);
    world.publish_all(2, 0, "t", &[b'x'; 25], false, &[]);
    world.publish_all(3, 1, "t", &[b'x'; 22], false, &[]);
    world.publish_all(4, 1, "t", &[b'x'; 23], false, &[]);
    world.start();
    world.open();
    world.take();
    world.connack(false, &[MaximumPacketSize(30)]);
    world.publish_all(5, 0, "t", &[b'x'; 24], false, &[]);
    world.publish_all(6, 0, "t", &[b'x'; 25], false, &[]);
    world.publish_all(7, 1, "t", &[b'x'; 22], false, &[]);
    world.publish_all(8, 1, "t", &[b'x'; 23], false, &[]);
    for token in [2, 4, 6, 8] {
        world.assert_failed(token, Failure::PacketTooLarge);
    }
    let wire = world.take_wire();
    assert_eq!(wire.len(), 4 * 30);
}

#[test]
fn a_message_that_a_resumed_connection_has_become_too_small_for_is_given_up() {
    let mut world = World::online(lasting());
    world.publish_all(1, 1, "t", &[b'x'; 50], false, &[]);
    world.reconnect();
    world.connack(true, &[MaximumPacketSize(30)]);
    // It has left, so the broker may have it.
    world.assert_failed(1, Failure::Indeterminate);
    world.expect(&[]);
    world.publish(2, 1, "t", "x");
    world.expect(&["PUBLISH q1 2 \"t\" x"]);
}

#[test]
fn a_message_that_was_sent_in_a_session_that_is_lost_may_have_arrived_whatever_the_next_one_takes() {
    let mut world = World::online_with(lasting(), &[ReceiveMaximum(1)]);
    world.publish_all(1, 1, "t", &[b'x'; 50], false, &[]);
    world.publish_all(2, 1, "t", &[b'x'; 50], false, &[]);
    world.reconnect();
    world.connack(false, &[MaximumPacketSize(30)]);
    world.assert_failed(1, Failure::Indeterminate);
    world.assert_failed(2, Failure::PacketTooLarge);
}

#[test]
fn maximum_packet_size_bounds_subscribe_and_unsubscribe_too() {
    let mut world = World::online_with(plain(), &[MaximumPacketSize(20)]);
    // 2 header + 2 identifier + 1 property length + (2 + n + 1) of a filter.
    world.subscribe(1, &"x".repeat(12), 0);
    world.subscribe(2, &"y".repeat(13), 0);
    world.unsubscribe(3, &"x".repeat(13));
    world.unsubscribe(4, &"y".repeat(14));
    world.assert_failed(2, Failure::PacketTooLarge);
    world.assert_failed(4, Failure::PacketTooLarge);
    let wire = world.take_wire();
    assert_eq!(wire.len(), 40);
    for token in 10..20 {
        world.ask_to_subscribe(token, &format!("f{token}"), 1);
    }
    world.drain();
    let packets = world.take();
    assert_eq!(
        packets.len(),
        5,
        "two filters of six bytes fit into twenty: {packets:?}"
    );
}

#[test]
fn a_disconnect_leaves_its_properties_out_when_they_do_not_fit() {
    for (size, expected) in [
        (19, "DISCONNECT 04"),
        (20, "DISCONNECT 04 [ReasonString(\"0123456789abc\")]"),
    ] {
        let mut world = World::online_with(plain(), &[MaximumPacketSize(size)]);
        let block = block(Place::DisconnectFromClient, &[Property::ReasonString("0123456789abc")]);
        let raw = block.as_properties().raw().to_vec();
        world
            .session
            .close(world.time(), ReasonCode::DISCONNECT_WITH_WILL, &raw);
        world.drain();
        world.expect(&[expected]);
    }
}

#[test]
fn a_disconnect_does_not_ask_to_keep_a_session_that_connect_did_not_ask_for() {
    let block = block(Place::DisconnectFromClient, &[Property::SessionExpiryInterval(9)]);
    let raw = block.as_properties().raw().to_vec();
    for (config, expected) in [
        (plain(), "DISCONNECT 00"),
        (lasting(), "DISCONNECT 00 [SessionExpiryInterval(9)]"),
    ] {
        let mut world = World::online(config);
        world
            .session
            .close(world.time(), ReasonCode::NORMAL_DISCONNECTION, &raw);
        world.drain();
        world.expect(&[expected]);
    }
}

#[test]
fn a_broker_that_leaves_no_room_for_acknowledgements_is_left() {
    let mut world = World::new(plain());
    world.start();
    world.open();
    world.take();
    world.connack(false, &[MaximumPacketSize(4)]);
    world.expect(&[]);
    assert!(matches!(world.cause(), Cause::ProtocolError { reason: 0x95, .. }));
    let mut world = World::online_with(plain(), &[MaximumPacketSize(5)]);
    world.pubrel(3);
    world.expect(&["PUBCOMP 3 92"]);
}

#[test]
fn subscriptions_the_broker_does_not_offer_are_refused_also_what_waited() {
    let properties = [
        WildcardSubscriptionAvailable(false),
        SharedSubscriptionAvailable(false),
        SubscriptionIdentifierAvailable(false),
    ];
    let ask = |world: &mut World, base: u32| {
        world.subscribe(base, "a/+", 0);
        world.subscribe(base + 1, "#", 0);
        world.subscribe(base + 2, "$share/g/a", 0);
        world.subscribe(base + 3, "plain", 0);
    };
    let mut world = World::new(plain());
    ask(&mut world, 10);
    world.start();
    world.open();
    world.take();
    world.connack(false, &properties);
    ask(&mut world, 20);
    for base in [10, 20] {
        world.assert_failed(base, Failure::WildcardNotAvailable);
        world.assert_failed(base + 1, Failure::WildcardNotAvailable);
        world.assert_failed(base + 2, Failure::SharedNotAvailable);
    }
    // Without an identifier, although filters of several shapes were asked for.
    world.expect(&["SUBSCRIBE 1 plain:0", "SUBSCRIBE 2 plain:0"]);
}

#[test]
fn what_the_broker_leaves_out_is_the_standard_s_default() {
    let world = World::online_with(plain(), &[UserProperty(("a", "b"))]);
    let connected = world.connected.as_ref().unwrap();
    let limits = connected.limits;
    assert_eq!(
        (limits.receive_maximum, limits.maximum_qos, limits.maximum_packet_size),
        (65_535, 2, u32::MAX)
    );
    assert_eq!(limits.topic_alias_maximum, 0);
    assert!(limits.retain && limits.wildcard_subscriptions && limits.subscription_ids && limits.shared_subscriptions);
    assert_eq!(
        (
            connected.keep_alive,
            connected.session_expiry,
            connected.session_present
        ),
        (60, 0, false)
    );
}

#[test]
fn what_would_be_sent_again_is_refused_where_a_resumed_connection_takes_less_than_the_earlier_one() {
    let mut world = World::online(lasting());
    world.publish(1, 2, "t", "x");
    world.publish_all(2, 1, "t", b"x", true, &[]);
    world.publish(3, 1, "t", "y");
    world.reconnect();
    world.connack(true, &[MaximumQos(1), RetainAvailable(false)]);
    // The broker may have had both.
    world.assert_failed(2, Failure::Indeterminate);
    world.expect(&["PUBREL 1", "PUBLISH q1 3 dup \"t\" y"]);
    world.pubcomp(1);
    world.assert_failed(1, Failure::Indeterminate);
}

#[test]
fn a_disconnect_never_carries_a_reason_that_only_servers_give() {
    for (reason, expected) in [
        (ReasonCode::SESSION_TAKEN_OVER, "DISCONNECT 00"),
        (ReasonCode::NOT_AUTHORIZED, "DISCONNECT 00"),
        (ReasonCode::ADMINISTRATIVE_ACTION, "DISCONNECT 98"),
    ] {
        let mut world = World::online(plain());
        world.session.close(world.time(), reason, &[]);
        world.drain();
        world.expect(&[expected]);
    }
}

#[test]
fn a_qos_2_message_that_a_resumed_session_cannot_take_any_more_is_released_before_its_identifier_is_free() {
    for limit in [MaximumPacketSize(12), MaximumQos(1)] {
        let mut world = World::online(lasting());
        world.publish(1, 2, "t", "too long by then");
        world.reconnect();
        world.connack(true, &[limit]);
        // The broker may have had it: to it, another message with this identifier would be the same one.
        world.expect(&["PUBREL 1"]);
        assert!(world.is_open(1));
        world.reconnect();
        world.connack(true, &[limit]);
        world.expect(&["PUBREL 1"]);
        world.pubcomp(1);
        // A broker that had it has delivered it now, and one that had not may say the same: nobody can tell.
        world.assert_failed(1, Failure::Indeterminate);
        assert_eq!(world.session.usage().packet_ids, 0);
    }
}
