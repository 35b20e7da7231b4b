//! Topic aliases in both directions.

use hawser::codec::Property::{self, MaximumPacketSize, TopicAlias, TopicAliasMaximum};
use hawser::session::Config;

use crate::world::{World, lasting, plain};

fn aliased(world: &World, topic: &str, alias: u16) -> Vec<u8> {
    world.message_bytes(0, 0, topic, b"x", false, &[TopicAlias(alias)])
}

fn taker() -> Config {
    Config {
        topic_alias_maximum: 3,
        ..lasting()
    }
}

fn giver() -> Config {
    Config {
        outbound_topic_aliases: true,
        ..lasting()
    }
}

#[test]
fn a_mapped_alias_stands_for_its_topic_and_may_be_mapped_anew() {
    let mut world = World::online(taker());
    for (topic, alias) in [("one", 1), ("three", 3), ("", 1), ("", 3), ("other", 1), ("", 1)] {
        let bytes = aliased(&world, topic, alias);
        world.send_bytes(&bytes);
    }
    assert_eq!(
        world.take_texts(),
        ["one x", "three x", "one x", "three x", "other x", "other x"]
    );
}

#[test]
fn the_broker_s_aliases_end_with_their_connection() {
    let mut world = World::online(taker());
    let bytes = aliased(&world, "one", 1);
    world.send_bytes(&bytes);
    world.reconnect();
    world.connack(true, &[]);
    let bytes = aliased(&world, "", 1);
    world.send_bytes(&bytes);
    world.expect(&["DISCONNECT 82"]);
}

#[test]
fn an_alias_nobody_offered_is_refused() {
    let mut world = World::online(plain());
    let bytes = aliased(&world, "t", 1);
    world.send_bytes(&bytes);
    world.expect(&["DISCONNECT 94"]);
}

#[test]
fn our_second_packet_to_a_topic_carries_the_alias_only() {
    let mut world = World::online_with(giver(), &[TopicAliasMaximum(10)]);
    world.publish(1, 0, "long/topic", "a");
    world.publish(2, 0, "long/topic", "b");
    world.publish(3, 1, "long/topic", "c");
    world.publish(4, 0, "other/topic", "d");
    world.expect(&[
        "PUBLISH q0 \"long/topic\" a [TopicAlias(1)]",
        "PUBLISH q0 \"\" b [TopicAlias(1)]",
        "PUBLISH q1 1 \"\" c [TopicAlias(1)]",
        "PUBLISH q0 \"other/topic\" d [TopicAlias(2)]",
    ]);
}

#[test]
fn no_alias_without_leave() {
    for (config, maximum) in [(giver(), 0), (lasting(), 10)] {
        let mut world = World::online_with(config, &[TopicAliasMaximum(maximum)]);
        world.publish(1, 0, "long/topic", "a");
        world.publish(2, 0, "long/topic", "b");
        world.expect(&["PUBLISH q0 \"long/topic\" a", "PUBLISH q0 \"long/topic\" b"]);
    }
}

#[test]
fn a_message_sent_again_has_its_full_topic_first() {
    let mut world = World::online_with(giver(), &[TopicAliasMaximum(10)]);
    world.publish(1, 1, "long/topic", "a");
    world.publish(2, 1, "long/topic", "b");
    world.reconnect();
    world.connack(true, &[TopicAliasMaximum(1)]);
    world.expect(&[
        "PUBLISH q1 1 dup \"long/topic\" a [TopicAlias(1)]",
        "PUBLISH q1 2 dup \"\" b [TopicAlias(1)]",
    ]);
    world.reconnect();
    world.connack(true, &[]);
    world.expect(&["PUBLISH q1 1 dup \"long/topic\" a", "PUBLISH q1 2 dup \"long/topic\" b"]);
}

#[test]
fn an_alias_never_makes_a_packet_too_large() {
    let mut world = World::online_with(giver(), &[TopicAliasMaximum(10), MaximumPacketSize(30)]);
    // 2 + 2 + 10 + 1 + 15 = 30 without an alias.
    world.publish(1, 0, "long/topic", "123456789012345");
    world.publish(2, 0, "long/topic", "1");
    world.publish(3, 0, "long/topic", "123456789012345");
    assert!([1, 2, 3].iter().all(|token| world.outcome(*token) == 0));
    let packets = world.take();
    assert_eq!(packets[0], "PUBLISH q0 \"long/topic\" 123456789012345");
}

#[test]
fn a_topic_that_is_refused_leaves_no_alias_behind() {
    let mut world = World::online_with(giver(), &[TopicAliasMaximum(10)]);
    world.publish(1, 0, "bad/+/topic", "x");
    world.publish(2, 0, "bad/+/topic", "x");
    world.publish(3, 0, "good/topic", "x");
    world.expect(&["PUBLISH q0 \"good/topic\" x [TopicAlias(1)]"]);
}

#[test]
fn other_properties_stand_beside_the_alias() {
    let mut world = World::online_with(giver(), &[TopicAliasMaximum(10)]);
    let block = crate::peer::block(
        hawser::codec::Place::PublishFromClient,
        &[Property::ContentType("text/plain")],
    );
    let raw = block.as_properties().raw().to_vec();
    for token in 1..=2 {
        world.publish_all(token, 1, "long/topic", b"x", false, &raw);
    }
    world.expect(&[
        "PUBLISH q1 1 \"long/topic\" x [TopicAlias(1), ContentType(\"text/plain\")]",
        "PUBLISH q1 2 \"\" x [TopicAlias(1), ContentType(\"text/plain\")]",
    ]);
}
