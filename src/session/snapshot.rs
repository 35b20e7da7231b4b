//! The store as it grows, fails and comes back: when the log is written anew, and what that takes.

use super::outgoing::store_entry;
use super::queue::Stage;
use super::{Durability, Event, Millis, Session, State, StorageFault};

/// What a message takes in a segment besides its packet, about.
const OVERHEAD: usize = 24;

impl Session {
    /// The store cannot be had, or has failed for good: the session goes on in memory, and nothing waits any longer. `detail` is for people.
    pub fn handle_store_failed(&mut self, now: Millis, fault: StorageFault, detail: &str) {
        self.tick(now);
        self.store.fail();
        self.back_with = None;
        if self.durability != Some(Durability::Memory) {
            self.tell_storage(Durability::Memory, Some(fault), detail);
        }
        self.after_commit();
    }

    /// The store is there again, or has refused the batch that is under way: the next batch is a snapshot. After the end there is nothing left to write down,
    /// unless the user begins anew.
    pub fn handle_store_back(&mut self, now: Millis) {
        self.tick(now);
        if !self.config.durable {
            return;
        }
        self.is_store_back = matches!(self.state, State::Stopped { .. });
        if !self.is_store_back {
            self.snapshot();
            self.note_back();
        }
    }

    /// Has the application told when the store has what it is to get.
    fn note_back(&mut self) {
        if self.durability == Some(Durability::Memory) {
            self.back_with = Some(self.facts.batch);
        }
    }

    /// What a commit, or the end of waiting for one, allows.
    pub(super) fn after_commit(&mut self) {
        self.store.tell_committed(&mut self.out.events);
        while let Some(held) = self.store.release() {
            self.release_held(held);
        }
        self.send_connect();
        if self
            .back_with
            .take_if(|batch| self.store.is_committed(*batch))
            .is_some()
        {
            self.tell_storage(self.durability_of_store(), None, "");
        }
    }

    /// What the store that was asked for gives.
    pub(super) const fn durability_of_store(&self) -> Durability {
        if self.config.strict {
            Durability::Strict
        } else {
            Durability::Relaxed
        }
    }

    pub(super) fn tell_storage(&mut self, durability: Durability, fault: Option<StorageFault>, detail: &str) {
        self.durability = Some(durability);
        self.out.events.push(Event::Storage {
            durability,
            fault,
            detail: detail.into(),
        });
    }

    /// The store begins anew, with who the session is, what it is subscribed to, and what the application has said of messages.
    pub(super) fn begin_anew(&mut self) {
        let back = core::mem::take(&mut self.is_store_back);
        if back {
            self.store.begin_snapshot();
        } else {
            self.store.clear();
        }
        self.store_facts(false);
        if back {
            self.note_back();
        }
        self.store_subscriptions();
        self.deliveries.forget_all();
        self.ledger.write(&mut self.store);
    }

    /// Before a batch leaves: keeps the facts fresh and the log short.
    pub(super) fn gather(&mut self) {
        if matches!(self.state, State::Stopped { .. }) {
            return;
        }
        self.refresh_facts();
        if self.store.gathers() && self.store.wants_snapshot(self.message_bytes()) {
            self.snapshot();
        }
    }

    /// Puts everything that is alive into the next batch, which then stands for itself.
    fn snapshot(&mut self) {
        self.store.begin_snapshot();
        self.store_facts(self.is_online());
        // Messages in publishing order, then those that are released, in the order of their PUBRECs: restoring counts on it.
        for stage in [Stage::Publishing, Stage::Resending, Stage::Waiting, Stage::Releasing] {
            let mut next = self.queue.first(stage);
            while let Some(slot) = next {
                next = self.queue.next(slot);
                if let Some(entry) = self.queue.get(slot) {
                    // What it waits for stays the batch that changed it last.
                    store_entry(&mut self.store, entry);
                }
            }
        }
        self.store_subscriptions();
        self.snapshot_inbound();
        self.store.note_standing(self.message_bytes());
    }

    /// About as many bytes as the messages take in a snapshot.
    fn message_bytes(&self) -> usize {
        let overhead = self.queue.total().saturating_mul(OVERHEAD);
        self.queue.bytes().saturating_add(overhead)
    }
}
