//! What is not finished, for people to look at: nothing is kept for it that the session does not need anyway.

use super::queue::Entry;
use super::{Restored, Session};
use crate::codec::Qos;

impl Session {
    /// Every message that is not finished, of this page or an earlier one, in no particular order.
    pub fn outbox(&self) -> impl Iterator<Item = Restored> {
        self.queue.entries().map(Entry::describe)
    }
}

impl Entry {
    /// The message as [`super::Event::Restored`] tells it.
    pub(super) fn describe(&self) -> Restored {
        let topic = self.wire.get(self.id_at.saturating_sub(self.topic_length)..self.id_at);
        let qos = match self.qos {
            Qos::AtMostOnce => 0,
            Qos::AtLeastOnce => 1,
            Qos::ExactlyOnce => 2,
        };
        Restored {
            token: self.token,
            id: self.sequence,
            flags: qos | u8::from(self.retain) << 2 | u8::from(self.sent) << 3,
            payload: self.payload_length as u32,
            topic: core::str::from_utf8(topic.unwrap_or_default())
                .unwrap_or_default()
                .into(),
        }
    }
}
