//! Bytes that no broker should send: every packet spoiled at every byte, at every moment, and noise.

use hawser::codec::{
    Ack, Auth, ConnAck, Disconnect, Packet, PacketId, Place, Properties, Property, Publish, Qos, ReasonCode, SubAck,
    UnsubAck, Version,
};

use super::{busy, check_reaction, config, recover};
use crate::peer::block;
use crate::random::Random;
use crate::replay;
use crate::world::{Socket, World};

/// One or more of every packet that a broker may send, most of them right for [`busy`].
fn packets(version: Version) -> Vec<Vec<u8>> {
    let v5 = version == Version::V5;
    let id = |number| PacketId::new(number).unwrap();
    let reason = block(
        Place::Reply,
        &[Property::ReasonString("why"), Property::UserProperty(("k", "v"))],
    );
    let limits = block(
        Place::ConnAck,
        &[
            Property::ReceiveMaximum(3),
            Property::MaximumPacketSize(500),
            Property::TopicAliasMaximum(2),
            Property::ServerKeepAlive(9),
        ],
    );
    let message = block(
        Place::PublishFromServer,
        &[
            Property::TopicAlias(2),
            Property::PayloadFormatIndicator(1),
            Property::SubscriptionIdentifier(1),
        ],
    );
    let of = |properties: Properties<'static>| if v5 { properties } else { Properties::EMPTY };
    let (reason, limits, message) = (leak(reason), leak(limits), leak(message));
    let ack = |number| Ack {
        packet_id: id(number),
        reason: ReasonCode::SUCCESS,
        properties: of(reason),
    };
    let publish = |qos, packet_id| {
        Packet::Publish(Publish {
            dup: false,
            qos,
            retain: false,
            topic: "t/x",
            packet_id,
            properties: of(message),
            payload: b"payload",
        })
    };
    let mut packets = vec![
        Packet::ConnAck(ConnAck {
            session_present: false,
            reason: ReasonCode::SUCCESS,
            properties: of(limits),
        }),
        publish(Qos::AtMostOnce, None),
        publish(Qos::AtLeastOnce, Some(id(7))),
        publish(Qos::ExactlyOnce, Some(id(8))),
        Packet::PubAck(ack(1)),
        Packet::PubRec(ack(2)),
        Packet::PubComp(ack(3)),
        Packet::PubRel(ack(9)),
        Packet::PubAck(Ack::new(id(77), ReasonCode::SUCCESS)),
        Packet::PubRec(Ack::new(id(77), ReasonCode::SUCCESS)),
        Packet::PubComp(Ack::new(id(77), ReasonCode::SUCCESS)),
        Packet::SubAck(SubAck {
            packet_id: id(4),
            properties: of(reason),
            reasons: &[0, 1],
        }),
        Packet::UnsubAck(UnsubAck {
            packet_id: id(5),
            properties: of(reason),
            reasons: if v5 { &[0x11] } else { &[] },
        }),
        Packet::PingResp,
    ];
    if v5 {
        let method = leak(block(Place::Auth, &[Property::AuthenticationMethod("x")]));
        packets.push(Packet::Disconnect(Disconnect::new(ReasonCode::SERVER_BUSY)));
        packets.push(Packet::Auth(Auth {
            reason: ReasonCode::CONTINUE_AUTHENTICATION,
            properties: method,
        }));
    }
    packets
        .iter()
        .map(|packet| {
            let mut bytes = Vec::new();
            packet.encode(version, &mut bytes).unwrap();
            bytes
        })
        .collect()
}

fn leak(block: hawser::codec::PropertyBuf) -> Properties<'static> {
    Box::leak(Box::new(block)).as_properties()
}

/// Every way of spoiling a packet in one place: another byte, a byte too many, a byte too few, an end that comes early.
fn spoil(packet: &[u8]) -> Vec<Vec<u8>> {
    let mut spoilt = Vec::new();
    for at in 0..packet.len() {
        for change in [1, 2, 4, 8, 16, 32, 64, 128, 255, packet[at]] {
            let mut other = packet.to_vec();
            other[at] ^= change;
            spoilt.push(other);
        }
        let mut longer = packet.to_vec();
        longer.insert(at, packet[at]);
        spoilt.push(longer);
        let mut shorter = packet.to_vec();
        shorter.remove(at);
        spoilt.push(shorter);
        spoilt.push(packet[..at].to_vec());
    }
    spoilt
}

#[test]
fn every_packet_spoilt_at_every_byte_ends_in_the_documented_reaction_and_loses_nothing() {
    let mut runs = 0;
    for version in [Version::V5, Version::V311] {
        for packet in packets(version) {
            for bytes in spoil(&packet) {
                let mut world = busy(version);
                world.send_bytes(&bytes);
                let told = format!("{version:?} {bytes:02x?}");
                check_reaction(&mut world, &told);
                recover(&mut world, 1..=6);
                runs += 1;
            }
        }
    }
    println!("spoilt packets: {runs} runs");
}

#[test]
fn in_answer_to_connect_every_packet_and_every_spoilt_connack_ends_in_the_documented_reaction() {
    for version in [Version::V5, Version::V311] {
        let all = packets(version);
        for bytes in all.iter().skip(1).cloned().chain(spoil(&all[0])) {
            let mut world = World::new(config(version));
            world.publish(1, 2, "t", "1");
            world.start();
            world.open();
            world.take_wire();
            world.send_bytes(&bytes);
            let told = format!("{version:?} {bytes:02x?}");
            check_reaction(&mut world, &told);
            if !world.is_stopped() {
                recover(&mut world, 1..=1);
            }
        }
    }
}

#[test]
fn every_packet_twice_and_after_every_other_ends_in_the_documented_reaction_and_loses_nothing() {
    for version in [Version::V5, Version::V311] {
        let all = packets(version);
        for first in &all {
            for second in &all {
                let mut world = busy(version);
                let bytes = [first.as_slice(), second].concat();
                world.send_bytes(&bytes);
                let told = format!("{version:?} {bytes:02x?}");
                check_reaction(&mut world, &told);
                recover(&mut world, 1..=6);
            }
        }
    }
}

/// Noise that looks like packets: a type, a length that is right, and a body of anything.
fn noise(random: &mut Random) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..=random.below(4) {
        let body: Vec<u8> = (0..random.below(30))
            .map(|_| match random.below(3) {
                0 => random.below(256) as u8,
                _ => random.below(4) as u8,
            })
            .collect();
        bytes.push(match random.below(4) {
            0 => random.below(256) as u8,
            _ => [0x20, 0x30, 0x32, 0x34, 0x40, 0x50, 0x62, 0x70, 0x90, 0xB0, 0xD0, 0xE0][random.below(12) as usize],
        });
        bytes.push(body.len() as u8);
        bytes.extend(body);
    }
    bytes
}

#[test]
fn noise_ends_in_the_documented_reaction_and_loses_nothing() {
    replay::seeds("noise_ends", 20_000, |seed, _| {
        let mut random = Random::new(seed);
        let version = if random.below(3) == 0 {
            Version::V311
        } else {
            Version::V5
        };
        let mut world = busy(version);
        for _ in 0..3 {
            let bytes = noise(&mut random);
            for frame in bytes.chunks(1 + random.below(40) as usize) {
                if world.socket == Socket::Open {
                    world.send_bytes(frame);
                }
            }
            check_reaction(&mut world, &format!("{bytes:02x?}"));
            if world.is_stopped() {
                break;
            }
            if world.socket == Socket::None {
                world.reconnect();
                world.connack(random.below(2) == 0, &[]);
                world.take_wire();
            }
        }
        recover(&mut world, 1..=6);
    });
}
