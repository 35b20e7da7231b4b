//! Random packets and random bytes: what is written reads back, and nothing panics.

use hawser::codec::{DecodeError, Packet, Sender, Version, decode, packet_size};
use proptest::prelude::*;

use super::arbitrary::{any_packet, config, mutated, sender, version};
use super::{encoded, framed, seeds};

/// Decodes; what decodes must read back from its own encoding, and the frame must have been seen alike.
fn decode_is_stable(bytes: &[u8], version: Version, sender: Sender) -> Result<(), TestCaseError> {
    let Ok(packet) = decode(bytes, version, sender) else {
        return Ok(());
    };
    prop_assert_eq!(packet_size(bytes, u32::MAX), Ok(Some(bytes.len())));
    let again = encoded(&packet, version);
    prop_assert_eq!(decode(&again, version, sender), Ok(packet));
    prop_assert_eq!(encoded(&packet, version), again);
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_written_reads_back((version, sender, packet) in any_packet()) {
        let mut out = b"before".to_vec();
        packet.encode(version, &mut out).unwrap();
        prop_assert_eq!(&out[..6], b"before");
        let bytes = &out[6..];
        seeds::leave(bytes, version, sender);
        prop_assert_eq!(packet_size(bytes, u32::MAX), Ok(Some(bytes.len())));
        prop_assert_eq!(decode(bytes, version, sender), Ok(packet));
        let mut followed = bytes.to_vec();
        followed.push(0);
        prop_assert_eq!(decode(&followed, version, sender), Err(DecodeError::TrailingBytes));
    }

    #[test]
    fn a_packet_that_was_tampered_with_is_read_or_refused((version, sender, bytes) in mutated()) {
        decode_is_stable(&bytes, version, sender)?;
    }

    #[test]
    fn random_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..40), version in version(), sender in sender()) {
        decode_is_stable(&bytes, version, sender)?;
        let _ = packet_size(&bytes, 1000);
    }

    #[test]
    fn random_bodies_are_read_or_refused(
        first in any::<u8>(),
        body in proptest::collection::vec(prop_oneof![0..4_u8, any::<u8>()], 0..40),
        version in version(),
        sender in sender(),
    ) {
        decode_is_stable(&framed(first, &body), version, sender)?;
    }

    #[test]
    fn every_prefix_of_a_packet_waits_for_the_rest((version, sender, packet) in any_packet()) {
        let bytes = encoded(&packet, version);
        for length in 0..bytes.len() {
            let size = packet_size(&bytes[..length], u32::MAX).unwrap();
            prop_assert!(size.is_none_or(|size| size == bytes.len()));
            prop_assert_eq!(decode(&bytes[..length], version, sender), Err(DecodeError::Truncated));
        }
    }

    #[test]
    fn the_limit_on_the_size_is_exact((version, _, packet) in any_packet()) {
        let bytes = encoded(&packet, version);
        let size = u32::try_from(bytes.len()).unwrap();
        prop_assert_eq!(packet_size(&bytes, size), Ok(Some(bytes.len())));
        prop_assert_eq!(packet_size(&bytes, size - 1), Err(DecodeError::PacketTooLarge));
    }
}

#[test]
fn every_body_of_up_to_two_bytes_is_read_or_refused() {
    for version in [Version::V311, Version::V5] {
        for sender in [Sender::Client, Sender::Server] {
            for first in 0..=255 {
                for high in 0..=255 {
                    let bytes = [first, 1, high];
                    decode_is_stable(&bytes, version, sender).unwrap();
                    for low in [0, 1, 2, 0x10, 0x7F, 0x80, 0x81, 0x92, 0xFF] {
                        let bytes = [first, 2, high, low];
                        decode_is_stable(&bytes, version, sender).unwrap();
                    }
                }
            }
        }
    }
}

#[test]
fn all_fifteen_packet_types_are_generated() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let strategy = any_packet();
    let mut seen = [false; 16];
    for _ in 0..2000 {
        let (_, _, packet): (_, _, Packet<'static>) = strategy.new_tree(&mut runner).unwrap().current();
        seen[packet.packet_type() as usize] = true;
    }
    assert_eq!(seen.iter().filter(|seen| **seen).count(), 15);
}
