//! 3.12 to 3.14 PINGREQ, PINGRESP and DISCONNECT.

use hawser::codec::{Place, Property, ReasonCode};
use hawser::session::{Cause, Config, Failure};

use crate::peer::block;
use crate::world::{Socket, World, lasting, lasting_311, plain};

const PINGREQ: [u8; 2] = [0xC0, 0];

/// The reason codes of DISCONNECT (3.14.2.1): those a client may send, and those a server may. Beside its table the standard tells a client to send 0x9B
/// (3.3.4); servers do send 0x00, and 0x8C stands for them in the table of all codes (2.4).
const OF_CLIENT: [u8; 15] = [
    0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9B,
];
const OF_SERVER: [u8; 29] = [
    0x00, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8C, 0x8D, 0x8E, 0x8F, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98,
    0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2,
];

impl World {
    fn close_with(&mut self, reason: u8, properties: &[Property<'_>]) -> Vec<u8> {
        let block = block(Place::DisconnectFromClient, properties);
        let raw = block.as_properties().raw().to_vec();
        self.session.close(self.time(), ReasonCode(reason), &raw);
        self.drain();
        self.take_wire()
    }
}

#[test]
fn a_pingreq_without_an_answer_means_that_the_link_is_dead() {
    for config in [plain(), lasting_311()] {
        let mut world = World::online(config);
        world.advance(60_000);
        assert_eq!(world.take_wire(), PINGREQ);
        world.send_bytes(&[0xD0, 0]);
        world.advance(60_000);
        assert_eq!(world.take_wire(), PINGREQ);
        assert!(world.is_online());
        world.advance(30_000);
        assert_eq!((world.cause(), world.socket), (&Cause::KeepAliveTimeout, Socket::None));
    }
}

#[test]
fn a_disconnect_before_connack_is_a_protocol_error() {
    for packet in [[0xE0, 0].as_slice(), &[0xE0, 1, 0x8B], &[0xE0, 2, 0x9C, 0]] {
        let mut world = World::new(lasting());
        world.start();
        world.open();
        world.take_wire();
        world.send_bytes(packet);
        world.assert_closed_silently_for(0x82);
    }
}

#[test]
fn a_disconnect_with_any_flag_is_malformed() {
    for flags in 1..16 {
        let mut world = World::online(lasting());
        world.send_bytes(&[0xE0 | flags, 0]);
        world.assert_disconnected_with(0x81);
    }
}

#[test]
fn a_disconnect_of_the_broker_has_a_code_of_its_table_or_is_a_protocol_error() {
    for code in 0..=255 {
        let mut world = World::online(lasting());
        world.send_bytes(&[0xE0, 1, code]);
        if OF_SERVER.contains(&code) {
            assert_eq!(world.take_wire(), [], "it is not answered");
            assert_eq!(world.socket, Socket::None, "the client closes");
            assert!(matches!(world.cause(), Cause::Disconnected(told) if told.reason == code));
        } else {
            world.assert_disconnected_with(0x82);
        }
    }
}

#[test]
fn a_client_never_sends_a_code_that_only_servers_give() {
    for code in 0..=255 {
        let mut world = World::online(plain());
        let sent = world.close_with(code, &[]);
        if code == 0 || !OF_CLIENT.contains(&code) {
            assert_eq!(sent, [0xE0, 0], "{code:02X}");
        } else {
            assert_eq!(sent, [0xE0, 1, code]);
        }
    }
}

#[test]
fn a_session_expiry_in_the_broker_s_disconnect_is_a_protocol_error() {
    for expiry in [[0, 0, 0, 0], [0, 0, 0, 9], [0xFF; 4]] {
        let mut world = World::online(lasting());
        world.send_bytes(&[[0xE0, 7, 0, 5, 0x11].as_slice(), &expiry].concat());
        world.assert_disconnected_with(0x82);
    }
}

#[test]
fn a_disconnect_of_none_one_or_more_bytes_says_the_same() {
    let named = |packet: &[u8]| {
        let mut world = World::online(lasting());
        world.send_bytes(packet);
        let Cause::Disconnected(told) = world.cause() else {
            panic!("{:?}", world.cause());
        };
        (told.reason, told.reason_string.to_string())
    };
    for packet in [[0xE0, 0].as_slice(), &[0xE0, 1, 0], &[0xE0, 2, 0, 0]] {
        assert_eq!(named(packet), (0, String::new()));
    }
    for packet in [[0xE0, 1, 0x8B].as_slice(), &[0xE0, 2, 0x8B, 0]] {
        assert_eq!(named(packet), (0x8B, String::new()));
    }
    assert_eq!(
        named(b"\xE0\x08\x8B\x06\x1F\x00\x03bye"),
        (0x8B, "bye".into()),
        "the reason string is told as it came"
    );
}

#[test]
fn reason_string_and_user_properties_are_left_off_a_disconnect_that_has_no_room_for_them() {
    let cases = [
        // 2 header + 1 code + 1 property length + the property.
        (Property::ReasonString("0123456789"), 17),
        (Property::UserProperty(("name", "value")), 18),
    ];
    for (property, size) in cases {
        let mut world = World::online_with(plain(), &[Property::MaximumPacketSize(size)]);
        let sent = world.close_with(4, &[property]);
        assert_eq!(sent.len(), size as usize, "it just fits");
        let mut world = World::online_with(plain(), &[Property::MaximumPacketSize(size - 1)]);
        assert_eq!(world.close_with(4, &[property]), [0xE0, 1, 4]);
    }
}

#[test]
fn what_a_disconnect_says_about_the_session_stays_when_the_rest_has_no_room() {
    let properties = [
        Property::SessionExpiryInterval(9),
        Property::ReasonString("0123456789"),
        Property::UserProperty(("name", "value")),
    ];
    let mut world = World::online_with(lasting(), &[Property::MaximumPacketSize(20)]);
    let sent = world.close_with(0, &properties);
    assert_eq!(sent, [0xE0, 7, 0, 5, 0x11, 0, 0, 0, 9]);
    let mut world = World::online_with(lasting(), &[Property::MaximumPacketSize(8)]);
    assert_eq!(world.close_with(0, &properties), [0xE0, 0]);
}

#[test]
fn a_disconnect_does_not_raise_the_session_expiry_from_0() {
    let expiry = [Property::SessionExpiryInterval(9)];
    let mut world = World::online(plain());
    assert_eq!(world.close_with(0, &expiry), [0xE0, 0]);
    // Neither when it is the broker that keeps the session for longer than it was asked to.
    let mut world = World::online_with(plain(), &[Property::SessionExpiryInterval(60)]);
    assert_eq!(world.close_with(0, &expiry), [0xE0, 0]);
    let mut world = World::online(lasting());
    assert_eq!(world.close_with(0, &expiry), [0xE0, 7, 0, 5, 0x11, 0, 0, 0, 9]);
    let mut world = World::online(lasting());
    let lowered = world.close_with(0, &[Property::SessionExpiryInterval(0)]);
    assert_eq!(lowered, [0xE0, 7, 0, 5, 0x11, 0, 0, 0, 0]);
}

#[test]
fn nothing_is_sent_after_disconnect_and_the_socket_is_closed() {
    for config in [lasting(), lasting_311()] {
        let mut world = World::online_with(config, &[]);
        (1..=3).for_each(|token| world.publish(token, 2, "t", "x"));
        world.message(2, 7, "t", "x");
        world.take_wire();
        // In one burst: what came before close() leaves before DISCONNECT, and nothing leaves after it.
        world.ask_to_subscribe(4, "a", 1);
        world.session.close(world.time(), ReasonCode::NORMAL_DISCONNECTION, &[]);
        world.ask_to_publish(5, 0, "t", b"late", false, &[]);
        world.ask_to_subscribe(6, "late", 0);
        world.drain();
        world.expect(&["SUBSCRIBE 4 a:1", "DISCONNECT 00"]);
        assert_eq!(world.socket, Socket::None);
        (1..=6).for_each(|token| world.assert_failed(token, Failure::Closed));
        world.advance(7 * 24 * 3_600_000);
        assert_eq!((world.take_wire(), world.socket), (vec![], Socket::None));
    }
}

#[test]
fn what_waited_for_the_store_is_not_sent_after_disconnect() {
    let mut world = World::online(Config {
        durable: true,
        ..lasting()
    });
    world.slow_store = true;
    world.publish(1, 1, "t", "x");
    world.message(2, 7, "t", "x");
    world.close();
    world.expect(&["DISCONNECT 00"]);
    while !world.batches.is_empty() {
        world.commit();
    }
    assert_eq!((world.take_wire(), world.socket), (vec![], Socket::None));
}

#[test]
fn nothing_is_sent_after_the_disconnect_that_answers_a_fault() {
    let mut world = World::online(lasting());
    world.publish(1, 2, "t", "x");
    world.take_wire();
    // PUBREC, a fault, and a message that would have to be answered.
    let mut frame = vec![0x50, 2, 0, 1, 0xD0, 1, 0];
    frame.extend(world.message_bytes(1, 7, "t", b"x", false, &[]));
    world.hand_in(&frame);
    world.ask_to_publish(2, 1, "t", b"y", false, &[]);
    world.drain();
    world.expect(&["PUBREL 1", "DISCONNECT 81"]);
    assert_eq!(world.socket, Socket::None);
    assert!(world.take_delivered().is_empty());
}

#[test]
fn the_broker_s_disconnect_is_not_answered_and_what_follows_it_is_not_read() {
    let mut world = World::online(lasting());
    let mut frame = vec![0xE0, 1, 0x8B];
    frame.extend(world.message_bytes(1, 7, "t", b"x", false, &[]));
    world.send_bytes(&frame);
    assert_eq!((world.take_wire(), world.socket), (vec![], Socket::None));
    assert!(world.take_delivered().is_empty());
}
