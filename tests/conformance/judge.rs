//! What a broker that does wrong gets to see.

use hawser::codec::Version;
use hawser::session::{Cause, State};

use crate::world::{Socket, World};

impl World {
    /// The client has taken what came last for a fault: it said so with exactly this DISCONNECT, closed the socket, waits before it tries again, and the
    /// cause names the code.
    #[track_caller]
    pub fn assert_disconnected_with(&mut self, reason: u8) {
        assert_eq!(self.take_wire(), [0xE0, 1, reason], "DISCONNECT {reason:02X} expected");
        self.assert_closed_for(reason);
    }

    /// The same where no DISCONNECT exists for it: in 3.1.1, and before CONNACK. The socket is closed without a word.
    #[track_caller]
    pub fn assert_closed_silently_for(&mut self, reason: u8) {
        assert_eq!(self.take_wire(), [0_u8; 0], "nothing is to be sent");
        self.assert_closed_for(reason);
    }

    #[track_caller]
    fn assert_closed_for(&self, reason: u8) {
        assert_eq!(self.socket, Socket::None, "the socket is closed");
        assert!(
            matches!(self.session.state(), State::Waiting { .. }),
            "{:?}",
            self.session.state()
        );
        assert!(
            matches!(self.cause(), Cause::ProtocolError { reason: named, .. } if *named == reason),
            "{:?}",
            self.cause()
        );
    }

    /// The client has taken what came last for a fault, and answered as its version does: 5.0 says why, 3.1.1 only closes [MQTT-4.8.0-1].
    #[track_caller]
    pub fn assert_refused_with(&mut self, reason: u8) {
        match self.version {
            Version::V5 => self.assert_disconnected_with(reason),
            Version::V311 => self.assert_closed_silently_for(reason),
        }
    }
}
