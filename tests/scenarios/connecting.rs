//! CONNECT and CONNACK: what is asked for, what is answered, and what is refused.

use hawser::codec::{Place, Property, Qos, Version};
use hawser::session::{Cause, CloseKind, Config, Phase, State, Will};

use crate::peer::block;
use crate::world::{Socket, World, plain};

fn connect_text(config: Config) -> String {
    let mut world = World::new(config);
    world.start();
    world.open();
    world.take().remove(0)
}

#[test]
fn connect_says_what_was_configured_and_leaves_defaults_out() {
    let maximum = "MaximumPacketSize(16777216)";
    assert_eq!(
        connect_text(plain()),
        format!("CONNECT \"c\" clean keep-alive=60 [{maximum}]")
    );
    let user_properties = block(Place::Connect, &[Property::UserProperty(("a", "b"))]);
    let config = Config {
        clean_start: false,
        session_expiry: 100,
        keep_alive: 7,
        receive_maximum: 10,
        maximum_packet_size: 9_999,
        topic_alias_maximum: 5,
        user_properties: user_properties.as_properties().raw().to_vec(),
        ..plain()
    };
    assert_eq!(
        connect_text(config),
        "CONNECT \"c\" keep-alive=7 [SessionExpiryInterval(100), ReceiveMaximum(10), MaximumPacketSize(9999), \
         TopicAliasMaximum(5), UserProperty((\"a\", \"b\"))]"
    );
    let old = Config {
        version: Version::V311,
        topic_alias_maximum: 5,
        receive_maximum: 10,
        ..plain()
    };
    assert_eq!(connect_text(old), "CONNECT \"c\" clean keep-alive=60");
}

#[test]
fn the_will_goes_with_its_properties() {
    let properties = block(
        Place::Will,
        &[Property::WillDelayInterval(30), Property::ContentType("text/plain")],
    );
    let will = Will {
        topic: "gone".into(),
        payload: b"bye".to_vec(),
        qos: Qos::AtLeastOnce,
        retain: true,
        properties: properties.as_properties().raw().to_vec(),
    };
    let config = |version| Config {
        version,
        will: Some(will.clone()),
        ..plain()
    };
    assert_eq!(
        connect_text(config(Version::V5)),
        "CONNECT \"c\" clean keep-alive=60 will=gone bye q1 retain [WillDelayInterval(30), ContentType(\"text/plain\")] \
         [MaximumPacketSize(16777216)]"
    );
    assert_eq!(
        connect_text(config(Version::V311)),
        "CONNECT \"c\" clean keep-alive=60 will=gone bye q1 retain"
    );
}

#[test]
fn credentials_are_asked_for_at_each_attempt() {
    let mut world = World::new(Config {
        version: Version::V311,
        ..plain()
    });
    for name in ["first", "second"] {
        world.username = Some(name.into());
        world.password = Some(b"secret".to_vec());
        if name == "first" {
            world.start();
        } else {
            world.fail_to_open();
            world.wait_for_attempt();
        }
        if name == "second" {
            world.open();
            world.expect(&["CONNECT \"c\" clean keep-alive=60 user=second password=secret"]);
        }
    }
}

#[test]
fn an_answer_to_another_attempt_is_ignored() {
    let mut world = World::new(plain());
    world.prepare_by_hand = true;
    world.start();
    assert_eq!(world.prepared, [1]);
    world.session.handle_address(world.time(), 2, None, None);
    world.session.handle_address_failed(world.time(), 7, Some("no"));
    world.drain();
    assert!(matches!(
        world.session.state(),
        State::Connecting {
            phase: Phase::Address,
            ..
        }
    ));
    world.session.handle_address(world.time(), 1, None, None);
    world.drain();
    assert_eq!(world.socket, Socket::Opening);
}

#[test]
fn a_failed_address_is_a_cause_and_is_tried_again() {
    let mut world = World::new(plain());
    world.prepare_by_hand = true;
    world.start();
    world
        .session
        .handle_address_failed(world.time(), 1, Some("token endpoint: 503"));
    world.drain();
    assert_eq!(world.cause(), &Cause::Address("token endpoint: 503".into()));
    world.wait_for_attempt();
    assert_eq!(world.prepared, [1, 2]);
}

#[test]
fn a_password_without_a_user_name_is_for_version_5_only() {
    for version in [Version::V5, Version::V311] {
        let mut world = World::new(Config { version, ..plain() });
        world.password = Some(b"secret".to_vec());
        world.start();
        if version == Version::V5 {
            world.open();
            assert!(world.take()[0].contains("password=secret"));
        } else {
            assert!(matches!(world.cause(), Cause::Address(_)), "[MQTT-3.1.2-22] of 3.1.1");
        }
    }
}

#[test]
fn the_default_name_comes_from_the_seed() {
    let text = connect_text(Config {
        client_id: None,
        ..plain()
    });
    let name = text.split('"').nth(1).unwrap();
    assert_eq!((name.len(), name.starts_with("hawser-")), (23, true));
    assert!(name[7..].bytes().all(|byte| byte.is_ascii_hexdigit()));
}

#[test]
fn anything_before_connack_just_closes() {
    for version in [Version::V5, Version::V311] {
        let packets: [&[u8]; 6] = [
            &[0xD0, 0],
            &[0x40, 2, 0, 1],
            &[0x30, 3, 0, 1, b't'],
            &[0xE0, 0],
            &[0x10, 0],
            b"HTTP/1.1 200 OK",
        ];
        for packet in packets {
            let mut world = World::new(Config { version, ..plain() });
            world.start();
            world.open();
            world.take();
            world.send_bytes(packet);
            world.expect(&[]);
            assert!(matches!(world.cause(), Cause::ProtocolError { .. }), "{packet:?}");
            assert_eq!(world.socket, Socket::None);
        }
    }
}

#[test]
fn silence_in_any_phase_ends_the_attempt() {
    let mut world = World::new(plain());
    world.prepare_by_hand = true;
    world.start();
    world.advance(29_999);
    assert!(matches!(world.session.state(), State::Connecting { .. }));
    world.advance(1);
    assert_eq!(world.cause(), &Cause::ConnectTimeout(Phase::Address));
    world.prepare_by_hand = false;
    world.wait_for_attempt();
    world.advance(30_000);
    assert_eq!(
        (world.cause(), world.socket),
        (&Cause::ConnectTimeout(Phase::Socket), Socket::None)
    );
    world.wait_for_attempt();
    world.advance(10_000);
    world.open();
    world.advance(20_000);
    assert_eq!(
        (world.cause(), world.socket),
        (&Cause::ConnectTimeout(Phase::Handshake), Socket::None)
    );
}

#[test]
fn a_socket_that_closes_before_connack_is_told_apart_from_one_that_never_opened() {
    let mut world = World::new(plain());
    world.start();
    world.fail_to_open();
    assert_eq!(
        world.cause(),
        &Cause::SocketFailed {
            code: 1006,
            reason: String::new()
        }
    );
    world.wait_for_attempt();
    world.open();
    world.socket = Socket::None;
    world.closed(CloseKind::Closed, 1001, "going away");
    assert_eq!(
        world.cause(),
        &Cause::SocketClosed {
            code: 1001,
            reason: "going away".into()
        }
    );
}

#[test]
fn a_wrong_subprotocol_and_a_text_frame_close_the_socket() {
    let mut world = World::new(plain());
    world.start();
    world.socket = Socket::Open;
    world.closed(CloseKind::WrongSubprotocol, 0, "");
    assert_eq!((world.cause(), world.socket), (&Cause::WrongSubprotocol, Socket::None));
    let mut world = World::online(plain());
    world.closed(CloseKind::TextFrame, 0, "");
    assert_eq!((world.cause(), world.socket), (&Cause::TextFrame, Socket::None));
}

#[test]
fn closing_before_connack_sends_nothing() {
    let mut world = World::new(plain());
    world.start();
    world.close();
    assert_eq!((world.cause(), world.socket), (&Cause::ClosedByUser, Socket::None));
    let mut world = World::new(plain());
    world.start();
    world.open();
    world.take();
    world.close();
    world.expect(&[]);
    assert_eq!(world.socket, Socket::None);
    let mut world = World::new(plain());
    world.close();
    world.start();
    assert!(world.is_stopped());
}

#[test]
fn every_status_is_told_once_and_in_order() {
    let mut world = World::online(plain());
    world.cut();
    world.close();
    let names: Vec<&str> = world
        .statuses
        .iter()
        .map(|state| match state {
            State::Idle => "idle",
            State::Connecting {
                phase: Phase::Address, ..
            } => "address",
            State::Connecting {
                phase: Phase::Socket, ..
            } => "socket",
            State::Connecting {
                phase: Phase::Handshake,
                ..
            } => "handshake",
            State::Online { .. } => "online",
            State::Waiting { .. } => "waiting",
            State::Stopped { .. } => "stopped",
        })
        .collect();
    assert_eq!(
        names,
        ["address", "socket", "handshake", "online", "waiting", "stopped"]
    );
}

#[test]
fn a_trace_shows_every_packet_of_both_sides() {
    let mut world = World::online(Config { trace: true, ..plain() });
    world.publish(1, 1, "t", "x");
    world.puback(1);
    assert_eq!(
        world.traced,
        [
            "-> 1 id=0 size=21 flags=0 reason=05 ",
            "<- 2 id=0 size=5 flags=0 reason=00 ",
            "-> 3 id=1 size=9 flags=2 reason=00 t",
            "<- 4 id=1 size=4 flags=0 reason=00 ",
        ]
    );
}
