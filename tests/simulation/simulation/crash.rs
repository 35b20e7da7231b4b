//! Pages that are killed, and the pages that come after them.

use hawser::codec::{SubscribeOptions, Version};
use hawser::session::State;

use super::Simulation;
use crate::ledger::Wanted;
use crate::network::{Notice, Way};
use crate::pages::{self, ON_AN_EARLIER_PAGE};
use crate::world::World;

/// What becomes of the bytes that a killed page had on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// They arrive, and then the broker hears of the end.
    Arrives,
    /// They are lost, and the broker hears of the end at once.
    Lost,
    /// They are lost, and the broker hears of nothing.
    Silent,
}

/// A page is killed.
#[derive(Clone, Copy, Debug)]
pub struct Crash {
    /// After so many steps.
    pub at: usize,
    /// The commit that is under way has happened.
    pub committed: bool,
    pub farewell: Farewell,
    /// The broker has forgotten the session when the next page comes.
    pub forgets: bool,
    /// Milliseconds until the next page comes.
    pub away: u64,
}

impl Simulation {
    /// Something has happened: the page may be killed right behind it.
    pub(super) fn step(&mut self) {
        self.steps += 1;
        let steps = self.steps;
        if let Some(at) = self.crashes.iter().position(|crash| crash.at <= steps) {
            let crash = self.crashes.remove(at);
            self.crash(crash);
        }
    }

    pub fn crash(&mut self, crash: Crash) {
        if self.reload_at.is_some() || self.pages.is_none() {
            return;
        }
        let now = self.now();
        self.note(|| format!("======== killed: {crash:?}"));
        if let Some(batch) = self.world.batches.pop_front().filter(|_| crash.committed) {
            self.store.apply(&batch);
            self.agree();
        }
        self.agreement = None;
        let kept = self.store.values.clone();
        self.note(|| format!("stored: {kept:?}"));
        match crash.farewell {
            Farewell::Arrives => {
                let latency = self.draw(self.weather.up);
                if let Some(link) = self.current_link() {
                    link.let_go(Way::Up, latency, now);
                }
            }
            Farewell::Lost => self.leave_link(Notice::Broker),
            Farewell::Silent => {
                self.ledger.silence_is_natural = true;
                self.leave_link(Notice::Client);
            }
        }
        self.check_freshness();
        (self.current, self.opens_at, self.commits_at) = (None, None, None);
        (self.statuses, self.lateness) = (0, 0);
        self.started |= !matches!(self.world.session.state(), State::Idle);
        if let Some(pages) = &mut self.pages {
            pages.kill(&self.world, &self.store, &self.ledger);
        }
        self.forget_requests();
        let asked = self.ledger.published.keys().chain(self.ledger.requests.keys());
        let mut world = World::new(self.config.clone());
        world.now = now;
        world.handle_by_hand = true;
        world.slow_store = self.weather.commit.is_some();
        world.last = self.store.last;
        world.settled = asked.map(|token| (*token, (ON_AN_EARLIER_PAGE, None))).collect();
        self.world = world;
        self.store.new_page();
        self.watch
            .new_page(&self.store, self.config.clean_start, now + crash.away);
        self.ledger.session_may_be_unknown =
            self.config.version == Version::V311 && self.store.session_ends().is_none();
        self.reload_at = Some(now + crash.away);
        if crash.forgets {
            self.restart(true, 0);
        }
    }

    /// A page that was online leaves behind until when it was, not much too early.
    fn check_freshness(&self) {
        let State::Online { since, .. } = self.world.session.state() else {
            return;
        };
        let lasts = self.store.session_ends().zip(self.store.last_online());
        let quarter = lasts.map_or(0, |(end, last)| (end - last) / 4).clamp(1_000, 60_000);
        // Late timers and slow commits, two of them.
        let late = quarter + 4_000;
        if self.now() > since.0 + late {
            let last = self.store.last_online().unwrap_or_default();
            assert!(last + late >= self.now(), "online now, and {last} is stored");
        }
    }

    fn leave_link(&mut self, notice: Notice) {
        let now = self.now();
        if let Some(link) = self.current_link() {
            link.cut(now, notice);
            link.client_holds = false;
        }
    }

    /// What was asked about filters, and not answered, is unclear from now on; and a filter that was given up may still be stored.
    fn forget_requests(&mut self) {
        for wanted in self.ledger.wanted.values_mut() {
            if *wanted == Some(Wanted::Unsubscribed) {
                *wanted = None;
            }
        }
    }

    /// The next page comes.
    pub(super) fn reload(&mut self) {
        self.reload_at = None;
        self.note(|| "======== the next page".into());
        let last = self.store.last;
        let segments = self.store.segments.iter().map(Vec::as_slice);
        self.world.session.restore(self.world.time(), last, segments);
        self.world.drain();
        let told = (self.world.storage.clone(), self.world.gaps.clone());
        self.note(|| format!("client: {told:?}"));
        if let Some(pages) = &mut self.pages {
            let clean = self.config.clean_start;
            pages.take_up(&self.world, &self.store, &mut self.ledger, self.watch.sessions, clean);
        }
        let wanted: Vec<(String, u8)> = self
            .ledger
            .wanted
            .iter()
            .filter_map(|(filter, wanted)| match wanted {
                Some(Wanted::Subscribed { options, .. }) => Some((filter.clone(), *options)),
                _ => None,
            })
            .collect();
        for (filter, options) in wanted {
            let Some(token) = self.pages.as_mut().map(crate::pages::Pages::own_token) else {
                continue;
            };
            self.ledger.requests.insert(token, filter.clone());
            let options = SubscribeOptions::from_bits(options).unwrap();
            self.world
                .session
                .subscribe(self.world.time(), token, &filter, options, &[]);
            self.world.drain();
            if self.world.settled.get(&token).is_some_and(|(code, _)| *code >= 0x100) {
                // There was no room to ask for it.
                self.ledger.wanted.insert(filter, None);
            }
        }
        if self.started {
            self.world.start();
        }
        self.world.drain();
        self.after_client();
    }

    /// The page is there again.
    pub fn wait_for_page(&mut self) {
        // It may be killed again before it has done anything.
        while let Some(at) = self.reload_at {
            self.run_until(at, |simulation| simulation.reload_at.is_none());
        }
    }

    /// What CONNACK changed here is stored: from now on the next page knows of this session too.
    pub(super) fn agree(&mut self) {
        if let Some((link, batch)) = self.agreement
            && batch <= self.store.last
        {
            self.broker.agreed(link);
            self.agreement = None;
        }
    }

    /// The store refuses the commit that is under way, if there is one, and asks for everything anew.
    pub fn refuse_commit(&mut self) {
        if self.reload_at.is_some() || self.world.is_stopped() {
            return;
        }
        self.note(|| "---- the store refuses a commit".into());
        self.world.batches.clear();
        self.commits_at = None;
        self.world.session.handle_store_back(self.world.time());
        self.world.drain();
        self.after_client();
        self.step();
    }

    /// Whether something was asked for on an earlier page.
    pub fn was_killed_since(&self, token: u32) -> bool {
        let settled = self.world.settled.get(&token);
        settled.is_some_and(|(code, _)| *code == ON_AN_EARLIER_PAGE)
    }

    // ----- what the page does

    pub(super) fn handle_messages(&mut self) {
        let Some(mut pages) = self.pages.take() else {
            for message in self.world.take_delivered() {
                self.ledger.on_delivered(&message, &self.broker, true);
            }
            return;
        };
        let now = self.now();
        for message in self.world.take_delivered() {
            let letter = self.ledger.check_letter(&message, &self.broker);
            if message.flags & pages::INTERRUPTED == 0 {
                self.ledger.on_delivered(&message, &self.broker, false);
            }
            let takes = self.draw(pages.handling.takes);
            pages.on_message(&message, letter, &mut self.world, now, takes);
        }
        for delivery in std::mem::take(&mut self.world.ready) {
            let takes = self.draw(pages.handling.takes);
            pages.on_ready(delivery, now + takes);
        }
        for (token, verdict, _) in std::mem::take(&mut self.world.claimed) {
            let takes = self.draw(pages.handling.takes);
            if let Some(delivery) = pages.on_claimed(token, verdict, now + takes) {
                self.world.session.handled(self.world.time(), delivery, 1);
            }
        }
        self.world.drain();
        self.store.follow(&self.world.committed);
        pages.learn(&self.store);
        pages.hear(&self.world);
        self.pages = Some(pages);
        if !self.world.wire.is_empty() || !self.world.ready.is_empty() || !self.world.claimed.is_empty() {
            self.after_client();
        }
    }

    /// The first handler that is due is done.
    pub(super) fn finish_handler(&mut self) {
        let Some(delivery) = self.pages.as_mut().map(crate::pages::Pages::finish) else {
            return;
        };
        self.world.handled(delivery, 1);
        self.after_client();
    }
}
