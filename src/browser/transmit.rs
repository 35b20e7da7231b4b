//! How ready bytes are cut into WebSocket frames: as many whole packets in one frame as are sensible, or one packet a frame.

use crate::codec::packet_size;

/// Packets are joined up to this many bytes a frame. What a frame costs is spread thin long before, and some servers take no larger message
/// by default. A packet that is larger by itself still goes in one frame.
pub const JOINED: usize = 65_536;

/// A burst of calls leaves in parts of this many bytes, before it is over: half a frame, so that what came last still fits in.
#[cfg(target_arch = "wasm32")]
pub const PART: usize = JOINED / 2;

/// A limit that joins nothing: one packet a frame, for brokers that cannot take two.
pub const SINGLE: usize = 0;

/// Cuts `bytes`, a run of whole packets, into frames of at most `limit` bytes, but of at least one packet.
pub fn frames(bytes: &[u8], limit: usize) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (frame, later) = rest.split_at(frame_length(rest, limit));
        rest = later;
        Some(frame)
    })
}

fn frame_length(bytes: &[u8], limit: usize) -> usize {
    if bytes.len() <= limit {
        return bytes.len();
    }
    let mut end = first_packet(bytes);
    loop {
        let next = end + first_packet(&bytes[end..]);
        if next == end || next > limit {
            return end;
        }
        end = next;
    }
}

/// Length of the packet at the start; the session makes whole packets only, anything else would be one piece.
fn first_packet(bytes: &[u8]) -> usize {
    match packet_size(bytes, u32::MAX) {
        Ok(Some(size)) => size.min(bytes.len()),
        _ => bytes.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PING: [u8; 2] = [0xC0, 0];

    /// A PUBLISH at QoS 0 to the topic "t", `payload` bytes long.
    fn publish(payload: usize) -> Vec<u8> {
        let mut bytes = vec![0x30];
        let mut length = payload + 3;
        while length > 127 {
            bytes.push(0x80 | (length & 127) as u8);
            length >>= 7;
        }
        bytes.push(length as u8);
        bytes.extend([0, 1, b't']);
        bytes.resize(bytes.len() + payload, 7);
        bytes
    }

    fn lengths(bytes: &[u8], limit: usize) -> Vec<usize> {
        frames(bytes, limit).map(<[u8]>::len).collect()
    }

    #[test]
    fn nothing_makes_no_frame() {
        assert!(lengths(&[], JOINED).is_empty());
    }

    #[test]
    fn packets_within_the_limit_share_one_frame() {
        let bytes = [PING; 1000].concat();
        assert_eq!(lengths(&bytes, JOINED), [2000]);
    }

    #[test]
    fn frames_end_with_whole_packets() {
        let bytes = [PING; 5].concat();
        assert_eq!(lengths(&bytes, 5), [4, 4, 2]);
    }

    #[test]
    fn a_packet_over_the_limit_goes_alone_and_whole() {
        let large = publish(1_000_000);
        let bytes = [&PING[..], &large, &PING, &PING].concat();
        assert_eq!(lengths(&bytes, JOINED), [2, large.len(), 4]);
    }

    #[test]
    fn without_joining_every_packet_has_its_own_frame() {
        let bytes = [&PING[..], &publish(200), &PING].concat();
        assert_eq!(lengths(&bytes, SINGLE), [2, 206, 2]);
    }
}
