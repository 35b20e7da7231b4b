//! Timers that fire late: a page may be frozen, or its timers throttled, while what the broker said waits behind them.

use hawser::session::{Cause, Config, Phase};

use crate::world::{Socket, World, lasting_311, plain};

const PINGRESP: [u8; 2] = [0xD0, 0];

#[test]
fn a_late_timer_probes_first_and_gives_the_broker_the_time_of_a_probe() {
    let mut world = World::online(plain());
    world.oversleep(600_000);
    assert!(world.is_online());
    world.expect(&["PINGREQ"]);
    world.advance(4_999);
    assert!(world.is_online());
    world.advance(1);
    assert_eq!(world.cause(), &Cause::KeepAliveTimeout);
    let mut world = World::online(plain());
    world.oversleep(600_000);
    world.send_bytes(&PINGRESP);
    world.advance(59_000);
    assert!(world.is_online());
}

#[test]
fn a_timer_that_sleeps_over_the_answer_to_its_probe_probes_once_more() {
    for config in [plain(), lasting_311()] {
        let mut world = World::online(config);
        world.advance(60_000);
        world.expect(&["PINGREQ"]);
        world.oversleep(120_000);
        world.expect(&["PINGREQ"]);
        // What waited behind the timer.
        world.send_bytes(&PINGRESP);
        world.advance(60_000);
        assert!(world.is_online());
    }
}

#[test]
fn a_dead_peer_is_noticed_although_every_timer_is_late() {
    let mut world = World::online(plain());
    let mut pings = 0;
    while world.is_online() {
        world.oversleep(61_500);
        pings += world.take().len();
        assert!(world.now < 1_000_000 + 4 * 61_500);
    }
    assert_eq!((world.cause(), pings), (&Cause::KeepAliveTimeout, 2));
}

#[test]
fn a_timer_that_is_late_by_less_than_half_an_interval_still_finds_a_dead_peer_in_time() {
    let mut world = World::online(plain());
    world.oversleep(84_000);
    world.expect(&["PINGREQ"]);
    world.advance(6_000);
    assert_eq!((world.cause(), world.now), (&Cause::KeepAliveTimeout, 1_090_000));
}

#[test]
fn a_broker_that_answers_while_the_page_sleeps_is_not_taken_for_one_that_is_late() {
    let mut world = World::new(plain());
    world.start();
    world.oversleep(3_600_000);
    world.open();
    world.connack(false, &[]);
    assert!(world.is_online());
    let mut world = World::new(plain());
    world.start();
    world.open();
    world.oversleep(3_600_000);
    world.connack(false, &[]);
    assert!(world.is_online());
}

#[test]
fn an_attempt_that_nobody_answers_ends_however_late_its_timer_is() {
    let mut world = World::new(plain());
    world.start();
    world.oversleep(3_600_000);
    assert_eq!(world.socket, Socket::Opening);
    world.advance(4_999);
    assert_eq!(world.socket, Socket::Opening);
    world.advance(1);
    assert_eq!(world.cause(), &Cause::ConnectTimeout(Phase::Socket));
    let mut world = World::new(plain());
    world.start();
    world.oversleep(3_600_000);
    world.oversleep(3_600_000);
    assert_eq!(world.cause(), &Cause::ConnectTimeout(Phase::Socket), "once is enough");
}

#[test]
fn credentials_that_came_while_the_page_slept_are_used() {
    let mut world = World::new(plain());
    world.prepare_by_hand = true;
    world.start();
    world.oversleep(3_600_000);
    world.session.handle_address(world.time(), 1, None, None);
    world.drain();
    assert_eq!(world.socket, Socket::Opening);
}

#[test]
fn a_method_whose_answer_waits_behind_a_late_timer_has_not_failed() {
    let mut world = World::new(Config {
        authentication_method: Some("m".into()),
        ..plain()
    });
    world.start();
    world.open();
    world.connack(false, &[hawser::codec::Property::AuthenticationMethod("m")]);
    let (exchange, ..) = *world.asked.last().unwrap();
    world.session.handle_authentication(world.time(), exchange, None);
    world.session.reauthenticate(world.time(), 7);
    world.drain();
    world.oversleep(45_000);
    assert!(world.is_online());
    world.advance(5_000);
    assert!(matches!(world.cause(), Cause::Authentication(_)));
}
