//! Messages that the application has, and the line of their answers: they leave in the order in which the messages came on their connection
//! `[MQTT-4.6.0-2]`, `[MQTT-4.6.0-3]`, however their handlers finish.
//!
//! A delivery outlives its connection, its answer does not: the broker sends the message again in a session that lives, and the answer to that waits
//! for the same handler.

use std::collections::VecDeque;

use crate::codec::{PacketId, Qos};

use super::Millis;
use super::id_set::IdSet;
use super::write_ahead::Answer;

/// A line that was this long is given back when it is empty.
const LARGE: usize = 4_096;

/// A message whose handler is not done, or that came after such a one.
#[derive(Debug)]
struct Delivery {
    /// None: nobody waits for its answer any more.
    id: Option<PacketId>,
    /// What the store keeps of it until it is handled; empty where nothing is kept.
    wire: Vec<u8>,
    exactly_once: bool,
    done: bool,
    /// It is the same as one of a session that is lost, whose handler has to be done too.
    waits: bool,
    /// Its answer has a place in the line.
    in_line: bool,
}

/// What becomes of a message that comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Earlier {
    /// It is not known here.
    Unknown,
    /// Its answer has a place in the line already.
    InLine,
    /// It is to be answered when this delivery is handled; 0: it was handled.
    Delivery(u32),
}

/// See the head of this file.
#[derive(Debug, Default)]
pub(super) struct Deliveries {
    /// Number of the first of `open`. Numbers begin with 1.
    first: u32,
    open: VecDeque<Delivery>,
    /// Answers of this connection, each with the delivery that it waits for (0: none).
    line: VecDeque<(u32, Answer)>,
    /// Some of `open` came on an earlier connection, and the broker may send them again.
    apart: bool,
    /// QoS 1 messages that were handled, and whose answer has found no connection to leave on.
    unsaid: IdSet,
    /// QoS 2 messages that are not handled.
    begun: IdSet,
    /// Since when the first of `open` is the first.
    pub(super) since: Millis,
    /// That it takes long was told.
    pub(super) told: bool,
}

impl Deliveries {
    /// A message was handed over: its number. Its answer has a place in the line.
    pub(super) fn add(&mut self, id: PacketId, qos: Qos, wire: Vec<u8>, now: Millis) -> u32 {
        let exactly_once = qos == Qos::ExactlyOnce;
        let number = self.open(id, exactly_once, wire, true, now);
        let answer = if exactly_once { Answer::Rec(id) } else { Answer::Ack(id) };
        self.line.push_back((number, answer));
        number
    }

    /// A QoS 2 message that an earlier page left is told: its number. Its answer gets a place in the line when the broker sends it again.
    pub(super) fn restore(&mut self, id: PacketId, wire: Vec<u8>, now: Millis) -> u32 {
        self.open(id, true, wire, false, now)
    }

    fn open(&mut self, id: PacketId, exactly_once: bool, wire: Vec<u8>, in_line: bool, now: Millis) -> u32 {
        if self.open.is_empty() {
            (self.since, self.told) = (now, false);
            self.first = self.first.max(1);
        }
        let delivery = Delivery {
            id: Some(id),
            wire,
            exactly_once,
            done: false,
            waits: false,
            in_line,
        };
        let mut number = self.number(self.open.len());
        if number == 0 {
            // That is nobody's number.
            self.open.push_back(Delivery {
                id: None,
                wire: Vec::new(),
                exactly_once: false,
                done: true,
                waits: false,
                in_line: false,
            });
            number = 1;
        }
        self.open.push_back(delivery);
        if exactly_once {
            self.begun.insert(id);
        }
        number
    }

    /// Puts an answer in the line; it waits for that delivery, or (0) only for its turn.
    pub(super) fn answer(&mut self, number: u32, answer: Answer) {
        if let Some(delivery) = self.get_mut(number) {
            delivery.in_line = true;
        }
        self.line.push_back((number, answer));
    }

    /// Looks for a message that comes again, with DUP or an identifier that is in use.
    pub(super) fn find(&mut self, id: PacketId, qos: Qos) -> Earlier {
        let exactly_once = qos == Qos::ExactlyOnce;
        if !exactly_once && self.unsaid.remove(id) || exactly_once && !self.begun.contains(id) {
            return Earlier::Delivery(0);
        }
        let same = |delivery: &Delivery| delivery.id == Some(id) && delivery.exactly_once == exactly_once;
        let at = self.open.iter().rposition(same);
        match at.and_then(|at| Some((at, self.open.get(at)?.in_line))) {
            None => Earlier::Unknown,
            Some((_, true)) => Earlier::InLine,
            Some((at, false)) => Earlier::Delivery(self.number(at)),
        }
    }

    /// A new QoS 1 message: the broker has sent again what it wanted to, which comes first (4.6), and its identifiers may now stand for others.
    pub(super) fn new_message(&mut self) {
        if !self.apart && self.unsaid.len() == 0 {
            return;
        }
        self.unsaid.clear();
        self.apart = false;
        for delivery in &mut self.open {
            if !delivery.in_line && !delivery.exactly_once {
                delivery.id = None;
            }
        }
    }

    /// A QoS 2 message wants no PUBREC any more.
    pub(super) fn forget(&mut self, id: PacketId) {
        if !self.begun.remove(id) {
            return;
        }
        for delivery in &mut self.open {
            if delivery.exactly_once && delivery.id == Some(id) {
                delivery.id = None;
            }
        }
    }

    /// The session is lost: no message wants an answer any more, and none that comes later waits for these.
    pub(super) fn forget_all(&mut self) {
        self.first = self.number(self.open.len());
        self.open.clear();
        self.line.clear();
        self.unsaid.clear();
        self.begun.clear();
        self.apart = false;
    }

    /// The application is done with a message; returns its identifier if that is to be stored before it is said (QoS 2). A number that is not open is ignored.
    pub(super) fn handled(&mut self, number: u32) -> Option<PacketId> {
        let delivery = self.get_mut(number).filter(|delivery| !delivery.done)?;
        if core::mem::take(&mut delivery.waits) {
            return None;
        }
        delivery.done = true;
        delivery.wire = Vec::new();
        let id = delivery.id?;
        if delivery.exactly_once {
            self.begun.remove(id);
            return Some(id);
        }
        if !delivery.in_line {
            delivery.id = None;
            self.unsaid.insert(id);
        }
        None
    }

    /// Takes the next answer whose turn it is.
    pub(super) fn next_answer(&mut self) -> Option<Answer> {
        loop {
            let (number, answer) = *self.line.front()?;
            let delivery = self.get_mut(number);
            if delivery.as_ref().is_some_and(|delivery| !delivery.done) {
                return None;
            }
            // A QoS 2 exchange that ended meanwhile wants no PUBREC any more.
            let wanted = delivery.is_none_or(|delivery| delivery.id.take().is_some());
            self.line.pop_front();
            if wanted {
                return Some(answer);
            }
        }
    }

    /// Lets go of what is done. To be called when all answers whose turn it is were taken.
    pub(super) fn clean(&mut self, now: Millis) {
        while self.open.front().is_some_and(|delivery| delivery.done) {
            self.open.pop_front();
            self.first = self.first.wrapping_add(1);
            (self.since, self.told) = (now, false);
        }
        if self.open.is_empty() && self.open.capacity() > LARGE {
            self.open = VecDeque::new();
        }
        if self.line.is_empty() && self.line.capacity() > LARGE {
            self.line = VecDeque::new();
        }
    }

    /// The connection is gone, and its line with it.
    pub(super) fn disconnect(&mut self, now: Millis) {
        for (number, answer) in core::mem::take(&mut self.line) {
            if let Answer::Ack(id) = answer
                && self.get_mut(number).is_none_or(|delivery| delivery.done)
            {
                self.unsaid.insert(id);
            }
        }
        self.clean(now);
        for delivery in &mut self.open {
            delivery.in_line = false;
            if delivery.done {
                delivery.id = None;
            }
        }
        self.apart = !self.open.is_empty();
    }

    /// What the store has of QoS 2 messages that are not handled.
    pub(super) fn begun(&self) -> impl Iterator<Item = (PacketId, &[u8])> {
        let open = self.open.iter().filter(|delivery| !delivery.wire.is_empty());
        open.filter_map(|delivery| Some((delivery.id?, delivery.wire.as_slice())))
    }

    /// Whether this QoS 2 message is handed over and not handled.
    pub(super) fn is_begun(&self, id: PacketId) -> bool {
        self.begun.contains(id)
    }

    /// Messages are the same: when the session of the earlier one is lost, and its handler not done, the later one is not done before it is. One that waits
    /// is enough: in one session the order of the answers sees to it, and what is not answered is sent again. Whether it waits.
    pub(super) fn wait_for(&mut self, earlier: [u32; 2], later: u32) -> bool {
        if earlier.iter().any(|number| self.get_mut(*number).is_some()) {
            return false;
        }
        self.get_mut(later).is_some_and(|delivery| {
            delivery.waits = true;
            true
        })
    }

    /// The number of the message that the others wait for.
    pub(super) fn head(&self) -> Option<u32> {
        self.open.front().map(|_| self.first)
    }

    fn number(&self, at: usize) -> u32 {
        self.first.wrapping_add(at as u32)
    }

    fn get_mut(&mut self, number: u32) -> Option<&mut Delivery> {
        self.open.get_mut(number.wrapping_sub(self.first) as usize)
    }
}
