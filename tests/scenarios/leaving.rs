//! A page that goes away: the broker hears of it at once, in the way the user wants, and the session waits for the page.

use hawser::codec::{Qos, Version};
use hawser::session::{Cause, Config, PageEvent, Reconnect, State, Will};

use crate::world::{Socket, World, lasting, lasting_311, plain};

fn with_will(config: Config) -> Config {
    Config {
        will: Some(Will {
            topic: "gone".into(),
            payload: b"bye".to_vec(),
            qos: Qos::AtMostOnce,
            retain: false,
            properties: Vec::new(),
        }),
        ..config
    }
}

fn tactful(config: Config) -> Config {
    Config {
        will_on_leave: false,
        ..config
    }
}

fn leaves(config: Config) -> World {
    let mut world = World::online(config);
    world.page(PageEvent::Leave);
    assert_eq!((world.socket, world.cause()), (Socket::None, &Cause::Left));
    world
}

#[test]
fn leaving_tells_the_broker_to_publish_the_will_if_there_is_one() {
    leaves(with_will(lasting())).expect(&["DISCONNECT 04"]);
    leaves(lasting()).expect(&["DISCONNECT 00"]);
    leaves(tactful(with_will(lasting()))).expect(&["DISCONNECT 00"]);
    leaves(tactful(lasting())).expect(&["DISCONNECT 00"]);
}

#[test]
fn in_3_1_1_leaving_without_a_word_is_what_has_the_will_published() {
    leaves(with_will(lasting_311())).expect(&[]);
    leaves(lasting_311()).expect(&["DISCONNECT 00"]);
    leaves(tactful(with_will(lasting_311()))).expect(&["DISCONNECT 00"]);
    leaves(tactful(lasting_311())).expect(&["DISCONNECT 00"]);
}

#[test]
fn what_was_published_before_leaves_before() {
    let mut world = World::online(with_will(lasting()));
    world.ask_to_publish(1, 0, "t", b"x", false, &[]);
    world.page(PageEvent::Leave);
    world.expect(&["PUBLISH q0 \"t\" x", "DISCONNECT 04"]);
}

#[test]
fn unfinished_messages_are_finished_when_the_page_is_back() {
    for config in [with_will(lasting()), with_will(lasting_311())] {
        let mut world = World::online(config);
        world.publish(1, 1, "t", "a");
        world.publish(2, 2, "t", "b");
        world.pubrec(2);
        world.subscribe(3, "in", 1);
        world.page(PageEvent::Leave);
        world.publish(4, 1, "t", "c");
        world.take();
        world.advance(1_000);
        world.page(PageEvent::Back);
        world.open();
        world.take();
        world.connack(true, &[]);
        world.expect(&[
            "PUBREL 2",
            "SUBSCRIBE 4 in:1",
            "PUBLISH q1 1 dup \"t\" a",
            "PUBLISH q1 5 \"t\" c",
        ]);
    }
}

#[test]
fn a_page_that_left_comes_back_with_back_with_online_with_reconnect_now_and_at_last_by_itself() {
    type Step = fn(&mut World);
    let returns: [Step; 4] = [
        |world| world.page(PageEvent::Back),
        |world| world.page(PageEvent::Online),
        |world| {
            world.session.reconnect_now(world.time());
            world.drain();
        },
        |world| world.advance(51_000),
    ];
    for step in returns {
        let mut world = leaves(with_will(plain()));
        world.advance(9_000);
        assert_eq!(world.socket, Socket::None, "nothing happens by itself for a while");
        step(&mut world);
        assert_eq!(world.socket, Socket::Opening);
    }
}

#[test]
fn an_attempt_ends_when_the_page_leaves_whatever_its_phase() {
    for steps in 0..3 {
        let mut world = World::new(with_will(lasting()));
        world.prepare_by_hand = true;
        world.start();
        if steps > 0 {
            world.session.handle_address(world.time(), 1, None, None);
            world.drain();
        }
        if steps > 1 {
            world.open();
        }
        world.take();
        world.page(PageEvent::Leave);
        assert_eq!((world.socket, world.cause()), (Socket::None, &Cause::Left));
        world.expect(&[]);
        world.advance(1_000);
        world.page(PageEvent::Back);
        assert!(matches!(world.session.state(), State::Connecting { attempt: 2, .. }));
        // The answer to the attempt that is over.
        world.session.handle_address(world.time(), 1, None, None);
        world.drain();
        assert_eq!(world.socket, Socket::None);
    }
}

#[test]
fn leaving_while_waiting_puts_the_attempt_off_and_keeps_the_cause() {
    let mut world = World::online(plain());
    world.cut();
    world.page(PageEvent::Leave);
    assert!(matches!(world.cause(), Cause::SocketClosed { .. }));
    world.advance(59_999);
    assert_eq!(world.socket, Socket::None);
    world.page(PageEvent::Back);
    assert_eq!(world.socket, Socket::Opening);
}

#[test]
fn pages_that_come_and_go_use_up_no_attempts() {
    let mut world = World::new(Config {
        max_attempts: Some(2),
        ..plain()
    });
    world.start();
    for _ in 0..10 {
        world.page(PageEvent::Leave);
        world.advance(1_000);
        world.page(PageEvent::Back);
        assert_eq!(world.socket, Socket::Opening);
    }
    world.fail_to_open();
    assert!(!world.is_stopped());
    world.wait_for_attempt();
    world.fail_to_open();
    assert!(world.is_stopped());
}

#[test]
fn leaving_means_nothing_before_the_start_and_after_the_end() {
    let mut world = World::new(plain());
    world.page(PageEvent::Leave);
    assert_eq!(world.session.state(), &State::Idle);
    let mut world = World::online(plain());
    world.close();
    world.page(PageEvent::Leave);
    assert_eq!(world.cause(), &Cause::ClosedByUser);
}

#[test]
fn who_wants_one_link_only_has_no_other_after_leaving() {
    let world = leaves(Config {
        version: Version::V5,
        reconnect: Reconnect::Never,
        ..plain()
    });
    assert!(world.is_stopped());
}
