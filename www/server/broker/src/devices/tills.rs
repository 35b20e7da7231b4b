//! The tills: they take charges at QoS 2 and never look whether they have seen one before. That is the point: if a charge came
//! twice it would be booked twice, and the published ledger would show it.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::outgoing::Outgoing;

/// Tills that are remembered; each dashboard uses one of its own.
const TILLS: usize = 64;
/// Charges per till that are listed by name in the ledger.
const LISTED: usize = 45;

#[derive(Deserialize)]
struct Charge {
    id: String,
    cents: u64,
}

#[derive(Default)]
pub struct Tills {
    ledgers: BTreeMap<String, Ledger>,
    order: VecDeque<String>,
}

/// What a till has booked.
#[derive(Default)]
struct Ledger {
    times: HashMap<String, u32>,
    latest: VecDeque<String>,
    cents: u64,
    processed: u64,
}

#[derive(Serialize)]
struct LedgerState<'a> {
    /// Charges booked, repeated ones included.
    processed: u64,
    /// Charges booked more than once: 0, or QoS 2 is broken.
    duplicates: usize,
    /// Sum of all that was booked.
    cents: u64,
    /// The latest charges by id, and how often each was booked.
    latest: Vec<(&'a str, u32)>,
}

impl Tills {
    /// Books a charge for a till; what is no charge is not booked.
    pub fn on_charge(&mut self, till: &str, payload: &[u8]) -> Option<Outgoing> {
        let charge: Charge = serde_json::from_slice(payload).ok()?;
        if !self.ledgers.contains_key(till) {
            self.open(till);
        }
        let ledger = self.ledgers.get_mut(till)?;
        ledger.book(charge);
        Some(ledger.state(till))
    }

    /// The ledgers of all tills.
    pub fn states(&self) -> impl Iterator<Item = Outgoing> {
        self.ledgers.iter().map(|(till, ledger)| ledger.state(till))
    }

    fn open(&mut self, till: &str) {
        if self.order.len() == TILLS
            && let Some(oldest) = self.order.pop_front()
        {
            self.ledgers.remove(&oldest);
        }
        self.order.push_back(till.to_owned());
        self.ledgers.insert(till.to_owned(), Ledger::default());
    }
}

impl Ledger {
    fn book(&mut self, charge: Charge) {
        self.processed += 1;
        self.cents += charge.cents;
        self.latest.push_back(charge.id.clone());
        if self.latest.len() > LISTED {
            self.latest.pop_front();
        }
        *self.times.entry(charge.id).or_default() += 1;
    }

    fn state(&self, till: &str) -> Outgoing {
        let times = |id: &String| self.times.get(id).copied().unwrap_or_default();
        let state = LedgerState {
            processed: self.processed,
            duplicates: self.times.values().filter(|times| **times > 1).count(),
            cents: self.cents,
            latest: self.latest.iter().map(|id| (id.as_str(), times(id))).collect(),
        };
        Outgoing::state(format!("till/{till}/ledger"), &state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_charge_that_comes_twice_is_booked_twice_and_shown() {
        let mut tills = Tills::default();
        tills.on_charge("a", br#"{"id":"1","cents":250}"#);
        let ledger = tills.on_charge("a", br#"{"id":"1","cents":250}"#).unwrap();
        assert_eq!(
            ledger.payload,
            r#"{"processed":2,"duplicates":1,"cents":500,"latest":[["1",2],["1",2]]}"#
        );
    }

    #[test]
    fn the_number_of_tills_is_bounded() {
        let mut tills = Tills::default();
        for till in 0..TILLS + 10 {
            tills.on_charge(&till.to_string(), br#"{"id":"1","cents":1}"#);
        }
        assert_eq!(tills.states().count(), TILLS);
    }
}
