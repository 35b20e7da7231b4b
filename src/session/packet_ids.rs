//! The client's packet identifiers: one space for PUBLISH, SUBSCRIBE and UNSUBSCRIBE (2.2.1).

use crate::codec::PacketId;

use super::id_map::IdMap;
use super::id_set::IdSet;

/// What an identifier was handed out for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// A PUBLISH; the slot of its entry in the outbound queue.
    Publish(u32),
    /// A SUBSCRIBE.
    Subscribe,
    /// An UNSUBSCRIBE.
    Unsubscribe,
}

/// Hands out identifiers in sequence and skips those in use `[MQTT-2.2.1-3]`.
#[derive(Debug)]
pub(super) struct PacketIds {
    used: IdSet,
    owners: IdMap<Owner>,
    next: PacketId,
}

impl Default for PacketIds {
    fn default() -> Self {
        Self {
            used: IdSet::default(),
            owners: IdMap::default(),
            next: PacketId::MIN,
        }
    }
}

impl PacketIds {
    /// A free identifier, now used by `owner`; `None` if all 65,535 are in use.
    pub(super) fn allocate(&mut self, owner: Owner) -> Option<PacketId> {
        let id = self.used.next_free(self.next)?;
        self.used.insert(id);
        self.owners.insert(id, owner);
        self.next = id.checked_add(1).unwrap_or(PacketId::MIN);
        Some(id)
    }

    /// Uses this identifier for `owner`, as an earlier page did; the next ones follow it.
    pub(super) fn take(&mut self, id: PacketId, owner: Owner) {
        self.used.insert(id);
        self.owners.insert(id, owner);
        self.next = id.checked_add(1).unwrap_or(PacketId::MIN);
    }

    /// Who uses `id`.
    pub(super) fn owner(&self, id: PacketId) -> Option<Owner> {
        self.owners.get(id)
    }

    /// Frees `id`.
    pub(super) fn release(&mut self, id: PacketId) {
        if self.used.remove(id) {
            self.owners.remove(id);
        }
    }

    /// How many are in use.
    pub(super) const fn len(&self) -> usize {
        self.used.len()
    }

    /// Whether there is none left.
    pub(super) const fn is_full(&self) -> bool {
        self.used.len() == u16::MAX as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_rise_wrap_and_skip_those_in_use() {
        let mut ids = PacketIds::default();
        let first = ids.allocate(Owner::Subscribe).unwrap();
        let all: Vec<PacketId> = (1..65_535)
            .map(|slot| ids.allocate(Owner::Publish(slot)).unwrap())
            .collect();
        assert_eq!((first.get(), all[0].get(), all[65_533].get()), (1, 2, 65_535));
        assert_eq!(ids.allocate(Owner::Unsubscribe), None);
        ids.release(all[41]);
        assert_eq!(ids.allocate(Owner::Unsubscribe), Some(all[41]));
        assert_eq!(ids.owner(all[41]), Some(Owner::Unsubscribe));
        assert_eq!((ids.owner(first), ids.is_full()), (Some(Owner::Subscribe), true));
        ids.release(first);
        ids.release(first);
        assert_eq!((ids.owner(first), ids.is_full()), (None, false));
    }
}
