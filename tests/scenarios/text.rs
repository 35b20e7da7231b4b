//! The client's packets as one line each, so that a scenario reads like its diagram.

use std::fmt::Write;

use hawser::codec::{Ack, Connect, Packet, Properties, Publish, Version};

use crate::peer::decode;

/// Everything that matters about a packet, defaults left out.
pub fn describe(bytes: &[u8], version: Version) -> String {
    match decode(bytes, version) {
        Packet::Connect(connect) => connect_text(&connect),
        Packet::Publish(publish) => publish_text(&publish),
        Packet::PubAck(ack) => ack_text("PUBACK", &ack),
        Packet::PubRec(ack) => ack_text("PUBREC", &ack),
        Packet::PubRel(ack) => ack_text("PUBREL", &ack),
        Packet::PubComp(ack) => ack_text("PUBCOMP", &ack),
        Packet::Subscribe(subscribe) => {
            let mut text = format!("SUBSCRIBE {}", subscribe.packet_id);
            for (filter, options) in subscribe.filters.iter() {
                write!(text, " {filter}:{}", options.bits()).unwrap();
            }
            text + &properties_text(&subscribe.properties)
        }
        Packet::Unsubscribe(unsubscribe) => {
            let filters: Vec<&str> = unsubscribe.filters.iter().collect();
            format!("UNSUBSCRIBE {} {}", unsubscribe.packet_id, filters.join(" "))
        }
        Packet::Auth(auth) => format!("AUTH {:02X}{}", auth.reason.0, properties_text(&auth.properties)),
        Packet::PingReq => "PINGREQ".into(),
        Packet::Disconnect(disconnect) => {
            format!(
                "DISCONNECT {:02X}{}",
                disconnect.reason.0,
                properties_text(&disconnect.properties)
            )
        }
        other => panic!("a client does not send {other:?}"),
    }
}

fn connect_text(connect: &Connect<'_>) -> String {
    let mut text = format!("CONNECT {:?}", connect.client_id);
    if connect.clean_start {
        text += " clean";
    }
    write!(text, " keep-alive={}", connect.keep_alive).unwrap();
    if let Some(username) = connect.username {
        write!(text, " user={username}").unwrap();
    }
    if let Some(password) = connect.password {
        write!(text, " password={}", String::from_utf8_lossy(password)).unwrap();
    }
    if let Some(will) = &connect.will {
        write!(
            text,
            " will={} {} q{}",
            will.topic,
            String::from_utf8_lossy(will.payload),
            will.qos.bits()
        )
        .unwrap();
        if will.retain {
            text += " retain";
        }
        text += &properties_text(&will.properties);
    }
    text + &properties_text(&connect.properties)
}

fn publish_text(publish: &Publish<'_>) -> String {
    let mut text = format!("PUBLISH q{}", publish.qos.bits());
    if let Some(id) = publish.packet_id {
        write!(text, " {id}").unwrap();
    }
    if publish.dup {
        text += " dup";
    }
    if publish.retain {
        text += " retain";
    }
    write!(
        text,
        " {:?} {}",
        publish.topic,
        String::from_utf8_lossy(publish.payload)
    )
    .unwrap();
    text + &properties_text(&publish.properties)
}

fn ack_text(name: &str, ack: &Ack<'_>) -> String {
    let mut text = format!("{name} {}", ack.packet_id);
    if ack.reason.0 != 0 {
        write!(text, " {:02X}", ack.reason.0).unwrap();
    }
    text + &properties_text(&ack.properties)
}

fn properties_text(properties: &Properties<'_>) -> String {
    let texts: Vec<String> = properties.iter().map(|property| format!("{property:?}")).collect();
    if texts.is_empty() {
        String::new()
    } else {
        format!(" [{}]", texts.join(", "))
    }
}
