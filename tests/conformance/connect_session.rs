//! 3.1 CONNECT: the session that it begins or takes up, and what waits for its answer.

use hawser::codec::Property;
use hawser::session::Config;

use crate::world::{Socket, World, lasting, plain};

#[test]
fn a_clean_start_leaves_nothing_of_the_session_before_it() {
    let mut world = World::online(lasting());
    world.publish(1, 1, "t", "x");
    world.publish(2, 2, "t", "x");
    world.publish(3, 2, "t", "released");
    world.pubrec(3);
    world.message(2, 9, "in", "old");
    // Taken over: all of it is settled, and the user wants to begin again.
    world.send_bytes(&[0xE0, 1, 0x8E]);
    world.session.reconnect_now(world.time());
    world.drain();
    world.open();
    world.take_delivered();
    let packets = world.take();
    assert!(
        packets.last().unwrap().starts_with("CONNECT \"c\" clean "),
        "{packets:?}"
    );
    world.connack(false, &[]);
    world.expect(&[]);
    world.message(2, 9, "in", "new");
    assert_eq!(
        world.take_texts(),
        ["in new"],
        "the identifier is not taken for the one of before"
    );
}

#[test]
fn a_session_is_taken_up_only_under_the_identifier_that_it_was_made_with() {
    for (id, assigned) in [("c", None), ("", Some("given"))] {
        let mut world = World::new(Config {
            client_id: Some(id.into()),
            ..lasting()
        });
        world.start();
        world.open();
        world.take();
        let properties: Vec<Property<'_>> = assigned.map(Property::AssignedClientIdentifier).into_iter().collect();
        world.connack(false, &properties);
        world.publish(1, 1, "t", "x");
        for _ in 0..3 {
            let connect = world.reconnect().pop().unwrap();
            let expected = format!("CONNECT {:?} keep-alive=60", assigned.unwrap_or(id));
            assert!(connect.starts_with(&expected), "{connect}");
            world.connack(true, &[]);
            world.expect(&["PUBLISH q1 1 dup \"t\" x"]);
        }
    }
}

#[test]
fn the_session_expiry_that_is_left_out_is_0_and_the_session_ends_with_its_connection() {
    let mut world = World::new(plain());
    world.start();
    world.open();
    let connect = world.take().pop().unwrap();
    assert!(!connect.contains("SessionExpiryInterval"), "{connect}");
    world.connack(false, &[]);
    world.publish(1, 2, "t", "x");
    world.message(2, 9, "in", "old");
    assert!(world.reconnect().pop().unwrap().starts_with("CONNECT \"c\" clean "));
    world.connack(false, &[]);
    world.expect(&[]);
    world.message(2, 9, "in", "new");
    assert_eq!(world.take_texts(), ["in old", "in new"]);
}

#[test]
fn a_session_that_never_expires_is_taken_up_after_any_time() {
    let mut world = World::online(Config {
        session_expiry: u32::MAX,
        ..plain()
    });
    world.publish(1, 1, "t", "x");
    world.cut();
    world.oversleep(50 * 365 * 24 * 3_600_000);
    world.open();
    let connect = world.take().pop().unwrap();
    assert!(
        connect.contains("SessionExpiryInterval(4294967295)") && !connect.contains("clean"),
        "{connect}"
    );
    world.connack(true, &[]);
    world.expect(&["PUBLISH q1 1 dup \"t\" x"]);
}

#[test]
fn while_the_broker_authenticates_nothing_but_auth_is_sent() {
    let mut world = World::new(Config {
        authentication_method: Some("m".into()),
        keep_alive: 1,
        connect_timeout: 60_000,
        ..lasting()
    });
    world.publish(1, 0, "t", "x");
    world.start();
    world.open();
    assert_eq!(world.take_wire()[0], 0x10);
    for round in 1..4 {
        world.publish(10 * round, 1, "t", "x");
        world.subscribe(10 * round + 1, "a", 0);
        world.unsubscribe(10 * round + 2, "b");
        world.advance(5_000);
        world.send_bytes(b"\xF0\x06\x18\x04\x15\x00\x01m");
        assert_eq!(world.take_wire(), [0_u8; 0], "no message, no request and no PINGREQ");
        let (exchange, ..) = world.asked.pop().expect("a question");
        world.session.handle_authentication(world.time(), exchange, Some(b"d"));
        world.drain();
        assert_eq!(world.take_wire(), b"\xF0\x0A\x18\x08\x15\x00\x01m\x16\x00\x01d");
    }
    world.send_bytes(b"\x20\x07\x00\x00\x04\x15\x00\x01m");
    assert!(world.is_online());
    assert_eq!(
        world
            .take()
            .iter()
            .filter(|packet| packet.starts_with("PUBLISH"))
            .count(),
        4
    );
}

#[test]
fn a_client_that_is_closed_while_the_broker_authenticates_sends_nothing_more() {
    let mut world = World::new(Config {
        authentication_method: Some("m".into()),
        ..lasting()
    });
    world.start();
    world.open();
    world.take();
    world.publish(1, 1, "t", "x");
    world.send_bytes(b"\xF0\x06\x18\x04\x15\x00\x01m");
    world.close();
    assert_eq!((world.take_wire(), world.socket), (vec![], Socket::None));
}
