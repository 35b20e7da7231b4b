//! Reads the blocks of bytes in which JavaScript hands over what has many parts: the options, and commands.

/// What is left of a block: numbers of 32 bits, and fields, each behind its length plus 1 (0: not given). All little-endian, without padding.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    rest: &'a [u8],
}

impl<'a> Block<'a> {
    /// At its start.
    pub const fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    /// The next number; `None` at the end.
    pub fn number(&mut self) -> Option<u32> {
        let (word, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(u32::from_le_bytes(*word))
    }

    /// The next number, in the eight bytes of a JavaScript number.
    pub fn float(&mut self) -> Option<f64> {
        let (word, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(f64::from_le_bytes(*word))
    }

    /// The next field; `None` if it is not given.
    pub fn field(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?.checked_sub(1)?;
        let (field, rest) = self.rest.split_at_checked(length as usize)?;
        self.rest = rest;
        Some(field)
    }

    /// The next field, which is text; `None` if it is not given.
    pub fn text(&mut self) -> Option<&'a str> {
        self.field().map(|text| str::from_utf8(text).unwrap_or_default())
    }
}
