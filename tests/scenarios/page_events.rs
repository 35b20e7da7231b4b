//! What the page goes through: coming back is a reason to look at once, `offline` may be wrong, and a flood of events moves little.

use hawser::session::{Cause, Config, Jitter, PageEvent, Reconnect, State};

use crate::world::{Socket, World, lasting, lasting_311, plain};

const PINGRESP: [u8; 2] = [0xD0, 0];
const LOOKS: [PageEvent; 3] = [PageEvent::Back, PageEvent::Online, PageEvent::Offline];

/// Nobody waits for it.
pub const SLOW: Reconnect = Reconnect::Fixed {
    delay: 600_000,
    jitter: Jitter::UpTo(0),
};

pub fn retry_at(world: &World) -> u64 {
    match world.session.state() {
        State::Waiting { retry_at, .. } => retry_at.0,
        other => panic!("not waiting: {other:?}"),
    }
}

fn fail(world: &mut World, times: u32) {
    for _ in 0..times {
        world.wait_for_attempt();
        world.fail_to_open();
    }
}

#[test]
fn a_dead_link_is_noticed_within_the_time_of_a_probe_and_an_attempt_follows_within_a_second() {
    let silent = Config {
        keep_alive: 0,
        ..lasting()
    };
    for config in [lasting(), lasting_311(), silent] {
        for event in LOOKS {
            let mut world = World::online(config.clone());
            world.advance(20_000);
            let begun = world.now;
            world.page(event);
            world.expect(&["PINGREQ"]);
            world.advance(4_999);
            assert!(world.is_online());
            world.advance(1);
            assert_eq!(world.cause(), &Cause::KeepAliveTimeout);
            world.wait_for_attempt();
            assert_eq!(world.socket, Socket::Opening);
            assert!(world.now <= begun + 6_000, "{} ms", world.now - begun);
        }
    }
}

#[test]
fn a_link_that_is_found_dead_by_a_page_that_is_back_is_brought_back_within_a_second_whatever_the_backoff_says() {
    for event in [PageEvent::Back, PageEvent::Online] {
        for closed in [false, true] {
            let mut world = World::online(Config {
                reconnect: SLOW,
                ..lasting()
            });
            world.advance(20_000);
            world.page(event);
            world.expect(&["PINGREQ"]);
            if closed {
                // As the socket of a page that was frozen.
                world.advance(10);
                world.cut();
            } else {
                world.advance(5_000);
                assert_eq!(world.cause(), &Cause::KeepAliveTimeout);
            }
            assert_eq!(retry_at(&world), world.now + 1_000);
            // Once: what is wrong with the next link has nothing to do with the page.
            world.reconnect();
            world.connack(true, &[]);
            world.cut();
            assert_eq!(retry_at(&world), world.now + 600_000);
        }
    }
}

#[test]
fn a_link_that_dies_when_the_page_has_long_been_back_is_brought_back_in_its_own_time() {
    let mut world = World::online(Config {
        reconnect: SLOW,
        ..lasting()
    });
    world.advance(20_000);
    world.page(PageEvent::Back);
    world.send_bytes(&PINGRESP);
    world.advance(10_000);
    world.cut();
    assert_eq!(retry_at(&world), world.now + 600_000);
}

#[test]
fn a_living_link_outlives_every_event_and_whatever_comes_is_a_sign_of_life() {
    for keep_alive in [0, 60] {
        for event in LOOKS {
            let mut world = World::online(Config { keep_alive, ..plain() });
            world.advance(20_000);
            world.page(event);
            world.message(0, 0, "t", "x");
            world.advance(59_000);
            assert!(world.is_online(), "{event:?}");
        }
    }
}

#[test]
fn what_has_just_come_is_sign_enough() {
    let mut world = World::online(plain());
    world.advance(20_000);
    world.message(0, 0, "t", "x");
    world.advance(700);
    world.page(PageEvent::Back);
    world.message(0, 0, "t", "x");
    world.advance(20_000);
    world.expect(&[]);
}

#[test]
fn what_came_just_before_the_link_died_puts_the_probe_off_by_a_second_and_no_more() {
    for keep_alive in [0, 60] {
        let mut world = World::online(Config { keep_alive, ..plain() });
        world.advance(20_000);
        world.message(0, 0, "t", "x");
        world.advance(700);
        world.page(PageEvent::Back);
        world.advance(299);
        world.expect(&[]);
        world.advance(1);
        world.expect(&["PINGREQ"]);
        world.advance(5_000);
        assert_eq!(world.cause(), &Cause::KeepAliveTimeout);
    }
}

#[test]
fn a_probe_that_is_on_its_way_already_has_less_time_and_never_more() {
    let mut world = World::online(plain());
    world.advance(60_000);
    world.expect(&["PINGREQ"]);
    world.page(PageEvent::Back);
    world.advance(3_000);
    world.page(PageEvent::Back);
    world.expect(&[]);
    world.advance(1_999);
    assert!(world.is_online());
    world.advance(1);
    assert_eq!(world.cause(), &Cause::KeepAliveTimeout);
}

#[test]
fn the_time_of_a_probe_is_an_option() {
    let mut world = World::online(Config {
        probe_timeout: 700,
        ..plain()
    });
    world.advance(20_000);
    world.page(PageEvent::Back);
    world.advance(699);
    assert!(world.is_online());
    world.advance(1);
    assert!(!world.is_online());
}

#[test]
fn a_page_that_slept_over_the_answer_asks_again() {
    let mut world = World::online(plain());
    world.advance(20_000);
    world.page(PageEvent::Back);
    world.expect(&["PINGREQ"]);
    world.now += 600_000;
    world.page(PageEvent::Back);
    world.expect(&["PINGREQ"]);
    world.send_bytes(&PINGRESP);
    world.advance(10_000);
    assert!(world.is_online());
}

#[test]
fn who_waits_tries_at_once_but_never_within_a_second_of_the_last_attempt() {
    for event in [PageEvent::Back, PageEvent::Online] {
        let mut world = World::online(plain());
        world.cut();
        fail(&mut world, 6);
        let begun = world.now;
        world.advance(400);
        world.page(event);
        assert_eq!(retry_at(&world), begun + 1_000);
        world.advance(600);
        assert_eq!(world.socket, Socket::Opening);
        world.advance(1_500);
        world.fail_to_open();
        world.page(event);
        assert_eq!(world.socket, Socket::Opening, "more than a second ago");
    }
}

#[test]
fn a_wait_that_would_be_shorter_anyway_stays_as_it_is() {
    let mut world = World::online(plain());
    world.cut();
    world.advance(900);
    let (before, at) = (world.statuses.len(), retry_at(&world));
    world.page(PageEvent::Offline);
    assert_eq!((world.statuses.len(), retry_at(&world)), (before, at));
}

#[test]
fn events_tell_and_send_nothing_in_an_attempt_before_the_start_and_after_the_end() {
    for event in LOOKS {
        let mut idle = World::new(plain());
        idle.page(event);
        assert_eq!(idle.session.state(), &State::Idle);
        let mut world = World::new(plain());
        world.start();
        let statuses = world.statuses.len();
        world.advance(5_000);
        world.page(event);
        world.open();
        world.take();
        world.page(event);
        assert_eq!(world.statuses.len(), statuses + 1, "the handshake");
        world.expect(&[]);
        world.close();
        world.page(event);
        assert!(world.is_stopped());
    }
}

#[test]
fn ten_thousand_events_in_a_second_make_two_attempts_at_most_and_few_pings() {
    for (online, seed) in [(true, 3), (false, 5)] {
        let mut world = World::online(plain());
        world.advance(20_000);
        if !online {
            world.cut();
        }
        let mut random = crate::random::Random::new(seed);
        let (mut attempts, mut pings) = (0, 0);
        for count in 0..10_000_u64 {
            world.page(LOOKS[random.below(3) as usize]);
            if world.socket == Socket::Opening {
                attempts += 1;
                world.fail_to_open();
            }
            pings += world.take().len();
            if count % 10 == 0 {
                world.advance(1);
            }
        }
        assert!(attempts <= 2, "{attempts} attempts");
        assert!(pings <= 2, "{pings} pings");
        assert!(world.statuses.len() < 20, "{} statuses", world.statuses.len());
    }
}

#[test]
fn while_the_browser_says_offline_no_wait_is_longer_than_half_a_minute() {
    let mut world = World::online(plain());
    world.cut();
    fail(&mut world, 8);
    assert_eq!(retry_at(&world) - world.now, 60_000);
    world.page(PageEvent::Offline);
    assert_eq!(retry_at(&world) - world.now, 30_000);
    fail(&mut world, 1);
    assert_eq!(
        retry_at(&world) - world.now,
        30_000,
        "the attempts go on: it may be wrong"
    );
}

#[test]
fn attempts_that_fail_while_offline_do_not_count_and_the_first_delay_follows_them() {
    let mut world = World::online(Config {
        max_attempts: Some(3),
        ..plain()
    });
    world.page(PageEvent::Offline);
    world.advance(20_000);
    world.cut();
    fail(&mut world, 20);
    assert!(!world.is_stopped());
    world.advance(2_000);
    world.page(PageEvent::Online);
    world.fail_to_open();
    assert_eq!(retry_at(&world) - world.now, 1_000, "the network is new");
    fail(&mut world, 2);
    assert!(world.is_stopped(), "these count");
}

#[test]
fn a_link_that_comes_up_while_the_browser_says_offline_shows_that_it_is_wrong() {
    let mut world = World::online(Config {
        max_attempts: Some(1),
        ..plain()
    });
    world.page(PageEvent::Offline);
    world.advance(20_000);
    world.reconnect();
    world.connack(false, &[]);
    world.advance(20_000);
    world.cut();
    world.wait_for_attempt();
    world.fail_to_open();
    assert!(world.is_stopped());
}
