//! The driver's part: performs what the session asks for, and checks that it may be performed.

use hawser::codec::{self, Place, Properties};
use hawser::session::{Claim, Config, Event, Frame, Outputs, PageEvent, Rule, StoreBatch};

use crate::world::{Socket, World};

/// The flag of a message that nobody may handle before READY.
const HELD: u8 = 1 << 4;

/// A message as the application gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    pub topic: String,
    pub payload: Vec<u8>,
    pub properties: Vec<u8>,
    pub flags: u8,
    pub packet_id: u16,
    pub delivery: u32,
    pub identifiers: Vec<u32>,
}

impl World {
    /// Performs outputs until there are none.
    pub fn drain(&mut self) {
        let mut outputs = std::mem::take(&mut self.outputs);
        while self.session.take_outputs(self.time(), &mut outputs) {
            self.perform(&mut outputs);
        }
        self.outputs = outputs;
        assert_eq!(self.session.tally().packets_sent, self.packets_sent);
    }

    fn perform(&mut self, outputs: &mut Outputs) {
        if let Some(batch) = outputs.store.take() {
            assert!(self.batches.is_empty(), "two batches under way");
            let begins = batch.is_snapshot() && batch.number > self.last;
            assert!(
                batch.number == self.last + 1 || begins,
                "batch {} behind {}",
                batch.number,
                self.last
            );
            self.batches.push_back(batch);
            if !self.slow_store {
                let batch = self.batches.pop_front().unwrap();
                self.keep(batch);
            }
        }
        let frame = match &outputs.frame {
            Frame::None => Vec::new(),
            Frame::Input => self.frame.clone(),
            Frame::Assembled(bytes) => bytes.clone(),
        };
        self.frames.push(std::mem::take(&mut outputs.frame));
        for event in std::mem::take(&mut outputs.events) {
            self.on_event(event, &frame);
        }
        if !outputs.transmit.is_empty() {
            assert_eq!(self.socket, Socket::Open, "bytes without a socket");
            assert!(
                !self.said_goodbye,
                "[MQTT-3.14.4-1] something was sent after DISCONNECT"
            );
            self.packets_sent += split(&outputs.transmit).count() as u64;
            let last = split(&outputs.transmit).last().unwrap()[0];
            self.said_goodbye = last == 0xE0;
            self.wire.extend_from_slice(&outputs.transmit);
        }
        if outputs.close.take().is_some() {
            self.socket = Socket::None;
        }
        if outputs.open.take().is_some() {
            assert_eq!(self.socket, Socket::None, "a second socket");
            self.socket = Socket::Opening;
        }
    }

    /// Commits until nothing is left to commit.
    pub fn commit_all(&mut self) {
        while !self.batches.is_empty() {
            self.commit();
        }
    }

    /// Commits the batch that is under way.
    pub fn commit(&mut self) {
        let batch = self.batches.pop_front().expect("a batch under way");
        self.keep(batch);
        self.drain();
    }

    /// A batch is in the store.
    pub fn keep(&mut self, batch: StoreBatch) {
        let number = batch.number;
        if batch.is_snapshot() {
            self.log.clear();
        }
        let mut segment = Vec::new();
        batch.encode(&mut segment);
        self.log.push(segment);
        self.last = number;
        self.committed.push(batch);
        self.session.handle_stored(self.time(), number);
    }

    /// The page is killed, and another one is loaded so many milliseconds later: it has what was committed, and nothing else. It is not started yet.
    pub fn reload(self, config: Config, milliseconds: u64) -> Self {
        let mut page = Self::new(config);
        page.now = self.now + milliseconds;
        page.handle_by_hand = self.handle_by_hand;
        (page.log, page.last) = (self.log, self.last);
        page.restore();
        page
    }

    /// Hands the session what the store has.
    pub fn restore(&mut self) {
        let log = std::mem::take(&mut self.log);
        self.session
            .restore(self.time(), self.last, log.iter().map(Vec::as_slice));
        self.log = log;
        self.drain();
    }

    /// Something happens to the page.
    pub fn page(&mut self, event: PageEvent) {
        self.session.handle_page(self.time(), event);
        self.drain();
    }

    pub fn renew(&mut self) {
        self.session.renew(self.time());
        self.drain();
    }

    /// The application is done with `count` messages.
    pub fn handled(&mut self, first: u32, count: u32) {
        self.session.handled(self.time(), first, count);
        self.drain();
    }

    /// The application asks whether the message with this key is to be handled.
    pub fn claim(&mut self, token: u32, delivery: u32, key: &str) {
        self.claim_value(token, delivery, key, Rule::Id, 0.0);
    }

    pub fn claim_value(&mut self, token: u32, delivery: u32, key: &str, rule: Rule, value: f64) {
        let claim = Claim {
            token,
            delivery,
            key,
            rule,
            value,
            ttl: 3_600_000,
        };
        self.session.claim(self.time(), claim);
        self.drain();
    }

    fn handle(&mut self, delivery: u32) {
        if delivery != 0 && !self.handle_by_hand {
            self.session.handled(self.time(), delivery, 1);
        }
    }

    fn on_event(&mut self, event: Event, frame: &[u8]) {
        match event {
            Event::Status(state) => {
                assert_ne!(self.statuses.last(), Some(&*state), "a status twice");
                self.statuses.push(*state);
            }
            Event::Connected(connected) => self.connected = Some(*connected),
            Event::Topic { id, name } => {
                self.topics.insert(id, name.into());
            }
            Event::Message(message) => {
                self.delivered.push(Delivered {
                    topic: self.topics[&message.topic].clone(),
                    payload: frame[message.payload.range()].to_vec(),
                    properties: frame[message.properties.range()].to_vec(),
                    flags: message.flags,
                    packet_id: message.packet_id,
                    delivery: message.delivery,
                    identifiers: message.identifiers.into_vec(),
                });
                if message.flags & HELD == 0 {
                    self.handle(message.delivery);
                }
            }
            Event::Ready { delivery } => {
                self.ready.push(delivery);
                self.handle(delivery);
            }
            Event::Claimed {
                token,
                verdict,
                missing,
            } => self.claimed.push((token, verdict, missing)),
            Event::Stalled { delivery, waited } => self.stalled.push((delivery, waited)),
            Event::Identifier { token, identifier } => {
                self.identifiers.insert(token, identifier);
            }
            Event::Done(settled) | Event::Subscribed(settled) | Event::Unsubscribed(settled) => {
                let block = Properties::parse(&frame[settled.properties.range()], Place::Reply).unwrap();
                let users: Vec<(String, String)> = block
                    .user_properties()
                    .map(|(name, value)| (name.into(), value.into()))
                    .collect();
                self.users.insert(settled.token, users);
                let outcome = (settled.code, block.reason_string().map(String::from));
                let earlier = self.settled.insert(settled.token, outcome);
                assert_eq!(earlier, None, "token {} was settled twice", settled.token);
            }
            Event::Prepare { attempt, redirect } => {
                self.redirects.push(redirect);
                if self.prepare_by_hand {
                    self.prepared.push(attempt);
                    return;
                }
                let (username, password) = (self.username.clone(), self.password.clone());
                self.session
                    .handle_address(self.time(), attempt, username.as_deref(), password.as_deref());
            }
            Event::Authenticate {
                exchange,
                step,
                properties,
            } => self.asked.push((exchange, step, frame[properties.range()].to_vec())),
            Event::Stored { token, id } => self.stored.push((token, id)),
            Event::Restored(message) => self.restored.push(*message),
            Event::Filter { identifier, filter } => self.filters.push((identifier, filter.into())),
            Event::Gap(gap) => self.gaps.push(gap),
            Event::Storage {
                durability,
                fault,
                detail,
            } => self.storage.push((durability, fault, detail.into())),
            Event::Packet(packet) => self.traced.push(format!(
                "{} {} id={} size={} flags={} reason={:02X} {}",
                if packet.outgoing { "->" } else { "<-" },
                packet.packet_type,
                packet.packet_id,
                packet.size,
                packet.flags,
                packet.reason,
                packet.topic
            )),
        }
    }
}

/// Whole packets; panics at anything else.
pub fn split(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let size = codec::packet_size(rest, u32::MAX).unwrap().expect("a whole packet");
        let (packet, behind) = rest.split_at(size);
        rest = behind;
        Some(packet)
    })
}
