//! One event after the other, and what follows from each.

use hawser::session::{Cause, State};

use super::{At, Cut, Event, Framing, Simulation};
use crate::network::{Link, Way, What};
use crate::pages::Pages;
use crate::world::Socket;

impl Simulation {
    pub(super) fn next_event(&self) -> Option<(u64, Event)> {
        // Nobody's timers go off between two pages.
        let deadline = self.world.session.deadline().filter(|_| self.reload_at.is_none());
        let thawed = |at: u64| at.max(self.frozen_until);
        let links = self.links.iter().filter_map(|link| {
            let (at, what) = link.next()?;
            let at = match what {
                What::Arrives(Way::Down) | What::ClientHears => thawed(at),
                What::Arrives(Way::Up) | What::BrokerHears => at,
            };
            Some((at, Event::Link(link.number, what)))
        });
        [
            // First: what came while the page was frozen waits behind a timer that is late.
            deadline.map(|at| (thawed(at.0 + self.lateness), Event::Timer)),
            self.commits_at.map(|at| (thawed(at), Event::Commit)),
            self.opens_at.map(|at| (thawed(at), Event::Open)),
            self.reload_at.map(|at| (at, Event::Reload)),
            self.pages.as_ref().and_then(Pages::next).map(|at| (at, Event::Handler)),
            self.broker.deadline().map(|at| (at, Event::Broker)),
        ]
        .into_iter()
        .flatten()
        .chain(links)
        .min_by_key(|(at, _)| *at)
    }

    pub(super) fn perform(&mut self, event: Event) {
        let now = self.now();
        match event {
            Event::Commit => {
                self.commits_at = None;
                let number = self.world.batches.front().map(|batch| batch.number);
                self.world.commit();
                // A store that says it twice changes nothing.
                self.world
                    .session
                    .handle_stored(self.world.time(), number.unwrap_or_default());
                self.world.drain();
                self.after_client();
            }
            Event::Open => self.open(),
            Event::Reload => self.reload(),
            Event::Handler => self.finish_handler(),
            Event::Timer => {
                self.lateness = self.draw(self.weather.late);
                self.world.fire();
                self.after_client();
            }
            Event::Broker => {
                self.broker.wake(now);
                self.after_broker();
            }
            Event::Link(number, What::Arrives(Way::Up)) => self.arrives_up(number),
            Event::Link(number, What::Arrives(Way::Down)) => self.arrives_down(number),
            Event::Link(number, What::ClientHears) => {
                self.link(number).client_holds = false;
                self.note(|| "client: the link is gone".into());
                self.current = None;
                self.watch.disconnected();
                self.world.cut();
                self.after_client();
            }
            Event::Link(number, What::BrokerHears) => {
                self.link(number).broker_holds = false;
                self.note(|| format!("broker: link {number} is gone"));
                self.broker.lose_link(now, number);
                self.after_broker();
            }
        }
        self.links.retain(|link| !link.is_over());
        self.events += 1;
        let events = self.events;
        for cut in self
            .cuts
            .extract_if(.., |cut| cut.at == At::Event(events))
            .collect::<Vec<_>>()
        {
            self.carry_out(cut);
        }
        self.step();
    }

    fn open(&mut self) {
        self.opens_at = None;
        if self.now() < self.broker_down_until {
            self.note(|| "client: nobody listens".into());
            self.world.fail_to_open();
        } else {
            self.next_link += 1;
            self.links.push(Link::new(self.next_link));
            self.current = Some(self.next_link);
            self.ledger.new_connection();
            self.world.open();
        }
        self.after_client();
    }

    fn arrives_up(&mut self, number: usize) {
        let now = self.now();
        for mut bytes in self.link(number).take(Way::Up, now) {
            if !self.link(number).broker_holds {
                return;
            }
            let cut = self.arrive(Way::Up, &mut bytes);
            // A connection that was taken over is closed: what still comes on it is nobody's. A CONNECT of a client that has given up before it arrived
            // would take over that client's next connection; 0x8E stops a client for good, so this network loses such a CONNECT.
            let begins = bytes.first().is_some_and(|first| first >> 4 == 1) && self.link(number).client_holds;
            if self.broker.serves(number) || begins {
                self.broker.hear(now, number, &bytes);
            }
            if let Some(pages) = &mut self.pages {
                pages.check_acknowledged(&self.broker, &self.store);
            }
            self.after_broker();
            if let Some(cut) = cut {
                return self.carry_out(cut);
            }
        }
    }

    fn arrives_down(&mut self, number: usize) {
        let now = self.now();
        let packets = self.link(number).take(Way::Down, now);
        for mut frame in self.frames(packets) {
            if self.current != Some(number) {
                return;
            }
            let cut = self.arrive(Way::Down, &mut frame);
            if !frame.is_empty() {
                self.watch.arrives(&frame);
                let busy = u64::from(!self.world.batches.is_empty());
                self.world.send_bytes(&frame);
                if self.link(number).arrived(frame.len()) {
                    // What a page heard and did not store, the next one does not know.
                    match &self.pages {
                        Some(_) => {
                            let batch = self.world.batches.front().map_or(0, |batch| batch.number + busy);
                            self.agreement = Some((number, batch));
                        }
                        None => self.broker.agreed(number),
                    }
                }
                self.after_client();
            }
            if let Some(cut) = cut {
                return self.carry_out(cut);
            }
        }
    }

    /// Counts bytes that arrive; the cut that falls among them shortens them.
    fn arrive(&mut self, way: Way, bytes: &mut Vec<u8>) -> Option<Cut> {
        let arrived = &mut self.arrived[way as usize];
        let range = *arrived..=*arrived + bytes.len();
        let hit = self.cuts.iter().position(|cut| match cut.at {
            At::Byte(other, byte) => other == way && range.contains(&byte),
            At::Event(_) => false,
        });
        let cut = hit.map(|at| self.cuts.remove(at));
        if let Some(At::Byte(_, byte)) = cut.map(|cut| cut.at) {
            bytes.truncate(byte - *arrived);
        }
        *arrived += bytes.len();
        cut
    }

    fn frames(&mut self, packets: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        let framing = self.weather.framing;
        if framing == Framing::Packets {
            return packets;
        }
        let mut rest = packets.concat();
        let mut frames = Vec::new();
        let arrived = self.arrived[Way::Down as usize];
        match framing {
            Framing::Pieces(size) => return rest.chunks(size).map(<[u8]>::to_vec).collect(),
            Framing::Split(at) if (arrived + 1..arrived + rest.len()).contains(&at) => {
                let behind = rest.split_off(at - arrived);
                frames.push(std::mem::replace(&mut rest, behind));
            }
            Framing::Random => {
                while rest.len() > 1 && self.random.below(3) > 0 {
                    let at = 1 + self.random.below(rest.len() as u64 - 1) as usize;
                    let behind = rest.split_off(at);
                    frames.push(std::mem::replace(&mut rest, behind));
                }
            }
            Framing::Split(_) | Framing::Joined | Framing::Packets => {}
        }
        frames.push(rest);
        frames
    }

    // ----- what follows from an event

    pub(super) fn after_client(&mut self) {
        let now = self.now();
        self.store.follow(&self.world.committed);
        self.agree();
        let statuses = self.world.statuses.get(self.statuses..).unwrap_or_default().to_vec();
        self.statuses += statuses.len();
        for state in &statuses {
            self.note(|| format!("client: {state:?}"));
            self.ledger.on_status(state, now, &self.config);
            if matches!(state, State::Waiting { cause, .. } if matches!(**cause, Cause::ProtocolError { .. })) {
                self.watch.session_is_unknown();
            }
        }
        let bytes = self.world.take_wire();
        if !bytes.is_empty() {
            self.watch.leaves(&bytes, &self.store);
            self.note_packets(Way::Up, &bytes);
            let at = now + self.draw(self.weather.up);
            if let Some(link) = self.current_link() {
                link.send(Way::Up, at, bytes);
            }
        }
        self.handle_messages();
        if self.world.socket != Socket::Open && self.current.is_some() {
            let latency = self.draw(self.weather.up);
            if let Some(link) = self.current_link() {
                link.let_go(Way::Up, latency, now);
            }
            self.current = None;
            self.watch.disconnected();
        }
        if self.world.socket != Socket::Opening {
            self.opens_at = None;
        } else if self.opens_at.is_none() {
            self.opens_at = Some(now + self.draw(self.weather.opening));
        }
        if let (false, None, Some(span)) = (self.world.batches.is_empty(), self.commits_at, self.weather.commit) {
            self.commits_at = Some(now + self.draw(span));
        }
    }

    pub(super) fn after_broker(&mut self) {
        let now = self.now();
        for (number, bytes) in std::mem::take(&mut self.broker.outbox) {
            self.note_packets(Way::Down, &bytes);
            let at = now + self.draw(self.weather.down);
            self.link(number).send(Way::Down, at, bytes);
        }
        for number in std::mem::take(&mut self.broker.closed) {
            let latency = self.draw(self.weather.down);
            self.link(number).let_go(Way::Down, latency, now);
        }
    }
}
