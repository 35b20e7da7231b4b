//! A packet of either side and version out of the fuzzer's bytes: mostly valid, and marked as odd where something in it is not.

use hawser::codec::{
    Ack, AckKind, Auth, ConnAck, Connect, Disconnect, FiltersBuf, Packet, Place, Properties, Property, PropertyBuf,
    Publish, Qos, ReasonCode, ReasonPlace, RetainHandling, Sender, SubAck, Subscribe, SubscribeOptions,
    TopicFiltersBuf, UnsubAck, Unsubscribe, Version, Will,
};

use crate::source::Source;

/// Names and filters that mean something to each other.
const TOPICS: [&str; 6] = ["a", "a/b", "letter/1", "$SYS/up", "/", "caf\u{e9}/\u{1F600}"];
const FILTERS: [&str; 8] = ["a", "#", "+", "a/+", "a/#", "$share/g/a/#", "$share/g/+", "/"];

/// Builds one packet and shows it to `then`, with a mark if something in it is odd.
pub fn any_packet(source: &mut Source<'_>, version: Version, sender: Sender, then: impl FnOnce(&Packet<'_>, bool)) {
    let kind = source.below(16);
    let v5 = version == Version::V5;
    match (kind, sender) {
        (0..4, _) => publish(source, version, sender, then),
        (4, _) => ack(source, version, AckKind::PubAck, then),
        (5, _) => ack(source, version, AckKind::PubRec, then),
        (6, _) => ack(source, version, AckKind::PubRel, then),
        (7, _) => ack(source, version, AckKind::PubComp, then),
        (8..10, Sender::Server) => connack(source, version, then),
        (8..10, Sender::Client) => connect(source, version, then),
        (10, Sender::Server) => suback(source, version, then),
        (10, Sender::Client) => subscribe(source, version, then),
        (11, Sender::Server) => unsuback(source, version, then),
        (11, Sender::Client) => unsubscribe(source, version, then),
        (12, Sender::Server) => then(&Packet::PingResp, false),
        (12, Sender::Client) => then(&Packet::PingReq, false),
        (13, _) if v5 => auth(source, sender, then),
        (14, _) if v5 || sender == Sender::Client => disconnect(source, version, sender, then),
        _ => publish(source, version, sender, then),
    }
}

fn text<'a>(source: &mut Source<'a>) -> &'a str {
    let text = source.text();
    source.odd |= text.contains('\0');
    text
}

fn name<'a>(source: &mut Source<'a>) -> &'a str {
    if source.below(4) > 0 {
        return source.one_of(&TOPICS);
    }
    let name = source.text();
    source.odd |= hawser::codec::topic::validate_name(name).is_err();
    name
}

fn filter<'a>(source: &mut Source<'a>, version: Version) -> &'a str {
    if source.below(4) > 0 {
        return source.one_of(&FILTERS);
    }
    let filter = source.text();
    source.odd |= hawser::codec::topic::validate_filter(filter, version).is_err();
    filter
}

/// A code of this place, or any.
fn reason(source: &mut Source<'_>, version: Version, place: ReasonPlace) -> ReasonCode {
    if source.below(8) == 7 {
        let code = ReasonCode(source.u8());
        source.odd |= !code.allowed_in(place) || version == Version::V311;
        return code;
    }
    if version == Version::V311 {
        return ReasonCode::SUCCESS;
    }
    let at = usize::from(source.u8());
    let allowed = || ReasonCode::ALL.iter().filter(|code| code.allowed_in(place));
    *allowed().nth(at % allowed().count()).expect("a code for every place")
}

/// A block of properties, valid for its place: what does not belong there is left out when it is built.
pub fn properties(source: &mut Source<'_>, version: Version, place: Place) -> PropertyBuf {
    let mut block = PropertyBuf::new(place);
    if version == Version::V311 {
        return block;
    }
    for _ in 0..source.below(8) {
        let property = property(source);
        let _ = block.push(property);
    }
    let built = block.as_properties();
    let needs_method = place == Place::Auth || built.authentication_data().is_some();
    if needs_method && built.authentication_method().is_none() {
        block
            .push(Property::AuthenticationMethod("m"))
            .expect("a method where it is missing");
    }
    block
}

fn property<'a>(source: &mut Source<'a>) -> Property<'a> {
    match source.below(27) {
        0 => Property::PayloadFormatIndicator(source.below(3)),
        1 => Property::MessageExpiryInterval(source.u32()),
        2 => Property::ContentType(source.text()),
        3 => Property::ResponseTopic(source.text()),
        4 => Property::CorrelationData(source.bytes()),
        5 => Property::SubscriptionIdentifier(u32::from(source.u8())),
        6 => Property::SessionExpiryInterval(source.u32()),
        7 => Property::AssignedClientIdentifier(source.text()),
        8 => Property::ServerKeepAlive(source.u16()),
        9 => Property::AuthenticationMethod(source.text()),
        10 => Property::AuthenticationData(source.bytes()),
        11 => Property::RequestProblemInformation(source.flag()),
        12 => Property::WillDelayInterval(source.u32()),
        13 => Property::RequestResponseInformation(source.flag()),
        14 => Property::ResponseInformation(source.text()),
        15 => Property::ServerReference(source.text()),
        16 => Property::ReasonString(source.text()),
        17 => Property::ReceiveMaximum(u16::from(source.below(12))),
        18 => Property::TopicAliasMaximum(u16::from(source.below(12))),
        19 => Property::TopicAlias(u16::from(source.below(8))),
        20 => Property::MaximumQos(source.below(3)),
        21 => Property::RetainAvailable(source.flag()),
        22 => Property::UserProperty((source.text(), source.text())),
        23 => Property::MaximumPacketSize(source.u32() >> source.below(32)),
        24 => Property::WildcardSubscriptionAvailable(source.flag()),
        25 => Property::SubscriptionIdentifierAvailable(source.flag()),
        _ => Property::SharedSubscriptionAvailable(source.flag()),
    }
}

/// Now and then no properties where the version has none, and some where it has not.
fn given<'a>(source: &mut Source<'_>, version: Version, block: &'a PropertyBuf) -> Properties<'a> {
    let properties = block.as_properties();
    source.odd |= version == Version::V311 && !properties.is_empty();
    properties
}

fn publish(source: &mut Source<'_>, version: Version, sender: Sender, then: impl FnOnce(&Packet<'_>, bool)) {
    let place = match sender {
        Sender::Client => Place::PublishFromClient,
        Sender::Server => Place::PublishFromServer,
    };
    let flags = source.u8();
    let qos = Qos::from_bits(flags & 3).unwrap_or_default();
    let acknowledged = qos != Qos::AtMostOnce;
    let block = properties(source, version, place);
    let properties = given(source, version, &block);
    let aliased = flags & 0x10 != 0 && properties.topic_alias().is_some();
    let topic = if aliased { "" } else { name(source) };
    let odd_id = flags & 0xE0 == 0xE0;
    let dup = flags & 8 != 0 && (acknowledged || odd_id);
    source.odd |= odd_id || (dup && !acknowledged);
    let packet = Publish {
        dup,
        qos,
        retain: flags & 4 != 0,
        topic,
        packet_id: (acknowledged != odd_id).then(|| source.packet_id()),
        properties,
        payload: source.bytes(),
    };
    then(&Packet::Publish(packet), source.odd);
}

fn ack(source: &mut Source<'_>, version: Version, kind: AckKind, then: impl FnOnce(&Packet<'_>, bool)) {
    let place = match kind {
        AckKind::PubAck | AckKind::PubRec => ReasonPlace::PubAckPubRec,
        AckKind::PubRel | AckKind::PubComp => ReasonPlace::PubRelPubComp,
    };
    let packet_id = source.packet_id();
    let reason = reason(source, version, place);
    let block = properties(source, version, Place::Reply);
    let properties = given(source, version, &block);
    let ack = Ack {
        packet_id,
        reason,
        properties,
    };
    let packet = match kind {
        AckKind::PubAck => Packet::PubAck(ack),
        AckKind::PubRec => Packet::PubRec(ack),
        AckKind::PubRel => Packet::PubRel(ack),
        AckKind::PubComp => Packet::PubComp(ack),
    };
    then(&packet, source.odd);
}

fn connect(source: &mut Source<'_>, version: Version, then: impl FnOnce(&Packet<'_>, bool)) {
    let flags = source.u8();
    let (own, of_will) = (
        properties(source, version, Place::Connect),
        properties(source, version, Place::Will),
    );
    let will = (flags & 1 != 0).then(|| Will {
        qos: source.qos(),
        retain: flags & 2 != 0,
        properties: of_will.as_properties(),
        topic: name(source),
        payload: source.bytes(),
    });
    let client_id = text(source);
    let username = (flags & 4 != 0).then(|| text(source));
    let packet = Connect {
        clean_start: flags & 8 != 0,
        keep_alive: source.u16(),
        properties: own.as_properties(),
        client_id,
        will,
        username,
        password: (flags & 0x10 != 0).then(|| source.bytes()),
    };
    if version == Version::V311 {
        source.odd |= packet.password.is_some() && username.is_none() || client_id.is_empty() && !packet.clean_start;
    }
    then(&Packet::Connect(packet), source.odd);
}

/// The answer to CONNECT, with whatever limits.
pub fn connack(source: &mut Source<'_>, version: Version, then: impl FnOnce(&Packet<'_>, bool)) {
    let session_present = source.flag();
    let reason = match version {
        _ if source.below(4) > 0 => ReasonCode::SUCCESS,
        Version::V5 => reason(source, version, ReasonPlace::ConnAck),
        Version::V311 => ReasonCode(source.below(8)),
    };
    source.odd |= version == Version::V311 && reason.0 > 5 || session_present && reason != ReasonCode::SUCCESS;
    let block = properties(source, version, Place::ConnAck);
    let packet = ConnAck {
        session_present,
        reason,
        properties: block.as_properties(),
    };
    then(&Packet::ConnAck(packet), source.odd);
}

fn subscribe(source: &mut Source<'_>, version: Version, then: impl FnOnce(&Packet<'_>, bool)) {
    let packet_id = source.packet_id();
    let block = properties(source, version, Place::Subscribe);
    let mut filters = FiltersBuf::new(version);
    for _ in 0..source.below(5) {
        let filter = filter(source, version);
        // What cannot stand there is left out when the list is built.
        let _ = filters.push(filter, options(source));
    }
    source.odd |= filters.byte_length() == 0;
    let packet = Subscribe {
        packet_id,
        properties: block.as_properties(),
        filters: filters.as_filters(),
    };
    then(&Packet::Subscribe(packet), source.odd);
}

/// Options of a subscription.
pub fn options(source: &mut Source<'_>) -> SubscribeOptions {
    let bits = source.u8();
    SubscribeOptions {
        qos: Qos::from_bits(bits & 3).unwrap_or_default(),
        no_local: bits & 0x14 == 0x14,
        retain_as_published: bits & 0x18 == 0x18,
        retain_handling: match bits & 0xE0 {
            0x20 => RetainHandling::SendIfNew,
            0x40 => RetainHandling::DoNotSend,
            _ => RetainHandling::Send,
        },
    }
}

fn unsubscribe(source: &mut Source<'_>, version: Version, then: impl FnOnce(&Packet<'_>, bool)) {
    let packet_id = source.packet_id();
    let block = properties(source, version, Place::Unsubscribe);
    let mut filters = TopicFiltersBuf::new(version);
    for _ in 0..source.below(5) {
        let _ = filters.push(filter(source, version));
    }
    source.odd |= filters.byte_length() == 0;
    let packet = Unsubscribe {
        packet_id,
        properties: block.as_properties(),
        filters: filters.as_filters(),
    };
    then(&Packet::Unsubscribe(packet), source.odd);
}

fn suback(source: &mut Source<'_>, version: Version, then: impl FnOnce(&Packet<'_>, bool)) {
    let packet_id = source.packet_id();
    let block = properties(source, version, Place::Reply);
    let mut reasons = Vec::new();
    for _ in 0..source.below(6) {
        reasons.push(match version {
            Version::V5 => reason(source, version, ReasonPlace::SubAck).0,
            Version::V311 => source.one_of(&[0, 1, 2, 0x80, 3]),
        });
    }
    source.odd |= reasons.is_empty() || reasons.contains(&3);
    let packet = SubAck {
        packet_id,
        properties: block.as_properties(),
        reasons: &reasons,
    };
    then(&Packet::SubAck(packet), source.odd);
}

fn unsuback(source: &mut Source<'_>, version: Version, then: impl FnOnce(&Packet<'_>, bool)) {
    let packet_id = source.packet_id();
    let block = properties(source, version, Place::Reply);
    let mut reasons = Vec::new();
    for _ in 0..source.below(6) {
        reasons.push(reason(source, version, ReasonPlace::UnsubAck).0);
    }
    source.odd |= reasons.is_empty() != (version == Version::V311);
    let packet = UnsubAck {
        packet_id,
        properties: block.as_properties(),
        reasons: &reasons,
    };
    then(&Packet::UnsubAck(packet), source.odd);
}

fn disconnect(source: &mut Source<'_>, version: Version, sender: Sender, then: impl FnOnce(&Packet<'_>, bool)) {
    let (place, reason_place) = match sender {
        Sender::Client => (Place::DisconnectFromClient, ReasonPlace::DisconnectFromClient),
        Sender::Server => (Place::DisconnectFromServer, ReasonPlace::DisconnectFromServer),
    };
    let reason = reason(source, version, reason_place);
    let block = properties(source, version, place);
    let properties = given(source, version, &block);
    then(&Packet::Disconnect(Disconnect { reason, properties }), source.odd);
}

fn auth(source: &mut Source<'_>, sender: Sender, then: impl FnOnce(&Packet<'_>, bool)) {
    let place = match sender {
        Sender::Client => ReasonPlace::AuthFromClient,
        Sender::Server => ReasonPlace::AuthFromServer,
    };
    let reason = reason(source, Version::V5, place);
    let block = properties(source, Version::V5, Place::Auth);
    let properties = block.as_properties();
    then(&Packet::Auth(Auth { reason, properties }), source.odd);
}
