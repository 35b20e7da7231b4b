//! Server references: a broker may send its clients to another one, for now (0x9C) or for good (0x9D), and name it (4.11).
//!
//! The session knows no addresses. It decides whether a reference is followed, at once, and says so in [`Event::Prepare`]; whoever answers that finds
//! the address, or has the attempt wait like any other if the reference leads nowhere.
//!
//! [`Event::Prepare`]: super::Event::Prepare

use crate::codec::ReasonCode;

use super::policy::Action;
use super::{Cause, Reconnect, Redirect, Session, State};

/// References followed in a row, without a stable link in between: brokers may send a client in circles.
const MOST_IN_A_ROW: u8 = 5;

impl Session {
    /// Notes where the next attempt goes, now that `cause` has ended the link or the attempt. Returns whether it is to follow at once.
    pub(super) fn follow_reference(&mut self, cause: &Cause, action: Action) -> bool {
        self.redirect = None;
        let (Cause::Refused(refusal) | Cause::Disconnected(refusal)) = cause else {
            return false;
        };
        // A user who wants no second connection still wants the first one.
        let wanted = match cause {
            Cause::Disconnected(_) => self.config.reconnect != Reconnect::Never,
            _ => true,
        };
        let permanent = refusal.reason == ReasonCode::SERVER_MOVED.0;
        let moved = action == Action::Follow && !refusal.server_reference.is_empty();
        if !self.config.follow_references || !wanted || !moved {
            return false;
        }
        let follow = self.references_followed < MOST_IN_A_ROW && !self.backoff.is_spent(self.config.max_attempts);
        self.references_followed = if follow {
            self.references_followed.saturating_add(1)
        } else {
            0
        };
        let reference = if follow { &*refusal.server_reference } else { "" };
        self.redirect = Some(Redirect {
            reference: reference.into(),
            permanent: permanent || !follow,
        });
        follow
    }

    /// Answers [`Event::Prepare`]: its reference leads nowhere. It is as if the broker had not given any.
    ///
    /// [`Event::Prepare`]: super::Event::Prepare
    pub(super) fn reference_failed(&mut self) {
        self.redirect = None;
        if let State::Connecting { cause: Some(cause), .. } = &self.state {
            let cause = cause.clone();
            self.retry_later(cause, false);
        }
    }
}
