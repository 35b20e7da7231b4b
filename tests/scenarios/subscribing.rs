//! SUBSCRIBE, UNSUBSCRIBE, and what becomes of subscriptions when the session is lost.

use hawser::codec::{Place, Property, Qos, ReasonCode, RetainHandling, SubscribeOptions};
use hawser::session::{Config, Failure};

use crate::peer::block;
use crate::world::{World, lasting, lasting_311, plain};

#[test]
fn each_filter_hears_what_was_granted() {
    let mut world = World::online(plain());
    for (token, filter) in (1..).zip(["a", "b/c", "$SYS/x", "d"]) {
        world.ask_to_subscribe(token, filter, 2);
    }
    world.drain();
    world.expect(&["SUBSCRIBE 1 a:2 b/c:2 $SYS/x:2 d:2"]);
    world.suback(1, &[0, 1, 2, 0x87]);
    assert_eq!([1, 2, 3, 4].map(|token| world.outcome(token)), [0, 1, 2, 0x87]);
    assert!(world.is_online());
}

#[test]
fn options_and_properties_stand_in_the_packet() {
    let mut world = World::online(plain());
    let options = SubscribeOptions {
        qos: Qos::AtLeastOnce,
        no_local: true,
        retain_as_published: true,
        retain_handling: RetainHandling::DoNotSend,
    };
    let block = block(Place::Subscribe, &[Property::UserProperty(("k", "v"))]);
    let raw = block.as_properties().raw().to_vec();
    world.session.subscribe(world.time(), 1, "a", options, &raw);
    world
        .session
        .subscribe(world.time(), 2, "b", SubscribeOptions::default(), &[]);
    world
        .session
        .subscribe(world.time(), 3, "c", SubscribeOptions::default(), &[]);
    world.session.subscribe(world.time(), 4, "d", options, &raw);
    world.drain();
    world.expect(&[
        "SUBSCRIBE 1 a:45 [UserProperty((\"k\", \"v\"))]",
        "SUBSCRIBE 2 b:0 c:0",
        "SUBSCRIBE 3 d:45 [UserProperty((\"k\", \"v\"))]",
    ]);
}

#[test]
fn unsubscribing_hears_its_code_and_old_brokers_have_none() {
    let mut world = World::online(plain());
    world.unsubscribe(1, "a");
    world.expect(&["UNSUBSCRIBE 1 a"]);
    world.unsuback(1, &[0x11]);
    assert_eq!(world.outcome(1), 0x11);
    let mut old = World::online(lasting_311());
    old.unsubscribe(1, "a");
    old.unsuback(1, &[]);
    assert_eq!(old.outcome(1), 0);
}

#[test]
fn requests_leave_in_the_order_they_were_made_neighbours_of_one_kind_together() {
    let mut world = World::online(plain());
    world.ask_to_subscribe(1, "a", 0);
    world.ask_to_subscribe(2, "b", 0);
    world.session.unsubscribe(world.time(), 3, "a");
    world.session.unsubscribe(world.time(), 4, "c");
    world.ask_to_subscribe(5, "a", 1);
    world.ask_to_publish(6, 0, "a", b"x", false, &[]);
    world.drain();
    world.expect(&[
        "SUBSCRIBE 1 a:0 b:0",
        "UNSUBSCRIBE 2 a c",
        "SUBSCRIBE 3 a:1",
        "PUBLISH q0 \"a\" x",
    ]);
}

#[test]
fn acknowledgements_are_paired_by_identifier() {
    let mut world = World::online(plain());
    world.subscribe(1, "a", 0);
    world.subscribe(2, "b", 1);
    world.suback(2, &[1]);
    assert!(world.is_open(1));
    world.suback(9, &[0]);
    world.unsuback(9, &[0]);
    assert!(
        world.is_open(1) && world.is_online(),
        "an unknown identifier completes nothing"
    );
    world.suback(1, &[0]);
    assert_eq!((world.outcome(1), world.outcome(2)), (0, 1));
}

#[test]
fn messages_may_come_before_the_suback() {
    let mut world = World::online(plain());
    world.subscribe(1, "a", 0);
    world.message(0, 0, "a", "early");
    world.suback(1, &[0]);
    assert_eq!((world.take_texts(), world.outcome(1)), (vec!["a early".into()], 0));
}

#[test]
fn a_resumed_session_sends_no_subscribe() {
    for config in [lasting(), lasting_311()] {
        let mut world = World::online(config);
        world.subscribe(1, "a", 1);
        world.suback(1, &[1]);
        world.reconnect();
        world.connack(true, &[]);
        world.expect(&[]);
    }
}

#[test]
fn a_lost_session_subscribes_again_to_everything_in_one_packet() {
    for config in [lasting(), lasting_311(), plain()] {
        let mut world = World::online(config);
        for token in 0..100 {
            world.subscribe(token, &format!("f/{token}"), 1);
            world.suback(token as u16 + 1, &[1]);
        }
        world.unsubscribe(200, "f/7");
        world.reconnect();
        world.connack(false, &[]);
        let packets = world.take();
        assert_eq!(packets.len(), 2);
        assert!(
            packets[0].starts_with("SUBSCRIBE 102 f/0:1 f/1:1 f/2:1 f/3:1 f/4:1 f/5:1 f/6:1 f/8:1"),
            "{}",
            packets[0]
        );
        assert_eq!(packets[1], "UNSUBSCRIBE 103 f/7");
        world.suback(102, &[1; 99]);
        assert!((0..100).all(|token| world.outcome(token) == 1), "nothing new to tell");
    }
}

#[test]
fn a_resubscription_takes_as_few_packets_as_the_broker_allows() {
    let mut world = World::online(lasting());
    for token in 0..40 {
        world.subscribe(token, &format!("filter/{token:02}"), 0);
        world.suback(token as u16 + 1, &[0]);
    }
    world.reconnect();
    world.connack(false, &[Property::MaximumPacketSize(100)]);
    let wire = world.take_wire();
    let sizes: Vec<usize> = crate::driver::split(&wire).map(<[u8]>::len).collect();
    // 12 bytes a filter, 5 for the rest.
    assert_eq!(sizes, [89, 89, 89, 89, 89, 65]);
}

#[test]
fn a_resubscription_that_is_answered_otherwise_is_told() {
    let mut world = World::online(lasting());
    for (token, filter) in [(1, "a"), (2, "b"), (3, "c")] {
        world.subscribe(token, filter, 1);
        world.suback(token as u16, &[1]);
        world.forget(token);
    }
    world.reconnect();
    world.connack(false, &[]);
    world.expect(&["SUBSCRIBE 4 a:1 b:1 c:1"]);
    world.suback(4, &[1, 0, 0x87]);
    assert!(world.is_open(1));
    assert_eq!((world.outcome(2), world.outcome(3)), (0, 0x87));
    world.reconnect();
    world.connack(false, &[]);
    world.expect(&["SUBSCRIBE 5 a:1 b:1"]);
}

#[test]
fn what_was_not_answered_is_asked_again_whether_or_not_the_session_lives() {
    for present in [true, false] {
        let mut world = World::online(lasting());
        world.subscribe(1, "granted", 0);
        world.suback(1, &[0]);
        world.subscribe(2, "asked", 1);
        world.unsubscribe(3, "other");
        world.reconnect();
        world.subscribe(4, "later", 2);
        world.connack(present, &[]);
        let lost = if present { "asked:1" } else { "granted:0 asked:1" };
        world.expect(&[
            &format!("SUBSCRIBE 4 {lost}"),
            "UNSUBSCRIBE 5 other",
            "SUBSCRIBE 6 later:2",
        ]);
    }
}

#[test]
fn a_second_loss_before_the_answer_asks_once_more_and_for_each_filter_once() {
    let mut world = World::online(lasting());
    world.subscribe(1, "a", 0);
    world.suback(1, &[0]);
    for _ in 0..3 {
        world.reconnect();
        world.connack(false, &[]);
        let packets = world.take();
        assert!(packets.len() == 1 && packets[0].ends_with(" a:0"), "{packets:?}");
    }
    let id = 4;
    world.suback(id, &[0]);
    world.reconnect();
    world.connack(true, &[]);
    world.expect(&[]);
}

#[test]
fn a_session_that_may_be_a_new_one_is_asked_for_its_subscriptions_again() {
    let mut world = World::online(lasting());
    world.subscribe(1, "a", 1);
    world.expect(&["SUBSCRIBE 1 a:1"]);
    world.suback(1, &[1]);
    let never = SubscribeOptions {
        retain_handling: RetainHandling::DoNotSend,
        ..SubscribeOptions::default()
    };
    world.session.subscribe(world.time(), 2, "b", never, &[]);
    world.drain();
    world.expect(&["SUBSCRIBE 2 b:32"]);
    world.suback(2, &[0]);
    // The broker had forgotten the session, and began another one: but its CONNACK was lost.
    world.reconnect();
    world.cut();
    world.reconnect();
    world.connack(true, &[]);
    world.expect(&["SUBSCRIBE 3 a:17 b:32"]);
    world.suback(3, &[1, 0]);
    world.reconnect();
    world.connack(true, &[]);
    world.expect(&[]);
}

#[test]
fn a_refusal_leaves_no_doubt_about_the_session() {
    let mut world = World::online(lasting());
    world.subscribe(1, "a", 1);
    world.expect(&["SUBSCRIBE 1 a:1"]);
    world.suback(1, &[1]);
    world.reconnect();
    world.connack_with(false, ReasonCode::SERVER_BUSY, &[]);
    world.reconnect();
    world.connack(true, &[]);
    world.expect(&[]);
}

#[test]
fn subscribing_again_replaces_the_options_for_good() {
    let mut world = World::online(lasting());
    world.subscribe(1, "a", 0);
    world.suback(1, &[0]);
    world.subscribe(2, "a", 2);
    world.suback(2, &[2]);
    world.reconnect();
    world.connack(false, &[]);
    world.expect(&["SUBSCRIBE 3 a:2"]);
}

#[test]
fn requests_made_before_the_first_connack_leave_after_it() {
    let mut world = World::new(plain());
    world.subscribe(1, "a", 0);
    world.publish(2, 1, "a", "x");
    world.start();
    world.subscribe(3, "b", 0);
    world.open();
    world.take();
    world.connack(false, &[]);
    world.expect(&["SUBSCRIBE 1 a:0 b:0", "PUBLISH q1 2 \"a\" x"]);
}

#[test]
fn a_request_can_be_cancelled_until_it_is_sent() {
    let mut world = World::new(plain());
    world.subscribe(1, "a", 0);
    world.subscribe(2, "b", 0);
    world.unsubscribe(3, "c");
    world.cancel(1);
    world.cancel(3);
    world.assert_failed(1, Failure::Cancelled);
    world.assert_failed(3, Failure::Cancelled);
    world.start();
    world.open();
    world.take();
    world.connack(false, &[]);
    world.cancel(2);
    world.expect(&["SUBSCRIBE 1 b:0"]);
    assert!(world.is_open(2));
}

#[test]
fn bad_filters_and_options_are_refused_before_anything_is_sent() {
    let mut world = World::online(plain());
    let long = "x".repeat(65_536);
    for (token, filter) in (1..).zip([
        "",
        "a#",
        "a/#/b",
        "a+",
        "nul\0",
        "$share//a",
        "$share/g",
        "$share/+/a",
        &long,
    ]) {
        world.subscribe(token, filter, 0);
        world.assert_failed(token, Failure::InvalidTopic);
        world.unsubscribe(token + 100, filter);
        world.assert_failed(token + 100, Failure::InvalidTopic);
    }
    let no_local = SubscribeOptions {
        no_local: true,
        ..SubscribeOptions::default()
    };
    world.session.subscribe(world.time(), 50, "$share/g/a", no_local, &[]);
    world.session.subscribe(world.time(), 51, "a", no_local, &[0x0B, 0]);
    world.session.subscribe(world.time(), 52, "a", no_local, &[0x0B, 7]);
    world.drain();
    world.assert_failed(50, Failure::InvalidProperties);
    world.assert_failed(51, Failure::InvalidProperties);
    world.assert_failed(52, Failure::InvalidProperties);
    world.expect(&[]);
    let mut old = World::online(lasting_311());
    old.session.subscribe(old.time(), 1, "a", no_local, &[]);
    old.session
        .subscribe(old.time(), 2, "a", SubscribeOptions::default(), &[0x0B, 1]);
    old.drain();
    old.assert_failed(1, Failure::InvalidProperties);
    old.assert_failed(2, Failure::InvalidProperties);
    old.subscribe(3, "$share/whatever", 0);
    old.expect(&["SUBSCRIBE 1 $share/whatever:0"]);
}

#[test]
fn open_requests_are_bounded() {
    let mut world = World::new(Config {
        max_queued: 2,
        ..plain()
    });
    (1..=3).for_each(|token| world.subscribe(token, "a", 0));
    world.unsubscribe(4, "a");
    world.assert_failed(3, Failure::QueueFull);
    world.assert_failed(4, Failure::QueueFull);
}

#[test]
fn ten_thousand_filters_are_one_packet() {
    let mut world = World::online(plain());
    for token in 0..10_000 {
        world.ask_to_subscribe(token, &format!("device/{token}/state"), 0);
    }
    world.drain();
    assert_eq!(world.take().len(), 1);
    world.suback(1, &[0; 10_000]);
    assert!((0..10_000).all(|token| world.outcome(token) == 0));
}

#[test]
fn what_was_asked_on_an_earlier_connection_cannot_be_cancelled() {
    let mut world = World::online(lasting());
    world.subscribe(1, "a", 0);
    world.unsubscribe(2, "b");
    world.cut();
    // The broker may have acted on both: a subscription that it keeps must not be forgotten here.
    (1..=2).for_each(|token| world.cancel(token));
    assert!(world.is_open(1) && world.is_open(2));
    world.reconnect();
    world.connack(true, &[]);
    world.expect(&["SUBSCRIBE 3 a:0", "UNSUBSCRIBE 4 b"]);
    world.suback(3, &[0]);
    world.reconnect();
    world.connack(false, &[]);
    world.cut();
    world.cancel(1);
    assert_eq!(world.outcome(1), 0, "granted long ago");
}
