//! 3.1.1 where it differs from 5.0, or says it in other words: the session, CONNECT, refusals, and the end.

use hawser::codec::{ReasonCode, Version};
use hawser::session::{Cause, CloseKind, Config, Failure};

use crate::world::{Socket, World, lasting_311, plain};

/// Clean Session 1 on every connection.
fn clean_311() -> Config {
    Config {
        version: Version::V311,
        ..plain()
    }
}

fn waiting(config: Config) -> World {
    let mut world = World::new(config);
    world.start();
    world.open();
    world.take();
    world
}

#[test]
fn a_session_that_is_kept_has_no_end_in_time() {
    let mut world = World::online(lasting_311());
    world.publish(1, 1, "t", "1");
    world.publish(2, 2, "t", "2");
    world.pubrec(2);
    world.message(2, 9, "in", "once");
    world.cut();
    world.oversleep(20 * 365 * 24 * 3_600_000);
    world.open();
    world.expect(&["CONNECT \"c\" keep-alive=60"]);
    world.connack(true, &[]);
    world.expect(&["PUBREL 2", "PUBLISH q1 1 dup \"t\" 1"]);
    let again = world.message_bytes(2, 9, "in", b"once", true, &[]);
    world.send_bytes(&again);
    world.expect(&["PUBREC 9"]);
    assert_eq!(world.take_texts(), ["in once"]);
}

#[test]
fn a_clean_session_ends_with_its_connection_and_not_before() {
    let mut world = World::online(clean_311());
    world.publish(1, 2, "t", "x");
    world.message(2, 9, "in", "old");
    world.advance(59_000);
    world.pubrec(1);
    world.pubrel(9);
    world.expect(&["PUBLISH q2 1 \"t\" x", "PUBREC 9", "PUBREL 1", "PUBCOMP 9"]);
    world.pubcomp(1);
    assert_eq!(world.outcome(1), 0, "state lives as long as the connection");
    world.publish(2, 2, "t", "y");
    world.message(2, 9, "in", "old too");
    world.take_delivered();
    assert_eq!(world.reconnect().last().unwrap(), "CONNECT \"c\" clean keep-alive=60");
    world.connack(false, &[]);
    world.expect(&[]);
    world.assert_failed(2, Failure::Indeterminate);
    world.message(2, 9, "in", "new");
    assert_eq!(world.take_texts(), ["in new"]);
}

#[test]
fn without_a_client_identifier_the_session_is_clean() {
    for clean_start in [true, false] {
        let mut world = World::new(Config {
            client_id: Some(String::new()),
            clean_start,
            ..lasting_311()
        });
        world.start();
        world.open();
        assert_eq!(world.take_wire(), b"\x10\x0C\x00\x04MQTT\x04\x02\x00\x3C\x00\x00");
    }
}

#[test]
fn every_refusal_closes_the_connection_and_is_told_with_its_return_code() {
    for code in 1..=5 {
        let mut world = waiting(lasting_311());
        world.send_bytes(&[0x20, 2, 0, code]);
        assert!(matches!(world.cause(), Cause::Refused(refusal) if refusal.reason == code));
        assert_ne!(
            world.socket,
            Socket::Open,
            "the client closes, also when the broker does not"
        );
        assert_eq!(world.take_wire(), [0_u8; 0]);
    }
}

#[test]
fn a_close_instead_of_connack_is_told_as_that() {
    let mut world = waiting(lasting_311());
    world.publish(1, 1, "t", "x");
    world.socket = Socket::None;
    world.closed(CloseKind::Closed, 1002, "bad CONNECT");
    let expected = Cause::SocketClosed {
        code: 1002,
        reason: "bad CONNECT".into(),
    };
    assert_eq!(world.cause(), &expected);
    assert!(world.is_open(1) && !world.is_stopped(), "another attempt follows");
}

#[test]
fn a_take_over_looks_like_any_loss_and_the_wait_grows_each_time() {
    let mut world = World::online(lasting_311());
    let mut waits = Vec::new();
    for _ in 0..4 {
        world.cut();
        let from = world.now;
        world.wait_for_attempt();
        waits.push(world.now - from);
        world.open();
        world.take();
        world.connack(true, &[]);
    }
    assert_eq!(waits, [1_000, 2_000, 4_000, 8_000]);
}

#[test]
fn disconnect_is_two_bytes_then_the_end() {
    let mut world = World::online(lasting_311());
    world.ask_to_publish(1, 0, "t", b"last", false, &[]);
    world.close();
    assert_eq!(world.take_wire(), b"\x30\x07\x00\x01tlast\xE0\x00");
    assert_eq!(world.socket, Socket::None, "the client closes");
    world.publish(2, 1, "t", "x");
    world.subscribe(3, "a", 0);
    world.advance(600_000);
    assert_eq!(world.take_wire(), [0_u8; 0]);
    assert_eq!(world.socket, Socket::None);
}

#[test]
fn with_another_reason_there_is_no_disconnect_for_the_will_is_wanted() {
    let mut world = World::online(lasting_311());
    world.session.close(world.time(), ReasonCode::DISCONNECT_WITH_WILL, &[]);
    world.drain();
    assert_eq!(world.take_wire(), [0_u8; 0]);
    assert_eq!(world.socket, Socket::None);
}

#[test]
fn a_disconnect_from_the_broker_closes_the_connection() {
    let mut world = World::online(lasting_311());
    world.send_bytes(&[0xE0, 0]);
    world.assert_closed_silently_for(0x82);
}
