//! After a fall back to 3.1.1: what becomes of what only 5.0 can say.

use hawser::codec::{Place, Property, Qos, ReasonCode, RetainHandling, SubscribeOptions, Version};
use hawser::session::{Config, Failure, StoreChange, StoreKey, Will};

use crate::falling_back::{OLD_CONNACK, OLD_REFUSAL, fallen, free, offering, open_311};
use crate::peer::block;
use crate::world::{World, lasting, plain};

#[test]
fn the_session_outlives_the_connection_in_3_1_1_only_under_a_name_of_the_user_s() {
    let mut world = fallen(lasting());
    assert_eq!(world.connected.as_ref().unwrap().session_expiry, 0);
    // As in 3.1.1 by choice: a clean start ends with its connection, the session begins to last with the second one.
    assert_eq!(world.reconnect(), ["CONNECT \"c\" keep-alive=60"]);
    world.send_bytes(&OLD_CONNACK);
    assert_eq!(world.connected.as_ref().unwrap().session_expiry, u32::MAX);
    let mut resuming = offering(free(Config {
        clean_start: false,
        ..lasting()
    }));
    resuming.send_bytes(&OLD_REFUSAL);
    resuming.take();
    assert_eq!(open_311(&mut resuming), ["CONNECT \"c\" keep-alive=60"]);
    let mut unnamed = fallen(Config {
        client_id: None,
        ..lasting()
    });
    assert!(unnamed.reconnect()[0].ends_with("clean keep-alive=60"));
}

#[test]
fn the_will_goes_without_its_properties() {
    let properties = block(Place::Will, &[Property::WillDelayInterval(30)]);
    let mut world = offering(free(Config {
        will: Some(Will {
            topic: "gone".into(),
            payload: b"bye".to_vec(),
            qos: Qos::AtLeastOnce,
            retain: true,
            properties: properties.as_properties().raw().to_vec(),
        }),
        user_properties: block(Place::Connect, &[Property::UserProperty(("a", "b"))])
            .as_properties()
            .raw()
            .to_vec(),
        ..plain()
    }));
    world.take();
    world.send_bytes(&OLD_REFUSAL);
    assert_eq!(
        open_311(&mut world),
        ["CONNECT \"c\" clean keep-alive=60 will=gone bye q1 retain"]
    );
}

#[test]
fn messages_and_subscriptions_lose_what_3_1_1_cannot_say_and_nothing_else() {
    let mut world = offering(free(plain()));
    world.take();
    let properties = block(
        Place::PublishFromClient,
        &[Property::ContentType("text/plain"), Property::UserProperty(("a", "b"))],
    );
    let raw = properties.as_properties().raw();
    let user = block(Place::Subscribe, &[Property::UserProperty(("k", "v"))]);
    let options = SubscribeOptions {
        no_local: true,
        retain_as_published: true,
        retain_handling: RetainHandling::DoNotSend,
        ..SubscribeOptions::from_bits(1).unwrap()
    };
    let ask = |world: &mut World, first: u32| {
        for (token, qos) in (first..).zip(0..=2) {
            world.publish_all(token, qos, &format!("t{token}"), b"payload", qos == 1, raw);
        }
        let raw = user.as_properties().raw();
        world
            .session
            .subscribe(world.time(), first + 3, &format!("f{first}"), options, raw);
        world.drain();
    };
    ask(&mut world, 10);
    world.send_bytes(&OLD_REFUSAL);
    ask(&mut world, 20);
    open_311(&mut world);
    world.send_bytes(&OLD_CONNACK);
    world.expect(&[
        "SUBSCRIBE 1 f10:1 f20:1",
        "PUBLISH q0 \"t10\" payload",
        "PUBLISH q1 2 retain \"t11\" payload",
        "PUBLISH q2 3 \"t12\" payload",
        "PUBLISH q0 \"t20\" payload",
        "PUBLISH q1 4 retain \"t21\" payload",
        "PUBLISH q2 5 \"t22\" payload",
    ]);
    ask(&mut world, 30);
    world.expect(&[
        "PUBLISH q0 \"t30\" payload",
        "PUBLISH q1 6 retain \"t31\" payload",
        "PUBLISH q2 7 \"t32\" payload",
        "SUBSCRIBE 8 f30:1",
    ]);
    assert_eq!(world.session.unsettled(), 6);
}

#[test]
fn a_message_still_expires_here_though_3_1_1_cannot_say_when() {
    let expiry = block(Place::PublishFromClient, &[Property::MessageExpiryInterval(10)]);
    let raw = expiry.as_properties().raw();
    let mut world = offering(free(plain()));
    world.publish_all(1, 1, "t", b"x", false, raw);
    world.send_bytes(&OLD_REFUSAL);
    world.publish_all(2, 1, "t", b"y", false, raw);
    world.advance(11_000);
    for token in [1, 2] {
        world.assert_failed(token, Failure::Expired);
    }
}

#[test]
fn a_guess_that_fails_leaves_every_property_where_it_was() {
    let mut world = offering(free(plain()));
    let properties = block(Place::PublishFromClient, &[Property::ContentType("text/plain")]);
    world.publish_all(1, 1, "t", b"x", false, properties.as_properties().raw());
    world.cut();
    world.wait_for_attempt();
    open_311(&mut world);
    world.publish_all(2, 1, "t", b"y", false, properties.as_properties().raw());
    world.cut();
    world.wait_for_attempt();
    world.version = Version::V5;
    world.open();
    world.take();
    world.connack(false, &[]);
    world.expect(&[
        "PUBLISH q1 1 \"t\" x [ContentType(\"text/plain\")]",
        "PUBLISH q1 2 \"t\" y [ContentType(\"text/plain\")]",
    ]);
}

#[test]
fn what_a_5_0_session_left_open_goes_on_in_3_1_1() {
    let mut world = World::online(free(Config {
        durable: true,
        ..lasting()
    }));
    let properties = block(Place::PublishFromClient, &[Property::ContentType("text/plain")]);
    let raw = properties.as_properties().raw();
    world.publish_all(1, 1, "a", b"x", false, raw);
    world.publish_all(2, 2, "b", b"y", false, raw);
    world.publish_all(3, 2, "c", b"z", false, raw);
    world.pubrec(3);
    world.reconnect();
    world.send_bytes(&OLD_REFUSAL);
    assert_eq!(open_311(&mut world), ["CONNECT \"c\" keep-alive=60"]);
    world.send_bytes(&[0x20, 2, 1, 0]);
    world.expect(&["PUBREL 3", "PUBLISH q1 1 dup \"a\" x", "PUBLISH q2 2 dup \"b\" y"]);
    // What the store keeps is in the version that is spoken, too.
    let rewritten: Vec<_> = world
        .committed
        .iter()
        .flat_map(|batch| batch.changes.iter().map(move |change| (batch, change)))
        .filter_map(|(batch, change)| match change {
            StoreChange::Put {
                key: StoreKey::Outbound(key),
                value,
            } => Some((*key, &batch.bytes[value.start as usize..value.end as usize])),
            _ => None,
        })
        .collect();
    let (_, last) = rewritten.iter().rev().find(|(key, _)| *key == 0).unwrap();
    assert_eq!(last[8..], [0x32, 6, 0, 1, b'a', 0, 1, b'x']);
    world.puback(1);
    world.pubrec(2);
    world.pubcomp(2);
    world.pubcomp(3);
    assert_eq!([1, 2, 3].map(|token| world.outcome(token)), [0, 0, 0]);
}

#[test]
fn the_bound_on_queued_bytes_counts_the_packets_as_they_are_now() {
    let properties = block(Place::PublishFromClient, &[Property::ContentType(&"x".repeat(1_000))]);
    let raw = properties.as_properties().raw().to_vec();
    let mut world = offering(free(Config {
        max_queued_bytes: 1_100,
        ..plain()
    }));
    world.publish_all(1, 1, "t", b"x", false, &raw);
    world.publish_all(2, 1, "t", b"x", false, &raw);
    assert!(!world.is_open(2), "there is no room for a second one");
    world.send_bytes(&OLD_REFUSAL);
    world.publish_all(3, 1, "t", &[0; 1_000], false, &raw);
    assert!(world.is_open(3), "the first one has become small");
}

#[test]
fn a_disconnect_after_the_fall_is_one_of_3_1_1() {
    let mut world = fallen(lasting());
    let expiry = block(Place::DisconnectFromClient, &[Property::SessionExpiryInterval(0)]);
    let raw = expiry.as_properties().raw();
    world.session.close(world.time(), ReasonCode::NORMAL_DISCONNECTION, raw);
    world.drain();
    world.expect(&["DISCONNECT 00"]);
}
