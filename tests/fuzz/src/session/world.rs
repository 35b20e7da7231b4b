//! The driver's part, and the application's: performs what the engine asks for, and checks that it may be asked.

use std::collections::BTreeMap;

use hawser::codec::{Qos, ReasonCode, SubscribeOptions};
use hawser::session::{
    Cause, CloseKind, Config, Event, Frame, Message, Millis, Outputs, PublishRequest, Published, Session, SocketClose,
    State, StoreBatch,
};

use super::wire::{Delivery, Wire};

/// The flag of a message that nobody may handle before it is stored.
const HELD: u8 = 1 << 4;
/// Rounds of outputs that one step may take at most.
const ROUNDS: u32 = 200;
/// Timeouts that one passage of time may bring before the clock jumps to its end.
const TIMEOUTS: u32 = 50;

/// Where the socket is, as the driver sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Socket {
    None,
    Opening,
    Open,
}

/// What a token stands for, and how it was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Publish(Option<u32>),
    Subscribe(Option<u32>),
    Unsubscribe(Option<u32>),
    Authentication(Option<u32>),
}

pub struct World {
    pub session: Session,
    pub now: u64,
    pub socket: Socket,
    pub wire: Wire,
    /// The attempt whose PREPARE was not answered.
    pub prepared: Option<u32>,
    /// The step of an authentication that was not answered.
    asked: Option<u32>,
    /// Commits wait for [`World::commit`].
    pub slow_store: bool,
    /// A message is answered with a publish from inside its delivery.
    pub echo: bool,
    /// The broker's bytes that have not arrived.
    pub arriving: Vec<u8>,
    batch: Option<StoreBatch>,
    batches: u64,
    tokens: BTreeMap<u32, Token>,
    topics: BTreeMap<u32, String>,
    frame: Vec<u8>,
    outputs: Outputs,
    /// Bytes that user calls and operations put in, as far as they may come out again.
    put_in: usize,
    status: State,
}

impl World {
    pub fn new(config: Config) -> Self {
        let wire = Wire::new(&config);
        let session = Session::new(config, 42);
        Self {
            status: session.state().clone(),
            session,
            now: 1_000_000,
            socket: Socket::None,
            wire,
            prepared: None,
            asked: None,
            slow_store: false,
            echo: false,
            arriving: Vec::new(),
            batch: None,
            batches: 0,
            tokens: BTreeMap::new(),
            topics: BTreeMap::new(),
            frame: Vec::new(),
            outputs: Outputs::default(),
            put_in: 512,
        }
    }

    pub fn time(&self) -> Millis {
        Millis(self.now)
    }

    pub fn newest_token(&self) -> u32 {
        self.tokens.len() as u32
    }

    // ----- the user

    pub fn publish(&mut self, qos: Qos, retain: bool, topic: &str, payload: &[u8], properties: &[u8]) {
        let token = self.newest_token() + 1;
        self.put_in += topic.len() + payload.len() + properties.len() + 32;
        let request = PublishRequest {
            token,
            topic,
            payload,
            qos,
            retain,
            properties,
            tell_stored: false,
        };
        let outcome = match self.session.publish(Millis(self.now), request) {
            Published::Settled(code) => Some(code),
            Published::Pending => None,
        };
        self.tokens.insert(token, Token::Publish(outcome));
    }

    pub fn subscribe(&mut self, filter: &str, options: SubscribeOptions, properties: &[u8]) {
        let token = self.newest_token() + 1;
        self.put_in += filter.len() + properties.len() + 32;
        self.tokens.insert(token, Token::Subscribe(None));
        self.session.subscribe(self.time(), token, filter, options, properties);
    }

    pub fn unsubscribe(&mut self, filter: &str) {
        let token = self.newest_token() + 1;
        self.put_in += filter.len() + 32;
        self.tokens.insert(token, Token::Unsubscribe(None));
        self.session.unsubscribe(self.time(), token, filter);
    }

    pub fn reauthenticate(&mut self) {
        let token = self.newest_token() + 1;
        self.put_in += 64;
        self.tokens.insert(token, Token::Authentication(None));
        self.session.reauthenticate(self.time(), token);
    }

    /// Answers what the engine asked last about an authentication, or says that it cannot.
    pub fn authenticate(&mut self, data: Option<&[u8]>) {
        if let Some(exchange) = self.asked.take() {
            self.put_in += 32 + data.map_or(0, <[u8]>::len);
            match data {
                Some(data) => self.session.handle_authentication(self.time(), exchange, Some(data)),
                None => self.session.handle_authentication_failed(self.time(), exchange, "no"),
            }
        }
    }

    /// Closes, and looks whether anything was left open.
    pub fn finish(&mut self) {
        self.session.close(self.time(), ReasonCode::NORMAL_DISCONNECTION, &[]);
        self.drain();
        self.slow_store = false;
        self.commit();
        let open = |token: &&Token| {
            matches!(
                token,
                Token::Publish(None) | Token::Subscribe(None) | Token::Unsubscribe(None) | Token::Authentication(None)
            )
        };
        assert_eq!(self.tokens.values().find(open), None, "a token that nobody settles");
        assert!(matches!(self.session.state(), State::Stopped { .. }));
        assert_eq!(
            (self.session.deadline(), self.socket),
            (None, Socket::None),
            "after the end"
        );
        self.session.reconnect_now(self.time());
        self.session.handle_timeout(self.time());
        let closed_by_user = matches!(self.session.state(), State::Stopped { cause } if **cause == Cause::ClosedByUser);
        if closed_by_user {
            assert!(
                !self.session.take_outputs(self.time(), &mut self.outputs),
                "after the end"
            );
        }
    }

    // ----- the network

    pub fn open(&mut self) {
        self.socket = Socket::Open;
        self.wire.begin();
        self.session.handle_open(self.time());
        self.drain();
    }

    pub fn closed(&mut self, close: SocketClose<'_>) {
        // What a page asked for leaves in a microtask: before any event.
        self.drain();
        self.session.handle_closed(self.time(), close);
        // A socket that is only unfit is still there, for the engine to close.
        if matches!(close.kind, CloseKind::Closed | CloseKind::Failed) {
            self.socket = Socket::None;
        }
        self.drain();
        assert_eq!(self.socket, Socket::None, "the end of a socket was not noticed");
    }

    /// One frame from the broker.
    pub fn frame(&mut self, bytes: &[u8]) {
        self.drain();
        if self.socket == Socket::Open {
            self.wire.receive(bytes);
        }
        self.put_in += bytes.len();
        self.session.input(bytes.len()).copy_from_slice(bytes);
        self.frame = bytes.to_vec();
        self.session.handle_input(self.time());
        self.drain();
        if self.socket == Socket::Open {
            assert!(
                !self.wire.is_over(),
                "a fault, and the connection goes on: {bytes:02X?}"
            );
            assert!(!self.wire.is_waiting(), "a packet that nobody took");
            assert_eq!(self.wire.next_delivery(), None, "a message that nobody got");
        }
    }

    // ----- the clock

    /// Lets time pass, deadline by deadline.
    pub fn advance(&mut self, milliseconds: u64) {
        let end = self.now.saturating_add(milliseconds);
        for _ in 0..TIMEOUTS {
            let Some(deadline) = self.session.deadline().filter(|deadline| deadline.0 <= end) else {
                break;
            };
            self.now = deadline.0.max(self.now);
            self.fire();
        }
        self.now = end;
        self.fire();
    }

    pub fn fire(&mut self) {
        self.put_in += 2;
        self.session.handle_timeout(self.time());
        self.drain();
        let deadline = self.session.deadline();
        assert!(
            deadline.is_none_or(|deadline| deadline.0 > self.now),
            "a deadline that has passed: {deadline:?} at {}",
            self.now
        );
    }

    // ----- the store

    pub fn commit(&mut self) {
        if let Some(batch) = self.batch.take() {
            self.session.handle_stored(self.time(), batch.number);
        }
        self.drain();
    }

    // ----- the step

    /// Sends what may leave in the middle of a burst of calls.
    pub fn send_ready(&mut self) {
        if self.session.ready() > 0 {
            assert_eq!(self.socket, Socket::Open, "bytes without a socket");
            let mut bytes = Vec::new();
            self.session.take_ready(Millis(self.now), &mut bytes);
            assert_eq!(self.session.ready(), 0);
            self.wire.send(&bytes);
        }
    }

    /// Performs outputs until there are none.
    pub fn drain(&mut self) {
        let mut outputs = std::mem::take(&mut self.outputs);
        let mut rounds = 0;
        while self.session.take_outputs(self.time(), &mut outputs) {
            self.perform(&mut outputs);
            rounds += 1;
            assert!(rounds < ROUNDS, "a step without an end");
        }
        self.outputs = outputs;
        let open = self
            .tokens
            .values()
            .filter(|token| **token == Token::Publish(None))
            .count();
        assert_eq!(self.session.unsettled(), open);
        let (sent, received) = self.wire.traffic();
        assert!(
            sent <= 2 * self.put_in + 2 * received,
            "{sent} bytes sent for {} put in",
            self.put_in
        );
    }

    fn perform(&mut self, outputs: &mut Outputs) {
        if let Some(batch) = outputs.store.take() {
            assert_eq!(self.batch, None, "two batches under way");
            self.batches += 1;
            assert_eq!(batch.number, self.batches);
            self.batch = Some(batch);
            if !self.slow_store
                && let Some(batch) = self.batch.take()
            {
                self.session.handle_stored(self.time(), batch.number);
            }
        }
        let frame = match std::mem::take(&mut outputs.frame) {
            Frame::None => Vec::new(),
            Frame::Input => self.frame.clone(),
            Frame::Assembled(bytes) => bytes,
        };
        for event in std::mem::take(&mut outputs.events) {
            self.on_event(event, &frame);
        }
        if !outputs.transmit.is_empty() {
            assert_eq!(self.socket, Socket::Open, "bytes without a socket");
            self.wire.send(&outputs.transmit);
        }
        if outputs.close.take().is_some() {
            self.socket = Socket::None;
            self.wire.may_have_dropped = true;
        }
        if outputs.open.take().is_some() {
            assert_eq!(self.socket, Socket::None, "a second socket");
            self.socket = Socket::Opening;
        }
    }

    fn on_event(&mut self, event: Event, frame: &[u8]) {
        match event {
            Event::Status(state) => {
                assert_ne!(self.status, *state, "a status twice");
                self.status = *state;
            }
            Event::Topic { id, name } => {
                self.topics.insert(id, name.into());
            }
            Event::Message(message) => self.on_message(&message, frame),
            Event::Ready { delivery } => self.session.handled(self.time(), delivery, 1),
            Event::Done(settled) => {
                let how = match self.tokens.get(&settled.token) {
                    Some(Token::Authentication(_)) => Token::Authentication(Some(settled.code)),
                    _ => Token::Publish(Some(settled.code)),
                };
                self.settle(settled.token, how);
            }
            Event::Subscribed(settled) => self.settle(settled.token, Token::Subscribe(Some(settled.code))),
            Event::Unsubscribed(settled) => self.settle(settled.token, Token::Unsubscribe(Some(settled.code))),
            Event::Authenticate { exchange, .. } => self.asked = Some(exchange),
            Event::Prepare { attempt, .. } => self.prepared = Some(attempt),
            Event::Packet(packet) if !packet.outgoing => self.wire.arrived(&packet),
            _ => {}
        }
    }

    fn on_message(&mut self, message: &Message, frame: &[u8]) {
        let delivered = Delivery {
            topic: self.topics[&message.topic].clone(),
            payload: frame[message.payload.range()].to_vec(),
            properties: frame[message.properties.range()].to_vec(),
            flags: message.flags & !HELD,
            packet_id: message.packet_id,
        };
        if self.echo {
            self.publish(Qos::AtLeastOnce, false, "echo", &delivered.payload, &[]);
        }
        assert_eq!(self.wire.next_delivery(), Some(delivered));
        if message.flags & HELD == 0 {
            self.session.handled(self.time(), message.delivery, 1);
        }
    }

    fn settle(&mut self, token: u32, how: Token) {
        let earlier = self.tokens.insert(token, how);
        let fits = match (earlier, how) {
            (Some(Token::Publish(None)), Token::Publish(_))
            | (Some(Token::Unsubscribe(None)), Token::Unsubscribe(_))
            | (Some(Token::Authentication(None)), Token::Authentication(_)) => true,
            // A grant may be followed by another: the broker lost the session and answers a resubscription otherwise.
            (Some(Token::Subscribe(before)), Token::Subscribe(_)) => before.is_none_or(|code| code < 0x80),
            _ => false,
        };
        assert!(fits, "token {token} was {earlier:?} and is {how:?}");
    }
}
