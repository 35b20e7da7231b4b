//! Bytes coming in: frames and packets are unrelated `[MQTT-6.0.0-2]`, so what is left of a packet waits here for the rest of it.
//!
//! Offsets in events count from the start of the buffer. As long as no packet crosses from one frame into the next, that is the start of the frame, which
//! JavaScript still has. Otherwise the buffer itself is handed out. Either way each byte is copied a bounded number of times, however the frames are cut.

use super::{Frame, Outputs};

/// A buffer above this size is given back when it is empty.
const LARGE: usize = 4 << 20;

/// The input buffer.
#[derive(Debug, Default)]
pub(super) struct Input {
    /// Storage; its length is what was ever needed, not what is in it.
    buffer: Vec<u8>,
    /// Bytes in the buffer.
    filled: usize,
    /// Bytes that were processed.
    consumed: usize,
    /// The buffer holds more than the latest frame.
    assembled: bool,
    /// An event of this step has a span.
    referred: bool,
    spare: Vec<u8>,
}

impl Input {
    /// Room for the next frame.
    pub(super) fn space(&mut self, length: usize) -> &mut [u8] {
        if self.consumed == self.filled && !self.referred {
            (self.filled, self.consumed) = (0, 0);
        }
        let start = self.filled;
        self.assembled = start > 0;
        let end = start.saturating_add(length);
        if self.buffer.len() < end {
            self.buffer.resize(end, 0);
        }
        self.filled = end;
        self.buffer.get_mut(start..end).unwrap_or_default()
    }

    /// Puts in what did not come in a frame, for an event of this step to refer to; returns where it ends.
    pub(super) fn put(&mut self, bytes: &[u8]) -> usize {
        self.space(bytes.len()).copy_from_slice(bytes);
        self.consumed = self.filled;
        (self.assembled, self.referred) = (true, true);
        self.filled
    }

    /// Takes the buffer out to look at its packets while the session changes: storage, first byte to process, end.
    pub(super) fn take(&mut self) -> (Vec<u8>, usize, usize) {
        (core::mem::take(&mut self.buffer), self.consumed, self.filled)
    }

    /// Puts the buffer back, processed up to `consumed`.
    pub(super) fn restore(&mut self, buffer: Vec<u8>, consumed: usize) {
        self.buffer = buffer;
        self.consumed = consumed.min(self.filled);
    }

    /// An event refers to the buffer.
    pub(super) const fn refer(&mut self) {
        self.referred = true;
    }

    /// Whatever is left belongs to a connection that is gone.
    pub(super) const fn discard(&mut self) {
        self.consumed = self.filled;
    }

    /// Hands out what the events of this step refer to, and keeps what was not processed.
    pub(super) fn hand_out(&mut self, out: &mut Outputs) {
        if let Frame::Assembled(used) = core::mem::take(&mut out.frame) {
            self.spare = used;
        }
        let referred = core::mem::take(&mut self.referred);
        if referred && self.assembled {
            self.spare.clear();
            self.spare
                .extend_from_slice(self.buffer.get(self.consumed..self.filled).unwrap_or_default());
            core::mem::swap(&mut self.buffer, &mut self.spare);
            self.spare.truncate(self.consumed);
            out.frame = Frame::Assembled(core::mem::take(&mut self.spare));
        } else {
            if referred {
                out.frame = Frame::Input;
            }
            if self.consumed > 0 {
                self.buffer.copy_within(self.consumed..self.filled, 0);
            }
        }
        self.filled = self.filled.saturating_sub(self.consumed);
        self.consumed = 0;
        if self.filled == 0 && self.buffer.len() > LARGE {
            self.buffer = Vec::new();
        }
        if self.spare.capacity() > LARGE {
            self.spare = Vec::new();
        }
    }
}
