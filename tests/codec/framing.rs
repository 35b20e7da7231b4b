//! Finding packets in a stream, however it is cut.

use hawser::codec::{DecodeError, Packet, Sender, Version, decode, packet_size};

const NO_LIMIT: u32 = u32::MAX;

#[test]
fn the_size_is_known_as_soon_as_the_length_is() {
    let cases: [(&[u8], Option<usize>); 9] = [
        (b"", None),
        (b"\xD0", None),
        (b"\xD0\x00", Some(2)),
        (b"\x30\x7F", Some(129)),
        (b"\x30\x80", None),
        (b"\x30\x80\x01", Some(131)),
        (b"\x30\xFF\xFF\xFF", None),
        (b"\x30\xFF\xFF\xFF\x7F", Some(268_435_460)),
        (b"\x40\x02\x00\x01\xD0\x00", Some(4)),
    ];
    for (bytes, size) in cases {
        assert_eq!(packet_size(bytes, NO_LIMIT), Ok(size), "{bytes:02X?}");
    }
}

#[test]
fn lengths_at_the_borders_of_each_form() {
    let cases: [(&[u8], usize); 8] = [
        (b"\x30\x00", 2),
        (b"\x30\x7F", 127 + 2),
        (b"\x30\x80\x01", 128 + 3),
        (b"\x30\xFF\x7F", 16_383 + 3),
        (b"\x30\x80\x80\x01", 16_384 + 4),
        (b"\x30\xFF\xFF\x7F", 2_097_151 + 4),
        (b"\x30\x80\x80\x80\x01", 2_097_152 + 5),
        (b"\x30\xFF\xFF\xFF\x7F", 268_435_455 + 5),
    ];
    for (bytes, size) in cases {
        assert_eq!(packet_size(bytes, NO_LIMIT), Ok(Some(size)));
    }
    for padded in [
        b"\x30\x80\x00".as_slice(),
        b"\x30\xFF\x00",
        b"\x30\x80\x80\x00",
        b"\x30\xFF\xFF\xFF\x00",
        b"\x30\x80\x80\x80\x80",
    ] {
        assert_eq!(
            packet_size(padded, NO_LIMIT),
            Err(DecodeError::BadVariableByteInteger),
            "{padded:02X?}"
        );
    }
}

#[test]
fn a_bad_first_byte_is_refused_at_once() {
    assert_eq!(packet_size(b"\x00", NO_LIMIT), Err(DecodeError::UnknownPacketType));
    assert_eq!(packet_size(b"\x36", NO_LIMIT), Err(DecodeError::InvalidQos));
    assert_eq!(packet_size(b"\x41", NO_LIMIT), Err(DecodeError::BadFlags));
    assert_eq!(packet_size(b"\x60", NO_LIMIT), Err(DecodeError::BadFlags));
}

#[test]
fn a_packet_above_the_limit_is_refused_before_its_body_comes() {
    assert_eq!(packet_size(b"\x30\x62", 100), Ok(Some(100)));
    assert_eq!(packet_size(b"\x30\x63", 100), Err(DecodeError::PacketTooLarge));
    assert_eq!(
        packet_size(b"\x30\xFF\xFF\xFF\x7F", 268_435_459),
        Err(DecodeError::PacketTooLarge)
    );
    assert_eq!(DecodeError::PacketTooLarge.reason().0, 0x95);
}

#[test]
fn every_prefix_of_a_packet_is_unfinished_or_refused_but_never_a_packet() {
    let packets: [(&[u8], Sender); 12] = [
        (
            b"\x10\x13\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x00\x00\x00\x01w\x00\x00",
            Sender::Client,
        ),
        (b"\x20\x06\x00\x00\x03\x21\x00\x01", Sender::Server),
        (b"\x3D\x0B\x00\x01t\x00\x0A\x03\x23\x00\x01hi", Sender::Server),
        (b"\x40\x03\x12\x34\x10", Sender::Server),
        (b"\x50\x02\x12\x34", Sender::Server),
        (b"\x62\x02\x12\x34", Sender::Server),
        (b"\x70\x08\x12\x34\x92\x04\x1F\x00\x01x", Sender::Server),
        (b"\x82\x07\x00\x01\x00\x00\x01a\x00", Sender::Client),
        (b"\x90\x05\x00\x01\x00\x00\x80", Sender::Server),
        (b"\xA2\x06\x00\x01\x00\x00\x01a", Sender::Client),
        (b"\xE0\x02\x8E\x00", Sender::Server),
        (b"\xF0\x06\x18\x04\x15\x00\x01m", Sender::Server),
    ];
    for (bytes, sender) in packets {
        assert!(decode(bytes, Version::V5, sender).is_ok(), "{bytes:02X?}");
        for length in 0..bytes.len() {
            let prefix = &bytes[..length];
            let wanted = if length < 2 { None } else { Some(bytes.len()) };
            assert_eq!(packet_size(prefix, NO_LIMIT), Ok(wanted));
            assert_eq!(
                decode(prefix, Version::V5, sender),
                Err(DecodeError::Truncated),
                "{prefix:02X?}"
            );
            // A body that is cut, under a header that is honest about it, is refused without a look beyond its end.
            if length >= 2 {
                let mut shortened = prefix.to_vec();
                shortened[1] = u8::try_from(length - 2).unwrap();
                let alone = decode(&shortened, Version::V5, sender).map(|packet| format!("{packet:?}"));
                shortened.extend_from_slice(&bytes[length..]);
                let size = packet_size(&shortened, NO_LIMIT).unwrap().unwrap();
                let inside = decode(&shortened[..size], Version::V5, sender).map(|packet| format!("{packet:?}"));
                assert_eq!(alone, inside);
            }
        }
    }
}

#[test]
fn a_stream_gives_the_same_packets_however_it_is_cut() {
    let stream = b"\x20\x03\x00\x00\x00\x30\x04\x00\x01t\x00\xD0\x00\x32\x07\x00\x01u\x00\x01\x00x\x90\x04\x00\x01\x00\x00\xE0\x00";
    let read = |cuts: &[usize]| {
        let mut buffer = Vec::new();
        let mut packets = Vec::new();
        let mut from = 0;
        for &to in cuts.iter().chain([&stream.len()]) {
            buffer.extend_from_slice(&stream[from..to]);
            from = to;
            while let Some(size) = packet_size(&buffer, NO_LIMIT)
                .unwrap()
                .filter(|&size| size <= buffer.len())
            {
                packets.push(format!(
                    "{:?}",
                    decode(&buffer[..size], Version::V5, Sender::Server).unwrap()
                ));
                buffer.drain(..size);
            }
        }
        assert!(buffer.is_empty());
        packets
    };
    let whole = read(&[]);
    assert_eq!(whole.len(), 6);
    for first in 0..=stream.len() {
        for second in first..=stream.len() {
            assert_eq!(read(&[first, second]), whole);
        }
    }
    assert_eq!(read(&(0..stream.len()).collect::<Vec<_>>()), whole);
}

#[test]
fn a_long_packet_is_read_and_written_with_each_length_of_its_length() {
    for payload_length in [0, 123, 124, 16_379, 16_380, 2_097_147, 2_097_148] {
        let payload = vec![7; payload_length];
        let mut bytes = Vec::new();
        let publish = hawser::codec::Publish {
            dup: false,
            qos: hawser::codec::Qos::AtMostOnce,
            retain: false,
            topic: "t",
            packet_id: None,
            properties: hawser::codec::Properties::EMPTY,
            payload: &payload,
        };
        publish.encode(Version::V5, &mut bytes).unwrap();
        assert_eq!(packet_size(&bytes, NO_LIMIT), Ok(Some(bytes.len())));
        assert_eq!(
            decode(&bytes, Version::V5, Sender::Client),
            Ok(Packet::Publish(publish))
        );
    }
}
