//! What a stored session knows about itself, besides its messages and subscriptions: who it is, with which broker, in which protocol, and until when
//! the broker keeps it.
//!
//! They are written with the first batch of a session, at every CONNACK, at the end of every link, and from time to time while it lasts: a page that is
//! killed leaves behind when it was online the last time.

use crate::codec::Version;

use super::segment::{number, put_number};
use super::{Millis, Session, StoreKey};

/// The broker has (had) the session.
const SESSION: u64 = 1;
/// CONNECT may have left since the last CONNACK, and have begun another session; or this one may be at a server that another has named.
const DOUBT: u64 = 2;
/// All subscriptions have their identifiers at the broker.
const IDENTIFIED: u64 = 4;
/// MQTT 5.0, else 3.1.1.
const V5: u64 = 8;

/// A batch takes the facts along when they are older than this.
const OLD: u64 = 10_000;
/// The longest time online between two writes, in milliseconds.
pub(super) const LONGEST: u64 = 60_000;

/// What was written last.
#[derive(Debug, Default)]
pub(super) struct Written {
    at: Millis,
    identified: bool,
    /// That CONNECT may have left, or that the session is at another server than the user's.
    pub(super) doubt: bool,
    /// The batch that carries it.
    pub(super) batch: u64,
}

/// Stored facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Facts<'a> {
    pub(super) version: Version,
    pub(super) session: bool,
    pub(super) doubt: bool,
    pub(super) identified: bool,
    pub(super) last_online: Millis,
    /// Seconds; `u32::MAX` = never.
    pub(super) expiry: u32,
    /// The number of the next message: a snapshot has forgotten those of messages that are settled.
    pub(super) next_sequence: u64,
    pub(super) client_id: &'a str,
    pub(super) broker: &'a str,
}

impl<'a> Facts<'a> {
    /// `None` if this is not what [`Facts::write`] has written.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = bytes;
        let mut next = || number(&mut rest);
        let (flags, last_online, expiry) = (next()?, next()?, next()?);
        let (next_sequence, length) = (next()?, next()?);
        let (client_id, broker) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        Some(Self {
            version: if flags & V5 == 0 { Version::V311 } else { Version::V5 },
            session: flags & SESSION != 0,
            doubt: flags & DOUBT != 0,
            identified: flags & IDENTIFIED != 0,
            last_online: Millis(last_online),
            expiry: u32::try_from(expiry).ok()?,
            next_sequence,
            client_id: core::str::from_utf8(client_id).ok()?,
            broker: core::str::from_utf8(broker).ok()?,
        })
    }

    /// Flags, the last moment online, expiry, the number of the next message and the length of the client identifier as numbers of a segment, then the two strings.
    fn write(&self, out: &mut Vec<u8>) {
        let flags = u64::from(self.session) * SESSION
            + u64::from(self.doubt) * DOUBT
            + u64::from(self.identified) * IDENTIFIED
            + u64::from(self.version == Version::V5) * V5;
        let length = self.client_id.len() as u64;
        for number in [
            flags,
            self.last_online.0,
            self.expiry.into(),
            self.next_sequence,
            length,
        ] {
            put_number(out, number);
        }
        out.extend_from_slice(self.client_id.as_bytes());
        out.extend_from_slice(self.broker.as_bytes());
    }
}

impl Session {
    /// Writes the facts; `online`: the broker knows nothing that is not known here.
    pub(super) fn store_facts(&mut self, online: bool) {
        if !self.store.durable() {
            return;
        }
        if online {
            self.last_online = self.now;
        }
        let facts = Facts {
            version: self.version,
            session: self.has_session,
            // The next page begins at home, where an older session of ours may be.
            doubt: !online || self.is_sent_away,
            identified: self.subscriptions.all_identified(),
            last_online: self.last_online,
            expiry: self.session_expiry,
            next_sequence: self.next_sequence,
            client_id: &self.client_id,
            broker: &self.config.broker,
        };
        self.facts = Written {
            at: self.now,
            identified: facts.identified,
            doubt: facts.doubt,
            batch: self.store.put_with(StoreKey::Facts, |bytes| facts.write(bytes)),
        };
    }

    /// When the facts are to be written although nothing else is.
    pub(super) fn facts_due(&self) -> Option<Millis> {
        let quarter = u64::from(self.session_expiry).saturating_mul(250).max(1_000);
        (self.store.durable() && self.is_online()).then(|| self.facts.at.plus(quarter.min(LONGEST)))
    }

    /// Writes the facts when they are due, or when a batch leaves anyway and they are not what they were.
    pub(super) fn refresh_facts(&mut self) {
        let changed = self.facts.identified != self.subscriptions.all_identified();
        let due = self.facts_due().is_some_and(|at| self.now >= at);
        let old = self.is_online() && self.store.gathers() && self.now.since(self.facts.at) >= OLD;
        if changed || due || old {
            self.store_facts(self.is_online());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_read_back_as_they_were_written_and_nothing_shorter_does() {
        let facts = Facts {
            version: Version::V5,
            session: true,
            doubt: false,
            identified: true,
            last_online: Millis(u64::MAX - 1),
            expiry: u32::MAX,
            next_sequence: 1 << 40,
            client_id: "wall-display",
            broker: "wss://broker.example",
        };
        let mut bytes = Vec::new();
        facts.write(&mut bytes);
        assert_eq!(Facts::read(&bytes), Some(facts));
        let cut = bytes.len() - facts.broker.len();
        for end in 0..cut {
            assert_eq!(Facts::read(&bytes[..end]), None);
        }
    }
}
