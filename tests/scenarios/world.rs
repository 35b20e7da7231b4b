//! A session, the broker's end of its socket, a virtual clock and a store that may be slow: everything a scenario needs, step by step.

use std::collections::{BTreeMap, VecDeque};

use hawser::codec::{Property, Qos, ReasonCode, SubscribeOptions, Version};
use hawser::session::{
    Cause, CloseKind, Config, Connected, Durability, Failure, Frame, Gap, Jitter, Millis, Outputs, Phase,
    PublishRequest, Published, Reconnect, Redirect, Restored, Session, SocketClose, State, StorageFault, StoreBatch,
    Verdict,
};

pub use crate::driver::Delivered;

/// Where the socket is, as the driver sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Socket {
    None,
    Opening,
    Open,
}

pub struct World {
    pub session: Session,
    pub version: Version,
    pub now: u64,
    pub socket: Socket,
    /// Bytes of the client that the broker has not looked at.
    pub wire: Vec<u8>,
    /// Packets of the client, over all connections.
    pub packets_sent: u64,
    /// The last packet on this connection was DISCONNECT.
    pub said_goodbye: bool,
    pub outputs: Outputs,
    pub frame: Vec<u8>,
    pub topics: BTreeMap<u32, String>,
    /// Messages that the scenario has not looked at.
    pub delivered: Vec<Delivered>,
    /// Messages above QoS 0 are handled by [`World::handled`], and not as soon as they are delivered.
    pub handle_by_hand: bool,
    /// READY, CLAIMED and STALLED as they came.
    pub ready: Vec<u32>,
    pub claimed: Vec<(u32, Verdict, u32)>,
    pub stalled: Vec<(u32, u32)>,
    /// How each token was settled.
    pub settled: BTreeMap<u32, (u32, Option<String>)>,
    /// The user properties of the answer to each token.
    pub users: BTreeMap<u32, Vec<(String, String)>>,
    pub connected: Option<Connected>,
    /// The subscription identifier of each token.
    pub identifiers: BTreeMap<u32, u32>,
    pub statuses: Vec<State>,
    pub traced: Vec<String>,
    /// PREPARE events that were not answered, if `prepare_by_hand`.
    pub prepared: Vec<u32>,
    pub prepare_by_hand: bool,
    /// What was asked of the client's side of an authentication: exchange, step, the broker's properties.
    pub asked: Vec<(u32, u8, Vec<u8>)>,
    /// Where each attempt was sent.
    pub redirects: Vec<Option<Redirect>>,
    pub username: Option<String>,
    pub password: Option<Vec<u8>>,
    /// Commits wait for [`World::commit`].
    pub slow_store: bool,
    /// Publishes ask to hear when they are stored.
    pub tell_stored: bool,
    pub batches: VecDeque<StoreBatch>,
    /// Batches in the order they were committed.
    pub committed: Vec<StoreBatch>,
    /// What the store keeps: the segments since the last snapshot.
    pub log: Vec<Vec<u8>>,
    /// The number of the last of them.
    pub last: u64,
    pub frames: Vec<Frame>,
    /// Publishes that were told to be stored: token and number.
    pub stored: Vec<(u32, u64)>,
    /// What an earlier page left.
    pub restored: Vec<Restored>,
    pub filters: Vec<(u32, String)>,
    pub gaps: Vec<Gap>,
    /// What was told about the store.
    pub storage: Vec<(Durability, Option<StorageFault>, String)>,
}

/// Settings that leave nothing to chance: no jitter, a known name.
pub fn plain() -> Config {
    Config {
        client_id: Some("c".into()),
        reconnect: Reconnect::Exponential {
            min: 1_000,
            max: 60_000,
            jitter: Jitter::UpTo(0),
        },
        ..Config::default()
    }
}

/// Settings of a client whose session outlives its connections.
pub fn lasting() -> Config {
    Config {
        session_expiry: 3_600,
        ..plain()
    }
}

/// The same in 3.1.1.
pub fn lasting_311() -> Config {
    Config {
        version: Version::V311,
        clean_start: false,
        ..lasting()
    }
}

impl World {
    pub fn new(config: Config) -> Self {
        let version = config.version;
        Self {
            session: Session::new(config, 42),
            version,
            now: 1_000_000,
            socket: Socket::None,
            wire: Vec::new(),
            packets_sent: 0,
            said_goodbye: false,
            outputs: Outputs::default(),
            frame: Vec::new(),
            topics: BTreeMap::new(),
            delivered: Vec::new(),
            handle_by_hand: false,
            ready: Vec::new(),
            claimed: Vec::new(),
            stalled: Vec::new(),
            settled: BTreeMap::new(),
            users: BTreeMap::new(),
            connected: None,
            identifiers: BTreeMap::new(),
            statuses: Vec::new(),
            traced: Vec::new(),
            prepared: Vec::new(),
            prepare_by_hand: false,
            asked: Vec::new(),
            redirects: Vec::new(),
            username: None,
            password: None,
            slow_store: false,
            tell_stored: false,
            batches: VecDeque::new(),
            committed: Vec::new(),
            log: Vec::new(),
            last: 0,
            frames: Vec::new(),
            stored: Vec::new(),
            restored: Vec::new(),
            filters: Vec::new(),
            gaps: Vec::new(),
            storage: Vec::new(),
        }
    }

    /// A world whose session is online with a fresh session on a broker without limits.
    pub fn online(config: Config) -> Self {
        Self::online_with(config, &[])
    }

    /// Online, with properties in CONNACK.
    pub fn online_with(config: Config, properties: &[Property<'_>]) -> Self {
        let mut world = Self::new(config);
        world.start();
        world.open();
        world.take();
        world.connack(false, properties);
        world.take();
        world
    }

    pub fn time(&self) -> Millis {
        Millis(self.now)
    }

    // ----- the user

    pub fn start(&mut self) {
        self.session.start(self.time());
        self.drain();
    }

    pub fn publish(&mut self, token: u32, qos: u8, topic: &str, payload: &str) {
        self.publish_all(token, qos, topic, payload.as_bytes(), false, &[]);
    }

    pub fn publish_all(&mut self, token: u32, qos: u8, topic: &str, payload: &[u8], retain: bool, properties: &[u8]) {
        self.ask_to_publish(token, qos, topic, payload, retain, properties);
        self.drain();
    }

    /// Like `publish_all`, in the same burst as what follows.
    pub fn ask_to_publish(
        &mut self,
        token: u32,
        qos: u8,
        topic: &str,
        payload: &[u8],
        retain: bool,
        properties: &[u8],
    ) {
        let qos = Qos::from_bits(qos).unwrap();
        let request = PublishRequest {
            token,
            topic,
            payload,
            qos,
            retain,
            properties,
            tell_stored: self.tell_stored,
        };
        if let Published::Settled(code) = self.session.publish(self.time(), request) {
            assert_eq!(self.settled.insert(token, (code, None)), None, "settled twice");
        }
    }

    pub fn subscribe(&mut self, token: u32, filter: &str, qos: u8) {
        self.ask_to_subscribe(token, filter, qos);
        self.drain();
    }

    /// Subscribes in the same burst as what follows.
    pub fn ask_to_subscribe(&mut self, token: u32, filter: &str, qos: u8) {
        let options = SubscribeOptions::new(Qos::from_bits(qos).unwrap());
        self.session.subscribe(self.time(), token, filter, options, &[]);
    }

    pub fn unsubscribe(&mut self, token: u32, filter: &str) {
        self.session.unsubscribe(self.time(), token, filter);
        self.drain();
    }

    pub fn cancel(&mut self, token: u32) {
        self.session.cancel(self.time(), token);
        self.drain();
    }

    pub fn close(&mut self) {
        self.session.close(self.time(), ReasonCode::NORMAL_DISCONNECTION, &[]);
        self.drain();
    }

    /// How `token` was settled; panics if it was not.
    pub fn outcome(&self, token: u32) -> u32 {
        self.settled
            .get(&token)
            .unwrap_or_else(|| panic!("token {token} is open"))
            .0
    }

    pub fn reason(&self, token: u32) -> Option<&str> {
        self.settled.get(&token).and_then(|(_, reason)| reason.as_deref())
    }

    pub fn is_open(&self, token: u32) -> bool {
        !self.settled.contains_key(&token)
    }

    /// Forgets how `token` was settled, so that it may be settled once more.
    pub fn forget(&mut self, token: u32) {
        self.settled.remove(&token);
    }

    #[track_caller]
    pub fn assert_failed(&self, token: u32, failure: Failure) {
        assert_eq!(
            self.outcome(token),
            failure.code(),
            "token {token}: {failure:?} expected"
        );
    }

    pub fn take_delivered(&mut self) -> Vec<Delivered> {
        std::mem::take(&mut self.delivered)
    }

    /// Topics and payloads of what was delivered since the last look.
    pub fn take_texts(&mut self) -> Vec<String> {
        let delivered = self.take_delivered().into_iter();
        delivered
            .map(|message| format!("{} {}", message.topic, String::from_utf8_lossy(&message.payload)))
            .collect()
    }

    #[track_caller]
    pub fn cause(&self) -> &Cause {
        match self.session.state() {
            State::Waiting { cause, .. } | State::Stopped { cause } | State::Connecting { cause: Some(cause), .. } => {
                cause
            }
            other => panic!("no cause in {other:?}"),
        }
    }

    pub fn is_online(&self) -> bool {
        matches!(self.session.state(), State::Online { .. })
    }

    pub fn is_stopped(&self) -> bool {
        matches!(self.session.state(), State::Stopped { .. })
    }

    // ----- the network

    pub fn open(&mut self) {
        assert_eq!(self.socket, Socket::Opening);
        self.socket = Socket::Open;
        self.said_goodbye = false;
        self.session.handle_open(self.time());
        self.drain();
    }

    pub fn fail_to_open(&mut self) {
        assert_eq!(self.socket, Socket::Opening);
        self.socket = Socket::None;
        self.closed(CloseKind::Failed, 1006, "");
    }

    /// The link breaks: what the client sent and the broker did not look at is lost.
    pub fn cut(&mut self) {
        self.wire.clear();
        self.socket = Socket::None;
        self.closed(CloseKind::Closed, 1006, "");
    }

    pub fn closed(&mut self, kind: CloseKind, code: u16, reason: &str) {
        self.session
            .handle_closed(self.time(), SocketClose { kind, code, reason });
        self.drain();
    }

    /// Cuts the link, waits out the backoff and opens the next socket; returns what CONNECT says.
    pub fn reconnect(&mut self) -> Vec<String> {
        if self.socket != Socket::None {
            self.cut();
        }
        self.wait_for_attempt();
        self.open();
        // CONNECT waits until the store knows that it may begin another session.
        while self.attempt_waits() {
            self.commit();
        }
        self.take()
    }

    fn attempt_waits(&self) -> bool {
        let phase = Phase::Socket;
        let waits = matches!(self.session.state(), State::Connecting { phase: now, .. } if *now == phase);
        waits && !self.batches.is_empty()
    }

    pub fn wait_for_attempt(&mut self) {
        let State::Waiting { retry_at, .. } = self.session.state() else {
            panic!("not waiting: {:?}", self.session.state());
        };
        self.advance(retry_at.0 - self.now);
    }

    // ----- the clock

    /// Lets time pass; every deadline is kept to the millisecond.
    pub fn advance(&mut self, milliseconds: u64) {
        let end = self.now + milliseconds;
        while let Some(deadline) = self.session.deadline().filter(|deadline| deadline.0 <= end) {
            self.now = deadline.0.max(self.now);
            self.fire();
        }
        self.now = end;
    }

    /// Lets time pass with the timer asleep, then fires it once.
    pub fn oversleep(&mut self, milliseconds: u64) {
        self.now += milliseconds;
        self.fire();
    }

    pub fn fire(&mut self) {
        self.session.handle_timeout(self.time());
        self.drain();
        let deadline = self.session.deadline();
        assert!(
            deadline.is_none_or(|deadline| deadline.0 > self.now),
            "deadline in the past: {deadline:?} at {}",
            self.now
        );
    }

    /// A timer that fires before its time.
    pub fn fire_early(&mut self) {
        self.session.handle_timeout(self.time());
        self.drain();
    }
}
