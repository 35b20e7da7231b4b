//! Where the session stands: one enum, each state with its own data.

use std::rc::Rc;

use crate::codec::Version;

use super::{Cause, Millis};

/// The state of the link.
///
/// ```text
///            start            address          open            CONNACK
///   Idle ───────────▶ Connecting ─────▶ Connecting ──▶ Connecting ───────▶ Online
///                     (Address)         (Socket)       (Handshake)            │
///                        ▲  │               │               │                 │
///       retry_at passed, │  └───────────────┴───────┬───────┴─────────────────┘
///        reconnect_now   │                          │ failure, loss, fault
///                        │          may retry       ▼        final, or close()
///                     Waiting ◀──────────────── (verdict) ──────────────────▶ Stopped
///                                                                                │
///                     Connecting (Address) ◀─────────── reconnect_now ───────────┘
///                                                 (not after close)
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Not started.
    Idle,
    /// An attempt is under way.
    Connecting {
        /// From 1; starts again after a stable time online.
        attempt: u32,
        /// How far it is.
        phase: Phase,
        /// The protocol that it offers.
        version: Version,
        /// When this phase of it began.
        since: Millis,
        /// Why the link before it was lost.
        cause: Option<Rc<Cause>>,
    },
    /// CONNACK has been accepted.
    Online {
        /// The attempt that succeeded.
        attempt: u32,
        /// When CONNACK came.
        since: Millis,
    },
    /// Between two attempts.
    Waiting {
        /// The attempt that comes next.
        attempt: u32,
        /// When it begins.
        retry_at: Millis,
        /// Why the link was lost.
        cause: Rc<Cause>,
    },
    /// No further attempt.
    Stopped {
        /// Why.
        cause: Rc<Cause>,
    },
}

/// How far an attempt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Phase {
    /// URL and credentials are being found.
    Address = 0,
    /// The socket is being opened.
    Socket = 1,
    /// CONNECT was sent.
    Handshake = 2,
}
