//! One seed, one run: how many, which one, and what to say about one that fails.

use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The seed of the one run that is wanted.
pub fn seed() -> Option<String> {
    std::env::var("HAWSER_SEED").ok()
}

/// How many runs are wanted.
pub fn runs(usual: u64) -> u64 {
    std::env::var("HAWSER_RUNS")
        .ok()
        .and_then(|runs| runs.parse().ok())
        .unwrap_or(usual)
}

/// Runs once. A run that fails runs again, traced, and says how to run it once more. `run` is told whether to trace.
pub fn run(test: &str, seed: &str, run: impl Fn(bool)) {
    let outcome = catch_unwind(AssertUnwindSafe(|| run(false)));
    if outcome.is_err() {
        let again = catch_unwind(AssertUnwindSafe(|| run(true)));
        let same = if again.is_err() { "" } else { " (which then passed)" };
        panic!("it fails{same}: HAWSER_SEED='{seed}' cargo test --test simulation {test}");
    }
}

/// Runs all cases, or the one whose name is wanted, and says how many that were. `one` is told whether to trace.
pub fn cases<C: Display>(test: &str, cases: impl Iterator<Item = C>, one: impl Fn(&C, bool)) -> usize {
    let wanted = seed();
    let mut runs = 0;
    for case in cases {
        let name = case.to_string();
        if wanted.as_ref().is_none_or(|wanted| *wanted == name) {
            run(test, &name, |traced| one(&case, traced || wanted.is_some()));
            runs += 1;
        }
    }
    assert!(runs > 0, "no run is called {wanted:?}");
    runs
}

/// Runs the seeds from 0 on, or the one that is wanted.
pub fn seeds(test: &str, usual: u64, one: impl Fn(u64, bool) + Sync) {
    if let Some(seed) = seed() {
        return one(seed.parse().expect("HAWSER_SEED is a number here"), true);
    }
    let (runs, threads) = (runs(usual), std::thread::available_parallelism().map_or(1, usize::from));
    std::thread::scope(|scope| {
        for first in 0..threads {
            let one = &one;
            scope.spawn(move || {
                for seed in (0..runs).skip(first).step_by(threads) {
                    run(test, &seed.to_string(), |traced| one(seed, traced));
                }
            });
        }
    });
}
