//! The last packet of a connection: DISCONNECT, and when there is none.

use crate::codec::{Disconnect, Place, Properties, Property, PropertyBuf, ReasonCode, ReasonPlace, Version};

use super::{Cause, Fault, Session};

impl Session {
    /// The broker broke the protocol: DISCONNECT with the reason where there is one to send (4.13.1), then the end of this connection.
    pub(super) fn fault(&mut self, fault: &Fault) {
        let cause = Cause::ProtocolError {
            reason: fault.reason.0,
            detail: fault.detail.into(),
        };
        self.leave(fault.reason, cause);
    }

    /// Ends this connection for a reason of ours: DISCONNECT with it where there is one to send, then the close.
    pub(super) fn leave(&mut self, reason: ReasonCode, cause: Cause) {
        // In 3.1.1 there is nothing to say but that all is well.
        let speaks = self.version == Version::V5 || reason == ReasonCode::NORMAL_DISCONNECTION;
        let farewell = if self.is_online() && speaks {
            let mut packets = core::mem::take(&mut self.out.transmit);
            // Every reason given here is one that a client may send.
            let _ = Disconnect::new(reason).encode(self.version, &mut packets);
            self.link.wrote();
            self.note_written();
            packets
        } else {
            Vec::new()
        };
        self.lost(cause, true);
        self.out.transmit = farewell;
    }

    /// DISCONNECT as the user wants it, as far as it may be sent.
    pub(super) fn write_disconnect(&self, reason: ReasonCode, raw: &[u8], packets: &mut Vec<u8>) {
        let version = self.version;
        let start = packets.len();
        if version == Version::V311 {
            // With another reason the will is wanted: then there is no DISCONNECT in 3.1.1, just the end.
            if reason == ReasonCode::NORMAL_DISCONNECTION {
                let _ = Disconnect::new(reason).encode(version, packets);
            }
            return;
        }
        // What only servers say is not a client's to send [MQTT-3.14.2-1].
        let reason = if reason.allowed_in(ReasonPlace::DisconnectFromClient) {
            reason
        } else {
            ReasonCode::NORMAL_DISCONNECTION
        };
        let properties = Properties::parse(raw, Place::DisconnectFromClient)
            .ok()
            .filter(|properties| {
                let raises = properties.session_expiry_interval().is_some_and(|expiry| expiry > 0);
                !(raises && self.config.session_expiry == 0)
            })
            .unwrap_or_default();
        let limit = self.link.limits.maximum_packet_size as usize;
        // What is for people goes first when there is no room: the session's expiry is more than that [MQTT-3.14.2-3], [MQTT-3.14.2-4].
        let mut expiry = PropertyBuf::new(Place::DisconnectFromClient);
        if let Some(seconds) = properties.session_expiry_interval() {
            let _ = expiry.push(Property::SessionExpiryInterval(seconds));
        }
        for properties in [properties, expiry.as_properties(), Properties::EMPTY] {
            packets.truncate(start);
            let written = Disconnect { reason, properties }.encode(version, packets);
            if written.is_ok() && packets.len().saturating_sub(start) <= limit {
                break;
            }
        }
    }
}
