//! The broker's messages in a stored session: what a page that was killed leaves of them.

use crate::codec::{self, Packet, PacketId, Sender};

use super::inbound::{INTERRUPTED, PUBREC};
use super::{Session, StoreKey};

impl Session {
    /// A stored QoS 2 identifier: of a message that was handled, or (its PUBLISH) of one that a page may have been handling when it was killed, which is
    /// told, and stays stored as such until this page has been told. False if the value makes no sense.
    pub(super) fn restore_inbound(&mut self, id: u16, value: &[u8]) -> bool {
        let Some(id) = PacketId::new(id) else {
            return false;
        };
        if value.first() != Some(&PUBREC) {
            let Ok(Packet::Publish(publish)) = codec::decode(value, self.version, Sender::Server) else {
                return false;
            };
            let topic = self.intern(publish.topic);
            let end = self.input.put(value);
            let delivery = self.deliveries.restore(id, value.to_vec(), self.now);
            self.deliver(&publish, topic, end, INTERRUPTED, delivery);
        }
        self.open_inbound.insert(id);
        true
    }

    /// Writes all that is open, and what is known for de-duplication, into a snapshot.
    pub(super) fn snapshot_inbound(&mut self) {
        for (id, wire) in self.deliveries.begun() {
            self.store.put(StoreKey::Inbound(id.get()), wire);
        }
        for id in (1..=u16::MAX).filter_map(PacketId::new) {
            if self.open_inbound.contains(id) && !self.deliveries.is_begun(id) {
                self.store_handled(id);
            }
        }
        self.ledger.write(&mut self.store);
    }
}
