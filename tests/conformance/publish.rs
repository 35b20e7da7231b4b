//! 3.3 PUBLISH in both directions.

use hawser::codec::{Ack, Packet, PacketId, Property, ReasonCode};
use hawser::session::Config;

use crate::driver::split;
use crate::world::{World, lasting, lasting_311, plain};

const DUP: u8 = 0b1000;

/// First bytes of the PUBLISH packets that the client has sent since the last look.
fn first_bytes(world: &mut World) -> Vec<u8> {
    let bytes = world.take_wire();
    split(&bytes)
        .map(|packet| packet[0])
        .filter(|first| first >> 4 == 3)
        .collect()
}

#[test]
fn dup_is_0_the_first_time_and_1_again_and_never_set_at_qos_0() {
    for config in [lasting(), lasting_311()] {
        let mut world = World::online(config);
        (0..3).for_each(|qos| world.publish(qos, qos as u8, "t", "x"));
        assert_eq!(first_bytes(&mut world), [0x30, 0x32, 0x34]);
        for _ in 0..3 {
            world.cut();
            world.publish(10, 0, "t", "x");
            world.reconnect();
            world.connack(true, &[]);
            assert_eq!(first_bytes(&mut world), [0x32 | DUP, 0x34 | DUP, 0x30]);
            world.forget(10);
        }
    }
}

#[test]
fn dup_of_what_came_says_nothing_about_what_is_sent() {
    let mut world = World::online(lasting());
    for (token, qos) in [(1, 1), (2, 2)] {
        let bytes = world.message_bytes(qos, 7 + u16::from(qos), "t", b"x", true, &[]);
        assert_eq!(bytes[0] & DUP, DUP);
        world.send_bytes(&bytes);
        let message = world.take_delivered().remove(0);
        world.take();
        world.publish_all(token, qos, &message.topic, &message.payload, false, &message.properties);
        assert_eq!(first_bytes(&mut world), [0x30 | qos << 1]);
    }
}

#[test]
fn dup_at_qos_0_and_qos_3_are_malformed() {
    for first in [0x38, 0x39, 0x36, 0x37, 0x3E, 0x3F] {
        let mut world = World::online(lasting());
        world.send_bytes(&[first, 7, 0, 1, b't', 0, 9, 0, b'x']);
        world.assert_disconnected_with(0x81);
        let mut old = World::online(lasting_311());
        old.send_bytes(&[first, 6, 0, 1, b't', 0, 9, b'x']);
        old.assert_closed_silently_for(0x81);
    }
}

#[test]
fn a_wildcard_in_a_topic_name_is_refused_both_ways() {
    for topic in ["+", "#", "a/+/b", "a/#", "a+", "a#b"] {
        for config in [lasting(), lasting_311()] {
            let v5 = config.version == hawser::codec::Version::V5;
            let mut world = World::online(config);
            world.publish(1, 1, topic, "x");
            world.expect(&[]);
            world.assert_failed(1, hawser::session::Failure::InvalidTopic);
            let tail: &[u8] = if v5 { &[0] } else { &[] };
            let body = [&[0, topic.len() as u8], topic.as_bytes(), tail].concat();
            world.send_bytes(&[&[0x30, body.len() as u8], body.as_slice()].concat());
            world.assert_refused_with(0x82);
        }
    }
}

#[test]
fn a_wildcard_in_a_response_topic_is_a_protocol_error() {
    for topic in ["+", "#", "a/+/b", "a/#"] {
        let mut world = World::online(lasting());
        let property = [&[0x08, 0, topic.len() as u8], topic.as_bytes()].concat();
        let body = [b"\x00\x01t", [property.len() as u8].as_slice(), &property].concat();
        world.send_bytes(&[&[0x30, body.len() as u8], body.as_slice()].concat());
        world.assert_disconnected_with(0x82);
        // Sent, it is refused here.
        let mut world = World::online(lasting());
        world.publish_all(1, 1, "t", b"x", false, &property);
        world.expect(&[]);
        world.assert_failed(1, hawser::session::Failure::InvalidProperties);
    }
}

/// A QoS 0 PUBLISH with an alias, written by hand.
fn aliased(topic: &str, alias: u16) -> Vec<u8> {
    let body = [
        &[0, topic.len() as u8],
        topic.as_bytes(),
        &[3, 0x23],
        &alias.to_be_bytes(),
        b"x",
    ]
    .concat();
    [&[0x30, body.len() as u8], body.as_slice()].concat()
}

#[test]
fn every_alias_up_to_our_maximum_is_taken_and_may_be_mapped_anew() {
    for maximum in [1, 5, u16::MAX] {
        let mut world = World::online(Config {
            topic_alias_maximum: maximum,
            ..lasting()
        });
        let aliases = || (1..=maximum).step_by(usize::from(maximum / 5).max(1)).chain([maximum]);
        for round in ["a", "b"] {
            aliases().for_each(|alias| world.send_bytes(&aliased(&format!("{round}{alias}"), alias)));
            world.take_delivered();
            for alias in aliases() {
                world.send_bytes(&aliased("", alias));
                assert_eq!(world.take_texts(), [format!("{round}{alias} x")]);
            }
        }
        assert!(world.is_online());
    }
}

#[test]
fn an_alias_of_0_or_above_our_maximum_is_invalid() {
    for (maximum, alias) in [(0, 1), (0, 0), (0, u16::MAX), (1, 2), (5, 0), (5, 6), (5, u16::MAX)] {
        for topic in ["t", ""] {
            let mut world = World::online(Config {
                topic_alias_maximum: maximum,
                ..lasting()
            });
            world.send_bytes(&aliased(topic, alias));
            world.assert_disconnected_with(0x94);
        }
    }
}

#[test]
fn an_empty_topic_needs_an_alias_that_was_mapped_on_this_connection() {
    let config = Config {
        topic_alias_maximum: 5,
        ..lasting()
    };
    let mut world = World::online(config.clone());
    world.send_bytes(b"\x30\x03\x00\x00\x00");
    world.assert_disconnected_with(0x82);
    let mut world = World::online(config);
    world.send_bytes(&aliased("t", 2));
    world.send_bytes(&aliased("", 2));
    assert_eq!(world.take_texts(), ["t x", "t x"]);
    world.reconnect();
    world.connack(true, &[]);
    world.send_bytes(&aliased("", 2));
    world.assert_disconnected_with(0x82);
    assert!(world.take_delivered().is_empty());
}

#[test]
fn our_own_aliases_begin_anew_with_each_connection() {
    let mut world = World::online_with(
        Config {
            outbound_topic_aliases: true,
            ..lasting()
        },
        &[Property::TopicAliasMaximum(5)],
    );
    (1..=3).for_each(|token| world.publish(token, 0, "long/topic", "x"));
    assert!(world.take().last().unwrap().starts_with("PUBLISH q0 \"\""));
    world.reconnect();
    world.connack(true, &[Property::TopicAliasMaximum(5)]);
    world.publish(4, 0, "long/topic", "x");
    let first = world.take().remove(0);
    assert!(first.starts_with("PUBLISH q0 \"long/topic\""), "{first}");
}

#[test]
fn a_publish_of_ours_never_has_a_subscription_identifier() {
    for raw in [&b"\x0B\x01"[..], b"\x26\x00\x01a\x00\x01b\x0B\x01"] {
        let mut world = World::online(lasting());
        world.publish_all(1, 1, "t", b"x", false, raw);
        world.expect(&[]);
        world.assert_failed(1, hawser::session::Failure::InvalidProperties);
    }
    // Nor one that came with a message which is published on as it is.
    let mut world = World::online(lasting());
    let bytes = world.message_bytes(1, 7, "t", b"x", false, &[Property::SubscriptionIdentifier(3)]);
    world.send_bytes(&bytes);
    let message = world.take_delivered().remove(0);
    world.take();
    world.publish_all(2, 1, "t", b"x", false, &message.properties);
    world.expect(&[]);
}

#[test]
fn never_more_than_the_broker_s_receive_maximum_are_unfinished() {
    for maximum in [1, 2, 7] {
        let mut world = World::online_with(lasting(), &[Property::ReceiveMaximum(maximum)]);
        (0..50).for_each(|token| world.publish(token, 1 + (token % 2) as u8, "t", "x"));
        let mut open: Vec<(u16, bool)> = Vec::new();
        let mut seen = 0;
        loop {
            for packet in world.take() {
                let words: Vec<&str> = packet.split(' ').collect();
                if words[0] == "PUBLISH" {
                    open.push((words[2].parse().unwrap(), words[1] == "q2"));
                    seen += 1;
                }
            }
            assert!(open.len() <= usize::from(maximum), "{open:?}");
            // The newest first; of three QoS 2 messages one is refused. PUBREC does not end a message, so nothing may follow it.
            let Some((id, qos2)) = open.pop() else { break };
            if !qos2 {
                world.puback(id);
            } else if id % 3 == 0 {
                let failing = Ack::new(PacketId::new(id).unwrap(), ReasonCode::QUOTA_EXCEEDED);
                world.send(Packet::PubRec(failing));
            } else {
                world.pubrec(id);
                world.expect(&[&format!("PUBREL {id}")]);
                world.pubcomp(id);
            }
        }
        assert_eq!(seen, 50);
    }
}

#[test]
fn without_a_receive_maximum_65_535_may_be_unfinished() {
    let mut world = World::online(plain());
    for token in 0..65_536 {
        world.ask_to_publish(token, 1, "t", b"", false, &[]);
    }
    world.drain();
    assert_eq!(first_bytes(&mut world).len(), 65_535);
}

#[test]
fn a_full_window_holds_back_publish_and_nothing_else() {
    let mut world = World::online_with(
        Config {
            keep_alive: 10,
            ..lasting()
        },
        &[Property::ReceiveMaximum(1)],
    );
    world.publish(1, 2, "t", "takes the place");
    world.publish(2, 1, "t", "waits");
    world.take();
    world.publish(3, 0, "t", "free");
    world.subscribe(4, "a", 0);
    world.unsubscribe(5, "b");
    world.message(1, 70, "in", "x");
    world.message(2, 71, "in", "x");
    world.pubrel(71);
    world.pubrec(1);
    world.expect(&[
        "PUBLISH q0 \"t\" free",
        "SUBSCRIBE 2 a:0",
        "UNSUBSCRIBE 3 b",
        "PUBACK 70",
        "PUBREC 71",
        "PUBCOMP 71",
        "PUBREL 1",
    ]);
    world.advance(10_000);
    world.expect(&["PINGREQ"]);
    world.close();
    world.expect(&["DISCONNECT 00"]);
}

#[test]
fn one_message_more_than_our_receive_maximum_is_one_too_many() {
    for maximum in [1, 2, 5] {
        let mut world = World::online(Config {
            receive_maximum: maximum,
            ..lasting()
        });
        for id in 1..=maximum {
            world.message(2, id, "t", "x");
        }
        assert!(world.is_online());
        world.take();
        world.message(1, maximum + 1, "t", "x");
        world.assert_disconnected_with(0x93);
    }
}

#[test]
fn a_subscription_identifier_of_0_is_a_protocol_error_and_several_of_any_other_are_fine() {
    let mut world = World::online(lasting());
    world.send_bytes(b"\x30\x06\x00\x01t\x02\x0B\x00");
    world.assert_disconnected_with(0x82);
    let mut world = World::online(lasting());
    world.send_bytes(b"\x30\x0D\x00\x01t\x09\x0B\x05\x0B\x05\x0B\xFF\xFF\xFF\x7Fx");
    assert_eq!(
        world.take_delivered()[0].properties,
        b"\x0B\x05\x0B\x05\x0B\xFF\xFF\xFF\x7F",
        "all of them, in their order"
    );
}

#[test]
fn user_properties_keep_their_order_and_their_repetitions_both_ways() {
    let block = b"\x26\x00\x01a\x00\x011\x26\x00\x01b\x00\x012\x26\x00\x01a\x00\x011";
    let mut world = World::online(lasting());
    world.publish_all(1, 0, "t", b"x", false, block);
    let sent = [b"\x30\x1A\x00\x01t\x15", block.as_slice(), b"x"].concat();
    assert_eq!(world.take_wire(), sent);
    world.send_bytes(&sent);
    assert_eq!(world.take_delivered()[0].properties, block);
}
