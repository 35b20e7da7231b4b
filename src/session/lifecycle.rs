//! From one state to the next: attempts, losses, faults and the end.

use std::rc::Rc;

use crate::codec::{Place, Properties, ReasonCode};

use super::authenticate::{MOST_FAILURES, NO_ANSWER, Turn};
use super::dedup::Ledger;
use super::link::Link;
use super::timers::Timer;
use super::{Cause, CloseKind, Config, Event, Failure, Millis, Phase, Session, SocketClose, State};

/// The WebSocket code for closing: scripts may give this one, or 3000 and above.
const NORMAL_CLOSURE: u16 = 1_000;
/// What a link has to hold at least, in milliseconds, before what follows it at once is no more of the same, whatever the user calls stable.
const FLEETING: u64 = 1_000;

impl Session {
    /// Leaves idle. No effect in any other state.
    pub fn start(&mut self, now: Millis) {
        self.tick(now);
        if self.state == State::Idle {
            self.connect(None);
        }
    }

    /// Ends the wait before the next attempt. Starts again after a stop, but not after [`Session::close`].
    pub fn reconnect_now(&mut self, now: Millis) {
        self.tick(now);
        match &self.state {
            State::Waiting { cause, .. } => {
                let cause = cause.clone();
                self.connect(Some(cause));
            }
            State::Stopped { cause } if **cause != Cause::ClosedByUser => {
                let cause = cause.clone();
                self.backoff.reset();
                self.authentication_failures = 0;
                self.refreshed = false;
                // Its messages were settled: what is left of the session is not taken up again.
                self.begin_anew();
                self.connect(Some(cause));
            }
            _ => {}
        }
    }

    /// Begins an attempt.
    pub(super) fn connect(&mut self, cause: Option<Rc<Cause>>) {
        let attempt = self.backoff.attempt();
        self.tally.attempts = self.tally.attempts.wrapping_add(1);
        self.attempted = self.now;
        self.back = None;
        if !self.facts.doubt {
            // A page that has left may be back: from here on CONNECT may leave.
            self.store_facts(false);
        }
        self.authentication_data = None;
        self.timers.clear();
        self.timers
            .set(Timer::Connect, self.now.plus(self.config.connect_timeout.max(1)));
        self.enter(State::Connecting {
            attempt,
            phase: Phase::Address,
            version: self.offered,
            since: self.now,
            cause,
        });
        let redirect = self.redirect.clone();
        self.out.events.push(Event::Prepare { attempt, redirect });
    }

    /// The attempt and phase under way.
    pub(super) fn attempt(&self) -> Option<(u32, Phase)> {
        match self.state {
            State::Connecting { attempt, phase, .. } => Some((attempt, phase)),
            _ => None,
        }
    }

    fn advance(&mut self, to: Phase) {
        let mut state = self.state.clone();
        if let State::Connecting { phase, since, .. } = &mut state {
            (*phase, *since) = (to, self.now);
            self.enter(state);
        }
    }

    /// Answers [`Event::Prepare`]: the address is known, and with it who we are. An answer to another attempt is ignored.
    pub fn handle_address(&mut self, now: Millis, attempt: u32, username: Option<&str>, password: Option<&[u8]>) {
        self.tick(now);
        if self.attempt() != Some((attempt, Phase::Address)) {
            return;
        }
        self.link = Link::new(self.offered);
        if let Err(error) = self.write_connect(username, password) {
            let mut detail = String::from("CONNECT cannot be written: ");
            detail.push_str(error.text());
            self.lost(Cause::Address(detail), false);
            return;
        }
        self.timers
            .set(Timer::Connect, self.now.plus(self.config.connect_timeout.max(1)));
        self.out.open = Some(attempt);
        self.advance(Phase::Socket);
    }

    /// Answers [`Event::Prepare`]: there is no URL or there are no credentials, and why; or (`None`) its redirect leads nowhere.
    pub fn handle_address_failed(&mut self, now: Millis, attempt: u32, detail: Option<&str>) {
        self.tick(now);
        if self.attempt() != Some((attempt, Phase::Address)) {
            return;
        }
        match detail {
            Some(detail) => self.lost(Cause::Address(detail.into()), false),
            None => self.reference_failed(),
        }
    }

    /// The socket is open and speaks `mqtt`.
    pub fn handle_open(&mut self, now: Millis) {
        self.tick(now);
        self.link.open = true;
        if let Some(deadline) = self.link.patience.take() {
            self.timers.set(Timer::Connect, deadline);
        }
        self.send_connect();
    }

    /// Sends CONNECT, once the socket is open and the store knows that the broker may begin another session with it.
    pub(super) fn send_connect(&mut self) {
        let may_leave = self.link.open && self.store.is_committed(self.facts.batch) || !self.has_session;
        if may_leave && self.link.open && self.attempt().is_some_and(|(_, phase)| phase == Phase::Socket) {
            // The first packet, and the only one before CONNACK [MQTT-3.1.0-1].
            let connect = core::mem::take(&mut self.link.connect);
            self.out.transmit.extend_from_slice(&connect);
            self.link.wrote();
            self.note_question();
            self.link.turn = Turn::Broker;
            // From here on nothing is wrong for want of a network.
            self.back = None;
            self.advance(Phase::Handshake);
        }
    }

    /// The socket is gone, or not to be used.
    pub fn handle_closed(&mut self, now: Millis, close: SocketClose<'_>) {
        self.tick(now);
        let opened = match (&self.state, self.attempt()) {
            (State::Online { .. }, _) | (_, Some((_, Phase::Handshake))) => true,
            (_, Some((_, Phase::Socket))) => false,
            _ => return,
        };
        let (code, reason) = (close.code, String::from(close.reason));
        match close.kind {
            CloseKind::TextFrame => self.lost(Cause::TextFrame, true),
            CloseKind::WrongSubprotocol => self.lost(Cause::WrongSubprotocol, true),
            CloseKind::Closed if opened => self.lost(Cause::SocketClosed { code, reason }, false),
            CloseKind::Closed | CloseKind::Failed => self.lost(Cause::SocketFailed { code, reason }, false),
        }
    }

    /// The deadline has passed. Late is fine, early is fine.
    pub fn handle_timeout(&mut self, now: Millis) {
        self.tick(now);
        let grace = self.config.probe_timeout;
        if self.timers.overdue(Timer::Connect, self.now, grace)
            && let Some((_, phase)) = self.attempt()
        {
            let cause = match (phase, self.link.turn) {
                (Phase::Handshake, Turn::Ours(_)) => Cause::Authentication(NO_ANSWER.into()),
                (Phase::Address, _) if self.authentication_method().is_some() => {
                    Cause::Authentication(NO_ANSWER.into())
                }
                _ => Cause::ConnectTimeout(phase),
            };
            self.lost(cause, phase != Phase::Address);
        }
        if self.timers.due(Timer::Retry, self.now)
            && let State::Waiting { cause, .. } = &self.state
        {
            let cause = cause.clone();
            self.connect(Some(cause));
        }
        self.settle_expired();
        self.check_stall();
        if self.timers.overdue(Timer::Authenticate, self.now, grace) {
            self.authentication_failed(NO_ANSWER);
        }
        self.check_keep_alive();
    }

    /// The link is gone, or is to go (`close`): what comes next is decided here.
    pub(super) fn lost(&mut self, cause: Cause, close: bool) {
        let wanted = matches!(cause, Cause::Renewed | Cause::Left);
        self.tally.losses = self.tally.losses.wrapping_add((self.is_online() && !wanted).into());
        let held = match self.state {
            State::Online { since, .. } => Some(self.now.since(since)),
            _ => None,
        };
        // Long enough to begin anew after it.
        let stable = held >= Some(self.config.stable_after);
        if stable && held >= Some(FLEETING) {
            self.authentication_failures = 0;
            self.refreshed = false;
            self.references_followed = 0;
        }
        // What fails before the broker is reached may want a network that is not there: it is tried again like a missing address.
        let reached = !matches!(self.attempt(), Some((_, Phase::Address)));
        if reached && matches!(cause, Cause::Authentication(_)) {
            self.authentication_failures = self.authentication_failures.saturating_add(1);
        }
        let unanswered = matches!(self.attempt(), Some((_, Phase::Handshake))) && !matches!(cause, Cause::Refused(_));
        self.in_doubt |= unanswered;
        let action = self.action(&cause);
        let is_final = self.is_final(action, &cause) || self.authentication_failures >= MOST_FAILURES;
        let planned = cause == Cause::Renewed;
        let fault = matches!(cause, Cause::ProtocolError { .. } | Cause::TextFrame);
        self.backoff.lost(stable, fault);
        // It was given less time than the user wants an attempt to have.
        let hurried = self.link.patience.is_some() && matches!(cause, Cause::ConnectTimeout(_));
        if self.offline || planned || hurried || cause == Cause::Left {
            self.backoff.excuse();
        }
        let at_once = self.choose_version(&cause, action)
            || self.follow_reference(&cause, action)
            || self.refresh(action)
            || planned;
        let cause = Rc::new(cause);
        if at_once {
            self.drop_link(close);
            self.connect(Some(cause));
        } else if is_final {
            self.drop_link(close);
            self.stop(cause, Failure::Stopped);
        } else {
            self.retry_later(cause, close);
        }
    }

    /// Waits for the next attempt, if there is to be one.
    pub(super) fn retry_later(&mut self, cause: Rc<Cause>, close: bool) {
        self.drop_link(close);
        let Config {
            reconnect,
            max_attempts,
            addresses,
            ..
        } = self.config;
        let delay = self.backoff.delay(reconnect, max_attempts, addresses, &mut self.random);
        let Some(delay) = delay else {
            self.stop(cause, Failure::Stopped);
            return;
        };
        let wait = self.wait(&cause, delay);
        let retry_at = self.now.plus(wait);
        self.timers.set(Timer::Retry, retry_at);
        self.enter(State::Waiting {
            attempt: self.backoff.attempt(),
            retry_at,
            cause,
        });
    }

    /// Forgets the connection and everything that was to be sent on it.
    fn drop_link(&mut self, close: bool) {
        if close {
            self.out.close = Some(NORMAL_CLOSURE);
        }
        self.out.open = None;
        self.take_back();
        self.timers.clear();
        self.input.discard();
        self.store.drop_held();
        self.deliveries.disconnect(self.now);
        self.suspend_messages();
        self.suspend_requests();
        if let Some(token) = self.link.reauthentication.take() {
            self.done(token, Failure::AuthenticationFailed.code());
        }
        self.link = Link::new(self.offered);
        if self.is_online() {
            if self.session_expiry == 0 {
                // The session ended with its connection [MQTT-3.1.2-23].
                self.has_session = false;
                self.forget_inbound();
            }
            self.last_online = self.now;
            self.store_facts(false);
        }
    }

    /// No further attempt: every open request settles.
    fn stop(&mut self, cause: Rc<Cause>, failure: Failure) {
        self.settle_messages(failure);
        self.settle_requests(failure, *cause == Cause::ClosedByUser);
        self.open_inbound.clear();
        self.next_expiry = None;
        self.has_session = false;
        self.must_start_clean = true;
        self.enter(State::Stopped { cause });
    }

    /// Sends DISCONNECT if there is a link, and stops for good; everything open settles with [`Failure::Closed`].
    ///
    /// `properties` is a property block without its length. It is left out, but for the session's expiry, where the broker's Maximum Packet Size has no
    /// room for it `[MQTT-3.14.2-3]`, and all of it where it asks for a session to be kept that CONNECT did not ask for (3.14.2.2.2).
    pub fn close(&mut self, now: Millis, reason: ReasonCode, properties: &[u8]) {
        self.tick(now);
        if matches!(self.state, State::Stopped { .. }) {
            return;
        }
        let open = match self.attempt() {
            Some((_, phase)) => phase != Phase::Address,
            None => self.is_online(),
        };
        let was_online = self.is_online();
        let farewell = if was_online {
            self.send_requests();
            let mut packets = core::mem::take(&mut self.out.transmit);
            let start = packets.len();
            self.write_disconnect(reason, properties, &mut packets);
            self.link.written = self.link.written.wrapping_add((packets.len() > start).into());
            self.note_written();
            packets
        } else {
            Vec::new()
        };
        // What DISCONNECT says holds from now on; a session that ends with its connection cannot be kept by it (3.14.2.2.2).
        if let Ok(properties) = Properties::parse(properties, Place::DisconnectFromClient)
            && let (1.., Some(expiry)) = (self.session_expiry, properties.session_expiry_interval())
        {
            self.session_expiry = expiry;
        }
        self.drop_link(open);
        self.out.transmit = farewell;
        if self.session_expiry == 0 {
            self.deliveries.forget_all();
            // Handlers that end now confirm nothing: the store is to stay empty.
            self.ledger = Ledger::default();
            self.store.clear();
        } else if was_online {
            // No CONNECT follows that could begin another session.
            self.store_facts(true);
        }
        self.stop(Cause::ClosedByUser.into(), Failure::Closed);
    }

    /// Goes to `state` and says so.
    pub(super) fn enter(&mut self, state: State) {
        self.state = state.clone();
        self.out.events.push(Event::Status(Box::new(state)));
    }
}
