//! Packets out of a generator: what is valid is written and reads back as the same, with the other codecs too; what is not is refused and leaves
//! nothing behind.

use hawser::codec::{DecodeError, Packet, Sender, Version, decode, packet_size};

use crate::differential::compare;
use crate::packets::any_packet;
use crate::source::Source;

/// Runs the target.
pub fn encode(input: &[u8]) {
    let mut source = Source::new(input);
    let version = source.version();
    let sender = source.one_of(&[Sender::Server, Sender::Client]);
    any_packet(&mut source, version, sender, |packet, odd| {
        check(packet, odd, version, sender);
    });
}

fn check(packet: &Packet<'_>, odd: bool, version: Version, sender: Sender) {
    let mut out = b"before".to_vec();
    if let Err(error) = packet.encode(version, &mut out) {
        assert!(odd, "{error:?} where nothing is wrong: {packet:?}");
        assert_eq!(out, b"before", "a refused packet left something behind");
        return;
    }
    let bytes = out.strip_prefix(b"before").expect("what was there before");
    assert_eq!(packet_size(bytes, u32::MAX), Ok(Some(bytes.len())));
    let read = decode(bytes, version, sender);
    // What only the other side says can be written by either: the encoder does not know who it writes for.
    let from_other_side = matches!(
        read,
        Err(DecodeError::InvalidReasonCode | DecodeError::PropertyFromWrongSide)
    );
    if !(odd && from_other_side) {
        assert_eq!(read.as_ref(), Ok(packet), "written, and read back as another");
        compare(bytes, version, sender);
    }
}
