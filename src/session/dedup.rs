//! De-duplication by what the application says of a message: a ledger of keys, kept with the session.
//!
//! A claim is told to be new when the store has it, and confirmed with the acknowledgement of its message. So a handler never begins twice for one key; what
//! a page that was killed had begun and not finished is known, and said.

use std::collections::VecDeque;

use super::deliveries::Deliveries;
use super::index::Index;
use super::write_ahead::WriteAhead;
use super::{Event, Millis, Session, State, StoreKey};

/// Entries that have no meaning any more may be so many, and as many as the others, before they are dropped.
const FEW: usize = 64;
/// Below every value: nothing is confirmed, or was found in the store.
const NOTHING: f64 = -1.0;

/// How a claim is compared with the earlier one of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The key names the message: the value is 0.
    Id,
    /// Values are times: one that is not later than the last is old.
    Timestamp,
    /// Values count up: one that is not above the last was there before, one that leaves some out says how many.
    Sequence,
}

/// What the application says of a message before it handles it.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// The caller's number, given back in [`Event::Claimed`].
    pub token: u32,
    /// The delivery that it belongs to; 0 at QoS 0, which is confirmed at once.
    pub delivery: u32,
    /// Scope and key.
    pub key: &'a str,
    /// How to compare.
    pub rule: Rule,
    /// What to compare, from 0.
    pub value: f64,
    /// Milliseconds to remember it.
    pub ttl: u64,
}

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the first: handle the message.
    New = 0,
    /// It was there before.
    Duplicate = 1,
    /// A page that was killed before it was done had claimed it.
    Interrupted = 2,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u64,
    /// The highest value that was claimed.
    last: f64,
    /// Up to here the messages were handled.
    confirmed: f64,
    /// Up to here the claims are those of an earlier page.
    inherited: f64,
    expires: Millis,
    /// False: a later entry has taken its place.
    live: bool,
}

/// What is known of keys, by their hash: of 64 bits, so that two of the few that are remembered never share one.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Number of the first of `entries`.
    first: u32,
    /// In the order of their latest claim.
    entries: VecDeque<Entry>,
    /// Numbers of the live entries.
    by_hash: Index,
    /// Claims whose message is not handled. In the order of their deliveries.
    open: VecDeque<Open>,
}

/// A claim whose message is not handled.
#[derive(Debug)]
struct Open {
    delivery: u32,
    hash: u64,
    /// The highest one whose handling is known when this message is handled.
    value: f64,
    /// The delivery that is the same in a later session, and waits for this one; 0: none.
    again: u32,
}

impl Ledger {
    /// Takes a claim; the verdict, how many values of a sequence are missing, and the batch that carries it.
    fn claim(
        &mut self,
        store: &mut WriteAhead,
        deliveries: &mut Deliveries,
        now: Millis,
        claim: &Claim<'_>,
        most: usize,
    ) -> (Verdict, u32, u64) {
        let hash = hash(claim.key);
        let known = self.find(hash).filter(|entry| entry.expires >= now);
        self.forget_old(store, now, most.saturating_sub(usize::from(known.is_none())));
        let mut entry = known.unwrap_or(Entry {
            hash,
            last: NOTHING,
            confirmed: NOTHING,
            inherited: NOTHING,
            expires: now,
            live: true,
        });
        if claim.value <= entry.last {
            let unconfirmed = claim.value > entry.confirmed;
            if unconfirmed && let Some(first) = self.find_open(usize::MAX, hash, claim.value) {
                if deliveries.wait_for([first.delivery, first.again], claim.delivery) {
                    first.again = claim.delivery;
                }
            } else if unconfirmed && claim.value <= entry.inherited {
                // Told once: it counts as handled with the answer to this message, and at once where there is none.
                self.note_open(claim, hash);
                let mut batch = 0;
                if claim.delivery == 0 {
                    entry.confirmed = claim.value;
                    self.set(entry);
                    batch = put(store, &entry);
                }
                return (Verdict::Interrupted, 0, batch);
            }
            return (Verdict::Duplicate, 0, 0);
        }
        let mut missing = 0;
        if claim.rule == Rule::Sequence && known.is_some() {
            missing = (claim.value - entry.last - 1.0) as u32;
        }
        entry.last = claim.value;
        entry.expires = now.plus(claim.ttl);
        if claim.delivery == 0 {
            entry.confirmed = claim.value;
        }
        self.set(entry);
        self.note_open(claim, hash);
        (Verdict::New, missing, put(store, &entry))
    }

    fn note_open(&mut self, claim: &Claim<'_>, hash: u64) {
        if claim.delivery == 0 {
            return;
        }
        // A message that was kept for a while is claimed behind later ones.
        let mut at = self.open.len();
        while let Some(before) = at.checked_sub(1)
            && let Some(open) = self.open.get(before)
            && later(open.delivery, claim.delivery)
        {
            at = before;
        }
        let open = Open {
            delivery: claim.delivery,
            hash,
            value: claim.value,
            again: 0,
        };
        self.open.insert(at, open);
    }

    /// The first claim of a key, among so many, that is not confirmed and has this value or a higher one.
    fn find_open(&mut self, among: usize, hash: u64, value: f64) -> Option<&mut Open> {
        let found = |open: &Open| open.hash == hash && open.value >= value;
        let at = (0..among).find(|at| self.open.get(*at).is_none_or(found))?;
        self.open.get_mut(at)
    }

    /// This message is handled: takes out one claim of it. The batch that says so, and the delivery that has waited for it.
    fn confirm(&mut self, store: &mut WriteAhead, delivery: u32) -> Option<(u64, u32)> {
        let not_before = |open: &Open| !later(delivery, open.delivery);
        let at = (0..=self.open.len()).find(|at| self.open.get(*at).is_none_or(not_before))?;
        self.open.get(at).filter(|open| open.delivery == delivery)?;
        let Open { hash, value, again, .. } = self.open.remove(at)?;
        let mut batch = 0;
        // All up to a value are confirmed together: an earlier message of the key that is not handled holds back this one.
        if let Some(earlier) = self.find_open(at, hash, NOTHING) {
            earlier.value = earlier.value.max(value);
        } else if let Some(entry) = self.find(hash) {
            let confirmed = entry.confirmed.max(value);
            let entry = Entry { confirmed, ..entry };
            self.set(entry);
            batch = put(store, &entry);
        }
        Some((batch, again))
    }

    /// The delivery of a lost session that this one, the same in a later session, waits for.
    pub(super) fn waited_for(&self, delivery: u32) -> Option<u32> {
        let open = self.open.iter().find(|open| open.again == delivery)?;
        Some(open.delivery)
    }

    /// A stored entry; `None` if the value makes no sense.
    pub(super) fn restore(&mut self, hash: u64, value: &[u8]) -> Option<()> {
        let [last, confirmed, expires]: [[u8; 8]; 3] = value.as_chunks().0.try_into().ok()?;
        let last = f64::from_le_bytes(last);
        self.set(Entry {
            hash,
            last,
            confirmed: f64::from_le_bytes(confirmed),
            inherited: last,
            expires: Millis(u64::from_le_bytes(expires)),
            live: true,
        });
        Some(())
    }

    /// Writes all entries.
    pub(super) fn write(&self, store: &mut WriteAhead) {
        for entry in self.entries.iter().filter(|entry| entry.live) {
            put(store, entry);
        }
    }

    /// Lets go of the oldest entries that are over, or more than `most`.
    fn forget_old(&mut self, store: &mut WriteAhead, now: Millis, most: usize) {
        while let Some(entry) = self.entries.front() {
            let over = entry.expires < now || self.by_hash.len() > most;
            if entry.live && !over {
                break;
            }
            if entry.live {
                store.delete(StoreKey::Ledger(entry.hash));
                self.by_hash.remove(entry.hash as u32, self.first);
            }
            self.entries.pop_front();
            self.first = self.first.wrapping_add(1);
        }
    }

    fn find(&self, hash: u64) -> Option<Entry> {
        self.number(hash).and_then(|number| self.get(number)).copied()
    }

    /// The number of the live entry with this hash.
    fn number(&self, hash: u64) -> Option<u32> {
        let is = |number| self.get(number).is_some_and(|entry| entry.hash == hash);
        self.by_hash.find(hash as u32, is)
    }

    fn get(&self, number: u32) -> Option<&Entry> {
        self.entries.get(number.wrapping_sub(self.first) as usize)
    }

    /// Sets the latest entry of a key, behind all others.
    fn set(&mut self, entry: Entry) {
        if self.entries.len() > self.by_hash.len().saturating_mul(2).saturating_add(FEW) {
            self.entries.retain(|entry| entry.live);
            self.first = 0;
            self.by_hash = Index::default();
            for (number, entry) in (0..).zip(&self.entries) {
                self.by_hash.insert(entry.hash as u32, number);
            }
        }
        if let Some(number) = self.number(entry.hash) {
            self.by_hash.remove(entry.hash as u32, number);
            if let Some(earlier) = self.entries.get_mut(number.wrapping_sub(self.first) as usize) {
                earlier.live = false;
            }
        }
        let number = self.first.wrapping_add(self.entries.len() as u32);
        self.by_hash.insert(entry.hash as u32, number);
        self.entries.push_back(entry);
    }
}

impl Session {
    /// Asks whether a message is to be handled; [`Event::Claimed`] answers: that it is new only when the store has it. After the end nothing does: no handler
    /// begins any more.
    pub fn claim(&mut self, now: Millis, claim: Claim<'_>) {
        self.tick(now);
        if matches!(self.state, State::Stopped { .. }) {
            return;
        }
        let token = claim.token;
        let (verdict, missing, batch) = self.ledger.claim(
            &mut self.store,
            &mut self.deliveries,
            self.now,
            &claim,
            self.config.max_keys,
        );
        let event = Event::Claimed {
            token,
            verdict,
            missing,
        };
        if self.store.is_committed(batch) {
            self.out.events.push(event);
        } else {
            self.store.tell(batch, event);
        }
    }

    /// Confirms a claim of a message that is handled, in one batch with what its acknowledgement stands on. The delivery that has waited for it, 0 for none.
    pub(super) fn confirm_claim(&mut self, delivery: u32) -> Option<u32> {
        let (batch, again) = self.ledger.confirm(&mut self.store, delivery)?;
        self.inbound_stored_in = self.inbound_stored_in.max(batch);
        Some(again)
    }
}

/// Whether a delivery came after another one: numbers go round.
const fn later(delivery: u32, other: u32) -> bool {
    delivery.wrapping_sub(other).wrapping_sub(1) < u32::MAX / 2
}

/// Writes an entry: the value claimed last, the one confirmed last, and when it is over.
fn put(store: &mut WriteAhead, entry: &Entry) -> u64 {
    let numbers = [
        entry.last.to_le_bytes(),
        entry.confirmed.to_le_bytes(),
        entry.expires.0.to_le_bytes(),
    ];
    store.put(StoreKey::Ledger(entry.hash), numbers.as_flattened())
}

/// FNV-1a with a stir at the end, the same in every version: stored keys are found by it.
fn hash(key: &str) -> u64 {
    let hash = key.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    });
    (hash ^ hash >> 32).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_are_claimed_for_ever_take_no_more_room() {
        let mut ledger = Ledger::default();
        let (mut store, mut deliveries) = (WriteAhead::new(false), Deliveries::default());
        for time in 0..100_000_u32 {
            let key = (time % 5).to_string();
            let claim = Claim {
                token: 0,
                delivery: 0,
                key: if time == 0 { "stays" } else { &key },
                rule: Rule::Timestamp,
                value: f64::from(time),
                ttl: 1_000,
            };
            assert_eq!(
                ledger.claim(&mut store, &mut deliveries, Millis(0), &claim, 10_000).0,
                Verdict::New
            );
            assert!(ledger.entries.len() <= 2 * ledger.by_hash.len() + FEW + 1);
        }
        assert_eq!(ledger.by_hash.len(), 6);
    }
}
