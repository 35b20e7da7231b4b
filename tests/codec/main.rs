//! Tests of the codec: bytes written by hand, faults, tables of the standard, and random packets. The comparison with other codecs is in tests/fuzz.
#![cfg(not(target_arch = "wasm32"))]
#![deny(unsafe_code)]

mod arbitrary;
mod encode_refusals;
mod framing;
mod golden_v311;
mod golden_v5;
mod golden_v5_publish;
mod malformed;
mod malformed_connect;
mod malformed_frames;
mod properties;
mod random;
mod reason_codes;
mod seeds;
mod topics;

use hawser::codec::{Packet, PacketId, Place, Property, PropertyBuf, Sender, Version, decode};

/// A packet identifier for tests.
fn id(value: u16) -> PacketId {
    PacketId::new(value).unwrap()
}

/// A property block for tests.
fn block(place: Place, properties: &[Property<'_>]) -> PropertyBuf {
    let mut block = PropertyBuf::new(place);
    for property in properties {
        block.push(*property).unwrap();
    }
    block
}

/// The bytes of a packet that must be writable.
fn encoded(packet: &Packet<'_>, version: Version) -> Vec<u8> {
    let mut out = Vec::new();
    packet.encode(version, &mut out).unwrap();
    out
}

/// These bytes are this packet, read and written.
#[track_caller]
fn both_ways(bytes: &[u8], version: Version, sender: Sender, packet: &Packet<'_>) {
    seeds::leave(bytes, version, sender);
    assert_eq!(
        decode(bytes, version, sender).as_ref(),
        Ok(packet),
        "decoding {bytes:02X?}"
    );
    assert_eq!(encoded(packet, version), bytes, "encoding {packet:?}");
}

/// A first byte and a body with the length between them that fits.
fn framed(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    let mut length = body.len();
    loop {
        let low = u8::try_from(length & 0x7F).unwrap();
        length >>= 7;
        if length == 0 {
            bytes.push(low);
            break;
        }
        bytes.push(low | 0x80);
    }
    bytes.extend_from_slice(body);
    bytes
}
