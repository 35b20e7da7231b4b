//! Brokers that do the same wrong thing on every connection, for a day: the client comes back no faster than its backoff says, and holds no more than before.

use hawser::codec::{Disconnect, Packet, Place, Property, ReasonCode, Version};
use hawser::session::{Cause, CloseKind, State};

use super::memory::held;
use super::{busy, recover};
use crate::peer::{ack, block};
use crate::random::Random;
use crate::world::{Socket, World};

const DAY: u64 = 24 * 3_600_000;

/// One connection, from the moment the socket is asked for.
struct Peer {
    name: &'static str,
    /// What the client says about it.
    cause: fn(&Cause) -> bool,
    act: fn(&mut World, &mut Random),
}

fn is_fault(cause: &Cause) -> bool {
    matches!(cause, Cause::ProtocolError { .. })
}

/// Accepts, with the session kept.
fn accept(world: &mut World) {
    world.open();
    world.connack(true, &[]);
}

fn end(world: &mut World, reason: ReasonCode, reference: Option<&str>) {
    let block = block(
        Place::DisconnectFromServer,
        &reference.map(Property::ServerReference).into_iter().collect::<Vec<_>>(),
    );
    let properties = block.as_properties();
    world.send(Packet::Disconnect(Disconnect { reason, properties }));
}

const PEERS: [Peer; 22] = [
    Peer {
        name: "never opens",
        cause: |cause| matches!(cause, Cause::SocketFailed { .. }),
        act: |world, _| world.fail_to_open(),
    },
    Peer {
        name: "opens and closes",
        cause: |cause| matches!(cause, Cause::SocketClosed { .. }),
        act: |world, _| {
            world.open();
            world.cut();
        },
    },
    Peer {
        name: "opens and says nothing",
        cause: |cause| matches!(cause, Cause::ConnectTimeout(_)),
        act: |world, _| world.open(),
    },
    Peer {
        name: "speaks another protocol",
        cause: |cause| matches!(cause, Cause::WrongSubprotocol),
        act: |world, _| {
            world.closed(CloseKind::WrongSubprotocol, 0, "");
        },
    },
    Peer {
        name: "sends text",
        cause: |cause| matches!(cause, Cause::TextFrame),
        act: |world, _| {
            accept(world);
            world.advance(7_000);
            world.closed(CloseKind::TextFrame, 0, "");
        },
    },
    Peer {
        name: "is busy",
        cause: |cause| matches!(cause, Cause::Refused(_)),
        act: |world, _| {
            world.open();
            world.connack_with(false, ReasonCode::SERVER_BUSY, &[]);
        },
    },
    Peer {
        name: "sends another packet before CONNACK",
        cause: is_fault,
        act: |world, _| {
            world.open();
            world.message(1, 1, "t", "x");
        },
    },
    Peer {
        name: "accepts and drops",
        cause: |cause| matches!(cause, Cause::SocketClosed { .. }),
        act: |world, _| {
            accept(world);
            world.cut();
        },
    },
    Peer {
        name: "accepts and disconnects",
        cause: |cause| matches!(cause, Cause::Disconnected(_)),
        act: |world, _| {
            accept(world);
            end(world, ReasonCode::SERVER_SHUTTING_DOWN, None);
        },
    },
    Peer {
        name: "accepts and sends elsewhere",
        cause: |cause| matches!(cause, Cause::Disconnected(_)),
        act: |world, _| {
            accept(world);
            end(world, ReasonCode::USE_ANOTHER_SERVER, Some("elsewhere.example"));
        },
    },
    Peer {
        name: "accepts and sends elsewhere for good",
        cause: |cause| matches!(cause, Cause::Disconnected(_)),
        act: |world, random| {
            accept(world);
            let name = format!("broker-{}.example", random.below(1_000_000));
            end(world, ReasonCode::SERVER_MOVED, Some(&name));
        },
    },
    Peer {
        name: "accepts twice",
        cause: is_fault,
        act: |world, _| {
            accept(world);
            world.connack(true, &[]);
        },
    },
    Peer {
        name: "always has a session, also after a clean start",
        cause: is_fault,
        act: |world, _| {
            world.open();
            world.send_bytes(&[0x20, 3, 1, 0, 0, 0xC0, 0]);
        },
    },
    Peer {
        name: "answers what stands with what is wrong, each time",
        cause: is_fault,
        act: |world, _| {
            accept(world);
            world.pubcomp(1);
        },
    },
    Peer {
        name: "answers what stands with what is wrong, each time after a while",
        cause: is_fault,
        act: |world, _| {
            accept(world);
            world.advance(9_000);
            world.pubcomp(1);
        },
    },
    Peer {
        name: "sends noise after a while",
        cause: is_fault,
        act: |world, random| {
            accept(world);
            world.advance(9_000);
            let noise: Vec<u8> = (0..random.below(40)).map(|_| random.below(256) as u8).collect();
            world.send_bytes(&[noise.as_slice(), &[0x00]].concat());
            while world.socket == Socket::Open && world.is_online() {
                world.send_bytes(&[0; 256]);
            }
        },
    },
    Peer {
        name: "announces a packet that is too large",
        cause: is_fault,
        act: |world, _| {
            accept(world);
            world.send_bytes(&[0x30, 0xFF, 0xFF, 0xFF, 0x7F]);
        },
    },
    Peer {
        name: "begins a packet and never ends it",
        cause: |cause| matches!(cause, Cause::KeepAliveTimeout),
        act: |world, _| {
            accept(world);
            world.send_bytes(&[0x30, 0xE0, 0x07, 0]);
        },
    },
    Peer {
        name: "answers nothing",
        cause: |cause| matches!(cause, Cause::KeepAliveTimeout),
        act: |world, _| accept(world),
    },
    Peer {
        name: "sends more than it may",
        cause: is_fault,
        act: |world, _| {
            accept(world);
            let messages: Vec<Vec<u8>> = (100..106)
                .map(|id| world.message_bytes(1, id, "t", b"x", false, &[]))
                .collect();
            world.send_bytes(&messages.concat());
        },
    },
    Peer {
        name: "fills every table",
        cause: is_fault,
        act: |world, random| {
            accept(world);
            for id in 1_000..1_005 {
                world.message(2, id, "t", "x");
                world.pubrel(id);
            }
            for _ in 0..200 {
                let topic = format!("{}/{}", random.next(), "x".repeat(100));
                world.message(0, 0, &topic, "x");
                world.pubrel(1 + random.below(60_000) as u16);
            }
            // One of these may be the identifier of something else.
            let unknown: Vec<[u8; 4]> = (0..200)
                .map(|_| ack(0x50, 1_000 + random.below(60_000) as u16))
                .collect();
            world.send_bytes(&[unknown.concat().as_slice(), &[0xF0, 0]].concat());
        },
    },
    Peer {
        name: "uses an alias that stands for nothing",
        cause: is_fault,
        act: |world, _| {
            accept(world);
            let bytes = world.message_bytes(1, 9, "", b"x", false, &[Property::TopicAlias(3)]);
            world.send_bytes(&bytes);
        },
    },
];

/// Lets one peer have all connections for a while; returns how many there were.
fn besiege(world: &mut World, peer: &Peer, milliseconds: u64) -> u64 {
    let mut random = Random::new(1);
    let end = world.now + milliseconds;
    let mut connections = 0;
    if world.socket == Socket::Open {
        world.cut();
    }
    while world.now < end {
        match (world.socket, world.session.state()) {
            (Socket::None, State::Waiting { .. }) => world.wait_for_attempt(),
            (Socket::Opening, _) => {
                connections += 1;
                (peer.act)(world, &mut random);
                // What the client does by itself about a socket that is open and silent.
                while world.socket == Socket::Open {
                    let deadline = world.session.deadline().expect("a deadline");
                    world.advance(deadline.0 - world.now);
                }
                let State::Waiting { cause, .. } = world.session.state() else {
                    panic!("{}: {:?}", peer.name, world.session.state());
                };
                assert!((peer.cause)(cause), "{}: {cause:?}", peer.name);
                forget_the_past(world);
            }
            (socket, state) => panic!("{}: {socket:?} {state:?}", peer.name),
        }
    }
    connections
}

/// What a test keeps and an application would not.
fn forget_the_past(world: &mut World) {
    world.wire = Vec::new();
    world.delivered = Vec::new();
    world.statuses = Vec::new();
    world.frames = Vec::new();
    world.redirects = Vec::new();
}

#[test]
fn a_day_of_the_same_fault_is_met_with_backoff_and_leaves_nothing_behind() {
    for peer in &PEERS {
        let mut world = busy(Version::V5);
        besiege(&mut world, peer, DAY / 8);
        let (usage, before) = (world.session.usage(), held());
        let connections = besiege(&mut world, peer, DAY);
        // A link that falls silent has held for one and a half times the keep-alive of 20 s, and that is a stable one.
        let silent = (peer.cause)(&Cause::KeepAliveTimeout);
        let fastest = if silent { 30_000 } else { 60_000 };
        // The last wait may reach over the end.
        assert!(
            connections <= DAY / fastest + 1,
            "{}: {connections} connections",
            peer.name
        );
        assert!(connections > DAY / 120_000, "{}: {connections} connections", peer.name);
        assert_eq!(world.session.usage(), usage, "{}", peer.name);
        let grown = held() - before;
        assert!(grown < 300_000, "{}: {grown} bytes more", peer.name);
        recover(&mut world, 1..=6);
    }
}
