//! How much is under way, in numbers.

use super::Session;

/// What the session holds at this moment. When all is answered, everything but the quota is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Publishes that are not settled.
    pub messages: usize,
    /// Bytes of their packets.
    pub bytes: usize,
    /// Subscriptions and unsubscriptions that the broker has not answered.
    pub requests: usize,
    /// Packet identifiers in use by either.
    pub packet_ids: usize,
    /// QoS 2 messages of the broker between PUBLISH and PUBREL.
    pub open_inbound: usize,
    /// QoS 1 and 2 messages of the broker on this connection that are not answered for good.
    pub unanswered: usize,
    /// Packets that wait for a commit.
    pub held: usize,
    /// QoS 1 and 2 messages that may be sent before the next answer (4.9).
    pub quota: u16,
}

impl Session {
    /// What the session holds now. Ask after the outputs were taken.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let asked: usize = self.subscriptions.awaiting.iter().map(|(_, batch)| batch.len()).sum();
        Usage {
            messages: self.queue.total(),
            bytes: self.queue.bytes(),
            requests: self.subscriptions.pending.len().saturating_add(asked),
            packet_ids: self.packet_ids.len(),
            open_inbound: self.open_inbound.len(),
            unanswered: self.link.unanswered,
            held: self.store.held(),
            quota: self.link.quota,
        }
    }
}
