//! The reason code tables of the standard, written down once more, against each of the 256 codes in each packet.

use hawser::codec::{DecodeError, ReasonCode, Sender, Version, decode};

const CONNACK: &[u8] = &[
    0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A, 0x9B,
    0x9C, 0x9D, 0x9F,
];
const PUBACK: &[u8] = &[0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];
const PUBREL: &[u8] = &[0x00, 0x92];
const SUBACK: &[u8] = &[0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2];
const UNSUBACK: &[u8] = &[0x00, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91];
// 0x9B from a client: the table of 3.14.2.1 does not list it, 3.3.4 demands it.
const DISCONNECT_CLIENT: &[u8] = &[
    0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9B,
];
// 0x00 and 0x8C from a server: taken although the table of 3.14.2.1 does not list them for it.
const DISCONNECT_SERVER: &[u8] = &[
    0x00, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8C, 0x8D, 0x8E, 0x8F, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98,
    0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2,
];

#[track_caller]
fn only(allowed: &[u8], version: Version, sender: Sender, packet: impl Fn(u8) -> Vec<u8>) {
    for code in 0..=255 {
        let bytes = packet(code);
        let outcome = decode(&bytes, version, sender);
        if allowed.contains(&code) {
            let packet = outcome.unwrap_or_else(|error| panic!("{code:#04X}: {error:?}"));
            packet.encode(version, &mut Vec::new()).unwrap();
        } else {
            assert_eq!(outcome, Err(DecodeError::InvalidReasonCode), "{code:#04X}");
        }
    }
}

#[test]
fn connack() {
    only(CONNACK, Version::V5, Sender::Server, |code| vec![0x20, 3, 0, code, 0]);
    only(&[0, 1, 2, 3, 4, 5], Version::V311, Sender::Server, |code| {
        vec![0x20, 2, 0, code]
    });
}

#[test]
fn the_four_acknowledgements() {
    for sender in [Sender::Client, Sender::Server] {
        for (first, allowed) in [(0x40, PUBACK), (0x50, PUBACK), (0x62, PUBREL), (0x70, PUBREL)] {
            only(allowed, Version::V5, sender, |code| vec![first, 3, 0, 1, code]);
            only(allowed, Version::V5, sender, |code| vec![first, 4, 0, 1, code, 0]);
        }
    }
}

#[test]
fn suback_and_unsuback() {
    only(SUBACK, Version::V5, Sender::Server, |code| {
        vec![0x90, 5, 0, 1, 0, 0, code]
    });
    only(UNSUBACK, Version::V5, Sender::Server, |code| {
        vec![0xB0, 5, 0, 1, 0, code, 0]
    });
    only(&[0, 1, 2, 0x80], Version::V311, Sender::Server, |code| {
        vec![0x90, 4, 0, 1, code, 0]
    });
}

#[test]
fn disconnect_from_either_side() {
    only(DISCONNECT_CLIENT, Version::V5, Sender::Client, |code| {
        vec![0xE0, 1, code]
    });
    only(DISCONNECT_SERVER, Version::V5, Sender::Server, |code| {
        vec![0xE0, 2, code, 0]
    });
}

#[test]
fn auth_from_either_side() {
    let auth = |code| vec![0xF0, 6, code, 4, 0x15, 0, 1, b'm'];
    only(&[0x18, 0x19], Version::V5, Sender::Client, auth);
    only(&[0x00, 0x18], Version::V5, Sender::Server, auth);
}

#[test]
fn every_code_has_a_name_of_its_own_and_the_others_are_unknown() {
    let mut names: Vec<_> = ReasonCode::ALL.iter().map(|code| code.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 43);
    assert_eq!(ReasonCode(0x8E).to_string(), "session taken over");
    assert_eq!(ReasonCode(0x03).name(), "unknown");
    assert!(ReasonCode(0x80).is_error() && !ReasonCode(0x7F).is_error());
}
