//! Keep-alive: a quiet link is probed, a silent one is given up, a late timer kills nothing.

use hawser::codec::Property::ServerKeepAlive;
use hawser::session::{Cause, Config};

use crate::world::{Socket, World, lasting_311, plain};

const PINGRESP: [u8; 2] = [0xD0, 0];

#[test]
fn a_quiet_link_is_probed_each_interval() {
    let mut world = World::online(plain());
    for _ in 0..5 {
        world.advance(59_999);
        world.expect(&[]);
        world.advance(1);
        world.expect(&["PINGREQ"]);
        world.send_bytes(&PINGRESP);
    }
    assert!(world.is_online());
}

#[test]
fn a_silent_broker_is_dead_after_one_and_a_half_intervals() {
    for config in [plain(), lasting_311()] {
        let mut world = World::online(config);
        world.advance(89_999);
        assert!(world.is_online());
        world.expect(&["PINGREQ"]);
        world.advance(1);
        assert_eq!((world.cause(), world.socket), (&Cause::KeepAliveTimeout, Socket::None));
        world.expect(&[]);
    }
}

#[test]
fn a_link_that_only_sends_is_probed_and_found_dead_all_the_same() {
    let mut world = World::online(plain());
    for token in 0..8 {
        world.advance(10_000);
        world.publish(token, 0, "t", "x");
    }
    assert!(world.take().contains(&"PINGREQ".into()));
    world.advance(10_000);
    assert_eq!(world.cause(), &Cause::KeepAliveTimeout);
}

#[test]
fn a_link_that_only_receives_sends_a_probe_in_time() {
    let mut world = World::online(plain());
    for _ in 0..5 {
        world.advance(10_000);
        world.message(0, 0, "t", "x");
    }
    world.expect(&[]);
    world.advance(10_000);
    world.expect(&["PINGREQ"]);
}

#[test]
fn any_byte_shows_that_the_link_lives() {
    let mut world = World::online(plain());
    world.advance(89_999);
    world.take();
    world.send_bytes(&PINGRESP[..1]);
    world.advance(59_000);
    assert!(world.is_online());
    world.send_bytes(&PINGRESP[1..]);
    assert!(world.is_online());
}

#[test]
fn what_is_sent_anyway_saves_the_probe() {
    let mut world = World::online(plain());
    for token in 0..20 {
        world.advance(40_000);
        world.publish(token, 1, "t", "x");
        world.puback(token as u16 + 1);
        assert_eq!(world.take().len(), 1);
    }
}

#[test]
fn the_server_keep_alive_wins() {
    let mut world = World::online_with(plain(), &[ServerKeepAlive(10)]);
    world.advance(10_000);
    world.expect(&["PINGREQ"]);
    world.advance(5_000);
    assert_eq!(world.cause(), &Cause::KeepAliveTimeout);
    let mut world = World::online_with(
        Config {
            keep_alive: 0,
            ..plain()
        },
        &[ServerKeepAlive(10)],
    );
    world.advance(10_000);
    world.expect(&["PINGREQ"]);
}

#[test]
fn keep_alive_0_asks_for_nothing() {
    for mut world in [
        World::online_with(plain(), &[ServerKeepAlive(0)]),
        World::online(Config {
            keep_alive: 0,
            ..plain()
        }),
    ] {
        world.advance(30 * 24 * 3_600_000);
        world.expect(&[]);
        assert!(world.is_online());
    }
}

#[test]
fn a_clock_that_is_set_back_does_no_harm() {
    let mut world = World::online(plain());
    world.now -= 500_000;
    world.fire_early();
    world.publish(1, 0, "t", "x");
    assert!(world.is_online());
    world.now += 500_000;
    world.advance(60_000);
    assert!(world.take().contains(&"PINGREQ".into()));
}

#[test]
fn a_link_that_takes_what_waits_is_slow_and_not_dead_until_it_takes_no_more() {
    let mut world = World::online(plain());
    let patience = plain().probe_timeout;
    world.advance(60_000);
    world.expect(&["PINGREQ"]);
    for _ in 0..300 {
        world.advance(patience - 1);
        world.session.handle_progress(world.time());
    }
    assert!(world.is_online());
    world.expect(&[]);
    world.advance(patience - 1);
    assert!(world.is_online());
    world.advance(1);
    assert_eq!((world.cause(), world.socket), (&Cause::KeepAliveTimeout, Socket::None));
}

#[test]
fn what_has_left_long_ago_says_nothing_about_the_answer_to_a_probe() {
    let mut world = World::online(plain());
    world.advance(90_000 - plain().probe_timeout);
    world.session.handle_progress(world.time());
    world.advance(plain().probe_timeout);
    assert_eq!(world.cause(), &Cause::KeepAliveTimeout);
}
