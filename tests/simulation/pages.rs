//! The application on all its pages: pages are killed, and the next one takes up what the store has. What was asked for on one page and what became of it on
//! another are brought together here, and held against what may happen to a stored session.

use std::collections::{BTreeMap, BTreeSet};

use hawser::codec::{Qos, ReasonCode};
use hawser::session::{Failure, StoreKey, Verdict};

use crate::broker::Broker;
use crate::ledger::{Ledger, Published, Wanted};
use crate::simulation::Span;
use crate::store::{Store, Stored};
use crate::world::{Delivered, World};

/// How a request of an earlier page counts as settled on this one.
pub const ON_AN_EARLIER_PAGE: u32 = u32::MAX;
/// Tokens of what the page asks for by itself: its subscriptions, and its claims.
const OWN_TOKENS: u32 = 0x4000_0000;
const CLAIMS: u32 = 0x5000_0000;
/// Flags of a message.
const HELD: u8 = 1 << 4;
pub const INTERRUPTED: u8 = 1 << 5;
/// Whose QoS 1 messages are handled once, if the page asks for it.
const CLAIMED_TOPICS: [&str; 2] = ["a/two", "b/one"];

/// What a page does with the messages that it gets.
#[derive(Clone, Copy, Debug)]
pub struct Handling {
    /// How long a handler takes.
    pub takes: Span,
    /// QoS 1 messages of some topics are claimed before they are handled.
    pub dedupe: bool,
}

/// What became of one letter, over all pages.
#[derive(Clone, Copy, Debug, Default)]
pub struct Read {
    pub started: u32,
    pub finished: u32,
    pub interrupted: u32,
}

pub struct Pages {
    /// QoS 2 messages of a lost session are sent anew.
    pub resends_qos2: bool,
    pub handling: Handling,
    /// How many there were.
    pub count: u32,
    /// The message that was last under each number of the store.
    names: BTreeMap<u64, u32>,
    /// Messages of earlier pages that this one has taken up: its token, and the one they were published under.
    restored: BTreeMap<u32, u32>,
    /// What this page and the earlier ones were told about each publish.
    told: BTreeMap<u32, Vec<u32>>,
    /// Publishes that were open when their page was killed, and had not come into the store.
    vanished: BTreeSet<u32>,
    /// Letters of this page by delivery.
    letters: BTreeMap<u32, u32>,
    /// Handlers that are under way: when they are done, and their deliveries.
    due: BTreeSet<(u64, u32)>,
    claims: BTreeMap<u32, u32>,
    pub read: BTreeMap<u32, Read>,
    /// Letters that the broker was told to have been handled.
    acknowledged: usize,
    own: u32,
    /// The sessions that had begun when this page came, and whether it had filters of the last one.
    came_at: (u32, bool),
    /// Publishes of a session that a page has taken for ended.
    ended: BTreeSet<u32>,
}

impl Pages {
    pub fn new(handling: Handling, resends_qos2: bool) -> Self {
        Self {
            handling,
            resends_qos2,
            count: 1,
            names: BTreeMap::new(),
            restored: BTreeMap::new(),
            told: BTreeMap::new(),
            vanished: BTreeSet::new(),
            letters: BTreeMap::new(),
            due: BTreeSet::new(),
            claims: BTreeMap::new(),
            read: BTreeMap::new(),
            acknowledged: 0,
            own: 0,
            came_at: (0, false),
            ended: BTreeSet::new(),
        }
    }

    // ----- messages of the page

    /// The names of what is in the store.
    pub fn learn(&mut self, store: &Store) {
        for (sequence, stored) in store.outbound() {
            if let Stored::Publish { number, .. } = stored {
                self.names.insert(sequence, number);
            }
        }
    }

    /// What this page was told about messages of earlier ones.
    pub fn hear(&mut self, world: &World) {
        self.restored.retain(|token, original| {
            let Some((code, _)) = world.settled.get(token) else {
                return true;
            };
            self.told.entry(*original).or_default().push(*code);
            false
        });
    }

    /// Whether this page has nothing open of what earlier ones left.
    pub fn is_settled(&self) -> bool {
        self.restored.is_empty() && self.due.is_empty()
    }

    /// The page is killed; `store` is what it leaves behind.
    pub fn kill(&mut self, world: &World, store: &Store, ledger: &Ledger) {
        self.learn(store);
        let stored: BTreeSet<u32> = store.outbound().map(|(sequence, _)| self.names[&sequence]).collect();
        for (token, published) in &ledger.published {
            match world.settled.get(token) {
                Some((ON_AN_EARLIER_PAGE, _)) => {}
                Some((code, _)) => self.told.entry(*token).or_default().push(*code),
                None if published.qos == Qos::AtMostOnce || !stored.contains(token) => {
                    self.vanished.insert(*token);
                }
                None => {}
            }
        }
        for original in self.restored.values() {
            assert!(
                stored.contains(original),
                "{original} was stored, is not settled, and is not in the store any more"
            );
        }
        self.restored.clear();
        self.letters.clear();
        self.due.clear();
        self.claims.clear();
        self.count += 1;
    }

    /// A page has taken up what the store had.
    pub fn take_up(&mut self, world: &World, store: &Store, ledger: &mut Ledger, sessions: u32, clean_start: bool) {
        // What begins with 0xFE is being given up.
        let stands = |(key, value): (&StoreKey, &Vec<u8>)| {
            matches!(key, StoreKey::Subscription(_)) && value.first() != Some(&0xFE)
        };
        let subscribed = store.values.iter().any(stands);
        self.came_at = (sessions, store.session_ends().is_some() && subscribed);
        let mut left: BTreeSet<u32> = BTreeSet::new();
        for message in &world.restored {
            let original = self.names[&message.id];
            assert!(left.insert(original), "{original} was restored twice");
            self.restored.insert(message.token, original);
            let published = &ledger.published[&original];
            assert_eq!(message.flags & 3, published.qos.bits(), "QoS of {original}");
            assert!(message.topic.is_empty() || *message.topic == *published.topic);
        }
        let stored: BTreeSet<u32> = store.outbound().map(|(sequence, _)| self.names[&sequence]).collect();
        assert_eq!(left, stored, "what is stored is not what is restored");
        if store.session_ends().is_none_or(|end| world.now > end) || clean_start {
            self.ended.extend(ledger.published.keys());
        }
        ledger.new_page();
        self.hear(world);
    }

    /// A token for something that the page asks for by itself.
    pub fn own_token(&mut self) -> u32 {
        self.own += 1;
        OWN_TOKENS + self.own
    }

    // ----- messages for the page

    /// A message has come, whose number is `letter`.
    pub fn on_message(&mut self, message: &Delivered, letter: u32, world: &mut World, now: u64, takes: u64) {
        let read = self.read.entry(letter).or_default();
        if message.flags & INTERRUPTED != 0 {
            assert!(message.delivery > 0 && message.flags & 3 == 2);
            read.interrupted += 1;
            // It has been told: the next page is not.
            world.handled(message.delivery, 1);
            return;
        }
        let qos = message.flags & 3;
        if qos == 0 {
            read.started += 1;
            read.finished += 1;
            return;
        }
        let earlier = self.letters.insert(message.delivery, letter);
        assert_eq!(earlier, None, "delivery {} twice", message.delivery);
        if message.flags & HELD != 0 {
            assert_eq!(qos, 2);
        } else if qos == 1 && self.is_claimed(&message.topic) {
            let token = CLAIMS + message.delivery;
            self.claims.insert(token, message.delivery);
            world.claim(token, message.delivery, &format!("letter {letter}"));
        } else {
            assert_eq!(qos, 1, "QoS 2 is held until it is stored");
            self.start(message.delivery, now + takes);
        }
    }

    fn is_claimed(&self, topic: &str) -> bool {
        self.handling.dedupe && CLAIMED_TOPICS.contains(&topic)
    }

    /// A handler begins.
    pub fn start(&mut self, delivery: u32, done_at: u64) {
        let letter = self.letters[&delivery];
        self.read.entry(letter).or_default().started += 1;
        self.due.insert((done_at, delivery));
    }

    /// A held message may be handled.
    pub fn on_ready(&mut self, delivery: u32, done_at: u64) {
        let letter = self.letters[&delivery];
        let read = self.read[&letter];
        assert!(
            read.started == 0 && read.interrupted == 0,
            "QoS 2 letter {letter} is to be handled again: {read:?}"
        );
        self.start(delivery, done_at);
    }

    /// What became of a claim; returns the delivery that is not to be handled.
    pub fn on_claimed(&mut self, token: u32, verdict: Verdict, done_at: u64) -> Option<u32> {
        let delivery = self.claims.remove(&token).expect("a claim");
        let letter = self.letters[&delivery];
        let read = self.read.entry(letter).or_default();
        match verdict {
            Verdict::New => {
                assert!(
                    read.started == 0 && read.interrupted == 0,
                    "claimed letter {letter} is to be handled again: {read:?}"
                );
                self.start(delivery, done_at);
                return None;
            }
            Verdict::Duplicate => assert!(
                read.finished > 0 || read.interrupted > 0,
                "letter {letter} is no duplicate: {read:?}"
            ),
            // Its handler may have been done: the store did not hear of it.
            Verdict::Interrupted => {
                assert!(self.count > 1, "on the page that claimed it");
                read.interrupted += 1;
            }
        }
        Some(delivery)
    }

    /// When the next handler is done.
    pub fn next(&self) -> Option<u64> {
        self.due.first().map(|(at, _)| *at)
    }

    /// The delivery whose handler is done.
    pub fn finish(&mut self) -> u32 {
        let (_, delivery) = self.due.pop_first().expect("a handler");
        self.read.entry(self.letters[&delivery]).or_default().finished += 1;
        delivery
    }

    // ----- the account

    /// Nothing is acknowledged that was not handled, or of which it was not told that its handler had been killed.
    pub fn check_acknowledged(&mut self, broker: &Broker, store: &Store) {
        let acknowledged = (0_u32..)
            .zip(&broker.written)
            .filter(|(_, written)| written.acknowledged && written.qos > Qos::AtMostOnce);
        let acknowledged: Vec<u32> = acknowledged.map(|(letter, _)| letter).collect();
        if acknowledged.len() == self.acknowledged {
            return;
        }
        self.acknowledged = acknowledged.len();
        let written = acknowledged.iter().map(|letter| &broker.written[*letter as usize]);
        let claimed = written.filter(|written| written.qos == Qos::AtLeastOnce && self.is_claimed(&written.topic));
        let (claimed, confirmed) = (claimed.count(), store.confirmed_claims());
        assert!(
            claimed <= confirmed,
            "{claimed} claimed letters were acknowledged, and only {confirmed} claims confirmed"
        );
        for letter in acknowledged {
            let read = self.read.get(&letter).copied().unwrap_or_default();
            assert!(
                read.finished > 0 || read.interrupted > 0,
                "letter {letter} was acknowledged and not handled: {read:?}"
            );
        }
    }

    /// The account at the end, when all is quiet.
    pub fn close(&self, world: &World, ledger: &Ledger, broker: &Broker, sessions: u32) {
        assert!(
            self.restored.is_empty(),
            "restored and never settled: {:?}",
            self.restored
        );
        for (token, published) in &ledger.published {
            let session_lost = published.sessions < sessions || self.ended.contains(token);
            self.check_published(*token, published, world, broker, session_lost);
        }
        for (letter, written) in (0_u32..).zip(&broker.written) {
            let read = self.read.get(&letter).copied().unwrap_or_default();
            if written.qos > Qos::AtMostOnce && !written.lost && !world.is_stopped() {
                assert!(
                    read.finished > 0 || read.interrupted > 0,
                    "letter {letter} was lost: {read:?} {written:?}"
                );
            }
            let once = written.qos != Qos::AtLeastOnce || self.is_claimed(&written.topic);
            assert!(
                read.started <= 1 || !once,
                "letter {letter} was handled twice: {read:?}"
            );
        }
        // Without a filter there is nothing to be missed.
        let subscribed = |wanted: &Option<Wanted>| matches!(wanted, Some(Wanted::Subscribed { .. }));
        let gave_up = !ledger.wanted.values().all(subscribed);
        if self.came_at.1 && sessions > self.came_at.0 && !gave_up {
            assert!(!world.gaps.is_empty(), "a session was lost without a word");
        }
    }

    fn check_published(&self, token: u32, published: &Published, world: &World, broker: &Broker, session_lost: bool) {
        let times = broker.taken.get(&token).copied().unwrap_or(0);
        let mut told = self.told.get(&token).cloned().unwrap_or_default();
        told.extend(
            world
                .settled
                .get(&token)
                .map(|(code, _)| *code)
                .filter(|code| *code != ON_AN_EARLIER_PAGE),
        );
        let qos = published.qos;
        // The user has asked for it.
        let may_come_again = qos == Qos::AtLeastOnce || (self.resends_qos2 && session_lost);
        let what = format!("{qos:?} message {token}: told {told:x?}, came {times} times");
        assert!(times <= 1 || may_come_again, "{what}");
        if self.vanished.contains(&token) {
            // It was not in the store, so it cannot have left.
            assert!(qos == Qos::AtMostOnce || (times == 0 && told.is_empty()), "{what}");
            return;
        }
        let last = told.last().unwrap_or_else(|| panic!("{what}, and it is open"));
        let refused = u32::from(ReasonCode::NOT_AUTHORIZED.0);
        // What is told once more was settled when its page was killed, before the store knew.
        for (at, code) in told.iter().enumerate() {
            let again = at > 0;
            let is = |failure: Failure| *code == failure.code();
            let fits = match *code {
                0 if qos == Qos::AtMostOnce => true,
                0 => times >= 1,
                code if code == refused => published.topic.starts_with("refused") && times == 0,
                _ if is(Failure::Indeterminate) => published.large || (qos == Qos::ExactlyOnce && session_lost),
                _ if is(Failure::Cancelled) => published.cancelled,
                _ if is(Failure::QueueFull) => times == 0,
                _ if is(Failure::QosNotSupported) => qos.bits() > broker.policy.maximum_qos,
                _ if is(Failure::Dropped) || is(Failure::Superseded) => self.count > 1 || times == 0,
                _ if is(Failure::PacketTooLarge) => published.large,
                _ if is(Failure::Closed) => world.is_stopped() || self.count > 1,
                _ => false,
            };
            assert!(fits, "{what}{}", if again { ", again" } else { "" });
        }
        // With 0 it was handed on, whatever else was told.
        let done = told.contains(&0) || told.contains(&refused);
        let given_up = told
            .iter()
            .any(|code| *code >= 0x100 && *code != Failure::Closed.code());
        assert!(done || given_up || *last == Failure::Closed.code(), "{what}");
    }

    /// Publishes that had left and could not be sent again.
    pub fn given_up(&self) -> usize {
        let given_up = Failure::Indeterminate.code();
        self.told.values().filter(|codes| codes.contains(&given_up)).count()
    }

    /// Whether a page was told that a publish was given up, by the user or otherwise.
    pub fn gave_up(&self, token: u32) -> bool {
        let given_up = |code: &u32| *code >= 0x100 && *code != Failure::Closed.code();
        self.told.get(&token).is_some_and(|codes| codes.iter().any(given_up))
    }
}
