//! PUBLISH of MQTT 5.0 and its acknowledgements in bytes written by hand from the standard.

use hawser::codec::{Ack, Packet, Place, Properties, Property, Publish, Qos, ReasonCode, Sender, Version, decode};

use super::{block, both_ways, id};

const V5: Version = Version::V5;

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
