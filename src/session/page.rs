//! What the page goes through, and what that says about the link: coming back is a reason to look, `offline` may be wrong, and leaving is told.

use crate::codec::ReasonCode;

use super::policy::Action;
use super::timers::Timer;
use super::{Cause, Millis, Phase, Reconnect, Session, State};

/// From one attempt to the next that a page event brings forward, in milliseconds: events may come by the thousand.
const APART: u64 = 1_000;
/// The longest wait while the browser says that there is no network: it may be wrong.
const OFFLINE: u64 = 30_000;
/// The shortest wait of a page that has gone away. Whoever is still there then was not told that it is back.
const AWAY: u64 = 60_000;

/// What happened to the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum PageEvent {
    /// The browser says that there is a network again.
    Online = 0,
    /// The browser says that there is no network.
    Offline = 1,
    /// The page is visible again, was resumed, came out of the cache of pages, or its clock jumped.
    Back = 2,
    /// The page goes away, for good or into the cache of pages.
    Leave = 3,
}

impl PageEvent {
    /// The event with this number; [`PageEvent::Leave`] for one that is not known.
    #[must_use]
    pub const fn from_code(code: u32) -> Self {
        match code {
            0 => Self::Online,
            1 => Self::Offline,
            2 => Self::Back,
            _ => Self::Leave,
        }
    }
}

impl Session {
    /// Something happened to the page.
    ///
    /// [`PageEvent::Back`] and [`PageEvent::Online`] probe the link once it is quiet for a second: it is dead when nothing comes within
    /// [`super::Config::probe_timeout`], with keep-alive 0 too. An attempt that is older than a second, and whose socket is not open, has no longer than that
    /// to open it. While waiting they begin the next attempt at once, but never sooner than a second after the last one began. What turns out to be dead when
    /// the page is back, a link or such an attempt, is followed by the next attempt within a second, whatever the backoff says.
    ///
    /// [`PageEvent::Offline`] probes as well, and ends nothing by itself; as long as it holds no wait is longer than half a minute, and attempts that fail do
    /// not count against [`super::Config::max_attempts`]. [`PageEvent::Leave`] ends the link in the manner of [`super::Config::will_on_leave`], and the page
    /// has another one when it is back.
    pub fn handle_page(&mut self, now: Millis, event: PageEvent) {
        self.tick(now);
        match event {
            PageEvent::Leave => self.leave_page(),
            PageEvent::Offline => {
                self.offline = true;
                self.look();
                if let Some((retry_at, false)) = self.pending_attempt() {
                    self.wait_until(retry_at.min(self.now.plus(OFFLINE)));
                }
            }
            PageEvent::Online | PageEvent::Back => {
                if event == PageEvent::Online && self.offline {
                    // Attempts failed for want of a network: that says nothing about the next ones.
                    self.offline = false;
                    self.backoff.begin_anew();
                }
                self.look();
                self.hurry();
                self.back = (self.is_online() || self.press()).then_some(self.now);
            }
        }
    }

    /// How long to wait for the next attempt, where the backoff says `delay`.
    pub(super) fn wait(&mut self, cause: &Cause, delay: u64) -> u64 {
        // The socket of a frozen page is closed behind `resume`: that is no reason to wait longer than who was waiting already.
        let back = self.back.take();
        let looked = self.config.probe_timeout.saturating_add(2 * APART);
        match cause {
            Cause::Left => delay.max(AWAY),
            _ if back.is_some_and(|at| self.now <= at.plus(looked)) => delay.min(APART),
            _ if self.offline => delay.min(OFFLINE),
            _ => delay,
        }
    }

    fn look(&mut self) {
        if self.is_online() {
            let check = self.link.keep_alive.doubt(self.now);
            self.perform_check(check);
        }
    }

    /// An attempt that began before the page was back may hang, because there was no network: from here on its socket has the time of a probe to open,
    /// unless the user wants no other attempt after it. False where there is no such attempt.
    fn press(&mut self) -> bool {
        let reaches = matches!(self.attempt(), Some((_, Phase::Socket))) && !self.link.open;
        let lasts = self.now >= self.attempted.plus(APART);
        let follows = self.action(&Cause::ConnectTimeout(Phase::Socket)) == Action::Retry
            && self.config.reconnect != Reconnect::Never;
        let presses = reaches && lasts && follows;
        if presses {
            let soon = self.now.plus(self.config.probe_timeout.max(1));
            self.link.patience = self.timers.bring_forward(Timer::Connect, soon).or(self.link.patience);
        }
        presses
    }

    /// When the next attempt begins, and whether it waits for the page to come back.
    fn pending_attempt(&self) -> Option<(Millis, bool)> {
        match &self.state {
            State::Waiting { retry_at, cause, .. } => Some((*retry_at, **cause == Cause::Left)),
            _ => None,
        }
    }

    /// The next attempt, at once or as soon as may be.
    fn hurry(&mut self) {
        let soonest = self.attempted.plus(APART);
        if let Some((retry_at, _)) = self.pending_attempt() {
            if self.now >= soonest {
                self.reconnect_now(self.now);
            } else {
                self.wait_until(retry_at.min(soonest));
            }
        }
    }

    fn wait_until(&mut self, at: Millis) {
        if let State::Waiting {
            attempt,
            retry_at,
            cause,
        } = &self.state
            && *retry_at != at
        {
            let (attempt, cause) = (*attempt, cause.clone());
            self.timers.set(Timer::Retry, at);
            self.enter(State::Waiting {
                attempt,
                retry_at: at,
                cause,
            });
        }
    }

    fn leave_page(&mut self) {
        if self.is_online() {
            let with_will = self.config.will_on_leave && self.config.will.is_some();
            // In 3.1.1 the will is published when the link ends without a word [MQTT-3.1.2-8].
            self.leave(
                if with_will {
                    ReasonCode::DISCONNECT_WITH_WILL
                } else {
                    ReasonCode::NORMAL_DISCONNECTION
                },
                Cause::Left,
            );
            // No CONNECT leaves before the page is back: the next page need not ask for what the session has.
            self.store_facts(true);
        } else if let Some((_, phase)) = self.attempt() {
            self.lost(Cause::Left, phase != Phase::Address);
        } else if let Some((retry_at, false)) = self.pending_attempt() {
            self.wait_until(retry_at.max(self.now.plus(AWAY)));
        }
    }
}
