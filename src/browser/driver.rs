//! The one way through: every entry mutates the session, and one loop drains all its outputs and performs them.

mod storing;

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::{Function, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::WebSocket;

use super::boundary;
use super::commands;
use super::env::{self, Clock};
use super::later::Later;
use super::records::Records;
use super::socket::Socket;
use super::stats::{Stats, Traffic};
use super::store::Store;
use super::timer::Timer;
use super::transmit;
use crate::session::{CloseKind, Event, Frame, Millis, Outputs, Session, SocketClose};

/// Connects one session to its socket, timer, store and listener.
#[derive(Debug)]
pub struct Driver {
    session: RefCell<Session>,
    /// Called with (frame, records, length); see the record table.
    deliver: Function,
    /// Whether packets that are ready at the same time share a WebSocket frame.
    join: bool,
    clock: Clock,
    timer: Timer,
    /// Of a stored session.
    store: Option<Store>,
    socket: RefCell<Option<Socket>>,
    sockets_opened: Cell<u32>,
    sent: Traffic,
    received: Traffic,
    /// Sends what incoming frames and handlers have caused.
    send_later: Later,
    /// Where the next socket goes: the answer to the latest PREPARE.
    url: RefCell<String>,
    /// A socket that the page has begun to open, and where to: it saves the first attempt a round trip.
    early: RefCell<Option<(String, WebSocket)>>,
    /// The latest frame, which spans refer to as long as its events are not delivered.
    frame: RefCell<Option<Uint8Array>>,
    draining: Cell<bool>,
    /// When the burst of commands began that a microtask will drain.
    burst: Cell<Option<Millis>>,
    drain_burst: Closure<dyn Fn()>,
    /// Buffers that go round between session and driver.
    outputs: RefCell<Outputs>,
    records: RefCell<Records>,
    itself: Weak<Driver>,
}

impl Driver {
    /// Puts a session on its page.
    pub fn new(
        session: Session,
        deliver: Function,
        join: bool,
        clock: Clock,
        store: Option<(String, bool)>,
    ) -> Rc<Self> {
        Rc::new_cyclic(|itself: &Weak<Self>| {
            let driver = itself.clone();
            let sender = itself.clone();
            let send_later = Later::new(move || {
                if let Some(driver) = sender.upgrade() {
                    driver.drain(Millis::default());
                    driver.send();
                }
            });
            Self {
                session: RefCell::new(session),
                deliver,
                join,
                clock,
                timer: Timer::default(),
                store: store.map(|(name, strict)| Store::new(&name, strict, itself)),
                socket: RefCell::default(),
                sockets_opened: Cell::default(),
                sent: Traffic::default(),
                received: Traffic::default(),
                send_later,
                url: RefCell::default(),
                early: RefCell::default(),
                frame: RefCell::default(),
                draining: Cell::default(),
                burst: Cell::default(),
                drain_burst: Closure::new(move || {
                    if let Some(driver) = driver.upgrade() {
                        let now = driver.burst.take().unwrap_or_default();
                        driver.drain(now);
                        driver.send_with_what_waits();
                    }
                }),
                outputs: RefCell::default(),
                records: RefCell::default(),
                itself: itself.clone(),
            }
        })
    }

    /// A call from user code: only mutates. The running drain performs the outputs, or one microtask for the whole burst of calls.
    pub fn command<T>(&self, mutate: impl FnOnce(&mut Session, Millis) -> T) -> T {
        // One reading of the clock serves a burst: it lasts no longer than one script.
        let now = self.burst.get().unwrap_or_else(|| self.clock.now());
        let result = mutate(&mut self.session.borrow_mut(), now);
        self.commanded(now);
        result
    }

    /// All commands of a block. What the application is done with is told inside a delivery, as most is, or by itself, and then the answers share a frame.
    pub fn commands(&self, block: &[u8]) {
        let now = self.burst.get().unwrap_or_else(|| self.clock.now());
        let mut elsewhere = false;
        let go_to = |url: &str| {
            let before = self.url.replace(url.into());
            // A query may be another each time.
            elsewhere = !before.is_empty() && before.split('?').next() != url.split('?').next();
        };
        let mut session = self.session.borrow_mut();
        let performed = commands::perform(&mut session, now, block, go_to);
        if elsewhere {
            session.doubt();
        }
        drop(session);
        if performed.others {
            self.commanded(now);
        } else if !self.draining.get() {
            self.send_later.ask();
        }
    }

    /// What follows commands.
    fn commanded(&self, now: Millis) {
        if self.draining.get() {
            return;
        }
        let mut session = self.session.borrow_mut();
        if session.ready() >= transmit::PART {
            // A long burst: the network has work to do meanwhile, and no buffer has to hold all of it.
            if let Some(socket) = self.socket.borrow().as_ref() {
                socket.fill(|packets| session.take_ready(now, packets));
            }
            self.send();
        }
        if self.burst.replace(Some(now)).is_none() {
            env::queue_microtask(self.drain_burst.as_ref().unchecked_ref());
        }
    }

    /// An event of the browser: mutates, drains and sends at once.
    fn step(&self, mutate: impl FnOnce(&mut Session, Millis)) {
        let now = self.clock.now();
        mutate(&mut self.session.borrow_mut(), now);
        self.drain(now);
        self.send();
    }

    /// What has been counted so far.
    pub fn stats(&self) -> Stats {
        let sockets = self.sockets_opened.get();
        Stats::new(sockets, &self.sent, &self.received, &self.session.borrow())
    }

    /// Records of all messages that are not finished.
    pub fn outbox(&self) -> Vec<u32> {
        let mut records = Records::default();
        for message in self.session.borrow().outbox() {
            records.event(&Event::Restored(Box::new(message)));
        }
        records.words().to_vec()
    }

    /// A socket that the page has begun to open.
    pub fn use_socket(&self, url: String, socket: WebSocket) {
        self.early.replace(Some((url, socket)));
    }

    /// Whether a trap has ended a step in the middle: nothing unwinds here. Then socket and timer go.
    pub fn quit_if_stuck(&self) -> bool {
        let stuck = self.draining.get() || self.session.try_borrow_mut().is_err();
        if stuck {
            self.timer.stop();
            self.socket.take();
            if let Some(store) = &self.store {
                store.close();
            }
        }
        stuck
    }

    /// The socket is open.
    pub fn socket_opened(&self, number: u32) {
        match self.current(number, Socket::accept) {
            Some(true) => self.step(|session, now| session.handle_open(now)),
            Some(false) => self.lost(CloseKind::WrongSubprotocol, 0, ""),
            None => {}
        }
    }

    /// A binary frame has come: the only copy of an inbound frame is the one into the session's input buffer.
    pub fn socket_received(&self, number: u32, frame: Uint8Array, length: u32) {
        if self.current(number, |_| ()).is_none() {
            return;
        }
        let now = self.clock.now();
        {
            let mut session = self.session.borrow_mut();
            let length = length as usize;
            self.received.count(length);
            boundary::copy_in(&frame, session.input(length).as_mut_ptr());
            self.frame.replace(Some(frame));
            session.handle_input(now);
        }
        self.drain(now);
        self.send_after_next_frames();
    }

    /// A text frame has come, which MQTT forbids ([MQTT-6.0.0-1]).
    pub fn socket_sent_text(&self, number: u32) {
        if self.current(number, |_| ()).is_some() {
            self.lost(CloseKind::TextFrame, 0, "");
        }
    }

    /// The socket has closed, or never opened.
    pub fn socket_closed(&self, number: u32, code: u16, reason: &str) {
        if let Some(opened) = self.current(number, Socket::has_opened) {
            let kind = if opened { CloseKind::Closed } else { CloseKind::Failed };
            self.socket.replace(None);
            self.lost(kind, code, reason);
        }
    }

    /// Asks the socket with that number, if it is still the one in use.
    fn current<T>(&self, number: u32, ask: impl FnOnce(&Socket) -> T) -> Option<T> {
        self.socket
            .borrow()
            .as_ref()
            .filter(|socket| socket.number() == number)
            .map(ask)
    }

    fn lost(&self, kind: CloseKind, code: u16, reason: &str) {
        self.step(|session, now| session.handle_closed(now, SocketClose { kind, code, reason }));
    }

    fn timeout(&self) {
        self.timer.fired();
        let socket = self.socket.borrow();
        let progress = socket.as_ref().is_some_and(|socket| socket.has_progressed(&self.sent));
        drop(socket);
        self.step(|session, now| {
            if progress {
                session.handle_progress(now);
            }
            session.handle_timeout(now);
        });
    }

    /// Performs outputs until there are none. A call from inside only mutates: the loop that is already running sees what it left. `now` is when
    /// the step began: the clock costs as much as a packet, and the session tolerates a time that is a little late.
    fn drain(&self, now: Millis) {
        if self.draining.replace(true) {
            return;
        }
        let mut outputs = self.outputs.borrow_mut();
        while self.session.borrow_mut().take_outputs(now, &mut outputs) {
            self.perform(&mut outputs, now);
        }
        drop(outputs);
        self.frame.replace(None);
        self.draining.set(false);
        self.arm_timer();
    }

    fn perform(&self, outputs: &mut Outputs, now: Millis) {
        if let Some(batch) = outputs.store.take() {
            match &self.store {
                Some(store) => store.commit(&batch),
                None => self.session.borrow_mut().handle_stored(now, batch.number),
            }
        }
        self.tell(outputs);
        if let Some(socket) = self.socket.borrow().as_ref() {
            socket.queue(&mut outputs.transmit);
        }
        outputs.transmit.clear();
        if let Some(code) = outputs.close.take() {
            self.send();
            if let Some(socket) = self.socket.take() {
                socket.close(code);
            }
        }
        if outputs.open.take().is_some() {
            self.open(now);
        }
    }

    /// Delivers all events of a round in one call.
    fn tell(&self, outputs: &mut Outputs) {
        if outputs.events.is_empty() {
            return;
        }
        let mut records = self.records.borrow_mut();
        records.clear();
        for event in &outputs.events {
            records.event(event);
        }
        let frame = match std::mem::take(&mut outputs.frame) {
            Frame::None => None,
            Frame::Input => self.frame.take(),
            Frame::Assembled(bytes) => Some(Uint8Array::from(bytes.as_slice())),
        };
        let words = records.words();
        boundary::tell(&self.deliver, frame, words.as_ptr(), words.len() as u32);
    }

    /// Sends everything that is ready.
    fn send(&self) {
        if let Some(socket) = self.socket.borrow().as_ref() {
            let limit = if self.join { transmit::JOINED } else { transmit::SINGLE };
            socket.send(limit, &self.sent);
        }
    }

    /// Sends what user calls have made: now, or with the answers that leave in a moment anyway.
    fn send_with_what_waits(&self) {
        if !self.send_later.is_due() || self.is_full() {
            self.send();
        }
    }

    /// Lets the answers to frames that are waiting already leave in the same frame: each frame sent costs as much as many packets.
    fn send_after_next_frames(&self) {
        if !self.join || self.is_full() {
            self.send();
        } else if self.unsent() > 0 {
            self.send_later.ask();
        }
    }

    /// Whether waiting longer would join nothing more.
    fn is_full(&self) -> bool {
        self.unsent() >= transmit::JOINED
    }

    fn unsent(&self) -> usize {
        self.socket.borrow().as_ref().map_or(0, Socket::unsent)
    }

    fn open(&self, now: Millis) {
        let number = self.sockets_opened.get().wrapping_add(1);
        self.sockets_opened.set(number);
        let url = self.url.borrow();
        let early = self
            .early
            .take()
            .filter(|(to, _)| *to == *url)
            .map(|(_, socket)| socket);
        match Socket::open(number, &url, early, &self.itself) {
            Ok(socket) => {
                self.socket.replace(Some(socket));
            }
            Err(error) => {
                let reason = String::from(error.unchecked_into::<js_sys::Error>().message());
                let close = SocketClose {
                    kind: CloseKind::Failed,
                    code: 0,
                    reason: &reason,
                };
                self.session.borrow_mut().handle_closed(now, close);
            }
        }
    }

    fn arm_timer(&self) {
        let deadline = self.session.borrow().deadline();
        let driver = self.itself.clone();
        self.timer.arm(deadline, &self.clock, move || {
            if let Some(driver) = driver.upgrade() {
                driver.timeout();
            }
        });
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some((_, socket)) = self.early.take() {
            let _ = socket.close();
        }
    }
}
