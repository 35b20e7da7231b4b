//! Deadlines, and the arithmetic of keep-alive. Timers may fire late, by minutes in a hidden page.

use super::Millis;

/// What a deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    /// The attempt takes too long.
    Connect = 0,
    /// The wait before the next attempt is over.
    Retry = 1,
    /// An exchange of authentication on a live link takes too long.
    Authenticate = 2,
}

/// One deadline per kind.
#[derive(Debug, Default)]
pub(super) struct Timers {
    deadlines: [Option<Millis>; 3],
}

impl Timers {
    /// Sets or replaces a deadline.
    pub(super) fn set(&mut self, timer: Timer, at: Millis) {
        if let Some(deadline) = self.deadlines.get_mut(timer as usize) {
            *deadline = Some(at);
        }
    }

    /// Removes all deadlines.
    pub(super) const fn clear(&mut self) {
        self.deadlines = [None; 3];
    }

    /// Removes one deadline.
    pub(super) fn stop(&mut self, timer: Timer) {
        if let Some(deadline) = self.deadlines.get_mut(timer as usize) {
            *deadline = None;
        }
    }

    /// Whether a deadline has passed; it is then removed.
    pub(super) fn due(&mut self, timer: Timer, now: Millis) -> bool {
        let due = self
            .deadlines
            .get(timer as usize)
            .copied()
            .flatten()
            .is_some_and(|at| at <= now);
        if due {
            self.stop(timer);
        }
        due
    }

    /// The earliest.
    pub(super) fn next(&self) -> Option<Millis> {
        self.deadlines.iter().flatten().min().copied()
    }
}

/// When to probe the link, and when to give it up (3.1.2.10).
#[derive(Debug, Default)]
pub(super) struct KeepAlive {
    /// Milliseconds, 0 = off.
    interval: u64,
    sent: Millis,
    received: Millis,
    /// A PINGREQ left then and nothing has come since.
    probed: Option<Millis>,
}

/// What keep-alive asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// Nothing.
    Fine,
    /// A PINGREQ, now.
    Probe,
    /// Giving up.
    Dead,
}

impl KeepAlive {
    /// Starts with the effective interval in seconds.
    pub(super) fn start(&mut self, seconds: u16, now: Millis) {
        *self = Self {
            interval: u64::from(seconds).saturating_mul(1_000),
            sent: now,
            received: now,
            probed: None,
        };
    }

    /// Something was sent.
    pub(super) const fn sent(&mut self, now: Millis) {
        self.sent = now;
    }

    /// Something was received: the link lives.
    pub(super) const fn received(&mut self, now: Millis) {
        self.received = now;
        self.probed = None;
    }

    /// When [`KeepAlive::check`] will have something to say.
    ///
    /// A probe is due when nothing was sent for an interval `[MQTT-3.1.2-20]`, or nothing received. The link is dead one and a half intervals after the
    /// last byte, but never sooner than half an interval after the probe: a timer that fires late has proved nothing yet.
    pub(super) fn deadline(&self) -> Option<Millis> {
        if self.interval == 0 {
            return None;
        }
        let half = self.interval / 2;
        Some(match self.probed {
            Some(at) => at.plus(half).max(self.received.plus(self.interval).plus(half)),
            None => self.sent.min(self.received).plus(self.interval),
        })
    }

    /// What to do now.
    pub(super) fn check(&mut self, now: Millis) -> Check {
        if self.deadline().is_none_or(|at| now < at) {
            return Check::Fine;
        }
        if self.probed.is_some() {
            return Check::Dead;
        }
        self.probed = Some(now);
        self.sent = now;
        Check::Probe
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_timer_probes_before_it_gives_up() {
        let mut link = KeepAlive::default();
        link.start(10, Millis(0));
        assert_eq!(link.deadline(), Some(Millis(10_000)));
        assert_eq!(link.check(Millis(9_999)), Check::Fine);
        assert_eq!(link.check(Millis(60_000)), Check::Probe);
        assert_eq!(link.deadline(), Some(Millis(65_000)));
        assert_eq!(link.check(Millis(64_999)), Check::Fine);
        assert_eq!(link.check(Millis(65_000)), Check::Dead);
    }

    #[test]
    fn an_answer_to_the_probe_starts_a_new_interval() {
        let mut link = KeepAlive::default();
        link.start(10, Millis(0));
        assert_eq!(link.check(Millis(10_000)), Check::Probe);
        assert_eq!(link.deadline(), Some(Millis(15_000)));
        link.received(Millis(10_100));
        assert_eq!(link.deadline(), Some(Millis(20_000)));
    }

    #[test]
    fn an_interval_of_zero_asks_for_nothing() {
        let mut link = KeepAlive::default();
        link.start(0, Millis(0));
        assert_eq!((link.deadline(), link.check(Millis(u64::MAX))), (None, Check::Fine));
    }

    #[test]
    fn the_earliest_timer_comes_first_and_fires_once() {
        let mut timers = Timers::default();
        timers.set(Timer::Retry, Millis(20));
        timers.set(Timer::Connect, Millis(10));
        assert_eq!(timers.next(), Some(Millis(10)));
        assert!(!timers.due(Timer::Connect, Millis(9)) && timers.due(Timer::Connect, Millis(10)));
        assert!(!timers.due(Timer::Connect, Millis(99)));
        assert_eq!(timers.next(), Some(Millis(20)));
        timers.clear();
        assert_eq!(timers.next(), None);
    }
}
