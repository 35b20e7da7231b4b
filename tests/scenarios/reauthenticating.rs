//! Authentication on a live link (4.12.1), while everything else goes on.

use hawser::codec::{self, Packet, Property, ReasonCode};
use hawser::session::{Cause, Failure, State};

use crate::exchange::{
    BEGIN, CHALLENGE, CONTINUE, DONE, answer, assert_fault, auth, begin, connect, connecting, fail, method, online,
    with_method,
};
use crate::world::{Socket, World, plain};

#[test]
fn auth_out_of_turn_on_a_live_link_is_told_so() {
    let mut unasked = online();
    auth(&mut unasked, CONTINUE, &[method()]);
    let mut without_method = World::online(plain());
    auth(&mut without_method, ReasonCode::SUCCESS, &[method()]);
    let mut early = online();
    begin(&mut early, 1);
    auth(&mut early, ReasonCode::SUCCESS, &[method()]);
    let mut other = online();
    begin(&mut other, 1);
    answer(&mut other, BEGIN, None);
    other.take();
    auth(&mut other, CONTINUE, &[Property::AuthenticationMethod("PLAIN")]);
    for world in [&mut unasked, &mut without_method, &mut early, &mut other] {
        world.expect(&["DISCONNECT 82"]);
        assert_fault(world);
    }
}

#[test]
fn a_client_without_a_method_never_sends_auth() {
    let mut world = World::online(plain());
    begin(&mut world, 1);
    world.assert_failed(1, Failure::AuthenticationUnavailable);
    world.expect(&[]);
    assert!(world.is_online() && world.asked.is_empty());
}

#[test]
fn a_re_authentication_lets_everything_else_go_on() {
    let mut world = online();
    begin(&mut world, 1);
    answer(&mut world, BEGIN, Some(&[1]));
    world.expect(&["AUTH 19 [AuthenticationMethod(\"SCRAM\"), AuthenticationData([1])]"]);
    world.publish(2, 1, "t", "x");
    world.expect(&["PUBLISH q1 1 \"t\" x"]);
    auth(&mut world, CONTINUE, &[method(), Property::AuthenticationData(&[2])]);
    world.message(0, 0, "in", "y");
    assert_eq!(world.take_texts(), ["in y"]);
    world.puback(1);
    assert_eq!(world.outcome(2), 0);
    answer(&mut world, CHALLENGE, Some(&[3]));
    world.expect(&["AUTH 18 [AuthenticationMethod(\"SCRAM\"), AuthenticationData([3])]"]);
    auth(&mut world, ReasonCode::SUCCESS, &[method()]);
    assert!(world.is_open(1), "the broker's last word is looked at first");
    answer(&mut world, DONE, None);
    assert_eq!(world.outcome(1), 0);
    world.advance(59_000);
    assert!(world.is_online(), "no deadline is left");
}

#[test]
fn there_is_one_authentication_at_a_time() {
    let mut world = connecting(with_method());
    begin(&mut world, 1);
    world.connack(false, &[method()]);
    begin(&mut world, 2);
    answer(&mut world, DONE, None);
    begin(&mut world, 3);
    begin(&mut world, 4);
    for token in [1, 2, 4] {
        world.assert_failed(token, Failure::AuthenticationUnavailable);
    }
    answer(&mut world, BEGIN, None);
    begin(&mut world, 5);
    world.assert_failed(5, Failure::AuthenticationUnavailable);
    auth(&mut world, ReasonCode::SUCCESS, &[method()]);
    answer(&mut world, DONE, None);
    assert_eq!(world.outcome(3), 0);
    begin(&mut world, 6);
    assert!(world.is_open(6));
}

#[test]
fn a_re_authentication_settles_however_the_link_ends() {
    type End = fn(&mut World);
    let ends: [(&str, End); 5] = [
        ("cut", World::cut),
        ("closed", World::close),
        ("refused", |world| {
            world.send(Packet::Disconnect(codec::Disconnect::new(ReasonCode::NOT_AUTHORIZED)));
        }),
        ("silent", |world| world.advance(30_000)),
        ("broken", |world| world.send_bytes(&[0, 0])),
    ];
    for (name, end) in ends {
        for answered in [false, true] {
            let mut world = online();
            begin(&mut world, 1);
            if answered {
                answer(&mut world, BEGIN, None);
            }
            end(&mut world);
            assert_eq!(world.outcome(1), Failure::AuthenticationFailed.code(), "{name}");
        }
    }
}

#[test]
fn our_own_failure_on_a_live_link_is_told_with_a_disconnect_and_ends_it() {
    let mut beginning = online();
    begin(&mut beginning, 1);
    fail(&mut beginning, BEGIN, "no token");
    let mut challenged = online();
    begin(&mut challenged, 1);
    answer(&mut challenged, BEGIN, None);
    auth(&mut challenged, CONTINUE, &[method()]);
    challenged.take();
    fail(&mut challenged, CHALLENGE, "no token");
    let mut content = connecting(with_method());
    content.take();
    content.connack(false, &[method()]);
    fail(&mut content, DONE, "no token");
    for world in [&mut beginning, &mut challenged, &mut content] {
        world.expect(&["DISCONNECT 80"]);
        assert_eq!(world.socket, Socket::None);
        assert_eq!(world.cause(), &Cause::Authentication("no token".into()));
        assert!(matches!(world.session.state(), State::Waiting { .. }));
    }
}

#[test]
fn a_stable_link_forgives_earlier_failures() {
    let mut world = online();
    for round in 0..10 {
        world.advance(5_000);
        begin(&mut world, round);
        fail(&mut world, BEGIN, "no key");
        world.wait_for_attempt();
        connect(&mut world);
        world.connack(false, &[method()]);
        answer(&mut world, DONE, None);
    }
    assert!(world.is_online());
}

#[test]
fn auth_obeys_the_maximum_packet_size_of_the_broker() {
    for (data, fits) in [(10, true), (11, false)] {
        let mut world = connecting(with_method());
        world.connack(false, &[method(), Property::MaximumPacketSize(25)]);
        answer(&mut world, DONE, None);
        world.take();
        begin(&mut world, 1);
        answer(&mut world, BEGIN, Some(&vec![0; data]));
        let bytes = world.take_wire();
        assert_eq!((bytes[0] == 0xF0, bytes.len() == 25), (fits, fits), "{bytes:?}");
        assert_eq!(world.is_open(1), fits);
    }
}
