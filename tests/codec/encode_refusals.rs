//! What cannot be written: each refusal has its error and leaves the output as it was.

use hawser::codec::{
    Ack, AckKind, Auth, ConnAck, Connect, Disconnect, EncodeError, FiltersBuf, Packet, Place, Properties, Property,
    Publish, Qos, ReasonCode, Sender, SubAck, Subscribe, SubscribeOptions, TopicFiltersBuf, UnsubAck, Unsubscribe,
    Version, Will, decode,
};

use super::{block, id};

use Version::{V5, V311};

const CONNECT: Connect<'_> = Connect {
    clean_start: true,
    keep_alive: 0,
    properties: Properties::EMPTY,
    client_id: "",
    will: None,
    username: None,
    password: None,
};

const WILL: Will<'_> = Will {
    qos: Qos::AtMostOnce,
    retain: false,
    properties: Properties::EMPTY,
    topic: "w",
    payload: b"",
};

const PUBLISH: Publish<'_> = Publish {
    dup: false,
    qos: Qos::AtMostOnce,
    retain: false,
    topic: "t",
    packet_id: None,
    properties: Properties::EMPTY,
    payload: b"",
};

#[track_caller]
fn refused(packet: Packet<'_>, version: Version, error: EncodeError) {
    let mut out = b"before".to_vec();
    assert_eq!(packet.encode(version, &mut out), Err(error), "{packet:?}");
    assert_eq!(out, b"before");
    assert!(!error.to_string().is_empty());
}

#[test]
fn connects_that_cannot_be_written() {
    let long = "x".repeat(65_536);
    let bytes = long.as_bytes();
    let cases = [
        (
            Connect {
                client_id: "a\0",
                ..CONNECT
            },
            V5,
            EncodeError::NulInString,
        ),
        (
            Connect {
                client_id: &long,
                ..CONNECT
            },
            V5,
            EncodeError::FieldTooLong,
        ),
        (
            Connect {
                username: Some("\0"),
                ..CONNECT
            },
            V5,
            EncodeError::NulInString,
        ),
        (
            Connect {
                password: Some(bytes),
                ..CONNECT
            },
            V5,
            EncodeError::FieldTooLong,
        ),
        (
            Connect {
                will: Some(Will { topic: "", ..WILL }),
                ..CONNECT
            },
            V5,
            EncodeError::InvalidTopic,
        ),
        (
            Connect {
                will: Some(Will { topic: "+", ..WILL }),
                ..CONNECT
            },
            V311,
            EncodeError::InvalidTopic,
        ),
        (
            Connect {
                will: Some(Will { payload: bytes, ..WILL }),
                ..CONNECT
            },
            V5,
            EncodeError::FieldTooLong,
        ),
        (
            Connect {
                password: Some(b"p"),
                ..CONNECT
            },
            V311,
            EncodeError::PasswordWithoutUserName,
        ),
        (
            Connect {
                clean_start: false,
                ..CONNECT
            },
            V311,
            EncodeError::EmptyClientId,
        ),
    ];
    for (connect, version, error) in cases {
        refused(Packet::Connect(connect), version, error);
    }
    let properties = block(Place::Connect, &[Property::ReceiveMaximum(1)]);
    let with_properties = Connect {
        properties: properties.as_properties(),
        ..CONNECT
    };
    refused(Packet::Connect(with_properties), V311, EncodeError::NotInVersion);
}

#[test]
fn publishes_that_cannot_be_written() {
    let long = "x".repeat(65_536);
    let cases = [
        (Publish { topic: "", ..PUBLISH }, EncodeError::InvalidTopic),
        (
            Publish {
                topic: "a/+",
                ..PUBLISH
            },
            EncodeError::InvalidTopic,
        ),
        (Publish { topic: "#", ..PUBLISH }, EncodeError::InvalidTopic),
        (Publish { topic: "\0", ..PUBLISH }, EncodeError::NulInString),
        (
            Publish {
                topic: &long,
                ..PUBLISH
            },
            EncodeError::FieldTooLong,
        ),
        (
            Publish {
                packet_id: Some(id(1)),
                ..PUBLISH
            },
            EncodeError::PacketId,
        ),
        (
            Publish {
                qos: Qos::AtLeastOnce,
                ..PUBLISH
            },
            EncodeError::PacketId,
        ),
        (Publish { dup: true, ..PUBLISH }, EncodeError::DupOnQos0),
    ];
    for (publish, error) in cases {
        refused(Packet::Publish(publish), V5, error);
        refused(Packet::Publish(publish), V311, error);
    }
    let payload = vec![0; 268_435_455];
    refused(
        Packet::Publish(Publish {
            payload: &payload,
            ..PUBLISH
        }),
        V5,
        EncodeError::PacketTooLarge,
    );
}

#[test]
fn the_properties_of_one_packet_do_not_fit_another() {
    let will = block(Place::Will, &[Property::WillDelayInterval(1)]);
    let alias = block(Place::PublishFromClient, &[Property::TopicAlias(1)]);
    let misplaced = Publish {
        properties: will.as_properties(),
        ..PUBLISH
    };
    refused(Packet::Publish(misplaced), V5, EncodeError::PropertyNotAllowed);
    refused(
        Packet::Publish(Publish {
            properties: alias.as_properties(),
            ..PUBLISH
        }),
        V311,
        EncodeError::NotInVersion,
    );
    let ack = Ack {
        properties: alias.as_properties(),
        ..Ack::new(id(1), ReasonCode::SUCCESS)
    };
    refused(Packet::PubAck(ack), V5, EncodeError::PropertyNotAllowed);
    // An alias stands in for the topic.
    let short = Publish {
        topic: "",
        properties: alias.as_properties(),
        ..PUBLISH
    };
    let mut out = Vec::new();
    short.encode(V5, &mut out).unwrap();
    assert_eq!(out, b"\x30\x06\x00\x00\x03\x23\x00\x01");
    assert_eq!(decode(&out, V5, Sender::Client), Ok(Packet::Publish(short)));
}

#[test]
fn acknowledgements_that_cannot_be_written() {
    for kind in [AckKind::PubAck, AckKind::PubRec, AckKind::PubRel, AckKind::PubComp] {
        let mut out = Vec::new();
        let foreign = Ack::new(id(1), ReasonCode::SESSION_TAKEN_OVER);
        assert_eq!(foreign.encode(kind, V5, &mut out), Err(EncodeError::InvalidReasonCode));
        let unsayable = Ack::new(id(1), ReasonCode::PACKET_IDENTIFIER_NOT_FOUND);
        assert_eq!(unsayable.encode(kind, V311, &mut out), Err(EncodeError::NotInVersion));
        assert!(out.is_empty());
    }
}

#[test]
fn filters_that_cannot_be_written() {
    let mut filters = FiltersBuf::new(V5);
    let plain = SubscribeOptions::default();
    let no_local = SubscribeOptions {
        no_local: true,
        ..plain
    };
    assert_eq!(filters.push("", plain), Err(EncodeError::InvalidFilter));
    assert_eq!(filters.push("a#", plain), Err(EncodeError::InvalidFilter));
    assert_eq!(filters.push("\0", plain), Err(EncodeError::NulInString));
    assert_eq!(filters.push(&"x".repeat(65_536), plain), Err(EncodeError::FieldTooLong));
    assert_eq!(filters.push("$share/g", plain), Err(EncodeError::InvalidFilter));
    assert_eq!(filters.push("$share/g/a", no_local), Err(EncodeError::NoLocalOnShared));
    assert_eq!(filters.byte_length(), 0);
    assert_eq!(
        FiltersBuf::new(V311).push("a", no_local),
        Err(EncodeError::NotInVersion)
    );
    assert_eq!(TopicFiltersBuf::new(V5).push("+a"), Err(EncodeError::InvalidFilter));

    let subscribe = |filters| {
        Packet::Subscribe(Subscribe {
            packet_id: id(1),
            properties: Properties::EMPTY,
            filters,
        })
    };
    let none = FiltersBuf::new(V5);
    refused(subscribe(none.as_filters()), V5, EncodeError::EmptyList);
    filters.push("a", no_local).unwrap();
    refused(subscribe(filters.as_filters()), V311, EncodeError::NotInVersion);

    let unsubscribe = |filters| {
        Packet::Unsubscribe(Unsubscribe {
            packet_id: id(1),
            properties: Properties::EMPTY,
            filters,
        })
    };
    let none = TopicFiltersBuf::new(V311);
    refused(unsubscribe(none.as_filters()), V311, EncodeError::EmptyList);
    let mut filters = TopicFiltersBuf::new(V311);
    filters.push("$share/x").unwrap();
    refused(unsubscribe(filters.as_filters()), V5, EncodeError::NotInVersion);
}

#[test]
fn every_legal_options_byte_and_no_other() {
    let legal: Vec<u8> = (0..=255)
        .filter(|&bits| SubscribeOptions::from_bits(bits).is_some())
        .collect();
    assert_eq!(legal.len(), 36);
    for bits in legal {
        assert_eq!(bits & 0b1100_0000, 0);
        assert_eq!(SubscribeOptions::from_bits(bits).unwrap().bits(), bits);
    }
}

#[test]
fn answers_of_a_server_that_cannot_be_written() {
    let properties = Properties::EMPTY;
    let connack = |session_present, code| {
        Packet::ConnAck(ConnAck {
            session_present,
            reason: ReasonCode(code),
            properties,
        })
    };
    refused(connack(true, 0x87), V5, EncodeError::SessionPresentOnRefusal);
    refused(connack(false, 0x01), V5, EncodeError::InvalidReasonCode);
    refused(connack(false, 0x06), V311, EncodeError::InvalidReasonCode);
    let suback = |reasons| {
        Packet::SubAck(SubAck {
            packet_id: id(1),
            properties,
            reasons,
        })
    };
    refused(suback(&[]), V5, EncodeError::EmptyList);
    refused(suback(&[3]), V5, EncodeError::InvalidReasonCode);
    refused(suback(&[0x87]), V311, EncodeError::InvalidReasonCode);
    let unsuback = |reasons| {
        Packet::UnsubAck(UnsubAck {
            packet_id: id(1),
            properties,
            reasons,
        })
    };
    refused(unsuback(&[]), V5, EncodeError::EmptyList);
    refused(unsuback(&[1]), V5, EncodeError::InvalidReasonCode);
    refused(unsuback(&[0]), V311, EncodeError::NotInVersion);
}

#[test]
fn goodbyes_and_authentication_that_cannot_be_written() {
    let disconnect = |code| Packet::Disconnect(Disconnect::new(ReasonCode(code)));
    refused(disconnect(0x04), V311, EncodeError::NotInVersion);
    refused(disconnect(0x01), V5, EncodeError::InvalidReasonCode);
    let method = block(Place::Auth, &[Property::AuthenticationMethod("m")]);
    let auth = |code, properties| {
        Packet::Auth(Auth {
            reason: ReasonCode(code),
            properties,
        })
    };
    refused(
        auth(0x18, Properties::EMPTY),
        V5,
        EncodeError::MissingAuthenticationMethod,
    );
    refused(auth(0x01, method.as_properties()), V5, EncodeError::InvalidReasonCode);
    refused(auth(0x18, method.as_properties()), V311, EncodeError::NotInVersion);
    let data = block(Place::Connect, &[Property::AuthenticationData(b"d")]);
    let connect = Connect {
        properties: data.as_properties(),
        ..CONNECT
    };
    refused(Packet::Connect(connect), V5, EncodeError::MissingAuthenticationMethod);
}
