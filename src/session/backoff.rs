//! How long to wait before the next attempt.

use super::random::Random;

/// How to come back after the link was lost. All times in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reconnect {
    /// Not at all: stop.
    Never,
    /// `delay` plus a random part of 0 to `jitter`.
    Fixed { delay: u64, jitter: u64 },
    /// `min`, doubled after each failure up to `max`, plus a random part of 0 to `jitter`.
    Exponential { min: u64, max: u64, jitter: u64 },
}

impl Default for Reconnect {
    fn default() -> Self {
        Self::Exponential {
            min: 1_000,
            max: 60_000,
            jitter: 500,
        }
    }
}

/// Counts failures in a row and turns the count into a delay.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Failures since the link was last stable.
    pub(super) const fn failures(&self) -> u32 {
        self.failures
    }

    /// The link has been stable.
    pub(super) const fn reset(&mut self) {
        self.failures = 0;
    }

    /// Counts a failure and says how long to wait, or that there is to be no further attempt.
    pub(super) fn fail(&mut self, rule: Reconnect, max_attempts: Option<u32>, random: &mut Random) -> Option<u64> {
        let earlier = self.failures;
        self.failures = earlier.saturating_add(1);
        if max_attempts.is_some_and(|most| self.failures >= most) {
            return None;
        }
        let (delay, jitter) = match rule {
            Reconnect::Never => return None,
            Reconnect::Fixed { delay, jitter } => (delay, jitter),
            Reconnect::Exponential { min, max, jitter } => {
                let doubled = min
                    .max(1)
                    .saturating_mul(1_u64.checked_shl(earlier).unwrap_or(u64::MAX));
                (doubled.min(max.max(min)), jitter)
            }
        };
        // A user may ask for no delay at all: a broker that hangs up at once must still not be hammered.
        Some(delay.saturating_add(random.up_to(jitter)).max(1))
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
            jitter: 0,
        };
        let (mut backoff, mut random) = (Backoff::default(), Random::new(1));
        let mut next = |backoff: &mut Backoff| backoff.fail(rule, None, &mut random).unwrap();
        let delays: Vec<u64> = (0..8).map(|_| next(&mut backoff)).collect();
        assert_eq!(delays, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
        for _ in 0..200 {
            assert_eq!(next(&mut backoff), 60_000);
        }
        backoff.reset();
        assert_eq!(next(&mut backoff), 1_000);
    }

    #[test]
    fn jitter_stays_within_its_range_and_reaches_both_ends() {
        let mut random = Random::new(7);
        let delays: Vec<u64> = (0..2_000)
            .map(|_| {
                Backoff::default()
                    .fail(Reconnect::Fixed { delay: 100, jitter: 9 }, None, &mut random)
                    .unwrap()
            })
            .collect();
        assert_eq!(delays.iter().min(), Some(&100));
        assert_eq!(delays.iter().max(), Some(&109));
    }

    #[test]
    fn attempts_may_be_bounded() {
        let (mut backoff, mut random) = (Backoff::default(), Random::new(1));
        let rule = Reconnect::Fixed { delay: 5, jitter: 0 };
        assert_eq!(backoff.fail(rule, Some(3), &mut random), Some(5));
        assert_eq!(backoff.fail(rule, Some(3), &mut random), Some(5));
        assert_eq!(backoff.fail(rule, Some(3), &mut random), None);
        assert_eq!(Backoff::default().fail(Reconnect::Never, None, &mut random), None);
    }
}
