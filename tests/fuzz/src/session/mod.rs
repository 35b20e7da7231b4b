//! The real engine in virtual time under any sequence of user calls, frames, socket events, commits and time.
//!
//! What must hold, whatever the broker sends (the checks stand in `world` and `wire`):
//!
//! - nothing panics, and every step comes to an end;
//! - a token is settled once, and after `close` all are; what `unsettled` counts is what was not settled;
//! - after a timeout the next deadline lies in the future;
//! - the socket is used in order: one at a time, nothing before it is open, CONNECT first and once, nothing else before CONNACK, nothing after DISCONNECT;
//! - every packet sent is one a broker must accept: whole, well-formed, within the limits of CONNACK, aliases known before they are used alone;
//! - packet identifiers are unique `[MQTT-2.2.1-3]`, no more messages are unfinished than Receive Maximum allows `[MQTT-3.3.4-7]`, and DUP stands on what was
//!   sent before, unchanged, in a session that was resumed, and on nothing else `[MQTT-3.3.1-1]`, `[MQTT-4.4.0-1]`;
//! - acknowledgements answer what came, once, in order `[MQTT-4.6.0-2]`, `[MQTT-4.6.0-3]`;
//! - messages are delivered as they came: none is left out, changed, doubled or put in another order;
//! - a packet that is certainly a fault ends the connection;
//! - what is sent on a connection, and the memory that is used, are bounded by what was put in.

mod operations;
mod sent;
mod wire;
mod world;

use crate::memory::measure;
use crate::source::Source;
use world::World;

/// Bytes of memory that the engine, the checks and their buffers may take, at rest and for each byte of input.
const MEMORY: (usize, usize) = (1 << 20, 4 << 10);

/// Runs the target.
pub fn session(input: &[u8]) {
    let ((), usage) = measure(|| run(input));
    let most = MEMORY.0 + MEMORY.1 * input.len();
    assert!(
        usage.peak <= most,
        "{} bytes of memory for {} of input",
        usage.peak,
        input.len()
    );
}

fn run(input: &[u8]) {
    let mut source = Source::new(input);
    let mut world = World::new(operations::config(&mut source));
    while !source.is_empty() {
        operations::any_operation(&mut world, &mut source);
    }
    world.finish();
}
