//! Every packet of MQTT 5.0 in bytes written by hand from the standard.

use hawser::codec::{
    Ack, Auth, ConnAck, Connect, Disconnect, FiltersBuf, Packet, Place, Properties, Property, Publish, Qos, ReasonCode,
    RetainHandling, Sender, SubAck, Subscribe, SubscribeOptions, TopicFiltersBuf, UnsubAck, Unsubscribe, Version, Will,
    decode,
};

use super::{block, both_ways, id};

const V5: Version = Version::V5;

#[test]
fn a_connect_with_nothing_but_an_empty_client_id() {
    both_ways(
        b"\x10\x0D\x00\x04MQTT\x05\x02\x00\x3C\x00\x00\x00",
        V5,
        Sender::Client,
        &Packet::Connect(Connect {
            clean_start: true,
            keep_alive: 60,
            properties: Properties::EMPTY,
            client_id: "",
            will: None,
            username: None,
            password: None,
        }),
    );
}

#[test]
fn a_connect_with_everything() {
    let properties = block(
        Place::Connect,
        &[
            Property::SessionExpiryInterval(3600),
            Property::AuthenticationMethod("SCRAM"),
            Property::AuthenticationData(&[1, 2]),
            Property::RequestProblemInformation(false),
            Property::RequestResponseInformation(true),
            Property::ReceiveMaximum(20),
            Property::TopicAliasMaximum(10),
            Property::UserProperty(("a", "b")),
            Property::MaximumPacketSize(65_536),
        ],
    );
    let will_properties = block(
        Place::Will,
        &[
            Property::WillDelayInterval(5),
            Property::PayloadFormatIndicator(1),
            Property::MessageExpiryInterval(60),
            Property::ContentType("text"),
            Property::ResponseTopic("r"),
            Property::CorrelationData(&[9]),
            Property::UserProperty(("", "")),
        ],
    );
    both_ways(
        b"\x10\x67\x00\x04MQTT\x05\xEE\x00\x3C\
        \x28\x11\x00\x00\x0E\x10\x15\x00\x05SCRAM\x16\x00\x02\x01\x02\x17\x00\x19\x01\x21\x00\x14\x22\x00\x0A\
        \x26\x00\x01a\x00\x01b\x27\x00\x01\x00\x00\
        \x00\x02c1\
        \x20\x18\x00\x00\x00\x05\x01\x01\x02\x00\x00\x00\x3C\x03\x00\x04text\x08\x00\x01r\x09\x00\x01\x09\x26\x00\x00\x00\x00\
        \x00\x01w\x00\x03bye\
        \x00\x01u\x00\x02\xFF\x00",
        V5,
        Sender::Client,
        &Packet::Connect(Connect {
            clean_start: true,
            keep_alive: 60,
            properties: properties.as_properties(),
            client_id: "c1",
            will: Some(Will {
                qos: Qos::AtLeastOnce,
                retain: true,
                properties: will_properties.as_properties(),
                topic: "w",
                payload: b"bye",
            }),
            username: Some("u"),
            password: Some(&[0xFF, 0]),
        }),
    );
}

#[test]
fn a_connect_with_a_password_but_no_user_name_and_a_bare_will() {
    both_ways(
        b"\x10\x17\x00\x04MQTT\x05\x54\x00\x00\x00\x00\x01c\x00\x00\x01w\x00\x00\x00\x01p",
        V5,
        Sender::Client,
        &Packet::Connect(Connect {
            clean_start: false,
            keep_alive: 0,
            properties: Properties::EMPTY,
            client_id: "c",
            will: Some(Will {
                qos: Qos::ExactlyOnce,
                retain: false,
                properties: Properties::EMPTY,
                topic: "w",
                payload: b"",
            }),
            username: None,
            password: Some(b"p"),
        }),
    );
}

#[test]
fn a_connack_with_every_property() {
    let properties = block(
        Place::ConnAck,
        &[
            Property::SessionExpiryInterval(0xFFFF_FFFF),
            Property::ReceiveMaximum(1),
            Property::MaximumQos(1),
            Property::RetainAvailable(false),
            Property::MaximumPacketSize(1),
            Property::AssignedClientIdentifier("x"),
            Property::TopicAliasMaximum(0),
            Property::ReasonString("ok"),
            Property::UserProperty(("k", "v")),
            Property::WildcardSubscriptionAvailable(true),
            Property::SubscriptionIdentifierAvailable(false),
            Property::SharedSubscriptionAvailable(true),
            Property::ServerKeepAlive(0),
            Property::ResponseInformation("ri"),
            Property::ServerReference("s"),
            Property::AuthenticationMethod("m"),
            Property::AuthenticationData(&[]),
        ],
    );
    both_ways(
        b"\x20\x40\x01\x00\x3D\
        \x11\xFF\xFF\xFF\xFF\x21\x00\x01\x24\x01\x25\x00\x27\x00\x00\x00\x01\x12\x00\x01x\x22\x00\x00\x1F\x00\x02ok\
        \x26\x00\x01k\x00\x01v\x28\x01\x29\x00\x2A\x01\x13\x00\x00\x1A\x00\x02ri\x1C\x00\x01s\x15\x00\x01m\x16\x00\x00",
        V5,
        Sender::Server,
        &Packet::ConnAck(ConnAck {
            session_present: true,
            reason: ReasonCode::SUCCESS,
            properties: properties.as_properties(),
        }),
    );
}

#[test]
fn a_connack_that_refuses() {
    both_ways(
        b"\x20\x03\x00\x86\x00",
        V5,
        Sender::Server,
        &Packet::ConnAck(ConnAck {
            session_present: false,
            reason: ReasonCode::BAD_USER_NAME_OR_PASSWORD,
            properties: Properties::EMPTY,
        }),
    );
}

#[test]
fn a_server_that_only_knows_3_1_1_refuses_the_version() {
    let refusal = Packet::ConnAck(ConnAck {
        session_present: false,
        reason: ReasonCode::UNSUPPORTED_PROTOCOL_VERSION,
        properties: Properties::EMPTY,
    });
    assert_eq!(decode(b"\x20\x02\x00\x01", V5, Sender::Server), Ok(refusal));
    assert_eq!(decode(b"\x20\x02\x00\x84", V5, Sender::Server), Ok(refusal));
}

#[test]
fn a_publish_at_qos_0() {
    both_ways(
        b"\x30\x07\x00\x03a/b\x00!",
        V5,
        Sender::Server,
        &Packet::Publish(Publish {
            dup: false,
            qos: Qos::AtMostOnce,
            retain: false,
            topic: "a/b",
            packet_id: None,
            properties: Properties::EMPTY,
            payload: b"!",
        }),
    );
}

#[test]
fn a_publish_at_qos_2_sent_again_with_every_property_a_client_may_set() {
    let properties = block(
        Place::PublishFromClient,
        &[
            Property::PayloadFormatIndicator(0),
            Property::MessageExpiryInterval(1),
            Property::TopicAlias(7),
            Property::ResponseTopic("r/t"),
            Property::CorrelationData(&[0, 255]),
            Property::UserProperty(("a", "1")),
            Property::UserProperty(("b", "2")),
            Property::UserProperty(("a", "1")),
            Property::ContentType("j"),
        ],
    );
    both_ways(
        b"\x3D\x34\x00\x01t\x00\x0A\x2E\
        \x01\x00\x02\x00\x00\x00\x01\x23\x00\x07\x08\x00\x03r/t\x09\x00\x02\x00\xFF\
        \x26\x00\x01a\x00\x011\x26\x00\x01b\x00\x012\x26\x00\x01a\x00\x011\x03\x00\x01j",
        V5,
        Sender::Client,
        &Packet::Publish(Publish {
            dup: true,
            qos: Qos::ExactlyOnce,
            retain: true,
            topic: "t",
            packet_id: Some(id(10)),
            properties: properties.as_properties(),
            payload: b"",
        }),
    );
}

#[test]
fn a_publish_from_the_server_with_an_alias_only_and_several_subscription_identifiers() {
    let properties = block(
        Place::PublishFromServer,
        &[
            Property::SubscriptionIdentifier(1),
            Property::SubscriptionIdentifier(268_435_455),
            Property::SubscriptionIdentifier(1),
            Property::TopicAlias(65_535),
        ],
    );
    let packet = Publish {
        dup: false,
        qos: Qos::AtLeastOnce,
        retain: false,
        topic: "",
        packet_id: Some(id(65_535)),
        properties: properties.as_properties(),
        payload: b"\x00\x01",
    };
    both_ways(
        b"\x32\x13\x00\x00\xFF\xFF\x0C\x0B\x01\x0B\xFF\xFF\xFF\x7F\x0B\x01\x23\xFF\xFF\x00\x01",
        V5,
        Sender::Server,
        &Packet::Publish(packet),
    );
    assert_eq!(
        packet.properties.subscription_identifiers().collect::<Vec<_>>(),
        [1, 268_435_455, 1]
    );
}

#[test]
fn acknowledgements_in_their_three_lengths() {
    let properties = block(
        Place::Reply,
        &[Property::ReasonString("no"), Property::UserProperty(("", "x"))],
    );
    let short = |reason| Ack::new(id(0x1234), reason);
    let long = |reason| Ack {
        properties: properties.as_properties(),
        ..short(reason)
    };
    let cases: [(&[u8], Packet<'_>); 9] = [
        (b"\x40\x02\x12\x34", Packet::PubAck(short(ReasonCode::SUCCESS))),
        (b"\x50\x02\x12\x34", Packet::PubRec(short(ReasonCode::SUCCESS))),
        (b"\x62\x02\x12\x34", Packet::PubRel(short(ReasonCode::SUCCESS))),
        (b"\x70\x02\x12\x34", Packet::PubComp(short(ReasonCode::SUCCESS))),
        (
            b"\x40\x03\x12\x34\x10",
            Packet::PubAck(short(ReasonCode::NO_MATCHING_SUBSCRIBERS)),
        ),
        (
            b"\x62\x03\x12\x34\x92",
            Packet::PubRel(short(ReasonCode::PACKET_IDENTIFIER_NOT_FOUND)),
        ),
        (
            b"\x50\x0F\x12\x34\x97\x0B\x1F\x00\x02no\x26\x00\x00\x00\x01x",
            Packet::PubRec(long(ReasonCode::QUOTA_EXCEEDED)),
        ),
        (
            b"\x70\x0F\x12\x34\x00\x0B\x1F\x00\x02no\x26\x00\x00\x00\x01x",
            Packet::PubComp(long(ReasonCode::SUCCESS)),
        ),
        (
            b"\x62\x0F\x12\x34\x92\x0B\x1F\x00\x02no\x26\x00\x00\x00\x01x",
            Packet::PubRel(long(ReasonCode::PACKET_IDENTIFIER_NOT_FOUND)),
        ),
    ];
    for (bytes, packet) in cases {
        both_ways(bytes, V5, Sender::Server, &packet);
        both_ways(bytes, V5, Sender::Client, &packet);
    }
}

#[test]
fn acknowledgements_that_spell_out_what_they_could_leave_out() {
    let wanted = Ok(Packet::PubAck(Ack::new(id(1), ReasonCode::SUCCESS)));
    assert_eq!(decode(b"\x40\x03\x00\x01\x00", V5, Sender::Server), wanted);
    assert_eq!(decode(b"\x40\x04\x00\x01\x00\x00", V5, Sender::Server), wanted);
}

#[test]
fn a_subscribe_with_every_option() {
    let properties = block(
        Place::Subscribe,
        &[Property::SubscriptionIdentifier(128), Property::UserProperty(("k", ""))],
    );
    let mut filters = FiltersBuf::new(V5);
    filters.push("a/+/#", SubscribeOptions::new(Qos::AtMostOnce)).unwrap();
    let options = SubscribeOptions {
        qos: Qos::ExactlyOnce,
        no_local: true,
        retain_as_published: true,
        retain_handling: RetainHandling::DoNotSend,
    };
    filters.push("b", options).unwrap();
    filters
        .push("$share/g/c", SubscribeOptions::new(Qos::AtLeastOnce))
        .unwrap();
    both_ways(
        b"\x82\x25\x00\x01\x09\x0B\x80\x01\x26\x00\x01k\x00\x00\x00\x05a/+/#\x00\x00\x01b\x2E\x00\x0A$share/g/c\x01",
        V5,
        Sender::Client,
        &Packet::Subscribe(Subscribe {
            packet_id: id(1),
            properties: properties.as_properties(),
            filters: filters.as_filters(),
        }),
    );
    assert_eq!(filters.as_filters().iter().nth(1), Some(("b", options)));
    assert_eq!(filters.as_filters().iter().count(), 3);
}

#[test]
fn a_suback_and_an_unsuback() {
    let properties = block(Place::Reply, &[Property::ReasonString("r")]);
    both_ways(
        b"\x90\x0A\x00\x02\x04\x1F\x00\x01r\x00\x02\x87",
        V5,
        Sender::Server,
        &Packet::SubAck(SubAck {
            packet_id: id(2),
            properties: properties.as_properties(),
            reasons: &[0, 2, 0x87],
        }),
    );
    both_ways(
        b"\xB0\x05\x00\x03\x00\x00\x11",
        V5,
        Sender::Server,
        &Packet::UnsubAck(UnsubAck {
            packet_id: id(3),
            properties: Properties::EMPTY,
            reasons: &[0, 0x11],
        }),
    );
}

#[test]
fn an_unsubscribe() {
    let properties = block(Place::Unsubscribe, &[Property::UserProperty(("a", "b"))]);
    let mut filters = TopicFiltersBuf::new(V5);
    filters.push("+").unwrap();
    filters.push("$share/g//x").unwrap();
    both_ways(
        b"\xA2\x1A\x00\x04\x07\x26\x00\x01a\x00\x01b\x00\x01+\x00\x0B$share/g//x",
        V5,
        Sender::Client,
        &Packet::Unsubscribe(Unsubscribe {
            packet_id: id(4),
            properties: properties.as_properties(),
            filters: filters.as_filters(),
        }),
    );
    assert_eq!(filters.as_filters().iter().collect::<Vec<_>>(), ["+", "$share/g//x"]);
}

#[test]
fn a_ping_and_its_answer() {
    both_ways(b"\xC0\x00", V5, Sender::Client, &Packet::PingReq);
    both_ways(b"\xD0\x00", V5, Sender::Server, &Packet::PingResp);
}

#[test]
fn a_disconnect_in_its_three_lengths() {
    let normal = Packet::Disconnect(Disconnect::new(ReasonCode::NORMAL_DISCONNECTION));
    both_ways(b"\xE0\x00", V5, Sender::Client, &normal);
    assert_eq!(decode(b"\xE0\x01\x00", V5, Sender::Client), Ok(normal));
    assert_eq!(decode(b"\xE0\x02\x00\x00", V5, Sender::Server), Ok(normal));
    both_ways(
        b"\xE0\x01\x04",
        V5,
        Sender::Client,
        &Packet::Disconnect(Disconnect::new(ReasonCode::DISCONNECT_WITH_WILL)),
    );
    let client = block(Place::DisconnectFromClient, &[Property::SessionExpiryInterval(1)]);
    both_ways(
        b"\xE0\x07\x00\x05\x11\x00\x00\x00\x01",
        V5,
        Sender::Client,
        &Packet::Disconnect(Disconnect {
            reason: ReasonCode::NORMAL_DISCONNECTION,
            properties: client.as_properties(),
        }),
    );
    let server = block(
        Place::DisconnectFromServer,
        &[
            Property::ServerReference("h"),
            Property::ReasonString("m"),
            Property::UserProperty(("", "")),
        ],
    );
    both_ways(
        b"\xE0\x0F\x9D\x0D\x1C\x00\x01h\x1F\x00\x01m\x26\x00\x00\x00\x00",
        V5,
        Sender::Server,
        &Packet::Disconnect(Disconnect {
            reason: ReasonCode::SERVER_MOVED,
            properties: server.as_properties(),
        }),
    );
}

#[test]
fn an_auth() {
    let properties = block(
        Place::Auth,
        &[
            Property::AuthenticationMethod("m"),
            Property::AuthenticationData(&[1]),
            Property::ReasonString(""),
            Property::UserProperty(("", "")),
        ],
    );
    let packet = |reason| {
        Packet::Auth(Auth {
            reason,
            properties: properties.as_properties(),
        })
    };
    let tail = b"\x10\x15\x00\x01m\x16\x00\x01\x01\x1F\x00\x00\x26\x00\x00\x00\x00";
    for (code, reason, sender) in [
        (0x18, ReasonCode::CONTINUE_AUTHENTICATION, Sender::Server),
        (0x18, ReasonCode::CONTINUE_AUTHENTICATION, Sender::Client),
        (0x19, ReasonCode::RE_AUTHENTICATE, Sender::Client),
        (0x00, ReasonCode::SUCCESS, Sender::Server),
    ] {
        let bytes = [&[0xF0, 0x12, code], tail.as_slice()].concat();
        both_ways(&bytes, V5, sender, &packet(reason));
    }
}

#[test]
fn a_byte_order_mark_stays_where_it_is() {
    let Ok(Packet::Publish(publish)) = decode(b"\x30\x0C\x00\x08\xEF\xBB\xBFa\xEF\xBB\xBFb\x00!", V5, Sender::Server)
    else {
        panic!("not a PUBLISH");
    };
    assert_eq!(publish.topic, "\u{FEFF}a\u{FEFF}b");
}

#[test]
fn decoding_copies_nothing() {
    let bytes = b"\x30\x0C\x00\x01t\x05\x03\x00\x02xybye".as_slice();
    let Ok(Packet::Publish(publish)) = decode(bytes, V5, Sender::Server) else {
        panic!("not a PUBLISH");
    };
    let inside = |part: &[u8]| bytes.as_ptr_range().contains(&part.as_ptr());
    assert!(inside(publish.topic.as_bytes()));
    assert!(inside(publish.properties.raw()));
    assert!(inside(publish.payload));
    assert!(inside(publish.properties.content_type().unwrap().as_bytes()));
}
