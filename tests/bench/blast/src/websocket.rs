//! The WebSocket part of both ends: handshake, frame headers, and a reader that turns frames into one run of bytes.

use base64::Engine;
use std::io::{self, Read, Write};

const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const BINARY_FINAL: u8 = 0x82;
const MASKED: u8 = 0x80;

/// Reads up to the empty line that ends an HTTP head, byte by byte, so that nothing after it is swallowed.
fn read_head(socket: &mut impl Read) -> io::Result<String> {
    let mut head = Vec::with_capacity(1024);
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        socket.read_exact(&mut byte)?;
        head.push(byte[0]);
        if head.len() > 16_384 {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    String::from_utf8(head).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// Answers the opening handshake; the subprotocol is always `mqtt`.
pub fn accept(socket: &mut (impl Read + Write)) -> io::Result<()> {
    let head = read_head(socket)?;
    let key = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"))
        .map(|(_, value)| value.trim())
        .ok_or(io::ErrorKind::InvalidData)?;
    let digest = sha1_smol::Sha1::from(format!("{key}{GUID}")).digest().bytes();
    let accept = base64::engine::general_purpose::STANDARD.encode(digest);
    write!(
        socket,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"
    )
}

/// Opens as a client. The answer is read and believed: the peer is this same program.
pub fn connect(socket: &mut (impl Read + Write)) -> io::Result<()> {
    write!(
        socket,
        "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"
    )?;
    read_head(socket).map(drop)
}

fn frame_header(length: usize, mask_bit: u8, out: &mut Vec<u8>) {
    out.push(BINARY_FINAL);
    match length {
        0..=125 => out.push(mask_bit | length as u8),
        126..=65_535 => {
            out.push(mask_bit | 126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            out.push(mask_bit | 127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
}

/// Appends one binary frame as a server writes it.
pub fn write_frame(payload: &[u8], out: &mut Vec<u8>) {
    frame_header(payload.len(), 0, out);
    out.extend_from_slice(payload);
}

/// Appends one binary frame as a client writes it; with a mask of zeros the bytes stay as they are.
pub fn write_masked_frame(payload: &[u8], out: &mut Vec<u8>) {
    frame_header(payload.len(), MASKED, out);
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(payload);
}

/// Takes frames apart as their bytes arrive: a frame of many megabytes is passed on piece by piece.
#[derive(Default)]
pub struct FrameReader {
    header: Vec<u8>,
    left: u64,
    mask: [u8; 4],
    close: bool,
    control: bool,
    pub frames: u64,
}

impl FrameReader {
    /// Appends the payload bytes found in `input` to `out`. False: the peer closed.
    pub fn feed(&mut self, mut input: &mut [u8], out: &mut Vec<u8>) -> bool {
        while !input.is_empty() {
            if self.left == 0 {
                self.header.push(input[0]);
                input = &mut input[1..];
                if self.header_is_complete() && self.close {
                    return false;
                }
                continue;
            }
            let take = input.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
            let (piece, rest) = input.split_at_mut(take);
            if !self.control {
                unmask(piece, self.mask);
                out.extend_from_slice(piece);
            }
            self.mask.rotate_left(take % 4);
            self.left -= take as u64;
            input = rest;
        }
        true
    }

    /// Looks at the header gathered so far; when it is whole, its frame begins.
    fn header_is_complete(&mut self) -> bool {
        let header = &self.header;
        if header.len() < 2 {
            return false;
        }
        let masked = header[1] & MASKED != 0;
        let (length, length_end) = match header[1] & 0x7f {
            126 if header.len() >= 4 => (u64::from(u16::from_be_bytes([header[2], header[3]])), 4),
            127 if header.len() >= 10 => (
                header[2..10].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
                10,
            ),
            126 | 127 => return false,
            short => (u64::from(short), 2),
        };
        let end = length_end + if masked { 4 } else { 0 };
        if header.len() < end {
            return false;
        }
        self.mask = if masked {
            [header[end - 4], header[end - 3], header[end - 2], header[end - 1]]
        } else {
            [0; 4]
        };
        self.left = length;
        self.close = header[0] & 0x0f == 8;
        self.control = header[0] & 0x08 != 0;
        self.frames += u64::from(!self.control);
        self.header.clear();
        true
    }
}

fn unmask(bytes: &mut [u8], mask: [u8; 4]) {
    if mask == [0; 4] {
        return;
    }
    let wide = u64::from_ne_bytes([mask[0], mask[1], mask[2], mask[3], mask[0], mask[1], mask[2], mask[3]]);
    let mut chunks = bytes.chunks_exact_mut(8);
    for chunk in &mut chunks {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        chunk.copy_from_slice(&(u64::from_ne_bytes(word) ^ wide).to_ne_bytes());
    }
    for (byte, key) in chunks.into_remainder().iter_mut().zip(mask.iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
        let mut frame = Vec::new();
        frame_header(payload.len(), MASKED, &mut frame);
        frame.extend_from_slice(&mask);
        frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key));
        frame
    }

    #[test]
    fn masked_frames_give_the_same_bytes_however_they_are_split() {
        let payload: Vec<u8> = (0..300).map(|byte| byte as u8).collect();
        let wire = [masked(&payload[..7], [1, 2, 3, 4]), masked(&payload[7..], [9, 8, 7, 6])].concat();
        for piece in 1..=wire.len() {
            let (mut reader, mut out) = (FrameReader::default(), Vec::new());
            for chunk in wire.clone().chunks_mut(piece) {
                assert!(reader.feed(chunk, &mut out));
            }
            assert_eq!(out, payload, "in pieces of {piece}");
            assert_eq!(reader.frames, 2);
        }
    }

    #[test]
    fn a_control_frame_is_no_data_and_a_close_frame_ends() {
        let (mut reader, mut out) = (FrameReader::default(), Vec::new());
        assert!(reader.feed(&mut [0x89, 2, b'h', b'i', 0x82, 1, b'x'], &mut out));
        assert_eq!(out, b"x");
        assert!(!reader.feed(&mut [0x88, 0], &mut out));
    }
}
