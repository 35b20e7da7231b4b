//! A planned reconnect: another link in place of one that still works, because its credentials run out or a better address has come back.

use crate::codec::ReasonCode;

use super::queue::Stage;
use super::timers::Timer;
use super::{Cause, Millis, Session};

/// How long the answers to what has left may take before the link is left all the same, in milliseconds.
const PATIENCE: u64 = 5_000;

impl Session {
    /// Gives up the link for another one without losing anything: from now on nothing new leaves; when all that has left is answered, or after five seconds,
    /// DISCONNECT follows (0x00: it ends no session and brings no will), and the next attempt at once. What is published and subscribed to meanwhile waits
    /// for it. No effect without a link: the next attempt asks for address and credentials anyway.
    ///
    /// A session that ends with its link ends here too: what others publish between the two links is missed, as with any lost link.
    pub fn renew(&mut self, now: Millis) {
        self.tick(now);
        if self.sends() {
            self.link.renewing = true;
            self.timers.set(Timer::Renew, self.now.plus(PATIENCE));
        }
    }

    /// Whether new messages and requests may leave.
    pub(super) const fn sends(&self) -> bool {
        self.is_online() && !self.link.renewing
    }

    /// Goes on with [`Session::renew`] when nothing stands in the way any more.
    pub(super) fn check_renewal(&mut self) {
        if !self.link.renewing {
            return;
        }
        let answered = self.queue.len(Stage::Publishing) == 0
            && self.queue.len(Stage::Releasing) == 0
            && self.subscriptions.awaiting.is_empty()
            && self.link.reauthentication.is_none()
            && self.store.held() == 0;
        if answered || self.timers.due(Timer::Renew, self.now) {
            self.leave(ReasonCode::NORMAL_DISCONNECTION, Cause::Renewed);
        }
    }
}
