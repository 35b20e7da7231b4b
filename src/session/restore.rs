//! A session that an earlier page has left in the store, taken up again.

use crate::codec::{PacketId, Place, Properties, Qos, SubscribeOptions, Version, topic};

use super::acknowledge::PUBREL;
use super::facts::{Facts, LONGEST};
use super::log::{Log, PREFIX};
use super::packet_ids::Owner;
use super::queue::{Entry, Stage};
use super::requests::{Kind, LEAVING, NOBODY, NOT_GRANTED, Request, Subscription};
use super::segment::{Damaged, number};
use super::{Event, Failure, Gap, Millis, Session, StorageFault, StoreKey};

/// The tokens of restored messages rise from here.
const FIRST_TOKEN: u32 = 0xC000_0000;

impl Session {
    /// The store is open, and this is all it holds: the segments in rising order, the last of them with the number `last` (0: none). To be called
    /// before [`Session::start`] and before any command.
    ///
    /// What makes no sense, and what belongs to another broker or another client identifier, is given up. A session that has expired meanwhile counts as one
    /// that the broker has lost: so does one that the user wants to start cleanly.
    pub fn restore<'a>(&mut self, now: Millis, last: u64, segments: impl Iterator<Item = &'a [u8]>) {
        self.tick(now);
        self.store.opened(last);
        let log = Log::read(last, segments);
        // An empty log has no facts, and any other has.
        let facts = match &log {
            Ok(log) if log.is_empty() => Ok(None),
            Ok(log) => log.facts.and_then(Facts::read).map(Some).ok_or(Damaged),
            Err(Damaged) => Err(Damaged),
        };
        let fault = facts.is_err().then_some(StorageFault::Damaged);
        self.tell_storage(self.durability_of_store(), fault, "");
        if fault.is_some() {
            // For which subscriptions is not known.
            self.out.events.push(Event::Gap(Gap::SessionLost));
        }
        if let (Ok(log), Ok(Some(facts))) = (&log, facts) {
            self.take_up(log, &facts);
        }
    }

    fn take_up(&mut self, log: &Log<'_>, facts: &Facts<'_>) {
        let wanted = self.config.client_id.as_deref().unwrap_or_default();
        // 3.1.1 knows no authentication.
        let falls_back = self.config.fall_back && self.config.authentication_method.is_none();
        let fits = facts.version == self.version || (falls_back && facts.version == Version::V311);
        let mine = fits && facts.broker == self.config.broker && (wanted.is_empty() || wanted == facts.client_id);
        // Also behind messages that are settled: the application may know them by their numbers.
        self.next_sequence = log.next_sequence.max(facts.next_sequence);
        if mine {
            self.adopt(facts);
            self.store.go_on(log.size);
        }
        let mut token = FIRST_TOKEN;
        let mut sound = true;
        for (key, value) in log.iter() {
            let read = match key {
                StoreKey::Outbound(sequence) => {
                    let message = read_message(token, sequence, value, facts.version);
                    token = token.wrapping_add(1);
                    message.map(|(stage, entry)| self.restore_message(stage, entry, mine))
                }
                StoreKey::Subscription(key) if mine => self.restore_subscription(key, value),
                StoreKey::Inbound(id) if mine => self.restore_inbound(id, value).then_some(()),
                StoreKey::Ledger(hash) if mine => self.ledger.restore(hash, value),
                _ => Some(()),
            };
            sound &= read.is_some();
        }
        if !sound {
            self.tell_storage(self.durability_of_store(), Some(StorageFault::Damaged), "");
        }
        if !mine {
            return;
        }
        let mut lasts = u64::from(facts.expiry).saturating_mul(1_000);
        if lasts > 0 {
            // The broker counts from when it noticed that the page was gone, and may have it still: then CONNACK says so.
            let unnoticed = u64::from(self.config.keep_alive).saturating_mul(1_500);
            lasts = lasts.saturating_add(LONGEST).saturating_add(unnoticed);
        }
        let expired = facts.expiry < u32::MAX && self.now > facts.last_online.plus(lasts);
        if facts.session && (expired || self.config.clean_start) {
            self.has_session = false;
            // In 3.1.1 it began cleanly and is gone: the next one need not.
            self.must_start_clean = self.config.clean_start || facts.version == Version::V5;
            self.note_gap(if expired { Gap::SessionExpired } else { Gap::SessionLost });
            self.forget_inbound();
            self.restart_messages();
        }
        // The next CONNECT may begin another session, and that is to be known before it leaves.
        self.store_facts(false);
    }

    /// Is the session that these facts are about.
    fn adopt(&mut self, facts: &Facts<'_>) {
        (self.version, self.offered) = (facts.version, facts.version);
        self.client_id = facts.client_id.into();
        (self.has_session, self.connected_before) = (facts.session, facts.session);
        // Of several servers the earlier page may have been at another one than the first, and where a function has sent it nobody knows.
        self.in_doubt = facts.doubt || self.config.addresses != 1;
        self.session_expiry = facts.expiry;
        self.last_online = facts.last_online;
        self.subscriptions.identified = facts.identified;
    }

    /// Messages for our subscriptions may be missing.
    pub(super) fn note_gap(&mut self, gap: Gap) {
        if self.subscriptions.active.len() > 0 {
            self.out.events.push(Event::Gap(gap));
        }
    }

    /// An unfinished message: as it was when the page ended, or (not `mine`) only to be told.
    fn restore_message(&mut self, stage: Stage, entry: Entry, mine: bool) {
        self.out.events.push(Event::Restored(Box::new(entry.describe())));
        if !mine {
            let failure = if entry.sent {
                Failure::Indeterminate
            } else {
                Failure::Closed
            };
            self.done(entry.token, failure.code());
            return;
        }
        let (id, expires) = (entry.packet_id, entry.expires);
        let slot = self.queue.push(stage, entry);
        if let Some(id) = id {
            self.packet_ids.take(id, Owner::Publish(slot));
        } else {
            self.watch_age(expires);
            self.note_latest(slot);
        }
    }

    /// `None` if the value makes no sense.
    fn restore_subscription(&mut self, key: u32, value: &[u8]) -> Option<()> {
        let (&granted, packet) = value.split_first()?;
        let (_, body) = open(packet)?;
        let (mut properties, mut rest) = block(body.get(2..)?, self.version)?;
        let filter = core::str::from_utf8(text(&mut rest)?).ok()?;
        topic::validate_filter(filter, self.version).ok()?;
        let options = SubscribeOptions::from_bits(*rest.first()?)?;
        self.subscriptions.next_key = self.subscriptions.next_key.max(key.saturating_add(1));
        if granted == LEAVING {
            self.subscriptions.pending.push_back(Request {
                token: NOBODY,
                filter: filter.into(),
                kind: Kind::Unsubscribe { key: Some(key) },
                sent: true,
            });
            return Some(());
        }
        // Its identifier stands before the user's properties.
        let mut own = 0;
        if let Some((&0x0B, mut behind)) = properties.split_first() {
            own = number(&mut behind)?;
            properties = behind;
        }
        Properties::parse(properties, Place::Subscribe).ok()?;
        // Keys rise, and no filter has two.
        let last = self.subscriptions.active.iter().next_back();
        if last.is_some_and(|(_, last)| last.key >= key) || self.subscriptions.active.get(filter).is_some() {
            return None;
        }
        let identifier = self.subscriptions.identify_as(filter, own as u32);
        self.out.events.push(Event::Filter {
            identifier,
            filter: filter.into(),
        });
        let subscription = Subscription {
            key,
            token: NOBODY,
            options,
            properties: properties.into(),
            identifier,
            granted: (granted != NOT_GRANTED).then_some(granted),
        };
        if granted == NOT_GRANTED {
            // The broker may know it already.
            let mut request = subscription.request(filter, None, None);
            request.sent = true;
            self.subscriptions.pending.push_back(request);
        }
        self.subscriptions.active.insert(filter, subscription);
        Some(())
    }
}

/// A stored message and its stage; `None` if it is none.
fn read_message(token: u32, sequence: u64, value: &[u8], version: Version) -> Option<(Stage, Entry)> {
    let (prefix, packet) = value.split_first_chunk::<PREFIX>()?;
    let stored = u64::from_le_bytes(*prefix);
    let mut entry = Entry::new(token, sequence, Qos::ExactlyOnce);
    entry.sent = true;
    entry.dup = true;
    entry.wire = packet.into();
    if let [PUBREL, 2, high, low, topic @ ..] = packet {
        entry.packet_id = PacketId::new(u16::from_be_bytes([*high, *low]));
        entry.packet_id?;
        (entry.topic_length, entry.id_at) = (topic.len(), packet.len());
        entry.outcome = stored as u32;
        return Some((Stage::Releasing, entry));
    }
    let (first, mut rest) = open(packet)?;
    let name = core::str::from_utf8(text(&mut rest)?).ok()?;
    topic::validate_name(name).ok()?;
    entry.topic_length = name.len();
    entry.id_at = packet.len().checked_sub(rest.len())?;
    entry.packet_id = PacketId::new(two(rest)?);
    let (properties, payload) = block(rest.get(2..)?, version)?;
    Properties::parse(properties, Place::PublishFromClient).ok()?;
    (entry.properties_length, entry.payload_length) = (properties.len(), payload.len());
    entry.qos = Qos::from_bits(first >> 1 & 3).filter(|qos| first >> 4 == 3 && *qos > Qos::AtMostOnce)?;
    entry.retain = first & 1 != 0;
    entry.expires = (stored > 0).then_some(Millis(stored));
    if entry.packet_id.is_some() {
        return Some((Stage::Resending, entry));
    }
    (entry.sent, entry.dup) = (false, false);
    Some((Stage::Waiting, entry))
}

/// The first byte and the body of a packet, which must be all of `packet`.
fn open(packet: &[u8]) -> Option<(u8, &[u8])> {
    let (&first, mut rest) = packet.split_first()?;
    let length = number(&mut rest)?;
    (length == rest.len() as u64).then_some((first, rest))
}

/// The two bytes at the start.
fn two(bytes: &[u8]) -> Option<u16> {
    bytes.first_chunk().map(|bytes| u16::from_be_bytes(*bytes))
}

/// Takes a string off the front (1.5.4).
fn text<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = two(bytes)?;
    let (text, rest) = bytes.get(2..)?.split_at_checked(length.into())?;
    *bytes = rest;
    Some(text)
}

/// A property block without its length, none in 3.1.1, and what follows it.
fn block(bytes: &[u8], version: Version) -> Option<(&[u8], &[u8])> {
    if version == Version::V311 {
        return Some((&[], bytes));
    }
    let mut rest = bytes;
    let length = number(&mut rest)?;
    rest.split_at_checked(usize::try_from(length).ok()?)
}
