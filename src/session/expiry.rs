//! Message Expiry Interval (3.3.2.3.3) of our own messages: counted down as long as they wait here.
//!
//! What never left and is over is not sent any more. What has left once is the broker's to give up: in a session that lives it is sent again whatever its
//! age, for QoS 1 because `[MQTT-4.4.0-1]` allows no exception, for QoS 2 because of `[MQTT-4.3.3-7]`. Only if the session is lost as well, nobody can tell what
//! became of it.

use crate::codec::{Place, Properties};

use super::queue::{Entry, Stage};
use super::{Failure, Millis, Session, Span};

/// Milliseconds between two looks at all messages that wait: none is sent too late, but it may be told a little late.
const BETWEEN_LOOKS: u64 = 1_000;

impl Session {
    /// The last moment at which a message with these properties may leave.
    pub(super) fn expires(&self, properties: &Properties<'_>) -> Option<Millis> {
        let seconds = properties.message_expiry_interval()?;
        Some(self.now.plus(u64::from(seconds).saturating_mul(1_000)))
    }

    /// Whether a message may still leave.
    pub(super) fn check_age(&self, entry: &Entry, stage: Stage) -> Result<(), Failure> {
        if entry.expires.is_none_or(|at| self.now <= at) {
            Ok(())
        } else if !entry.sent {
            Err(Failure::Expired)
        } else if stage == Stage::Waiting {
            Err(Failure::Indeterminate)
        } else {
            Ok(())
        }
    }

    /// Looks again when a message that waits is over.
    pub(super) fn watch_age(&mut self, expires: Option<Millis>) {
        let over = expires.map(|at| at.plus(1));
        self.next_expiry = [self.next_expiry, over].into_iter().flatten().min();
    }

    /// Settles what is over.
    pub(super) fn settle_expired(&mut self) {
        if self.next_expiry.is_none_or(|at| self.now < at) {
            return;
        }
        self.next_expiry = None;
        let soonest = self.now.plus(BETWEEN_LOOKS);
        for stage in [
            Stage::WaitingAtMostOnce,
            Stage::Waiting,
            Stage::Resending,
            Stage::Publishing,
        ] {
            let mut next = self.queue.first(stage);
            while let Some(slot) = next {
                next = self.queue.next(slot);
                let Some(entry) = self.queue.get(slot) else {
                    continue;
                };
                match self.check_age(entry, stage) {
                    Err(failure) => self.settle(slot, failure.code(), Span::default()),
                    Ok(()) if entry.sent && stage != Stage::Waiting => {}
                    Ok(()) => {
                        let expires = entry.expires.map(|at| at.max(soonest));
                        self.watch_age(expires);
                    }
                }
            }
        }
        self.pump();
    }
}

/// Writes what is left of a message's life into its packet `[MQTT-3.3.2-6]`; never nothing, which some brokers take for "no limit".
pub(super) fn count_down(entry: &mut Entry, now: Millis) {
    let Some(expires) = entry.expires else {
        return;
    };
    let left = expires.0.saturating_sub(now.0).div_ceil(1_000).max(1);
    let end = entry.wire.len().saturating_sub(entry.payload_length);
    let start = end.saturating_sub(entry.properties_length);
    let Some(block) = entry.wire.get_mut(start..end) else {
        return;
    };
    let at = Properties::parse(block, Place::PublishFromClient).map_or(None, |block| block.message_expiry_at());
    let value = at.and_then(|at| block.get_mut(at..)?.first_chunk_mut());
    if let Some(bytes) = value {
        let before = u32::from_be_bytes(*bytes);
        *bytes = before.min(u32::try_from(left).unwrap_or(before)).to_be_bytes();
    }
}
