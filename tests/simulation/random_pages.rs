//! Random conversations of pages that are killed at random, each from one seed.

use hawser::codec::Version;
use hawser::session::{Config, Jitter, Overflow, Reconnect};

use crate::conversations::{Conversation, Op};
use crate::pages::Handling;
use crate::random::Random;
use crate::random_conversations::{self as conversations, Run};
use crate::replay;
use crate::simulation::{Crash, Farewell, Simulation, Span};
use crate::world::lasting;

const RUNS: u64 = 12_000;

fn config(random: &mut Random) -> Config {
    let version = if random.below(4) == 0 {
        Version::V311
    } else {
        Version::V5
    };
    Config {
        version,
        clean_start: random.below(8) == 0,
        session_expiry: [60, 3_600, 3_600, u32::MAX][random.below(4) as usize],
        keep_alive: [5, 30][random.below(2) as usize],
        receive_maximum: [u16::MAX, 1, 2, 5][random.below(4) as usize],
        topic_alias_maximum: random.below(4) as u16,
        outbound_topic_aliases: random.below(2) == 0,
        durable: true,
        resend_qos2: random.below(4) == 0,
        max_queued: if random.below(4) == 0 { 5 } else { 1_000 },
        overflow: [
            Overflow::Reject,
            Overflow::Reject,
            Overflow::DropOldest,
            Overflow::LatestPerTopic,
        ][random.below(4) as usize],
        connect_timeout: 10_000,
        reconnect: Reconnect::Exponential {
            min: 1_000,
            max: 8_000,
            jitter: Jitter::UpTo(500),
        },
        ..lasting()
    }
}

fn simulation(random: &mut Random, traced: bool) -> Simulation {
    let config = config(random);
    let policy = conversations::policy(random, config.version);
    let weather = conversations::weather(random, true);
    let handling = Handling {
        takes: [Span(0, 0), Span(0, 30), Span(0, 3_000)][random.below(3) as usize],
        // What starts cleanly in 3.1.1 ends with `close`, and its claims with it.
        dedupe: random.below(2) == 0 && !config.clean_start,
    };
    let network = Random::new(random.next());
    Simulation::new(config, policy, weather, network, traced).with_pages(handling)
}

fn crash(run: &mut Run, steps: u64) -> Crash {
    let at = run.simulation().steps + 1 + run.random.below(steps) as usize;
    Crash {
        at,
        committed: run.random.below(2) == 0,
        farewell: run.any(&[Farewell::Arrives, Farewell::Lost, Farewell::Silent]),
        forgets: run.random.below(6) == 0,
        away: run.any(&[0, 0, 50, 50, 3_000, 100_000]),
    }
}

fn converse(seed: u64, traced: bool) {
    let mut random = Random::new(seed ^ 0x9A6E);
    let simulation = simulation(&mut random, traced);
    let mut run = Run::of(Conversation::new(simulation), random);
    let start = run.random.below(4);
    for step in 0..20 + run.random.below(60) {
        if step == start {
            run.conversation.perform(&Op::Start);
        }
        let op = run.op();
        run.conversation.perform(&op);
        if run.random.below(9) == 0 {
            run.fault();
        }
        if run.random.below(12) == 0 {
            run.simulation().refuse_commit();
        }
        if run.random.below(6) == 0 {
            // Several in a row, some of them while the page before has only just come.
            for _ in 0..=run.random.below(3) {
                let crash = crash(&mut run, 25);
                run.simulation().crashes.push(crash);
            }
        }
        if run.random.below(40) == 0 {
            run.conversation.perform(&Op::Close);
            let crash = crash(&mut run, 1);
            run.simulation().crashes.push(crash);
        }
        run.pause();
    }
    run.simulation().settle(false);
}

#[test]
fn random_pages_killed_at_random_lose_nothing_and_handle_nothing_twice() {
    replay::seeds("random_pages", RUNS, converse);
}
