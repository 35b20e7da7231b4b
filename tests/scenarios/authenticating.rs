//! Enhanced authentication (4.12) until CONNACK, and everything that either side may do wrong.

use hawser::codec::{Place, Property, ReasonCode, Version};
use hawser::session::{Cause, Config, PageEvent, Phase, State};

use crate::exchange::{
    CHALLENGE, CONNECT, CONTINUE, DONE, answer, assert_fault, auth, begin, connect, connecting, fail, method, online,
    with_method,
};
use crate::peer::block;
use crate::world::{World, plain};

#[test]
fn an_exchange_goes_on_until_connack() {
    let mut world = connecting(with_method());
    world.expect(&[CONNECT]);
    auth(&mut world, CONTINUE, &[method(), Property::AuthenticationData(&[2])]);
    assert_eq!(
        block(Place::Auth, &[method(), Property::AuthenticationData(&[2])])
            .as_properties()
            .raw(),
        world.asked[0].2
    );
    world.expect(&[]);
    answer(&mut world, CHALLENGE, Some(&[3]));
    world.expect(&["AUTH 18 [AuthenticationMethod(\"SCRAM\"), AuthenticationData([3])]"]);
    auth(&mut world, CONTINUE, &[method()]);
    answer(&mut world, CHALLENGE, None);
    world.expect(&["AUTH 18 [AuthenticationMethod(\"SCRAM\")]"]);
    world.connack(false, &[method(), Property::AuthenticationData(&[4])]);
    assert!(world.is_online());
    let (_, step, said) = world.asked.last().unwrap();
    assert_eq!(*step, DONE);
    assert_eq!(
        *said,
        block(Place::ConnAck, &[method(), Property::AuthenticationData(&[4])])
            .as_properties()
            .raw()
    );
    answer(&mut world, DONE, None);
    world.expect(&[]);
}

#[test]
fn a_page_that_is_back_hurries_neither_side_of_an_exchange() {
    let mut world = connecting(with_method());
    world.take();
    world.advance(2_000);
    world.page(PageEvent::Back);
    world.advance(10_000);
    auth(&mut world, CONTINUE, &[method()]);
    world.page(PageEvent::Back);
    world.advance(10_000);
    answer(&mut world, CHALLENGE, None);
    world.expect(&["AUTH 18 [AuthenticationMethod(\"SCRAM\")]"]);
}

#[test]
fn each_connection_has_the_whole_exchange_anew() {
    let mut world = online();
    world.cut();
    world.wait_for_attempt();
    connect(&mut world);
    world.expect(&[CONNECT]);
    auth(&mut world, CONTINUE, &[method()]);
    answer(&mut world, CHALLENGE, Some(&[5]));
    world.expect(&["AUTH 18 [AuthenticationMethod(\"SCRAM\"), AuthenticationData([5])]"]);
}

#[test]
fn the_data_of_one_attempt_are_not_those_of_the_next() {
    let mut world = World::new(with_method());
    world.prepare_by_hand = true;
    world.start();
    world.session.handle_authentication(world.time(), 1, Some(&[1]));
    world.session.handle_address_failed(world.time(), 1, Some("no token"));
    world.drain();
    world.wait_for_attempt();
    world.session.handle_authentication(world.time(), 1, Some(&[9]));
    world.session.handle_address(world.time(), 2, None, None);
    world.drain();
    world.open();
    assert!(!world.take()[0].contains("AuthenticationData"));
}

#[test]
fn a_broker_that_answers_with_another_method_or_none_is_left() {
    let other = Property::AuthenticationMethod("PLAIN");
    for properties in [&[other][..], &[]] {
        let mut world = connecting(with_method());
        world.connack(false, properties);
        assert_fault(&world);
    }
    let mut world = connecting(with_method());
    auth(&mut world, CONTINUE, &[other]);
    assert_fault(&world);
    // AUTH F0 00 and AUTH without a method: their senders cannot be encoded.
    for bytes in [&[0xF0, 0][..], &[0xF0, 2, 0x18, 0]] {
        let mut world = connecting(with_method());
        world.send_bytes(bytes);
        assert_fault(&world);
    }
}

#[test]
fn a_refusal_needs_no_method_and_may_come_at_any_step() {
    for challenged in [false, true] {
        let mut world = connecting(with_method());
        if challenged {
            auth(&mut world, CONTINUE, &[method()]);
        }
        world.connack_with(false, ReasonCode::BAD_AUTHENTICATION_METHOD, &[]);
        assert!(world.is_stopped());
        assert!(matches!(world.cause(), Cause::Refused(refusal) if refusal.reason == 0x8C));
    }
}

#[test]
fn auth_out_of_turn_before_connack_is_a_fault_without_a_disconnect() {
    let mut success = connecting(with_method());
    auth(&mut success, ReasonCode::SUCCESS, &[method()]);
    let mut twice = connecting(with_method());
    auth(&mut twice, CONTINUE, &[method()]);
    auth(&mut twice, CONTINUE, &[method()]);
    let mut unasked = connecting(plain());
    auth(&mut unasked, CONTINUE, &[method()]);
    for world in [&mut success, &mut twice, &mut unasked] {
        assert_fault(world);
        assert_eq!(world.take().len(), 1, "CONNECT and nothing else");
    }
}

#[test]
fn no_answer_in_time_is_a_failure_of_ours_at_every_step() {
    let no_answer = Cause::Authentication("no answer in time".into());
    let mut first = World::new(with_method());
    first.prepare_by_hand = true;
    first.start();
    let mut challenged = connecting(with_method());
    auth(&mut challenged, CONTINUE, &[method()]);
    let mut looking = connecting(with_method());
    looking.connack(false, &[method()]);
    let mut again = online();
    begin(&mut again, 1);
    for world in [&mut first, &mut challenged, &mut looking, &mut again] {
        world.advance(29_999);
        assert!(!matches!(world.session.state(), State::Waiting { .. }));
        world.advance(1);
        assert_eq!(world.cause(), &no_answer);
    }
    // It is the broker that is silent here.
    let mut silent = connecting(with_method());
    silent.advance(30_000);
    assert_eq!(silent.cause(), &Cause::ConnectTimeout(Phase::Handshake));
}

#[test]
fn after_five_failures_of_ours_in_a_row_there_is_no_further_attempt() {
    let mut world = connecting(with_method());
    for number in 1..=5 {
        auth(&mut world, CONTINUE, &[method()]);
        fail(&mut world, CHALLENGE, "no key");
        assert_eq!(world.is_stopped(), number == 5, "{number}");
        if number < 5 {
            world.wait_for_attempt();
            connect(&mut world);
        }
    }
    assert_eq!(world.cause(), &Cause::Authentication("no key".into()));
    world.session.reconnect_now(world.time());
    world.drain();
    connect(&mut world);
    world.connack(false, &[method()]);
    assert!(world.is_online());
}

#[test]
fn failures_before_the_broker_is_reached_are_tried_again_as_long_as_it_takes() {
    // A page without a network cannot fetch what it authenticates itself with.
    let mut world = World::new(with_method());
    world.prepare_by_hand = true;
    world.start();
    for number in 0..20 {
        let attempt = world.prepared.pop().unwrap();
        if number % 2 == 0 {
            world
                .session
                .handle_authentication_failed(world.time(), attempt, "offline");
            world.drain();
        } else {
            world.advance(30_000);
        }
        assert!(matches!(world.cause(), Cause::Authentication(_)));
        world.wait_for_attempt();
    }
    connect(&mut world);
    world.connack(false, &[method()]);
    assert!(world.is_online());
}

#[test]
fn an_answer_for_an_attempt_is_none_to_a_challenge_and_the_other_way_round() {
    let mut world = connecting(with_method());
    world.take();
    auth(&mut world, CONTINUE, &[method()]);
    // The data for CONNECT of the first attempt come late: they are not what the first challenge asks for.
    for attempt in 1..=3 {
        world.session.handle_authentication(world.time(), attempt, Some(&[1]));
        world
            .session
            .handle_authentication_failed(world.time(), attempt, "late");
    }
    world.drain();
    world.expect(&[]);
    world.cut();
    world.wait_for_attempt();
    let (exchange, ..) = world.asked.pop().unwrap();
    for exchange in exchange..exchange + 3 {
        world.session.handle_authentication(world.time(), exchange, Some(&[9]));
        world
            .session
            .handle_authentication_failed(world.time(), exchange, "late");
    }
    let attempt = world.prepared.pop().unwrap();
    world.session.handle_address(world.time(), attempt, None, None);
    world.drain();
    world.open();
    let [packet] = &world.take()[..] else {
        panic!("CONNECT only")
    };
    assert!(!packet.contains("AuthenticationData"), "{packet}");
}

#[test]
fn late_answers_and_answers_to_nothing_change_nothing() {
    let mut world = connecting(with_method());
    auth(&mut world, CONTINUE, &[method()]);
    let (exchange, ..) = world.asked.pop().unwrap();
    for wrong in [exchange.wrapping_add(1), exchange.wrapping_sub(1)] {
        world.session.handle_authentication(world.time(), wrong, Some(&[1]));
        world.session.handle_authentication_failed(world.time(), wrong, "no");
    }
    world.drain();
    assert_eq!(world.take().len(), 1, "CONNECT only");
    world.cut();
    world.wait_for_attempt();
    connect(&mut world);
    world.take();
    auth(&mut world, CONTINUE, &[method()]);
    world.session.handle_authentication(world.time(), exchange, Some(&[1]));
    world.session.handle_authentication_failed(world.time(), exchange, "no");
    world.drain();
    world.expect(&[]);
    answer(&mut world, CHALLENGE, Some(&[7]));
    world
        .session
        .handle_authentication_failed(world.time(), exchange.wrapping_add(1), "no");
    world.drain();
    world.expect(&["AUTH 18 [AuthenticationMethod(\"SCRAM\"), AuthenticationData([7])]"]);
    assert!(matches!(
        world.session.state(),
        State::Connecting {
            phase: Phase::Handshake,
            ..
        }
    ));
}

#[test]
fn auth_explains_nothing_to_a_client_that_asked_for_no_explanations() {
    let mut world = connecting(Config {
        request_problem_information: false,
        ..with_method()
    });
    auth(&mut world, CONTINUE, &[method(), Property::ReasonString("because")]);
    assert_fault(&world);
}

#[test]
fn with_a_method_there_is_no_falling_back() {
    let config = Config {
        fall_back: true,
        ..with_method()
    };
    let mut world = connecting(config.clone());
    world.send_bytes(&[0x20, 2, 0, 1]);
    assert!(world.is_stopped());
    assert!(matches!(world.cause(), Cause::Refused(refusal) if refusal.reason == 0x84));
    let mut world = connecting(config);
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

#[test]
fn nothing_of_an_exchange_is_in_the_trace_or_in_the_store() {
    let secret = b"s3cret";
    let mut world = World::new(Config {
        trace: true,
        durable: true,
        ..with_method()
    });
    world.prepare_by_hand = true;
    world.start();
    world.session.handle_authentication(world.time(), 1, Some(secret));
    world.session.handle_address(world.time(), 1, None, None);
    world.drain();
    world.open();
    auth(&mut world, CONTINUE, &[method(), Property::AuthenticationData(secret)]);
    answer(&mut world, CHALLENGE, Some(secret));
    world.connack(false, &[method(), Property::AuthenticationData(secret)]);
    let has_secret = |bytes: &[u8]| bytes.windows(secret.len()).any(|window| window == secret);
    assert!(world.traced.iter().any(|line| line.contains("-> 15 ")));
    assert!(!world.traced.iter().any(|line| has_secret(line.as_bytes())));
    assert!(!world.committed.is_empty());
    assert!(!world.committed.iter().any(|batch| has_secret(&batch.bytes)));
    assert!(!format!("{:?}", world.statuses).contains("s3cret"));
}
