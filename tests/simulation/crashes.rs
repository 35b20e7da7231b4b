//! Scripted conversations whose page is killed behind every step: each event, and each thing that anybody does. The next page takes up what was committed.

use std::fmt;

use hawser::codec::Version;
use hawser::session::{Config, Jitter, Reconnect};

use crate::broker::Policy;
use crate::conversations::Conversation;
use crate::pages::Handling;
use crate::random::Random;
use crate::replay;
use crate::scripts::{SCRIPTS, Script};
use crate::simulation::{Crash, Farewell, Framing, Simulation, Span, Weather};
use crate::world::lasting;

/// Long enough for the session to expire, and too short for it.
const EXPIRY: u32 = 300;
const LONG: u64 = 400_000;
const SHORT: u64 = 40;

/// One run of a script: its name is its seed.
#[derive(Clone)]
struct Case {
    script: &'static Script,
    version: Version,
    dedupe: bool,
    framing: Framing,
    crashes: Vec<Crash>,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dedupe = if self.dedupe { "claims" } else { "no claims" };
        write!(
            f,
            "{}, {:?}, {dedupe}, {:?}",
            self.script.name, self.version, self.framing
        )?;
        for crash in &self.crashes {
            let committed = if crash.committed { ", committed" } else { "" };
            let forgets = if crash.forgets { ", forgotten" } else { "" };
            let (at, farewell, away) = (crash.at, crash.farewell, crash.away);
            write!(f, "; killed at {at}{committed} {farewell:?}{forgets} away {away}")?;
        }
        Ok(())
    }
}

impl Case {
    fn run(&self, traced: bool) -> Simulation {
        let v5 = self.version == Version::V5;
        let config = Config {
            version: self.version,
            clean_start: false,
            session_expiry: EXPIRY,
            keep_alive: 5,
            receive_maximum: self.script.windows.1,
            topic_alias_maximum: self.script.aliases,
            outbound_topic_aliases: self.script.aliases > 0,
            durable: true,
            reconnect: Reconnect::Exponential {
                min: 1_000,
                max: 8_000,
                jitter: Jitter::UpTo(0),
            },
            ..lasting()
        };
        let policy = Policy {
            receive_maximum: if v5 { self.script.windows.0 } else { 20 },
            topic_alias_maximum: if v5 { self.script.aliases } else { 0 },
            server_keep_alive: None,
            maximum_packet_size: u32::MAX,
            maximum_qos: 2,
            identifiers: true,
            granted_qos: 2,
            a_copy_for_each: self.dedupe,
            passes_on_release: self.dedupe,
        };
        let weather = Weather {
            up: Span(5, 0),
            down: Span(7, 0),
            opening: Span(4, 0),
            commit: Some(Span(3, 0)),
            late: Span(0, 0),
            framing: self.framing,
        };
        let handling = Handling {
            takes: Span(4, 0),
            dedupe: self.dedupe,
        };
        let mut simulation = Simulation::new(config, policy, weather, Random::new(1), traced).with_pages(handling);
        simulation.crashes.clone_from(&self.crashes);
        let mut conversation = Conversation::new(simulation);
        for step in self.script.steps {
            conversation.perform(step);
        }
        conversation.simulation.settle(false);
        conversation.simulation
    }
}

/// Every variant of a script, with nobody killed.
fn whole(script: &'static Script) -> Vec<Case> {
    let mut cases = Vec::new();
    for version in [Version::V5, Version::V311] {
        for dedupe in [false, true] {
            cases.push(Case {
                script,
                version,
                dedupe,
                framing: if dedupe { Framing::Joined } else { Framing::Packets },
                crashes: Vec::new(),
            });
        }
    }
    cases
}

const KILLED: Crash = Crash {
    at: 0,
    committed: false,
    farewell: Farewell::Lost,
    forgets: false,
    away: SHORT,
};

/// All ways of being killed behind one step.
fn ways(at: usize) -> Vec<Crash> {
    let mut ways = Vec::new();
    for committed in [false, true] {
        for farewell in [Farewell::Arrives, Farewell::Lost, Farewell::Silent] {
            for (forgets, away) in [(false, SHORT), (true, SHORT)] {
                ways.push(Crash {
                    at,
                    committed,
                    farewell,
                    forgets,
                    away,
                });
            }
        }
        ways.push(Crash {
            at,
            committed,
            away: LONG,
            ..KILLED
        });
    }
    ways
}

fn killed_everywhere(case: Case) -> Vec<Case> {
    let steps = case.run(false).steps;
    let ways = (1..=steps).flat_map(ways);
    ways.map(|crash| Case {
        crashes: vec![crash],
        ..case.clone()
    })
    .collect()
}

/// Killed twice: the second time anywhere from the moment on at which the next page comes.
fn killed_twice(case: Case) -> Vec<Case> {
    let mut cases = Vec::new();
    for first in 1..=case.run(false).steps {
        for committed in [false, true] {
            let crash = Crash {
                at: first,
                committed,
                ..KILLED
            };
            let once = Case {
                crashes: vec![crash],
                ..case.clone()
            };
            // Close behind one another: what the second page does first.
            let last = once.run(false).steps.min(first + 25);
            for second in first + 1..=last {
                let mut twice = once.clone();
                twice.crashes.push(Crash {
                    at: second,
                    committed: second % 2 == 0,
                    farewell: if second % 3 == 0 {
                        Farewell::Arrives
                    } else {
                        Farewell::Lost
                    },
                    ..KILLED
                });
                cases.push(twice);
            }
        }
    }
    cases
}

fn run_all(test: &str, cases: impl Iterator<Item = Case>) -> usize {
    replay::cases(test, cases, |case, traced| drop(case.run(traced)))
}

fn kill(test: &str, name: &str) {
    let script = SCRIPTS.iter().find(|script| script.name == name).unwrap();
    let runs = run_all(test, whole(script).into_iter().flat_map(killed_everywhere));
    assert!(runs > 1_000 || replay::seed().is_some(), "only {runs} runs");
    println!("{name}: {runs} runs");
}

#[test]
fn killed_behind_every_step_while_publishing_what_is_stored_arrives_and_nothing_else_left() {
    kill("killed_behind_every_step_while_publishing", "publishing");
}

#[test]
fn killed_behind_every_step_while_receiving_what_is_acknowledged_was_handled_and_nothing_twice() {
    kill("killed_behind_every_step_while_receiving", "receiving");
}

#[test]
fn killed_behind_every_step_with_full_windows_the_windows_are_whole_again() {
    kill("killed_behind_every_step_with_full_windows", "windows");
}

#[test]
fn killed_behind_every_step_while_subscribing_the_filters_stand_as_they_should() {
    kill("killed_behind_every_step_while_subscribing", "subscribing");
}

#[test]
fn killed_behind_every_step_with_everything_at_once_the_account_is_right() {
    kill("killed_behind_every_step_with_everything", "everything");
}

#[test]
fn killed_twice_in_a_row_the_account_is_right() {
    let cases = SCRIPTS.iter().flat_map(whole).flat_map(killed_twice);
    let runs = run_all("killed_twice", cases);
    println!("killed twice: {runs} runs");
}
