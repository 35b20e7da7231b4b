//! Every packet of MQTT 3.1.1 in bytes written by hand from the standard.

use hawser::codec::{
    Ack, ConnAck, Connect, Disconnect, FiltersBuf, Packet, Properties, Publish, Qos, ReasonCode, Sender, SubAck,
    Subscribe, SubscribeOptions, TopicFiltersBuf, UnsubAck, Unsubscribe, Version, Will, connect_return_code,
};

use super::{both_ways, id};

const V311: Version = Version::V311;

#[test]
fn a_connect_with_nothing() {
    both_ways(
        b"\x10\x0C\x00\x04MQTT\x04\x02\x00\x00\x00\x00",
        V311,
        Sender::Client,
        &Packet::Connect(Connect {
            clean_start: true,
            keep_alive: 0,
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
    both_ways(
        b"\x10\x1C\x00\x04MQTT\x04\xF4\xFF\xFF\x00\x02id\x00\x01w\x00\x02\x00\x01\x00\x01u\x00\x02pw",
        V311,
        Sender::Client,
        &Packet::Connect(Connect {
            clean_start: false,
            keep_alive: 65_535,
            properties: Properties::EMPTY,
            client_id: "id",
            will: Some(Will {
                qos: Qos::ExactlyOnce,
                retain: true,
                properties: Properties::EMPTY,
                topic: "w",
                payload: &[0, 1],
            }),
            username: Some("u"),
            password: Some(b"pw"),
        }),
    );
}

#[test]
fn a_connack_with_each_return_code() {
    let meanings = [
        ReasonCode::SUCCESS,
        ReasonCode::UNSUPPORTED_PROTOCOL_VERSION,
        ReasonCode::CLIENT_IDENTIFIER_NOT_VALID,
        ReasonCode::SERVER_UNAVAILABLE,
        ReasonCode::BAD_USER_NAME_OR_PASSWORD,
        ReasonCode::NOT_AUTHORIZED,
    ];
    for (code, meaning) in (0..).zip(meanings) {
        for session_present in [false, code == 0] {
            let packet = ConnAck {
                session_present,
                reason: ReasonCode(code),
                properties: Properties::EMPTY,
            };
            both_ways(
                &[0x20, 2, u8::from(session_present), code],
                V311,
                Sender::Server,
                &Packet::ConnAck(packet),
            );
        }
        assert_eq!(connect_return_code(code), meaning);
    }
}

#[test]
fn a_publish_at_each_qos() {
    let publish = Publish {
        dup: false,
        qos: Qos::AtMostOnce,
        retain: true,
        topic: "a/b",
        packet_id: None,
        properties: Properties::EMPTY,
        payload: b"\x00",
    };
    both_ways(
        b"\x31\x06\x00\x03a/b\x00",
        V311,
        Sender::Server,
        &Packet::Publish(publish),
    );
    let first = Publish {
        qos: Qos::AtLeastOnce,
        retain: false,
        packet_id: Some(id(1)),
        payload: b"",
        ..publish
    };
    both_ways(
        b"\x32\x07\x00\x03a/b\x00\x01",
        V311,
        Sender::Client,
        &Packet::Publish(first),
    );
    let again = Publish {
        dup: true,
        qos: Qos::ExactlyOnce,
        ..first
    };
    both_ways(
        b"\x3C\x07\x00\x03a/b\x00\x01",
        V311,
        Sender::Client,
        &Packet::Publish(again),
    );
}

#[test]
fn the_four_acknowledgements() {
    let ack = Ack::new(id(0xABCD), ReasonCode::SUCCESS);
    let cases: [(&[u8], Packet<'_>); 4] = [
        (b"\x40\x02\xAB\xCD", Packet::PubAck(ack)),
        (b"\x50\x02\xAB\xCD", Packet::PubRec(ack)),
        (b"\x62\x02\xAB\xCD", Packet::PubRel(ack)),
        (b"\x70\x02\xAB\xCD", Packet::PubComp(ack)),
    ];
    for (bytes, packet) in cases {
        both_ways(bytes, V311, Sender::Server, &packet);
        both_ways(bytes, V311, Sender::Client, &packet);
    }
}

#[test]
fn a_subscribe_and_its_answer() {
    let mut filters = FiltersBuf::new(V311);
    filters.push("a/#", SubscribeOptions::new(Qos::AtLeastOnce)).unwrap();
    // In 3.1.1 this is a filter like any other.
    filters
        .push("$share/+", SubscribeOptions::new(Qos::ExactlyOnce))
        .unwrap();
    both_ways(
        b"\x82\x13\x00\x01\x00\x03a/#\x01\x00\x08$share/+\x02",
        V311,
        Sender::Client,
        &Packet::Subscribe(Subscribe {
            packet_id: id(1),
            properties: Properties::EMPTY,
            filters: filters.as_filters(),
        }),
    );
    both_ways(
        b"\x90\x06\x00\x01\x00\x01\x02\x80",
        V311,
        Sender::Server,
        &Packet::SubAck(SubAck {
            packet_id: id(1),
            properties: Properties::EMPTY,
            reasons: &[0, 1, 2, 0x80],
        }),
    );
}

#[test]
fn an_unsubscribe_and_its_answer() {
    let mut filters = TopicFiltersBuf::new(V311);
    filters.push("/").unwrap();
    both_ways(
        b"\xA2\x05\x00\x02\x00\x01/",
        V311,
        Sender::Client,
        &Packet::Unsubscribe(Unsubscribe {
            packet_id: id(2),
            properties: Properties::EMPTY,
            filters: filters.as_filters(),
        }),
    );
    both_ways(
        b"\xB0\x02\x00\x02",
        V311,
        Sender::Server,
        &Packet::UnsubAck(UnsubAck {
            packet_id: id(2),
            properties: Properties::EMPTY,
            reasons: &[],
        }),
    );
}

#[test]
fn pings_and_the_disconnect() {
    both_ways(b"\xC0\x00", V311, Sender::Client, &Packet::PingReq);
    both_ways(b"\xD0\x00", V311, Sender::Server, &Packet::PingResp);
    both_ways(
        b"\xE0\x00",
        V311,
        Sender::Client,
        &Packet::Disconnect(Disconnect::new(ReasonCode::NORMAL_DISCONNECTION)),
    );
}
