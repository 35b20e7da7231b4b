//! 4.1 Session state: what is part of it, and how long it is kept.

use std::collections::BTreeMap;

use hawser::codec::Property::{ReceiveMaximum, TopicAlias, TopicAliasMaximum};
use hawser::session::{Config, StoreChange, StoreKey};

use crate::driver::split;
use crate::world::{World, lasting, lasting_311};

/// The messages that the store holds after all commits so far.
fn stored(world: &World) -> BTreeMap<String, Vec<u8>> {
    let mut content = BTreeMap::new();
    for batch in &world.committed {
        for change in &batch.changes {
            match change {
                StoreChange::Put {
                    key: key @ (StoreKey::Outbound(_) | StoreKey::Inbound(_)),
                    value,
                } => {
                    let bytes = &batch.bytes[value.start as usize..value.end as usize];
                    content.insert(format!("{key:?}"), bytes.to_vec());
                }
                StoreChange::Delete(key) => {
                    content.remove(&format!("{key:?}"));
                }
                StoreChange::Clear => content.clear(),
                StoreChange::Put { .. } => {}
            }
        }
    }
    content
}

fn durable() -> Config {
    Config {
        durable: true,
        ..lasting()
    }
}

#[test]
fn the_state_is_the_unfinished_messages_of_both_directions_step_by_step() {
    let mut world = World::online(durable());
    let [first, second] = [0, 1].map(|number| format!("{:?}", StoreKey::Outbound(number)));
    let inbound = format!("{:?}", StoreKey::Inbound(7));
    assert!(stored(&world).is_empty());
    world.publish(1, 0, "t", "gone");
    world.message(0, 0, "t", "gone");
    world.message(1, 3, "t", "answered");
    assert!(
        stored(&world).is_empty(),
        "QoS 0 and what is answered are no part of it"
    );
    world.publish(2, 1, "t", "x");
    assert_eq!(stored(&world)[&first][8..], *b"\x32\x07\x00\x01t\x00\x01\x00x");
    world.publish(3, 2, "t", "y");
    assert_eq!(stored(&world)[&second][8..], *b"\x34\x07\x00\x01t\x00\x02\x00y");
    world.pubrec(2);
    assert_eq!(
        stored(&world)[&second][8..],
        *b"\x62\x02\x00\x02t",
        "after PUBREC it is PUBREL, and the topic, for people"
    );
    world.message(2, 7, "t", "z");
    assert_eq!(stored(&world)[&inbound], b"\x50\x02\x00\x07");
    assert_eq!(stored(&world).len(), 3);
    world.puback(1);
    world.pubcomp(2);
    world.pubrel(7);
    assert!(stored(&world).is_empty());
}

#[test]
fn aliases_are_no_part_of_the_state() {
    let config = Config {
        outbound_topic_aliases: true,
        topic_alias_maximum: 4,
        ..durable()
    };
    let mut world = World::online_with(config, &[TopicAliasMaximum(1)]);
    world.publish(1, 1, "topic", "1");
    world.publish(2, 1, "topic", "2");
    world.expect(&[
        "PUBLISH q1 1 \"topic\" 1 [TopicAlias(1)]",
        "PUBLISH q1 2 \"\" 2 [TopicAlias(1)]",
    ]);
    let second = format!("{:?}", StoreKey::Outbound(1));
    assert_eq!(stored(&world)[&second][8..], *b"\x32\x0B\x00\x05topic\x00\x02\x002");
    let mapped = world.message_bytes(0, 0, "in", b"x", false, &[TopicAlias(1)]);
    world.send_bytes(&mapped);
    world.reconnect();
    world.connack(true, &[]);
    world.expect(&["PUBLISH q1 1 dup \"topic\" 1", "PUBLISH q1 2 dup \"topic\" 2"]);
    let alone = world.message_bytes(0, 0, "", b"x", false, &[TopicAlias(1)]);
    world.send_bytes(&alone);
    world.assert_disconnected_with(0x82);
}

#[test]
fn quotas_are_no_part_of_the_state() {
    let config = Config {
        receive_maximum: 1,
        ..lasting()
    };
    let mut world = World::online_with(config, &[ReceiveMaximum(1)]);
    (1..=3).for_each(|token| world.publish(token, 1, "t", "x"));
    world.message(2, 7, "t", "x");
    assert_eq!(world.take().len(), 2, "both windows are full");
    world.reconnect();
    world.connack(true, &[ReceiveMaximum(3)]);
    assert_eq!(world.take().len(), 3);
    world.message(2, 8, "t", "x");
    world.expect(&["PUBREC 8"]);
}

#[test]
fn nothing_of_the_state_is_thrown_away_while_the_connection_is_open() {
    const EACH: u16 = 5_000;
    for config in [lasting(), lasting_311()] {
        let mut world = World::online(config);
        for id in 1..=EACH {
            world.message(2, id, "in", "x");
            world.publish(u32::from(id), 2, "out", "x");
        }
        let wire = world.take_wire();
        let sent = split(&wire).filter(|packet| packet[0] == 0x34).count() as u16;
        for number in 0..20_000 {
            world.message(0, 0, &format!("meanwhile/{number}"), "x");
        }
        assert_eq!(world.take_delivered().len(), usize::from(EACH) + 20_000);
        for id in 1..=EACH {
            let again = world.message_bytes(2, id, "in", b"x", true, &[]);
            world.send_bytes(&again);
            world.pubrel(id);
            assert_eq!(world.take(), [format!("PUBREC {id}"), format!("PUBCOMP {id}")]);
        }
        assert!(
            world.take_delivered().is_empty(),
            "none was forgotten and delivered twice"
        );
        for id in 1..=sent {
            world.pubrec(id);
            world.pubcomp(id);
            assert_eq!(world.outcome(u32::from(id)), 0, "none was forgotten and left open");
        }
    }
}
