//! What the engine has counted, as an object for people to look at. Cold, so serde may write it: objects that come in cost 20 KB of brotli this
//! way (error texts), those that go out cost 1.

use std::cell::Cell;

use serde::{Serialize, Serializer};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** What `stats` returns; see the Stats type of src/ts. */
export interface EngineStats {
  sockets: number;
  framesSent: number;
  bytesSent: number;
  framesReceived: number;
  bytesReceived: number;
  unsettled: number;
  wasmMemory: number;
}
"#;

/// Counters since the engine was made. Numbers of JavaScript: exact up to 2^53.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stats {
    /// Sockets that were opened.
    pub sockets: f64,
    /// WebSocket messages sent.
    pub frames_sent: f64,
    /// Bytes in them.
    pub bytes_sent: f64,
    /// Binary WebSocket messages received.
    pub frames_received: f64,
    /// Bytes in them.
    pub bytes_received: f64,
    /// Publishes that are not settled yet.
    pub unsettled: f64,
    /// Bytes of WebAssembly memory.
    pub wasm_memory: f64,
}

// As a map and by hand: for a derived struct the serializer links a hash table of field names.
impl Serialize for Stats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([
            ("sockets", self.sockets),
            ("framesSent", self.frames_sent),
            ("bytesSent", self.bytes_sent),
            ("framesReceived", self.frames_received),
            ("bytesReceived", self.bytes_received),
            ("unsettled", self.unsettled),
            ("wasmMemory", self.wasm_memory),
        ])
    }
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
