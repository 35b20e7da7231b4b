//! How long to wait before the next attempt.

use super::random::Random;

/// How to come back after the link was lost. All times in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reconnect {
    /// Not at all: stop.
    Never,
    /// `delay`, with `jitter`.
    Fixed { delay: u64, jitter: Jitter },
    /// `min`, doubled after each failure up to `max`, with `jitter`.
    Exponential { min: u64, max: u64, jitter: Jitter },
}

/// What chance does to a delay, so that clients that lost their links together do not come back together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    /// A random part of 0 to so many milliseconds is added.
    UpTo(u32),
    /// A random part of all of it is left.
    Full,
    /// Half of it, and a random part of the other half.
    Equal,
}

impl Default for Reconnect {
    fn default() -> Self {
        Self::Exponential {
            min: 1_000,
            max: 60_000,
            // A share of the delay: what is added for chance alone is nothing beside a long delay, and all would come back together (`npm run storm`).
            jitter: Jitter::Equal,
        }
    }
}

/// Counts attempts that failed in a row, and turns a count into a delay: public for those who want to know what many clients do together.
#[derive(Debug, Default)]
pub struct Backoff {
    /// Attempts that brought no stable link.
    failures: u32,
    /// Those of them that do not count against a bound.
    excused: u32,
    /// Delays given: one more than failures after the loss of a stable link.
    delays: u32,
    /// The last link that held for a while, or met a fault, ended by a fault of the broker.
    faulty: bool,
}

impl Backoff {
    /// The number of the attempt that is under way, or comes next: from 1.
    pub(super) const fn attempt(&self) -> u32 {
        self.failures.saturating_add(1)
    }

    /// The link has been stable, or the user wants a fresh start.
    pub(super) const fn reset(&mut self) {
        self.failures = 0;
        self.excused = 0;
        self.delays = 0;
    }

    /// What made attempts fail is over, as far as anybody knows: the next delay is the first one again.
    pub(super) const fn begin_anew(&mut self) {
        self.delays = 0;
    }

    /// The failure that was counted last says nothing about the broker.
    pub(super) fn excuse(&mut self) {
        self.excused = self.excused.saturating_add(1).min(self.failures);
    }

    /// An attempt failed, or a link is lost, which may have been `stable`, and may have ended by a `fault` of the broker. A broker that commits
    /// one on every link is not taken for a good one because its links hold for a while.
    pub const fn lost(&mut self, stable: bool, fault: bool) {
        if stable && !(fault && self.faulty) {
            self.reset();
        } else {
            self.failures = self.failures.saturating_add(1);
        }
        if stable || fault {
            self.faulty = fault;
        }
    }

    /// Whether there have been as many failed attempts in a row as there may be.
    pub(super) fn is_spent(&self, max_attempts: Option<u32>) -> bool {
        max_attempts.is_some_and(|most| self.failures.saturating_sub(self.excused) >= most)
    }

    /// How long to wait for the next attempt, or that there is to be none. Where there are several `addresses`, which take turns, the next one is tried after the
    /// first delay, and only a whole round that has failed makes the delay longer.
    pub fn delay(
        &mut self,
        rule: Reconnect,
        max_attempts: Option<u32>,
        addresses: u32,
        random: &mut Random,
    ) -> Option<u64> {
        let addresses = addresses.max(1);
        let rounds = if self.delays.is_multiple_of(addresses) {
            self.delays / addresses
        } else {
            0
        };
        self.delays = self.delays.saturating_add(1);
        if self.is_spent(max_attempts) {
            return None;
        }
        let (delay, jitter) = match rule {
            Reconnect::Never => return None,
            Reconnect::Fixed { delay, jitter } => (delay, jitter),
            Reconnect::Exponential { min, max, jitter } => {
                let doubled = min.max(1).saturating_mul(1_u64.checked_shl(rounds).unwrap_or(u64::MAX));
                (doubled.min(max.max(min)), jitter)
            }
        };
        let (least, chance) = match jitter {
            Jitter::UpTo(most) => (delay, most.into()),
            Jitter::Full => (0, delay),
            Jitter::Equal => (delay - delay / 2, delay / 2),
        };
        // A user may ask for no delay at all: a broker that hangs up at once must still not be hammered.
        Some(least.saturating_add(random.up_to(chance)).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_delays_double_up_to_the_maximum_and_start_again_after_a_reset() {
        let rule = Reconnect::Exponential {
            min: 1_000,
            max: 60_000,
            jitter: Jitter::UpTo(0),
        };
        let (mut backoff, mut random) = (Backoff::default(), Random::new(1));
        let mut next = |backoff: &mut Backoff| backoff.delay(rule, None, 1, &mut random).unwrap();
        let delays: Vec<u64> = (0..8).map(|_| next(&mut backoff)).collect();
        assert_eq!(delays, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
        for _ in 0..200 {
            assert_eq!(next(&mut backoff), 60_000);
        }
        backoff.reset();
        assert_eq!(next(&mut backoff), 1_000);
    }

    /// The shortest and the longest of many first delays.
    fn extremes(rule: Reconnect) -> (u64, u64) {
        let mut random = Random::new(7);
        let delays: Vec<u64> = (0..2_000)
            .map(|_| Backoff::default().delay(rule, None, 1, &mut random).unwrap())
            .collect();
        (*delays.iter().min().unwrap(), *delays.iter().max().unwrap())
    }

    #[test]
    fn jitter_stays_within_its_range_and_reaches_both_ends() {
        let fixed = |delay, jitter| extremes(Reconnect::Fixed { delay, jitter });
        assert_eq!(fixed(100, Jitter::UpTo(9)), (100, 109));
        assert_eq!(fixed(100, Jitter::Full), (1, 100), "never no delay at all");
        assert_eq!(fixed(100, Jitter::Equal), (50, 100));
        assert_eq!(fixed(9, Jitter::Equal), (5, 9), "half of an odd delay");
        assert_eq!(fixed(0, Jitter::Equal), (1, 1));
    }

    #[test]
    fn full_and_equal_jitter_grow_with_the_delay() {
        for (jitter, divisor) in [(Jitter::Full, 0), (Jitter::Equal, 2)] {
            let rule = Reconnect::Exponential {
                min: 1_000,
                max: 60_000,
                jitter,
            };
            let (mut backoff, mut random) = (Backoff::default(), Random::new(3));
            for computed in [1_000_u64, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000] {
                let least = computed.checked_div(divisor).unwrap_or(1);
                let delay = backoff.delay(rule, None, 1, &mut random).unwrap();
                assert!((least..=computed).contains(&delay), "{delay} of {computed}");
            }
        }
    }

    #[test]
    fn with_several_addresses_only_a_round_that_has_failed_doubles_the_delay() {
        let rule = Reconnect::Exponential {
            min: 1_000,
            max: 5_000,
            jitter: Jitter::UpTo(0),
        };
        let (mut backoff, mut random) = (Backoff::default(), Random::new(1));
        let delays: Vec<u64> = (0..13)
            .map(|_| backoff.delay(rule, None, 3, &mut random).unwrap())
            .collect();
        // The loss of the link, then attempt after attempt.
        assert_eq!(delays[..4], [1_000, 1_000, 1_000, 2_000]);
        assert_eq!(
            delays[4..],
            [1_000, 1_000, 4_000, 1_000, 1_000, 5_000, 1_000, 1_000, 5_000]
        );
        assert_eq!(
            backoff.delay(rule, None, 0, &mut random),
            Some(5_000),
            "none counts as one"
        );
    }

    #[test]
    fn attempts_may_be_bounded() {
        let (mut backoff, mut random) = (Backoff::default(), Random::new(1));
        let rule = Reconnect::Fixed {
            delay: 5,
            jitter: Jitter::UpTo(0),
        };
        let mut next = |backoff: &mut Backoff| {
            backoff.lost(false, false);
            backoff.delay(rule, Some(3), 1, &mut random)
        };
        assert_eq!(next(&mut backoff), Some(5));
        assert_eq!(next(&mut backoff), Some(5));
        assert_eq!(next(&mut backoff), None);
        assert_eq!(Backoff::default().delay(Reconnect::Never, None, 1, &mut random), None);
    }
}
