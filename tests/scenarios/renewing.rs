//! A planned reconnect: what has left is answered first, what comes meanwhile waits, and nothing is lost or comes twice.

use hawser::codec::Qos;
use hawser::session::{Cause, Config, OfflineQos0, PageEvent, State, Will};

use crate::world::{Socket, World, lasting, lasting_311, plain};

/// The next link is up, in the session of the last one.
fn resume(world: &mut World) {
    assert!(matches!(world.session.state(), State::Connecting { attempt: 1, .. }));
    assert_eq!(world.cause(), &Cause::Renewed);
    world.open();
    world.take();
    world.connack(true, &[]);
}

fn stable(config: Config) -> World {
    let mut world = World::online(config);
    world.advance(20_000);
    world
}

#[test]
fn with_nothing_under_way_the_link_gives_way_at_once_and_the_broker_is_told() {
    for config in [lasting(), lasting_311(), plain()] {
        let mut world = stable(config);
        let prepared = world.redirects.len();
        world.renew();
        world.expect(&["DISCONNECT 00"]);
        assert_eq!(world.socket, Socket::Opening);
        assert_eq!(
            world.redirects.len(),
            prepared + 1,
            "address and credentials are asked for anew"
        );
        world.open();
        let connect = world.take();
        assert!(connect[0].starts_with("CONNECT \"c\""), "{connect:?}");
    }
}

#[test]
fn what_has_left_is_answered_first_and_what_comes_meanwhile_waits_for_the_next_link() {
    for config in [lasting(), lasting_311()] {
        let mut world = stable(config);
        world.publish(1, 1, "t", "a");
        world.publish(2, 2, "t", "b");
        world.subscribe(3, "in", 1);
        world.take();
        world.renew();
        world.publish(4, 1, "t", "c");
        world.publish(5, 0, "t", "d");
        world.subscribe(6, "in/2", 1);
        world.unsubscribe(7, "in/3");
        world.renew();
        world.expect(&[]);
        world.puback(1);
        world.pubrec(2);
        world.expect(&["PUBREL 2"]);
        world.pubcomp(2);
        assert!(world.is_online(), "the subscription is not answered");
        world.suback(3, &[1]);
        world.expect(&["DISCONNECT 00"]);
        resume(&mut world);
        world.expect(&[
            "SUBSCRIBE 4 in/2:1",
            "UNSUBSCRIBE 5 in/3",
            "PUBLISH q1 6 \"t\" c",
            "PUBLISH q0 \"t\" d",
        ]);
        assert_eq!([1, 2, 3, 5].map(|token| world.outcome(token)), [0, 0, 1, 0]);
    }
}

#[test]
fn what_is_not_answered_within_five_seconds_is_finished_on_the_next_link() {
    let mut world = stable(lasting());
    world.publish(1, 1, "t", "a");
    world.take();
    world.renew();
    world.publish(2, 1, "t", "b");
    world.advance(4_999);
    world.expect(&[]);
    world.advance(1);
    world.expect(&["DISCONNECT 00"]);
    resume(&mut world);
    world.expect(&["PUBLISH q1 1 dup \"t\" a", "PUBLISH q1 2 \"t\" b"]);
}

#[test]
fn messages_of_the_broker_are_taken_until_the_end_and_none_is_handled_twice() {
    for config in [lasting(), lasting_311()] {
        let mut world = stable(config);
        world.handle_by_hand = true;
        world.publish(1, 1, "t", "a");
        world.take();
        world.renew();
        world.message(1, 7, "in", "one");
        world.message(2, 8, "in", "two");
        let numbers: Vec<u32> = world.delivered.iter().map(|message| message.delivery).collect();
        world.handled(numbers[0], 1);
        world.expect(&["PUBACK 7"]);
        world.puback(1);
        world.expect(&["DISCONNECT 00"]);
        resume(&mut world);
        world.handled(numbers[1], 1);
        // The broker had no PUBREC of the second one.
        let again = world.message_bytes(2, 8, "in", b"two", true, &[]);
        world.send_bytes(&again);
        world.expect(&["PUBREC 8"]);
        assert_eq!(world.take_texts(), ["in one", "in two"]);
    }
}

#[test]
fn what_waits_for_the_store_is_waited_for() {
    let mut world = stable(Config {
        durable: true,
        ..lasting()
    });
    world.slow_store = true;
    world.publish(1, 1, "t", "a");
    world.renew();
    world.expect(&[]);
    world.commit_all();
    world.expect(&["PUBLISH q1 1 \"t\" a"]);
    world.slow_store = false;
    world.puback(1);
    world.commit_all();
    world.expect(&["DISCONNECT 00"]);
}

#[test]
fn the_will_is_not_published_for_it_and_qos_0_waits_whatever_happens_to_it_without_a_link() {
    for config in [lasting(), lasting_311()] {
        let mut world = stable(Config {
            offline_qos0: OfflineQos0::Drop,
            will: Some(Will {
                topic: "gone".into(),
                payload: Vec::new(),
                qos: Qos::AtMostOnce,
                retain: false,
                properties: Vec::new(),
            }),
            ..config
        });
        world.publish(1, 1, "t", "a");
        world.take();
        world.renew();
        world.publish(2, 0, "t", "b");
        world.puback(1);
        world.expect(&["DISCONNECT 00"]);
        resume(&mut world);
        world.expect(&["PUBLISH q0 \"t\" b"]);
    }
}

#[test]
fn a_broker_that_has_lost_the_session_meanwhile_is_met_like_any_such_broker() {
    let mut world = stable(lasting());
    world.subscribe(1, "in", 1);
    world.suback(1, &[1]);
    world.take();
    world.renew();
    world.open();
    world.take();
    world.connack(false, &[]);
    world.expect(&["SUBSCRIBE 2 in:1"]);
    assert_eq!(world.gaps.len(), 1);
}

#[test]
fn a_session_that_ends_with_its_link_begins_anew_with_all_that_it_subscribed_to() {
    let mut world = stable(plain());
    world.subscribe(1, "in", 1);
    world.suback(1, &[1]);
    world.take();
    world.renew();
    world.publish(2, 1, "t", "x");
    world.open();
    world.take();
    world.connack(false, &[]);
    world.expect(&["SUBSCRIBE 2 in:1", "PUBLISH q1 3 \"t\" x"]);
}

#[test]
fn it_is_no_failure_and_follows_without_a_delay() {
    let mut world = stable(Config {
        max_attempts: Some(1),
        ..lasting()
    });
    for _ in 0..5 {
        world.renew();
        assert_eq!(world.socket, Socket::Opening);
        world.open();
        world.connack(true, &[]);
        world.take();
    }
    assert!(!world.is_stopped());
    // The attempt that follows is one like any other.
    world.advance(20_000);
    world.renew();
    world.fail_to_open();
    assert!(world.is_stopped());
}

#[test]
fn without_a_link_there_is_nothing_to_renew() {
    let mut world = World::new(lasting());
    world.renew();
    assert_eq!(world.session.state(), &State::Idle);
    world.start();
    world.renew();
    world.open();
    world.take();
    world.renew();
    world.expect(&[]);
    world.connack(false, &[]);
    assert!(world.is_online(), "it was asked for too early");
    world.cut();
    world.renew();
    assert!(matches!(world.session.state(), State::Waiting { .. }));
    world.close();
    world.renew();
    assert!(world.is_stopped());
}

#[test]
fn a_link_that_is_lost_or_left_or_closed_while_it_is_being_renewed_ends_like_any_other() {
    type Step = fn(&mut World);
    let ends: [(Step, Cause); 3] = [
        (
            World::cut,
            Cause::SocketClosed {
                code: 1006,
                reason: String::new(),
            },
        ),
        (|world| world.page(PageEvent::Leave), Cause::Left),
        (World::close, Cause::ClosedByUser),
    ];
    for (end, cause) in ends {
        let mut world = stable(lasting());
        world.publish(1, 1, "t", "a");
        world.renew();
        end(&mut world);
        assert_eq!(world.cause(), &cause);
        world.advance(100_000);
        assert_ne!(world.cause(), &Cause::Renewed);
    }
}
