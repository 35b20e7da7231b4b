//! Choices out of the fuzzer's bytes. When they are used up, every choice is the first one: any input is a whole one.

use hawser::codec::{PacketId, Qos, Version};

/// Reads the input from its front.
pub struct Source<'a> {
    rest: &'a [u8],
    /// Something was chosen that no packet may hold.
    pub odd: bool,
}

impl<'a> Source<'a> {
    pub fn new(input: &'a [u8]) -> Self {
        Self {
            rest: input,
            odd: false,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub fn u8(&mut self) -> u8 {
        let Some((&byte, rest)) = self.rest.split_first() else {
            return 0;
        };
        self.rest = rest;
        byte
    }

    pub fn u16(&mut self) -> u16 {
        u16::from_be_bytes([self.u8(), self.u8()])
    }

    pub fn u32(&mut self) -> u32 {
        u32::from(self.u16()) << 16 | u32::from(self.u16())
    }

    /// 0 to `end`, without `end`.
    pub fn below(&mut self, end: u8) -> u8 {
        self.u8() % end
    }

    pub fn flag(&mut self) -> bool {
        self.u8() & 1 == 1
    }

    /// One of `choices`.
    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        let at = usize::from(self.u8()) % choices.len();
        choices[at]
    }

    /// A run of the input: one byte for its length, then itself, or as much of it as is there.
    pub fn bytes(&mut self) -> &'a [u8] {
        let length = usize::from(self.u8()).min(self.rest.len());
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    /// A run of the input, up to where it is no UTF-8.
    pub fn text(&mut self) -> &'a str {
        let bytes = self.bytes();
        match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
        }
    }

    pub fn version(&mut self) -> Version {
        if self.flag() { Version::V311 } else { Version::V5 }
    }

    pub fn qos(&mut self) -> Qos {
        self.one_of(&[Qos::AtMostOnce, Qos::AtLeastOnce, Qos::ExactlyOnce])
    }

    /// Mostly a small one, so that answers meet what they answer.
    pub fn packet_id(&mut self) -> PacketId {
        let byte = self.u8();
        let id = if byte == 0xFF { self.u16() } else { u16::from(byte % 16) };
        PacketId::new(id).unwrap_or(PacketId::MIN)
    }
}
