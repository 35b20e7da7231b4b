//! Brokers that do not speak 5.0: how the client finds out, and what it then speaks.

use hawser::codec::Version;
use hawser::session::{Cause, CloseKind, Config, Reconnect, State};

use crate::world::{Socket, World, plain};

pub const OLD_REFUSAL: [u8; 4] = [0x20, 2, 0, 1];
pub const OLD_CONNACK: [u8; 4] = [0x20, 2, 0, 0];
const CONNECT_5: &str = "CONNECT \"c\" clean keep-alive=60 [MaximumPacketSize(16777216)]";
const CONNECT_311: &str = "CONNECT \"c\" clean keep-alive=60";

pub fn free(config: Config) -> Config {
    Config {
        fall_back: true,
        ..config
    }
}

/// Started, and CONNECT 5.0 is with the broker.
pub fn offering(config: Config) -> World {
    let mut world = World::new(config);
    world.start();
    world.open();
    world
}

/// Opens the socket of the attempt that is due, which offers 3.1.1, and takes its CONNECT.
#[track_caller]
pub fn open_311(world: &mut World) -> Vec<String> {
    assert_eq!(offered(world), Version::V311);
    world.version = Version::V311;
    world.wire.clear();
    world.open();
    world.take()
}

#[track_caller]
fn offered(world: &World) -> Version {
    match world.session.state() {
        State::Connecting { version, .. } => *version,
        other => panic!("not connecting: {other:?}"),
    }
}

/// A world that has fallen back and is online.
pub fn fallen(config: Config) -> World {
    let mut world = offering(free(config));
    world.take();
    world.send_bytes(&OLD_REFUSAL);
    open_311(&mut world);
    world.send_bytes(&OLD_CONNACK);
    world
}

#[test]
fn a_refused_version_is_followed_by_3_1_1_at_once_and_remembered() {
    let refused_5 = [0x20, 3, 0, 0x84, 0];
    for refusal in [&refused_5[..], &OLD_REFUSAL] {
        let mut world = offering(free(plain()));
        world.expect(&[CONNECT_5]);
        world.send_bytes(refusal);
        assert!(matches!(world.cause(), Cause::Refused(refusal) if refusal.reason == 0x84));
        assert!(matches!(
            world.session.state(),
            State::Connecting {
                attempt: 2,
                version: Version::V311,
                ..
            }
        ));
        assert_eq!(world.socket, Socket::Opening);
        assert_eq!(open_311(&mut world), [CONNECT_311]);
        world.send_bytes(&OLD_CONNACK);
        assert!(world.is_online());
        assert!(!world.connected.as_ref().unwrap().v5);
        for _ in 0..2 {
            assert_eq!(world.reconnect(), [CONNECT_311]);
        }
    }
}

#[test]
fn a_protocol_that_the_user_has_fixed_stays() {
    let mut world = offering(plain());
    world.send_bytes(&OLD_REFUSAL);
    assert!(world.is_stopped());
    assert!(matches!(world.cause(), Cause::Refused(refusal) if refusal.reason == 0x84));
    let mut world = offering(plain());
    world.cut();
    world.wait_for_attempt();
    assert_eq!(offered(&world), Version::V5);
}

#[test]
fn a_broker_that_refuses_both_versions_ends_it() {
    let mut world = offering(free(plain()));
    world.send_bytes(&OLD_REFUSAL);
    open_311(&mut world);
    world.send_bytes(&OLD_REFUSAL);
    assert!(world.is_stopped());
    assert!(matches!(world.cause(), Cause::Refused(refusal) if refusal.reason == 1));
}

#[test]
fn a_refused_version_is_followed_also_where_nothing_is_tried_again() {
    let mut world = offering(free(Config {
        reconnect: Reconnect::Never,
        max_attempts: Some(1),
        ..plain()
    }));
    world.send_bytes(&OLD_REFUSAL);
    open_311(&mut world);
    world.send_bytes(&OLD_CONNACK);
    assert!(world.is_online());
}

#[test]
fn a_close_in_answer_to_connect_is_a_guess_also_where_nothing_is_tried_again() {
    let never = Config {
        reconnect: Reconnect::Never,
        ..plain()
    };
    let once = Config {
        max_attempts: Some(1),
        ..plain()
    };
    for config in [never, once] {
        let mut world = offering(free(config.clone()));
        world.take();
        world.cut();
        assert_eq!(open_311(&mut world), [CONNECT_311]);
        world.send_bytes(&OLD_CONNACK);
        assert!(world.is_online());
        // Once, and not in turn.
        let mut dead = offering(free(config.clone()));
        dead.take();
        dead.cut();
        open_311(&mut dead);
        dead.cut();
        assert!(dead.is_stopped());
        let mut fixed = offering(config);
        fixed.cut();
        assert!(fixed.is_stopped());
    }
    // With attempts left the guess waits for its turn, and the last one is not followed by another.
    let mut twice = offering(free(Config {
        max_attempts: Some(2),
        ..plain()
    }));
    twice.cut();
    twice.wait_for_attempt();
    open_311(&mut twice);
    twice.cut();
    assert!(twice.is_stopped());
}

#[test]
fn a_close_in_answer_to_connect_is_a_guess_for_the_next_attempt_in_its_turn() {
    let mut world = offering(free(plain()));
    world.take();
    world.cut();
    assert!(matches!(world.session.state(), State::Waiting { attempt: 2, .. }));
    world.wait_for_attempt();
    assert_eq!(open_311(&mut world), [CONNECT_311]);
    world.send_bytes(&OLD_CONNACK);
    assert!(world.is_online());
    assert_eq!(world.reconnect(), [CONNECT_311]);
    world.cut();
    world.wait_for_attempt();
    assert_eq!(offered(&world), Version::V311);
}

#[test]
fn a_guess_that_brings_no_connack_is_given_up_for_5_0_and_made_again_in_turn() {
    type End = fn(&mut World);
    let ends: [(&str, End); 5] = [
        ("closed", World::cut),
        ("silent", |world| world.advance(30_000)),
        ("garbage", |world| world.send_bytes(&[0, 0])),
        ("refused as a version", |world| world.send_bytes(&OLD_REFUSAL)),
        ("a text frame", |world| world.closed(CloseKind::TextFrame, 0, "")),
    ];
    for (name, end) in ends {
        let mut world = offering(free(plain()));
        for round in 0..3 {
            world.take();
            world.cut();
            world.wait_for_attempt();
            open_311(&mut world);
            end(&mut world);
            assert!(matches!(world.session.state(), State::Waiting { .. }), "{name}");
            world.wait_for_attempt();
            assert_eq!(offered(&world), Version::V5, "{name}");
            world.version = Version::V5;
            world.open();
            assert_eq!(world.take(), [CONNECT_5], "{name}, round {round}");
        }
        world.connack(false, &[]);
        assert!(world.is_online(), "{name}");
    }
}

#[test]
fn a_guess_whose_socket_does_not_open_says_nothing() {
    let mut world = offering(free(plain()));
    world.cut();
    world.wait_for_attempt();
    assert_eq!(offered(&world), Version::V311);
    world.fail_to_open();
    world.wait_for_attempt();
    assert_eq!(offered(&world), Version::V5);
    // A socket that never opened had no CONNECT to answer.
    world.fail_to_open();
    world.wait_for_attempt();
    assert_eq!(offered(&world), Version::V5);
}

#[test]
fn a_3_1_1_refusal_other_than_of_the_version_settles_the_guess() {
    let mut world = offering(free(plain()));
    world.cut();
    world.wait_for_attempt();
    open_311(&mut world);
    world.send_bytes(&[0x20, 2, 0, 3]);
    assert!(matches!(world.cause(), Cause::Refused(refusal) if refusal.reason == 3));
    world.wait_for_attempt();
    assert_eq!(offered(&world), Version::V311);
}

#[test]
fn a_broker_that_has_accepted_5_0_is_never_guessed_at_but_believed() {
    let mut world = World::online(free(plain()));
    for _ in 0..3 {
        world.reconnect();
        world.cut();
        world.wait_for_attempt();
        assert_eq!(offered(&world), Version::V5);
        world.open();
    }
    world.send_bytes(&OLD_REFUSAL);
    assert_eq!(offered(&world), Version::V311);
}

#[test]
fn the_trace_and_the_status_say_what_is_offered() {
    let mut world = offering(free(Config { trace: true, ..plain() }));
    world.take();
    world.send_bytes(&OLD_REFUSAL);
    open_311(&mut world);
    let connects: Vec<_> = world.traced.iter().filter(|line| line.starts_with("-> 1 ")).collect();
    assert!(connects[0].contains("reason=05"), "{connects:?}");
    assert!(connects[1].contains("reason=04"), "{connects:?}");
}
