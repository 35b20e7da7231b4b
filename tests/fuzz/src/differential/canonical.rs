//! One form for packets that differ only in the order of their properties, which is free between different identifiers (2.2.2.2).

use hawser::codec::{
    Ack, AckKind, Auth, ConnAck, Connect, Disconnect, Packet, Place, Properties, Property, PropertyBuf, Publish,
    Sender, SubAck, Subscribe, UnsubAck, Unsubscribe, Version, Will,
};

/// The packet's bytes with the properties of each block sorted by identifier.
pub fn canonical(packet: &Packet<'_>, version: Version, sender: Sender) -> Vec<u8> {
    let client = sender == Sender::Client;
    let mut out = Vec::new();
    let encoded = match packet {
        Packet::Connect(connect) => {
            let of_will = connect.will.as_ref().map(|will| sorted(&will.properties, Place::Will));
            let will = connect
                .will
                .as_ref()
                .zip(of_will.as_ref())
                .map(|(will, properties)| Will {
                    properties: properties.as_properties(),
                    ..*will
                });
            let block = sorted(&connect.properties, Place::Connect);
            let properties = block.as_properties();
            Connect {
                properties,
                will,
                ..*connect
            }
            .encode(version, &mut out)
        }
        Packet::ConnAck(connack) => {
            let block = sorted(&connack.properties, Place::ConnAck);
            let properties = block.as_properties();
            ConnAck { properties, ..*connack }.encode(version, &mut out)
        }
        Packet::Publish(publish) => {
            let block = sorted(
                &publish.properties,
                if client {
                    Place::PublishFromClient
                } else {
                    Place::PublishFromServer
                },
            );
            let properties = block.as_properties();
            Publish { properties, ..*publish }.encode(version, &mut out)
        }
        Packet::PubAck(ack) => return reply(ack, AckKind::PubAck, version),
        Packet::PubRec(ack) => return reply(ack, AckKind::PubRec, version),
        Packet::PubRel(ack) => return reply(ack, AckKind::PubRel, version),
        Packet::PubComp(ack) => return reply(ack, AckKind::PubComp, version),
        Packet::Subscribe(subscribe) => {
            let block = sorted(&subscribe.properties, Place::Subscribe);
            let properties = block.as_properties();
            Subscribe {
                properties,
                ..*subscribe
            }
            .encode(version, &mut out)
        }
        Packet::SubAck(ack) => {
            let block = sorted(&ack.properties, Place::Reply);
            let properties = block.as_properties();
            SubAck { properties, ..*ack }.encode(version, &mut out)
        }
        Packet::Unsubscribe(unsubscribe) => {
            let block = sorted(&unsubscribe.properties, Place::Unsubscribe);
            let properties = block.as_properties();
            Unsubscribe {
                properties,
                ..*unsubscribe
            }
            .encode(version, &mut out)
        }
        Packet::UnsubAck(ack) => {
            let block = sorted(&ack.properties, Place::Reply);
            let properties = block.as_properties();
            UnsubAck { properties, ..*ack }.encode(version, &mut out)
        }
        Packet::Disconnect(disconnect) => {
            let block = sorted(
                &disconnect.properties,
                if client {
                    Place::DisconnectFromClient
                } else {
                    Place::DisconnectFromServer
                },
            );
            let properties = block.as_properties();
            Disconnect {
                properties,
                ..*disconnect
            }
            .encode(version, &mut out)
        }
        Packet::Auth(auth) => {
            let block = sorted(&auth.properties, Place::Auth);
            let properties = block.as_properties();
            Auth { properties, ..*auth }.encode(version, &mut out)
        }
        Packet::PingReq | Packet::PingResp => packet.encode(version, &mut out),
    };
    encoded.expect("what was read can be written");
    out
}

fn reply(ack: &Ack<'_>, kind: AckKind, version: Version) -> Vec<u8> {
    let block = sorted(&ack.properties, Place::Reply);
    let properties = block.as_properties();
    let mut out = Vec::new();
    let encoded = Ack { properties, ..*ack }.encode(kind, version, &mut out);
    encoded.expect("what was read can be written");
    out
}

/// Sorted by identifier; those of one identifier stay in their order, which counts (3.1.2.11.8).
fn sorted(properties: &Properties<'_>, place: Place) -> PropertyBuf {
    let mut list: Vec<Property<'_>> = properties.iter().collect();
    list.sort_by_key(Property::id);
    let mut block = PropertyBuf::new(place);
    for property in list {
        block.push(property).expect("what was read can be written");
    }
    block
}
