//! What the session counts: packets (every scenario compares those with the wire), attempts, losses, round trips, and when a phase began.

use hawser::session::{Millis, PageEvent, Phase, State};

use crate::world::{World, plain};

const PINGRESP: [u8; 2] = [0xD0, 0];

#[test]
fn the_first_round_trip_is_that_of_connect_and_later_ones_those_of_pings() {
    let mut world = World::new(plain());
    world.start();
    world.advance(300);
    world.open();
    assert_eq!(world.session.tally().round_trip, None);
    world.advance(40);
    world.connack(false, &[]);
    assert_eq!(world.session.tally().round_trip, Some(40));
    world.take();
    world.advance(60_000);
    world.expect(&["PINGREQ"]);
    world.advance(25);
    world.message(0, 0, "t", "x");
    assert_eq!(world.session.tally().round_trip, Some(40));
    world.advance(5);
    world.send_bytes(&PINGRESP);
    assert_eq!(world.session.tally().round_trip, Some(30));
    // One that nobody has asked for answers nothing.
    world.advance(1_000);
    world.send_bytes(&PINGRESP);
    assert_eq!(world.session.tally().round_trip, Some(30));
}

#[test]
fn what_a_lost_link_was_asked_is_not_answered_on_the_next() {
    let mut world = World::online(plain());
    world.advance(60_000);
    world.take();
    world.cut();
    world.advance(1_000);
    world.open();
    world.advance(7);
    world.connack(false, &[]);
    assert_eq!(world.session.tally().round_trip, Some(7));
}

#[test]
fn attempts_and_lost_links_are_counted_and_what_is_ended_on_purpose_is_not_lost() {
    let mut world = World::new(plain());
    world.start();
    world.fail_to_open();
    world.advance(1_000);
    world.open();
    world.connack(false, &[]);
    let counts = |world: &World| (world.session.tally().attempts, world.session.tally().losses);
    assert_eq!(counts(&world), (2, 0));
    world.cut();
    world.advance(2_000);
    world.open();
    world.connack(false, &[]);
    assert_eq!(counts(&world), (3, 1));
    world.session.renew(world.time());
    world.drain();
    world.session.handle_timeout(world.time());
    world.drain();
    world.open();
    world.connack(false, &[]);
    assert_eq!(counts(&world), (4, 1));
    world.session.handle_page(world.time(), PageEvent::Leave);
    world.drain();
    assert!(!world.is_online());
    assert_eq!(counts(&world), (4, 1));
    world.advance(1_000);
    world.session.handle_page(world.time(), PageEvent::Back);
    world.drain();
    world.open();
    world.connack(false, &[]);
    world.close();
    assert_eq!(counts(&world), (5, 1));
}

#[test]
fn packets_are_counted_one_by_one_however_they_share_frames() {
    let mut world = World::online(plain());
    assert_eq!(world.session.tally().packets_received, 1);
    let one = world.message_bytes(1, 1, "t", b"x", false, &[]);
    let other = world.message_bytes(1, 2, "t", b"x", false, &[]);
    let both = [one, other].concat();
    world.send_bytes(&both[..both.len() - 1]);
    assert_eq!(world.session.tally().packets_received, 2);
    world.send_bytes(&both[both.len() - 1..]);
    assert_eq!(world.session.tally().packets_received, 3);
    assert_eq!(world.take().len(), 2);
    // CONNECT and two PUBACKs.
    assert_eq!(world.session.tally().packets_sent, 3);
}

#[test]
fn the_last_packets_each_way_have_their_time() {
    let mut world = World::online(plain());
    let start = world.now;
    world.advance(10);
    world.publish(0, 0, "t", "x");
    world.advance(10);
    world.message(0, 0, "t", "x");
    let tally = world.session.tally();
    assert_eq!(tally.last_sent, Millis(start + 10));
    assert_eq!(tally.last_received, Millis(start + 20));
}

#[test]
fn each_phase_of_an_attempt_tells_when_it_began() {
    let mut world = World::new(plain());
    world.prepare_by_hand = true;
    let start = world.now;
    world.start();
    world.advance(5);
    let attempt = world.prepared.remove(0);
    world.session.handle_address(world.time(), attempt, None, None);
    world.drain();
    world.advance(50);
    world.open();
    world.advance(9);
    world.connack(false, &[]);
    let phases: Vec<(Option<Phase>, u64)> = world
        .statuses
        .iter()
        .filter_map(|state| match state {
            State::Connecting { phase, since, .. } => Some((Some(*phase), since.0 - start)),
            State::Online { since, .. } => Some((None, since.0 - start)),
            _ => None,
        })
        .collect();
    assert_eq!(
        phases,
        [
            (Some(Phase::Address), 0),
            (Some(Phase::Socket), 5),
            (Some(Phase::Handshake), 55),
            (None, 64)
        ]
    );
}
