//! The list of disagreements with other codecs holds, and what they build is read as it was meant.
#![cfg(not(target_arch = "wasm32"))]

use hawser::codec::{Packet, Sender, Version, decode};
use hawser_fuzz::differential::{CODECS, compare};
use mqtt_proto::{Pid, QosPid, v5};
use mqtt_protocol_core::mqtt::packet::{Qos, v3_1_1, v5_0};

#[test]
fn every_listed_disagreement_exists() {
    for codec in CODECS {
        for entry in codec.stricter {
            let (bytes, version, sender) = entry.example;
            assert_eq!(decode(bytes, version, sender), Err(entry.error), "{}", entry.why);
            let theirs = (codec.rewrite)(bytes, version);
            assert!(
                theirs.is_ok(),
                "{} refuses it too, with {theirs:?}: {}",
                codec.name,
                entry.why
            );
            compare(bytes, version, sender);
        }
        for entry in codec.laxer {
            let (bytes, version, sender) = entry.example;
            assert!(decode(bytes, version, sender).is_ok(), "{}", entry.why);
            let theirs = (codec.rewrite)(bytes, version);
            assert!(theirs.is_err(), "{} takes it too: {}", codec.name, entry.why);
            compare(bytes, version, sender);
        }
        for entry in codec.miswritten {
            let (bytes, version, sender) = entry.example;
            let ours = decode(bytes, version, sender).unwrap();
            let theirs = (codec.rewrite)(bytes, version).unwrap();
            assert_ne!(
                decode(&theirs, version, sender),
                Ok(ours),
                "{} is right: {}",
                codec.name,
                entry.why
            );
            compare(bytes, version, sender);
        }
    }
}

#[test]
fn we_read_what_mqtt_protocol_core_builds() {
    let connect = v5_0::Connect::builder()
        .client_id("c1")
        .unwrap()
        .keep_alive(30)
        .clean_start(true)
        .build()
        .unwrap();
    let bytes = connect.to_continuous_buffer();
    let Ok(Packet::Connect(read)) = decode(&bytes, Version::V5, Sender::Client) else {
        panic!("not a CONNECT: {bytes:02X?}");
    };
    assert_eq!((read.client_id, read.keep_alive, read.clean_start), ("c1", 30, true));

    let publish = v3_1_1::Publish::builder()
        .topic_name("a/b")
        .unwrap()
        .qos(Qos::ExactlyOnce)
        .packet_id(7_u16)
        .retain(true)
        .payload(b"hello".to_vec())
        .build()
        .unwrap();
    let bytes = publish.to_continuous_buffer();
    let Ok(Packet::Publish(read)) = decode(&bytes, Version::V311, Sender::Server) else {
        panic!("not a PUBLISH: {bytes:02X?}");
    };
    assert_eq!((read.topic, read.payload, read.retain), ("a/b", &b"hello"[..], true));
    assert_eq!(read.packet_id.map(u16::from), Some(7));
}

#[test]
fn we_read_what_mqtt_proto_builds() {
    let mut publish = v5::Publish::new(
        QosPid::Level1(Pid::try_from(7).unwrap()),
        "a/b".try_into().unwrap(),
        b"hello".as_slice().into(),
    );
    publish.properties.message_expiry_interval = Some(60);
    publish.properties.content_type = Some("text/plain".into());
    publish.retain = true;
    let bytes = v5::Packet::Publish(publish).encode().unwrap();
    let Ok(Packet::Publish(read)) = decode(bytes.as_ref(), Version::V5, Sender::Server) else {
        panic!("not a PUBLISH: {bytes:02X?}");
    };
    assert_eq!((read.topic, read.payload, read.retain), ("a/b", &b"hello"[..], true));
    assert_eq!(read.properties.message_expiry_interval(), Some(60));
    assert_eq!(read.properties.content_type(), Some("text/plain"));

    let connect = v5::Packet::Connect(v5::Connect::new("c1".into(), 30)).encode().unwrap();
    let Ok(Packet::Connect(read)) = decode(connect.as_ref(), Version::V5, Sender::Client) else {
        panic!("not a CONNECT: {connect:02X?}");
    };
    assert_eq!((read.client_id, read.keep_alive, read.clean_start), ("c1", 30, true));
}
