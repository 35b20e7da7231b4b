//! What a broker can do wrong, and the reason code that tells it so (section 4 of the reference).

use hawser::codec::Property::{MaximumQos, ReasonString, ServerReference};
use hawser::codec::{Disconnect, Packet, Place, Property, ReasonCode, Version};
use hawser::session::{Cause, Config, Failure, Refusal};

use crate::peer::block;
use crate::world::{Socket, World, lasting, plain};

/// Online with something of everything under way: PUBLISH 1 (QoS 1), PUBLISH 2 (QoS 2), SUBSCRIBE 3 with two filters, UNSUBSCRIBE 4.
fn busy(version: Version) -> World {
    let config = Config {
        version,
        receive_maximum: 2,
        maximum_packet_size: 200,
        topic_alias_maximum: 4,
        clean_start: version == Version::V5,
        ..lasting()
    };
    let mut world = World::online(config);
    world.publish(1, 1, "t", "x");
    world.publish(2, 2, "t", "x");
    world.ask_to_subscribe(3, "a", 0);
    world.ask_to_subscribe(4, "b", 0);
    world.drain();
    world.unsubscribe(5, "c");
    world.take();
    world
}

#[test]
fn each_fault_has_its_disconnect_code() {
    let cases: &[(u8, &str, &[u8])] = &[
        (0x81, "type 0", &[0x00, 0]),
        (0x81, "wrong flags", &[0x41, 2, 0, 1]),
        (0x81, "PUBREL without its flags", &[0x60, 2, 0, 1]),
        (0x81, "QoS 3", &[0x36, 6, 0, 1, b't', 0, 1, 0]),
        (0x81, "length of five bytes", &[0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]),
        (0x81, "padded length", &[0xD0, 0x80, 0x00]),
        (0x81, "topic cut off", &[0x30, 3, 0, 5, b't']),
        (0x81, "bytes left over", &[0xD0, 1, 0]),
        (0x81, "bad UTF-8", &[0x30, 4, 0, 1, 0xFF, 0]),
        (0x81, "U+0000", &[0x30, 4, 0, 1, 0, 0]),
        (0x81, "unknown property", &[0x30, 6, 0, 1, b't', 2, 0x7F, 0]),
        (
            0x81,
            "property of another packet",
            &[0x30, 7, 0, 1, b't', 3, 0x21, 0, 9],
        ),
        (0x82, "property twice", &[0x30, 8, 0, 1, b't', 4, 1, 1, 1, 1]),
        (0x82, "value out of range", &[0x30, 6, 0, 1, b't', 2, 1, 2]),
        (0x82, "subscription identifier 0", &[0x30, 6, 0, 1, b't', 2, 0x0B, 0]),
        (0x82, "identifier 0", &[0x32, 6, 0, 1, b't', 0, 0, 0]),
        (0x82, "wildcard in a topic", &[0x30, 4, 0, 1, b'#', 0]),
        (0x82, "empty topic without an alias", &[0x30, 3, 0, 0, 0]),
        (0x82, "alias that stands for nothing", &[0x30, 6, 0, 0, 3, 0x23, 0, 2]),
        (0x94, "alias 0", &[0x30, 7, 0, 1, b't', 3, 0x23, 0, 0]),
        (0x94, "alias above our maximum", &[0x30, 7, 0, 1, b't', 3, 0x23, 0, 5]),
        (0x95, "larger than our maximum", &[0x30, 0xC6, 0x01]),
        (0x82, "CONNECT from a broker", &[0x10, 2, 0, 0]),
        (0x82, "SUBSCRIBE from a broker", &[0x82, 2, 0, 1]),
        (0x82, "UNSUBSCRIBE from a broker", &[0xA2, 2, 0, 1]),
        (0x82, "PINGREQ from a broker", &[0xC0, 0]),
        (0x82, "a second CONNACK", &[0x20, 3, 0, 0, 0]),
        (0x82, "AUTH without a method", &[0xF0, 0]),
        (0x82, "AUTH nobody asked for", &[0xF0, 6, 0x18, 4, 0x15, 0, 1, b'x']),
        (
            0x82,
            "session expiry in the broker's DISCONNECT",
            &[0xE0, 7, 0, 5, 0x11, 0, 0, 0, 9],
        ),
        (0x82, "SUBACK with too few codes", &[0x90, 4, 0, 3, 0, 0]),
        (0x82, "SUBACK with too many codes", &[0x90, 6, 0, 3, 0, 0, 0, 0]),
        (0x82, "UNSUBACK with too many codes", &[0xB0, 5, 0, 4, 0, 0, 0]),
        (0x82, "UNSUBACK without a code", &[0xB0, 3, 0, 4, 0]),
        (0x82, "reason code of another packet", &[0x40, 3, 0, 1, 0x92]),
        (0x82, "PUBACK for QoS 2", &[0x40, 2, 0, 2]),
        (0x82, "PUBREC for QoS 1", &[0x50, 2, 0, 1]),
        (0x82, "PUBCOMP before PUBREL", &[0x70, 2, 0, 2]),
        (0x82, "PUBACK for a SUBSCRIBE", &[0x40, 2, 0, 3]),
        (0x82, "SUBACK for an UNSUBSCRIBE", &[0x90, 4, 0, 4, 0, 0]),
        (0x82, "UNSUBACK for a PUBLISH", &[0xB0, 4, 0, 1, 0, 0]),
    ];
    for (reason, name, bytes) in cases {
        let mut world = busy(Version::V5);
        world.send_bytes(bytes);
        assert_eq!(world.take(), [format!("DISCONNECT {reason:02X}")], "{name}");
        assert_eq!(world.socket, Socket::None, "{name}");
        let Cause::ProtocolError { reason: told, detail } = world.cause() else {
            panic!("{name}: {:?}", world.cause());
        };
        assert!(told == reason && !detail.is_empty(), "{name}");
        assert!((1..=5).all(|token| world.is_open(token)), "{name}");
        assert!(!world.is_stopped(), "{name}");
    }
}

#[test]
fn in_version_3_1_1_each_fault_just_closes() {
    let cases: &[(&str, &[u8])] = &[
        ("type 15", &[0xF0, 0]),
        ("QoS 3", &[0x36, 5, 0, 1, b't', 0, 1]),
        ("DISCONNECT from a broker", &[0xE0, 0]),
        ("a second CONNACK", &[0x20, 2, 0, 0]),
        ("SUBACK with an unknown code", &[0x90, 4, 0, 3, 0, 3]),
        ("SUBACK with too few codes", &[0x90, 3, 0, 3, 0]),
        ("UNSUBACK with a code", &[0xB0, 3, 0, 4, 0]),
        ("PUBACK with a code", &[0x40, 3, 0, 1, 0]),
        ("identifier 0", &[0x32, 5, 0, 1, b't', 0, 0]),
        ("larger than our maximum", &[0x30, 0xC6, 0x01]),
        ("empty topic", &[0x30, 2, 0, 0]),
    ];
    for (name, bytes) in cases {
        let mut world = busy(Version::V311);
        world.send_bytes(bytes);
        world.expect(&[]);
        assert_eq!(world.socket, Socket::None, "{name}");
        assert!(matches!(world.cause(), Cause::ProtocolError { .. }), "{name}");
    }
}

#[test]
fn more_unanswered_messages_than_our_receive_maximum_are_refused() {
    let mut world = busy(Version::V5);
    let mut burst = Vec::new();
    for id in 1..=3 {
        burst.extend(world.message_bytes(1, id, "t", b"x", false, &[]));
    }
    world.send_bytes(&burst);
    world.expect(&["DISCONNECT 93"]);
    let mut world = busy(Version::V5);
    (1..=2).for_each(|id| world.message(2, id, "t", "x"));
    world.message(1, 9, "t", "x");
    world.expect(&["PUBREC 1", "PUBREC 2", "DISCONNECT 93"]);
}

#[test]
fn the_count_of_unanswered_messages_starts_again_with_each_connection() {
    let mut world = busy(Version::V5);
    (1..=2).for_each(|id| world.message(2, id, "t", "x"));
    world.reconnect();
    world.connack(true, &[]);
    world.take();
    (3..=4).for_each(|id| world.message(2, id, "t", "x"));
    world.expect(&["PUBREC 3", "PUBREC 4"]);
    world.message(2, 5, "t", "x");
    world.expect(&["DISCONNECT 93"]);
}

#[test]
fn a_message_above_the_maximum_qos_that_the_broker_announced_is_refused() {
    let mut world = World::online_with(plain(), &[MaximumQos(0)]);
    world.message(1, 1, "t", "x");
    world.expect(&["DISCONNECT 9B"]);
    let mut world = World::online_with(plain(), &[MaximumQos(1)]);
    world.message(1, 1, "t", "x");
    world.message(2, 2, "t", "x");
    world.expect(&["PUBACK 1", "DISCONNECT 9B"]);
}

#[test]
fn what_came_before_the_fault_in_the_same_frame_is_delivered_and_what_came_after_is_not() {
    let mut world = busy(Version::V5);
    let mut burst = world.message_bytes(1, 1, "t", b"before", false, &[]);
    burst.extend([0xD0, 1, 0]);
    burst.extend(world.message_bytes(1, 2, "t", b"after", false, &[]));
    world.send_bytes(&burst);
    world.expect(&["DISCONNECT 81"]);
    assert_eq!(world.take_texts(), ["t before"]);
    world.reconnect();
    world.connack(true, &[]);
    assert!(
        world.is_online(),
        "the rest of the frame is not taken for the start of the next connection"
    );
}

#[test]
fn nothing_is_sent_on_a_connection_that_was_given_up() {
    let mut world = busy(Version::V5);
    world.hand_in(&[0xC0, 0]);
    world.ask_to_publish(9, 0, "t", b"x", false, &[]);
    world.drain();
    world.expect(&["DISCONNECT 82"]);
    assert!(world.is_open(9), "queued for the next connection");
}

#[test]
fn the_broker_s_disconnect_is_told_and_not_answered() {
    let mut world = World::online(lasting());
    let block = block(
        Place::DisconnectFromServer,
        &[ReasonString("moving"), ServerReference("b.example")],
    );
    let packet = Disconnect {
        reason: ReasonCode::SERVER_MOVED,
        properties: block.as_properties(),
    };
    world.send(Packet::Disconnect(packet));
    world.expect(&[]);
    let refusal = Refusal {
        reason: 0x9D,
        reason_string: "moving".into(),
        server_reference: "b.example".into(),
    };
    assert_eq!(
        (world.cause(), world.socket),
        (&Cause::Disconnected(refusal), Socket::None)
    );
    assert!(!world.is_stopped());
}

#[test]
fn a_session_taken_over_stops_and_never_comes_back_by_itself() {
    let mut world = World::online(lasting());
    world.publish(1, 1, "t", "x");
    world.subscribe(2, "a", 0);
    world.take();
    world.send(Packet::Disconnect(Disconnect::new(ReasonCode::SESSION_TAKEN_OVER)));
    assert!(world.is_stopped());
    world.assert_failed(1, Failure::Stopped);
    world.assert_failed(2, Failure::Stopped);
    assert_eq!(world.session.deadline(), None);
    world.advance(7 * 24 * 3_600_000);
    assert_eq!(world.socket, Socket::None);
    world.publish(3, 0, "t", "x");
    world.assert_failed(3, Failure::Stopped);
    world.session.reconnect_now(world.time());
    world.drain();
    world.open();
    assert!(
        world.take()[0].contains(" clean "),
        "its messages were settled: there is nothing to resume"
    );
    world.connack(false, &[]);
    assert!(world.is_online());
}

#[test]
fn garbage_of_any_kind_ends_in_a_cause_and_a_wait() {
    let mut random = crate::random::Random::new(5);
    for _ in 0..3_000 {
        let mut world = busy(Version::V5);
        let length = 1 + random.below(60) as usize;
        let bytes: Vec<u8> = (0..length).map(|_| random.below(256) as u8).collect();
        world.send_bytes(&bytes);
        let fine = world.is_online() || matches!(world.cause(), Cause::ProtocolError { .. } | Cause::Disconnected(_));
        assert!(fine, "{bytes:?}: {:?}", world.session.state());
    }
}

#[test]
fn properties_that_are_allowed_harm_nothing() {
    let mut world = busy(Version::V5);
    let bytes = world.message_bytes(
        1,
        1,
        "t",
        b"x",
        false,
        &[Property::TopicAlias(4), Property::PayloadFormatIndicator(1)],
    );
    world.send_bytes(&bytes);
    world.expect(&["PUBACK 1"]);
}

#[test]
fn the_answer_to_an_unknown_pubrel_makes_no_room_for_another_message() {
    let mut world = World::online(Config {
        receive_maximum: 1,
        ..plain()
    });
    world.message(2, 1, "t", "open");
    world.pubrel(9);
    world.expect(&["PUBREC 1", "PUBCOMP 9 92"]);
    world.message(1, 2, "t", "one too many");
    world.expect(&["DISCONNECT 93"]);
}
