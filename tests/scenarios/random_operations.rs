//! Thousands of random steps against a correct broker: cuts at any byte, lost sessions, slow commits. What must hold, holds at every step.

use std::collections::{BTreeMap, BTreeSet};

use hawser::codec::{Qos, Version, packet_size};
use hawser::session::{Cause, Config, Failure, State};

use crate::model::Broker;
use crate::random::Random;
use crate::world::{Socket, World, lasting};

const STEPS: u32 = 1_500;
const RUNS: u64 = 60;

struct Run {
    random: Random,
    world: World,
    broker: Broker,
    /// The socket was open when we last looked.
    linked: bool,
    /// Bytes of the client on their way to the broker.
    to_broker: Vec<u8>,
    /// How much of the first packet for the client has arrived.
    arrived: usize,
    next_token: u32,
    /// Tokens of messages, with their QoS.
    messages: BTreeMap<u32, Qos>,
    requests: BTreeSet<u32>,
    /// What the last request for each filter asked for.
    wanted: BTreeMap<String, Option<u8>>,
    next_letter: u32,
    letters: BTreeMap<u32, Qos>,
    /// Letters that a lost session may have taken with it.
    endangered: BTreeSet<u32>,
    got: BTreeMap<u32, u32>,
    got_order: Vec<(Qos, u32)>,
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let version = if random.below(3) == 0 {
            Version::V311
        } else {
            Version::V5
        };
        let receive_maximum = 1 + random.below(8) as u16;
        let config = Config {
            version,
            clean_start: version == Version::V5,
            receive_maximum,
            durable: random.below(2) == 0,
            outbound_topic_aliases: random.below(2) == 0,
            max_queued: 50,
            ..lasting()
        };
        Self {
            world: World::new(config),
            broker: Broker::new(version, receive_maximum),
            random,
            linked: false,
            to_broker: Vec::new(),
            arrived: 0,
            next_token: 1,
            messages: BTreeMap::new(),
            requests: BTreeSet::new(),
            wanted: BTreeMap::new(),
            next_letter: 1,
            letters: BTreeMap::new(),
            endangered: BTreeSet::new(),
            got: BTreeMap::new(),
            got_order: Vec::new(),
        }
    }

    fn step(&mut self) {
        match self.random.below(22) {
            0..5 => self.publish(),
            5 => self.request(),
            6..9 => self.write_letter(),
            9..13 => self.broker_reads(),
            13..17 => {
                let most = 1 + self.random.below(60) as usize;
                self.client_reads(most);
            }
            17 => self.cancel(),
            18 => self.time_passes(),
            19 if self.random.below(4) == 0 => self.cut(),
            20 => self.world.slow_store = self.random.below(2) == 0,
            _ => self.commit(),
        }
        self.connect();
        self.check();
    }

    fn publish(&mut self) {
        let token = self.token();
        let qos = self.random.below(3) as u8;
        self.messages.insert(token, Qos::from_bits(qos).unwrap());
        self.world
            .publish(token, qos, &format!("topic/{qos}"), &token.to_string());
    }

    fn token(&mut self) -> u32 {
        self.next_token += 1;
        self.next_token
    }

    fn request(&mut self) {
        let token = self.token();
        let filter = ["filter/0", "filter/1", "filter/2", "filter/+", "#"][self.random.below(5) as usize].to_owned();
        self.requests.insert(token);
        if self.random.below(2) == 0 {
            let qos = self.random.below(3) as u8;
            self.world.subscribe(token, &filter, qos);
            self.wanted.insert(filter, Some(qos));
        } else {
            self.world.unsubscribe(token, &filter);
            self.wanted.insert(filter, None);
        }
    }

    fn write_letter(&mut self) {
        let qos = Qos::from_bits(self.random.below(3) as u8).unwrap();
        let number = self.next_letter;
        if self.broker.publish(number, qos) {
            self.next_letter += 1;
            self.letters.insert(number, qos);
        }
    }

    /// The broker reads some packets that are there as a whole.
    fn broker_reads(&mut self) {
        self.to_broker.extend(self.world.take_wire());
        for _ in 0..=self.random.below(4) {
            let Ok(Some(size)) = packet_size(&self.to_broker, u32::MAX) else {
                return;
            };
            let packet: Vec<u8> = self.to_broker.drain(..size).collect();
            self.broker.receive(&packet);
        }
    }

    /// A frame of at most `most` bytes arrives at the client, however the packets lie.
    fn client_reads(&mut self, most: usize) {
        if self.world.socket != Socket::Open {
            return;
        }
        let mut frame = Vec::new();
        let mut whole = Vec::new();
        while frame.len() < most {
            let Some(packet) = self.broker.outgoing.front() else {
                break;
            };
            let rest = &packet.bytes[self.arrived..];
            let taken = rest.len().min(most - frame.len());
            frame.extend_from_slice(&rest[..taken]);
            self.arrived += taken;
            if self.arrived == packet.bytes.len() {
                whole.extend(self.broker.outgoing.pop_front());
                self.arrived = 0;
            }
        }
        self.world.send_bytes(&frame);
        whole.iter().for_each(|packet| self.broker.arrived(packet));
        for message in self.world.take_delivered() {
            let number: u32 = String::from_utf8(message.payload).unwrap().parse().unwrap();
            let qos = self.letters[&number];
            assert_eq!(
                (message.topic, message.flags & 3),
                (format!("letter/{}", qos.bits()), qos.bits())
            );
            let times = self.got.entry(number).or_default();
            *times += 1;
            if *times == 1 {
                self.got_order.push((qos, number));
            }
        }
    }

    fn cancel(&mut self) {
        let token = self.next_token.saturating_sub(self.random.below(10) as u32);
        if self.messages.contains_key(&token) {
            self.world.cancel(token);
        }
    }

    fn time_passes(&mut self) {
        let time = self.random.below(8_000);
        if self.random.below(10) == 0 {
            self.world.oversleep(time * 5);
        } else {
            self.world.advance(time);
        }
    }

    fn commit(&mut self) {
        if !self.world.batches.is_empty() {
            self.world.commit();
        }
    }

    /// The link breaks; what the broker had read by then is a matter of luck.
    fn cut(&mut self) {
        if self.world.socket == Socket::None {
            return;
        }
        if self.random.below(2) == 0 {
            self.broker_reads();
        }
        self.world.cut();
        self.notice_the_end();
    }

    /// Lets the broker see that the connection is gone, whoever ended it; it may then lose the session.
    fn notice_the_end(&mut self) {
        if self.world.socket == Socket::Open || !std::mem::take(&mut self.linked) {
            return;
        }
        self.broker.disconnect();
        self.world.take_wire();
        self.to_broker.clear();
        self.arrived = 0;
        if self.random.below(4) == 0 {
            self.broker.lose_session();
        }
        if !self.broker.has_session() {
            self.endangered.extend(self.letters.keys());
        }
    }

    /// Moves the connection on, unless luck says later.
    fn connect(&mut self) {
        self.notice_the_end();
        if self.random.below(3) > 0 {
            return;
        }
        match (self.world.socket, self.world.session.state()) {
            (Socket::None, State::Idle) => self.world.start(),
            (Socket::None, State::Waiting { .. }) => self.world.wait_for_attempt(),
            (Socket::Opening, _) if self.random.below(5) == 0 => self.world.fail_to_open(),
            (Socket::Opening, _) => {
                self.broker.receive_maximum = match self.world.version {
                    Version::V5 => 1 + self.random.below(10) as u16,
                    Version::V311 => u16::MAX,
                };
                self.broker.topic_alias_maximum = self.random.below(3) as u16;
                self.world.open();
                self.linked = true;
            }
            _ => {}
        }
    }

    /// What holds at every moment.
    fn check(&self) {
        if let State::Waiting { cause, .. } = self.world.session.state() {
            let natural = matches!(
                cause,
                Cause::SocketClosed { .. }
                    | Cause::SocketFailed { .. }
                    | Cause::KeepAliveTimeout
                    | Cause::ConnectTimeout(_)
            );
            assert!(natural, "a correct broker was left: {cause:?}");
        }
        assert!(!self.world.is_stopped());
        for (number, times) in &self.broker.taken {
            assert!(
                *times == 1 || self.messages[number] == Qos::AtLeastOnce,
                "{number} came {times} times"
            );
        }
        for (number, times) in &self.got {
            assert!(
                *times == 1 || self.letters[number] == Qos::AtLeastOnce,
                "letter {number} came {times} times"
            );
        }
    }

    /// The network is good from now on: everything must come to its end.
    fn heal(&mut self) {
        self.world.slow_store = false;
        self.commit();
        for _ in 0..20_000 {
            self.broker_reads();
            self.client_reads(1_000);
            match self.world.session.state() {
                State::Online { .. } => {}
                State::Connecting { .. } if self.world.socket == Socket::Open => {}
                _ => {
                    self.connect();
                    continue;
                }
            }
            let quiet = self.to_broker.is_empty() && self.broker.is_at_rest() && self.world.is_online();
            let settled = self
                .messages
                .keys()
                .chain(&self.requests)
                .all(|token| !self.world.is_open(*token));
            if quiet && settled && self.world.take_wire().is_empty() {
                return;
            }
        }
        panic!("it does not come to rest: {:?}", self.world.session.state());
    }

    /// What holds at the end.
    fn account(&self) {
        for (token, qos) in &self.messages {
            let times = self.broker.taken.get(token).copied().unwrap_or(0);
            let outcome = self.world.outcome(*token);
            let fits = match outcome {
                0 => *qos == Qos::AtMostOnce || times >= 1,
                _ if outcome == Failure::Indeterminate.code() => *qos == Qos::ExactlyOnce && times <= 1,
                _ if outcome == Failure::Cancelled.code() || outcome == Failure::QueueFull.code() => times == 0,
                _ => false,
            };
            assert!(
                fits,
                "{qos:?} message {token} ended with {outcome:#x} and came {times} times"
            );
        }
        for (number, qos) in &self.letters {
            let times = self.got.get(number).copied().unwrap_or(0);
            let fits = *qos == Qos::AtMostOnce || times >= 1 || self.endangered.contains(number);
            assert!(fits, "{qos:?} letter {number} came {times} times");
        }
        for order in [&self.broker.order, &self.got_order] {
            for qos in [Qos::AtMostOnce, Qos::AtLeastOnce, Qos::ExactlyOnce] {
                let numbers: Vec<u32> = order
                    .iter()
                    .filter(|(other, _)| *other == qos)
                    .map(|(_, number)| *number)
                    .collect();
                assert!(numbers.is_sorted(), "{qos:?} out of order: {numbers:?}");
            }
        }
        let wanted: BTreeMap<String, u8> = self
            .wanted
            .iter()
            .filter_map(|(filter, qos)| qos.map(|qos| (filter.clone(), qos)))
            .collect();
        assert_eq!(self.broker.subscriptions(), wanted);
        assert!(self.requests.iter().all(|token| self.world.outcome(*token) < 0x80));
    }
}

fn run(seed: u64) {
    let mut run = Run::new(seed);
    for _ in 0..STEPS {
        run.step();
    }
    run.heal();
    run.account();
}

#[test]
fn nothing_is_lost_doubled_reordered_or_left_open_whatever_happens_to_the_link() {
    // HAWSER_SEED replays one run, HAWSER_RUNS asks for more of them.
    if let Some(seed) = number("HAWSER_SEED") {
        return run(seed);
    }
    for seed in 0..number("HAWSER_RUNS").unwrap_or(RUNS) {
        let outcome = std::panic::catch_unwind(|| run(seed));
        assert!(outcome.is_ok(), "seed {seed}: replay with HAWSER_SEED={seed}");
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}
