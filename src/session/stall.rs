//! Handlers that do not finish: told, because the broker stops sending when too many messages wait for an answer, and nobody would know why.

use super::{Event, Millis, Session, State};

impl Session {
    /// When to look at the oldest message that is not handled.
    pub(super) fn next_stall(&self) -> Option<Millis> {
        let over = matches!(self.state, State::Stopped { .. });
        let watched = self.config.stall_after > 0 && !self.deliveries.told && !over;
        self.deliveries.head().filter(|_| watched)?;
        Some(self.deliveries.since.plus(self.config.stall_after))
    }

    /// Tells of a message that has been the oldest one for too long, once.
    pub(super) fn check_stall(&mut self) {
        if self.next_stall().is_some_and(|at| at <= self.now)
            && let Some(head) = self.deliveries.head()
        {
            // Of a duplicate that waits for another one the application knows nothing any more.
            let delivery = self.ledger.waited_for(head).unwrap_or(head);
            self.deliveries.told = true;
            let waited = self.now.0.saturating_sub(self.deliveries.since.0);
            let waited = u32::try_from(waited).unwrap_or(u32::MAX);
            self.out.events.push(Event::Stalled { delivery, waited });
        }
    }
}
