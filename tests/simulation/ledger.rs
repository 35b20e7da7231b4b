//! What the application asked for and what it got: checked at every step, and as a whole at the end.

use std::collections::BTreeMap;

use hawser::codec::Qos;
use hawser::session::{Cause, Config, Failure, Phase, State};

use crate::broker::Broker;
use crate::pace::Pace;
use crate::pages::{ON_AN_EARLIER_PAGE, Pages};
use crate::world::{Delivered, World};

/// A publish of the application.
pub struct Published {
    pub qos: Qos,
    pub topic: String,
    /// Sessions that had begun by then.
    pub sessions: u32,
    /// Larger than some brokers take.
    pub large: bool,
    /// Cancelling it was tried.
    pub cancelled: bool,
}

#[derive(Default)]
pub struct Ledger {
    pub published: BTreeMap<u32, Published>,
    /// Filters of the open and settled requests.
    pub requests: BTreeMap<u32, String>,
    /// What the last request for each filter asked for; nothing if that is not clear, because it was cancelled.
    pub wanted: BTreeMap<String, Option<Wanted>>,
    /// How often each letter came, and the latest of each QoS on this connection.
    pub got: BTreeMap<u32, u32>,
    latest: [Option<u32>; 3],
    first: [Vec<u32>; 3],
    /// The link may be silent for longer than keep-alive allows.
    pub silence_is_natural: bool,
    /// The broker may have a session that the client does not know, and 3.1.1 cannot give it up without ending with the connection.
    pub session_may_be_unknown: bool,
    /// The user asked for an attempt ahead of its time.
    pub attempt_asked_for: bool,
    /// The page was frozen once: what the broker has of that is natural.
    pub frozen: bool,
    pub attempts: u32,
    pub pace: Pace,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Subscribed {
        qos: u8,
        /// The options byte of MQTT-3.8.3.1.
        options: u8,
    },
    Unsubscribed,
}

impl Wanted {
    pub fn subscribed(options: u8) -> Self {
        Self::Subscribed {
            qos: options & 3,
            options,
        }
    }
}

impl Ledger {
    pub fn new_connection(&mut self) {
        self.latest = [None; 3];
    }

    /// Another page: it waits for nobody.
    pub fn new_page(&mut self) {
        self.pace = Pace::default();
        self.attempt_asked_for = false;
    }

    /// The link changed its state.
    pub fn on_status(&mut self, state: &State, now: u64, config: &Config) {
        match state {
            State::Online { since, .. } => self.pace.on_online(since.0),
            State::Connecting { phase, cause, .. } => {
                if *phase == Phase::Address {
                    self.attempts += 1;
                    let asked = std::mem::take(&mut self.attempt_asked_for);
                    let planned = cause.as_deref() == Some(&Cause::Renewed);
                    self.pace.on_attempt(now, asked, planned, config);
                }
                self.pace.on_phase(*phase);
            }
            State::Waiting { retry_at, cause, .. } => {
                let left = **cause == Cause::Left;
                if self.pace.on_wait(now, retry_at.0, left, config) {
                    self.check_cause(cause);
                }
            }
            State::Stopped { cause } => assert_eq!(**cause, Cause::ClosedByUser),
            State::Idle => {}
        }
    }

    fn check_cause(&self, cause: &Cause) {
        let natural = match cause {
            Cause::SocketClosed { .. } | Cause::SocketFailed { .. } | Cause::Left => true,
            Cause::KeepAliveTimeout => self.silence_is_natural,
            // One that is frozen time and again.
            Cause::ConnectTimeout(_) => self.silence_is_natural || self.frozen,
            Cause::ProtocolError { reason: 0x82, detail } => {
                self.session_may_be_unknown && detail.contains("a session is present")
            }
            Cause::Disconnected(refusal) => refusal.reason == 0x8D && (self.silence_is_natural || self.frozen),
            _ => false,
        };
        assert!(natural, "a correct broker was left: {cause:?}");
    }

    /// A message has come: its number, if it is what the broker has sent.
    pub fn check_letter(&self, message: &Delivered, broker: &Broker) -> u32 {
        let number: u32 = std::str::from_utf8(&message.payload).unwrap().parse().unwrap();
        let written = &broker.written[number as usize];
        let (qos, retain) = (message.flags & 3, message.flags & 4 != 0);
        assert_eq!(
            (&message.topic, qos, retain),
            (&written.topic, written.qos.bits(), written.retain)
        );
        let mut identifiers = message.identifiers.clone();
        identifiers.sort_unstable();
        // None is handed on before each filter has its own.
        assert!(
            identifiers.is_empty() || identifiers == written.identifiers,
            "letter {number}: {identifiers:?}"
        );
        number
    }

    /// A message has come, and was not told only as one that had been under way.
    pub fn on_delivered(&mut self, message: &Delivered, broker: &Broker, once: bool) {
        let number = self.check_letter(message, broker);
        let qos = message.flags & 3;
        let times = self.got.entry(number).or_default();
        *times += 1;
        let (times, at) = (*times, usize::from(qos));
        assert!(
            times == 1 || qos == 1 || !once,
            "letter {number} came {times} times at QoS {qos}"
        );
        assert!(
            self.latest[at].is_none_or(|latest| latest < number),
            "letter {number} out of order"
        );
        self.latest[at] = Some(number);
        if times == 1 {
            self.first[at].push(number);
        }
    }

    /// Whether every promise is settled.
    pub fn is_settled(&self, world: &World) -> bool {
        self.published
            .keys()
            .chain(self.requests.keys())
            .all(|token| !world.is_open(*token))
    }

    /// Publishes that had left and could not be sent again.
    pub fn given_up(&self, world: &World) -> usize {
        let outcomes = self.published.keys().filter_map(|token| world.settled.get(token));
        outcomes
            .filter(|(code, _)| *code == Failure::Indeterminate.code())
            .count()
    }

    /// The account at the end, when all is quiet. `perfect`: nothing has gone wrong on the way.
    pub fn close(&self, world: &World, broker: &Broker, sessions: u32, perfect: bool) {
        for (token, published) in &self.published {
            self.check_published(*token, published, world, broker, published.sessions < sessions, perfect);
        }
        for (number, written) in (0..).zip(&broker.written) {
            let times = self.got.get(&number).copied().unwrap_or(0);
            let due = written.acknowledged
                || (written.qos > Qos::AtMostOnce && !written.lost && !self.closed(world))
                || (perfect && !self.closed(world));
            assert!(times >= 1 || !due, "letter {number} never came: {written:?}");
            assert!(times <= 1 || !perfect, "letter {number} came {times} times");
        }
        let given_up = Failure::Indeterminate.code();
        self.check_order(broker, |token| {
            world.settled.get(&token).is_some_and(|(code, _)| *code == given_up)
        });
        self.check_requests(world);
        if !self.closed(world) {
            self.check_subscriptions(world, broker);
        }
    }

    /// The same over several pages, as far as it does not matter on which of them something happened.
    pub fn close_pages(&self, world: &World, broker: &Broker, pages: &Pages) {
        // What was given up in the moment in which its page was killed may be there for the next page.
        self.check_order(broker, |token| pages.gave_up(token));
        self.check_requests(world);
        if !self.closed(world) {
            self.check_subscriptions(world, broker);
        }
    }

    /// One that was given up may be passed on when its identifier is released.
    fn check_order(&self, broker: &Broker, given_up: impl Fn(u32) -> bool) {
        for numbers in &self.first {
            assert!(numbers.is_sorted(), "letters out of order: {numbers:?}");
        }
        for qos in [Qos::AtMostOnce, Qos::AtLeastOnce, Qos::ExactlyOnce] {
            let of_qos = broker
                .order
                .iter()
                .filter(|(other, token)| *other == qos && !given_up(*token));
            let numbers: Vec<u32> = of_qos.map(|(_, number)| *number).collect();
            assert!(numbers.is_sorted(), "{qos:?} out of order: {numbers:?}");
        }
    }

    fn check_requests(&self, world: &World) {
        for (token, filter) in &self.requests {
            let outcome = world.outcome(*token);
            let fits = match outcome {
                0..=2 | 0x11 | ON_AN_EARLIER_PAGE => true,
                0x80 | 0x87 => filter.starts_with("refused"),
                _ if outcome == Failure::Cancelled.code() || outcome == Failure::QueueFull.code() => true,
                _ => (outcome == Failure::Closed.code()) && self.closed(world),
            };
            assert!(fits, "request {token} for {filter} ended with {outcome:#x}");
        }
    }

    fn closed(&self, world: &World) -> bool {
        world.is_stopped()
    }

    fn check_published(
        &self,
        token: u32,
        published: &Published,
        world: &World,
        broker: &Broker,
        session_lost: bool,
        perfect: bool,
    ) {
        let times = broker.taken.get(&token).copied().unwrap_or(0);
        let outcome = world.outcome(token);
        let refused = published.topic.starts_with("refused");
        let fits = match outcome {
            0 if published.qos == Qos::AtMostOnce => times == 1 || !perfect || self.closed(world),
            0 => times >= 1,
            0x87 => refused && times == 0,
            // Sent when the broker took larger packets, or in a session that is lost.
            _ if outcome == Failure::Indeterminate.code() => {
                published.large || (published.qos == Qos::ExactlyOnce && session_lost)
            }
            _ if outcome == Failure::Cancelled.code() => published.cancelled && times == 0,
            _ if outcome == Failure::QueueFull.code() => times == 0,
            _ if outcome == Failure::PacketTooLarge.code() => published.large && times == 0,
            _ if outcome == Failure::QosNotSupported.code() => published.qos.bits() > broker.policy.maximum_qos,
            _ if outcome == Failure::Closed.code() => self.closed(world),
            _ => false,
        };
        let qos = published.qos;
        assert!(
            fits,
            "{qos:?} message {token} ended with {outcome:#x} and came {times} times"
        );
        assert!(
            times <= 1 || (qos == Qos::AtLeastOnce && !perfect),
            "{qos:?} message {token} came {times} times"
        );
    }

    fn check_subscriptions(&self, world: &World, broker: &Broker) {
        let standing = broker.subscriptions();
        for (filter, wanted) in &self.wanted {
            let Some(wanted) = wanted else {
                continue;
            };
            let expected = match wanted {
                Wanted::Subscribed { .. } if filter.starts_with("refused") => None,
                Wanted::Subscribed { qos, .. } => Some((*qos).min(broker.policy.granted_qos)),
                Wanted::Unsubscribed => None,
            };
            assert_eq!(standing.get(filter).map(|(qos, _)| *qos), expected, "{filter}");
        }
        self.check_identifiers(world, broker);
    }

    /// A message is routed by identifiers only if every subscription that stands has the one that the application was told.
    fn check_identifiers(&self, world: &World, broker: &Broker) {
        let standing = broker.subscriptions();
        // What a killed page had asked for, and no other page knows of, has an identifier of its own.
        if standing.keys().any(|filter| self.wanted.get(filter) == Some(&None)) {
            return;
        }
        let told = |filter: &String| {
            let tokens = self.requests.iter().rev().filter(|(_, other)| *other == filter);
            tokens
                .filter_map(|(token, _)| world.identifiers.get(token))
                .next()
                .copied()
        };
        let identified = standing.values().any(|(_, identifier)| identifier.is_some());
        for (filter, (_, identifier)) in &standing {
            let clear = self.wanted.get(filter).is_some_and(Option::is_some);
            let expected = told(filter).filter(|_| identified);
            assert!(
                !clear || *identifier == expected,
                "the identifier of {filter}: {identifier:?}, not {expected:?}"
            );
        }
    }
}
