//! The broker's messages in a stored session: what a page that was killed leaves of them.

use crate::codec::PacketId;

use super::Session;

const PUBREC: u8 = 0x50;

impl Session {
    /// A stored QoS 2 identifier; false if the value makes no sense.
    pub(super) fn restore_inbound(&mut self, id: u16, value: &[u8]) -> bool {
        match (PacketId::new(id), value.first()) {
            (Some(id), Some(&PUBREC)) => {
                self.open_inbound.insert(id);
                true
            }
            _ => false,
        }
    }

    /// Writes all that is open into a snapshot.
    pub(super) fn snapshot_inbound(&mut self) {
        for id in (1..=u16::MAX).filter_map(PacketId::new) {
            if self.open_inbound.contains(id) {
                let _ = self.store_open(id);
            }
        }
    }
}
