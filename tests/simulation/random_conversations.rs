//! Random conversations over a random network, each from one seed.

use hawser::codec::Version;
use hawser::session::{Config, Jitter, PageEvent, Reconnect};

use crate::broker::Policy;
use crate::conversations::{Conversation, Op};
use crate::network::Notice;
use crate::random::Random;
use crate::replay;
use crate::simulation::{Framing, Simulation, Span, Weather};
use crate::world::lasting;

const RUNS: u64 = 60_000;

const TOPICS: [&str; 6] = ["a/one", "a/two", "b/long/topic/name", "b/one", "a", "refused/topic"];
const FILTERS: [&str; 8] = [
    "a/#",
    "a/+",
    "+/one",
    "b/long/topic/name",
    "$share/group/a/one",
    "refused/filter",
    "#",
    "nothing/comes/here",
];

fn config(random: &mut Random) -> Config {
    let version = if random.below(3) == 0 {
        Version::V311
    } else {
        Version::V5
    };
    let window = |random: &mut Random| match random.below(4) {
        0 => u16::MAX,
        _ => 1 + random.below(8) as u16,
    };
    Config {
        version,
        clean_start: random.below(2) == 0,
        session_expiry: [0, 20, 3_600, u32::MAX][random.below(4) as usize],
        keep_alive: [0, 5, 30][random.below(3) as usize],
        receive_maximum: window(random),
        topic_alias_maximum: random.below(4) as u16,
        outbound_topic_aliases: random.below(2) == 0,
        durable: random.below(2) == 0,
        max_queued: if random.below(4) == 0 { 5 } else { 1_000 },
        connect_timeout: 10_000,
        reconnect: Reconnect::Exponential {
            min: 1_000,
            max: 8_000,
            jitter: Jitter::UpTo(500),
        },
        ..lasting()
    }
}

pub fn policy(random: &mut Random, version: Version) -> Policy {
    let maximum_qos = match version {
        Version::V5 => [2, 2, 2, 2, 1, 0][random.below(6) as usize],
        Version::V311 => 2,
    };
    Policy {
        receive_maximum: 20,
        maximum_packet_size: u32::MAX,
        maximum_qos,
        topic_alias_maximum: 0,
        server_keep_alive: (version == Version::V5 && random.below(4) == 0).then_some(6),
        identifiers: version == Version::V311 || random.below(4) > 0,
        granted_qos: maximum_qos.min(1 + random.below(4) as u8),
        a_copy_for_each: random.below(2) == 0,
        passes_on_release: random.below(2) == 0,
    }
}

fn span(random: &mut Random, most: u64) -> Span {
    let most = 1 + random.below(most);
    Span(random.below(most), random.below(most))
}

pub fn weather(random: &mut Random, durable: bool) -> Weather {
    let commit = match random.below(3) {
        0 => None,
        1 => Some(span(random, 20)),
        _ => Some(span(random, 800)),
    };
    Weather {
        up: span(random, 150),
        down: span(random, 150),
        opening: span(random, 300),
        commit: commit.filter(|_| durable),
        late: if random.below(2) == 0 {
            Span(0, 0)
        } else {
            span(random, 300)
        },
        framing: [Framing::Packets, Framing::Joined, Framing::Random, Framing::Pieces(3)][random.below(4) as usize],
    }
}

const PAGE_EVENTS: [PageEvent; 4] = [PageEvent::Online, PageEvent::Offline, PageEvent::Back, PageEvent::Leave];

pub struct Run {
    pub conversation: Conversation,
    pub random: Random,
    /// Nothing goes wrong on this run.
    calm: bool,
}

impl Run {
    fn new(seed: u64, traced: bool) -> Self {
        let mut random = Random::new(seed);
        let config = config(&mut random);
        let policy = policy(&mut random, config.version);
        let weather = weather(&mut random, config.durable);
        let calm = random.below(8) == 0;
        let network = Random::new(random.next());
        let simulation = Simulation::new(config, policy, weather, network, traced);
        let mut run = Self::of(Conversation::new(simulation), random);
        run.calm = calm;
        run
    }

    pub fn of(conversation: Conversation, random: Random) -> Self {
        let mut run = Self {
            conversation,
            random,
            calm: false,
        };
        run.change_limits();
        run
    }

    pub fn simulation(&mut self) -> &mut Simulation {
        &mut self.conversation.simulation
    }

    pub fn any<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.random.below(of.len() as u64) as usize]
    }

    /// What the broker allows from the next connection on.
    fn change_limits(&mut self) {
        if self.simulation().config.version == Version::V5 {
            let window = self.any(&[1, 2, 3, 8, 20, u16::MAX]);
            let aliases = self.random.below(4) as u16;
            let size = self.any(&[u32::MAX, u32::MAX, 150, 60]);
            let policy = &mut self.simulation().broker.policy;
            policy.receive_maximum = window;
            policy.topic_alias_maximum = aliases;
            policy.maximum_packet_size = size;
        }
    }

    pub fn op(&mut self) -> Op {
        let qos = self.random.below(3) as u8;
        let topic = self.any(&TOPICS);
        let filter = self.any(&FILTERS);
        let retain = self.random.below(6) == 0;
        match self.random.below(18) {
            0..6 => Op::Publish {
                qos,
                topic,
                retain,
                padding: if self.random.below(8) == 0 { 300 } else { 0 },
            },
            6..8 => Op::Subscribe {
                filter,
                options: self.options(qos, filter),
            },
            8 => Op::Unsubscribe(filter),
            9 => Op::Cancel(
                self.conversation
                    .latest_token()
                    .saturating_sub(self.random.below(6) as u32),
            ),
            10 if !self.calm => Op::ReconnectNow,
            16 if !self.calm => Op::Renew,
            17 if !self.calm => Op::Page(self.any(&PAGE_EVENTS)),
            _ => Op::Letter { qos, topic, retain },
        }
    }

    fn options(&mut self, qos: u8, filter: &str) -> u8 {
        if self.simulation().config.version == Version::V311 {
            return qos;
        }
        let no_local = if filter.starts_with("$share/") {
            0
        } else {
            self.any(&[0, 0, 4])
        };
        qos | no_local | self.any(&[0, 8]) | self.any(&[0, 0, 0x10, 0x20])
    }

    /// Something goes wrong.
    pub fn fault(&mut self) {
        match self.random.below(6) {
            0..3 => {
                // A client without keep-alive never finds out by itself.
                let keep_alive = self.simulation().config.keep_alive > 0;
                let notice = if keep_alive {
                    self.any(&[Notice::Both, Notice::Client, Notice::Broker])
                } else {
                    self.any(&[Notice::Both, Notice::Client])
                };
                self.simulation().cut(notice);
            }
            3 => {
                let long = self.any(&[300, 3_000, 12_000, 60_000]);
                let milliseconds = self.random.below(long);
                self.simulation().stall(milliseconds);
            }
            4 => {
                let forgets = self.random.below(2) == 0;
                let down_for = self.any(&[0, 500, 9_000]);
                self.simulation().restart(forgets, down_for);
            }
            _ => self.change_limits(),
        }
    }

    pub fn pause(&mut self) {
        let longest = self.any(&[1, 1, 1, 30, 30, 300, 300, 4_000, 20_000]);
        let milliseconds = self.random.below(longest);
        self.simulation().run_for(milliseconds);
    }

    fn run(&mut self) {
        let start = self.random.below(4);
        for step in 0..20 + self.random.below(80) {
            if step == start {
                self.conversation.perform(&Op::Start);
            }
            let op = self.op();
            self.conversation.perform(&op);
            if !self.calm && self.random.below(7) == 0 {
                self.fault();
            }
            if !self.calm && self.random.below(20) == 0 {
                let milliseconds = self.any(&[1_500, 8_000, 40_000, 300_000]);
                self.simulation().freeze(milliseconds);
            }
            self.pause();
        }
        if self.random.below(6) == 0 {
            self.conversation.perform(&Op::Close);
        }
        let calm = self.calm;
        self.simulation().settle(calm);
    }
}

#[test]
fn random_conversations_lose_nothing_double_nothing_and_leave_nothing_open() {
    replay::seeds("random_conversations", RUNS, |seed, traced| {
        Run::new(seed, traced).run()
    });
}
