//! Whether another attempt may help: the one place that decides it.

use crate::codec::Version;

use super::Cause;

/// Refusals that stay what they are however often one asks: wrong version, identifier, credentials, rights, or a will the broker does not take.
const FINAL_REFUSALS: [u8; 13] = [
    0x81, 0x82, 0x84, 0x85, 0x86, 0x87, 0x8A, 0x8C, 0x90, 0x95, 0x99, 0x9A, 0x9B,
];
/// The same for the return codes of 3.1.1; 3 is "server unavailable".
const FINAL_RETURN_CODES: [u8; 4] = [1, 2, 4, 5];
/// Another client uses the identifier: coming back would start a fight `[MQTT-3.1.4-3]`.
const SESSION_TAKEN_OVER: u8 = 0x8E;

/// Whether to try again after `cause`.
pub(super) fn may_retry(cause: &Cause, version: Version) -> bool {
    match cause {
        Cause::ClosedByUser => false,
        Cause::Refused(refusal) => match version {
            Version::V5 => !FINAL_REFUSALS.contains(&refusal.reason),
            Version::V311 => !FINAL_RETURN_CODES.contains(&refusal.reason),
        },
        Cause::Disconnected(refusal) => refusal.reason != SESSION_TAKEN_OVER,
        Cause::SocketFailed { .. }
        | Cause::SocketClosed { .. }
        | Cause::ProtocolError { .. }
        | Cause::ConnectTimeout(_)
        | Cause::KeepAliveTimeout
        | Cause::WrongSubprotocol
        | Cause::TextFrame
        | Cause::Address(_)
        | Cause::Authentication(_) => true,
    }
}
