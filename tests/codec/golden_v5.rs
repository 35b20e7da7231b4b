//! Every packet of MQTT 5.0 but PUBLISH and its acknowledgements in bytes written by hand from the standard.

use hawser::codec::{
    Auth, ConnAck, Connect, Disconnect, FiltersBuf, Packet, Place, Properties, Property, Qos, ReasonCode,
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
