//! Connections through time: bytes in pipes with latency, cuts, stalls, and ends that one side notices long before the other, or only by itself.

use std::collections::VecDeque;

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To the broker.
    Up,
    /// To the client.
    Down,
}

/// Who hears of it when a link is cut. The other side has to find out by itself: by keep-alive, or because the client comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    Both,
    Client,
    Broker,
}

/// One way of a link.
#[derive(Default)]
struct Pipe {
    /// When each piece arrives.
    pieces: VecDeque<(u64, Vec<u8>)>,
    latest: u64,
}

/// One connection. It outlives the client's interest in it: the broker may not have noticed.
pub struct Link {
    pub number: usize,
    up: Pipe,
    down: Pipe,
    /// Nothing gets through any more.
    cut: bool,
    /// The side still holds its end.
    pub client_holds: bool,
    pub broker_holds: bool,
    /// When the side hears that the link has ended.
    client_hears: Option<u64>,
    broker_hears: Option<u64>,
    stalled_until: u64,
    /// Bytes the broker has sent and that have arrived, and how many of the first belong to CONNACK.
    sent_down: usize,
    arrived_down: usize,
    connack: Option<usize>,
}

/// What happens next on a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Arrives(Way),
    ClientHears,
    BrokerHears,
}

impl Link {
    pub fn new(number: usize) -> Self {
        Self {
            number,
            up: Pipe::default(),
            down: Pipe::default(),
            cut: false,
            client_holds: true,
            broker_holds: true,
            client_hears: None,
            broker_hears: None,
            stalled_until: 0,
            sent_down: 0,
            arrived_down: 0,
            connack: None,
        }
    }

    fn pipe(&mut self, way: Way) -> &mut Pipe {
        match way {
            Way::Up => &mut self.up,
            Way::Down => &mut self.down,
        }
    }

    /// Puts bytes into the pipe; order is kept whatever `at` says.
    pub fn send(&mut self, way: Way, at: u64, bytes: Vec<u8>) {
        if way == Way::Down {
            self.sent_down += bytes.len();
            // CONNACK is the first that a broker sends.
            self.connack.get_or_insert(bytes.len());
        }
        if self.cut {
            return;
        }
        let pipe = self.pipe(way);
        pipe.latest = pipe.latest.max(at);
        pipe.pieces.push_back((pipe.latest, bytes));
    }

    /// Takes the pieces that are there by now.
    pub fn take(&mut self, way: Way, now: u64) -> Vec<Vec<u8>> {
        let pipe = self.pipe(way);
        let there = pipe.pieces.iter().take_while(|(at, _)| *at <= now).count();
        pipe.pieces.drain(..there).map(|(_, bytes)| bytes).collect()
    }

    /// Bytes have arrived at the client; whether they complete CONNACK.
    pub fn arrived(&mut self, bytes: usize) -> bool {
        let before = self.arrived_down;
        self.arrived_down += bytes;
        self.connack.is_some_and(|end| before < end && self.arrived_down >= end)
    }

    /// From now on nothing gets through.
    pub fn cut(&mut self, now: u64, notice: Notice) {
        self.cut = true;
        (self.up.pieces, self.down.pieces) = (VecDeque::new(), VecDeque::new());
        if notice != Notice::Broker {
            self.client_hears = Some(now);
        }
        if notice != Notice::Client {
            self.broker_hears = Some(now);
        }
    }

    pub fn stall(&mut self, until: u64) {
        self.stalled_until = self.stalled_until.max(until);
    }

    /// One side has let go of its end; the other hears of it behind all that was sent, if it can hear at all.
    pub fn let_go(&mut self, way: Way, latency: u64, now: u64) {
        let hears = self.pipe(way).latest.max(now) + latency;
        match way {
            Way::Up => {
                self.client_holds = false;
                if !self.cut {
                    self.broker_hears = Some(hears);
                }
            }
            Way::Down => {
                self.broker_holds = false;
                if !self.cut {
                    self.client_hears = Some(hears);
                }
            }
        }
    }

    /// What happens next, and when.
    pub fn next(&self) -> Option<(u64, What)> {
        let arrives = |pipe: &Pipe, holds: bool, way| {
            let (at, _) = pipe.pieces.front().filter(|_| holds)?;
            Some(((*at).max(self.stalled_until), What::Arrives(way)))
        };
        let hears = |at: Option<u64>, holds: bool, what| Some((at?.max(self.stalled_until), what)).filter(|_| holds);
        [
            arrives(&self.up, self.broker_holds, Way::Up),
            arrives(&self.down, self.client_holds, Way::Down),
            hears(self.client_hears, self.client_holds, What::ClientHears),
            hears(self.broker_hears, self.broker_holds, What::BrokerHears),
        ]
        .into_iter()
        .flatten()
        .min_by_key(|(at, _)| *at)
    }

    /// Whether both sides have let go.
    pub fn is_over(&self) -> bool {
        !self.client_holds && !self.broker_holds
    }

    /// Whether nothing is on its way to anybody.
    pub fn is_quiet(&self) -> bool {
        (self.up.pieces.is_empty() || !self.broker_holds) && (self.down.pieces.is_empty() || !self.client_holds)
    }
}
