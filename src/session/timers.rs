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
    /// A planned end of the link takes too long.
    Renew = 3,
}

/// A timer that fires so many milliseconds after its deadline was asleep: what it was waiting for may wait behind it.
const LATE: u64 = 1_000;
/// What came within so many milliseconds shows that the link lives now.
const FRESH: u64 = 1_000;

/// One deadline per kind.
#[derive(Debug, Default)]
pub(super) struct Timers {
    deadlines: [Option<Millis>; 4],
    /// A deadline has been put off because the timer was late.
    put_off: bool,
}

impl Timers {
    /// Sets or replaces a deadline.
    pub(super) fn set(&mut self, timer: Timer, at: Millis) {
        if let Some(deadline) = self.deadlines.get_mut(timer as usize) {
            *deadline = Some(at);
        }
        self.put_off = false;
    }

    /// Moves a deadline nearer, if it is later than `at`: then it gives the later one.
    pub(super) fn bring_forward(&mut self, timer: Timer, at: Millis) -> Option<Millis> {
        let deadline = self.deadlines.get_mut(timer as usize)?.as_mut()?;
        (*deadline > at).then(|| core::mem::replace(deadline, at))
    }

    /// Removes all deadlines.
    pub(super) const fn clear(&mut self) {
        self.deadlines = [None; 4];
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

    /// Whether the other side had its time. A timer that was asleep has proved nothing: it puts the deadline off, once, by `grace`.
    pub(super) fn overdue(&mut self, timer: Timer, now: Millis, grace: u64) -> bool {
        let deadline = self.deadlines.get(timer as usize).copied().flatten();
        if !self.put_off && deadline.is_some_and(|at| at.plus(LATE) <= now) {
            self.set(timer, now.plus(grace));
            self.put_off = true;
        }
        self.due(timer, now)
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
    /// Milliseconds for the answer to a probe for which there is no better rule.
    patience: u64,
    sent: Millis,
    received: Millis,
    /// A PINGREQ has left and nothing has come since: when that means that the link is dead.
    dead_at: Option<Millis>,
    /// It has left for the second time, because its time had passed while the timer was asleep.
    again: bool,
    /// Somebody doubted the link, just after something had come: then.
    doubted: Option<Millis>,
    /// When bytes were found to have left that had to wait in the socket.
    progress: Option<Millis>,
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
    pub(super) fn start(&mut self, seconds: u16, patience: u64, now: Millis) {
        *self = Self {
            interval: u64::from(seconds).saturating_mul(1_000),
            patience,
            sent: now,
            received: now,
            ..Self::default()
        };
    }

    /// Something was sent.
    pub(super) const fn sent(&mut self, now: Millis) {
        self.sent = now;
    }

    /// Something was received: the link lives.
    pub(super) const fn received(&mut self, now: Millis) {
        self.received = now;
        self.dead_at = None;
    }

    /// Bytes that had to wait in the socket have left: the other side takes them, and a probe behind them has not left yet.
    pub(super) const fn progressed(&mut self, now: Millis) {
        self.progress = Some(now);
    }

    /// When [`KeepAlive::check`] will have something to say.
    ///
    /// A probe is due when nothing was sent for an interval `[MQTT-3.1.2-20]`, or nothing received.
    pub(super) fn deadline(&self) -> Option<Millis> {
        if self.dead_at.is_some() {
            return self.dead_at;
        }
        if self.is_doubted() {
            return Some(self.received.plus(FRESH));
        }
        (self.interval > 0).then(|| self.sent.min(self.received).plus(self.interval))
    }

    /// Whether nothing has come since somebody doubted the link.
    fn is_doubted(&self) -> bool {
        self.doubted == Some(self.received)
    }

    /// What to do now. The link is dead one and a half intervals after the last byte, but never without a probe that had time for its answer: a timer that
    /// fires late has proved nothing yet.
    pub(super) fn check(&mut self, now: Millis) -> Check {
        if self.deadline().is_none_or(|at| now < at) {
            return Check::Fine;
        }
        if self.dead_at.is_some()
            && let Some(end) = self.progress.take().map(|at| at.plus(self.patience))
            && now < end
        {
            self.dead_at = Some(end);
            return Check::Fine;
        }
        self.again = match self.dead_at {
            None if self.is_doubted() => return self.doubt(now),
            None => false,
            Some(at) if !self.again && at.plus(LATE) <= now => true,
            Some(_) => return Check::Dead,
        };
        let half = self.interval / 2;
        let usual = self.received.plus(self.interval).plus(half);
        let patience = if self.again {
            self.patience
        } else {
            self.patience.min(half)
        };
        self.probe(usual.max(now.plus(patience)), now)
    }

    /// Somebody doubts the link: a probe with an answer soon, unless one is on its way already. If something has just come, the link has a moment to go on.
    pub(super) fn doubt(&mut self, now: Millis) -> Check {
        if now < self.received.plus(FRESH) {
            self.doubted = Some(self.received);
            return Check::Fine;
        }
        self.doubted = None;
        let soon = now.plus(self.patience);
        if let Some(at) = self.dead_at
            && (now < at || self.again)
        {
            self.dead_at = Some(at.min(soon));
            return Check::Fine;
        }
        self.again = self.dead_at.is_some();
        self.probe(soon, now)
    }

    fn probe(&mut self, dead_at: Millis, now: Millis) -> Check {
        self.dead_at = Some(dead_at);
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
        link.start(10, 3_000, Millis(0));
        assert_eq!(link.deadline(), Some(Millis(10_000)));
        assert_eq!(link.check(Millis(9_999)), Check::Fine);
        assert_eq!(link.check(Millis(60_000)), Check::Probe);
        assert_eq!(link.deadline(), Some(Millis(63_000)));
        assert_eq!(link.check(Millis(62_999)), Check::Fine);
        assert_eq!(link.check(Millis(63_000)), Check::Dead);
    }

    #[test]
    fn a_timer_that_is_late_for_the_answer_too_probes_once_more_and_no_third_time() {
        let mut link = KeepAlive::default();
        link.start(10, 3_000, Millis(0));
        assert_eq!(link.check(Millis(10_000)), Check::Probe);
        assert_eq!(link.check(Millis(16_000)), Check::Probe);
        assert_eq!(link.deadline(), Some(Millis(19_000)));
        assert_eq!(link.check(Millis(99_000)), Check::Dead);
        link.received(Millis(99_000));
        assert_eq!(link.check(Millis(109_000)), Check::Probe);
        assert_eq!(link.check(Millis(116_000)), Check::Probe, "what came has begun anew");
    }

    #[test]
    fn a_doubt_brings_the_end_of_a_probe_forward_and_never_puts_it_off() {
        let mut link = KeepAlive::default();
        link.start(60, 3_000, Millis(0));
        assert_eq!(
            (link.doubt(Millis(300)), link.deadline()),
            (Check::Fine, Some(Millis(1_000))),
            "something has just come"
        );
        assert_eq!(
            (link.check(Millis(1_000)), link.deadline()),
            (Check::Probe, Some(Millis(4_000)))
        );
        assert_eq!(
            (link.doubt(Millis(3_999)), link.deadline()),
            (Check::Fine, Some(Millis(4_000)))
        );
        link.received(Millis(4_000));
        assert_eq!(link.check(Millis(61_000)), Check::Probe);
        assert_eq!(link.deadline(), Some(Millis(94_000)));
        assert_eq!(
            (link.doubt(Millis(62_000)), link.deadline()),
            (Check::Fine, Some(Millis(65_000)))
        );
        // A page that slept over the answer.
        assert_eq!(
            (link.doubt(Millis(70_000)), link.deadline()),
            (Check::Probe, Some(Millis(73_000)))
        );
        assert_eq!(
            (link.doubt(Millis(80_000)), link.deadline()),
            (Check::Fine, Some(Millis(73_000)))
        );
        assert_eq!(link.check(Millis(80_000)), Check::Dead);
    }

    #[test]
    fn an_answer_to_the_probe_starts_a_new_interval() {
        let mut link = KeepAlive::default();
        link.start(10, 5_000, Millis(0));
        assert_eq!(link.check(Millis(10_000)), Check::Probe);
        assert_eq!(link.deadline(), Some(Millis(15_000)));
        link.received(Millis(10_100));
        assert_eq!(link.deadline(), Some(Millis(20_000)));
    }

    #[test]
    fn an_interval_of_zero_asks_for_nothing() {
        let mut link = KeepAlive::default();
        link.start(0, 5_000, Millis(0));
        assert_eq!((link.deadline(), link.check(Millis(1 << 50))), (None, Check::Fine));
        // Unless somebody doubts it.
        assert_eq!(
            (link.doubt(Millis(1 << 50)), link.check(Millis(1 << 50))),
            (Check::Probe, Check::Fine)
        );
        assert_eq!(link.check(Millis((1 << 50) + 5_000)), Check::Dead);
    }

    #[test]
    fn a_deadline_of_the_other_side_is_put_off_once_by_a_timer_that_was_asleep() {
        let mut timers = Timers::default();
        timers.set(Timer::Connect, Millis(1_000));
        assert!(!timers.overdue(Timer::Connect, Millis(999), 50));
        assert!(
            !timers.overdue(Timer::Connect, Millis(2_000), 50) && !timers.overdue(Timer::Connect, Millis(2_049), 50)
        );
        assert!(timers.overdue(Timer::Connect, Millis(9_000), 50));
        timers.set(Timer::Connect, Millis(10_000));
        assert!(timers.overdue(Timer::Connect, Millis(10_999), 50), "almost in time");
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
