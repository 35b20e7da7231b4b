//! What is counted over all links. No more than an addition for each packet.

use crate::codec::PINGREQ;

use super::{Event, Millis, Session, trace};

/// What a session has done since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Attempts to get a link.
    pub attempts: u32,
    /// Links that were lost: neither by [`Session::close`] nor by [`Session::renew`], nor because the page went away.
    pub losses: u32,
    /// Packets that were handed over for sending.
    pub packets_sent: u64,
    /// Whole packets of the broker.
    pub packets_received: u64,
    /// When something was sent last; 0 = never.
    pub last_sent: Millis,
    /// When something was received last; 0 = never.
    pub last_received: Millis,
    /// Milliseconds between the latest packet that a broker answers at once (CONNECT, PINGREQ) and its answer.
    pub round_trip: Option<u64>,
}

impl Session {
    /// What was counted so far.
    #[must_use]
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// What is in the transmit buffer counts as sent.
    pub(super) fn note_transmit(&mut self) {
        self.link.unanswered = self.link.unanswered.saturating_sub(self.link.answered);
        self.link.answered = 0;
        if self.out.transmit.is_empty() {
            return;
        }
        self.note_written();
        self.tally.last_sent = self.now;
        self.link.keep_alive.sent(self.now);
        if self.config.trace {
            let packets = trace::packets(&self.out.transmit).map(|packet| Event::Packet(Box::new(packet)));
            self.out.events.extend(packets);
        }
    }

    /// What was written leaves for sure, whatever becomes of the link.
    pub(super) fn note_written(&mut self) {
        let written = core::mem::take(&mut self.link.written);
        self.tally.packets_sent = self.tally.packets_sent.wrapping_add(written.into());
    }

    /// A PINGREQ, which the broker answers at once (3.12.4).
    pub(super) fn probe(&mut self) {
        self.out.transmit.extend_from_slice(&PINGREQ);
        self.link.wrote();
        self.note_question();
    }

    /// A packet leaves that the broker answers at once. Of several the first answer is the first one's.
    pub(super) const fn note_question(&mut self) {
        if self.link.asked.is_none() {
            self.link.asked = Some(self.now);
        }
    }

    /// Its answer is here.
    pub(super) fn note_answer(&mut self) {
        if let Some(asked) = self.link.asked.take() {
            self.tally.round_trip = Some(self.now.since(asked));
        }
    }
}
