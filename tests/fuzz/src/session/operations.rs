//! What the bytes stand for: a configuration, then one operation after the other.

use hawser::codec::{Place, ReasonCode, Sender, Version};
use hawser::session::{CloseKind, Config, Jitter, PageEvent, Reconnect, SocketClose, State, Will};

use super::world::{Socket, World};
use crate::decode::frame;
use crate::packets::{any_packet, connack, options, properties};
use crate::source::Source;

const TOPICS: [&str; 4] = ["a", "a/b", "a/long/name/for/an/alias", "letter/1"];
const FILTERS: [&str; 6] = ["a", "a/#", "+", "$share/g/a/#", "letter/+", "b"];
const TIMES: [u64; 8] = [1, 40, 500, 1_000, 5_000, 30_000, 100_000, 10_000_000_000];

/// The settings of the engine.
pub fn config(source: &mut Source<'_>) -> Config {
    let version = source.version();
    let (flags, more, expectations) = (source.u8(), source.u8(), source.u8());
    let reconnect = match more & 3 {
        0 => Reconnect::Fixed {
            delay: 0,
            jitter: Jitter::UpTo(0),
        },
        1 => Reconnect::Never,
        2 => Reconnect::Fixed {
            delay: 50,
            jitter: Jitter::UpTo(20),
        },
        _ => Reconnect::default(),
    };
    let will = (more & 4 != 0).then(|| Will {
        topic: "will".into(),
        payload: b"bye".to_vec(),
        qos: source.qos(),
        retain: false,
        properties: Vec::new(),
    });
    Config {
        version,
        fall_back: more & 0x80 != 0,
        client_id: (flags & 1 == 0).then(|| if flags & 2 == 0 { "c".into() } else { String::new() }),
        clean_start: flags & 4 == 0,
        session_expiry: if flags & 8 == 0 { 3_600 } else { 0 },
        durable: flags & 0x10 != 0,
        outbound_topic_aliases: flags & 0x20 != 0,
        // By it the checks know how far the engine has come in a frame.
        trace: true,
        keep_alive: u16::from(source.below(3)) * 10,
        receive_maximum: u16::from(source.below(8)) + 1,
        maximum_packet_size: if more & 8 == 0 {
            1 << 20
        } else {
            u32::from(source.u8()) + 10
        },
        topic_alias_maximum: u16::from(source.below(4)),
        reconnect,
        follow_references: flags & 0x40 != 0,
        request_problem_information: expectations & 1 == 0,
        check_payload_format: expectations & 2 != 0,
        authentication_method: (expectations & 4 != 0).then(|| "m".into()),
        max_attempts: (more & 0x10 != 0).then_some(3),
        max_queued: if more & 0x20 == 0 { 100 } else { 2 },
        max_queued_bytes: if more & 0x40 == 0 { 1 << 20 } else { 100 },
        stable_after: 1_000,
        will,
        ..Config::default()
    }
}

/// Reads one operation and does it.
pub fn any_operation(world: &mut World, source: &mut Source<'_>) {
    match source.below(24) {
        0..3 => {
            publish(world, source);
            world.drain();
        }
        3 => publish(world, source),
        4 => subscribe(world, source),
        5 => {
            world.unsubscribe(source.one_of(&FILTERS));
            world.drain();
        }
        6 => {
            let token = world.newest_token().saturating_sub(u32::from(source.below(8)));
            world.session.cancel(world.time(), token);
            world.drain();
        }
        7..9 => move_on(world, source),
        9..11 => {
            if let Some(answer) = world.wire.helpful_answer(source.u8().into()) {
                from_broker(world, &answer, true);
            }
        }
        11..13 => any_packet_arrives(world, source),
        13 => message_arrives(world, source),
        14 => {
            let bytes = source.bytes();
            from_broker(world, bytes, true);
        }
        15 => {
            let (first, body) = (source.u8(), source.bytes());
            from_broker(world, &frame(first, body), true);
        }
        16 => {
            // Some of what is on its way.
            let length = world.arriving.len().min(source.u8().into());
            let now: Vec<u8> = world.arriving.drain(..length).collect();
            if world.socket == Socket::Open {
                world.frame(&now);
            }
        }
        17 => world.advance(source.one_of(&TIMES)),
        18 => {
            // A timer that was asleep, or that fires too soon.
            world.now = world.now.saturating_add(source.one_of(&TIMES));
            world.fire();
        }
        19 => socket_ends(world, source),
        20 => world.slow_store = source.flag(),
        21 => world.commit(),
        22 => stray(world, source),
        _ => user_turns(world, source),
    }
}

fn publish(world: &mut World, source: &mut Source<'_>) {
    let (qos, flags) = (source.qos(), source.u8());
    let topic = if flags & 1 == 0 {
        source.one_of(&TOPICS)
    } else {
        source.text()
    };
    let block = properties(source, Version::V5, Place::PublishFromClient);
    let raw = if flags & 2 == 0 {
        &[]
    } else {
        block.as_properties().raw()
    };
    world.publish(qos, flags & 4 != 0, topic, source.bytes(), raw);
    if flags & 8 != 0 {
        world.send_ready();
    }
}

fn subscribe(world: &mut World, source: &mut Source<'_>) {
    let flags = source.u8();
    let filter = if flags & 1 == 0 {
        source.one_of(&FILTERS)
    } else {
        source.text()
    };
    let block = properties(source, Version::V5, Place::Subscribe);
    let raw = if flags & 2 == 0 {
        &[]
    } else {
        block.as_properties().raw()
    };
    world.subscribe(filter, options(source), raw);
    if flags & 4 == 0 {
        world.drain();
    }
}

/// Does what brings the connection on from where it stands.
fn move_on(world: &mut World, source: &mut Source<'_>) {
    match (world.session.state().clone(), world.socket) {
        (State::Idle, _) => {
            world.session.start(world.time());
            world.drain();
        }
        (State::Waiting { retry_at, .. }, _) => world.advance(retry_at.0.saturating_sub(world.now)),
        (State::Stopped { .. }, _) => {
            world.session.reconnect_now(world.time());
            world.drain();
        }
        (State::Connecting { .. }, Socket::None) => {
            if let Some(attempt) = world.prepared.take() {
                let flags = source.u8();
                let username = (flags & 1 != 0).then_some("user");
                let password = (flags & 2 != 0).then_some(&b"secret"[..]);
                if flags & 4 != 0 {
                    world
                        .session
                        .handle_authentication(world.time(), attempt, Some(b"first"));
                }
                world.session.handle_address(world.time(), attempt, username, password);
                world.drain();
            }
        }
        (State::Connecting { .. }, Socket::Opening) => world.open(),
        (State::Connecting { .. }, Socket::Open) => {
            let mut bytes = Vec::new();
            connack(source, world.wire.version, |packet, _| {
                // What cannot be written is not sent.
                let _ = packet.encode(world.wire.version, &mut bytes);
            });
            from_broker(world, &bytes, true);
        }
        (State::Online { .. }, _) => from_broker(world, &[0xD0, 0], true),
    }
}

fn any_packet_arrives(world: &mut World, source: &mut Source<'_>) {
    let (version, at_once) = (world.wire.version, source.flag());
    let mut bytes = Vec::new();
    any_packet(source, version, Sender::Server, |packet, _| {
        let _ = packet.encode(version, &mut bytes);
    });
    from_broker(world, &bytes, at_once);
}

/// A plain message, as brokers send them most.
fn message_arrives(world: &mut World, source: &mut Source<'_>) {
    let (qos, id) = (source.qos(), source.packet_id());
    let mut body = vec![0, 1, b'a'];
    if qos.bits() > 0 {
        body.extend_from_slice(&id.get().to_be_bytes());
    }
    if world.wire.version == Version::V5 {
        body.push(0);
    }
    body.extend_from_slice(source.bytes());
    from_broker(world, &frame(0x30 | qos.bits() << 1, &body), source.flag());
}

/// Bytes of the broker: now, behind what is on its way, or later.
fn from_broker(world: &mut World, bytes: &[u8], at_once: bool) {
    world.arriving.extend_from_slice(bytes);
    if at_once && !world.arriving.is_empty() {
        let frame = std::mem::take(&mut world.arriving);
        if world.socket == Socket::Open {
            world.frame(&frame);
        }
    }
}

fn socket_ends(world: &mut World, source: &mut Source<'_>) {
    if world.socket == Socket::None {
        return;
    }
    world.arriving.clear();
    let (kind, code) = (source.below(4), source.u16());
    let kind = match (kind, world.socket) {
        (0, Socket::Open) => CloseKind::TextFrame,
        (0, _) => CloseKind::WrongSubprotocol,
        (_, Socket::Opening) => CloseKind::Failed,
        _ => CloseKind::Closed,
    };
    let reason = source.text();
    world.closed(SocketClose { kind, code, reason });
}

/// What comes too late, too soon, or from nowhere: it must not matter.
fn stray(world: &mut World, source: &mut Source<'_>) {
    let (kind, number) = (source.below(6), source.u8());
    match kind {
        0 => world.session.handle_stored(world.time(), u64::from(number) + 1_000_000),
        1 => world
            .session
            .handle_address(world.time(), u32::from(number) + 1_000_000, None, None),
        2 => world
            .session
            .handle_address_failed(world.time(), u32::from(number) + 1_000_000, Some("none")),
        3 if world.socket != Socket::Opening => world.session.handle_open(world.time()),
        4 if world.socket == Socket::None => {
            let bytes = source.bytes();
            world.session.input(bytes.len()).copy_from_slice(bytes);
            world.session.handle_input(world.time());
        }
        5 if world.socket == Socket::None => {
            let kind = CloseKind::Closed;
            world.session.handle_closed(
                world.time(),
                SocketClose {
                    kind,
                    code: 1006,
                    reason: "late",
                },
            );
        }
        _ => {}
    }
    world.drain();
}

fn user_turns(world: &mut World, source: &mut Source<'_>) {
    match source.below(12) {
        0 => world.session.start(world.time()),
        1 => world.session.reconnect_now(world.time()),
        2 => {
            if let Some(attempt) = world.prepared.take() {
                let (known, detail) = (source.flag(), source.text());
                world
                    .session
                    .handle_address_failed(world.time(), attempt, known.then_some(detail));
            }
        }
        3 => world.echo = source.flag(),
        5 => world.reauthenticate(),
        6..9 => {
            let (known, data) = (source.below(4) > 0, source.bytes());
            world.authenticate(known.then_some(data));
        }
        4 => {
            let place = Place::DisconnectFromClient;
            let block = properties(source, world.wire.version, place);
            world
                .session
                .close(world.time(), ReasonCode(source.u8()), block.as_properties().raw());
        }
        9 => {
            let event = PageEvent::from_code(source.below(4).into());
            world.session.handle_page(world.time(), event);
        }
        10 => world.session.renew(world.time()),
        _ => {}
    }
    world.drain();
}
