//! A page that finds that its session is gone: expired while away, lost by the broker, another one's, or not wanted.

use hawser::codec::{Property, Version};
use hawser::session::{Config, Failure, Gap};

use crate::restoring::{connect, named, online};
use crate::world::World;

#[test]
fn another_broker_or_another_client_identifier_finds_nothing_and_what_was_stored_is_told() {
    for config in [
        Config {
            broker: "wss://another.example".into(),
            ..named()
        },
        Config {
            client_id: Some("another".into()),
            ..named()
        },
    ] {
        let mut world = World::new(named());
        world.restore();
        world.start();
        world.open();
        world.take();
        world.connack(false, &[Property::ReceiveMaximum(1)]);
        world.subscribe(9, "a", 1);
        world.publish(1, 1, "t", "left");
        world.publish(2, 1, "t", "kept");
        let mut page = world.reload(config, 1_000);
        let tokens: Vec<u32> = page.restored.iter().map(|message| message.token).collect();
        page.assert_failed(tokens[0], Failure::Indeterminate);
        page.assert_failed(tokens[1], Failure::Closed);
        assert!(page.filters.is_empty() && page.gaps.is_empty());
        connect(&mut page, false);
        page.expect(&[]);
        let page = page.reload(named(), 1_000);
        assert!(page.restored.is_empty(), "the store was cleared");
    }
}

#[test]
fn a_lost_session_starts_qos_1_anew_and_gives_up_qos_2_that_had_left() {
    let mut world = online();
    world.subscribe(9, "a", 1);
    world.suback(1, &[1]);
    world.publish(1, 1, "t", "one");
    world.publish(2, 2, "t", "two");
    world.publish(3, 2, "t", "three");
    world.pubrec(4);
    let mut page = world.reload(named(), 1_000);
    assert!(page.gaps.is_empty());
    connect(&mut page, false);
    assert_eq!(page.gaps, [Gap::SessionLost]);
    page.expect(&["SUBSCRIBE 5 a:1", "PUBLISH q1 6 \"t\" one"]);
    page.assert_failed(0xC000_0001, Failure::Indeterminate);
    page.assert_failed(0xC000_0002, Failure::Indeterminate);
}

#[test]
fn qos_2_starts_anew_too_where_the_user_prefers_it_twice_to_not_at_all() {
    let config = Config {
        resend_qos2: true,
        ..named()
    };
    let mut world = online();
    world.publish(1, 2, "t", "sent");
    world.publish(2, 2, "t", "received");
    world.pubrec(2);
    let mut page = world.reload(config, 1_000);
    connect(&mut page, false);
    page.expect(&["PUBLISH q2 3 \"t\" sent"]);
    page.assert_failed(0xC000_0001, Failure::Indeterminate);
}

/// How much later than the page knows a session may end, in milliseconds: what it wrote last is a minute old, and its broker noticed after one and a half intervals.
const UNNOTICED: u64 = 60_000 + 90_000;

#[test]
fn a_session_that_may_have_expired_is_asked_for_and_the_broker_says_whether_it_has() {
    for present in [true, false] {
        let mut world = online();
        world.subscribe(9, "a", 1);
        world.suback(1, &[1]);
        world.publish(2, 2, "t", "two");
        let mut page = world.reload(named(), 3_600_000 + UNNOTICED);
        assert!(page.gaps.is_empty());
        page.start();
        page.open();
        assert!(!page.take()[0].contains("clean"), "what waits at the broker is to come");
        page.connack(present, &[]);
        if present {
            page.expect(&["PUBLISH q2 2 dup \"t\" two"]);
        } else {
            assert_eq!(page.gaps, [Gap::SessionLost]);
        }
    }
}

#[test]
fn a_session_that_may_be_another_one_has_messages_of_its_own() {
    for (doubtful, dup, again) in [(true, false, true), (true, true, false), (false, false, false)] {
        let mut world = online();
        world.subscribe(1, "a", 1);
        world.suback(1, &[2]);
        world.message(2, 1, "a", "first");
        world.take_texts();
        world.cut();
        world.wait_for_attempt();
        if doubtful {
            world.session.doubt();
        }
        connect(&mut world, true);
        world.take();
        let bytes = world.message_bytes(2, 1, "a", b"second", dup, &[]);
        world.send_bytes(&bytes);
        assert_eq!(world.take_texts(), if again { vec!["a second"] } else { vec![] });
        world.expect(&["PUBREC 1"]);
        world.pubrel(1);
        world.expect(&["PUBCOMP 1"]);
    }
}

fn in_311() -> Config {
    Config {
        version: Version::V311,
        ..named()
    }
}

#[test]
fn a_session_of_3_1_1_that_began_cleanly_is_followed_by_one_that_lasts() {
    let mut world = World::new(in_311());
    world.restore();
    world.start();
    world.open();
    world.take();
    // The broker has one that is not known here: the next attempt begins cleanly.
    world.connack(true, &[]);
    world.wait_for_attempt();
    world.open();
    assert!(world.take()[0].contains("clean"));
    world.connack(false, &[]);
    let mut page = world.reload(in_311(), 1_000);
    page.start();
    page.open();
    assert!(!page.take()[0].contains("clean"));
}

#[test]
fn a_session_that_fell_back_is_not_for_a_page_that_authenticates() {
    let mut world = World::new(in_311());
    world.restore();
    connect(&mut world, false);
    world.publish(1, 1, "t", "left");
    let mut page = world.reload(
        Config {
            fall_back: true,
            authentication_method: Some("SUM".into()),
            ..named()
        },
        1_000,
    );
    page.start();
    page.open();
    assert!(page.take()[0].contains("SUM"), "in 5.0, with its method");
}

#[test]
fn a_session_that_expired_while_no_page_had_it_is_not_resumed() {
    let mut world = online();
    world.subscribe(9, "a", 1);
    world.suback(1, &[1]);
    world.publish(1, 1, "t", "one");
    world.publish(2, 2, "t", "two");
    world.message(2, 7, "a", "x");
    let mut page = world.reload(named(), 3_600_000 + UNNOTICED + 1);
    assert_eq!(page.gaps, [Gap::SessionExpired]);
    page.assert_failed(0xC000_0001, Failure::Indeterminate);
    page.start();
    page.open();
    assert!(page.take()[0].contains("clean"), "nothing foreign is to come back");
    page.connack(false, &[]);
    page.expect(&["SUBSCRIBE 4 a:1", "PUBLISH q1 5 \"t\" one"]);
    assert_eq!(page.gaps.len(), 1, "it is told once");
    page.message(2, 7, "a", "another");
    page.expect(&["PUBREC 7"]);
    assert_eq!(page.take_texts(), ["a another"]);
}

#[test]
fn the_time_away_counts_from_the_last_moment_online_and_not_from_connack() {
    let mut world = online();
    world.subscribe(9, "a", 1);
    world.suback(1, &[1]);
    // Five hours of keep-alive, and nothing else to store.
    for _ in 0..600 {
        world.advance(30_000);
        if world.take().contains(&"PINGREQ".into()) {
            world.send_bytes(&[0xD0, 0]);
        }
    }
    let page = world.reload(named(), 3_500_000);
    assert!(page.gaps.is_empty(), "a minute is the most that the store is late");
}

#[test]
fn a_clean_start_drops_the_session_and_keeps_what_was_not_delivered() {
    let mut world = online();
    world.subscribe(9, "a", 1);
    world.suback(1, &[1]);
    world.publish(1, 1, "t", "x");
    let config = Config {
        clean_start: true,
        ..named()
    };
    let mut page = world.reload(config, 1_000);
    page.start();
    page.open();
    assert!(page.take()[0].contains("clean"));
    page.connack(false, &[]);
    page.expect(&["SUBSCRIBE 3 a:1", "PUBLISH q1 4 \"t\" x"]);
    assert_eq!(page.gaps, [Gap::SessionLost]);
}

#[test]
fn a_message_that_grew_too_old_while_away_never_leaves() {
    let mut world = World::new(named());
    world.restore();
    let expiry = crate::peer::block(
        hawser::codec::Place::PublishFromClient,
        &[Property::MessageExpiryInterval(10)],
    );
    world.publish_all(1, 1, "t", b"soon", false, expiry.as_properties().raw());
    world.publish(2, 1, "t", "any time");
    let mut page = world.reload(named(), 4_000);
    connect(&mut page, false);
    page.expect(&[
        "PUBLISH q1 1 \"t\" soon [MessageExpiryInterval(6)]",
        "PUBLISH q1 2 \"t\" any time",
    ]);
    let mut world = World::new(named());
    world.restore();
    world.publish_all(1, 1, "t", b"soon", false, expiry.as_properties().raw());
    let mut page = world.reload(named(), 11_000);
    connect(&mut page, false);
    page.expect(&[]);
    page.assert_failed(0xC000_0000, Failure::Expired);
}
