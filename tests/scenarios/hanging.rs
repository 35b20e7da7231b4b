//! Attempts that began before the page or the network was back, and whose sockets do not open.

use hawser::session::{Cause, Config, PageEvent, Phase, Reconnect, State};

use crate::page_events::{SLOW, retry_at};
use crate::world::{Socket, World, lasting};

/// An attempt whose socket has been opening for three seconds.
fn hanging(config: Config) -> World {
    let mut world = World::new(config);
    world.start();
    world.advance(3_000);
    assert_eq!(world.socket, Socket::Opening);
    world
}

fn slow() -> Config {
    Config {
        reconnect: SLOW,
        ..lasting()
    }
}

#[test]
fn an_attempt_that_hangs_has_the_time_of_a_probe_when_the_page_is_back_and_the_next_one_follows_within_a_second() {
    for event in [PageEvent::Back, PageEvent::Online] {
        let mut world = hanging(slow());
        let begun = world.now;
        // As many as there are: the first one counts.
        world.page(event);
        world.advance(2_000);
        world.page(event);
        world.advance(2_999);
        assert_eq!(world.socket, Socket::Opening);
        world.advance(1);
        assert_eq!(world.cause(), &Cause::ConnectTimeout(Phase::Socket));
        world.wait_for_attempt();
        assert_eq!(world.socket, Socket::Opening);
        assert!(world.now <= begun + 6_000, "{} ms", world.now - begun);
    }
}

#[test]
fn an_attempt_that_fails_when_the_page_is_back_is_followed_by_the_next_one_within_a_second() {
    let mut world = hanging(slow());
    world.page(PageEvent::Back);
    world.advance(1_000);
    world.fail_to_open();
    assert_eq!(retry_at(&world), world.now + 1_000);
    // Only that one: what fails then fails for other reasons.
    world.wait_for_attempt();
    world.fail_to_open();
    assert_eq!(retry_at(&world), world.now + 600_000);
}

#[test]
fn an_attempt_that_is_nearly_over_gets_no_more_time_and_one_nobody_comes_back_to_has_all_of_it() {
    let mut world = hanging(lasting());
    world.advance(26_000);
    world.page(PageEvent::Back);
    world.advance(1_000);
    assert_eq!(world.cause(), &Cause::ConnectTimeout(Phase::Socket));
    let mut world = hanging(lasting());
    world.page(PageEvent::Offline);
    world.advance(26_999);
    assert_eq!(world.socket, Socket::Opening);
}

#[test]
fn a_socket_that_opens_in_time_has_all_the_time_that_an_attempt_has() {
    let mut world = hanging(lasting());
    world.page(PageEvent::Back);
    world.advance(4_999);
    world.open();
    world.take();
    world.page(PageEvent::Back);
    world.advance(30_000 - 3_000 - 5_000);
    assert!(
        !matches!(world.session.state(), State::Waiting { .. }),
        "the handshake goes on"
    );
    world.advance(1);
    assert_eq!(world.cause(), &Cause::ConnectTimeout(Phase::Handshake));
}

#[test]
fn an_attempt_that_began_with_the_page_and_an_address_that_is_asked_for_are_not_pressed() {
    let mut world = World::new(lasting());
    world.start();
    world.advance(999);
    world.page(PageEvent::Back);
    world.advance(29_000);
    assert_eq!(world.socket, Socket::Opening);
    let mut world = World::new(lasting());
    world.prepare_by_hand = true;
    world.start();
    world.advance(3_000);
    world.page(PageEvent::Back);
    world.advance(26_999);
    let State::Connecting { phase, .. } = world.session.state() else {
        panic!("{:?}", world.session.state())
    };
    assert_eq!(*phase, Phase::Address);
}

#[test]
fn a_user_who_wants_no_other_attempt_has_all_of_this_one_and_one_that_was_pressed_counts_for_no_bound() {
    let mut world = hanging(Config {
        reconnect: Reconnect::Never,
        ..lasting()
    });
    world.page(PageEvent::Back);
    world.advance(26_999);
    assert_eq!(world.socket, Socket::Opening);
    let mut world = hanging(Config {
        max_attempts: Some(1),
        ..lasting()
    });
    world.page(PageEvent::Back);
    world.advance(5_000);
    world.wait_for_attempt();
    world.advance(30_000);
    assert!(world.is_stopped());
}

#[test]
fn a_broker_that_drops_who_came_back_gets_no_attempt_ahead_of_its_time() {
    let mut world = hanging(slow());
    world.page(PageEvent::Back);
    world.open();
    world.take();
    world.page(PageEvent::Back);
    world.connack(false, &[]);
    assert!(world.is_online());
    world.cut();
    assert_eq!(retry_at(&world), world.now + 600_000);
}

#[test]
fn a_timer_that_was_asleep_puts_a_pressed_attempt_off_once() {
    let mut world = hanging(slow());
    world.page(PageEvent::Back);
    world.oversleep(8_000);
    assert_eq!(world.socket, Socket::Opening, "the socket may wait behind the timer");
    world.page(PageEvent::Back);
    world.advance(5_000);
    assert_eq!(world.cause(), &Cause::ConnectTimeout(Phase::Socket));
}
