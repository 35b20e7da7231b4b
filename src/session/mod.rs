//! The session engine: all policy, no input or output of its own.
//!
//! Time is an argument of every method, the random seed one of [`Session::new`]. There are three kinds of methods: commands of the user
//! ([`Session::publish`]), things that happened (`handle_*`), and [`Session::take_outputs`], which says all that is to be done about them. Whoever calls
//! a method of the first two kinds calls the third afterwards, until it returns false. Nothing here can fail: what is refused is settled by an event.
//!
//! ```text
//!   state lifecycle policy backoff timers page renew farewell    where the session stands, and what comes next
//!   connect authenticate protocol redirect   CONNECT and CONNACK: limits, who we are, version, other servers
//!   publish outgoing acknowledge queue overflow expiry packet_ids   our messages    (write_ahead: what may leave when)
//!   subscribe suback requests shapes         our subscriptions
//!   receive input inbound deliveries stall dedup topics aliases     the broker's messages    (index: what is found by a hash)
//!   segment log facts restore inbound_restore snapshot              what outlives the page
//! ```
#![forbid(unsafe_code)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unreachable
)]

mod acknowledge;
mod active;
mod aliases;
mod authenticate;
mod backoff;
mod config;
mod connect;
mod dedup;
mod deliveries;
mod error;
mod expiry;
mod facts;
mod farewell;
mod hash;
mod id_map;
mod id_set;
mod inbound;
mod inbound_restore;
mod index;
mod input;
mod lifecycle;
mod link;
mod log;
mod outbox;
mod outgoing;
mod output;
mod overflow;
mod packet_ids;
mod page;
mod policy;
mod protocol;
mod publish;
mod queue;
mod random;
mod receive;
mod redirect;
mod renew;
mod requests;
mod restore;
mod segment;
mod shapes;
mod size;
mod snapshot;
mod stall;
mod state;
mod suback;
mod subscribe;
mod tally;
mod time;
mod timers;
mod topics;
mod trace;
mod usage;
mod write_ahead;

pub use backoff::{Backoff, Jitter, Reconnect};
pub use config::{Config, OfflineQos0, Overflow, Will};
pub use dedup::{Claim, Rule, Verdict};
pub use error::{Cause, Failure, Refusal};
pub use output::{
    Connected, Durability, Event, Frame, Gap, Limits, Message, Outputs, PacketTrace, Redirect, Restored, Settled, Span,
    StorageFault, StoreBatch, StoreChange, StoreKey,
};
pub use page::PageEvent;
pub use publish::{PublishRequest, Published};
pub use random::Random;
pub use state::{Phase, State};
pub use tally::Tally;
pub use time::Millis;
pub use usage::Usage;

use crate::codec::{ReasonCode, Version};
use dedup::Ledger;
use deliveries::Deliveries;
use facts::Written;
use id_set::IdSet;
use index::Index;
use input::Input;
use link::Link;
use packet_ids::PacketIds;
use queue::Queue;
use requests::Subscriptions;
use timers::Timers;
use topics::Topics;
use write_ahead::WriteAhead;

/// How a socket ended, or never began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketClose<'a> {
    /// What happened.
    pub kind: CloseKind,
    /// WebSocket close code, 0 if there is none.
    pub code: u16,
    /// WebSocket close reason, or what the browser said.
    pub reason: &'a str,
}

/// Kinds of [`SocketClose`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseKind {
    /// It never opened.
    Failed,
    /// It was open.
    Closed,
    /// It sent a text frame. The socket is still there: the session asks to close it.
    TextFrame,
    /// It did not select the subprotocol `mqtt`. The socket is still there: the session asks to close it.
    WrongSubprotocol,
}

/// What the broker did wrong, and the reason code that tells it so.
#[derive(Clone, Copy, Debug)]
struct Fault {
    reason: ReasonCode,
    detail: &'static str,
}

impl Fault {
    const fn new(reason: ReasonCode, detail: &'static str) -> Self {
        Self { reason, detail }
    }

    /// A protocol error, 0x82.
    const fn protocol(detail: &'static str) -> Self {
        Self::new(ReasonCode::PROTOCOL_ERROR, detail)
    }
}

/// One MQTT session: its state, its messages and its link, over any number of connections.
#[derive(Debug)]
pub struct Session {
    config: Config,
    /// The latest time that was given: it never runs backwards.
    now: Millis,
    random: Random,
    state: State,
    /// The protocol that is spoken, and in which messages and subscriptions are kept.
    version: Version,
    /// The protocol that attempts offer: another one only on a guess.
    offered: Version,
    backoff: Backoff,
    /// When the latest attempt began.
    attempted: Millis,
    /// The browser says that there is no network.
    offline: bool,
    /// When the page came back to a link that has not ended since.
    back: Option<Millis>,
    /// The data of the authentication method for the next CONNECT.
    authentication_data: Option<Vec<u8>>,
    /// The number of the latest [`Event::Authenticate`].
    exchange: u32,
    /// Exchanges with a broker that failed on this side since the last stable link.
    authentication_failures: u8,
    /// Fresh credentials were asked for at once since the last stable link.
    refreshed: bool,
    /// Where the attempt under way goes instead, or the next one.
    redirect: Option<Redirect>,
    /// Server references followed since the last stable link.
    references_followed: u8,
    timers: Timers,
    /// The identifier in force: the user's, our own, or the one the broker assigned.
    client_id: String,
    connected_before: bool,
    /// There is state here that a broker may resume (4.1).
    has_session: bool,
    /// Seconds that the broker keeps the session without a link, as it said last; `u32::MAX` = for ever.
    session_expiry: u32,
    /// When a link was up the last time, in this life of the page or an earlier one; 0 = never.
    last_online: Millis,
    /// A broker has resumed a session that is not known here: the next attempt asks for a new one.
    must_start_clean: bool,
    /// "Session present" may mean another session than the one that is known here: a CONNECT of ours has had no answer, and the broker may have begun a new
    /// one with it, or the attempt goes to another server.
    in_doubt: bool,
    /// The session may be at a server that another has named.
    is_sent_away: bool,
    link: Link,
    input: Input,
    topics: Topics,
    packet_ids: PacketIds,
    queue: Queue,
    next_sequence: u64,
    /// Where the waiting message of each topic is (with [`Overflow::LatestPerTopic`] only): slots of the queue, by topic and RETAIN. What does not wait any
    /// more stays in it for a while: a look at its entry tells.
    latest: Index,
    /// When to look for messages that are over. Not among the timers, which end with each attempt: messages grow old without a link too.
    next_expiry: Option<Millis>,
    subscriptions: Subscriptions,
    /// QoS 2 messages of the broker between PUBLISH and PUBREL.
    open_inbound: IdSet,
    deliveries: Deliveries,
    ledger: Ledger,
    /// The batch with the latest change that an answer to the broker stands on.
    inbound_stored_in: u64,
    store: WriteAhead,
    facts: Written,
    /// What was told about the store last.
    durability: Option<Durability>,
    /// The batch with which the session is durable again.
    back_with: Option<u64>,
    /// It was back after the end.
    is_store_back: bool,
    tally: Tally,
    out: Outputs,
}

impl Session {
    /// An idle session. `seed` should differ from session to session: jitter and the default client identifier come from it.
    #[must_use]
    pub fn new(config: Config, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let client_id = config.client_id.clone().unwrap_or_else(|| random.client_id());
        let mut session = Self {
            now: Millis(0),
            topics: Topics::new(random.next()),
            random,
            state: State::Idle,
            version: config.version,
            offered: config.version,
            backoff: Backoff::default(),
            attempted: Millis(0),
            offline: false,
            back: None,
            authentication_data: None,
            exchange: 0,
            authentication_failures: 0,
            refreshed: false,
            redirect: None,
            references_followed: 0,
            timers: Timers::default(),
            client_id,
            connected_before: false,
            has_session: false,
            session_expiry: config.session_expiry,
            last_online: Millis(0),
            must_start_clean: false,
            in_doubt: false,
            is_sent_away: false,
            link: Link::new(config.version),
            input: Input::default(),
            packet_ids: PacketIds::default(),
            queue: Queue::default(),
            next_sequence: 0,
            latest: Index::default(),
            next_expiry: None,
            subscriptions: Subscriptions::default(),
            open_inbound: IdSet::default(),
            store: WriteAhead::new(config.durable),
            facts: Written::default(),
            durability: None,
            back_with: None,
            is_store_back: false,
            deliveries: Deliveries::default(),
            ledger: Ledger::default(),
            inbound_stored_in: 0,
            tally: Tally::default(),
            out: Outputs::default(),
            config,
        };
        session.begin_anew();
        session
    }

    /// Publishes that are not settled yet.
    #[must_use]
    pub fn unsettled(&self) -> usize {
        self.queue.total()
    }

    /// The state of the link.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// When to call [`Session::handle_timeout`] next. Ask after the outputs were taken.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        let keep_alive = self.link.keep_alive.deadline().filter(|_| self.is_online());
        [
            self.timers.next(),
            keep_alive,
            self.next_expiry,
            self.facts_due(),
            self.next_stall(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// The store has committed this batch: what waited for it may leave.
    pub fn handle_stored(&mut self, now: Millis, batch: u64) {
        self.tick(now);
        self.store.stored(batch);
        self.after_commit();
    }

    /// Gives up what was not sent yet: a publish, a subscription or an unsubscription. No effect on anything else.
    pub fn cancel(&mut self, now: Millis, token: u32) {
        self.tick(now);
        if !self.cancel_publish(token) {
            self.cancel_request(token);
        }
    }

    /// Moves all that is to be done into `out`, whose buffers are used again. Returns whether there is anything.
    pub fn take_outputs(&mut self, now: Millis, out: &mut Outputs) -> bool {
        self.tick(now);
        self.check_renewal();
        self.send_requests();
        self.note_transmit();
        out.recycle();
        self.input.hand_out(out);
        // Field by field: swapping the whole struct would copy all of it, for every packet.
        core::mem::swap(&mut self.out.events, &mut out.events);
        core::mem::swap(&mut self.out.transmit, &mut out.transmit);
        (out.close, out.open) = (self.out.close.take(), self.out.open.take());
        if self.store.durable() {
            self.gather();
            out.store = self.store.take_batch();
        }
        !out.is_empty()
    }

    /// Bytes that may leave already: a long burst need not gather until its end.
    #[must_use]
    pub const fn ready(&self) -> usize {
        self.out.transmit.len()
    }

    /// Appends what may leave already to `transmit`, ahead of the outputs. Only for a caller who has performed all earlier outputs.
    pub fn take_ready(&mut self, now: Millis, transmit: &mut Vec<u8>) {
        self.tick(now);
        self.note_transmit();
        transmit.append(&mut self.out.transmit);
    }

    const fn is_online(&self) -> bool {
        matches!(self.state, State::Online { .. })
    }

    /// Takes the time of a call; a clock that was set back stands still until it has caught up.
    fn tick(&mut self, now: Millis) {
        self.now = self.now.max(now);
    }

    /// After the end nothing is taken on.
    fn refuse_when_stopped(&self) -> Result<(), Failure> {
        match &self.state {
            State::Stopped { cause } if **cause == Cause::ClosedByUser => Err(Failure::Closed),
            State::Stopped { .. } => Err(Failure::Stopped),
            _ => Ok(()),
        }
    }
}
