//! Client, broker, network and store in one virtual time: one event after the other, all of them from the seed.

mod crash;
mod events;

pub use crash::{Crash, Farewell};
use hawser::codec::{Sender, Version};
use hawser::session::Config;

use crate::broker::{Broker, Policy};
use crate::driver::split;
use crate::ledger::Ledger;
use crate::network::{Link, Notice, Way, What};
use crate::pages::{Handling, Pages};
use crate::random::Random;
use crate::store::Store;
use crate::text::describe;
use crate::watch::Watch;
use crate::world::World;

/// How packets for the client lie in frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// A frame for each packet.
    Packets,
    /// Everything that is there in one frame.
    Joined,
    /// Frames of so many bytes.
    Pieces(usize),
    /// Everything that is there in one frame, except that one ends behind this byte of all that ever came.
    Split(usize),
    /// Cut anywhere.
    Random,
}

/// Milliseconds: the least, and how much it may be more.
#[derive(Clone, Copy, Debug)]
pub struct Span(pub u64, pub u64);

/// What the world is like.
#[derive(Clone, Debug)]
pub struct Weather {
    pub up: Span,
    pub down: Span,
    pub opening: Span,
    /// None: the store commits at once.
    pub commit: Option<Span>,
    /// How late timers fire.
    pub late: Span,
    pub framing: Framing,
}

/// Where a link is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// When so many bytes have arrived there, over all links.
    Byte(Way, usize),
    /// After so many events.
    Event(usize),
}

#[derive(Clone, Copy, Debug)]
pub struct Cut {
    pub at: At,
    pub notice: Notice,
    /// The broker restarts at the same moment and has forgotten the session.
    pub forgets: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Commit,
    Handler,
    Reload,
    Open,
    Timer,
    Link(usize, What),
    Broker,
}

pub struct Simulation {
    pub world: World,
    pub config: Config,
    pub broker: Broker,
    pub ledger: Ledger,
    pub watch: Watch,
    pub weather: Weather,
    pub cuts: Vec<Cut>,
    pub store: Store,
    pub links: Vec<Link>,
    /// The link of the client's socket.
    current: Option<usize>,
    next_link: usize,
    opens_at: Option<u64>,
    commits_at: Option<u64>,
    lateness: u64,
    /// Nothing happens in the page until then.
    frozen_until: u64,
    /// Nobody listens until then.
    pub broker_down_until: u64,
    /// Bytes that have arrived over all links, up and down.
    pub arrived: [usize; 2],
    pub events: usize,
    /// Events, and what users and brokers did.
    pub steps: usize,
    /// The application, if pages are killed in this run.
    pub pages: Option<Pages>,
    pub crashes: Vec<Crash>,
    /// When the next page comes.
    reload_at: Option<u64>,
    /// A page was started.
    started: bool,
    /// The link with a new session, and the batch that stores what this page made of it.
    agreement: Option<(usize, u64)>,
    statuses: usize,
    pub random: Random,
    pub trace: Option<Vec<String>>,
}

impl Simulation {
    pub fn new(config: Config, policy: Policy, weather: Weather, random: Random, traced: bool) -> Self {
        let version = config.version;
        let mut world = World::new(config.clone());
        world.slow_store = weather.commit.is_some();
        Self {
            watch: Watch::new(&config),
            broker: Broker::new(version, policy),
            world,
            config,
            ledger: Ledger::default(),
            weather,
            cuts: Vec::new(),
            store: Store::default(),
            links: Vec::new(),
            current: None,
            next_link: 0,
            opens_at: None,
            commits_at: None,
            lateness: 0,
            frozen_until: 0,
            broker_down_until: 0,
            arrived: [0; 2],
            events: 0,
            steps: 0,
            pages: None,
            crashes: Vec::new(),
            reload_at: None,
            started: false,
            agreement: None,
            statuses: 0,
            random,
            trace: traced.then(Vec::new),
        }
    }

    pub fn now(&self) -> u64 {
        self.world.now
    }

    /// From now on the messages are handled by an application whose pages may be killed.
    pub fn with_pages(mut self, handling: Handling) -> Self {
        assert!(self.config.durable, "only a stored session outlives its page");
        self.pages = Some(Pages::new(handling, self.config.resend_qos2));
        self.world.handle_by_hand = true;
        self.world.session.restore(self.world.time(), 0, std::iter::empty());
        self.world.drain();
        self
    }

    /// Something the user does.
    pub fn user(&mut self, what: &str, act: impl FnOnce(&mut World)) {
        self.note(|| format!("user: {what}"));
        act(&mut self.world);
        self.after_client();
        self.step();
    }

    /// Something that happens at the broker.
    pub fn at_broker(&mut self, what: &str, act: impl FnOnce(&mut Broker, u64)) {
        self.note(|| format!("broker: {what}"));
        let now = self.now();
        act(&mut self.broker, now);
        self.after_broker();
        self.step();
    }

    /// Lets time pass.
    pub fn run_for(&mut self, milliseconds: u64) {
        let end = self.now() + milliseconds;
        self.run_until(end, |_| false);
    }

    /// Runs until `done` or until `end`; whether it is done.
    pub fn run_until(&mut self, end: u64, done: impl Fn(&Self) -> bool) -> bool {
        while !done(self) {
            match self.next_event().filter(|(at, _)| *at <= end) {
                Some((at, event)) => {
                    self.world.now = self.now().max(at);
                    self.perform(event);
                }
                None => {
                    self.world.now = self.now().max(end);
                    return false;
                }
            }
        }
        true
    }

    /// Runs until nothing is left to do for anybody, and checks the account.
    pub fn settle(&mut self, perfect: bool) {
        let end = self.now() + 600_000;
        let quiet = self.run_until(end, Self::is_quiet);
        assert!(
            quiet,
            "it does not come to rest: {:?}, settled: {}, {:?}",
            self.world.session.state(),
            self.ledger.is_settled(&self.world),
            self.world.session.usage()
        );
        match &self.pages {
            Some(pages) => {
                pages.close(&self.world, &self.ledger, &self.broker, self.watch.sessions);
                self.ledger.close_pages(&self.world, &self.broker, pages);
            }
            None => self
                .ledger
                .close(&self.world, &self.broker, self.watch.sessions, perfect),
        }
        self.check_rest();
    }

    fn is_quiet(&self) -> bool {
        let links = self.links.iter().all(Link::is_quiet);
        let done = self.world.is_stopped() || (self.world.is_online() && self.broker.is_at_rest());
        let pages = self.pages.as_ref().is_none_or(Pages::is_settled) && self.reload_at.is_none();
        // A link may be dead, and the client not know it yet: then something of it has no answer.
        let answered = self.world.session.usage().requests == 0;
        links && done && pages && answered && self.commits_at.is_none() && self.ledger.is_settled(&self.world)
    }

    /// What the engine holds when all is quiet: nothing.
    fn check_rest(&self) {
        let usage = self.world.session.usage();
        assert_eq!(
            (
                usage.messages,
                usage.bytes,
                usage.packet_ids,
                usage.requests,
                usage.held,
                usage.open_inbound
            ),
            (0, 0, 0, 0, 0, 0),
            "something is left: {usage:?}"
        );
        if self.world.is_online() {
            let limit = self.world.connected.as_ref().unwrap().limits.receive_maximum;
            assert_eq!(
                (usage.quota, usage.unanswered),
                (limit, 0),
                "the window is not what it was: {usage:?}"
            );
            let given_up = self.pages.as_ref().map_or(0, Pages::given_up);
            let given_up = given_up + self.ledger.given_up(&self.world);
            assert!(self.watch.is_at_rest(given_up), "the watch waits for something");
        }
        let kept = self.store.values.keys();
        let left: Vec<_> = kept
            .filter(|key| {
                use hawser::session::StoreKey::{Inbound, Outbound};
                matches!(key, Inbound(_) | Outbound(_))
            })
            .collect();
        assert!(
            left.is_empty() || self.world.is_stopped(),
            "left in the store: {left:?}"
        );
    }

    // ----- faults

    /// Cuts the client's link.
    pub fn cut(&mut self, notice: Notice) {
        let now = self.now();
        self.note(|| format!("---- cut, noticed by {notice:?}"));
        if notice != Notice::Both {
            self.ledger.silence_is_natural = true;
        }
        if let Some(link) = self.current_link() {
            link.cut(now, notice);
        }
    }

    /// Nothing gets through the client's link for a while, in either direction.
    pub fn stall(&mut self, milliseconds: u64) {
        let until = self.now() + milliseconds;
        self.note(|| format!("---- stalls until {until}"));
        self.ledger.silence_is_natural = true;
        if let Some(link) = self.current_link() {
            link.stall(until);
        }
    }

    /// The page is frozen for a while, and the world around it goes on.
    pub fn freeze(&mut self, milliseconds: u64) {
        self.frozen_until = self.now() + milliseconds;
        self.note(|| "---- freezes".into());
        self.ledger.frozen = true;
        self.run_for(milliseconds);
    }

    /// The broker restarts, and nobody listens for a while.
    pub fn restart(&mut self, forgets: bool, down_for: u64) {
        let now = self.now();
        self.note(|| format!("---- broker restarts, forgets: {forgets}"));
        for link in &mut self.links {
            link.cut(now, Notice::Both);
        }
        self.broker_down_until = now + down_for;
        self.broker.restart(now, forgets);
        self.after_broker();
    }

    fn current_link(&mut self) -> Option<&mut Link> {
        let current = self.current?;
        self.links.iter_mut().find(|link| link.number == current)
    }

    fn link(&mut self, number: usize) -> &mut Link {
        self.links
            .iter_mut()
            .find(|link| link.number == number)
            .expect("a link")
    }

    fn carry_out(&mut self, cut: Cut) {
        self.cut(cut.notice);
        if cut.forgets {
            self.restart(true, 0);
        }
    }

    pub fn draw(&mut self, span: Span) -> u64 {
        span.0 + if span.1 == 0 { 0 } else { self.random.below(span.1 + 1) }
    }

    fn note(&mut self, text: impl FnOnce() -> String) {
        let now = self.world.now;
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{now:>8} {}", text()));
        }
    }

    fn note_packets(&mut self, way: Way, bytes: &[u8]) {
        if self.trace.is_none() {
            return;
        }
        let version: Version = self.config.version;
        for packet in split(bytes) {
            self.note(|| match way {
                Way::Up => format!("  -> {}", describe(packet, version)),
                Way::Down => format!(
                    "  <- {:?}",
                    hawser::codec::decode(packet, version, Sender::Server).unwrap()
                ),
            });
        }
    }
}

/// Tells the conversation of a run that fails.
impl Drop for Simulation {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for line in self.trace.iter().flatten() {
                eprintln!("{line}");
            }
        }
    }
}
