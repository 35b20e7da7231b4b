//! Coming back: how soon, how often, and when not.

use hawser::session::{Cause, Config, Failure, Jitter, Reconnect, State};

use crate::world::{Socket, World, lasting, plain};

fn wait(world: &World) -> u64 {
    match world.session.state() {
        State::Waiting { retry_at, .. } => retry_at.0 - world.now,
        other => panic!("not waiting: {other:?}"),
    }
}

#[test]
fn each_failure_doubles_the_wait_up_to_the_maximum() {
    let mut world = World::new(plain());
    world.start();
    let mut waits = Vec::new();
    for attempt in 2..10 {
        world.fail_to_open();
        waits.push(wait(&world));
        assert!(matches!(world.session.state(), State::Waiting { attempt: next, .. } if *next == attempt));
        world.wait_for_attempt();
    }
    assert_eq!(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
}

#[test]
fn jitter_differs_from_attempt_to_attempt() {
    let mut world = World::new(Config {
        reconnect: Reconnect::Fixed {
            delay: 1_000,
            jitter: Jitter::UpTo(500),
        },
        ..plain()
    });
    world.start();
    let mut waits = Vec::new();
    for _ in 0..20 {
        world.fail_to_open();
        waits.push(wait(&world));
        world.wait_for_attempt();
    }
    assert!(waits.iter().all(|wait| (1_000..=1_500).contains(wait)));
    waits.sort_unstable();
    waits.dedup();
    assert!(waits.len() > 10);
}

#[test]
fn of_several_addresses_the_next_is_tried_soon_and_a_failed_round_doubles_the_wait() {
    let mut world = World::online(Config {
        addresses: 3,
        ..lasting()
    });
    world.advance(5_000);
    world.cut();
    let mut waits = vec![wait(&world)];
    for _ in 0..9 {
        world.wait_for_attempt();
        world.fail_to_open();
        waits.push(wait(&world));
    }
    let soon = 1_000;
    assert_eq!(waits, [soon, soon, soon, 2_000, soon, soon, 4_000, soon, soon, 8_000]);
}

#[test]
fn a_link_that_is_accepted_and_dropped_at_once_backs_off_too() {
    let mut world = World::online(lasting());
    let mut waits = Vec::new();
    for _ in 0..4 {
        world.cut();
        waits.push(wait(&world));
        world.reconnect();
        world.connack(true, &[]);
    }
    assert_eq!(waits, [1_000, 2_000, 4_000, 8_000]);
}

#[test]
fn a_stable_time_online_starts_the_count_again() {
    let mut world = World::online(lasting());
    for _ in 0..3 {
        world.reconnect();
        world.connack(true, &[]);
    }
    world.advance(4_999);
    world.cut();
    assert_eq!(wait(&world), 8_000);
    world.reconnect();
    world.connack(true, &[]);
    world.advance(5_000);
    world.cut();
    assert_eq!(wait(&world), 1_000);
    assert!(matches!(world.session.state(), State::Waiting { attempt: 1, .. }));
}

#[test]
fn a_stable_time_counts_also_when_the_timer_slept_through_it() {
    let mut world = World::online(lasting());
    for _ in 0..3 {
        world.reconnect();
        world.connack(true, &[]);
    }
    world.now += 3_600_000;
    world.cut();
    assert_eq!(wait(&world), 1_000);
}

#[test]
fn reconnect_now_ends_the_wait_and_does_nothing_else() {
    let mut world = World::new(plain());
    world.session.reconnect_now(world.time());
    assert_eq!(world.session.state(), &State::Idle);
    world.start();
    world.fail_to_open();
    world.session.reconnect_now(world.time());
    world.session.reconnect_now(world.time());
    world.drain();
    assert_eq!(world.socket, Socket::Opening);
    world.open();
    world.session.reconnect_now(world.time());
    world.connack(false, &[]);
    world.session.reconnect_now(world.time());
    world.drain();
    assert!(world.is_online());
    world.close();
    world.session.reconnect_now(world.time());
    world.drain();
    assert!(world.is_stopped());
}

#[test]
fn attempts_may_be_bounded_and_then_everything_settles() {
    let mut world = World::new(Config {
        max_attempts: Some(3),
        ..plain()
    });
    world.publish(1, 0, "t", "x");
    world.subscribe(2, "a", 0);
    world.start();
    world.fail_to_open();
    world.wait_for_attempt();
    world.fail_to_open();
    world.wait_for_attempt();
    world.fail_to_open();
    assert!(world.is_stopped() && matches!(world.cause(), Cause::SocketFailed { .. }));
    world.assert_failed(1, Failure::Stopped);
    world.assert_failed(2, Failure::Stopped);
}

#[test]
fn the_loss_of_a_stable_link_is_no_attempt_that_failed() {
    let mut world = World::online(Config {
        max_attempts: Some(1),
        stable_after: 5_000,
        ..plain()
    });
    world.advance(5_000);
    world.cut();
    world.wait_for_attempt();
    world.fail_to_open();
    assert!(world.is_stopped());
}

#[test]
fn without_reconnect_the_first_loss_is_the_end() {
    let mut world = World::online(Config {
        reconnect: Reconnect::Never,
        ..plain()
    });
    world.publish(1, 1, "t", "x");
    world.cut();
    assert!(world.is_stopped());
    world.assert_failed(1, Failure::Stopped);
}

#[test]
fn a_broker_that_restarts_without_its_sessions_gets_everything_anew() {
    let mut world = World::online(lasting());
    world.subscribe(1, "a", 1);
    world.suback(1, &[1]);
    world.publish(2, 1, "t", "unanswered");
    world.cut();
    for _ in 0..3 {
        world.wait_for_attempt();
        world.fail_to_open();
    }
    world.publish(3, 1, "t", "meanwhile");
    world.publish(4, 0, "t", "too");
    assert!(!world.reconnect()[0].contains(" clean "));
    world.connack(false, &[]);
    world.expect(&[
        "SUBSCRIBE 3 a:1",
        "PUBLISH q1 4 \"t\" unanswered",
        "PUBLISH q1 5 \"t\" meanwhile",
        "PUBLISH q0 \"t\" too",
    ]);
}

#[test]
fn a_session_that_expired_while_away_starts_anew() {
    let mut world = World::online(lasting());
    world.subscribe(1, "a", 1);
    world.suback(1, &[1]);
    world.publish(2, 2, "t", "x");
    world.cut();
    world.oversleep(2 * 3_600_000);
    world.open();
    world.take();
    world.connack(false, &[]);
    world.assert_failed(2, Failure::Indeterminate);
    world.expect(&["SUBSCRIBE 3 a:1"]);
}

#[test]
fn bytes_of_a_lost_connection_do_not_reach_the_next() {
    let mut world = World::online(lasting());
    let bytes = world.message_bytes(0, 0, "t", b"half of it", false, &[]);
    world.send_bytes(&bytes[..7]);
    world.reconnect();
    world.connack(true, &[]);
    world.message(0, 0, "t", "whole");
    assert_eq!(world.take_texts(), ["t whole"]);
}

#[test]
fn what_was_asked_for_in_the_moment_of_the_loss_waits_for_the_next_connection() {
    let mut world = World::online(lasting());
    world.ask_to_publish(1, 1, "t", b"x", false, &[]);
    world.ask_to_subscribe(2, "a", 0);
    world.cut();
    world.expect(&[]);
    world.reconnect();
    world.connack(true, &[]);
    world.expect(&["SUBSCRIBE 2 a:0", "PUBLISH q1 1 \"t\" x"]);
}

#[test]
fn what_the_end_of_the_link_overtakes_in_its_own_frame_has_not_left() {
    for qos in [1, 2] {
        let mut world = World::online(lasting());
        world.cut();
        world.publish(1, qos, "t", "x");
        world.reconnect();
        // CONNACK, and what ends the link again, in one frame: a page that was frozen finds such.
        world.send_bytes(&[0x20, 3, 1, 0, 0, 0xE0, 1, 0x8D]);
        world.expect(&[]);
        world.wait_for_attempt();
        world.open();
        world.take();
        world.connack(true, &[]);
        world.expect(&[&format!("PUBLISH q{qos} 1 \"t\" x")]);
    }
}

#[test]
fn a_broker_that_breaks_the_protocol_on_each_link_is_backed_off_from_however_long_the_links_hold() {
    let mut world = World::online(lasting());
    world.publish(1, 1, "t", "x");
    let mut waits = Vec::new();
    for _ in 0..4 {
        world.advance(6_000);
        // PUBCOMP for QoS 1, whose identifier comes again with the session.
        world.pubcomp(1);
        waits.push(wait(&world));
        world.reconnect();
        world.connack(true, &[]);
    }
    assert_eq!(waits, [1_000, 2_000, 4_000, 8_000]);
    world.advance(6_000);
    world.cut();
    assert_eq!(wait(&world), 1_000, "a link that held and was just lost");
}
