//! Doors that open and close when they like. Their events are numbered, so that a dashboard can prove that none is missing.

use serde::Serialize;

use super::outgoing::Outgoing;

pub struct Door {
    name: &'static str,
    open: bool,
    number: u64,
    /// Seconds until somebody uses it again.
    rest: u32,
}

#[derive(Serialize)]
struct DoorEvent {
    /// Counts this door's events from 1, without a gap.
    number: u64,
    open: bool,
    at: u64,
}

pub fn doors() -> Vec<Door> {
    ["front", "garage"]
        .into_iter()
        .map(|name| Door {
            name,
            open: false,
            number: 0,
            rest: fastrand::u32(1..4),
        })
        .collect()
}

impl Door {
    /// One second passes; maybe somebody comes by.
    pub fn on_second(&mut self, now: u64) -> Option<Outgoing> {
        self.rest -= 1;
        if self.rest > 0 {
            return None;
        }
        self.open = !self.open;
        self.number += 1;
        // An open door is closed soon; a closed one stays closed for a while.
        self.rest = if self.open {
            fastrand::u32(2..6)
        } else {
            fastrand::u32(4..14)
        };
        let event = DoorEvent {
            number: self.number,
            open: self.open,
            at: now,
        };
        Some(Outgoing::event(format!("door/{}/event", self.name), &event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_numbered_without_a_gap_and_alternate() {
        let mut door = doors().remove(0);
        let events: Vec<serde_json::Value> = (0..200)
            .filter_map(|second| door.on_second(second))
            .map(|publish| serde_json::from_str(&publish.payload).unwrap())
            .collect();
        assert!(events.len() > 10);
        for (index, event) in events.iter().enumerate() {
            assert_eq!(event["number"], index + 1);
            assert_eq!(event["open"], index % 2 == 0);
        }
    }
}
