//! Random packets that are valid: for either version, from either side, with any properties their place takes.

use hawser::codec::{
    Ack, Auth, ConnAck, Connect, Disconnect, FiltersBuf, Packet, PacketId, Place, Properties, Property, PropertyBuf,
    Publish, Qos, ReasonCode, ReasonPlace, RetainHandling, Sender, SubAck, Subscribe, SubscribeOptions,
    TopicFiltersBuf, UnsubAck, Unsubscribe, Version, Will, topic,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// As many cases a property as `PROPTEST_CASES` says, 256 without it; what fails is printed, not kept in a file.
pub fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Packets borrow; a generated value has to own. A test process lives for seconds, so what it generates simply stays.
fn forever<T: 'static>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

pub fn version() -> impl Strategy<Value = Version> {
    prop_oneof![Just(Version::V311), Just(Version::V5)]
}

pub fn sender() -> impl Strategy<Value = Sender> {
    prop_oneof![Just(Sender::Client), Just(Sender::Server)]
}

fn text() -> impl Strategy<Value = &'static str> {
    prop_oneof![4 => "[^\\x00]{0,12}", 1 => "[a-z]{0,300}"].prop_map(|text| forever(text).as_str())
}

fn bytes() -> impl Strategy<Value = &'static [u8]> {
    prop_oneof![4 => vec(any::<u8>(), 0..12), 1 => vec(any::<u8>(), 0..400)].prop_map(|bytes| forever(bytes).as_slice())
}

fn name() -> impl Strategy<Value = &'static str> {
    "[^\\x00+#]{1,20}".prop_map(|name| forever(name).as_str())
}

fn filter(version: Version) -> impl Strategy<Value = &'static str> {
    let level = prop_oneof![Just("+".to_owned()), "[^\\x00+#/]{0,6}"];
    let levels = (vec(level, 1..5), any::<bool>());
    let plain = levels.prop_map(|(levels, rest)| levels.join("/") + if rest { "/#" } else { "" });
    let shared =
        (any::<bool>(), plain).prop_map(|(shared, filter)| if shared { format!("$share/g/{filter}") } else { filter });
    shared
        .prop_filter("a filter is not empty", move |filter| {
            topic::validate_filter(filter, version).is_ok()
        })
        .prop_map(|filter| forever(filter).as_str())
}

fn packet_id() -> impl Strategy<Value = PacketId> {
    (1..=u16::MAX).prop_map(|id| PacketId::new(id).unwrap())
}

fn qos() -> impl Strategy<Value = Qos> {
    prop_oneof![Just(Qos::AtMostOnce), Just(Qos::AtLeastOnce), Just(Qos::ExactlyOnce)]
}

fn property() -> impl Strategy<Value = Property<'static>> {
    let publish = prop_oneof![
        (0..2_u8).prop_map(Property::PayloadFormatIndicator),
        any::<u32>().prop_map(Property::MessageExpiryInterval),
        text().prop_map(Property::ContentType),
        name().prop_map(Property::ResponseTopic),
        bytes().prop_map(Property::CorrelationData),
        (1..=268_435_455_u32).prop_map(Property::SubscriptionIdentifier),
        (1..=u16::MAX).prop_map(Property::TopicAlias),
        any::<u32>().prop_map(Property::WillDelayInterval),
    ];
    let connect = prop_oneof![
        any::<u32>().prop_map(Property::SessionExpiryInterval),
        text().prop_map(Property::AuthenticationMethod),
        bytes().prop_map(Property::AuthenticationData),
        any::<bool>().prop_map(Property::RequestProblemInformation),
        any::<bool>().prop_map(Property::RequestResponseInformation),
        (1..=u16::MAX).prop_map(Property::ReceiveMaximum),
        any::<u16>().prop_map(Property::TopicAliasMaximum),
        (1..=u32::MAX).prop_map(Property::MaximumPacketSize),
    ];
    let connack = prop_oneof![
        text().prop_map(Property::AssignedClientIdentifier),
        any::<u16>().prop_map(Property::ServerKeepAlive),
        text().prop_map(Property::ResponseInformation),
        (0..2_u8).prop_map(Property::MaximumQos),
        any::<bool>().prop_map(Property::RetainAvailable),
        any::<bool>().prop_map(Property::WildcardSubscriptionAvailable),
        any::<bool>().prop_map(Property::SubscriptionIdentifierAvailable),
        any::<bool>().prop_map(Property::SharedSubscriptionAvailable),
    ];
    let common = prop_oneof![
        text().prop_map(Property::ReasonString),
        text().prop_map(Property::ServerReference),
        (text(), text()).prop_map(Property::UserProperty),
    ];
    prop_oneof![publish, connect, connack, common]
}

/// A block for `place`: of some random properties, those that may stand there.
fn properties(version: Version, place: Place) -> BoxedStrategy<Properties<'static>> {
    if version == Version::V311 {
        return Just(Properties::EMPTY).boxed();
    }
    vec(property(), 0..24)
        .prop_map(move |properties| {
            let mut block = PropertyBuf::new(place);
            for property in properties {
                // What does not belong there, or stands there already, is left out.
                let _ = block.push(property);
            }
            let built = block.as_properties();
            if built.authentication_method().is_none()
                && (place == Place::Auth || built.authentication_data().is_some())
            {
                block.push(Property::AuthenticationMethod("method")).unwrap();
            }
            forever(block).as_properties()
        })
        .boxed()
}

fn reason(place: ReasonPlace) -> impl Strategy<Value = ReasonCode> {
    let allowed: Vec<ReasonCode> = ReasonCode::ALL
        .iter()
        .copied()
        .filter(|code| code.allowed_in(place))
        .collect();
    proptest::sample::select(allowed)
}

fn connect(version: Version) -> impl Strategy<Value = Packet<'static>> {
    let will = (qos(), any::<bool>(), properties(version, Place::Will), name(), bytes()).prop_map(
        |(qos, retain, properties, topic, payload)| Will {
            qos,
            retain,
            properties,
            topic,
            payload,
        },
    );
    let head = (any::<bool>(), any::<u16>(), properties(version, Place::Connect), text());
    (head, option::of(will), option::of(text()), option::of(bytes())).prop_map(
        move |(head, will, username, password)| {
            let (clean_start, keep_alive, properties, client_id) = head;
            let old = version == Version::V311;
            Packet::Connect(Connect {
                clean_start: clean_start || (old && client_id.is_empty()),
                keep_alive,
                properties,
                client_id,
                will,
                username,
                password: password.filter(|_| !old || username.is_some()),
            })
        },
    )
}

fn connack(version: Version) -> impl Strategy<Value = Packet<'static>> {
    let reason = match version {
        Version::V5 => reason(ReasonPlace::ConnAck).boxed(),
        Version::V311 => (0..=5_u8).prop_map(ReasonCode).boxed(),
    };
    (any::<bool>(), reason, properties(version, Place::ConnAck)).prop_map(|(present, reason, properties)| {
        Packet::ConnAck(ConnAck {
            session_present: present && reason == ReasonCode::SUCCESS,
            reason,
            properties,
        })
    })
}

fn publish(version: Version, sender: Sender) -> impl Strategy<Value = Packet<'static>> {
    let place = match sender {
        Sender::Client => Place::PublishFromClient,
        Sender::Server => Place::PublishFromServer,
    };
    let flags = (any::<bool>(), qos(), any::<bool>(), packet_id(), any::<bool>());
    (flags, name(), properties(version, place), bytes()).prop_map(|(flags, name, properties, payload)| {
        let (dup, qos, retain, id, short) = flags;
        let acknowledged = qos != Qos::AtMostOnce;
        Packet::Publish(Publish {
            dup: dup && acknowledged,
            qos,
            retain,
            topic: if short && properties.topic_alias().is_some() {
                ""
            } else {
                name
            },
            packet_id: acknowledged.then_some(id),
            properties,
            payload,
        })
    })
}

fn ack(
    version: Version,
    place: ReasonPlace,
    wrap: fn(Ack<'static>) -> Packet<'static>,
) -> BoxedStrategy<Packet<'static>> {
    let reason = match version {
        Version::V5 => reason(place).boxed(),
        Version::V311 => Just(ReasonCode::SUCCESS).boxed(),
    };
    (packet_id(), reason, properties(version, Place::Reply))
        .prop_map(move |(packet_id, reason, properties)| {
            wrap(Ack {
                packet_id,
                reason,
                properties,
            })
        })
        .boxed()
}

fn subscribe(version: Version) -> impl Strategy<Value = Packet<'static>> {
    let handling = prop_oneof![
        Just(RetainHandling::Send),
        Just(RetainHandling::SendIfNew),
        Just(RetainHandling::DoNotSend)
    ];
    let options = (qos(), any::<bool>(), any::<bool>(), handling).prop_map(
        move |(qos, no_local, retain_as_published, retain_handling)| match version {
            Version::V5 => SubscribeOptions {
                qos,
                no_local,
                retain_as_published,
                retain_handling,
            },
            Version::V311 => SubscribeOptions::new(qos),
        },
    );
    let list = vec((filter(version), options), 1..5);
    (packet_id(), properties(version, Place::Subscribe), list).prop_map(move |(packet_id, properties, list)| {
        let mut filters = FiltersBuf::new(version);
        for (filter, options) in list {
            let no_local = options.no_local && !filter.starts_with("$share/");
            filters.push(filter, SubscribeOptions { no_local, ..options }).unwrap();
        }
        Packet::Subscribe(Subscribe {
            packet_id,
            properties,
            filters: forever(filters).as_filters(),
        })
    })
}

fn unsubscribe(version: Version) -> impl Strategy<Value = Packet<'static>> {
    let list = vec(filter(version), 1..5);
    (packet_id(), properties(version, Place::Unsubscribe), list).prop_map(move |(packet_id, properties, list)| {
        let mut filters = TopicFiltersBuf::new(version);
        for filter in list {
            filters.push(filter).unwrap();
        }
        Packet::Unsubscribe(Unsubscribe {
            packet_id,
            properties,
            filters: forever(filters).as_filters(),
        })
    })
}

fn reasons(version: Version, place: ReasonPlace) -> BoxedStrategy<&'static [u8]> {
    match (version, place) {
        (Version::V311, ReasonPlace::UnsubAck) => Just([].as_slice()).boxed(),
        (Version::V311, _) => vec(proptest::sample::select(vec![0, 1, 2, 0x80]), 1..5)
            .prop_map(|codes| forever(codes).as_slice())
            .boxed(),
        (Version::V5, place) => vec(reason(place).prop_map(|code| code.0), 1..5)
            .prop_map(|codes| forever(codes).as_slice())
            .boxed(),
    }
}

fn suback(version: Version) -> impl Strategy<Value = Packet<'static>> {
    (
        packet_id(),
        properties(version, Place::Reply),
        reasons(version, ReasonPlace::SubAck),
    )
        .prop_map(|(packet_id, properties, reasons)| {
            Packet::SubAck(SubAck {
                packet_id,
                properties,
                reasons,
            })
        })
}

fn unsuback(version: Version) -> impl Strategy<Value = Packet<'static>> {
    (
        packet_id(),
        properties(version, Place::Reply),
        reasons(version, ReasonPlace::UnsubAck),
    )
        .prop_map(|(packet_id, properties, reasons)| {
            Packet::UnsubAck(UnsubAck {
                packet_id,
                properties,
                reasons,
            })
        })
}

fn disconnect(version: Version, sender: Sender) -> BoxedStrategy<Packet<'static>> {
    let (reason_place, place) = match sender {
        Sender::Client => (ReasonPlace::DisconnectFromClient, Place::DisconnectFromClient),
        Sender::Server => (ReasonPlace::DisconnectFromServer, Place::DisconnectFromServer),
    };
    match version {
        Version::V311 => Just(Packet::Disconnect(Disconnect::new(ReasonCode::NORMAL_DISCONNECTION))).boxed(),
        Version::V5 => (reason(reason_place), properties(version, place))
            .prop_map(|(reason, properties)| Packet::Disconnect(Disconnect { reason, properties }))
            .boxed(),
    }
}

fn auth(sender: Sender) -> impl Strategy<Value = Packet<'static>> {
    let place = match sender {
        Sender::Client => ReasonPlace::AuthFromClient,
        Sender::Server => ReasonPlace::AuthFromServer,
    };
    (reason(place), properties(Version::V5, Place::Auth))
        .prop_map(|(reason, properties)| Packet::Auth(Auth { reason, properties }))
}

/// Any packet that `sender` may send in `version`.
pub fn packet(version: Version, sender: Sender) -> BoxedStrategy<Packet<'static>> {
    let both = prop_oneof![
        4 => publish(version, sender),
        1 => ack(version, ReasonPlace::PubAckPubRec, Packet::PubAck),
        1 => ack(version, ReasonPlace::PubAckPubRec, Packet::PubRec),
        1 => ack(version, ReasonPlace::PubRelPubComp, Packet::PubRel),
        1 => ack(version, ReasonPlace::PubRelPubComp, Packet::PubComp),
    ]
    .boxed();
    let own = match sender {
        Sender::Client => prop_oneof![
            4 => connect(version),
            2 => subscribe(version),
            2 => unsubscribe(version),
            1 => Just(Packet::PingReq),
            1 => disconnect(version, sender),
        ]
        .boxed(),
        Sender::Server => prop_oneof![
            3 => connack(version),
            2 => suback(version),
            2 => unsuback(version),
            1 => Just(Packet::PingResp),
        ]
        .boxed(),
    };
    match (version, sender) {
        (Version::V311, _) => prop_oneof![both, own].boxed(),
        (Version::V5, Sender::Client) => prop_oneof![4 => both, 4 => own, 1 => auth(sender)].boxed(),
        (Version::V5, Sender::Server) => {
            prop_oneof![4 => both, 4 => own, 1 => auth(sender), 1 => disconnect(version, sender)].boxed()
        }
    }
}

/// Version, side and one packet it may send.
pub fn any_packet() -> impl Strategy<Value = (Version, Sender, Packet<'static>)> {
    (version(), sender())
        .prop_flat_map(|(version, sender)| packet(version, sender).prop_map(move |packet| (version, sender, packet)))
}

/// The bytes of a valid packet with some of them changed, cut out or put in, under a length that fits again.
pub fn mutated() -> impl Strategy<Value = (Version, Sender, Vec<u8>)> {
    let edits = vec((any::<prop::sample::Index>(), 0..4_u8, any::<u8>()), 0..4);
    (any_packet(), edits).prop_map(|((version, sender, packet), edits)| {
        let mut bytes = super::encoded(&packet, version);
        let header = bytes.iter().skip(1).take_while(|byte| **byte >= 0x80).count() + 2;
        let mut body = bytes.split_off(header);
        let mut first = bytes[0];
        for (index, kind, value) in edits {
            let at = index.index(body.len() + 1);
            match kind {
                0 if at < body.len() => body[at] = value,
                1 if at < body.len() => drop(body.remove(at)),
                2 => body.insert(at, value),
                3 if value < 16 => first = first & 0xF0 | value,
                _ => {}
            }
        }
        (version, sender, super::framed(first, &body))
    })
}
