//! A session that an earlier page has left in the store, taken up again.

use crate::codec::{PacketId, Properties, Publish, Qos, Subscribe, Version};

use super::facts::Facts;
use super::log::{Log, PREFIX, is_release};
use super::outgoing::entry;
use super::packet_ids::Owner;
use super::queue::{Entry, Stage};
use super::requests::{NOBODY, NOT_GRANTED, Subscription};
use super::segment::Damaged;
use super::{Event, Failure, Gap, Millis, Session, StorageFault, StoreKey, size};

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
        let facts = log.as_ref().ok().map(stored_facts);
        let damaged = log.is_err() || matches!(facts, Some(Err(Damaged)));
        let fault = damaged.then_some(StorageFault::Damaged);
        self.tell_storage(self.durability_of_store(), fault, "");
        if let (Ok(log), Some(Ok(Some(facts)))) = (&log, facts) {
            self.take_up(log, &facts);
        }
    }

    fn take_up(&mut self, log: &Log<'_>, facts: &Facts<'_>) {
        let other_client = self
            .config
            .client_id
            .as_deref()
            .is_some_and(|id| !id.is_empty() && id != facts.client_id);
        let other_version = facts.version != self.version && !(self.config.fall_back && facts.version == Version::V311);
        let mine = !other_client && !other_version && facts.broker == self.config.broker;
        self.version = facts.version;
        // Also behind messages that are settled: the application may know them by their numbers.
        self.next_sequence = log.next_sequence;
        let mut token = FIRST_TOKEN;
        for (key, value) in log.iter() {
            if let StoreKey::Outbound(sequence) = key {
                self.restore_message(token, sequence, value, mine);
                token = token.wrapping_add(1);
            }
        }
        if !mine {
            self.version = self.config.version;
            return;
        }
        self.offered = facts.version;
        self.client_id = facts.client_id.into();
        self.has_session = facts.session;
        self.connected_before = facts.session;
        self.in_doubt = facts.doubt;
        self.session_expiry = facts.expiry;
        self.last_online = facts.last_online;
        self.store.go_on(log.size);
        self.subscriptions.identified = facts.identified;
        for (key, value) in log.iter() {
            match key {
                StoreKey::Subscription(key) => self.restore_subscription(key, value),
                StoreKey::Inbound(id) => {
                    self.restore_inbound(id, value);
                }
                StoreKey::Ledger(_) | StoreKey::Facts | StoreKey::Outbound(_) => {}
            }
        }
        let end = facts.last_online.plus(u64::from(facts.expiry).saturating_mul(1_000));
        let expired = facts.expiry < u32::MAX && self.now > end;
        if facts.session && (expired || self.config.clean_start) {
            self.has_session = false;
            self.must_start_clean = true;
            let gap = if expired { Gap::SessionExpired } else { Gap::SessionLost };
            self.note_gap(gap);
            self.forget_inbound();
            self.restart_messages();
        }
        // The next CONNECT may begin another session, and that is to be known before it leaves.
        self.store_facts(false);
    }

    /// Messages for our subscriptions may be missing.
    pub(super) fn note_gap(&mut self, gap: Gap) {
        if self.subscriptions.active.len() > 0 {
            self.out.events.push(Event::Gap(gap));
        }
    }

    /// An unfinished message: as it was when the page ended, or (not `mine`) only to be told.
    fn restore_message(&mut self, token: u32, sequence: u64, value: &[u8], mine: bool) {
        let Some((stage, entry)) = read_message(token, sequence, value, self.version) else {
            return;
        };
        self.out.events.push(Event::Restored(Box::new(entry.describe())));
        let (id, expires, sent) = (entry.packet_id, entry.expires, entry.sent);
        if !mine {
            let failure = if sent { Failure::Indeterminate } else { Failure::Closed };
            self.done(token, failure.code());
            return;
        }
        let slot = self.queue.push(stage, entry);
        if let Some(id) = id {
            self.packet_ids.take(id, Owner::Publish(slot));
        } else {
            self.watch_age(expires);
            self.note_latest(slot);
        }
    }

    fn restore_subscription(&mut self, key: u32, value: &[u8]) {
        let Some((&granted, packet)) = value.split_first() else {
            return;
        };
        let Ok(subscribe) = Subscribe::decode(packet, self.version) else {
            return;
        };
        let Some((filter, options)) = subscribe.filters.iter().next() else {
            return;
        };
        let own = subscribe.properties.subscription_identifier().unwrap_or(0);
        let identifier = self.subscriptions.identify_as(filter, own);
        self.out.events.push(Event::Filter {
            identifier,
            filter: filter.into(),
        });
        // Its identifier stands before the user's properties.
        let before = if own > 0 {
            size::variable_length(own as usize).saturating_add(1)
        } else {
            0
        };
        let properties = subscribe.properties.raw().get(before..).unwrap_or_default();
        let subscription = Subscription {
            key,
            token: NOBODY,
            options,
            properties: properties.into(),
            identifier,
            granted: (granted != NOT_GRANTED).then_some(granted),
        };
        if subscription.granted.is_none() {
            // The broker may know it already.
            let mut request = subscription.request(filter, None, None);
            request.sent = true;
            self.subscriptions.pending.push_back(request);
        }
        self.subscriptions.next_key = self.subscriptions.next_key.max(key.saturating_add(1));
        self.subscriptions.active.insert(filter, subscription);
    }
}

/// The facts of a log that is not empty.
fn stored_facts<'a>(log: &Log<'a>) -> Result<Option<Facts<'a>>, Damaged> {
    let mut empty = true;
    for (key, value) in log.iter() {
        if key == StoreKey::Facts {
            return Facts::read(value).map(Some).ok_or(Damaged);
        }
        empty = false;
    }
    if empty { Ok(None) } else { Err(Damaged) }
}

/// A stored message and its stage; `None` if it is none.
fn read_message(token: u32, sequence: u64, value: &[u8], version: Version) -> Option<(Stage, Entry)> {
    let (number, packet) = value.split_first_chunk::<PREFIX>()?;
    let number = u64::from_le_bytes(*number);
    if is_release(StoreKey::Outbound(sequence), value) {
        let id = PacketId::new(u16::from_be_bytes(*packet.get(2..4)?.first_chunk()?))?;
        let publish = Publish {
            dup: false,
            qos: Qos::ExactlyOnce,
            retain: false,
            topic: "",
            packet_id: Some(id),
            properties: Properties::EMPTY,
            payload: &[],
        };
        let entry = Entry {
            packet_id: Some(id),
            sent: true,
            dup: true,
            outcome: number as u32,
            ..entry(token, sequence, &publish, Vec::new(), version)
        };
        return Some((Stage::Releasing, entry));
    }
    // No identifier yet is 0, which is none on the wire: for reading it is another one.
    let mut wire = packet.to_vec();
    let header = packet
        .iter()
        .skip(1)
        .position(|byte| byte & 0x80 == 0)?
        .checked_add(2)?;
    let topic = u16::from_be_bytes(*packet.get(header..)?.first_chunk()?);
    let id_at = header.checked_add(usize::from(topic))?.checked_add(2)?;
    let place = wire.get_mut(id_at..)?.first_chunk_mut::<2>()?;
    let id = PacketId::new(u16::from_be_bytes(*place));
    *place = id.unwrap_or(PacketId::MIN).get().to_be_bytes();
    let entry = {
        let publish = Publish::decode(&wire, version).ok()?;
        publish.packet_id?;
        entry(token, sequence, &publish, Vec::new(), version)
    };
    if let (None, Some(place)) = (id, wire.get_mut(id_at..).and_then(<[u8]>::first_chunk_mut::<2>)) {
        *place = [0; 2];
    }
    let sent = id.is_some();
    let entry = Entry {
        wire,
        id_at,
        packet_id: id,
        expires: (number > 0).then_some(Millis(number)),
        sent,
        dup: sent,
        ..entry
    };
    Some((if sent { Stage::Resending } else { Stage::Waiting }, entry))
}
