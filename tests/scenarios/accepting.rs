//! CONNACK: what it may say, what it may not, and which session it is about.

use hawser::codec::Property::{
    AssignedClientIdentifier, AuthenticationMethod, MaximumPacketSize, MaximumQos, ReasonString, ReceiveMaximum,
    RetainAvailable, ServerKeepAlive, ServerReference, SessionExpiryInterval, SharedSubscriptionAvailable,
    TopicAliasMaximum, WildcardSubscriptionAvailable,
};
use hawser::codec::{Place, ReasonCode, Version};
use hawser::session::{Cause, Config, Refusal};

use crate::peer::block;
use crate::world::{Socket, World, lasting, lasting_311, plain};

#[test]
fn an_assigned_client_identifier_is_kept_for_later_attempts() {
    let mut world = World::new(Config {
        client_id: Some(String::new()),
        ..lasting()
    });
    world.start();
    world.open();
    assert!(world.take()[0].starts_with("CONNECT \"\" clean"));
    world.connack(false, &[AssignedClientIdentifier("srv-77")]);
    assert_eq!(&*world.connected.as_ref().unwrap().client_id, "srv-77");
    let text = world.reconnect().remove(0);
    assert!(text.starts_with("CONNECT \"srv-77\" keep-alive"), "{text}");
    world.connack(true, &[]);
    assert!(world.is_online());
}

#[test]
fn an_identifier_that_was_asked_for_must_come() {
    let mut world = World::new(Config {
        client_id: Some(String::new()),
        ..plain()
    });
    world.start();
    world.open();
    world.take();
    world.connack(false, &[]);
    world.expect(&[]);
    assert!(
        matches!(world.cause(), Cause::ProtocolError { reason: 0x82, .. }),
        "[MQTT-3.2.2-16]"
    );
}

#[test]
fn connack_is_told_with_everything_in_it() {
    let properties = [
        SessionExpiryInterval(120),
        ReceiveMaximum(20),
        MaximumQos(1),
        RetainAvailable(false),
        MaximumPacketSize(1_000),
        TopicAliasMaximum(8),
        WildcardSubscriptionAvailable(false),
        SharedSubscriptionAvailable(false),
        ServerKeepAlive(45),
    ];
    let world = World::online_with(lasting(), &properties);
    let connected = world.connected.as_ref().unwrap();
    assert_eq!(
        (connected.keep_alive, connected.session_expiry, connected.v5),
        (45, 120, true)
    );
    let limits = connected.limits;
    assert_eq!(
        (limits.receive_maximum, limits.maximum_qos, limits.maximum_packet_size),
        (20, 1, 1_000)
    );
    assert_eq!((limits.topic_alias_maximum, limits.retain), (8, false));
    assert!(!limits.wildcard_subscriptions && limits.subscription_ids && !limits.shared_subscriptions);
    assert_eq!(
        connected.properties.length as usize,
        block(Place::ConnAck, &properties).as_properties().raw().len()
    );
}

#[test]
fn a_refusal_says_why_and_where_else_to_go() {
    let mut world = World::new(plain());
    world.start();
    world.open();
    world.take();
    let properties = [ReasonString("full"), ServerReference("b.example:8084")];
    world.connack_with(false, ReasonCode::USE_ANOTHER_SERVER, &properties);
    let refusal = Refusal {
        reason: 0x9C,
        reason_string: "full".into(),
        server_reference: "b.example:8084".into(),
    };
    assert_eq!(world.cause(), &Cause::Refused(refusal));
    assert_eq!(
        world.socket,
        Socket::None,
        "[MQTT-3.2.2-7] the client closes even if the server does not"
    );
    world.expect(&[]);
}

#[test]
fn refusals_that_cannot_heal_stop_and_the_others_are_tried_again() {
    let last = [
        0x81, 0x82, 0x84, 0x85, 0x86, 0x87, 0x8A, 0x8C, 0x90, 0x95, 0x99, 0x9A, 0x9B,
    ];
    let all = [0x80, 0x83, 0x88, 0x89, 0x97, 0x9C, 0x9D, 0x9F];
    for reason in last.into_iter().chain(all) {
        let mut world = World::new(plain());
        world.start();
        world.open();
        world.take();
        world.connack_with(false, ReasonCode(reason), &[]);
        assert_eq!(world.is_stopped(), last.contains(&reason), "{reason:02X}");
    }
    for reason in 1..=5 {
        let mut world = World::new(lasting_311());
        world.start();
        world.open();
        world.take();
        world.connack_with(false, ReasonCode(reason), &[]);
        assert_eq!(world.is_stopped(), reason != 3, "{reason}");
        assert_eq!(
            world.cause(),
            &Cause::Refused(Refusal {
                reason,
                ..Refusal::default()
            })
        );
    }
}

#[test]
fn an_old_broker_that_answers_in_its_own_form_is_a_refusal_of_the_version() {
    let mut world = World::new(plain());
    world.start();
    world.open();
    world.take();
    world.send_bytes(&[0x20, 2, 0, 1]);
    assert_eq!(
        world.cause(),
        &Cause::Refused(Refusal {
            reason: 0x84,
            ..Refusal::default()
        })
    );
    assert!(world.is_stopped());
}

#[test]
fn a_session_present_after_a_clean_start_is_left() {
    for config in [
        plain(),
        Config {
            version: Version::V311,
            ..plain()
        },
    ] {
        let v5 = config.version == Version::V5;
        let mut world = World::new(config);
        world.start();
        world.open();
        world.take();
        world.connack(true, &[]);
        assert!(
            matches!(world.cause(), Cause::ProtocolError { reason: 0x82, .. }),
            "[MQTT-3.2.2-2] {v5}"
        );
        assert_eq!(world.socket, Socket::None);
        world.expect(&[]);
    }
}

#[test]
fn a_session_present_without_state_here_is_left_and_the_next_attempt_is_clean() {
    for config in [
        Config {
            clean_start: false,
            ..lasting()
        },
        lasting_311(),
    ] {
        let mut world = World::new(config);
        world.publish(1, 1, "t", "x");
        world.start();
        world.open();
        assert!(!world.take()[0].contains("clean"));
        world.connack(true, &[]);
        assert!(
            matches!(world.cause(), Cause::ProtocolError { reason: 0x82, .. }),
            "[MQTT-3.2.2-4]"
        );
        assert!(world.reconnect()[0].contains("clean"));
        world.connack(false, &[]);
        world.expect(&["PUBLISH q1 1 \"t\" x"]);
        assert!(!world.reconnect()[0].contains("clean"), "once is enough");
        world.connack(world.version == Version::V5, &[]);
        assert!(world.is_online());
    }
}

#[test]
fn in_version_3_1_1_a_clean_start_lasts_from_the_second_connection_on() {
    let mut world = World::new(Config {
        clean_start: true,
        ..lasting_311()
    });
    world.start();
    world.open();
    assert!(world.take()[0].contains(" clean "));
    world.connack(false, &[]);
    for present in [false, true, true] {
        assert!(!world.reconnect()[0].contains(" clean "));
        world.connack(present, &[]);
        assert!(world.is_online());
    }
}

#[test]
fn a_session_that_ends_with_its_connection_is_not_resumed() {
    for config in [
        plain(),
        Config {
            version: Version::V311,
            clean_start: false,
            ..plain()
        },
    ] {
        let mut world = World::online(config);
        world.publish(1, 1, "t", "x");
        assert!(world.reconnect()[0].contains(" clean "));
        world.connack(false, &[]);
        world.expect(&["PUBLISH q1 2 \"t\" x"]);
    }
}

#[test]
fn the_broker_s_session_expiry_wins() {
    let mut world = World::online_with(lasting(), &[SessionExpiryInterval(0)]);
    assert!(world.reconnect()[0].contains(" clean "));
    let mut world = World::online_with(plain(), &[SessionExpiryInterval(60)]);
    assert!(!world.reconnect()[0].contains(" clean "));
    world.connack(true, &[]);
    assert!(world.is_online());
}

#[test]
fn the_first_connection_is_clean_until_it_has_succeeded_once() {
    let mut world = World::new(lasting());
    world.start();
    world.open();
    assert!(world.take()[0].contains(" clean "));
    assert!(world.reconnect()[0].contains(" clean "));
    world.connack(false, &[]);
    assert!(!world.reconnect()[0].contains(" clean "));
}

#[test]
fn an_authentication_method_that_was_not_offered_is_left() {
    let mut world = World::new(plain());
    world.start();
    world.open();
    world.take();
    world.connack(false, &[AuthenticationMethod("x")]);
    assert!(
        matches!(world.cause(), Cause::ProtocolError { reason: 0x82, .. }),
        "[MQTT-4.12.0-6]"
    );
}
