//! 4.7 Topic names and topic filters, 4.8.2 shared subscriptions, as the session refuses and takes them.

use hawser::session::{Config, Failure};

use crate::world::{World, lasting, lasting_311, plain};

fn both() -> [Config; 2] {
    [plain(), lasting_311()]
}

/// Publishing to these topics is refused, at each QoS, and nothing leaves.
#[track_caller]
fn refuses_to_publish(topics: &[&str]) {
    for config in both() {
        let mut world = World::online(config);
        for (at, topic) in topics.iter().enumerate() {
            for qos in 0..3 {
                let token = at as u32 * 3 + u32::from(qos);
                world.publish(token, qos, topic, "x");
                world.assert_failed(token, Failure::InvalidTopic);
            }
        }
        assert_eq!(world.take_wire(), []);
    }
}

/// Subscribing to these filters, and unsubscribing from them, is refused, and nothing leaves.
#[track_caller]
fn refuses_to_subscribe(config: Config, filters: &[&str]) {
    let mut world = World::online(config);
    for (token, filter) in (0..).zip(filters) {
        world.subscribe(token, filter, 0);
        world.assert_failed(token, Failure::InvalidTopic);
        world.unsubscribe(token + 1_000, filter);
        world.assert_failed(token + 1_000, Failure::InvalidTopic);
    }
    assert_eq!(world.take_wire(), []);
}

/// These filters leave as they are.
#[track_caller]
fn subscribes(config: Config, filters: &[&str]) {
    let mut world = World::online(config);
    for (id, filter) in (1..).zip(filters) {
        world.subscribe(id, filter, 0);
        let sent = world.take();
        assert_eq!(sent.len(), 1, "{filter}");
        assert!(sent[0].starts_with(&format!("SUBSCRIBE {id} {filter}:0")), "{sent:?}");
    }
}

#[test]
fn no_message_goes_out_to_a_topic_with_a_wildcard() {
    refuses_to_publish(&["#", "+", "a/#", "a/+/b", "a#", "a+", "+a", "/#"]);
}

#[test]
fn a_message_from_the_broker_to_a_topic_with_a_wildcard_is_a_protocol_error() {
    for topic in [b"a/#".as_slice(), b"+/a", b"a+b"] {
        for config in [lasting(), lasting_311()] {
            let mut world = World::online(config);
            let mut body = [&[0, 3], topic].concat();
            if world.version == hawser::codec::Version::V5 {
                body.push(0);
            }
            world.send_bytes(&[&[0x30, body.len() as u8], body.as_slice()].concat());
            world.assert_refused_with(0x82);
            assert!(world.take_delivered().is_empty());
        }
    }
}

#[test]
fn the_multi_level_wildcard_stands_alone_in_the_last_level() {
    for config in both() {
        refuses_to_subscribe(config.clone(), &["a#", "#a", "##", "a/#/b", "#/", "#/a", "a/b#", "+#"]);
        subscribes(config, &["#", "a/#", "/#", "+/#", "a/+/#", "//#"]);
    }
}

#[test]
fn the_single_level_wildcard_fills_its_level() {
    for config in both() {
        refuses_to_subscribe(config.clone(), &["a+", "+a", "++", "a/b+", "a/+b/c", "a/++/b"]);
        subscribes(config, &["+", "+/+", "/+", "+/", "a/+/b", "+/a/+/b/+"]);
    }
}

#[test]
fn names_and_filters_have_at_least_one_character() {
    refuses_to_publish(&[""]);
    for config in both() {
        refuses_to_subscribe(config.clone(), &[""]);
        subscribes(config, &[" ", "/"]);
    }
}

#[test]
fn a_message_from_the_broker_without_a_topic_and_without_an_alias_is_a_protocol_error() {
    for (config, packet) in [
        (lasting(), [0x30, 3, 0, 0, 0].as_slice()),
        (lasting_311(), &[0x30, 2, 0, 0]),
    ] {
        let mut world = World::online(config);
        world.send_bytes(packet);
        world.assert_refused_with(0x82);
    }
}

#[test]
fn names_and_filters_hold_no_null_character() {
    refuses_to_publish(&["\0", "a\0", "a/\0/b"]);
    for config in both() {
        refuses_to_subscribe(config, &["\0", "a\0", "a/\0/b", "+/\0"]);
    }
    for (config, packet) in [
        (lasting(), [0x30, 6, 0, 3, b'a', 0, b'b', 0].as_slice()),
        (lasting_311(), &[0x30, 5, 0, 3, b'a', 0, b'b']),
    ] {
        let mut world = World::online(config);
        world.send_bytes(packet);
        world.assert_refused_with(0x81);
    }
}

#[test]
fn names_and_filters_have_at_most_65_535_bytes_once_encoded() {
    let longest = "ä".repeat(32_767) + "a";
    let too_long = "ä".repeat(32_768);
    refuses_to_publish(&[&too_long]);
    for config in both() {
        refuses_to_subscribe(config.clone(), &[&too_long]);
        subscribes(config.clone(), &[&longest]);
        let mut world = World::online(config);
        world.publish(1, 1, &longest, "x");
        assert_eq!(world.take_wire()[4..6], [0xFF, 0xFF]);
        world.message(0, 0, &longest, "x");
        assert_eq!(world.take_delivered()[0].topic, longest);
    }
}

#[test]
fn a_shared_subscription_has_a_name_and_a_filter() {
    refuses_to_subscribe(
        plain(),
        &[
            "$share/",
            "$share//",
            "$share//a",
            "$share/g",
            "$share/g/",
            "$share/g/a#",
            "$share/g/#/a",
        ],
    );
    subscribes(
        plain(),
        &[
            "$share/g/a",
            "$share/g//a",
            "$share/g/#",
            "$share/g/+/a",
            "$share/g h/a",
            "$share/g//",
        ],
    );
}

#[test]
fn the_name_of_a_share_has_no_wildcard() {
    refuses_to_subscribe(
        plain(),
        &["$share/+/a", "$share/#/a", "$share/g+/a", "$share/#g/a", "$share/#"],
    );
}

#[test]
fn what_only_looks_like_a_share_is_a_filter_like_any_other() {
    subscribes(
        plain(),
        &["$share", "$shared/+/a", "$SHARE//a", "share//a", "a/$share/+"],
    );
    subscribes(lasting_311(), &["$share/g", "$share//a", "$share/+/a"]);
}

#[test]
fn letters_levels_and_blanks_are_kept_as_they_are() {
    for config in both() {
        subscribes(
            config.clone(),
            &["A", "a", "a/", "/a", "//", "a b", "$SYS/#", "ACCOUNTS/日本"],
        );
        let mut world = World::online(config);
        for topic in ["A", "a", "a/", "/a", "//", "a b", "$SYS/x", "ACCOUNTS/日本"] {
            world.publish(1, 0, topic, "x");
            world.forget(1);
            world.message(0, 0, topic, "x");
            assert_eq!(world.take_delivered()[0].topic, topic);
            world.expect(&[&format!("PUBLISH q0 {topic:?} x")]);
        }
    }
}
