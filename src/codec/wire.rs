//! The primitives every packet is made of (1.5): integers, strings, binary data, and the frame of header and length.

use super::PacketId;
use super::error::{DecodeError, EncodeError};

/// The largest remaining length, and the largest variable byte integer (1.5.5).
pub const MAX_REMAINING: u32 = 268_435_455;

/// Reads fields off the front of one packet; can neither panic nor look past its end.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Everything not read yet.
    pub(super) fn rest(self) -> &'a [u8] {
        self.rest
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn u8(&mut self) -> Result<u8, DecodeError> {
        let (&byte, rest) = self.rest.split_first().ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(byte)
    }

    pub(super) fn u16(&mut self) -> Result<u16, DecodeError> {
        let (&bytes, rest) = self.rest.split_first_chunk().ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(u16::from_be_bytes(bytes))
    }

    pub(super) fn u32(&mut self) -> Result<u32, DecodeError> {
        let (&bytes, rest) = self.rest.split_first_chunk().ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(u32::from_be_bytes(bytes))
    }

    pub(super) fn variable_byte_integer(&mut self) -> Result<u32, DecodeError> {
        let (value, length) = scan_variable_byte_integer(self.rest)?.ok_or(DecodeError::Truncated)?;
        self.take(length)?;
        Ok(value)
    }

    /// A packet identifier, never 0 `[MQTT-2.2.1-4]`.
    pub(super) fn packet_id(&mut self) -> Result<PacketId, DecodeError> {
        PacketId::new(self.u16()?).ok_or(DecodeError::ZeroPacketId)
    }

    pub(super) fn binary(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.u16()?;
        self.take(usize::from(length))
    }

    /// A string: UTF-8 (which has no surrogates) without U+0000 `[MQTT-1.5.4-1]`, `[MQTT-1.5.4-2]`. A BOM stays `[MQTT-1.5.4-3]`.
    pub(super) fn string(&mut self) -> Result<&'a str, DecodeError> {
        let text = utf8(self.binary()?)?;
        if text.as_bytes().contains(&0) {
            return Err(DecodeError::NulInString);
        }
        Ok(text)
    }

    /// A topic name (4.7): a string without wildcards; may be empty here.
    pub(super) fn topic_name(&mut self) -> Result<&'a str, DecodeError> {
        let text = utf8(self.binary()?)?;
        if has_special(text) {
            return Err(if text.as_bytes().contains(&0) {
                DecodeError::NulInString
            } else {
                DecodeError::WildcardInTopic
            });
        }
        Ok(text)
    }

    /// Nothing may follow.
    pub(super) fn finish(self) -> Result<(), DecodeError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(DecodeError::TrailingBytes)
        }
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, DecodeError> {
    core::str::from_utf8(bytes).map_err(|_| DecodeError::InvalidUtf8)
}

/// Whether `text` holds what no topic name holds: U+0000 or one of the two wildcards.
///
/// Every message in or out passes here, so it looks at eight bytes at a time.
pub(super) fn has_special(text: &str) -> bool {
    let (words, rest) = text.as_bytes().as_chunks();
    words.iter().any(|&word| word_has_special(u64::from_le_bytes(word)))
        || rest.iter().any(|byte| matches!(byte, 0 | b'+' | b'#'))
}

fn word_has_special(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // A zero byte is the lowest that a subtraction of one from each byte borrows for.
    let has_zero = |word: u64| word.wrapping_sub(ONES) & !word & (ONES << 7) != 0;
    // `#` and `+` differ in one bit only: 0x23 and 0x2B.
    has_zero(word) || has_zero((word | (ONES << 3)) ^ (ONES * 0x2B))
}

/// The variable byte integer at the start of `bytes` and how many bytes it takes; `None` if it is not all there yet.
///
/// Padded forms are refused, as are five bytes `[MQTT-1.5.5-1]`.
pub(super) fn scan_variable_byte_integer(bytes: &[u8]) -> Result<Option<(u32, usize)>, DecodeError> {
    let mut value = 0_u32;
    for (shift, (length, &byte)) in [0, 7, 14, 21].into_iter().zip((1..).zip(bytes)) {
        value |= u32::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            if byte == 0 && length > 1 {
                return Err(DecodeError::BadVariableByteInteger);
            }
            return Ok(Some((value, length)));
        }
    }
    if bytes.len() >= 4 {
        return Err(DecodeError::BadVariableByteInteger);
    }
    Ok(None)
}

pub(super) fn put_u16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_be_bytes());
}

pub(super) fn put_u32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// Writes the shortest form `[MQTT-1.5.5-1]`.
pub(super) fn put_variable_byte_integer(out: &mut Vec<u8>, value: usize) -> Result<(), EncodeError> {
    let (bytes, length) = variable_byte_integer(value)?;
    out.extend(bytes.into_iter().take(length));
    Ok(())
}

/// The shortest form of `value` and its length.
pub(super) fn variable_byte_integer(value: usize) -> Result<([u8; 4], usize), EncodeError> {
    if value > MAX_REMAINING as usize {
        return Err(EncodeError::PacketTooLarge);
    }
    let mut bytes = [0; 4];
    let mut left = value;
    for (length, byte) in (1..).zip(&mut bytes) {
        *byte = (left & 0x7F) as u8;
        left >>= 7;
        if left == 0 {
            return Ok((bytes, length));
        }
        *byte |= 0x80;
    }
    Err(EncodeError::PacketTooLarge)
}

pub(super) fn put_binary(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), EncodeError> {
    let length = u16::try_from(bytes.len()).map_err(|_| EncodeError::FieldTooLong)?;
    put_u16(out, length);
    out.extend_from_slice(bytes);
    Ok(())
}

pub(super) fn put_string(out: &mut Vec<u8>, text: &str) -> Result<(), EncodeError> {
    if text.as_bytes().contains(&0) {
        return Err(EncodeError::NulInString);
    }
    put_binary(out, text.as_bytes())
}

/// Starts a packet whose length is not known yet; [`end`] fills it in. Returns where the packet starts.
pub(super) fn begin(out: &mut Vec<u8>, first: u8) -> usize {
    let start = out.len();
    out.extend_from_slice(&[first, 0]);
    start
}

/// Ends a packet that [`begin`] started: writes its length, or takes everything back if `body` failed.
pub(super) fn end(out: &mut Vec<u8>, start: usize, body: Result<(), EncodeError>) -> Result<(), EncodeError> {
    let length_at = start.saturating_add(1);
    let body_at = start.saturating_add(2);
    let body_end = out.len();
    let (bytes, length) = match body.and_then(|()| variable_byte_integer(body_end.saturating_sub(body_at))) {
        Ok(header) => header,
        Err(error) => {
            out.truncate(start);
            return Err(error);
        }
    };
    // One byte is there for the length; a longer one moves the body up.
    let longer = length.saturating_sub(1);
    if longer > 0 {
        out.resize(body_end.saturating_add(longer), 0);
        out.copy_within(body_at..body_end, body_at.saturating_add(longer));
    }
    for (slot, byte) in out.iter_mut().skip(length_at).zip(bytes.into_iter().take(length)) {
        *slot = byte;
    }
    Ok(())
}
