//! Message Expiry Interval of our own messages, in virtual time.

use hawser::codec::{Place, Property};
use hawser::session::{Config, Failure};

use crate::peer::block;
use crate::world::{Socket, World, lasting, plain};

/// Publishes with an expiry in seconds.
fn publish(world: &mut World, token: u32, qos: u8, expiry: u32) {
    let properties = block(
        Place::PublishFromClient,
        &[
            Property::ContentType("text"),
            Property::MessageExpiryInterval(expiry),
            Property::UserProperty(("k", "v")),
        ],
    );
    let raw = properties.as_properties().raw();
    world.publish_all(token, qos, "t", b"x", false, raw);
}

/// The expiry of each PUBLISH that was sent since the last look.
fn sent(world: &mut World) -> Vec<String> {
    let packets = world.take().into_iter();
    packets
        .filter_map(|packet| {
            let (head, properties) = packet.split_once(" [")?;
            let at = properties.find("MessageExpiryInterval(")?;
            assert!(properties.contains("ContentType") && properties.contains("UserProperty"));
            let value = properties[at..].split(['(', ')']).nth(1)?;
            Some(format!("{} {value}", head.split(" \"").next().unwrap_or(head)))
        })
        .collect()
}

fn connect(world: &mut World) {
    world.start();
    world.open();
    world.take();
    world.connack(false, &[]);
}

/// Opens the next socket, when its time has come.
fn open_next(world: &mut World) {
    if world.socket == Socket::None {
        world.wait_for_attempt();
    }
    world.open();
    world.take();
}

fn resume(world: &mut World) {
    open_next(world);
    world.connack(true, &[]);
}

#[test]
fn what_is_sent_at_once_has_its_whole_expiry() {
    let mut world = World::online(plain());
    for (token, expiry) in (1..).zip([0, 1, 30, u32::MAX]) {
        for qos in 0..=2 {
            publish(&mut world, token * 10 + u32::from(qos), qos, expiry);
        }
        let values: Vec<String> = sent(&mut world)
            .iter()
            .map(|packet| packet.rsplit(' ').next().unwrap().to_owned())
            .collect();
        assert_eq!(values, vec![expiry.to_string(); 3]);
    }
}

#[test]
fn the_time_that_a_message_waits_is_taken_from_its_expiry() {
    let mut world = World::new(plain());
    (0..=2).for_each(|qos| publish(&mut world, 1 + u32::from(qos), qos, 30));
    world.advance(10_400);
    connect(&mut world);
    assert_eq!(
        sent(&mut world),
        ["PUBLISH q0 20", "PUBLISH q1 1 20", "PUBLISH q2 2 20"]
    );
}

#[test]
fn a_message_that_is_over_before_it_could_leave_settles_then_and_never_leaves() {
    let mut world = World::new(plain());
    for qos in 0..=2 {
        publish(&mut world, 1 + u32::from(qos), qos, 30);
        publish(&mut world, 11 + u32::from(qos), qos, 31);
    }
    world.publish(20, 1, "t", "for ever");
    world.advance(30_000);
    assert!((1..=3).all(|token| world.is_open(token)));
    world.advance(1);
    (1..=3).for_each(|token| world.assert_failed(token, Failure::Expired));
    assert!((11..=13).all(|token| world.is_open(token)));
    world.advance(2_000);
    (11..=13).for_each(|token| world.assert_failed(token, Failure::Expired));
    connect(&mut world);
    world.expect(&["PUBLISH q1 1 \"t\" for ever"]);
}

#[test]
fn a_timer_that_sleeps_lets_nothing_leave_too_late() {
    let mut world = World::new(plain());
    (0..=2).for_each(|qos| publish(&mut world, 1 + u32::from(qos), qos, 5));
    world.start();
    world.open();
    world.take();
    world.now += 6_000;
    world.connack(false, &[]);
    world.expect(&[]);
    (1..=3).for_each(|token| world.assert_failed(token, Failure::Expired));
}

#[test]
fn a_message_that_waits_for_the_window_expires_too_and_makes_room_in_the_queue() {
    let mut world = World::online_with(
        Config {
            max_queued: 1,
            keep_alive: 0,
            ..plain()
        },
        &[Property::ReceiveMaximum(1)],
    );
    world.publish(1, 1, "t", "first");
    publish(&mut world, 2, 1, 5);
    world.publish(3, 1, "t", "no room");
    world.assert_failed(3, Failure::QueueFull);
    world.advance(5_001);
    world.assert_failed(2, Failure::Expired);
    world.publish(4, 1, "t", "next");
    world.puback(1);
    world.expect(&["PUBLISH q1 1 \"t\" first", "PUBLISH q1 2 \"t\" next"]);
}

#[test]
fn what_was_sent_is_sent_again_in_a_resumed_session_with_what_is_left_and_never_expires() {
    let mut world = World::online(lasting());
    publish(&mut world, 1, 1, 30);
    publish(&mut world, 2, 2, 30);
    world.take();
    world.cut();
    world.advance(12_000);
    resume(&mut world);
    assert_eq!(sent(&mut world), ["PUBLISH q1 1 dup 18", "PUBLISH q2 2 dup 18"]);
    world.cut();
    world.advance(60_000);
    resume(&mut world);
    assert_eq!(sent(&mut world), ["PUBLISH q1 1 dup 1", "PUBLISH q2 2 dup 1"]);
    world.puback(1);
    world.pubrec(2);
    world.pubcomp(2);
    assert_eq!((world.outcome(1), world.outcome(2)), (0, 0));
}

#[test]
fn a_release_is_sent_again_however_old_its_message_is() {
    let mut world = World::online(lasting());
    publish(&mut world, 1, 2, 5);
    world.pubrec(1);
    world.take();
    world.cut();
    world.advance(60_000);
    resume(&mut world);
    world.expect(&["PUBREL 1"]);
    world.pubcomp(1);
    assert_eq!(world.outcome(1), 0);
}

#[test]
fn of_a_message_that_was_sent_and_is_over_when_the_session_is_lost_nobody_can_tell() {
    let mut world = World::online(lasting());
    publish(&mut world, 1, 1, 5);
    publish(&mut world, 2, 1, 300);
    world.take();
    world.cut();
    world.advance(6_000);
    open_next(&mut world);
    world.connack(false, &[Property::ReceiveMaximum(1)]);
    world.assert_failed(1, Failure::Indeterminate);
    assert_eq!(sent(&mut world).len(), 1);
    // Not sent anew yet, though it was sent before.
    publish(&mut world, 3, 1, 300);
    world.cut();
    open_next(&mut world);
    world.connack(false, &[Property::ReceiveMaximum(1)]);
    world.take();
    world.advance(300_001);
    world.assert_failed(3, Failure::Expired);
    assert!(world.is_open(2), "under way on this connection");
}

#[test]
fn a_message_that_the_store_holds_back_too_long_never_leaves() {
    let mut world = World::online(Config {
        durable: true,
        ..lasting()
    });
    world.slow_store = true;
    publish(&mut world, 1, 2, 5);
    publish(&mut world, 2, 1, 500);
    world.now += 5_001;
    while !world.batches.is_empty() {
        world.commit();
    }
    world.assert_failed(1, Failure::Expired);
    assert_eq!(sent(&mut world), ["PUBLISH q1 2 495"]);
    publish(&mut world, 3, 1, 5);
    world.advance(5_001);
    world.assert_failed(3, Failure::Expired);
    while !world.batches.is_empty() {
        world.commit();
    }
    world.expect(&[]);
}

#[test]
fn nothing_is_watched_any_more_when_no_message_waits() {
    let mut world = World::online(Config {
        keep_alive: 0,
        ..lasting()
    });
    publish(&mut world, 1, 1, 5);
    assert_eq!(world.session.deadline(), None);
    world.cut();
    publish(&mut world, 2, 1, 5);
    open_next(&mut world);
    world.connack(true, &[]);
    world.advance(10_000);
    assert_eq!(world.session.deadline(), None);
    assert!(world.is_open(1) && world.is_open(2));
}

#[test]
fn a_closed_session_wakes_for_nothing() {
    let mut world = World::new(plain());
    publish(&mut world, 1, 0, 60);
    assert!(world.session.deadline().is_some());
    world.close();
    world.assert_failed(1, Failure::Closed);
    assert_eq!(world.session.deadline(), None);
}
