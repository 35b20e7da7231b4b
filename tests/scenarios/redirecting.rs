//! Brokers that send the client to another one (4.11): followed at once, never for ever, and given up without harm.

use hawser::codec::{self, Packet, Place, Property, ReasonCode, Version};
use hawser::session::{Cause, Config, Phase, Reconnect, Redirect, State};

use crate::peer::block;
use crate::world::{Socket, World, plain};

const USE_ANOTHER: ReasonCode = ReasonCode::USE_ANOTHER_SERVER;
const MOVED: ReasonCode = ReasonCode::SERVER_MOVED;

fn following() -> Config {
    Config {
        follow_references: true,
        ..plain()
    }
}

/// CONNECT is with the broker.
fn asking(config: Config) -> World {
    let mut world = World::new(config);
    world.start();
    world.open();
    world
}

fn refuse(world: &mut World, reason: ReasonCode, reference: &str) {
    world.connack_with(false, reason, &[Property::ServerReference(reference)]);
}

fn disconnect(world: &mut World, reason: ReasonCode, reference: &str) {
    let block = block(Place::DisconnectFromServer, &[Property::ServerReference(reference)]);
    let properties = block.as_properties();
    world.send(Packet::Disconnect(codec::Disconnect { reason, properties }));
}

fn to(reference: &str, permanent: bool) -> Option<Redirect> {
    Some(Redirect {
        reference: reference.into(),
        permanent,
    })
}

#[track_caller]
fn sent_to(world: &World) -> Option<Redirect> {
    world.redirects.last().unwrap().clone()
}

#[test]
fn a_reference_in_connack_is_followed_at_once() {
    for (reason, permanent) in [(USE_ANOTHER, false), (MOVED, true)] {
        let mut world = asking(following());
        assert_eq!(sent_to(&world), None);
        refuse(&mut world, reason, "b.example:8084");
        assert_eq!(sent_to(&world), to("b.example:8084", permanent));
        assert_eq!(world.socket, Socket::Opening);
        assert!(matches!(world.cause(), Cause::Refused(refusal) if refusal.reason == reason.0));
        world.open();
        world.connack(false, &[]);
        assert!(world.is_online());
        world.cut();
        world.wait_for_attempt();
        assert_eq!(sent_to(&world), None, "whoever knows addresses knows which one holds");
    }
}

#[test]
fn a_reference_in_disconnect_is_followed_at_once() {
    for (reason, permanent) in [(USE_ANOTHER, false), (MOVED, true)] {
        let mut world = World::online(following());
        world.publish(1, 1, "t", "x");
        disconnect(&mut world, reason, "b.example");
        assert_eq!(sent_to(&world), to("b.example", permanent));
        world.take();
        world.open();
        world.take();
        world.connack(false, &[]);
        world.expect(&["PUBLISH q1 2 \"t\" x"]);
    }
}

#[test]
fn five_references_in_a_row_are_followed_and_then_the_first_server_is_tried_after_the_usual_wait() {
    let mut world = asking(following());
    for round in 0..3 {
        for number in 0..5 {
            refuse(&mut world, MOVED, "b.example");
            assert_eq!(sent_to(&world), to("b.example", true), "round {round}, {number}");
            world.open();
        }
        refuse(&mut world, MOVED, "b.example");
        let State::Waiting { retry_at, .. } = world.session.state() else {
            panic!("not waiting: {:?}", world.session.state());
        };
        assert_eq!(retry_at.0 - world.now, 1_000 << round);
        world.wait_for_attempt();
        assert_eq!(sent_to(&world), to("", true));
        world.open();
    }
}

#[test]
fn servers_that_send_a_client_in_circles_after_connack_are_left_alone_too() {
    let mut world = World::online(following());
    for number in 0..5 {
        disconnect(&mut world, USE_ANOTHER, ["a.example", "b.example"][number % 2]);
        world.open();
        world.connack(false, &[]);
    }
    disconnect(&mut world, USE_ANOTHER, "a.example");
    assert!(matches!(world.session.state(), State::Waiting { .. }));
}

#[test]
fn links_that_hold_for_less_than_a_second_make_no_circle_endless_whatever_is_called_stable() {
    for held in [0, 999, 1_000] {
        let mut world = World::online(Config {
            stable_after: 0,
            ..following()
        });
        for number in 0..20 {
            world.advance(held);
            disconnect(&mut world, USE_ANOTHER, ["a.example", "b.example"][number % 2]);
            if world.socket != Socket::Opening {
                break;
            }
            world.open();
            world.connack(false, &[]);
        }
        assert_eq!(
            world.redirects.len(),
            if held < 1_000 { 6 } else { 21 },
            "held for {held} ms"
        );
    }
}

#[test]
fn references_are_followed_within_the_bound_of_attempts() {
    for most in 1..=6 {
        let mut world = asking(Config {
            max_attempts: Some(most),
            ..following()
        });
        for _ in 1..most {
            refuse(&mut world, MOVED, "b.example");
            world.open();
        }
        refuse(&mut world, MOVED, "b.example");
        assert!(world.is_stopped(), "{most} attempts");
        assert_eq!(world.redirects.len(), most as usize);
        world.session.reconnect_now(world.time());
        world.drain();
        assert_eq!(sent_to(&world), to("", true), "from where the user began");
    }
}

#[test]
fn a_stable_link_begins_the_count_anew() {
    let mut world = World::online(following());
    for _ in 0..20 {
        world.advance(5_000);
        disconnect(&mut world, USE_ANOTHER, "b.example");
        assert_eq!(sent_to(&world), to("b.example", false));
        world.open();
        world.connack(false, &[]);
    }
}

#[test]
fn a_server_that_does_not_answer_is_no_longer_the_next_one() {
    let mut world = asking(following());
    refuse(&mut world, USE_ANOTHER, "b.example");
    world.fail_to_open();
    world.wait_for_attempt();
    assert_eq!(sent_to(&world), None);
}

#[test]
fn without_a_reference_without_the_reason_or_without_the_wish_nothing_is_followed() {
    let mut unwilling = asking(plain());
    refuse(&mut unwilling, USE_ANOTHER, "b.example");
    let mut without = asking(following());
    without.connack_with(false, USE_ANOTHER, &[]);
    let mut other = asking(following());
    refuse(&mut other, ReasonCode::SERVER_BUSY, "b.example");
    for mut world in [unwilling, without, other] {
        assert!(matches!(world.session.state(), State::Waiting { .. }));
        world.wait_for_attempt();
        assert_eq!(sent_to(&world), None);
    }
}

/// Answers PREPARE; the server refuses, and names one that nobody finds.
fn mislead(world: &mut World) {
    let attempt = world.prepared.pop().unwrap();
    world.session.handle_address(world.time(), attempt, None, None);
    world.drain();
    world.open();
    refuse(world, USE_ANOTHER, "nowhere:-1");
}

#[test]
fn a_reference_that_leads_nowhere_is_as_none() {
    let mut world = World::new(Config {
        max_attempts: Some(3),
        ..following()
    });
    world.prepare_by_hand = true;
    world.start();
    for _ in 0..2 {
        mislead(&mut world);
        let prepared = world.prepared.pop().unwrap();
        assert!(matches!(
            world.session.state(),
            State::Connecting {
                phase: Phase::Address,
                ..
            }
        ));
        world.session.handle_address_failed(world.time(), prepared, None);
        world.drain();
        let Cause::Refused(refusal) = world.cause() else {
            panic!("another cause: {:?}", world.cause());
        };
        assert_eq!((refusal.reason, &*refusal.server_reference), (0x9C, "nowhere:-1"));
        world.wait_for_attempt();
        assert_eq!(sent_to(&world), None);
    }
    mislead(&mut world);
    assert!(world.is_stopped(), "these were attempts that failed");
}

#[test]
fn a_client_that_does_not_reconnect_follows_while_it_connects_and_not_afterwards() {
    let config = Config {
        reconnect: Reconnect::Never,
        ..following()
    };
    let mut world = asking(config.clone());
    refuse(&mut world, USE_ANOTHER, "b.example");
    assert_eq!(world.socket, Socket::Opening);
    let mut world = World::online(config);
    disconnect(&mut world, USE_ANOTHER, "b.example");
    assert!(world.is_stopped());
}

#[test]
fn a_server_without_5_0_that_another_one_names_is_asked_again_in_3_1_1() {
    let mut world = asking(Config {
        fall_back: true,
        ..following()
    });
    refuse(&mut world, USE_ANOTHER, "b.example");
    world.open();
    world.take();
    world.send_bytes(&[0x20, 2, 0, 1]);
    assert_eq!(sent_to(&world), to("b.example", false), "still the same server");
    world.version = Version::V311;
    world.open();
    world.expect(&["CONNECT \"c\" clean keep-alive=60"]);
}

#[test]
fn a_server_that_another_one_names_and_that_hangs_up_says_nothing_about_the_first_one() {
    let mut world = asking(Config {
        fall_back: true,
        ..following()
    });
    refuse(&mut world, USE_ANOTHER, "b.example");
    world.open();
    world.cut();
    world.wait_for_attempt();
    assert!(matches!(
        world.session.state(),
        State::Connecting {
            version: Version::V5,
            ..
        }
    ));
}
