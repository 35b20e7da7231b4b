//! What the engine has counted, as an object for people to look at. Cold, so serde may write it: objects that come in cost 20 KB of brotli this
//! way (error texts), those that go out cost 1.

use std::cell::Cell;

use serde::{Serialize, Serializer};
use wasm_bindgen::prelude::*;

use super::env;
use crate::session::{Millis, Session, Tally};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** What `stats` returns; see the Stats type of src/ts. */
export interface EngineStats {
  sockets: number;
  framesSent: number;
  bytesSent: number;
  framesReceived: number;
  bytesReceived: number;
  packetsSent: number;
  packetsReceived: number;
  lastSentAt: number | undefined;
  lastReceivedAt: number | undefined;
  roundTrip: number | undefined;
  attempts: number;
  linksLost: number;
  unsettled: number;
  wasmMemory: number;
}
"#;

/// Counters since the engine was made. Numbers of JavaScript: exact up to 2^53.
#[derive(Clone, Copy, Debug)]
pub struct Stats {
    /// Sockets that were opened.
    pub sockets: f64,
    /// WebSocket messages sent, and bytes in them.
    pub sent: (f64, f64),
    /// Binary WebSocket messages received, and bytes in them.
    pub received: (f64, f64),
    /// What the session has counted.
    pub tally: Tally,
    /// Publishes that are not settled yet.
    pub unsettled: f64,
}

impl Stats {
    /// What the driver has counted, and what its session has.
    pub fn new(sockets: u32, sent: &Traffic, received: &Traffic, session: &Session) -> Self {
        Self {
            sockets: sockets.into(),
            sent: sent.totals(),
            received: received.totals(),
            tally: *session.tally(),
            unsettled: session.unsettled() as f64,
        }
    }
}

// As a map and by hand: for a derived struct the serializer links a hash table of field names.
impl Serialize for Stats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let tally = &self.tally;
        let round_trip = tally.round_trip.map_or(f64::NAN, |milliseconds| milliseconds as f64);
        let numbers = [
            ("sockets", self.sockets),
            ("framesSent", self.sent.0),
            ("bytesSent", self.sent.1),
            ("framesReceived", self.received.0),
            ("bytesReceived", self.received.1),
            ("packetsSent", tally.packets_sent as f64),
            ("packetsReceived", tally.packets_received as f64),
            ("lastSentAt", time(tally.last_sent)),
            ("lastReceivedAt", time(tally.last_received)),
            ("roundTrip", round_trip),
            ("attempts", tally.attempts.into()),
            ("linksLost", tally.losses.into()),
            ("unsettled", self.unsettled),
            ("wasmMemory", env::wasm_memory()),
        ];
        serializer.collect_map(numbers.into_iter().filter(|(_, number)| !number.is_nan()))
    }
}

/// What is not a number is left out: there was none yet.
fn time(at: Millis) -> f64 {
    if at.0 == 0 { f64::NAN } else { at.0 as f64 }
}

/// Frames and bytes of one direction.
#[derive(Debug, Default)]
pub struct Traffic {
    frames: Cell<f64>,
    bytes: Cell<f64>,
}

impl Traffic {
    /// Counts a frame.
    pub fn count(&self, bytes: usize) {
        self.frames.set(self.frames.get() + 1.0);
        self.bytes.set(self.bytes.get() + bytes as f64);
    }

    /// Frames and bytes so far.
    pub fn totals(&self) -> (f64, f64) {
        (self.frames.get(), self.bytes.get())
    }
}

/// As a plain JavaScript object. Text keys and numbers cannot fail to be written.
pub fn to_object(stats: &Stats) -> JsValue {
    let serializer = serde_wasm_bindgen::Serializer::new().serialize_maps_as_objects(true);
    stats.serialize(&serializer).unwrap_or_default()
}
