//! 4.4 to 4.6 Delivery retry, message receipt and message ordering.

use hawser::codec::Property::ReceiveMaximum;
use hawser::session::{Config, Failure};

use crate::world::{World, lasting, lasting_311, plain};

/// Seven messages under way, in all stages that a message can be in: of 2 and 5 PUBREC has come, in the order 5, 2.
fn under_way(config: Config) -> World {
    let mut world = World::online(config);
    for (token, qos) in [(1, 1), (2, 2), (3, 2), (4, 1), (5, 2), (6, 2), (7, 1)] {
        world.publish(token, qos, "t", &token.to_string());
    }
    world.pubrec(5);
    world.pubrec(2);
    world.take_wire();
    world
}

#[test]
fn a_resumed_session_sends_what_is_unfinished_again_with_its_identifiers_in_the_first_order() {
    for config in [lasting(), lasting_311()] {
        let mut world = under_way(config);
        world.cut();
        world.publish(8, 1, "t", "new");
        assert!(!world.reconnect()[0].contains("clean"), "CONNECT asks for the session");
        world.connack(true, &[]);
        world.expect(&[
            "PUBREL 5",
            "PUBREL 2",
            "PUBLISH q1 1 dup \"t\" 1",
            "PUBLISH q2 3 dup \"t\" 3",
            "PUBLISH q1 4 dup \"t\" 4",
            "PUBLISH q2 6 dup \"t\" 6",
            "PUBLISH q1 7 dup \"t\" 7",
            "PUBLISH q1 8 \"t\" new",
        ]);
    }
}

#[test]
fn the_first_order_is_kept_when_the_window_is_small() {
    let mut world = under_way(lasting());
    world.reconnect();
    world.connack(true, &[ReceiveMaximum(1)]);
    world.expect(&["PUBREL 5", "PUBREL 2", "PUBLISH q1 1 dup \"t\" 1"]);
    world.puback(1);
    world.expect(&["PUBLISH q2 3 dup \"t\" 3"]);
    world.pubrec(3);
    world.pubcomp(3);
    world.expect(&["PUBREL 3", "PUBLISH q1 4 dup \"t\" 4"]);
}

#[test]
fn the_order_is_the_first_one_also_after_several_losses() {
    let mut world = under_way(lasting());
    for _ in 0..3 {
        world.reconnect();
        // Only the first of them is sent before the next loss.
        world.connack(true, &[ReceiveMaximum(1)]);
        world.take_wire();
    }
    world.reconnect();
    world.connack(true, &[]);
    let resent = world.take();
    let payloads: Vec<&str> = resent
        .iter()
        .filter_map(|packet| packet.split("\"t\" ").nth(1))
        .collect();
    assert_eq!(payloads, ["1", "3", "4", "6", "7"]);
}

#[test]
fn nothing_is_sent_again_on_a_connection_that_lives() {
    for config in [lasting(), lasting_311()] {
        let mut world = under_way(Config {
            keep_alive: 0,
            ..config
        });
        world.message(2, 1, "t", "x");
        world.take_wire();
        for _ in 0..100 {
            world.advance(3_600_000);
            world.fire_early();
        }
        assert_eq!(world.take_wire(), []);
    }
}

#[test]
fn nothing_is_sent_again_in_a_session_that_the_broker_has_lost() {
    let mut world = under_way(lasting());
    world.reconnect();
    world.connack(false, &[]);
    // QoS 1 starts anew, without DUP; of QoS 2 nobody can know whether it arrived, and the caller hears that.
    world.expect(&["PUBLISH q1 8 \"t\" 1", "PUBLISH q1 9 \"t\" 4", "PUBLISH q1 10 \"t\" 7"]);
    [2, 3, 5, 6]
        .into_iter()
        .for_each(|token| world.assert_failed(token, Failure::Indeterminate));
}

#[test]
fn a_message_that_was_refused_is_not_sent_again() {
    for code in [0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99] {
        let mut world = World::online(lasting());
        world.publish(1, 1, "t", "x");
        world.publish(2, 2, "t", "x");
        world.take_wire();
        world.send_bytes(&[0x40, 3, 0, 1, code, 0x50, 3, 0, 2, code]);
        assert_eq!((world.outcome(1), world.outcome(2)), (u32::from(code), u32::from(code)));
        world.reconnect();
        world.connack(true, &[]);
        assert_eq!(world.take_wire(), []);
    }
}

#[test]
fn every_message_is_acknowledged_whether_or_not_anybody_wants_it() {
    for config in [plain(), lasting_311()] {
        let mut world = World::online(config);
        world.message(1, 1, "never/asked/for", "x");
        world.message(2, 2, "never/asked/for", "x");
        world.pubrel(2);
        world.expect(&["PUBACK 1", "PUBREC 2", "PUBCOMP 2"]);
        world.subscribe(1, "a", 2);
        world.suback(1, &[2]);
        world.unsubscribe(2, "a");
        world.take_wire();
        world.message(1, 3, "a", "before UNSUBACK");
        let codes: &[u8] = if world.version == hawser::codec::Version::V5 {
            &[0]
        } else {
            &[]
        };
        world.unsuback(2, codes);
        world.message(2, 4, "a", "after it");
        world.pubrel(4);
        world.expect(&["PUBACK 3", "PUBREC 4", "PUBCOMP 4"]);
    }
}

#[test]
fn acknowledgements_leave_in_the_order_in_which_the_messages_came() {
    for config in [plain(), lasting_311()] {
        let mut world = World::online(config);
        let mut burst = Vec::new();
        for (qos, id) in [(1, 9), (2, 8), (1, 2), (2, 7), (1, 5), (0, 0), (2, 1), (1, 1)] {
            burst.extend(world.message_bytes(qos, id, "t", b"x", false, &[]));
        }
        world.send_bytes(&burst);
        world.expect(&[
            "PUBACK 9", "PUBREC 8", "PUBACK 2", "PUBREC 7", "PUBACK 5", "PUBREC 1", "PUBACK 1",
        ]);
    }
}

#[test]
fn acknowledgements_keep_their_order_when_the_store_is_slow() {
    let mut world = World::online(Config {
        durable: true,
        ..lasting()
    });
    world.slow_store = true;
    for (qos, id) in [(1, 9), (2, 8), (1, 2), (2, 7), (1, 5)] {
        world.message(qos, id, "t", "x");
    }
    while !world.batches.is_empty() {
        world.commit();
    }
    world.expect(&["PUBACK 9", "PUBREC 8", "PUBACK 2", "PUBREC 7", "PUBACK 5"]);
}

#[test]
fn releases_leave_in_the_order_in_which_the_pubrecs_came() {
    let order = [4, 1, 3, 5, 2];
    for durable in [false, true] {
        let mut world = World::online(Config { durable, ..lasting() });
        (1..=5).for_each(|token| world.publish(token, 2, "t", "x"));
        world.take_wire();
        world.slow_store = durable;
        order.into_iter().for_each(|id| world.pubrec(id));
        while !world.batches.is_empty() {
            world.commit();
        }
        let releases = order.map(|id| format!("PUBREL {id}"));
        assert_eq!(world.take(), releases);
        world.slow_store = false;
        world.reconnect();
        world.connack(true, &[]);
        assert_eq!(world.take(), releases, "and again on the next connection");
    }
}
