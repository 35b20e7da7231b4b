//! Which protocol version is spoken: 5.0, or 3.1.1 where the broker does not speak 5.0 and the user leaves the choice to us.
//!
//! A broker that knows 5.0 says no by CONNACK 0x84, an older one by `20 02 00 01`: then 3.1.1 is settled for good, and the next attempt follows at
//! once. A broker that closes the socket in answer to CONNECT may mean the same, or may be restarting. So that is a guess, good for one attempt: when
//! its turn comes it offers 3.1.1, and only a CONNACK settles that; without one the attempt after it offers 5.0 again, and so on in turn. No attempt is
//! made more often for it, except that the guess follows at once where the user allows a single attempt. No guess is made about a broker that has ever
//! accepted 5.0, or that another one has sent us to.
//!
//! What 3.1.1 cannot express is left out then: property blocks of CONNECT, will, messages and subscriptions, and all subscription options but the QoS.

use crate::codec::Version;

use super::outgoing::{drop_properties, store_entry};
use super::policy::{Action, UNACCEPTABLE_VERSION};
use super::{Cause, Reconnect, Session};

impl Session {
    /// Decides what the next attempt offers, now that `cause` has ended the link or the attempt. Returns whether it is to follow at once.
    pub(super) fn choose_version(&mut self, cause: &Cause, action: Action) -> bool {
        let may_fall_back = action == Action::FallBack
            && self.config.fall_back
            && self.offered == Version::V5
            && self.authentication_method().is_none();
        match cause {
            Cause::Refused(_) if may_fall_back => {
                self.offered = Version::V311;
                self.settle_version();
                return true;
            }
            Cause::SocketClosed { .. } if may_fall_back && !self.connected_before && self.redirect.is_none() => {
                self.offered = Version::V311;
                return self.config.reconnect == Reconnect::Never
                    || self.config.max_attempts.is_some_and(|most| most <= 1);
            }
            Cause::Refused(refusal) if refusal.reason != UNACCEPTABLE_VERSION => self.settle_version(),
            _ => self.offered = self.version,
        }
        false
    }

    /// The broker has answered in the version that was offered: whatever is kept here is put into it.
    pub(super) fn settle_version(&mut self) {
        if self.version == self.offered {
            return;
        }
        self.version = self.offered;
        let store = &mut self.store;
        self.queue.rewrite(|entry| {
            if drop_properties(entry) {
                entry.stored_in = store_entry(store, entry);
            }
        });
        self.store_subscriptions();
        self.store_facts(false);
    }
}
