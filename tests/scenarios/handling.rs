//! Messages are acknowledged when they are handled, in the order in which they came.

use hawser::codec::{Property, Version};
use hawser::session::Config;

use crate::world::{World, lasting, lasting_311, plain};

impl World {
    /// The broker sends a message again.
    fn message_again(&mut self, qos: u8, id: u16, text: &str) {
        let mut bytes = self.message_bytes(qos, id, "t", text.as_bytes(), false, &[]);
        bytes[0] |= 8;
        self.send_bytes(&bytes);
    }

    /// The numbers of what was delivered since the last look.
    fn take_deliveries(&mut self) -> Vec<u32> {
        let delivered = self.take_delivered().into_iter();
        delivered.map(|message| message.delivery).collect()
    }

    /// A new connection, on which the session goes on.
    fn resume(&mut self) {
        self.reconnect();
        self.connack(true, &[]);
        self.take();
    }
}

fn by_hand(config: Config) -> World {
    let mut world = World::online(config);
    world.handle_by_hand = true;
    world
}

#[test]
fn nothing_is_acknowledged_before_it_is_handled() {
    for version in [Version::V5, Version::V311] {
        let mut world = by_hand(Config { version, ..plain() });
        world.message(1, 7, "t", "one");
        world.message(2, 8, "t", "two");
        world.message(0, 0, "t", "at most once");
        assert_eq!(world.take_deliveries(), [1, 2, 0]);
        world.expect(&[]);
        world.handled(1, 1);
        world.expect(&["PUBACK 7"]);
        world.handled(2, 1);
        world.expect(&["PUBREC 8"]);
        assert_eq!(world.session.deadline().is_some(), world.is_online());
    }
}

#[test]
fn one_that_is_not_handled_holds_back_the_answers_to_those_after_it() {
    let mut world = by_hand(plain());
    (1..=5).for_each(|id| world.message(1 + (id % 2) as u8, id, "t", "x"));
    world.handled(4, 2);
    world.handled(2, 1);
    world.expect(&[]);
    world.handled(1, 1);
    world.expect(&["PUBREC 1", "PUBACK 2"]);
    world.handled(3, 1);
    world.expect(&["PUBREC 3", "PUBACK 4", "PUBREC 5"]);
}

#[test]
fn a_number_that_is_not_open_is_ignored() {
    let mut world = by_hand(plain());
    world.handled(0, 3);
    world.message(1, 7, "t", "x");
    world.handled(2, 5);
    world.expect(&[]);
    world.handled(0, 9);
    world.handled(1, 1);
    world.handled(u32::MAX, 4);
    world.expect(&["PUBACK 7"]);
}

#[test]
fn messages_that_are_not_handled_fill_the_window_and_handling_them_empties_it() {
    let mut world = by_hand(Config {
        receive_maximum: 2,
        ..plain()
    });
    (1..=2).for_each(|id| world.message(1, id, "t", "x"));
    world.handled(1, 2);
    (3..=4).for_each(|id| world.message(1, id, "t", "x"));
    world.expect(&["PUBACK 1", "PUBACK 2"]);
    world.message(1, 5, "t", "one too many");
    world.expect(&["DISCONNECT 93"]);
}

#[test]
fn a_refused_payload_is_answered_in_its_turn() {
    let mut world = by_hand(Config {
        check_payload_format: true,
        ..plain()
    });
    world.message(1, 1, "t", "x");
    let bytes = world.message_bytes(1, 2, "t", &[0xFF], false, &[Property::PayloadFormatIndicator(1)]);
    world.send_bytes(&bytes);
    world.expect(&[]);
    world.handled(1, 1);
    world.expect(&["PUBACK 1", "PUBACK 2 99"]);
}

#[test]
fn what_is_still_handled_when_it_comes_again_is_not_delivered_again() {
    for config in [lasting(), lasting_311()] {
        let mut world = by_hand(config);
        world.message(1, 1, "t", "one");
        world.message(2, 2, "t", "two");
        world.message(1, 3, "t", "three");
        assert_eq!(world.take_deliveries(), [1, 2, 3]);
        world.handled(3, 1);
        world.resume();
        world.message_again(1, 1, "one");
        world.message_again(2, 2, "two");
        world.message_again(1, 3, "three");
        assert!(world.take_deliveries().is_empty());
        world.expect(&[]);
        world.handled(1, 1);
        world.expect(&["PUBACK 1"]);
        world.handled(2, 1);
        world.expect(&["PUBREC 2", "PUBACK 3"]);
        world.message(1, 4, "t", "four");
        assert_eq!(world.take_deliveries(), [4]);
    }
}

#[test]
fn what_was_handled_without_a_connection_is_answered_when_it_comes_again() {
    let mut world = by_hand(lasting());
    world.message(1, 1, "t", "one");
    world.message(2, 2, "t", "two");
    world.take_deliveries();
    world.cut();
    world.handled(1, 2);
    world.resume();
    world.message_again(1, 1, "one");
    world.expect(&["PUBACK 1"]);
    world.message_again(2, 2, "two");
    world.expect(&["PUBREC 2"]);
    assert!(world.take_deliveries().is_empty());
    // It was answered: with the next connection nothing is known of it any more.
    world.resume();
    world.message_again(1, 1, "one");
    assert_eq!(world.take_deliveries(), [3]);
}

#[test]
fn an_identifier_without_dup_is_a_new_message() {
    let mut world = by_hand(lasting());
    world.message(1, 1, "t", "old");
    world.message(1, 2, "t", "old too");
    world.handled(2, 1);
    world.resume();
    world.message(1, 1, "t", "new");
    assert_eq!(world.take_texts(), ["t old", "t old too", "t new"]);
    world.handled(1, 1);
    world.expect(&[]);
    world.handled(3, 1);
    world.expect(&["PUBACK 1"]);
    // The broker had sent again what it wanted to: what comes with an old identifier now is new.
    world.message_again(1, 2, "new too");
    assert_eq!(world.take_texts(), ["t new too"]);
}

#[test]
fn in_a_new_session_everything_is_new_and_old_handlers_answer_nothing() {
    let mut world = by_hand(lasting());
    world.message(1, 1, "t", "old");
    world.message(2, 2, "t", "old");
    world.reconnect();
    world.connack(false, &[]);
    world.take();
    world.take_delivered();
    world.message_again(1, 1, "new");
    world.message_again(2, 2, "new");
    assert_eq!(world.take_deliveries(), [3, 4]);
    world.handled(1, 2);
    world.expect(&[]);
    world.handled(3, 2);
    world.expect(&["PUBACK 1", "PUBREC 2"]);
}

#[test]
fn a_qos_2_message_sent_twice_on_one_connection_is_answered_once_until_it_is_handled() {
    let mut world = by_hand(plain());
    world.message(2, 1, "t", "x");
    world.message_again(2, 1, "x");
    assert_eq!(world.take_deliveries(), [1]);
    world.handled(1, 1);
    world.expect(&["PUBREC 1"]);
    world.message_again(2, 1, "x");
    world.expect(&["PUBREC 1"]);
}

#[test]
fn a_release_before_the_answer_ends_the_exchange() {
    let mut world = by_hand(plain());
    world.message(2, 1, "t", "x");
    world.pubrel(1);
    world.expect(&["PUBCOMP 1"]);
    world.handled(1, 1);
    world.expect(&[]);
    world.message(2, 1, "t", "next");
    world.handled(2, 1);
    world.expect(&["PUBREC 1"]);
}

#[test]
fn handling_after_the_end_says_nothing_and_nothing_is_stalled() {
    let mut world = by_hand(Config {
        stall_after: 30_000,
        ..plain()
    });
    world.message(1, 1, "t", "x");
    world.message(2, 2, "t", "x");
    world.close();
    world.take();
    world.advance(100_000);
    assert!(world.stalled.is_empty() && world.session.deadline().is_none());
    world.handled(1, 2);
    world.expect(&[]);
}

#[test]
fn a_message_that_nobody_finishes_is_told_once_and_the_next_one_counts_from_its_turn() {
    let mut world = by_hand(Config {
        stall_after: 30_000,
        ..plain()
    });
    world.message(1, 1, "t", "x");
    world.advance(10_000);
    world.message(1, 2, "t", "x");
    world.advance(19_999);
    assert!(world.stalled.is_empty());
    world.advance(1);
    assert_eq!(world.stalled, [(1, 30_000)]);
    world.keep_awake(60_000);
    assert_eq!(world.stalled, [(1, 30_000)]);
    world.handled(1, 1);
    world.advance(29_999);
    assert_eq!(world.stalled.len(), 1);
    world.advance(1);
    assert_eq!(world.stalled, [(1, 30_000), (2, 30_000)]);
    world.handled(2, 1);
    world.keep_awake(60_000);
    assert_eq!(world.stalled.len(), 2);
}

#[test]
fn a_duplicate_that_waits_for_the_handler_of_a_lost_session_names_that_one_when_it_stalls() {
    let mut world = World::online(Config {
        stall_after: 30_000,
        ..lasting()
    });
    world.handle_by_hand = true;
    world.message(1, 7, "t", "x");
    world.claim(0, 1, "key");
    world.reconnect();
    world.connack(false, &[]);
    world.message(1, 7, "t", "x");
    world.claim(1, 2, "key");
    world.handled(2, 1);
    world.stalled.clear();
    world.advance(30_000);
    assert_eq!(world.stalled, [(1, 30_000)]);
}

#[test]
fn what_moves_on_is_not_stalled_and_a_limit_of_zero_tells_nothing() {
    let mut world = by_hand(Config {
        stall_after: 30_000,
        keep_alive: 0,
        ..plain()
    });
    (1..=10).for_each(|id| world.message(1, id, "t", "x"));
    for number in 1..=10 {
        world.advance(20_000);
        world.handled(number, 1);
    }
    assert!(world.stalled.is_empty());
    let mut world = by_hand(plain());
    world.message(1, 1, "t", "x");
    world.keep_awake(200_000);
    assert!(world.stalled.is_empty());
}

impl World {
    /// Lets time pass on a link that the broker keeps alive.
    fn keep_awake(&mut self, milliseconds: u64) {
        for _ in 0..milliseconds / 1_000 {
            self.advance(1_000);
            self.send_bytes(&[0xD0, 0]);
        }
        self.take();
    }
}
