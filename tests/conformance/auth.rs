//! 3.15 AUTH and 4.12 enhanced authentication, before CONNACK and again on a live link.

use hawser::codec::Property::{self, AuthenticationMethod, MaximumPacketSize};
use hawser::session::{Cause, Config, Failure};

use crate::world::{Socket, World, lasting, lasting_311};

const CONTINUE: u8 = 0x18;
const AGAIN: u8 = 0x19;
const REAUTHENTICATION: u32 = 99;

fn with_method() -> Config {
    Config {
        authentication_method: Some("m".into()),
        ..lasting()
    }
}

/// AUTH with this code, method and data.
fn auth(code: u8, method: Option<&str>, data: Option<&[u8]>) -> Vec<u8> {
    let mut block = Vec::new();
    for (id, value) in [(0x15, method.map(str::as_bytes)), (0x16, data)] {
        if let Some(value) = value {
            block.extend([id, 0, value.len() as u8]);
            block.extend(value);
        }
    }
    [
        &[0xF0, 2 + block.len() as u8, code, block.len() as u8],
        block.as_slice(),
    ]
    .concat()
}

/// A client that has sent CONNECT.
fn connecting(config: Config) -> World {
    let mut world = World::new(config);
    world.start();
    world.open();
    world.take_wire();
    world
}

/// A client that has authenticated with the method, on a broker with these limits.
fn authenticated(limits: &[Property<'_>]) -> World {
    let mut world = connecting(with_method());
    world.connack(false, &[&[AuthenticationMethod("m")], limits].concat());
    world.answer(None);
    assert!(world.is_online());
    world
}

/// The same, with a re-authentication under way: the broker is to speak.
fn authenticating_again() -> World {
    let mut world = authenticated(&[]);
    world.authenticate_again();
    world.answer(Some(b"1"));
    world.take_wire();
    world
}

impl World {
    /// What the page was asked for: the steps since the last look.
    fn steps(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.asked)
            .into_iter()
            .map(|(_, step, _)| step)
            .collect()
    }

    /// The page answers what it was asked for last.
    fn answer(&mut self, data: Option<&[u8]>) {
        let (exchange, ..) = *self.asked.last().expect("a question");
        self.session.handle_authentication(self.time(), exchange, data);
        self.drain();
    }

    fn authenticate_again(&mut self) {
        self.session.reauthenticate(self.time(), REAUTHENTICATION);
        self.drain();
    }
}

#[test]
fn an_auth_with_any_flag_is_malformed() {
    for flags in 1..16 {
        let mut packet = auth(CONTINUE, Some("m"), None);
        packet[0] |= flags;
        let mut world = authenticating_again();
        world.send_bytes(&packet);
        world.assert_disconnected_with(0x81);
        let mut world = connecting(with_method());
        world.send_bytes(&packet);
        world.assert_closed_silently_for(0x81);
    }
}

#[test]
fn before_connack_the_broker_continues_and_every_other_code_is_a_protocol_error() {
    for code in 0..=255 {
        let mut world = connecting(with_method());
        world.send_bytes(&auth(code, Some("m"), None));
        if code == CONTINUE {
            assert_eq!((world.steps(), world.socket), (vec![CONTINUE], Socket::Open));
        } else {
            world.assert_closed_silently_for(0x82);
            assert_eq!(world.steps(), [0_u8; 0]);
        }
    }
}

#[test]
fn on_a_live_link_the_broker_continues_or_is_content_and_every_other_code_is_a_protocol_error() {
    for code in 0..=255 {
        let mut world = authenticating_again();
        world.steps();
        world.send_bytes(&auth(code, Some("m"), None));
        if [0, CONTINUE].contains(&code) {
            assert_eq!((world.steps(), world.is_online()), (vec![code], true));
        } else {
            world.assert_disconnected_with(0x82);
            world.assert_failed(REAUTHENTICATION, Failure::AuthenticationFailed);
        }
    }
}

#[test]
fn an_auth_without_a_method_is_a_protocol_error_in_all_its_lengths() {
    for packet in [
        [0xF0, 0].as_slice(),
        &[0xF0, 2, 0, 0],
        &[0xF0, 2, CONTINUE, 0],
        &[0xF0, 6, CONTINUE, 4, 0x16, 0, 1, b'x'],
    ] {
        let mut world = authenticating_again();
        world.send_bytes(packet);
        world.assert_disconnected_with(0x82);
        let mut world = connecting(with_method());
        world.send_bytes(packet);
        world.assert_closed_silently_for(0x82);
    }
}

#[test]
fn the_client_continues_with_the_method_of_connect_and_its_data_and_with_nothing_else() {
    let mut world = connecting(with_method());
    for data in [Some(b"first".as_slice()), None, Some(b"")] {
        world.send_bytes(&auth(CONTINUE, Some("m"), Some(b"challenge")));
        assert_eq!(world.asked.last().map(|(_, step, _)| *step), Some(CONTINUE));
        assert_eq!(world.take_wire(), [0_u8; 0], "it is for the page to answer");
        world.answer(data);
        assert_eq!(world.take_wire(), auth(CONTINUE, Some("m"), data));
    }
    world.connack(false, &[AuthenticationMethod("m")]);
    assert!(world.is_online());
}

#[test]
fn a_re_authentication_begins_with_0x19_and_the_method_of_connect() {
    let mut world = authenticated(&[]);
    world.authenticate_again();
    assert_eq!(world.asked.last().map(|(_, step, _)| *step), Some(AGAIN));
    world.answer(Some(b"again"));
    assert_eq!(world.take_wire(), auth(AGAIN, Some("m"), Some(b"again")));
    world.send_bytes(&auth(CONTINUE, Some("m"), Some(b"?")));
    world.answer(Some(b"!"));
    assert_eq!(world.take_wire(), auth(CONTINUE, Some("m"), Some(b"!")));
    assert!(world.is_open(REAUTHENTICATION));
    world.send_bytes(&auth(0, Some("m"), None));
    world.answer(None);
    assert_eq!((world.outcome(REAUTHENTICATION), world.take_wire()), (0, vec![]));
    assert!(world.is_online());
}

#[test]
fn an_auth_that_the_broker_has_no_room_for_is_not_sent() {
    // 2 header, 1 code, 1 property length, 4 method, 3 and the data.
    for (room, fits) in [(21, true), (20, false)] {
        let mut world = authenticated(&[MaximumPacketSize(room)]);
        world.authenticate_again();
        world.answer(Some(b"0123456789"));
        if fits {
            assert_eq!(world.take_wire().len(), room as usize);
        } else {
            assert_eq!(world.take_wire(), [0xE0, 1, 0x80]);
            world.assert_failed(REAUTHENTICATION, Failure::AuthenticationFailed);
        }
    }
}

#[test]
fn a_method_that_the_broker_does_not_support_is_a_refusal_that_closes() {
    for code in [0x8C, 0x87] {
        let mut world = connecting(with_method());
        world.connack_with(false, hawser::codec::ReasonCode(code), &[]);
        assert!(matches!(world.cause(), Cause::Refused(refusal) if refusal.reason == code));
        assert_eq!((world.take_wire(), world.socket), (vec![], Socket::None));
    }
}

#[test]
fn the_broker_may_refuse_at_any_step() {
    for steps in 0..3 {
        let mut world = connecting(with_method());
        for _ in 0..steps {
            world.send_bytes(&auth(CONTINUE, Some("m"), None));
            world.answer(None);
        }
        world.take_wire();
        world.connack_with(false, hawser::codec::ReasonCode::NOT_AUTHORIZED, &[]);
        assert!(matches!(world.cause(), Cause::Refused(refusal) if refusal.reason == 0x87));
        assert_eq!((world.take_wire(), world.socket), (vec![], Socket::None));
    }
}

#[test]
fn another_method_than_that_of_connect_is_a_protocol_error_in_auth_and_in_connack() {
    for method in ["M", "other", ""] {
        let mut world = connecting(with_method());
        world.send_bytes(&auth(CONTINUE, Some(method), None));
        world.assert_closed_silently_for(0x82);
        let mut world = connecting(with_method());
        world.connack(false, &[AuthenticationMethod(method)]);
        world.assert_closed_silently_for(0x82);
        for code in [0, CONTINUE] {
            let mut world = authenticating_again();
            world.send_bytes(&auth(code, Some(method), None));
            world.assert_disconnected_with(0x82);
        }
    }
    let mut world = connecting(with_method());
    world.connack(false, &[]);
    world.assert_closed_silently_for(0x82);
}

#[test]
fn without_a_method_in_connect_auth_and_a_method_in_connack_are_protocol_errors() {
    for code in [0, CONTINUE] {
        let mut world = connecting(lasting());
        world.send_bytes(&auth(code, Some("m"), None));
        world.assert_closed_silently_for(0x82);
        let mut world = World::online(lasting());
        world.send_bytes(&auth(code, Some("m"), None));
        world.assert_disconnected_with(0x82);
    }
    let mut world = connecting(lasting());
    world.connack(false, &[AuthenticationMethod("m")]);
    world.assert_closed_silently_for(0x82);
}

#[test]
fn without_a_method_in_connect_the_client_never_sends_auth() {
    let in_3_1_1 = Config {
        authentication_method: Some("m".into()),
        ..lasting_311()
    };
    for config in [lasting(), in_3_1_1] {
        let mut world = World::online(config);
        world.authenticate_again();
        world.assert_failed(REAUTHENTICATION, Failure::AuthenticationUnavailable);
        assert_eq!((world.take_wire(), world.steps()), (vec![], vec![]));
    }
}

#[test]
fn a_re_authentication_waits_for_connack_and_for_the_one_before_it() {
    let mut world = connecting(with_method());
    world.authenticate_again();
    world.assert_failed(REAUTHENTICATION, Failure::AuthenticationUnavailable);
    assert_eq!(world.take_wire(), [0_u8; 0]);
    let mut world = authenticating_again();
    world.session.reauthenticate(world.time(), 1);
    world.drain();
    world.assert_failed(1, Failure::AuthenticationUnavailable);
    assert_eq!(world.take_wire(), [0_u8; 0]);
    assert!(world.is_open(REAUTHENTICATION));
}

#[test]
fn an_auth_that_answers_nothing_is_a_protocol_error() {
    for code in [0, CONTINUE] {
        let mut world = authenticated(&[]);
        world.send_bytes(&auth(code, Some("m"), None));
        world.assert_disconnected_with(0x82);
    }
}

#[test]
fn a_re_authentication_that_fails_on_this_side_says_so_and_closes() {
    let mut world = authenticating_again();
    world.send_bytes(&auth(CONTINUE, Some("m"), Some(b"wrong")));
    let (exchange, ..) = *world.asked.last().unwrap();
    world
        .session
        .handle_authentication_failed(world.time(), exchange, "the broker does not know the secret");
    world.drain();
    assert_eq!((world.take_wire(), world.socket), (vec![0xE0, 1, 0x80], Socket::None));
    assert!(matches!(world.cause(), Cause::Authentication(_)));
    world.assert_failed(REAUTHENTICATION, Failure::AuthenticationFailed);
}

#[test]
fn a_re_authentication_that_fails_on_the_other_side_closes_too() {
    let mut world = authenticating_again();
    world.send_bytes(&[0xE0, 1, 0x87]);
    assert_eq!((world.take_wire(), world.socket), (vec![], Socket::None));
    assert!(matches!(world.cause(), Cause::Disconnected(told) if told.reason == 0x87));
    world.assert_failed(REAUTHENTICATION, Failure::AuthenticationFailed);
}

#[test]
fn everything_else_goes_on_during_a_re_authentication() {
    let mut world = authenticating_again();
    world.publish(1, 1, "t", "x");
    world.message(2, 7, "in", "y");
    world.pubrel(7);
    world.subscribe(2, "a", 0);
    world.send_bytes(&auth(CONTINUE, Some("m"), None));
    world.puback(1);
    world.suback(2, &[0]);
    world.answer(Some(b"2"));
    world.expect(&[
        "PUBLISH q1 1 \"t\" x",
        "PUBREC 7",
        "PUBCOMP 7",
        "SUBSCRIBE 2 a:0",
        "AUTH 18 [AuthenticationMethod(\"m\"), AuthenticationData([50])]",
    ]);
    assert_eq!((world.outcome(1), world.outcome(2)), (0, 0));
    assert!(world.is_open(REAUTHENTICATION));
    world.send_bytes(&auth(0, Some("m"), None));
    world.answer(None);
    assert_eq!(world.outcome(REAUTHENTICATION), 0);
}

#[test]
fn an_auth_that_explains_itself_to_a_client_that_wants_no_explanations_is_a_protocol_error() {
    let config = Config {
        request_problem_information: false,
        ..with_method()
    };
    for explanation in [b"\x1F\x00\x01r".as_slice(), b"\x26\x00\x01n\x00\x01v"] {
        let mut packet = auth(CONTINUE, Some("m"), None);
        packet.extend(explanation);
        packet[1] += explanation.len() as u8;
        packet[3] += explanation.len() as u8;
        let mut world = connecting(config.clone());
        world.send_bytes(&packet);
        world.assert_closed_silently_for(0x82);
        let mut world = connecting(config.clone());
        world.connack(false, &[AuthenticationMethod("m")]);
        world.answer(None);
        world.authenticate_again();
        world.answer(None);
        world.take_wire();
        world.send_bytes(&packet);
        world.assert_disconnected_with(0x82);
    }
}
