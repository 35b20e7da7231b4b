//! The storm itself: clients that lose their links in the same instant, and a broker that is away for a while and then lets in so many a second.

use hawser::session::{Backoff, Random, Reconnect};

/// When a storm is called endless: six hours.
const HORIZON: u64 = 6 * 3_600_000;
/// Milliseconds in one number of [`Storm::attempts`].
pub const TENTH: u64 = 100;
/// The end of a list of clients.
const NONE: u32 = u32::MAX;

/// What the clients meet.
#[derive(Clone, Copy, Debug)]
pub struct Scene {
    pub clients: u32,
    /// Connections that the broker lets in within a second; the rest is refused at once, without a queue.
    pub accept: u32,
    /// Milliseconds during which everything is refused.
    pub outage: u64,
    pub seed: u64,
}

/// What happened. Time 0 is the loss of the links.
#[derive(Debug, PartialEq, Eq)]
pub struct Storm {
    /// Attempts in each tenth of a second.
    pub attempts: Vec<u32>,
    /// When the last client was back, in milliseconds; never, within six hours.
    pub all_back: Option<u64>,
    /// Attempts that brought nothing, of all clients.
    pub wasted: u64,
}

impl Storm {
    /// The most attempts in a tenth of a second.
    pub fn peak(&self) -> u32 {
        self.attempts.iter().copied().max().unwrap_or(0)
    }

    /// The most attempts in a second, from `outage` on.
    pub fn peak_second(&self, outage: u64) -> u32 {
        let open = self.attempts.get((outage / TENTH) as usize..).unwrap_or_default();
        open.windows(10).map(|second| second.iter().sum()).max().unwrap_or(0)
    }
}

/// One client: what its engine knows of the matter.
struct Client {
    backoff: Backoff,
    random: Random,
}

impl Client {
    /// The delay after the loss of a link that was `stable`, or after a failure.
    fn delay(&mut self, rule: Reconnect, stable: bool) -> u64 {
        self.backoff.lost(stable, false);
        self.backoff.delay(rule, None, 1, &mut self.random).unwrap_or(HORIZON)
    }
}

/// Which clients are due in which millisecond: lists without a heap, for events never come before the present.
struct Calendar {
    first: Vec<u32>,
    next: Vec<u32>,
}

impl Calendar {
    fn put(&mut self, client: u32, at: u64) {
        let at = at.min(HORIZON) as usize;
        if at >= self.first.len() {
            self.first.resize(at + 1, NONE);
        }
        self.next[client as usize] = std::mem::replace(&mut self.first[at], client);
    }
}

/// A seed for each client. Not one after the other, which would give each client the numbers of its neighbour: the bits are mixed (MurmurHash3).
const fn seed_of(seed: u64, client: u32) -> u64 {
    let mut mixed = seed.rotate_left(32) ^ client as u64;
    mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    mixed ^ (mixed >> 33)
}

/// Lets the storm pass.
pub fn run(scene: Scene, rule: Reconnect) -> Storm {
    let mut clients: Vec<Client> = (0..scene.clients)
        .map(|number| Client {
            backoff: Backoff::default(),
            random: Random::new(seed_of(scene.seed, number)),
        })
        .collect();
    let mut calendar = Calendar {
        first: Vec::new(),
        next: vec![NONE; clients.len()],
    };
    for (number, client) in clients.iter_mut().enumerate() {
        calendar.put(number as u32, client.delay(rule, true));
    }
    let mut storm = Storm {
        attempts: Vec::new(),
        all_back: None,
        wasted: 0,
    };
    let (mut away, mut now) = (scene.clients, 0);
    let mut room = scene.accept;
    while away > 0 && now < HORIZON {
        if now >= scene.outage && (now - scene.outage).is_multiple_of(1_000) {
            room = scene.accept;
        }
        let mut due = calendar
            .first
            .get_mut(now as usize)
            .map_or(NONE, |first| std::mem::replace(first, NONE));
        let mut attempts = 0;
        while due != NONE {
            let number = due;
            due = calendar.next[number as usize];
            attempts += 1;
            if now >= scene.outage && room > 0 {
                room -= 1;
                away -= 1;
                storm.all_back = (away == 0).then_some(now);
            } else {
                storm.wasted += 1;
                calendar.put(number, now + clients[number as usize].delay(rule, false));
            }
        }
        if now.is_multiple_of(TENTH) {
            storm.attempts.push(0);
        }
        if let Some(tenth) = storm.attempts.last_mut() {
            *tenth += attempts;
        }
        now += 1;
    }
    storm
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::{DEFAULT, KINDS, Kind};

    const SCENE: Scene = Scene {
        clients: 20_000,
        accept: 200,
        outage: 30_000,
        seed: 7,
    };

    #[test]
    fn the_same_seed_gives_the_same_storm_and_another_seed_another() {
        let rule = KINDS[DEFAULT].rule;
        assert_eq!(run(SCENE, rule), run(SCENE, rule));
        assert_ne!(run(SCENE, rule), run(Scene { seed: 8, ..SCENE }, rule));
    }

    #[test]
    fn without_chance_everybody_comes_at_once_and_a_full_second_is_let_in_each_time() {
        let storm = run(SCENE, KINDS[0].rule);
        assert_eq!(storm.peak(), SCENE.clients);
        // Five seconds between two attempts. At 30 s the first 200 get in, and the last 99 x 5 s later.
        assert_eq!(storm.all_back, Some(30_000 + 99 * 5_000));
        let early = 5 * u64::from(SCENE.clients);
        let late: u64 = (1..100).map(|round| u64::from(SCENE.clients - 200 * round)).sum();
        assert_eq!(storm.wasted, early + late);
        assert_eq!(storm.attempts.iter().filter(|&&attempts| attempts > 0).count(), 105);
    }

    #[test]
    fn the_peak_of_the_default_is_a_quarter_of_that_of_a_fixed_delay_at_most() {
        let [fixed, default] = [KINDS[0], KINDS[DEFAULT]].map(|Kind { rule, .. }| run(SCENE, rule));
        assert!(
            default.peak() * 4 <= fixed.peak(),
            "{} of {}",
            default.peak(),
            fixed.peak()
        );
        assert!(default.wasted < fixed.wasted);
    }

    #[test]
    fn a_share_of_the_delay_brings_everybody_back_almost_as_fast_as_the_broker_can() {
        for kind in KINDS.iter().filter(|kind| kind.name.contains("jitter: \"")) {
            let storm = run(SCENE, kind.rule);
            let fastest = SCENE.outage + 1_000 * u64::from(SCENE.clients / SCENE.accept - 1);
            let took = storm.all_back.unwrap();
            assert!((fastest..2 * fastest).contains(&took), "{}: {took} ms", kind.name);
            assert!(storm.peak_second(SCENE.outage) * 10 < SCENE.clients, "{}", kind.name);
        }
    }

    #[test]
    fn everybody_comes_back_and_every_attempt_is_counted() {
        for kind in &KINDS {
            let storm = run(SCENE, kind.rule);
            assert!(storm.all_back.is_some(), "{}", kind.name);
            let attempts: u64 = storm.attempts.iter().copied().map(u64::from).sum();
            assert_eq!(attempts, storm.wasted + u64::from(SCENE.clients), "{}", kind.name);
        }
    }

    #[test]
    fn a_broker_that_lets_nobody_in_is_an_endless_storm() {
        let closed = Scene {
            clients: 10,
            accept: 0,
            ..SCENE
        };
        assert_eq!(run(closed, KINDS[DEFAULT].rule).all_back, None);
    }
}
