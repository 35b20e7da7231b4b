//! What an application and the world around it do to a session, one step at a time.

use hawser::codec::{Qos, SubscribeOptions};
use hawser::session::{Failure, PageEvent};

use crate::ledger::{Published, Wanted};
use crate::simulation::Simulation;
use crate::world::Socket;

/// One step of a conversation.
#[derive(Clone, Debug)]
pub enum Op {
    Start,
    Publish {
        qos: u8,
        topic: &'static str,
        retain: bool,
        /// Bytes added to the payload.
        padding: usize,
    },
    Subscribe {
        filter: &'static str,
        /// The options byte of MQTT-3.8.3.1.
        options: u8,
    },
    Unsubscribe(&'static str),
    /// Cancels the request with this token.
    Cancel(u32),
    ReconnectNow,
    Renew,
    Page(PageEvent),
    Close,
    /// Somebody else publishes.
    Letter {
        qos: u8,
        topic: &'static str,
        retain: bool,
    },
    /// Time passes.
    Pause(u64),
}

/// A simulation whose steps are written down in the ledger.
pub struct Conversation {
    pub simulation: Simulation,
    token: u32,
}

impl Conversation {
    pub fn new(simulation: Simulation) -> Self {
        Self { simulation, token: 0 }
    }

    pub fn latest_token(&self) -> u32 {
        self.token
    }

    pub fn perform(&mut self, op: &Op) {
        let simulation = &mut self.simulation;
        if !matches!(op, Op::Letter { .. } | Op::Pause(_)) {
            simulation.wait_for_page();
        }
        let what = if simulation.trace.is_some() {
            format!("{op:?}")
        } else {
            String::new()
        };
        match op {
            Op::Start => simulation.user(&what, crate::world::World::start),
            Op::Publish {
                qos,
                topic,
                retain,
                padding,
            } => {
                self.token += 1;
                let token = self.token;
                let published = Published {
                    qos: Qos::from_bits(*qos).unwrap(),
                    topic: (*topic).into(),
                    sessions: simulation.watch.sessions,
                    large: *padding > 20,
                    cancelled: false,
                };
                simulation.ledger.published.insert(token, published);
                let payload = format!("{token} {}", ".".repeat(*padding));
                simulation.user(&what, |world| {
                    world.publish_all(token, *qos, topic, payload.as_bytes(), *retain, &[]);
                });
            }
            Op::Subscribe { filter, options } => {
                let wanted = Wanted::subscribed(*options);
                let options = SubscribeOptions::from_bits(*options).unwrap();
                self.request(&what, filter, wanted, |world, token| {
                    world.session.subscribe(world.time(), token, filter, options, &[]);
                    world.drain();
                });
            }
            Op::Unsubscribe(filter) => {
                self.request(&what, filter, Wanted::Unsubscribed, |world, token| {
                    world.unsubscribe(token, filter);
                });
            }
            Op::Cancel(token) => {
                if simulation.was_killed_since(*token) {
                    return;
                }
                if let Some(published) = simulation.ledger.published.get_mut(token) {
                    published.cancelled = true;
                }
                if let Some(filter) = simulation.ledger.requests.get(token) {
                    simulation.ledger.wanted.insert(filter.clone(), None);
                }
                simulation.user(&what, |world| world.cancel(*token));
            }
            Op::ReconnectNow => {
                simulation.ledger.attempt_asked_for = true;
                simulation.user(&what, |world| {
                    world.session.reconnect_now(world.time());
                    world.drain();
                });
                simulation.ledger.attempt_asked_for = false;
            }
            Op::Renew => simulation.user(&what, crate::world::World::renew),
            Op::Page(event) => {
                let opening = simulation.world.socket == Socket::Opening;
                simulation.ledger.pace.on_page(*event, simulation.now(), opening);
                simulation.user(&what, |world| world.page(*event));
                simulation.ledger.pace.on_page_told();
            }
            Op::Close => simulation.user(&what, crate::world::World::close),
            Op::Letter { qos, topic, retain } => {
                let qos = Qos::from_bits(*qos).unwrap();
                simulation.at_broker(&what, |broker, now| broker.publish(now, topic, qos, *retain));
            }
            Op::Pause(milliseconds) => simulation.run_for(*milliseconds),
        }
    }

    fn request(&mut self, what: &str, filter: &str, wanted: Wanted, ask: impl FnOnce(&mut crate::world::World, u32)) {
        self.token += 1;
        let token = self.token;
        let simulation = &mut self.simulation;
        simulation.ledger.requests.insert(token, filter.into());
        // Before it is asked for: the page may be killed right behind that.
        let earlier = simulation.ledger.wanted.insert(filter.into(), Some(wanted));
        simulation.user(what, |world| ask(world, token));
        let refused = simulation
            .world
            .settled
            .get(&token)
            .is_some_and(|(code, _)| *code == Failure::QueueFull.code());
        if refused {
            match earlier {
                Some(earlier) => simulation.ledger.wanted.insert(filter.into(), earlier),
                None => simulation.ledger.wanted.remove(filter),
            };
        }
    }
}
