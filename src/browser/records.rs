//! Engine events as flat `u32` records: the layout is the record table of the crate's architecture page.

/// Kind of a record: bits 0-7 of its word 0.
pub mod kind {
    pub const STATUS: u32 = 1;
    pub const CONNECTED: u32 = 2;
    pub const TOPIC: u32 = 3;
    pub const MESSAGE: u32 = 4;
    pub const DONE: u32 = 5;
    pub const SUBSCRIBED: u32 = 6;
    pub const UNSUBSCRIBED: u32 = 7;
    pub const PREPARE: u32 = 8;
    pub const PACKET: u32 = 9;
}

/// Longest text in a record, in bytes: the longest string that MQTT knows. Two of them fit the 16 bits of a record's length.
const TEXT_MAX: usize = 65_535;

/// A growing run of records. Reused from delivery to delivery.
#[derive(Debug, Default)]
pub struct Records {
    words: Vec<u32>,
}

impl Records {
    /// The records so far, each beginning with its word 0.
    pub fn words(&self) -> &[u32] {
        &self.words
    }

    /// Forgets all records and keeps the allocation.
    pub fn clear(&mut self) {
        self.words.clear();
    }

    /// Writes one record; `fields` are the words after word 0, `texts` follow them.
    pub fn push(&mut self, kind: u32, flags: u32, fields: &[u32], texts: &[&str]) {
        let start = self.words.len();
        self.words.push(0);
        self.words.extend_from_slice(fields);
        for text in texts {
            self.text(text);
        }
        let length = (self.words.len() - start) as u32;
        if let Some(word) = self.words.get_mut(start) {
            *word = kind | length << 8 | flags << 24;
        }
    }

    fn text(&mut self, text: &str) {
        let bytes = &text.as_bytes()[..cut(text)];
        self.words.push(bytes.len() as u32);
        let (whole, rest) = bytes.as_chunks::<4>();
        self.words
            .extend(whole.iter().map(|word| u32::from_le_bytes(*word)));
        if !rest.is_empty() {
            let mut last = [0; 4];
            last[..rest.len()].copy_from_slice(rest);
            self.words.push(u32::from_le_bytes(last));
        }
    }
}

/// Length of the longest prefix of `text` that fits [`TEXT_MAX`] and ends at a character.
fn cut(text: &str) -> usize {
    let mut end = text.len().min(TEXT_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    end
}
