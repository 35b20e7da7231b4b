//! Brokers that break the rules: whatever they do ends in the documented reaction with a typed cause, loses nothing, does not make the client come back
//! ever faster, and does not make it grow.

mod bytes;
mod loops;
mod memory;

use hawser::codec::Version;
use hawser::session::{Cause, Config, Jitter, Reconnect, State};

use crate::broker::{Broker, Policy};
use crate::driver::split;
use crate::world::{Socket, World, lasting};

fn config(version: Version) -> Config {
    Config {
        version,
        clean_start: false,
        receive_maximum: 5,
        maximum_packet_size: 1_000,
        topic_alias_maximum: 4,
        keep_alive: 20,
        connect_timeout: 10_000,
        max_queued: 100,
        reconnect: Reconnect::Exponential {
            min: 1_000,
            max: 60_000,
            jitter: Jitter::UpTo(0),
        },
        ..lasting()
    }
}

/// Something of everything under way: PUBLISH 1 (QoS 1), PUBLISH 2 (QoS 2), PUBREL 3, SUBSCRIBE 4 with two filters, UNSUBSCRIBE 5.
fn busy(version: Version) -> World {
    let mut world = World::new(config(version));
    world.start();
    world.open();
    world.connack(false, &[]);
    world.publish(1, 1, "t", "1");
    world.publish(2, 2, "t", "2");
    world.publish(3, 2, "t", "3");
    world.pubrec(3);
    world.ask_to_subscribe(4, "a", 0);
    world.ask_to_subscribe(5, "b", 1);
    world.drain();
    world.unsubscribe(6, "c");
    world.take_wire();
    world
}

/// After all that, a good broker: everything that is open must come to its end.
fn recover(world: &mut World, tokens: std::ops::RangeInclusive<u32>) {
    if world.is_stopped() {
        world.session.reconnect_now(world.time());
        world.drain();
    }
    let open: Vec<u32> = tokens.filter(|token| world.is_open(*token)).collect();
    // A subscription may be settled once more: a good broker grants what it was asked for.
    (4..=5).for_each(|token| world.forget(token));
    let mut broker = Broker::new(world.version, generous());
    for link in 1..20 {
        if world.socket == Socket::Open {
            world.cut();
        }
        if matches!(world.session.state(), State::Waiting { .. }) {
            world.wait_for_attempt();
        }
        world.open();
        while !world.wire.is_empty() && world.socket == Socket::Open {
            let bytes = world.take_wire();
            broker.hear(world.now, link, &bytes);
            for (_, bytes) in std::mem::take(&mut broker.outbox) {
                if world.socket == Socket::Open {
                    world.send_bytes(&bytes);
                }
            }
        }
        broker.agreed(link);
        broker.lose_link(world.now, link);
        if world.is_online() && open.iter().all(|token| !world.is_open(*token)) {
            let usage = world.session.usage();
            assert_eq!(
                (usage.messages, usage.requests, usage.packet_ids, usage.held),
                (0, 0, 0, 0)
            );
            return;
        }
    }
    panic!("it does not recover: {:?}", world.session.state());
}

fn generous() -> Policy {
    Policy {
        receive_maximum: 20,
        topic_alias_maximum: 0,
        server_keep_alive: None,
        maximum_packet_size: u32::MAX,
        maximum_qos: 2,
        identifiers: true,
        granted_qos: 2,
        a_copy_for_each: false,
        passes_on_release: false,
    }
}

/// What the client did after something hostile: it went on, or left with a cause that fits what it said.
#[track_caller]
fn check_reaction(world: &mut World, told: &str) {
    let wire = world.take_wire();
    let last = split(&wire).last().map(<[u8]>::to_vec).unwrap_or_default();
    match world.session.state() {
        State::Online { .. } => assert_eq!(world.socket, Socket::Open, "{told}"),
        State::Connecting { .. } => {}
        State::Waiting { cause, .. } | State::Stopped { cause } => {
            assert_ne!(world.socket, Socket::Open, "{told}");
            match &**cause {
                Cause::ProtocolError { reason, detail } => {
                    assert!(!detail.is_empty(), "{told}");
                    if world.version == Version::V5 && world.connected.is_some() {
                        // (4.13.1)
                        assert_eq!(last, [0xE0, 1, *reason], "{told}: {cause:?}");
                    } else {
                        assert_ne!(last.first(), Some(&0xE0), "{told}");
                    }
                }
                Cause::Disconnected(_) | Cause::Refused(_) => assert_ne!(last.first(), Some(&0xE0), "{told}"),
                other => panic!("{told}: {other:?}"),
            }
        }
        State::Idle => panic!("{told}"),
    }
}
