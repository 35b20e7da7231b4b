//! How long it takes to notice that a link is dead, and to have another one: measured in virtual time, for each way in which links die. README.md shows
//! the table; this test makes it, and holds the two together.

use std::fmt::Write;

use hawser::session::{Config, Jitter, Millis, PageEvent, Reconnect, Session, State};

use crate::random::Random;
use crate::world::{Socket, World, lasting};

/// Runs of each case, each from a seed of its own.
const RUNS: u64 = 500;
/// Milliseconds between a question and its answer, and to open a socket.
const ROUND_TRIP: u64 = 100;
const OPENING: u64 = 300;
const PINGRESP: [u8; 2] = [0xD0, 0];

/// What the network does with an attempt.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Network {
    Works,
    Refuses,
    SaysNothing,
}

#[derive(Clone, Copy)]
struct Case {
    name: &'static str,
    unstable: bool,
    /// The socket says that it is closed.
    closes: bool,
    /// What the page hears, and how long after the death of the link at most: that is where time begins.
    hears: Option<(PageEvent, u64)>,
    /// Seconds without a network, at least and at most, and what it does meanwhile.
    away: Option<(u64, u64, Network)>,
    /// The page hears `online` when the network is back.
    hears_online: bool,
}

const SILENT: Case = Case {
    name: "dead without a word",
    unstable: false,
    closes: false,
    hears: None,
    away: None,
    hears_online: false,
};

const CASES: [Case; 7] = [
    SILENT,
    Case {
        name: "the same, `network: \"unstable\"`",
        unstable: true,
        ..SILENT
    },
    Case {
        name: "the same, and the page comes back",
        hears: Some((PageEvent::Back, 10_000)),
        ..SILENT
    },
    Case {
        name: "the socket is closed",
        closes: true,
        ..SILENT
    },
    Case {
        name: "no network for minutes, `offline` and `online` say so",
        hears: Some((PageEvent::Offline, 0)),
        away: Some((60, 300, Network::Refuses)),
        hears_online: true,
        ..SILENT
    },
    Case {
        name: "no network for minutes, nobody says so",
        away: Some((60, 300, Network::SaysNothing)),
        ..SILENT
    },
    Case {
        name: "the broker restarts, in up to 30 s",
        closes: true,
        away: Some((1, 30, Network::Refuses)),
        ..SILENT
    },
];

/// The defaults of the package, or those of `network: "unstable"`.
fn config(unstable: bool) -> Config {
    let (keep_alive, connect_timeout, min, max, stable_after) = if unstable {
        (15, 20_000, 500, 30_000, 5_000)
    } else {
        (30, 15_000, 1_000, 60_000, 10_000)
    };
    Config {
        keep_alive,
        connect_timeout,
        probe_timeout: 5_000,
        stable_after,
        reconnect: Reconnect::Exponential {
            min,
            max,
            jitter: Jitter::Equal,
        },
        ..lasting()
    }
}

/// A page, a network and a broker that answers everything.
struct Scene {
    world: World,
    network: Network,
    /// The link carries something.
    alive: bool,
    /// When the attempt is over, one way or the other, and whether it has a socket then.
    opens: Option<(u64, bool)>,
    answers: Option<(u64, bool)>,
}

impl Scene {
    fn new(config: Config, seed: u64) -> Self {
        let mut world = World::new(config.clone());
        world.session = Session::new(config, seed);
        world.start();
        Self {
            world,
            network: Network::Works,
            alive: false,
            opens: None,
            answers: None,
        }
    }

    /// Looks at what the client has done.
    fn look(&mut self) {
        let now = self.world.now;
        match (self.world.socket, self.network) {
            (Socket::Opening, Network::Works) => self.opens = self.opens.or(Some((now + OPENING, true))),
            (Socket::Opening, Network::Refuses) => self.opens = self.opens.or(Some((now + ROUND_TRIP, false))),
            // It has begun, and never ends by itself.
            (Socket::Opening, Network::SaysNothing) => self.opens = self.opens.or(Some((u64::MAX, false))),
            _ => self.opens = None,
        }
        for packet in self.world.take().iter().filter(|_| self.alive) {
            if packet.starts_with("CONNECT") || packet == "PINGREQ" {
                self.answers = Some((now + ROUND_TRIP, packet == "PINGREQ"));
            }
        }
    }

    /// Lets time pass until `end`, or until there is a link or there is none.
    fn run(&mut self, end: u64, until: Option<bool>) -> u64 {
        self.look();
        while until != Some(self.world.is_online()) {
            let deadline = self.world.session.deadline().map(|Millis(at)| at);
            let (opens, answers) = (self.opens.map(|next| next.0), self.answers.map(|next| next.0));
            let next = [deadline, opens, answers].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= end) else {
                self.world.now = end;
                break;
            };
            self.world.now = next;
            if let Some((_, ping)) = self.answers.take_if(|(at, _)| *at == next) {
                if ping {
                    self.world.send_bytes(&PINGRESP);
                } else {
                    self.world.connack(false, &[]);
                }
            } else if let Some((_, works)) = self.opens.take_if(|(at, _)| *at == next) {
                self.alive = works;
                if works {
                    self.world.open();
                } else {
                    self.world.fail_to_open();
                }
            } else {
                self.world.fire();
            }
            self.look();
        }
        self.world.now
    }

    /// The link carries nothing any more.
    fn die(&mut self, case: Case) {
        (self.alive, self.answers) = (false, None);
        if let Some((.., network)) = case.away {
            self.network = network;
        }
        if case.closes {
            self.world.cut();
        }
    }
}

/// Milliseconds until the loss is noticed, and from then on, or from the return of the network, until there is a link.
fn measure(case: Case, seed: u64) -> (u64, u64) {
    let mut random = Random::new(seed);
    let mut scene = Scene::new(config(case.unstable), seed);
    scene.run(u64::MAX, Some(true));
    let death = scene.world.now + 20_000 + random.below(60_000);
    scene.run(death, None);
    assert!(matches!(scene.world.session.state(), State::Online { .. }));
    scene.die(case);
    let back = case
        .away
        .map(|(least, most, _)| death + 1_000 * least + random.below(1_000 * (most - least)));
    let mut begins = death;
    if let Some((event, within)) = case.hears {
        begins += random.below(within + 1);
        scene.run(begins, Some(false));
        scene.world.page(event);
    }
    let lost = scene.run(back.unwrap_or(u64::MAX), Some(false));
    let mut from = lost;
    if let Some(back) = back {
        scene.run(back, Some(true));
        from = back;
        scene.network = Network::Works;
        if case.hears_online {
            scene.world.page(PageEvent::Online);
        }
    }
    let online = scene.run(u64::MAX, Some(true));
    (lost - begins, online - from)
}

/// The middle one and the largest, in seconds.
fn summary(mut times: Vec<u64>) -> String {
    times.sort_unstable();
    let [middle, most] = [times[times.len() / 2], times[times.len() - 1]].map(|time| time.div_ceil(100));
    if most == 0 {
        return "at once".into();
    }
    format!(
        "{}.{} s, at most {}.{} s",
        middle / 10,
        middle % 10,
        most / 10,
        most % 10
    )
}

#[test]
fn the_readme_shows_how_long_it_takes_to_notice_and_to_be_back() {
    let mut table = String::new();
    for case in CASES {
        let runs = (1..=RUNS).map(|seed| measure(case, seed));
        let (noticed, back): (Vec<u64>, Vec<u64>) = runs.unzip();
        writeln!(table, "| {} | {} | {} |", case.name, summary(noticed), summary(back)).unwrap();
    }
    let readme = include_str!("../../README.md");
    assert!(readme.contains(&table), "the table in README.md is to be\n{table}");
}
