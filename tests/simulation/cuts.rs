//! Scripted conversations, cut at every byte of either direction and after every event; and frames that end anywhere.

use std::fmt;

use hawser::codec::Version;
use hawser::session::{Config, Jitter, Reconnect};

use crate::broker::Policy;
use crate::conversations::Conversation;
use crate::network::{Notice, Way};
use crate::random::Random;
use crate::replay;
use crate::scripts::{SCRIPTS, Script};
use crate::simulation::{At, Cut, Framing, Simulation, Span, Weather};
use crate::world::lasting;

/// One run of a script: its name is its seed.
#[derive(Clone, Copy)]
struct Case {
    script: &'static Script,
    version: Version,
    /// Commits take time.
    stored: bool,
    framing: Framing,
    cut: Option<Cut>,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let store = if self.stored { "stored" } else { "in memory" };
        write!(
            f,
            "{}, {:?}, {store}, {:?}",
            self.script.name, self.version, self.framing
        )?;
        let Some(cut) = self.cut else {
            return Ok(());
        };
        let forgets = if cut.forgets { ", forgotten" } else { "" };
        write!(f, ", cut at {:?} noticed by {:?}{forgets}", cut.at, cut.notice)
    }
}

impl Case {
    fn run(&self, traced: bool) -> Simulation {
        let config = Config {
            version: self.version,
            clean_start: false,
            keep_alive: 5,
            receive_maximum: self.script.windows.1,
            topic_alias_maximum: self.script.aliases,
            outbound_topic_aliases: self.script.aliases > 0,
            durable: self.stored,
            reconnect: Reconnect::Exponential {
                min: 1_000,
                max: 8_000,
                jitter: Jitter::UpTo(0),
            },
            ..lasting()
        };
        let v5 = self.version == Version::V5;
        let policy = Policy {
            receive_maximum: if v5 { self.script.windows.0 } else { 20 },
            topic_alias_maximum: if v5 { self.script.aliases } else { 0 },
            server_keep_alive: None,
            maximum_packet_size: u32::MAX,
            maximum_qos: 2,
            identifiers: true,
            granted_qos: 2,
            a_copy_for_each: self.stored,
            passes_on_release: self.stored,
        };
        let weather = Weather {
            up: Span(5, 0),
            down: Span(7, 0),
            opening: Span(4, 0),
            commit: self.stored.then_some(Span(3, 0)),
            late: Span(0, 0),
            framing: self.framing,
        };
        let mut simulation = Simulation::new(config, policy, weather, Random::new(1), traced);
        simulation.cuts.extend(self.cut);
        let mut conversation = Conversation::new(simulation);
        for step in self.script.steps {
            conversation.perform(step);
        }
        conversation.simulation.settle(self.cut.is_none());
        conversation.simulation
    }
}

/// Every variant of a script, whole.
fn whole(script: &'static Script) -> Vec<Case> {
    let mut cases = Vec::new();
    for version in [Version::V5, Version::V311] {
        for stored in [false, true] {
            cases.push(Case {
                script,
                version,
                stored,
                framing: Framing::Packets,
                cut: None,
            });
        }
    }
    cases
}

/// All places at which a conversation can be cut, and all ways of noticing it.
fn cut_everywhere(case: Case) -> Vec<Case> {
    let simulation = case.run(false);
    let bytes = |way: Way| (0..=simulation.arrived[way as usize]).map(move |byte| At::Byte(way, byte));
    let events = (1..=simulation.events).map(At::Event);
    let places = bytes(Way::Up).chain(bytes(Way::Down)).chain(events);
    let kinds = [
        (Notice::Both, false),
        (Notice::Client, false),
        (Notice::Broker, false),
        (Notice::Both, true),
    ];
    places
        .flat_map(|at| kinds.map(|(notice, forgets)| Cut { at, notice, forgets }))
        .map(|cut| Case { cut: Some(cut), ..case })
        .collect()
}

fn run_all(test: &str, cases: impl Iterator<Item = Case>) -> usize {
    replay::cases(test, cases, |case, traced| drop(case.run(traced)))
}

fn cut_script(test: &str, name: &str) {
    let script = SCRIPTS.iter().find(|script| script.name == name).unwrap();
    let runs = run_all(test, whole(script).into_iter().flat_map(cut_everywhere));
    assert!(runs > 3_000 || replay::seed().is_some(), "only {runs} runs");
    println!("{name}: {runs} runs");
}

#[test]
fn cut_at_every_place_while_publishing_nothing_is_lost_doubled_or_left_open() {
    cut_script("cut_at_every_place_while_publishing", "publishing");
}

#[test]
fn cut_at_every_place_while_receiving_nothing_is_lost_doubled_or_left_open() {
    cut_script("cut_at_every_place_while_receiving", "receiving");
}

#[test]
fn cut_at_every_place_with_full_windows_nothing_is_lost_doubled_or_left_open() {
    cut_script("cut_at_every_place_with_full_windows", "windows");
}

#[test]
fn cut_at_every_place_while_subscribing_nothing_is_lost_doubled_or_left_open() {
    cut_script("cut_at_every_place_while_subscribing", "subscribing");
}

#[test]
fn cut_at_every_place_with_everything_at_once_nothing_is_lost_doubled_or_left_open() {
    cut_script("cut_at_every_place_with_everything", "everything");
}

#[test]
fn however_packets_lie_in_frames_the_conversation_is_the_same() {
    let test = "however_packets_lie_in_frames";
    let mut cases = Vec::new();
    for case in SCRIPTS.iter().flat_map(whole) {
        let bytes = case.run(false).arrived[Way::Down as usize];
        let pieces = (1..=9).map(Framing::Pieces);
        let framings = pieces.chain([Framing::Joined]).chain((1..bytes).map(Framing::Split));
        cases.extend(framings.map(|framing| Case { framing, ..case }));
    }
    let runs = run_all(test, cases.into_iter());
    println!("frames: {runs} runs");
}
