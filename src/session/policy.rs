//! What follows when a link or an attempt has ended: the one table that decides it, and the user's exceptions from it.
//!
//! README.md shows the table to users; `tests/scenarios/policy.rs` walks every code and holds the two together.

use super::{Cause, Reconnect, Session};

/// What to do next, by its number in [`super::Config::policy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Wait, and try again.
    Retry,
    /// Ask for fresh credentials and try again at once, one time until a link is stable: who refuses those too means it.
    Refresh,
    /// Go where the broker points to; where it names no server, as with `Retry`.
    Follow,
    /// Speak 3.1.1 from now on (after a refusal), or try it (after a close that answers CONNECT).
    FallBack,
    /// Stop.
    Stop,
}

/// Stands for all codes of a kind: no MQTT or WebSocket code is as high.
const ANY: u32 = 0xFFFF;
/// Return code 1 of 3.1.1: unacceptable protocol version.
pub(super) const UNACCEPTABLE_VERSION: u8 = 1;

/// The table. The reason codes of 5.0 and the return codes 1 to 5 of 3.1.1 have no number in common, so one table serves both.
const fn usual(cause: &Cause) -> Action {
    match cause {
        Cause::ClosedByUser => Action::Stop,
        Cause::Refused(refusal) => match refusal.reason {
            // Bad user name or password, not authorized.
            4 | 5 | 0x86 | 0x87 => Action::Refresh,
            0x84 => Action::FallBack,
            0x9C | 0x9D => Action::Follow,
            // They stay what they are however often one asks: CONNECT itself, the identifier, the ban, the method, or a will that the broker does not take.
            UNACCEPTABLE_VERSION | 2 | 0x81 | 0x82 | 0x85 | 0x8A | 0x8C | 0x90 | 0x95 | 0x99 | 0x9A | 0x9B => {
                Action::Stop
            }
            _ => Action::Retry,
        },
        Cause::Disconnected(refusal) => match refusal.reason {
            0x87 => Action::Refresh,
            // Another client uses the identifier: coming back would start a fight [MQTT-3.1.4-3].
            0x8E => Action::Stop,
            0x9C | 0x9D => Action::Follow,
            _ => Action::Retry,
        },
        Cause::SocketClosed { .. } => Action::FallBack,
        Cause::SocketFailed { .. }
        | Cause::ProtocolError { .. }
        | Cause::ConnectTimeout(_)
        | Cause::KeepAliveTimeout
        | Cause::WrongSubprotocol
        | Cause::TextFrame
        | Cause::Address(_)
        | Cause::Authentication(_)
        | Cause::Left
        | Cause::Renewed => Action::Retry,
    }
}

impl Session {
    /// What to do after `cause`, which has ended the link or the attempt.
    pub(super) fn action(&self, cause: &Cause) -> Action {
        for rule in self.config.policy.chunks_exact(4) {
            if let [kind, action, low, high] = *rule {
                let code = u32::from(u16::from_le_bytes([low, high]));
                if u32::from(kind) == cause.kind() && (code == ANY || code == cause.code()) {
                    return match action {
                        0 => Action::Retry,
                        1 => Action::Refresh,
                        2 => Action::Follow,
                        3 => Action::FallBack,
                        _ => Action::Stop,
                    };
                }
            }
        }
        match cause {
            // 3.1.1 was a guess: that it is not spoken says nothing about 5.0.
            Cause::Refused(refusal) if refusal.reason == UNACCEPTABLE_VERSION && self.version != self.offered => {
                Action::Retry
            }
            _ => usual(cause),
        }
    }

    /// Whether it is over, where `action` cannot be done at once. After a refusal there is nothing else to try; after a link there is: CONNACK has the
    /// last word on it.
    pub(super) const fn is_final(&self, action: Action, cause: &Cause) -> bool {
        match action {
            Action::Retry | Action::Follow => false,
            Action::Refresh => self.refreshed || matches!(cause, Cause::Refused(_)),
            Action::FallBack => matches!(cause, Cause::Refused(_)),
            Action::Stop => true,
        }
    }

    /// Whether the next attempt follows at once because it has fresh credentials.
    pub(super) fn refresh(&mut self, action: Action) -> bool {
        // A user who wants no second connection still wants the first one.
        let wanted = self.config.reconnect != Reconnect::Never || !self.is_online();
        let may = action == Action::Refresh && self.config.fresh_credentials && !self.refreshed && wanted;
        self.refreshed |= may;
        may
    }
}
