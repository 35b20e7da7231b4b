//! What is asked of the broker about itself, and what becomes of payloads that are not what they are said to be.

use hawser::codec::{Ack, Packet, PacketId, Place, Property, ReasonCode, SubAck, UnsubAck, Version};
use hawser::session::{Cause, Config};

use crate::peer::block;
use crate::world::{World, plain};

fn connect_of(config: Config) -> String {
    let mut world = World::new(config);
    world.start();
    world.open();
    world.take().remove(0)
}

#[test]
fn response_information_is_asked_for_on_request_and_told_with_the_connection() {
    assert!(!connect_of(plain()).contains("Request"));
    let config = Config {
        request_response_information: true,
        ..plain()
    };
    assert!(connect_of(config.clone()).contains("RequestResponseInformation(true)"));
    let old = Config {
        version: Version::V311,
        request_problem_information: false,
        ..config.clone()
    };
    assert!(!connect_of(old).contains("Request"));
    // Unasked it is no error: it is handed on like all that CONNACK says [MQTT-3.1.2-28].
    for config in [config, plain()] {
        let mut world = World::online_with(config, &[Property::ResponseInformation("answers/7/")]);
        assert!(world.is_online());
        let said = world.connected.as_ref().unwrap().properties.range();
        let said = String::from_utf8_lossy(&world.frame[said]);
        assert!(said.contains("answers/7/"), "{said}");
        world.publish(1, 1, "t", "x");
        world.puback(1);
        assert_eq!(world.outcome(1), 0);
    }
}

#[test]
fn what_the_broker_says_with_an_answer_reaches_whom_it_answers_in_order_and_however_the_frames_are_cut() {
    let said = block(
        Place::Reply,
        &[
            Property::UserProperty(("b", "1")),
            Property::ReasonString("why"),
            Property::UserProperty(("a", "2")),
            Property::UserProperty(("b", "1")),
        ],
    );
    let properties = said.as_properties();
    let id = |id| PacketId::new(id).unwrap();
    let ack = |packet_id, reason| Ack {
        packet_id,
        reason,
        properties,
    };
    let packets = [
        Packet::PubAck(ack(id(1), ReasonCode::SUCCESS)),
        Packet::PubRec(ack(id(2), ReasonCode::QUOTA_EXCEEDED)),
        Packet::SubAck(SubAck {
            packet_id: id(3),
            properties,
            reasons: &[1, 0x87],
        }),
        Packet::UnsubAck(UnsubAck {
            packet_id: id(4),
            properties,
            reasons: &[0x11],
        }),
    ];
    let mut bytes = Vec::new();
    for packet in packets {
        packet.encode(Version::V5, &mut bytes).unwrap();
    }
    for size in [1, 7, bytes.len()] {
        let mut world = World::online(plain());
        world.publish(1, 1, "t", "x");
        world.publish(2, 2, "t", "x");
        world.ask_to_subscribe(3, "a", 1);
        world.subscribe(4, "b", 1);
        world.unsubscribe(5, "c");
        bytes.chunks(size).for_each(|piece| world.send_bytes(piece));
        assert_eq!(
            [1, 2, 3, 4, 5].map(|token| world.outcome(token)),
            [0, 0x97, 1, 0x87, 0x11]
        );
        for token in 1..=5 {
            let pairs: Vec<(&str, &str)> = world.users[&token]
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            assert_eq!(
                (world.reason(token), pairs),
                (Some("why"), vec![("b", "1"), ("a", "2"), ("b", "1")])
            );
        }
    }
}

fn silent() -> Config {
    Config {
        request_problem_information: false,
        ..plain()
    }
}

#[test]
fn explanations_that_were_not_asked_for_are_a_protocol_error_where_the_standard_says_so() {
    assert!(connect_of(silent()).contains("RequestProblemInformation(false)"));
    for property in [Property::ReasonString("why"), Property::UserProperty(("a", "b"))] {
        let block = block(Place::Reply, &[property]);
        let properties = block.as_properties();
        let packet_id = PacketId::MIN;
        let ack = |properties| Ack {
            packet_id,
            reason: ReasonCode::SUCCESS,
            properties,
        };
        let packets = |properties| {
            [
                (1, Packet::PubAck(ack(properties))),
                (2, Packet::PubRec(ack(properties))),
                (2, Packet::PubComp(ack(properties))),
                (2, Packet::PubRel(ack(properties))),
                (
                    3,
                    Packet::SubAck(SubAck {
                        packet_id,
                        properties,
                        reasons: &[0],
                    }),
                ),
                (
                    4,
                    Packet::UnsubAck(UnsubAck {
                        packet_id,
                        properties,
                        reasons: &[0],
                    }),
                ),
            ]
        };
        for (config, refused) in [(silent(), true), (plain(), false)] {
            for (kind, packet) in packets(properties) {
                let mut world = World::online(config.clone());
                match kind {
                    1 | 2 => world.publish(1, kind, "t", "x"),
                    3 => world.subscribe(1, "a", 0),
                    _ => world.unsubscribe(1, "a"),
                }
                if matches!(packet, Packet::PubComp(_)) {
                    world.pubrec(1);
                }
                world.take();
                world.send(packet);
                if refused {
                    world.expect(&["DISCONNECT 82"]);
                    assert!(matches!(world.cause(), Cause::ProtocolError { reason: 0x82, .. }));
                } else {
                    assert!(world.is_online(), "{packet:?}");
                }
            }
        }
    }
}

#[test]
fn a_silent_broker_may_still_explain_itself_in_connack_publish_and_disconnect() {
    let mut world = World::new(silent());
    world.start();
    world.open();
    world.connack(
        false,
        &[Property::ReasonString("welcome"), Property::UserProperty(("a", "b"))],
    );
    let bytes = world.message_bytes(1, 7, "t", b"x", false, &[Property::UserProperty(("a", "b"))]);
    world.send_bytes(&bytes);
    assert_eq!((world.take_texts(), world.is_online()), (vec!["t x".to_owned()], true));
    world.send_bytes(&[0xE0, 7, 0x8B, 5, 0x1F, 0, 2, b'b', b'y']);
    assert!(matches!(world.cause(), Cause::Disconnected(refusal) if refusal.reason_string == "by"));
}

const NOT_TEXT: &[u8] = &[b'a', 0xFF];

fn checking() -> Config {
    Config {
        check_payload_format: true,
        receive_maximum: 2,
        ..plain()
    }
}

#[test]
fn a_payload_that_is_not_the_text_it_is_marked_as_is_refused_if_the_user_wants_that() {
    let text = [Property::PayloadFormatIndicator(1)];
    let mut world = World::online(checking());
    for id in 1..=9 {
        // Each refusal makes room: both codes end the exchange, and free the identifier [MQTT-4.3.3-9].
        let bytes = world.message_bytes(1, id, "t", NOT_TEXT, false, &text);
        world.send_bytes(&bytes);
        let bytes = world.message_bytes(2, 20, "t", NOT_TEXT, false, &text);
        world.send_bytes(&bytes);
        world.expect(&[&format!("PUBACK {id} 99"), "PUBREC 20 99"]);
    }
    assert_eq!(world.take_delivered(), []);
    let bytes = world.message_bytes(2, 20, "t", "gut: ü".as_bytes(), false, &text);
    world.send_bytes(&bytes);
    world.expect(&["PUBREC 20"]);
    assert_eq!(world.take_texts(), ["t gut: ü"]);
    let bytes = world.message_bytes(0, 0, "t", NOT_TEXT, false, &text);
    world.send_bytes(&bytes);
    world.expect(&["DISCONNECT 99"]);
    assert!(matches!(world.cause(), Cause::ProtocolError { reason: 0x99, .. }));
}

#[test]
fn without_the_check_and_without_the_mark_any_payload_is_delivered() {
    for (config, mark) in [(plain(), 1), (checking(), 0)] {
        let mut world = World::online(config);
        let bytes = world.message_bytes(0, 0, "t", NOT_TEXT, false, &[Property::PayloadFormatIndicator(mark)]);
        world.send_bytes(&bytes);
        assert_eq!(world.take_delivered()[0].payload, NOT_TEXT);
    }
    let mut world = World::online(checking());
    let bytes = world.message_bytes(0, 0, "t", NOT_TEXT, false, &[]);
    world.send_bytes(&bytes);
    assert_eq!(world.take_delivered()[0].payload, NOT_TEXT);
}
