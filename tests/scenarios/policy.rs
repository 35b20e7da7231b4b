//! What follows each cause: every code of both versions, as the table in README.md says, and as the user wants it instead.

use std::collections::BTreeMap;

use hawser::codec::{self, Packet, Place, Property, ReasonCode, ReasonPlace, Version};
use hawser::session::{Cause, CloseKind, Config, Reconnect, State};

use crate::peer::block;
use crate::world::{Socket, World, plain};

const RETRY: u8 = 0;
const REFRESH: u8 = 1;
const FOLLOW: u8 = 2;
const FALL_BACK: u8 = 3;
const STOP: u8 = 4;
/// Kinds of causes by their numbers in the record table.
const SOCKET_FAILED: u8 = 2;
const SOCKET_CLOSED: u8 = 3;
const REFUSED: u8 = 4;
const DISCONNECTED: u8 = 5;
const CONNECT_TIMEOUT: u8 = 7;
const ANY: u16 = 0xFFFF;

/// Settings under which every action can be told from the others.
fn able(version: Version) -> Config {
    Config {
        version,
        fall_back: version == Version::V5,
        follow_references: true,
        fresh_credentials: true,
        ..plain()
    }
}

fn with(rules: &[(u8, u16, u8)], config: Config) -> Config {
    let bytes = |&(kind, code, action): &(u8, u16, u8)| {
        let [low, high] = code.to_le_bytes();
        [kind, action, low, high]
    };
    Config {
        policy: rules.iter().flat_map(bytes).collect(),
        ..config
    }
}

/// CONNECT is with the broker.
fn asking(config: Config) -> World {
    let mut world = World::new(config);
    world.start();
    world.open();
    world
}

/// The broker refuses, and names another server.
fn refuse(world: &mut World, code: u8) {
    if world.version == Version::V311 {
        world.send_bytes(&[0x20, 2, 0, code]);
    } else {
        world.connack_with(false, ReasonCode(code), &[Property::ServerReference("b.example")]);
    }
}

fn refused(config: Config, code: u8) -> World {
    let mut world = asking(config);
    refuse(&mut world, code);
    assert!(matches!(world.cause(), Cause::Refused(refusal) if refusal.reason == code));
    world
}

fn disconnect(world: &mut World, code: u8) {
    let block = block(Place::DisconnectFromServer, &[Property::ServerReference("b.example")]);
    world.send(Packet::Disconnect(codec::Disconnect {
        reason: ReasonCode(code),
        properties: block.as_properties(),
    }));
}

fn disconnected(config: Config, code: u8) -> World {
    let mut world = World::online(config);
    disconnect(&mut world, code);
    assert!(matches!(world.cause(), Cause::Disconnected(refusal) if refusal.reason == code));
    world
}

/// The broker closes the WebSocket with a code.
fn hang_up(world: &mut World, code: u16) {
    world.wire.clear();
    world.socket = Socket::None;
    world.closed(CloseKind::Closed, code, "");
}

/// What the client does, by its name in the option.
fn action(world: &World, config: Version) -> &'static str {
    match world.session.state() {
        State::Stopped { .. } => "stop",
        State::Waiting { .. } => "retry",
        State::Connecting { version, .. } if *version != config => "fall-back",
        State::Connecting { .. } if world.redirects.last().unwrap().is_some() => "follow",
        State::Connecting { .. } => "refresh",
        other => panic!("{other:?}"),
    }
}

/// The table of README.md: for each row the codes of each action.
fn documented() -> BTreeMap<String, BTreeMap<u8, String>> {
    let rows = include_str!("../../README.md")
        .lines()
        .skip_while(|line| *line != "| cause | retry | refresh | follow | fall-back | stop |")
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let names = ["retry", "refresh", "follow", "fall-back", "stop"];
    rows.map(|row| {
        let mut cells = row.trim_matches('|').split('|').map(str::trim);
        let cause = cells.next().unwrap().replace('`', "");
        let codes = names.iter().zip(cells).flat_map(|(name, codes)| {
            codes.split(' ').filter(|code| !code.is_empty()).map(|code| {
                let code = code
                    .strip_prefix("0x")
                    .map_or_else(|| code.parse(), |hex| u8::from_str_radix(hex, 16));
                (code.expect("a code"), String::from(*name))
            })
        });
        (cause, codes.collect())
    })
    .collect()
}

fn codes(place: ReasonPlace) -> impl Iterator<Item = u8> {
    let all = ReasonCode::ALL.iter().filter(move |code| code.allowed_in(place));
    all.map(|code| code.0)
}

#[test]
fn every_code_of_connack_and_disconnect_leads_to_what_the_readme_says() {
    let refusals = codes(ReasonPlace::ConnAck).filter(|code| *code != 0);
    let refusals = refusals.map(|code| (code, action(&refused(able(Version::V5), code), Version::V5).into()));
    let returns = (1..=5).map(|code| (code, action(&refused(able(Version::V311), code), Version::V311).into()));
    let goodbyes = codes(ReasonPlace::DisconnectFromServer);
    let goodbyes = goodbyes.map(|code| (code, action(&disconnected(able(Version::V5), code), Version::V5).into()));
    let real = BTreeMap::from([
        (
            String::from("refused (5.0)"),
            refusals.collect::<BTreeMap<u8, String>>(),
        ),
        (String::from("refused (3.1.1)"), returns.collect()),
        (String::from("disconnected (5.0)"), goodbyes.collect()),
    ]);
    assert_eq!(real.values().map(BTreeMap::len).collect::<Vec<_>>(), [29, 5, 21]);
    assert_eq!(real, documented());
}

#[test]
fn everything_else_is_tried_again() {
    for version in [Version::V5, Version::V311] {
        for kind in [CloseKind::Failed, CloseKind::WrongSubprotocol, CloseKind::TextFrame] {
            let mut world = World::new(able(version));
            world.start();
            world.closed(kind, 1006, "");
            assert_eq!(action(&world, version), "retry", "{kind:?}");
        }
        let mut world = World::online(able(version));
        world.cut();
        assert_eq!(action(&world, version), "retry");
        let mut world = World::online(able(version));
        world.send_bytes(&[0xFF, 0]);
        assert_eq!(action(&world, version), "retry");
        let mut world = asking(able(version));
        world.advance(30_000);
        assert!(matches!(world.cause(), Cause::ConnectTimeout(_)));
        assert_eq!(action(&world, version), "retry");
    }
}

#[test]
fn what_was_refused_is_refreshed_once_and_at_once() {
    for (version, code, other) in [(Version::V5, 0x86, 0x87), (Version::V311, 4, 5)] {
        for second in [code, other] {
            let mut world = refused(able(version), code);
            assert_eq!(world.socket, Socket::Opening);
            assert_eq!(
                world.redirects.len(),
                2,
                "the address, and with it the credentials, are asked for again"
            );
            world.open();
            refuse(&mut world, second);
            assert!(world.is_stopped());
            world.session.reconnect_now(world.time());
            world.drain();
            world.open();
            refuse(&mut world, code);
            assert_eq!(action(&world, version), "refresh", "the user has begun anew");
        }
    }
}

#[test]
fn what_was_refreshed_is_so_until_a_link_is_stable() {
    let mut world = refused(able(Version::V5), 0x86);
    world.open();
    world.connack(false, &[]);
    world.advance(4_999);
    world.cut();
    world.wait_for_attempt();
    world.open();
    world.connack(false, &[]);
    world.advance(5_000);
    disconnect(&mut world, 0x87);
    assert_eq!(action(&world, Version::V5), "refresh");
    world.open();
    world.connack(false, &[]);
    world.advance(4_999);
    disconnect(&mut world, 0x87);
    assert!(world.is_stopped());
}

#[test]
fn what_was_refreshed_is_so_for_a_second_at_least() {
    for held in [0, 999, 1_000] {
        let mut world = World::online(Config {
            stable_after: 0,
            ..able(Version::V5)
        });
        disconnect(&mut world, 0x87);
        assert_eq!(action(&world, Version::V5), "refresh");
        world.open();
        world.connack(false, &[]);
        world.advance(held);
        disconnect(&mut world, 0x87);
        assert_eq!(world.is_stopped(), held < 1_000, "held for {held} ms");
    }
}

#[test]
fn without_anything_fresh_a_refusal_stops_and_a_lost_link_is_tried_again() {
    for (version, code) in [
        (Version::V5, 0x86),
        (Version::V5, 0x87),
        (Version::V311, 4),
        (Version::V311, 5),
    ] {
        let config = Config {
            fresh_credentials: false,
            ..able(version)
        };
        assert!(refused(config, code).is_stopped());
    }
    let config = Config {
        fresh_credentials: false,
        ..able(Version::V5)
    };
    let mut world = disconnected(config, 0x87);
    world.wait_for_attempt();
    world.open();
    refuse(&mut world, 0x87);
    assert!(world.is_stopped());
}

#[test]
fn who_wants_no_second_link_has_the_first_one_refreshed_only() {
    let never = || Config {
        reconnect: Reconnect::Never,
        ..able(Version::V5)
    };
    assert_eq!(action(&refused(never(), 0x86), Version::V5), "refresh");
    assert!(disconnected(never(), 0x87).is_stopped());
}

#[test]
fn what_cannot_be_followed_is_tried_again_and_what_cannot_fall_back_is_over() {
    let config = Config {
        fall_back: false,
        follow_references: false,
        ..able(Version::V5)
    };
    assert_eq!(action(&refused(config.clone(), 0x9C), Version::V5), "retry");
    assert_eq!(action(&disconnected(config.clone(), 0x9D), Version::V5), "retry");
    assert!(refused(config, 0x84).is_stopped());
}

#[test]
fn the_user_has_another_action_for_a_code() {
    let names = ["retry", "refresh", "follow", "fall-back", "stop"];
    for (number, name) in (0_u8..).zip(names) {
        for code in codes(ReasonPlace::ConnAck).filter(|code| *code != 0) {
            let config = with(&[(REFUSED, code.into(), number)], able(Version::V5));
            assert_eq!(action(&refused(config, code), Version::V5), name, "{code:#x}");
        }
    }
    for (number, name) in [
        (RETRY, "retry"),
        (REFRESH, "refresh"),
        (FOLLOW, "follow"),
        (STOP, "stop"),
    ] {
        for code in codes(ReasonPlace::DisconnectFromServer) {
            let config = with(&[(DISCONNECTED, code.into(), number)], able(Version::V5));
            assert_eq!(action(&disconnected(config, code), Version::V5), name, "{code:#x}");
        }
    }
    for (number, name) in [(RETRY, "retry"), (REFRESH, "refresh"), (STOP, "stop")] {
        for code in 1..=5 {
            let config = with(&[(REFUSED, code.into(), number)], able(Version::V311));
            assert_eq!(action(&refused(config, code), Version::V311), name, "{code}");
        }
    }
}

#[test]
fn an_exception_is_for_its_kind_and_code_only_unless_it_is_for_any() {
    let rules = [(REFUSED, 0x89, STOP), (DISCONNECTED, ANY, STOP)];
    assert!(refused(with(&rules, able(Version::V5)), 0x89).is_stopped());
    assert_eq!(
        action(&refused(with(&rules, able(Version::V5)), 0x88), Version::V5),
        "retry"
    );
    for code in codes(ReasonPlace::DisconnectFromServer) {
        assert!(disconnected(with(&rules, able(Version::V5)), code).is_stopped());
    }
    let mut world = World::online(with(&rules, able(Version::V5)));
    world.cut();
    assert_eq!(action(&world, Version::V5), "retry");
}

#[test]
fn the_user_decides_about_sockets_too() {
    for version in [Version::V5, Version::V311] {
        let mut world = World::new(with(&[(SOCKET_FAILED, ANY, STOP)], able(version)));
        world.start();
        world.fail_to_open();
        assert!(world.is_stopped());
        let rules = [(SOCKET_CLOSED, 1008, REFRESH), (SOCKET_CLOSED, 4000, STOP)];
        let mut world = World::online(with(&rules, able(version)));
        hang_up(&mut world, 1008);
        assert_eq!(action(&world, version), "refresh");
        world.open();
        world.connack(false, &[]);
        world.cut();
        assert_eq!(action(&world, version), "retry");
        world.wait_for_attempt();
        world.open();
        hang_up(&mut world, 4000);
        assert!(world.is_stopped());
        let mut world = asking(with(&[(CONNECT_TIMEOUT, ANY, STOP)], able(version)));
        world.advance(30_000);
        assert!(world.is_stopped());
    }
}

#[test]
fn a_close_in_answer_to_connect_is_a_guess_unless_the_user_says_otherwise() {
    for (rules, next) in [
        (&[][..], Version::V311),
        (&[(SOCKET_CLOSED, ANY, RETRY)][..], Version::V5),
        (&[(SOCKET_CLOSED, 1006, FALL_BACK)][..], Version::V311),
    ] {
        let mut world = asking(with(rules, able(Version::V5)));
        world.cut();
        world.wait_for_attempt();
        assert!(matches!(world.session.state(), State::Connecting { version, .. } if *version == next));
    }
}
